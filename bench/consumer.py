"""What the consumer costs a record, beside the least that any consumer costs: `python -m bench consumer`.

The limit is what cannot be left out: the message's base64 and zstd are decoded, and of each record three
members, by a typed decoder. The whole handler (`Consumer.process`) is measured, with messages of a file as
`send` packs them, in three ways: its calls answered by functions that do nothing, its calls made by boto3's
clients and answered within the process, and with a delay for each call (a hot app, whose messages one
consumer takes in order). Messages of other producers are compared with AWS Lambda Powertools' BatchProcessor
and a handler that writes an object and a row for each record, the program that one would write without
logctl; without Powertools installed, with a copy of what it does.

Times are user CPU, which other programs on the machine change little; the parts are measured in turns.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, cast

import boto3
import msgspec
import zstandard
from botocore.awsrequest import AWSResponse

from bench.ratios import Ratio
from logctl.aws.clients import IN_TIME, Aws
from logctl.core.records import Record, derive_id
from logctl.core.times import parse_time
from logctl.ops.send.packing import pack
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.delivery.together import AtOnce

NOON = parse_time("2026-01-31T12:00:00Z")
ROUNDS = 7
LIMIT = "base64, zstd and a typed decode of three members"
CONFIG = PipelineConfig(
    bucket="bucket",
    hot_table="hot",
    alerts_table="alerts",
    topic_arn="arn:aws:sns:eu-central-1:123456789012:logctl-dev-alerts",
    database="logctl",
    table="logs_raw",
    compacted_table="logs_compacted",
    hot_retention=172_800_000,
    cold_retention=31_536_000_000,
    alert_level="ERROR",
    alert_window=900_000,
    late_after=3_600_000,
    timezone=UTC,
)


# ── Records and messages ────────────────────────────────────────────────────────────────────────────


def json_records(count: int, *, seed: int = 1, errors: bool = True) -> list[Record]:
    """Return records of a JSON logger with trace ids: about 520 bytes each as a row."""
    random_ = random.Random(seed)
    found = []
    for number in range(count):
        fields = {
            "logger": "shop.orders",
            "trace_id": f"{random_.getrandbits(128):032x}",
            "span_id": f"{random_.getrandbits(64):016x}",
            "order": random_.randrange(10**8),
            "customer": f"{random_.getrandbits(48):012x}",
            "duration_ms": random_.randrange(2_000),
            "host": f"ip-10-0-3-{random_.randrange(200)}",
            "path": f"/api/v2/orders/{random_.randrange(10**6)}/items",
            "thread": f"http-nio-8080-exec-{number % 20}",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "status": 200,
        }
        message = f"order {random_.randrange(10**8)} placed by {fields['customer']}"
        level = _level(number) if errors else "INFO"
        at = NOON + number * 7
        found.append(
            Record("checkout", derive_id(seed, number), at, level, message, seq=number * 480, fields=fields)
        )
    return found


def text_records(count: int, *, seed: int = 2, errors: bool = True) -> list[Record]:
    """Return records of lines of text: about 180 bytes each as a row."""
    random_ = random.Random(seed)
    return [
        Record(
            "checkout",
            derive_id(seed, number),
            NOON + number * 7,
            _level(number) if errors else "INFO",
            f"[exec-{number % 20}] c.a.shop.OrderService - order {random_.randrange(10**8)} placed",
            seq=number * 110,
        )
        for number in range(count)
    ]


def _level(number: int) -> str:
    """Return ERROR for one record of 500, WARN for another."""
    return {0: "ERROR", 250: "WARN"}.get(number % 500, "INFO")


def event(messages: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the event of a batch of messages, given the group and body of each."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "body": body,
                "attributes": {
                    "MessageGroupId": group,
                    "MessageDeduplicationId": f"d-{number}",
                    "SequenceNumber": f"{number:020d}",
                    "SentTimestamp": str(NOON + 60_000),
                    "ApproximateReceiveCount": "1",
                },
            }
            for number, (group, body) in enumerate(messages)
        ]
    }


def bare(records: Sequence[Record], each: int) -> dict[str, Any]:
    """Return records as another producer sends them: NDJSON, so many in a message."""
    lines = [
        json.dumps({"timestamp": NOON + number * 7, "level": "info", "message": one.message, **one.fields})
        for number, one in enumerate(records)
    ]
    return event([("checkout", "\n".join(lines[at : at + each])) for at in range(0, len(lines), each)])


# ── AWS that answers at once ────────────────────────────────────────────────────────────────────────


def reply(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return DynamoDB's answer: nothing is known, and every alert that is asked for is open."""
    if operation in ("query", "Query"):
        return {"Items": [], "Count": 0, "ScannedCount": 0}
    if operation not in ("batch_get_item", "BatchGetItem"):
        return {}
    opened = {name: {"N": "1"} for name in ("seen", "reported", "seq")} | {"status": {"S": "OPEN"}}
    return {
        "Responses": {
            table: [key | opened for key in wanted["Keys"] if key["pk"]["S"].startswith("ALERT#")]
            for table, wanted in request["RequestItems"].items()
        },
        "UnprocessedKeys": {},
    }


