"""Statements that read: SELECT, EXECUTE, EXPLAIN; and views, which are queries with a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp

from logctl.local.athena.analysis.query_types import Fields
from logctl.local.athena.planning import query_planner as planning
from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.result_files import ResultColumn, Row
from logctl.local.athena.result_values import writer
from logctl.local.athena.statements.session import Outcome, Session
from logctl.local.athena.storage.glue_catalog import Column, Table
from logctl.local.athena.translation.conversions import in_zone, zone_of
from logctl.local.athena.types.sql_types import Type, from_duckdb

_BATCH = 10_000


def select(session: Session, tree: exp.Expr) -> Outcome:
    bound = tree.copy()
    planner = session.planner()
    plan = planner.plan(bound)
    columns, rows = _run(session, plan.sql, planner.fields)
    return Outcome("DML", "SELECT", columns, rows)


def _output_types(described: Sequence[Sequence[str]], fields: Fields) -> list[Type]:
    """Of the columns of a result: DuckDB's, but for what is part of the type here and of the value there."""
    types = [from_duckdb(row[1]) for row in described]
    if fields is None or len(fields) != len(types):
        return types
    ours = ("timestamp with time zone", "interval year to month")
    return [
        found.type if found.type is not None and found.type.name in ours else kind
        for kind, found in zip(types, fields, strict=True)
    ]


def _shown(name: str, kind: Type, duckdb: str) -> str:
    if kind.name == "timestamp with time zone":
        # Python has no zone for what is fetched: zoned times come as local ones.
        return in_zone(exp.column(name, quoted=True), zone_of(kind)).sql(dialect="duckdb") + f' AS "{name}"'
    if kind.name == "interval year to month":
        return f'datepart(\'year\', "{name}") * 12 + datepart(\'month\', "{name}") AS "{name}"'
    return f'CAST("{name}" AS BIGINT) AS "{name}"' if duckdb in ("HUGEINT", "UHUGEINT") else f'"{name}"'


def _run(session: Session, sql: str, fields: Fields = None) -> tuple[tuple[ResultColumn, ...], Iterator[Row]]:
    connection = session.connection
    connection.execute(f"CREATE TEMP VIEW sandbox_result AS {sql}")
    described = connection.execute("DESCRIBE sandbox_result").fetchall()
    types = _output_types(described, fields)
    names = planning.column_names([row[0] for row in described])
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


def execute(session: Session, name: str, using: str | None) -> Outcome:
    sql = session.prepared(name)
    if sql is None:
        raise QueryError(f"PreparedStatement {name} was not found")
    from logctl.local.athena.statements.prepare import prepare  # which knows this function

    values = planning.parse(f"SELECT {using}").expressions if using else []
    return prepare(sql, [value.sql(dialect="athena") for value in values])(session)


def explain(session: Session, tree: exp.Expr, *, analyze: bool) -> Outcome:
    query = tree.expression if isinstance(tree, exp.Create | exp.Insert) else tree
    bound = query.copy()
    plan = session.planner(empty=not analyze).plan(bound)
    found = session.connection.execute(f"EXPLAIN {'ANALYZE ' if analyze else ''}{plan.sql}").fetchall()
    lines = [line for row in found for line in str(row[-1]).split("\n")]
    column = ResultColumn("Query Plan", Type("varchar"))
    kind = "EXPLAIN_ANALYZE" if analyze else "EXPLAIN"
    return Outcome("UTILITY" if not analyze else "DML", kind, (column,), [[line] for line in lines])


def create_view(session: Session, tree: exp.Expr, sql: str) -> Outcome:
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
    columns = view_columns(session, query, database)
    view = Table(database, name, columns, sql=query)
    if there is None:
        session.catalog.create(view)
    else:
        session.catalog.update(view)
    return Outcome("DDL", "CREATE_VIEW")


def view_columns(session: Session, sql: str, database: str) -> tuple[Column, ...]:
    """A query's columns, found without reading anything."""
    plan = session.planner(empty=True, database=database).plan(planning.parse(sql))
    described = session.connection.execute(f"DESCRIBE {plan.sql}").fetchall()
    names = planning.column_names([row[0] for row in described])
    unnamed = next(
        (position for position, name in enumerate(names, 1) if name == f"_col{position - 1}"), None
    )
    if unnamed:
        raise QueryError(f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {unnamed}")
    return tuple(Column(name, from_duckdb(row[1])) for name, row in zip(names, described, strict=True))
