"""The small pure rules that stores and functions go by, at their edges."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import replace

import pytest

from logctl.core.debounce import (
    CALL_DELAY,
    CLOCK_TOLERANCE,
    KINDS_PER_MESSAGE,
    KINDS_PER_WINDOW,
    LEASE,
    PUBLISH_BUDGET,
    Action,
    AlertKey,
    Call,
    Claim,
    State,
    Status,
    Tally,
    compose,
    counted,
    counted_under,
    decide,
    decide_counted,
    is_new_kind,
    may_publish,
    tally,
)
from logctl.core.deduplication import MAX_BLOCKS, Brought, Places, furthest, marks_of, new_of
from logctl.core.fair_order import Turns
from logctl.core.fingerprint import template
from logctl.core.limits import count_values
from logctl.core.records import LATE, Record
from logctl.core.rows import Row, row_of
from logctl.core.times import HOUR, MINUTE, parse_time

NOON = parse_time("2026-01-31T12:00:00Z")
KILOBYTE = 1024
BLOCK = 256 * KILOBYTE


def line(seq: int, event_id: str = "") -> Row:
    return row_of(Record("app", event_id or f"e{seq}", 0, "INFO", "", seq))


# ── Records of files ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("places", "ends"),
    [
        ([0], (0, 0)),
        ([3 * BLOCK + 1, 7, BLOCK], (7, 3 * BLOCK + 1)),
        ([BLOCK - 1, MAX_BLOCKS * BLOCK - 1], (BLOCK - 1, MAX_BLOCKS * BLOCK - 1)),
        ([BLOCK - 1, MAX_BLOCKS * BLOCK], None),  # it begins in one block more than a message may
        ([], None),
    ],
)
def test_a_message_has_places_if_its_records_begin_in_so_many_blocks_at_most(places, ends):
    found = Places.of([line(place) for place in places])
    assert (found and (found.first, found.last)) == ends
    assert found is None or found.each == places


def test_what_begins_at_a_place_ends_before_the_most_blocks_later():
    for first in (0, 5, BLOCK - 1, 7 * BLOCK + 5):
        last = first // BLOCK * BLOCK + MAX_BLOCKS * BLOCK - 1
        assert Places.of([line(first), line(last)]) is not None
        assert last <= furthest(first)


def test_a_record_is_marked_by_its_id_and_its_place():
    far = 2**32 + 3
    rows = [line(3, "e"), line(far, "f")]
    ids = struct.pack("<2I", zlib.crc32(b"e"), zlib.crc32(b"f"))
    assert marks_of(rows, Places([3, far], 3, far)) == ids + struct.pack("<2I", 3, 3)


def of(rows, *earlier):
    return list(new_of("b", rows, Places.of(rows), earlier))


def test_only_what_another_message_has_brought_is_known():
    one, two, three = line(1), line(2), line(3)
    marks = marks_of([one, three], Places.of([one, three]))
    assert of([one, two, three], Brought("a", 1, 3, marks)) == [two]
    assert of([one, two, three], Brought("b", 1, 3, marks)) == [one, two, three]
    assert of([one, two, three]) == [one, two, three]
    # The same id at another place, and another id at the same place, are other records.
    assert of([line(2, "e1"), line(1, "e2")], Brought("a", 1, 3, marks)) == [line(2, "e1"), line(1, "e2")]


def test_marks_of_an_earlier_version_are_known():
    one, two = line(1), line(2)
    earlier = hashlib.sha256(b"e1\x001").digest()[:8]
    assert of([one, two], Brought("a", 0, 3, earlier=earlier)) == [two]
    # Eight bytes that begin in the middle of two marks are nobody's.
    assert of([one, two], Brought("a", 0, 3, earlier=b"x" + earlier + b"x" * 7)) == [one, two]


# ── How much a message asks for ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1", 1),
        ("[1,2,3]", 4),
        ('{"a":[1],"b":{}}', 5),
        ('"' + "," * 100_000 + '"', 1),
        ('["' + "[" * 100_000, 2),
    ],
    ids=["one", "list", "objects", "one long text", "open text"],
)
def test_values_are_counted_by_what_stands_before_them_outside_of_strings(text, values):
    assert count_values(text) == values


# ── Turns ───────────────────────────────────────────────────────────────────────────────────────────


def keys(app: str, count: int) -> list[AlertKey]:
    return [AlertKey(app, "ERROR", f"{number:012x}") for number in range(count)]


def taken(most: int, *apps: list[AlertKey]) -> tuple[Turns, list[int]]:
    """The turns, and how many keys each app has of them."""
    turns = Turns(most)
    for app in apps:
        for key in app:
            turns.add(key)
    order = list(turns)
    assert len(order) == len(turns)
    return turns, [sum(key.appid == app[0].appid for key in order) for app in apps]


def test_there_are_as_many_turns_as_allowed_and_the_share_is_halved_for_the_next():
    assert taken(8, keys("a", 8))[1] == [8]
    assert taken(8, keys("a", 9))[1] == [8]
    assert taken(8, keys("a", 8), keys("b", 1))[1] == [4, 1]
    assert taken(8, keys("a", 8), keys("b", 9))[1] == [4, 4]
    assert taken(8, keys("a", 8), keys("b", 4), keys("c", 1))[1] == [2, 2, 1]
    assert taken(6, keys("a", 4), keys("b", 2), keys("c", 1))[1] == [3, 2, 1]
    assert taken(4, keys("a", 2), keys("b", 2), keys("c", 1))[1] == [1, 1, 1]


def test_every_app_has_a_turn_even_if_there_are_more_apps_than_turns():
    assert taken(3, *(keys(app, 2) for app in "abcde"))[1] == [1] * 5


def test_a_key_has_one_turn_and_the_turns_go_round():
    a, b = keys("a", 3), keys("b", 1)
    turns, _ = taken(10, a, a, b)
    assert list(turns) == [a[0], b[0], a[1], a[2]]


# ── Alerts ──────────────────────────────────────────────────────────────────────────────────────────

KEY = AlertKey("checkout", "ERROR", "a" * 12)
WINDOW = 15 * MINUTE
DUE = State(KEY, Status.OPEN, seen=5, reported=3, seq=7, observed_at=NOON)


@pytest.mark.parametrize(
    ("now", "action"),
    [(NOON + WINDOW - 1, Action.HOLD), (NOON + WINDOW, Action.SUMMARISE), (NOON - 2 * HOUR, Action.HOLD)],
)
def test_a_summary_is_due_when_the_window_is_over_and_not_before(now, action):
    assert decide(DUE, now, WINDOW) is action


def test_what_has_nothing_to_say_recovers_when_the_window_is_over():
    quiet = replace(DUE, reported=5)
    assert decide(quiet, NOON + WINDOW - 1, WINDOW) is Action.NOTHING
    assert decide(quiet, NOON + WINDOW, WINDOW) is Action.RECOVER
    assert decide(replace(quiet, status=Status.CLOSED), NOON, WINDOW) is Action.NOTHING
    assert decide(replace(DUE, status=Status.CLOSED), NOON, WINDOW) is Action.OPEN


def test_a_silence_holds_back_what_would_be_published_until_it_ends():
    now = NOON + WINDOW
    assert decide(DUE, now, WINDOW, silenced_until=now + 1) is Action.SILENCED
    assert decide(DUE, now, WINDOW, silenced_until=now) is Action.SUMMARISE
    assert decide(DUE, NOON, WINDOW, silenced_until=now) is Action.HOLD
    assert decide(replace(DUE, observed_at=1), 1 - CLOCK_TOLERANCE, WINDOW) is Action.HOLD


@pytest.mark.parametrize(
    ("seen_at", "action"),
    [(0, Action.WAIT), (NOON + WINDOW - LEASE + 1, Action.WAIT), (NOON + WINDOW - LEASE, Action.SUMMARISE)],
)
def test_a_claim_is_waited_for_until_its_lease_is_over_by_the_sweepers_clock(seen_at, action):
    claimed = replace(DUE, lease_owner="somebody", lease_seen_at=seen_at)
    assert decide(claimed, NOON + WINDOW, WINDOW) is action
    assert decide_counted(claimed) is Action.WAIT


def test_the_consumer_opens_what_is_closed_and_no_more():
    assert decide_counted(DUE) is Action.HOLD
    assert decide_counted(replace(DUE, status=Status.CLOSED)) is Action.OPEN
    assert decide_counted(replace(DUE, status=Status.CLOSED, reported=5)) is Action.NOTHING


def test_whoever_stalled_with_a_claim_says_nothing_any_more():
    assert may_publish(NOON, NOON + LEASE - PUBLISH_BUDGET)
    assert not may_publish(NOON, NOON + LEASE - PUBLISH_BUDGET + 1)


def test_how_long_until_the_next_alert():
    assert DUE.window_left(NOON, WINDOW) == WINDOW
    assert DUE.window_left(NOON + WINDOW - 1, WINDOW) == 1
    assert DUE.window_left(NOON + 2 * WINDOW, WINDOW) == 0
    assert replace(DUE, observed_at=0).window_left(NOON, WINDOW) == WINDOW
    assert replace(DUE, status=Status.CLOSED).window_left(NOON, WINDOW) == 0
    assert (replace(DUE, observed_at=1).observed(NOON), replace(DUE, observed_at=0).observed(NOON)) == (
        True,
        False,
    )
    assert replace(DUE, observed_at=NOON + CLOCK_TOLERANCE).observed(NOON)
    assert not replace(DUE, observed_at=NOON + CLOCK_TOLERANCE + 1).observed(NOON)


def test_a_window_begins_when_a_sweep_sees_the_alert_and_never_before_it_came_out():
    call = Call(NOON, began=1_000)
    assert (call.now(1_000), call.now(3_500), call.now(500)) == (NOON, NOON + 2_500, NOON)
    assert DUE.begins_at(call, 3_500) == NOON + 2_500 + CALL_DELAY
    assert replace(DUE, swept_at=NOON - HOUR).begins_at(call, 3_500) == NOON
    assert replace(DUE, swept_at=NOON).begins_at(call, 3_500) == NOON + CALL_DELAY


def test_what_a_message_adds_by_key():
    def error(message: str, ts: int, level: str = "ERROR", flags: tuple[str, ...] = ()) -> Record:
        return Record("checkout", f"e{ts}", ts, level, message, ts, {}, flags)

    long = "cannot reach the bank " + "x" * 2_000
    found = tally(
        [
            error("disk 1 is full", NOON + 9),
            error(long, NOON),
            error("disk 2 is full", NOON + 5),
            error("disk 3 is full", NOON, "INFO"),
            error("disk 4 is full", NOON, flags=(LATE,)),
            error("disk 5 is full", NOON, "FATAL"),
        ],
        "ERROR",
    )
    assert [(one.key.appid, one.key.severity, one.count, one.last_event_at) for one in found] == [
        ("checkout", "ERROR", 2, NOON + 9),
        ("checkout", "ERROR", 1, NOON),
        ("checkout", "FATAL", 1, NOON),
    ]
    assert (found[0].template, found[0].sample) == (template("disk 1 is full"), "disk 1 is full")
    assert (len(found[1].template), len(found[1].sample)) == (500, 1_000)
    assert found[0].key.fingerprint == found[2].key.fingerprint != found[1].key.fingerprint


def test_kinds_beyond_the_limit_of_a_message_are_counted_together():
    def kind(number: int) -> str:
        return "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}") + " failed"

    lines = [Record("checkout", f"e{n}", NOON, "ERROR", kind(n), n) for n in range(KINDS_PER_MESSAGE + 3)]
    found = tally([*lines, lines[0]], "ERROR")
    assert len(found) == KINDS_PER_MESSAGE + 1
    assert (found[0].count, found[-1].count) == (2, 3)
    assert (found[-1].key, found[-1].template) == (KEY.overflow, "errors of many other kinds")
    assert found[-1].sample == kind(KINDS_PER_MESSAGE)


CLAIMED = replace(
    DUE,
    notified_at=NOON,
    claim=Claim(upto=5, seen=1_009, at=NOON + WINDOW, window=WINDOW),
    template="disk <*> is full",
    sample="disk 7 is full",
)
FACTS = """
app:          checkout
level:        ERROR
fingerprint:  aaaaaaaaaaaa
kind:         disk <*> is full
sample:       disk 7 is full
events:       2 in this alert, 1,004 suppressed, 1,009 counted ever
window:       15m
alert id:     checkout#ERROR#aaaaaaaaaaaa#7{recovered}