class Silent:
    """Clients whose calls are answered by `reply`.

    `delay`: seconds that each call takes.
    """

    def __init__(self, delay: float = 0.0) -> None:
        self.calls = 0
        self._delay = delay

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("s3", "dynamodb", "glue", "sns", "sqs"):
            return self

        def call(**params: Any) -> dict[str, Any]:
            self.calls += 1
            if self._delay:
                time.sleep(self._delay)
            return reply(name, params)

        return call

    def get_paginator(self, name: str) -> Silent:
        return self

    def paginate(self, **params: Any) -> list[dict[str, Any]]:
        return [self.query(**params)]


def answered(session: boto3.Session) -> Aws:
    """Return boto3's clients, whose requests are built, signed and then answered without a network."""
    aws = Aws(session, calls=IN_TIME)
    for client in (aws.s3, aws.dynamodb, aws.glue, aws.sns):
        client.meta.events.register("before-send", _answer)
    return aws


def _answer(request: Any, **_: Any) -> AWSResponse:
    target = request.headers.get("X-Amz-Target", b"")
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    content = json.dumps(reply(operation, json.loads(request.body))).encode() if operation else b""
    return AWSResponse(request.url, 200, {"content-length": str(len(content))}, cast(Any, _Body(content)))


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


# ── Measuring ───────────────────────────────────────────────────────────────────────────────────────


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass
class Part:
    """Something to measure: what is done with how many records, and the least time it took, in seconds."""

    name: str
    records: int
    work: Callable[[], Any]
    seconds: float = 1e9

    @property
    def rate(self) -> float:
        return self.records / self.seconds


def measure(parts: Sequence[Part]) -> None:
    """Measure parts in turns, so that what else the machine does concerns all of them."""
    for _ in range(ROUNDS):
        for part in parts:
            start = cpu()
            part.work()
            part.seconds = min(part.seconds, cpu() - start)


class Three(msgspec.Struct):
    """The three members that no consumer can do without."""

    ts: str
    level: str
    message: str


def decode(bodies: Sequence[str]) -> None:
    """Do the least that a consumer has to do with messages."""
    decoder = msgspec.json.Decoder(Three)
    for body in bodies:
        data = msgspec.json.decode(body, type=Data).data
        decoder.decode_lines(zstandard.ZstdDecompressor().decompress(base64.b64decode(data)))


class Data(msgspec.Struct):
    """The data of an envelope."""

    data: str


# ── The peer ────────────────────────────────────────────────────────────────────────────────────────


def peer(aws: Aws) -> tuple[str, Callable[[dict[str, Any]], Any]]:
    """Return the name of the peer and its handler, which writes an object and a row for each record."""

    def handle(record: Any) -> None:
        said = json.loads(record["body"])
        key = f"logs/{said['timestamp']}-{record['messageId']}.json"
        aws.s3.put_object(Bucket="bucket", Key=key, Body=json.dumps(said).encode())
        aws.dynamodb.put_item(
            TableName="hot",
            Item={
                "app": {"S": record["attributes"]["MessageGroupId"]},
                "chunk": {"S": f"{said['timestamp']}#{record['messageId']}"},
                "level": {"S": said["level"]},
                "message": {"S": said["message"]},
            },
        )

    try:
        from aws_lambda_powertools.utilities.batch import (  # type: ignore[import-not-found]
            SqsFifoPartialProcessor,
            process_partial_response,
        )
    except ImportError:
        return "a copy of Powertools' batch processor", lambda batch: _process(batch, handle)

    processor = SqsFifoPartialProcessor()
    return "Powertools' SqsFifoPartialProcessor", lambda batch: process_partial_response(
        event=batch,
        record_handler=lambda record: handle(record.raw_event),
        processor=processor,
        context=cast(Any, None),
    )


