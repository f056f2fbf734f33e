"""Counting a message's errors: its calls and write units, and messages that were counted in other ways before."""

from __future__ import annotations

import itertools
import zlib
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logctl.core.debounce import (
    KINDS_PER_WINDOW,
    AlertKey,
    State,
    Status,
    Tally,
    assign,
    counted,
    counted_under,
    is_new_kind,
)
from logctl.core.times import parse_time
from logctl.pipeline.alerting.alerter import alerter_for
from logctl.pipeline.alerting.sweep import Sweep
from tests.helpers.config import CONFIG
from tests.helpers.units import Units
from tests.simulation.cloud import Cloud, refusal

NOON = parse_time("2026-01-31T12:00:00Z")
HOT, ALERTS = CONFIG.hot_table, CONFIG.alerts_table
WINDOW = CONFIG.alert_window
SAMPLE = (
    "connection to db-7.internal:5432 timed out after 30000 ms while reading order 81734 (attempt 3 of 5)"
)


def key(number: int) -> AlertKey:
    return AlertKey("checkout", "ERROR", f"{number:012x}")


def message(kinds: int, first: int = 0) -> list[Tally]:
    return [Tally(key(first + number), 2, SAMPLE, SAMPLE, NOON) for number in range(kinds)]


class Bench:
    """An alerter over tables in memory, what it costs, and a disturbance of its calls."""

    def __init__(self) -> None:
        self.cloud = Cloud(lambda: NOON, {HOT: ("app", "chunk"), ALERTS: ("pk", "sk")})
        self.units = Units(cloud=self.cloud)
        self.before_call: Any = lambda call: None
        clients: Any = self.cloud.clients(self._gate, lambda: WINDOW)
        self.alerter = alerter_for(clients, CONFIG, lambda: NOON)
        self.store: Any = self.alerter.store
        self.store._sleep = lambda seconds: None

    def _gate(self, call: Any) -> Any:
        self.before_call(call)
        return self.units.gate(call)

    def take(self, batch: str, tallies: list[Tally], *, again: bool = False) -> Units:
        """Deliver a message; return what that has cost."""
        self.units = Units(cloud=self.cloud)
        self.alerter.take(batch, tallies, again=again)
        return self.units

    def seen(self) -> Counter[str]:
        """How many events were counted, by fingerprint."""
        found: Counter[str] = Counter()
        for (pk, _), item in self.cloud.tables.items[ALERTS].items():
            if pk.startswith("ALERT#"):
                found[pk.rsplit("#", 1)[1]] += int(item["seen"]["N"])
        return found

    def put(self, table: str, **attributes: str) -> None:
        item = {name: {"S": value} for name, value in attributes.items()}
        if "count" in item:
            item |= {"count": {"N": attributes["count"]}, "last_event_at": {"N": str(NOON)}}
        self.cloud.tables._write(table, item)

    def mark(self, batch: str, of: AlertKey) -> None:
        """As an earlier version has left it that counted this key of a message."""
        self.put(ALERTS, pk=f"SEEN#{batch}", sk=str(of))

    def old_row(self, batch: str, of: AlertKey, count: int = 2) -> None:
        """As an earlier version has put it into the outbox."""
        self.put(
            HOT, app=f"_uncounted#{zlib.crc32(batch.encode()) % 4}", chunk=f"{batch}#{of}", batch_id=batch, key=str(of),
            template=SAMPLE, sample=SAMPLE, count=str(count),
        )  # fmt: skip

    def sweep(self) -> None:
        Sweep(self.alerter).run(NOON + 60_000 + self.units.calls.total())


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.take("warm", message(1, first=9_999))  # the last sweep is known by now
    return made


# ── What it costs ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kinds", [1, 5, 20])
def test_a_message_of_kinds_that_are_open_takes_two_calls_and_two_units_a_kind(bench, kinds):
    for first in range(0, kinds, 10):
        bench.take(f"opens {first}", message(min(10, kinds - first), first=first))
    bench.take("a window later", [])
    units = bench.take("b", message(kinds))
    assert units.calls == Counter(batch_get_item=1, transact_write_items=1)
    assert (units.written, units.indexed, units.read) == (2 + 2 * kinds, 0, kinds)


