"""Following the hot store: the records that arrive from now on, each chunk once.

Following uses the time of arrival and not the time in the records, so that late records and new apps
are found too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from logctl.core.appid import is_glob, matching
from logctl.core.batches import batched
from logctl.core.hot_rows import HotRow, lane_of
from logctl.core.times import HOUR, MINUTE, SECOND, TimeRange
from logctl.pipeline.stores.hot_contents import Keyed
from logctl.pipeline.stores.hot_reader import Reader, chunk_id

OVERLAP = 30 * SECOND
"""How far before the last poll a poll looks: the index by arrival lags, and clocks of containers differ."""
_LOOK_BACK = 5 * SECOND
"""How far before the last poll most polls look: by then nearly everything is in the index."""
_LOOK_FAR = 10 * SECOND
"""How often a poll looks back by `OVERLAP`."""
_LOOK_FOR_APPS = 20 * SECOND
_LOOK_FOR_NAMED = 5 * SECOND
"""How often apps are looked for while one that is named has sent nothing."""
_NOTED_HOURLY = HOUR + 10 * MINUTE
"""Earlier versions note an app once an hour: for how long rows of theirs may arrive without a note."""
_ROWS_AT_ONCE = 100
_ONLY_LANE = lane_of("", 1)
_QUICK, _IDLE = 0.1, 1.1
"""Seconds between two polls. An idle follower sends at most one request a second, with those for apps."""
_BUSY_FOR = 10 * SECOND


@dataclass(frozen=True)
class Mark:
    """The position of a follower, from which another `Follower` can continue.

    Chunks that arrived before `floor` (milliseconds) are not looked for any more. `known` holds the ids of
    the chunks after it that have been read, with their arrival.
    """

    floor: int
    known: Mapping[str, int] = field(default_factory=dict)

    def within(self, most: int) -> Mark:
        """Return a mark with at most `most` known chunks; if there are more, its floor is later."""
        if len(self.known) <= most:
            return self
        newest = sorted(self.known.items(), key=itemgetter(1))[-most:]
        return Mark(max(self.floor, newest[0][1]), dict(newest))


@dataclass(frozen=True, order=True, slots=True)
class _Arrival:
    """A chunk that has arrived, at a time in milliseconds. The order is that of arrival."""

    at: int
    chunk: str
    app: str
    sort_key: str


class Follower:
    """A reader of the chunks that arrive after its creation, each once.

    To show a history first, make the follower before the history is read, and call `skip` with the chunks of
    that reading: what arrives between the two is then shown once. With a `mark` it continues from there.
    """

    def __init__(self, reader: Reader, patterns: Sequence[str], mark: Mark | None = None) -> None:
        self._reader = reader
        self._patterns = patterns
        self._wanted: dict[str, bool] = {}
        self._lanes: list[str] = []
        self._of_earlier_versions: list[str] = []
        self._look_for_apps_at = 0
        self._looked_far_at = self._polled_at = 0
        self._busy_until = 0
        self._skipped: set[str] = set()
        self._look_for_apps()
        if mark is None:
            floor = reader.clock() - OVERLAP
            mark = Mark(floor, {arrival.chunk: arrival.at for arrival in self._arrived(floor)})
        self._floor = mark.floor
        self._known = dict(mark.known)

    @property
    def pause(self) -> float:
        """How many seconds to wait before the next poll: less while something arrives."""
        return _QUICK if self._reader.clock() < self._busy_until else _IDLE

    def skip(self, chunks: Iterable[str]) -> None:
        """Do not return these chunks (by `chunk_id`): they have been read elsewhere."""
        self._skipped |= set(chunks)

    def mark(self, *, look: bool = True) -> Mark:
        """Return the present position; skipped chunks count as read.

        Args:
            look: read the arrivals of the skipped chunks. Without, chunks that arrived while the history was
                read may be returned once more.
        """
        known = dict(self._known)
        if look and self._skipped:
            known |= {
                arrival.chunk: arrival.at
                for arrival in self._arrived(self._floor)
                if arrival.chunk in self._skipped
            }
        return Mark(self._floor, known)

    def poll(
        self, span: TimeRange, *, most: int | None = None, stop: Callable[[], bool] = lambda: False
    ) -> list[Keyed]:
        """Return the records in a range that arrived since the last poll, in the order of their times.

        At most `most` chunks are read, those first that arrived first. `stop` is called before each chunk is
        unpacked; when it returns True, the others are left. The next poll reads what is left.
        """
        self._look_for_apps()
        now = self._reader.clock()
        fresh: list[_Arrival] = []
        for arrival in self._arrived(self._since(now)):
            if arrival.chunk in self._known or arrival.chunk in self._skipped:
                self._known[arrival.chunk] = arrival.at
            else:
                fresh.append(arrival)
        fresh.sort()
        if fresh:
            self._busy_until = now + _BUSY_FOR
        found: list[Keyed] = []
        left = fresh[most:] if most is not None else []
        arrivals: dict[str, _Arrival] = {}

        def stored() -> Iterator[HotRow]:
            for arrival, row in self._stored(fresh[:most]):
                if row is None:
                    self._known[arrival.chunk] = arrival.at
                else:
                    arrivals[arrival.chunk] = arrival
                    yield row

        for row, read in self._reader.contents(span).in_turn(stored()):
            arrival = arrivals[chunk_id(row.appid, row.sort_key)]
            if stop():
                left.append(arrival)
                continue
            found += read()
            self._known[arrival.chunk] = arrival.at
        if left:
            self._looked_far_at = 0
        # The next poll looks back from this one, however late it comes: what arrived before can be forgotten.
        self._floor = max(self._floor, min([now - 2 * OVERLAP, *(arrival.at for arrival in left)]))
        self._known = {chunk: at for chunk, at in self._known.items() if at >= self._floor}
        found.sort(key=itemgetter(0))
        return found

    def _since(self, now: int) -> int:
        """Return how far back a poll looks."""
        before, self._polled_at = self._polled_at, now
        if now - self._looked_far_at < _LOOK_FAR:
            return max(self._floor, before - _LOOK_BACK)
        self._looked_far_at = now
        return self._floor

    def _stored(self, arrivals: Sequence[_Arrival]) -> Iterator[tuple[_Arrival, HotRow | None]]:
        """Yield each arrival with its row; None for a row that was deleted."""
        for some in batched(arrivals, _ROWS_AT_ONCE):
            found = self._reader.store.get([(arrival.app, arrival.sort_key) for arrival in some])
            for arrival in some:
                yield arrival, found.get((arrival.app, arrival.sort_key))

    def _arrived(self, since: int) -> Iterable[_Arrival]:
        """Return what has arrived since a moment, each row once."""
        store = self._reader.store
        found = [item for lane in self._lanes for item in store.arrived_in(lane, since)]
        for app in self._of_earlier_versions:
            found += [(app, sort_key, at) for sort_key, at in store.arrived(app, since)]
        wanted = ((app, key, at) for app, key, at in found if self._wants(app))
        arrivals = (_Arrival(at, chunk_id(app, key), app, key) for app, key, at in wanted)
        return {arrival.chunk: arrival for arrival in arrivals}.values()

    def _wants(self, app: str) -> bool:
        if app not in self._wanted:
            self._wanted[app] = bool(matching([app], self._patterns)) and self._reader.may_read(app)
        return self._wanted[app]

    def _look_for_apps(self) -> None:
        """Read the list of apps, for the lanes of those that are followed, if it was not read lately.

        An app that is not listed yet is in the only lane there is, or is found when it is listed. The rows of
        an app that an earlier version has noted within the last hour are looked for in that version's index,
        until the app has a lane: an app's messages are stored by one consumer at a time.
        """
        now = self._reader.clock()
        if now < self._look_for_apps_at:
            return
        listed = [item for item in self._reader.store.listed() if self._wants(item.name)]
        lanes = {item.lane for item in listed if item.lane is not None} or {_ONLY_LANE}
        if not lanes.issubset(self._lanes):
            # The setting has changed. Containers may still write to the lanes of before.
            self._lanes = sorted(lanes.union(self._lanes))
            self._looked_far_at = 0
        self._of_earlier_versions = [
            item.name for item in listed if item.lane is None and item.seen_at > now - _NOTED_HOURLY
        ]
        missing = set(self._patterns) - {item.name for item in listed}
        named = any(not is_glob(pattern) for pattern in missing)
        self._look_for_apps_at = now + (_LOOK_FOR_NAMED if named or not listed else _LOOK_FOR_APPS)
