"""PLACEHOLDER until the real one lands."""

from __future__ import annotations

import duckdb
from sqlglot import exp


def to_duckdb(tree: exp.Expr) -> str:
    return tree.sql(dialect="duckdb")


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE MACRO checksum(x) AS bit_xor(hash(x))")
