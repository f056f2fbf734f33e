"""Reading log lines of any format: declarations of formats, and the one reader that `send` and the consumer use."""
