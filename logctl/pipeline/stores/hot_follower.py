"""Following the hot store: the records that arrive from now on, each chunk once.

Following uses the time of arrival and not the time in the records, so that late records and new apps
are found too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from logctl.core.hot_rows import HotRow
from logctl.core.times import SECOND, TimeRange
from logctl.pipeline.stores.hot_contents import Keyed
from logctl.pipeline.stores.hot_reader import Reader, chunk_id

OVERLAP = 30 * SECOND
"""How far before the last poll a poll looks: the index by arrival lags, and clocks of containers differ."""
_LOOK_FOR_APPS = 5 * SECOND


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
        self._apps: list[str] = []
        self._apps_read_at = -_LOOK_FOR_APPS
        self._skipped: set[str] = set()
        self._look_for_apps()
        if mark is None:
            floor = reader.clock() - OVERLAP
            mark = Mark(floor, {arrival.chunk: arrival.at for arrival in self._arrived(floor)})
        self._floor = mark.floor
        self._known = dict(mark.known)

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
        for arrival in self._arrived(self._floor):
            if arrival.chunk in self._known or arrival.chunk in self._skipped:
                self._known[arrival.chunk] = arrival.at
            else:
                fresh.append(arrival)
        fresh.sort()
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
        # The next poll looks back from this one, however late it comes: what arrived before can be forgotten.
        self._floor = max(self._floor, min([now - 2 * OVERLAP, *(arrival.at for arrival in left)]))
        self._known = {chunk: at for chunk, at in self._known.items() if at >= self._floor}
        found.sort(key=itemgetter(0))
        return found

    def _stored(self, arrivals: Iterable[_Arrival]) -> Iterator[tuple[_Arrival, HotRow | None]]:
        """Yield each arrival with its chunk, app by app; None for a chunk that was deleted."""
        by_app: dict[str, list[_Arrival]] = {}
        for arrival in arrivals:
            by_app.setdefault(arrival.app, []).append(arrival)
        for app, wanted in by_app.items():
            found = self._reader.store.get(app, [arrival.sort_key for arrival in wanted])
            chunks = {chunk.sort_key: chunk for chunk in found}
            for arrival in wanted:
                yield arrival, chunks.get(arrival.sort_key)

    def _arrived(self, since: int) -> Iterator[_Arrival]:
        for app in self._apps:
            for sort_key, at in self._reader.store.arrived(app, since):
                yield _Arrival(at, chunk_id(app, sort_key), app, sort_key)

    def _look_for_apps(self) -> None:
        now = self._reader.clock()
        if now - self._apps_read_at >= _LOOK_FOR_APPS:
            self._apps = self._reader.apps(self._patterns)
            self._apps_read_at = now
