"""What alerts are held back: the debounce states, read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from logctl.core.debounce import AlertKey, State, Status, decide
from logctl.core.errors import LogctlError, UsageError
from logctl.core.times import iso
from logctl.ops.deployment import Deployment
from logctl.pipeline.alert_store import AlertStore


@dataclass(frozen=True)
class Standing:
    """One key as it stands now. Times are milliseconds."""

    state: State
    window: int
    now: int

    @property
    def row(self) -> dict[str, Any]:
        """The standing for a table or a program."""
        state = self.state
        return {
            "key": str(state.key),
            "state": state.status.value,
            "next": decide(state, self.now, self.window).value,
            "window_left_ms": state.window_left(self.now, self.window),
            "counted": state.seen,
            "reported": state.reported,
            "held_back": state.held_back,
            "last_alert_at": iso(state.notified_at) if state.notified_at else None,
            "last_alert_id": state.last_alert or None,
            "last_event_at": iso(state.last_event_at),
            "kind": state.template,
            "sample": state.sample or None,
        }


def standings(deployment: Deployment, *, now: int) -> list[Standing]:
    """Every key that is open or has something to report, most held back first."""
    window = deployment.pipeline_config().alert_window
    states = _store(deployment).attention()
    states.sort(key=lambda state: (state.status is Status.CLOSED, -state.held_back, str(state.key)))
    return [Standing(state, window, now) for state in states]


def standing(deployment: Deployment, text: str, *, now: int) -> Standing:
    """One key.

    Raises:
        UsageError: the text is not a key.
        LogctlError: nothing was ever counted for it.
    """
    try:
        key = AlertKey.parse(text)
    except ValueError as problem:
        raise UsageError(f"{problem}.", "See the keys with: logctl debounce list") from None
    window = deployment.pipeline_config().alert_window
    state = _store(deployment).get(key)
    if state is None:
        raise LogctlError(f"Nothing was counted for {key}.", "See the keys with: logctl debounce list")
    return Standing(state, window, now)


def _store(deployment: Deployment) -> AlertStore:
    return AlertStore(deployment.aws.dynamodb, deployment.names.alerts_table)
