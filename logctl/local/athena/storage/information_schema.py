"""`information_schema`: schemata, tables, views and columns, listed from the catalog."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.storage.glue_catalog import GlueCatalog, Table
from logctl.local.athena.storage.view_definition import CATALOG

Row = tuple[str | int | None, ...]


def _listed(catalog: GlueCatalog) -> Iterator[tuple[str, Table]]:
    """Yield every table with its database; `default`, which Athena always has, may be missing in Glue."""
    for database in catalog.databases():
        if catalog.database(database) is not None:
            for table in catalog.tables(database):
                yield database, table


def _schemata(catalog: GlueCatalog) -> Iterator[Row]:
    for name in catalog.databases():
        yield CATALOG, name


def _tables(catalog: GlueCatalog) -> Iterator[Row]:
    for database, table in _listed(catalog):
        yield CATALOG, database, table.name, "VIEW" if table.sql is not None else "BASE TABLE"


def _views(catalog: GlueCatalog) -> Iterator[Row]:
    for database, table in _listed(catalog):
        if table.sql is not None:
            yield CATALOG, database, table.name, table.sql


def _columns(catalog: GlueCatalog) -> Iterator[Row]:
    for database, table in _listed(catalog):
        for position, column in enumerate((*table.columns, *table.keys), 1):
            extra = "partition key" if column in table.keys else None
            yield (
                CATALOG, database, table.name, column.name, position, None, "YES", column.type.athena,
                column.comment or None, extra,
            )  # fmt: skip


_LISTINGS: dict[str, tuple[Sequence[str], Callable[[GlueCatalog], Iterator[Row]]]] = {
    "schemata": (("catalog_name", "schema_name"), _schemata),
    "tables": (("table_catalog", "table_schema", "table_name", "table_type"), _tables),
    "views": (("table_catalog", "table_schema", "table_name", "view_definition"), _views),
    "columns": (
        ("table_catalog", "table_schema", "table_name", "column_name", "ordinal_position",
         "column_default", "is_nullable", "data_type", "comment", "extra_info"),
        _columns,
    ),
}  # fmt: skip


def relation(name: str, catalog: GlueCatalog) -> str:
    """Return a listing as a query in DuckDB's SQL.

    Raises:
        QueryError: there is no listing of that name.
    """
    if name not in _LISTINGS:
        raise QueryError(f"TABLE_NOT_FOUND: Table '{CATALOG}.information_schema.{name}' does not exist")
    columns, rows = _LISTINGS[name]
    kinds = {column: "BIGINT" if column == "ordinal_position" else "VARCHAR" for column in columns}
    listed = json.dumps([dict(zip(columns, row, strict=True)) for row in rows(catalog)])
    selected = ", ".join(f"row.{column} AS {column}" for column in columns)
    structure = json.dumps([kinds]).replace("'", "''")
    text = listed.replace("'", "''")
    return f"SELECT {selected} FROM (SELECT unnest(json_transform('{text}', '{structure}')) AS row)"  # noqa: S608
