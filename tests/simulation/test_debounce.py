"""Alerting under crashes, lost replies, errors, redeliveries and rivals: random schedules, real expressions.

The consumer's and the sweeper's own code runs on moto's DynamoDB, single-threaded, with faults injected
at the client's hooks. Whatever the schedule, once the faults end and the sweeper has run, the guarantees
of docs/how-it-works.md hold:

G1  every counted event is covered by a published alert
G2  two different alerts of one kind are at least a window apart; copies have the same id and the same text
G3  the counts of the different alerts add up to the number of different events
G4  a quiet window ends with exactly one recovery
"""

from __future__ import annotations

import functools
import itertools
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from logctl.aws.clients import Aws
from logctl.core.debounce import LEASE, AlertKey, Status, Tally
from logctl.core.times import MINUTE, SECOND, parse_time
from logctl.pipeline.alerting import sweep as sweep_module
from logctl.pipeline.alerting.alerter import Alerter
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.alerting.topic import AlertTopic
from logctl.pipeline.stores import alert_states, attention_index
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.outbox import Outbox
from logctl.pipeline.stores.silences import SilenceStore
from tests.helpers.pipeline import Clock, make_tables

WINDOW = 15 * MINUTE
EXAMPLES = 5_000 if os.environ.get("LOGCTL_SOAK") else 8
_names = itertools.count()


class Crash(BaseException):
    """The process is gone: nothing of ours may catch this."""


@dataclass
class Faults:
    """Before or after the n-th call from now, something goes wrong."""

    plan: dict[int, str] = field(default_factory=dict)
    calls: int = 0

    def before(self, model: Any, **_: Any) -> None:
        self.calls += 1
        fault = self.plan.get(self.calls)
        if fault == "error":
            raise ClientError({"Error": {"Code": "InternalServerError", "Message": "no"}}, model.name)
        if fault == "crash before":
            raise Crash

    def after(self, model: Any, **_: Any) -> None:
        fault = self.plan.get(self.calls)
        if fault == "lost reply":
            raise ClientError({"Error": {"Code": "RequestTimeout", "Message": "lost"}}, model.name)
        if fault == "crash after":
            raise Crash

    def clear(self) -> None:
        self.plan, self.calls = {}, 0


