"""A model of the queue and its consumers: message groups, batches, latencies, limits, outages. No clock, no I/O.

What is modelled, with the source of each rule:

- A message group is handed out in order, and nothing of it is handed out while some of it is in flight (Amazon
  SQS Developer Guide, FIFO queue delivery logic). A batch has at most ten messages; SQS returns as many of one
  group as possible and fills it up with messages of others (same page).
- SQS looks at the first 120,000 messages of a queue for groups that are free (Avoid large message backlogs with
  the same message group ID).
- Lambda runs as many batches at once as its concurrency allows, and adds `ramp` a second (AWS Lambda Developer
  Guide, Configuring scaling behavior for SQS event source mappings; the page gives the rate for standard queues,
  and none for FIFO queues).
- A partition of DynamoDB takes 1,000 write units a second (Amazon DynamoDB Developer Guide, Best practices for
  designing and using partition keys).
- A message that fails is visible again after the visibility timeout, and its group waits until then.

Times are seconds. Latencies are drawn from a seeded generator, so that a run gives the same numbers everywhere.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from logctl.ops.cost import estimate
from logctl.ops.cost.load import SQS_BATCH
from logctl.stack.resources.queueing import VISIBILITY_TIMEOUT

SCANNED = 120_000
"""How many messages of the queue SQS looks at for groups that are free."""
PARTITION_UNITS = 1_000
"""Write units a second of one partition of DynamoDB."""
SPREAD = 0.35
"""The standard deviation of a latency's logarithm: one call in a hundred takes 2.3 times the median."""


@dataclass(frozen=True)
class Costs:
    """What a batch and a message cost in time.

    Attributes:
        batch: seconds for receiving a batch, invoking the function and deleting the batch.
        lookup: seconds of the first round trip of a message, a read of DynamoDB.
        store: seconds of the second, in which the object is written to S3 beside the rows in DynamoDB.
        note: seconds of the third, the items that mark a message as done.
        record: seconds of processor time for a record.
        failure: seconds until a call fails during an outage.
    """

    batch: float = 0.045 + estimate.BATCH_MS / 1000
    lookup: float = estimate.LOOKUP_MS / 1000
    store: float = estimate.STORE_MS / 1000
    note: float = estimate.NOTE_MS / 1000
    record: float = estimate.RECORD_MS / 1000
    failure: float = 5.0


USUAL = Costs()
SLOW = Costs(lookup=0.015, store=0.150, note=0.025)
"""S3 at the latency that its documentation gives for small objects."""


@dataclass(frozen=True, order=True)
class App:
    """An app that sends.

    Attributes:
        rate: records a second.
        groups: the message groups over which its sources are spread.
        records: records in a message.
        units: write units of a message in the partition of its app in the hot table.
        burst: the factor of the rate between `burst_from` and `burst_until`.
    """

    name: str
    rate: float
    groups: int = 1
    records: int = 2_300
    units: float = 2.0
    burst: float = 1.0
    burst_from: float = 0.0
    burst_until: float = 0.0

    def arrivals(self, until: float, random_: random.Random) -> Iterator[tuple[float, str, App]]:
        """Yield the time and the group of each message: a Poisson process, because sources do not agree."""
        at, turn = 0.0, itertools.count()
        while True:
            bursting = self.burst_from <= at < self.burst_until
            at += random_.expovariate(self.rate * (self.burst if bursting else 1.0) / self.records)
            if at >= until:
                return
            yield at, f"{self.name}.{next(turn) % self.groups}", self


@dataclass(slots=True)
class _Message:
    app: App
    group: str
    number: int
    arrived: float


@dataclass(slots=True)
class _Batch:
    """Messages that were received together; `done` of them are processed."""

    messages: list[_Message]
    done: int = 0

    @property
    def left(self) -> bool:
        return self.done < len(self.messages)


@dataclass
class Result:
    """What a run gave: for each app its messages as (arrived, done), and the peaks.

    Attributes:
        waiting: how many messages were in the queue at the end of each second.
        batches: the batches that ran.
        busiest: the most batches that ran at once.
    """

    done: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    batches: int = 0
    busiest: int = 0

    def rate(self, app: App, since: float, until: float) -> float:
        """Return the records of an app that were stored in a second, between two times."""
        count = sum(since <= at < until for _, at in self.done.get(app.name, ()))
        return count * app.records / (until - since)

    def age(self, app: App, share: float, since: float = 0.0, until: float = math.inf) -> float:
        """Return the age that a share of an app's messages had at most when they were stored."""
        ages = sorted(at - arrived for arrived, at in self.done.get(app.name, ()) if since <= arrived < until)
        return ages[min(len(ages) - 1, int(share * len(ages)))] if ages else math.inf

    def last_late(self, app: App, within: float) -> float | None:
        """Return when the last message was stored that took longer than `within`; None if none did."""
        return max((at for arrived, at in self.done.get(app.name, ()) if at - arrived > within), default=None)