@pytest.mark.parametrize("kinds", [1, 5, 19])
def test_a_message_that_opens_kinds_takes_three_calls_and_three_for_each_alert(bench, kinds):
    units = bench.take("b", message(kinds))
    assert units.calls == Counter(
        batch_get_item=2, transact_write_items=1, update_item=2 * kinds, publish=kinds
    )
    # The marker, the number of kinds; the counting, the claim and the commit of each; its place in the index.
    assert (units.written, units.indexed) == (2 + 2 + 4 * kinds, kinds)


@pytest.mark.parametrize("kinds", [1, 5, 20])
def test_a_message_that_comes_again_takes_two_calls_and_writes_nothing(bench, kinds):
    tallies = message(kinds)
    bench.take("b", tallies)
    before = bench.seen()
    units = bench.take("b", tallies, again=True)
    assert units.calls == Counter(query=1, batch_get_item=1)
    assert (units.written, units.indexed) == (0, 0)
    # After a redrive the queue does not know that it comes again; then a refused transaction tells.
    units = bench.take("b", tallies)
    assert units.calls == Counter(query=1, batch_get_item=2, transact_write_items=1)
    assert bench.seen() == before


def test_when_a_window_is_known_to_be_full_no_transaction_is_refused(bench):
    bench.take("fills", message(KINDS_PER_WINDOW))
    for number in range(2):
        units = bench.take(f"b{number}", message(3, first=100 + 10 * number))
        assert units.calls["transact_write_items"] == 1
    assert bench.seen()["overflow"] == 2 + 2 * 3 * 2

    # Another container learns it from one refusal.
    other = alerter_for(bench.cloud.clients(bench._gate, lambda: WINDOW), CONFIG, lambda: NOON)  # type: ignore[arg-type]
    refusals = []
    for number in range(2):
        bench.units = Units(cloud=bench.cloud)
        other.take(f"o{number}", message(3, first=200 + 10 * number))
        refusals.append(bench.units.calls["transact_write_items"] - 1)
    assert refusals == [1, 0]


def test_the_longest_message_is_one_transaction_within_dynamodbs_limits(bench):
    """100 actions on different items (Amazon DynamoDB API Reference, TransactWriteItems)."""
    levels = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
    long = [
        *message(20),
        *(Tally(AlertKey("checkout", level, "overflow"), 1, "t", "s", NOON) for level in levels),
    ]
    sizes = []

    def look(call: Any) -> None:
        if call.operation == "transact_write_items":
            touched = [
                str(next(iter(entry.values()))["TableName"]) + str(_key(entry))
                for entry in call.params["TransactItems"]
            ]
            assert len(touched) == len(set(touched))
            sizes.append(len(touched))

    bench.before_call = look
    bench.take("b", long, again=True)
    assert max(sizes) <= 100
    assert sum(bench.seen().values()) == 2 + 40 + len(levels)


def _key(entry: Any) -> Any:
    ((_, request),) = entry.items()
    item = request.get("Key") or request["Item"]
    return item["pk"], item["sk"]


# ── Kinds beyond the limit ──────────────────────────────────────────────────────────────────────────


def test_kinds_beyond_the_limit_are_counted_together_with_those_that_fit(bench):
    bench.take("15", message(14))  # with the one before, 15 kinds
    units = bench.take("b", [*message(10, first=50), Tally(key(0).overflow, 7, "t", "s", NOON)])
    assert units.calls["transact_write_items"] == 1
    seen = bench.seen()
    assert [seen.get(f"{50 + number:012x}") for number in range(10)] == [2] * 5 + [None] * 5
    assert seen["overflow"] == 5 * 2 + 7


STATES = st.sampled_from(
    [
        None,
        State(key(0), Status.CLOSED, 3, 3, 7),
        State(key(0), Status.CLOSED, 3, 2, 7),
        State(key(0), Status.OPEN, 3, 2, 7),
    ]
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(STATES, max_size=8), st.integers(0, KINDS_PER_WINDOW + 2), st.booleans())
def test_together_they_are_counted_as_one_after_the_other(before, kinds, overflowed):
    states = {key(n): replace(state, key=key(n)) for n, state in enumerate(before) if state}
    tallies = [
        replace(each, count=n + 1, last_event_at=NOON - n) for n, each in enumerate(message(len(before)))
    ]
    if overflowed:
        tallies.append(Tally(key(0).overflow, 50, "t", "s", NOON))
    added, opened = assign(tallies, states, kinds)

    now = dict(states)
    serial_kinds = kinds
    for each in tallies:
        under = counted_under(each.key, now.get(each.key), serial_kinds)
        if under == each.key and is_new_kind(each.key, now.get(each.key)):
            serial_kinds += 1
        single = each if under == each.key else each.overflow
        now[under] = counted(now.get(under), single, NOON)
    together = dict(states)
    for each in added:
        together[each.key] = counted(together.get(each.key), each, NOON)
    assert {k: s.seen for k, s in together.items()} == {k: s.seen for k, s in now.items()}
    assert kinds + opened == serial_kinds
    assert len({each.key for each in added}) == len(added)


