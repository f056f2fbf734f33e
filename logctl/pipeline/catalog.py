"""The catalog: partitions that Athena may read, as Glue holds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from logctl.core.partitions import Partition
from logctl.core.schema import storage_descriptor
from logctl.core.times import HOUR

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_glue.type_defs import PartitionInputTypeDef

CREATE_LIMIT = 100
"""BatchCreatePartition takes up to 100 partitions (AWS Glue API)."""
_ALREADY = "AlreadyExistsException"


@dataclass(frozen=True)
class Failure:
    """A partition that Glue refused, and why."""

    partition: Partition
    reason: str


class Catalog:
    def __init__(self, glue: GlueClient, *, database: str, table: str, bucket: str) -> None:
        self._glue = glue
        self._database = database
        self._table = table
        self._bucket = bucket
        self._registered: dict[Partition, int] = {}

    def ensure(self, partitions: Iterable[Partition], *, now: int) -> list[Failure]:
        """Register what this container has not registered within the hour.

        The memory ends after an hour because a partition may be dropped meanwhile (`repair --prune`).
        """
        unknown = [
            partition for partition in partitions if now - self._registered.get(partition, -HOUR) >= HOUR
        ]
        failures = self.register(unknown)
        refused = {failure.partition for failure in failures}
        self._registered.update({partition: now for partition in unknown if partition not in refused})
        return failures

    def register(self, partitions: Sequence[Partition]) -> list[Failure]:
        """Add partitions to the catalog; one that is there already is no failure."""
        failures: list[Failure] = []
        remaining = iter(partitions)
        while batch := list(islice(remaining, CREATE_LIMIT)):
            reply = self._glue.batch_create_partition(
                DatabaseName=self._database,
                TableName=self._table,
                PartitionInputList=[self._input(partition) for partition in batch],
            )
            for error in reply.get("Errors", []):
                detail = error.get("ErrorDetail", {})
                if detail.get("ErrorCode") != _ALREADY:
                    year, month, day, appid = error.get("PartitionValues", ["", "", "", ""])
                    failures.append(
                        Failure(Partition(year, month, day, appid), detail.get("ErrorMessage", "unknown"))
                    )
        return failures

    def _input(self, partition: Partition) -> PartitionInputTypeDef:
        location = f"s3://{self._bucket}/{partition.prefix}"
        return {
            "Values": list(partition.values),
            "StorageDescriptor": storage_descriptor(location),  # type: ignore[typeddict-item]
        }
