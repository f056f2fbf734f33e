"""The pipeline under load and under its limits: every call takes time, CPU and memory are counted, clocks differ.

Where `world.World` lets a schedule put anything between two calls, here Lambda's event source and EventBridge
run the functions as they do in AWS: batches of ten, up to a number at once, a minute between sweeps. What is
looked for is what one app does to the others. New promises, looked at each minute:

- what an app sends is stored within `STORED_WITHIN` of its arrival, whatever others send;
- what is due is told within the window and two sweeps;
- good data is never in the dead-letter queue, nor in quarantine;
- two alerts of one kind are a window apart by the true time, whatever the clocks say.
"""

from __future__ import annotations

import heapq
import itertools
import json
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from greenlet import getcurrent

from logctl.core.times import MINUTE, SECOND
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.sweeper import _STOP_BEFORE_END, THREADS
from logctl.stack.resources.lambda_functions import CONSUMER_TIMEOUT, SWEEPER_TIMEOUT
from tests.simulation.meter import Limits, Metered, metered_gate
from tests.simulation.workers import Crash
from tests.simulation.world import (
    START,
    Container,
    Invocation,
    Sent,
    World,
    _as_lambda_sees,
    _key_of,
    must,
)

CONSUMER = Limits(CONSUMER_TIMEOUT * SECOND, 512)
SWEEPER = Limits(SWEEPER_TIMEOUT * SECOND, 256)
AT_ONCE = 5
"""Consumers that run at the same time."""
STORED_WITHIN = 30 * MINUTE
TWO_SWEEPS = 2 * MINUTE
APPS = ("alpha", "bravo", "gamma")
Fault = Callable[[Any], str]


