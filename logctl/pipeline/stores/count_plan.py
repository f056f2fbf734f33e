"""The transaction that counts a message: what is read before it, what it writes, what a refusal means.

Everything here builds or reads a request's parts and calls nothing. `stores.alert_states` sends them.

A message has one marker, under the name of its app, however many kinds of error it has. Two other ways of
counting have a marker for each key: earlier versions count each key of a message in a transaction of its own,
and rows that they have left in the outbox are counted as such parts. So that nothing is counted in two of
these ways, a message that is delivered again is counted with the markers of its keys too, and without what
these show to be counted. A message that comes for the first time, as far as the queue knows, is only looked
up under the marker of its first key: who counts key by key begins with that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from logctl.core.debounce import KINDS_PER_WINDOW, AlertKey, State, Status, Tally, assign, counted
from logctl.pipeline.stores.alert_items import (
    add_events,
    add_kinds,
    kinds_key,
    marker_key,
    put_marker,
    state_key,
    to_state,
)
from logctl.pipeline.stores.attention_index import home


@dataclass(frozen=True)
class Counted:
    """The result of counting a message.

    `added` is what was counted now, by the key it was counted under: nothing when the message was counted
    before. `states` are those that may have something to publish, as they are after that. When the message
    was counted before, its first delivery may have ended before it published, under either key.
    """

    added: tuple[Tally, ...]
    states: tuple[State, ...]


@dataclass(frozen=True)
class CountReading:
    """What was read before a message is counted.

    `kinds` is how many kinds of the app have opened in this window at least. `markers` are the names of the
    message's markers, as far as they were looked up.
    """

    states: Mapping[AlertKey, State]
    kinds: int
    markers: Set[str]
    counted_by_key: bool
    """Whether the message's first key has a marker of its own."""


@dataclass(frozen=True)
class CountPlan:
    """A transaction, and the result if it succeeds. It has no items when there is nothing left to count.

    The first `markers` of its items are markers; `opened` is how many kinds it counts as new.
    """

    items: list[Any]
    markers: int
    opened: int
    counted: Counted

    def marks(self, refused: Set[int]) -> bool:
        """Return whether a marker is among the refused items."""
        return min(refused) < self.markers


class Counting:
    """The counting of one message. Times are milliseconds."""

    def __init__(
        self,
        table: str,
        batch_id: str,
        tallies: Sequence[Tally],
        *,
        now: int,
        at: int,
        window: int,
        part: bool,
    ) -> None:
        """Describe what is to be counted.

        - `tallies`: one for each key, all of one app.
        - `at`: the moment whose window new kinds are counted in.
        - `part`: whether the message has tallies besides these, which are counted by themselves.
        """
        self.batch_id = batch_id
        self._table = table
        self._appid = tallies[0].key.appid
        self._tallies = tallies
        self._now = now
        self._at = at
        self._window = window
        self._part = part

    @property
    def window_key(self) -> str:
        """The app and the window in which new kinds are counted, as text."""
        key = kinds_key(self._appid, self._at, self._window)
        return f"{key['pk']['S']}#{key['sk']['S']}"

    # ── CountReading ─────────────────────────────────────────────────────────────────────────────────────

    def wanted(self, known: int, *, again: bool, closely: bool) -> list[Any]:
        """Return the keys of the items to read.

        - `known`: how many kinds of the app have opened in this window at least.
        - `again`: the markers are read by a query.
        - `closely`: read also what is needed only when the app has too many kinds.
        """
        keys = [each.key for each in self._tallies]
        wanted = [] if again else [marker_key(self.batch_id, str(keys[0]))]
        if closely or known + len(keys) > KINDS_PER_WINDOW:
            keys += [key.overflow for key in keys]
        if closely:
            wanted.append(kinds_key(self._appid, self._at, self._window))
        return wanted + [state_key(key) for key in dict.fromkeys(keys)]

    def reading(self, items: Iterable[Mapping[str, Any]], markers: Set[str], known: int) -> CountReading:
        """Return what the items and the markers of the message say."""
        states: dict[AlertKey, State] = {}
        kinds, by_key = known, str(self._tallies[0].key) in markers
        for item in items:
            kind = item["pk"]["S"].partition("#")[0]
            if kind == "ALERT":
                state = to_state(item)
                states[state.key] = state
            elif kind == "KINDS":
                kinds = int(item["kinds"]["N"])
            else:
                by_key = True
        return CountReading(states, kinds, markers, by_key)

    # ── Writing ─────────────────────────────────────────────────────────────────────────────────────

    def plan(self, reading: CountReading, *, by_key: bool) -> CountPlan:
        """Return the transaction that counts what is not counted yet.

        `by_key`: whether the message may have been counted before, as a whole or key by key.
        """
        tallies = [each for each in self._tallies if str(each.key) not in reading.markers]
        if self._appid in reading.markers or not tallies:
            return CountPlan([], 0, 0, Counted((), tuple(reading.states.values())))
        names = [] if self._part else [self._appid]
        if by_key:
            names += [str(each.key) for each in tallies]
        added, opened = assign(tallies, reading.states, reading.kinds)
        items = [put_marker(self._table, self.batch_id, name, self._now) for name in names]
        items += [self._addition(each, reading.states.get(each.key)) for each in added]
        if opened:
            items.append(
                add_kinds(self._table, self._appid, opened, now=self._now, at=self._at, window=self._window)
            )
        states = dict(reading.states) if by_key else {}
        for each in added:
            after = counted(reading.states.get(each.key), each, self._now)
            states[each.key] = replace(after, place=after.place or home(each.key))
        return CountPlan(items, len(names), opened, Counted(tuple(added), tuple(states.values())))

    def _addition(self, tally: Tally, before: State | None) -> Any:
        # What is read as open must still be open: the events of a closed state may open a kind.
        only_if_open = before is not None and before.status is Status.OPEN
        return add_events(self._table, tally, now=self._now, shard=home(tally.key), only_if_open=only_if_open)
