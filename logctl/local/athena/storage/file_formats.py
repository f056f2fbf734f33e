"""How the files of a table are read: the SELECT list and the FROM clause of DuckDB, by format.

JSON by the OpenX and Hive SerDes, Parquet, and delimited text by LazySimpleSerDe and OpenCSVSerde.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logctl.local.athena.query_errors import NotSupported
from logctl.local.athena.storage.duckdb_sql import literal, null_column, quoted
from logctl.local.athena.storage.glue_catalog import HIVE_JSON, Column, Format, Table
from logctl.local.athena.types.sql_types import Type

if TYPE_CHECKING:
    import duckdb

COMPRESSIONS = ((".gz", "gzip"), (".zst", "zstd"), (".zstd", "zstd"))
_NO_CODEC = (".bz2", ".snappy", ".lz4", ".lzo", ".deflate")
_NESTED = ("array", "map", "struct")
_LINE_LIMIT = 128 * 2**20

Read = tuple[list[str], str]
"""The table's columns as items of a SELECT list, and what they are selected from."""


@dataclass(frozen=True)
class FileGroup:
    """The common properties of files that are read by one scan.

    Attributes:
        compression: DuckDB's name of it.
        lacking: the table's columns that the files' partitions do not have: NULL, whatever the files hold.
    """

    format: Format
    compression: str
    lacking: frozenset[str]


def compression_of(key: str, form: Format) -> str:
    """Return the compression of a file, from its name.

    Raises:
        NotSupported: the sandbox cannot read it.
    """
    if form.kind == "parquet":
        return ""
    if key.endswith(_NO_CODEC):
        raise NotSupported(f"The compression of {key.rpartition('/')[2]}")
    return next((name for ending, name in COMPRESSIONS if key.endswith(ending)), "none")


def read_files(
    connection: duckdb.DuckDBPyConnection, table: Table, group: FileGroup, paths: list[str]
) -> Read:
    """Return how a table's columns, without its partition columns, are read from files of one group.

    Raises:
        NotSupported: the sandbox cannot read the format.
    """
    listed = "[" + ", ".join(literal(path) for path in paths) + "]"
    options = "filename=true, hive_partitioning=false"
    if table.keys:
        # Keys as text: a value may be Hive's name of NULL.
        types = ", ".join(f"{literal(key.name)}: VARCHAR" for key in table.keys)
        options = f"filename=true, hive_partitioning=true, hive_types={{{types}}}"
    match group.format.kind:
        case "json":
            return _json(table, group, listed, options)
        case "parquet":
            return _parquet(connection, table, listed, options)
        case "text" | "csv":
            return _text(table, group, listed, options)
        case other:
            raise NotSupported(f"The SerDe {other}")


# ── Parquet ─────────────────────────────────────────────────────────────────────────────────────────


def _parquet(connection: duckdb.DuckDBPyConnection, table: Table, listed: str, options: str) -> Read:
    """Return the columns by name, whatever its case; those that no file has are NULL."""
    source = f"read_parquet({listed}, union_by_name=true, {options})"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    there = {name.lower(): name for name, *_ in described}
    return [
        f"CAST({quoted(there[column.name])} AS {column.type.duckdb}) AS {quoted(column.name)}"
        if column.name in there
        else null_column(column.name, column.type)
        for column in table.columns
    ], source


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────


def _json(table: Table, group: FileGroup, listed: str, options: str) -> Read:
    """Return the columns from one object a line, by key in any case (OpenX JSON SerDe, case.insensitive)."""
    hive = group.format.serde in HIVE_JSON
    properties = {} if hive else group.format.parameters
    _check_openx(properties)
    if _is_set(properties, "ignore.malformed.json"):
        # As lines of text first, so that a line that is not JSON does not fail those before and after it.
        lines = (
            f"read_csv({listed}, columns={{'line': 'VARCHAR'}}, header=false, delim='\x01', quote='', "
            f"escape='', auto_detect=false, max_line_size={_LINE_LIMIT}, "
            f"compression='{group.compression}', {options})"
        )
        source = f"(SELECT TRY_CAST(line AS JSON) AS json, * EXCLUDE (line) FROM {lines})"  # noqa: S608
    else:
        compression = "uncompressed" if group.compression == "none" else group.compression
        lines = (
            f"read_json({listed}, columns={{'json': 'JSON'}}, format='newline_delimited', records=false, "
            f"compression='{compression}', maximum_object_size={_LINE_LIMIT}, {options})"
        )
        source = f"(SELECT sandbox_json_object(json) AS json, * EXCLUDE (json) FROM {lines})"  # noqa: S608
    cast = "TRY_CAST" if _is_set(properties, "use.null.for.invalid.data") else "CAST"
    keys = {
        name.removeprefix("mapping.").lower(): key
        for name, key in group.format.parameters.items()
        if name.startswith("mapping.")
    }
    return [
        null_column(column.name, column.type)
        if column.name in group.lacking
        else f"{_json_value(keys.get(column.name, column.name), column, openx=not hive, cast=cast)} "
        f"AS {quoted(column.name)}"
        for column in table.columns
    ], source


