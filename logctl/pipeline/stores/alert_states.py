"""The debounce states in DynamoDB: count, claim, release, commit, close.

`core.debounce.decide` decides about a state as it was read. Every write here is conditional on the state
still being that version (`seq`), so that of any number of containers that try the same write one succeeds.

`stores.alert_items` describes the items, `stores.count_plan` the transaction that counts a message, and
`stores.attention_index` the index in which the sweeper finds states.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.debounce import (
    CLOCK_TOLERANCE,
    CLOSED_KEPT,
    Action,
    Alert,
    AlertKey,
    State,
    Status,
    Tally,
)
from logctl.core.times import SECOND
from logctl.pipeline.stores.alert_items import (
    CLAIM_ATTRIBUTES,
    CLOCK,
    LEASE_ATTRIBUTES,
    Claimant,
    claim_update,
    kinds_key,
    marker_key,
    state_key,
    to_state,
    unclaimed_since_read,
)
from logctl.pipeline.stores.attention_index import SHARDS, IndexPage, find, home, parked_place, parked_places
from logctl.pipeline.stores.count_plan import Counted, Counting, CountReading
from logctl.pipeline.stores.item_reads import read_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_CONFLICT_TRIES = 6
_COUNT_TRIES = 6
_REMEMBERED_KINDS = 1_000

T = TypeVar("T")


class AlertStore:
    """The states and markers of the alerts table."""

    def __init__(
        self, dynamodb: DynamoDBClient, table: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._sleep = sleep
        self._kinds: dict[str, int] = {}

    # ── The sweeper's clock ─────────────────────────────────────────────────────────────────────────

    def begin_sweep(self, called_at: int) -> bool:
        """Record the time of a sweep's call; return False if this or a later call was recorded before."""
        token = uuid.uuid4().hex
        try:
            self._past_conflicts(
                lambda: self._dynamodb.update_item(
                    TableName=self._table,
                    Key=CLOCK,
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
        """Return when the last sweep was called, by the schedule's clock; 0 before the first."""
        reply = self._dynamodb.get_item(TableName=self._table, Key=CLOCK, ConsistentRead=True)
        return int(reply["Item"]["called_at"]["N"]) if "Item" in reply else 0

    # ── Counting ────────────────────────────────────────────────────────────────────────────────────

    def count(
        self,
        batch_id: str,
        tallies: Sequence[Tally],
        *,
        now: int,
        window: int,
        swept_at: int = 0,
        again: bool = False,
        part: bool = False,
    ) -> Counted:
        """Count a message's events, once however often the message is delivered.

        The marker and the counters are one transaction: a plain ADD that is retried after a lost reply
        counts twice. The client's own request token would not help, because `now` differs.

        A key that is a new kind of its app is counted as one more kind in this window; when the app has had
        `KINDS_PER_WINDOW` of them, its events are counted under the overflow key.

        - `tallies`: one for each key, all of one app.
        - `swept_at`: when the last sweep was called. It decides in which window a kind is counted, because
          all containers agree about it, whatever their clocks say. 0 before the first sweep: then `now` does.
        - `again`: whether the message may have been counted before. If it was, reading that is cheaper than a
          refused transaction.
        - `part`: whether the message has tallies besides these, which are counted by themselves.

        Raises:
            TROUBLE: nothing of the message was counted, or the reply that it was counted was lost.
        """
        counting = Counting(
            self._table, batch_id, tallies, now=now, at=swept_at or now, window=window, part=part
        )
        known = self._kinds.get(counting.window_key, 0)
        again, closely = again or part, False
        error: ClientError | None = None
        for _ in range(_COUNT_TRIES):
            reading = self._read(counting, known, again=again, closely=closely or again)
            if reading.counted_by_key and not again:
                again = True  # an earlier version has counted the message, or has begun to
                continue
            plan = counting.plan(reading, by_key=again)
            if not plan.items:
                return plan.counted
            refused, error = self._transact(plan.items)
            if not refused:
                self._remember_kinds(counting.window_key, reading.kinds + plan.opened)
                return plan.counted
            # A marker: it was counted meanwhile. A state: it was closed after it was read. A number of kinds:
            # other messages have opened some. Either way, what is there now decides.
            again, closely = again or plan.marks(refused), True
        assert error is not None
        raise error

    def _read(self, counting: Counting, known: int, *, again: bool, closely: bool) -> CountReading:
        """Read what is known about a message before it is counted, by one call, or two if `again`."""
        markers = self._markers(counting.batch_id) if again else frozenset()
        wanted = counting.wanted(known, again=again, closely=closely)
        return counting.reading(read_items(self._dynamodb, self._table, wanted, self._sleep), markers, known)

    def _markers(self, batch_id: str) -> frozenset[str]:
        """Return the names of a batch's markers."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :batch",
            ExpressionAttributeValues={":batch": marker_key(batch_id, "")["pk"]},
            ConsistentRead=True,
        )
        return frozenset(item["sk"]["S"] for page in pages for item in page["Items"])

    def _remember_kinds(self, window_key: str, kinds: int) -> None:
        """Remember how many kinds have opened at least, so that a full window is planned for at once.

        The number only grows within a window, so that an old one costs a refused transaction at most.
        """
        if len(self._kinds) >= _REMEMBERED_KINDS:
            self._kinds.clear()
        self._kinds[window_key] = max(kinds, self._kinds.get(window_key, 0))

    def _transact(self, items: list[Any]) -> tuple[set[int], ClientError | None]:
        """Write items in one transaction; return the positions of failed conditions, and the error."""
        try:
            self._past_conflicts(lambda: self._dynamodb.transact_write_items(TransactItems=items))
        except ClientError as error:
            reasons = _cancellations(error)
            refused = {at for at, reason in enumerate(reasons) if reason == "ConditionalCheckFailed"}
            if not refused:
                raise
            return refused, error
        return set(), None

    def _past_conflicts(self, write: Callable[[], T]) -> T:
        """Write, and repeat it if a transaction on the same item conflicted: the SDK does not retry that."""
        for attempt in range(_CONFLICT_TRIES - 1):
            try:
                return write()
            except ClientError as error:
                if not _conflicted(error):
                    raise
                self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
        return write()

    def get(self, key: AlertKey) -> State | None:
        """Return the state of a key; None when nothing was ever counted for it."""
        reply = self._dynamodb.get_item(TableName=self._table, Key=state_key(key), ConsistentRead=True)
        return to_state(reply["Item"]) if "Item" in reply else None

    def kinds(self, appid: str, *, now: int, window: int) -> int:
        """Return how many kinds of an app have opened in this window, up to `KINDS_PER_WINDOW`."""
        key = kinds_key(appid, self.last_sweep() or now, window)
        reply = self._dynamodb.get_item(TableName=self._table, Key=key)
        return int(reply["Item"]["kinds"]["N"]) if "Item" in reply else 0

    # ── Finding ─────────────────────────────────────────────────────────────────────────────────────

    def due(
        self, place: str, *, now: int, window: int, start: dict[str, Any] | None = None
    ) -> Iterator[IndexPage]:
        """Yield the keys of a place that a sweep called at `now` has to look at.

        Their window is over, with the length that is configured now, or it has not begun, or it begins so far
        in the future that a wrong clock must have written it. The index is eventually consistent: a key that
        is missing from it is found in the next minute.
        """
        yield from self._find(place, "notified_at <= :at", max(0, now - window), start)
        yield from self._find(place, "notified_at > :at", now + CLOCK_TOLERANCE)

    def everything(self, place: str) -> Iterator[IndexPage]:
        """Yield all keys of a place."""
        yield from self._find(place, "notified_at >= :at", 0)

    def attention(self, silenced: Iterable[str] = ()) -> list[State]:
        """Return every state that is open or has events to report.

        Args:
            silenced: targets of silences, under which states may be parked.
        """
        places = [*SHARDS, *(place for target in silenced for place in parked_places(target))]
        keys = [key for place in places for page in self.everything(place) for key in page.keys]
        # While a state moves from one place to another, the index may have it in both.
        return self.states(list(dict.fromkeys(keys)))

    def _find(
        self, place: str, condition: str, at: int, start: dict[str, Any] | None = None
    ) -> Iterator[IndexPage]:
        return find(self._dynamodb, self._table, place, condition=condition, at=at, start=start)

    def states(self, keys: Sequence[AlertKey]) -> list[State]:
        """Return the present states of keys, in this order; keys without a state are omitted."""
        items = read_items(self._dynamodb, self._table, [state_key(key) for key in keys], self._sleep)
        found = {state.key: state for state in map(to_state, items)}
        return [found[key] for key in keys if key in found]

    # ── What a sweep notes ──────────────────────────────────────────────────────────────────────────

    def observe(self, state: State, *, at: int) -> bool:
        """Begin the window of an alert that was published."""
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
        """Record when another publisher's claim was first seen: its lease begins at that time."""
        return self._update_if(
            state,
            "SET lease_seen_at = :at",
            "lease_owner = :owner AND attribute_not_exists(lease_seen_at)",
            {":at": {"N": str(at)}, ":owner": {"S": state.lease_owner}},
        )

    def park(self, state: State, target: str) -> bool:
        """Move a state to a place of the index where no sweep looks until a silence is over.

        The silence has to be marked before (`SilenceStore.holds`): sweeps look only under marked silences.
        """
        condition, values = unclaimed_since_read(state)
        return self._update_if(
            state,
            "SET due_shard = :place",
            f"seq = :seq AND due_shard = :was AND {condition}",
            {
                ":place": {"S": parked_place(target, state.key)},
                ":was": {"S": state.place},
                ":seq": {"N": str(state.seq)},
                **values,
            },
        )

    def bring_back(self, state: State) -> bool:
        """Move a parked state back to its shard of the index."""
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
        """Claim the publishing of a state, and return the claimed state; None when another publisher was
        faster.

        The caller has to make sure that an existing claim may be taken over (`core.debounce.decide`).

        `swept_at`: when the sweep was called that claims; 0 for the consumer.
        """
        claimant = Claimant(uuid.uuid4().hex, now, window, swept_at)
        update = claim_update(state, action, claimant, shard=home(state.key))
        try:
            reply = self._past_conflicts(
                lambda: self._dynamodb.update_item(
                    TableName=self._table,
                    Key=state_key(state.key),
                    **update,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            )
        except ClientError as error:
            if not _refused(error):
                raise
            old: Mapping[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
            # If the SDK has retried a claim whose reply was lost, the refusal has our own token.
            return to_state(old) if old.get("lease_owner", {}).get("S") == claimant.token else None
        return to_state(reply["Attributes"])

    def release(self, state: State) -> None:
        """Release a claim after a failed publish, so that the next sweep need not wait for the lease."""
        self._update_if(
            state,
            f"REMOVE {LEASE_ATTRIBUTES}",
            "lease_owner = :owner",
            {":owner": {"S": state.lease_owner}},
        )

    def commit(self, state: State, alert: Alert, *, now: int, swept_at: int = 0) -> bool:
        """Record that a claimed alert was published; return False when another copy was committed before.

        The window begins with the next sweep, which sees the alert.
        """
        assert state.claim is not None
        return self._update_if(
            state,
            "SET seq = :next, reported = :upto, told_at = :now, #status = :open, last_alert = :alert, "
            f"notified_at = :unseen, swept_at = :swept REMOVE {CLAIM_ATTRIBUTES}",
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
        """Close a state after its recovery was published.

        Return False when an event was counted in between; the next sweep reports that event.
        """
        return self._update_if(
            state,
            "SET seq = :next, #status = :closed, expires_at = :expires, last_alert = :alert, "
            f"notified_at = :unseen REMOVE due_shard, swept_at, {CLAIM_ATTRIBUTES}, #sample",
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
            "Key": state_key(state.key),
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
