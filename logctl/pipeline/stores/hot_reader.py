"""Reading the hot store: a range, the newest records, pages, and counts.

`tail`, the API and so the dashboard read through this. Records are ordered by their time; records of one app
with equal times by the place of their message in the queue, then by their place in the message. Module
`hot_follower` reads what arrives later.

The hot rows of all apps form one sequence, by the time of their oldest record or of their newest. The records
of a row are read when its turn comes, and shown when no row that is still to come can have one between. So
memory holds the index, and the records of those rows whose times overlap.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from logctl.core.appid import is_glob, matching
from logctl.core.hot_rows import HotRow, hour_of
from logctl.core.records import Record
from logctl.core.times import MINUTE, TimeRange
from logctl.pipeline.stores.hot import HotStore, PageSizes
from logctl.pipeline.stores.hot_contents import Contents, Keyed, Runs, milliseconds_of, record_in
from logctl.pipeline.stores.record_filter import Filter
from logctl.pipeline.stores.stored_objects import Gone, StoredObjects

_AT_ONCE = 256
"""Hot rows that are held in memory at once, over all apps, when the newest records of several are merged."""
_RECORDS_OF_A_ROW = 50
"""How many records a hot row is taken to have until the first ones are read."""

SortKey = tuple[int, str, int, str]
"""Where a record stands in a listing: its time, its message's place in the queue, its place in the message,
its event_id. A page that begins at a position does not contain the record at that position."""


def chunk_id(app: str, sort_key: str) -> str:
    """Return twelve hexadecimal digits that identify a hot row; short, because cursors in URLs list many."""
    return hashlib.sha256(f"{app}/{sort_key}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class RecordPage:
    """Records with their places, newest first.

    `older` is the position after which the next page begins, None at the end of the range. `complete` is
    False if reading was stopped before the page was full. `chunks` are the ids of the hot rows that were
    read.
    """

    entries: list[Keyed]
    older: SortKey | None = None
    complete: bool = True
    chunks: frozenset[str] = frozenset()

    @property
    def records(self) -> list[Record]:
        """The records without their places, newest first."""
        return [record_in(entry) for entry in self.entries]

    def cut(self, count: int) -> RecordPage:
        """Return the page with only its first `count` records."""
        if count >= len(self.entries):
            return self
        return RecordPage(
            self.entries[:count], older=milliseconds_of(self.entries[count - 1][0]), chunks=self.chunks
        )


class History:
    """The records of a range, oldest first, read while they are iterated over.

    `chunks` are the ids of the hot rows that were read so far.
    """

    def __init__(self, rows: Iterable[HotRow], contents: Contents) -> None:
        self._rows = rows
        self._contents = contents
        self.chunks: set[str] = set()

    def runs(self) -> Iterator[list[Keyed]]:
        """Yield the records, many at once."""
        waiting = Runs()
        for row, read in self._contents.in_turn(self._rows):
            if ready := waiting.before(row.min_ts):
                yield ready
            waiting.add(read())
            self.chunks.add(chunk_id(row.appid, row.sort_key))
        if ready := waiting.before(10**14):
            yield ready

    def __iter__(self) -> Iterator[Record]:
        for run in self.runs():
            yield from map(record_in, run)


@dataclass(frozen=True)
class Reader:
    """A reader of the records of the hot store that meet a condition and may be read.

    `clock` returns milliseconds. `may_read` tells which apps the person who asks may read. `on_found` is
    called with each hot row that is read newest first; for `on_fetched`, `on_unpacked` and `gone` see
    `Contents`.
    """

    store: HotStore
    objects: StoredObjects
    clock: Callable[[], int]
    keep: Filter = field(default_factory=Filter)
    may_read: Callable[[str], bool] = lambda app: True
    on_found: Callable[[HotRow], None] = lambda row: None
    on_fetched: Callable[[], None] = lambda: None
    on_unpacked: Callable[[bytes], None] = lambda frame: None
    gone: Gone = field(default_factory=Gone)

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
        """Return the records of a range, oldest first."""
        streams = (self._by_oldest(app, span) for app in apps)
        return History(heapq.merge(*streams, key=_oldest), self.contents(span))

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
        record from one page to another. `stop` is called before each hot row is read; when it returns True,
        the page ends early, with only those records before which nothing can be missing.
        """
        if size <= 0:
            return RecordPage([])
        if before is not None:
            span = TimeRange(span.since, min(span.until, before[0] + 1))
        contents = self.contents(span)
        entries: list[Keyed] = []
        chunks: set[str] = set()
        waiting = Runs()

        def take(after: int) -> bool:
            """Add what is after a moment to the page, and return whether that is more than fits."""
            found = waiting.after(after)
            if before is not None:
                found = [entry for entry in found if milliseconds_of(entry[0]) < before]
            entries.extend(found)
            return len(entries) > size

        for row, read in contents.in_turn(self._by_newest(list(apps), span, size)):
            if take(row.max_ts):
                break
            if stop():
                older: SortKey = (row.max_ts + 1, "", -1, "")
                if before is not None:
                    # The row at which reading stopped may reach past the position: the next page must not.
                    older = min(older, before)
                return RecordPage(entries, older=older, complete=False, chunks=frozenset(chunks))
            chunks.add(chunk_id(row.appid, row.sort_key))
            waiting.add(read())
        else:
            take(-1)
        page = RecordPage(entries, chunks=frozenset(chunks))
        return page.cut(size)

    def counted(
        self, apps: Iterable[str], span: TimeRange, step: int, *, stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[int, str, int]]:
        """Yield counts of a range as (time, level, count), newest hot rows first, for `histogram.buckets`.

        A hot row has its counts by minute and level. Its records are read only if the condition is on their
        text, where a bucket or the range begins or ends within a minute that it has records of, and for rows
        of earlier versions. `step` is the width of a bucket in milliseconds. `stop` is called before each row
        is read; when it returns True, counting ends.
        """
        contents = self.contents(span)
        exact: list[tuple[int, str, int]] = []

        def unknown() -> Iterator[HotRow]:
            """Yield the rows whose records have to be read; the counts of the others are added to `exact`."""
            for app in apps:
                if stop():
                    return
                for row in self.store.read(app, span, now=self.clock(), newest_first=True, consistent=False):
                    self.on_found(row)
                    if stop():
                        return
                    known = self._counts_of(row, span, step)
                    if known is None:
                        yield row
                    else:
                        exact.extend(known)

        for _, read in contents.in_turn(unknown()):
            for key, _, row in read():
                yield milliseconds_of(key)[0], row.level, 1
            if stop():
                break
        yield from exact

    def _counts_of(self, row: HotRow, span: TimeRange, step: int) -> list[tuple[int, str, int]] | None:
        """Return the counts of a row in a range; None where its records have to be read."""
        fits = self.keep.level_fits
        within = row.min_ts in span and row.max_ts in span
        if self.keep.by_text:
            return None
        if within and row.min_ts // step == row.max_ts // step:
            return [(row.min_ts, level, count) for level, count in row.level_counts.items() if fits(level)]
        if row.counts is None or step % MINUTE:
            return None
        hour = hour_of(row.max_ts)
        found = []
        for (minute, level), count in row.counts.items():
            start = hour + minute * MINUTE
            first, last = max(start, row.min_ts), min(start + MINUTE - 1, row.max_ts)
            if last < span.since or first >= span.until:
                continue
            if first not in span or last not in span:
                return None
            if fits(level):
                found.append((start, level, count))
        return found

    def contents(self, span: TimeRange) -> Contents:
        """Return a reader of the records that are in a range."""
        return Contents(
            self.objects,
            self.keep,
            span,
            gone=self.gone,
            on_fetched=self.on_fetched,
            on_unpacked=self.on_unpacked,
        )

    def _by_oldest(self, app: str, span: TimeRange) -> Iterator[HotRow]:
        """Yield an app's hot rows in the order of their oldest records; memory holds those of an hour."""
        rows = self.store.read(app, span, now=self.clock())
        # They come in the order of their newest records, and none spans two hours.
        for _, hour in groupby(rows, key=lambda row: hour_of(row.max_ts)):
            yield from sorted(hour, key=_oldest)

    def _by_newest(self, apps: Sequence[str], span: TimeRange, size: int) -> Iterator[HotRow]:
        most = max(1, _AT_ONCE // max(1, len(apps)))
        at_once = PageSizes(min(most, max(4, size // _RECORDS_OF_A_ROW)), most)
        read = partial(self.store.read, span=span, now=self.clock(), newest_first=True, at_once=at_once)
        streams = (read(app) for app in apps)
        for row in heapq.merge(*streams, key=_newest, reverse=True):
            self.on_found(row)
            yield row


def _oldest(row: HotRow) -> int:
    return row.min_ts


def _newest(row: HotRow) -> int:
    return row.max_ts
