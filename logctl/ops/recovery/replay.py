"""Replay: the hot rows once more, from cold storage.

What the consumer wrote to S3 is read back and becomes the rows that it wrote to DynamoDB, with the same keys,
so that a row that is there stays as it is and a replay can be repeated, or stopped and begun again. Nothing
is counted and nobody is alerted. Days that were compacted, and whose objects are gone, are read by Athena.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from logctl.core.batches import batched
from logctl.core.hot_rows import Chunk, make_chunks
from logctl.core.partitions import LOGS, OBJECT, Partition, Scope
from logctl.core.records import Record, Rejected, from_cold
from logctl.core.redaction import Redactor
from logctl.core.times import HOUR, TimeRange
from logctl.ops.deployment import Deployment
from logctl.ops.lake.partition_listing import days_in, registered
from logctl.ops.query.cold_records import COLUMNS, record_of
from logctl.ops.query.conditions import Selection
from logctl.ops.query.runner import Query, query
from logctl.pipeline.stores.hot import HotStore

_AT_ONCE = 10
"""As many as botocore keeps connections for."""
_WINDOW = 500
"""So many objects are taken on at once: a long range must not fill the memory."""


@dataclass(frozen=True)
class Batch:
    """A message's records of one day, in order. `arrived` (milliseconds) is when it was stored."""

    partition: Partition
    batch_id: str
    arrived: int
    records: tuple[Record, ...]


@dataclass(frozen=True)
class Unreadable:
    """An object that does not hold what the consumer writes."""

    key: str
    problem: str


Source = Callable[[], Batch | Unreadable]
"""Reads one batch, when and where it is called."""


@dataclass
class Replayed:
    """What was done for one app, or would be: rows that were missing, the records in them, and rows that
    were there."""

    app: str
    batches: int = 0
    added: int = 0
    records: int = 0
    present: int = 0

    def note(self, rows: Iterable[tuple[int, bool]]) -> None:
        """Add a batch: of each row its records, and whether it was missing."""
        self.batches += 1
        for count, missing in rows:
            self.added += missing
            self.present += not missing
            self.records += count if missing else 0


