"""The catalog: databases, tables, views and partitions in Glue."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.storage.view_definition import CATALOG, view_shape
from logctl.local.athena.types.sql_types import Type, parse

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient

_VIEW_PREFIX, _VIEW_SUFFIX = "/* Presto View: ", " */"
_CREATE_LIMIT = 100
"""The most partitions that BatchCreatePartition takes."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""Hive's name of a partition whose value is NULL."""


@dataclass(frozen=True)
class Column:
    name: str
    type: Type
    comment: str = ""


@dataclass(frozen=True)
class Format:
    """How the files of a table or partition are read: SerDe, formats, and the SerDe's parameters."""

    serde: str
    input: str
    output: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.serde, tuple(sorted(self.parameters.items()))))

    @property
    def kind(self) -> str:
        """`json`, `parquet`, `text` or `csv`; for another format, the SerDe's class."""
        return SERDES.get(self.serde, self.serde)


SERDES = {
    "org.openx.data.jsonserde.JsonSerDe": "json",
    "org.apache.hive.hcatalog.data.JsonSerDe": "json",
    "org.apache.hadoop.hive.serde2.JsonSerDe": "json",
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": "parquet",
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": "text",
    "org.apache.hadoop.hive.serde2.OpenCSVSerde": "csv",
}
HIVE_JSON = ("org.apache.hive.hcatalog.data.JsonSerDe", "org.apache.hadoop.hive.serde2.JsonSerDe")
_TEXT_IN = "org.apache.hadoop.mapred.TextInputFormat"
_TEXT_OUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
PARQUET = Format(
    f"{_PARQUET}.serde.ParquetHiveSerDe",
    f"{_PARQUET}.MapredParquetInputFormat",
    f"{_PARQUET}.MapredParquetOutputFormat",
)
TEXT = Format("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", _TEXT_IN, _TEXT_OUT)
JSON = Format("org.openx.data.jsonserde.JsonSerDe", _TEXT_IN, _TEXT_OUT)


@dataclass(frozen=True)
class Table:
    """A table or view. `sql` is a view's query; a table has a `location` and a `format`."""

    database: str
    name: str
    columns: tuple[Column, ...]
    keys: tuple[Column, ...] = ()
    location: str = ""
    format: Format = TEXT
    parameters: Mapping[str, str] = field(default_factory=dict)
    sql: str | None = None
    comment: str = ""

    @property
    def projected(self) -> bool:
        """Return whether the table uses partition projection, so that Glue does not list its partitions.

        Source: Amazon Athena User Guide, Use partition projection.
        """
        return self.parameters.get("projection.enabled", "").lower() == "true"


@dataclass(frozen=True)
class TablePartition:
    """A partition. Its values are in the order of the table's keys; missing properties are the table's."""

    values: tuple[str, ...]
    location: str
    format: Format
    columns: tuple[Column, ...]