class QueueModel:
    """The queue, its event source and the functions, for some apps."""

    def __init__(
        self,
        apps: Sequence[App],
        costs: Costs = USUAL,
        *,
        concurrency: int = 1_000,
        at_start: int = 5,
        ramp: float = 5.0,
        outage: tuple[float, float] = (math.inf, math.inf),
        seed: int = 1,
    ) -> None:
        """Make a model.

        Args:
            apps: what sends.
            costs: how long things take.
            concurrency: how many batches run at once at most.
            at_start: how many run at once at time 0.
            ramp: how many more in each second, up to `concurrency`.
            outage: between these times every message fails.
            seed: of the generator.
        """
        self._apps = apps
        self._costs = costs
        self._concurrency, self._at_start, self._ramp = concurrency, at_start, ramp
        self._outage = outage
        self._random = random.Random(seed)
        self._groups: dict[str, deque[_Message]] = {}
        self._ready: list[tuple[int, str]] = []
        self._held: set[str] = set()
        """The groups of which something is in flight."""
        self._partition_free: dict[str, float] = {}
        self._deleted = self._sent = self._running = 0
        self._blocked: list[tuple[int, str]] = []
        """Groups whose first message is beyond what SQS looks at."""

    def run(self, seconds: float) -> Result:
        """Return what happens until `seconds` have passed."""
        result = Result()
        numbers = itertools.count()
        events: list[tuple[float, int, str, _Batch]] = []
        arrivals = heapq.merge(*(app.arrivals(seconds, self._random) for app in self._apps))
        following = next(arrivals, None)
        # The concurrency grows without an event of its own, so the queue is looked at every second.
        for second in range(1, math.ceil(seconds) + 1):
            heapq.heappush(events, (float(second), next(numbers), "look", _Batch([])))
        while following or events:
            if following and (not events or following[0] <= events[0][0]):
                now, group, app = following
                self._arrive(app, group, now)
                following = next(arrivals, None)
            else:
                now, _, kind, batch = heapq.heappop(events)
                if now > seconds:
                    break
                if kind == "step" and batch.left:
                    heapq.heappush(events, (self._end_of_next(batch, now), next(numbers), "step", batch))
                elif kind == "step":
                    self._running -= 1
                    self._finish(batch, now, result)
                elif kind == "failed":
                    self._running -= 1
                elif kind == "visible":
                    self._again(batch)
                else:
                    result.waiting.append(self._sent - self._deleted)
            while self._running < self._most(now) and (batch := self._receive()):
                self._running += 1
                result.batches += 1
                result.busiest = max(result.busiest, self._running)
                if self._outage[0] <= now < self._outage[1]:
                    heapq.heappush(events, (now + self._costs.failure, next(numbers), "failed", batch))
                    heapq.heappush(events, (now + VISIBILITY_TIMEOUT, next(numbers), "visible", batch))
                else:
                    start = now + self._latency(self._costs.batch)
                    heapq.heappush(events, (start, next(numbers), "step", batch))
        return result

    def _most(self, now: float) -> int:
        return min(self._concurrency, int(self._at_start + self._ramp * now))

    # ── The queue ───────────────────────────────────────────────────────────────────────────────────

    def _arrive(self, app: App, group: str, now: float) -> None:
        messages = self._groups.setdefault(group, deque())
        messages.append(_Message(app, group, self._sent, now))
        self._sent += 1
        if len(messages) == 1 and group not in self._held:
            self._offer(group)

    def _offer(self, group: str) -> None:
        """Put a free group where `_receive` finds it, by the place of its first message."""
        if messages := self._groups[group]:
            number = messages[0].number
            # What is deleted was among the first messages, so the window has moved by as many.
            seen = number < self._deleted + SCANNED
            heapq.heappush(self._ready if seen else self._blocked, (number, group))

    def _receive(self) -> _Batch | None:
        """Return a batch, of the group that waits longest and, if there is room, of the next ones."""
        while self._blocked and self._blocked[0][0] < self._deleted + SCANNED:
            heapq.heappush(self._ready, heapq.heappop(self._blocked))
        batch: list[_Message] = []
        while self._ready and len(batch) < SQS_BATCH:
            group = heapq.heappop(self._ready)[1]
            messages = self._groups[group]
            while messages and len(batch) < SQS_BATCH:
                batch.append(messages.popleft())
            self._held.add(group)
        return _Batch(batch) if batch else None

    def _finish(self, batch: _Batch, now: float, result: Result) -> None:
        for message in batch.messages:
            result.done.setdefault(message.app.name, []).append((message.arrived, now))
        self._deleted += len(batch.messages)
        self._release(batch)

    def _again(self, batch: _Batch) -> None:
        for message in reversed(batch.messages):
            self._groups[message.group].appendleft(message)
        self._release(batch)

    def _release(self, batch: _Batch) -> None:
        for group in dict.fromkeys(message.group for message in batch.messages):
            self._held.discard(group)
            self._offer(group)

    # ── The function ────────────────────────────────────────────────────────────────────────────────

    def _end_of_next(self, batch: _Batch, now: float) -> float:
        """Return when the next message of a batch is processed: its messages come one after the other."""
        costs, app = self._costs, batch.messages[batch.done].app
        batch.done += 1
        free = max(now, self._partition_free.get(app.name, 0.0))
        self._partition_free[app.name] = free + app.units / PARTITION_UNITS
        trips = sum(map(self._latency, (costs.lookup, costs.store, costs.note)))
        return free + trips + app.records * costs.record

    def _latency(self, median: float) -> float:
        return median * math.exp(self._random.gauss(0.0, SPREAD))
