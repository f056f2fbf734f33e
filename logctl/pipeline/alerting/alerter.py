"""Carrying out the debounce rules: decide, claim, publish, commit.

The consumer counts and opens; the sweeper (`pipeline.alerting.sweep`) does everything that depends on a
clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from logctl.aws.clients import Aws
from logctl.aws.error_codes import TROUBLE
from logctl.core.debounce import (
    Action,
    Alert,
    Call,
    State,
    Tally,
    compose,
    decide_counted,
    may_publish,
)
from logctl.core.silence import Silence, over, targets
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

    def take(
        self,
        batch_id: str,
        tallies: Sequence[Tally],
        *,
        again: bool = False,
        between: Callable[[Iterable[State]], Iterable[State]] = iter,
    ) -> None:
        """Count the events of a stored message, and publish the alerts that they open.

        What cannot be counted now goes to the outbox: it must delay neither this message nor the later ones
        of its app.

        - `tallies`: one for each key, all of one app.
        - `again`: whether the queue has delivered the message before.
        - `between`: yields the states that open an alert; it may stop after each by raising an exception.

        Raises:
            TROUBLE: the outbox cannot be written either.
        """
        if not tallies:
            return
        try:
            states = self.count(batch_id, tallies, again=again)
        except TROUBLE as error:
            self._log("not_counted", batch_id=batch_id, kinds=len(tallies), error=str(error))
            self.outbox.put(batch_id, tallies)
            return
        self._notify([state for state in states if decide_counted(state) is Action.OPEN], between)

    def count(
        self, batch_id: str, tallies: Sequence[Tally], *, again: bool, part: bool = False
    ) -> Sequence[State]:
        """Count tallies of a message, and return the states that may have something to publish now.

        When the message was counted before, its first delivery may have ended before it published, under the
        key of a tally or the overflow key.
        """
        counted = self.store.count(
            batch_id,
            tallies,
            now=self.clock(),
            window=self.window,
            swept_at=self._last_sweep(),
            again=again,
            part=part,
        )
        return counted.states

    def _notify(
        self, opening: Sequence[State], between: Callable[[Iterable[State]], Iterable[State]]
    ) -> None:
        """Publish the alerts that states open. What fails is left to the sweeper, which finds these states.

        After a failed publish the consumer leaves publishing to the sweeper for a while: waiting for SNS,
        key after key, would delay ingest.
        """
        if not opening or self._pauses():
            return
        try:
            silences = self.silences.of([target for state in opening for target in targets(state.key)])
        except TROUBLE as error:
            self._log("not_notified", kinds=len(opening), error=type(error).__name__, where=where_of(error))
            return
        for state in between(opening):
            if self._pauses():
                return
            try:
                self._open(state, silences.get)
            except Exception as error:  # noqa: BLE001 - the message is done, and must not come back for this
                self._log(
                    "not_notified", key=str(state.key), error=type(error).__name__, where=where_of(error)
                )

    def _pauses(self) -> bool:
        return self.clock() - self._failed_at < _PAUSE_AFTER_FAILURE

    def _open(self, state: State, silence_of: Lookup) -> None:
        # With the sweeper's clock, consumer and sweeper agree about when a silence ends.
        silence = over(state.key, silence_of, self._last_sweep() or self.clock())
        if silence:
            self.park(state, silence)
        else:
            self.publish(state, Action.OPEN)

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
