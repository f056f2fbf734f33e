"""A table as a relation of DuckDB's: the partitions that a query needs, and their objects in S3."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import quote

from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.storage import partition_projection
from logctl.local.athena.storage.duckdb_sql import literal, null_column, quoted
from logctl.local.athena.storage.file_formats import FileGroup, compression_of, read_files
from logctl.local.athena.storage.glue_catalog import NO_VALUE, Column, GlueCatalog, Table, TablePartition
from logctl.local.athena.storage.metered_files import Files, Meter
from logctl.local.athena.storage.s3_objects import Objects, StoredObject

if TYPE_CHECKING:
    import duckdb

HIDDEN = {"$path": "VARCHAR", "$file_modified_time": "TIMESTAMPTZ", "$file_size": "BIGINT"}
"""Columns, with DuckDB's types, that a query may name and `*` does not include (Trino, Hive connector)."""
_NUMBERS = count(1)
_ROW = "sandbox_row"


@dataclass
class Scanner:
    """A maker of relations for one query's tables, as temporary views of its connection.

    Attributes:
        empty: only the columns are wanted (of a view, or for EXPLAIN), and nothing is listed or read.
        hidden: the query names hidden columns; otherwise the relations do not have them.
    """

    connection: duckdb.DuckDBPyConnection
    catalog: GlueCatalog
    objects: Objects
    files: Files
    meter: Meter
    empty: bool = False
    hidden: bool = False
    _scans: list[str] = field(default_factory=list)
    _known: dict[tuple[str, str], list[TablePartition]] = field(default_factory=dict)

    def close(self) -> None:
        for scan in self._scans:
            self.files.drop_scan(scan)

    def relation(self, table: Table, condition: str | None, injected: dict[str, tuple[str, ...]]) -> str:
        """Make a view of a table's rows. Returns its name.

        Args:
            table: a table, not a view.
            condition: the query's condition on partition columns in DuckDB's SQL, or None. Partitions that do
                not fulfil it are not listed.
            injected: the values that the query names for each `injected` column of a projected table.

        Raises:
            QueryError: the table has no location, or a partition's columns do not fit the table's.
            NotSupported: the sandbox cannot read the table's format.
        """
        if not table.location and not table.keys:
            raise QueryError(f"HIVE_METASTORE_ERROR: Table '{table.name}' has no location")
        if self.empty:
            return self.view(self._nothing(table))
        if not table.keys:
            return self.view(
                self._read(table, [(TablePartition((), table.location, table.format, table.columns), "")])
            )
        known = (
            list(partition_projection.partitions(table, injected, datetime.now(UTC)))
            if table.projected
            else self._registered(table)
        )
        chosen = self._fitting(table, known, condition)
        return self.view(self._read(table, [(partition, _path(table, partition)) for partition in chosen]))

    def partitions_view(self, table: Table) -> str:
        """Make a view of `"table$partitions"`, one row for each partition. Returns its name."""
        known = [] if self.empty else self._registered(table)
        return self.view(self._values_of(table, known, numbered=False))

    # ── Partitions ──

    def _registered(self, table: Table) -> list[TablePartition]:
        """Return a table's partitions, read once for a query.

        Two scans of a table see the same partitions, as in Trino, whose metastore is cached for each
        transaction.
        """
        name = table.database, table.name
        if name not in self._known:
            self._known[name] = self.catalog.partitions(table)
        return self._known[name]

    def _fitting(
        self, table: Table, known: list[TablePartition], condition: str | None
    ) -> list[TablePartition]:
        if condition is None or not known:
            return known
        values = self._values_of(table, known, numbered=True)
        rows = self.connection.execute(
            f"SELECT {_ROW} FROM ({values}) WHERE {condition} ORDER BY {_ROW}"  # noqa: S608
        ).fetchall()
        return [known[number] for (number,) in rows]

    def _values_of(self, table: Table, known: Sequence[TablePartition], *, numbered: bool) -> str:
        """Return a relation of partitions' values: a CSV file in memory, as there may be 100,000 of them."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for number, partition in enumerate(known):
            writer.writerow([*([number] if numbered else []), *partition.values])
        names = [*([_ROW] if numbered else []), *(key.name for key in table.keys)]
        casts = [_ROW] if numbered else []
        casts += [f"{_key_value(key)} AS {quoted(key.name)}" for key in table.keys]
        body = text.getvalue().encode()
        if not body:
            empty = ", ".join(null_column(key.name, key.type) for key in table.keys)
            return f"SELECT {f'0 AS {_ROW}, ' if numbered else ''}{empty} WHERE false"
        columns = ", ".join(f"{literal(name)}: '{'BIGINT' if name == _ROW else 'VARCHAR'}'" for name in names)
        path = self._in_memory(body)
        return (
            f"SELECT {', '.join(casts)} FROM read_csv({literal(path)}, columns={{{columns}}}, header=false, "  # noqa: S608
            "delim=',', quote='\"', escape='\"', auto_detect=false)"
        )

    def _in_memory(self, body: bytes) -> str:
        item = StoredObject("memory", "partitions.csv", len(body), f"memory-{next(_NUMBERS)}", 0)
        scan = self._name()
        (path,) = self.files.add_scan(scan, [("", item)], _Given(body), Meter(), columnar=True)
        return path

    # ── Reading ──

    def _name(self) -> str:
        name = f"scan{next(_NUMBERS)}"
        self._scans.append(name)
        return name

    def view(self, sql: str) -> str:
        """Make a view of a query in DuckDB's SQL. Returns its name."""
        name = f"relation{next(_NUMBERS)}"
        self.connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        return name

    def _nothing(self, table: Table) -> str:
        columns = [null_column(column.name, column.type) for column in (*table.columns, *table.keys)]
        if self.hidden:
            columns += [f"NULL::{kind} AS {quoted(name)}" for name, kind in HIDDEN.items()]
        return f"SELECT {', '.join(columns)} WHERE false"

    def _read(self, table: Table, partitions: list[tuple[TablePartition, str]]) -> str:
        listed = self.objects.under_all([partition.location for partition, _ in partitions])
        groups: dict[FileGroup, list[tuple[str, StoredObject]]] = {}
        for (partition, path), found in zip(partitions, listed, strict=True):
            _check_schema(table, partition)
            lacking = _lacking(table, partition)
            for item in found:
                group = FileGroup(partition.format, compression_of(item.key, partition.format), lacking)
                groups.setdefault(group, []).append((path, item))
        if not groups:
            return self._nothing(table)
        return " UNION ALL BY NAME ".join(
            self._read_group(table, group, files) for group, files in groups.items()
        )

    def _read_group(self, table: Table, group: FileGroup, files: list[tuple[str, StoredObject]]) -> str:
        scan, columnar = self._name(), group.format.kind == "parquet"
        paths = self.files.add_scan(scan, files, self.objects, self.meter, columnar=columnar)
        columns, source = read_files(self.connection, table, group, paths)
        columns += [f"{_key_value(key)} AS {quoted(key.name)}" for key in table.keys]
        if self.hidden:
            columns += self._hidden(scan, files)
        return f"SELECT {', '.join(columns)} FROM {source}"  # noqa: S608

    def _hidden(self, scan: str, files: list[tuple[str, StoredObject]]) -> list[str]:
        """Return the hidden columns of a scan, whose values depend on the number in a file's path."""
        times = [int(item.modified * 1000) for _, item in files]
        sizes = [item.size for _, item in files]
        variables = f"{scan}_times", f"{scan}_sizes"
        self.connection.execute(f"SET VARIABLE {variables[0]} = {times}")
        self.connection.execute(f"SET VARIABLE {variables[1]} = {sizes}")
        number = "CAST(split_part(filename, '/', -2) AS INTEGER) + 1"
        return [
            "url_decode(split_part(filename, '/', -1)) AS \"$path\"",
            f"make_timestamptz(getvariable('{variables[0]}')[{number}] * 1000) AS \"$file_modified_time\"",
            f"CAST(getvariable('{variables[1]}')[{number}] AS BIGINT) AS \"$file_size\"",
        ]


