"""Costs: the model's quantities compared with the real code, the prices, and bills from metrics."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from bench.loghub import loghub
from logctl.aws.clients import Aws
from logctl.core.errors import LogctlError, UsageError
from logctl.core.hot_rows import FULL, INDEX
from logctl.core.records import Record
from logctl.core.times import DAY, HOUR, MINUTE, SECOND, iso, to_datetime
from logctl.ops.cost import estimate
from logctl.ops.cost.bill import MONTH, SQS_CHUNK, total
from logctl.ops.cost.load import SQS_BATCH, Load, Traffic, parse_rate, per_request
from logctl.ops.cost.log_sample import LogSample, generated, mean_sizes
from logctl.ops.cost.measured import usage
from logctl.ops.cost.prices import REGIONS, prices
from logctl.ops.send.gathering import ENOUGH, Gathering
from logctl.ops.send.input_messages import Inputs
from logctl.ops.send.packing import Packed, pack
from logctl.ops.send.sender import Outgoing, Sender
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import build_template
from tests.helpers.call_meter import CallMeter
from tests.helpers.messages import NOTHING_FAILED, event, packed, sqs
from tests.helpers.pipeline import NOON, Pipeline

HERE = prices("us-east-1")
MARGIN = 0.4
"""The largest relative error of generated text for one kind of log; half of it for their mean."""
SHOP = "shop"


def json_log(path: Path, count: int) -> Path:
    """Write a log of JSON lines of about 548 bytes with trace ids, of which one in fifty is an error."""
    random_ = random.Random(1)
    with path.open("w") as file:
        for index in range(count):
            order, failed = random_.randrange(10**8), index % 50 == 7
            said = FAILURES[index // 50 % len(FAILURES)] if failed else "order placed"
            record = {
                "timestamp": iso(NOON - HOUR + index * 20),
                "level": "error" if failed else "info",
                "logger": "shop.orders",
                "message": f"{said}: {order}",
                "trace_id": f"{random_.getrandbits(128):032x}",
                "span_id": f"{random_.getrandbits(64):016x}",
                "customer": random_.randrange(10**6),
                "service": "shop",
                "host": "web-1",
                "duration_ms": random_.random() * 100,
                "tags": ["a", "b"],
                "http": {"method": "GET", "path": "/orders/17", "status": 200, "user_agent": AGENT},
            }
            file.write(json.dumps(record) + "\n")
    return path


FAILURES = ("card refused", "stock gone", "gateway timed out")
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 "
    "Safari/537.36 Edg/129.0.2792.52 (corporate; build 20261127)"
)


@cache
def real_sample(path: Path) -> LogSample:
    return LogSample(read(path))


def read(path: Path) -> list[Record]:
    return list(Inputs([str(path)], SHOP, "here").records())


@pytest.mark.parametrize("count", [1, 10, 100, 1000])
def test_generated_text_is_compressed_like_real_logs(count):
    folder = loghub()
    if folder is None:
        pytest.skip("loghub's logs are not here")
    found = []
    for file in sorted(folder.glob("*.log")):
        real = real_sample(file)
        made = generated(round(real.line_bytes), 0.01, 5)
        sizes = [log.of(count, INDEX) for log in (made, real)]
        ours, theirs = (each.stored / each.records for each in sizes)
        found.append(ours / theirs - 1)
    assert max(map(abs, found)) < MARGIN, found
    assert abs(sum(found) / len(found)) < MARGIN / 2


@pytest.mark.parametrize(
    ("size", "errors", "kinds"), [(60, 0.05, 3), (300, 0.01, 5), (900, 0.2, 2), (500, 0, 5)]
)
def test_generated_lines_have_the_size_and_the_errors_that_were_asked_for(size, errors, kinds):
    made = generated(size, errors, kinds)
    assert made.line_bytes == pytest.approx(size + 1, rel=0.05)
    assert made.kinds == (kinds if errors else 0)
    assert made.of(100, INDEX).alarming == pytest.approx(min(1, 100 * errors), abs=0.05)
    assert made.of(1, INDEX).kinds == pytest.approx(errors, rel=0.3)


def test_a_sample_is_packed_as_send_packs_it(tmp_path):
    records = read(json_log(tmp_path / "shop.ndjson", 5_000))
    log, messages = LogSample(records), list(pack(records, "0" * 16))
    full = log.full(INDEX)
    assert len(messages) > 2
    assert full.records == pytest.approx(sum(each.count for each in messages[:-1]) / (len(messages) - 1))
    assert full.body == pytest.approx(
        sum(each.size for each in messages[:-1]) / (len(messages) - 1), rel=0.01
    )
    assert log.of(100, INDEX).records == 100
    # Live records are of one hour, however old the log is.
    assert log.of(100, INDEX).rows == 1
    assert log.of(10**6, INDEX).records == pytest.approx(full.records, rel=0.2)


def test_a_sample_knows_rate_and_size_of_its_log(tmp_path):
    path = json_log(tmp_path / "shop.ndjson", 1_000)
    log = LogSample(read(path))
    assert log.rate == pytest.approx(50, rel=0.01)
    assert log.line_bytes == pytest.approx(path.stat().st_size / 1_000, rel=0.01)
    with pytest.raises(ValueError, match="no record"):
        LogSample([])


def test_a_small_sample_is_scaled_up_by_whole_messages(tmp_path):
    log = LogSample(read(json_log(tmp_path / "shop.ndjson", 30)))
    assert log.of(10**5, INDEX).records == 30
    assert Load(1_000, 548, sample=log).records_per_message == pytest.approx(30, rel=0.01)


# ── Against the calls of the code ───────────────────────────────────────────────────────────────────

ALL_KINDS = 160
"""Records of the log that have an error of each kind."""


def metered(
    pipeline: Pipeline, log: Path, sizes: list[int], hot_rows: str = Settings().hot_rows
) -> tuple[CallMeter, list[Packed]]:
    """Return the consumer's calls for messages of so many records each, after a first one with all kinds."""
    records = read(json_log(log, ALL_KINDS + sum(sizes)))
    starts = [ALL_KINDS + sum(sizes[:number]) for number in range(len(sizes))]
    groups = [records[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    source = "0123456789abcdef"
    pipeline.config = replace(pipeline.config, hot_rows=hot_rows)
    pipeline.restart()
    assert pipeline.consumer.process(event(packed(records[:ALL_KINDS], source))) == NOTHING_FAILED
    messages = [message for group in groups for message in pack(group, source)]
    meter = CallMeter(pipeline)
    for number, message in enumerate(messages):
        body = sqs(message.body, name=f"n{number}", group=SHOP)
        assert pipeline.consumer.process(event(body)) == NOTHING_FAILED
    return meter, messages


def estimated(messages: list[Packed], hot_rows: str) -> dict[str, float]:
    """Return the quantities of an estimate for messages that are sent one by one."""
    count, sizes = len(messages), mean_sizes(messages, hot_rows)
    traffic = Traffic(sizes.records * count, count, count, sizes)
    return {line.what: line.quantity or 0 for line in estimate.requests(traffic, HERE)}


@pytest.mark.parametrize("hot_rows", [INDEX, FULL])
@pytest.mark.parametrize("sizes", [[1] * 4, [20] * 6, [300, 400]])
def test_the_consumers_calls_are_those_of_the_estimate(pipeline, tmp_path, sizes, hot_rows):
    meter, messages = metered(pipeline, tmp_path / "shop.ndjson", sizes, hot_rows)
    lines = estimated(messages, hot_rows)
    hot, alerts = pipeline.config.hot_table, pipeline.config.alerts_table
    assert meter.calls["PutObject"] == lines["writing objects"] == len(messages)
    assert meter.written[hot] + meter.written[f"{hot}, indexes"] == pytest.approx(
        lines["writing hot rows"] + lines["deduplicating records, writing"]
    )
    assert meter.written[alerts] + meter.written[f"{alerts}, indexes"] == pytest.approx(
        lines["counting errors, writing"]
    )
    assert meter.read[hot] == pytest.approx(lines["deduplicating records, reading"])
    # The time of the last sweep is read once for each container.
    assert meter.read[alerts] == pytest.approx(lines["counting errors, reading"], abs=1)


@pytest.mark.parametrize("rate", [0.02, 1, 100, 3_000])
def test_a_followed_file_is_sent_as_often_as_the_estimate_says(rate):
    """The rules of `send -f`, looked at every tenth of a second for an hour, after what it had saved up."""
    gathering, size, sent, waiting, began = Gathering(), 500, 0, 0.0, 30 * MINUTE
    for now in range(0, began + HOUR, 100):
        waiting += rate / 10
        if int(waiting) and (gathering.is_due(now) or waiting * size >= ENOUGH):
            gathering.sent(now, [(Path("app.log"), 0, int(waiting) * size)], early=False)
            waiting -= int(waiting)
            sent += now >= began
    assert Load(rate, size).messages / MONTH * HOUR == pytest.approx(sent, rel=0.15)


def test_an_app_is_noted_as_often_as_the_estimate_says(pipeline):
    def written(after: int) -> int:
        pipeline.clock.advance(after)
        meter = CallMeter(pipeline)
        message = sqs("a line of text", name=f"m{pipeline.clock.now}", group=SHOP, sent_at=pipeline.clock.now)
        assert pipeline.consumer.process(event(message)) == NOTHING_FAILED
        return meter.calls["PutItem"]

    first, soon, later = written(0), written(1_000), written(estimate.APP_NOTED)
    assert first == later == soon + 1


class CountingQueue:
    """An SQS that accepts everything, and counts what it bills: each request by its 64 KB."""

    def __init__(self) -> None:
        self.requests: list[int] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.requests.append(-(-sum(len(entry["MessageBody"]) for entry in Entries) // SQS_CHUNK))
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


@pytest.mark.parametrize("count", [200, 2_000, 10_000])
def test_the_senders_requests_are_those_of_the_estimate(tmp_path, count):
    records = read(json_log(tmp_path / "shop.ndjson", count))
    queue = CountingQueue()
    messages = list(pack(records, "0123456789abcdef"))
    Sender(queue, "url").send(Outgoing(message, "shop.ndjson") for message in messages)
    sizes = mean_sizes(messages, INDEX)
    traffic = Traffic(count, len(messages), len(messages) / per_request(sizes, len(messages)), sizes)
    sent = {line.what: line.quantity or 0 for line in estimate.requests(traffic, HERE)}
    # What is sent is received in batches like these, which are deleted by one request.
    both = sent["sending, receiving, deleting"] - traffic.requests
    assert both / 2 == pytest.approx(sum(queue.requests), rel=0.15)
    assert len(queue.requests) == math.ceil(traffic.requests)
    whole = Traffic.of_files(LogSample(records), count, INDEX)
    assert math.floor(whole.requests) <= len(queue.requests)


def test_a_million_json_records_cost_an_eighth_of_what_cloudwatch_takes_in(pipeline, tmp_path):
    """By counted calls: `send FILE` with the default settings, records of 548 bytes with trace ids."""
    path = tmp_path / "shop.ndjson"
    meter, messages = metered(pipeline, path, [5_000])
    records = sum(message.count for message in messages)
    chunks = sum(-(-message.size // SQS_CHUNK) for message in messages)
    units = sum(meter.written.values())
    counted = {
        "sqs_fifo_request": 2 * chunks + len(messages),
        "lambda_request": len(messages),
        "s3_put": meter.calls["PutObject"],
        "dynamodb_write": units,
        "dynamodb_read": sum(meter.read.values()),
        "sns_publish": meter.calls["Publish"],
    }
    dollars = sum(HERE[name].of(quantity) for name, quantity in counted.items()) * 1e6 / records
    line = path.stat().st_size / (ALL_KINDS + 5_000)
    assert line == pytest.approx(548, rel=0.02)
    assert dollars <= 0.035 < HERE["logs_ingest"].of(1e6 * line) / 7


@pytest.mark.parametrize(("rate", "most"), [(10, 1), (100, 1 / 3), (1_000, 1 / 5)])
def test_a_month_costs_no_more_than_a_part_of_cloudwatch(rate, most):
    load = Load(rate, 500)
    ours = total(estimate.estimate(load, Settings(), HERE))
    assert ours <= most * total(estimate.with_cloudwatch_logs(load, Settings(), HERE))


def test_model_constants_match_the_template():
    resources = build_template(Settings(), code=Code("b", "k", "python3.13", "arm64"))["Resources"]
    assert resources["Consumer"]["Properties"]["MemorySize"] == estimate.CONSUMER_MB
    assert resources["Sweeper"]["Properties"]["MemorySize"] == estimate.SWEEPER_MB
    assert resources["Sweeper"]["Properties"]["Architectures"] == ["arm64"]
    assert resources["ConsumerSource"]["Properties"]["BatchSize"] == SQS_BATCH
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

    assert bill(every=MINUTE) < bill() < bill(every=SECOND)
    assert bill() < bill(apps=20)
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
