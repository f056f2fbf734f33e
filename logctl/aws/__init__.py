"""Calls to AWS: the clients, the meaning of error codes, and statements in Athena."""
