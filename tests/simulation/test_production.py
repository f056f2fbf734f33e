"""What one app, one message, one silence or an outage does to the others: functions with limits, clocks that differ.

Each scenario runs for an hour or two of its own time and looks each minute (`production.Production.look`): what
good apps send is stored in time, what is due is told in time, and no good data is in quarantine or dead-lettered.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from logctl.core import attempts, envelope, frames, limits
from logctl.core.debounce import KINDS_PER_WINDOW, Action, AlertKey, State, Tally
from logctl.core.fair_order import Turns
from logctl.core.times import HOUR, MINUTE, SECOND
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.config import MAX_RECEIVES
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.delivery.deadline import Deadline
from logctl.pipeline.stores.alert_states import AlertStore
from tests.simulation import meter, production
from tests.simulation.bodies import BODIES
from tests.simulation.production import APPS, Production, counting_memory
from tests.simulation.workers import Crash
from tests.simulation.world import ALERTS, START, Sent, Violation, must


def steady(world: Production) -> Production:
    """Three apps that send every half minute, and an error each every two minutes."""
    for number, app in enumerate(APPS):
        world.every(30 * SECOND, lambda app=app: world.send(app, 3, level="INFO"), first=number * SECOND)
        world.every(2 * MINUTE, lambda app=app: world.send(app, 1), first=number * SECOND)
    world.start()
    return world


# ── One message ─────────────────────────────────────────────────────────────────────────────────────


def a_heavy_message(name: str) -> Production:
    """The same message three times, among those of the others."""
    world = Production(cpu=True)
    world.mortal = False
    body = BODIES[name]("noisy")
    with counting_memory():
        steady(world)
        for number in range(3):
            world.at(START + number * MINUTE, lambda: world.send_poison("noisy", body))
        world.run_for(15 * MINUTE)
    must(not world.queue.messages, "messages are left in the queue")
    must(world.peak < world.half_of_memory, f"the consumer took {world.peak:,} bytes")
    return world


@pytest.mark.parametrize("name", BODIES)
def test_a_heavy_message_takes_no_time_memory_or_calls_from_others(name):
    a_heavy_message(name)


def a_message_that_kills(patch: pytest.MonkeyPatch) -> Production:
    """Whoever opens it is gone; others of its app come after it."""
    from logctl.pipeline import consumer

    unpack = consumer.unpack

    def opened(body: str, **rest: Any) -> Any:
        if "the end of the process" in body:
            raise Crash
        return unpack(body, **rest)

    patch.setattr(consumer, "unpack", opened)
    world = Production()
    # Its own app waits for three attempts without an outcome, and for what is finished beside it to go first.
    world.bounds = {**dict.fromkeys(APPS, 15 * MINUTE), "noisy": 45 * MINUTE}
    steady(world)
    world.at(START + MINUTE, lambda: world.send_poison("noisy", '{"msg": "the end of the process"}'))
    world.every(5 * MINUTE, lambda: world.send("noisy", 1, level="INFO"), first=2 * MINUTE)
    world.run_for(2 * HOUR)
    return world


def test_a_message_that_kills_the_process_is_set_aside_unopened_and_its_app_goes_on(monkeypatch):
    world = a_message_that_kills(monkeypatch)
    assert 2 <= len(world.deaths) <= 5
    ((content, note),) = world.notes.items()
    assert "the end of the process" in content
    assert note["reason"] == "kills"


def a_message_that_fails() -> tuple[Production, Sent]:
    """A message that cannot be written at the head of ten of its app; the stores work."""
    world = Production()
    world.bounds = dict.fromkeys(APPS, MINUTE)
    steady(world)
    world.run_for(MINUTE)
    world.send("noisy", 1, level="INFO")
    first = world.sent[-1]
    first.fails = True
    for _ in range(9):
        world.send("noisy", 1, level="INFO")
    batch = first.deduplication_id

    def fault(call: Any) -> str:
        concerned = call.operation == "put_object" and f"/{batch}" in call.params["Key"]
        return "error" if concerned and call.params["Key"].startswith("logs/") else ""

    world.fault = fault
    world.run_for(2 * HOUR)
    return world, first


def test_a_failing_message_is_set_aside_with_its_reason_and_the_nine_after_it_are_stored():
    world, first = a_message_that_fails()
    assert list(world.notes) == [first.body]
    assert world.notes[first.body]["reason"]
    stored = [sent for sent in world.sent if sent.app == "noisy" and not sent.fails]
    assert len(stored) == 9
    assert all(world.stored(sent) for sent in stored)


# ── Outages ─────────────────────────────────────────────────────────────────────────────────────────


def an_outage(service: str, *, duration: int = 30 * MINUTE, most_receives: int = MAX_RECEIVES) -> Production:
    """Every call of a service is refused for a while."""
    world = steady(Production())
    world.queue.most_receives = most_receives
    begins, ends = START + 10 * MINUTE, START + 10 * MINUTE + duration

    def fault(call: Any) -> str:
        return "error" if call.service == service and begins <= world.now < ends else ""

    world.fault = fault
    world.excused_until = ends if service == "dynamodb" else 0
    world.bounds = dict.fromkeys(APPS, duration + 15 * MINUTE)
    world.run_for(10 * MINUTE + duration + 40 * MINUTE)
    return world


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
def test_an_outage_of_half_an_hour_sets_nothing_aside_and_keeps_the_order(service):
    world = an_outage(service)
    assert not world.notes
    for app in APPS:
        times = [world.stored(sent) for sent in world.sent if sent.app == app and world.stored(sent)]
        assert times == sorted(times)


def test_a_throttled_counter_delays_alerts_and_no_record():
    """The alerts table refuses everything for twenty minutes; records are stored as if it did not."""
    world = steady(Production())
    begins, ends = START + 10 * MINUTE, START + 30 * MINUTE
    world.fault = lambda call: "error" if ALERTS in str(call.params) and begins <= world.now < ends else ""
    world.bounds = dict.fromkeys(APPS, 2 * MINUTE)
    world.excused_until = ends
    world.run_for(HOUR)
    for app in APPS:
        seen = sum(
            int(item["seen"]["N"]) for item in world.states() if item["pk"]["S"].startswith(f"ALERT#{app}#")
        )
        sent = sum(
            each.errors for each in world.sent if each.app == app and each.entered[0] < world.now - 2 * MINUTE
        )
        assert seen >= sent


# ── Silences and clocks ─────────────────────────────────────────────────────────────────────────────


def a_silence(kinds: int) -> Production:
    """A noisy app with very many kinds of error is silenced; the others have alerts."""
    world = Production()
    store = AlertStore(world.direct().dynamodb, ALERTS)
    for number in range(kinds):
        # No more than twenty new kinds of an app are kept apart in one window.
        counted_at = START - (1 + number // KINDS_PER_WINDOW) * world.window
        key = AlertKey("noisy", "ERROR", f"{number:012x}")
        addition = Tally(key, 1, "kind", "sample", counted_at)
        counted = store.count(f"batch-{number}", [addition], now=counted_at, window=world.window)
        assert counted.added == (addition,)
    world.silence("noisy", 3 * HOUR)
    world.silenced_app = "noisy"
    for number, app in enumerate(APPS):
        for minute in range(3):
            world.at(START + minute * MINUTE + number * SECOND, lambda app=app: world.send(app, 1))
    world.start()
    world.run_for(40 * MINUTE)
    return world


def test_a_silence_of_thousands_of_kinds_delays_no_alert_of_another_app():
    world = a_silence(6_000)
    assert not [each for each in world.cloud.published if each.attributes["appid"] == "noisy"]
    for app in APPS:
        kinds = [each.attributes["kind"] for each in world.cloud.published if each.attributes["appid"] == app]
        assert kinds == ["OPEN", "SUMMARISE", "RECOVER"]


TEN = 10 * MINUTE


def differing_clocks(consumers: tuple[int, ...], sweeper: int, scheduler: int = 0) -> Production:
    """Consumers, sweeper and schedule on clocks that differ by up to ten minutes."""
    world = steady(Production(skews=consumers, sweeper_skew=sweeper, scheduler_skew=scheduler))
    world.run_for(HOUR)
    world.check_gaps()
    return world


@pytest.mark.parametrize(
    ("consumers", "sweeper", "scheduler"),
    [
        ((0,), 5 * MINUTE, 0),
        ((0,), TEN, TEN),
        ((0,), -TEN, -TEN),
        ((-TEN // 2, TEN // 2), 0, 0),
        ((0, TEN), 0, TEN),
        ((TEN, 0, TEN // 2), TEN, 0),
    ],
)
def test_alerts_of_a_kind_are_a_window_apart_and_in_time_on_clocks_that_differ(consumers, sweeper, scheduler):
    differing_clocks(consumers, sweeper, scheduler)


# ── The bench is worth something ────────────────────────────────────────────────────────────────────

HUGE = 10**12


def without_bounds(patch: pytest.MonkeyPatch) -> None:
    """The consumer as it was: no limits, no deadline inside a message, an object for each rejected line."""
    for name in ("MAX_RECORDS", "MAX_PLAIN", "MAX_VALUES", "MAX_PARTITIONS", "MAX_HOURS"):
        patch.setattr(limits, name, HUGE)
    patch.setattr(frames, "_MAX_WINDOW", HUGE)
    patch.setitem(envelope.decode_data.__kwdefaults__, "most", 1024 * 1024 * 1024)
    patch.setattr(Deadline, "check", lambda self: None)
    set_aside = Consumer._set_aside

    def one_by_one(self: Consumer, *what: Any, rejected: Any = (), **rest: Any) -> None:
        if not rejected:
            set_aside(self, *what, **rest)
        for part in rejected:
            set_aside(self, *what, rejected=(part,), **rest)

    patch.setattr(Consumer, "_set_aside", one_by_one)


@pytest.mark.parametrize("name", [name for name in BODIES if name != "many-kinds-of-error"])
def test_without_the_bounds_each_heavy_message_is_found(name, monkeypatch):
    without_bounds(monkeypatch)
    # On a slower CPU the same is found sooner.
    monkeypatch.setattr(meter, "EVENT", 4 * meter.EVENT)
    with pytest.raises(Violation, match="ran out of|is not stored|took"):
        a_heavy_message(name)


def test_without_parking_and_turns_the_silence_is_found(monkeypatch):
    """The sweeper as it was: the silenced first, and two calls for each."""

    def publish(self: Sweep, state: State, action: Action) -> Action:
        if self._alerter.silences.over(state.key, now=self._now):
            return Action.SILENCED
        return self._alerter.publish(state, action, call=self._call)

    def in_order(self: Turns) -> Iterator[AlertKey]:
        return iter([key for app in ("noisy", *APPS) for key in self._apps.get(app, ())])

    monkeypatch.setattr(Sweep, "_publish", publish)
    monkeypatch.setattr(Turns, "__iter__", in_order)
    monkeypatch.setattr(production, "at_once", map)
    with pytest.raises(Violation, match="has waited"):
        a_silence(6_000)


def test_with_a_small_redrive_count_the_outage_is_found():
    with pytest.raises(Violation, match="dead-letter queue"):
        an_outage("s3", most_receives=5)


def test_without_set_aside_the_failing_message_is_found(monkeypatch):
    monkeypatch.setattr(attempts, "MAX_STRIKES", HUGE)
    with pytest.raises(Violation, match="noisy is not stored"):
        a_message_that_fails()


def test_without_the_ledger_the_message_that_kills_is_found(monkeypatch):
    monkeypatch.setattr(attempts, "MAX_SILENT", HUGE)
    with pytest.raises(Violation, match="noisy is not stored"):
        a_message_that_kills(monkeypatch)


def test_with_windows_by_each_ones_own_clock_the_skew_is_found(monkeypatch):
    real = production.Production._sweep

    def sweep(self: Production) -> None:
        self._scheduler_skew = next(wrong)
        real(self)

    wrong = itertools.cycle((0, TEN))
    monkeypatch.setattr(production.Production, "_sweep", sweep)
    with pytest.raises(Violation):
        differing_clocks((0,), 0)