class Production(World):
    """Functions with limits, between an event source, a schedule and services that take time."""

    gate = staticmethod(metered_gate)

    def __init__(
        self,
        *,
        skews: tuple[int, ...] = (0,),
        sweeper_skew: int = 0,
        scheduler_skew: int = 0,
        cpu: bool = False,
    ) -> None:
        """Args:
        skews: how far off the consumers' clocks are, in turns, in milliseconds.
        cpu: count it, which takes much of the test's own; without, only calls take time.
        """
        self._scheduled_now = float(START)
        self._later: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._skews = itertools.cycle(skews)
        self._sweeper_skew = sweeper_skew
        self._scheduler_skew = scheduler_skew
        self._cpu = cpu
        self._stored_at: dict[str, int] = {}
        self._objects_seen = 0
        self._untold_since: dict[str, int] = {}
        self.fault: Fault = lambda call: ""
        self.mortal = True
        """Whether a function may die at its limits, or that alone breaks a promise."""
        self.bounds: dict[str, int] = {}
        """Within how many milliseconds an app's messages must be stored, where it is not `STORED_WITHIN`."""
        self.excused_until = 0
        """Until when alerts may be late, because nothing can be counted or published."""
        self.notes: dict[str, Any] = {}
        """What lies in quarantine whole, by its content."""
        self.deaths: list[str] = []
        self.peak = 0
        super().__init__()

    @property  # type: ignore[override]
    def now(self) -> int:
        """The time of whoever asks: a worker's own, or that of what happens next."""
        worker = getcurrent()
        return int(worker.at if isinstance(worker, Metered) else self._scheduled_now)

    @now.setter
    def now(self, value: int) -> None:
        self._scheduled_now = float(value)

    # ── Time ────────────────────────────────────────────────────────────────────────────────────────

    def at(self, moment: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._later, (moment, next(self._numbers), act))

    def every(self, period: int, act: Callable[[], object], *, first: int = 0) -> None:
        def again() -> None:
            act()
            self.at(self._scheduled_now + period, again)

        self.at(self._scheduled_now + first, again)

    def run_for(self, duration: int) -> None:
        """Let everything happen in the order of time: what is scheduled, and the calls of the workers."""
        end = self._scheduled_now + duration
        while True:
            worker = min(self._waiting(), key=lambda each: each.at, default=None)
            moment = self._later[0][0] if self._later else end
            if worker is not None and worker.at <= min(moment, end):
                self._scheduled_now = max(self._scheduled_now, worker.at)
                self._go_on(worker)
            elif moment < end:
                self._scheduled_now = max(self._scheduled_now, moment)
                heapq.heappop(self._later)[2]()
            else:
                self._scheduled_now = end
                return

    def _waiting(self) -> Iterator[Metered]:
        workers: list[Any] = [*(invocation.worker for invocation in self.running), *self.sweeps]
        return (worker for worker in workers if not worker.done)

    def _go_on(self, worker: Metered) -> None:
        if worker.at > worker.deadline:
            worker.die("time")
        else:
            call = worker.pending
            worker.arrive(worker.at)
            worker.step(self.fault(call))
        self._reap()

    # ── Lambda and EventBridge ──────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """The event source polls, and the schedule sweeps."""
        self.every(SECOND, self._poll)
        self.every(MINUTE, self._sweep, first=30 * SECOND)
        self.every(MINUTE, self.look, first=59 * SECOND)

    def _poll(self) -> None:
        while len(self.running) < AT_ONCE:
            batch = self.queue.receive(10, now=self.now)
            if not batch:
                return
            container = Container(self, next(self._skews))
            event = {"Records": [_as_lambda_sees(message) for message in batch]}

            def work(container: Container = container, event: Any = event) -> Any:
                return container.consumer.process(event, remaining=lambda: worker_of().left)

            worker = Metered(work, CONSUMER, now=self.now, cpu=self._cpu)
            self.running.append(Invocation(worker, container, batch, int(worker.deadline)))
            self._reap()

    def _sweep(self) -> None:
        container = Container(self, self._sweeper_skew)
        called_at = self.now + self._scheduler_skew

        def work() -> Any:
            until = lambda: worker_of().left < _STOP_BEFORE_END  # noqa: E731
            return Sweep(container.alerter, until=until, each=at_once).run(called_at)

        self.sweeps.append(Metered(work, SWEEPER, now=self.now, threads=THREADS, cpu=self._cpu))
        self._reap()

    def _reap(self) -> None:
        for invocation in [each for each in self.running if each.worker.done]:
            self.running.remove(invocation)
            worker: Any = invocation.worker
            self.peak = max(self.peak, worker.peak)
            if worker.died_of or isinstance(worker.error, Crash):
                self._died("consumer", worker.died_of)
            elif worker.error is None:
                # Lambda reports when the last CPU is spent, which may be after the last call.
                self.at(worker.at, lambda invocation=invocation: self._answered(invocation))
            else:
                must(worker.faults, f"the consumer raised {worker.error!r}")
        for sweep in [worker for worker in self.sweeps if worker.done]:
            if sweep.died_of:  # type: ignore[attr-defined]
                self._died("sweeper", sweep.died_of)  # type: ignore[attr-defined]
            else:
                must(sweep.error is None or sweep.faults, f"the sweeper raised {sweep.error!r}")
        self.sweeps = [worker for worker in self.sweeps if not worker.done]

    def _died(self, function: str, cause: str) -> None:
        self.deaths.append(f"{function}: {cause}")
        must(self.mortal or not cause, f"the {function} ran out of {cause}")

    def _answered(self, invocation: Invocation) -> None:
        """What failed stays invisible until its timeout, as with Lambda's event source."""
        failed = {entry["itemIdentifier"] for entry in invocation.worker.result["batchItemFailures"]}
        for message in invocation.batch:
            if message.message_id not in failed:
                self.queue.delete(message.receipt, now=self.now)

    # ── What must be true ───────────────────────────────────────────────────────────────────────────

    def look(self) -> None:
        self._note_stored()
        self._note_untold()
        dead = {message.origin for message in self.queue.dead}
        for origin, sent in enumerate(self.sent):
            if sent.good:
                must(origin not in dead, f"good data of {sent.app} is in the dead-letter queue")
                self._check_good(sent)

    def _note_stored(self) -> None:
        objects = self.cloud.bucket.objects
        new = list(itertools.islice(objects.items(), self._objects_seen, None))
        for key, body in new:
            if key.startswith("quarantine/"):
                note = json.loads(body)
                self.notes[note["content"] or key] = note
            elif key.startswith("logs/"):
                for event in self.events_of(key, body):
                    self._stored_at.setdefault(event, self.now)
        self._objects_seen = len(objects)

    def _check_good(self, sent: Sent) -> None:
        waited = self.now - sent.entered[0]
        must(
            self.stored(sent) or waited <= self.bounds.get(sent.app, STORED_WITHIN) + MINUTE,
            f"a message of {sent.app} is not stored after {waited // SECOND} s",
        )
        must(sent.body not in self.notes, f"good data of {sent.app} is in quarantine")

    def stored(self, sent: Sent) -> int:
        """When all of it was seen in cold storage first; 0 when it is not there."""
        times = [self._stored_at.get(event, 0) for event in sent.events]
        return max(times) if all(times) else 0

    def direct(self) -> Any:
        """Clients without a gate: what they do takes no time."""
        return self.cloud.clients(lambda call: call.perform(), lambda: self.window)

    @property
    def half_of_memory(self) -> int:
        return CONSUMER.half

    def _note_untold(self) -> None:
        """Each state with something untold, against the true time of its last alert and of its first event."""
        last = {each.attributes["key"]: each.at for each in self.cloud.published}
        for item in self.states():
            key = _key_of(item)
            if item["seen"]["N"] == item["reported"]["N"] or self.silenced(key):
                self._untold_since.pop(key, None)
                continue
            since = self._untold_since.setdefault(key, self.now)
            due = max(since, last.get(key, 0) + self.window, self.excused_until)
            must(
                self.now - due <= TWO_SWEEPS + MINUTE,
                f"{key} has waited {(self.now - due) // SECOND} s since it was due",
            )

    def silenced(self, key: str) -> bool:
        return self.now < self.silenced_until and key.startswith(f"{self.silenced_app}#")

    silenced_app = ""

    def check_gaps(self) -> None:
        """G2 by the true time, without a tolerance."""
        by_key: dict[str, dict[str, int]] = {}
        for each in self.cloud.published:
            if not each.recovers:
                by_key.setdefault(each.attributes["key"], {}).setdefault(each.alert_id, each.at)
        for key, alerts in by_key.items():
            for earlier, later in itertools.pairwise(sorted(alerts.values())):
                gap = later - earlier
                must(gap >= self.window, f"G2: two alerts of {key} within {gap // SECOND} s")


def at_once(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """What the sweeper's thread pool does: calls of different threads take their time together."""
    worker = worker_of()
    worker.together += 1
    try:
        yield from map(work, items)
    finally:
        worker.together -= 1


def worker_of() -> Metered:
    worker = getcurrent()
    assert isinstance(worker, Metered)
    return worker


@contextmanager
def counting_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
