"""Reading lines by the shape that most loggers share: time, context, level, context, message, in some order.

Only the head counts. `ERROR` in the middle of a sentence is a word, and a date there is a date. A level has to follow
the time directly, or after the few things that loggers put between them: a process id, a thread in brackets, the name
of a logger, `key=value`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from logctl.core.formats.format_tree import FRONT, set_time
from logctl.core.formats.logfmt import begins_logfmt, fields_of, pairs_at, read_logfmt
from logctl.core.formats.reading import Context, Reading
from logctl.core.formats.time_forms import FoundTime
from logctl.core.levels import UNKNOWN, level_of_word

Scan = Callable[[str, int, Context], FoundTime | None]

TIME_LEVEL, TIME_ONLY, LEVEL_TIME, LEVEL_ONLY = (
    "time level message",
    "time message",
    "level time message",
    "level message",
)
SHAPES = frozenset((TIME_LEVEL, TIME_ONLY, LEVEL_TIME, LEVEL_ONLY))

_MOST_BETWEEN = 10
_MOST_AFTER = 4

# Words that are a level without brackets or a colon. In capitals: not ALERT (`logrotate: ALERT exited`), LOG or CONFIG.
_BARE_CAPITALS = frozenset(
    [
        "TRACE",
        "TRC",
        "TRCE",
        "FINEST",
        "FINER",
        "FINE",
        "VERBOSE",
        "VRB",
        "DEBUG",
        "DBG",
        "DBUG",
        "INFO",
        "INF",
        "INFORMATION",
        "NOTICE",
        "NOTE",
        "WARN",
        "WRN",
        "WARNING",
        "ERROR",
        "ERR",
        "ERRO",
        "SEVERE",
        "FAIL",
        "FAILURE",
        "FATAL",
        "FTL",
        "FATA",
        "CRITICAL",
        "CRIT",
        "CRT",
        "EMERG",
        "EMERGENCY",
        "PANIC",
        "DPANIC",
        "PANI",
        "SUCCESS",
        "DEBUG1",
        "DEBUG2",
        "DEBUG3",
        "DEBUG4",
        "DEBUG5",
    ]
)
# In small letters or mixed ones they begin sentences as well: `Fine tuning`, `Notice period`, `Critical section`.
_BARE_SMALL = frozenset(["trace", "debug", "info", "information", "warn", "warning", "error", "err", "fatal"])
# Before a colon, also in small letters: not `config: …`, `log: …`, `note: …`, `alert: …`.
_BEFORE_COLON = _BARE_SMALL | frozenset(
    [
        "trce",
        "dbug",
        "dbg",
        "inf",
        "wrn",
        "fail",
        "failure",
        "crit",
        "critical",
        "notice",
        "severe",
        "emerg",
        "emergency",
        "panic",
        "verbose",
        "silly",
        "trc",
        "verb",
    ]
)
_LETTERS = frozenset("DIWEFVT")

_OPENED = re.compile(r"[\[(\"'<{|]")
_BRACKETED = re.compile(
    r"[\[(<{|]\ *(?:[\w.\-]{1,40}:)?([A-Za-z]{1,13}[1-5]?(?:[+-]\d{1,2})?)\ *[\])>}|](?::(?=\s|$))?",
    re.VERBOSE,
)
_WORD = re.compile(r"([A-Za-z]{1,13}[1-5]?)([+-]\d{1,2}(?!\d))?(?![\w])")
_CLOSERS = re.compile(r"[\]\"')>,;:|]*")
_BETWEEN = re.compile(
    r"""
    (?P<bar>(?:[-|:*,;]{1,3}|\u2013)(?=\s))
  | (?P<square>\[(?:[^\[\]\n]|\[[^\[\]\n]{0,80}\]){0,160}+\])[:,]?
  | (?P<round>\([^()\n]{1,100}\))[:,]?
  | (?P<curly>\{[^{}\n]{0,100}\})[:,]?
  | (?P<number>\#?\d[\w.:\#/\-]{0,60}+[\])]?)(?=\s|$)
  | (?P<zone>UTC|GMT)(?=\s)
  | (?P<dashed>[\w$./\-]{1,100}+(?=\s+[-|]\s))
  | (?P<dotted>(?=[\w$\-]{0,100}+[.@/:$])[\w.@/$:\-]{1,150}+)(?=\s)
    """,
    re.VERBOSE,
)
_SECOND = re.compile(
    r"(?!at\ |Caused\ by:|Suppressed:|Traceback|\.\.\.|[\])}])(\S{1,255}+)(?<![:=,])\s+(?:[-|]\s+)?[\[(\"]?",
    re.VERBOSE,
)
_DATE = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d[T ]")
_AFTER_LEVEL = re.compile(r"[\])>}|]?(?:\s*[:,;|])?\s*(?:(?:-{1,3}|\u2013|:|\|)\s+)?")
_NAME = r"[A-Za-z_$][\w$.\-/]{0,150}"
_CONTEXT = re.compile(
    rf"""
    (?P<pid>\d{{1,10}})\s+---\s+
  | (?P<square>\[(?:[^\[\]\n]|\[[^\[\]\n]{{0,80}}\]){{0,160}}+\])\s*:?\s*(?:-{{1,2}}\s+)?
  | \((?P<round>[\w\-.\#]{{1,60}})\)\s*(?::\s+|-{{1,2}}\s+)?
  | (?P<file>[\w.\-/]{{1,120}}\.(?:go|py|rs|js|ts|java|rb|cpp|cc|cxx|c|h|hpp|cs|php|kt|scala|swift|ex)):(?P<line>\d{{1,6}})(?::\d+)?\]?
    (?:\s*:\s+|\s+-{{1,2}}\s+|\s+)
  | (?P<logger>{_NAME}(?:::\w+|:\w+|\#\w+)*+(?::\d{{1,6}})?)(?:\s+\([\w$.\-]+:\d+\))?\s+(?:-{{1,2}}|\|)\s+
  | (?P<dotted>(?=[\w$\-]+(?:[.$]|::))[A-Za-z_$][\w$.\-]*+(?:::[\w$]+)*+)\s*:\s+
    """,
    re.VERBOSE,
)
_THREAD = re.compile(
    r"(?:[\w.\-]*(?:[Tt]hread|[Pp]ool|worker|Worker|exec|executor|dispatcher|scheduler|event-?loop|nio|Process)"
    r"[\w .\-#:/]*|main|[\w.\-]+-\d+(?:-\d+)*)\Z"
)
_LOGGER = re.compile(r"[A-Za-z_$][\w$\-]*(?:(?:\.|::)[\w$\-]+)+(?::\d+)?\Z")
_THROWN = re.compile(r"(?:Exception|Error|Warning|Throwable)\Z")


def read_shape(text: str, start: int, context: Context, scan: Scan) -> Reading | None:
    """Return what a line says by its shape from index `start` on, or None if it has neither a time nor a level."""
    time, at = _time_at(text, start, context, scan)
    if time is not None:
        return _after_time(text, time, at, context, scan)
    level, end = _level_at(text, start, direct=True)
    if level == UNKNOWN:
        return _second(text, start, context, scan)
    time, at, fields = _time_after_level(text, end, context, scan)
    if time is not None:
        reading = _message(text, at, level, LEVEL_TIME, fields)
        set_time(reading, time)
        return reading
    reading = _message(text, end, level, LEVEL_ONLY, {})
    reading.begins = not _is_sentence(text, start)
    return reading


def _is_sentence(text: str, start: int) -> bool:
    """Return whether a line begins with the word of a level as sentences and names of exceptions do."""
    word = _WORD.match(text, start)
    return word is not None and not word[1].isupper()


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


def _after_time(text: str, time: FoundTime, at: int, context: Context, scan: Scan) -> Reading:
    fields: dict[str, Any] = {}
    closers = _CLOSERS.match(text, at)
    assert closers is not None
    begun = _skip(text, closers.end())
    if begins_logfmt(text, begun):
        inner = read_logfmt(text, begun, context)
        if inner is not None and (inner.level != UNKNOWN or inner.begins):
            if inner.ts is None or time.ts is None:
                set_time(inner, time)
            inner.begins = True
            return inner
    place, level = begun, UNKNOWN
    for number in range(_MOST_BETWEEN):
        level, end = _level_at(text, place, direct=number == 0)
        if level != UNKNOWN:
            reading = _message(text, end, level, TIME_LEVEL, fields)
            set_time(reading, time)
            return reading
        if place - at > FRONT:
            break
        if begins_logfmt(text, place):
            pairs, end = pairs_at(text, place)
            if not pairs:
                break
            fields.update(fields_of(pairs))
        else:
            between = _BETWEEN.match(text, place, place + FRONT)
            if between is None:
                break
            _note(fields, between)
            end = between.end()
        place = _skip(text, end)
    reading = Reading(message=_text_from(text, begun), format=TIME_ONLY, begins=True)
    _lift_file(reading)
    set_time(reading, time)
    return reading


_BARS = re.compile(r"(?:[-|:*,;]{1,3}\s+)?")
_GO_FILE = re.compile(r"([\w.\-/]{1,120}\.go):(\d{1,6}):\s+")


def _text_from(text: str, at: int) -> str:
    bars = _BARS.match(text, at)
    assert bars is not None
    return text[bars.end() :].strip()


def _lift_file(reading: Reading) -> None:
    """Make fields of the file and line that Go's `log` puts before the message."""
    found = _GO_FILE.match(reading.message)
    if found:
        reading.fields.update(file=found[1], line=int(found[2]))
        reading.message = reading.message[found.end() :]


def _time_after_level(
    text: str, at: int, context: Context, scan: Scan
) -> tuple[FoundTime | None, int, dict[str, Any]]:
    """Return the time that follows a level, at most two bracketed parts between them."""
    fields: dict[str, Any] = {}
    for _ in range(3):
        at = _skip(text, at)
        time, end = _time_at(text, at, context, scan)
        if time is not None:
            return time, end, fields
        between = _BETWEEN.match(text, at, at + FRONT)
        if between is None or between.lastgroup not in ("square", "round", "bar"):
            break
        _note(fields, between)
        at = between.end()
    return None, at, {}


def _second(text: str, start: int, context: Context, scan: Scan) -> Reading | None:
    """Return the reading of a line whose second token is a date: the first names a file or a process."""
    first = _SECOND.match(text, start, start + FRONT)
    if first is None or not _DATE.match(text, first.end()):
        return None
    time, at = _time_at(text, first.end(), context, scan)
    return None if time is None else _after_time(text, time, at, context, scan)


def _skip(text: str, at: int) -> int:
    most = min(len(text), at + FRONT)
    while at < most and text[at] in " \t":
        at += 1
    return at


def _level_at(text: str, at: int, *, direct: bool) -> tuple[str, int]:
    """Return the level at an index and the index after it; `UNKNOWN` if there is none.

    `direct`: nothing is between the time and the index, so that a word in small letters can be a level.
    """
    first = text[at : at + 1]
    if not first:
        return UNKNOWN, at
    if first in "[(<{|":
        found = _BRACKETED.match(text, at, at + 80)
        if found is None or (len(found[1]) == 1 and not found[1].isupper()):
            return UNKNOWN, at
        return level_of_word(found[1]), found.end()
    if not first.isalpha():
        return UNKNOWN, at
    found = _WORD.match(text, at, at + 20)
    if found is None:
        return UNKNOWN, at
    word, end = found[1], found.end()
    follows = text[end : end + 1]
    if len(word) == 1:
        if word in _LETTERS and (follows in "\t|" or (follows == " " and not _is_pronoun(text, at))):
            return level_of_word(word), end
        return UNKNOWN, at
    lower = word.lower()
    if word.isupper():
        certain = word in _BARE_CAPITALS and (not follows or follows in " \t:|]),;/-")
        certain = certain or (follows == ":" and text[end + 1 : end + 2] in ("", " ", "\t"))
    elif follows == ":":
        certain = lower in _BEFORE_COLON and text[end + 1 : end + 2] in ("", " ", "\t")
    elif follows and follows in "\t|":
        certain = lower in _BARE_SMALL or lower in _BEFORE_COLON
    else:
        certain = direct and lower in _BARE_SMALL and follows in (" ", ",", "")
    return (level_of_word(found[0]), end) if certain else (UNKNOWN, at)


_PRONOUN = re.compile(r"I (?:am|have|had|will|was|can|could|do|did|don|think|would|should|need|know|see)\b")


def _is_pronoun(text: str, at: int) -> bool:
    return _PRONOUN.match(text, at) is not None


def _note(fields: dict[str, Any], found: re.Match[str]) -> None:
    """Make a field of what is between a time and a level, where its meaning is certain."""
    kind, value = found.lastgroup, found[0].strip(" ,:")
    if kind in ("square", "round"):
        value = value[1:-1].strip()
        if value.isdecimal() and len(value) < 11:
            fields.setdefault("pid", int(value))
        elif "=" in value:
            pairs, end = pairs_at(value, 0)
            if end == len(value):
                fields.update(fields_of(pairs))
        elif _THREAD.match(value):
            fields.setdefault("thread", value)
        elif _LOGGER.match(value):
            fields.setdefault("logger", value)
    elif kind == "number" and value.isdecimal() and len(value) < 11:
        fields.setdefault("pid", int(value))
    elif kind in ("dashed", "dotted") and value[0].isalpha() and "@" not in value:
        fields.setdefault("logger", value)


def _message(text: str, at: int, level: str, shape: str, fields: dict[str, Any]) -> Reading:
    """Return the reading of a line whose level ends at an index: takes the context that follows it off the message."""
    after = _AFTER_LEVEL.match(text, at, at + FRONT)
    assert after is not None
    at = after.end()
    for _ in range(_MOST_AFTER):
        found = _CONTEXT.match(text, at, at + FRONT)
        if found is None or not _is_context(fields, found):
            break
        at = found.end()
    message = text[at:].strip() or text[after.end() :].strip()
    return Reading(message=message, level=level, fields=fields, format=shape, begins=True)


def _is_context(fields: dict[str, Any], found: re.Match[str]) -> bool:
    """Make fields of what follows a level; return False if it belongs to the message."""
    if found["pid"]:
        fields["pid"] = int(found["pid"])
    elif found["square"]:
        value = found["square"][1:-1].strip()
        if _THREAD.match(value):
            fields.setdefault("thread", value)
        elif _LOGGER.match(value):
            fields.setdefault("logger", value)
        elif value.isdecimal() and len(value) < 11:
            fields.setdefault("pid", int(value))
        else:
            return False
    elif found["round"]:
        if not _THREAD.match(found["round"]):
            return False
        fields.setdefault("thread", found["round"])
    elif found["file"]:
        fields.update(file=found["file"], line=int(found["line"]))
    else:
        name = found["logger"] or found["dotted"]
        if "logger" in fields or _THROWN.search(name):
            return False
        fields["logger"] = name
    return True
