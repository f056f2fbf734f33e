"""Replay: writing the rows of the hot store again, from cold storage.

What the consumer wrote to S3 is read back and becomes the rows that it wrote to DynamoDB, with the same keys.
A row that exists stays as it is, so that a replay can be repeated, or stopped and started again. Nothing is
counted, and no alert is opened. Compacted days, whose original objects are gone, are read by Athena.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from logctl.aws.s3_listing import objects
from logctl.core.batches import batched
from logctl.core.hot_rows import FULL, HotRow, make_hot_rows
from logctl.core.partitions import LOGS, OBJECTS, Partition, Scope
from logctl.core.records import Record
from logctl.core.redaction import Redactor
from logctl.core.rows import read_stored, record_of, row_of
from logctl.core.times import HOUR, TimeRange
from logctl.ops.deployment import Deployment
from logctl.ops.lake.partition_listing import days_in, registered
from logctl.ops.query.cold_records import COLUMNS, record_of_result
from logctl.ops.query.conditions import Selection
from logctl.ops.query.runner import Query, QueryResult, query
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.stored_objects import plain_of

_AT_ONCE = 10
"""Threads; botocore keeps as many connections open."""
_WINDOW = 500
"""Objects that are handed to the threads at once: a long range must not fill the memory."""


@dataclass(frozen=True)
class Batch:
    """The records of one message and one day, in order.

    `arrived` (milliseconds) is when it was stored. `compacted` says that its object may be gone.
    """

    partition: Partition
    batch_id: str
    arrived: int
    records: tuple[Record, ...]
    compacted: bool = False


@dataclass(frozen=True)
class Unreadable:
    """An object that the consumer has not written in this form, and the reason."""

    key: str
    problem: str


Source = Callable[[], Batch | Unreadable]
"""Reads one batch when it is called, in the thread that calls it."""


@dataclass(frozen=True)
class _Part:
    """A part of cold storage: the objects of one day, or the compacted days.

    `scanned` is the number of bytes that Athena read for it.
    """

    name: str
    sources: Iterable[Source]
    scanned: int = 0


@dataclass
class Replayed:
    """The numbers of what a replay did for one app, or would do.

    `added` counts the rows that were missing, `records` the records in them, `present` the rows that exist.
    """

    app: str
    batches: int = 0
    added: int = 0
    records: int = 0
    present: int = 0

    def add_batch(self, rows: Iterable[tuple[int, bool]]) -> None:
        """Count a batch, given the number of records of each of its rows and whether the row was missing."""
        self.batches += 1
        for count, missing in rows:
            self.added += missing
            self.present += not missing
            self.records += count if missing else 0


@dataclass(frozen=True)
class ReplayOutcome:
    """What was done for each app, the objects that could not be read, and the bytes that Athena read."""

    apps: list[Replayed]
    unreadable: list[Unreadable]
    scanned: int


class Replay:
    """The replay of the records of some apps in a range."""

    def __init__(
        self,
        deployment: Deployment,
        apps: Sequence[str],
        span: TimeRange,
        *,
        now: int,
        on_progress: Callable[[str], None] = lambda doing: None,
        at_once: int = _AT_ONCE,
    ) -> None:
        """Create a replay of some apps and a range; a row that is partly in the range is written whole."""
        self._deployment = deployment
        self._apps = tuple(apps)
        # A row may hold records of its whole hour, so whole hours have to be read.
        self._span = TimeRange(span.since // HOUR * HOUR, -(-span.until // HOUR) * HOUR)
        self._scope = Scope.of(self._span, apps)
        self._now = now
        self._on_progress = on_progress
        self._at_once = at_once
        self._config = deployment.pipeline_config()
        self._redactor = Redactor(self._config.redact)
        self._s3 = deployment.aws.s3
        self._hot = HotStore(
            deployment.aws.dynamodb, self._config.hot_table, lanes=self._config.arrival_lanes
        )

    def plan(self) -> ReplayOutcome:
        """Return the outcome that `run` would have. This reads all that `run` reads, and writes nothing."""
        return self._each(lambda chunk, arrived: self._hot.lacks(chunk, now=self._now))

    def run(self) -> ReplayOutcome:
        """Write the rows that are missing."""
        outcome = self._each(
            lambda chunk, arrived: self._hot.put(
                chunk, now=self._now, retention=self._config.hot_retention, arrived=arrived
            )
        )
        for item in outcome.apps:
            if item.added:
                self._hot.list_app(item.app, now=self._now)
        return outcome

    def _each(self, add: Callable[[HotRow, int], bool]) -> ReplayOutcome:
        """Call `add` with each row and its arrival; it returns whether the row was missing."""
        done: dict[str, Replayed] = {}
        unreadable: list[Unreadable] = []
        scanned = 0

        def rows(source: Source) -> tuple[str, list[tuple[int, bool]]] | Unreadable:
            batch = source()
            if isinstance(batch, Unreadable):
                return batch
            return batch.partition.appid, [(c.count, add(c, batch.arrived)) for c in self._chunks(batch)]

        with ThreadPoolExecutor(self._at_once) as pool:
            for part in self._parts(pool):
                scanned += part.scanned
                for sources in batched(part.sources, _WINDOW):
                    for outcome in pool.map(rows, sources):
                        if isinstance(outcome, Unreadable):
                            unreadable.append(outcome)
                        else:
                            app, chunks = outcome
                            done.setdefault(app, Replayed(app)).add_batch(chunks)
                    messages = sum(item.batches for item in done.values())
                    missing = sum(item.added for item in done.values())
                    self._on_progress(f"{part.name}: {messages:,} messages read, {missing:,} rows missing")
        return ReplayOutcome([done[app] for app in sorted(done)], unreadable, scanned)

    def _chunks(self, batch: Batch) -> Iterator[HotRow]:
        # Redacted by the rules of today, because what was stored before them may hold secrets.
        records = [self._redactor.record(record, batch_id=batch.batch_id) for record in batch.records]
        rows = [row_of(record) for record in records]
        # A row points to its object only where readers find the same records there.
        full = self._config.hot_rows == FULL or batch.compacted or tuple(records) != batch.records
        for chunk in make_hot_rows(batch.partition.appid, batch.batch_id, rows, full=full):
            if chunk.max_ts >= self._span.since and chunk.min_ts < self._span.until:
                yield chunk

    # ── Reading ─────────────────────────────────────────────────────────────────────────────────────

    def _parts(self, pool: Executor) -> Iterator[_Part]:
        """Yield the days that have objects, in order, and then the compacted days as one part."""
        raw: set[tuple[Partition, str] | None] = set()
        for day in sorted(days_in(self._deployment, self._scope, pool)):
            objects = list(self._objects(day))
            raw |= {Partition.of_object(key) for key, _ in objects}
            yield _Part(
                day.removeprefix(LOGS), [partial(self._read, key, arrived) for key, arrived in objects]
            )
        if registered(self._deployment, self._scope, self._config.compacted_table).locations:
            self._on_progress("Athena reads the compacted days")
            result = self._query_compacted()
            batches = self._compacted_batches(result.rows)
            others = (batch for batch in batches if (batch.partition, batch.batch_id) not in raw)
            yield _Part("compacted days", (partial(_same, batch) for batch in others), result.scanned)

    def _objects(self, day: str) -> Iterator[tuple[str, int]]:
        """Yield the keys of a day's objects in scope, with when each was last written, in milliseconds."""
        for item in objects(self._s3, self._deployment.bucket, day):
            partition = Partition.of_key(item["Key"])
            if partition is not None and partition in self._scope and item["Key"].endswith(OBJECTS):
                yield item["Key"], int(item["LastModified"].timestamp() * 1000)

    def _read(self, key: str, arrived: int) -> Batch | Unreadable:
        known = Partition.of_object(key)
        if known is None:
            return Unreadable(key, "its name is not one that the consumer gives")
        partition, batch_id = known
        body = self._s3.get_object(Bucket=self._deployment.bucket, Key=key)["Body"].read()
        try:
            rows = read_stored(plain_of(body)) if body else []
            records = tuple(record_of(row, partition.appid) for row in rows)
        except (ValueError, zlib.error) as problem:
            return Unreadable(key, str(problem))
        return Batch(partition, batch_id, arrived, records)

    def _query_compacted(self) -> QueryResult:
        selection = Selection(self._span.since, self._span.until, self._apps)
        condition = selection.condition()
        sql = (
            f"SELECT {COLUMNS}, batch_id FROM {self._config.compacted_table} "  # noqa: S608 - our names
            f"WHERE {condition.sql} ORDER BY substr(ts, 1, 10), appid, batch_id, seq, event_id"
        )
        return query(self._deployment, Query(sql, condition.parameters, selection))

    def _compacted_batches(self, rows: Iterable[Sequence[Any]]) -> Iterator[Batch]:
        """Yield batches from the rows of the query; their newest time stands for when they arrived."""
        records = ((record_of_result(row[:-1]), str(row[-1])) for row in rows)
        keyed = ((Partition.at(record.ts, record.appid), batch_id, record) for record, batch_id in records)
        for (partition, batch_id), group in groupby(keyed, key=lambda item: (item[0], item[1])):
            members = tuple(record for _, _, record in group)
            yield Batch(partition, batch_id, max(record.ts for record in members), members, compacted=True)


def _same(batch: Batch) -> Batch:
    return batch
