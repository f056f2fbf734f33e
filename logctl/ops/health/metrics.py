"""CloudWatch's metrics of one environment in the last hour, read with one request.

GetMetricData costs $0.01 per thousand metrics (Amazon CloudWatch pricing, 2026-11): one `logctl status`
costs a hundredth of a cent, and one every ten seconds costs three cents an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logctl.core.times import HOUR, MINUTE, SECOND, from_datetime, to_datetime
from logctl.ops.deployment import Deployment

_RECENT = 5 * MINUTE
"""The age up to which a value of ApproximateAgeOfOldestMessage is used. SQS reports no value for an empty
queue, so an older value is about messages that are gone."""


@dataclass(frozen=True)
class MetricQuery:
    """One CloudWatch metric with its dimensions; `period` is in seconds."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str = "Sum"
    period: int = MINUTE // SECOND

    def request(self, query_id: str) -> dict[str, Any]:
        """Return a MetricDataQuery of GetMetricData (Amazon CloudWatch API Reference)."""
        pairs = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": pairs}
        return {
            "Id": query_id,
            "MetricStat": {"Metric": metric, "Period": self.period, "Stat": self.statistic},
        }


@dataclass(frozen=True)
class Measured:
    """Metrics of the last hour. None is where CloudWatch has no data, as for the sandbox's queues.

    Attributes:
        oldest_seconds: the age of the queue's oldest message, as measured last.
        calls: the consumer's invocations; `errors` and `throttles` are the consumer's, too.
        mean_duration: of the consumer's invocations, in milliseconds, like `longest_duration`.
        sweeps: the sweeper's invocations.
    """

    oldest_seconds: float | None
    calls: float | None
    errors: float | None
    throttles: float | None
    mean_duration: float | None
    longest_duration: float | None
    sweeps: float | None
    sweeper_errors: float | None


def measure(deployment: Deployment, *, now: int) -> Measured:
    """Read the metrics of the hour before `now` (milliseconds)."""
    names = deployment.names

    def of_function(name: str, metric: str, statistic: str) -> MetricQuery:
        return MetricQuery("AWS/Lambda", metric, {"FunctionName": name}, statistic)

    wanted = {
        "age": MetricQuery("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": names.queue}, "Maximum"),
        "calls": of_function(names.consumer, "Invocations", "Sum"),
        "errors": of_function(names.consumer, "Errors", "Sum"),
        "throttles": of_function(names.consumer, "Throttles", "Sum"),
        "duration": of_function(names.consumer, "Duration", "Sum"),
        "longest": of_function(names.consumer, "Duration", "Maximum"),
        "sweeps": of_function(names.sweeper, "Invocations", "Sum"),
        "sweeper_errors": of_function(names.sweeper, "Errors", "Sum"),
    }
    points = _points(deployment, wanted, now)
    ages = [value for at, value in points["age"] if at >= now - _RECENT]
    sums = {name: sum(value for _, value in found) if found else None for name, found in points.items()}
    calls, duration = sums["calls"], sums["duration"]
    return Measured(
        oldest_seconds=ages[-1] if ages else None,
        calls=calls,
        errors=sums["errors"],
        throttles=sums["throttles"],
        mean_duration=duration / calls if duration is not None and calls else None,
        longest_duration=max((value for _, value in points["longest"]), default=None),
        sweeps=sums["sweeps"],
        sweeper_errors=sums["sweeper_errors"],
    )


def _points(
    deployment: Deployment, wanted: Mapping[str, MetricQuery], now: int
) -> dict[str, list[tuple[int, float]]]:
    """Return the times (milliseconds) and values of each metric in the last hour, oldest first."""
    pages = deployment.aws.cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[metric.request(name) for name, metric in wanted.items()],
        StartTime=to_datetime(now - HOUR),
        EndTime=to_datetime(now),
    )
    points: dict[str, list[tuple[int, float]]] = {name: [] for name in wanted}
    for page in pages:
        for result in page["MetricDataResults"]:
            times = map(from_datetime, result["Timestamps"])
            points[result["Id"]] += zip(times, result["Values"], strict=True)
    return {name: sorted(found) for name, found in points.items()}
