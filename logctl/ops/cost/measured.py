"""What a running pipeline costs: CloudWatch's metrics of the last thirty days, projected to a month.

Quantities without a metric are derived from others: one object for each message, and a request to send, one
to receive and one to delete for each batch of the consumer. So the amounts are approximate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.errors import LogctlError
from logctl.core.times import DAY, HOUR, SECOND, from_datetime, to_datetime
from logctl.ops.cost.bill import MONTH, SQS_CHUNK, CostLine
from logctl.ops.cost.prices import Price
from logctl.ops.deployment import Deployment
from logctl.ops.health.metrics import MetricQuery
from logctl.pipeline.stores.attention_index import DUE
from logctl.pipeline.stores.hot import ARRIVAL, ARRIVALS

LOOK_BACK = 30 * DAY
_STORAGE = {
    # Values of StorageType (Amazon S3 User Guide, Metrics and dimensions), and the names of their prices.
    "StandardStorage": "s3_standard",
    "StandardIAStorage": "s3_infrequent",
    "GlacierInstantRetrievalStorage": "s3_glacier_ir",
}


@dataclass(frozen=True)
class Usage:
    """The lines of a month's bill, projected from `observed` milliseconds of metrics."""

    observed: int
    lines: list[CostLine]


@dataclass(frozen=True)
class _Series:
    """The sum of a metric's values, the newest value, and the time of the oldest (milliseconds)."""

    sum: float = 0
    newest: float = 0
    since: int | None = None


def usage(deployment: Deployment, prices: Mapping[str, Price], *, now: int) -> Usage:
    """Return the cost of a month like the last thirty days.

    Raises:
        LogctlError: CloudWatch has no metric of this environment.
    """
    memory = _memory(deployment)
    series = _read(deployment, _metrics(deployment, memory), now)
    # A bucket that an earlier `destroy` kept is older than the running pipeline, so storage does not count.
    since = [item.since for key, item in series.items() if key not in _STORAGE and item.since is not None]
    if not since:
        raise LogctlError(
            f"CloudWatch has no metrics of {deployment.names.stack} from the last 30 days"
            + (", and the sandbox keeps none." if deployment.settings.target == "local" else "."),
            "To estimate the cost of a load: logctl cost --estimate 100/s 500B",
        )
    observed = max(now - min(since), HOUR)
    month = MONTH / observed
    seen = {key: item.sum * month for key, item in series.items()}
    lines = [
        *_flow(seen, memory, prices),
        *(
            CostLine("S3", f"storage, {kind.removesuffix('Storage')}", series[kind].newest, prices[price])
            for kind, price in _STORAGE.items()
        ),
        *_tables(deployment, seen, prices),
        *_alarms(deployment, prices),
    ]
    return Usage(observed, [line for line in lines if line.quantity])


def _flow(
    seen: Mapping[str, float], memory: Mapping[str, int], prices: Mapping[str, Price]
) -> list[CostLine]:
    batches = seen.get("calls:consumer", 0)
    requests = 2 * max(batches, math.ceil(seen["bytes"] / SQS_CHUNK)) + batches + seen["empty"]
    gb_seconds = sum(seen[f"time:{name}"] / SECOND * size / 1024 for name, size in memory.items())
    return [
        CostLine("SQS", "requests, about", requests, prices["sqs_fifo_request"]),
        CostLine(
            "Lambda", "invocations", sum(seen[f"calls:{name}"] for name in memory), prices["lambda_request"]
        ),
        CostLine("Lambda", "run time", gb_seconds, prices["lambda_arm_gb_second"]),
        CostLine("S3", "writing objects, about", seen["sent"], prices["s3_put"]),
        CostLine("SNS", "alerts", seen["alerts"], prices["sns_publish"]),
        CostLine("CloudWatch", "the functions' own logs", seen["logs"], prices["logs_ingest"]),
        CostLine("HTTP API", "requests", seen["api"], prices["http_api_request"]),
        CostLine("Athena", "data that queries read", seen["scanned"], prices["athena_scan"]),
    ]


def _memory(deployment: Deployment) -> dict[str, int]:
    """Return the memory of each deployed function, in megabytes. The compactor may not be deployed."""
    names = deployment.names
    functions = {
        "consumer": names.consumer,
        "sweeper": names.sweeper,
        "api": names.api,
        "compactor": names.compactor,
    }
    found = {}
    for key, name in functions.items():
        try:
            reply = deployment.aws.functions.get_function_configuration(FunctionName=name)
        except ClientError as error:
            absent = code_of(error) == "ResourceNotFoundException"
            if not absent or key != "compactor":
                raise
        else:
            found[key] = reply["MemorySize"]
    return found


