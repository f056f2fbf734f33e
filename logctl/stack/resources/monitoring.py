"""CloudWatch: the alarms of `logctl.stack.alarms`, and a dashboard of the environment.

An account has three dashboards free; then one costs $3 a month (Amazon CloudWatch pricing, 2026-11). The
metrics are the services' own and cost nothing. One is the pipeline's own: what the consumer sets aside,
counted in its log. Ten such metrics are free; then one costs $0.30 a month, for the hours that have a value.
"""

from __future__ import annotations

import json
from typing import Any

from logctl.pipeline.stores.attention_index import DUE
from logctl.pipeline.stores.hot import ARRIVALS
from logctl.stack.alarms import ALARMS, QUARANTINED, Alarm, log_namespace
from logctl.stack.iam.policies import Statement, sub
from logctl.stack.names import Names
from logctl.stack.settings import Settings, cli_flags

_ALARM_ARN = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
_COLUMNS, _WIDTH, _HEIGHT = 3, 8, 6  # the grid of a dashboard is 24 wide


def resources(settings: Settings, names: Names) -> dict[str, Any]:
    """Return the alarms, the metric filter that one of them needs, and the dashboard."""
    alarms = {
        f"{alarm.name.title().replace('-', '')}Alarm": _alarm(alarm, settings, names) for alarm in ALARMS
    }
    return {
        **alarms,
        "QuarantinedMetric": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": {"Ref": "ConsumerLogs"},
                "FilterName": names.alarm("quarantine"),
                # The line that `pipeline.consumer` writes for each object that it puts there.
                "FilterPattern": '{ $.event = "quarantined" }',
                "MetricTransformations": [
                    {"MetricNamespace": log_namespace(names), "MetricName": QUARANTINED, "MetricValue": "1"}
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


def _alarm(alarm: Alarm, settings: Settings, names: Names) -> dict[str, Any]:
    metric = alarm.metric(names)
    dimensions = [{"Name": name, "Value": value} for name, value in filter(None, [metric.dimension])]
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": names.alarm(alarm.name),
            "AlarmDescription": alarm.description(settings, names),
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            **({"Dimensions": dimensions} if dimensions else {}),
            "Statistic": alarm.statistic,
            "ComparisonOperator": alarm.comparison,
            "Threshold": alarm.threshold,
            "Period": alarm.period,
            "EvaluationPeriods": alarm.periods,
            "TreatMissingData": alarm.missing_data,
            "AlarmActions": [{"Ref": "Topic"}],
            **({"OKActions": [{"Ref": "Topic"}]} if alarm.notifies_end else {}),
        },
    }


def let_alarms_publish(names: Names) -> Statement:
    """Return the statement of the topic's policy that lets exactly these alarms of this account publish.

    Source: Amazon SNS Developer Guide, Example cases for access control; AWS re:Post, Why didn't I receive an
    SNS notification for my CloudWatch alarm trigger?
    """
    return {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "Topic"},
        "Condition": {
            "ArnEquals": {"aws:SourceArn": [sub(_ALARM_ARN + names.alarm(alarm.name)) for alarm in ALARMS]},
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        },
    }


# ── The dashboard ───────────────────────────────────────────────────────────────────────────────────────


def _body(settings: Settings, names: Names) -> dict[str, Any]:
    """Return the dashboard's body (Amazon CloudWatch API Reference, Dashboard Body Structure and Syntax)."""
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
            (log_namespace(names), QUARANTINED, "set aside", "Sum"),
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
            "alarms": [_ALARM_ARN + names.alarm(alarm.name) for alarm in ALARMS],
        },
    }
    return {
        "start": "-PT3H",
        "widgets": [{**_place(number), **widget} for number, widget in enumerate([alarms, *graphs])],
    }


def _throttles(names: Names) -> list[tuple[str, ...]]:
    """Return the metrics of throttled reads and writes, of each table and of its index.

    A table's metrics do not include those of its indexes (Amazon DynamoDB Developer Guide, Metrics and
    dimensions).
    """
    found: list[tuple[str, ...]] = []
    for table, index, label in (
        (names.hot_table, ARRIVALS, "hot"),
        (names.alerts_table, DUE, "alerts"),
    ):
        of_index = ("TableName", table, "GlobalSecondaryIndexName", index)
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            what = metric.removesuffix("ThrottleEvents").lower() + "s"
            found.append(("AWS/DynamoDB", metric, "TableName", table, f"{label} {what}", "Sum"))
            found.append(("AWS/DynamoDB", metric, *of_index, f"{label} index {what}", "Sum"))
    return found


def _graph(title: str, *metrics: tuple[str, ...]) -> dict[str, Any]:
    """Return a graph widget. Each metric is its namespace, name and dimensions, then label and statistic."""
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
