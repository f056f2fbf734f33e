"""The declared formats of log lines, a file for each family of programs; `registry` has their order."""
