"""What all stores have to do alike: rows expire in seconds, what has expired counts as gone, reads that decide
something are consistent, and every write to an alert's state is refused when the state is not as it was read.

How long things are kept is written out: a test that asks the code for it would agree with any length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from botocore.exceptions import ClientError

from logctl.core.debounce import Action, AlertKey, Claim, State, Status, Tally, compose
from logctl.core.hot_rows import lane_of
from logctl.core.records import Record
from logctl.core.rows import Row, row_of
from logctl.core.silence import Silence
from logctl.core.times import DAY, HOUR, MINUTE
from logctl.pipeline.delivery.canary import Canary
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.attempt_ledger import Attempts
from logctl.pipeline.stores.attention_index import home, parked_places
from logctl.pipeline.stores.first_seen import Sightings
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.outbox import UNCOUNTED, Outbox, Uncounted
from logctl.pipeline.stores.silences import SilenceStore
from logctl.pipeline.stores.stored_file_records import KnownRecords
from tests.helpers.config import CONFIG
from tests.helpers.messages import again, event, packed, records, sqs
from tests.helpers.pipeline import NOON, Pipeline
from tests.helpers.stored import hot_rows_of
from tests.simulation.cloud import Call, Clients, Cloud, refusal

HOT, ALERTS = CONFIG.hot_table, CONFIG.alerts_table
READS = ("get_item", "batch_get_item", "query")
KEY = AlertKey("checkout", "ERROR", "a" * 12)
WINDOW = 15 * MINUTE
TALLY = Tally(KEY, 1, "kind", "sample", NOON)
LINES = (
    Record("checkout", "e1", NOON, "INFO", "one", 10),
    Record("checkout", "e2", NOON + 1, "INFO", "two", 20),
)
ROWS = [row_of(line) for line in LINES]


class Stores:
    """Each store over the same tables in memory, and every call that they make.

    Args:
        reply: what every call is answered with, instead of being carried out; a list of errors for so many
            writes.
    """

    def __init__(self, reply: Any = None) -> None:
        self.reply = reply
        self.cloud = Cloud(lambda: NOON, {HOT: ("app", "chunk"), ALERTS: ("pk", "sk")})
        self.calls: list[Call] = []
        clients: Any = Clients(self.cloud, self._gate, lambda: WINDOW)
        self.alerts = AlertStore(clients.dynamodb, ALERTS, sleep=lambda seconds: None)
        self.attempts = Attempts(clients.dynamodb, HOT)
        self.canary = Canary(clients.s3, "b", clients.dynamodb, HOT, clock=lambda: NOON)
        self.hot = HotStore(clients.dynamodb, HOT)
        self.known = KnownRecords(clients.dynamodb, HOT)
        self.outbox = Outbox(clients.dynamodb, HOT)
        self.sightings = Sightings(clients.dynamodb, HOT)
        self.silences = SilenceStore(clients.dynamodb, ALERTS)

    def _gate(self, call: Call) -> Any:
        self.calls.append(call)
        if isinstance(self.reply, list) and self.reply and call.operation not in READS:
            raise self.reply.pop()
        return call.perform() if self.reply is None or isinstance(self.reply, list) else self.reply

    def rows(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {**self.cloud.tables.items[HOT], **self.cloud.tables.items[ALERTS]}

    def claimed(self) -> State:
        """A state that is counted and claimed."""
        self.alerts.count("b1", [TALLY], now=NOON, window=WINDOW)
        state = self.alerts.get(KEY)
        assert state is not None
        claimed = self.alerts.claim(state, Action.OPEN, now=NOON, window=WINDOW)
        assert claimed is not None
        return claimed


def closed(stores: Stores) -> None:
    claimed = stores.claimed()
    assert stores.alerts.commit(claimed, compose(claimed, Action.OPEN, stack="s"), now=NOON)
    state = stores.alerts.get(KEY)
    assert state is not None
    assert stores.alerts.close(state, compose(state, Action.RECOVER, stack="s"), now=NOON)


def drained(stores: Stores) -> None:
    silence = Silence("checkout", NOON, NOON, "anna")
    stores.silences.put(silence)
    stores.silences.holds("checkout")
    assert stores.silences.holds_nothing(silence, now=NOON)


CHUNK = hot_rows_of("checkout", "b", LINES)[0]
KEPT: dict[str, tuple[Callable[[Stores], object], tuple[str, str], int]] = {
    "marker": (
        lambda on: on.alerts.count("b1", [TALLY], now=NOON, window=WINDOW),
        ("SEEN#b1", "checkout"),
        35 * DAY,
    ),
    "marker of a key": (
        lambda on: on.alerts.count("b1", [TALLY], now=NOON, window=WINDOW, again=True),
        ("SEEN#b1", str(KEY)),
        35 * DAY,
    ),
    "kinds": (
        lambda on: on.alerts.count("b1", [TALLY], now=NOON, window=WINDOW),
        ("KINDS#checkout", str(NOON // WINDOW)),
        DAY + 30 * MINUTE,
    ),
    "closed": (closed, (f"ALERT#{KEY}", "STATE"), 35 * DAY),
    "silence": (
        lambda on: on.silences.put(Silence("checkout", NOON + HOUR, NOON, "anna")),
        ("SILENCES", "checkout"),
        HOUR + 7 * DAY,
    ),
    "silence that holds nothing any more": (drained, ("SILENCES", "checkout"), 7 * DAY),
    "begun": (lambda on: on.attempts.begin("m", now=NOON), ("_message#m", "attempts"), 35 * DAY),
    "failed": (
        lambda on: on.attempts.failed("m", now=NOON, reason="r", detail="d"),
        ("_message#m", "attempts"),
        35 * DAY,
    ),
    "strike": (lambda on: on.attempts.strike("m", now=NOON), ("_message#m", "attempts"), 35 * DAY),
    "deferred": (lambda on: on.attempts.defer("m", now=NOON), ("_message#m", "attempts"), 35 * DAY),
    "done": (lambda on: on.attempts.done("m", now=NOON), ("_message#m", "attempts"), 35 * DAY),
    "aside": (
        lambda on: on.attempts.aside("m", now=NOON, reason="r", detail="d"),
        ("_message#m", "attempts"),
        35 * DAY,
    ),
    "sighting": (lambda on: on.sightings.first("c", NOON, now=NOON), ("_message#c", "first_seen"), 35 * DAY),
    "file": (
        lambda on: on.known.note("checkout", "src", "b", ROWS, now=NOON),
        ("_file#checkout#src", f"{20:020d}#b"),
        35 * DAY,
    ),
    "hot row": (
        lambda on: on.hot.put(CHUNK, now=NOON, retention=2 * DAY),
        ("checkout", CHUNK.sort_key),
        2 * DAY,
    ),
    "app": (
        lambda on: on.hot.note_app("checkout", now=NOON, newest=NOON, batch_id="b"),
        ("_apps", "checkout"),
        35 * DAY,
    ),
    "canary": (lambda on: on.canary.passes("checkout"), ("checkout", "~canary"), HOUR),
}


@pytest.mark.parametrize("what", KEPT)
def test_a_row_expires_in_seconds_after_as_long_as_it_is_needed(what):
    """Milliseconds would keep it for 50,000 years (Amazon DynamoDB Developer Guide, Time to Live)."""
    write, place, kept = KEPT[what]
    stores = Stores()
    write(stores)
    assert stores.rows()[place]["expires_at"] == {"N": str((NOON + kept) // 1_000)}


def test_what_has_expired_counts_as_gone_though_dynamodb_has_it_still(pipeline: Pipeline):
    """It takes DynamoDB days to delete it."""
    table = HOT
    sightings = Sightings(pipeline.aws.dynamodb, table)
    known = KnownRecords(pipeline.aws.dynamodb, table)
    hot = HotStore(pipeline.aws.dynamodb, table)
    sightings.first("c", NOON, now=NOON)
    known.note("checkout", "src", "b1", ROWS, now=NOON)
    hot.put(CHUNK, now=NOON, retention=DAY)
    for now, fresh in ((NOON + 35 * DAY - 1_000, False), (NOON + 35 * DAY, True)):
        assert sightings.first("c", now, now=now) == (now if fresh else NOON)
        assert known.new_of("checkout", "src", "b2", ROWS, now=now) == (ROWS if fresh else [])
    for now, fresh in ((NOON + DAY - 1_000, False), (NOON + DAY, True)):
        assert hot.lacks(CHUNK, now=now) is fresh
        assert hot.put(CHUNK, now=now, retention=DAY) is fresh


def test_what_a_message_itself_brought_is_new_and_what_another_brought_is_not(pipeline: Pipeline):
    known = KnownRecords(pipeline.aws.dynamodb, HOT)
    known.note("checkout", "src", "b1", ROWS[:1], now=NOON)
    assert known.new_of("checkout", "src", "b1", ROWS, now=NOON) == ROWS
    assert known.new_of("checkout", "src", "b2", ROWS, now=NOON) == ROWS[1:]
    assert known.new_of("checkout", "other", "b2", ROWS, now=NOON) == ROWS
    assert known.new_of("billing", "src", "b2", ROWS, now=NOON) == ROWS
    assert known.new_of("checkout", "", "b2", ROWS, now=NOON) == ROWS


@pytest.mark.parametrize(
    "read",
    [
        lambda on: on.alerts.get(KEY),
        lambda on: on.alerts.last_sweep(),
        lambda on: on.alerts.states([KEY]),
        lambda on: on.attempts.get(["m"]),
        lambda on: on.hot.lacks(CHUNK, now=NOON),
        lambda on: on.hot.get([("checkout", CHUNK.sort_key)]),
        lambda on: on.known.new_of("checkout", "src", "b", ROWS, now=NOON),
        lambda on: on.outbox.rows(UNCOUNTED[0], 5),
        lambda on: on.silences.kept(),
        lambda on: on.silences.of(["checkout"]),
        lambda on: on.silences.over(KEY, now=NOON),
    ],
    ids=[
        "state",
        "last sweep",
        "states",
        "ledger",
        "hot row",
        "hot rows",
        "file",
        "outbox",
        "silences",
        "silences of targets",
        "silence",
    ],
)
def test_what_decides_something_is_read_consistently(read):
    """Otherwise DynamoDB may answer with what was there before the last write (Developer Guide, DynamoDB read
    consistency)."""
    stores = Stores(reply={"Items": [], "Responses": {}, "UnprocessedKeys": {}})
    read(stores)
    assert stores.calls
    for call in stores.calls:
        request = call.params.get("RequestItems", {None: call.params})
        assert all(each["ConsistentRead"] is True for each in request.values())


def as_alert(state: State, action: Action = Action.SUMMARISE) -> Any:
    return compose(state, action, stack="s")


WRITES: dict[str, Callable[[AlertStore, State], object]] = {
    "commit": lambda store, state: store.commit(state, as_alert(state), now=NOON),
    "close": lambda store, state: store.close(state, as_alert(state, Action.RECOVER), now=NOON),
    "observe": lambda store, state: store.observe(state, at=NOON),
    "park": lambda store, state: store.park(state, "checkout"),
    "claim": lambda store, state: store.claim(state, Action.SUMMARISE, now=NOON, window=WINDOW),
    "recover": lambda store, state: store.claim(state, Action.RECOVER, now=NOON, window=WINDOW),
}


def opened(stores: Stores, *, again: bool) -> State:
    """A state that was told of; `again` for one that a rival has claimed."""
    claimed = stores.claimed()
    assert stores.alerts.commit(claimed, as_alert(claimed, Action.OPEN), now=NOON)
    state = stores.alerts.get(KEY)
    assert state is not None and not state.lease_owner
    if not again:
        return state
    state = stores.alerts.claim(state, Action.SUMMARISE, now=NOON, window=WINDOW)
    assert state is not None
    return state


@pytest.mark.proves("F33", "F34")
@pytest.mark.parametrize("what", WRITES)
def test_a_write_to_a_state_that_is_another_version_by_now_is_refused(what):
    def tried(**stale: Any) -> tuple[bool, bool]:
        stores = Stores()
        state = replace(opened(stores, again=what == "commit"), **stale)
        before = dict(stores.rows()[(f"ALERT#{KEY}", "STATE")])
        done = bool(WRITES[what](stores.alerts, state))
        return done, stores.rows()[(f"ALERT#{KEY}", "STATE")] != before

    assert tried() == (True, True)
    assert tried(seq=NOON - 1) == (False, False)


@pytest.mark.proves("F38", "F40")
@pytest.mark.parametrize("what", ["close", "recover"])
def test_no_incident_ends_while_it_is_counted(what):
    stores = Stores()
    state = opened(stores, again=False)
    stores.alerts.count("b2", [TALLY], now=NOON, window=WINDOW)
    assert not WRITES[what](stores.alerts, state)


def test_a_row_is_keyed_by_what_a_message_holds_and_not_by_the_delivery(pipeline: Pipeline):
    """Delivered again under other ids and at other times, it makes the same rows and objects."""

    def everything() -> tuple[list[str], list[Any]]:
        return pipeline.keys("logs/") + pipeline.keys("quarantine/"), sorted(
            (row["app"]["S"], row["chunk"]["S"]) for row in pipeline.hot_rows()
        )

    good, bad = packed(records(2), name="m1"), sqs('{"logctl": 1, "appid": no', name="m2", group="checkout")
    pipeline.consumer.process(event(good, bad))
    before = everything()
    assert len(before[0]) == 2 and len(before[1]) == 1
    pipeline.clock.advance(3 * DAY)
    for number, message in enumerate((good, bad)):
        redriven = again(message, 1)
        redriven["messageId"] = f"other{number}"
        redriven["attributes"]["SentTimestamp"] = str(NOON + 3 * DAY)
        redriven["attributes"]["SequenceNumber"] = "77"
        pipeline.consumer.process(event(redriven))
    assert everything() == before


def test_what_waits_to_be_counted_comes_back_as_it_was_until_it_is_removed(pipeline: Pipeline):
    outbox = Outbox(pipeline.aws.dynamodb, HOT)
    waiting = [
        Uncounted(
            f"b{number}",
            tuple(
                Tally(key, number + 1, f"kind {number}", f"sample {number}", NOON + number)
                for key in (KEY, KEY.overflow)
            ),
        )
        for number in range(20)
    ]
    for row in [*waiting, *waiting]:
        outbox.put(row.batch_id, row.tallies)

    def rows(most: int = 100) -> list[Uncounted]:
        return sorted(
            (row for place in UNCOUNTED for row in outbox.rows(place, most)),
            key=lambda row: row.tallies[0].count,
        )

    assert rows() == waiting
    assert 1 < sum(bool(outbox.rows(place, 1)) for place in UNCOUNTED) == len(rows(1))
    outbox.remove(waiting[3])
    assert rows() == [*waiting[:3], *waiting[4:]]


# ── Alert states ────────────────────────────────────────────────────────────────────────────────────


def refused(code: str, *reasons: str) -> ClientError:
    return refusal(code, "Write", CancellationReasons=[{"Code": reason} for reason in reasons])


@pytest.mark.proves("F43")
@pytest.mark.parametrize(
    "conflict",
    [
        refused("TransactionConflictException"),
        refused("TransactionCanceledException", "None", "TransactionConflict"),
    ],
    ids=["of a write", "of a transaction"],
)
def test_a_write_that_met_a_transaction_is_tried_again_after_a_pause(conflict):
    stores, pauses = Stores(), []
    stores.alerts._sleep = pauses.append
    stores.reply = [conflict] * 3
    assert stores.alerts.count("b1", [TALLY], now=NOON, window=WINDOW).added == (TALLY,)
    assert len(pauses) == 3 and all(0 <= pause <= 0.05 * 2**number for number, pause in enumerate(pauses))


@pytest.mark.parametrize(
    "error",
    [
        refused("ThrottlingException"),
        refused("TransactionCanceledException", "ThrottlingError", "None"),
        refused("TransactionCanceledException", "TransactionConflict", "ValidationError"),
    ],
    ids=["refused", "throttled", "conflict each time"],
)
def test_what_is_no_conflict_or_does_not_end_is_raised(error):
    stores = Stores()
    stores.reply = [error] * 50
    with pytest.raises(ClientError) as raised:
        stores.alerts.count("b1", [TALLY], now=NOON, window=WINDOW)
    assert raised.value is error
    conflict = "TransactionConflict" in str(error.response)
    assert 1 < 50 - len(stores.reply) <= 20 if conflict else len(stores.reply) == 49


def test_a_batch_that_was_counted_is_no_conflict_even_when_another_is_in_the_way():
    stores = Stores()
    stores.alerts.count("b1", [TALLY], now=NOON, window=WINDOW)
    stores.reply = [refused("TransactionCanceledException", "ConditionalCheckFailed", "TransactionConflict")]
    stores.alerts._sleep = lambda seconds: pytest.fail("it has waited")
    assert stores.alerts.count("b1", [TALLY], now=NOON, window=WINDOW).added == ()
    assert stores.reply == []


def test_counting_knows_the_state_that_it_has_left():
    """The consumer decides about it without reading it again."""
    stores = Stores()
    assert stores.alerts.count("b1", [TALLY], now=NOON, window=WINDOW).states == (stores.alerts.get(KEY),)
    for delivered in (False, True):
        counted = stores.alerts.count("b1", [TALLY], now=NOON, window=WINDOW, again=delivered)
        assert (counted.added, counted.states) == ((), (stores.alerts.get(KEY),))
    assert stores.alerts.count("b2", [TALLY], now=NOON, window=WINDOW).states == (stores.alerts.get(KEY),)


@pytest.mark.proves("G1")
def test_events_are_not_counted_into_a_state_that_was_closed_after_it_was_read(monkeypatch):
    """They begin an incident, so that they are a kind of their window and alert at once."""
    stores = Stores()
    state = opened(stores, again=False)
    real, reads = stores.cloud.tables.batch_get_item, []

    def then_closed(**request: Any) -> Any:
        reply = real(**request)
        reads.append(request)
        if len(reads) == 1:
            assert stores.alerts.close(state, as_alert(state, Action.RECOVER), now=NOON)
        return reply

    monkeypatch.setattr(stores.cloud.tables, "batch_get_item", then_closed)
    clients: Any = Clients(stores.cloud, stores._gate, lambda: WINDOW)
    counted = AlertStore(clients.dynamodb, ALERTS).count("b2", [TALLY], now=NOON, window=WINDOW)
    assert (counted.added, counted.states) == ((TALLY,), (stores.alerts.get(KEY),))
    assert counted.states[0].status is Status.CLOSED and counted.states[0].held_back == 1
    assert stores.rows()[("KINDS#checkout", str(NOON // WINDOW))]["kinds"] == {"N": "2"}


def test_states_that_dynamodb_left_out_are_asked_for_again(monkeypatch):
    stores, pauses, asked = Stores(), [], []
    stores.alerts._sleep = pauses.append
    for number in range(3):
        tally = replace(TALLY, key=replace(KEY, fingerprint=f"{number:012x}"))
        stores.alerts.count(f"b{number}", [tally], now=NOON, window=WINDOW)
    real = stores.cloud.tables.batch_get_item

    def one_at_a_time(*, RequestItems: Any) -> Any:
        keys = RequestItems[ALERTS]["Keys"]
        asked.append(len(keys))
        reply = real(RequestItems={ALERTS: {"Keys": keys[:1], "ConsistentRead": True}})
        left = {ALERTS: {"Keys": keys[1:]}} if keys[1:] else {}
        return {**reply, "UnprocessedKeys": left}

    monkeypatch.setattr(stores.cloud.tables, "batch_get_item", one_at_a_time)
    clients: Any = Clients(stores.cloud, stores._gate, lambda: WINDOW)
    store = AlertStore(clients.dynamodb, ALERTS, sleep=pauses.append)
    keys = [replace(KEY, fingerprint=f"{number:012x}") for number in (2, 0, 7, 1)]
    assert [state.key for state in store.states(keys)] == [keys[0], keys[1], keys[3]]
    assert asked == [4, 3, 2, 1]
    assert len(pauses) == 3 and all(0 <= pause <= 0.05 * 2**number for number, pause in enumerate(pauses))
    assert any(pauses)


def test_a_parked_state_comes_back_once_and_only_from_where_it_was_seen():
    stores = Stores()
    state = opened(stores, again=False)
    assert stores.alerts.park(state, "checkout")
    parked = stores.alerts.get(KEY)
    assert parked is not None and parked.place == f"silence#checkout#{home(KEY)}" in parked_places("checkout")
    assert [
        page.keys for place in parked_places("checkout") for page in stores.alerts.everything(place)
    ].count([KEY]) == 1
    assert not stores.alerts.bring_back(replace(parked, place="silence#other#0"))
    assert stores.alerts.bring_back(parked)
    assert stores.alerts.get(KEY) == state


def test_how_many_kinds_of_an_app_have_opened_in_this_window(pipeline: Pipeline):
    store = AlertStore(pipeline.aws.dynamodb, ALERTS)
    assert store.kinds("checkout", now=NOON, window=WINDOW) == 0
    for number in range(3):
        tally = replace(TALLY, key=replace(KEY, fingerprint=f"{number:012x}"))
        store.count(f"b{number}", [tally], now=NOON, window=WINDOW)
    assert store.kinds("checkout", now=NOON + WINDOW - 1, window=WINDOW) == 3
    assert store.kinds("checkout", now=NOON + WINDOW, window=WINDOW) == 0
    assert store.kinds("billing", now=NOON, window=WINDOW) == 0
    # What the last sweep was called at counts, whatever the clock says.
    assert store.begin_sweep(NOON + 1)
    assert store.kinds("checkout", now=NOON + DAY, window=WINDOW) == 3


def test_a_sweep_begins_once_and_none_before_it_begins_after_it():
    stores = Stores()
    assert [stores.alerts.begin_sweep(at) for at in (NOON, NOON, NOON - 1, NOON + 1)] == [
        True,
        False,
        False,
        True,
    ]
    assert stores.alerts.last_sweep() == NOON + 1
    stores.reply = [refusal("ConditionalCheckFailedException", "UpdateItem")]
    assert not stores.alerts.begin_sweep(NOON + 2)


def test_an_incident_that_has_ended_keeps_its_count_and_no_sample():
    stores = Stores()
    closed(stores)
    row = stores.rows()[(f"ALERT#{KEY}", "STATE")]
    assert row["last_alert"] == {"S": f"{KEY}#{NOON + 1}#RECOVERED"}
    assert (row["status"], row["seen"], row["reported"]) == ({"S": "CLOSED"}, {"N": "1"}, {"N": "1"})
    assert not {"sample", "due_shard", "lease_owner", "claim_upto", "swept_at"} & set(row)


def test_a_state_is_read_back_from_what_its_writes_have_left():
    stores = Stores()
    tally = replace(TALLY, count=3, last_event_at=NOON + 5)
    stores.alerts.count("b1", [tally], now=NOON, window=WINDOW)
    fresh = State(
        KEY,
        Status.CLOSED,
        3,
        0,
        NOON,
        place=home(KEY),
        template="kind",
        sample="sample",
        last_event_at=NOON + 5,
    )
    assert stores.alerts.get(KEY) == fresh
    claimed = stores.alerts.claim(fresh, Action.OPEN, now=NOON + 7, window=WINDOW, swept_at=NOON + 6)
    assert claimed is not None and claimed.lease_owner
    frozen = Claim(upto=1, seen=3, at=NOON + 7, window=WINDOW)
    assert claimed == replace(fresh, claim=frozen, lease_owner=claimed.lease_owner, lease_seen_at=NOON + 6)
    assert stores.alerts.commit(claimed, as_alert(claimed, Action.OPEN), now=NOON + 8, swept_at=NOON + 9)
    told = replace(
        fresh,
        status=Status.OPEN,
        reported=1,
        seq=NOON + 1,
        notified_at=NOON + 8,
        swept_at=NOON + 9,
        last_alert=f"{KEY}#{NOON}",
    )
    assert stores.alerts.get(KEY) == told
    assert stores.alerts.observe(told, at=NOON + 10)
    assert stores.alerts.get(KEY) == replace(told, observed_at=NOON + 10)


def test_a_claim_whose_reply_was_lost_is_given_to_whoever_made_it(monkeypatch):
    stores = Stores()
    state = opened(stores, again=False)
    real = stores.cloud.tables.update_item

    def twice(**request: Any) -> Any:
        real(**request)
        return real(**request)

    monkeypatch.setattr(stores.cloud.tables, "update_item", twice)
    clients: Any = Clients(stores.cloud, stores._gate, lambda: WINDOW)
    store = AlertStore(clients.dynamodb, ALERTS)
    claimed = store.claim(state, Action.SUMMARISE, now=NOON, window=WINDOW)
    assert claimed is not None and claimed == store.get(KEY)
    assert store.claim(state, Action.SUMMARISE, now=NOON, window=WINDOW) is None


@pytest.mark.parametrize("store", ["ledgers", "hot rows"])
def test_rows_that_dynamodb_left_out_are_asked_for_again(store, monkeypatch):
    stores, asked = Stores(), []
    names = [f"m{number}" for number in range(250)]
    chunks = [replace(CHUNK, batch_id=name) for name in names]
    for name, chunk in zip(names, chunks, strict=True):
        stores.attempts.begin(name, now=NOON)
        stores.hot.put(chunk, now=NOON, retention=DAY)
    real = stores.cloud.tables.batch_get_item

    def half_of_it(*, RequestItems: Any) -> Any:
        """The first time nothing at all: then the reply does not even name the table."""
        keys = RequestItems[HOT]["Keys"]
        asked.append(len(keys))
        half = 0 if len(asked) == 1 else -(-len(keys) // 2)
        found = [real(RequestItems={HOT: {"Keys": [key], "ConsistentRead": True}}) for key in keys[:half]]
        rows = [item for reply in found for item in reply["Responses"][HOT]]
        left = {HOT: {"Keys": keys[half:]}} if keys[half:] else {}
        return {"Responses": {HOT: rows} if rows else {}, "UnprocessedKeys": left}

    monkeypatch.setattr(stores.cloud.tables, "batch_get_item", half_of_it)
    clients: Any = Clients(stores.cloud, stores._gate, lambda: WINDOW)
    if store == "ledgers":
        assert sorted(Attempts(clients.dynamodb, HOT).get(names + names[:9])) == sorted(names)
    else:
        keys = [("checkout", chunk.sort_key) for chunk in chunks]
        found = HotStore(clients.dynamodb, HOT).get(keys)
        assert [found[key].batch_id for key in keys] == names
    assert asked[:4] == [100, 100, 50, 25]


def test_a_kind_counts_when_it_opens_and_not_again_while_it_is_open():
    stores = Stores()
    of_app = ("KINDS#checkout", str(NOON // WINDOW))
    opened(stores, again=False)
    assert stores.rows()[of_app]["kinds"] == {"N": "1"}
    for batch in ("b2", "b3"):
        stores.alerts.count(batch, [TALLY], now=NOON, window=WINDOW)
    stores.alerts.count("b4", [replace(TALLY, key=KEY.overflow)], now=NOON, window=WINDOW)
    assert stores.rows()[of_app]["kinds"] == {"N": "1"}
    stores.alerts.count("b5", [replace(TALLY, key=replace(KEY, severity="FATAL"))], now=NOON, window=WINDOW)
    assert stores.rows()[of_app]["kinds"] == {"N": "2"}


def test_the_list_of_apps_says_what_arrived_last_at_most_once_a_minute(pipeline: Pipeline):
    hot = HotStore(pipeline.aws.dynamodb, HOT, lanes=8)

    def listed() -> dict[str, dict[str, str]]:
        return {
            row["chunk"]["S"]: row
            for row in pipeline.aws.dynamodb.scan(TableName=HOT)["Items"]
            if row["app"]["S"] == "_apps"
        }

    hot.note_app("checkout", now=NOON, newest=NOON - 1, batch_id="b1")
    hot.note_app("checkout", now=NOON + MINUTE - 1, newest=NOON + 5, batch_id="b2")
    assert listed()["checkout"] | {"expires_at": None} == {
        "app": {"S": "_apps"},
        "chunk": {"S": "checkout"},
        "lane": {"S": lane_of("checkout", 8)},
        "seen_at": {"N": str(NOON)},
        "newest": {"N": str(NOON - 1)},
        "batch_id": {"S": "b1"},
        "expires_at": None,
    }
    hot.note_app("checkout", now=NOON + MINUTE, newest=NOON - 7, batch_id="b3")
    hot.list_app("checkout", now=NOON + HOUR)
    hot.list_app("shop", now=NOON)
    assert listed()["checkout"]["batch_id"] == {"S": "b3"}
    assert listed()["shop"].keys() == {"app", "chunk", "lane", "expires_at"}


def test_rows_are_in_the_lane_of_their_app(pipeline: Pipeline):
    HotStore(pipeline.aws.dynamodb, HOT, lanes=8).put(CHUNK, now=NOON, retention=DAY, arrived=NOON - 5)
    (row,) = pipeline.aws.dynamodb.scan(TableName=HOT)["Items"]
    assert row["lane"] == {"S": lane_of("checkout", 8)}
    assert row["arrived_at"] == {"N": str(NOON - 5)}
    apps = [f"app-{number}" for number in range(200)]
    assert {lane_of(app, 8) for app in apps} == set("01234567")
    assert {lane_of(app, 1) for app in apps} == {"0"}


def file_rows(count: int, first: int = 0, name: str = "event") -> list[Row]:
    return [
        row_of(Record("checkout", f"{name}-{number:06d}", NOON, "INFO", "x", number * 100))
        for number in range(first, first + count)
    ]


def test_a_message_is_marked_by_one_item_of_eight_bytes_a_record():
    stores = Stores()
    stores.known.note("checkout", "src", "b", file_rows(4_000), now=NOON)
    ((place, row),) = stores.rows().items()
    assert place == ("_file#checkout#src", f"{399_900:020d}#b")
    assert len(row["records"]["B"]) == 8 * 4_000
    assert row["begins"] == {"N": "0"}
    assert [call.operation for call in stores.calls] == ["put_item"]


@pytest.mark.parametrize("first", [0, 1, 50, 99, 100, 250])
def test_what_overlaps_is_found_wherever_the_other_message_begins_and_ends(first):
    stores = Stores()
    stores.known.note("checkout", "src", "b1", file_rows(100), now=NOON)
    rows = file_rows(100, first)
    new = stores.known.new_of("checkout", "src", "b2", rows, now=NOON)
    assert list(new) == [row for row in rows if row.seq >= 100 * 100]
    if first >= 100:
        assert new is rows


def test_the_same_id_elsewhere_and_another_id_there_are_new():
    stores = Stores()
    stores.known.note("checkout", "src", "b1", file_rows(3), now=NOON)
    others = file_rows(3, name="other")
    assert stores.known.new_of("checkout", "src", "b2", others, now=NOON) == others
    (moved,) = file_rows(1)
    moved.seq = 100
    assert stores.known.new_of("checkout", "src", "b2", [moved], now=NOON) == [moved]


def test_positions_beyond_four_gigabytes_are_told_apart():
    stores = Stores()
    (near,), (far,) = file_rows(1), file_rows(1)
    far.seq = near.seq + 2**32
    stores.known.note("checkout", "src", "b1", [far], now=NOON)
    assert stores.known.new_of("checkout", "src", "b2", [near], now=NOON) == [near]
    assert stores.known.new_of("checkout", "src", "b2", [far], now=NOON) == []


def earlier_marks(rows: list[Row]) -> bytes:
    """The marks as versions before 0.16 wrote them."""
    return b"".join(sha256(f"{row.event_id}\0{row.seq}".encode()).digest()[:8] for row in rows)


def test_the_marks_of_earlier_versions_still_count():
    stores = Stores()
    rows = file_rows(20)
    stores.cloud.tables.put_item(
        TableName=HOT,
        Item={
            "app": {"S": "_file#checkout#src"},
            "chunk": {"S": f"{900:020d}#b1"},
            "marks": {"B": earlier_marks(rows[:10])},
            "expires_at": {"N": str((NOON + DAY) // 1000)},
        },
    )
    assert stores.known.new_of("checkout", "src", "b2", rows, now=NOON) == rows[10:]
    assert stores.known.new_of("checkout", "src", "b1", rows, now=NOON) is rows
    stores.known.note("checkout", "src", "b3", rows[10:15], now=NOON)
    assert stores.known.new_of("checkout", "src", "b2", rows, now=NOON) == rows[15:]