class GlueCatalog:
    """Glue as a query sees it, with names in lowercase, as Athena keeps them."""

    def __init__(self, glue: GlueClient) -> None:
        self._glue = glue

    # ── Reading ──

    def databases(self) -> list[str]:
        pages = self._glue.get_paginator("get_databases").paginate()
        # Athena always has the database `default`.
        return sorted({"default", *(item["Name"] for page in pages for item in page["DatabaseList"])})

    def database(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self._glue.get_database(Name=name)["Database"])
        except ClientError as error:
            _raise_unless_missing(error)
            return None

    def tables(self, database: str) -> list[Table]:
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        try:
            return sorted(
                (_table(dict(item)) for page in pages for item in page["TableList"]), key=lambda t: t.name
            )
        except ClientError as error:
            _raise_unless_missing(error)
            raise QueryError(f"SCHEMA_NOT_FOUND: Schema '{database}' does not exist") from None

    def raw(self, database: str, name: str) -> dict[str, Any] | None:
        try:
            return dict(self._glue.get_table(DatabaseName=database, Name=name)["Table"])
        except ClientError as error:
            _raise_unless_missing(error)
            return None

    def find(self, database: str, name: str) -> Table | None:
        found = self.raw(database, name)
        return _table(found) if found else None

    def table(self, database: str, name: str) -> Table:
        found = self.find(database, name)
        if found is None:
            raise QueryError(
                f"TABLE_NOT_FOUND: Table '{CATALOG}.{database}.{name}' does not exist or requester is not "
                "authorized to access requested resources"
            )
        return found

    def partitions(self, table: Table) -> list[TablePartition]:
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=table.database, TableName=table.name
        )
        found = [_partition(dict(item), table) for page in pages for item in page["Partitions"]]
        return sorted(found, key=lambda partition: partition.values)

    # ── Writing ──

    def create_database(self, name: str, *, comment: str, location: str, properties: dict[str, str]) -> bool:
        """Create a database. Returns False if it exists already."""
        given: dict[str, Any] = {"Name": name, "Parameters": properties}
        if comment:
            given["Description"] = comment
        if location:
            given["LocationUri"] = location
        try:
            self._glue.create_database(DatabaseInput=given)  # type: ignore[arg-type]
        except ClientError as error:
            if _code(error) != "AlreadyExistsException":
                raise
            return False
        return True

    def drop_database(self, name: str) -> None:
        self._glue.delete_database(Name=name)

    def create(self, table: Table) -> bool:
        """Create a table or view. Returns False if there is one of that name already."""
        try:
            self._glue.create_table(DatabaseName=table.database, TableInput=to_glue(table))  # type: ignore[arg-type]
        except ClientError as error:
            if _code(error) == "EntityNotFoundException":
                raise QueryError(f"SCHEMA_NOT_FOUND: Schema '{table.database}' does not exist") from None
            if _code(error) != "AlreadyExistsException":
                raise
            return False
        return True

    def update(self, table: Table) -> None:
        self._glue.update_table(DatabaseName=table.database, TableInput=to_glue(table))  # type: ignore[arg-type]

    def drop(self, table: Table) -> None:
        self._glue.delete_table(DatabaseName=table.database, Name=table.name)

    def add(self, table: Table, partitions: Mapping[tuple[str, ...], str]) -> list[tuple[str, ...]]:
        """Register partitions, given by values and location. Returns those that exist already."""
        there: list[tuple[str, ...]] = []
        remaining = iter(partitions.items())
        while batch := list(islice(remaining, _CREATE_LIMIT)):
            reply = self._glue.batch_create_partition(
                DatabaseName=table.database,
                TableName=table.name,
                PartitionInputList=[
                    {
                        "Values": list(values),
                        "StorageDescriptor": _descriptor(table.columns, location, table.format),  # type: ignore[typeddict-item]
                    }
                    for values, location in batch
                ],
            )
            for problem in reply.get("Errors", []):
                detail = problem.get("ErrorDetail", {})
                if detail.get("ErrorCode") != "AlreadyExistsException":
                    raise QueryError(f"FAILED: {detail.get('ErrorMessage', 'a partition was refused')}")
                there.append(tuple(problem.get("PartitionValues", [])))
        return there

    def relocate(self, table: Table, partition: TablePartition, location: str) -> None:
        shape: Any = {
            "Values": list(partition.values),
            "StorageDescriptor": _descriptor(partition.columns, location, partition.format),
        }
        try:
            self._glue.update_partition(
                DatabaseName=table.database,
                TableName=table.name,
                PartitionValueList=list(partition.values),
                PartitionInput=shape,
            )
        except ClientError as error:
            if _code(error) not in ("InvalidAction", "UnknownOperationException"):
                raise
            # An emulator without UpdatePartition; in between, a reader does not see the partition.
            self.remove(table, partition.values)
            self.add(table, {partition.values: location})

    def remove(self, table: Table, values: Sequence[str]) -> None:
        self._glue.delete_partition(
            DatabaseName=table.database, TableName=table.name, PartitionValues=list(values)
        )


