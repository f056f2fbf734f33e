"""Making a reading of a head that a declared format has matched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from logctl.core import levels
from logctl.core.formats.found_times import set_time
from logctl.core.formats.logfmt import fields_of, pairs_at
from logctl.core.formats.reading import Context, Format, Reading
from logctl.core.formats.time_forms import FoundTime, scan_time

WORD = r"[^\W\d_]{1,13}+(?:[+-]?\d{1,2}(?!\d))?(?![^\W_])"
"""The pattern of a word that can be a level."""
GROUP_NAME = re.compile(r"\(\?P<\w+>")

_NUMBERS = frozenset(("pid", "status", "bytes", "line", "memory", "max_memory"))
_DURATIONS = frozenset(("duration", "billed_duration"))
_SPECIAL = frozenset(("level", "message", "pairs", "app")) | _NUMBERS | _DURATIONS
_DECIMAL = re.compile(r"\d{1,15}(?:\.\d{1,9})?")
_MOST_IN_FIELD = 256


class Head(Struct):
    """The head of a line: the texts of its groups, the word at `<level>`, and the time at `<time>`.

    The message begins at index `end` of the text, unless a group has it.
    """

    text: str
    end: int
    groups: Sequence[tuple[str, str | None]]
    word: str = ""
    time: FoundTime | None = None
    time_at: int = 0


def reading_of(head: Head, declared: Format, context: Context) -> Reading | None:
    """Return what a head says by a format; None if a word in it is no level."""
    word, message, app = head.word, None, ""
    fields: dict[str, Any] = {}
    for name, value in head.groups:
        if not value or not (value := value.strip()):
            continue
        if name not in _SPECIAL:
            if value != "-":
                fields[name] = value if len(value) <= _MOST_IN_FIELD else value[:_MOST_IN_FIELD]
        elif name == "level":
            word = value
        elif name == "message":
            message = value
        elif name == "pairs":
            fields.update(fields_of(pairs_at(value, 0)[0]))
        elif name == "app":
            app = value[:_MOST_IN_FIELD]
        elif value == "-":
            continue
        elif name in _NUMBERS and value.isdecimal() and len(value) < 16:
            fields[name] = int(value)
        elif name in _DURATIONS and _DECIMAL.fullmatch(value):
            fields[name] = float(value) if "." in value else int(value)
        else:
            fields[name] = value if len(value) <= _MOST_IN_FIELD else value[:_MOST_IN_FIELD]
    level = _level(word, declared) if word else levels.UNKNOWN
    if level is None:
        return None
    if message is None:
        message = head.text[head.end :].strip()
    reading = Reading(
        message, level=level, fields=fields, format=declared.name, begins=declared.begins, app=app
    )
    time = head.time
    if time is not None:
        if declared.utc and not time.zone and context.zone is not UTC:
            time = scan_time(head.text, head.time_at, replace(context, zone=UTC)) or time
        set_time(reading, time)
    return reading


def _level(word: str, declared: Format) -> str | None:
    """Return what a word means in a format; None if it is no level, neither in general nor in the format."""
    if declared.levels:
        own = (
            declared.levels.get(word)
            or declared.levels.get(word.lower())
            or declared.levels.get(word.upper())
        )
        if own is not None:
            return own
    found = levels.level_of_word(word)
    return None if found == levels.UNKNOWN else found
