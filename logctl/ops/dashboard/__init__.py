"""The dashboard's address, its users, tokens for scripts, and signing in to the sandbox's dashboard."""
