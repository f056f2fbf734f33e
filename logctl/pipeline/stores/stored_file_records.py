"""Marks of the stored records of files, in DynamoDB, so that other messages do not store these records again.

They are in the hot table, under partition keys that are not valid app names, so that readers of apps never
see them. The rules are in `core.deduplication`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from logctl.core.deduplication import KEPT, Brought, Places, furthest, marks_of, new_of
from logctl.core.rows import Row
from logctl.core.times import SECOND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PREFIX = "_file#"


def marks_item(
    appid: str, source: str, batch_id: str, rows: Sequence[Row], *, now: int
) -> dict[str, Any] | None:
    """Return the item that says which records of a file a message has stored; None for other records.

    `source`: the file, by its first line; "" for records that are not of a file.
    """
    places = Places.of(rows) if source else None
    if places is None:
        return None
    return {
        "app": {"S": _key(appid, source)},
        "chunk": {"S": f"{places.last:020d}#{batch_id}"},
        "begins": {"N": str(places.first)},
        "records": {"B": marks_of(rows, places)},
        # Earlier versions, to which an update may be rolled back, read this.
        "marks": {"B": b""},
        "expires_at": {"N": str((now + KEPT) // SECOND)},
    }


class KnownRecords:
    """The marks of the records of files that are stored."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def new_of(
        self, appid: str, source: str, batch_id: str, rows: Sequence[Row], *, now: int
    ) -> Sequence[Row]:
        """Return the records of a message that no other message of its file contained.

        `source`: the file, by its first line; "" for records that are not of a file, which are all
        returned.
        """
        places = Places.of(rows) if source else None
        if places is None:
            return rows
        found = self._overlapping(_key(appid, source), places, now)
        return new_of(batch_id, rows, places, found)

    def note(self, appid: str, source: str, batch_id: str, rows: Sequence[Row], *, now: int) -> None:
        """Record that these records are stored. A second call changes nothing."""
        item = marks_item(appid, source, batch_id, rows, now=now)
        if item is not None:
            self._dynamodb.put_item(TableName=self._table, Item=item)

    def _overlapping(self, key: str, places: Places, now: int) -> list[Brought]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="app = :file AND chunk BETWEEN :first AND :last",
            FilterExpression="expires_at > :now",
            ExpressionAttributeValues={
                ":file": {"S": key},
                ":first": {"S": f"{places.first:020d}"},
                ":last": {"S": f"{furthest(places.last):020d}~"},
                ":now": {"N": str(now // SECOND)},
            },
            ConsistentRead=True,
        )
        found = [_brought(item) for page in pages for item in page["Items"]]
        return [message for message in found if message.first <= places.last]


def _key(appid: str, source: str) -> str:
    return f"{PREFIX}{appid}#{source}"


def _brought(item: Mapping[str, Any]) -> Brought:
    last, _, batch_id = item["chunk"]["S"].partition("#")
    if "records" not in item:
        return Brought(batch_id, 0, int(last), earlier=bytes(item["marks"]["B"]))
    return Brought(batch_id, int(item["begins"]["N"]), int(last), bytes(item["records"]["B"]))
