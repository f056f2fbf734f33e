"""Removal from the catalog of partitions that S3's lifecycle has emptied: once a day, a bounded number.

An empty partition costs a listing in every query that includes it. Only partitions older than the cold
retention are checked, and each is dropped only when its prefix has no object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from logctl.core.batches import batched
from logctl.core.partitions import Partition, Scope
from logctl.core.times import DAY, MINUTE, TimeRange
from logctl.pipeline.stores.catalog import DELETE_LIMIT, Catalog, Failure

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client

    from logctl.pipeline.config import PipelineConfig

TIME_OF_DAY = 3 * 60 + 17
"""When partitions are dropped, in minutes after midnight UTC.

S3 expires objects at midnight (Amazon S3 User Guide, Lifecycle rules based on an object's age). The odd
minute avoids the load of jobs that run on the hour.
"""
LIMIT = 1_000
"""Partitions of one table that are checked in a day. Far fewer expire: those of one day."""
_CHECKERS = 8


def is_due(now: int) -> bool:
    """Return whether it is the minute of the day for this; the sweeper is called about once in a minute."""
    return now % DAY // MINUTE == TIME_OF_DAY


class Expiry:
    """The removal of partitions of both tables that are older than the retention and empty."""

    """The removal of empty partitions from the raw and the compacted table."""

    def __init__(
        self, s3: S3Client, glue: GlueClient, config: PipelineConfig, clock: Callable[[], int]
    ) -> None:
        self._s3 = s3
        self._glue = glue
        self._config = config
        self._clock = clock

    def run(self, *, until: Callable[[], bool] = lambda: False) -> tuple[int, list[Failure]]:
        """Drop empty partitions, and return their number and the partitions that Glue refused.

        Args:
            until: returns True when no time is left.
        """
        dropped = 0
        failures: list[Failure] = []
        for table in (self._config.table, self._config.compacted_table):
            catalog = Catalog(
                self._glue, database=self._config.database, table=table, bucket=self._config.bucket
            )
            for some in self._expired(table, until):
                failed = catalog.drop(some)
                dropped += len(some) - len(failed)
                failures += failed
                if until():
                    break
        return dropped, failures

    def _expired(self, table: str, until: Callable[[], bool]) -> Iterator[list[Partition]]:
        old = sorted(self._old(table, until))
        # Some old partitions keep objects for long, of logs that were sent years late. The start moves each
        # day, so that these do not take the place of the others every time.
        start = self._clock() // DAY * LIMIT % max(len(old), 1)
        chosen = (old[start:] + old[:start])[:LIMIT]
        with ThreadPoolExecutor(_CHECKERS) as pool:
            for some in batched(chosen, DELETE_LIMIT):
                empty = pool.map(lambda item: self._is_empty(item[1]), some)
                gone = [partition for (partition, _), nothing in zip(some, empty, strict=True) if nothing]
                if gone:
                    yield gone
                if until():
                    return

    def _old(self, table: str, until: Callable[[], bool]) -> Iterator[tuple[Partition, str]]:
        """Yield the registered partitions older than the retention, with their prefixes."""
        scope = Scope.of(TimeRange(0, self._clock() // DAY * DAY - self._config.cold_retention))
        root = f"s3://{self._config.bucket}/"
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=self._config.database,
            TableName=table,
            Expression=scope.expression(),
            ExcludeColumnSchema=True,
        )
        for page in pages:
            for item in page["Partitions"]:
                partition = Partition.of_values(item["Values"])
                location = item.get("StorageDescriptor", {}).get("Location", "")
                # The expression may match more than the scope. Other buckets are not logctl's.
                if partition is not None and partition in scope and location.startswith(root):
                    yield partition, location.removeprefix(root).rstrip("/") + "/"
            if until():
                return

    def _is_empty(self, prefix: str) -> bool:
        reply = self._s3.list_objects_v2(Bucket=self._config.bucket, Prefix=prefix, MaxKeys=1)
        return not reply.get("KeyCount")
