"""The records that several lines make: their message, and what is in it."""

from __future__ import annotations

import re
from typing import Any

from logctl.core.formats.continuation import indent_of, is_blank
from logctl.core.formats.reader import read_line, read_value
from logctl.core.formats.reading import BAD_TIME, MALFORMED_JSON, Context, Reading
from logctl.core.levels import UNKNOWN


def read_parts(outer: Reading, inner: str, context: Context) -> Reading:
    """Return the reading of a line that was put together of parts; `outer` is that of its first part."""
    reading = read_line(inner, context)
    if reading.ts is None and BAD_TIME not in reading.flags:
        reading.ts, reading.zone = outer.ts, outer.zone
    if reading.level == UNKNOWN:
        reading.level = outer.level
    reading.fields = {**outer.fields, **reading.fields}
    reading.layers = outer.layers + reading.layers
    reading.app = outer.app or reading.app
    reading.stream = outer.stream
    return reading


def reading_of(reading: Reading, messages: list[str], context: Context) -> Reading:
    """Return the reading of a record of several lines.

    `reading` is that of its first line, and `messages` are all lines without layers and head.
    """
    reading.message = _message(messages)
    if reading.layers and reading.message[:1] == "{" and messages[-1].rstrip()[-1:] == "}":
        # JSON that a program in a container wrote in several lines.
        whole = read_parts(reading, reading.message, context)
        return whole if whole.format and MALFORMED_JSON not in whole.flags else reading
    if reading.message[:1] == "[" and _CURSOR.match(reading.message) and reading.ts is not None:
        return read_value(_journal_entry(messages, reading.ts), context)
    return reading


_CURSOR = re.compile(r"\[s=[0-9a-f]{1,40};i=[0-9a-f]{1,20};")
_MOST_MEMBERS = 100


def _journal_entry(lines: list[str], ts: int) -> dict[str, Any]:
    """Return an entry of `journalctl -o verbose` as `journalctl -o json` has it."""
    entry: dict[str, Any] = {"__REALTIME_TIMESTAMP": str(ts * 1000)}
    last = ""
    for line in lines[1:]:
        name, is_member, value = line.strip().partition("=")
        if is_member and name.isupper() and line[:5].strip():
            last = name
            if len(entry) < _MOST_MEMBERS:
                entry.setdefault(name, value)
        elif isinstance(entry.get(last), str):
            entry[last] += f"\n{line.strip()}"
    return entry


def _message(messages: list[str]) -> str:
    """Return the lines of a message; if the head has no message, the others lose their common indentation."""
    if messages[0].strip():
        return "\n".join(messages)
    rest = messages[1:]
    common = min((indent_of(line) for line in rest if not is_blank(line)), default=0)
    return "\n".join(line[common:] for line in rest)
