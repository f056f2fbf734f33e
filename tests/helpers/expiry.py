"""Partitions in the catalog that are past their retention."""

from __future__ import annotations

from logctl.core.partitions import Partition
from logctl.core.times import DAY, parse_time
from tests.helpers.pipeline import Pipeline

NOW = parse_time("2026-01-31T03:17:30Z")

OLD, LAST = Partition.at(NOW - 367 * DAY, "a"), Partition.at(NOW - 365 * DAY, "a")


def register(old: Pipeline, *partitions: Partition, table: str = "", place: str = "") -> None:
    old.aws.glue.batch_create_partition(
        DatabaseName=old.config.database,
        TableName=table or old.config.table,
        PartitionInputList=[
            {
                "Values": list(partition.values),
                "StorageDescriptor": {"Location": place or partition.location(old.config.bucket)},
            }
            for partition in partitions
        ],
    )
