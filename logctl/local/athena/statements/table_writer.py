"""The rows of a query as files in S3: one for each partition, in the table's format."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.storage.duckdb_sql import literal, quoted
from logctl.local.athena.storage.glue_catalog import NO_VALUE, Column, Format, Table, standard_location
from logctl.local.athena.storage.s3_objects import Objects
from logctl.local.athena.types.sql_types import from_duckdb

if TYPE_CHECKING:
    import duckdb

OPEN_WRITERS = 100
"""CTAS and INSERT INTO write to at most 100 partitions (Amazon Athena User Guide, Service Quotas)."""
_ENDINGS = {"gzip": ".gz", "zstd": ".zst", "none": ""}
_ROWS_A_GROUP = 122_880


@dataclass
class Written:
    """What a query has written: the files' URLs, the partitions with their locations, the number of rows."""

    urls: list[str] = field(default_factory=list)
    partitions: dict[tuple[str, ...], str] = field(default_factory=dict)
    rows: int = 0


@dataclass(frozen=True)
class Writer:
    """A writer of the rows of a planned query."""

    connection: duckdb.DuckDBPyConnection
    objects: Objects

    def materialize(self, sql: str) -> tuple[str, list[Column]]:
        """Run a query of DuckDB's into a temporary table. Returns the table's name and columns."""
        name = f"written_{uuid4().hex}"
        self.connection.execute(f"CREATE TEMP TABLE {name} AS {sql}")
        described = self.connection.execute(f"DESCRIBE {name}").fetchall()
        return name, [Column(row[0].lower(), from_duckdb(row[1])) for row in described]

    def write(
        self, source: str, table: Table, codec: str, known: Mapping[tuple[str, ...], str] | None = None
    ) -> Written:
        """Write a temporary table's rows, one file for each partition.

        Args:
            source: the temporary table's name.
            table: the columns, keys, location and format of what is written.
            codec: DuckDB's name of the compression.
            known: locations of partitions that exist already; others get their standard location.

        Raises:
            QueryError: there are more partitions than Athena writes at once.
        """
        done = Written()
        for values, condition in self._partitions(source, table.keys):
            location = (known or {}).get(values)
            if location is None:
                location = standard_location(table, values) if table.keys else table.location
            selected = ", ".join(quoted(column.name) for column in table.columns)
            sql = f"SELECT {selected} FROM {source} WHERE {condition}"  # noqa: S608
            body = self._file(sql, table, codec)
            if body is None:
                continue
            url = f"{location.rstrip('/')}/{uuid4().hex}{_ending(table.format, codec)}"
            self.objects.write(url, body)
            done.urls.append(url)
            if table.keys:
                done.partitions[values] = location
        (done.rows,) = self.connection.execute(f"SELECT count(*) FROM {source}").fetchone() or (0,)  # noqa: S608
        return done

    def _partitions(self, source: str, keys: Sequence[Column]) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the values of each partition, and the condition that its rows fulfil."""
        if not keys:
            yield (), "true"
            return
        texts = [f"CAST({quoted(key.name)} AS VARCHAR)" for key in keys]
        found = self.connection.execute(
            f"SELECT DISTINCT {', '.join(texts)} FROM {source} ORDER BY ALL"  # noqa: S608
        ).fetchall()
        if len(found) > OPEN_WRITERS:
            raise QueryError(
                f"HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {OPEN_WRITERS} open writers for "
                "partitions/buckets"
            )
        for values in found:
            condition = " AND ".join(
                f"{text} IS NOT DISTINCT FROM {'NULL' if value is None else literal(value)}"
                for text, value in zip(texts, values, strict=True)
            )
            yield tuple(NO_VALUE if value is None else value for value in values), condition

    def _file(self, sql: str, table: Table, codec: str) -> bytes | None:
        """Return the bytes of one file; None when there is no row."""
        form = table.format
        match form.kind:
            case "parquet":
                options = f"FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {_ROWS_A_GROUP}"
            case "json":
                options = f"FORMAT json, COMPRESSION {codec}"
            case "text":
                delimiter = literal(form.parameters.get("field.delim", "\x01"))
                options = f"FORMAT csv, HEADER false, DELIMITER {delimiter}, QUOTE '', ESCAPE '', "
                options += f"NULLSTR '\\N', COMPRESSION {codec}"
                sql = f"SELECT {', '.join(_as_text(column) for column in table.columns)} FROM ({sql})"  # noqa: S608
            case other:
                raise NotSupported(f"Writing {other}")
        with tempfile.TemporaryDirectory(prefix="logctl-athena-") as folder:
            path = Path(folder) / f"out{_ending(form, codec)}"
            copied = self.connection.execute(f"COPY ({sql}) TO {literal(str(path))} ({options})").fetchone()
            return path.read_bytes() if copied and copied[0] else None


def _ending(form: Format, codec: str) -> str:
    return "" if form.kind == "parquet" else _ENDINGS[codec]


def _as_text(column: Column) -> str:
    name = quoted(column.name)
    return f"array_to_string({name}, chr(2)) AS {name}" if column.type.name == "array" else name
