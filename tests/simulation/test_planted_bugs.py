"""The harness is worth something: each of these bugs, planted in the real code, is found by the default run.

First by a changed window and by every fault at every call, then, for what takes messages of several apps, by a
search that is the same each time. Without a bug neither finds anything: `test_pipeline.py`, and the control below.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis.stateful import run_state_machine_as_test
from msgspec import structs

from logctl.core import debounce, times
from logctl.core.debounce import Action
from logctl.core.partitions import Partition
from logctl.pipeline.alerting import alerter as alerts
from logctl.pipeline.alerting.alerter import Alerter
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.alerting.topic import AlertTopic
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.delivery.batch import Trials, _Round
from logctl.pipeline.delivery.sqs_message import Message
from logctl.pipeline.stores import count_plan
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.cold import ColdStore
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.outbox import Outbox
from tests.simulation.machines import (
    HUNTING,
    RecordPath,
    a_shorter_window,
    clocks_that_differ,
    one_fault_among_several_apps,
    one_fault_at_each_call,
)
from tests.simulation.world import Violation, World

Patch = pytest.MonkeyPatch


BUGS: list[Callable[[Patch], None]] = []


def bug(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
    BUGS.append(plant)
    return plant


# ── Records ─────────────────────────────────────────────────────────────────────────────────────────


@bug
def a_random_key_in_s3(patch: Patch) -> None:
    numbers = random.Random(1)
    patch.setattr(
        Partition, "object_key", lambda self, batch_id: f"{self.prefix}{numbers.randbytes(8).hex()}.json.gz"
    )


@bug
def a_partition_by_the_clock(patch: Patch) -> None:
    real = Consumer._final
    patch.setattr(
        Consumer,
        "_final",
        lambda self, *given: [
            structs.replace(row, ts=times.iso(self._clock())) for row in real(self, *given)
        ],
    )


@bug
def deduplication_by_content(patch: Patch) -> None:
    patch.setattr(World, "deduplication_id", lambda self, sent: sent.body)


@bug
def a_failed_write_is_acknowledged(patch: Patch) -> None:
    real = Trials._tried

    def tried(self: Trials, *given: Any) -> bool:
        real(self, *given)
        return True

    patch.setattr(Trials, "_tried", tried)


def _tried(trials: Trials, message: Message, remaining: Any) -> bool:
    return trials._tried(message, _Round(remaining, {}, 1))


@bug
def a_group_is_not_held_back(patch: Patch) -> None:
    def run(self: Trials, messages: Any, remaining: Any) -> set[str]:
        return {each.message_id for each in messages if not _tried(self, each, remaining)}

    patch.setattr(Trials, "run", run)


@bug
def one_failure_holds_back_every_group(patch: Patch) -> None:
    def run(self: Trials, messages: Any, remaining: Any) -> set[str]:
        failed: set[str] = set()
        for message in messages:
            if failed or not _tried(self, message, remaining):
                failed.add(message.message_id)
        return failed

    patch.setattr(Trials, "run", run)


@bug
def poison_is_tried_for_ever(patch: Patch) -> None:
    def set_aside(self: Consumer, *_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "Poison", "Message": ""}}, "SetAside")

    patch.setattr(Consumer, "_set_aside", set_aside)


@bug
def poison_is_dropped(patch: Patch) -> None:
    patch.setattr(Consumer, "_set_aside", lambda *_, **__: None)


@bug
def hot_rows_are_keyed_by_arrival(patch: Patch) -> None:
    real = HotStore.put
    patch.setattr(
        HotStore,
        "put",
        lambda self, chunk, *, now, retention: real(
            self, replace(chunk, batch_id=f"{chunk.batch_id}-{now}"), now=now, retention=retention
        ),
    )


@bug
def cold_storage_is_skipped_when_it_fails(patch: Patch) -> None:
    real = ColdStore.put

    def put(self: ColdStore, *arguments: Any) -> str:
        try:
            return real(self, *arguments)
        except (ClientError, BotoCoreError):
            return ""

    patch.setattr(ColdStore, "put", put)


# ── Alerts ──────────────────────────────────────────────────────────────────────────────────────────


@bug
def an_event_is_counted_at_each_delivery(patch: Patch) -> None:
    numbers = random.Random(2)
    real = count_plan.put_marker
    patch.setattr(
        count_plan,
        "put_marker",
        lambda table, batch_id, name, now: real(table, numbers.randbytes(8).hex(), name, now),
    )


@bug
def the_counter_has_no_marker(patch: Patch) -> None:
    real = AlertStore._transact
    patch.setattr(
        AlertStore,
        "_transact",
        lambda self, items: real(self, [item for item in items if "Put" not in item]),
    )


@bug
def the_state_is_committed_and_the_alert_is_never_tried_again(patch: Patch) -> None:
    """State before publish: whoever dies or fails in between has lost the alert."""
    real = Alerter._send

    def send(self: Alerter, claimed: Any, alert: Any) -> bool:
        if claimed.claim and alert.kind is not Action.RECOVER:
            self.store.commit(claimed, alert, now=self.clock())
        return real(self, claimed, alert)

    patch.setattr(Alerter, "_send", send)


@bug
def the_alert_is_published_before_it_is_claimed(patch: Patch) -> None:
    def publish(self: Alerter, state: Any, action: Action, *, call: Any = None) -> Action:
        now = self.clock()
        self.topic.publish(alerts.compose(state, action, stack=self._stack))
        claimed = self.store.claim(state, action, now=now, window=self.window)
        if claimed is None:
            return Action.WAIT
        alert = alerts.compose(claimed, action, stack=self._stack)
        commit = self.store.close if action is Action.RECOVER else self.store.commit
        commit(claimed, alert, now=now)
        return action

    patch.setattr(Alerter, "publish", publish)


@bug
def a_summary_resets_the_count(patch: Patch) -> None:
    real = AlertStore._update_if

    def update_if(self: AlertStore, state: Any, update: str, *arguments: Any) -> bool:
        return real(self, state, update.replace("reported = :upto", "reported = seen"), *arguments)

    patch.setattr(AlertStore, "_update_if", update_if)


@bug
def the_end_of_a_window_is_stored(patch: Patch) -> None:
    """A window that is made shorter does not end what was begun with the longer one."""
    stored: dict[str, int] = {}
    real = AlertStore.due

    def due(self: AlertStore, place: str, *, now: int, window: int, start: Any = None) -> Any:
        return real(self, place, now=now, window=stored.setdefault(place, window), start=start)

    patch.setattr(AlertStore, "due", due)


@bug
def nobody_sweeps(patch: Patch) -> None:
    patch.setattr(World, "sweeping", lambda self, alerter, called_at: None)


@bug
def what_a_claim_covers_is_not_frozen(patch: Patch) -> None:
    patch.setattr(
        alerts,
        "compose",
        lambda state, action, **options: debounce.compose(
            replace(state, claim=state.claim and replace(state.claim, upto=state.seen)), action, **options
        ),
    )


@bug
def a_failed_publish_is_taken_for_done(patch: Patch) -> None:
    real = AlertTopic.publish

    def publish(self: AlertTopic, alert: Any) -> None:
        with contextlib.suppress(ClientError, BotoCoreError):
            real(self, alert)

    patch.setattr(AlertTopic, "publish", publish)


# ── Clocks ──────────────────────────────────────────────────────────────────────────────────────────


@bug
def a_window_begins_by_the_publishers_clock(patch: Patch) -> None:
    real = AlertStore.commit

    def commit(self: AlertStore, state: Any, alert: Any, *, now: int, swept_at: int = 0) -> bool:
        done = real(self, state, alert, now=now, swept_at=swept_at)
        if done:
            self.observe(replace(state, seq=state.seq + 1, observed_at=0), at=now)
        return done

    patch.setattr(AlertStore, "commit", commit)


@bug
def a_sweep_goes_by_its_own_clock(patch: Patch) -> None:
    patch.setattr(World, "sweeping", lambda self, alerter, called_at: Sweep(alerter).run(alerter.clock()))


@bug
def a_call_that_comes_again_is_obeyed(patch: Patch) -> None:
    patch.setattr(AlertStore, "begin_sweep", lambda self, called_at: True)


@bug
def what_cannot_be_counted_is_forgotten(patch: Patch) -> None:
    patch.setattr(Outbox, "put", lambda self, batch_id, tallies: None)


@bug
def what_was_counted_late_is_never_removed_or_counted(patch: Patch) -> None:
    patch.setattr(Outbox, "rows", lambda self, place, most: [])


def search() -> None:
    run_state_machine_as_test(RecordPath, settings=HUNTING)


def test_there_are_enough():
    assert len(BUGS) >= 12


def test_without_a_bug_the_same_search_finds_nothing():
    search()


@pytest.mark.parametrize("plant", BUGS, ids=[plant.__name__.replace("_", "-") for plant in BUGS])
def test_it_is_found(plant, monkeypatch):
    plant(monkeypatch)
    with pytest.raises(Violation):
        a_shorter_window()
        one_fault_among_several_apps()
        one_fault_at_each_call()
        clocks_that_differ()
        search()