def _is_set(properties: Any, name: str) -> bool:
    return str(properties.get(name, "")).lower() == "true"


def _check_openx(properties: Any) -> None:
    """Check that no property of the OpenX SerDe is set that the sandbox does not support.

    Raises:
        NotSupported: one is set.
    """
    for name, harmless in (("dots.in.keys", "false"), ("case.insensitive", "true")):
        if properties.get(name, harmless).lower() != harmless:
            raise NotSupported(f"The SerDe property {name}")


def _json_value(key: str, column: Column, *, openx: bool, cast: str) -> str:
    path = literal(f'$."{key}"')
    other = f"('$.\"' || sandbox_json_key(json, {literal(key.lower())}) || '\"')"
    if column.type.name in _NESTED:
        value = f"coalesce(json_extract(json, {path}), json_extract(json, {other}))"
        return f"json_transform({value}, {literal(json.dumps(_structure(column.type)))})"
    text = f"coalesce(json_extract_string(json, {path}), json_extract_string(json, {other}))"
    if column.type.name in ("string", "varchar", "char"):
        return text
    if openx and column.type.name == "timestamp":
        # Numbers are milliseconds since 1970.
        number = f"make_timestamp(CAST({text} AS BIGINT) * 1000)"
        written = f"{cast}({text} AS TIMESTAMP)"
        return f"CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN {number} ELSE {written} END"
    return f"{cast}({text} AS {column.type.duckdb})"


def _structure(kind: Type) -> Any:
    """Return a type as DuckDB's json_transform takes it."""
    if kind.name == "array":
        return [_structure(kind.arguments[0])]
    if kind.name == "struct":
        pairs = zip(kind.names, kind.arguments, strict=True)
        return {name: _structure(part) for name, part in pairs}
    return kind.duckdb


# ── Delimited text ──────────────────────────────────────────────────────────────────────────────────


def _text(table: Table, group: FileGroup, listed: str, options: str) -> Read:
    """Return the columns of text; what does not fit a type is NULL, or an error for OpenCSVSerde."""
    form, parameters = group.format, group.format.parameters
    skip = int(table.parameters.get("skip.header.line.count", parameters.get("skip.header.line.count", "0")))
    if form.kind == "csv":
        delimiter = parameters.get("separatorChar", ",")
        quote, escape = parameters.get("quoteChar", '"'), parameters.get("escapeChar", "\\")
        null = ""
    else:
        delimiter = parameters.get("field.delim", parameters.get("serialization.format", "\x01"))
        delimiter = {"1": "\x01", "\\t": "\t", "\\001": "\x01"}.get(delimiter, delimiter)
        quote, escape = "", parameters.get("escape.delim", "")
        null = parameters.get("serialization.null.format", "\\N")
    names = ", ".join(f"{literal(column.name)}: 'VARCHAR'" for column in table.columns)
    source = (
        f"read_csv({listed}, columns={{{names}}}, header=false, skip={skip}, delim={literal(delimiter)}, "
        f"quote={literal(quote)}, escape={literal(escape)}, nullstr={literal(null)}, auto_detect=false, "
        f"null_padding=true, strict_mode=false, compression='{group.compression}', {options})"
    )
    return [f"{_text_value(column, form)} AS {quoted(column.name)}" for column in table.columns], source


def _text_value(column: Column, form: Format) -> str:
    name, kind = quoted(column.name), column.type
    cast = "CAST" if form.kind == "csv" else "TRY_CAST"
    if kind.name == "binary":
        return f"from_base64({name})"
    if form.kind == "csv" and kind.name == "timestamp":
        # Times in OpenCSVSerDe's files are numbers (Amazon Athena User Guide, Open CSV SerDe).
        return f"make_timestamp(CAST({name} AS BIGINT) * 1000)"
    if form.kind == "csv" and kind.name == "date":
        return f"DATE '1970-01-01' + CAST({name} AS INTEGER)"
    if kind.name not in _NESTED:
        return name if kind.duckdb == "VARCHAR" else f"{cast}({name} AS {kind.duckdb})"
    # Hive itself writes `colelction` (sic).
    items = form.parameters.get("collection.delim", form.parameters.get("colelction.delim", "\x02"))
    split = f"string_split({name}, {literal(items)})"
    if kind.name == "array":
        return f"{cast}({split} AS {kind.duckdb})"
    if kind.name == "map":
        keys = literal(form.parameters.get("mapkey.delim", "\x03"))
        pairs = f"list_transform({split}, p -> string_split(p, {keys}))"
        entries = f"list_transform({pairs}, p -> {{'k': p[1], 'v': p[2]}})"
        return f"{cast}(map_from_entries({entries}) AS {kind.duckdb})"
    parts = ", ".join(
        f"{literal(part)}: CAST({split}[{place}] AS {of.duckdb})"
        for place, (part, of) in enumerate(zip(kind.names, kind.arguments, strict=True), 1)
    )
    return f"CASE WHEN {name} IS NULL THEN NULL ELSE {{{parts}}} END"
