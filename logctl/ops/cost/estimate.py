"""What a load costs in a month: quantities, computed from the pipeline's own constants, times list prices.

Storage is what has accumulated when the retention ends for the first time. Free tiers, taxes and data sent to
the internet are not counted. Tests compare the quantities with the real packer, chunks and consumer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from logctl.core import deduplication
from logctl.core.debounce import MARKER_KEPT
from logctl.core.times import DAY, MINUTE, SECOND
from logctl.ops.cost.bill import MONTH, SQS_CHUNK, CostLine
from logctl.ops.cost.load import TEXT_RATIO, Load
from logctl.ops.cost.prices import Price
from logctl.stack.settings import Settings

CONSUMER_MB, SWEEPER_MB = 512, 256
SQS_BATCH = 10
"""Messages in one request, and in one batch from a FIFO queue to Lambda (Amazon SQS Developer Guide)."""
_WRITE_UNIT = 1024
"""DynamoDB bills each kilobyte of a write as a unit, and as two in a transaction (Amazon DynamoDB pricing,
on-demand)."""
LEAST_MOVED = 128 * 1024
"""Least bytes of an object that S3 moves to another class (Amazon S3 User Guide, Transitioning objects)."""
FIREHOSE_STEP = 5 * 1024
"""Firehose rounds each record up to the next 5 KB (Amazon Data Firehose pricing)."""
_FIREHOSE_BUFFER, _FIREHOSE_SECONDS = 5 * 1024**2, 300
LOGS_COMPRESSION = 0.15
"""The size of stored CloudWatch logs as a part of the sent size, in AWS's calculator."""

# Sizes in bytes: what DynamoDB stores besides the records, and the size of Parquet as a part of the JSON's.
_ITEM, _INDEX_ENTRY, _MARKER, _MARKS, _MARK = 310, 220, 250, 210, 8
_COMPACTED_RATIO = 0.9

# The model of the consumer's run time, in milliseconds: an assumption, not measured on AWS.
_BATCH_MS, _MESSAGE_MS, _RECORD_MS, _TALLY_MS, _SWEEP_MS = 5, 60, 0.1, 40, 150
_LOG_BYTES = 500
_LOGS_KEPT = 30 * DAY
# Lambda starts with five pollers, each waiting up to 20 s for messages (AWS Lambda Developer Guide, SQS
# scaling).
_POLLERS, _POLL_SECONDS = 5, 20


def estimate(
    load: Load, settings: Settings, prices: Mapping[str, Price], *, alarms: int = 0
) -> list[CostLine]:
    """Return the lines of the pipeline's bill for a load; `alarms` is how many alarms the stack has."""
    batches = load.sends * math.ceil(load.messages_per_send / SQS_BATCH)
    return [
        *_queue(load, batches, prices),
        *_functions(load, batches, prices),
        *_cold(load, settings, prices),
        *_tables(load, settings, prices),
        CostLine("SNS", "alerts, at most", _most_alerts(load, settings), prices["sns_publish"]),
        *_watching(batches, alarms, prices),
        CostLine("HTTP API", "dashboard and API", None, prices["http_api_request"]),
        *(() if settings.oidc_issuer else _tokens(settings, prices)),
        CostLine("Athena", "data that queries read", None, prices["athena_scan"]),
    ]


def _queue(load: Load, batches: float, prices: Mapping[str, Price]) -> list[CostLine]:
    together = load.messages / batches * load.body_bytes
    chunks = math.ceil(together / SQS_CHUNK)
    polls = _POLLERS * MONTH / SECOND / _POLL_SECONDS
    price = prices["sqs_fifo_request"]
    return [
        CostLine("SQS", "sending, receiving, deleting", batches * (2 * chunks + 1), price),
        CostLine("SQS", "polling an empty queue", polls, price),
    ]


