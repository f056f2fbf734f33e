"""The stores and the topic of alerting in memory, for one process and one clock.

`logctl debounce simulate` runs the pipeline's `Alerter` and `Sweep` on them. Other containers, redeliveries,
lost replies and silences, for which DynamoDB's conditions are needed, do not occur there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from logctl.core.debounce import (
    CLOCK_TOLERANCE,
    Action,
    Alert,
    AlertKey,
    Claim,
    State,
    Status,
    Tally,
    assign,
    counted,
)
from logctl.core.silence import Silence
from logctl.pipeline.stores.attention_index import IndexPage, home
from logctl.pipeline.stores.count_plan import Counted
from logctl.pipeline.stores.outbox import Uncounted


class MemoryAlertStore:
    """The debounce states that `AlertStore` keeps in DynamoDB, in dictionaries, without markers and leases.

    `len()` is the number of states.
    """

    def __init__(self) -> None:
        self._states: dict[AlertKey, State] = {}
        self._index: dict[str, dict[AlertKey, None]] = {}
        self._kinds: dict[tuple[str, int], int] = {}
        self._called_at = 0

    def __len__(self) -> int:
        return len(self._states)

    def next_due(self, window: int) -> int | None:
        """Return the earliest moment (milliseconds) at which a sweep has something to do; None for never."""
        open_states = (self._states[key] for keys in self._index.values() for key in keys)
        return min(
            (each.observed_at + window if each.observed_at else each.notified_at + 1 for each in open_states),
            default=None,
        )

    # ── As AlertStore ───────────────────────────────────────────────────────────────────────────────

    def begin_sweep(self, called_at: int) -> bool:
        """Record the time of a sweep's call, unless a later one was recorded."""
        if called_at <= self._called_at:
            return False
        self._called_at = called_at
        return True

    def last_sweep(self) -> int:
        return self._called_at

    def count(
        self,
        batch_id: str,  # noqa: ARG002
        tallies: Sequence[Tally],
        *,
        now: int,
        window: int,
        swept_at: int = 0,  # noqa: ARG002
        again: bool = False,  # noqa: ARG002
        part: bool = False,  # noqa: ARG002
    ) -> Counted:
        """Count tallies, in the window that holds `now`.

        In DynamoDB the last sweep decides about the window; a simulation leaves out the sweeps that find
        nothing.
        """
        this_window = (tallies[0].key.appid, now // window)
        kinds = self._kinds.get(this_window, 0)
        added, opened = assign(tallies, self._states, kinds)
        self._kinds[this_window] = kinds + opened
        states = [self._put(counted(self._states.get(each.key), each, now)) for each in added]
        return Counted(tuple(added), tuple(states))

    def get(self, key: AlertKey) -> State | None:
        return self._states.get(key)

    def states(self, keys: Sequence[AlertKey]) -> list[State]:
        return [self._states[key] for key in keys if key in self._states]

    def due(
        self,
        place: str,
        *,
        now: int,
        window: int,
        start: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[IndexPage]:
        """Yield the keys that are due. An alert of this very millisecond is not in the index yet."""
        states = (self._states[key] for key in self._index.get(place, ()))
        keys = [
            state.key
            for state in states
            if state.notified_at < now and not now - window < state.observed_at <= now + CLOCK_TOLERANCE
        ]
        yield IndexPage(keys, None)

    def everything(self, place: str) -> Iterator[IndexPage]:
        yield IndexPage(list(self._index.get(place, ())), None)

    def observe(self, state: State, *, at: int) -> bool:
        self._put(replace(state, observed_at=at))
        return True

    def claim(
        self,
        state: State,
        action: Action,
        *,
        now: int,
        window: int,
        swept_at: int = 0,  # noqa: ARG002
    ) -> State | None:
        """Freeze what an alert covers. The claim itself is not kept, because there is no other publisher."""
        if action is Action.RECOVER:
            return state
        upto = state.reported + 1 if action is Action.OPEN else state.seen
        return replace(state, claim=Claim(upto, state.seen, now, window))

    def commit(self, state: State, alert: Alert, *, now: int, swept_at: int = 0) -> bool:
        """Record that an alert was published; the next sweep begins its window."""
        assert state.claim is not None
        self._put(
            replace(
                state,
                seq=state.seq + 1,
                reported=state.claim.upto,
                notified_at=now,
                observed_at=0,
                swept_at=swept_at,
                status=Status.OPEN,
                last_alert=alert.alert_id,
                claim=None,
            )
        )
        return True

    def close(self, state: State, alert: Alert, *, now: int) -> bool:  # noqa: ARG002
        """Close a state after its recovery was published."""
        self._put(
            replace(
                state,
                seq=state.seq + 1,
                status=Status.CLOSED,
                sample="",
                observed_at=0,
                swept_at=0,
                last_alert=alert.alert_id,
            )
        )
        return True

    def _put(self, state: State) -> State:
        self._states[state.key] = state
        place = self._index.setdefault(home(state.key), {})
        if state.status is Status.OPEN or state.held_back:
            place[state.key] = None
        else:
            place.pop(state.key, None)
        return state

    # ── What does not occur: a failed publish, another publisher, a silence ─────────────────────────

    def release(self, state: State) -> None:
        raise NotImplementedError

    def see_claim(self, state: State, *, at: int) -> bool:
        raise NotImplementedError

    def park(self, state: State, target: str) -> bool:
        raise NotImplementedError

    def bring_back(self, state: State) -> bool:
        raise NotImplementedError


class NoSilences:
    """Nothing is silenced."""

    def of(self, targets: Iterable[str]) -> Mapping[str, Silence]:  # noqa: ARG002
        return {}

    def kept(self) -> list[Silence]:
        return []

    def holds(self, target: str) -> bool:  # noqa: ARG002
        return False

    def holds_nothing(self, silence: Silence, *, now: int) -> bool:  # noqa: ARG002
        return False


class EmptyOutbox:
    """Everything is counted at once."""

    def put(self, batch_id: str, tallies: Sequence[Tally]) -> None:
        raise NotImplementedError

    def rows(self, place: str, most: int) -> list[Uncounted]:  # noqa: ARG002
        return []

    def remove(self, row: Uncounted) -> None:
        raise NotImplementedError


class PublishedAlerts:
    """A topic that keeps published alerts until `take` returns them."""

    def __init__(self) -> None:
        self._alerts: list[Alert] = []

    def publish(self, alert: Alert) -> None:
        self._alerts.append(alert)

    def take(self) -> list[Alert]:
        """Return the alerts that were published since the last call."""
        taken, self._alerts = self._alerts, []
        return taken
