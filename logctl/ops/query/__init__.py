"""SQL over the logs: check a statement, estimate what it reads, run it, and read records back."""
