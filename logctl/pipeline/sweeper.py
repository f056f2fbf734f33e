"""The sweeper, which runs every minute: it ends windows, publishes what is due, and repeats failed publishes.

Its clock is the schedule's: the `time` of the event that calls it, so that all its processes have the same
clock. Once a day it removes expired partitions from the catalog.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from logctl.aws.clients import Aws
from logctl.aws.clock import wall_clock
from logctl.core.times import parse_time
from logctl.pipeline.alerting.alerter import Alerter, alerter_for
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.function_log import log
from logctl.pipeline.partition_expiry import Expiry, is_due

_STOP_BEFORE_END = 25_000
"""Milliseconds before the function's end at which it stops: the longest that settling a state takes."""
THREADS = 16
"""How many threads settle states at the same time; they spend nearly all of their time waiting for AWS."""


@cache
def _parts() -> tuple[Alerter, Expiry, ThreadPoolExecutor]:
    import boto3

    aws, config = Aws(boto3.Session()), PipelineConfig.from_env(os.environ)
    expiry = Expiry(aws.s3, aws.glue, config, wall_clock)
    return alerter_for(aws, config, wall_clock), expiry, ThreadPoolExecutor(THREADS)


def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:
    """Handle a call of the schedule, and return the number of settled states by the name of their action."""

    def until() -> bool:
        return bool(context.get_remaining_time_in_millis() < _STOP_BEFORE_END)

    alerter, expiry, pool = _parts()
    done = Sweep(alerter, until=until, each=pool.map).run(called_at(event))
    result = {action.name: count for action, count in done.items()}
    log("sweep", **result)
    if is_due(wall_clock()):
        expire(expiry, until)
    return result


def called_at(event: Mapping[str, Any]) -> int | None:
    """Return the time of a schedule's event in milliseconds; None for a manual call, which has none.

    Source: Amazon EventBridge User Guide, Creating a rule that runs on a schedule.
    """
    try:
        return parse_time(str(event["time"]))
    except (KeyError, TypeError, ValueError):
        return None


def expire(expiry: Expiry, until: Callable[[], bool]) -> None:
    """Drop expired partitions. A failure is only logged: raised, it would make Lambda repeat the sweep."""
    try:
        dropped, failures = expiry.run(until=until)
    except Exception as problem:  # noqa: BLE001 - the sweep is done, and must not fail for this
        log("expiry_failed", reason=f"{type(problem).__name__}: {problem}")
        return
    log("expiry", dropped=dropped, failed=len(failures), reasons=sorted({each.reason for each in failures}))
