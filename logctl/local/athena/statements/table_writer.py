"""What writes tables: CREATE TABLE AS, INSERT INTO and UNLOAD. Files are made here and put into S3."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from logctl.local.athena.query_errors import NotHere, QueryError
from logctl.local.athena.storage.glue_catalog import (
    JSON,
    PARQUET,
    TEXT,
    Column,
    Format,
    Table,
    standard_location,
)
from logctl.local.athena.storage.s3_files import Objects
from logctl.local.athena.storage.table_scans import literal, quoted
from logctl.local.athena.types.sql_types import Type, from_duckdb
from logctl.local.athena.types.sql_types import parse as parse_type

if TYPE_CHECKING:
    import duckdb

OPEN_WRITERS = 100
"""CTAS and INSERT INTO write to at most 100 partitions (Amazon Athena User Guide, Service Quotas)."""
_CODECS = {
    "parquet": {
        "GZIP": "gzip", "SNAPPY": "snappy", "ZSTD": "zstd", "LZ4": "lz4_raw",
        "NONE": "uncompressed", "UNCOMPRESSED": "uncompressed",
    },
    "text": {"GZIP": "gzip", "ZSTD": "zstd", "NONE": "none", "UNCOMPRESSED": "none"},
}  # fmt: skip
_ENDINGS = {"gzip": ".gz", "zstd": ".zst", "none": ""}
_ROWS_A_GROUP = 122_880


@dataclass
class Written:
    """Files written by a query: the manifest lists them; partitions and their locations are to be known."""

    urls: list[str] = field(default_factory=list)
    partitions: dict[tuple[str, ...], str] = field(default_factory=dict)
    rows: int = 0


@dataclass(frozen=True)
class Writer:
    """Runs a planned query and writes its rows."""

    connection: duckdb.DuckDBPyConnection
    objects: Objects

    def materialize(self, sql: str) -> tuple[str, list[Column]]:
        """Run the query into a temporary table; its name and columns."""
        name = f"written_{uuid4().hex}"
        self.connection.execute(f"CREATE TEMP TABLE {name} AS {sql}")
        described = self.connection.execute(f"DESCRIBE {name}").fetchall()
        return name, [Column(row[0].lower(), from_duckdb(row[1])) for row in described]

    def write(
        self,
        source: str,
        columns: Sequence[Column],
        keys: Sequence[Column],
        form: Format,
        codec: str,
        place: Mapping[tuple[str, ...], str] | str,
        table: Table,
    ) -> Written:
        """Write a temporary table's rows, one file for each partition.

        Args:
            place: where each partition's files go, or the table's location for those that are new.
        """
        done = Written()
        for values, condition in self._partitions(source, keys):
            location = place.get(values) if isinstance(place, Mapping) else None
            if location is None:
                location = standard_location(table, values) if keys else table.location
            url = f"{location.rstrip('/')}/{uuid4().hex}{self._ending(form, codec)}"
            selected = ", ".join(quoted(column.name) for column in columns)
            sql = f"SELECT {selected} FROM {source} WHERE {condition}"  # noqa: S608
            body = self._file(sql, form, codec, columns)
            if body is None:
                continue
            self.objects.write(url, body)
            done.urls.append(url)
            if keys:
                done.partitions[values] = location
        (done.rows,) = self.connection.execute(f"SELECT count(*) FROM {source}").fetchone() or (0,)  # noqa: S608
        return done

    def _partitions(self, source: str, keys: Sequence[Column]) -> Iterator[tuple[tuple[str, ...], str]]:
        if not keys:
            yield (), "true"
            return
        texts = ", ".join(f"CAST({quoted(key.name)} AS VARCHAR)" for key in keys)
        found = self.connection.execute(
            f"SELECT DISTINCT {texts} FROM {source} ORDER BY ALL"  # noqa: S608
        ).fetchall()
        if len(found) > OPEN_WRITERS:
            raise QueryError(
                f"HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {OPEN_WRITERS} open writers for "
                "partitions/buckets"
            )
        for values in found:
            condition = " AND ".join(
                f"CAST({quoted(key.name)} AS VARCHAR) IS NOT DISTINCT FROM "
                f"{'NULL' if value is None else literal(value)}"
                for key, value in zip(keys, values, strict=True)
            )
            yield tuple("__HIVE_DEFAULT_PARTITION__" if v is None else v for v in values), condition

    def _ending(self, form: Format, codec: str) -> str:
        return "" if form.kind == "parquet" else _ENDINGS[codec]

    def _file(self, sql: str, form: Format, codec: str, columns: Sequence[Column]) -> bytes | None:
        """The bytes of one file; None when there is no row."""
        folder = Path(tempfile.mkdtemp(prefix="logctl-athena-"))
        path = folder / f"out{self._ending(form, codec)}"
        try:
            match form.kind:
                case "parquet":
                    options = f"FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {_ROWS_A_GROUP}"
                case "json":
                    options = f"FORMAT json, COMPRESSION {codec}"
                case "text":
                    delimiter = literal(form.parameters.get("field.delim", "\x01"))
                    options = f"FORMAT csv, HEADER false, DELIMITER {delimiter}, QUOTE '', ESCAPE '', "
                    options += f"NULLSTR '\\N', COMPRESSION {codec}"
                    sql = f"SELECT {', '.join(_as_text(column) for column in columns)} FROM ({sql})"  # noqa: S608
                case other:
                    raise NotHere(f"Writing {other}")
            (rows,) = self.connection.execute(
                f"COPY ({sql}) TO {literal(str(path))} ({options})"
            ).fetchone() or (0,)
            return path.read_bytes() if rows else None
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _as_text(column: Column) -> str:
    name = quoted(column.name)
    return f"array_to_string({name}, chr(2)) AS {name}" if column.type.name == "array" else name


# ── What people choose ──────────────────────────────────────────────────────────────────────────────

CTAS_PROPERTIES = {
    "format", "write_compression", "parquet_compression", "orc_compression", "compression_level",
    "partitioned_by", "external_location", "field_delimiter", "bucketed_by", "bucket_count", "is_external",
    "table_type", "location",
}  # fmt: skip
UNLOAD_PROPERTIES = {"format", "compression", "compression_level", "partitioned_by", "field_delimiter"}


def format_of(properties: Mapping[str, object]) -> Format:
    """The format of CTAS and UNLOAD: Parquet unless said (ibid., CREATE TABLE AS)."""
    name = str(properties.get("format", "PARQUET")).upper()
    if name == "PARQUET":
        return PARQUET
    if name == "JSON":
        return JSON
    if name == "TEXTFILE":
        delimiter = str(properties.get("field_delimiter", "\x01"))
        return Format(
            TEXT.serde, TEXT.input, TEXT.output, {"field.delim": delimiter, "serialization.format": delimiter}
        )
    if name in ("ORC", "AVRO", "ION"):
        raise NotHere(f"The format {name}")
    raise QueryError(f"INVALID_TABLE_PROPERTY: Invalid format {name}")


def codec_of(form: Format, chosen: str | None) -> str:
    """The compression, GZIP unless said (ibid., Use compression)."""
    family = "parquet" if form.kind == "parquet" else "text"
    codec = _CODECS[family].get((chosen or "GZIP").upper())
    if codec is None:
        raise QueryError(f"INVALID_TABLE_PROPERTY: compression {chosen} is not supported for this format")
    return codec


def table_codec(table: Table) -> str:
    """How INSERT compresses: as the table's properties say."""
    properties = {key.lower(): value for key, value in table.parameters.items()}
    chosen = properties.get("write.compression") or properties.get("write_compression")
    chosen = chosen or properties.get("parquet.compression") or properties.get("parquet.compress")
    return codec_of(table.format, chosen)


