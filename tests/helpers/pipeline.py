"""The pipeline on moto's AWS: the consumer, what it writes to, and a clock that moves when told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import moto.core.models  # noqa: F401 (a session made before this import calls AWS)

from logctl.aws.clients import Aws
from logctl.core.attempts import FRESH, Ledger
from logctl.core.times import parse_time
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.stores.attempt_ledger import Attempts
from logctl.pipeline.stores.attention_index import DUE

NOON = parse_time("2026-01-31T12:00:00Z")


@dataclass
class Clock:
    """A clock that moves when told."""

    now: int = NOON

    def __call__(self) -> int:
        return self.now

    def advance(self, milliseconds: int) -> None:
        self.now += milliseconds


@dataclass
class Pipeline:
    """The consumer with everything it writes to, and what was written."""

    aws: Aws
    config: PipelineConfig
    clock: Clock
    inbox: str
    consumer: Consumer = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new container: nothing is remembered."""
        self.consumer = Consumer(self.aws, self.config, clock=self.clock)

    def keys(self, prefix: str = "") -> list[str]:
        listed = self.aws.s3.list_objects_v2(Bucket=self.config.bucket, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]

    def read(self, key: str) -> bytes:
        return self.aws.s3.get_object(Bucket=self.config.bucket, Key=key)["Body"].read()

    def hot_rows(self) -> list[dict[str, Any]]:
        items = self.aws.dynamodb.scan(TableName=self.config.hot_table)["Items"]
        return [
            item
            for item in items
            if not item["app"]["S"].startswith("_") and ("counts" in item or "data" in item)
        ]

    def ledger(self, message_id: str) -> Ledger:
        return Attempts(self.aws.dynamodb, self.config.hot_table).get([message_id]).get(message_id, FRESH)

    def quarantined(self) -> list[dict[str, Any]]:
        import json

        return [json.loads(self.read(key)) for key in self.keys("quarantine/")]

    def dead(self) -> list[dict[str, Any]]:
        """What lies in the dead-letter queue."""
        return self.aws.sqs.receive_message(
            QueueUrl=self.config.dead_letter_queue_url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])

    def alerts(self) -> list[dict[str, Any]]:
        """What the topic delivered since the last look."""
        import json

        found: list[dict[str, Any]] = []
        while messages := self.aws.sqs.receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.aws.sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return found


def make_tables(aws: Aws, config: PipelineConfig) -> None:
    def table(name: str, keys: tuple[str, str], indexes: Mapping[str, tuple[str, str]]) -> None:
        attributes = dict.fromkeys(keys, "S")
        for hashed, ranged in indexes.values():
            attributes = {hashed: "S", ranged: "N", **attributes}
        aws.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_key_schema(keys),
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in attributes.items()],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index,
                    "KeySchema": _key_schema(index_keys),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for index, index_keys in indexes.items()
            ],
        )

    arrivals = {"arrival": ("app", "arrived"), "arrivals": ("lane", "arrived_at")}
    table(config.hot_table, ("app", "chunk"), arrivals)
    table(config.alerts_table, ("pk", "sk"), {DUE: ("due_shard", "notified_at")})


def _key_schema(keys: tuple[str, str]) -> list[Any]:
    return [
        {"AttributeName": keys[0], "KeyType": "HASH"},
        {"AttributeName": keys[1], "KeyType": "RANGE"},
    ]


SESSION = boto3.Session("test", "test", region_name="eu-central-1")
"""One for all: it reads the services' models once. Each test makes clients of its own."""
