"""Costs: the model's quantities compared with the real code, the prices, and bills from metrics."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bench.loghub import loghub
from logctl.aws.clients import Aws
from logctl.core.errors import LogctlError, UsageError
from logctl.core.hot_rows import to_item
from logctl.core.records import Record, derive_id
from logctl.core.times import DAY, HOUR, MINUTE, iso, to_datetime
from logctl.ops.cost import estimate
from logctl.ops.cost.bill import MONTH, total
from logctl.ops.cost.load import Load, parse_rate
from logctl.ops.cost.measured import usage
from logctl.ops.cost.prices import REGIONS, prices
from logctl.ops.send.object_records import from_mapping
from logctl.ops.send.packing import pack
from logctl.ops.send.sample_records import sample_records
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.sizes import parse_size
from logctl.stack.template import build_template
from tests.helpers.messages import event, packed
from tests.helpers.pipeline import NOON
from tests.helpers.stored import cold_of_version_1, hot_rows_of

HERE = prices("us-east-1")
MARGIN = 0.4
"""The largest relative error of the model of sizes for one kind of log; half of it for their mean."""


def made(count: int, size: int) -> list[Record]:
    """Return records of about `size` bytes as programs write them: 20 kinds; one word in 16 is a value."""
    random_ = random.Random(7)
    words = [f"{random_.choice(['get', 'put', 'user', 'cart', 'retry'])}{number}" for number in range(40)]
    kinds = [random_.choices(words, k=max(2, size // 7)) for _ in range(20)]

    def message() -> str:
        kind = random_.choice(kinds)
        return " ".join(str(random_.randrange(10**4)) if random_.random() < 1 / 16 else word for word in kind)

    return [
        from_mapping(
            {"timestamp": iso(NOON + index * 10), "level": "info", "message": message()},
            appid="shop",
            seq=index * size,
            sent_at=NOON + DAY,
            fallback_id=derive_id(index),
        )
        for index in range(count)
    ]


def line_bytes(records: list[Record]) -> int:
    return sum(
        len(f"{iso(r.ts)} {r.level} {r.message} {json.dumps(dict(r.fields))}") for r in records
    ) // len(records)


def sizes(records: list[Record]) -> tuple[int, float, float, float]:
    """Return how many messages the code makes, and the mean bytes of body, chunk and object."""
    messages = list(pack(records))
    chunks = hot_rows_of("shop", "b" * 32, records)
    lines = "\n".join(
        json.dumps(cold_of_version_1(record, "b" * 32), separators=(",", ":")) for record in records
    )
    return (
        len(messages),
        sum(message.size for message in messages) / len(messages),
        sum(len(chunk.data) for chunk in chunks) / len(messages),
        len(gzip.compress(lines.encode(), 6)) / len(messages),
    )


def deviations(records: list[Record]) -> list[float]:
    """Return the relative errors of the model's sizes for records that are sent at once."""
    load = Load(len(records), line_bytes(records), every=1_000)
    count, *real = sizes(records)
    assert load.messages_per_send == count
    return [
        ours / theirs - 1
        for ours, theirs in zip((load.body_bytes, load.chunk_bytes, load.object_bytes), real, strict=True)
    ]


@pytest.mark.parametrize("count", [1, 10, 100, 700])
def test_model_sizes_match_packer_chunks_and_cold_store(count):
    found = deviations(list(sample_records(count, now=NOON, seed=3, app="web")))
    found += [item for size in (150, 300, 500) for item in deviations(made(count, size))]
    assert max(map(abs, found)) < MARGIN, found
    assert abs(sum(found) / len(found)) < MARGIN / 2


@pytest.mark.parametrize(("count", "size"), [(5_000, 120), (3_000, 900)])
def test_model_message_count_matches_the_packer(count, size):
    records = made(count, size)
    load = Load(count, line_bytes(records), every=1_000)
    # What compresses badly is cut in half once more.
    assert load.messages_per_send <= len(list(pack(records))) <= 2 * load.messages_per_send


@pytest.mark.parametrize("count", [1, 10, 100, 1000])
def test_model_sizes_match_real_logs(count):
    folder = loghub()
    if folder is None:
        pytest.skip("loghub's logs are not here")
    found = []
    for file in sorted(folder.rglob("*.log")):
        lines = file.read_text("utf-8", "replace").splitlines()[:count]
        found += deviations(
            [
                Record("shop", derive_id(index), NOON + index * 10, "INFO", line, index * 100)
                for index, line in enumerate(lines)
            ]
        )
    assert max(map(abs, found)) < MARGIN, found
    assert abs(sum(found) / len(found)) < MARGIN / 2


