"""The compactor's handler: once a day, make Parquet of old days and delete what it replaces."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from logctl.aws.athena import Runner
from logctl.aws.clients import Aws
from logctl.core.times import DAY, TimeRange
from logctl.pipeline.compaction import Compactor, Tables
from logctl.pipeline.consumer import wall_clock
from logctl.pipeline.function_log import log

_STOP_BEFORE_END = 60_000
LOOK_BACK = 35 * DAY
"""How far back the compactor looks for late records. Older ones need `logctl athena compact --since`."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:  # noqa: ARG001 - the schedule says nothing
    """Compact within the function's time and return what was done; the next day's call does the rest."""
    import boto3

    environ, aws, now = os.environ, Aws(boto3.Session()), wall_clock()

    def until() -> bool:
        return bool(context.get_remaining_time_in_millis() < _STOP_BEFORE_END)

    tables = Tables(
        environ["LOGCTL_DATABASE"],
        environ["LOGCTL_COMPACTED_TABLE"],
        environ["LOGCTL_VIEW"],
        environ["LOGCTL_BUCKET"],
    )
    runner = Runner(aws.athena, environ["LOGCTL_WORKGROUP"], tables.database, until=until)
    compactor = Compactor(aws.s3, aws.glue, runner, tables, clock=wall_clock, owner=context.aws_request_id)
    span = TimeRange(now - LOOK_BACK, now - int(environ["LOGCTL_COMPACT_AFTER_MS"]))
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
