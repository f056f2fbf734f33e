"""Suppressed events with the reason: debounce states together with the silences that apply to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from logctl.core.debounce import AlertKey, State, Status, decide
from logctl.core.silence import Silence, over
from logctl.core.times import iso
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.silences import SilenceStore


@dataclass(frozen=True)
class Standing:
    """One key's state at `now`, with the window in force and its silence's end. Times are milliseconds."""

    state: State
    window: int
    now: int
    silenced_until: int = 0

    @property
    def row(self) -> dict[str, Any]:
        """The members that commands and the API show."""
        state = self.state
        return {
            "key": str(state.key),
            "state": state.status.value,
            "next": decide(state, self.now, self.window, silenced_until=self.silenced_until).value,
            "window_left_ms": state.window_left(self.now, self.window),
            "counted": state.seen,
            "reported": state.reported,
            "held_back": state.held_back,
            "last_alert_at": iso(state.notified_at) if state.notified_at else None,
            "last_alert_id": state.last_alert or None,
            "last_event_at": iso(state.last_event_at),
            "silenced_until": iso(self.silenced_until) if self.silenced_until else None,
            "kind": state.template,
            "sample": state.sample or None,
        }


@dataclass(frozen=True)
class Standings:
    """A reader of states and silences. `window` is the one in force, in milliseconds."""

    store: AlertStore
    silences: SilenceStore
    window: int

    def all(self, *, now: int) -> list[Standing]:
        """Return every key that is open or has events to report: open ones first, most suppressed first."""
        kept = {silence.target: silence for silence in self.silences.kept()}
        states = self.store.attention(target for target, silence in kept.items() if silence.parked)
        states.sort(key=lambda state: (state.status is Status.CLOSED, -state.held_back, str(state.key)))
        held = ((state, over(state.key, kept.get, now)) for state in states)
        return [Standing(state, self.window, now, silence.until if silence else 0) for state, silence in held]

    def of(self, key: AlertKey, *, now: int) -> Standing | None:
        """Return the standing of one key; None when nothing was ever counted for it."""
        state = self.store.get(key)
        if state is None:
            return None
        return Standing(state, self.window, now, self.silences.until(key, now=now))


def silence_row(silence: Silence, now: int) -> dict[str, Any]:
    """Return the members of a silence that commands and the API show."""
    return {
        "target": silence.target,
        "active": silence.active(now),
        "until": iso(silence.until),
        "author": silence.author,
        "comment": silence.comment,
        "created_at": iso(silence.created_at),
    }
