"""The rules of alerting over a log, offline: the alerts that would have gone out, and when.

The clock is the events' own time: each event counts as arriving when it says it happened, alone, and the
sweeper comes every minute. Deciding, counting by kind and the words are `core.debounce`'s; what the stores do
in DynamoDB is a state in memory.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from logctl.core.debounce import (
    KINDS_PER_WINDOW,
    OVERFLOW_TEMPLATE,
    Action,
    Alert,
    AlertKey,
    Claim,
    State,
    Status,
    Tally,
    compose,
    decide,
    tally,
)
from logctl.core.records import Record
from logctl.core.times import MINUTE

SWEEP = MINUTE
"""How often what is due is looked for."""


@dataclass(frozen=True)
class Told:
    """An alert and when it would have gone out, in milliseconds."""

    at: int
    alert: Alert
    template: str


@dataclass
class Simulation:
    """One run over records in order of time. `window` is in milliseconds."""

    window: int
    level: str
    stack: str
    counted: int = 0
    _states: dict[AlertKey, State] = field(default_factory=dict)
    _kinds: dict[tuple[str, int], int] = field(default_factory=dict)
    _due: list[tuple[int, AlertKey]] = field(default_factory=list)

    @property
    def kinds(self) -> int:
        """Kinds of error so far, those that were counted under overflow as one."""
        return len(self._states)

    def run(self, records: Iterable[Record]) -> Iterator[Told]:
        """The alerts, as they would have gone out; after the last record the windows that are open end."""
        for record in records:
            for addition in tally([record], self.level):
                yield from self._sweep(until=record.ts)
                key = self._count(addition, record.ts)
                yield from self._settle(key, record.ts)
        yield from self._sweep(until=None)

    def _count(self, addition: Tally, now: int) -> AlertKey:
        """As `AlertStore.count`: a key that would open is one more kind of its app in this window."""
        self.counted += addition.count
        key, template = addition.key, addition.template
        state = self._states.get(key)
        if state is None or (state.status is Status.CLOSED and not state.held_back):
            window = (key.appid, now // self.window)
            if self._kinds.get(window, 0) >= KINDS_PER_WINDOW:
                key, template = key.overflow, OVERFLOW_TEMPLATE
                state = self._states.get(key)
            else:
                self._kinds[window] = self._kinds.get(window, 0) + 1
        state = state or State(key, Status.CLOSED, 0, 0, now, template=template)
        self._states[key] = replace(
            state, seen=state.seen + addition.count, sample=state.sample or addition.sample, last_event_at=now
        )
        return key

    def _sweep(self, *, until: int | None) -> Iterator[Told]:
        """Every minute up to a moment, or until nothing is due: what is due then."""
        while self._due and (until is None or self._due[0][0] < until):
            at, key = heapq.heappop(self._due)
            yield from self._settle(key, at)

    def _settle(self, key: AlertKey, now: int) -> Iterator[Told]:
        """As `Alerter.settle`, where claim, publish and commit all succeed."""
        state = self._states[key]
        action = decide(state, now, self.window)
        if not action.publishes:
            return
        if action is Action.RECOVER:
            yield Told(now, compose(state, action, stack=self.stack), state.template)
            self._states[key] = replace(state, seq=state.seq + 1, status=Status.CLOSED, sample="")
            return
        upto = state.reported + 1 if action is Action.OPEN else state.seen
        claimed = replace(state, claim=Claim(upto, state.seen, now, self.window))
        yield Told(now, compose(claimed, action, stack=self.stack), state.template)
        self._states[key] = replace(
            state, seq=state.seq + 1, reported=upto, notified_at=now, status=Status.OPEN
        )
        due = -(-(now + self.window) // SWEEP) * SWEEP
        heapq.heappush(self._due, (due, key))
