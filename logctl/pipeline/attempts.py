"""The ledger of attempts: what the consumer began, and how it ended, for messages that come again.

It lies in the hot table under a partition key that no app can have; readers of apps never see it. The
rules are `core.attempts`. A message that is done the first time it comes leaves nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from logctl.core.attempts import KEPT, Ledger, Outcome
from logctl.core.times import SECOND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PREFIX = "_message#"
ATTEMPTS = "attempts"
_DETAIL_LIMIT = 2_000
_BATCH_GET = 100


class Attempts:
    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, message_ids: Iterable[str]) -> dict[str, Ledger]:
        """The ledgers of these messages, of any number; those that have none are left out."""
        wanted = list(dict.fromkeys(message_ids))
        found: dict[str, Ledger] = {}
        for start in range(0, len(wanted), _BATCH_GET):
            keys = [_key(message_id) for message_id in wanted[start : start + _BATCH_GET]]
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
        """Open an attempt, and return the ledger as it was before."""
        return self._change(
            message_id,
            now,
            "ADD attempts :one, silent :one SET #outcome = :open, began_at = :now",
            {":one": {"N": "1"}, ":open": {"S": Outcome.OPEN.value}, ":now": {"N": str(now)}},
            returns="ALL_OLD",
        )

    def failed(
        self, message_id: str, *, now: int, reason: str, detail: str, strike: bool, begun: bool = True
    ) -> Ledger:
        """Close an attempt that failed, and return the ledger as it is then.

        Args:
            strike: storage works, so that the message itself may be the cause.
            begun: whether `begin` was called for it; it is not when a message comes for the first time.
        """
        return self._change(
            message_id,
            now,
            "ADD attempts :more, strikes :strike "
            "SET #outcome = :outcome, silent = :zero, #reason = :reason, #detail = :detail",
            {
                ":more": {"N": "0" if begun else "1"},
                ":strike": {"N": "1" if strike else "0"},
                ":zero": {"N": "0"},
                **_said(Outcome.FAILED, reason, detail),
            },
            {"#reason": "reason", "#detail": "detail"},
        )

    def done(self, message_id: str, *, now: int) -> None:
        """Record that a message is stored; it only has to be acknowledged."""
        self._change(
            message_id,
            now,
            "SET #outcome = :outcome, silent = :zero",
            {":outcome": {"S": Outcome.DONE.value}, ":zero": {"N": "0"}},
        )

    def aside(self, message_id: str, *, now: int, reason: str, detail: str) -> None:
        """Record that a message was set aside, and why."""
        self._change(
            message_id,
            now,
            "SET #outcome = :outcome, silent = :zero, #reason = :reason, #detail = :detail",
            {":zero": {"N": "0"}, **_said(Outcome.ASIDE, reason, detail)},
            {"#reason": "reason", "#detail": "detail"},
        )

    def defer(self, message_id: str, *, now: int) -> None:
        """Count that a suspect was given back unopened."""
        self._change(message_id, now, "ADD deferrals :one", {":one": {"N": "1"}}, outcome=False)

    def _change(
        self,
        message_id: str,
        now: int,
        update: str,
        values: dict[str, Any],
        names: Mapping[str, str] | None = None,
        *,
        returns: str = "ALL_NEW",
        outcome: bool = True,
    ) -> Ledger:
        joined = ", " if "SET" in update else " SET "
        reply = self._dynamodb.update_item(
            TableName=self._table,
            Key=_key(message_id),
            UpdateExpression=f"{update}{joined}expires_at = :expires",
            ExpressionAttributeNames={**({"#outcome": "outcome"} if outcome else {}), **(names or {})},
            ExpressionAttributeValues={**values, ":expires": {"N": str((now + KEPT) // SECOND)}},
            ReturnValues=returns,  # type: ignore[arg-type]
        )
        return _ledger(reply.get("Attributes", {}))


def _key(message_id: str) -> dict[str, Any]:
    return {"app": {"S": PREFIX + message_id}, "chunk": {"S": ATTEMPTS}}


def _said(outcome: Outcome, reason: str, detail: str) -> dict[str, Any]:
    return {
        ":outcome": {"S": outcome.value},
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
