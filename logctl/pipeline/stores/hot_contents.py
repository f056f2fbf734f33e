"""The records that hot rows stand for: from the items, or from the objects in S3 that they point to.

Hot rows are taken from an iterator a little ahead of where records are needed, so that several objects are
fetched at the same time. How far ahead grows with what is read: a page of few records fetches few objects.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter

from logctl.core.hot_rows import HotRow, hour_of
from logctl.core.records import Record
from logctl.core.rows import Row, record_of
from logctl.core.times import MINUTE, TimeRange, from_iso, iso
from logctl.pipeline.stores.record_filter import Filter
from logctl.pipeline.stores.stored_objects import AT_ONCE, Gone, StoredObjects, rows_of

RowKey = tuple[str, str, int, str]
"""Where a record stands in a listing: its time as `times.iso` writes it, its message's place in the queue,
its place in the message, its event_id."""
Keyed = tuple[RowKey, str, Row]
"""A record with its place and its app."""
_AHEAD = 4
"""Hot rows that are taken ahead at most, for each object that may be fetched at the same time."""
_LAST_TEXT = "9999-12-31T23:59:59.999Z"


def record_in(entry: Keyed) -> Record:
    """Return an entry as a record."""
    return record_of(entry[2], entry[1])


def _text_of(milliseconds: int) -> str:
    return iso(max(0, milliseconds)) if milliseconds < 10**14 else _LAST_TEXT


@dataclass(frozen=True)
class Contents:
    """A reader of the records of hot rows that meet a condition and are in a range.

    `gone` counts the records that cannot be read any more. `on_fetched` is called for each object that is
    fetched, `on_unpacked` with each frame that is about to be decompressed.
    """

    objects: StoredObjects
    keep: Filter
    span: TimeRange
    gone: Gone = field(default_factory=Gone)
    on_fetched: Callable[[], None] = lambda: None
    on_unpacked: Callable[[bytes], None] = lambda frame: None

    def in_turn(self, rows: Iterable[HotRow]) -> Iterator[tuple[HotRow, Callable[[], list[Keyed]]]]:
        """Yield each row with a function that returns its records, in order; objects are fetched ahead."""
        ahead: deque[tuple[HotRow, bool]] = deque()
        source = iter(rows)
        window, fetching, ended = 1, 0, False
        try:
            while True:
                while not ended and fetching < window and len(ahead) < _AHEAD * window:
                    row = next(source, None)
                    if row is None:
                        ended = True
                        break
                    needed = self.needs_object(row)
                    if needed:
                        self._begin(row)
                        fetching += 1
                    ahead.append((row, needed))
                if not ahead:
                    return
                row, needed = ahead.popleft()
                yield row, partial(self.of, row)
                if needed:
                    fetching -= 1
                    window = min(AT_ONCE, window * 2)
        finally:
            self.objects.forget()

    def of(self, row: HotRow) -> list[Keyed]:
        """Return the records of one row, in the order in which they are shown."""
        if not self.count_in(row):
            return []
        if row.holds(self.keep.level):
            return self._keyed(row, self._inline(row))
        found = self._stored(row)
        if found is None:
            inline = self._inline(row)
            self.gone.add(row, max(0, self.count_in(row) - len(self.keep.of_levels(inline))))
            return self._keyed(row, inline)
        return self._keyed(row, found)

    def _inline(self, row: HotRow) -> Sequence[Row]:
        self.on_unpacked(row.inline or b"")
        return row.rows

    def _stored(self, row: HotRow) -> Sequence[Row] | None:
        self._begin(row)
        frame = self.objects.frame(row)
        if frame is None:
            return None
        self.on_unpacked(frame)
        return rows_of(row, frame)

    def _begin(self, row: HotRow) -> None:
        if self.objects.begin(row):
            self.on_fetched()

    def needs_object(self, row: HotRow) -> bool:
        """Return whether the object of a row has to be read."""
        return not row.holds(self.keep.level) and self.count_in(row) > 0

    def count_in(self, row: HotRow) -> int:
        """Return how many records a row may have that are in the range and of a level that is asked for.

        It is exact but for a minute that the range covers in part.
        """
        if row.max_ts < self.span.since or row.min_ts >= self.span.until:
            return 0
        if row.counts is None or (row.min_ts in self.span and row.max_ts in self.span):
            fits = self.keep.level_fits
            return sum(count for level, count in row.level_counts.items() if fits(level))
        hour = hour_of(row.max_ts)
        first, last = (self.span.since - hour) // MINUTE, (self.span.until - 1 - hour) // MINUTE
        return sum(
            count
            for (minute, level), count in row.counts.items()
            if first <= minute <= last and self.keep.level_fits(level)
        )

    def _keyed(self, row: HotRow, rows: Sequence[Row]) -> list[Keyed]:
        if row.min_ts not in self.span or row.max_ts not in self.span:
            since, until = _text_of(self.span.since), _text_of(self.span.until)
            rows = [each for each in rows if since <= each.ts < until]
        app, order = row.appid, row.order
        found = [((each.ts, order, each.seq, each.event_id), app, each) for each in self.keep.of_rows(rows)]
        found.sort(key=itemgetter(0))
        return found


class Runs:
    """Sorted lists of records that are merged as far as no other list can have a record between."""

    def __init__(self) -> None:
        self._runs: list[list[Keyed]] = []

    def add(self, run: list[Keyed]) -> None:
        if run:
            self._runs.append(run)

    def before(self, moment: int) -> list[Keyed]:
        """Take out and return the records before a moment, oldest first."""
        return self._take(_text_of(moment), newer=False)

    def after(self, moment: int) -> list[Keyed]:
        """Take out and return the records after a moment, newest first."""
        return self._take(_text_of(moment), newer=True)

    def _take(self, text: str, *, newer: bool) -> list[Keyed]:
        taken: list[Keyed] = []
        several = 0
        for run in self._runs:
            cut = _position(run, text, after=newer)
            part = run[cut:] if newer else run[:cut]
            if part:
                several += 1
                taken += part
                del run[cut if newer else 0 : None if newer else cut]
        if several:
            self._runs = [run for run in self._runs if run]
        if several > 1:
            taken.sort(key=itemgetter(0))
        return taken[::-1] if newer else taken


def _position(run: list[Keyed], text: str, *, after: bool) -> int:
    """Return the number of records of a run before a time, or with `after`, at or before it."""
    low, high = 0, len(run)
    while low < high:
        middle = (low + high) // 2
        ts = run[middle][0][0]
        if ts < text or (after and ts == text):
            low = middle + 1
        else:
            high = middle
    return low


def milliseconds_of(key: RowKey) -> tuple[int, str, int, str]:
    """Return a place with its time in milliseconds."""
    return (from_iso(key[0]), *key[1:])
