"""The dashboard's address, its users, and tokens for scripts."""
