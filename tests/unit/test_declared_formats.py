"""The declared formats: each example is read as it says, and a hostile line costs no more time than another."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core import levels
from logctl.core.formats.format_tree import FormatTree
from logctl.core.formats.reading import Context, Example, Format, Reading
from logctl.core.formats.registry import FORMATS
from logctl.core.formats.text_line import read_text
from logctl.core.formats.time_forms import scan_time
from logctl.core.times import iso, parse_time

CONTEXT = Context(parse_time("2026-11-27T12:00:00Z"))
CASES = [
    pytest.param(declared, example, id=f"{declared.name} {number}")
    for declared in FORMATS
    for number, example in enumerate(declared.examples)
]


def records(declared: Format, example: Example) -> list[tuple[Reading, list[str]]]:
    """The readings of an example's heads, each with the lines that follow it."""
    tree = FormatTree((declared,))
    found: list[tuple[Reading, list[str]]] = []
    for line in example.text.splitlines():
        reading = tree.read(line, 0, CONTEXT, scan_time)
        if reading is not None:
            found.append((reading, []))
        else:
            assert found, f"not read: {line}"
            found[-1][1].append(line)
    return found


@pytest.mark.parametrize(("declared", "example"), CASES)
def test_an_example_is_read_as_it_says(declared, example):
    found = records(declared, example)
    assert len(found) == len(example.answers)
    for (reading, further), answer in zip(found, example.answers, strict=True):
        message = "\n".join([reading.message, *further]).strip("\n")
        ts = parse_time(answer.time) if answer.time else None
        assert (reading.ts and iso(reading.ts), reading.level) == (ts and iso(ts), answer.level)
        assert message == answer.message
        assert {name: reading.fields.get(name) for name in answer.fields} == dict(answer.fields)


@pytest.mark.parametrize(("declared", "example"), CASES)
def test_no_other_format_reads_the_first_line_of_an_example(declared, example):
    assert read_text(example.text.splitlines()[0], CONTEXT).format == declared.name


@pytest.mark.parametrize("declared", FORMATS, ids=lambda declared: declared.name)
def test_a_format_can_be_the_only_one(declared):
    line = declared.examples[0].text.splitlines()[0]
    reading = read_text(line, Context(CONTEXT.reference, only=declared.name))
    assert (reading.format, reading.begins) == (declared.name, declared.begins)


def test_every_format_has_a_name_of_its_own_an_example_and_known_levels():
    names = [declared.name for declared in FORMATS]
    assert sorted(set(names)) == sorted(names)
    for declared in FORMATS:
        assert declared.examples, declared.name
        assert re.fullmatch(r"[a-z0-9.][\w. -]{1,50}", declared.name), declared.name
        assert set(declared.levels.values()) <= {*levels.ORDER, levels.UNKNOWN}, declared.name


def test_every_head_is_a_regular_expression():
    FormatTree(FORMATS).compile()


def test_first_characters_are_only_a_shorter_way():
    """A tree that looks at no first character finds the same format for every example."""
    slow = FormatTree(FORMATS)
    waiting = [slow._root]
    while waiting:
        for node in waiting.pop().nodes:
            node.first = None
            if node.children:
                waiting.append(node.children)
    for declared in FORMATS:
        for example in declared.examples:
            line = example.text.splitlines()[0]
            found = slow.read(line, len(line) - len(line.lstrip(" \t")), CONTEXT, scan_time)
            assert found is not None, line
            assert found.format == declared.name, line


# What makes a pattern try many ways: a format's own example, cut and repeated, and runs of one character.
HOSTILE = [
    *(" " * 50_000, "[" * 50_000, '"' * 50_000, "a " * 25_000, "a:" * 25_000, "1 " * 25_000, "[a] " * 12_000),
    *(
        "2026-11-27 10:15:30 " + part * 12_000
        for part in ("a ", "[a", ": ", "a:  ", "1/", '"', "|", "\\", "%A-")
    ),
    *("2026-11-27 10:15:30 [1] " + part * 12_000 for part in ("a ", "[a", ": ", "1 ")),
    *(
        f"10.0.0.9 - - [27/Nov/2026:10:15:30 +0000] {part * 12_000}"
        for part in ('"', '"\\', '"a ', '" "', "1 ")
    ),
]


@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: repr(line[:50]))
def test_a_hostile_line_is_read_in_little_time(line):
    read_text(line, CONTEXT)
    start = time.perf_counter()
    for _ in range(10):
        read_text(line, CONTEXT)
    assert (time.perf_counter() - start) / 10 < 0.01


@given(st.sampled_from([e.text.splitlines()[0] for f in FORMATS for e in f.examples]), st.data())
def test_a_changed_example_is_read_without_an_error(line, data):
    """Cut, and with any text in the middle."""
    at = data.draw(st.integers(0, len(line)))
    read_text(line[:at], CONTEXT)
    read_text(line[:at] + data.draw(st.text(max_size=20)) + line[at:], CONTEXT)


@given(st.text(max_size=300))
def test_any_text_gets_a_reading(text):
    reading = read_text(text, CONTEXT)
    assert reading.level in (*levels.ORDER, levels.UNKNOWN)
    assert isinstance(reading.message, str)
    assert len(reading.fields) < 40
    assert all(isinstance(value, int) or len(value) <= 256 for value in reading.fields.values())


PIECES = sorted({e.text[at : at + 12] for f in FORMATS for e in f.examples for at in range(0, 120, 12)})


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_any_mixture_of_heads_gets_a_reading(pieces):
    assert read_text("".join(pieces), CONTEXT).level in (*levels.ORDER, levels.UNKNOWN)


FRONTS = sorted(
    {
        *(
            "",
            "[",
            "2026-11-27 10:15:30 ",
            "[2026-11-27 10:15:30] ",
            "2026-11-27 10:15:30 ERROR ",
            "a=",
            'a="',
            "ERROR ",
        ),
        *(e.text.splitlines()[0][:at] for f in FORMATS for e in f.examples[:1] for at in (45,)),
    }
)
UNITS = [
    "a",
    "a.",
    "1",
    " ",
    "a ",
    "[",
    "[a] ",
    "- a ",
    "1 ",
    ":",
    "a:",
    "/",
    "\t",
    "a=1 ",
    "(",
    "{a} ",
    '"',
    "\\",
    "| ",
]
UNITS += ["::a", "<a>", "A", "é"]


@pytest.mark.parametrize("unit", UNITS)
def test_no_line_is_slow(unit):
    """Whatever its beginning is, and whatever is repeated after it."""
    slow = []
    for front in FRONTS:
        line = front + unit * (20_000 // len(unit))
        read_text(line[:2_000], CONTEXT)  # compiles what is needed
        started = time.process_time()
        read_text(line, CONTEXT)
        taken = time.process_time() - started
        if taken > 0.02:
            slow.append((front, taken))
    assert slow == []
