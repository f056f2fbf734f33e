"""Nothing a log contains reaches a terminal, a spreadsheet or a subject line as more than text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.safe_text import ascii_only, csv_cell, neutralise, neutralise_lines, shorten

UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.proves("B37", "B38")
@given(st.text(st.characters()))
def test_no_control_or_format_character_survives(text):
    shown = neutralise(text)
    assert not {unicodedata.category(character) for character in shown} & UNSAFE
    shown.encode("utf-8")


@given(st.text(st.characters(exclude_categories=sorted(UNSAFE))))
def test_harmless_text_is_left_alone(text):
    assert neutralise(text) == text


@pytest.mark.proves("B37", "B38", "B39", "B40")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\n2026-01-01 CRITICAL forged", "a\\x0a2026-01-01 CRITICAL forged"),
        ("\u202eabc", "\\u202eabc"),
        ("\x9b31m", "\\x9b31m"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("\u2028", "\\u2028"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_known_tricks(text, shown):
    assert neutralise(text) == shown


@pytest.mark.proves("B53")
@given(st.text(st.characters()))
def test_subjects_are_printable_ascii(text):
    shown = ascii_only(text)
    assert shown.isascii()
    assert not shown or shown.isprintable()


@pytest.mark.proves("B41")
@given(st.text(st.characters()))
def test_a_cell_is_never_a_formula(text):
    assert csv_cell(text)[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")


def test_lines_may_stay_lines():
    assert neutralise_lines("a\n\x1bb") == "a\n\\x1bb"


def test_shortening_says_so():
    assert shorten("abcdef", 5) == "ab..."
    assert shorten("abcde", 5) == "abcde"
