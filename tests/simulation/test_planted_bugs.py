"""The harness is worth something: each of these bugs, planted in the real code, is found by the default run.

The schedules are those of `test_pipeline.py`, the same each time.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis.stateful import run_state_machine_as_test

from logctl.core import debounce
from logctl.core.debounce import Action, decide
from logctl.core.partitions import Partition
from logctl.pipeline import alerts, consumer
from logctl.pipeline.alert_store import AlertStore
from logctl.pipeline.alerts import Alerter
from logctl.pipeline.cold import ColdStore
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.hot import HotStore
from tests.simulation.machines import HUNTING, DebouncePath, RecordPath, one_fault_at_each_call
from tests.simulation.world import Violation, World

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Bug:
    """A bug, where it is looked for, and how it gets into the code."""

    name: str
    path: type[Any]
    plant: Callable[[Patch], None]


BUGS: list[Bug] = []


def bug(path: type[Any]) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    def note(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
        BUGS.append(Bug(plant.__name__.replace("_", " "), path, plant))
        return plant

    return note


# ── Records ─────────────────────────────────────────────────────────────────────────────────────────


@bug(RecordPath)
def a_random_key_in_s3(patch: Patch) -> None:
    numbers = random.Random(1)
    patch.setattr(
        Partition, "object_key", lambda self, batch_id: f"{self.prefix}{numbers.randbytes(8).hex()}.json.gz"
    )


@bug(RecordPath)
def a_partition_by_the_clock(patch: Patch) -> None:
    real = Consumer._mark_late
    patch.setattr(
        Consumer,
        "_mark_late",
        lambda self, record, message: replace(real(self, record, message), ts=self._clock()),
    )


@bug(RecordPath)
def deduplication_by_content(patch: Patch) -> None:
    patch.setattr(World, "deduplication_id", lambda self, sent: sent.body)


@bug(RecordPath)
def a_failed_write_is_acknowledged(patch: Patch) -> None:
    real = Consumer._done

    def done(self: Consumer, message: Any) -> bool:
        real(self, message)
        return True

    patch.setattr(Consumer, "_done", done)


@bug(RecordPath)
def a_group_is_not_held_back(patch: Patch) -> None:
    def process(self: Consumer, event: Any, *, remaining: Any = None) -> Any:
        messages = [consumer.Message.parse(record) for record in event["Records"]]
        failed = [message for message in messages if not self._done(message)]
        return {"batchItemFailures": [{"itemIdentifier": message.message_id} for message in failed]}

    patch.setattr(Consumer, "process", process)


@bug(RecordPath)
def one_failure_holds_back_every_group(patch: Patch) -> None:
    real = consumer.Message.parse.__func__  # type: ignore[attr-defined]
    held: list[bool] = []

    def process(self: Consumer, event: Any, *, remaining: Any = None) -> Any:
        held.clear()
        failures = []
        for record in event["Records"]:
            message = real(consumer.Message, record)
            if held or not self._done(message):
                held.append(True)
                failures.append({"itemIdentifier": message.message_id})
        return {"batchItemFailures": failures}

    patch.setattr(Consumer, "process", process)


@bug(RecordPath)
def poison_is_tried_for_ever(patch: Patch) -> None:
    def set_aside(self: Consumer, *_: Any) -> None:
        raise ClientError({"Error": {"Code": "Poison", "Message": ""}}, "SetAside")

    patch.setattr(Consumer, "_set_aside", set_aside)


@bug(RecordPath)
def poison_is_dropped(patch: Patch) -> None:
    patch.setattr(Consumer, "_set_aside", lambda *_: None)


@bug(RecordPath)
def hot_rows_are_keyed_by_arrival(patch: Patch) -> None:
    real = HotStore.put
    patch.setattr(
        HotStore,
        "put",
        lambda self, chunk, *, now, retention: real(
            self, replace(chunk, batch_id=f"{chunk.batch_id}-{now}"), now=now, retention=retention
        ),
    )


@bug(RecordPath)
def cold_storage_is_skipped_when_it_fails(patch: Patch) -> None:
    real = ColdStore.put

    def put(self: ColdStore, *arguments: Any) -> str:
        try:
            return real(self, *arguments)
        except (ClientError, BotoCoreError):
            return ""

    patch.setattr(ColdStore, "put", put)


# ── Alerts ──────────────────────────────────────────────────────────────────────────────────────────


@bug(DebouncePath)
def an_event_is_counted_at_each_delivery(patch: Patch) -> None:
    numbers = random.Random(2)
    real = AlertStore._marker
    patch.setattr(
        AlertStore,
        "_marker",
        lambda self, batch_id, key, now: real(self, numbers.randbytes(8).hex(), key, now),
    )


@bug(DebouncePath)
def the_counter_has_no_marker(patch: Patch) -> None:
    real = AlertStore._transact
    patch.setattr(
        AlertStore,
        "_transact",
        lambda self, items: real(self, [item for item in items if "Put" not in item]),
    )


@bug(DebouncePath)
def the_state_is_committed_and_the_alert_is_never_tried_again(patch: Patch) -> None:
    """State before publish: whoever dies or fails in between has lost the alert."""
    real = Alerter._publish

    def publish(self: Alerter, alert: Any) -> None:
        state = self._store.get(alert.key)
        if state and state.claim and alert.kind is not Action.RECOVER:
            self._store.commit(state, alert, now=self._clock())
        real(self, alert)

    patch.setattr(Alerter, "_publish", publish)


@bug(DebouncePath)
def the_alert_is_published_before_it_is_claimed(patch: Patch) -> None:
    def settle(self: Alerter, state: Any) -> Action:
        now = self._clock()
        action = decide(state, now, self._window)
        if not action.publishes:
            return action
        self._publish(alerts.compose(state, action, stack=self._stack))
        claimed = self._store.claim(state, action, now=now, window=self._window)
        if claimed is None:
            return Action.WAIT
        alert = alerts.compose(claimed, action, stack=self._stack)
        commit = self._store.close if action is Action.RECOVER else self._store.commit
        commit(claimed, alert, now=now)
        return action

    patch.setattr(Alerter, "settle", settle)


@bug(DebouncePath)
def a_summary_resets_the_count(patch: Patch) -> None:
    real = AlertStore._update_if

    def update_if(self: AlertStore, state: Any, update: str, *arguments: Any) -> bool:
        return real(self, state, update.replace("reported = :upto", "reported = seen"), *arguments)

    patch.setattr(AlertStore, "_update_if", update_if)


@bug(DebouncePath)
def nobody_sweeps(patch: Patch) -> None:
    patch.setattr(World, "sweeping", lambda self, alerter: None)


@bug(DebouncePath)
def what_a_claim_covers_is_not_frozen(patch: Patch) -> None:
    patch.setattr(
        alerts,
        "compose",
        lambda state, action, **options: debounce.compose(
            replace(state, claim=state.claim and replace(state.claim, upto=state.seen)), action, **options
        ),
    )


@bug(DebouncePath)
def a_failed_publish_is_taken_for_done(patch: Patch) -> None:
    real = Alerter._publish

    def publish(self: Alerter, alert: Any) -> None:
        with contextlib.suppress(ClientError, BotoCoreError):
            real(self, alert)

    patch.setattr(Alerter, "_publish", publish)


def test_there_are_enough():
    assert len(BUGS) >= 12


@pytest.mark.parametrize("planted", BUGS, ids=[each.name.replace(" ", "-") for each in BUGS])
def test_it_is_found(planted: Bug, monkeypatch):
    planted.plant(monkeypatch)
    with pytest.raises(Violation):
        one_fault_at_each_call()
        run_state_machine_as_test(planted.path, settings=HUNTING)
