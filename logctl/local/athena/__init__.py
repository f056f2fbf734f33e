"""Athena for the sandbox: statements in its dialect, run by DuckDB over Glue's tables and S3's objects."""
