"""CloudWatch: alarms that tell people through the topic, and a dashboard of the environment.

Seven alarms and one dashboard: an account has ten alarms and three dashboards free, then they cost $0.10 and
$3 a month each (Amazon CloudWatch pricing, 2026-11). The metrics are the services' own and cost nothing. One
is ours: what the consumer sets aside, counted in its log. Ten such metrics are free, then one costs $0.30 a
month, in the hours that have a value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from logctl.pipeline.stores.alert_states import DUE
from logctl.pipeline.stores.hot import ARRIVAL
from logctl.stack.iam.policies import Statement, sub
from logctl.stack.names import ALARMS, Names
from logctl.stack.resources.queueing import VISIBILITY_TIMEOUT
from logctl.stack.settings import Settings, cli_flags

_ALARM_ARN = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
_COLUMNS, _WIDTH, _HEIGHT = 3, 8, 6  # the grid of a dashboard is 24 wide
QUARANTINED = "Quarantined"
"""The metric of what the consumer set aside; its namespace is `_namespace`."""


@dataclass(frozen=True)
class _Alarm:
    """What is watched, and what a person reads when it goes off. `period` is in seconds.

    SQS and Lambda report each minute, and nothing where nothing happened: no data is no trouble, except
    for what should happen every minute.
    """

    about: str
    metric: tuple[str, str]
    dimension: tuple[str, str] | None
    statistic: str
    comparison: str
    threshold: int
    period: int
    periods: int
    missing: str = "notBreaching"
    tells_end: bool = True


def _alarms(settings: Settings, names: Names) -> dict[str, _Alarm]:
    """By what `Names.alarm` makes its name of."""
    flags = cli_flags(settings)
    queue, dead = ("QueueName", names.queue), ("QueueName", names.dead_letter_queue)
    consumer, sweeper = ("FunctionName", names.consumer), ("FunctionName", names.sweeper)
    return {
        # Not NumberOfMessagesSent, which does not count what the redrive policy moves
        # (Amazon SQS Developer Guide, Creating alarms for dead-letter queues).
        "dead-letters": _Alarm(
            f"Messages could not be stored and are in the dead-letter queue. See: logctl dlq list{flags}",
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible"), dead,
            "Maximum", "GreaterThanThreshold", 0, 60, 1,
        ),
        # Longer than two tries of a message take: one failure that the next try mends wakes nobody.
        "backlog": _Alarm(
            f"Records wait too long: the consumer is behind, failing or stopped. See: logctl status{flags}",
            ("AWS/SQS", "ApproximateAgeOfOldestMessage"), queue,
            "Maximum", "GreaterThanThreshold", 2 * VISIBILITY_TIMEOUT, 60, 5,
        ),
        "consumer-errors": _Alarm(
            "The consumer crashes or times out; messages are tried again, then set aside. "
            f"See: logctl status{flags}, and the log group /aws/lambda/{names.consumer}",
            ("AWS/Lambda", "Errors"), consumer,
            "Sum", "GreaterThanOrEqualToThreshold", 3, 300, 1, tells_end=False,
        ),
        # A throttled try counts as a receive too (AWS Lambda Developer Guide, Creating and configuring an
        # Amazon SQS event source mapping).
        "consumer-throttles": _Alarm(
            "Lambda throttles the consumer: the account's concurrency is used up. "
            f"See: logctl doctor{flags}",
            ("AWS/Lambda", "Throttles"), consumer,
            "Sum", "GreaterThanThreshold", 0, 300, 2, tells_end=False,
        ),
        # No data is what this one is for. A new stack may be told of before its first minute is over.
        "sweeper-stopped": _Alarm(
            "The sweeper does not run, so alerts that are held back or failed are not sent. "
            f"See: logctl status{flags}",
            ("AWS/Lambda", "Invocations"), sweeper,
            "Sum", "LessThanThreshold", 1, 300, 2, missing="breaching",
        ),
        "sweeper-errors": _Alarm(
            "The sweeper fails, so alerts that are held back or failed may not be sent. "
            f"See: logctl status{flags}, and the log group /aws/lambda/{names.sweeper}",
            ("AWS/Lambda", "Errors"), sweeper,
            "Sum", "GreaterThanOrEqualToThreshold", 3, 300, 1,
        ),
        # That no more comes does not mean that it was mended: no word of an end.
        "quarantine": _Alarm(
            "Messages or lines of them could not be read and were set aside, unstored. "
            f"See: logctl quarantine list{flags}",
            (_namespace(names), QUARANTINED), None,
            "Sum", "GreaterThanThreshold", 0, 300, 1, tells_end=False,
        ),
    }  # fmt: skip


def _namespace(names: Names) -> str:
    """A namespace an environment: a filter can give a metric dimensions only from what the log says."""
    return f"logctl/{names.stack}"


def resources(settings: Settings, names: Names) -> dict[str, Any]:
    alarms = {
        f"{about.title().replace('-', '')}Alarm": _resource(names.alarm(about), alarm)
        for about, alarm in _alarms(settings, names).items()
    }
    return {
        **alarms,
        "QuarantinedMetric": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": {"Ref": "ConsumerLogs"},
                "FilterName": names.alarm("quarantine"),
                # The line that `pipeline.consumer` writes for each object it puts there.
                "FilterPattern": '{ $.event = "quarantined" }',
                "MetricTransformations": [
                    {"MetricNamespace": _namespace(names), "MetricName": QUARANTINED, "MetricValue": "1"}
                ],
            },
        },
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {
                "DashboardName": names.stack,
                "DashboardBody": sub(json.dumps(_body(settings, names), separators=(",", ":"))),
            },
        },
    }


def _resource(name: str, alarm: _Alarm) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": name,
            "AlarmDescription": alarm.about,
            "Namespace": alarm.metric[0],
            "MetricName": alarm.metric[1],
            **(
                {"Dimensions": [{"Name": alarm.dimension[0], "Value": alarm.dimension[1]}]}
                if alarm.dimension
                else {}
            ),
            "Statistic": alarm.statistic,
            "ComparisonOperator": alarm.comparison,
            "Threshold": alarm.threshold,
            "Period": alarm.period,
            "EvaluationPeriods": alarm.periods,
            "TreatMissingData": alarm.missing,
            "AlarmActions": [{"Ref": "Topic"}],
            **({"OKActions": [{"Ref": "Topic"}]} if alarm.tells_end else {}),
        },
    }


def let_alarms_publish(names: Names) -> Statement:
    """For the topic's policy: these alarms of this account may publish, and no other alarm of anybody
    (Amazon SNS Developer Guide, Example cases for access control; AWS re:Post, Why didn't I receive an SNS
    notification for my CloudWatch alarm trigger?)."""
    return {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "Topic"},
        "Condition": {
            "ArnEquals": {"aws:SourceArn": [sub(_ALARM_ARN + names.alarm(about)) for about in ALARMS]},
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        },
    }


# ── The dashboard ───────────────────────────────────────────────────────────────────────────────────────


def _body(settings: Settings, names: Names) -> dict[str, Any]:
    """What PutDashboard takes (Amazon CloudWatch API Reference, Dashboard Body Structure and Syntax)."""
    queue, dead = ("QueueName", names.queue), ("QueueName", names.dead_letter_queue)
    consumer, sweeper = ("FunctionName", names.consumer), ("FunctionName", names.sweeper)
    api, topic = ("ApiId", "${HttpApi}"), ("TopicName", names.topic)
    graphs = [
        _graph(
            "Queue: messages",
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", *queue, "waiting", "Maximum"),
            ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", *queue, "in flight", "Maximum"),
            ("AWS/SQS", "NumberOfMessagesSent", *queue, "sent", "Sum"),
        ),
        _graph(
            "Queue: age of the oldest message, s",
            ("AWS/SQS", "ApproximateAgeOfOldestMessage", *queue, "oldest", "Maximum"),
        ),
        _graph(
            "Dead letters and quarantine",
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", *dead, "dead letters", "Maximum"),
            (_namespace(names), QUARANTINED, "set aside", "Sum"),
        ),
        _graph(
            "Consumer: calls",
            ("AWS/Lambda", "Invocations", *consumer, "calls", "Sum"),
            ("AWS/Lambda", "Errors", *consumer, "errors", "Sum"),
            ("AWS/Lambda", "Throttles", *consumer, "throttles", "Sum"),
        ),
        _graph(
            "Consumer: duration, ms",
            ("AWS/Lambda", "Duration", *consumer, "median", "p50"),
            ("AWS/Lambda", "Duration", *consumer, "p99", "p99"),
        ),
        _graph(
            "Consumer: concurrency",
            ("AWS/Lambda", "ConcurrentExecutions", *consumer, "at once", "Maximum"),
        ),
        _graph(
            "Alerts",
            ("AWS/Lambda", "Invocations", *sweeper, "sweeps", "Sum"),
            ("AWS/Lambda", "Errors", *sweeper, "failed sweeps", "Sum"),
            ("AWS/SNS", "NumberOfMessagesPublished", *topic, "published", "Sum"),
            ("AWS/SNS", "NumberOfNotificationsFailed", *topic, "not delivered", "Sum"),
        ),
        _graph(
            "API: requests",
            ("AWS/ApiGateway", "Count", *api, "requests", "Sum"),
            ("AWS/ApiGateway", "4xx", *api, "4xx", "Sum"),
            ("AWS/ApiGateway", "5xx", *api, "5xx", "Sum"),
        ),
        _graph(
            "API: latency, ms",
            ("AWS/ApiGateway", "Latency", *api, "median", "p50"),
            ("AWS/ApiGateway", "Latency", *api, "p99", "p99"),
        ),
        _graph("DynamoDB: throttled", *_throttles(names)),
    ]  # fmt: skip
    alarms = {
        "type": "alarm",
        "properties": {
            "title": f"{names.stack}: for more, run logctl status{cli_flags(settings)}",
            "alarms": [_ALARM_ARN + names.alarm(about) for about in ALARMS],
        },
    }
    return {
        "start": "-PT3H",
        "widgets": [{**_place(number), **widget} for number, widget in enumerate([alarms, *graphs])],
    }


def _throttles(names: Names) -> list[tuple[str, ...]]:
    """A table's metrics leave out its indexes' (Amazon DynamoDB Developer Guide, Metrics and dimensions)."""
    found: list[tuple[str, ...]] = []
    for table, index, label in (
        (names.hot_table, ARRIVAL, "hot"),
        (names.alerts_table, DUE, "alerts"),
    ):
        of_index = ("TableName", table, "GlobalSecondaryIndexName", index)
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            what = metric.removesuffix("ThrottleEvents").lower() + "s"
            found.append(("AWS/DynamoDB", metric, "TableName", table, f"{label} {what}", "Sum"))
            found.append(("AWS/DynamoDB", metric, *of_index, f"{label} index {what}", "Sum"))
    return found


def _graph(title: str, *metrics: tuple[str, ...]) -> dict[str, Any]:
    """Each metric is its namespace, name and dimensions, then its label and statistic."""
    return {
        "type": "metric",
        "properties": {
            "title": title,
            "region": "${AWS::Region}",
            "period": 60,
            "metrics": [[*where, {"label": label, "stat": stat}] for *where, label, stat in metrics],
        },
    }


def _place(number: int) -> dict[str, int]:
    row, column = divmod(number, _COLUMNS)
    return {"x": column * _WIDTH, "y": row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
