"""A table as a DuckDB relation: which partitions, which objects, and how their format is read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from logctl.local.athena.query_errors import NotHere, QueryError
from logctl.local.athena.storage import partition_projection as projection
from logctl.local.athena.storage.glue_catalog import HIVE_JSON, Catalog, Column, Format, Partition, Table
from logctl.local.athena.storage.s3_files import Files, Meter, Objects, StoredObject
from logctl.local.athena.types.sql_types import Type

if TYPE_CHECKING:
    import duckdb

HIDDEN = {"$path": "VARCHAR", "$file_modified_time": "TIMESTAMPTZ", "$file_size": "BIGINT"}
"""Columns that a query may name and `*` does not mean (Trino, Hive connector: metadata columns)."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_NUMBERS = count(1)
_ROW = "sandbox_row"
_ARRAYS = {"array", "map", "struct"}
COMPRESSIONS = ((".gz", "gzip"), (".zst", "zstd"), (".zstd", "zstd"))
_NO_CODEC = (".bz2", ".snappy", ".lz4", ".lzo", ".deflate")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_LINE_LIMIT = 128 * 2**20


@dataclass(frozen=True)
class _Group:
    """Files that are read alike."""

    format: Format
    compression: str
    lacking: frozenset[str]


@dataclass
class Scanner:
    """Makes relations for one query's tables, as temporary views of its connection.

    Args:
        empty: only the shape is wanted (a view's columns, EXPLAIN): nothing is listed or read.
        hidden: the query names hidden columns; otherwise relations don't have them.
    """

    connection: duckdb.DuckDBPyConnection
    catalog: Catalog
    objects: Objects
    files: Files
    meter: Meter
    empty: bool = False
    hidden: bool = False
    _scans: list[str] = field(default_factory=list)
    _known: dict[tuple[str, str], list[Partition]] = field(default_factory=dict)

    def close(self) -> None:
        for scan in self._scans:
            self.files.drop_scan(scan)

    def relation(self, table: Table, condition: str | None, injected: dict[str, tuple[str, ...]]) -> str:
        """The name of a view over a table's rows.

        Args:
            condition: what the query demands of partition columns, as DuckDB SQL; partitions that don't
                fit are not even listed. None when it demands nothing.
            injected: values that the query names for `injected` columns of a projected table.
        """
        if not table.location and not table.keys:
            raise QueryError(f"HIVE_METASTORE_ERROR: Table '{table.name}' has no location")
        if self.empty:
            return self.view(self._nothing(table))
        if not table.keys:
            return self.view(
                self._read(table, [(Partition((), table.location, table.format, table.columns), "")])
            )
        known = (
            list(projection.partitions(table, injected, datetime.now(UTC)))
            if table.projected
            else self._registered(table)
        )
        chosen = self._fitting(table, known, condition)
        return self.view(self._read(table, [(partition, _path(table, partition)) for partition in chosen]))

    def partitions_view(self, table: Table) -> str:
        """`"table$partitions"`: one row a partition."""
        known = [] if self.empty else self._registered(table)
        return self.view(self._values_of(table, known, numbered=False))

    # ── Partitions ──

    def _registered(self, table: Table) -> list[Partition]:
        """A table's partitions, read once a query: two scans of a table see the same, as within a
        transaction of Trino (whose metastore is cached for each)."""
        name = table.database, table.name
        if name not in self._known:
            self._known[name] = self.catalog.partitions(table)
        return self._known[name]

    def _fitting(self, table: Table, known: list[Partition], condition: str | None) -> list[Partition]:
        if condition is None or not known:
            return known
        values = self._values_of(table, known, numbered=True)
        rows = self.connection.execute(
            f"SELECT {_ROW} FROM ({values}) WHERE {condition} ORDER BY {_ROW}"  # noqa: S608
        ).fetchall()
        return [known[number] for (number,) in rows]

    def _values_of(self, table: Table, known: Sequence[Partition], *, numbered: bool) -> str:
        """A relation of partitions' values, read from a file in memory: there may be 100,000."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for number, partition in enumerate(known):
            writer.writerow([*([number] if numbered else []), *partition.values])
        names = [*([_ROW] if numbered else []), *(key.name for key in table.keys)]
        casts = [_ROW] if numbered else []
        casts += [f"{_key_value(key)} AS {quoted(key.name)}" for key in table.keys]
        body = text.getvalue().encode()
        if not body:
            empty = ", ".join(f"NULL::{key.type.duckdb} AS {quoted(key.name)}" for key in table.keys)
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
        (path,) = self.files.add_scan(scan, [("", item)], _Given(body), Meter(), columnar=True)  # type: ignore[arg-type]
        return path

    # ── Reading ──

    def _name(self) -> str:
        name = f"scan{next(_NUMBERS)}"
        self._scans.append(name)
        return name

    def view(self, sql: str) -> str:
        """DuckDB SQL under a name that a query can use."""
        name = f"relation{next(_NUMBERS)}"
        self.connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        return name

    def _nothing(self, table: Table) -> str:
        columns = [
            f"NULL::{column.type.duckdb} AS {quoted(column.name)}" for column in (*table.columns, *table.keys)
        ]
        if self.hidden:
            columns += [f"NULL::{kind} AS {quoted(name)}" for name, kind in HIDDEN.items()]
        return f"SELECT {', '.join(columns)} WHERE false"

    def _read(self, table: Table, partitions: list[tuple[Partition, str]]) -> str:
        listed = self.objects.under_all([partition.location for partition, _ in partitions])
        groups: dict[_Group, list[tuple[str, StoredObject]]] = {}
        for (partition, path), found in zip(partitions, listed, strict=True):
            _check_schema(table, partition)
            lacking = _lacking(table, partition)
            for item in found:
                group = _Group(partition.format, _compression(item.key, partition.format), lacking)
                groups.setdefault(group, []).append((path, item))
        if not groups:
            return self._nothing(table)
        return " UNION ALL BY NAME ".join(
            self._read_group(table, group, files) for group, files in groups.items()
        )

    def _read_group(self, table: Table, group: _Group, files: list[tuple[str, StoredObject]]) -> str:
        form, compression = group.format, group.compression
        scan = self._name()
        paths = self.files.add_scan(scan, files, self.objects, self.meter, columnar=form.kind == "parquet")
        listed = "[" + ", ".join(literal(path) for path in paths) + "]"
        hive = "filename=true"
        if table.keys:
            # As text: a value may be the name of no value.
            types = ", ".join(f"{literal(key.name)}: VARCHAR" for key in table.keys)
            hive += f", hive_partitioning=true, hive_types={{{types}}}"
        else:
            hive += ", hive_partitioning=false"
        match form.kind:
            case "json":
                columns, source = _json(table, group, listed, hive)
            case "parquet":
                columns, source = self._parquet(table, listed, hive)
            case "text" | "csv":
                columns, source = _text(table, form, listed, compression, hive)
            case other:
                raise NotHere(f"The SerDe {other}")
        columns += [f"{_key_value(key)} AS {quoted(key.name)}" for key in table.keys]
        if self.hidden:
            columns += self._hidden(scan, files)
        return f"SELECT {', '.join(columns)} FROM {source}"  # noqa: S608

    def _hidden(self, scan: str, files: list[tuple[str, StoredObject]]) -> list[str]:
        """`$path`, `$file_size` and `$file_modified_time` (Trino, Hive connector: metadata columns)."""
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

    def _parquet(self, table: Table, listed: str, hive: str) -> tuple[list[str], str]:
        source = f"read_parquet({listed}, union_by_name=true, {hive})"
        described = self.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
        there = {name.lower(): name for name, *_ in described}
        return [
            f"CAST({quoted(there[column.name])} AS {column.type.duckdb}) AS {quoted(column.name)}"
            if column.name in there
            else f"NULL::{column.type.duckdb} AS {quoted(column.name)}"
            for column in table.columns
        ], source


class _Given:
    """Stands in for S3 where the bytes are at hand."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, item: StoredObject) -> bytes:  # noqa: ARG002
        return self._body


