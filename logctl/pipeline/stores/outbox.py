"""The outbox: tallies that could not be counted when their message was stored, kept until the sweeper counts
them.

Counting and storing fail independently. While the alerts table is throttled, records are stored, their
message is done, and its tallies wait here, in the hot table. A row stays until it is counted, however long
that takes; the marker of its message ensures that it is counted once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from logctl.core.debounce import AlertKey, Tally

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

UNCOUNTED = tuple(f"_uncounted#{number}" for number in range(4))
"""The partition keys of the outbox; they are not valid app names."""


@dataclass(frozen=True)
class Uncounted:
    """A tally of one message that is not counted yet."""

    batch_id: str
    tally: Tally


class Outbox:
    """The rows of the hot table that wait for the sweeper."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put(self, batch_id: str, tally: Tally) -> None:
        """Keep a tally, without an expiry; keeping it again changes nothing."""
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                **_key(batch_id, tally.key),
                "batch_id": {"S": batch_id},
                "key": {"S": str(tally.key)},
                "count": {"N": str(tally.count)},
                "template": {"S": tally.template},
                "sample": {"S": tally.sample},
                "last_event_at": {"N": str(tally.last_event_at)},
            },
        )

    def rows(self, place: str, most: int) -> list[Uncounted]:
        """Return up to `most` rows under one of the keys in `UNCOUNTED`."""
        return list(islice(self._rows(place, most), most))

    def _rows(self, place: str, most: int) -> Iterator[Uncounted]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="app = :place",
            ExpressionAttributeValues={":place": {"S": place}},
            ConsistentRead=True,
            PaginationConfig={"PageSize": most},
        )
        for page in pages:
            yield from map(_uncounted, page["Items"])

    def remove(self, row: Uncounted) -> None:
        """Delete a row that has been counted."""
        self._dynamodb.delete_item(TableName=self._table, Key=_key(row.batch_id, row.tally.key))


def _key(batch_id: str, key: AlertKey) -> dict[str, Any]:
    place = UNCOUNTED[zlib.crc32(batch_id.encode()) % len(UNCOUNTED)]
    return {"app": {"S": place}, "chunk": {"S": f"{batch_id}#{key}"}}


def _uncounted(item: Mapping[str, Any]) -> Uncounted:
    return Uncounted(
        item["batch_id"]["S"],
        Tally(
            AlertKey.parse(item["key"]["S"]),
            int(item["count"]["N"]),
            item["template"]["S"],
            item["sample"]["S"],
            int(item["last_event_at"]["N"]),
        ),
    )