# ── Refused ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_state_that_never_stays_as_it_was_read_ends_in_the_outbox(bench):
    error = refusal(
        "TransactionCanceledException",
        "Write",
        CancellationReasons=[{"Code": "None"}, {"Code": "ConditionalCheckFailed"}],
    )
    tries = []

    def refuse(call: Any) -> None:
        if call.operation == "transact_write_items":
            tries.append(call)
            raise error

    bench.before_call = refuse
    bench.take("b", message(2))
    assert 1 < len(tries) < 10
    bench.before_call = lambda call: None
    bench.sweep()
    assert {name: bench.seen()[name] for name in (f"{0:012x}", f"{1:012x}")} == {
        f"{0:012x}": 2,
        f"{1:012x}": 2,
    }


def test_items_that_are_left_out_each_time_are_not_taken_for_missing(bench, monkeypatch):
    left = {"Responses": {}, "UnprocessedKeys": {ALERTS: {"Keys": [{"pk": {"S": "x"}, "sk": {"S": "y"}}]}}}
    monkeypatch.setattr(bench.cloud.tables, "batch_get_item", lambda **_: left)
    made = alerter_for(bench.cloud.clients(lambda call: call.perform(), lambda: WINDOW), CONFIG, lambda: NOON)  # type: ignore[arg-type]
    made.store._sleep = lambda seconds: None  # type: ignore[attr-defined]
    made.take("b", message(1))
    assert f"{0:012x}" not in bench.seen()
    assert [row for (app, _), row in bench.cloud.tables.items[HOT].items() if app.startswith("_uncounted")]


# ── What earlier versions have counted ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("done", [1, 2, 3])
def test_what_an_earlier_version_has_counted_of_a_message_is_not_counted_again(bench, done, again):
    tallies = message(3)
    for each in tallies[:done]:
        bench.mark("b", each.key)
    for _ in range(2):
        bench.take("b", tallies, again=again)
        assert [bench.seen().get(each.key.fingerprint, 0) for each in tallies] == [0] * done + [2] * (
            3 - done
        )


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["row 0", "row 2", "again"])), ids=lambda order: ", ".join(order)
)
def test_rows_of_an_earlier_version_are_counted_once_before_and_after_their_message(bench, order):
    """An earlier version has put the keys into its outbox, and the message comes again."""
    tallies = message(3)
    for step in order:
        if step == "again":
            bench.take("b", tallies, again=True)
        else:
            bench.old_row("b", key(int(step[-1])))
            bench.sweep()
    assert [bench.seen()[each.key.fingerprint] for each in tallies] == [2, 2, 2]
    assert not [app for app, _ in bench.cloud.tables.items[HOT] if app.startswith("_uncounted")]


def test_a_row_of_an_earlier_version_is_not_counted_after_a_message_that_came_as_new(bench):
    bench.take("b", message(3))
    bench.old_row("b", key(2))
    bench.sweep()
    assert bench.seen()[key(2).fingerprint] == 2


def test_an_earlier_version_that_counts_at_the_same_moment_counts_nothing_twice(bench):
    """Between the reading and the transaction; the message comes again."""
    tallies = message(3)

    def old_sweeper(call: Any) -> None:
        if call.operation == "transact_write_items":
            bench.before_call = lambda call: None
            bench.mark("b", key(1))

    bench.before_call = old_sweeper
    bench.take("b", tallies, again=True)
    assert [bench.seen().get(each.key.fingerprint, 0) for each in tallies] == [2, 0, 2]


def test_messages_of_two_apps_with_one_batch_id_are_both_counted(bench):
    bench.take("b", message(1))
    bench.take("b", [replace(each, key=replace(each.key, appid="billing")) for each in message(1)])
    assert len([pk for pk, _ in bench.cloud.tables.items[ALERTS] if pk.startswith("ALERT#billing")]) == 1
