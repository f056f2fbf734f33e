"""Reading the hot store: a range, the newest N, pages, counts, and what arrives from now on.

`tail`, the API and so the dashboard read through this. Records of one app come in the order of their time;
equal times in the order of the queue, then of the producer. Following goes by arrival, so that late records
and new apps show up too.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter

from logctl.core import levels
from logctl.core.appid import is_glob, matching
from logctl.core.hot_rows import Chunk, hour_of
from logctl.core.records import Record
from logctl.core.times import SECOND, TimeRange
from logctl.pipeline.stores.hot import HotStore

OVERLAP = 30 * SECOND
"""How far back each poll looks: the index by arrival lags, and clocks of containers differ."""
_LOOK_FOR_APPS = 5 * SECOND
_AT_ONCE = 256
"""Chunks that are held at once, over all apps, when several are merged."""

SortKey = tuple[int, str, int, str]
"""Where a record stands in a listing: its time, its message's place in the queue, its place in the
message, its event_id. As a position of a page it is exclusive."""


@dataclass(frozen=True)
class Filter:
    """Which records people want to see."""

    level: str | None = None
    grep: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    def __call__(self, record: Record) -> bool:
        if not self.level_fits(record.level):
            return False
        if not self.by_text:
            return True
        text = record.message
        if record.fields:
            text += " " + json.dumps(dict(record.fields), ensure_ascii=False)
        return all(pattern.search(text) for pattern in self.grep) and not any(
            pattern.search(text) for pattern in self.exclude
        )

    @property
    def by_text(self) -> bool:
        """Whether a record has to be read for it: its level alone does not tell."""
        return bool(self.grep or self.exclude)

    def level_fits(self, level: str) -> bool:
        if self.level is None or level == self.level:
            return True
        return self.level in levels.ORDER and levels.at_least(level, self.level)


@dataclass(frozen=True)
class Page:
    """Records with their places, newest first.

    `older` is the position after which the next page begins, None at the end of the range. `complete` is
    False when reading was stopped before the page was full.
    """

    entries: list[tuple[SortKey, Record]]
    older: SortKey | None = None
    complete: bool = True

    @property
    def records(self) -> list[Record]:
        return [record for _, record in self.entries]

    def cut(self, count: int) -> Page:
        """The same page with its first records only."""
        return Page(self.entries[:count], self.entries[count - 1][0]) if count < len(self.entries) else self


@dataclass(frozen=True)
class Reader:
    """Reads the hot store. `clock` gives milliseconds; `may_read` says which apps are for whom it reads."""

    store: HotStore
    clock: Callable[[], int]
    keep: Filter = field(default_factory=Filter)
    may_read: Callable[[str], bool] = lambda app: True
    on_found: Callable[[Chunk], None] = lambda chunk: None
    on_unpacked: Callable[[Chunk], None] = lambda chunk: None
    """Told of each chunk that is read newest first, and of each whose records are looked at."""

    def apps(self, patterns: Sequence[str]) -> list[str]:
        """The readable apps that names and globs mean; a plain name counts even when it has not sent yet."""
        if patterns and not any(is_glob(pattern) for pattern in patterns):
            named = sorted(set(patterns))
        else:
            named = matching(self.store.apps(), patterns)
        return [app for app in named if self.may_read(app)]

    def history(self, apps: Iterable[str], span: TimeRange, seen: set[str] | None = None) -> Iterator[Record]:
        """The records of a range, oldest first; memory is bounded by one hour of each app."""
        streams = [self._ascending(app, span, seen) for app in apps]
        for _, record in heapq.merge(*streams, key=itemgetter(0)):
            yield record

    def _ascending(
        self, app: str, span: TimeRange, seen: set[str] | None
    ) -> Iterator[tuple[SortKey, Record]]:
        waiting: list[tuple[SortKey, int, Record]] = []
        count = 0
        for chunk in self.store.read(app, span, now=self.clock()):
            if seen is not None:
                seen.add(identity(app, chunk.sort_key))
            # Chunks come by their newest time and span no two hours: no later one reaches back past this.
            while waiting and waiting[0][0][0] < hour_of(chunk.max_ts):
                key, _, record = heapq.heappop(waiting)
                yield key, record
            for key, record in self.matching_records(chunk, span):
                count += 1
                heapq.heappush(waiting, (key, count, record))
        while waiting:
            key, _, record = heapq.heappop(waiting)
            yield key, record

    def newest(
        self, apps: Iterable[str], span: TimeRange, lines: int, seen: set[str] | None = None
    ) -> list[Record]:
        """The newest `lines` records of a range, oldest first."""
        found = islice(self._newest_first(apps, span, seen), max(0, lines))
        return [record for _, record in found][::-1]

    def page(
        self,
        apps: Iterable[str],
        span: TimeRange,
        size: int,
        *,
        before: SortKey | None = None,
        seen: set[str] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Page:
        """The newest `size` records of a range that stand before a position.

        A position is a place in time, not a count: what arrives meanwhile moves no record from one page to
        another.

        Args:
            stop: asked before each chunk is read; when it says so, the page ends with what is certain.
        """
        if before is not None:
            span = TimeRange(span.since, min(span.until, before[0] + 1))
        stopped_at: list[int] = []
        found: list[tuple[SortKey, Record]] = []
        for key, record in self._newest_first(apps, span, seen, stop, stopped_at):
            if before is not None and key >= before:
                continue
            if stopped_at and key[0] <= max(stopped_at):
                break  # an app that was not read on may have something newer
            if len(found) == size:
                return Page(found, found[-1][0])
            found.append((key, record))
        if not stopped_at:
            return Page(found)
        older: SortKey = (max(stopped_at) + 1, "", -1, "")
        # A chunk that reaches past the position may have stopped it: the position never moves up again.
        return Page(found, older if before is None else min(older, before), complete=False)

    def _newest_first(
        self,
        apps: Iterable[str],
        span: TimeRange,
        seen: set[str] | None = None,
        stop: Callable[[], bool] = lambda: False,
        stopped_at: list[int] | None = None,
    ) -> Iterator[tuple[SortKey, Record]]:
        places = [] if stopped_at is None else stopped_at
        listed = list(apps)
        at_once = max(1, _AT_ONCE // len(listed)) if len(listed) > 1 else None
        streams = [self._descending(app, span, seen, stop, places, at_once) for app in listed]
        return heapq.merge(*streams, key=itemgetter(0), reverse=True)

    def _descending(
        self,
        app: str,
        span: TimeRange,
        seen: set[str] | None,
        stop: Callable[[], bool],
        stopped_at: list[int],
        at_once: int | None,
    ) -> Iterator[tuple[SortKey, Record]]:
        waiting: list[tuple[SortKey, Record]] = []
        for chunk in self.store.read(app, span, now=self.clock(), newest_first=True, at_once=at_once):
            self.on_found(chunk)
            # No unread chunk holds anything newer than this one's newest.
            while waiting and waiting[-1][0][0] > chunk.max_ts:
                yield waiting.pop()
            if stop():
                stopped_at.append(chunk.max_ts)
                return
            if seen is not None:
                seen.add(identity(app, chunk.sort_key))
            waiting += self.matching_records(chunk, span)
            waiting.sort(key=itemgetter(0))
        while waiting:
            yield waiting.pop()

    def counted(
        self, apps: Iterable[str], span: TimeRange, step: int, *, stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[int, str, int]]:
        """Counts of a range by time and level, newest chunks first, for `core.histogram.buckets`.

        A chunk knows its counts; it is unpacked only where it lies across the edge of a bucket or the range,
        or its text matters.
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
                    for level, count in chunk.levels.items():
                        if self.keep.level_fits(level):
                            yield chunk.min_ts, level, count
                else:
                    for _, record in self.matching_records(chunk, span):
                        yield record.ts, record.level, 1

    def matching_records(self, chunk: Chunk, span: TimeRange) -> Iterator[tuple[SortKey, Record]]:
        self.on_unpacked(chunk)
        for record in chunk.records():
            if record.ts in span and self.keep(record):
                yield (record.ts, chunk.order, record.seq, record.event_id), record