def _key_value(key: Column) -> str:
    """A partition column's value; Hive writes NULL as a name of its own."""
    text = f"nullif({quoted(key.name)}, {literal(NO_VALUE)})"
    return text if key.type.duckdb == "VARCHAR" else f"CAST({text} AS {key.type.duckdb})"


def _path(table: Table, partition: Partition) -> str:
    pairs = zip(table.keys, partition.values, strict=True)
    return "/".join(f"{key.name}={quote(value, safe='')}" for key, value in pairs)


def _compression(key: str, form: Format) -> str:
    if form.kind == "parquet":
        return ""
    if key.endswith(_NO_CODEC):
        raise NotHere(f"The compression of {key.rpartition('/')[2]}")
    return next((name for ending, name in COMPRESSIONS if key.endswith(ending)), "none")


_COMPATIBLE = (
    ("tinyint", "smallint", "int", "bigint"),
    ("float", "double"),
    ("string", "varchar", "char"),
)


def _check_schema(table: Table, partition: Partition) -> None:
    """A partition's columns may be fewer, not of another kind (Amazon Athena User Guide, Update tables with
    partitions). Parquet and JSON are read by name."""
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
                "schemas. "
                "The types are incompatible and cannot be coerced. The column "
                f"'{column.name}' in table '{table.database}.{table.name}' is declared as type "
                f"'{column.type.hive}', but partition '{_path(table, partition)}' declared column "
                f"'{column.name}' as type '{other.hive}'."
            )


