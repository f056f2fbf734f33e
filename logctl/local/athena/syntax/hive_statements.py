"""The DDL statements of Athena, which are Hive's, as `hive_parser` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from logctl.local.athena.storage.glue_catalog import Column, Format


@dataclass(frozen=True)
class Name:
    """A table's name; `database` is empty if the statement does not name it."""

    name: str
    database: str = ""


@dataclass(frozen=True)
class CreateDatabase:
    name: str
    if_not_exists: bool
    comment: str = ""
    location: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropDatabase:
    name: str
    if_exists: bool
    cascade: bool


@dataclass(frozen=True)
class CreateTable:
    table: Name
    if_not_exists: bool
    columns: tuple[Column, ...]
    keys: tuple[Column, ...]
    comment: str
    format: Format
    location: str
    properties: Mapping[str, str]


@dataclass(frozen=True)
class Drop:
    """DROP TABLE or DROP VIEW; `kind` is `table` or `view`."""

    kind: str
    table: Name
    if_exists: bool


@dataclass(frozen=True)
class Show:
    """SHOW of `what`: databases, tables, views, partitions, columns, tblproperties, create table or view."""

    what: str
    table: Name | None = None
    database: str = ""
    pattern: str = ""


@dataclass(frozen=True)
class Describe:
    table: Name
    style: str = ""


@dataclass(frozen=True)
class AddPartitions:
    table: Name
    if_not_exists: bool
    partitions: tuple[tuple[Mapping[str, str], str], ...]


@dataclass(frozen=True)
class DropPartitions:
    """ALTER TABLE DROP PARTITION; each partition is a list of conditions (column, operator, value)."""

    table: Name
    if_exists: bool
    partitions: tuple[tuple[tuple[str, str, str], ...], ...]


@dataclass(frozen=True)
class RenamePartition:
    table: Name
    old: Mapping[str, str]
    new: Mapping[str, str]


@dataclass(frozen=True)
class SetLocation:
    table: Name
    partition: Mapping[str, str]
    location: str


@dataclass(frozen=True)
class SetProperties:
    table: Name
    properties: Mapping[str, str]


@dataclass(frozen=True)
class ChangeColumns:
    """ALTER TABLE ADD or REPLACE COLUMNS."""

    table: Name
    columns: tuple[Column, ...]
    replace: bool


@dataclass(frozen=True)
class RepairTable:
    table: Name


Statement = (
    CreateDatabase | DropDatabase | CreateTable | Drop | Show | Describe | AddPartitions | DropPartitions
    | RenamePartition | SetLocation | SetProperties | ChangeColumns | RepairTable
)  # fmt: skip
