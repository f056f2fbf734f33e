"""Reading log lines of any format: declarations of formats, and the reader of `send` and the consumer."""
