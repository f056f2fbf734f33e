"""The ledger of attempts, for messages that are delivered again: what the consumer began, and how it ended.

It is in the hot table, under partition keys that are not valid app names, so that readers of apps never see
it. The rules are in `core.attempts`. A message that is done at its first delivery has no ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from logctl.core.attempts import KEPT, Ledger, Outcome
from logctl.core.batches import batched
from logctl.core.times import SECOND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PREFIX = "_message#"
ATTEMPTS = "attempts"
_DETAIL_LIMIT = 2_000
_BATCH_GET = 100


class Attempts:
    """The ledgers of messages in the hot table."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, message_ids: Iterable[str]) -> dict[str, Ledger]:
        """Return the ledgers of any number of messages, by message id; messages without one are omitted."""
        wanted = list(dict.fromkeys(message_ids))
        found: dict[str, Ledger] = {}
        for batch in batched(wanted, _BATCH_GET):
            keys = [_key(message_id) for message_id in batch]
            while keys:
                reply = self._dynamodb.batch_get_item(
                    RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
                )
                for item in reply["Responses"].get(self._table, []):
                    found[item["app"]["S"].removeprefix(PREFIX)] = _ledger(item)
                left = reply["UnprocessedKeys"].get(self._table)
                keys = [dict(key) for key in left["Keys"]] if left else []
        return found

    def begin(self, message_id: str, *, now: int) -> Ledger:
        """Record that an attempt begins, and return the ledger as it was before."""
        return self._change(
            message_id,
            now,
            "ADD attempts :one, silent :one SET #outcome = :outcome, began_at = :now",
            {":one": {"N": "1"}, ":outcome": {"S": Outcome.OPEN.value}, ":now": {"N": str(now)}},
            before=True,
        )

    def failed(self, message_id: str, *, now: int, reason: str, detail: str, begun: bool = True) -> Ledger:
        """Record that an attempt failed, and return the ledger as it is then.

        `begun`: whether `begin` was called for it; it is not at a message's first delivery.
        """
        return self._change(
            message_id,
            now,
            f"ADD attempts :more SET {_CLOSE}",
            {":more": {"N": "0" if begun else "1"}, **_closed(Outcome.FAILED, reason, detail)},
        )

    def strike(self, message_id: str, *, now: int) -> Ledger:
        """Record that the attempt which just failed did so while storage works."""
        values = {":one": {"N": "1"}, ":outcome": {"S": Outcome.FAILED.value}}
        return self._change(message_id, now, "ADD strikes :one SET #outcome = :outcome", values)

    def done(self, message_id: str, *, now: int) -> None:
        """Record that a message is stored, so that it only has to be acknowledged."""
        self._change(message_id, now, f"SET {_CLOSE}", _closed(Outcome.DONE, "", ""))

    def aside(self, message_id: str, *, now: int, reason: str, detail: str) -> None:
        """Record that a message was set aside, and why."""
        self._change(message_id, now, f"SET {_CLOSE}", _closed(Outcome.ASIDE, reason, detail))

    def defer(self, message_id: str, *, now: int) -> None:
        """Record that a suspect was returned to the queue unopened."""
        values = {":one": {"N": "1"}, ":outcome": {"S": Outcome.OPEN.value}}
        self._change(message_id, now, "ADD deferrals :one SET #outcome = :outcome", values)

    def _change(
        self, message_id: str, now: int, update: str, values: dict[str, Any], *, before: bool = False
    ) -> Ledger:
        """Update a ledger, and return it as it is afterwards, or as it was `before`.

        `update`: an update expression whose last clause is SET; the expiry is added to it.
        """
        names = {"#outcome": "outcome", "#reason": "reason", "#detail": "detail"}
        reply = self._dynamodb.update_item(
            TableName=self._table,
            Key=_key(message_id),
            UpdateExpression=f"{update}, expires_at = :expires",
            # DynamoDB refuses names that no expression uses.
            ExpressionAttributeNames={name: real for name, real in names.items() if name in update},
            ExpressionAttributeValues={**values, ":expires": {"N": str((now + KEPT) // SECOND)}},
            ReturnValues="ALL_OLD" if before else "ALL_NEW",
        )
        return _ledger(reply.get("Attributes", {}))


_CLOSE = "#outcome = :outcome, silent = :zero, #reason = :reason, #detail = :detail"


def _key(message_id: str) -> dict[str, Any]:
    return {"app": {"S": PREFIX + message_id}, "chunk": {"S": ATTEMPTS}}


def _closed(outcome: Outcome, reason: str, detail: str) -> dict[str, Any]:
    return {
        ":outcome": {"S": outcome.value},
        ":zero": {"N": "0"},
        ":reason": {"S": reason},
        ":detail": {"S": detail.encode("utf-8", "replace").decode()[:_DETAIL_LIMIT]},
    }


def _ledger(item: Mapping[str, Any]) -> Ledger:
    def number(name: str) -> int:
        return int(item.get(name, {}).get("N", "0"))

    def text(name: str) -> str:
        return str(item.get(name, {}).get("S", ""))

    return Ledger(
        attempts=number("attempts"),
        strikes=number("strikes"),
        silent=number("silent"),
        deferrals=number("deferrals"),
        began_at=number("began_at"),
        outcome=Outcome(text("outcome")) if "outcome" in item else Outcome.FAILED,
        reason=text("reason"),
        detail=text("detail"),
    )