class Topic:
    """What was really published, when, and with which text; a lost reply does not unpublish."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.published: list[tuple[int, dict[str, str], str]] = []
        self.fail_next = ""
        self.meanwhile: Any = None

    def publish(self, **request: Any) -> None:
        rival, self.meanwhile = self.meanwhile, None
        if rival:
            rival()  # another container gets in between claim and commit
        fault, self.fail_next = self.fail_next, ""
        if fault in ("error", "crash before"):
            raise _down() if fault == "error" else Crash
        attributes = {name: value["StringValue"] for name, value in request["MessageAttributes"].items()}
        self.published.append((self._clock(), attributes, request["Subject"] + "\n" + request["Message"]))
        if fault:
            raise _down() if fault == "lost reply" else Crash


def _down() -> ClientError:
    return ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "down"}}, "Publish")


@dataclass
class World:
    """One kind of error, its deliveries, and everything that was published about it."""

    store: AlertStore
    faults: Faults
    key: AlertKey
    clock: Clock
    topic: Topic
    delivered: dict[str, int] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)

    def alerter(self) -> Alerter:
        """A fresh container each time: nothing is remembered."""
        return Alerter(
            self.store,
            SilenceStore(self.store._dynamodb, self.store._table),
            Outbox(self.store._dynamodb, "sim-hot"),
            AlertTopic(self.topic, "arn:aws:sns:x:1:logctl-sim-alerts"),  # type: ignore[arg-type]
            stack="logctl-sim",
            window=WINDOW,
            clock=self.clock,
        )

    def deliver(self, batch: str, count: int, *, again: bool = False) -> None:
        """As the consumer does, until SQS is content: an error or a crash brings the message back."""
        self.delivered.setdefault(batch, count)
        if self._safely(lambda: self._consume(batch, self.delivered[batch], again)):
            self.acknowledged.add(batch)

    def _consume(self, batch: str, count: int, again: bool) -> None:
        addition = Tally(self.key, count, "kind", "sample", self.clock())
        self.alerter().take(batch, [addition], again=again)

    def sweep(self) -> None:
        """The schedule calls it a second after the last one at the earliest."""
        self.clock.advance(SECOND)
        self._safely(lambda: Sweep(self.alerter()).run(self.clock()))

    def _safely(self, work: Any) -> bool:
        try:
            work()
        except (Crash, ClientError):
            return False
        finally:
            self.faults.clear()
        return True

    def finish(self) -> None:
        """The faults end; SQS delivers what is left, and the sweeper runs its minutes."""
        self.faults.clear()
        self.topic.fail_next, self.topic.meanwhile = "", None
        for batch in set(self.delivered) - self.acknowledged:
            self.deliver(batch, self.delivered[batch], again=True)
        for _ in range((3 * WINDOW // MINUTE + 10) // 3):
            self.clock.advance(3 * MINUTE)
            self.sweep()


def check(world: World) -> None:
    events = sum(world.delivered.values())
    state = world.store.get(world.key)
    if not events:
        assert state is None
        return
    assert state is not None
    assert (state.seen, state.reported) == (events, events)  # G1
    assert state.status is Status.CLOSED  # G4

    by_id: dict[str, list[tuple[int, dict[str, str], str]]] = defaultdict(list)
    for published in world.topic.published:
        by_id[published[1]["alert_id"]].append(published)
    for copies in by_id.values():
        assert len({text for _, _, text in copies}) == 1  # G2: copies are the same
    firsts = [copies[0] for copies in by_id.values()]
    assert sum(int(attributes["count"]) for _, attributes, _ in firsts) == events  # G3
    alerts = sorted(at for at, attributes, _ in firsts if attributes["kind"] != "RECOVER")
    for earlier, later in itertools.pairwise(alerts):
        assert later - earlier >= WINDOW  # G2
    recoveries = [attributes for _, attributes, _ in firsts if attributes["kind"] == "RECOVER"]
    assert recoveries  # G4


def unfold(step: tuple[str, Any]) -> list[tuple[str, Any]]:
    if step[0] != "scene":
        return [step]
    events, pause, sns, fault = step[1]
    return [
        ("deliver", events),
        ("advance", pause),
        ("rival", 7),
        *([("sns", sns)] if sns else []),
        *([("fault", (4, fault))] if fault else []),
        ("sweep", None),
    ]


@pytest.fixture(scope="module")
def tables() -> Iterator[tuple[AlertStore, Faults]]:
    # Fewer shards: moto takes milliseconds for each, and where a state stands is no matter here.
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for module in (attention_index, alert_states, sweep_module):
            patch.setattr(module, "SHARDS", ("0", "1"))
        aws = Aws(boto3.Session("test", "test", region_name="eu-central-1"))
        names = type("Names", (), {"hot_table": "sim-hot", "alerts_table": "sim-alerts"})
        make_tables(aws, names)  # type: ignore[arg-type]
        faults = Faults()
        aws.dynamodb.meta.events.register("before-call.dynamodb", faults.before)
        aws.dynamodb.meta.events.register("after-call.dynamodb", faults.after)
        yield AlertStore(aws.dynamodb, "sim-alerts", sleep=lambda seconds: None), faults


FAULT = st.sampled_from(["error", "crash before", "crash after", "lost reply"])
STEP = st.one_of(
    st.tuples(st.just("deliver"), st.integers(1, 500)),
    st.tuples(st.just("redeliver"), st.integers(0, 10)),
    st.tuples(st.just("sweep"), st.none()),
    st.tuples(st.just("advance"), st.sampled_from([SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, WINDOW])),
    st.tuples(st.just("fault"), st.tuples(st.integers(1, 6), FAULT)),
    st.tuples(st.just("sns"), FAULT),
    st.tuples(st.just("rival"), st.integers(1, 500)),
)


# What a random walk seldom finds: an event between claim and commit, at the end of a window.
SCENE = st.tuples(
    st.just("scene"),
    st.tuples(st.integers(1, 3), st.sampled_from([WINDOW, MINUTE]), st.none() | FAULT, st.none() | FAULT),
)


@pytest.mark.proves("F30", "F31", "F34", "F38", "G1", "G2", "G3", "G4")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP | SCENE, max_size=25))
@example([("deliver", 3), ("scene", (1, WINDOW, "lost reply", None)), ("advance", MINUTE)])
@example([("deliver", 1), ("advance", WINDOW), ("rival", 5), ("sweep", None)])
@example([("deliver", 9), ("advance", WINDOW), ("fault", (3, "crash before")), ("rival", 2), ("sweep", None)])
@example([("sns", "crash after"), ("deliver", 4), ("advance", LEASE), ("rival", 3), ("sweep", None)])
def test_no_schedule_breaks_the_guarantees(tables, steps):
    store, faults = tables
    clock = Clock(parse_time("2026-01-31T12:00:00Z"))
    name = f"app-{next(_names)}"
    # Time begins anew, and so do the schedule's calls.
    store._dynamodb.delete_item(TableName="sim-alerts", Key={"pk": {"S": "CLOCK"}, "sk": {"S": "SWEEP"}})
    faults.clear()
    world = World(store, faults, AlertKey(name, "ERROR", "f" * 12), clock, Topic(clock))
    for action, argument in itertools.chain.from_iterable(map(unfold, steps)):
        if action == "deliver":
            world.deliver(f"{name}-{len(world.delivered)}", argument)
        elif action == "redeliver" and world.delivered:
            batch = list(world.delivered)[argument % len(world.delivered)]
            world.deliver(batch, world.delivered[batch], again=argument % 3 > 0)
        elif action == "sweep":
            world.sweep()
        elif action == "advance":
            clock.advance(argument)
        elif action == "fault":
            call, fault = argument
            faults.plan[faults.calls + call] = fault
        elif action == "sns":
            world.topic.fail_next = argument
        elif action == "rival":
            world.topic.meanwhile = functools.partial(
                world.deliver, f"{name}-{len(world.delivered)}-rival", argument
            )
    world.finish()
    check(world)
