"""The declared formats of log lines: one module for each kind of program, each with a tuple `FORMATS`."""