def _lacking(table: Table, partition: Partition) -> frozenset[str]:
    """Columns that a partition does not know: NULL there, whatever its files hold. Parquet has its own
    word on that."""
    if partition.format.kind == "parquet":
        return frozenset()
    theirs = {column.name for column in partition.columns}
    return frozenset(column.name for column in table.columns if column.name not in theirs)


def _json(table: Table, group: _Group, listed: str, hive: str) -> tuple[list[str], str]:
    """JSON SerDes: a line an object; keys fit whatever their case (OpenX JSON SerDe, case.insensitive)."""
    form = group.format
    hive_json = form.serde in HIVE_JSON
    if not hive_json:
        _check_openx(form)
    lenient = (
        form.serde not in HIVE_JSON and form.parameters.get("ignore.malformed.json", "").lower() == "true"
    )
    if lenient:
        # Line by line: what is no JSON must not take its neighbours with it.
        lines = (
            f"read_csv({listed}, columns={{'line': 'VARCHAR'}}, header=false, delim='\x01', quote='', "
            f"escape='', auto_detect=false, max_line_size={_LINE_LIMIT}, "
            f"compression='{group.compression}', {hive})"
        )
        source = f"(SELECT TRY_CAST(line AS JSON) AS json, * EXCLUDE (line) FROM {lines})"  # noqa: S608
    else:
        compression = "uncompressed" if group.compression == "none" else group.compression
        lines = (
            f"read_json({listed}, columns={{'json': 'JSON'}}, format='newline_delimited', records=false, "
            f"compression='{compression}', maximum_object_size={_LINE_LIMIT}, {hive})"
        )
        source = f"(SELECT sandbox_json_object(json) AS json, * EXCLUDE (json) FROM {lines})"  # noqa: S608
    null_for_invalid = form.parameters.get("use.null.for.invalid.data", "").lower() == "true"
    cast = "TRY_CAST" if null_for_invalid and not hive_json else "CAST"
    mapping = {
        name.removeprefix("mapping.").lower(): key
        for name, key in form.parameters.items()
        if name.startswith("mapping.")
    }
    return [
        (
            f"NULL::{column.type.duckdb}"
            if column.name in group.lacking
            else _json_value(mapping.get(column.name, column.name), column, openx=not hive_json, cast=cast)
        )
        + f" AS {quoted(column.name)}"
        for column in table.columns
    ], source


def _check_openx(form: Format) -> None:
    """Properties of the OpenX SerDe that change what is read, and are not here.

    Raises:
        NotHere: one is set.
    """
    for name, harmless in (("dots.in.keys", "false"), ("case.insensitive", "true")):
        if form.parameters.get(name, harmless).lower() != harmless:
            raise NotHere(f"The SerDe property {name}")


