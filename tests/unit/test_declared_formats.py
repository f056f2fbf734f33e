"""Every declared format: its examples, alone and among all formats."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core import levels
from logctl.core.formats.format_tree import FormatTree
from logctl.core.formats.reading import Answer, Context, Example, Format, Reading
from logctl.core.formats.registry import FORMATS
from logctl.core.formats.text_line import read_text
from logctl.core.formats.time_forms import scan_time
from logctl.core.times import iso, parse_time

CONTEXT = Context(parse_time("2026-11-27T12:00:00Z"))

LINES = [
    pytest.param(declared, line, answer, id=f"{declared.name}: {line[:50]}")
    for declared in FORMATS
    for example in declared.examples
    if len(lines := example.text.splitlines()) == len(example.answers)
    for line, answer in zip(lines, example.answers, strict=True)
]
FIRST_LINES = [
    pytest.param(declared, example.text.splitlines()[0], id=f"{declared.name}: {example.text[:50]!r}")
    for declared in FORMATS
    for example in declared.examples
    if len(example.text.splitlines()) != len(example.answers)
]


def answer_of(reading: Reading, expected: Answer) -> Answer:
    fields = {name: reading.fields.get(name) for name in expected.fields}
    ts = None if reading.ts is None else iso(reading.ts)
    return Answer(ts, reading.level, reading.message, fields)


def exact(answer: Answer) -> Answer:
    moment = None if answer.time is None else iso(parse_time(answer.time))
    return Answer(moment, answer.level, answer.message, answer.fields)


@pytest.mark.parametrize(("declared", "line", "answer"), LINES)
def test_an_example_is_read_as_it_says(declared: Format, line: str, answer: Answer) -> None:
    """All formats are tried: none that is declared earlier takes the line."""
    reading = read_text(line, CONTEXT)
    assert (answer_of(reading, answer), reading.format) == (exact(answer), declared.name)
    assert reading.begins is declared.begins


@pytest.mark.parametrize(("declared", "line", "answer"), LINES)
def test_an_example_is_read_by_its_format_alone(declared: Format, line: str, answer: Answer) -> None:
    reading = read_text(line, Context(CONTEXT.reference, only=declared.name))
    assert answer_of(reading, answer) == exact(answer)


@pytest.mark.parametrize(("declared", "line"), FIRST_LINES)
def test_the_first_line_of_an_example_with_several_is_its_formats(declared: Format, line: str) -> None:
    assert read_text(line, CONTEXT).format == declared.name


def test_every_format_has_a_name_of_its_own_an_example_and_known_levels() -> None:
    names = [declared.name for declared in FORMATS]
    assert sorted(set(names)) == sorted(names)
    for declared in FORMATS:
        assert declared.examples, declared.name
        assert re.fullmatch(r"[a-z0-9.][\w. -]{1,50}", declared.name), declared.name
        assert set(declared.levels.values()) <= {*levels.ORDER, levels.UNKNOWN}, declared.name


def test_every_head_is_a_regular_expression() -> None:
    FormatTree(FORMATS).compile()


def test_first_characters_are_only_a_shorter_way() -> None:
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


@given(st.text(max_size=300))
def test_any_text_gets_a_reading(text: str) -> None:
    reading = read_text(text, CONTEXT)
    assert reading.level in (*levels.ORDER, levels.UNKNOWN)
    assert isinstance(reading.message, str)
    assert len(reading.fields) < 40
    assert all(isinstance(value, int) or len(value) <= 256 for value in reading.fields.values())


PIECES = st.sampled_from(
    sorted(
        {
            example.text[start : start + 12]
            for declared in FORMATS
            for example in declared.examples
            for start in range(0, 120, 12)
        }
    )
)


@given(st.lists(PIECES, max_size=12))
def test_any_mixture_of_heads_gets_a_reading(pieces: list[str]) -> None:
    reading = read_text("".join(pieces), CONTEXT)
    assert reading.level in (*levels.ORDER, levels.UNKNOWN)


FRONTS = sorted(
    {
        *(
            "",
            "2026-11-27 10:15:30 ",
            "[",
            "[2026-11-27 10:15:30] ",
            "2026-11-27 10:15:30 ERROR ",
            "a=",
            'a="',
            "ERROR ",
        ),
        *(
            example.text[:cut]
            for declared in FORMATS
            for example in declared.examples
            for cut in (20, 40, 60)
        ),
    }
)


@pytest.mark.parametrize(
    "unit",
    [
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
        "::a",
        "<a>",
        "A",
        "é",
    ],
)
def test_no_line_is_slow(unit: str) -> None:
    """A line of 200,000 characters takes no longer than its copy."""
    slow = []
    for front in FRONTS:
        line = front + unit * (200_000 // len(unit))
        started = time.perf_counter()
        read_text(line, CONTEXT)
        taken = time.perf_counter() - started
        if taken > 0.05:
            slow.append((front, taken))
    assert slow == []
