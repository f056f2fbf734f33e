"""The sandbox: AWS on this machine, as a child process."""
