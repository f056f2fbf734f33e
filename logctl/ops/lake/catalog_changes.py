"""Ways to change the catalog: Glue's batch API, ALTER TABLE in Athena, and MSCK REPAIR TABLE.

Each adds, drops and moves partitions in batches of the size that it takes, and returns what it could not do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import assert_never

from botocore.exceptions import ClientError

from logctl.aws.athena import Runner
from logctl.core import partition_ddl
from logctl.core.partitions import Partition
from logctl.ops.deployment import Deployment
from logctl.ops.lake.partition_listing import registered
from logctl.ops.lake.repair_method import Via
from logctl.pipeline.stores.catalog import CREATE_LIMIT, DELETE_LIMIT, Catalog, Failure
from logctl.stack.emulator import is_unknown_action


class CatalogChanges(ABC):
    """One way to change the catalog.

    `add_size`, `drop_size` and `move_size` are partitions in one batch; `workers` is how many batches run
    at once.
    """

    add_size: int
    drop_size: int
    move_size: int
    workers: int

    @abstractmethod
    def add(self, batch: Sequence[Partition]) -> list[Failure]:
        """Register partitions; one that exists already is not a failure."""

    @abstractmethod
    def drop(self, batch: Sequence[Partition]) -> list[Failure]:
        """Remove partitions from the catalog; a missing one is not a failure."""

    @abstractmethod
    def move(self, batch: Sequence[Partition]) -> list[Failure]:
        """Reset the location of registered partitions to their own prefix."""


def catalog_changes(deployment: Deployment, via: Via, stopped: Callable[[], bool]) -> CatalogChanges:
    """Return the way that a person chose; a running statement is cancelled once `stopped` is set."""
    match via:
        case Via.GLUE:
            return _ByGlue(deployment)
        case Via.DDL:
            return _ByDdl(deployment, stopped)
        case Via.MSCK:
            return _ByMsck(deployment, stopped)
        case _:
            assert_never(via)


def catalog_of(deployment: Deployment) -> Catalog:
    """Return the catalog of the raw table."""
    names = deployment.names
    return Catalog(deployment.aws.glue, database=names.database, table=names.table, bucket=deployment.bucket)


class _ByGlue(CatalogChanges):
    add_size = move_size = CREATE_LIMIT
    drop_size = DELETE_LIMIT
    workers = 10
    """Threads; botocore keeps as many connections open."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._catalog = catalog_of(deployment)

    def add(self, batch: Sequence[Partition]) -> list[Failure]:
        return self._catalog.register(batch)

    def drop(self, batch: Sequence[Partition]) -> list[Failure]:
        try:
            return self._catalog.drop(batch)
        except ClientError as error:
            if not is_unknown_action(error):
                raise
        for partition in batch:
            self._deployment.aws.glue.delete_partition(
                DatabaseName=self._deployment.names.database,
                TableName=self._deployment.names.table,
                PartitionValues=list(partition.values),
            )
        return []

    def move(self, batch: Sequence[Partition]) -> list[Failure]:
        return self._catalog.relocate(batch)


class _ByDdl(CatalogChanges):
    add_size = drop_size = partition_ddl.STATEMENT_PARTITIONS
    move_size = 1
    workers = 4
    """Athena runs 20 DDL statements of an account at once at the least (Amazon Athena User Guide, Service
    Quotas); other people of the account need some of them."""

    def __init__(self, deployment: Deployment, stopped: Callable[[], bool]) -> None:
        names = deployment.names
        self._deployment = deployment
        self._table = names.table
        self._runner = Runner(deployment.aws.athena, names.workgroup, names.database, until=stopped)

    def add(self, batch: Sequence[Partition]) -> list[Failure]:
        return self._run(partition_ddl.add_partitions_ddl(self._table, self._located(batch)))

    def drop(self, batch: Sequence[Partition]) -> list[Failure]:
        return self._run(partition_ddl.drop_partitions_ddl(self._table, batch))

    def move(self, batch: Sequence[Partition]) -> list[Failure]:
        for partition, url in self._located(batch):
            self._run(partition_ddl.set_location_ddl(self._table, partition, url))
        return []

    def _located(self, batch: Sequence[Partition]) -> list[tuple[Partition, str]]:
        return [(partition, partition.location(self._deployment.bucket)) for partition in batch]

    def _run(self, statement: str) -> list[Failure]:
        self._runner.run(statement)
        return []


class _ByMsck(_ByDdl):
    add_size = 10**9  # one statement registers all that lies in the bucket
    workers = 1

    def add(self, batch: Sequence[Partition]) -> list[Failure]:
        self._run(partition_ddl.msck_ddl(self._table))
        known = registered(self._deployment).locations
        return [
            Failure(partition, "MSCK REPAIR TABLE did not add it")
            for partition in batch
            if partition not in known
        ]
