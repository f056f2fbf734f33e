"""Silences in the alerts table: people make them, consumer and sweeper read them before they publish."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.debounce import AlertKey
from logctl.core.silence import REMEMBERED, Silence, over
from logctl.core.times import SECOND
from logctl.pipeline.stores.item_reads import read_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SILENCES = "SILENCES"
"""The partition key of all silences; the sort key is the target."""


class SilenceStore:
    """The silences that the alerts table has."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put(self, silence: Silence) -> None:
        """Silence a target. A silence that the target has already is replaced; states stay parked under it.

        While states are parked under a silence it does not expire, because the sweeper finds them by it.
        """
        forgotten = ", expires_at = :expires"
        values = {
            ":until": {"N": str(silence.until)},
            ":created": {"N": str(silence.created_at)},
            ":author": {"S": silence.author},
            ":comment": {"S": silence.comment},
        }
        expires = {":expires": {"N": str((silence.until + REMEMBERED) // SECOND)}}
        if not self._put(silence.target, forgotten, values | expires, "attribute_not_exists(parked)"):
            self._put(silence.target, "", values)

    def _put(self, target: str, more: str, values: dict[str, Any], condition: str = "") -> bool:
        return self._update_if(
            target,
            "SET #until = :until, created_at = :created, author = :author, #comment = :comment"
            f"{more} REMOVE cleared_at",
            values,
            condition,
            {"#until": "until", "#comment": "comment"},
        )

    def end(self, target: str, *, now: int) -> Silence | None:
        """End a target's silence now, and return the silence as it was before; None when there was none."""
        before = self.get(target)
        if before is None or before.cleared_at:
            return None
        ended = self._update_if(
            target,
            "SET cleared_at = :now",
            {":now": {"N": str(now)}},
            "attribute_exists(pk) AND attribute_not_exists(cleared_at)",
        )
        return replace(before, parked=False) if ended else None

    def holds(self, target: str) -> bool:
        """Mark that states are parked under a target's silence; return False when there is no silence."""
        return self._update_if(
            target, "SET parked = :yes REMOVE expires_at", {":yes": {"BOOL": True}}, "attribute_exists(pk)"
        )

    def holds_nothing(self, silence: Silence, *, now: int) -> bool:
        """Mark that nothing is parked under a silence any more.

        Return False when the silence has been replaced meanwhile; then nothing is changed.
        """
        return self._update_if(
            silence.target,
            "SET expires_at = :expires REMOVE parked",
            {
                ":expires": {"N": str((now + REMEMBERED) // SECOND)},
                ":until": {"N": str(silence.until)},
                ":created": {"N": str(silence.created_at)},
            },
            "#until = :until AND created_at = :created",
            {"#until": "until"},
        )

    def all(self, *, now: int) -> list[Silence]:
        """Return the silences that are active or ended in the last seven days, by their end, latest first."""
        return sorted(
            (each for each in self.kept() if now < each.until + REMEMBERED and not each.cleared_at),
            key=lambda silence: (-silence.until, silence.target),
        )

    def kept(self) -> list[Silence]:
        """Return every silence that is stored, including those that were cleared or have ended long ago."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :silences",
            ExpressionAttributeValues={":silences": {"S": SILENCES}},
            ConsistentRead=True,
        )
        return [_silence(item) for page in pages for item in page["Items"]]

    def of(self, targets: Iterable[str]) -> dict[str, Silence]:
        """Return the silences of targets, active or not, by target; targets without one are omitted."""
        wanted = [_key(target) for target in dict.fromkeys(targets)]
        items = read_items(self._dynamodb, self._table, wanted, time.sleep)
        return {silence.target: silence for silence in map(_silence, items)}

    def over(self, key: AlertKey, *, now: int) -> Silence | None:
        """Return the silence that applies to a key, which may be its app's; None when there is none."""
        return over(key, self.get, now)

    def until(self, key: AlertKey, *, now: int) -> int:
        """Return when the silence of a key ends, which may be its app's; 0 when there is none."""
        found = self.over(key, now=now)
        return found.until if found else 0

    def get(self, target: str) -> Silence | None:
        """Return a target's silence, active or not; None when there is none."""
        reply = self._dynamodb.get_item(TableName=self._table, Key=_key(target), ConsistentRead=True)
        return _silence(reply["Item"]) if "Item" in reply else None

    def _update_if(
        self,
        target: str,
        update: str,
        values: dict[str, Any],
        condition: str = "",
        names: dict[str, str] | None = None,
    ) -> bool:
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": _key(target),
            "UpdateExpression": update,
            "ExpressionAttributeValues": values,
        }
        if condition:
            request["ConditionExpression"] = condition
        if names:
            request["ExpressionAttributeNames"] = names
        try:
            self._dynamodb.update_item(**request)
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _key(target: str) -> dict[str, Any]:
    return {"pk": {"S": SILENCES}, "sk": {"S": target}}


def _silence(item: Mapping[str, Any]) -> Silence:
    return Silence(
        target=item["sk"]["S"],
        until=int(item["until"]["N"]),
        created_at=int(item["created_at"]["N"]),
        author=item["author"]["S"],
        comment=item["comment"]["S"],
        parked=item.get("parked", {}).get("BOOL", False),
        cleared_at=int(item.get("cleared_at", {}).get("N", "0")),
    )