class _Given:
    """A reader of the bytes of a file that is held in memory."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, item: StoredObject) -> bytes:  # noqa: ARG002
        return self._body


def _key_value(key: Column) -> str:
    """Return a partition column's value from its text; Hive has a name for NULL."""
    text = f"nullif({quoted(key.name)}, {literal(NO_VALUE)})"
    return text if key.type.duckdb == "VARCHAR" else f"CAST({text} AS {key.type.duckdb})"


def _path(table: Table, partition: TablePartition) -> str:
    pairs = zip(table.keys, partition.values, strict=True)
    return "/".join(f"{key.name}={quote(value, safe='')}" for key, value in pairs)


_COMPATIBLE = (
    ("tinyint", "smallint", "int", "bigint"),
    ("float", "double"),
    ("string", "varchar", "char"),
)


def _check_schema(table: Table, partition: TablePartition) -> None:
    """Check that a partition's columns fit the table's.

    They may be fewer, and have narrower types (Amazon Athena User Guide, Update tables with partitions).

    Raises:
        QueryError: a column has another type.
    """
    theirs = {column.name: column.type for column in partition.columns}
    for column in table.columns:
        other = theirs.get(column.name)
        if other is None or other == column.type:
            continue
        widened = any(
            other.name in family
            and column.type.name in family
            and (
                family[0] in ("string", "varchar")
                or family.index(other.name) <= family.index(column.type.name)
            )
            for family in _COMPATIBLE
        )
        if not widened and partition.format.kind != "parquet":
            raise QueryError(
                "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition "
                "schemas. The types are incompatible and cannot be coerced. The column "
                f"'{column.name}' in table '{table.database}.{table.name}' is declared as type "
                f"'{column.type.hive}', but partition '{_path(table, partition)}' declared column "
                f"'{column.name}' as type '{other.hive}'."
            )


def _lacking(table: Table, partition: TablePartition) -> frozenset[str]:
    """Return the table's columns that a partition lacks; none for Parquet, whose files name their columns."""
    if partition.format.kind == "parquet":
        return frozenset()
    theirs = {column.name for column in partition.columns}
    return frozenset(column.name for column in table.columns if column.name not in theirs)
