"""Carrying out the debounce rules: decide, claim, publish through SNS, commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from logctl.core.debounce import Action, Alert, AlertKey, State, Tally, compose, decide, may_publish
from logctl.core.times import SECOND
from logctl.pipeline.alert_store import AlertStore
from logctl.pipeline.clients import TROUBLE, Aws
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.log import log
from logctl.pipeline.silences import SilenceStore

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

_SILENCE_AFTER_FAILURE = 30 * SECOND


def alerter_for(aws: Aws, config: PipelineConfig, clock: Callable[[], int]) -> Alerter:
    return Alerter(
        AlertStore(aws.dynamodb, config.alerts_table),
        SilenceStore(aws.dynamodb, config.alerts_table),
        aws.sns,
        config.topic_arn,
        window=config.alert_window,
        clock=clock,
        flags=config.cli_flags,
    )


class Alerter:
    """Decides and publishes; the consumer and the sweeper share it."""

    def __init__(
        self,
        store: AlertStore,
        silences: SilenceStore,
        sns: SNSClient,
        topic_arn: str,
        *,
        window: int,
        clock: Callable[[], int],
        flags: str = "",
    ) -> None:
        self._store = store
        self._silences = silences
        self._sns = sns
        self._topic_arn = topic_arn
        self._stack = topic_arn.rsplit(":", 1)[-1].removesuffix("-alerts")
        self._window = window
        self._clock = clock
        self._flags = flags
        self._failed_at = -_SILENCE_AFTER_FAILURE

    def count(self, batch_id: str, tally: Tally) -> list[AlertKey]:
        """Count, and say which keys may have something to publish now.

        A batch that was counted before may have crashed before it was published, under either key.
        """
        counted_as = self._store.count(batch_id, tally, now=self._clock(), window=self._window)
        return [counted_as] if counted_as else list(dict.fromkeys((tally.key, tally.key.overflow)))

    def notify(self, key: AlertKey) -> Action:
        """Publish what may be published for a key that was just counted.

        After a failed publish the consumer leaves it to the sweeper for a while: waiting for SNS, key
        after key, would hold up ingest.
        """
        if self._clock() - self._failed_at < _SILENCE_AFTER_FAILURE:
            return Action.WAIT
        state = self._store.get(key)
        return self.settle(state) if state else Action.NOTHING

    def sweep(self, *, until: Callable[[], bool] = lambda: False) -> dict[Action, int]:
        """Settle every state that is due, until there is none or `until` says that time is up."""
        done: dict[Action, int] = {}
        for state in self._store.due(now=self._clock(), window=self._window):
            if until():
                log("sweep_cut_short", settled=sum(done.values()))
                break
            action = self.settle(state)
            done[action] = done.get(action, 0) + 1
        return done

    def settle(self, state: State) -> Action:
        """Decide about a state and carry it out. A failed publish leaves it to the next sweep."""
        now = self._clock()
        action = decide(state, now, self._window)
        if action.publishes:
            until = self._silences.until(state.key, now=now)
            action = decide(state, now, self._window, silenced_until=until)
        if not action.publishes:
            return action
        claimed = self._store.claim(state, action, now=now, window=self._window)
        if claimed is None:
            return Action.WAIT
        alert = compose(claimed, action, stack=self._stack, flags=self._flags)
        if not may_publish(now, self._clock()):
            return Action.WAIT
        try:
            self._publish(alert)
        except TROUBLE as error:
            log("publish_failed", alert_id=alert.alert_id, error=str(error))
            self._failed_at = self._clock()
            self._store.release(claimed)
            return Action.WAIT
        commit = self._store.close if action is Action.RECOVER else self._store.commit
        committed = commit(claimed, alert, now=self._clock())
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
