"""Items of the alerts table: their keys, how a debounce state is stored, and the requests that change it.

Everything here builds or reads a request's parts and calls nothing. `stores.alert_states` sends them.

Items, by partition key and sort key::

    ALERT#checkout#ERROR#0a1b…   STATE                   the state of one kind of error
    SEEN#<batch id>              checkout                a marker: this batch is counted for this app
    SEEN#<batch id>              checkout#ERROR#0a1b…    a marker of one key; see `stores.count_plan`
    KINDS#checkout               <number of the window>  how many kinds of an app have opened in a window
    CLOCK                        SWEEP                   when the last sweep was called
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logctl.core.debounce import (
    KINDS_PER_WINDOW,
    MARKER_KEPT,
    Action,
    AlertKey,
    Claim,
    State,
    Status,
    Tally,
)
from logctl.core.times import DAY, SECOND

CLOCK: dict[str, Any] = {"pk": {"S": "CLOCK"}, "sk": {"S": "SWEEP"}}
"""The key of the item that holds when the last sweep was called."""
LEASE_ATTRIBUTES = "lease_owner, lease_seen_at, lease_until"  # earlier versions have written the last one
CLAIM_ATTRIBUTES = f"{LEASE_ATTRIBUTES}, claim_upto, claim_seen, claim_at, claim_window"
_STATE = "STATE"


# ── Keys ────────────────────────────────────────────────────────────────────────────────────────────


def state_key(key: AlertKey) -> dict[str, Any]:
    """Return the primary key of a state's item."""
    return {"pk": {"S": f"ALERT#{key}"}, "sk": {"S": _STATE}}


def key_of(item: Mapping[str, Any]) -> AlertKey:
    """Return the debounce key of a state's item or index entry."""
    return AlertKey.parse(item["pk"]["S"].removeprefix("ALERT#"))


def kinds_key(appid: str, at: int, window: int) -> dict[str, Any]:
    """Return the primary key of the number of an app's kinds in the window that holds `at` (milliseconds)."""
    return {"pk": {"S": f"KINDS#{appid}"}, "sk": {"S": str(at // window)}}


def marker_key(batch_id: str, name: str) -> dict[str, Any]:
    """Return the primary key of a batch's marker; its name is an app or a debounce key as text."""
    return {"pk": {"S": f"SEEN#{batch_id}"}, "sk": {"S": name}}


# ── A state as an item ──────────────────────────────────────────────────────────────────────────────


def to_state(item: Mapping[str, Any]) -> State:
    """Return the state that an item holds; attributes that earlier versions have not written are empty."""

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
        key=key_of(item),
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


# ── The transaction that counts ─────────────────────────────────────────────────────────────────────


def put_marker(table: str, batch_id: str, name: str, now: int) -> Any:
    """Return the put that succeeds once for a batch and a name: it makes counting idempotent."""
    put = {
        "TableName": table,
        "Item": {
            **marker_key(batch_id, name),
            "expires_at": {"N": str((now + MARKER_KEPT) // SECOND)},
        },
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    return {"Put": put}


def add_kinds(table: str, appid: str, opened: int, *, now: int, at: int, window: int) -> Any:
    """Return the update that counts newly opened kinds of an app, refused beyond `KINDS_PER_WINDOW`.

    `at`: the moment whose window is counted in, by the sweeper's clock.
    """
    update = {
        "TableName": table,
        "Key": kinds_key(appid, at, window),
        "UpdateExpression": "ADD kinds :opened SET expires_at = :expires",
        "ConditionExpression": "attribute_not_exists(kinds) OR kinds <= :most",
        "ExpressionAttributeValues": {
            ":opened": {"N": str(opened)},
            ":most": {"N": str(KINDS_PER_WINDOW - opened)},
            ":expires": {"N": str((now + 2 * window + DAY) // SECOND)},
        },
    }
    return {"Update": update}


def add_events(table: str, tally: Tally, *, now: int, shard: str, only_if_open: bool = False) -> Any:
    """Return the update that adds a tally to the state of its key, which it creates if there is none.

    - `shard`: where in the index a new state stands.
    - `only_if_open`: refuse it when the state is not open.
    """
    update = {
        "TableName": table,
        "Key": state_key(tally.key),
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
            ":shard": {"S": shard},
            **({":open": {"S": Status.OPEN.value}} if only_if_open else {}),
        },
        **({"ConditionExpression": "#status = :open"} if only_if_open else {}),
    }
    return {"Update": update}


# ── Claims ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Claimant:
    """The publisher that claims an alert, and when. Times are milliseconds.

    `token` is unique for the attempt; `swept_at` is when the sweep was called that claims, 0 for the
    consumer.
    """

    token: str
    now: int
    window: int
    swept_at: int = 0


def unclaimed_since_read(state: State) -> tuple[str, dict[str, Any]]:
    """Return the condition that no publisher has claimed a state since it was read, and its values."""
    if state.lease_owner:
        return "lease_owner = :held", {":held": {"S": state.lease_owner}}
    return "attribute_not_exists(lease_owner)", {}


def claim_update(state: State, action: Action, claimant: Claimant, *, shard: str) -> dict[str, Any]:
    """Return the update that claims a state, refused unless it is as it was read.

    The first claim freezes what it covers (`if_not_exists`), so that a publisher that takes over an expired
    lease publishes the same text.
    """
    lease, held = unclaimed_since_read(state)
    conditions = ["seq = :seq AND #status = :status", lease]
    values: dict[str, Any] = {
        ":seq": {"N": str(state.seq)},
        ":status": {"S": state.status.value},
        ":token": {"S": claimant.token},
        ":home": {"S": shard},
        **held,
    }
    update = "SET lease_owner = :token, due_shard = :home"
    if claimant.swept_at:
        update += ", lease_seen_at = :swept"
        values[":swept"] = {"N": str(claimant.swept_at)}
    if action is Action.RECOVER:
        # A recovery covers no events. The condition on the count ends it when an event comes in between.
        conditions.append("seen = :seen")
        values[":seen"] = {"N": str(state.seen)}
    else:
        update += (
            f", claim_upto = if_not_exists(claim_upto, {':upto' if action is Action.OPEN else 'seen'})"
            ", claim_seen = if_not_exists(claim_seen, seen)"
            ", claim_at = if_not_exists(claim_at, :now)"
            ", claim_window = if_not_exists(claim_window, :window)"
        )
        values |= {":window": {"N": str(claimant.window)}, ":now": {"N": str(claimant.now)}}
    if action is Action.OPEN:
        values[":upto"] = {"N": str(state.reported + 1)}
    if not claimant.swept_at:
        update += " REMOVE lease_seen_at"
    return {
        "UpdateExpression": update,
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": values,
    }