def _json_value(key: str, column: Column, *, openx: bool, cast: str) -> str:
    path = literal(f'$."{key}"')
    other = f"('$.\"' || sandbox_json_key(json, {literal(key.lower())}) || '\"')"
    if column.type.name in ("string", "varchar", "char"):
        return f"coalesce(json_extract_string(json, {path}), json_extract_string(json, {other}))"
    value = f"coalesce(json_extract(json, {path}), json_extract(json, {other}))"
    if column.type.name in _ARRAYS:
        return f"json_transform({value}, {literal(json.dumps(_structure(column.type)))})"
    text = f"coalesce(json_extract_string(json, {path}), json_extract_string(json, {other}))"
    if openx and column.type.name == "timestamp":
        # Numbers are milliseconds since the epoch.
        number = f"make_timestamp(CAST({text} AS BIGINT) * 1000)"
        written = f"{cast}({text} AS TIMESTAMP)"
        return f"CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN {number} ELSE {written} END"
    return f"{cast}({text} AS {column.type.duckdb})"


def _structure(kind: Type) -> Any:
    if kind.name == "array":
        return [_structure(kind.arguments[0])]
    if kind.name == "struct":
        pairs = zip(kind.names, kind.arguments, strict=True)
        return {name: _structure(part) for name, part in pairs}
    return kind.duckdb


def _text(table: Table, form: Format, listed: str, compression: str, hive: str) -> tuple[list[str], str]:
    """Delimited text. LazySimpleSerDe reads what does not fit a type as NULL; OpenCSVSerde fails."""
    parameters = form.parameters
    skip = int(table.parameters.get("skip.header.line.count", parameters.get("skip.header.line.count", "0")))
    if form.kind == "csv":
        delimiter = parameters.get("separatorChar", ",")
        quote_, escape = parameters.get("quoteChar", '"'), parameters.get("escapeChar", "\\")
        null = ""
    else:
        delimiter = parameters.get("field.delim", parameters.get("serialization.format", "\x01"))
        delimiter = {"1": "\x01", "\\t": "\t", "\\001": "\x01"}.get(delimiter, delimiter)
        quote_, escape = "", parameters.get("escape.delim", "")
        null = parameters.get("serialization.null.format", "\\N")
    names = ", ".join(f"{literal(column.name)}: 'VARCHAR'" for column in table.columns)
    source = (
        f"read_csv({listed}, columns={{{names}}}, header=false, skip={skip}, delim={literal(delimiter)}, "
        f"quote={literal(quote_)}, escape={literal(escape)}, nullstr={literal(null)}, auto_detect=false, "
        f"null_padding=true, strict_mode=false, compression='{compression}', {hive})"
    )
    cast = "CAST" if form.kind == "csv" else "TRY_CAST"
    return [
        _delimited_value(column, form, cast) + f" AS {quoted(column.name)}" for column in table.columns
    ], source


def _delimited_value(column: Column, form: Format, cast: str) -> str:
    name = quoted(column.name)
    if column.type.name == "binary":
        return f"from_base64({name})"  # Hive keeps binary in text so
    if form.kind == "csv" and column.type.name == "timestamp":
        # Times in OpenCSVSerDe's files are numbers (Amazon Athena User Guide, Open CSV SerDe).
        return f"make_timestamp(CAST({name} AS BIGINT) * 1000)"
    if form.kind == "csv" and column.type.name == "date":
        return f"DATE '1970-01-01' + CAST({name} AS INTEGER)"
    if column.type.name not in _ARRAYS:
        return name if column.type.duckdb == "VARCHAR" else f"{cast}({name} AS {column.type.duckdb})"
    items = form.parameters.get("collection.delim", form.parameters.get("colelction.delim", "\x02"))
    keys = form.parameters.get("mapkey.delim", "\x03")
    if column.type.name == "array":
        return f"{cast}(string_split({name}, {literal(items)}) AS {column.type.duckdb})"
    if column.type.name == "map":
        pairs = (
            f"list_transform(string_split({name}, {literal(items)}), p -> string_split(p, {literal(keys)}))"
        )
        return (
            f"{cast}(map_from_entries(list_transform({pairs}, p -> {{'k': p[1], 'v': p[2]}})) "
            f"AS {column.type.duckdb})"
        )
    parts = ", ".join(
        f"{literal(part)}: CAST(string_split({name}, {literal(items)})[{at}] AS {kind.duckdb})"
        for at, (part, kind) in enumerate(zip(column.type.names, column.type.arguments, strict=True), 1)
    )
    return f"CASE WHEN {name} IS NULL THEN NULL ELSE {{{parts}}} END"
