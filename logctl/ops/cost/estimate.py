"""What a load costs in a month: quantities times list prices.

The sizes of messages, rows and objects are those of messages that the real code makes of a sample of the log
(`log_sample`); how often the consumer calls AWS for a message is written here, and tests count its calls.
Storage is what has accumulated when the retention ends for the first time. Free tiers, taxes and data sent to
the internet are not counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from logctl.core import deduplication
from logctl.core.debounce import MARKER_KEPT
from logctl.core.times import DAY, MINUTE, SECOND
from logctl.ops.cost.bill import MONTH, SQS_CHUNK, CostLine
from logctl.ops.cost.load import Load, Traffic
from logctl.ops.cost.prices import Price
from logctl.stack.settings import Settings

CONSUMER_MB, SWEEPER_MB = 512, 256
LEAST_MOVED = 128 * 1024
"""Least bytes of an object that S3 moves to another class (Amazon S3 User Guide, Transitioning objects)."""
FIREHOSE_STEP = 5 * 1024
"""Firehose rounds each record up to the next 5 KB (Amazon Data Firehose pricing)."""
_FIREHOSE_BUFFER, _FIREHOSE_SECONDS = 5 * 1024**2, 300
LOGS_COMPRESSION = 0.15
"""The size of stored CloudWatch logs as a part of the sent size, in AWS's calculator."""
TEXT_RATIO = 0.10
"""The size of plain text compressed with gzip, as Firehose stores it, as a part of its size."""

APP_NOTED = MINUTE
"""How often a container writes an app into the list of apps, at most; a steady load is taken to have one."""
COUNTED_UNITS = 2
"""Write units of an item below 1 KB in a transaction (Amazon DynamoDB Developer Guide, Transactions)."""
# Sizes in bytes: an index entry and a marker, and the size of Parquet as a part of the compressed JSON's.
_INDEX_ENTRY, _MARKER = 220, 250
_COMPACTED_RATIO = 0.9

# The model of the consumer's run time, in milliseconds: an assumption, not measured on AWS. A message takes
# three round trips, of which the second waits for S3; its errors are counted in one more.
BATCH_MS, LOOKUP_MS, STORE_MS, NOTE_MS, COUNT_MS = 5, 6, 40, 10, 20
RECORD_MS = 0.01
"""3 microseconds of a whole processor; at 512 MB Lambda gives 0.29 of one (AWS Lambda Developer Guide,
Configure Lambda function memory: one at 1,769 MB)."""
_SWEEP_MS = 150
_LOG_BYTES = 500
_LOGS_KEPT = 30 * DAY
# Lambda starts with five pollers, each waiting up to 20 s for messages (AWS Lambda Developer Guide, SQS
# scaling).
_POLLERS, _POLL_SECONDS = 5, 20


def estimate(
    load: Load, settings: Settings, prices: Mapping[str, Price], *, alarms: int = 0
) -> list[CostLine]:
    """Return the lines of the pipeline's bill for a load; `alarms` is how many alarms the stack has."""
    traffic = load.traffic
    return [
        *requests(traffic, prices),
        CostLine(
            "SQS",
            "polling an empty queue",
            _POLLERS * MONTH / SECOND / _POLL_SECONDS,
            prices["sqs_fifo_request"],
        ),
        CostLine(
            "DynamoDB",
            "list of apps, writing",
            min(traffic.messages, load.apps * MONTH / APP_NOTED),
            prices["dynamodb_write"],
        ),
        *_sweeping(prices),
        *_cold(load, settings, prices),
        *_kept(traffic, settings, prices),
        CostLine("SNS", "alerts, at most", _most_alerts(load, settings), prices["sns_publish"]),
        *_watching(traffic, alarms, prices),
        CostLine("HTTP API", "dashboard and API", None, prices["http_api_request"]),
        *(() if settings.oidc_issuer else _tokens(settings, prices)),
        CostLine("Athena", "data that queries read", None, prices["athena_scan"]),
    ]


