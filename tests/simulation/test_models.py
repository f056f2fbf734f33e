"""The models are what they model: DynamoDB's against moto's, and the queue against the rules of SQS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from logctl.aws.clients import Aws
from logctl.core.debounce import LEASE, Action, AlertKey, Tally, compose
from logctl.core.silence import Silence
from logctl.core.times import MINUTE, SECOND
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.attention_index import home
from logctl.pipeline.stores.silences import SilenceStore
from tests.helpers.pipeline import make_tables
from tests.simulation.cloud import Cloud
from tests.simulation.fifo import DEDUPLICATION, VISIBILITY, Fifo
from tests.simulation.world import ALERTS, HOT, START, WINDOW

KEYS = [AlertKey("alpha", "ERROR", "a" * 12), AlertKey("alpha", "ERROR", "b" * 12)]


@pytest.fixture(scope="module")
def moto_dynamodb() -> Iterator[Any]:
    with mock_aws():
        aws = Aws(boto3.Session("test", "test", region_name="eu-central-1"))
        names = type("Names", (), {"hot_table": HOT, "alerts_table": ALERTS})
        make_tables(aws, names)  # type: ignore[arg-type]
        yield aws.dynamodb


class Twin:
    """Both stores at once: what one is told, the other is told, and both must say the same."""

    def __init__(self, moto: Any) -> None:
        self.cloud = Cloud(lambda: 0, {HOT: ("app", "chunk"), ALERTS: ("pk", "sk")})
        self._moto = moto
        for item in moto.scan(TableName=ALERTS)["Items"]:
            moto.delete_item(TableName=ALERTS, Key={"pk": item["pk"], "sk": item["sk"]})
        ours: Any = self.cloud.clients(lambda call: call.perform(), lambda: WINDOW).dynamodb
        self.calls = 0
        self.client = _Both(self, ours, moto)

    def compare(self) -> None:
        theirs = {
            (item["pk"]["S"], item["sk"]["S"]): item for item in self._moto.scan(TableName=ALERTS)["Items"]
        }
        assert self.cloud.tables.items[ALERTS] == theirs


class _Both:
    def __init__(self, twin: Twin, ours: Any, theirs: Any) -> None:
        self._twin, self._ours, self._theirs = twin, ours, theirs

    def __getattr__(self, operation: str) -> Any:
        def call(**params: Any) -> Any:
            self._twin.calls += 1
            ours = _outcome(getattr(self._ours, operation), params)
            theirs = _outcome(getattr(self._theirs, operation), params)
            if isinstance(ours, _Refused):
                assert ours == theirs, f"{operation} {params}"
                raise ours.error
            assert not isinstance(theirs, _Refused) and ours[0] == theirs[0], f"{operation} {params}"
            return ours[1]

        return call

    def get_paginator(self, operation: str) -> Any:
        """An index has no second key for what comes at the same time: the order of those is anybody's."""

        class Paginator:
            def paginate(_, **params: Any) -> Any:
                ours, theirs = (
                    [
                        item
                        for page in client.get_paginator(operation).paginate(**params)
                        for item in page["Items"]
                    ]
                    for client in (self._ours, self._theirs)
                )
                assert _unordered(ours) == _unordered(theirs)
                return [{"Items": ours}]

        return Paginator()


class _Refused:
    """A refusal, by its code, its reasons and the item that came with it."""

    def __init__(self, error: ClientError) -> None:
        self.error = error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Refused) and self._facts == other._facts

    @property
    def _facts(self) -> Any:
        response: Any = self.error.response
        reasons = [reason["Code"] for reason in response.get("CancellationReasons", [])]
        return response["Error"]["Code"], reasons, response.get("Item", {})


def _outcome(call: Any, params: Any) -> Any:
    try:
        reply = call(**params)
    except ClientError as error:
        return _Refused(error)
    if "Responses" in reply:
        return [_unordered(items) for items in reply["Responses"].values()], reply
    if "Items" in reply:
        return _unordered(reply["Items"]), reply
    return {name: value for name, value in reply.items() if name in ("Item", "Attributes")}, reply


def _unordered(items: list[Any]) -> Any:
    return sorted((sorted(item.items(), key=repr) for item in items), key=repr)


STEP = st.tuples(
    st.sampled_from(
        ["count", "count", "claim", "claim", "release", "commit", "close", "due", "begin", "silence"]
        + ["observe", "see_claim", "park", "bring_back"]
    ),
    st.sampled_from(KEYS),
    st.integers(0, 3),
    st.sampled_from([0, SECOND, MINUTE, WINDOW]),
)


def made(silences: SilenceStore, target: str, number: int, now: int) -> tuple[Any, ...]:
    """What the store's method of this number takes."""
    silence = Silence(target, now + MINUTE, now, "anna")
    return {0: (target,), 1: (silence,), 2: (silence,), 3: (silences, target, now)}[number]


