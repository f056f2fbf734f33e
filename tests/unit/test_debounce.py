"""The rules of alerting, as pure decisions and words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.debounce import (
    CALL_DELAY,
    CLOCK_TOLERANCE,
    KINDS_PER_MESSAGE,
    LEASE,
    PUBLISH_BUDGET,
    SUBJECT_LIMIT,
    Action,
    AlertKey,
    Call,
    Claim,
    State,
    Status,
    compose,
    decide,
    decide_counted,
    may_publish,
    tally,
)
from logctl.core.records import LATE, Record
from logctl.core.safe_text import neutralise_lines
from logctl.core.times import DAY, HOUR, MINUTE, SECOND, parse_time

NOW = parse_time("2026-01-31T12:00:00Z")
WINDOW = 15 * MINUTE
KEY = AlertKey("checkout", "ERROR", "0a1b2c3d4e5f")


def closed(**changes) -> State:
    return replace(State(KEY, Status.CLOSED, seen=0, reported=0, seq=NOW), **changes)


def open_(**changes) -> State:
    state = State(KEY, Status.OPEN, seen=1, reported=1, seq=NOW, notified_at=NOW, observed_at=NOW)
    return replace(state, **changes)


@pytest.mark.proves("F41")
@pytest.mark.parametrize(
    ("state", "at", "action"),
    [
        (closed(), NOW, Action.NOTHING),
        (closed(seen=1), NOW, Action.OPEN),
        (closed(seen=500), NOW, Action.OPEN),
        (closed(seen=9, reported=8, notified_at=NOW), NOW + 1, Action.OPEN),
        (open_(), NOW + 1, Action.NOTHING),
        (open_(seen=500), NOW + WINDOW - 1, Action.HOLD),
        (open_(seen=500), NOW + WINDOW, Action.SUMMARISE),
        (open_(), NOW + WINDOW, Action.RECOVER),
        (closed(seen=1, lease_owner="x"), NOW + DAY, Action.WAIT),
        (closed(seen=1, lease_owner="x", lease_seen_at=NOW), NOW + LEASE - 1, Action.WAIT),
        (closed(seen=1, lease_owner="x", lease_seen_at=NOW), NOW + LEASE, Action.OPEN),
        (open_(seen=2, observed_at=0), NOW + DAY, Action.HOLD),
        (open_(observed_at=0), NOW + DAY, Action.NOTHING),
        (open_(seen=2, notified_at=NOW + DAY), NOW + WINDOW, Action.SUMMARISE),
        (open_(seen=2, observed_at=NOW + CLOCK_TOLERANCE + 1), NOW, Action.HOLD),
    ],
)
def test_decisions(state, at, action):
    assert decide(state, at, WINDOW) is action


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (closed(), Action.NOTHING),
        (closed(seen=1), Action.OPEN),
        (closed(seen=1, lease_owner="x", lease_seen_at=1), Action.WAIT),
        (open_(seen=9), Action.HOLD),
        (open_(seen=9, observed_at=1), Action.HOLD),
    ],
)
def test_the_consumer_opens_what_is_closed_and_no_more(state, action):
    assert decide_counted(state) is action


@pytest.mark.proves("F51")
def test_a_window_begins_after_its_alert_whoever_published_it():
    """By the schedule's clock, a call of which may come late: never before the alert was out."""
    call = Call(at=NOW, began=NOW - HOUR)
    by_the_consumer, by_a_sweep = open_(observed_at=0), open_(observed_at=0, swept_at=NOW - MINUTE)
    assert by_the_consumer.begins_at(call, NOW - HOUR) == NOW + CALL_DELAY
    # A sweep that has run for a while sees what came out meanwhile.
    assert by_the_consumer.begins_at(call, NOW - HOUR + 40 * SECOND) == NOW + 40 * SECOND + CALL_DELAY
    assert by_a_sweep.begins_at(call, NOW - HOUR + 40 * SECOND) == NOW
    assert replace(by_a_sweep, swept_at=NOW - SECOND).begins_at(call, NOW) == NOW - SECOND + CALL_DELAY
    # Its clock is set back while it runs: that takes nothing off.
    assert by_the_consumer.begins_at(call, NOW - DAY) == NOW + CALL_DELAY


def test_a_window_that_begins_in_a_broken_clocks_future_begins_anew():
    broken = open_(observed_at=NOW + CLOCK_TOLERANCE + 1)
    assert not broken.observed(NOW)
    assert broken.window_left(NOW, WINDOW) == WINDOW
    assert open_(observed_at=NOW + CLOCK_TOLERANCE).observed(NOW)


