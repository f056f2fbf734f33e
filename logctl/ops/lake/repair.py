"""Making the catalog agree with S3: find the differences, then remove them by Glue's batch API, by Athena's
DDL or by MSCK.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from logctl.aws.athena import QueryFailed, Runner
from logctl.core import partition_ddl
from logctl.core.batches import batched
from logctl.core.errors import UsageError
from logctl.core.partitions import LOGS, Partition, Scope
from logctl.ops.deployment import Deployment
from logctl.ops.lake.partition_listing import (
    EVERYTHING,
    elsewhere,
    is_projected,
    registered,
    stored,
    stored_on,
)
from logctl.ops.lake.repair_method import Via
from logctl.pipeline.stores.catalog import CREATE_LIMIT, DELETE_LIMIT, Catalog, Failure
from logctl.stack.emulator import is_unknown_action

# As many as botocore keeps connections for.
_WRITERS = 10
# Athena runs 20 DDL statements of an account at once at the least (Amazon Athena User Guide, Service
# Quotas); others want some of them.
_STATEMENTS = 4

Progress = Callable[[str], None]


def _silent(doing: str) -> None:
    pass


@dataclass(frozen=True)
class Differences:
    """Between S3 and the catalog.

    Args:
        missing: in S3 and not registered.
        gone: registered, and without any object; only looked for when they are to be pruned.
        elsewhere: registered at another place than their own, and where.
        foreign: registered by others under values that are not logctl's; left alone.
    """

    missing: tuple[Partition, ...] = ()
    gone: tuple[Partition, ...] = ()
    elsewhere: tuple[tuple[Partition, str], ...] = ()
    foreign: int = 0

    def __bool__(self) -> bool:
        return bool(self.missing or self.gone or self.elsewhere)


@dataclass(frozen=True)
class Repair:
    """What was done: each partition once, in one of these."""

    added: tuple[Partition, ...] = ()
    dropped: tuple[Partition, ...] = ()
    moved: tuple[Partition, ...] = ()
    returned: tuple[Partition, ...] = ()
    """Records arrived while it was being dropped: it is registered."""
    failures: tuple[Failure, ...] = field(default=())


def compare(
    deployment: Deployment,
    scope: Scope = EVERYTHING,
    *,
    prune: bool = False,
    on_progress: Progress = _silent,
) -> Differences:
    """What differs.

    Raises:
        UsageError: the table uses partition projection.
    """
    if is_projected(deployment):
        raise UsageError(
            f"The table {deployment.names.table} uses partition projection, so Athena ignores registered "
            "partitions.",
            "Nothing needs repair. To register partitions, take projection.enabled off the table.",
        )
    # The catalog first: what the consumer registers in between is then in S3 as well.
    known = registered(deployment, scope)
    there = stored(
        deployment, scope, on_progress=lambda found: on_progress(f"{found:,} partitions found in the bucket")
    )
    away = elsewhere(deployment, known)
    return Differences(
        missing=tuple(sorted(there - set(known.locations))),
        # One that lies elsewhere has its objects there.
        gone=tuple(sorted(set(known.locations) - there - set(away))) if prune else (),
        elsewhere=tuple(sorted(away.items())),
        foreign=known.foreign,
    )


def repair(
    deployment: Deployment,
    found: Differences,
    *,
    via: Via = Via.GLUE,
    fix_locations: bool = False,
    on_progress: Progress = _silent,
) -> Repair:
    """Remove the differences.

    What one batch fails for, the others are done all the same; when none succeeds, its error is raised.
    """
    work = _Work(on_progress)
    way = _way(deployment, via, work.stopped.is_set)
    fixed = tuple(partition for partition, _ in found.elsewhere) if fix_locations else ()
    work.do(way.add, found.missing, way.add_size, way.workers, "added")
    work.do(way.move, fixed, way.move_size, way.workers, "moved")
    work.do(way.drop, found.gone, way.drop_size, way.workers, "dropped")
    failures = work.failures()
    refused = {failure.partition for failure in failures}
    dropped = tuple(partition for partition in found.gone if partition not in refused)
    returned = _returned(deployment, dropped)
    return Repair(
        added=tuple(partition for partition in found.missing if partition not in refused),
        dropped=tuple(partition for partition in dropped if partition not in returned),
        moved=tuple(partition for partition in fixed if partition not in refused),
        returned=tuple(sorted(returned)),
        failures=tuple(failures),
    )


def _returned(deployment: Deployment, dropped: Sequence[Partition]) -> set[Partition]:
    """Partitions that got an object between the listing and the drop; registered again."""
    if not dropped:
        return set()
    days = sorted({partition.under(LOGS).partition("appid=")[0] for partition in dropped})
    with ThreadPoolExecutor(_WRITERS) as pool:
        returned = stored_on(deployment, days, pool) & set(dropped)
    _catalog(deployment).register(sorted(returned))
    return returned


# ── Three ways ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Way:
    """How partitions are added, dropped and moved, in batches of which size, how many at once."""

    add: Callable[[Sequence[Partition]], list[Failure]]
    drop: Callable[[Sequence[Partition]], list[Failure]]
    move: Callable[[Sequence[Partition]], list[Failure]]
    add_size: int
    drop_size: int
    move_size: int
    workers: int


def _way(deployment: Deployment, via: Via, stopped: Callable[[], bool]) -> _Way:
    if via is Via.GLUE:
        catalog = _catalog(deployment)

        def drop(batch: Sequence[Partition]) -> list[Failure]:
            return _drop(deployment, catalog, batch)

        return _Way(
            catalog.register, drop, catalog.relocate, CREATE_LIMIT, DELETE_LIMIT, CREATE_LIMIT, _WRITERS
        )
    names, bucket = deployment.names, deployment.bucket
    runner = Runner(deployment.aws.athena, names.workgroup, names.database, until=stopped)

    def run(
        statement: Callable[[Sequence[Partition]], str],
    ) -> Callable[[Sequence[Partition]], list[Failure]]:
        def batch(partitions: Sequence[Partition]) -> list[Failure]:
            runner.run(statement(partitions))
            return []

        return batch

    add = run(
        lambda partitions: partition_ddl.add_partitions_ddl(
            names.table, [(one, one.location(bucket)) for one in partitions]
        )
    )
    drop_ = run(lambda partitions: partition_ddl.drop_partitions_ddl(names.table, partitions))
    move = run(
        lambda partitions: partition_ddl.set_location_ddl(
            names.table, partitions[0], partitions[0].location(bucket)
        )
    )
    size = partition_ddl.STATEMENT_PARTITIONS
    if via is Via.DDL:
        return _Way(add, drop_, move, size, size, 1, _STATEMENTS)

    def msck(partitions: Sequence[Partition]) -> list[Failure]:
        runner.run(partition_ddl.msck_ddl(names.table))
        known = registered(deployment).locations
        return [
            Failure(partition, "MSCK REPAIR TABLE did not add it")
            for partition in partitions
            if partition not in known
        ]

    return _Way(msck, drop_, move, 10**9, size, 1, 1)


def _catalog(deployment: Deployment) -> Catalog:
    names = deployment.names
    return Catalog(deployment.aws.glue, database=names.database, table=names.table, bucket=deployment.bucket)


def _drop(deployment: Deployment, catalog: Catalog, batch: Sequence[Partition]) -> list[Failure]:
    try:
        return catalog.drop(batch)
    except ClientError as error:
        if not is_unknown_action(error):
            raise
    for partition in batch:
        deployment.aws.glue.delete_partition(
            DatabaseName=deployment.names.database,
            TableName=deployment.names.table,
            PartitionValues=list(partition.values),
        )
    return []


class _Work:
    """Batches done some at once. A batch that AWS refused, after the SDK's own retries, is a failure of its
    partitions."""

    def __init__(self, on_progress: Progress) -> None:
        self.stopped = threading.Event()
        self._on_progress = on_progress
        self._failures: list[Failure] = []
        self._refused: list[Exception] = []
        self._batches = 0

    def failures(self) -> list[Failure]:
        """What failed. When every batch was refused, that is the answer: it is raised."""
        if self._refused and len(self._refused) == self._batches:
            raise self._refused[0]
        return self._failures

    def do(
        self,
        work: Callable[[Sequence[Partition]], list[Failure]],
        partitions: Sequence[Partition],
        size: int,
        workers: int,
        verb: str,
    ) -> None:
        def attempt(batch: Sequence[Partition]) -> tuple[int, list[Failure], Exception | None]:
            try:
                return len(batch), work(batch), None
            except (ClientError, BotoCoreError, QueryFailed) as problem:
                reason = " ".join(str(problem).split())
                return len(batch), [Failure(partition, reason) for partition in batch], problem

        done = 0
        with ThreadPoolExecutor(workers) as pool:
            try:
                for count, failed, problem in pool.map(attempt, batched(partitions, size)):
                    self._batches += 1
                    self._failures += failed
                    self._refused += [problem] if problem else []
                    done += count
                    self._on_progress(f"{done:,} of {len(partitions):,} partitions {verb}")
            except BaseException:
                # Ctrl-C: what is running in Athena is cancelled, what has not begun never begins.
                self.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
