"""Escaping of text from logs, which may contain control characters, before a terminal shows it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

# Controls, formats (bidi overrides, zero width), surrogates, private use, unassigned, line separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class _Escapes(dict[int, str]):
    """A table for `str.translate` that is filled in when a character occurs for the first time."""

    def __missing__(self, codepoint: int) -> str:
        character = chr(codepoint)
        if unicodedata.category(character) not in _UNSAFE:
            shown = character
        elif codepoint < 0x100:
            shown = f"\\x{codepoint:02x}"
        elif codepoint < 0x10000:
            shown = f"\\u{codepoint:04x}"
        else:
            shown = f"\\U{codepoint:08x}"
        self[codepoint] = shown
        return shown


_ESCAPES = _Escapes()


def neutralise(text: str) -> str:
    r"""Return text as one harmless line: control and format characters become `\x1b`, `\u202e`, `\x0a`."""
    return text if text.isprintable() else text.translate(_ESCAPES)


def neutralise_lines(text: str) -> str:
    """Return text with each of its lines made harmless, such as an alert's body."""
    return "\n".join(neutralise(line) for line in text.split("\n"))


def ascii_only(text: str) -> str:
    """Return text as printable ASCII, with an escape for every other character."""
    return neutralise(text).encode("ascii", "backslashreplace").decode()


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON that may be shown in a terminal.

    JSON escapes control characters, but not U+202E or U+009B: where one of these is in it, everything but
    ASCII is escaped. A value without a JSON form (a time, a decimal) is written as text.
    """
    import json  # most commands write no JSON

    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    shown = all(line.isprintable() for line in text.split("\n"))
    return text if shown else json.dumps(value, indent=indent, default=str)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 message`, `2,000 messages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shorten(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text, which ends in `...` where it was cut."""
    return text if len(text) <= limit else text[: max(0, limit - 3)] + "..."


def csv_cell(text: str) -> str:
    """Return text as a CSV cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else text


def shortened(ids: Sequence[str], least: int = 8) -> dict[str, str]:
    """Return for each id a prefix of it, all of the same length, of which no two are equal."""
    length = least
    while len({item[:length] for item in ids}) < len(set(ids)):
        length += 1
    return {item: item[:length] for item in ids}
