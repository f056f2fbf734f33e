"""Why an event would alert, and when one could: always what the consumer then does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.debounce import (
    CLOCK_TOLERANCE,
    KINDS_PER_WINDOW,
    LEASE,
    Action,
    AlertKey,
    State,
    Status,
    decide,
)
from logctl.core.times import MINUTE, parse_time
from logctl.ops.alerts.explain import Rules, explain
from tests.helpers.alerts import WINDOW, make, silence, sweep
from tests.helpers.messages import event, packed, records
from tests.helpers.pipeline import Pipeline

NOW = parse_time("2026-01-31T12:00:00Z")
KEY = AlertKey("checkout", "ERROR", "0a1b2c3d4e5f")
RULES = Rules("ERROR", WINDOW)
CLOSED = State(KEY, Status.CLOSED, seen=0, reported=0, seq=NOW)
OPEN = State(
    KEY, Status.OPEN, seen=5, reported=3, seq=NOW, notified_at=NOW - 5 * MINUTE, observed_at=NOW - 5 * MINUTE
)


@pytest.mark.parametrize(
    ("state", "silenced_until", "action", "wait", "words"),
    [
        (None, 0, Action.OPEN, 0, "nothing was counted before): the first event alerts at once"),
        (replace(CLOSED, seen=7, reported=7), 0, Action.OPEN, 0, "7 were counted before"),
        (replace(CLOSED, seen=7, reported=4), 0, Action.OPEN, 0, "3 unreported events"),
        (OPEN, 0, Action.HOLD, 10 * MINUTE, "the window is 15m; 2 are suppressed"),
        (replace(OPEN, seen=3), 0, Action.HOLD, 10 * MINUTE, "nothing is suppressed"),
        (replace(OPEN, observed_at=NOW - WINDOW), 0, Action.SUMMARISE, 0, "reports all 3"),
        (replace(OPEN, observed_at=0), 0, Action.HOLD, WINDOW, "2 are suppressed"),
        (replace(OPEN, observed_at=NOW + CLOCK_TOLERANCE + 1), 0, Action.HOLD, WINDOW, "suppressed"),
        (replace(OPEN, lease_owner="x"), 0, Action.WAIT, 10 * MINUTE, "being published"),
        (replace(CLOSED, seen=1, lease_owner="x"), 0, Action.WAIT, LEASE, "being published"),
        (
            replace(CLOSED, seen=1, lease_owner="x", lease_seen_at=NOW - 1),
            0,
            Action.WAIT,
            LEASE - 1,
            "being published",
        ),
        (None, NOW + 5, Action.SILENCED, 5, "silenced until 2026-01-31T12:00:00.005Z"),
        (OPEN, NOW + 20 * MINUTE, Action.HOLD, 20 * MINUTE, "suppressed"),
        (replace(OPEN, observed_at=NOW - WINDOW), NOW + 1, Action.SILENCED, 1, "2 are suppressed"),
    ],
)
def test_the_reason_and_the_moment(state, silenced_until, action, wait, words):
    told = explain(KEY, state, NOW, RULES, silenced_until=silenced_until)
    assert (told.action, told.at) == (action, NOW + wait)
    assert words in told.why
    assert told.alerts == (wait == 0)


def test_a_level_that_never_alerts():
    told = explain(replace(KEY, severity="WARN"), None, NOW, RULES)
    assert (told.alerts, told.at) == (False, None)
    assert told.why == "WARN is below alert_level, which is ERROR: it never alerts."
    assert explain(replace(KEY, severity="WARN"), None, NOW, Rules("WARN", WINDOW)).alerts


def test_a_kind_too_many_is_explained_by_the_overflow_it_is_counted_under():
    full = replace(OPEN, key=KEY.overflow)
    told = explain(KEY, None, NOW, RULES, kinds=KINDS_PER_WINDOW, overflow=full)
    assert (told.key, told.action, told.at) == (KEY.overflow, Action.HOLD, NOW + 10 * MINUTE)
    assert told.why.startswith("20 kinds of checkout have opened in this window")
    assert explain(KEY, None, NOW, RULES, kinds=KINDS_PER_WINDOW - 1, overflow=full).action is Action.OPEN
    assert explain(KEY, OPEN, NOW, RULES, kinds=KINDS_PER_WINDOW, overflow=full).key == KEY


def test_a_changed_window_takes_effect_at_once():
    assert explain(KEY, OPEN, NOW, RULES).at == NOW + 10 * MINUTE
    assert explain(KEY, OPEN, NOW, Rules("ERROR", 6 * MINUTE)).at == NOW + MINUTE
    assert explain(KEY, OPEN, NOW, Rules("ERROR", 5 * MINUTE)).alerts


moments = st.integers(NOW - 2 * WINDOW, NOW + 2 * WINDOW)


@given(
    st.sampled_from(Status), st.integers(0, 5), st.integers(0, 3), moments, moments, moments,
    st.sampled_from([1, MINUTE, WINDOW, 3 * WINDOW]),
)  # fmt: skip
def test_what_is_said_is_what_is_decided(
    status, seen, held, observed_at, lease_seen_at, silenced_until, window
):
    owner = "x" if lease_seen_at > NOW - LEASE else ""
    state = State(
        KEY,
        status,
        seen + held,
        seen,
        1,
        observed_at=observed_at,
        lease_owner=owner,
        lease_seen_at=lease_seen_at,
    )
    told = explain(KEY, state, NOW, Rules("ERROR", window), silenced_until=silenced_until)
    one_more = replace(state, seen=state.seen + 1)
    assert told.action is decide(one_more, NOW, window, silenced_until=silenced_until)
    assert told.at is not None
    if status is Status.OPEN and not state.observed(NOW):
        # It begins with the sweep that sees it.
        one_more = replace(one_more, observed_at=NOW)
    assert decide(one_more, told.at, window, silenced_until=silenced_until).publishes
    if told.at > NOW:
        assert not decide(one_more, told.at - 1, window, silenced_until=silenced_until).publishes


def test_the_consumer_does_what_was_said(pipeline: Pipeline, store, silences):
    from logctl.core.fingerprint import fingerprint

    key = AlertKey("checkout", "ERROR", fingerprint("timed out 1 0"))

    def told():
        return explain(
            key,
            store.get(key),
            pipeline.clock(),
            RULES,
            silenced_until=silences.until(key, now=pipeline.clock()),
            kinds=store.kinds("checkout", now=pipeline.clock(), window=WINDOW),
        )

    def send(name: str) -> int:
        items = records(1, level="ERROR", message=f"timed out {name}", ts=pipeline.clock())
        pipeline.consumer.process(event(packed(items, name=name, sent_at=pipeline.clock())))
        return len(pipeline.alerts())

    assert told().alerts
    assert send("1") == 1
    assert store.kinds("checkout", now=pipeline.clock(), window=WINDOW) == 1
    assert told().action is Action.HOLD
    assert send("2") == 0
    sweeper = make(pipeline, store)
    pipeline.clock.advance(MINUTE)
    assert sweep(sweeper) == {}
    pipeline.clock.now = told().at
    silences.put(silence("checkout", until=pipeline.clock() + MINUTE))
    assert told().action is Action.SILENCED
    assert send("3") == 0
    pipeline.clock.now = told().at
    assert told().action is Action.SUMMARISE
    assert send("4") == 0
    assert sweep(sweeper) == {Action.SUMMARISE: 1}
    # The window that is configured next is the one that counts.
    pipeline.clock.advance(MINUTE)
    assert sweep(sweeper) == {}
    pipeline.clock.advance(MINUTE)
    assert explain(key, store.get(key), pipeline.clock(), Rules("ERROR", MINUTE)).alerts
    assert sweep(make(pipeline, store, window=MINUTE)) == {Action.RECOVER: 1}
