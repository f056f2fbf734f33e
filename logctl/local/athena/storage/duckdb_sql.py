"""Names and values as text of DuckDB's SQL."""

from __future__ import annotations

from logctl.local.athena.types.sql_types import Type


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def null_column(name: str, kind: Type) -> str:
    """Return an item of a SELECT list: a column of a type that is NULL."""
    return f"NULL::{kind.duckdb} AS {quoted(name)}"