@dataclass(frozen=True)
class Mark:
    """How far somebody has followed: from when on to look, and what of that they have (with its arrival)."""

    floor: int
    known: Mapping[str, int] = field(default_factory=dict)

    def within(self, most: int) -> Mark:
        """The same, remembering at most so many chunks: beyond, it looks back less far instead."""
        if len(self.known) <= most:
            return self
        newest = sorted(self.known.items(), key=itemgetter(1))[-most:]
        return Mark(max(self.floor, newest[0][1]), dict(newest))


class Follower:
    """Hands out what arrives after it was made, each chunk once.

    Make it before reading the history and give it the `seen` of that reading: what arrives between the
    two is in one of them, and in one only. One that is made from a `mark` goes on from there.
    """

    def __init__(self, reader: Reader, patterns: Sequence[str], mark: Mark | None = None) -> None:
        self._reader = reader
        self._patterns = patterns
        self._apps: list[str] = []
        self._apps_read_at = -_LOOK_FOR_APPS
        self.seen: set[str] = set()
        self._look_for_apps()
        if mark is None:
            floor = reader.clock() - OVERLAP
            mark = Mark(floor, {chunk: at for chunk, at, _ in self._arrived(floor)})
        self._floor = mark.floor
        self._known = dict(mark.known)

    def mark(self, *, look: bool = True) -> Mark:
        """How far it is, history included; what arrived while that was read may come again without a look."""
        look = look and bool(self.seen)
        read = {c: at for c, at, _ in self._arrived(self._floor) if c in self.seen} if look else {}
        return Mark(self._floor, {**self._known, **read})

    def poll(
        self, span: TimeRange, *, most: int | None = None, stop: Callable[[], bool] = lambda: False
    ) -> list[Record]:
        """The records that arrived since the last poll and lie in the range, in order of their time.

        Args:
            most: chunks to read, those first that came first; what is left comes with the next poll.
            stop: asked before each chunk is unpacked; when it says so, the others are left too.
        """
        self._look_for_apps()
        now = self._reader.clock()
        fresh: list[tuple[int, str, tuple[str, str]]] = []
        for chunk, at, place in self._arrived(self._floor):
            if chunk in self._known or chunk in self.seen:
                self._known[chunk] = at
            else:
                fresh.append((at, chunk, place))
        fresh.sort()
        found: list[tuple[SortKey, Record]] = []
        left = fresh[most:] if most is not None else []
        for item, stored in self._stored(fresh[:most]):
            if stop():
                left.append(item)
                continue
            self._known[item[1]] = item[0]
            found += self._reader.matching_records(stored, span) if stored else []
        # However long until the next poll, it looks back from this one: what came before can be forgotten.
        self._floor = max(self._floor, min([now - 2 * OVERLAP, *(at for at, _, _ in left)]))
        self._known = {chunk: at for chunk, at in self._known.items() if at >= self._floor}
        found.sort(key=itemgetter(0))
        return [record for _, record in found]

    def _stored(
        self, fresh: Sequence[tuple[int, str, tuple[str, str]]]
    ) -> Iterator[tuple[tuple[int, str, tuple[str, str]], Chunk | None]]:
        """Each with its chunk, app by app; None for one that is gone."""
        keys: dict[str, list[str]] = {}
        for _, _, (app, key) in fresh:
            keys.setdefault(app, []).append(key)
        for app, wanted in keys.items():
            there = {chunk.sort_key: chunk for chunk in self._reader.store.get(app, wanted)}
            for item in fresh:
                if item[2][0] == app:
                    yield item, there.get(item[2][1])

    def _arrived(self, since: int) -> Iterator[tuple[str, int, tuple[str, str]]]:
        for app in self._apps:
            for key, arrived in self._reader.store.arrived(app, since):
                yield identity(app, key), arrived, (app, key)

    def _look_for_apps(self) -> None:
        now = self._reader.clock()
        if now - self._apps_read_at >= _LOOK_FOR_APPS:
            self._apps = self._reader.apps(self._patterns)
            self._apps_read_at = now


def identity(app: str, sort_key: str) -> str:
    """A chunk in twelve digits: short, because a mark holds many and has to fit a URL."""
    return hashlib.sha256(f"{app}/{sort_key}".encode()).hexdigest()[:12]