def _functions(load: Load, batches: float, prices: Mapping[str, Price]) -> list[CostLine]:
    sweeps = MONTH / MINUTE
    consumer_ms = batches * _BATCH_MS + load.records * _RECORD_MS
    consumer_ms += load.messages * (_MESSAGE_MS + load.error_kinds_per_message * _TALLY_MS)
    gb_seconds = consumer_ms / SECOND * CONSUMER_MB / 1024 + sweeps * _SWEEP_MS / SECOND * SWEEPER_MB / 1024
    return [
        CostLine("Lambda", "invocations of consumer and sweeper", batches + sweeps, prices["lambda_request"]),
        CostLine("Lambda", "run time of consumer and sweeper", gb_seconds, prices["lambda_arm_gb_second"]),
    ]


def _cold(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[CostLine]:
    put = CostLine("S3", "writing objects", load.messages, prices["s3_put"])
    stored = load.messages * load.object_bytes
    if not settings.compact_after:
        small = load.object_bytes < LEAST_MOVED
        return [put, *_storage(stored, load.messages, settings.cold_retention, prices, moves=not small)]
    raw = stored / MONTH * settings.compact_after
    days = load.apps * MONTH / DAY
    kept = settings.cold_retention - settings.compact_after
    return [
        put,
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


def write_units(load: Load) -> tuple[float, float]:
    """Return the write units of one message: of its hot row with the index entry, and of counting its errors.

    Counting a kind of error is a transaction that writes a marker and a state (two units each), and then the
    state's index entry.
    """
    row = math.ceil((load.chunk_bytes + _ITEM) / _WRITE_UNIT) + 1
    return row, load.error_kinds_per_message * (2 + 2 + 1)


def row_units(load: Load) -> int:
    """Return the write units of a message's hot row, without those of its index entry."""
    return math.ceil((load.chunk_bytes + _ITEM) / _WRITE_UNIT)


def table_units(load: Load) -> int:
    """Return the write units of a message in the hot table, without those of indexes."""
    return row_units(load) + math.ceil(marks_bytes(load) / _WRITE_UNIT)


def marks_bytes(load: Load) -> float:
    """Return the bytes in DynamoDB that mark a message's records as stored (`core.deduplication`)."""
    return _MARKS + _MARK * load.records_per_message


def _tables(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[CostLine]:
    row, counting = write_units(load)
    tallies = load.messages * load.error_kinds_per_message
    hot = load.messages / MONTH * settings.hot_retention * (load.chunk_bytes + _ITEM + _INDEX_ENTRY)
    marks = load.messages / MONTH * deduplication.KEPT * marks_bytes(load)
    stored = hot + tallies / MONTH * MARKER_KEPT * _MARKER + marks
    marking = math.ceil(marks_bytes(load) / _WRITE_UNIT)
    return [
        CostLine("DynamoDB", "writing hot rows", load.messages * row, prices["dynamodb_write"]),
        CostLine(
            "DynamoDB", "deduplicating records, writing", load.messages * marking, prices["dynamodb_write"]
        ),
        CostLine("DynamoDB", "deduplicating records, reading", load.messages, prices["dynamodb_read"]),
        CostLine("DynamoDB", "counting errors, writing", load.messages * counting, prices["dynamodb_write"]),
        CostLine("DynamoDB", "counting errors, reading", tallies, prices["dynamodb_read"]),
        CostLine("DynamoDB", "storage", stored, prices["dynamodb_storage"]),
        CostLine("DynamoDB", "backup (point in time)", stored, prices["dynamodb_backup"]),
    ]


def _most_alerts(load: Load, settings: Settings) -> float:
    """Return the number of alerts if every kind of error of every app alerts in each window."""
    return load.apps * load.kinds * MONTH / settings.alert_window if load.errors else 0


def _watching(batches: float, alarms: int, prices: Mapping[str, Price]) -> list[CostLine]:
    logged = (batches + MONTH / MINUTE) * _LOG_BYTES
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
