"""Partitions in Hive's DDL, as Athena takes it (Amazon Athena User Guide, ALTER TABLE ADD / DROP PARTITION,
MSCK REPAIR TABLE).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from logctl.core.partitions import Partition
from logctl.core.schema import PARTITION_KEYS

STATEMENT_LIMIT = 262_144
"""Bytes of one statement (Amazon Athena User Guide, Service Quotas)."""
STATEMENT_PARTITIONS = 100
"""What we put into one: about 20 kB, and as many as Glue takes in one call behind it."""


class Via(StrEnum):
    """By what the catalog is changed: Glue's batch API, ALTER TABLE or MSCK REPAIR TABLE in Athena."""

    GLUE = "glue"
    DDL = "ddl"
    MSCK = "msck"


def add_partitions_ddl(table: str, partitions: Sequence[Partition], bucket: str) -> str:
    """Register partitions where they lie; one that is there already is no error."""
    listed = " ".join(
        f"{_partition(partition)} LOCATION {literal(partition.location(bucket))}" for partition in partitions
    )
    return f"ALTER TABLE {identifier(table)} ADD IF NOT EXISTS {listed}"


def drop_partitions_ddl(table: str, partitions: Sequence[Partition]) -> str:
    """Drop partitions; one that is not there is no error."""
    return f"ALTER TABLE {identifier(table)} DROP IF EXISTS {', '.join(map(_partition, partitions))}"


def set_location_ddl(table: str, partition: Partition, bucket: str) -> str:
    location = literal(partition.location(bucket))
    return f"ALTER TABLE {identifier(table)} {_partition(partition)} SET LOCATION {location}"


def msck_ddl(table: str) -> str:
    return f"MSCK REPAIR TABLE {identifier(table)}"


def identifier(name: str) -> str:
    """DDL quotes names with backticks (Amazon Athena User Guide, Escape reserved keywords)."""
    return "`" + name.replace("`", "``") + "`"


def literal(value: str) -> str:
    """Text in single quotes; Hive reads a backslash as an escape."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _partition(partition: Partition) -> str:
    pairs = zip(PARTITION_KEYS, partition.values, strict=True)
    return (
        "PARTITION (" + ", ".join(f"{identifier(key)} = {literal(value)}" for (key, _), value in pairs) + ")"
    )
