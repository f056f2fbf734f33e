"""Make the catalog agree with S3: find the differences, then remove them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from logctl.aws.athena import QueryFailed
from logctl.core.batches import batched
from logctl.core.errors import UsageError
from logctl.core.partitions import LOGS, Partition, Scope
from logctl.ops.deployment import Deployment
from logctl.ops.lake.catalog_changes import catalog_changes, catalog_of
from logctl.ops.lake.partition_listing import (
    EVERYTHING,
    elsewhere,
    is_projected,
    registered,
    stored,
    stored_on,
)
from logctl.ops.lake.repair_method import Via
from logctl.pipeline.stores.catalog import Failure

_LISTERS = 10
"""Threads; botocore keeps as many connections open."""

Progress = Callable[[str], None]


def _silent(doing: str) -> None:
    pass


@dataclass(frozen=True)
class Differences:
    """Partitions in which S3 and the catalog differ.

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
    """The result of a repair. Each partition is in one of the groups."""

    added: tuple[Partition, ...] = ()
    dropped: tuple[Partition, ...] = ()
    moved: tuple[Partition, ...] = ()
    returned: tuple[Partition, ...] = ()
    """Registered again, because records arrived while they were being dropped."""
    failures: tuple[Failure, ...] = field(default=())


def compare(
    deployment: Deployment,
    scope: Scope = EVERYTHING,
    *,
    prune: bool = False,
    on_progress: Progress = _silent,
) -> Differences:
    """Return how the catalog differs from S3.

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
        # A partition with another location has its objects at that location.
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

    A batch that fails does not stop the others; when every batch fails, the first error is raised.
    """
    work = _Work(on_progress)
    way = catalog_changes(deployment, via, work.stopped.is_set)
    fixed = tuple(partition for partition, _ in found.elsewhere) if fix_locations else ()
    work.do("added", way.add, found.missing, size=way.add_size, workers=way.workers)
    work.do("moved", way.move, fixed, size=way.move_size, workers=way.workers)
    work.do("dropped", way.drop, found.gone, size=way.drop_size, workers=way.workers)
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
    """Register dropped partitions again that got an object since they were listed, and return them."""
    if not dropped:
        return set()
    days = sorted({partition.under(LOGS).partition("appid=")[0] for partition in dropped})
    with ThreadPoolExecutor(_LISTERS) as pool:
        returned = stored_on(deployment, days, pool) & set(dropped)
    catalog_of(deployment).register(sorted(returned))
    return returned


class _Work:
    """Work on batches of partitions in several threads.

    A batch that AWS refuses, after the SDK's retries, is a failure of each of its partitions.
    """

    def __init__(self, on_progress: Progress) -> None:
        self.stopped = threading.Event()
        self._on_progress = on_progress
        self._failures: list[Failure] = []
        self._refused: list[Exception] = []
        self._batches = 0

    def failures(self) -> list[Failure]:
        """Return the partitions that could not be changed, with the reasons.

        Raises:
            Exception: the first batch's error, when every batch was refused.
        """
        if self._refused and len(self._refused) == self._batches:
            raise self._refused[0]
        return self._failures

    def do(
        self,
        verb: str,
        work: Callable[[Sequence[Partition]], list[Failure]],
        partitions: Sequence[Partition],
        *,
        size: int,
        workers: int,
    ) -> None:
        """Run `work` on batches of partitions, and report progress as `verb`."""

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