def _metrics(deployment: Deployment, functions: Iterable[str]) -> list[tuple[str, MetricQuery]]:
    """Return the metrics to read, each with the key that its values are summed under."""
    names = deployment.names
    queue = {"QueueName": names.queue}
    hourly = partial(MetricQuery, period=HOUR // SECOND)
    found = [
        ("sent", hourly("AWS/SQS", "NumberOfMessagesSent", queue)),
        ("bytes", hourly("AWS/SQS", "SentMessageSize", queue)),
        ("empty", hourly("AWS/SQS", "NumberOfEmptyReceives", queue)),
        ("alerts", hourly("AWS/SNS", "NumberOfMessagesPublished", {"TopicName": names.topic})),
        ("api", hourly("AWS/ApiGateway", "Count", {"ApiId": _api_id(deployment)})),
    ]
    for function in functions:
        named = {"FunctionName": getattr(names, function)}
        group = {"LogGroupName": f"/aws/lambda/{getattr(names, function)}"}
        found += [
            (f"calls:{function}", hourly("AWS/Lambda", "Invocations", named)),
            (f"time:{function}", hourly("AWS/Lambda", "Duration", named)),
            ("logs", hourly("AWS/Logs", "IncomingBytes", group)),
        ]
    for table, indexes in ((names.hot_table, (ARRIVAL, ARRIVALS)), (names.alerts_table, (DUE,))):
        of_table = {"TableName": table}
        for where in (of_table, *({**of_table, "GlobalSecondaryIndexName": index} for index in indexes)):
            found += [
                ("written", hourly("AWS/DynamoDB", "ConsumedWriteCapacityUnits", where)),
                ("read", hourly("AWS/DynamoDB", "ConsumedReadCapacityUnits", where)),
            ]
    for kind in _STORAGE:
        stored = {"BucketName": deployment.bucket, "StorageType": kind}
        found.append((kind, MetricQuery("AWS/S3", "BucketSizeBytes", stored, "Average", DAY // SECOND)))
    return found


def _api_id(deployment: Deployment) -> str:
    """Return the API's id: the first part of the host in its address."""
    host = deployment.outputs().get("ApiUrl", "").partition("://")[2]
    return host.partition(".")[0] or "none"


def _scanned(workgroup: str) -> dict[str, Any]:
    """Return the request for the bytes that Athena's queries read.

    ProcessedBytes has a metric for each state and type of query; the search expression adds them up.
    """
    series = "{AWS/Athena,QueryState,QueryType,WorkGroup}"
    search = f'{series} MetricName="ProcessedBytes" WorkGroup="{workgroup}"'
    return {"Id": "scanned", "Expression": f"SUM(SEARCH('{search}', 'Sum', 3600))"}


def _read(deployment: Deployment, metrics: list[tuple[str, MetricQuery]], now: int) -> dict[str, _Series]:
    """Read the metrics, and return the series by key; metrics of the same key are added up."""
    keys = {f"m{number}": key for number, (key, _) in enumerate(metrics)} | {"scanned": "scanned"}
    queries = [metric.request(f"m{number}") for number, (_, metric) in enumerate(metrics)]
    pages = deployment.aws.cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[*queries, _scanned(deployment.names.workgroup)],
        StartTime=to_datetime(now - LOOK_BACK),
        EndTime=to_datetime(now),
        ScanBy="TimestampDescending",
    )
    found = dict.fromkeys(keys.values(), _Series())
    for page in pages:
        for result in page["MetricDataResults"]:
            key = keys[result["Id"]]
            found[key] = _with(found[key], result["Timestamps"], result["Values"])
    return found


def _with(series: _Series, times: list[datetime], values: list[float]) -> _Series:
    """Add values, which are sorted newest first, to a series."""
    if not values:
        return series
    oldest = from_datetime(times[-1])
    return _Series(
        series.sum + sum(values),
        series.newest or values[0],
        oldest if series.since is None else min(series.since, oldest),
    )


def _tables(deployment: Deployment, seen: Mapping[str, float], prices: Mapping[str, Price]) -> list[CostLine]:
    stored = 0
    for table in (deployment.names.hot_table, deployment.names.alerts_table):
        about = deployment.aws.dynamodb.describe_table(TableName=table)["Table"]
        stored += about.get("TableSizeBytes", 0)
        stored += sum(item.get("IndexSizeBytes", 0) for item in about.get("GlobalSecondaryIndexes", []))
    return [
        CostLine("DynamoDB", "writing", seen["written"], prices["dynamodb_write"]),
        CostLine("DynamoDB", "reading", seen["read"], prices["dynamodb_read"]),
        CostLine("DynamoDB", "storage", stored, prices["dynamodb_storage"]),
        CostLine("DynamoDB", "backup (point in time)", stored, prices["dynamodb_backup"]),
    ]


def _alarms(deployment: Deployment, prices: Mapping[str, Price]) -> list[CostLine]:
    pages = deployment.aws.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"{deployment.names.stack}-"
    )
    count = sum(len(page.get("MetricAlarms", [])) for page in pages)
    return [CostLine("CloudWatch", "alarms", count, prices["alarm"])]
