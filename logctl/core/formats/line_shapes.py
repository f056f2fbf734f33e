"""Reading lines by the shape that most loggers share: time, context, level, context, message, in some order.

Only the head counts: a date in the middle of a sentence is a date. A level has to follow the time directly,
or after the few things that loggers put between them: a process id, a thread in brackets, the name of a
logger, `key=value`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from logctl.core.formats.format_tree import FRONT
from logctl.core.formats.found_times import set_time
from logctl.core.formats.line_context import AFTER, BETWEEN, NAME, note_after, note_between, note_pairs
from logctl.core.formats.line_levels import WORD, is_certain, level_at
from logctl.core.formats.logfmt import begins_logfmt, pairs_at, read_logfmt
from logctl.core.formats.reading import Context, Reading
from logctl.core.formats.time_forms import FoundTime
from logctl.core.levels import UNKNOWN

Scan = Callable[[str, int, Context], FoundTime | None]

TIME_LEVEL = "time level message"
TIME_ONLY = "time message"
LEVEL_TIME = "level time message"
LEVEL_ONLY = "level message"
SHAPES = frozenset((TIME_LEVEL, TIME_ONLY, LEVEL_TIME, LEVEL_ONLY))

_MOST_BETWEEN = 10
_MOST_AFTER = 4

_BLANK = re.compile(r"[ \t]*+")
_CLOSERS = re.compile(r"[\]\"')>,;:|]*+")
_BARS = re.compile(r"(?:[-|:*,;›»]{1,3}\s+)?")
_AFTER_LEVEL = re.compile(
    r"[\])>}|]?(?:\s*[:,;|!])?\s*(?:(?:-{1,3}|[-=]?>{1,2}|\u2013|\u2014|\u203a|\u00bb|:|\|)\s+)?"
)
_GO_FILE = re.compile(r"([\w.\-/]{1,120}\.go):(\d{1,6}):\s+")
# Rich's handler writes file and line at the right side of the terminal.
_RICH = re.compile(r"\s\s+([\w.\-]{1,80}\.py):(\d{1,6})$")
_TEST_RESULTS = frozenset(("FAIL", "FAILURE"))
_MESSAGE_KEYS = ("msg=", "message=", "event=")
# The first word of sentences whose second one is a level in capitals: `no ERROR was seen`.
_NO_NAMES = frozenset(
    (
        *(
            "a",
            "an",
            "the",
            "no",
            "any",
            "some",
            "this",
            "that",
            "each",
            "one",
            "all",
            "new",
            "last",
            "first",
        ),
        *("got", "get", "saw", "see", "seen", "has", "had", "have", "is", "are", "was", "were", "be", "been"),
        *("with", "without", "of", "in", "on", "at", "to", "for", "from", "by", "as", "and", "or", "not"),
        *("found", "received", "returned", "reported", "read", "write", "send", "sent", "set", "post", "put"),
        *("unknown", "unexpected", "internal", "general", "severe", "fatal", "known", "possible", "system"),
        *("http", "https", "sql", "socket", "connection", "network", "disk", "parse", "syntax", "request"),
        *("response", "status", "code", "exit", "type", "level", "log", "logged", "logging"),
    )
)
# The first token of a line whose second one is a date: the name of a file or a process.
_SECOND = re.compile(
    r"(?!at\ |Caused\ by:|Suppressed:|Traceback|\.\.\.|[\])}])(\S{1,255}+)(?<![:=,])\s+(?:[-|]\s+)?[\[(\"]?",
    re.VERBOSE,
)
_DATE = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d[T ]")
# Go's `log` with a prefix; `Expires: 2026-01-31 …` is a sentence.
_PREFIX = re.compile(r"[\w.\-]{1,40}:\s+(?=\d{4}/\d\d/\d\d \d\d:)")
_WORD_AND_COLON = re.compile(r"[\w.\-]{1,40}:\s+[\[(]?(?=\d{4}-\d\d-\d\d[T ]\d\d:)")
_LABEL = re.compile(r"\[[^\[\]\n]{1,60}\]\ +", re.VERBOSE)
_IN_BRACKETS = re.compile(
    r"(?:\[[^\[\]\n]{1,80}\]\ *){2,4}[\[(]?(?=\d{4}[-/.]\d\d[-/.]\d\d[T\ ])", re.VERBOSE
)
_WITH_LEVEL = re.compile(r"/([\w.\-]{1,60})(?=[\s:])")
# `[ERROR][shop] …`: what adjoins the brackets of a level is not the message.
_ADJACENT = re.compile(r"\[([A-Za-z_][\w.\-$ ]{0,60})\]:?\s+")
_SEPARATORS = re.compile(r"[ \t|;,]*+")


def read_shape(text: str, start: int, context: Context, scan: Scan) -> Reading | None:
    """Return what a line says by its shape; None if it has neither a time nor a level at an index."""
    time, at = _time_at(text, start, context, scan)
    if time is not None:
        return _after_time(text, time, at, context)
    level, end = level_at(text, start, direct=True)
    together = level == UNKNOWN and text[start] in "[("  # level and time in one pair of brackets
    if together:
        level, end = level_at(text, start + 1, direct=True)
    if level != UNKNOWN:
        time, at, fields = _time_after_level(text, end, context, scan)
        if time is not None:
            reading = _after_level(text, at, level, fields=fields, context=context)
            reading.format = LEVEL_TIME
            set_time(reading, time)
            return reading
    if level == UNKNOWN or together:
        return _second(text, start, context, scan) or _labeled(text, start, context, scan)
    return _level_only(text, start, end, level=level, context=context)


def _level_only(text: str, start: int, end: int, *, level: str, context: Context) -> Reading | None:
    word = WORD.match(text, start)
    if word is not None and not word[1].isupper():
        if text[end : end + 1] != ":":
            return None  # `Error opening the file` is a sentence
        if not word[1].islower() or word[1] == "panic":
            # The name of an exception, or of a kind of message: `Error: boom`. It can belong to the record
            # before.
            return Reading(message=text[start:].strip(), level=level, format=LEVEL_ONLY)
    elif word is not None and (word[1] in _TEST_RESULTS or len(word[1]) == 1) and text[end : end + 1] != ":":
        # `FAIL src/pay.test.js`; `E       assert 2 == 1` is a line of pytest.
        if len(word[1]) > 1 or text[end : end + 2] == "  ":
            return None
    elif text[start] in "(<{|*" and not _is_capital(text, start, end):
        return None  # `<error>…</error>`
    reading = _after_level(text, end, level, fields={}, context=context)
    reading.format = LEVEL_ONLY
    return reading if reading.message or text[start] == "[" else None  # `FAIL` alone


def _is_capital(text: str, start: int, end: int) -> bool:
    """Return whether the word in brackets is in capitals, as no tag and no remark in a text is."""
    return text[start:end].strip("[](){}<>|* :").isupper()


def _time_at(text: str, start: int, context: Context, scan: Scan) -> tuple[FoundTime | None, int]:
    """Return the time at an index, perhaps in brackets or quotes, and the index after it and its bracket."""
    at = start + 1 if text[start : start + 1] in ("[", "(", '"', "'", "<") else start
    time = scan(text, at, context)
    if time is None:
        return None, start
    end = time.end
    if at > start and text[end : end + 1] in ("]", ")", '"', "'", ">"):
        end += 1
    return time, end


def _after_time(text: str, time: FoundTime, at: int, context: Context) -> Reading:
    """Return the reading of a line whose time ends at an index."""
    closers = _CLOSERS.match(text, at, at + FRONT)
    begun = _skip(text, closers.end() if closers else at)
    inner = read_logfmt(text, begun, context) if begins_logfmt(text, begun) else None
    if inner is not None and (inner.level != UNKNOWN or inner.begins):
        if inner.ts is None or time.ts is None:
            set_time(inner, time)
        inner.begins = True
        return inner
    reading = _leveled(text, begun, context)
    if reading is None:
        bars = _BARS.match(text, begun)
        message = text[bars.end() if bars else begun :].strip()
        reading = Reading(message=message, format=TIME_ONLY, begins=True)
        file = _GO_FILE.match(message)
        if file is not None:
            reading.fields.update(file=file[1], line=int(file[2]))
            reading.message = message[file.end() :]
    set_time(reading, time)
    return reading


def _leveled(text: str, begun: int, context: Context) -> Reading | None:
    """Return the reading of a line that has a level after its time, perhaps with context between them."""
    fields: dict[str, Any] = {}
    place, named, after_name = begun, False, False
    for number in range(_MOST_BETWEEN):
        level, end = level_at(text, place, direct=number == 0, separated=number > 0 and not named)
        if level != UNKNOWN:
            if after_name and not is_certain(text, place, end):
                return None
            if not (named and text[place].isalpha() and str(fields.get("logger")).lower() in _NO_NAMES):
                reading = _after_level(text, end, level, fields=fields, context=context)
                reading.format = TIME_LEVEL
                return reading
        if place - begun > FRONT:
            return None
        if begins_logfmt(text, place):
            pairs, end = pairs_at(text, place)
            note_pairs(fields, pairs)
        else:
            between = BETWEEN.match(text, place, place + FRONT)
            if named and between is not None and between.lastgroup not in ("square", "curly", "round"):
                return None
            if between is None and (number == 0 or (number == 1 and "pid" in fields)):
                between, named = NAME.match(text, place, place + FRONT), True
            if between is None:
                return None
            note_between(fields, between)
            end = between.end()
            after_name = between.lastgroup in ("dotted", "name")
        if end == place:
            return None
        place = _skip(text, end)
    return None


def _time_after_level(
    text: str, at: int, context: Context, scan: Scan
) -> tuple[FoundTime | None, int, dict[str, Any]]:
    """Return the time that follows a level, at most two bracketed parts between them."""
    fields: dict[str, Any] = {}
    for _ in range(3):
        blank = _SEPARATORS.match(text, at, at + FRONT)
        at = blank.end() if blank else at
        time, end = _time_at(text, at, context, scan)
        if time is not None:
            return time, end, fields
        between = BETWEEN.match(text, at, at + FRONT)
        if between is None or between.lastgroup not in ("square", "round", "bar"):
            break
        note_between(fields, between)
        at = between.end()
    return None, at, {}


def _second(text: str, start: int, context: Context, scan: Scan) -> Reading | None:
    """Return the reading of a line whose second token is a date."""
    first = _SECOND.match(text, start, start + FRONT)
    needs_level = False
    if first is None or not _DATE.match(text, first.end()):
        first = _PREFIX.match(text, start, start + FRONT) or _IN_BRACKETS.match(text, start, start + FRONT)
        if first is None:
            first, needs_level = _WORD_AND_COLON.match(text, start, start + FRONT), True
        if first is None:
            return None
    time, at = _time_at(text, first.end(), context, scan)
    reading = None if time is None else _after_time(text, time, at, context)
    return None if reading is None or (needs_level and reading.level == UNKNOWN) else reading


def _after_level(text: str, at: int, level: str, *, fields: dict[str, Any], context: Context) -> Reading:
    """Return the reading of a line whose level ends at an index; context after it becomes fields."""
    if text[at : at + 1] == "/" and (name := _WITH_LEVEL.match(text, at)):
        fields.setdefault("logger", name[1])
        at = name.end()
    after = _AFTER_LEVEL.match(text, at, at + FRONT)
    at = begun = after.end() if after else at
    if text[at - 1 : at + 1] == "][" and (joined := _ADJACENT.match(text, at)):
        fields.setdefault("logger", joined[1].strip())
        at = begun = joined.end()
    if begins_logfmt(text, at):
        inner = read_logfmt(text, at, context)
        if inner is not None and (inner.begins or text.startswith(_MESSAGE_KEYS, at)):
            inner.level, inner.begins = level, True
            inner.fields = {**inner.fields, **fields}
            return inner
    for _ in range(_MOST_AFTER):
        found = AFTER.match(text, at, at + FRONT)
        if found is None or not note_after(fields, found):
            break
        at = found.end()
    message = text[at:].strip() or text[begun:].strip()
    if ".py:" in message[-30:] and (place := _RICH.search(message, max(0, len(message) - 120))):
        fields.update(file=place[1], line=int(place[2]))
        message = message[: place.start()]
    return Reading(message=message, level=level, fields=fields, begins=True)


def _labeled(text: str, start: int, context: Context, scan: Scan) -> Reading | None:
    """Return the reading of a line that begins with a name in brackets, and then with a time or a level."""
    label = _LABEL.match(text, start) if text[start] == "[" else None
    if label is None:
        return None
    time, at = _time_at(text, label.end(), context, scan)
    if time is not None:
        reading = _after_time(text, time, at, context)
        return None if reading.level == UNKNOWN else reading
    level, end = level_at(text, label.end(), direct=True)
    if level == UNKNOWN or not (is_certain(text, label.end(), end) or text[end : end + 1] == ":"):
        return None
    return _level_only(text, label.end(), end, level=level, context=context)


def _skip(text: str, at: int) -> int:
    """Return the index of the next character that is not a space."""
    found = _BLANK.match(text, at, at + FRONT)
    return found.end() if found else at