def test_model_requests_match_the_consumer(pipeline):
    calls: list[str] = []
    for client in (pipeline.aws.s3, pipeline.aws.dynamodb, pipeline.aws.sns):
        client.meta.events.register("before-call.*", lambda model, **_: calls.append(model.name))
    records = [
        Record("shop", derive_id(index), NOON, "ERROR" if index == 7 else "INFO", "disk full on db", index)
        for index in range(100)
    ]
    again = [replace(record, event_id=derive_id("again", record.seq)) for record in records]
    pipeline.consumer.process(event(packed(records, "a" * 16)))
    calls.clear()
    pipeline.consumer.process(event(packed(again, "a" * 16)))
    # One object, one hot row, one transaction with a look before it, and what of the file is known.
    assert sorted(calls) == [
        "GetItem", "PutItem", "PutItem", "PutObject", "Query", "TransactWriteItems",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 30, 400])
def test_model_deduplication_bytes_match_dynamodb(pipeline, count):
    records = made(count, 300)
    pipeline.consumer.process(event(*(packed(list(records), "a" * 16),)))
    items = pipeline.aws.dynamodb.scan(TableName=pipeline.config.hot_table)["Items"]
    marks = sum(_item_bytes(item) + 100 for item in items if item["app"]["S"].startswith("_file#"))
    assert estimate.marks_bytes(Load(count, line_bytes(records))) == pytest.approx(marks, rel=0.2)


