"""Marks of the stored records of files, in DynamoDB, so that other messages do not store these records again.

They are in the hot table, under partition keys that are not valid app names, so that readers of apps never
see them. The rules are in `core.deduplication`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from logctl.core.deduplication import KEPT, MAX_BLOCKS, Brought, block_of, brought, new_of, span
from logctl.core.records import Record
from logctl.core.times import SECOND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PREFIX = "_file#"


class KnownRecords:
    """The marks of the records of files that are stored."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def new_of(
        self, appid: str, source: str, batch_id: str, records: Sequence[Record], *, now: int
    ) -> tuple[Record, ...]:
        """Return the records of a message that no other message of its file contained.

        `source`: the file, by its first line; "" for records that are not of a file, which are all
        returned.
        """
        if not _of_a_file(source, records):
            return tuple(records)
        return new_of(batch_id, records, self._overlapping(appid, source, records, now))

    def note(self, appid: str, source: str, batch_id: str, records: Sequence[Record], *, now: int) -> None:
        """Record that these records are stored. A second call changes nothing."""
        if not _of_a_file(source, records):
            return
        for block in brought(batch_id, records):
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    "app": {"S": _key(appid, source)},
                    "chunk": {"S": f"{block.last:020d}#{batch_id}"},
                    "marks": {"B": block.marks},
                    "expires_at": {"N": str((now + KEPT) // SECOND)},
                },
            )

    def _overlapping(self, appid: str, source: str, records: Sequence[Record], now: int) -> list[Brought]:
        first, last = span(records)
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="app = :file AND chunk BETWEEN :first AND :last",
            FilterExpression="expires_at > :now",
            ExpressionAttributeValues={
                ":file": {"S": _key(appid, source)},
                ":first": {"S": f"{first:020d}"},
                ":last": {"S": f"{last:020d}~"},
                ":now": {"N": str(now // SECOND)},
            },
            ConsistentRead=True,
        )
        found = []
        for page in pages:
            for item in page["Items"]:
                place, _, batch_id = item["chunk"]["S"].partition("#")
                found.append(Brought(batch_id, int(place), bytes(item["marks"]["B"])))
        return found


def _key(appid: str, source: str) -> str:
    return f"{PREFIX}{appid}#{source}"


def _of_a_file(source: str, records: Sequence[Record]) -> bool:
    """Return whether the records are of a file, and span no more blocks than a message of `Packer`."""
    if not source or not records:
        return False
    blocks = [block_of(record) for record in records]
    return max(blocks) - min(blocks) < MAX_BLOCKS
