"""Statements that write rows: CREATE TABLE AS, INSERT INTO, UNLOAD."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from logctl.local.athena.analysis.query_types import Fields
from logctl.local.athena.query_errors import NotHere, QueryError
from logctl.local.athena.result_files import ResultColumn
from logctl.local.athena.statements import table_writer as writing
from logctl.local.athena.statements.session import Outcome, Session
from logctl.local.athena.storage.s3_files import split_url
from logctl.local.athena.types.sql_types import Type


def _unordered(query: exp.Expr) -> exp.Expr:
    """Without the ORDER BY that decides nothing: Athena ignores it in CTAS (Amazon Athena User Guide,
    Considerations and limitations for CTAS queries), and Trino in INSERT too."""
    if isinstance(query, exp.Query) and not query.args.get("limit") and not query.args.get("offset"):
        query.set("order", None)
    return query


def create_table_as(session: Session, tree: exp.Expr) -> Outcome:
    target = tree.this
    database, name = (target.db.lower() or session.database), target.name.lower()
    properties = _ctas_properties(tree)
    if str(properties.get("table_type", "HIVE")).upper() == "ICEBERG":
        raise NotHere("An Iceberg table")
    if session.catalog.find(database, name) is not None:
        if tree.args.get("exists"):
            return Outcome("DDL", "CREATE_TABLE_AS_SELECT", written=())
        raise QueryError(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
    form = writing.format_of(properties)
    chosen = properties.get("write_compression") or properties.get(f"{form.kind}_compression")
    codec = writing.codec_of(form, str(chosen) if chosen else None)
    location = _ctas_location(session, properties)
    if properties.get("bucketed_by"):
        raise NotHere("bucketed_by")
    keys = [str(key).lower() for key in properties.get("partitioned_by") or ()]
    query = _unordered(tree.expression.copy())
    planner = session.planner()
    plan = planner.plan(query)
    _check_columns(planner.fields)
    output = session.writer()
    source, columns = output.materialize(plan.sql)
    table = writing.new_table(name, database, columns, keys, form, location, codec)
    kept = None if _no_data(tree) else output.write(source, table.columns, table.keys, form, codec, {}, table)
    if not session.catalog.create(table):
        raise QueryError(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
    if kept and kept.partitions:
        session.catalog.add(table, kept.partitions)
    return Outcome(
        "DDL", "CREATE_TABLE_AS_SELECT", (ResultColumn("rows", Type("bigint")),),
        written=tuple(kept.urls) if kept else (), count=kept.rows if kept else 0,
    )  # fmt: skip


_NOT_OF_HIVE = ("time", "timestamp with time zone", "interval", "interval year to month", "json", "uuid")


def _check_columns(fields: Fields) -> None:
    """Columns of a new table have names, each its own, and types that Hive has.

    Raises:
        QueryError: they have not.
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


