"""The sweeper: every minute, ends windows, sends what was held back, recovers, retries failed publishes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from logctl.pipeline.alerts import Alerter, alerter_for
from logctl.pipeline.clients import Aws
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.consumer import wall_clock
from logctl.pipeline.log import log

_STOP_BEFORE_END = 25_000
"""Milliseconds that a settlement may take at worst; the rest is due again in a minute."""


@cache
def _alerter() -> Alerter:
    import boto3

    return alerter_for(Aws(boto3.Session()), PipelineConfig.from_env(os.environ), wall_clock)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:  # noqa: ARG001 - the schedule says nothing
    """Lambda's entry point; returns how many states were settled how."""
    done = _alerter().sweep(until=lambda: context.get_remaining_time_in_millis() < _STOP_BEFORE_END)
    result = {action.name: count for action, count in done.items()}
    log("sweep", **result)
    return result
