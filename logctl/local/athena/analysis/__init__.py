"""The types of every expression in a query, and the errors that Trino reports for them."""
