"""The catalog in Glue: the partitions that Athena reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logctl.core.batches import batched
from logctl.core.partitions import Partition
from logctl.core.schema import storage_descriptor
from logctl.core.times import DAY, HOUR

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef

CREATE_LIMIT = 100
"""BatchCreatePartition and BatchUpdatePartition take up to 100 partitions (AWS Glue API)."""
DELETE_LIMIT = 25
"""BatchDeletePartition takes up to 25 (AWS Glue API)."""
_AHEAD = 2 * HOUR
"""How long before its day a partition is registered: each container has its call in every hour."""
_ALREADY = "AlreadyExistsException"
_NOT_THERE = "EntityNotFoundException"


@dataclass(frozen=True)
class Failure:
    """A partition that Glue refused, and why."""

    partition: Partition
    reason: str


class Catalog:
    """The partitions of one table."""

    def __init__(self, glue: GlueClient, *, database: str, table: str, bucket: str) -> None:
        self._glue = glue
        self._database = database
        self._table = table
        self._bucket = bucket
        self._registered: dict[Partition, int] = {}

    def ensure(self, partitions: Iterable[Partition], *, now: int) -> list[Failure]:
        """Register the partitions that this container has not registered within the last hour.

        After an hour a partition is registered again, because it may have been dropped (`repair --prune`). In
        the last hours of a day, the next day's partition of an app is registered in the same call, so that
        midnight does not make all containers call Glue at the same time.
        """
        unknown = [
            partition for partition in partitions if now - self._registered.get(partition, -HOUR) >= HOUR
        ]
        unknown += _next_days(unknown, now)
        failures = self.register(unknown)
        refused = {failure.partition for failure in failures}
        self._registered.update({partition: now for partition in unknown if partition not in refused})
        return failures

    def register(self, partitions: Sequence[Partition]) -> list[Failure]:
        """Add partitions to the catalog; one that exists already is not a failure."""
        failures: list[Failure] = []
        for batch in batched(partitions, CREATE_LIMIT):
            reply = self._glue.batch_create_partition(
                DatabaseName=self._database,
                TableName=self._table,
                PartitionInputList=[self._input(partition) for partition in batch],
            )
            failures += _failures(reply, "PartitionValues", unless=_ALREADY)
        return failures

    def drop(self, partitions: Sequence[Partition]) -> list[Failure]:
        """Remove partitions from the catalog; one that does not exist is not a failure."""
        failures: list[Failure] = []
        for batch in batched(partitions, DELETE_LIMIT):
            reply = self._glue.batch_delete_partition(
                DatabaseName=self._database,
                TableName=self._table,
                PartitionsToDelete=[{"Values": list(partition.values)} for partition in batch],
            )
            failures += _failures(reply, "PartitionValues", unless=_NOT_THERE)
        return failures

    def relocate(self, partitions: Sequence[Partition]) -> list[Failure]:
        """Reset the location of registered partitions to their own prefix."""
        failures: list[Failure] = []
        for batch in batched(partitions, CREATE_LIMIT):
            reply = self._glue.batch_update_partition(
                DatabaseName=self._database,
                TableName=self._table,
                Entries=[
                    {"PartitionValueList": list(partition.values), "PartitionInput": self._input(partition)}
                    for partition in batch
                ],
            )
            failures += _failures(reply, "PartitionValueList")
        return failures

    def _input(self, partition: Partition) -> PartitionInputTypeDef:
        return {
            "Values": list(partition.values),
            "StorageDescriptor": storage_descriptor(partition.location(self._bucket)),  # type: ignore[typeddict-item]
        }


def _next_days(partitions: Iterable[Partition], now: int) -> list[Partition]:
    """Return the next day's partitions of those of today, if today is nearly over."""
    if now % DAY < DAY - _AHEAD:
        return []
    today = now // DAY * DAY
    return [Partition.at(today + DAY, each.appid) for each in partitions if each.start == today]


def _failures(reply: Mapping[str, Any], values: str, *, unless: str = "") -> list[Failure]:
    """Return the partitions that a batch call refused, except for errors with the code `unless`."""
    found = []
    for error in reply.get("Errors", []):
        detail = error.get("ErrorDetail", {})
        if not unless or detail.get("ErrorCode") != unless:
            year, month, day, appid = error.get(values, ["", "", "", ""])
            found.append(Failure(Partition(year, month, day, appid), detail.get("ErrorMessage", "unknown")))
    return found