def requests(traffic: Traffic, prices: Mapping[str, Price]) -> list[CostLine]:
    """Return the lines for the requests that messages cause, and for the consumer's run time."""
    sizes, messages = traffic.sizes, traffic.messages
    chunks = math.ceil(messages / traffic.requests * sizes.body / SQS_CHUNK)
    row, marks, counting = write_units(traffic)
    write, read = prices["dynamodb_write"], prices["dynamodb_read"]
    return [
        CostLine(
            "SQS",
            "sending, receiving, deleting",
            traffic.requests * (2 * chunks + 1),
            prices["sqs_fifo_request"],
        ),
        CostLine("Lambda", "invocations of the consumer", traffic.requests, prices["lambda_request"]),
        CostLine(
            "Lambda",
            "run time of the consumer",
            consumer_seconds(traffic) * CONSUMER_MB / 1024,
            prices["lambda_arm_gb_second"],
        ),
        CostLine("S3", "writing objects", messages, prices["s3_put"]),
        CostLine("DynamoDB", "writing hot rows", messages * row, write),
        CostLine("DynamoDB", "deduplicating records, writing", messages * marks, write),
        CostLine("DynamoDB", "deduplicating records, reading", messages, read),
        CostLine("DynamoDB", "counting errors, writing", messages * counting, write),
        CostLine("DynamoDB", "counting errors, reading", messages * (sizes.alarming + sizes.kinds), read),
    ]


def write_units(traffic: Traffic) -> tuple[float, float, float]:
    """Return the write units of one message: of its hot rows, of its marks, and of counting its errors.

    An entry of a hot row in an index has keys only, and takes one unit. All errors are counted in one
    transaction, which writes a marker and the state of each kind.
    """
    sizes = traffic.sizes
    counting = (sizes.alarming + sizes.kinds) * COUNTED_UNITS
    return sizes.row_units + sizes.row_entries, sizes.mark_units, counting


def consumer_seconds(traffic: Traffic) -> float:
    """Return how long the consumer runs."""
    message = LOOKUP_MS + STORE_MS + NOTE_MS + traffic.sizes.alarming * COUNT_MS
    milliseconds = traffic.requests * BATCH_MS + traffic.messages * message + traffic.records * RECORD_MS
    return milliseconds / SECOND


def _sweeping(prices: Mapping[str, Price]) -> list[CostLine]:
    sweeps = MONTH / MINUTE
    gb_seconds = sweeps * _SWEEP_MS / SECOND * SWEEPER_MB / 1024
    return [
        CostLine("Lambda", "invocations of the sweeper", sweeps, prices["lambda_request"]),
        CostLine("Lambda", "run time of the sweeper", gb_seconds, prices["lambda_arm_gb_second"]),
    ]


