"""Matching lines against declared formats: shared parts, first characters, and declarations that cannot be used."""

from __future__ import annotations

import re

import pytest

from logctl.core.formats.format_tree import FRONT, FormatTree, LineTimes
from logctl.core.formats.pattern_starts import first_characters, has_alternatives, is_balanced, takes_nothing
from logctl.core.formats.reading import BAD_TIME, Context, Format, Reading
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.times import iso, parse_time

CONTEXT = Context(parse_time("2026-11-27T12:00:00Z"))


def form(name: str, head: str, **options: object) -> Format:
    return Format(name, "for the test", head, **options)


def read(line: str, *formats: Format) -> Reading | None:
    return FormatTree(formats).read(line, 0, CONTEXT, scan_time)


def test_time_level_message_and_fields_are_found():
    found = read(
        "[2026-11-27 10:15:30] <812> ERROR shop: boom",
        form("x", r"\[<time>\]\ <(?P<pid>\d+)>\ <level>\ (?P<logger>\w+):\ "),
    )
    assert found is not None
    assert (iso(found.ts or 0), found.level, found.message) == ("2026-11-27T10:15:30.000Z", "ERROR", "boom")
    assert (found.fields, found.format, found.begins) == ({"pid": 812, "logger": "shop"}, "x", True)


def test_a_level_that_is_none_is_no_match():
    assert read("2026-11-27 10:15:30 Hello boom", form("x", r"<time>\ <level>\ ")) is None
    assert read("2026-11-27 10:15:30 (Hello) boom", form("x", r"<time>\ (?:\(<level>\))\ ")) is None


def test_a_formats_own_levels_come_first():
    own = form("x", r"<time>\ <level>\ ", levels={"HOCH": "ERROR", "INFO": "NOTICE"})
    assert [
        read(f"2026-11-27 10:15:30 {word} x", own).level for word in ("HOCH", "hoch", "INFO", "WARN")
    ] == [
        "ERROR",
        "ERROR",
        "NOTICE",
        "WARN",
    ]


def test_a_group_is_the_message_the_app_or_pairs():
    head = r"(?P<app>\w+):\ (?P<message>.*)\ \[(?P<pairs>[^\]]*)\]$"
    found = read("shop: boom " + "x" * FRONT + " [id=1 user='ann lee']", form("x", head))
    assert found is not None
    assert (found.app, found.message, found.fields) == (
        "shop",
        "boom " + "x" * FRONT,
        {"id": "1", "user": "ann lee"},
    )


def test_groups_that_differ_in_an_underscore_are_one_field():
    both = form("x", r"(?:A\ (?P<pid>\d+)|B\ (?P<pid_>\d+)):\ ")
    assert [read(line, both).fields for line in ("A 1: x", "B 2: x")] == [{"pid": 1}, {"pid": 2}]


def test_fields_are_short_and_empty_ones_are_left_out():
    found = read(f"{'a' * 500}|-| |x", form("x", r"(?P<host>\w*)\|(?P<user>[^|]*)\|(?P<thread>[^|]*)\|"))
    assert found is not None
    assert found.fields == {"host": "a" * 256}


def test_a_time_that_does_not_exist_is_flagged():
    found = read("2026-02-30 10:15:30 ERROR boom", form("x", r"<time>\ <level>\ "))
    assert found is not None
    assert (found.ts, found.flags, found.message) == (None, (BAD_TIME,), "boom")


def test_formats_that_are_declared_earlier_are_tried_earlier():
    first, second = form("first", r"A\ (?P<host>\w+)\ "), form("second", r"A\ ")
    assert read("A b c", first, second).format == "first"
    assert read("A b c", second, first).format == "second"


def test_a_time_is_looked_for_once():
    looked = []

    def scan(text: str, start: int, context: Context) -> FoundTime | None:
        looked.append(start)
        return scan_time(text, start, context)

    formats = [form(f"{number}", rf"<time>\ {number}:\ <level>\ ") for number in range(20)]
    assert (
        FormatTree(formats).read("2026-11-27 10:15:30 19: INFO x", 0, CONTEXT, LineTimes(scan)).format == "19"
    )
    assert looked == [0]


@pytest.mark.parametrize("position", [0, 1, 2, 5, 30, 59])
def test_many_formats_with_one_beginning_are_told_apart(position):
    formats = [form(f"{number}", rf"<time>\ \[{number}\]\ (?P<logger>\w+):\ ") for number in range(60)]
    long = "x" * 2 * FRONT
    assert read(f"2026-11-27 10:15:30 [{position}] shop: x", *formats).format == str(position)
    assert read(f"2026-11-27 10:15:30 [{position}] shop: {long}", *formats).message == long


@pytest.mark.parametrize("head", [r"(?:<time>\ )?x", r"a|b<time>\ x"])
def test_a_placeholder_where_none_can_be_is_refused(head):
    with pytest.raises(ValueError, match="format 'x'"):
        FormatTree([form("x", head)])


def test_a_head_that_is_no_regular_expression_is_refused_when_it_is_compiled():
    with pytest.raises(re.error):
        FormatTree([form("x", r"(?P<pid>\d+")]).compile()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("abc", "a"),
        (r"\[", "["),
        (r"\ +\[", "["),
        (r"\s*(?:a|b)c", "ab"),
        (r"a?b", "ab"),
        (r"(?P<pid>\d{1,3})", "0123456789"),
        (r"[a-c\ ]x", "abcx"),
        (r"(?=a)\w", "a"),
        (r"(?!x)ab", "a"),
        (r"(?i:a)b", "aA"),
        (r"a{0,2}b", "ab"),
        ("# a remark\n a", "a"),
    ],
)
def test_first_characters(pattern, expected):
    assert first_characters(pattern) == frozenset(expected)


@pytest.mark.parametrize("pattern", [r"\w", ".", "[^a]", "a?", r"(?:a|\w)x", "[é]x"])
def test_first_characters_of_anything(pattern):
    assert first_characters(pattern) is None


@pytest.mark.parametrize("pattern", ["", r"\ ", r"\s+", "(?!a)", "^"])
def test_no_first_characters_of_their_own(pattern):
    assert first_characters(pattern) == frozenset()


def test_parts_of_patterns():
    assert is_balanced(r"(a)[(]\(")
    assert not is_balanced("(a")
    assert has_alternatives("a|b")
    assert not has_alternatives(r"(a|b)[|]\|")
    assert takes_nothing(r"(?=a(b)[)]) (?<!c)")
    assert not takes_nothing("(?=a)b")
