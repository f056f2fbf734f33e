"""The small pure rules that stores and functions go by, at their edges."""

from __future__ import annotations

import hashlib

import pytest

from logctl.core.debounce import AlertKey
from logctl.core.known import Brought, block_of, brought, mark, new_of, span
from logctl.core.records import Record
from logctl.core.turns import Turns

KILOBYTE = 1024
BLOCK = 256 * KILOBYTE


def line(seq: int, event_id: str = "") -> Record:
    return Record("app", event_id or f"e{seq}", 0, "INFO", "", seq)


# ── Records of files ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("seq", "block"), [(0, 0), (BLOCK - 1, 0), (BLOCK, 1), (7 * BLOCK + 5, 7)])
def test_a_record_lies_in_the_block_in_which_it_begins(seq, block):
    assert (block_of(line(seq)), type(block_of(line(seq)))) == (block, int)


def test_a_record_is_marked_by_its_id_and_its_place():
    assert mark(line(3, "e")) == hashlib.sha256(b"e\x003").digest()[:8]
    assert len({mark(line(3, "e")), mark(line(4, "e")), mark(line(3, "f"))}) == 3


@pytest.mark.parametrize(
    ("places", "first", "last"),
    [
        ([0], 0, BLOCK - 1),
        ([5, BLOCK - 1], 5, BLOCK - 1),
        ([BLOCK], BLOCK, 2 * BLOCK - 1),
        ([3 * BLOCK + 1, 7, BLOCK], 7, 4 * BLOCK - 1),
    ],
)
def test_what_can_have_a_record_in_common_ends_between_its_place_and_the_end_of_its_block(
    places, first, last
):
    assert span([line(place) for place in places]) == (first, last)


def test_what_was_brought_is_written_down_block_by_block():
    lines = [line(1), line(BLOCK + 2), line(9), line(BLOCK + 1)]
    assert brought("b", lines) == [
        Brought("b", 9, mark(lines[0]) + mark(lines[2])),
        Brought("b", BLOCK + 2, mark(lines[1]) + mark(lines[3])),
    ]
    assert brought("b", []) == []


def test_only_what_another_message_has_brought_is_known():
    one, two, three = line(1), line(2), line(3)
    marks = mark(one) + mark(three)
    assert new_of("b", [one, two, three], [Brought("a", 3, marks)]) == (two,)
    assert new_of("b", [one, two, three], [Brought("b", 3, marks)]) == (one, two, three)
    assert new_of("b", [one, two, three], []) == (one, two, three)
    # Eight bytes that begin in the middle of two marks are nobody's.
    between = line(0)
    shifted = b"x" + mark(between) + b"x" * 7
    assert new_of("b", [between], [Brought("a", 0, shifted)]) == (between,)


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


def test_every_app_has_a_turn_even_if_there_are_more_apps_than_turns():
    assert taken(3, *(keys(app, 2) for app in "abcde"))[1] == [1] * 5


def test_a_key_has_one_turn_and_the_turns_go_round():
    a, b = keys("a", 3), keys("b", 1)
    turns, _ = taken(10, a, a, b)
    assert list(turns) == [a[0], b[0], a[1], a[2]]
