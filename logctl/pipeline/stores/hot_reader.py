"""Reading the hot store: a range, the newest records, pages, and counts.

`tail`, the API and so the dashboard read through this. Records are ordered by their time; records of one app
with equal times by the place of their message in the queue, then by their place in the message. Module
`hot_follower` reads what arrives later.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from logctl.core.appid import is_glob, matching
from logctl.core.hot_rows import HotRow, hour_of
from logctl.core.records import Record
from logctl.core.rows import record_of
from logctl.core.times import TimeRange
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.record_filter import Filter

_AT_ONCE = 256
"""Chunks that are held in memory at once, over all apps, when several apps are merged."""

SortKey = tuple[int, str, int, str]
"""Where a record stands in a listing: its time, its message's place in the queue, its place in the message,
its event_id. A page that begins at a position does not contain the record at that position."""
Keyed = tuple[SortKey, Record]


def chunk_id(app: str, sort_key: str) -> str:
    """Return twelve hexadecimal digits that identify a chunk; short, because cursors in URLs list many."""
    return hashlib.sha256(f"{app}/{sort_key}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class RecordPage:
    """Records with their positions, newest first.

    `older` is the position after which the next page begins, None at the end of the range. `complete` is
    False if reading was stopped before the page was full. `chunks` are the ids of the chunks that were read.
    """

    entries: list[Keyed]
    older: SortKey | None = None
    complete: bool = True
    chunks: frozenset[str] = frozenset()

    @property
    def records(self) -> list[Record]:
        """The records without their positions, newest first."""
        return [record for _, record in self.entries]

    def cut(self, count: int) -> RecordPage:
        """Return the page with only its first `count` records."""
        if count >= len(self.entries):
            return self
        return RecordPage(self.entries[:count], older=self.entries[count - 1][0], chunks=self.chunks)


class History(Iterator[Record]):
    """The records of a range, oldest first, read while they are iterated over."""

    def __init__(self, readings: Sequence[_AppReading]) -> None:
        self._readings = readings
        self._merged = heapq.merge(*(reading.oldest_first() for reading in readings), key=itemgetter(0))

    def __next__(self) -> Record:
        return next(self._merged)[1]

    @property
    def chunks(self) -> frozenset[str]:
        """Ids of the chunks that were read so far."""
        return _chunks_of(self._readings)


@dataclass(frozen=True)
class Reader:
    """A reader of the records of the hot store that meet a condition and may be read.

    `clock` returns milliseconds. `may_read` tells which apps the person who asks may read. `on_found` is
    called with each chunk that is read newest first, `on_unpacked` with each whose records are looked at.
    """

    store: HotStore
    clock: Callable[[], int]
    keep: Filter = field(default_factory=Filter)
    may_read: Callable[[str], bool] = lambda app: True
    on_found: Callable[[HotRow], None] = lambda chunk: None
    on_unpacked: Callable[[HotRow], None] = lambda chunk: None

    def apps(self, patterns: Sequence[str]) -> list[str]:
        """Return the readable apps that names and globs match, sorted; without any, all readable apps.

        A plain name is returned even if the app has sent nothing yet, unless there is a glob beside it.
        """
        if patterns and not any(is_glob(pattern) for pattern in patterns):
            named = sorted(set(patterns))
        else:
            named = matching(self.store.apps(), patterns)
        return [app for app in named if self.may_read(app)]

    def history(self, apps: Iterable[str], span: TimeRange) -> History:
        """Return the records of a range, oldest first; memory holds at most one hour of each app."""
        return History([_AppReading(self, app, span) for app in apps])

    def page(
        self,
        apps: Iterable[str],
        span: TimeRange,
        size: int,
        *,
        before: SortKey | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> RecordPage:
        """Return the newest `size` records of a range, or the newest before a position.

        A position is a place in time, not a count: a record that arrives between two pages moves no other
        record from one page to another. `stop` is called before each chunk is read; when it returns True,
        the page ends early, with only those records before which nothing can be missing.
        """
        if size <= 0:
            return RecordPage([])
        if before is not None:
            span = TimeRange(span.since, min(span.until, before[0] + 1))
        listed = list(apps)
        at_once = max(1, _AT_ONCE // len(listed)) if len(listed) > 1 else None
        readings = [_AppReading(self, app, span, stop=stop, at_once=at_once) for app in listed]
        streams = [reading.newest_first() for reading in readings]
        found: list[Keyed] = []
        for key, record in heapq.merge(*streams, key=itemgetter(0), reverse=True):
            if before is not None and key >= before:
                continue
            stopped_at = _stopped_at(readings)
            if stopped_at is not None and key[0] <= stopped_at:
                break  # the app whose reading was stopped may have a newer record
            if len(found) == size:
                return RecordPage(found, older=found[-1][0], chunks=_chunks_of(readings))
            found.append((key, record))
        stopped_at = _stopped_at(readings)
        if stopped_at is None:
            return RecordPage(found, chunks=_chunks_of(readings))
        older: SortKey = (stopped_at + 1, "", -1, "")
        if before is not None:
            # The chunk at which reading stopped may reach past the position: the next page must not.
            older = min(older, before)
        return RecordPage(found, older=older, complete=False, chunks=_chunks_of(readings))

    def counted(
        self, apps: Iterable[str], span: TimeRange, step: int, *, stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[int, str, int]]:
        """Yield counts of a range as (time, level, count), newest chunks first, for `histogram.buckets`.

        A chunk stores its counts by level. Its records are unpacked only if it crosses the edge of a bucket
        or of the range, or if the condition is on the text. `step` is the width of a bucket in milliseconds.
        `stop` is called before each chunk is read; when it returns True, counting ends.
        """
        for app in apps:
            if stop():
                return
            for chunk in self.store.read(app, span, now=self.clock(), newest_first=True):
                self.on_found(chunk)
                if stop():
                    return
                whole = chunk.min_ts in span and chunk.max_ts in span
                if whole and not self.keep.by_text and chunk.min_ts // step == chunk.max_ts // step:
                    for level, count in chunk.level_counts.items():
                        if self.keep.level_fits(level):
                            yield chunk.min_ts, level, count
                else:
                    for _, record in self.matching_records(chunk, span):
                        yield record.ts, record.level, 1

    def matching_records(self, chunk: HotRow, span: TimeRange) -> Iterator[Keyed]:
        """Yield the records of a chunk that are in a range and meet the condition, with their positions."""
        self.on_unpacked(chunk)
        for record in (record_of(row, chunk.appid) for row in chunk.rows):
            if record.ts in span and self.keep(record):
                yield (record.ts, chunk.order, record.seq, record.event_id), record


class _AppReading:
    """The reading of one app's records of a range, and how far it has come.

    `chunks` are the ids of the chunks read so far; `stopped_at` is the newest time of the chunk before which
    `stop` ended the reading.
    """

    def __init__(
        self,
        reader: Reader,
        app: str,
        span: TimeRange,
        *,
        stop: Callable[[], bool] = lambda: False,
        at_once: int | None = None,
    ) -> None:
        self._reader = reader
        self._app = app
        self._span = span
        self._stop = stop
        self._at_once = at_once
        self.chunks: set[str] = set()
        self.stopped_at: int | None = None

    def oldest_first(self) -> Iterator[Keyed]:
        reader = self._reader
        waiting: list[tuple[SortKey, int, Record]] = []
        count = 0
        for chunk in reader.store.read(self._app, self._span, now=reader.clock()):
            self.chunks.add(chunk_id(self._app, chunk.sort_key))
            # Chunks come in the order of their newest times, and a chunk lies within one hour: no later chunk
            # has a record before the hour of this one.
            while waiting and waiting[0][0][0] < hour_of(chunk.max_ts):
                key, _, record = heapq.heappop(waiting)
                yield key, record
            for key, record in reader.matching_records(chunk, self._span):
                count += 1
                heapq.heappush(waiting, (key, count, record))
        while waiting:
            key, _, record = heapq.heappop(waiting)
            yield key, record

    def newest_first(self) -> Iterator[Keyed]:
        reader = self._reader
        waiting: list[Keyed] = []
        for chunk in reader.store.read(
            self._app, self._span, now=reader.clock(), newest_first=True, at_once=self._at_once
        ):
            reader.on_found(chunk)
            # No chunk that is still unread has a record newer than the newest of this one.
            while waiting and waiting[-1][0][0] > chunk.max_ts:
                yield waiting.pop()
            if self._stop():
                self.stopped_at = chunk.max_ts
                return
            self.chunks.add(chunk_id(self._app, chunk.sort_key))
            waiting += reader.matching_records(chunk, self._span)
            waiting.sort(key=itemgetter(0))
        while waiting:
            yield waiting.pop()


def _chunks_of(readings: Sequence[_AppReading]) -> frozenset[str]:
    return frozenset[str]().union(*(reading.chunks for reading in readings))


def _stopped_at(readings: Sequence[_AppReading]) -> int | None:
    """Return the newest time at which a reading was stopped; None if none was."""
    return max((reading.stopped_at for reading in readings if reading.stopped_at is not None), default=None)
