"""Formats that a user declares in logctl.toml: a plain regular expression for each, for the start of a line.

Named groups are the parts of a record: `time`, `level`, `message`, `app`, and any others as fields. `<time>`
and `<level>` stand for a time and a level in any form. Users' patterns are not known to be fast, so that at
most `FRONT` characters of a line are matched: a message that reaches this border goes on to the line's end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from logctl.core import levels
from logctl.core.formats.found_times import set_time
from logctl.core.formats.reading import Context, Format, Reading
from logctl.core.formats.strptime_forms import pattern_of, time_in
from logctl.core.formats.time_forms import FoundTime, scan_time

FRONT = 600
"""Characters of a line that a pattern is matched with."""
_MOST_IN_FIELD = 256
_NUMBERS = frozenset(("pid", "status", "bytes", "line"))
_PLACEHOLDER = re.compile(r"(?<!\?P)<(time|level)>")
_LEVEL = r"(?P<level>[^\W\d_]{1,13})"
_RESERVED = "strptime_"

Scan = Callable[[str, int, Context], FoundTime | None]


@dataclass(frozen=True)
class _Compiled:
    """A pattern; with `rest`, `regex` ends where a time begins, and `rest` begins after it.

    `form` matches the text of a group `time`, where the user has given its form.
    """

    regex: re.Pattern[str]
    rest: re.Pattern[str] | None = None
    form: re.Pattern[str] | None = None


def check_own(declared: Format) -> None:
    """Refuse a declaration that cannot be used.

    Raises:
        ValueError: says what is wrong.
    """
    try:
        compiled = _compiled(declared)
    except re.error as problem:
        raise ValueError(f"pattern is not a regular expression: {problem}") from None
    except ValueError as problem:
        raise ValueError(f"time: {problem}") from None
    groups = {*compiled.regex.groupindex, *(compiled.rest.groupindex if compiled.rest else ())}
    if declared.time and not any(group == "time" or group.startswith(_RESERVED) for group in groups):
        raise ValueError("time is given, but pattern has no group time and no <time>")
    if compiled.regex.match("") and (compiled.rest is None):
        raise ValueError("pattern matches an empty line, and so every line")


@lru_cache(maxsize=256)
def _compiled(declared: Format) -> _Compiled:
    if declared.head.count("<time>") - declared.head.count("?P<time>") > 1:
        raise re.error("<time> is in it twice")
    form = pattern_of(declared.time) if declared.time else None

    def replaced(text: str) -> str:
        def put(found: re.Match[str]) -> str:
            return _LEVEL if found[1] == "level" else f"(?:{form})"

        return _PLACEHOLDER.sub(put, text)

    before, after = declared.head, None
    if form is None:
        found = next((item for item in _PLACEHOLDER.finditer(declared.head) if item[1] == "time"), None)
        if found:
            before, after = declared.head[: found.start()], declared.head[found.end() :]
    return _Compiled(
        re.compile(replaced(before)),
        None if after is None else re.compile(replaced(after)),
        None if form is None else re.compile(form),
    )


def read_own(
    formats: tuple[Format, ...], text: str, context: Context, scan: Scan = scan_time
) -> Reading | None:
    """Return what the first of some users' formats that matches a line says about it, or None."""
    for declared in formats:
        if context.only is None or declared.name == context.only:
            found = _read(declared, text, context, scan)
            if found is not None:
                return found
    return None


def _read(declared: Format, text: str, context: Context, scan: Scan) -> Reading | None:
    compiled = _compiled(declared)
    match = compiled.regex.match(text, 0, FRONT)
    if match is None:
        return None
    groups = match.groupdict()
    time: FoundTime | None = None
    if compiled.rest is not None:
        time = scan(text, match.end(), context)
        match = compiled.rest.match(text, time.end, time.end + FRONT) if time else None
        if match is None:
            return None
        groups.update(match.groupdict())
    elif any(name.startswith(_RESERVED) for name in groups):
        time = time_in(groups, context)
    elif groups.get("time"):
        time = _time_of_group(compiled, groups["time"], context, scan)
    level = _level(declared, groups.get("level") or "")
    if level is None:
        return None
    reading = Reading(
        message=_message(match, text, compiled.regex if compiled.rest is None else compiled.rest),
        level=level,
        fields=_fields(groups),
        format=declared.name,
        begins=True,
        app=(groups.get("app") or "")[:_MOST_IN_FIELD],
    )
    if time is not None:
        set_time(reading, time)
    return reading


def _time_of_group(compiled: _Compiled, text: str, context: Context, scan: Scan) -> FoundTime:
    """Return the time in a group; without a time in `ts` if it is none."""
    if compiled.form is None:
        return scan(text, 0, context) or FoundTime(None, 0)
    match = compiled.form.fullmatch(text)
    return time_in(match.groupdict(), context) if match else FoundTime(None, 0)


def _level(declared: Format, word: str) -> str | None:
    """Return a level; `UNKNOWN` without a word, and None where `<level>` stands and the word is none."""
    own = declared.levels.get(word) or declared.levels.get(word.lower()) or declared.levels.get(word.upper())
    if own or not word:
        return own or levels.UNKNOWN
    found = levels.parse_level(word)
    if found == levels.UNKNOWN and _PLACEHOLDER.search(declared.head.replace("<time>", "")):
        return None
    return found


def _message(match: re.Match[str], text: str, regex: re.Pattern[str]) -> str:
    """Return the group `message`, or else what follows the match.

    The part of a line that was not matched because it is long belongs to the message.
    """
    if "message" not in regex.groupindex or match["message"] is None:
        return text[match.end() :].strip()
    start, end = match.span("message")
    return text[start : len(text) if end == match.endpos else end].strip()


def _fields(groups: dict[str, str | None]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in groups.items():
        if not value or name in ("time", "level", "message", "app") or name.startswith(_RESERVED):
            continue
        if name in _NUMBERS and value.isdecimal() and len(value) < 16:
            fields[name] = int(value)
        elif value != "-":
            fields[name] = value[:_MOST_IN_FIELD]
    return fields
