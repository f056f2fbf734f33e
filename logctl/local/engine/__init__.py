"""The sandbox's Athena: catalog from Glue, data from S3, execution by DuckDB."""
