"""The code that runs in Lambda: handlers and the stores they use."""
