"""What a load costs in a month: quantities from the design's own constants, times list prices.

A month is 730 hours, as in AWS's own calculators. Storage is what lies there once the retention is full. Free
tiers, taxes, and data sent to the internet are not counted. Sizes are a model of ordinary text logs, measured
on loghub's eight systems; tests hold it against the real packer, chunks and consumer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from logctl.core import deduplication
from logctl.core.debounce import MARKER_KEPT
from logctl.core.envelope import MAX_PLAIN, MAX_RECORDS
from logctl.core.times import DAY, HOUR, MINUTE, SECOND
from logctl.ops.cost.prices import Price
from logctl.stack.settings import Settings

MONTH = 730 * HOUR
"""Milliseconds."""
CONSUMER_MB, SWEEPER_MB = 512, 256
SQS_BATCH = 10
"""Messages that one request takes, and a FIFO queue hands to Lambda at once (Amazon SQS Developer Guide)."""
SQS_CHUNK = 64 * 1024
"""SQS bills each 64 KB of a request as a request (Amazon SQS pricing)."""
_UNIT = 1024
"""DynamoDB bills a write by the kilobyte, a transaction's twice (Amazon DynamoDB pricing, on-demand)."""
LEAST_MOVED = 128 * 1024
"""S3's lifecycle leaves smaller objects in STANDARD (Amazon S3 User Guide, Transitioning objects)."""
FIREHOSE_STEP = 5 * 1024
"""Firehose bills each record by steps of 5 KB (Amazon Data Firehose pricing)."""
_FIREHOSE_BUFFER, _FIREHOSE_SECONDS = 5 * 1024**2, 300
LOGS_COMPRESSION = 0.15
"""What AWS's calculator takes stored CloudWatch logs for, of what was sent."""

# The model of sizes, in bytes: what a record adds to a compressed message is its id and its place, which no
# compression shortens, and a tenth of its text. What comes first in a message has nothing to refer to, and
# each doubling shows something new.
_WIRE_OVERHEAD = 55
_ID_COMPRESSED = 17
_TEXT_RATIO = 0.10
_FIRST, _FIRST_RATIO, _DOUBLING = 60, 0.5, 45
_ENVELOPE = 110
_ITEM, _INDEX_ENTRY, _MARKER, _MARKS, _MARK = 310, 220, 250, 210, 8
_COMPACTED_RATIO = 0.9

# The model of time, in milliseconds of the consumer: an assumption, not measured on AWS.
_BATCH_MS, _MESSAGE_MS, _RECORD_MS, _TALLY_MS, _SWEEP_MS = 5, 60, 0.1, 40, 150
_LOG_BYTES = 500
_LOGS_KEPT = 30 * DAY
# Lambda begins with five pollers, each asking for 20 s (AWS Lambda Developer Guide, SQS scaling).
_POLLERS, _POLL_SECONDS = 5, 20


