"""A count of what AWS bills of the calls that clients make: requests, and DynamoDB's units."""

from __future__ import annotations

from collections import Counter
from typing import Any

from logctl.ops.cost.log_sample import item_bytes
from tests.helpers.pipeline import Pipeline

KILOBYTE = 1024


class CallMeter:
    """The calls of a pipeline's clients from now on.

    `calls` counts them by operation, `written` and `read` DynamoDB's units by table. Items that an update
    changes are taken to be smaller than 1 KB, and to keep their keys in indexes; what is read, to be smaller
    than 4 KB.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self.calls: Counter[str] = Counter()
        self.written: Counter[str] = Counter()
        self.read: Counter[str] = Counter()
        aws = pipeline.aws
        tables = (pipeline.config.hot_table, pipeline.config.alerts_table)
        self._indexes = {name: _indexes(aws.dynamodb, name) for name in tables}
        for client in (aws.s3, aws.dynamodb, aws.sns, aws.sqs, aws.glue):
            client.meta.events.register(
                "provide-client-params.*.*", self._count, unique_id=f"meter-{id(self)}"
            )

    def _count(self, params: Any, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        match model.name:
            case "PutItem":
                self._put(params, 1)
            case "UpdateItem" | "DeleteItem":
                self.written[params["TableName"]] += 1
            case "TransactWriteItems":
                for item in params["TransactItems"]:
                    ((kind, write),) = item.items()
                    if kind == "Put":
                        self._put(write, 2)
                    else:
                        self.written[write["TableName"]] += 2
            case "GetItem" | "Query":
                self.read[params["TableName"]] += 1 if params.get("ConsistentRead") else 0.5
            case "BatchGetItem":
                for table, wanted in params["RequestItems"].items():
                    each = 1 if wanted.get("ConsistentRead") else 0.5
                    self.read[table] += len(wanted["Keys"]) * each

    def _put(self, put: Any, factor: int) -> None:
        item, table = put["Item"], put["TableName"]
        self.written[table] += factor * -(-item_bytes(item) // KILOBYTE)
        self.written[f"{table}, indexes"] += sum(keys <= item.keys() for keys in self._indexes[table])


def _indexes(dynamodb: Any, table: str) -> list[set[str]]:
    found = dynamodb.describe_table(TableName=table)["Table"].get("GlobalSecondaryIndexes", [])
    return [{key["AttributeName"] for key in index["KeySchema"]} for index in found]
