"""From a query in Athena's SQL, with types, to one in DuckDB's SQL."""
