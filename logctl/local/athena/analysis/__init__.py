"""The types of every expression in a query, and what Trino refuses."""