def insert_select(table: Table, source: str, columns: Sequence[Column], given: Sequence[str]) -> str:
    """A SELECT that fits the query's columns to the table's, by position.

    Args:
        given: the column names after INSERT INTO, if any.

    Raises:
        QueryError: number or kinds differ (Trino, INSERT).
    """
    targets = [*table.columns, *table.keys]
    if given:
        by_name = {column.name: column for column in targets}
        unknown = [name for name in given if name not in by_name]
        if unknown:
            raise QueryError(
                f"COLUMN_NOT_FOUND: Insert column name does not exist in target table: {unknown[0]}"
            )
        chosen = [by_name[name] for name in given]
    else:
        chosen = targets
    if len(chosen) != len(columns) or not all(
        fits(query.type, target.type) for target, query in zip(chosen, columns, strict=True)
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
        else f"NULL::{column.type.duckdb} AS {quoted(column.name)}"
        for column in targets
    ]
    return f"SELECT {', '.join(selected)} FROM {source}"  # noqa: S608


_NUMBERS = ("tinyint", "smallint", "int", "bigint", "decimal", "float", "double")
_TEXTS = ("string", "varchar", "char")


def fits(given: Type, wanted: Type) -> bool:
    """Whether Trino takes a value of one type for a column of another without CAST."""
    if given.name == "unknown" or given.name == wanted.name:
        return len(given.arguments) == len(wanted.arguments) or given.name not in ("struct", "map", "array")
    if given.name in _TEXTS and wanted.name in _TEXTS:
        return True
    if given.name in _NUMBERS and wanted.name in _NUMBERS:
        return _NUMBERS.index(given.name) <= _NUMBERS.index(wanted.name)
    return given.name == "date" and wanted.name.startswith("timestamp")


def new_table(
    name: str,
    database: str,
    columns: Sequence[Column],
    keys: Sequence[str],
    form: Format,
    location: str,
    codec: str,
) -> Table:
    """The table that CTAS makes; its partition columns must be the query's last, in order.

    Raises:
        QueryError: they are not.
    """
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise QueryError("DUPLICATE_COLUMN_NAME: Column name specified more than once")
    if any(name.startswith("_unnamed") or (name.startswith("_col") and name[4:].isdigit()) for name in names):
        position = next(i for i, name in enumerate(names, 1) if name.startswith(("_unnamed", "_col")))
        raise QueryError(f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {position}")
    if list(keys) != names[len(names) - len(keys) :]:
        missing = next((key for key in keys if key not in names), None)
        if missing:
            raise QueryError(f"INVALID_TABLE_PROPERTY: Partition column {missing} not present in schema")
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and "
            "in the same "
            f"order as the table properties: [{', '.join(keys)}]"
        )
    kept = [Column(column.name, parse_type(column.type.hive)) for column in columns]
    parameters = {"EXTERNAL": "TRUE", "has_encrypted_data": "false"}
    if form.kind == "parquet":
        parameters["parquet.compression"] = codec.upper()
    return Table(
        database,
        name,
        tuple(kept[: len(kept) - len(keys)]),
        tuple(kept[len(kept) - len(keys) :]),
        location,
        form,
        parameters,
    )
