"""Athena's API over HTTP, and the queries that run in the background."""
