"""Reading the hot store: a range, the newest N, and what arrives from now on.

Records of one app come in the order of their time; equal times in the order of the queue, then of the
producer. Following goes by arrival, so that late records and new apps show up too.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from logctl.core import levels
from logctl.core.appid import is_glob, matching
from logctl.core.chunks import Chunk, hour_of
from logctl.core.records import Record
from logctl.core.times import SECOND, TimeRange
from logctl.pipeline.hot import HotStore

OVERLAP = 30 * SECOND
"""How far back each poll looks: the index by arrival lags, and clocks of containers differ."""
_LOOK_FOR_APPS = 5 * SECOND

SortKey = tuple[int, str, int]


@dataclass(frozen=True)
class Filter:
    """Which records people want to see."""

    level: str | None = None
    grep: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    def __call__(self, record: Record) -> bool:
        if self.level and not self._level_fits(record.level):
            return False
        if not self.grep and not self.exclude:
            return True
        text = record.message
        if record.fields:
            text += " " + json.dumps(dict(record.fields), ensure_ascii=False)
        return all(pattern.search(text) for pattern in self.grep) and not any(
            pattern.search(text) for pattern in self.exclude
        )

    def _level_fits(self, level: str) -> bool:
        assert self.level is not None
        return level == self.level or (self.level in levels.ORDER and levels.at_least(level, self.level))


@dataclass(frozen=True)
class Reader:
    """Reads the hot store. `clock` gives milliseconds."""

    store: HotStore
    clock: Callable[[], int]
    keep: Filter = field(default_factory=Filter)

    def apps(self, patterns: Sequence[str]) -> list[str]:
        """The apps that names and globs mean; a plain name counts even when it has not sent yet."""
        if patterns and not any(is_glob(pattern) for pattern in patterns):
            return sorted(set(patterns))
        return matching(self.store.apps(), patterns)

    def history(self, apps: Iterable[str], span: TimeRange, seen: set[str] | None = None) -> Iterator[Record]:
        """The records of a range, oldest first; memory is bounded by one hour of each app."""
        streams = [self._app_history(app, span, seen) for app in apps]
        for _, record in heapq.merge(*streams, key=lambda pair: pair[0]):
            yield record

    def _app_history(
        self, app: str, span: TimeRange, seen: set[str] | None
    ) -> Iterator[tuple[SortKey, Record]]:
        waiting: list[tuple[SortKey, int, Record]] = []
        count = 0
        for chunk in self.store.read(app, span, now=self.clock()):
            if seen is not None:
                seen.add(_identity(chunk))
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
        if lines <= 0:
            return []
        found: list[tuple[SortKey, Record]] = []
        for app in apps:
            found += self._app_newest(app, span, lines, seen)
        found.sort(key=lambda pair: pair[0])
        return [record for _, record in found[-lines:]]

    def _app_newest(
        self, app: str, span: TimeRange, lines: int, seen: set[str] | None
    ) -> list[tuple[SortKey, Record]]:
        best: list[tuple[SortKey, int, Record]] = []
        count = 0
        for chunk in self.store.read(app, span, now=self.clock(), newest_first=True):
            if len(best) == lines and best[0][0][0] > chunk.max_ts:
                break  # no unread chunk holds anything newer
            if seen is not None:
                seen.add(_identity(chunk))
            for key, record in self.matching_records(chunk, span):
                count += 1
                push = heapq.heappush if len(best) < lines else heapq.heappushpop
                push(best, (key, count, record))
        return [(key, record) for key, _, record in best]

    def matching_records(self, chunk: Chunk, span: TimeRange) -> Iterator[tuple[SortKey, Record]]:
        for record in chunk.records():
            if record.ts in span and self.keep(record):
                yield (record.ts, chunk.order, record.seq), record


class Follower:
    """Hands out what arrives after it was made, each chunk once.

    Make it before reading the history and give it the `seen` of that reading: what arrives between the
    two is in one of them, and in one only.
    """

    def __init__(self, reader: Reader, patterns: Sequence[str]) -> None:
        self._reader = reader
        self._patterns = patterns
        self._started = reader.clock()
        self._apps: list[str] = []
        self._apps_read_at = -_LOOK_FOR_APPS
        self._handed_out: dict[str, int] = {}
        self.seen: set[str] = set()
        self._look_for_apps()
        for app in self._apps:
            for key, _ in reader.store.arrived(app, self._started - OVERLAP):
                self.seen.add(f"{app}/{key}")

    def poll(self, span: TimeRange) -> list[Record]:
        """The records that arrived since the last poll and lie in the range, in order of their time."""
        now = self._reader.clock()
        self._look_for_apps()
        fresh: list[tuple[SortKey, Record]] = []
        for app in self._apps:
            since = max(self._started, now - OVERLAP) - OVERLAP
            keys = []
            for key, arrived in self._reader.store.arrived(app, since):
                identity = f"{app}/{key}"
                if identity not in self.seen and identity not in self._handed_out:
                    self._handed_out[identity] = arrived
                    keys.append(key)
            for chunk in self._reader.store.get(app, keys):
                fresh += self._reader.matching_records(chunk, span)
        self._forget(now)
        fresh.sort(key=lambda pair: pair[0])
        return [record for _, record in fresh]

    def _look_for_apps(self) -> None:
        now = self._reader.clock()
        if now - self._apps_read_at >= _LOOK_FOR_APPS:
            self._apps = self._reader.apps(self._patterns)
            self._apps_read_at = now

    def _forget(self, now: int) -> None:
        """Keys older than any poll looks back need not be remembered."""
        for identity in [key for key, at in self._handed_out.items() if at < now - 4 * OVERLAP]:
            del self._handed_out[identity]


def _identity(chunk: Chunk) -> str:
    return f"{chunk.appid}/{chunk.sort_key}"
