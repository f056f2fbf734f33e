"""The sweeper: every minute, ends windows, sends what was held back, recovers, retries failed publishes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from logctl.pipeline.alert_store import AlertStore
from logctl.pipeline.alerts import Alerter
from logctl.pipeline.clients import Aws
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.consumer import wall_clock
from logctl.pipeline.log import log

_STOP_BEFORE_END = 25_000
"""Milliseconds that a settlement may take at worst; the rest is due again in a minute."""


@cache
def _alerter() -> Alerter:
    import boto3

    aws = Aws(boto3.Session())
    config = PipelineConfig.from_env(os.environ)
    return Alerter(
        AlertStore(aws.dynamodb, config.alerts_table),
        aws.sns,
        config.topic_arn,
        window=config.alert_window,
        clock=wall_clock,
        flags=config.cli_flags,
    )


def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:  # noqa: ARG001 - the schedule says nothing
    """Lambda's entry point; returns how many states were settled how."""
    done = _alerter().sweep(until=lambda: context.get_remaining_time_in_millis() < _STOP_BEFORE_END)
    result = {action.name: count for action, count in done.items()}
    log("sweep", **result)
    return result
