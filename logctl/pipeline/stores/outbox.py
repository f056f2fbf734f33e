"""The outbox: tallies that could not be counted when their message was stored, kept until the sweeper counts
them.

Counting and storing fail independently. While the alerts table is throttled, records are stored, their
message is done, and its tallies wait here, in the hot table. A row stays until it is counted, however long
that takes; the marker of its message ensures that it is counted once.

A row has all tallies of a message. Earlier versions have written a row for each tally, in other places: they
could not read the rows of this version, and a sweep of theirs would end there.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from logctl.core.debounce import AlertKey, Tally

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_MESSAGES = tuple(f"_uncounted_messages#{number}" for number in range(4))
_TALLIES = tuple(f"_uncounted#{number}" for number in range(4))
"""Where earlier versions have written."""
UNCOUNTED = (*_MESSAGES, *_TALLIES)
"""The partition keys of the outbox; they are not valid app names."""


@dataclass(frozen=True)
class Uncounted:
    """A row: tallies of one message that are not counted yet.

    `part`: whether the message had other tallies, which are in other rows or were counted.
    """

    batch_id: str
    tallies: tuple[Tally, ...]
    part: bool = False


class Outbox:
    """The rows of the hot table that wait for the sweeper."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put(self, batch_id: str, tallies: Sequence[Tally]) -> None:
        """Keep all tallies of a message, without an expiry; keeping them again changes nothing."""
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                **_key(Uncounted(batch_id, tuple(tallies))),
                "batch_id": {"S": batch_id},
                "tallies": {"L": [{"M": _attributes(tally)} for tally in tallies]},
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
        self._dynamodb.delete_item(TableName=self._table, Key=_key(row))


def _key(row: Uncounted) -> dict[str, Any]:
    places = _TALLIES if row.part else _MESSAGES
    key = row.tallies[0].key
    return {
        "app": {"S": places[zlib.crc32(row.batch_id.encode()) % len(places)]},
        "chunk": {"S": f"{row.batch_id}#{key if row.part else key.appid}"},
    }


def _attributes(tally: Tally) -> dict[str, Any]:
    return {
        "key": {"S": str(tally.key)},
        "count": {"N": str(tally.count)},
        "template": {"S": tally.template},
        "sample": {"S": tally.sample},
        "last_event_at": {"N": str(tally.last_event_at)},
    }


def _uncounted(item: Mapping[str, Any]) -> Uncounted:
    part = "tallies" not in item
    found = [item] if part else [each["M"] for each in item["tallies"]["L"]]
    return Uncounted(item["batch_id"]["S"], tuple(map(_tally, found)), part)


def _tally(attributes: Mapping[str, Any]) -> Tally:
    return Tally(
        AlertKey.parse(attributes["key"]["S"]),
        int(attributes["count"]["N"]),
        attributes["template"]["S"],
        attributes["sample"]["S"],
        int(attributes["last_event_at"]["N"]),
    )
