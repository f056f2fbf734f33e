"""The index of the alerts table in which the sweeper finds the states that need attention.

A state needs attention while it is open or has events to report. The index has keys only and is ordered by
when the window of each state began, so that counting an event changes nothing in it. Its partitions are
called places
here: the shards, and the places where states are parked until a silence ends.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logctl.core.debounce import AlertKey
from logctl.pipeline.stores.alert_items import key_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

DUE = "attention"
"""The name of the index, which is sparse: a state without `due_shard` is not in it.

Its range key is called `notified_at` because DynamoDB then indexes the states that earlier versions have
written too; what it holds is `State.observed_at`. Earlier versions have put all of their states into shard
"0".
"""
OLD_DUE = "due"
"""The index of earlier versions, which `provision` removes: one partition, with all attributes."""
SHARDS = tuple(str(number) for number in range(16))
"""A partition of an index takes a thousand writes a second (Amazon DynamoDB Developer Guide, Designing
partition keys to distribute your workload)."""
PARKED = "silence#"
"""The prefix of the places where states are parked until a silence ends."""


@dataclass(frozen=True)
class IndexPage:
    """Keys from one place of the index, the most overdue first; `next` is where the next page begins."""

    keys: list[AlertKey]
    next: dict[str, Any] | None


def home(key: AlertKey) -> str:
    """Return the shard of a key."""
    return SHARDS[zlib.crc32(str(key).encode()) % len(SHARDS)]


def parked_place(target: str, key: AlertKey) -> str:
    """Return the place where the state of a key is parked until a target's silence ends."""
    return f"{PARKED}{target}#{home(key)}"


def parked_places(target: str) -> list[str]:
    """Return every place where states may be parked until a target's silence ends."""
    return [f"{PARKED}{target}#{shard}" for shard in SHARDS]


def find(
    dynamodb: DynamoDBClient,
    table: str,
    place: str,
    *,
    condition: str,
    at: int,
    start: dict[str, Any] | None = None,
) -> Iterator[IndexPage]:
    """Query one place of the index, page by page.

    - `condition`: a key condition on `notified_at`, in which `:at` stands for `at` (milliseconds).
    - `start`: where to begin: `IndexPage.next` of an earlier query.
    """
    request: dict[str, Any] = {
        "TableName": table,
        "IndexName": DUE,
        "KeyConditionExpression": f"due_shard = :place AND {condition}",
        "ExpressionAttributeValues": {":place": {"S": place}, ":at": {"N": str(at)}},
    }
    while True:
        if start:
            request["ExclusiveStartKey"] = start
        reply: Any = dynamodb.query(**request)
        start = reply.get("LastEvaluatedKey")
        yield IndexPage([key_of(item) for item in reply["Items"]], start)
        if not start:
            return
