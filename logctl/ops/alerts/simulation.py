"""The rules of alerting over a log, offline: the alerts that would have gone out, and when.

The clock is the events' own time: each event counts as arriving when it says it happened, alone, and the
sweeper comes every full minute. Deciding, counting by kind and the words are `core.debounce`'s; what the
stores do in DynamoDB is a state in memory.
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
    Call,
    Claim,
    State,
    Status,
    Tally,
    compose,
    decide,
    decide_counted,
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
                if decide_counted(self._states[key]) is Action.OPEN:
                    yield self._publish(key, Action.OPEN, record.ts, swept_at=0)
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
            state = self._states[key]
            action = decide(state, at, self.window)
            if action.publishes:
                yield self._publish(key, action, at, swept_at=at)
            elif state.status is Status.OPEN and not state.observed(at):
                begins = state.begins_at(Call(at, at), at)
                self._states[key] = replace(state, observed_at=begins)
                heapq.heappush(self._due, (_sweep_from(begins + self.window), key))

    def _publish(self, key: AlertKey, action: Action, now: int, *, swept_at: int) -> Told:
        """As `Alerter.publish`, where claim, publish and commit all succeed."""
        state = self._states[key]
        if action is Action.RECOVER:
            self._states[key] = replace(
                state, seq=state.seq + 1, status=Status.CLOSED, sample="", observed_at=0, swept_at=0
            )
            return Told(now, compose(state, action, stack=self.stack), state.template)
        upto = state.reported + 1 if action is Action.OPEN else state.seen
        claimed = replace(state, claim=Claim(upto, state.seen, now, self.window))
        self._states[key] = replace(
            state,
            seq=state.seq + 1,
            reported=upto,
            notified_at=now,
            observed_at=0,
            swept_at=swept_at,
            status=Status.OPEN,
        )
        # The next sweep sees that it is out.
        heapq.heappush(self._due, (_sweep_from(now + 1), key))
        return Told(now, compose(claimed, action, stack=self.stack), state.template)


def _sweep_from(moment: int) -> int:
    """The first sweep that is called at a moment or after it."""
    return -(-moment // SWEEP) * SWEEP
