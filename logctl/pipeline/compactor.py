"""The compactor, which runs once a day: it converts old days to Parquet and deletes replaced objects."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from logctl.aws.athena import Runner
from logctl.aws.clients import Aws
from logctl.aws.clock import wall_clock
from logctl.core.times import DAY, TimeRange
from logctl.pipeline.compaction import Compactor, Tables
from logctl.pipeline.config import CompactorConfig
from logctl.pipeline.function_log import log

_STOP_BEFORE_END = 60_000
"""Milliseconds before the end of the function's time at which it begins nothing new."""
LOOK_BACK = 35 * DAY
"""Age of the oldest day that is compacted again for late records, beyond the retention of hot rows, for which
raw objects are kept; `logctl athena compact --since` takes older ones."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:  # noqa: ARG001 - a scheduled event has no content
    """Compact the days that are due, and return the result. The rest is due again tomorrow."""
    import boto3

    config, aws, now = CompactorConfig.from_env(os.environ), Aws(boto3.Session()), wall_clock()

    def until() -> bool:
        return bool(context.get_remaining_time_in_millis() < _STOP_BEFORE_END)

    tables = Tables(
        database=config.database, compacted=config.compacted_table, view=config.view, bucket=config.bucket
    )
    runner = Runner(aws.athena, config.workgroup, config.database, until=until)
    compactor = Compactor(
        aws.s3,
        aws.glue,
        runner,
        tables,
        clock=wall_clock,
        owner=context.aws_request_id,
        hot_retention=config.hot_retention,
    )
    span = TimeRange(now - LOOK_BACK - config.hot_retention, now - config.compact_after)
    for item in compactor.run(span):
        log("compacted", partition=item.partition.prefix, records=item.records, bytes=item.after.bytes)
        if until():
            break
    report = compactor.report()
    result = {
        "partitions": len(report.compacted),
        "deleted": report.deleted,
        "waiting": report.waiting,
        "scanned": report.scanned,
    }
    log("compaction", **result)
    return result
