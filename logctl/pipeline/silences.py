"""Silences in the alerts table: made by people, obeyed by whoever is about to publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from logctl.core.debounce import AlertKey
from logctl.core.silence import REMEMBERED, Silence, targets
from logctl.core.times import SECOND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SILENCES = "SILENCES"
"""The partition key that they stand under; their sort key is what is silenced."""


class SilenceStore:
    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put(self, silence: Silence) -> None:
        """Silence a target; a silence that it has already is replaced."""
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                "pk": {"S": SILENCES},
                "sk": {"S": silence.target},
                "until": {"N": str(silence.until)},
                "created_at": {"N": str(silence.created_at)},
                "author": {"S": silence.author},
                "comment": {"S": silence.comment},
                "expires_at": {"N": str((silence.until + REMEMBERED) // SECOND)},
            },
        )

    def end(self, target: str) -> Silence | None:
        """End a target's silence now; what it was, None when there was none."""
        reply = self._dynamodb.delete_item(
            TableName=self._table,
            Key={"pk": {"S": SILENCES}, "sk": {"S": target}},
            ReturnValues="ALL_OLD",
        )
        return _silence(reply["Attributes"]) if reply.get("Attributes") else None

    def all(self, *, now: int) -> list[Silence]:
        """Those that are active or ended lately, the last to end first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :silences",
            ExpressionAttributeValues={":silences": {"S": SILENCES}},
            ConsistentRead=True,
        )
        found = [_silence(item) for page in pages for item in page["Items"]]
        return sorted(
            (silence for silence in found if now < silence.until + REMEMBERED),
            key=lambda silence: (-silence.until, silence.target),
        )

    def until(self, key: AlertKey, *, now: int) -> int:
        """When the silence of a key ends, its app's silence included; 0 when there is none."""
        ends = [0]
        for target in targets(key):
            reply = self._dynamodb.get_item(
                TableName=self._table,
                Key={"pk": {"S": SILENCES}, "sk": {"S": target}},
                ConsistentRead=True,
            )
            if "Item" in reply and (silence := _silence(reply["Item"])).active(now):
                ends.append(silence.until)
        return max(ends)


def _silence(item: Mapping[str, Any]) -> Silence:
    return Silence(
        item["sk"]["S"],
        int(item["until"]["N"]),
        int(item["created_at"]["N"]),
        item["author"]["S"],
        item["comment"]["S"],
    )
