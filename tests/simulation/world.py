"""The pipeline in memory: producers, queue, containers that run the real handlers, and what must be true.

A schedule (hypothesis, or one written down) calls the verbs: send, invoke, step, tick, sweep … What was
sent and what was published is known independently of the code under test, so that `Violation` is raised
as soon as something is acknowledged that is not stored and counted, or in the wrong order, and at the end
when anything is lost, doubled or untold.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from logctl.core.debounce import CALL_DELAY
from logctl.core.fingerprint import fingerprint
from logctl.core.frames import decompress
from logctl.core.hot_rows import HotRow, from_item
from logctl.core.records import ID_DERIVED, Record, derive_id
from logctl.core.rows import read_stored
from logctl.core.silence import Silence
from logctl.core.times import DAY, MINUTE, SECOND, parse_time
from logctl.ops.send.packing import pack
from logctl.pipeline.alerting.alerter import Alerter, alerter_for
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.config import MAX_RECEIVES
from logctl.pipeline.consumer import REJECTED, Consumer
from logctl.pipeline.stores.attempt_ledger import ATTEMPTS, PREFIX
from logctl.pipeline.stores.first_seen import FIRST_SEEN
from logctl.pipeline.stores.outbox import UNCOUNTED
from logctl.pipeline.stores.silences import SilenceStore
from tests.helpers.config import CONFIG
from tests.simulation.cloud import Cloud, Gate
from tests.simulation.fifo import VISIBILITY, Fifo, QueueMessage
from tests.simulation.workers import Worker, gate

START = parse_time("2026-01-31T23:40:00Z")  # midnight, and a month's end, are near
WINDOW = CONFIG.alert_window
SKEW = 5 * MINUTE
"""Clocks are off by this much at most, so two of them differ by ten minutes."""
APPS_SENDING = ("alpha", "bravo", "gamma")
LATE_AFTER = CONFIG.late_after
HOT, ALERTS = CONFIG.hot_table, CONFIG.alerts_table


class Violation(AssertionError):
    """A guarantee is broken."""


def must(holds: object, sentence: str) -> None:
    if not holds:
        raise Violation(sentence)


@dataclass
class Sent:
    """What a producer handed over once: its identity, and what of it must be found where."""

    app: str
    body: str
    deduplication_id: str
    events: tuple[str, ...]
    """An event_id each, or `text:app:message` where the producer gives none. Empty for poison."""
    errors: int
    ts: int
    has_ids: bool
    entered: list[int] = field(default_factory=list)
    """When the queue took it; again for each copy and redrive."""
    redrives: int = 0
    acknowledged_in_time: bool = False
    fails: bool = False
    """The stores refuse it, whenever it is tried."""

    @property
    def good(self) -> bool:
        """Whether it must be stored, and may be nowhere else."""
        return bool(self.events) and not self.fails

    @property
    def poison(self) -> bool:
        return not self.events

    @property
    def may_count(self) -> int:
        """How many errors may have been counted: those that were not late when they could be."""
        in_time = any(not self.late(at) for at in self.entered)
        return self.errors * (1 if self.has_ids else 1 + self.redrives) * in_time

    @property
    def must_count(self) -> int:
        return self.errors * self.acknowledged_in_time

    def late(self, sent_at: int) -> bool:
        return sent_at - self.ts > LATE_AFTER


class Container:
    """A warm process with its own clock and memory."""

    def __init__(self, world: World, skew: int) -> None:
        self.skew = skew
        self.config = replace(CONFIG, alert_window=world.window)
        clients: Any = world.cloud.clients(world.gate, lambda: self.config.alert_window)
        clock = lambda: world.now + skew  # noqa: E731
        self.consumer = Consumer(clients, self.config, clock=clock)
        self.alerter = alerter_for(clients, self.config, clock)
        for alerter in (self.consumer._alerter, self.alerter):
            alerter.store._sleep = lambda seconds: None


@dataclass
class Invocation:
    """A batch on its way through a container."""

    worker: Worker
    container: Container
    batch: list[QueueMessage]
    deadline: int | None


class World:
    gate: Gate = staticmethod(gate)
    """Where the calls of its containers go through."""

    def __init__(self, most_receives: int = MAX_RECEIVES) -> None:
        self.now = START
        self.window = WINDOW
        self.shortest_window = WINDOW
        self.quiet = True
        """Nothing went wrong so far, and nothing took longer than it may."""
        self.cloud = Cloud(lambda: self.now, {HOT: ("app", "chunk"), ALERTS: ("pk", "sk")})
        self.cloud.on_bury = self._buried
        self.queue = Fifo(most_receives=most_receives)
        self.sent: list[Sent] = []
        self.running: list[Invocation] = []
        self.sweeps: list[Worker] = []
        self.warm: list[Container] = []
        self.silenced_until = 0
        self.schedule_skew = 0
        """How far off the clock is that calls the sweeper."""
        self.called: list[int] = []
        """When sweeps were called, by the true time."""
        self.swept: list[int] = []
        """When those were called that went through without a fault."""

    # ── Producers ───────────────────────────────────────────────────────────────────────────────────

    def send(
        self,
        app: str,
        count: int = 1,
        *,
        kind: str = "disk is full",
        level: str = "ERROR",
        age: int = 0,
        kinds: int = 0,
    ) -> None:
        """An envelope, as `logctl send` makes it. With `kinds`, each record is an error of its own kind."""
        number, ts = len(self.sent), self.now - age
        messages = [f"{kind} {_word(number * 50 + n)}" if kinds else kind for n in range(kinds or count)]
        records = [
            Record(app, derive_id(app, number, n), ts + n, level, message, n)
            for n, message in enumerate(messages)
        ]
        (packed,) = pack(records)
        events = tuple(record.event_id for record in records)
        self._hand_over(app, packed.body, packed.batch_id, events, level, ts)

    def send_bare(
        self, app: str, count: int = 1, *, ids: bool, level: str = "ERROR", shape: str = "lines"
    ) -> None:
        """JSON lines or an array from somebody else's producer, its text the same each time."""
        number = len(self.sent)
        values: list[dict[str, Any]] = [
            {"time": self.now, "level": level, "msg": "out of memory"} for _ in range(count)
        ]
        events = tuple(f"text:{app}:out of memory" for _ in values)
        if ids:
            events = tuple(derive_id("bare", number, n) for n in range(count))
            for value, event_id in zip(values, events, strict=True):
                value["event_id"] = event_id
        body = "\n".join(map(json.dumps, values)) if shape == "lines" else json.dumps(values)
        self._hand_over(app, body, f"producer-{number}", events, level, self.now, has_ids=ids)

    def send_poison(self, app: str, body: str = '{"logctl": 1, "appid": ') -> None:
        self._hand_over(app, body, f"producer-{len(self.sent)}", (), "INFO", self.now)

    def send_again(self, number: int) -> None:
        """A producer that never got its answer sends the same once more."""
        if self.sent:
            self._enqueue(number % len(self.sent))

    def _hand_over(
        self,
        app: str,
        body: str,
        deduplication_id: str,
        events: tuple[str, ...],
        level: str,
        ts: int,
        has_ids: bool = True,
    ) -> None:
        errors = len(events) if level == "ERROR" else 0
        self.sent.append(Sent(app, body, deduplication_id, events, errors, ts, has_ids))
        self._enqueue(len(self.sent) - 1)

    def _enqueue(self, origin: int) -> None:
        sent = self.sent[origin]
        accepted = self.queue.send(
            sent.app, self.deduplication_id(sent), sent.body, now=self.now, origin=origin
        )
        if accepted:
            sent.entered.append(self.now)

    def deduplication_id(self, sent: Sent) -> str:
        return sent.deduplication_id

    # ── Containers ──────────────────────────────────────────────────────────────────────────────────

    def invoke(
        self, most: int = 10, *, first_group: str = "", skew: int = 0, warm: bool = False, limit: int = 0
    ) -> Invocation | None:
        """Hand a batch to a container, which stops before its first call.

        Args:
            limit: milliseconds after which Lambda would end it; 0 for a consumer without a limit.
        """
        batch = self.queue.receive(most, now=self.now, first_group=first_group)
        if not batch:
            return None
        container = self.warm.pop() if warm and self.warm else Container(self, skew)
        deadline = self.now + limit if limit else None
        event = {"Records": [_as_lambda_sees(message) for message in batch]}

        def work() -> Any:
            left = lambda: 10**9 if deadline is None else deadline - self.now  # noqa: E731
            return container.consumer.process(event, remaining=left)

        invocation = Invocation(Worker(work), container, batch, deadline)
        self.running.append(invocation)
        self._reap()
        return invocation

    def step(self, number: int, fault: str = "") -> None:
        """One call of a running container."""
        workers = [invocation.worker for invocation in self.running] + self.sweeps
        if workers:
            self._note(fault)
            workers[number % len(workers)].step(fault)
            self._reap()

    def run(self, number: int, plan: dict[int, str] | None = None) -> int:
        """All calls of a running container, some of which go wrong."""
        workers = [invocation.worker for invocation in self.running] + self.sweeps
        calls = 0
        if workers:
            self._note(*(plan or {}).values())
            calls = workers[number % len(workers)].finish(plan)
            self._reap()
        return calls

    def sweep(self, *, skew: int = 0, delay: int = 0) -> Worker:
        """The schedule calls the sweeper, which starts `delay` later and stops before its first call."""
        if self.called and self.now <= self.called[-1]:
            self.tick(self.called[-1] - self.now + SECOND)
        self.called.append(self.now)
        self.tick(delay)
        return self._start_sweep(self.called[-1] + self.schedule_skew, skew)

    def sweep_oddly(self, *, skew: int = 0, number: int = 0) -> Worker:
        """A call that comes again, or long after its time; or somebody calls the sweeper by hand."""
        old = [*self.called[-3:], None][number % min(4, len(self.called) + 1)]
        if old is not None:
            return self._start_sweep(old + self.schedule_skew, skew)
        # Where the schedule is not at work the process's clock counts, which is right as long as it is the only one.
        at_work = self.called and self.now - self.called[-1] < 15 * MINUTE
        return self._start_sweep(None, skew if at_work else self.schedule_skew)

    def _start_sweep(self, called_at: int | None, skew: int) -> Worker:
        container = Container(self, skew)
        worker = Worker(lambda: self.sweeping(container.alerter, called_at))
        self.sweeps.append(worker)
        self._reap()
        return worker

    def sweeping(self, alerter: Alerter, called_at: int | None) -> Any:
        return Sweep(alerter).run(called_at)

    def sweep_well(self, *, skew: int = 0) -> None:
        """A sweep without faults: afterwards nothing is overdue."""
        worker = self.sweep(skew=skew)
        worker.finish()
        self._reap()
        must(worker.error is None, f"the sweeper failed without a fault: {worker.error!r}")
        self.swept.append(self.called[-1])
        self._check_nothing_overdue()

    def serve(self, *, most: int = 10, first_group: str = "", plan: dict[int, str] | None = None) -> int:
        """Receive and process one batch from beginning to end."""
        invocation = self.invoke(most, first_group=first_group)
        if invocation is None:
            return 0
        if invocation not in self.running:
            return 0
        return self.run(self.running.index(invocation), plan)

    # ── The world around ────────────────────────────────────────────────────────────────────────────

    def tick(self, milliseconds: int) -> None:
        self.now += milliseconds
        if self.running or self.sweeps:
            self.quiet = self.quiet and milliseconds <= 30 * SECOND

    def redrive(self) -> None:
        for message in self.queue.dead:
            self.sent[message.origin].redrives += 1
            self.sent[message.origin].entered.append(self.now)
        self.queue.redrive(now=self.now)

    def set_window(self, window: int) -> None:
        """Somebody configures another window: Lambda starts new containers."""
        self.window = window
        self.shortest_window = min(self.shortest_window, window)
        self.warm.clear()

    def _buried(self, request: Mapping[str, Any]) -> None:
        """The consumer itself puts a message into the dead-letter queue."""
        app, body = request["MessageGroupId"], request["MessageBody"]
        origin = next(n for n, sent in enumerate(self.sent) if (sent.app, sent.body) == (app, body))
        self.queue.bury(app, request["MessageDeduplicationId"], body, now=self.now, origin=origin)

    def silence(self, app: str, duration: int) -> None:
        self.silenced_until = max(self.silenced_until, self.now + duration)
        silence = Silence(app, self.now + duration, self.now, "somebody")
        store = SilenceStore(self.cloud.clients(lambda call: call.perform(), lambda: 0).dynamodb, ALERTS)  # type: ignore[arg-type]
        store.put(silence)

    def _note(self, *faults: str) -> None:
        self.quiet = self.quiet and not any(faults)

    def _reap(self) -> None:
        for invocation in [each for each in self.running if each.worker.done]:
            self.running.remove(invocation)
            if invocation.worker.error is None:
                self.warm = [*self.warm, invocation.container][-2:]
                self._answered(invocation)
            else:
                must(invocation.worker.faults, f"the consumer raised {invocation.worker.error!r}")
        self.sweeps = [worker for worker in self.sweeps if not worker.done]

    # ── The consumer's answer ───────────────────────────────────────────────────────────────────────

    def _answered(self, invocation: Invocation) -> None:
        """Delete what is done and hold the answer against what was really written."""
        failed = {entry["itemIdentifier"] for entry in invocation.worker.result["batchItemFailures"]}
        must(
            failed <= {message.message_id for message in invocation.batch}, "the reply names strange messages"
        )
        self._check_other_groups_went_on(invocation, failed)
        for message in invocation.batch:
            if message.message_id in failed:
                self.queue.release(message.receipt, now=self.now)
            else:
                self._acknowledge(message)

    def _check_other_groups_went_on(self, invocation: Invocation, failed: set[str]) -> None:
        if invocation.deadline is not None:
            return
        touched = [repr(call.params) for _, call in invocation.worker.faults]
        hit = {app for call in touched for app in APPS_SENDING if app in call}
        for message in invocation.batch:
            # A fault at a message's ledger or at what is known of its content, or a suspect given back.
            own = (f"{PREFIX}{message.message_id}'", f"'{FIRST_SEEN}'")
            if any(name in call for call in touched for name in own) or self._suspected(message):
                hit.add(message.group)
        for message in invocation.batch:
            must(
                message.message_id not in failed or message.group in hit,
                f"{message.message_id} of {message.group} failed, where faults hit only {sorted(hit)}",
            )

    def _suspected(self, message: QueueMessage) -> bool:
        ledger = self.cloud.tables.items[HOT].get((PREFIX + message.message_id, ATTEMPTS), {})
        return "deferrals" in ledger

    def _acknowledge(self, message: QueueMessage) -> None:
        sent = self.sent[message.origin]
        self._check_written(message, sent)
        if not sent.late(message.sent_at) and not self._set_aside(sent):
            sent.acknowledged_in_time = True
        self._check_counted(sent.app)
        waiting = [each for each in self.queue.messages if each.group == message.group]
        if self.queue.delete(message.receipt, now=self.now):
            earlier = [each.message_id for each in waiting if each.sequence < message.sequence]
            must(not earlier, f"{message.message_id} was acknowledged before {earlier}")

    def _check_written(self, message: QueueMessage, sent: Sent) -> None:
        if self._set_aside(sent) or sent in [self.sent[each.origin] for each in self.queue.dead]:
            return
        must(not sent.poison, f"poison {message.message_id} was acknowledged, and is not in quarantine")
        cold, hot = self.cold(), self.hot()
        for event in sent.events:
            must(cold[event] and hot[event], f"{message.message_id} was acknowledged, {event} is not written")

    def _check_counted(self, app: str) -> None:
        least = sum(sent.must_count for sent in self.sent if sent.app == app)
        seen = sum(
            int(item["seen"]["N"])
            for item in self.states()
            if _app_of(item) == app and not _key_of(item).endswith(f"#{REJECTED}")
        )
        waiting = sum(
            int(row["count"]["N"]) for row in self.uncounted() if row["key"]["S"].startswith(f"{app}#")
        )
        must(seen + waiting >= least, f"{least} errors of {app} are acknowledged, {seen} are counted")

    def _check_nothing_overdue(self) -> None:
        for item in self.states():
            untold = int(item["seen"]["N"]) - int(item["reported"]["N"])
            # The schedule's clock and the person's who made the silence may differ.
            silenced = self.now < self.silenced_until + 2 * SKEW
            if untold and "lease_owner" not in item and not silenced:
                last = self._last_alert(_key_of(item))
                must(
                    item["status"]["S"] != "CLOSED" and not self._is_over(last),
                    f"{untold} events of {item['pk']['S']} wait for {self.now - last} ms",
                )

    def _last_alert(self, key: str) -> int:
        """When the last alert of a key came out, or a copy of it, by the true time."""
        told = (one for one in self.cloud.published if one.attributes["key"] == key and not one.recovers)
        return max((one.at for one in told), default=0)

    def _is_over(self, last: int) -> bool:
        """Whether the window of an alert has begun with the sweep after it, and ended before this one."""
        after = [at for at in self.swept if at > last]
        return bool(after) and self.swept[-1] >= after[0] + self.window + CALL_DELAY

    # ── What is stored ──────────────────────────────────────────────────────────────────────────────

    def events_of(self, key: str, body: bytes) -> list[str]:
        return _events_of_object(key, body)

    def cold(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for key, body in self.cloud.bucket.objects.items():
            if key.startswith("logs/"):
                found.update(_events_of_object(key, body))
        return found

    def hot(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (app, chunk), item in self.cloud.tables.items[HOT].items():
            if "counts" in item:
                row = from_item(item)
                body = self.cloud.bucket.objects.get(row.object_key, b"")
                found.update(_events_of_row(app, chunk, row, body))
        return found

    def states(self) -> list[dict[str, Any]]:
        items = self.cloud.tables.items[ALERTS]
        return [item for (_, kind), item in items.items() if kind == "STATE"]

    def uncounted(self) -> list[dict[str, Any]]:
        """The tallies that wait in the outbox."""
        items = self.cloud.tables.items[HOT].items()
        rows = [item for (app, _), item in items if app in UNCOUNTED]
        return [tally["M"] for row in rows for tally in row["tallies"]["L"]]

    def quarantined(self) -> Counter[str]:
        """How often a body (or a part of one) lies in quarantine, by app and content."""
        objects = self.cloud.bucket.objects.items()
        notes = [json.loads(body) for key, body in objects if key.startswith("quarantine/")]
        return Counter(f"{note['group']}:{note['deduplication_id']}:{note['content']}" for note in notes)

    def _set_aside(self, sent: Sent) -> bool:
        contents = {text.split(":", 2)[2] for text in self.quarantined() if text.startswith(f"{sent.app}:")}
        return sent.body in contents

    # ── The end ─────────────────────────────────────────────────────────────────────────────────────

    def finish(self, *, zombies_wake: bool = True) -> None:
        """The faults end: zombies wake up late or are gone, the queues run dry, the sweeper runs."""
        self.tick(VISIBILITY + SECOND)
        for worker in [invocation.worker for invocation in self.running] + self.sweeps:
            worker.finish() if zombies_wake else worker.kill()
        self._reap()
        for _ in range(4):
            self._drain()
            if not self.queue.dead:
                break
            self.tick(MINUTE)
            self.redrive()
        must(not self.queue.messages and not self.queue.dead, "the queues do not run dry without faults")
        self.tick(max(0, self.silenced_until + 2 * SKEW - self.now))
        for _ in range(6 + 3 * self.window // (2 * MINUTE)):
            self.sweep_well()
            self.tick(2 * MINUTE)

    def _drain(self) -> None:
        for _ in range(8 * len(self.queue.messages) + 40):
            if not self.queue.messages:
                return
            if not self.serve():
                self.tick(VISIBILITY + SECOND)

    def check(self) -> None:
        """What must be true when everything has come to rest."""
        self._check_stores()
        self._check_partitions()
        self._check_alerts()

    def _check_stores(self) -> None:
        cold, hot = self.cold(), self.hot()
        expected: Counter[str] = Counter()
        once: set[str] = set()
        for sent in self.sent:
            if self._set_aside(sent):
                continue
            must(not sent.poison, f"poison of {sent.app} is not in quarantine")
            expected.update(sent.events)
            # Without ids of its own a bare message is known by SQS's deduplication id, which a move to the
            # dead-letter queue replaces: after a redrive its rows may lie there twice.
            if sent.has_ids or not sent.redrives:
                once.update(sent.events)
        redriven = {
            event for sent in self.sent if sent.redrives and not sent.has_ids for event in sent.events
        }
        for store, found in (("cold", cold), ("hot", hot)):
            for event, count in expected.items():
                must(
                    found[event] >= count,
                    f"{event} is {found[event]} times in the {store} store, not {count}",
                )
            for event in once - redriven:
                aside = sum(self._set_aside(sent) for sent in self.sent if event in sent.events)
                must(
                    aside or found[event] == expected[event],
                    f"{event} is {found[event]} times in the {store} store, not {expected[event]}",
                )
        # Its partition is the day on which the queue took the message: sent again or redriven on another day,
        # it lies there once more.
        for text, count in self.quarantined().items():
            days = {at // DAY for sent in self.sent if text.startswith(f"{sent.app}:") for at in sent.entered}
            must(count <= len(days), f"quarantine holds {text} {count} times")

    def _check_partitions(self) -> None:
        for key in self.cloud.bucket.objects:
            if key.startswith("logs/"):
                must(_day_of_key(key) == _days_in(self.cloud.bucket.objects[key]), f"{key} holds another day")

    def _check_alerts(self) -> None:
        published = defaultdict(list)
        for publication in self.cloud.published:
            published[publication.alert_id].append(publication)
        for alert_id, copies in published.items():
            must(len({copy.text for copy in copies}) == 1, f"G2: the copies of {alert_id} differ")
            must(len(copies) == 1 or not self.quiet, f"G2: {alert_id} was published twice without a fault")
        firsts = [copies[0] for copies in published.values()]
        for state in self.states():
            self._check_state(state, [one for one in firsts if one.attributes["key"] == _key_of(state)])
        for app in APPS_SENDING:
            told = sum(
                int(one.attributes["count"])
                for one in firsts
                if one.attributes["appid"] == app
                and not one.recovers
                and not one.attributes["key"].endswith(f"#{REJECTED}")
            )
            least = sum(sent.must_count for sent in self.sent if sent.app == app)
            most = sum(sent.may_count for sent in self.sent if sent.app == app)
            must(least <= told <= most, f"G3: {told} errors of {app} were told, of {least} to {most}")

    def check_punctual(self) -> None:
        """With a sweep a minute and events all the time: each alert within a window and two sweeps of the last."""
        alerts = [one.at for one in self.cloud.published if not one.recovers]
        must(len(alerts) > 2, f"G1: only {len(alerts)} alerts came out")
        for before, after in pairwise(alerts):
            must(
                after - before <= self.window + 2 * MINUTE + CALL_DELAY,
                f"an alert waited for {after - before} ms",
            )

    def _check_state(self, state: dict[str, Any], firsts: list[Any]) -> None:
        key = _key_of(state)
        must(not self.uncounted(), "G1: something waits in the outbox")
        must(state["seen"] == state["reported"], f"G1: {key} has events that nobody was told of")
        must(state["status"]["S"] == "CLOSED", f"G4: {key} is still open")
        alerts = sorted((one for one in firsts if not one.recovers), key=lambda one: one.at)
        recoveries = sorted(one.seq for one in firsts if one.recovers)
        must(recoveries, f"G4: nobody was told that {key} recovered")
        for earlier, later in pairwise(recoveries):
            between = [one for one in alerts if earlier <= one.seq < later]
            must(between, f"G4: {key} recovered twice without an alert between")
        for before, after in pairwise(alerts):
            gap = after.at - before.at
            must(gap >= self.shortest_window, f"G2: two alerts of {key} within {gap} ms")


def play(world: World, verbs: Iterable[Callable[[World], object]]) -> None:
    """A written schedule, to its end."""
    for verb in verbs:
        verb(world)
    world.finish()
    world.check()


def _word(number: int) -> str:
    """A word without digits or repetition, so that each is another kind of error."""
    word = ""
    for _ in range(4):
        number, letter = divmod(number, 26)
        word += chr(ord("a") + letter)
    assert fingerprint(f"kind {word}") != fingerprint("kind zzzz")
    return word


def _as_lambda_sees(message: QueueMessage) -> dict[str, Any]:
    return {
        "messageId": message.message_id,
        "body": message.body,
        "attributes": {
            "MessageGroupId": message.group,
            "MessageDeduplicationId": message.deduplication_id,
            "SequenceNumber": f"{message.sequence:020d}",
            "SentTimestamp": str(message.sent_at),
            "ApproximateReceiveCount": str(message.receives),
        },
    }


@lru_cache(maxsize=20_000)
def _rows(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in decompress(body).splitlines()]


def _events_of_object(key: str, body: bytes) -> list[str]:
    app = key.split("appid=")[1].split("/")[0]
    return [
        f"text:{app}:{row['message']}" if ID_DERIVED in row["flags"] else row["event_id"]
        for row in _rows(body)
    ]


def _events_of_row(app: str, chunk: str, row: HotRow, body: bytes) -> list[str]:
    """Return the events that a reader finds by a hot row: in the item, or in the object that it stands for."""
    if row.whole:
        rows = row.rows
    else:
        rows = row.own(read_stored(decompress(body))) if body else []
        notable = [each for each in rows if each.level in ("WARN", "ERROR", "FATAL")]
        must(row.inline is None or row.rows == notable, f"{app} {chunk} has not the errors of its object")
    must(row.count == len(rows), f"{app} {chunk} counts {row.count} records, {len(rows)} can be read")
    return [f"text:{app}:{each.message}" if ID_DERIVED in each.flags else each.event_id for each in rows]


def _day_of_key(key: str) -> str:
    year, month, day = (part.split("=")[1] for part in key.split("/")[1:4])
    return f"{year}-{month}-{day}"


def _days_in(body: bytes) -> str:
    return ",".join(sorted({row["ts"][:10] for row in _rows(body)}))


def _key_of(state: dict[str, Any]) -> str:
    return str(state["pk"]["S"]).removeprefix("ALERT#")


def _app_of(state: dict[str, Any]) -> str:
    return _key_of(state).split("#")[0]