@dataclass(frozen=True)
class Load:
    """What is sent. `every` is how often a producer sends, in milliseconds; `errors` the share of records
    that alerts, of so many `kinds` an app."""

    records_per_second: float
    record_bytes: int
    apps: int = 1
    every: int = SECOND
    errors: float = 0.01
    kinds: int = 5

    @property
    def records(self) -> float:
        """A month's."""
        return self.records_per_second * MONTH / SECOND

    @property
    def bytes(self) -> float:
        """A month's."""
        return self.records * self.record_bytes

    @property
    def sendings(self) -> float:
        """How often any app's producer sends in a month: never for less than one record."""
        return min(self.records, self.apps * MONTH / self.every)

    @property
    def messages_a_sending(self) -> int:
        wire = self.record_bytes + _WIRE_OVERHEAD
        most = min(MAX_RECORDS, max(1, MAX_PLAIN // wire))
        return math.ceil(self.records / self.sendings / most)

    @property
    def messages(self) -> float:
        return self.sendings * self.messages_a_sending

    @property
    def records_a_message(self) -> float:
        return self.records / self.messages

    @property
    def tallies_a_message(self) -> float:
        """Kinds of error that a message counts, on average: each kind is one transaction."""
        none_of_a_kind = math.pow(1 - self.errors / self.kinds, self.records_a_message)
        return self.kinds * (1 - none_of_a_kind)

    @property
    def chunk_bytes(self) -> float:
        """A message's records, compressed."""
        count = self.records_a_message
        learning = _FIRST + _FIRST_RATIO * self.record_bytes + _DOUBLING * math.log2(count)
        return learning + count * (_ID_COMPRESSED + _TEXT_RATIO * self.record_bytes)

    @property
    def body_bytes(self) -> float:
        """A message's body: base64 makes four bytes of three."""
        return self.chunk_bytes * 4 / 3 + _ENVELOPE

    @property
    def object_bytes(self) -> float:
        """A message's object in S3."""
        return self.chunk_bytes * 1.1 + 40


def parse_rate(text: str) -> float:
    """`100/s`, `6000/m`, `1.5M/d` as records a second.

    Raises:
        ValueError: when it is not a rate.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)([kM]?)\s*/\s*([smhd])\s*", text)
    if not found or not float(found[1]):
        raise ValueError(f"{text!r} is not a rate; write 100/s, 6000/m or 1.5M/d")
    seconds = {"s": 1, "m": MINUTE // SECOND, "h": HOUR // SECOND, "d": DAY // SECOND}[found[3]]
    return float(found[1]) * {"": 1, "k": 1e3, "M": 1e6}[found[2]] / seconds


@dataclass(frozen=True)
class Line:
    """A line of a bill; without a quantity it goes by use, and only the price is known."""

    service: str
    what: str
    quantity: float | None
    price: Price

    @property
    def amount(self) -> float | None:
        """Dollars a month."""
        return None if self.quantity is None else self.price.of(self.quantity)


def total(lines: Sequence[Line]) -> float:
    return sum(line.amount or 0 for line in lines)


def estimate(load: Load, settings: Settings, prices: Mapping[str, Price], *, alarms: int = 0) -> list[Line]:
    """The pipeline's lines for a load. `alarms` is how many the stack has."""
    batches = load.sendings * math.ceil(load.messages_a_sending / SQS_BATCH)
    return [
        *_queue(load, batches, prices),
        *_functions(load, batches, prices),
        *_cold(load, settings, prices),
        *_tables(load, settings, prices),
        Line("SNS", "alerts, at most", _most_alerts(load, settings), prices["sns_publish"]),
        *_watching(batches, alarms, prices),
        Line("HTTP API", "dashboard and API", None, prices["http_api_request"]),
        *(() if settings.oidc_issuer else _tokens(settings, prices)),
        Line("Athena", "data that queries read", None, prices["athena_scan"]),
    ]


def _queue(load: Load, batches: float, prices: Mapping[str, Price]) -> list[Line]:
    together = load.messages / batches * load.body_bytes
    chunks = math.ceil(together / SQS_CHUNK)
    polls = _POLLERS * MONTH / SECOND / _POLL_SECONDS
    price = prices["sqs_fifo_request"]
    return [
        Line("SQS", "sending, receiving, deleting", batches * (2 * chunks + 1), price),
        Line("SQS", "asking an empty queue", polls, price),
    ]


def _functions(load: Load, batches: float, prices: Mapping[str, Price]) -> list[Line]:
    sweeps = MONTH / MINUTE
    consumer_ms = batches * _BATCH_MS + load.records * _RECORD_MS
    consumer_ms += load.messages * (_MESSAGE_MS + load.tallies_a_message * _TALLY_MS)
    gb_seconds = consumer_ms / SECOND * CONSUMER_MB / 1024 + sweeps * _SWEEP_MS / SECOND * SWEEPER_MB / 1024
    return [
        Line("Lambda", "calls of consumer and sweeper", batches + sweeps, prices["lambda_request"]),
        Line("Lambda", "time of consumer and sweeper", gb_seconds, prices["lambda_arm_gb_second"]),
    ]


def _cold(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[Line]:
    put = Line("S3", "writing objects", load.messages, prices["s3_put"])
    stored = load.messages * load.object_bytes
    if not settings.compact_after:
        small = load.object_bytes < LEAST_MOVED
        return [put, *_storage(stored, load.messages, settings.cold_retention, prices, moves=not small)]
    raw = stored / MONTH * settings.compact_after
    days = load.apps * MONTH / DAY
    kept = settings.cold_retention - settings.compact_after
    return [
        put,
        Line("S3", "JSON until it is compacted", raw, prices["s3_standard"]),
        *_storage(
            stored * _COMPACTED_RATIO,
            days,
            kept,
            prices,
            moves=stored * _COMPACTED_RATIO / days >= LEAST_MOVED,
        ),
        Line("Athena", "compaction reads everything once", stored, prices["athena_scan"]),
    ]


def _storage(
    monthly: float, objects: float, kept: int, prices: Mapping[str, Price], *, moves: bool
) -> list[Line]:
    """A bucket in which so many bytes and objects arrive a month and stay for `kept` milliseconds, with the
    lifecycle of the template: STANDARD_IA after 30 days and GLACIER_IR after 90, where it is worth it."""
    daily, days = monthly / MONTH * DAY, kept / DAY
    infrequent, archive = moves and days >= 60, moves and days >= 180
    standard_days = 30 if infrequent else days
    infrequent_days = (90 if archive else days) - 30 if infrequent else 0
    lines = [Line("S3", "storage, Standard", daily * standard_days, prices["s3_standard"])]
    if infrequent:
        lines += [
            Line("S3", "storage, Standard-IA", daily * infrequent_days, prices["s3_infrequent"]),
            Line("S3", "moving to Standard-IA", objects, prices["s3_to_infrequent"]),
        ]
    if archive:
        lines += [
            Line("S3", "storage, Glacier IR", daily * (days - 90), prices["s3_glacier_ir"]),
            Line("S3", "moving to Glacier IR", objects, prices["s3_to_glacier_ir"]),
        ]
    return lines


def write_units(load: Load) -> tuple[float, float]:
    """Write units of one message: its hot row with the entry of its index, and what its errors count.

    An error's kind is a transaction of a marker and a state (two units each), and the state's index entry.
    """
    row = math.ceil((load.chunk_bytes + _ITEM) / _UNIT) + 1
    return row, load.tallies_a_message * (2 + 2 + 1)


def marks_bytes(load: Load) -> float:
    """Bytes in DynamoDB that mark a message's records as stored (`core.deduplication`), with its overhead."""
    return _MARKS + _MARK * load.records_a_message


def _tables(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[Line]:
    row, counting = write_units(load)
    tallies = load.messages * load.tallies_a_message
    hot = load.messages / MONTH * settings.hot_retention * (load.chunk_bytes + _ITEM + _INDEX_ENTRY)
    marks = load.messages / MONTH * deduplication.KEPT * marks_bytes(load)
    stored = hot + tallies / MONTH * MARKER_KEPT * _MARKER + marks
    noting = math.ceil(marks_bytes(load) / _UNIT)
    return [
        Line("DynamoDB", "writing hot rows", load.messages * row, prices["dynamodb_write"]),
        Line("DynamoDB", "knowing records again, writing", load.messages * noting, prices["dynamodb_write"]),
        Line("DynamoDB", "knowing records again, reading", load.messages, prices["dynamodb_read"]),
        Line("DynamoDB", "counting errors, writing", load.messages * counting, prices["dynamodb_write"]),
        Line("DynamoDB", "counting errors, reading", tallies * 2, prices["dynamodb_read"]),
        Line("DynamoDB", "storage", stored, prices["dynamodb_storage"]),
        Line("DynamoDB", "backup (point in time)", stored, prices["dynamodb_backup"]),
    ]


def _most_alerts(load: Load, settings: Settings) -> float:
    """Every kind of every app, in each window."""
    return load.apps * load.kinds * MONTH / settings.alert_window if load.errors else 0


def _watching(batches: float, alarms: int, prices: Mapping[str, Price]) -> list[Line]:
    said = (batches + MONTH / MINUTE) * _LOG_BYTES
    kept = said / MONTH * _LOGS_KEPT * LOGS_COMPRESSION
    return [
        Line("CloudWatch", "the functions' own logs", said, prices["logs_ingest"]),
        Line("CloudWatch", "keeping those for 30 days", kept, prices["logs_storage"]),
        *([Line("CloudWatch", "alarms", alarms, prices["alarm"])] if alarms else []),
    ]


def _tokens(settings: Settings, prices: Mapping[str, Price]) -> list[Line]:
    """People cost nothing up to 10,000 a month; a machine's token costs, its client no more
    (AWS, What's New, 2025-11-03: Amazon Cognito removes Machine-to-Machine app client price dimension)."""
    what = "tokens for machines"
    return [Line("Cognito", what, None, prices["cognito_token"])] if settings.machine_apps else []


# ── The same load elsewhere ─────────────────────────────────────────────────────────────────────────


def with_cloudwatch_logs(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[Line]:
    """CloudWatch Logs, Standard class, kept as long as S3 would; queries and alerts not included."""
    kept = load.bytes / MONTH * settings.cold_retention * LOGS_COMPRESSION
    return [
        Line("CloudWatch Logs", "ingest", load.bytes, prices["logs_ingest"]),
        Line("CloudWatch Logs", "storage, compressed to 15%", kept, prices["logs_storage"]),
    ]


def with_firehose(load: Load, settings: Settings, prices: Mapping[str, Price]) -> list[Line]:
    """Amazon Data Firehose to S3, a record a line as agents send them; neither partitions by app, nor tail,
    nor alerts included."""
    billed = load.records * math.ceil(load.record_bytes / FIREHOSE_STEP) * FIREHOSE_STEP
    objects = max(MONTH / SECOND / _FIREHOSE_SECONDS, load.bytes / _FIREHOSE_BUFFER)
    stored = load.records * (6 + _TEXT_RATIO * load.record_bytes)
    moves = stored / objects >= LEAST_MOVED
    return [
        Line("Data Firehose", "ingest, a record rounded up to 5 KB", billed, prices["firehose_ingest"]),
        Line("S3", "writing objects", objects, prices["s3_put"]),
        *_storage(stored, objects, settings.cold_retention, prices, moves=moves),
    ]