def partition_name(table: Table, values: Iterable[str]) -> str:
    """Return a partition's name as Hive writes it into paths: `year=2026/month=03`."""
    pairs = zip(table.keys, values, strict=True)
    return "/".join(
        f"{key.name}={_ESCAPED.sub(lambda m: f'%{ord(m[0]):02X}', value)}" for key, value in pairs
    )


# The characters that Hive escapes in a path; no letters beyond ASCII (Hive, FileUtils.escapePathName).
_ESCAPED = re.compile(r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]")


def standard_location(table: Table, values: Iterable[str]) -> str:
    return f"{table.location.rstrip('/')}/{partition_name(table, values)}/"


# ── To and from Glue's shapes ───────────────────────────────────────────────────────────────────────


def to_glue(table: Table) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "Name": table.name,
        "PartitionKeys": [_column_to_glue(column) for column in table.keys],
        "Parameters": dict(table.parameters),
    }
    if table.comment:
        shape["Description"] = table.comment
    if table.sql is None:
        shape["TableType"] = "EXTERNAL_TABLE"
        shape["StorageDescriptor"] = _descriptor(table.columns, table.location, table.format)
    else:
        listed = [(column.name, column.type.hive, column.type.athena) for column in table.columns]
        shape |= view_shape(table.database, table.sql, listed)
    return shape


def _column_to_glue(column: Column) -> dict[str, str]:
    shape = {"Name": column.name, "Type": column.type.hive}
    return shape | {"Comment": column.comment} if column.comment else shape


def _descriptor(columns: Sequence[Column], location: str, format_: Format) -> dict[str, Any]:
    return {
        "Columns": [_column_to_glue(column) for column in columns],
        "Location": location,
        "InputFormat": format_.input,
        "OutputFormat": format_.output,
        "SerdeInfo": {"SerializationLibrary": format_.serde, "Parameters": dict(format_.parameters)},
    }


def _columns(listed: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
    return tuple(
        Column(item["Name"].lower(), parse(item.get("Type") or "string"), item.get("Comment", ""))
        for item in listed
    )


def _format(descriptor: Mapping[str, Any], default: Format) -> Format:
    serde = descriptor.get("SerdeInfo") or {}
    name = serde.get("SerializationLibrary") or default.serde
    return Format(
        name,
        descriptor.get("InputFormat") or default.input,
        descriptor.get("OutputFormat") or default.output,
        dict(serde.get("Parameters") or (default.parameters if name == default.serde else {})),
    )


def _table(shape: Mapping[str, Any]) -> Table:
    descriptor = shape.get("StorageDescriptor") or {}
    return Table(
        database=shape["DatabaseName"],
        name=shape["Name"].lower(),
        columns=_columns(descriptor.get("Columns", ())),
        keys=_columns(shape.get("PartitionKeys", ())),
        location=descriptor.get("Location") or "",
        format=_format(descriptor, TEXT),
        parameters=dict(shape.get("Parameters") or {}),
        sql=_view_sql(shape) if shape.get("TableType") == "VIRTUAL_VIEW" else None,
        comment=shape.get("Description") or (shape.get("Parameters") or {}).get("comment", ""),
    )


def _view_sql(shape: Mapping[str, Any]) -> str:
    text = shape.get("ViewOriginalText") or ""
    if not text.startswith(_VIEW_PREFIX):
        return text
    encoded = text[len(_VIEW_PREFIX) : -len(_VIEW_SUFFIX)]
    return str(json.loads(base64.b64decode(encoded))["originalSql"])


def _partition(shape: Mapping[str, Any], table: Table) -> TablePartition:
    descriptor = shape.get("StorageDescriptor") or {}
    values = tuple(shape["Values"])
    return TablePartition(
        values,
        descriptor.get("Location") or standard_location(table, values),
        _format(descriptor, table.format),
        _columns(descriptor.get("Columns") or ()) or table.columns,
    )


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _raise_unless_missing(error: ClientError) -> None:
    if _code(error) != "EntityNotFoundException":
        raise error
