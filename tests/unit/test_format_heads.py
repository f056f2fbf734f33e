"""How heads of formats are taken apart, so that a line meets few of them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from logctl.core.formats.format_tree import FormatTree, _heads
from logctl.core.formats.pattern_starts import first_characters, optional_end
from logctl.core.formats.reading import Context, Format
from logctl.core.formats.time_forms import scan_time

CONTEXT = Context(1_795_780_800_000)


@pytest.mark.parametrize(
    ("head", "heads"),
    [
        (r"\[<time>", [r"\[<time>"]),
        (r"\[?<time>", [r"\[<time>", "<time>"]),
        (r"(?:<[ ]?)?<time>", [r"(?:<[ ]?)<time>", "<time>"]),
        (r"(?:a)?[*.]?<time>", [r"(?:a)[*.]?<time>", "[*.]<time>", "<time>"]),
        (r"(?:a)?(?=b)<time>", [r"(?:a)(?=b)<time>", "(?=b)<time>"]),
        *(
            (head, [head])
            for head in ("(?:a)??b", "(?:a)?+b", "(?=a)?b", "(?P<x>a)?b", "(?:a|b)*c", r"\d+x", "")
        ),
    ],
)
def test_optional_parts_at_the_start_make_several_heads(head, heads):
    assert _heads(head) == heads


def test_a_head_with_many_optional_parts_is_not_taken_apart_without_end():
    assert len(_heads("a?" * 30 + "b")) <= 8


@pytest.mark.parametrize(
    ("pattern", "end"),
    [("a?b", 2), (r"\[?b", 3), ("[ab]?c", 5), ("(?:a)?b", 6), ("a", 0), ("", 0), (".?a", 0)],
)
def test_the_end_of_an_optional_part(pattern, end):
    assert optional_end(pattern) == end


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("(?=[ab]c)", "ab"),
        (r"\ (?=[ab])\S", "ab"),
        (r"(?=a?)\d", "0123456789"),
        ("(?=a|b)(?:c|d)", "ab"),
        ("(?!a)b", "b"),
    ],
)
def test_what_has_to_follow_is_what_a_pattern_begins_with(pattern, first):
    assert first_characters(pattern) == frozenset(first)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("[7] 2026-11-27 10:15:30 x", {"pid": 7}),
        ("2026-11-27 10:15:30 x", {}),
        ("2026-11-27 10:15:30 [25] x", {"duration": 25}),
        ("2026-11-27 10:15:30 [0.25] x", {"duration": 0.25}),
        ("2026-11-27 10:15:30 [25ms] x", {"duration": "25ms"}),
    ],
)
def test_both_heads_read_lines_and_a_duration_is_a_number_where_it_is_one(line, fields):
    declared = Format("x", "x", r"(?:\[(?P<pid>\d+)\]\ )?<time>\ (?:\[(?P<duration>[\w.]+)\]\ )?")
    reading = FormatTree((declared,)).read(line, 0, CONTEXT, scan_time)
    assert reading is not None
    assert (reading.message, reading.fields) == ("x", fields)


def test_the_times_of_a_format_can_be_in_utc_whatever_the_senders_zone_is():
    berlin = Context(CONTEXT.reference, ZoneInfo("Europe/Berlin"))
    line = "2026-11-27 10:15:30 x"
    expected = {True: 1_795_774_530_000, False: 1_795_770_930_000}
    for utc in (True, False):
        declared = Format("x", "x", r"<time>\ ", utc=utc)
        reading = FormatTree((declared,)).read(line, 0, berlin, scan_time)
        assert reading is not None
        assert reading.ts == expected[utc]
    zoned = FormatTree((Format("x", "x", r"<time>\ ", utc=True),)).read(
        "2026-11-27T10:15:30+01:00 x", 0, berlin, scan_time
    )
    assert zoned is not None
    assert zoned.ts == expected[False]