class Replay:
    """One run. `unreadable` and `scanned` (bytes that Athena read) fill while it goes."""

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
        """Apps are names and globs. Rows that hold any moment of `span` are made whole."""
        self._deployment = deployment
        self._apps = tuple(apps)
        # A row holds an hour, so that whole hours must be read.
        self._span = TimeRange(span.since // HOUR * HOUR, -(-span.until // HOUR) * HOUR)
        self._scope = Scope.of(self._span, apps)
        self._now = now
        self._on_progress = on_progress
        self._at_once = at_once
        self._config = deployment.pipeline_config()
        self._redactor = Redactor(self._config.redact)
        self._s3 = deployment.aws.s3
        self._hot = HotStore(deployment.aws.dynamodb, self._config.hot_table)
        self._day = ""
        self.unreadable: list[Unreadable] = []
        self.scanned = 0

    def plan(self) -> list[Replayed]:
        """What `run` would do, by app. Reads all that `run` reads, and writes nothing."""
        return self._each(lambda chunk, arrived: self._hot.lacks(chunk, now=self._now))

    def run(self) -> list[Replayed]:
        """Write the rows that are missing; what was done, by app."""
        done = self._each(
            lambda chunk, arrived: self._hot.put(
                chunk, now=self._now, retention=self._config.hot_retention, arrived=arrived
            )
        )
        for item in done:
            if item.added:
                self._hot.note_app(item.app, now=self._now)
        return done

    def _each(self, add: Callable[[Chunk, int], bool]) -> list[Replayed]:
        done: dict[str, Replayed] = {}

        def rows(source: Source) -> tuple[str, list[tuple[int, bool]]] | Unreadable:
            batch = source()
            if isinstance(batch, Unreadable):
                return batch
            return batch.partition.appid, [(c.count, add(c, batch.arrived)) for c in self._chunks(batch)]

        with ThreadPoolExecutor(self._at_once) as pool:
            sources = self._sources(pool)
            for some in batched(sources, _WINDOW):
                for outcome in pool.map(rows, some):
                    if isinstance(outcome, Unreadable):
                        self.unreadable.append(outcome)
                    else:
                        app, chunks = outcome
                        done.setdefault(app, Replayed(app)).note(chunks)
                messages, added = (
                    sum(getattr(item, name) for item in done.values()) for name in ("batches", "added")
                )
                self._on_progress(f"{self._day}: {messages:,} messages read, {added:,} rows missing")
        return [done[app] for app in sorted(done)]

    def _chunks(self, batch: Batch) -> Iterator[Chunk]:
        # Under the rules of today: what was stored before they were made may hold secrets.
        records = [self._redactor.record(record, batch_id=batch.batch_id) for record in batch.records]
        for chunk in make_chunks(batch.partition.appid, batch.batch_id, records):
            if chunk.max_ts >= self._span.since and chunk.min_ts < self._span.until:
                yield chunk

    # ── Reading ─────────────────────────────────────────────────────────────────────────────────────

    def _sources(self, pool: Executor) -> Iterator[Source]:
        """What makes each batch, day by day: its object, or, where that is gone, Athena."""
        raw: set[tuple[Partition, str] | None] = set()
        for day in sorted(days_in(self._deployment, self._scope, pool)):
            self._day = day.removeprefix(LOGS)
            for key, arrived in self._objects(day):
                raw.add(Partition.of_object(key))
                yield partial(self._read, key, arrived)
        if registered(self._deployment, self._scope, self._config.compacted_table).locations:
            self._day = "compacted days"
            self._on_progress("Athena reads what is compacted")
            for batch in self._compacted():
                if (batch.partition, batch.batch_id) not in raw:
                    yield partial(_same, batch)

    def _objects(self, day: str) -> Iterator[tuple[str, int]]:
        """Keys of a day's objects in scope, and when each was written first or again, in milliseconds."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._deployment.bucket, Prefix=day)
        for item in (item for page in pages for item in page.get("Contents", [])):
            partition = Partition.of_key(item["Key"])
            if partition is not None and partition in self._scope and item["Key"].endswith(OBJECT):
                yield item["Key"], int(item["LastModified"].timestamp() * 1000)

    def _read(self, key: str, arrived: int) -> Batch | Unreadable:
        known = Partition.of_object(key)
        if known is None:
            return Unreadable(key, "its name is not one that the consumer gives")
        partition, batch_id = known
        body = self._s3.get_object(Bucket=self._deployment.bucket, Key=key)["Body"].read()
        try:
            lines = gzip.decompress(body).split(b"\n")
            records = tuple(from_cold(json.loads(line), partition.appid) for line in lines if line)
        except (Rejected, ValueError, OSError, EOFError) as problem:
            return Unreadable(key, str(problem))
        return Batch(partition, batch_id, arrived, records)

    def _compacted(self) -> Iterator[Batch]:
        """The batches of compacted days. Their newest time stands for when they arrived."""
        selection = Selection(self._span.since, self._span.until, self._apps)
        condition = selection.condition()
        sql = (
            f"SELECT {COLUMNS}, batch_id FROM {self._config.compacted_table} "  # noqa: S608 - our names
            f"WHERE {condition.sql} ORDER BY substr(ts, 1, 10), appid, batch_id, seq, event_id"
        )
        result = query(self._deployment, Query(sql, condition.parameters, selection))
        self.scanned += result.scanned
        rows = ((record_of(row[:-1]), str(row[-1])) for row in result.rows)
        keyed = ((Partition.at(record.ts, record.appid), batch_id, record) for record, batch_id in rows)
        for (partition, batch_id), group in groupby(keyed, key=lambda item: (item[0], item[1])):
            records = tuple(record for _, _, record in group)
            yield Batch(partition, batch_id, max(record.ts for record in records), records)


def _same(batch: Batch) -> Batch:
    return batch
