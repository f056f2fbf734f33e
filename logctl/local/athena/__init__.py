"""A server of Athena's API that runs queries on DuckDB, over tables in Glue and objects in S3."""
