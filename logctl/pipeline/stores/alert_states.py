"""The debounce states in DynamoDB: count, claim, release, commit, close.

`core.debounce.decide` says what may happen to a state as it was read; every write here is conditional
on that state still being the same version (`seq`), so of any number of rivals one succeeds.

States that need attention stand in an index, spread over shards. It has keys only and says when the window of
each began, so that counting changes nothing in it. What a silence holds back is parked: it stands in a place
of that silence's own, where no sweep looks until the silence is over.
"""

from __future__ import annotations

import random
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.batches import batched
from logctl.core.debounce import (
    CLOCK_TOLERANCE,
    CLOSED_KEPT,
    KINDS_PER_WINDOW,
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

DUE = "attention"
"""The sparse index of states that need attention: those that are open or have something to report.

Its range key is called `notified_at` for the sake of states that earlier versions have written, which
DynamoDB indexes by itself; what it holds is `State.observed_at`. Their shard is "0".
"""
OLD_DUE = "due"
"""The index of earlier versions, which `provision` removes: one partition, with all attributes."""
SHARDS = tuple(str(number) for number in range(16))
"""A partition of an index takes a thousand writes a second (Amazon DynamoDB Developer Guide, Designing
partition keys to distribute your workload)."""
PARKED = "silence#"
"""How the places begin of what silences hold back."""
_CLOCK: dict[str, Any] = {"pk": {"S": "CLOCK"}, "sk": {"S": "SWEEP"}}
_BATCH_GET = 100
_STATE = "STATE"
_CONFLICT_TRIES = 6
_MARKER, _KIND = 0, 2  # places in the transaction that counts
_LEASE = "lease_owner, lease_seen_at, lease_until"  # the last is of earlier versions
_CLAIMED = f"{_LEASE}, claim_upto, claim_seen, claim_at, claim_window"

T = TypeVar("T")


def home(key: AlertKey) -> str:
    """The shard of a key."""
    return SHARDS[zlib.crc32(str(key).encode()) % len(SHARDS)]


def parked_places(target: str) -> list[str]:
    """Where what a silence of this target holds back is parked."""
    return [f"{PARKED}{target}#{shard}" for shard in SHARDS]


@dataclass(frozen=True)
class Page:
    """Keys from one place of the index, the most overdue first; `next` is where the next page begins."""

    keys: list[AlertKey]
    next: dict[str, Any] | None


class AlertStore:
    """The states and markers of the alerts table."""

    def __init__(
        self, dynamodb: DynamoDBClient, table: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._sleep = sleep

    # ── The sweeper's clock ─────────────────────────────────────────────────────────────────────────

    def begin_sweep(self, called_at: int) -> bool:
        """Note that a sweep was called at this time; False when it, or a later one, was noted before."""
        token = uuid.uuid4().hex
        try:
            self._past_conflicts(
                lambda: self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_CLOCK,
                    UpdateExpression="SET called_at = :at, sweep = :token",
                    ConditionExpression="attribute_not_exists(called_at) OR called_at < :at",
                    ExpressionAttributeValues={":at": {"N": str(called_at)}, ":token": {"S": token}},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            )
        except ClientError as error:
            if not _refused(error):
                raise
            old: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
            return bool(old.get("sweep", {}).get("S") == token)
        return True

    def last_sweep(self) -> int:
        """When the last sweep was called, by the schedule's clock; 0 before the first."""
        reply = self._dynamodb.get_item(TableName=self._table, Key=_CLOCK, ConsistentRead=True)
        return int(reply["Item"]["called_at"]["N"]) if "Item" in reply else 0

    # ── Counting ────────────────────────────────────────────────────────────────────────────────────

    def count(
        self, batch_id: str, tally: Tally, *, now: int, window: int, swept_at: int = 0
    ) -> AlertKey | None:
        """Count a message's events of one key, once however often the message is delivered.

        The marker and the counter are one transaction: a plain ADD that is retried after a lost reply
        counts twice. The client's own request token would not help, because `now` differs.

        A key that would open is one more kind of its app in this window; beyond `KINDS_PER_WINDOW` it is
        counted under the app's overflow key. The marker keeps the tally's own key, so that a redelivery
        finds it whatever the number of kinds is then.

        Args:
            swept_at: when the last sweep was called, by which kinds are counted: all containers agree about
                it, whatever their clocks say. 0 before the first sweep; then it is `now`.

        Returns:
            The key it was counted under; None when this batch was counted before.
        """
        state = self.get(tally.key)
        opens = state is None or (state.status is Status.CLOSED and not state.held_back)
        items = [self._marker(batch_id, tally.key, now), self._addition(tally, now)]
        if opens and tally.key != tally.key.overflow:
            items.append(self._another_kind(tally.key.appid, now, window, swept_at or now))
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

    def _another_kind(self, appid: str, now: int, window: int, at: int) -> Any:
        update = {
            "TableName": self._table,
            "Key": _kinds_key(appid, at, window),
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
                "last_event_at = :last_event_at, due_shard = if_not_exists(due_shard, :shard) "
                "REMOVE expires_at"
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
                ":shard": {"S": home(tally.key)},
            },
        }
        return {"Update": update}

    def get(self, key: AlertKey) -> State | None:
        reply = self._dynamodb.get_item(TableName=self._table, Key=_state_key(key), ConsistentRead=True)
        return to_state(reply["Item"]) if "Item" in reply else None

    def kinds(self, appid: str, *, now: int, window: int) -> int:
        """How many kinds of an app have opened in this window, of `KINDS_PER_WINDOW`."""
        key = _kinds_key(appid, self.last_sweep() or now, window)
        reply = self._dynamodb.get_item(TableName=self._table, Key=key)
        return int(reply["Item"]["kinds"]["N"]) if "Item" in reply else 0

    # ── Finding ─────────────────────────────────────────────────────────────────────────────────────

    def due(
        self, place: str, *, now: int, window: int, start: dict[str, Any] | None = None
    ) -> Iterator[Page]:
        """Keys of a place that a sweep called at `now` has to look at: their window is over as it is
        configured now, or has not begun, or begins in a future that a broken clock has made.

        The index is eventually consistent; a stale key is found again next minute.
        """
        yield from self._find(place, "notified_at <= :at", max(0, now - window), start)
        yield from self._find(place, "notified_at > :at", now + CLOCK_TOLERANCE)

    def everything(self, place: str) -> Iterator[Page]:
        """All keys of a place."""
        yield from self._find(place, "notified_at >= :at", 0)

    def attention(self, silenced: Iterable[str] = ()) -> list[State]:
        """Every state that is open or has something to report.

        Args:
            silenced: targets of silences, under which states may be parked.
        """
        places = [*SHARDS, *(place for target in silenced for place in parked_places(target))]
        keys = [key for place in places for page in self.everything(place) for key in page.keys]
        # While it moves from one place to another, the index may have it in both.
        return self.states(list(dict.fromkeys(keys)))

    def _find(
        self, place: str, condition: str, at: int, start: dict[str, Any] | None = None
    ) -> Iterator[Page]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": DUE,
            "KeyConditionExpression": f"due_shard = :place AND {condition}",
            "ExpressionAttributeValues": {":place": {"S": place}, ":at": {"N": str(at)}},
        }
        while True:
            if start:
                request["ExclusiveStartKey"] = start
            reply: Any = self._dynamodb.query(**request)
            start = reply.get("LastEvaluatedKey")
            yield Page([_key_of(item) for item in reply["Items"]], start)
            if not start:
                return

    def states(self, keys: Sequence[AlertKey]) -> list[State]:
        """The states of keys as they are now, in this order; those that are gone are left out."""
        found: dict[AlertKey, State] = {}
        for batch in batched(keys, _BATCH_GET):
            wanted: list[Any] = [_state_key(key) for key in batch]
            for attempt in range(_CONFLICT_TRIES):
                reply: Any = self._dynamodb.batch_get_item(
                    RequestItems={self._table: {"Keys": wanted, "ConsistentRead": True}}
                )
                for item in reply["Responses"].get(self._table, []):
                    state = to_state(item)
                    found[state.key] = state
                wanted = list(reply.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", []))
                if not wanted:
                    break
                self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
        return [found[key] for key in keys if key in found]

    # ── What a sweep notes ──────────────────────────────────────────────────────────────────────────

    def observe(self, state: State, *, at: int) -> bool:
        """Begin the window of an alert that is out."""
        return self._update_if(
            state,
            "SET notified_at = :at",
            "seq = :seq AND #status = :open AND notified_at = :was",
            {
                ":at": {"N": str(at)},
                ":seq": {"N": str(state.seq)},
                ":open": {"S": Status.OPEN.value},
                ":was": {"N": str(state.observed_at)},
            },
            {"#status": "status"},
        )

    def see_claim(self, state: State, *, at: int) -> bool:
        """Note when somebody else's claim was first seen: from then on its lease runs."""
        return self._update_if(
            state,
            "SET lease_seen_at = :at",
            "lease_owner = :owner AND attribute_not_exists(lease_seen_at)",
            {":at": {"N": str(at)}, ":owner": {"S": state.lease_owner}},
        )

    def park(self, state: State, target: str) -> bool:
        """Take a state out of the sweeper's sight until a silence is over.

        The silence has to be marked before (`SilenceStore.holds`), or nobody would look for it there.
        """
        condition, values = _lease_as_it_was(state)
        return self._update_if(
            state,
            "SET due_shard = :place",
            f"seq = :seq AND due_shard = :was AND {condition}",
            {
                ":place": {"S": f"{PARKED}{target}#{home(state.key)}"},
                ":was": {"S": state.place},
                ":seq": {"N": str(state.seq)},
                **values,
            },
        )

    def bring_back(self, state: State) -> bool:
        """Let the sweeper see a parked state again."""
        return self._update_if(
            state,
            "SET due_shard = :home",
            "due_shard = :was",
            {":home": {"S": home(state.key)}, ":was": {"S": state.place}},
        )

    # ── Publishing ──────────────────────────────────────────────────────────────────────────────────

    def claim(
        self, state: State, action: Action, *, now: int, window: int, swept_at: int = 0
    ) -> State | None:
        """Take on publishing; the claimed state, or None when somebody else has.

        What the claim covers is frozen by the first claim (`if_not_exists`), so that a publisher who
        takes over an expired lease says the same. A state whose claim may not be taken over is not for this.

        Args:
            swept_at: when the sweep was called that claims; 0 for the consumer.
        """
        token = uuid.uuid4().hex
        lease, held = _lease_as_it_was(state)
        conditions = ["seq = :seq AND #status = :status", lease]
        values: dict[str, Any] = {
            ":seq": {"N": str(state.seq)},
            ":status": {"S": state.status.value},
            ":token": {"S": token},
            ":home": {"S": home(state.key)},
            **held,
        }
        update = "SET lease_owner = :token, due_shard = :home"
        if swept_at:
            update += ", lease_seen_at = :swept"
            values[":swept"] = {"N": str(swept_at)}
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
            values |= {":window": {"N": str(window)}, ":now": {"N": str(now)}}
        if action is Action.OPEN:
            values[":upto"] = {"N": str(state.reported + 1)}
        if not swept_at:
            update += " REMOVE lease_seen_at"
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
            f"REMOVE {_LEASE}",
            "lease_owner = :owner",
            {":owner": {"S": state.lease_owner}},
        )

    def commit(self, state: State, alert: Alert, *, now: int, swept_at: int = 0) -> bool:
        """Record that a claimed alert is out; False when another copy of it was committed first.

        It begins no window: that is for the next sweep, which sees it.
        """
        assert state.claim is not None
        return self._update_if(
            state,
            "SET seq = :next, reported = :upto, told_at = :now, #status = :open, last_alert = :alert, "
            f"notified_at = :unseen, swept_at = :swept REMOVE {_CLAIMED}",
            "seq = :seq",
            {
                ":unseen": {"N": "0"},
                ":swept": {"N": str(swept_at)},
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
            "SET seq = :next, #status = :closed, expires_at = :expires, last_alert = :alert, "
            f"notified_at = :unseen REMOVE due_shard, swept_at, {_CLAIMED}, #sample",
            "seq = :seq AND seen = :seen AND #status = :open",
            {
                ":seq": {"N": str(state.seq)},
                ":next": {"N": str(state.seq + 1)},
                ":seen": {"N": str(state.seen)},
                ":open": {"S": Status.OPEN.value},
                ":closed": {"S": Status.CLOSED.value},
                ":unseen": {"N": "0"},
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
    return code_of(error) == "ConditionalCheckFailedException"


def _cancellations(error: ClientError) -> list[str]:
    reasons: Any = error.response.get("CancellationReasons", [])
    return [reason.get("Code", "") for reason in reasons]


def _conflicted(error: ClientError) -> bool:
    if code_of(error) == "TransactionConflictException":
        return True
    reasons = _cancellations(error)
    return "TransactionConflict" in reasons and "ConditionalCheckFailed" not in reasons


def _lease_as_it_was(state: State) -> tuple[str, dict[str, Any]]:
    """The condition that nobody has claimed a state since it was read, and its values."""
    if state.lease_owner:
        return "lease_owner = :held", {":held": {"S": state.lease_owner}}
    return "attribute_not_exists(lease_owner)", {}


def _key_of(item: Mapping[str, Any]) -> AlertKey:
    return AlertKey.parse(item["pk"]["S"].removeprefix("ALERT#"))


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
        key=_key_of(item),
        status=Status(text("status")),
        seen=number("seen"),
        reported=number("reported"),
        seq=number("seq"),
        notified_at=number("told_at") or number("notified_at"),
        observed_at=number("notified_at"),
        swept_at=number("swept_at"),
        lease_owner=text("lease_owner"),
        lease_seen_at=number("lease_seen_at"),
        place=text("due_shard"),
        claim=claim,
        template=text("template"),
        sample=text("sample"),
        last_event_at=number("last_event_at"),
        last_alert=text("last_alert"),
    )
