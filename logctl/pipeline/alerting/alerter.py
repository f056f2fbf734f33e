"""Carrying out the debounce rules: decide, claim, publish through SNS, commit.

The consumer counts and opens; the sweeper (`pipeline.alerting.sweep`) does all that takes a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

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
from logctl.core.silence import Silence
from logctl.core.times import SECOND
from logctl.pipeline.alerting.sweep import Map, Sweep
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.function_log import log, where_of
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.outbox import Outbox
from logctl.pipeline.stores.silences import SilenceStore

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

_SILENCE_AFTER_FAILURE = 30 * SECOND
_REMEMBER_SWEEP = 10 * SECOND


def alerter_for(aws: Aws, config: PipelineConfig, clock: Callable[[], int]) -> Alerter:
    return Alerter(
        AlertStore(aws.dynamodb, config.alerts_table),
        SilenceStore(aws.dynamodb, config.alerts_table),
        Outbox(aws.dynamodb, config.hot_table),
        aws.sns,
        config.topic_arn,
        window=config.alert_window,
        clock=clock,
        flags=config.cli_flags,
    )


class Alerter:
    """Counts and publishes; the consumer and the sweeper share it.

    `clock` is the process's own (milliseconds): it measures how long things take, and decides about nothing
    that another process has written.
    """

    def __init__(
        self,
        store: AlertStore,
        silences: SilenceStore,
        outbox: Outbox,
        sns: SNSClient,
        topic_arn: str,
        *,
        window: int,
        clock: Callable[[], int],
        flags: str = "",
    ) -> None:
        self.store = store
        self.silences = silences
        self.outbox = outbox
        self.window = window
        self.clock = clock
        self.cursors: dict[str, dict[str, Any]] = {}
        """Where the next sweep goes on in a place of the index that the last one did not see the end of."""
        self._sns = sns
        self._topic_arn = topic_arn
        self._stack = topic_arn.rsplit(":", 1)[-1].removesuffix("-alerts")
        self._flags = flags
        self._failed_at = -_SILENCE_AFTER_FAILURE
        self._sweep_seen = (-_REMEMBER_SWEEP, 0)

    # ── The consumer's part ─────────────────────────────────────────────────────────────────────────

    def take(self, batch_id: str, tallies: Iterable[Tally]) -> None:
        """Count what a stored message adds, and open what may open.

        What cannot be counted now goes to the outbox, with the rest of this message: it must hold up neither
        this message nor the later ones of its app.

        Raises:
            TROUBLE: the outbox cannot be written either.
        """
        counting = True
        for tally in tallies:
            keys = self._try_to_count(batch_id, tally) if counting else None
            if keys is None:
                counting = False
                self.outbox.put(batch_id, tally)
            for key in keys or ():
                self._try_to_notify(key)

    def _try_to_count(self, batch_id: str, tally: Tally) -> list[AlertKey] | None:
        try:
            return self.count(batch_id, tally)
        except TROUBLE as error:
            log("not_counted", batch_id=batch_id, key=str(tally.key), error=str(error))
            return None

    def _try_to_notify(self, key: AlertKey) -> None:
        """What is counted is due: whatever goes wrong here, the sweeper finds it."""
        try:
            self.notify(key)
        except Exception as error:  # noqa: BLE001 - the message is done, and must not come back for this
            log("not_notified", key=str(key), error=type(error).__name__, where=where_of(error))

    def count(self, batch_id: str, tally: Tally) -> list[AlertKey]:
        """Count, and say which keys may have something to publish now.

        A batch that was counted before may have crashed before it was published, under either key.
        """
        counted_as = self.store.count(
            batch_id, tally, now=self.clock(), window=self.window, swept_at=self._last_sweep()
        )
        return [counted_as] if counted_as else list(dict.fromkeys((tally.key, tally.key.overflow)))

    def notify(self, key: AlertKey) -> Action:
        """Publish what may be published for a key that was just counted.

        After a failed publish the consumer leaves it to the sweeper for a while: waiting for SNS, key
        after key, would hold up ingest.
        """
        if self.clock() - self._failed_at < _SILENCE_AFTER_FAILURE:
            return Action.WAIT
        state = self.store.get(key)
        if state is None:
            return Action.NOTHING
        action = decide_counted(state)
        if action is not Action.OPEN:
            return action
        # All agree about when a silence ends who go by the sweeper's clock.
        silence = self.silences.over(key, now=self._last_sweep() or self.clock())
        if silence:
            self.park(state, silence)
            return Action.SILENCED
        return self.publish(state, action)

    def _last_sweep(self) -> int:
        """When the last sweep was called, or the one before it; 0 before the first."""
        looked_at, called_at = self._sweep_seen
        if not 0 <= self.clock() - looked_at < _REMEMBER_SWEEP:
            called_at = self.store.last_sweep()
            self._sweep_seen = (self.clock(), called_at)
        return called_at

    # ── What both do ────────────────────────────────────────────────────────────────────────────────

    def sweep(
        self,
        *,
        called_at: int | None = None,
        until: Callable[[], bool] = lambda: False,
        each: Map = map,
    ) -> dict[Action, int]:
        """Do what is due, as `Sweep.run` says."""
        return Sweep(self, until=until, each=each).run(called_at)

    def park(self, state: State, silence: Silence, marked: set[str] | None = None) -> None:
        """Take a silenced state out of the sweeper's sight until the silence is over.

        The mark comes first: what is parked under a silence without it is found by nobody.

        Args:
            marked: targets whose silences this sweep has marked; another one is added.
        """
        target = silence.target
        if not (marked and target in marked) and not self.silences.holds(target):
            return
        if marked is not None:
            marked.add(target)
        self.store.park(state, target)

    def publish(self, state: State, action: Action, *, call: Call | None = None) -> Action:
        """Claim, publish, commit. A failed publish leaves it to the next sweep.

        Args:
            call: the sweep's that does it; None for the consumer.
        """
        now, called_at = self.clock(), call.at if call else 0
        claimed = self.store.claim(state, action, now=now, window=self.window, swept_at=called_at)
        if claimed is None:
            return Action.WAIT
        alert = compose(claimed, action, stack=self._stack, flags=self._flags)
        if not may_publish(now, self.clock()):
            return Action.WAIT
        try:
            self._publish(alert)
        except TROUBLE as error:
            log("publish_failed", alert_id=alert.alert_id, error=str(error))
            self._failed_at = self.clock()
            self.store.release(claimed)
            return Action.WAIT
        now = self.clock()
        if action is Action.RECOVER:
            committed = self.store.close(claimed, alert, now=now)
        else:
            committed = self.store.commit(claimed, alert, now=now, swept_at=call.now(now) if call else 0)
        log("alert", kind=action.value, alert_id=alert.alert_id, count=alert.count, committed=committed)
        return action

    def _publish(self, alert: Alert) -> None:
        attributes = {
            "alert_id": alert.alert_id,
            "kind": alert.kind.name,
            "key": str(alert.key),
            "appid": alert.key.appid,
            "severity": alert.key.severity,
            "count": str(alert.count),
        }
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=alert.subject,
            Message=alert.body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