What to run next:
  logctl tail checkout --since {since} --level ERROR --env test
  logctl debounce show 'checkout#ERROR#aaaaaaaaaaaa' --env test
"""


@pytest.mark.parametrize(
    ("action", "what", "since", "subject"),
    [
        (
            Action.OPEN,
            "The first of its kind. 1,004 more came with it; they and what follows are counted and suppressed "
            "for 15m.",
            "2026-01-31T12:00:00.000Z",
            "[stack] ERROR opened: checkout",
        ),
        (
            Action.SUMMARISE,
            "2 more since 2026-01-31T12:00:00.000Z, still firing. The next summary comes in 15m at the "
            "earliest.",
            "2026-01-31T11:45:00.000Z",
            "[stack] ERROR still firing: checkout (2 more)",
        ),
        (
            Action.RECOVER,
            "Nothing new since the alert of 2026-01-31T12:00:00.000Z.",
            "2026-01-31T12:00:00.000Z",
            "[stack] ERROR recovered: checkout",
        ),
    ],
    ids=["opened", "still firing", "recovered"],
)
def test_an_alert_says_what_its_claim_froze(action, what, since, subject):
    alert = compose(CLAIMED, action, stack="stack", flags=" --env test")
    recovered = "#RECOVERED" if action is Action.RECOVER else ""
    assert alert.body == f"{what}\n{FACTS.format(since=since, recovered=recovered)}"
    assert (alert.subject, alert.count, alert.kind, alert.key) == (subject, 2, action, KEY)
    assert alert.alert_id == f"{KEY}#7{recovered}"


def test_a_recovery_needs_no_claim():
    alert = compose(replace(DUE, reported=5, notified_at=NOON), Action.RECOVER, stack="stack")
    assert alert.count == 0
    assert "events:       0 in this alert, 0 suppressed, 5 counted ever\nwindow:       over\n" in alert.body
    assert alert.body.endswith("  logctl debounce show 'checkout#ERROR#aaaaaaaaaaaa'\n")


def test_after_so_much_text_no_more_is_compared(monkeypatch):
    monkeypatch.setattr("logctl.core.debounce.MAX_COMPARED", 10)
    lines = [
        Record("checkout", f"e{n}", NOON, "ERROR", text, n) for n, text in enumerate(["aaaaa", "bbbbb", "c"])
    ]
    assert [one.key.fingerprint == "overflow" for one in tally(lines, "ERROR")] == [False, False, True]
    monkeypatch.setattr("logctl.core.debounce.LIMIT", 4)
    assert [one.key.fingerprint == "overflow" for one in tally(lines, "ERROR")] == [False, False, False]


def test_what_an_alert_quotes_is_cut():
    alert = compose(replace(CLAIMED, template="t" * 501, sample="s" * 1_501), Action.OPEN, stack="s")
    facts = dict(
        line.split(":", 1) for line in alert.body.splitlines() if line.startswith(("kind", "sample"))
    )
    assert {name: len(text.strip()) for name, text in facts.items()} == {"kind": 500, "sample": 1_500}


@pytest.mark.parametrize(
    ("state", "kinds", "key"),
    [
        (None, KINDS_PER_WINDOW - 1, KEY),
        (None, KINDS_PER_WINDOW, KEY.overflow),
        (replace(DUE, status=Status.CLOSED, reported=5), KINDS_PER_WINDOW, KEY.overflow),
        (replace(DUE, status=Status.CLOSED), KINDS_PER_WINDOW, KEY),
        (DUE, KINDS_PER_WINDOW, KEY),
        (replace(DUE, reported=5), KINDS_PER_WINDOW, KEY),
    ],
    ids=["never counted", "one kind too many", "closed", "closed, to be reported", "open", "open and quiet"],
)
def test_what_would_open_a_kind_too_many_is_counted_under_overflow(state, kinds, key):
    assert counted_under(KEY, state, kinds) == key
    assert counted_under(KEY.overflow, state, kinds) == KEY.overflow
    assert is_new_kind(KEY, state) is (
        state is None or (state.status is Status.CLOSED and state.reported == 5)
    )
    assert not is_new_kind(KEY.overflow, state)


def test_a_tally_adds_to_the_count_and_keeps_the_first_sample():
    addition = Tally(KEY, 3, "kind", "new sample", NOON + 5)
    new = State(KEY, Status.CLOSED, 3, 0, NOON, template="kind", sample="new sample", last_event_at=NOON + 5)
    assert counted(None, addition, NOON) == new
    before = replace(DUE, template="old kind", sample="old sample")
    assert counted(before, addition, NOON) == replace(before, seen=8, last_event_at=NOON + 5)
    assert counted(replace(before, sample=""), addition, NOON).sample == "new sample"
    assert addition.overflow == replace(addition, key=KEY.overflow, template="errors of many other kinds")
