"""The debounce states in DynamoDB: count, claim, release, commit, close.

`core.debounce.decide` says what may happen to a state as it was read; every write here is conditional
on that state still being the same version (`seq`), so of any number of rivals one succeeds.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from logctl.core.debounce import (
    CLOCK_TOLERANCE,
    CLOSED_KEPT,
    KINDS_PER_WINDOW,
    LEASE,
    MARKER_KEPT,
    OVERFLOW_TEMPLATE,
    Action,
    Alert,
    AlertKey,
    Claim,
    State,
    Status,
    Tally,
)
from logctl.core.times import DAY, SECOND

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

DUE = "due"
"""The sparse index of states that need attention: those that are open or have something to report."""
_SHARD = "0"
_STATE = "STATE"
_CONFLICT_TRIES = 6
_MARKER, _KIND = 0, 2  # places in the transaction that counts
_CLAIMED = "lease_owner, lease_until, claim_upto, claim_seen, claim_at, claim_window"

T = TypeVar("T")


class AlertStore:
    """The states and markers of the alerts table."""

    def __init__(
        self, dynamodb: DynamoDBClient, table: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._sleep = sleep

    def count(self, batch_id: str, tally: Tally, *, now: int, window: int) -> AlertKey | None:
        """Count a message's events of one key, once however often the message is delivered.

        The marker and the counter are one transaction: a plain ADD that is retried after a lost reply
        counts twice. The client's own request token would not help, because `now` differs.

        A key that would open is one more kind of its app in this window; beyond `KINDS_PER_WINDOW` it is
        counted under the app's overflow key. The marker keeps the tally's own key, so that a redelivery
        finds it whatever the number of kinds is then.

        Returns:
            The key it was counted under; None when this batch was counted before.
        """
        state = self.get(tally.key)
        opens = state is None or (state.status is Status.CLOSED and not state.held_back)
        items = [self._marker(batch_id, tally.key, now), self._addition(tally, now)]
        if opens and tally.key != tally.key.overflow:
            items.append(self._another_kind(tally.key.appid, now, window))
        refused = self._transact(items)
        if refused == _KIND:
            tally = replace(tally, key=tally.key.overflow, template=OVERFLOW_TEMPLATE)
            refused = self._transact([items[_MARKER], self._addition(tally, now)])
        return tally.key if refused is None else None

    def _transact(self, items: list[Any]) -> int | None:
        """Write all of it; the place of the item whose condition refused it, None when it is written."""
        try:
            self._past_conflicts(lambda: self._dynamodb.transact_write_items(TransactItems=items))
        except ClientError as error:
            reasons = _cancellations(error)
            if "ConditionalCheckFailed" not in reasons:
                raise
            return reasons.index("ConditionalCheckFailed")
        return None

    def _past_conflicts(self, write: Callable[[], T]) -> T:
        """Write, again if a transaction on the same item got in the way: the SDK does not retry that."""
        for attempt in range(_CONFLICT_TRIES - 1):
            try:
                return write()
            except ClientError as error:
                if not _conflicted(error):
                    raise
                self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
        return write()

    def _marker(self, batch_id: str, key: AlertKey, now: int) -> Any:
        put = {
            "TableName": self._table,
            "Item": {
                "pk": {"S": f"SEEN#{batch_id}"},
                "sk": {"S": str(key)},
                "expires_at": {"N": str((now + MARKER_KEPT) // SECOND)},
            },
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return {"Put": put}

    def _another_kind(self, appid: str, now: int, window: int) -> Any:
        update = {
            "TableName": self._table,
            "Key": _kinds_key(appid, now, window),
            "UpdateExpression": "ADD kinds :one SET expires_at = :expires",
            "ConditionExpression": "attribute_not_exists(kinds) OR kinds < :most",
            "ExpressionAttributeValues": {
                ":one": {"N": "1"},
                ":most": {"N": str(KINDS_PER_WINDOW)},
                ":expires": {"N": str((now + 2 * window + DAY) // SECOND)},
            },
        }
        return {"Update": update}

    def _addition(self, tally: Tally, now: int) -> Any:
        update = {
            "TableName": self._table,
            "Key": _state_key(tally.key),
            "UpdateExpression": (
                "ADD seen :count "
                "SET reported = if_not_exists(reported, :zero), seq = if_not_exists(seq, :now), "
                "#status = if_not_exists(#status, :closed), notified_at = if_not_exists(notified_at, :zero), "
                "#template = if_not_exists(#template, :template), #sample = if_not_exists(#sample, :sample), "
                "last_event_at = :last_event_at, due_shard = :shard REMOVE expires_at"
            ),
            "ExpressionAttributeNames": {
                "#status": "status",
                "#template": "template",
                "#sample": "sample",
            },
            "ExpressionAttributeValues": {
                ":count": {"N": str(tally.count)},
                ":zero": {"N": "0"},
                ":now": {"N": str(now)},
                ":closed": {"S": Status.CLOSED.value},
                ":template": {"S": tally.template},
                ":sample": {"S": tally.sample},
                ":last_event_at": {"N": str(tally.last_event_at)},
                ":shard": {"S": _SHARD},
            },
        }
        return {"Update": update}

    def get(self, key: AlertKey) -> State | None:
        reply = self._dynamodb.get_item(TableName=self._table, Key=_state_key(key), ConsistentRead=True)
        return to_state(reply["Item"]) if "Item" in reply else None

    def kinds(self, appid: str, *, now: int, window: int) -> int:
        """How many kinds of an app have opened in this window, of `KINDS_PER_WINDOW`."""
        reply = self._dynamodb.get_item(TableName=self._table, Key=_kinds_key(appid, now, window))
        return int(reply["Item"]["kinds"]["N"]) if "Item" in reply else 0

    def due(self, *, now: int, window: int) -> Iterator[State]:
        """States whose window is over as it is configured now, those never notified first.

        The index is eventually consistent; a stale state fails its claim and is found again next minute.
        """
        yield from self._attention("notified_at <= :at", now - window)
        yield from self._attention("notified_at > :at", now + CLOCK_TOLERANCE)

    def attention(self) -> list[State]:
        """Every state that is open or has something to report."""
        return list(self._attention("notified_at >= :at", 0))

    def _attention(self, condition: str, at: int) -> Iterator[State]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=DUE,
            KeyConditionExpression=f"due_shard = :shard AND {condition}",
            ExpressionAttributeValues={":shard": {"S": _SHARD}, ":at": {"N": str(at)}},
        )
        for page in pages:
            yield from map(to_state, page["Items"])

    def claim(self, state: State, action: Action, *, now: int, window: int) -> State | None:
        """Take on publishing; the claimed state, or None when somebody else has.

        What the claim covers is frozen by the first claim (`if_not_exists`), so that a publisher who
        takes over an expired lease says the same.
        """
        token = uuid.uuid4().hex
        same_version = "seq = :seq AND #status = :status"
        lease_free = "(attribute_not_exists(lease_until) OR lease_until <= :now)"
        conditions = [same_version, lease_free]
        values: dict[str, Any] = {
            ":seq": {"N": str(state.seq)},
            ":status": {"S": state.status.value},
            ":now": {"N": str(now)},
            ":lease": {"N": str(now + LEASE)},
            ":token": {"S": token},
        }
        update = "SET lease_owner = :token, lease_until = :lease"
        if action is Action.RECOVER:
            # Nothing to freeze: the condition pins the count, and an event in between ends the recovery.
            conditions.append("seen = :seen")
            values[":seen"] = {"N": str(state.seen)}
        else:
            update += (
                f", claim_upto = if_not_exists(claim_upto, {':upto' if action is Action.OPEN else 'seen'})"
                ", claim_seen = if_not_exists(claim_seen, seen)"
                ", claim_at = if_not_exists(claim_at, :now)"
                ", claim_window = if_not_exists(claim_window, :window)"
            )
            values[":window"] = {"N": str(window)}
        if action is Action.OPEN:
            values[":upto"] = {"N": str(state.reported + 1)}
        try:
            reply = self._past_conflicts(
                lambda: self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_state_key(state.key),
                    UpdateExpression=update,
                    ConditionExpression=" AND ".join(conditions),
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            )
        except ClientError as error:
            if not _refused(error):
                raise
            old: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
            # The SDK retried a claim whose reply was lost: the refusal names us as the owner.
            return to_state(old) if old.get("lease_owner", {}).get("S") == token else None
        return to_state(reply["Attributes"])

    def release(self, state: State) -> None:
        """Give a claim back after a failed publish, so that the next sweep need not wait for the lease."""
        self._update_if(
            state,
            "SET lease_until = :zero",
            "lease_owner = :owner",
            {":zero": {"N": "0"}, ":owner": {"S": state.lease_owner}},
        )

    def commit(self, state: State, alert: Alert, *, now: int) -> bool:
        """Record that a claimed alert is out; False when another copy of it was committed first."""
        assert state.claim is not None
        return self._update_if(
            state,
            "SET seq = :next, reported = :upto, notified_at = :now, #status = :open, last_alert = :alert "
            f"REMOVE {_CLAIMED}",
            "seq = :seq",
            {
                ":seq": {"N": str(state.seq)},
                ":next": {"N": str(state.seq + 1)},
                ":upto": {"N": str(state.claim.upto)},
                ":now": {"N": str(now)},
                ":open": {"S": Status.OPEN.value},
                ":alert": {"S": alert.alert_id},
            },
            {"#status": "status"},
        )

    def close(self, state: State, alert: Alert, *, now: int) -> bool:
        """End an incident; refused when an event came in between, which then opens the next alert."""
        return self._update_if(
            state,
            "SET seq = :next, #status = :closed, expires_at = :expires, last_alert = :alert "
            f"REMOVE due_shard, {_CLAIMED}, #sample",
            "seq = :seq AND seen = :seen AND #status = :open",
            {
                ":seq": {"N": str(state.seq)},
                ":next": {"N": str(state.seq + 1)},
                ":seen": {"N": str(state.seen)},
                ":open": {"S": Status.OPEN.value},
                ":closed": {"S": Status.CLOSED.value},
                ":expires": {"N": str((now + CLOSED_KEPT) // SECOND)},
                ":alert": {"S": alert.alert_id},
            },
            {"#status": "status", "#sample": "sample"},
        )

    def _update_if(
        self,
        state: State,
        update: str,
        condition: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> bool:
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": _state_key(state.key),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        if names:
            request["ExpressionAttributeNames"] = names
        try:
            self._past_conflicts(lambda: self._dynamodb.update_item(**request))
        except ClientError as error:
            if _refused(error):
                return False
            raise
        return True


def _refused(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _cancellations(error: ClientError) -> list[str]:
    reasons: Any = error.response.get("CancellationReasons", [])
    return [reason.get("Code", "") for reason in reasons]


def _conflicted(error: ClientError) -> bool:
    if error.response["Error"]["Code"] == "TransactionConflictException":
        return True
    reasons = _cancellations(error)
    return "TransactionConflict" in reasons and "ConditionalCheckFailed" not in reasons


def _state_key(key: AlertKey) -> dict[str, Any]:
    return {"pk": {"S": f"ALERT#{key}"}, "sk": {"S": _STATE}}


def _kinds_key(appid: str, now: int, window: int) -> dict[str, Any]:
    return {"pk": {"S": f"KINDS#{appid}"}, "sk": {"S": str(now // window)}}


def to_state(item: Mapping[str, Any]) -> State:
    """The state that an item holds."""

    def number(name: str) -> int:
        return int(item.get(name, {}).get("N", "0"))

    def text(name: str) -> str:
        return str(item.get(name, {}).get("S", ""))

    claim = (
        Claim(number("claim_upto"), number("claim_seen"), number("claim_at"), number("claim_window"))
        if "claim_upto" in item
        else None
    )
    return State(
        key=AlertKey.parse(text("pk").removeprefix("ALERT#")),
        status=Status(text("status")),
        seen=number("seen"),
        reported=number("reported"),
        seq=number("seq"),
        notified_at=number("notified_at"),
        lease_owner=text("lease_owner"),
        lease_until=number("lease_until"),
        claim=claim,
        template=text("template"),
        sample=text("sample"),
        last_event_at=number("last_event_at"),
        last_alert=text("last_alert"),
    )