def test_a_shorter_window_works_at_once():
    held = open_(seen=9)
    assert decide(held, NOW + 2 * MINUTE, WINDOW) is Action.HOLD
    assert decide(held, NOW + 2 * MINUTE, MINUTE) is Action.SUMMARISE


@pytest.mark.proves("F37")
def test_a_publisher_that_stalled_does_not_speak():
    assert may_publish(NOW, NOW + LEASE - PUBLISH_BUDGET)
    assert not may_publish(NOW, NOW + LEASE - PUBLISH_BUDGET + 1)


def record(message: str, level: str = "ERROR", **changes) -> Record:
    return replace(Record("checkout", "id-1", NOW, level, message), **changes)


def test_a_message_counts_once_per_key():
    tallies = tally(
        [record(f"timed out after {n} ms") for n in range(500)]
        + [record("disk full")]
        + [record("timed out after 1 ms", "FATAL"), record("fine", "INFO"), record("?", "UNKNOWN")],
        "ERROR",
    )
    assert [(item.key.severity, item.count) for item in tallies] == [
        ("ERROR", 500),
        ("ERROR", 1),
        ("FATAL", 1),
    ]
    assert len({item.key for item in tallies}) == 3


@pytest.mark.proves("F18")
def test_late_records_do_not_alert():
    assert tally([record("x").flagged(LATE)], "ERROR") == []


def test_a_flood_of_kinds_is_counted_together():
    words = [f"{chr(97 + n % 26)}{chr(97 + n // 26)} failed" for n in range(100)]
    tallies = tally([record(word) for word in words], "ERROR")
    assert len(tallies) == KINDS_PER_MESSAGE + 1
    assert str(tallies[-1].key) == "checkout#ERROR#overflow"
    assert sum(item.count for item in tallies) == 100


def test_keys_as_text():
    assert AlertKey.parse(str(KEY)) == KEY
    for bad in (
        "",
        "checkout",
        "checkout#ERROR",
        "checkout#LOUD#x",
        "UPPER#ERROR#x",
        "a#ERROR#",
        "a#ERROR#x#y",
    ):
        with pytest.raises(ValueError):
            AlertKey.parse(bad)


def claimed(action: Action) -> State:
    state = (
        closed(seen=500) if action is Action.OPEN else open_(seen=500 if action is Action.SUMMARISE else 1)
    )
    claim = None if action is Action.RECOVER else Claim(1 if action is Action.OPEN else 500, 500, NOW, WINDOW)
    return replace(state, claim=claim, template="timed out after <*> ms", sample="timed out after 7 ms")


def test_the_opening_alert_tells_of_one_event_and_the_summary_of_the_rest():
    opening, summary = (
        compose(claimed(Action.OPEN), Action.OPEN, stack="logctl-dev"),
        compose(claimed(Action.SUMMARISE), Action.SUMMARISE, stack="logctl-dev"),
    )
    assert (opening.count, summary.count) == (1, 499)
    assert opening.subject == "[logctl-dev] ERROR opened: checkout"
    assert summary.subject == "[logctl-dev] ERROR still firing: checkout (499 more)"
    assert "499 more came with it" in opening.body
    assert "499 more since 2026-01-31T12:00:00.000Z, still firing" in summary.body
    assert "logctl tail checkout --since" in opening.body
    assert "logctl debounce show 'checkout#ERROR#0a1b2c3d4e5f'" in opening.body


def test_a_copy_says_the_same_whatever_came_meanwhile():
    state = claimed(Action.OPEN)
    later = replace(state, seen=9_999, last_event_at=NOW + MINUTE, lease_owner="other", lease_seen_at=NOW + 1)
    assert compose(state, Action.OPEN, stack="s") == compose(later, Action.OPEN, stack="s")


def test_recovery_has_an_id_of_its_own():
    alert = compose(claimed(Action.RECOVER), Action.RECOVER, stack="logctl-dev")
    assert alert.alert_id == f"{KEY}#{NOW}#RECOVERED"
    assert alert.count == 0


@pytest.mark.proves("F36", "B53")
@given(st.text(st.characters()), st.text(st.characters()))
def test_no_message_makes_an_alert_that_sns_refuses(template, sample):
    state = replace(claimed(Action.SUMMARISE), template=template, sample=sample)
    alert = compose(state, Action.SUMMARISE, stack="p" * 12 + "-" + "e" * 14)
    assert alert.subject.isascii()
    assert alert.subject.isprintable()
    assert len(alert.subject) <= SUBJECT_LIMIT
    assert 0 < len(alert.body.encode()) <= 32_768
    assert neutralise_lines(alert.body) == alert.body