def _cold(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[CostLine]:
    traffic = load.traffic
    each = traffic.sizes.stored
    stored = traffic.messages * each
    if not settings.compact_after:
        return _storage(stored, traffic.messages, settings.cold_retention, prices, moves=each >= LEAST_MOVED)
    raw = stored / MONTH * settings.compact_after
    days = load.apps * MONTH / DAY
    kept = settings.cold_retention - settings.compact_after
    return [
        CostLine("S3", "JSON until it is compacted", raw, prices["s3_standard"]),
        *_storage(
            stored * _COMPACTED_RATIO,
            days,
            kept,
            prices,
            moves=stored * _COMPACTED_RATIO / days >= LEAST_MOVED,
        ),
        CostLine("Athena", "data that compaction reads, once", stored, prices["athena_scan"]),
    ]


def _storage(
    monthly: float, objects: float, kept: int, prices: Mapping[str, Price], *, moves: bool
) -> list[CostLine]:
    """Return the lines for storage in S3 with the template's lifecycle rules.

    They move objects to STANDARD_IA after 30 days and to GLACIER_IR after 90, unless they expire soon after.

    Args:
        monthly: bytes that arrive in a month.
        objects: objects that arrive in a month.
        kept: how long they are kept, in milliseconds.
        prices: the list prices, by name.
        moves: whether the objects are large enough to be moved.
    """
    daily, days = monthly / MONTH * DAY, kept / DAY
    infrequent, archive = moves and days >= 60, moves and days >= 180
    standard_days = 30 if infrequent else days
    infrequent_days = (90 if archive else days) - 30 if infrequent else 0
    lines = [CostLine("S3", "storage, Standard", daily * standard_days, prices["s3_standard"])]
    if infrequent:
        lines += [
            CostLine("S3", "storage, Standard-IA", daily * infrequent_days, prices["s3_infrequent"]),
            CostLine("S3", "moving to Standard-IA", objects, prices["s3_to_infrequent"]),
        ]
    if archive:
        lines += [
            CostLine("S3", "storage, Glacier IR", daily * (days - 90), prices["s3_glacier_ir"]),
            CostLine("S3", "moving to Glacier IR", objects, prices["s3_to_glacier_ir"]),
        ]
    return lines


def _kept(traffic: Traffic, settings: Settings, prices: Mapping[str, Price]) -> list[CostLine]:
    """Return the lines for what DynamoDB holds."""
    sizes, rate = traffic.sizes, traffic.messages / MONTH
    hot = rate * settings.hot_retention * (sizes.row_bytes + sizes.row_entries * _INDEX_ENTRY)
    stored = hot + rate * (deduplication.KEPT * sizes.mark_bytes + MARKER_KEPT * sizes.alarming * _MARKER)
    return [
        CostLine("DynamoDB", "storage", stored, prices["dynamodb_storage"]),
        CostLine("DynamoDB", "backup (point in time)", stored, prices["dynamodb_backup"]),
    ]


def _most_alerts(load: Load, settings: Settings) -> float:
    """Return the number of alerts if every kind of error of every app alerts in each window."""
    return load.apps * load.log.kinds * MONTH / settings.alert_window


def _watching(traffic: Traffic, alarms: int, prices: Mapping[str, Price]) -> list[CostLine]:
    logged = (traffic.requests + MONTH / MINUTE) * _LOG_BYTES
    kept = logged / MONTH * _LOGS_KEPT * LOGS_COMPRESSION
    return [
        CostLine("CloudWatch", "the functions' own logs", logged, prices["logs_ingest"]),
        CostLine("CloudWatch", "storing those logs for 30 days", kept, prices["logs_storage"]),
        *([CostLine("CloudWatch", "alarms", alarms, prices["alarm"])] if alarms else []),
    ]


def _tokens(settings: Settings, prices: Mapping[str, Price]) -> list[CostLine]:
    """Return the line for tokens of scripts, where there are any.

    Cognito's users are free up to 10,000 a month, and so are the clients of scripts (AWS, What's New,
    2025-11-03: Amazon Cognito removes Machine-to-Machine app client price dimension).
    """
    what = "tokens for machines"
    return [CostLine("Cognito", what, None, prices["cognito_token"])] if settings.machine_apps else []


# ── The same load elsewhere ─────────────────────────────────────────────────────────────────────────


def with_cloudwatch_logs(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[CostLine]:
    """Return the lines of CloudWatch Logs, Standard class, kept for `cold_retention`.

    Queries and alerts are not included.
    """
    kept = load.bytes / MONTH * settings.cold_retention * LOGS_COMPRESSION
    return [
        CostLine("CloudWatch Logs", "ingest", load.bytes, prices["logs_ingest"]),
        CostLine("CloudWatch Logs", "storage, compressed to 15%", kept, prices["logs_storage"]),
    ]


def with_firehose(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[CostLine]:
    """Return the lines of Amazon Data Firehose to S3, with one line in each record, as agents send them.

    It has neither partitions by app, nor tail, nor alerts.
    """
    billed = load.records * math.ceil(load.record_bytes / FIREHOSE_STEP) * FIREHOSE_STEP
    objects = max(MONTH / SECOND / _FIREHOSE_SECONDS, load.bytes / _FIREHOSE_BUFFER)
    stored = load.records * (6 + TEXT_RATIO * load.record_bytes)
    moves = stored / objects >= LEAST_MOVED
    return [
        CostLine("Data Firehose", "ingest, a record rounded up to 5 KB", billed, prices["firehose_ingest"]),
        CostLine("S3", "writing objects", objects, prices["s3_put"]),
        *_storage(stored, objects, settings.cold_retention, prices, moves=moves),
    ]
