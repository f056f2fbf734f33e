"""What a function may use: time, CPU, memory. A worker with a meter pays for all three and dies at its limits.

CPU is counted and not timed, so that a run is the same on every machine: each call and each return of a
function, Python's or C's, is an event with a price. What one C call does with a long argument (parsing,
compressing) costs a single event and is seen by its memory only.
"""

from __future__ import annotations

import math
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from greenlet import getcurrent

from tests.simulation.cloud import Call
from tests.simulation.workers import Crash, Worker, gate

EVENT = 0.002
"""Milliseconds of a whole vCPU for an event: twenty times what was measured on the consumer's code."""
WHOLE_CPU = 1_769
"""MB of memory that come with one whole vCPU (AWS Lambda Developer Guide, configuring memory)."""
RUNTIME = 90
"""MB that Python, boto3 and the clients take before the first message."""
LATENCY = {"s3": 30, "dynamodb": 8, "sns": 20, "glue": 60, "sqs": 15}
"""Milliseconds that a call of a service takes, by its usual answer within the region."""
_LOOK_AT_MEMORY = 1_024


@dataclass(frozen=True)
class Limits:
    """A function's timeout in milliseconds and its memory in MB."""

    timeout: int
    memory: int

    @property
    def event(self) -> float:
        """Milliseconds that an event takes at the function's share of a vCPU."""
        return EVENT * WHOLE_CPU / self.memory

    @property
    def heap(self) -> int:
        """Bytes that are left for what the handler allocates."""
        return (self.memory - RUNTIME) * 1024 * 1024

    @property
    def half(self) -> int:
        """Bytes that the handler may allocate while the process stays below half of its memory."""
        return (self.memory // 2 - RUNTIME) * 1024 * 1024


class Metered(Worker):
    """A worker that is `at` a time of its own, in milliseconds, and is ended by its limits."""

    def __init__(
        self, work: Callable[[], Any], limits: Limits, *, now: float, threads: int = 1, cpu: bool = True
    ) -> None:
        self.limits = limits
        self.threads = threads
        self.counts_cpu = cpu
        self.together = 0
        self.started = self._at = now
        self.deadline = now + limits.timeout
        self.peak = 0
        self.died_of = ""
        self._events = 0
        self._next_check = 0
        self._heap = tracemalloc.get_traced_memory()[0]
        super().__init__(work)

    @property
    def at(self) -> float:
        return self._at + self._events * self.limits.event

    @property
    def left(self) -> int:
        """Milliseconds until Lambda ends it."""
        return int(self.deadline - self.at)

    def arrive(self, now: float) -> None:
        self._at, self._events = now, 0

    def wait(self, milliseconds: float) -> None:
        """Wait for a call; while threads work together, each waits for its own."""
        self._at += milliseconds / (self.threads if self.together else 1)

    def die(self, cause: str) -> None:
        """End it where it waits for a call."""
        self.died_of = cause
        self.kill()

    def _guarded(self) -> None:
        self.resume()
        try:
            super()._guarded()
        finally:
            sys.setprofile(None)
        if not self.died_of and self._uses_too_much_memory():
            self.died_of = "memory"

    def pause(self) -> None:
        sys.setprofile(None)

    def resume(self) -> None:
        if self.counts_cpu:
            self._plan_check()
            sys.setprofile(self._event)

    def _event(self, frame: FrameType, event: str, argument: Any) -> None:
        # It is called millions of times: all else is for `_check`.
        self._events += 1
        if self._events >= self._next_check:
            self._check()

    def _plan_check(self) -> None:
        """The next check is after some events, or when the time is over, whichever is first."""
        last_in_time = math.floor((self.deadline - self._at) / self.limits.event)
        self._next_check = min(self._events + _LOOK_AT_MEMORY, max(last_in_time, self._events) + 1)

    def _check(self) -> None:
        if self._uses_too_much_memory():
            self._end("memory")
        if self.at > self.deadline:
            self._end("time")
        self._plan_check()

    def _uses_too_much_memory(self) -> bool:
        """Note the peak since the worker began, of which tracemalloc takes note between two looks."""
        if not tracemalloc.is_tracing():
            return False
        _current, peak = tracemalloc.get_traced_memory()
        self.peak = max(self.peak, peak - self._heap)
        return peak - self._heap > self.limits.heap

    def _end(self, cause: str) -> None:
        sys.setprofile(None)
        self.died_of = cause
        raise Crash


def metered_gate(call: Call) -> Any:
    """Where the calls of a metered worker go through: each takes time, and the answer costs what it costs."""
    worker = getcurrent()
    assert isinstance(worker, Metered), f"{call} outside a metered worker"
    worker.pause()
    worker.wait(LATENCY[call.service])
    try:
        return gate(call)
    finally:
        worker.resume()
