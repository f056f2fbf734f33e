"""Statements that read: SELECT and EXPLAIN; and CREATE VIEW, which gives a query a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp

from logctl.local.athena.analysis.scopes import Fields
from logctl.local.athena.planning.query_planner import column_names
from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.statements.result_files import ResultColumn, Row
from logctl.local.athena.statements.result_values import writer
from logctl.local.athena.statements.session import Session, StatementOutcome
from logctl.local.athena.storage.glue_catalog import Column, Table
from logctl.local.athena.syntax.athena_sql import parse
from logctl.local.athena.translation.builders import in_zone
from logctl.local.athena.types.sql_types import MONTHS, VARCHAR, Type, from_duckdb, is_zoned
from logctl.local.athena.types.time_zones import zone_of

_BATCH = 10_000


def select(session: Session, tree: exp.Expr) -> StatementOutcome:
    planner = session.planner()
    columns, rows = _run(session, planner.plan(tree), planner.fields)
    return StatementOutcome("DML", "SELECT", columns, rows)


def _run(session: Session, sql: str, fields: Fields) -> tuple[tuple[ResultColumn, ...], Iterator[Row]]:
    connection = session.connection
    connection.execute(f"CREATE TEMP VIEW sandbox_result AS {sql}")
    described = connection.execute("DESCRIBE sandbox_result").fetchall()
    types = _output_types(described, fields)
    names = column_names([row[0] for row in described])
    connection.execute("DROP VIEW sandbox_result")
    casts = ", ".join(
        _shown(f"c{i}", kind, row[1]) for i, (kind, row) in enumerate(zip(types, described, strict=True))
    )
    aliases = ", ".join(f'"c{i}"' for i in range(len(types)))
    connection.execute(f"SELECT {casts} FROM ({sql}) AS result({aliases})")  # noqa: S608
    writers = [writer(kind) for kind in types]
    columns = tuple(ResultColumn(name, kind) for name, kind in zip(names, types, strict=True))

    def rows() -> Iterator[Row]:
        while batch := connection.fetchmany(_BATCH):
            session.meter.check()
            for row in batch:
                yield [write(value) for write, value in zip(writers, row, strict=True)]

    return columns, rows()


def _output_types(described: Sequence[Sequence[str]], fields: Fields) -> list[Type]:
    """Return the types of a result's columns: DuckDB's, or the analysis's where DuckDB has no such type."""
    types = [from_duckdb(row[1]) for row in described]
    if fields is None or len(fields) != len(types):
        return types
    return [
        field.type if field.type is not None and (is_zoned(field.type) or field.type == MONTHS) else kind
        for kind, field in zip(types, fields, strict=True)
    ]


def _shown(name: str, kind: Type, duckdb: str) -> str:
    """Return an item of the SELECT list that fetches a column's values as `result_values` expects them."""
    if is_zoned(kind):
        # As local time: DuckDB would fetch it in its session's zone.
        return in_zone(exp.column(name, quoted=True), zone_of(kind)).sql(dialect="duckdb") + f' AS "{name}"'
    if kind == MONTHS:
        return f'datepart(\'year\', "{name}") * 12 + datepart(\'month\', "{name}") AS "{name}"'
    return f'CAST("{name}" AS BIGINT) AS "{name}"' if duckdb in ("HUGEINT", "UHUGEINT") else f'"{name}"'


def explain(session: Session, tree: exp.Expr, *, analyze: bool) -> StatementOutcome:
    query = tree.expression if isinstance(tree, exp.Create | exp.Insert) else tree
    sql = session.planner(empty=not analyze).plan(query)
    found = session.connection.execute(f"EXPLAIN {'ANALYZE ' if analyze else ''}{sql}").fetchall()
    lines = [line for row in found for line in str(row[-1]).split("\n")]
    kind, substatement = ("DML", "EXPLAIN_ANALYZE") if analyze else ("UTILITY", "EXPLAIN")
    return StatementOutcome(
        kind, substatement, (ResultColumn("Query Plan", VARCHAR),), [[line] for line in lines]
    )


def create_view(session: Session, tree: exp.Expr, sql: str) -> StatementOutcome:
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    database, name = (target.db.lower() or session.database), target.name.lower()
    there = session.catalog.find(database, name)
    if there is not None and (there.sql is None or not tree.args.get("replace")):
        what = "View" if there.sql is not None else "Table"
        raise QueryError(f"TABLE_ALREADY_EXISTS: {what} already exists: '{database}.{name}'")
    found = re.search(r"\bAS\b\s*(?=[\s(]*(?:SELECT|WITH|VALUES|TABLE)\b)", sql, re.IGNORECASE)
    query = (
        (sql[found.end() :] if found else tree.expression.sql(dialect="athena")).strip().rstrip(";").strip()
    )
    view = Table(database, name, _view_columns(session, query, database), sql=query)
    if there is None:
        session.catalog.create(view)
    else:
        session.catalog.update(view)
    return StatementOutcome("DDL", "CREATE_VIEW")


def _view_columns(session: Session, sql: str, database: str) -> tuple[Column, ...]:
    """Return the columns of a view's query, which is planned and not run.

    Raises:
        QueryError: a column has no name.
    """
    planned = session.planner(empty=True, database=database).plan(parse(sql))
    described = session.connection.execute(f"DESCRIBE {planned}").fetchall()
    names = column_names([row[0] for row in described])
    unnamed = next(
        (position for position, name in enumerate(names, 1) if name == f"_col{position - 1}"), None
    )
    if unnamed:
        raise QueryError(f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {unnamed}")
    return tuple(Column(name, from_duckdb(row[1])) for name, row in zip(names, described, strict=True))