@pytest.mark.parametrize("count", [1, 30, 400])
def test_model_write_units_match_a_hot_row(count):
    records = made(count, 300)
    (chunk,) = hot_rows_of("shop", "b" * 32, records, "1" * 20)
    item = to_item(chunk, arrived=NOON, expires_at=NOON // 1000)
    real = -(-_item_bytes(item) // 1024) + 1
    assert estimate.write_units(Load(count, line_bytes(records)))[0] == pytest.approx(real, rel=0.35, abs=1)


def _item_bytes(item: dict[str, Any]) -> int:
    """Return the size of an item as DynamoDB counts it (Developer Guide, Item sizes and formats)."""

    def size(value: dict[str, Any]) -> int:
        ((kind, content),) = value.items()
        if kind == "M":
            return 3 + sum(len(name) + 1 + size(inner) for name, inner in content.items())
        return len(content) // 2 + 1 if kind == "N" else len(content)

    return sum(len(name) + size(value) for name, value in item.items())


def test_model_constants_match_the_template():
    resources = build_template(Settings(), code=Code("b", "k", "python3.13", "arm64"))["Resources"]
    assert resources["Consumer"]["Properties"]["MemorySize"] == estimate.CONSUMER_MB
    assert resources["Sweeper"]["Properties"]["MemorySize"] == estimate.SWEEPER_MB
    assert resources["Sweeper"]["Properties"]["Architectures"] == ["arm64"]
    assert resources["ConsumerSource"]["Properties"]["BatchSize"] == estimate.SQS_BATCH
    assert resources["SweeperSchedule"]["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    assert {resources[name]["Properties"]["BillingMode"] for name in ("HotTable", "AlertsTable")} == {
        "PAY_PER_REQUEST"
    }


@pytest.mark.parametrize("kept", [30, 60, 179, 180, 365])
def test_storage_classes_match_the_template(kept):
    settings = Settings.build(("test", {"cold_retention": f"{kept}d"}))
    bucket = build_template(settings, code=Code("b", "k", "r", "a"))["Resources"]["Bucket"]["Properties"]
    (rule,) = [item for item in bucket["LifecycleConfiguration"]["Rules"] if item["Id"] == "logs"]
    lines = estimate.with_firehose(Load(1_000, 500), settings, HERE)
    moved = [line.what.removeprefix("moving to ") for line in lines if line.what.startswith("moving")]
    names = {"STANDARD_IA": "Standard-IA", "GLACIER_IR": "Glacier IR"}
    assert moved == [names[item["StorageClass"]] for item in rule.get("Transitions", [])]
    months = sum(line.quantity for line in lines if line.what.startswith("storage"))
    stored = 1_000 * 3600 * 24 * (6 + 50) * kept
    assert months == pytest.approx(stored)


# ── Bills ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_is_quantity_times_price():
    for line in estimate.estimate(Load(100, 500), Settings(), HERE, alarms=6):
        if line.quantity is None:
            assert line.amount is None
        else:
            assert line.amount == pytest.approx(line.quantity / line.price.per * line.price.usd)
    alarms = [
        line for line in estimate.estimate(Load(1, 1), Settings(), HERE, alarms=6) if line.what == "alarms"
    ]
    assert [line.amount for line in alarms] == [pytest.approx(0.6)]


def test_firehose_bills_five_kilobytes_for_a_short_record():
    short, long = (
        estimate.with_firehose(Load(100, size), Settings(), HERE)[0].quantity for size in (1, 5 * 1024)
    )
    assert short == long == pytest.approx(100 * 730 * 3600 * 5 * 1024)
    assert estimate.with_firehose(Load(100, 5 * 1024 + 1), Settings(), HERE)[0].quantity == 2 * short


def test_larger_messages_cost_less_and_more_apps_cost_more():
    def bill(**more: Any) -> float:
        return total(estimate.estimate(Load(100, 500, **more), Settings(), HERE))

    assert bill(every=MINUTE) < bill() < bill(apps=20)
    assert bill(errors=0) < bill()


def test_compaction_lets_small_objects_move_to_cheaper_storage():
    nightly = Settings.build(("test", {"compact_after": "2d"}))

    def s3(settings: Settings) -> set[str]:
        lines = estimate.estimate(Load(100, 500), settings, HERE)
        return {line.what for line in lines if line.service == "S3"}

    assert not {what for what in s3(Settings()) if "Glacier" in what}
    assert "storage, Glacier IR" in s3(nightly)


def test_with_another_issuer_there_is_no_cognito():
    mine = Settings.build(("test", {"oidc_issuer": "https://id.example", "oidc_audience": "x"}))
    services = {line.service for line in estimate.estimate(Load(1, 1), mine, HERE)}
    assert "Cognito" not in services
    assert "Cognito" in {line.service for line in estimate.estimate(Load(1, 1), Settings(), HERE)}


@pytest.mark.parametrize(
    ("text", "rate"),
    [("100/s", 100), ("6000/m", 100), ("0.5/h", 0.5 / 3600), ("8.64M/d", 100), ("2k / s", 2000)],
)
def test_rates(text, rate):
    assert parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["100", "100/y", "0/s", "-1/s", "1e3/s", "ten/s", ""])
def test_invalid_rates(text):
    with pytest.raises(ValueError, match="write 100/s"):
        parse_rate(text)


# ── Prices ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_price_has_source_and_date():
    for region in REGIONS:
        for name, price in prices(region).items():
            assert price.usd > 0, name
            expected = region if price.checked else "us-east-1"
            assert price.source.endswith(f"/current/{expected}/index.json")
            assert datetime.fromisoformat(price.as_of) <= datetime(2026, 11, 25)


def test_a_price_that_was_not_found_is_marked_and_that_of_us_east_1():
    assert all(price.checked for price in HERE.values())
    frankfurt = prices("eu-central-1")
    unchecked = {name for name, price in frankfurt.items() if not price.checked}
    assert unchecked == {"s3_glacier_ir", "athena_scan", "firehose_ingest", "cognito_token"}
    assert all(frankfurt[name].usd == HERE[name].usd for name in unchecked)
    assert str(frankfurt["athena_scan"]) == "$5.00 per TB (unchecked)"


def test_an_unknown_region_is_an_error_with_the_known_ones():
    with pytest.raises(UsageError, match="us-east-1 and eu-central-1") as refused:
        prices("ap-south-2")
    assert "--prices us-east-1" in refused.value.hint


# ── From metrics ────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Account:
    """An account whose CloudWatch has some series, by metric name and the value of a dimension."""

    series: dict[tuple[str, str], list[tuple[int, float]]]
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cloudwatch(self) -> Any:
        return SimpleNamespace(get_paginator=lambda name: SimpleNamespace(paginate=getattr(self, name)))

    def get_metric_data(self, **request: Any) -> list[dict[str, Any]]:
        self.asked.append(request)
        pages = []
        for query in request["MetricDataQueries"]:
            points = sorted(self._points(query), reverse=True)
            times = [datetime.fromtimestamp(at / 1000, UTC) for at, _ in points]
            values = [value for _, value in points]
            pages.append({"MetricDataResults": [{"Id": query["Id"], "Timestamps": times, "Values": values}]})
        return pages

    def _points(self, query: dict[str, Any]) -> list[tuple[int, float]]:
        if "Expression" in query:
            return self.series.get(("ProcessedBytes", query["Expression"].split('"')[3]), [])
        metric = query["MetricStat"]["Metric"]
        dimensions = [item["Value"] for item in metric["Dimensions"]]
        return self.series.get((metric["MetricName"], dimensions[-1]), [])

    def describe_alarms(self, AlarmNamePrefix: str) -> list[dict[str, Any]]:
        return [{"MetricAlarms": [{"AlarmName": f"{AlarmNamePrefix}x"}] * 3}]

    def deployment(self) -> Any:
        names = SimpleNamespace(
            stack="logctl-dev", queue="q", topic="t", hot_table="hot", alerts_table="alerts", workgroup="w",
            consumer="consumer", sweeper="sweeper", api="api", compactor="compactor",
        )  # fmt: skip
        return SimpleNamespace(
            names=names,
            bucket="bucket",
            settings=Settings(),
            outputs=lambda: {"ApiUrl": "https://abc.execute-api.eu-central-1.amazonaws.com/"},
            aws=SimpleNamespace(
                cloudwatch=self.cloudwatch,
                functions=SimpleNamespace(
                    get_function_configuration=lambda FunctionName: {"MemorySize": 512}
                ),
                dynamodb=SimpleNamespace(
                    describe_table=lambda TableName: {"Table": {"TableSizeBytes": 5 * 10**8}}
                ),
            ),
        )


def test_half_a_months_metrics_are_doubled():
    half = MONTH // 2
    account = Account(
        {
            ("NumberOfMessagesSent", "q"): [(NOON - half, 500_000), (NOON - HOUR, 500_000)],
            ("SentMessageSize", "q"): [(NOON - HOUR, 10**9)],
            ("Invocations", "consumer"): [(NOON - HOUR, 400_000)],
            ("Duration", "consumer"): [(NOON - HOUR, 4 * 10**7)],
            ("ConsumedWriteCapacityUnits", "hot"): [(NOON - HOUR, 5_000_000)],
            ("ConsumedWriteCapacityUnits", "arrival"): [(NOON - HOUR, 1_000_000)],
            ("BucketSizeBytes", "StandardStorage"): [(NOON - DAY, 2 * 10**9), (NOON - 29 * DAY, 10**9)],
            ("ProcessedBytes", "w"): [(NOON - HOUR, 10**11)],
        }
    )
    found = usage(account.deployment(), HERE, now=NOON)
    assert found.observed == half
    amounts = {(line.service, line.what): round(line.amount or 0, 4) for line in found.lines}
    assert amounts == {
        ("SQS", "requests, about"): 1.2,  # 400,000 batches, each sent, received and deleted, twice
        ("Lambda", "invocations"): 0.16,
        ("Lambda", "run time"): 0.5333,
        ("S3", "writing objects, about"): 10.0,
        ("S3", "storage, Standard"): 0.046,  # the newest size, not a sum
        ("Athena", "data that queries read"): 1.0,
        ("DynamoDB", "writing"): 7.5,
        ("DynamoDB", "storage"): 0.25,
        ("DynamoDB", "backup (point in time)"): 0.2,
        ("CloudWatch", "alarms"): 0.3,
    }
    (request,) = account.asked
    assert request["EndTime"] - request["StartTime"] == timedelta(days=30)
    assert {"Name": "ApiId", "Value": "abc"} in [
        dimension
        for query in request["MetricDataQueries"]
        for dimension in query.get("MetricStat", {"Metric": {"Dimensions": []}})["Metric"]["Dimensions"]
    ]


@pytest.mark.slow
def test_usage_from_an_emulated_cloudwatch():
    with mock_aws():
        cloudwatch = Aws(boto3.Session("test", "test", region_name="eu-central-1")).cloudwatch
        for hour in range(1, 101):
            sent = {
                "MetricName": "NumberOfMessagesSent",
                "Dimensions": [{"Name": "QueueName", "Value": "q"}],
                "Timestamp": to_datetime(NOON - hour * HOUR),
                "Value": 1_000,
            }
            cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[sent])
        deployment = Account({}).deployment()
        deployment.aws.cloudwatch = cloudwatch
        found = usage(deployment, HERE, now=NOON)
    assert found.observed == 100 * HOUR
    (written,) = [line.quantity for line in found.lines if line.what == "writing objects, about"]
    assert written == pytest.approx(1_000 * 730)


def test_without_metrics_the_error_suggests_an_estimate():
    with pytest.raises(LogctlError, match="no metrics of logctl-dev") as refused:
        usage(Account({}).deployment(), HERE, now=NOON)
    assert refused.value.exit_code == 1
    assert "--estimate" in refused.value.hint


def test_the_table_in_the_docs_matches_the_model():
    text = (Path(__file__).parents[2] / "docs" / "cost.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\d,]+)/s of ([\w ]+?) \| (\$.*) \|$", text, re.MULTILINE)
    assert len(rows) == 4
    for rate, size, amounts in rows:
        loads = [
            Load(float(rate.replace(",", "")), parse_size(size), every=every) for every in (1_000, MINUTE)
        ]
        bills = [estimate.estimate(load, Settings(), HERE) for load in loads]
        bills += [estimate.with_cloudwatch_logs(loads[0], Settings(), HERE)]
        bills += [estimate.with_firehose(loads[0], Settings(), HERE)]
        assert amounts == " | ".join(f"${total(lines):,.0f}" for lines in bills)
