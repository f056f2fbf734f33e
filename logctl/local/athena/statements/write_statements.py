"""Statements that write rows: CREATE TABLE AS, INSERT INTO, UNLOAD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from logctl.local.athena.analysis.scopes import Fields
from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.statements.result_files import ResultColumn
from logctl.local.athena.statements.session import Session, StatementOutcome
from logctl.local.athena.statements.table_writer import Written
from logctl.local.athena.statements.write_options import (
    check_unload_options,
    codec_of,
    ctas_properties,
    format_of,
    partition_keys,
    table_codec,
    with_no_data,
)
from logctl.local.athena.storage.duckdb_sql import null_column, quoted
from logctl.local.athena.storage.glue_catalog import Column, Format, Table
from logctl.local.athena.storage.s3_objects import split_url
from logctl.local.athena.types.sql_types import BIGINT, NUMBERS, Type, parse

_TEXTS = ("string", "varchar", "char")
_NOT_OF_HIVE = ("time", "timestamp with time zone", "interval", "interval year to month", "json", "uuid")


def create_table_as(session: Session, tree: exp.Expr) -> StatementOutcome:
    target = tree.this
    database, name = (target.db.lower() or session.database), target.name.lower()
    properties = ctas_properties(tree)
    if str(properties.get("table_type", "HIVE")).upper() == "ICEBERG":
        raise NotSupported("An Iceberg table")
    if session.catalog.find(database, name) is not None:
        if tree.args.get("exists"):
            return StatementOutcome("DDL", "CREATE_TABLE_AS_SELECT", written=())
        raise QueryError(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
    form = format_of(properties)
    codec = codec_of(form, properties.get("write_compression") or properties.get(f"{form.kind}_compression"))
    location = _ctas_location(session, properties)
    if properties.get("bucketed_by"):
        raise NotSupported("bucketed_by")
    planner, output = session.planner(), session.writer()
    sql = planner.plan(_without_order(tree.expression))
    _check_columns(planner.fields)
    source, columns = output.materialize(sql)
    table = _new_table(
        (database, name), columns, partition_keys(properties), form=form, location=location, codec=codec
    )
    written = Written() if with_no_data(tree) else output.write(source, table, codec)
    if not session.catalog.create(table):
        raise QueryError(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
    if written.partitions:
        session.catalog.add(table, written.partitions)
    return _outcome("DDL", "CREATE_TABLE_AS_SELECT", written)


def insert(session: Session, tree: exp.Expr) -> StatementOutcome:
    target = tree.this
    given: list[str] = []
    if isinstance(target, exp.Schema):
        given = [column.name.lower() for column in target.expressions]
        target = target.this
    table = session.catalog.table(target.db.lower() or session.database, target.name.lower())
    if table.sql is not None:
        raise QueryError(f"NOT_SUPPORTED: Inserting into views is not supported: {table.name}")
    if table.projected:
        raise NotSupported("INSERT INTO a table with partition projection")
    output = session.writer()
    source, columns = output.materialize(session.planner().plan(_without_order(tree.expression)))
    fitted, _ = output.materialize(_insert_select(table, source, columns, given))
    known = {item.values: item.location for item in session.catalog.partitions(table)} if table.keys else {}
    written = output.write(fitted, table, table_codec(table), known)
    fresh = {values: place for values, place in written.partitions.items() if values not in known}
    if fresh:
        session.catalog.add(table, fresh)
    return _outcome("DML", "INSERT", written)


def unload(session: Session, tree: exp.Expr, location: str, options: Mapping[str, Any]) -> StatementOutcome:
    check_unload_options(options)
    split_url(location)
    form = format_of(options)
    codec = codec_of(form, options.get("compression"))
    _check_is_empty(session, location)
    output = session.writer()
    source, columns = output.materialize(session.planner().plan(tree))
    table = _new_table(
        (session.database, "unload"),
        columns,
        partition_keys(options),
        form=form,
        location=location,
        codec=codec,
    )
    return _outcome("DML", "UNLOAD", output.write(source, table, codec))


def _outcome(kind: str, substatement: str, written: Written) -> StatementOutcome:
    columns = (ResultColumn("rows", BIGINT),)
    return StatementOutcome(kind, substatement, columns, written=tuple(written.urls), count=written.rows)


def _without_order(query: exp.Expr) -> exp.Expr:
    """Return a copy of a query without an ORDER BY that does not affect which rows are written.

    Athena ignores it in CTAS (Amazon Athena User Guide, Considerations and limitations for CTAS queries), and
    Trino in INSERT too.
    """
    copied = query.copy()
    if isinstance(copied, exp.Query) and not copied.args.get("limit") and not copied.args.get("offset"):
        copied.set("order", None)
    return copied


def _check_is_empty(session: Session, location: str) -> None:
    if session.objects.under(location):
        raise QueryError(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {location}")


def _ctas_location(session: Session, properties: Mapping[str, Any]) -> str:
    given = str(properties.get("external_location") or "")
    if given and session.enforced:
        raise QueryError(
            "The Create Table As Select query failed because it was submitted with an 'external_location' "
            "property to an Athena Workgroup that enforces a centralized output location for all queries. "
            "Please remove the 'external_location' property and resubmit the query."
        )
    location = given or session.default_location
    _check_is_empty(session, location)
    return location if location.endswith("/") else f"{location}/"


def _check_columns(fields: Fields) -> None:
    """Check that the columns of a new table have names, each its own, and types that Hive has.

    Raises:
        QueryError: they do not.
    """
    seen: set[str] = set()
    for place, column in enumerate(fields or (), 1):
        if not column.name:
            raise QueryError(f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {place}")
        if column.name in seen:
            raise QueryError(
                f"DUPLICATE_COLUMN_NAME: line 1:1: Column name '{column.name}' specified more than once"
            )
        seen.add(column.name)
        if column.type is not None and column.type.name == "unknown":
            raise QueryError(f"COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown at position {place}")
        if column.type is not None and column.type.name in _NOT_OF_HIVE:
            raise QueryError(f"NOT_SUPPORTED: Unsupported Hive type: {column.type.athena}")


def _new_table(
    name: tuple[str, str],
    columns: Sequence[Column],
    keys: Sequence[str],
    *,
    form: Format,
    location: str,
    codec: str,
) -> Table:
    """Return the table that a query's rows are written to.

    `name` is the database and the name, `keys` are the names of the partition columns.

    Raises:
        QueryError: the query's columns are not fit for a table, or the partition columns are not the last
            ones.
    """
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise QueryError("DUPLICATE_COLUMN_NAME: Column name specified more than once")
    if any(name.startswith("_unnamed") or (name.startswith("_col") and name[4:].isdigit()) for name in names):
        position = next(i for i, name in enumerate(names, 1) if name.startswith(("_unnamed", "_col")))
        raise QueryError(f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {position}")
    first_key = len(names) - len(keys)
    if list(keys) != names[first_key:]:
        missing = next((key for key in keys if key not in names), None)
        if missing:
            raise QueryError(f"INVALID_TABLE_PROPERTY: Partition column {missing} not present in schema")
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the "
            f"same order as the table properties: [{', '.join(keys)}]"
        )
    kept = tuple(Column(column.name, parse(column.type.hive)) for column in columns)
    parameters = {"EXTERNAL": "TRUE", "has_encrypted_data": "false"}
    if form.kind == "parquet":
        parameters["parquet.compression"] = codec.upper()
    return Table(
        *name,
        columns=kept[:first_key],
        keys=kept[first_key:],
        location=location,
        format=form,
        parameters=parameters,
    )


def _insert_select(table: Table, source: str, columns: Sequence[Column], given: Sequence[str]) -> str:
    """Return a SELECT that fits a query's columns to a table's, by position.

    `given` are the column names after INSERT INTO; without them, all columns of the table are meant.

    Raises:
        QueryError: their number or types do not fit (Trino, INSERT).
    """
    targets = [*table.columns, *table.keys]
    by_name = {column.name: column for column in targets}
    unknown = [name for name in given if name not in by_name]
    if unknown:
        raise QueryError(f"COLUMN_NOT_FOUND: Insert column name does not exist in target table: {unknown[0]}")
    chosen = [by_name[name] for name in given] if given else targets
    if len(chosen) != len(columns) or not all(
        _fits(query.type, target.type) for target, query in zip(chosen, columns, strict=True)
    ):
        raise QueryError(
            "TYPE_MISMATCH: Insert query has mismatched column types: Table: "
            f"[{', '.join(column.type.athena for column in chosen)}], Query: "
            f"[{', '.join(column.type.athena for column in columns)}]"
        )
    taken = {target.name: query.name for target, query in zip(chosen, columns, strict=True)}
    selected = [
        f"CAST({quoted(taken[column.name])} AS {column.type.duckdb}) AS {quoted(column.name)}"
        if column.name in taken
        else null_column(column.name, column.type)
        for column in targets
    ]
    return f"SELECT {', '.join(selected)} FROM {source}"  # noqa: S608


def _fits(given: Type, wanted: Type) -> bool:
    """Return whether INSERT takes a value of one type for a column of another, without CAST."""
    if given.name == "unknown" or given.name == wanted.name:
        return len(given.arguments) == len(wanted.arguments) or given.name not in ("struct", "map", "array")
    if given.name in _TEXTS and wanted.name in _TEXTS:
        return True
    if given.name in NUMBERS and wanted.name in NUMBERS:
        return NUMBERS.index(given.name) <= NUMBERS.index(wanted.name)
    return given.name == "date" and wanted.name.startswith("timestamp")