def _ctas_location(session: Session, properties: Mapping[str, Any]) -> str:
    given = str(properties.get("external_location") or "")
    if given and session.enforced:
        raise QueryError(
            "The Create Table As Select query failed because it was submitted with an 'external_location' "
            "property to an Athena Workgroup that enforces a centralized output location for all queries. "
            "Please remove the 'external_location' property and resubmit the query."
        )
    location = given or session.default_location
    if session.objects.under(location):
        raise QueryError(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {location}")
    return location if location.endswith("/") else f"{location}/"


def _ctas_properties(tree: exp.Expr) -> dict[str, Any]:
    found: dict[str, Any] = {}
    listed = tree.args.get("properties")
    for item in listed.expressions if listed is not None else ():
        if isinstance(item, exp.Property) and type(item) is exp.Property:
            name, value = item.name.lower(), item.args["value"]
        else:
            name, value = _known_property(item)
        if name:
            found[name] = _plain(value)
    unknown = set(found) - writing.CTAS_PROPERTIES
    if unknown:
        raise QueryError(
            f"INVALID_TABLE_PROPERTY: Catalog 'awsdatacatalog' table property '{min(unknown)}' does not exist"
        )
    return found


def _known_property(item: exp.Expr) -> tuple[str, Any]:
    """Properties that sqlglot has classes of their own for."""
    if isinstance(item, exp.FileFormatProperty):
        return "format", item.this
    if isinstance(item, exp.PartitionedByProperty):
        return "partitioned_by", item.this
    if isinstance(item, exp.LocationProperty):
        return "external_location", item.this
    return "", None


def _plain(value: Any) -> Any:
    if isinstance(value, exp.Array | exp.Tuple | exp.Schema):
        return [_plain(item) for item in value.expressions]
    if isinstance(value, exp.Literal):
        return value.this
    return value.name if isinstance(value, exp.Expr) else value


def _no_data(tree: exp.Expr) -> bool:
    listed = tree.args.get("properties")
    return any(
        isinstance(item, exp.WithDataProperty) and item.args.get("no")
        for item in (listed.expressions if listed is not None else ())
    )


def insert(session: Session, tree: exp.Expr) -> Outcome:
    target = tree.this
    given: list[str] = []
    if isinstance(target, exp.Schema):
        given = [column.name.lower() for column in target.expressions]
        target = target.this
    table = session.catalog.table(target.db.lower() or session.database, target.name.lower())
    if table.sql is not None:
        raise QueryError(f"NOT_SUPPORTED: Inserting into views is not supported: {table.name}")
    if table.projected:
        raise NotHere("INSERT INTO a table with partition projection")
    query = _unordered(tree.expression.copy())
    plan = session.planner().plan(query)
    output = session.writer()
    source, columns = output.materialize(plan.sql)
    fitted, _ = output.materialize(writing.insert_select(table, source, columns, given))
    known = {item.values: item.location for item in session.catalog.partitions(table)} if table.keys else {}
    written = output.write(
        fitted, table.columns, table.keys, table.format, writing.table_codec(table), known, table
    )
    fresh = {values: place for values, place in written.partitions.items() if values not in known}
    if fresh:
        session.catalog.add(table, fresh)
    return Outcome(
        "DML",
        "INSERT",
        (ResultColumn("rows", Type("bigint")),),
        written=tuple(written.urls),
        count=written.rows,
    )


def unload(session: Session, tree: exp.Expr, location: str, properties: Mapping[str, Any]) -> Outcome:
    unknown = set(properties) - writing.UNLOAD_PROPERTIES
    if unknown or "format" not in properties:
        raise QueryError(
            f"INVALID_TABLE_PROPERTY: UNLOAD takes {', '.join(sorted(writing.UNLOAD_PROPERTIES))}"
        )
    split_url(location)
    form = writing.format_of(properties)
    codec = writing.codec_of(form, str(properties["compression"]) if "compression" in properties else None)
    if session.objects.under(location):
        raise QueryError(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {location}")
    query = tree.copy()
    plan = session.planner().plan(query)
    output = session.writer()
    source, columns = output.materialize(plan.sql)
    keys = [str(key).lower() for key in properties.get("partitioned_by") or ()]
    table = writing.new_table("unload", session.database, columns, keys, form, location, codec)
    written = output.write(source, table.columns, table.keys, form, codec, {}, table)
    return Outcome(
        "DML",
        "UNLOAD",
        (ResultColumn("rows", Type("bigint")),),
        written=tuple(written.urls),
        count=written.rows,
    )


def options(text: str) -> dict[str, Any]:
    """`format = 'PARQUET', partitioned_by = ARRAY['a', 'b']`."""
    found: dict[str, Any] = {}
    for name, array, value in re.findall(
        r"(\w+)\s*=\s*(?:ARRAY\s*\[([^\]]*)\]|'([^']*)'|\d+)", text, re.IGNORECASE
    ):
        found[name.lower()] = re.findall(r"'([^']*)'", array) if array else value
    return found
