"""Random schedules: hypothesis state machines over the pipeline's model."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from logctl.core.times import DAY, HOUR, MINUTE, SECOND
from tests.simulation.fifo import DEDUPLICATION, VISIBILITY
from tests.simulation.workers import FAULTS
from tests.simulation.world import APPS_SENDING, SKEW, WINDOW, Violation, World, play

SOAK = bool(os.environ.get("LOGCTL_SOAK"))


def searching(examples: int, soak: int) -> settings:
    """The default run is the same each time; a soak run looks elsewhere each time."""
    return settings(
        max_examples=soak if SOAK else examples,
        stateful_step_count=60 if SOAK else 30,
        derandomize=not SOAK,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


HUNTING = settings(searching(150, 300), derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)
"""To find that a planted bug is found; nobody reads the shortest schedule."""

APP = st.sampled_from(APPS_SENDING)
PLACE = st.integers(0, 3)
FAULT = st.sampled_from(FAULTS)
PLAN = st.dictionaries(st.integers(0, 25), FAULT, max_size=2)
SKEWED = st.sampled_from([0, 0, SKEW, -SKEW])


class _Simulation(RuleBasedStateMachine):
    """What both machines do: let containers run, and let time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.broken = False

    @rule(number=PLACE, fault=st.just("") | FAULT)
    def step(self, number: int, fault: str) -> None:
        self._watch(lambda: self.world.step(number, fault))

    @rule(number=PLACE, plan=PLAN)
    def run_on(self, number: int, plan: dict[int, str]) -> None:
        self._watch(lambda: self.world.run(number, plan))

    @rule(skew=SKEWED, plan=PLAN)
    def sweep(self, skew: int, plan: dict[int, str]) -> None:
        self._watch(lambda: _sweep(self.world, plan, skew=skew))

    def _watch(self, act: Any) -> None:
        try:
            act()
        except Violation:
            self.broken = True
            raise

    def teardown(self) -> None:
        if not self.broken:
            self.world.finish()
            self.world.check()


class RecordPath(_Simulation):
    """Messages of all shapes through queue, consumer, dead-letter queue, and again.

    The queue's own limit is low here, so that its last resort happens too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world = World(most_receives=5)

    @rule(app=APP, count=st.integers(1, 4), level=st.sampled_from(["INFO", "ERROR"]), late=st.booleans())
    def send(self, app: str, count: int, level: str, late: bool) -> None:
        self.world.send(app, count, level=level, age=3 * DAY if late else 0)

    @rule(app=APP, ids=st.booleans(), shape=st.sampled_from(["lines", "array"]), count=st.integers(1, 3))
    def send_bare(self, app: str, ids: bool, shape: str, count: int) -> None:
        self.world.send_bare(app, count, ids=ids, shape=shape)

    @rule(app=APP)
    def send_poison(self, app: str) -> None:
        self.world.send_poison(app)

    @rule(number=st.integers(0, 9))
    def send_again(self, number: int) -> None:
        self.world.send_again(number)

    @rule(
        most=st.integers(1, 10),
        first=APP,
        skew=SKEWED,
        warm=st.booleans(),
        limit=st.sampled_from([0, 0, 0, 60 * SECOND]),
    )
    def invoke(self, most: int, first: str, skew: int, warm: bool, limit: int) -> None:
        self._watch(lambda: self.world.invoke(most, first_group=first, skew=skew, warm=warm, limit=limit))

    @rule(most=st.integers(1, 10), first=APP, plan=PLAN)
    def serve(self, most: int, first: str, plan: dict[int, str]) -> None:
        self._watch(lambda: self.world.serve(most=most, first_group=first, plan=plan))

    @rule(
        milliseconds=st.sampled_from([SECOND, MINUTE, DEDUPLICATION, VISIBILITY + SECOND, 2 * HOUR, 2 * DAY])
    )
    def tick(self, milliseconds: int) -> None:
        self.world.tick(milliseconds)

    @rule(fault=st.sampled_from(["error", "lost reply", "crash after"]), call=st.integers(0, 12))
    def fail_until_dead(self, fault: str, call: int) -> None:
        """The same thing goes wrong each time, until the message is in the dead-letter queue."""
        for _ in range(self.world.queue.most_receives + 1):
            self._watch(lambda: self.world.serve(most=1, plan={call: fault}))
            self.world.tick(VISIBILITY + SECOND)

    @rule()
    def redrive(self) -> None:
        self.world.redrive()


class DebouncePath(_Simulation):
    """Errors of few kinds, and everything that may come between count, claim, publish and commit."""

    @rule(app=APP, count=st.integers(1, 5), kind=st.sampled_from(["disk is full", "no route"]))
    def errors(self, app: str, count: int, kind: str) -> None:
        self.world.send(app, count, kind=kind)

    @rule(app=APP)
    def flood(self, app: str) -> None:
        self.world.send(app, kinds=24)

    @rule(skew=SKEWED)
    def consume(self, skew: int) -> None:
        self._watch(lambda: self.world.invoke(skew=skew))

    @rule(plan=PLAN)
    def serve(self, plan: dict[int, str]) -> None:
        self._watch(lambda: self.world.serve(plan=plan))

    @rule(skew=SKEWED)
    def start_sweep(self, skew: int) -> None:
        self._watch(lambda: self.world.sweep(skew=skew))

    @rule()
    def sweep_well(self) -> None:
        self._watch(self.world.sweep_well)

    @rule(
        milliseconds=st.sampled_from([SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, VISIBILITY + SECOND, WINDOW])
    )
    def tick(self, milliseconds: int) -> None:
        self.world.tick(milliseconds)

    @rule(minutes=st.sampled_from([5, 15, 60]))
    def set_window(self, minutes: int) -> None:
        self.world.set_window(minutes * MINUTE)

    @rule(app=APP, minutes=st.sampled_from([5, 40]))
    def silence(self, app: str, minutes: int) -> None:
        self.world.silence(app, minutes * MINUTE)


CALLS = 14
"""More than a batch of one message of errors takes, from the first write to the commit of its alert."""


def one_fault_at_each_call() -> None:
    """Every fault at every call of a batch, and of the sweep after it: no search, and nothing left to luck.

    Raises:
        Violation: a guarantee broke.
    """
    for fault in FAULTS:
        for call in range(CALLS):
            play(
                World(),
                [
                    lambda world: world.send("alpha", 3),
                    lambda world, call=call, fault=fault: world.serve(plan={call: fault}),
                    lambda world: world.send("alpha", 2),
                    lambda world: world.tick(WINDOW),
                    lambda world: world.serve(),
                    lambda world, call=call, fault=fault: _sweep(world, {call: fault}),
                ],
            )


def a_shorter_window() -> None:
    """A window that is made shorter ends what was begun with the longer one.

    Raises:
        Violation: a guarantee broke.
    """
    play(
        World(),
        [
            lambda world: world.set_window(4 * WINDOW),
            lambda world: world.send("alpha", 3),
            lambda world: world.serve(),
            lambda world: world.send("alpha", 2),
            lambda world: world.serve(),
            lambda world: world.sweep_well(),
            lambda world: world.tick(2 * WINDOW),
            lambda world: world.set_window(WINDOW),
            lambda world: world.sweep_well(),
        ],
    )


def _sweep(world: World, plan: dict[int, str], *, skew: int = 0) -> None:
    worker = world.sweep(skew=skew)
    if worker in world.sweeps:
        world.run(len(world.running) + world.sweeps.index(worker), plan)
