"""Partitions in Hive's DDL, as Athena takes it (Amazon Athena User Guide, ALTER TABLE ADD / DROP PARTITION,
MSCK REPAIR TABLE).
"""

from __future__ import annotations

from collections.abc import Sequence

from logctl.core.partitions import Partition
from logctl.core.schema import PARTITION_KEYS

STATEMENT_LIMIT = 262_144
"""Bytes of one statement (Amazon Athena User Guide, Service Quotas)."""
STATEMENT_PARTITIONS = 100
"""Partitions in one statement: about 20 kB, and as many as one call of Glue takes."""


def add_partitions_ddl(table: str, located: Sequence[tuple[Partition, str]]) -> str:
    """Return the statement that registers partitions at S3 URLs; a registered one is not an error."""
    listed = " ".join(f"{_partition(partition)} LOCATION {literal(url)}" for partition, url in located)
    return f"ALTER TABLE {identifier(table)} ADD IF NOT EXISTS {listed}"


def drop_partitions_ddl(table: str, partitions: Sequence[Partition]) -> str:
    """Return the statement that drops partitions; a missing one is not an error."""
    return f"ALTER TABLE {identifier(table)} DROP IF EXISTS {', '.join(map(_partition, partitions))}"


def set_location_ddl(table: str, partition: Partition, url: str) -> str:
    """Return the statement that points a registered partition to another S3 URL."""
    return f"ALTER TABLE {identifier(table)} {_partition(partition)} SET LOCATION {literal(url)}"


def msck_ddl(table: str) -> str:
    """Return the statement that registers every partition that has a folder in S3."""
    return f"MSCK REPAIR TABLE {identifier(table)}"


def identifier(name: str) -> str:
    """Return a name in backticks, as DDL quotes it (Amazon Athena User Guide, Escape reserved keywords)."""
    return "`" + name.replace("`", "``") + "`"


def literal(value: str) -> str:
    """Return text in single quotes; Hive reads a backslash as an escape."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _partition(partition: Partition) -> str:
    pairs = zip(PARTITION_KEYS, partition.values, strict=True)
    return (
        "PARTITION (" + ", ".join(f"{identifier(key)} = {literal(value)}" for (key, _), value in pairs) + ")"
    )
