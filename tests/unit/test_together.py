"""The independent calls of one message: all are done, and a failure is raised when none is running any more."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from logctl.core.records import Record
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.delivery.deadline import Deadline, DeadlinePassed
from logctl.pipeline.delivery.together import AtOnce, InTurn, Together
from tests.helpers.config import CONFIG
from tests.helpers.messages import NOTHING_FAILED, event, failed, packed, records
from tests.helpers.pipeline import NOON
from tests.simulation.cloud import Call, Clients, Cloud, refusal

WAYS = [InTurn(), AtOnce()]


@pytest.mark.parametrize("way", WAYS, ids=["in turn", "at once"])
def test_every_task_is_done(way: Together):
    done: list[int] = []
    way.run([])
    way.run([lambda number=number: done.append(number) for number in range(30)])  # type: ignore[misc]
    assert sorted(done) == list(range(30))


@pytest.mark.parametrize("way", WAYS, ids=["in turn", "at once"])
@pytest.mark.parametrize("failing", [0, 1, 3])
def test_a_failure_is_raised_as_it_is(way: Together, failing):
    error = DeadlinePassed(own=True)

    def task(number: int) -> None:
        if number == failing:
            raise error

    with pytest.raises(DeadlinePassed) as raised:
        way.run([lambda number=number: task(number) for number in range(4)])  # type: ignore[misc]
    assert raised.value is error


def test_nothing_runs_any_more_when_a_failure_is_raised():
    released, running = threading.Event(), threading.Event()
    done = []

    def slow() -> None:
        running.set()
        released.wait(10)
        done.append("slow")

    def fails() -> None:
        running.wait(10)
        threading.Timer(0.05, released.set).start()
        raise ValueError

    with pytest.raises(ValueError):
        AtOnce().run([fails, slow])
    assert done == ["slow"]


def test_independent_calls_run_at_the_same_time():
    meeting = threading.Barrier(4, timeout=10)
    AtOnce().run([meeting.wait] * 4)


def test_a_task_does_not_begin_when_the_time_is_over():
    left, begun = [60_000], []
    deadline = Deadline(lambda: left[0])
    tasks = [deadline.before(lambda: begun.append(1))] * 3
    InTurn().run(tasks)
    left[0] = 0
    for way in WAYS:
        with pytest.raises(DeadlinePassed):
            way.run(tasks)
    assert len(begun) == 3


class World:
    """A consumer with threads, over tables in memory, whose calls may fail; the calls are noted."""

    def __init__(self, fault: str = "") -> None:
        self.cloud = Cloud(
            lambda: NOON, {CONFIG.hot_table: ("app", "chunk"), CONFIG.alerts_table: ("pk", "sk")}
        )
        self.fault = fault
        self.calls: list[str] = []
        self._lock = threading.Lock()
        clients: Any = Clients(self.cloud, self._gate, lambda: 1)
        self.consumer = Consumer(clients, CONFIG, clock=lambda: NOON, together=AtOnce())

    def _gate(self, call: Call) -> Any:
        with self._lock:
            name = self._name(call)
            self.calls.append(name)
            if name == self.fault:
                raise refusal("ServiceUnavailable", call.operation)
            return call.perform()

    def _name(self, call: Call) -> str:
        item = call.params.get("Item", {})
        if call.operation != "put_item":
            return call.operation
        if "records" in item:
            return "marks"
        return "app" if item["app"]["S"] == "_apps" else "hot row" if "counts" in item else "other"


def batch(count: int = 1) -> Any:
    return event(packed(records(20, level="ERROR"), "ab" * 8))


def test_the_calls_of_a_message_and_of_the_next_one():
    world = World()
    assert world.consumer.process(batch()) == NOTHING_FAILED
    stored = {"put_object", "hot row", "app", "batch_create_partition"}
    assert world.calls[0] == "query"
    assert set(world.calls[1:5]) == stored
    assert "marks" in world.calls[5:]
    world.calls.clear()
    later = [Record("checkout", f"later-{n:04d}", NOON + n, "INFO", "fine", 10_000 + n) for n in range(20)]
    assert world.consumer.process(event(packed(later, "ab" * 8, name="m2"))) == NOTHING_FAILED
    assert world.calls[0] == "query"
    assert sorted(world.calls[1:3]) == ["hot row", "put_object"]
    assert world.calls[3:] == ["marks"]


@pytest.mark.parametrize("fault", ["query", "put_object", "hot row", "app", "marks"])
def test_a_message_fails_when_any_write_fails_and_is_whole_the_next_time(fault):
    world = World(fault)
    assert world.consumer.process(batch()) == failed("m1")
    if fault != "marks":
        assert "marks" not in world.calls, "records that are not stored would be taken for known"
        assert not any(call.startswith("transact") for call in world.calls), (
            "nothing alerts that is not stored"
        )
    world.fault = ""
    assert world.consumer.process(batch()) == NOTHING_FAILED
    untroubled = World()
    untroubled.consumer.process(batch())
    assert world.cloud.bucket.objects.keys() >= untroubled.cloud.bucket.objects.keys()

    def rows(cloud: Cloud) -> set[Any]:
        return {key for key in cloud.tables.items[CONFIG.hot_table] if key[0] in ("checkout", "_apps")}

    assert rows(world.cloud) - {("checkout", "~canary")} == rows(untroubled.cloud)
