"""An alerter on the pipeline of moto, and silences."""

from __future__ import annotations

from logctl.core.debounce import Action
from logctl.core.silence import Silence
from logctl.core.times import MINUTE
from logctl.pipeline.alerting.alerter import Alerter
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.alerting.topic import AlertTopic
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.outbox import Outbox
from logctl.pipeline.stores.silences import SilenceStore
from tests.helpers.pipeline import NOON, Pipeline

WINDOW = 15 * MINUTE


def make(pipeline: Pipeline, store: AlertStore, *, window: int = WINDOW) -> Alerter:
    return Alerter(
        store,
        SilenceStore(pipeline.aws.dynamodb, pipeline.config.alerts_table),
        Outbox(pipeline.aws.dynamodb, pipeline.config.hot_table),
        AlertTopic(pipeline.aws.sns, pipeline.config.topic_arn),
        stack="logctl-test",
        window=window,
        clock=pipeline.clock,
    )


def sweep(alerter: Alerter) -> dict[Action, int]:
    """As the schedule does, whose clock is the pipeline's."""
    return Sweep(alerter).run(alerter.clock())


def silence(target: str, *, until: int) -> Silence:
    return Silence(target, until, NOON, "anna", "deploying")
