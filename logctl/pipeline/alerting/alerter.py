"""Carrying out the debounce rules: decide, claim, publish, commit.

The consumer counts and opens; the sweeper (`pipeline.alerting.sweep`) does everything that depends on a
clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from logctl.aws.clients import Aws
from logctl.aws.error_codes import TROUBLE
from logctl.core.debounce import (
    Action,
    Alert,
    AlertKey,
    Call,
    State,
    Tally,
    compose,
    decide_counted,
    may_publish,
)
from logctl.core.silence import Silence, over
from logctl.core.times import SECOND
from logctl.pipeline.alerting.interfaces import Silences, StateStore, Topic, UncountedTallies
from logctl.pipeline.alerting.topic import AlertTopic
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.function_log import log, where_of
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.outbox import Outbox
from logctl.pipeline.stores.silences import SilenceStore

_PAUSE_AFTER_FAILURE = 30 * SECOND
"""How long the consumer leaves publishing to the sweeper after a publish has failed."""
_REMEMBER_SWEEP = 10 * SECOND
"""How long a container goes by the time of the last sweep before it reads it again."""

Lookup = Callable[[str], Silence | None]
"""Returns the silence of a target, which is an app or a debounce key as text."""


def alerter_for(aws: Aws, config: PipelineConfig, clock: Callable[[], int]) -> Alerter:
    """Return the alerter of a deployed stack, with its stores in DynamoDB and its topic in SNS."""
    topic = AlertTopic(aws.sns, config.topic_arn)
    return Alerter(
        AlertStore(aws.dynamodb, config.alerts_table),
        SilenceStore(aws.dynamodb, config.alerts_table),
        Outbox(aws.dynamodb, config.hot_table),
        topic,
        stack=topic.stack,
        window=config.alert_window,
        clock=clock,
        flags=config.cli_flags,
    )


class Alerter:
    """Counting of events and publishing of alerts, for the consumer and the sweeper.

    `clock` is the process's own (milliseconds): it measures how long things take, and decides about nothing
    that another process has written.
    """

    def __init__(
        self,
        store: StateStore,
        silences: Silences,
        outbox: UncountedTallies,
        topic: Topic,
        *,
        stack: str,
        window: int,
        clock: Callable[[], int],
        flags: str = "",
        log: Callable[..., None] = log,
    ) -> None:
        """Create an alerter from its stores, topic and settings.

        - `stack`: the name in the subject of every alert.
        - `window`: milliseconds.
        - `flags`: what a command that an alert suggests needs to find this environment.
        - `log`: writes a line of the function's own log.
        """
        self.store = store
        self.silences = silences
        self.outbox = outbox
        self.topic = topic
        self.window = window
        self.clock = clock
        self.cursors: dict[str, dict[str, Any]] = {}
        """Where the next sweep continues, by place of the index, if the last one did not read all of it."""
        self._stack = stack
        self._flags = flags
        self._log = log
        self._failed_at = -_PAUSE_AFTER_FAILURE
        self._sweep_seen = (-_REMEMBER_SWEEP, 0)

    # ── The consumer's part ─────────────────────────────────────────────────────────────────────────

    def take(self, batch_id: str, tallies: Iterable[Tally]) -> None:
        """Count the events of a stored message, and publish the alerts that they open.

        What cannot be counted now goes to the outbox, together with the rest of this message: it must delay
        neither this message nor the later ones of its app.

        Raises:
            TROUBLE: the outbox cannot be written either.
        """
        silence_of = cache(self.silences.get)  # the silence of an app is read once for all of its kinds
        counting = True
        for tally in tallies:
            found = self._try_to_count(batch_id, tally) if counting else None
            if found is None:
                counting = False
                self.outbox.put(batch_id, tally)
            for key, state in (found or {}).items():
                self._try_to_notify(key, state, silence_of)

    def _try_to_count(self, batch_id: str, tally: Tally) -> dict[AlertKey, State | None] | None:
        try:
            return self.count(batch_id, tally)
        except TROUBLE as error:
            self._log("not_counted", batch_id=batch_id, key=str(tally.key), error=str(error))
            return None

    def _try_to_notify(self, key: AlertKey, state: State | None, silence_of: Lookup) -> None:
        """Publish the alert that a key opens. If that fails, the sweeper finds the counted events."""
        try:
            self._notify(key, state, silence_of)
        except Exception as error:  # noqa: BLE001 - the message is done, and must not come back for this
            self._log("not_notified", key=str(key), error=type(error).__name__, where=where_of(error))

    def count(self, batch_id: str, tally: Tally) -> dict[AlertKey, State | None]:
        """Count a tally, and return the keys that may have something to publish now.

        Each comes with its state, where counting has read it. When the batch was counted before, its first
        delivery may have ended before it published, under either key.
        """
        counted = self.store.count(
            batch_id, tally, now=self.clock(), window=self.window, swept_at=self._last_sweep()
        )
        if counted.key == tally.key:
            return {tally.key: counted.state}
        if counted.key:
            return {counted.key: None}
        found: dict[AlertKey, State | None] = {tally.key: counted.state} if counted.state else {}
        found.setdefault(tally.key.overflow, None)
        return found

    def _notify(self, key: AlertKey, state: State | None, silence_of: Lookup) -> Action:
        """Publish the alert, if one is due, of a key that was just counted.

        After a failed publish the consumer leaves it to the sweeper for a while: waiting for SNS, key
        after key, would delay ingest.

        `state`: the key's, after counting; None where it has to be read.
        """
        if self.clock() - self._failed_at < _PAUSE_AFTER_FAILURE:
            return Action.WAIT
        state = state or self.store.get(key)
        if state is None:
            return Action.NOTHING
        action = decide_counted(state)
        if action is not Action.OPEN:
            return action
        # With the sweeper's clock, consumer and sweeper agree about when a silence ends.
        silence = over(key, silence_of, self._last_sweep() or self.clock())
        if silence:
            self.park(state, silence)
            return Action.SILENCED
        return self.publish(state, action)

    def _last_sweep(self) -> int:
        """Return when the last sweep was called, or the one before it; 0 before the first."""
        looked_at, called_at = self._sweep_seen
        if not 0 <= self.clock() - looked_at < _REMEMBER_SWEEP:
            called_at = self.store.last_sweep()
            self._sweep_seen = (self.clock(), called_at)
        return called_at

    # ── What both do ────────────────────────────────────────────────────────────────────────────────

    def park(self, state: State, silence: Silence, marked: set[str] | None = None) -> None:
        """Move a silenced state to a place of the index that sweeps skip until the silence is over.

        The silence is marked first: the sweeper looks for parked states only under silences with that mark.

        `marked`: targets whose silences this sweep has marked; another one is added.
        """
        target = silence.target
        if not (marked and target in marked) and not self.silences.holds(target):
            return
        if marked is not None:
            marked.add(target)
        self.store.park(state, target)

    def publish(self, state: State, action: Action, *, call: Call | None = None) -> Action:
        """Claim, publish, commit. A failed publish is left to the next sweep.

        `call`: the call of the sweep that publishes; None for the consumer.
        """
        now, called_at = self.clock(), call.at if call else 0
        claimed = self.store.claim(state, action, now=now, window=self.window, swept_at=called_at)
        if claimed is None:
            return Action.WAIT
        alert = compose(claimed, action, stack=self._stack, flags=self._flags)
        if not may_publish(now, self.clock()) or not self._send(claimed, alert):
            return Action.WAIT
        now = self.clock()
        if action is Action.RECOVER:
            committed = self.store.close(claimed, alert, now=now)
        else:
            committed = self.store.commit(claimed, alert, now=now, swept_at=call.now(now) if call else 0)
        self._log("alert", kind=action.value, alert_id=alert.alert_id, count=alert.count, committed=committed)
        return action

    def _send(self, claimed: State, alert: Alert) -> bool:
        """Publish a claimed alert; False when that failed, after the claim was given back."""
        try:
            self.topic.publish(alert)
        except TROUBLE as error:
            self._log("publish_failed", alert_id=alert.alert_id, error=str(error))
            self._failed_at = self.clock()
            self.store.release(claimed)
            return False
        return True