def _clear(silences: SilenceStore, target: str, now: int) -> None:
    silences.end(target, now=now)


@settings(
    max_examples=60 if os.environ.get("LOGCTL_SOAK") else 30,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(STEP, min_size=5, max_size=25))
def test_every_write_of_the_alert_store_does_in_the_model_what_it_does_in_moto(moto_dynamodb, steps):
    twin = Twin(moto_dynamodb)
    store = AlertStore(twin.client, ALERTS, sleep=lambda seconds: None)
    silences = SilenceStore(twin.client, ALERTS)
    now, claims = START, []
    for verb, key, number, pause in steps:
        now += pause
        state = store.get(key)
        if verb == "count":
            keys = [key, key.overflow, *KEYS[number:]] if number % 2 else [key]
            store.count(
                f"batch-{number}-{key.fingerprint}",
                [
                    Tally(each, 1 + number, "kind", "sample", now)
                    for each in dict.fromkeys(keys)
                    if each.appid == key.appid
                ],
                now=now,
                window=WINDOW,
                again=number > 1,
                part=number == 2,
            )
        elif verb == "due":
            found = [key for page in store.due(home(key), now=now, window=WINDOW) for key in page.keys]
            assert set(store.states(found)) <= set(store.attention([key.appid]))
        elif verb == "begin":
            store.begin_sweep(now - SECOND)
            assert store.last_sweep() >= now - SECOND
        elif verb == "silence":
            (silences.holds, silences.put, silences.holds_nothing, _clear)[number](
                *made(silences, key.appid, number, now), **({"now": now} if number == 2 else {})
            )
        elif verb in ("observe", "see_claim", "park", "bring_back") and state:
            if verb == "observe":
                store.observe(state, at=now)
            elif verb == "see_claim":
                store.see_claim(state, at=now)
            elif verb == "park":
                store.park(state, state.key.appid)
            else:
                store.bring_back(state)
        elif verb == "claim" and state:
            action = [Action.OPEN, Action.SUMMARISE, Action.RECOVER][number % 3]
            if claimed := store.claim(state, action, now=now, window=WINDOW):
                claims.append((claimed, action))
        elif claims and verb in ("release", "commit", "close"):
            # Any claim there ever was, the stale ones too: most of these have to be refused.
            claimed, action = claims[number % len(claims)]
            alert = compose(claimed, action, stack="sim")
            if verb == "release":
                store.release(claimed)
            elif verb == "close":
                store.close(claimed, alert, now=now)
            elif claimed.claim:
                store.commit(claimed, alert, now=now)
    twin.compare()
    assert twin.calls >= len(steps)


# ── The queue ───────────────────────────────────────────────────────────────────────────────────────


def filled(*groups: str) -> Fifo:
    queue = Fifo()
    for number, group in enumerate(groups):
        assert queue.send(group, f"dedup-{number}", "body", now=0, origin=number)
    return queue


def origins(messages: Any) -> list[int]:
    return [message.origin for message in messages]


def test_a_group_waits_while_one_of_it_is_in_flight_and_others_do_not():
    queue = filled("a", "a", "b")
    (first,) = queue.receive(1, now=0)
    assert origins(queue.receive(10, now=1)) == [2]
    assert queue.receive(10, now=1) == []
    assert queue.delete(first.receipt, now=2)
    assert origins(queue.receive(10, now=2)) == [1]


def test_what_is_not_deleted_comes_again_in_order_and_the_old_receipt_is_worth_nothing():
    queue = filled("a", "a")
    first, second = queue.receive(10, now=0)
    again = queue.receive(1, now=VISIBILITY)
    assert (origins(again), again[0].receives) == ([0], 2)
    assert not queue.delete(first.receipt, now=VISIBILITY)
    assert not queue.delete(second.receipt, now=VISIBILITY)
    assert len(queue.messages) == 2


def test_after_the_last_try_it_is_dead_and_a_redrive_makes_it_new():
    queue = filled("a")
    ids = {queue.receive(1, now=n * VISIBILITY)[0].message_id for n in range(queue.most_receives)}
    later = queue.most_receives * VISIBILITY
    assert queue.receive(1, now=later) == [] and len(queue.dead) == 1
    assert queue.redrive(now=later) == 1
    (new,) = queue.receive(1, now=later)
    assert (new.receives, new.sent_at, {new.deduplication_id}) == (1, later, ids)
    assert new.message_id not in ids


def test_the_same_deduplication_id_is_taken_once_in_five_minutes():
    queue = filled("a")
    assert not queue.send("a", "dedup-0", "other", now=DEDUPLICATION - 1, origin=1)
    assert queue.send("a", "dedup-0", "other", now=DEDUPLICATION, origin=1)


def test_the_leases_length_is_shorter_than_the_queues_patience():
    # A consumer that crashed with a claim must not come back before its lease is over.
    assert LEASE < VISIBILITY
