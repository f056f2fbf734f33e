"""Sweeps over the services' model: whose turn it is, what silences park, what waits in the outbox, whose clock counts.

Each call takes ten milliseconds of a time that is counted, not waited for, on each of so many lanes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from logctl.core.debounce import (
    CLOSED_KEPT,
    KINDS_PER_WINDOW,
    MARKER_KEPT,
    Action,
    AlertKey,
    State,
    Status,
    Tally,
    compose,
)
from logctl.core.fair_order import Turns
from logctl.core.silence import DRAINED_AFTER, REMEMBERED, Silence
from logctl.core.times import DAY, HOUR, MINUTE, SECOND, parse_time
from logctl.pipeline import sweeper
from logctl.pipeline.alerting.alerter import Alerter, alerter_for
from logctl.pipeline.alerting.overview import Standings
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.stores.attention_index import PARKED, SHARDS, IndexPage, home
from logctl.pipeline.stores.outbox import UNCOUNTED
from logctl.stack.resources.lambda_functions import SWEEPER_TIMEOUT
from tests.helpers.config import CONFIG
from tests.simulation.cloud import Call, Cloud, refusal

NOON = parse_time("2026-01-31T12:00:00Z")
WINDOW = CONFIG.alert_window
HOT, ALERTS = CONFIG.hot_table, CONFIG.alerts_table
KEY = AlertKey("checkout", "ERROR", "a" * 12)
CALL_TAKES = 10


@dataclass
class Bench:
    """Alerter, services and a time that passes call by call on several lanes."""

    lanes: int = 1
    now: int = NOON
    calls: int = 0
    broken: set[str] = field(default_factory=set)
    """Operations that are refused now."""

    def __post_init__(self) -> None:
        self.cloud = Cloud(lambda: self.now, {HOT: ("app", "chunk"), ALERTS: ("pk", "sk")})
        self.alerter = self.container()
        self.store, self.silences = self.alerter.store, self.alerter.silences

    def container(self, skew: int = 0) -> Alerter:
        """Another process, whose clock is off."""
        clients: Any = self.cloud.clients(self._gate, lambda: WINDOW)
        made = alerter_for(clients, CONFIG, lambda: self.now + skew)
        made.store._sleep = lambda seconds: None
        return made

    def _gate(self, call: Call) -> Any:
        self.calls += 1
        self.now += CALL_TAKES
        silences = "SILENCES" in str(call.params) and f"{call.operation} of silences" in self.broken
        if call.operation in self.broken or silences:
            raise refusal("ThrottlingException", call.operation)
        return call.perform()

    def each(self, work: Any, items: Iterable[Any]) -> Iterator[Any]:
        """As a thread pool: the lane that is free first takes the next."""
        free = [self.now] * self.lanes
        for item in items:
            lane = min(range(self.lanes), key=free.__getitem__)
            self.now = free[lane]
            yield work(item)
            free[lane] = self.now
        self.now = max(free)

    def sweep(self, *, limit: int = SWEEPER_TIMEOUT * SECOND) -> dict[Action, int]:
        """The next full minute's sweep, which has to end before Lambda ends it."""
        began = self.now = -(-(self.now + 1) // MINUTE) * MINUTE
        until = lambda: limit - (self.now - began) < sweeper._STOP_BEFORE_END  # noqa: E731
        done = Sweep(self.alerter, until=until, each=self.each).run(began)
        assert self.now - began < limit, "Lambda has ended the sweep"
        return done

    def sweeps(self, count: int) -> list[dict[Action, int]]:
        return [self.sweep() for _ in range(count)]

    def take(self, batch: str, key: AlertKey = KEY, count: int = 1, alerter: Alerter | None = None) -> None:
        (alerter or self.alerter).take(batch, [Tally(key, count, "kind", "sample", self.now)])

    def put(self, key: AlertKey, **values: Any) -> None:
        """A state that was left there: open, with three of five events told of when the window began."""
        item = {
            "pk": f"ALERT#{key}", "sk": "STATE", "status": "OPEN", "seen": 5, "reported": 3, "seq": 7,
            "notified_at": 1, "told_at": 1, "due_shard": home(key), "template": "kind", "sample": "s",
        } | values  # fmt: skip
        self.cloud.tables._write(
            ALERTS,
            {
                name: {"S": value} if isinstance(value, str) else {"N": str(value)}
                for name, value in item.items()
            },
        )

    def state(self, key: AlertKey = KEY) -> State:
        found = self.store.get(key)
        assert found is not None
        return found

    def item(self, pk: str, sk: str) -> dict[str, Any]:
        return self.cloud.tables.items[ALERTS][(pk, sk)]

    def told(self) -> list[tuple[str, str, int]]:
        """App, kind and count of what was published."""
        return [
            (one.attributes["appid"], one.attributes["kind"], int(one.attributes["count"]))
            for one in self.cloud.published
        ]

    def outbox(self) -> list[dict[str, Any]]:
        return [row for (app, _), row in self.cloud.tables.items[HOT].items() if app in UNCOUNTED]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def kind(app: str, number: int) -> AlertKey:
    return AlertKey(app, "ERROR", f"{number:012x}")


# ── Whose turn it is ────────────────────────────────────────────────────────────────────────────────


def crowded() -> Bench:
    """50,000 silenced kinds of one app, 10,000 alerts of ten others, and one of an app that has no more."""
    made = Bench(lanes=sweeper.THREADS)
    made.silences.put(Silence("noisy", NOON + DAY, NOON, "anna"))
    for number in range(50_000):
        made.put(kind("noisy", number))
    for number in range(10_000):
        made.put(kind(f"due-{number % 10}", number), notified_at=2)
    made.put(kind("small", 0), notified_at=NOON - WINDOW)
    return made


@pytest.mark.slow
@pytest.mark.proves("F50")
def test_50_000_silenced_kinds_and_10_000_due_alerts_delay_no_app_by_more_than_two_sweeps():
    crowd = crowded()
    crowd.sweeps(2)
    apps = [app for app, _, _ in crowd.told()]
    assert apps.count("small") == 1
    assert len(apps) == len({one.alert_id for one in crowd.cloud.published}) == 10_001
    assert "noisy" not in apps
    crowd.sweeps(2)
    parked = sum(len(keys) for place, keys in crowd.cloud.tables.shards.items() if place.startswith(PARKED))
    assert parked == 50_000
    # From then on they cost nothing: a sweep reads the shards and looks at what it has begun.
    before = crowd.calls
    crowd.sweep()
    assert crowd.calls - before < 100


@pytest.mark.slow
@pytest.mark.parametrize("unfixed", ["one after the other", "the most overdue first"])
def test_without_turns_or_threads_it_would_not_be_so(monkeypatch, unfixed):
    crowd = crowded()
    if unfixed == "one after the other":
        crowd.lanes = 1
    else:
        order: list[AlertKey] = []
        monkeypatch.setattr(Turns, "add", lambda self, key: order.append(key))
        monkeypatch.setattr(
            Turns, "__iter__", lambda self: iter(sorted(order, key=lambda key: key.appid != "noisy"))
        )
        monkeypatch.setattr(Alerter, "park", lambda self, state, *_: self.store.get(state.key))
    crowd.sweeps(2)
    assert len(crowd.told()) < 10_001


def test_turns_are_fair_and_bounded():
    turns = Turns(100)
    many = [kind("many", number) for number in range(10_000)]
    for key in [*many[:5_000], *(kind("few", number) for number in range(10)), *many[5_000:], many[0]]:
        turns.add(key)
    turns.add(kind("one", 1))
    order = list(turns)
    assert len(order) == len(set(order)) == len(turns) <= 100
    assert [key.appid for key in order[:4]] == ["many", "few", "one", "many"]
    assert [key.appid for key in order].count("few") == 10
    assert [key for key in order if key.appid == "many"] == many[: len(order) - 11]


def test_a_shard_that_is_not_seen_to_its_end_is_gone_on_with(bench, monkeypatch):
    """A sweep that is cut short does not begin with the same keys each time."""
    monkeypatch.setattr("logctl.pipeline.alerting.sweep._PAGES", 1)
    keys = [kind("app", number) for number in range(300)]
    here = [key for key in keys if home(key) == "3"]
    for key in here:
        bench.put(key)
    real, starts = bench.cloud.tables.query, []

    def query(**request: Any) -> Any:
        reply = real(**{name: value for name, value in request.items() if name != "ExclusiveStartKey"})
        start = int(request.get("ExclusiveStartKey", {"n": 0})["n"])
        if request.get("IndexName") and request["ExpressionAttributeValues"][":place"]["S"] == "3":
            starts.append(start)
            items = reply["Items"][start : start + 5]
            more = {"LastEvaluatedKey": {"n": start + 5}} if len(reply["Items"]) > start + 5 else {}
            return {"Items": items, **more}
        return reply

    monkeypatch.setattr(bench.cloud.tables, "query", query)
    bench.alerter = bench.container()
    bench.broken = {"publish"}
    bench.sweeps(3)
    assert starts == [0, 5, 10]


def test_time_that_is_up_leaves_the_rest_to_the_next_sweep(bench):
    for number in range(30):
        bench.put(kind("app", number))
    assert bench.sweep(limit=sweeper._STOP_BEFORE_END + 700)[Action.SUMMARISE] < 30
    bench.sweep()
    assert len(bench.told()) == 30


def test_what_cannot_be_settled_keeps_nothing_else_from_it(bench):
    bench.put(kind("app", 1))
    bench.put(kind("other", 1))
    real = bench.cloud.tables.update_item

    def update_item(**request: Any) -> Any:
        if "app#" in request["Key"]["pk"]["S"]:
            raise refusal("InternalServerError", "UpdateItem")
        return real(**request)

    bench.cloud.tables.update_item = update_item  # type: ignore[method-assign]
    bench.alerter = bench.container()
    with pytest.raises(Exception, match="InternalServerError"):
        bench.sweep()
    assert bench.told() == [("other", "SUMMARISE", 2)]


# ── The handler ─────────────────────────────────────────────────────────────────────────────────────


def called(bench: Bench, monkeypatch: pytest.MonkeyPatch, event: dict[str, Any], left: int) -> dict[str, int]:
    monkeypatch.setattr(sweeper, "_parts", lambda: (bench.alerter, None, SimpleNamespace(map=map)))
    monkeypatch.setattr(sweeper, "is_due", lambda now: False)
    return sweeper.handler(event, SimpleNamespace(get_remaining_time_in_millis=lambda: left))


@pytest.mark.parametrize(("left", "told"), [(24_999, 0), (25_000, 1)])
def test_nothing_is_begun_that_may_not_end_before_the_function_does(bench, monkeypatch, left, told):
    """A settlement takes 25 s at worst: three tries of each call."""
    bench.put(KEY)
    done = called(bench, monkeypatch, {"time": "2026-01-31T12:01:00Z"}, left)
    assert (done, len(bench.told())) == ({"SUMMARISE": 1} if told else {}, told)


@pytest.mark.parametrize(
    "event", [{}, {"time": None}, {"time": "soon"}, {"time": 5}, {"time": "2062-01-01T00:00:00Z"}]
)
def test_a_call_without_a_time_or_from_the_future_ends_no_window_and_stops_no_later_call(
    bench, monkeypatch, event
):
    bench.sweep()
    bench.put(KEY, notified_at=NOON)
    bench.put(kind("closed", 1), status="CLOSED", notified_at=0)
    bench.now = NOON + WINDOW + 5 * MINUTE
    assert called(bench, monkeypatch, event, 40_000) == {"OPEN": 1}
    assert bench.state(kind("closed", 1)).observed_at == 0
    assert bench.sweep() == {Action.SUMMARISE: 1}


def test_where_no_schedule_calls_the_sweeper_goes_by_its_own_clock(bench, monkeypatch):
    bench.take("1", count=3)
    told = []
    for _ in range(WINDOW // MINUTE + 2):
        told.append(called(bench, monkeypatch, {}, 40_000))
        bench.now += MINUTE
    assert [done for done in told if done] == [{"SUMMARISE": 1}]
    # The schedule's first call is not held up by it.
    behind = bench.now - 10 * MINUTE
    assert Sweep(bench.alerter).run(behind) == {}
    assert bench.store.last_sweep() == behind


# ── Whose clock counts ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("F51")
def test_a_call_that_comes_again_or_was_overtaken_does_nothing(bench):
    bench.put(KEY)
    assert Sweep(bench.alerter).run(NOON + MINUTE) == {Action.SUMMARISE: 1}
    bench.put(KEY)
    assert Sweep(bench.alerter).run(NOON + MINUTE) == {}
    assert Sweep(bench.alerter).run(NOON) == {}
    assert bench.store.last_sweep() == NOON + MINUTE
    assert Sweep(bench.alerter).run(NOON + MINUTE + 1) == {Action.SUMMARISE: 1}


@pytest.mark.proves("F51")
@pytest.mark.parametrize("skew", [-10 * MINUTE, 0, 10 * MINUTE])
def test_the_publishers_clock_moves_no_window(bench, skew):
    bench.take("1", count=3, alerter=bench.container(skew))
    out = bench.cloud.published[0].at
    told = [at for at in range(40) if bench.sweep().get(Action.SUMMARISE)]
    assert len(told) == 1
    at = bench.cloud.published[1].at
    assert WINDOW <= at - out <= WINDOW + 2 * MINUTE + SECOND


@pytest.mark.proves("F37", "F51")
def test_a_claim_that_is_left_is_taken_over_after_a_lease_by_the_sweepers_clock(bench):
    dead = bench.container(10 * MINUTE)
    bench.store.count("1", [Tally(KEY, 3, "t", "s", NOON)], now=NOON, window=WINDOW)
    claimed = bench.store.claim(bench.state(), Action.OPEN, now=dead.clock(), window=WINDOW)
    assert claimed
    assert bench.sweeps(2) == [{Action.WAIT: 1}, {Action.OPEN: 1}]
    (first,) = bench.cloud.published
    assert (
        first.text == f"{(alert := compose(claimed, Action.OPEN, stack='logctl-test')).subject}\n{alert.body}"
    )
    # The dead one wakes up and commits: its version is gone.
    assert not bench.store.commit(claimed, alert, now=bench.now)


@pytest.mark.proves("F51")
def test_clocks_that_differ_do_not_multiply_the_kinds_of_a_window(bench):
    bench.sweep()
    fast, slow = bench.container(10 * MINUTE), bench.container(-10 * MINUTE)
    for number in range(90):
        bench.take(
            f"batch-{number}", kind("checkout", number), alerter=(fast, slow, bench.alerter)[number % 3]
        )
    assert len(bench.told()) == KINDS_PER_WINDOW + 1
    assert bench.state(KEY.overflow).seen == 90 - KINDS_PER_WINDOW


# ── Silences ────────────────────────────────────────────────────────────────────────────────────────


def silence(target: str = "checkout", *, until: int) -> Silence:
    return Silence(target, until, NOON, "anna", "deploying")


@pytest.mark.proves("F50")
@pytest.mark.parametrize("target", ["checkout", str(KEY)])
def test_a_silenced_kind_leaves_the_index_and_new_events_do_not_bring_it_back(bench, target):
    bench.silences.put(silence(target, until=NOON + HOUR))
    bench.take("1", count=2)
    assert bench.state().place == f"{PARKED}{target}#{home(KEY)}"
    bench.take("2", count=3)
    assert bench.state().place.startswith(PARKED)
    assert bench.sweeps(3) == [{}, {}, {}]
    assert bench.told() == []
    (row,) = Standings(bench.store, bench.silences, WINDOW).all(now=bench.now)
    assert (row.state.held_back, row.silenced_until) == (5, NOON + HOUR)
    bench.now = NOON + HOUR
    assert bench.sweep() == {Action.OPEN: 1}
    assert bench.state().place == home(KEY)
    bench.sweep()
    bench.now += WINDOW
    assert bench.sweep() == {Action.SUMMARISE: 1}
    assert bench.told() == [("checkout", "OPEN", 1), ("checkout", "SUMMARISE", 4)]


def test_a_silence_that_is_replaced_by_a_longer_or_shorter_one_holds_what_it_held(bench):
    bench.silences.put(silence(until=NOON + HOUR))
    bench.take("1")
    bench.silences.put(silence(until=NOON + 2 * HOUR))
    bench.now = NOON + HOUR
    assert bench.sweep() == {}
    bench.silences.put(silence(until=bench.now + MINUTE))
    bench.now += MINUTE
    assert bench.sweep() == {Action.OPEN: 1}


def test_what_two_silences_hold_waits_for_both(bench):
    bench.silences.put(silence(str(KEY), until=NOON + HOUR))
    bench.take("1")
    bench.silences.put(silence(until=NOON + 2 * HOUR))
    bench.now = NOON + HOUR
    assert bench.sweep() == {Action.SILENCED: 1}
    assert bench.state().place == f"{PARKED}checkout#{home(KEY)}"
    assert bench.sweep() == {}
    bench.now = NOON + 2 * HOUR
    assert bench.sweep() == {Action.OPEN: 1}


def test_a_cleared_silence_gives_back_all_that_it_held_in_portions(bench):
    bench.lanes = sweeper.THREADS
    bench.silences.put(silence(until=NOON + DAY))
    keys = [kind("checkout", number) for number in range(500)]
    for key in keys:
        bench.put(key)
    assert bench.sweep() == {Action.SILENCED: 500}
    assert bench.silences.end("checkout", now=bench.now)
    bench.put(kind("other", 1))
    portion = bench.sweep(limit=sweeper._STOP_BEFORE_END + 800)
    assert 0 < portion[Action.SUMMARISE] < 500
    assert ("other", "SUMMARISE", 2) in bench.told()
    bench.sweeps(2)
    assert len(bench.told()) == 501


def test_a_sweep_that_runs_out_of_time_says_how_much_it_has_settled(bench, capsys):
    for number in range(300):
        bench.put(kind("checkout", number))
    settled = bench.sweep(limit=sweeper._STOP_BEFORE_END + 800)
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    cut = [line for line in said if line["event"] == "sweep_cut_short"]
    assert [(line["settled"], line["of"]) for line in cut] == [(sum(settled.values()), 300)]


def test_a_sweep_reads_a_few_pages_of_what_a_silence_held_and_the_next_one_reads_on(bench):
    bench.silences.put(silence(until=NOON + DAY))
    for number in range(900):
        bench.put(kind("checkout", number))
    bench.sweep()
    assert bench.silences.end("checkout", now=bench.now)
    read: Counter[str] = Counter()
    whole = bench.store.everything

    def one_by_one(place: str) -> Iterator[IndexPage]:
        for page in whole(place):
            for key in page.keys:
                read[place] += 1
                yield IndexPage([key], page.next)

    bench.alerter.store.everything = one_by_one
    bench.sweep()
    assert max(read.values()) == 8
    bench.sweeps(12)
    assert sum(action == "SUMMARISE" for _, action, _ in bench.told()) == 900


def test_a_silence_is_known_for_as_long_as_something_is_parked_under_it(bench):
    """Its row must not expire, or nobody would look for what it holds; and no sweep looks there for ever."""
    bench.silences.put(silence(until=NOON + HOUR))
    row = lambda: bench.item("SILENCES", "checkout")  # noqa: E731
    assert row()["expires_at"] == {"N": str((NOON + HOUR + REMEMBERED) // SECOND)}
    bench.take("1")
    assert "expires_at" not in row()
    bench.silences.put(silence(until=NOON + HOUR + 1))
    assert "expires_at" not in row()
    bench.now = NOON + 20 * DAY
    assert bench.sweep() == {Action.OPEN: 1}
    assert "parked" in row()
    bench.sweep()
    assert "parked" not in row() and "expires_at" in row()


def test_the_mark_of_a_silence_stays_while_somebody_may_still_park_under_it(bench):
    bench.silences.put(silence(until=NOON + HOUR))
    bench.take("1")
    bench.now = NOON + HOUR
    bench.sweeps(3)
    assert "parked" in bench.item("SILENCES", "checkout")
    bench.now += DRAINED_AFTER
    bench.sweep()
    assert "parked" not in bench.item("SILENCES", "checkout")


# ── The outbox ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("F49")
def test_what_cannot_be_counted_waits_and_is_counted_once(bench):
    bench.broken = {"transact_write_items"}
    bench.alerter.take("batch", [Tally(kind("checkout", number), 3, "t", "s", NOON) for number in range(3)])
    rows = bench.outbox()
    assert len(rows) == 1
    assert all("expires_at" not in row and "arrived" not in row for row in rows)
    with pytest.raises(Exception, match="Throttling"):
        bench.sweep()
    assert len(bench.outbox()) == 1

    bench.broken = {"delete_item"}
    with pytest.raises(Exception, match="Throttling"):
        bench.sweep()
    bench.broken = set()
    bench.sweep()
    assert bench.outbox() == []
    assert [bench.state(kind("checkout", number)).seen for number in range(3)] == [3, 3, 3]
    assert sorted(bench.told()) == [("checkout", "OPEN", 1)] * 3
    # The message comes again after all.
    for again in (False, True):
        bench.alerter.take("batch", [Tally(kind("checkout", 0), 3, "t", "s", NOON)], again=again)
    assert bench.state(kind("checkout", 0)).seen == 3


@pytest.mark.proves("F49")
def test_a_count_whose_reply_was_lost_is_no_second_count(bench):
    tally = Tally(KEY, 4, "t", "s", NOON)
    bench.store.count("batch", [tally], now=NOON, window=WINDOW)
    bench.alerter.outbox.put("batch", [tally])
    assert bench.sweep() == {Action.OPEN: 1}
    assert (bench.state().seen, bench.outbox()) == (4, [])


def test_a_message_fails_only_when_the_outbox_cannot_be_written_either(bench):
    bench.broken = {"transact_write_items", "put_item"}
    with pytest.raises(Exception, match="Throttling"):
        bench.take("batch")


@pytest.mark.proves("F49")
@pytest.mark.parametrize("operation", ["batch_get_item of silences", "update_item", "publish"])
def test_what_fails_after_counting_is_the_sweepers_work(bench, operation):
    bench.take("first", kind("other", 1))  # the last sweep is known by now
    bench.broken = {operation}
    bench.take("batch")
    bench.broken = set()
    bench.sweep()
    assert ("checkout", "OPEN", 1) in bench.told()
    assert bench.state().seen == 1


def test_a_message_reads_each_state_and_each_silence_once(bench, monkeypatch):
    real, reads, keys_read = bench.cloud.tables.batch_get_item, [], []

    def batch_get_item(*, RequestItems: Any) -> Any:
        reads.append(len(keys_read))
        keys_read.extend((key["pk"]["S"], key["sk"]["S"]) for key in RequestItems[ALERTS]["Keys"])
        return real(RequestItems=RequestItems)

    monkeypatch.setattr(bench.cloud.tables, "batch_get_item", batch_get_item)
    bench.alerter = bench.container()
    keys = [kind("checkout", number) for number in range(3)]
    bench.alerter.take("batch", [Tally(key, 1, "kind", "sample", NOON) for key in keys])
    assert len(bench.told()) == 3
    assert len(reads) == 2
    assert sorted(keys_read) == sorted(
        [("SEEN#batch", str(keys[0])), ("SILENCES", "checkout")]
        + [("SILENCES", str(key)) for key in keys]
        + [(f"ALERT#{key}", "STATE") for key in keys]
    )


# ── The store's writes ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("F34")
def test_a_commit_is_for_the_version_that_was_claimed(bench):
    bench.store.count("1", [Tally(KEY, 3, "t", "s", NOON)], now=NOON, window=WINDOW)
    claimed = bench.store.claim(bench.state(), Action.OPEN, now=NOON, window=WINDOW)
    alert = compose(claimed, Action.OPEN, stack="s")
    assert bench.store.commit(claimed, alert, now=NOON)
    assert not bench.store.commit(claimed, alert, now=NOON + 1)
    state = bench.state()
    assert (state.seq, state.reported, state.notified_at) == (claimed.seq + 1, 1, NOON)
    # Summed up meanwhile: the late one must take nothing back.
    second = bench.store.claim(state, Action.SUMMARISE, now=NOON, window=WINDOW)
    assert bench.store.commit(second, compose(second, Action.SUMMARISE, stack="s"), now=NOON)
    assert not bench.store.commit(claimed, alert, now=NOON)
    assert bench.state().reported == 3


@pytest.mark.proves("F21", "F29")
def test_a_message_is_remembered_as_counted_for_35_days(bench):
    bench.store.count("batch", [Tally(KEY, 1, "t", "s", NOON)], now=NOON, window=WINDOW)
    # TTL is in seconds (Amazon DynamoDB Developer Guide, Time to Live); milliseconds would never expire.
    assert bench.item("SEEN#batch", "checkout")["expires_at"] == {"N": str((NOON + MARKER_KEPT) // 1000)}
    assert MARKER_KEPT == 35 * DAY > 28 * DAY


def test_what_is_closed_expires_unless_it_is_counted_again(bench):
    bench.put(KEY, reported=5)
    assert bench.sweep() == {Action.RECOVER: 1}
    assert bench.state().status is Status.CLOSED
    expires = int(bench.item(f"ALERT#{KEY}", "STATE")["expires_at"]["N"])
    assert 0 <= expires - (NOON + CLOSED_KEPT) // SECOND <= 120
    bench.take("again")
    assert "expires_at" not in bench.item(f"ALERT#{KEY}", "STATE")


def test_keys_are_spread_over_the_shards(bench):
    for number in range(200):
        bench.store.count(
            f"b{number}", [Tally(kind("a", number), 1, "t", "s", NOON)], now=NOON + number * HOUR, window=1
        )
    assert set(bench.cloud.tables.shards) == set(SHARDS)
    assert len(bench.store.attention()) == 200


def test_counting_again_moves_nothing_in_the_index(bench):
    """Its keys stay as they are, so DynamoDB writes nothing there."""
    bench.take("1")
    bench.sweep()
    before = {name: bench.item(f"ALERT#{KEY}", "STATE")[name] for name in ("due_shard", "notified_at")}
    bench.take("2", count=50)
    after = bench.item(f"ALERT#{KEY}", "STATE")
    assert {name: after[name] for name in before} == before


# ── What earlier versions have left ─────────────────────────────────────────────────────────────────


def test_states_of_an_earlier_version_are_found_and_told_of(bench):
    """Shard "0" for all, the wall clock in `notified_at`, leases with an end."""
    bench.put(KEY, due_shard="0", notified_at=NOON - WINDOW, told_at=0)
    bench.put(kind("closed", 1), due_shard="0", status="CLOSED", notified_at=0, told_at=0)
    released = kind("released", 1)
    bench.put(released, due_shard="0", status="CLOSED", notified_at=0, lease_owner="x", lease_until=0)
    assert bench.state().notified_at == NOON - WINDOW
    assert bench.sweep() == {Action.SUMMARISE: 1, Action.OPEN: 1, Action.WAIT: 1}
    assert bench.sweep() == {Action.OPEN: 1}
    assert bench.state().place == home(KEY)
    assert "lease_until" not in bench.item(f"ALERT#{released}", "STATE")