def _process(batch: dict[str, Any], handle: Callable[[Any], None]) -> dict[str, Any]:
    """Do what `SqsFifoPartialProcessor` does: after a failure, all later messages of the batch fail."""
    failures = []
    for record in batch["Records"]:
        if failures:
            failures.append({"itemIdentifier": record["messageId"]})
            continue
        try:
            handle(record)
        except Exception:  # noqa: BLE001 - as Powertools does
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


# ── The report ──────────────────────────────────────────────────────────────────────────────────────


def main() -> None:
    """Measure, and print the ratios."""
    print(f"Python {sys.version.split()[0]}, user and system CPU, best of {ROUNDS} rounds in turns")
    for ratio in ratios():
        print(f"{ratio.name:<45} {ratio.value:>8.2f} x {ratio.peer}  ({ratio.figures})")


def ratios() -> Iterator[Ratio]:
    """Measure, and yield each ratio as soon as it is known."""
    session = boto3.Session("test", "test", region_name="eu-central-1")
    yield from _packed("JSON", json_records(6_000), session, targets=(0.5, 0.25))
    yield from _packed("text", text_records(16_000), session, targets=(0.4, 0.2))
    yield from _others(session)
    yield from _hot_app()


def _handler(aws: object, **options: Any) -> Callable[[dict[str, Any]], None]:
    """Return a consumer's handler, which must not fail."""
    consumer = Consumer(cast(Aws, aws), CONFIG, clock=lambda: NOON + 60_000, **options)

    def handle(batch: dict[str, Any]) -> None:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            answer = consumer.process(batch)
        if answer["batchItemFailures"] or '"failed": 0' not in said.getvalue() or "not_" in said.getvalue():
            raise SystemExit(f"the consumer failed: {said.getvalue()[:500]}")

    return handle


def _packed(
    name: str, made: list[Record], session: boto3.Session, *, targets: tuple[float, float]
) -> Iterator[Ratio]:
    messages = list(pack(made, "5" * 16))
    bodies = [message.body for message in messages]
    batch = event([("checkout", body) for body in bodies])
    silent, real = _handler(Silent()), _handler(answered(session), together=AtOnce())
    parts = [
        Part("limit", len(made), lambda: decode(bodies)),
        Part("without botocore", len(made), lambda: silent(batch)),
        Part("with botocore", len(made), lambda: real(batch)),
    ]
    measure(parts)
    for part, target in zip(parts[1:], targets, strict=True):
        figures = f"{part.rate:,.0f} records/s, {parts[0].rate:,.0f}"
        value = part.rate / parts[0].rate
        yield Ratio("consumer", f"packed {name}, {part.name}", LIMIT, value, target, figures=figures)


def _others(session: boto3.Session) -> Iterator[Ratio]:
    made = json_records(2_000)
    hundreds, ones = bare(made, 100), bare(made[:200], 1)
    name, handle = peer(answered(session))
    silent, real = _handler(Silent()), _handler(answered(session), together=AtOnce())
    parts = [
        Part("NDJSON, 100 a message, without botocore", len(made), lambda: silent(hundreds)),
        Part("NDJSON, 100 a message, with botocore", len(made), lambda: real(hundreds)),
        Part("one record a message, with botocore", 200, lambda: real(ones)),
        Part(name, 200, lambda: handle(ones)),
    ]
    measure(parts)
    theirs = parts[-1].rate
    # 60,000 records a second, where the peer has 1,160.
    for part, target in zip(parts[:-1], (52.0, 20.0, 2.5), strict=True):
        figures = f"{part.rate:,.0f} records/s, {theirs:,.0f}"
        yield Ratio(
            "consumer", part.name, f"{name}, one a message", part.rate / theirs, target, figures=figures
        )


def _hot_app(delay: float = 0.010) -> Iterator[Ratio]:
    """Yield what one group's consumer does when each call takes 10 ms, beside one call after the other."""
    made = json_records(20_000)
    messages = list(pack(made, "5" * 16))
    batches = [
        event([("checkout", message.body) for message in messages[at : at + 10]])
        for at in range(0, len(messages), 10)
    ]
    rates, calls = [], 0.0
    for options in ({"together": AtOnce()}, {}):
        clients = Silent(delay)
        handle = _handler(clients, **options)
        start = time.perf_counter()
        for batch in batches:
            handle(batch)
        rates.append(len(made) / (time.perf_counter() - start))
        calls = clients.calls / len(messages)
    yield Ratio(
        "consumer",
        "one hot app, calls of 10 ms",
        "20,000 records a second",
        rates[0] / 20_000,
        1.0,
        figures=f"{rates[0]:,.0f} records/s; calls one after the other {rates[1]:,.0f}; {calls:.1f} calls a message",
    )


if __name__ == "__main__":
    main()
