"""Reading lines by the shape that most loggers share: time, context, level, context, message, in some order.

Only the head counts. `ERROR` in the middle of a sentence is a word, and a date there is a date. A level has to follow
the time directly, or after the few things that loggers put between them: a process id, a thread in brackets, the name
of a logger, `key=value`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from logctl.core.formats.format_tree import FRONT
from logctl.core.formats.found_times import set_time
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
    (
        *("TRACE", "TRC", "TRCE", "FINEST", "FINER", "FINE", "VERBOSE", "VRB"),
        *("DEBUG", "DBG", "DBUG", "DEBU", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5"),
        *("INFO", "INF", "SUCCESS", "NOTICE", "NOTE", "WARN", "WRN", "WARNING"),
        *("ERROR", "ERR", "ERRO", "SEVERE", "FAIL", "FAILURE", "FATAL", "FTL", "FATA"),
        *("CRITICAL", "CRIT", "CRT", "EMERG", "EMERGENCY", "PANIC", "DPANIC", "PANI", "PNC"),
    )
)
# In small letters or mixed ones they begin sentences as well: `Fine tuning`, `Notice period`, `Critical section`.
_BARE_SMALL = frozenset(("trace", "debug", "info", "information", "warn", "warning", "error", "err", "fatal"))
# Before a colon, also in small letters: not `config: …`, `log: …`, `note: …`, `alert: …`.
_BEFORE_COLON = frozenset(
    (
        *_BARE_SMALL,
        *("trce", "trc", "verb", "verbose", "silly", "dbug", "dbg", "inf", "notice", "wrn"),
        *("fail", "failure", "severe", "crit", "critical", "emerg", "emergency", "panic"),
    )
)
_LETTERS = frozenset("DIWEFVT")

_OPENED = re.compile(r"[\[(\"'<{|]")
_BRACKETED = re.compile(
    r"(?:[\[(<{|]|\*{1,3})\ *(?:[\w.\-]{1,40}:)?([A-Za-z]{1,13}[1-5]?(?:[+-]\d{1,2})?)\ *(?:[\])>}|]|\*{1,3})(?::(?=\s|$))?",
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
  | (?P<dotted>(?!/|\w{1,10}://)(?=[\w$\-]{0,100}+[.@/:$])[\w.@/$:\-]{1,150}+)(?=\s)
  | (?P<symbol>[^\x00-\x7f\w]{1,3}(?=\s))
    """,
    re.VERBOSE,
)
# The name of a logger or process before the level: `root ERROR …`, `shop[812]: ERROR …`.
_NAME_FIRST = re.compile(r"(?P<name>[A-Za-z_][\w\-]{0,60})(?:\[(?P<pid>\d{1,10})\])?:?(?=\s)")
_NO_NAMES = frozenset(
    "a an the no any some this that each one got get saw see seen has had have is are was were be been with without of"
    " in on at to for from by as and or not all new last first found received returned reported unknown unexpected http"
    " https sql socket connection internal general severe fatal known possible request response status code exit"
    " network system disk parse syntax read write send sent get set post put type level log logged logging".split()
)
_SECOND = re.compile(
    r"(?!at\ |Caused\ by:|Suppressed:|Traceback|\.\.\.|[\])}])(\S{1,255}+)(?<![:=,])\s+(?:[-|]\s+)?[\[(\"]?",
    re.VERBOSE,
)
# Go's `log` with a prefix; `Expires: 2026-01-31 …` is a sentence.
_PREFIX = re.compile(r"[\w.\-]{1,40}:\s+(?=\d{4}/\d\d/\d\d \d\d:)")
_DATE = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d[T ]")
_AFTER_LEVEL = re.compile(
    r"[\])>}|]?(?:\s*[:,;|])?\s*(?:(?:-{1,3}|[-=]?>{1,2}|\u2013|\u2014|\u203a|\u00bb|:|\|)\s+)?"
)
_NAME = r"[A-Za-z_$][\w$.\-/]{0,150}"
_CONTEXT = re.compile(
    rf"""
    (?P<pid>\d{{1,10}})\s+---\s+
  | (?P<square>\[(?:[^\[\]\n]|\[[^\[\]\n]{{0,80}}\]){{0,160}}+\])\s*:?\s*(?:-{{1,2}}\s+)?
  | \((?P<round>[\w\-.\#/:]{{1,60}})\)\s*(?::\s+|-{{1,2}}\s+)?
  | (?P<file>[\w.\-/]{{1,120}}\.(?:go|py|rs|js|ts|java|rb|cpp|cc|cxx|c|h|hpp|cs|php|kt|scala|swift|ex)):(?P<line>\d{{1,6}})(?::\d+)?\]?
    (?:\s*:\s+|\s+-{{1,2}}\s+|\s+)
  | (?P<logger>{_NAME}(?:::\w+|:\w+|\#\w+)*+(?::\d{{1,6}})?)(?:\s*\([\w$.\-]+:\d+\))?\s+(?:-{{1,2}}|\|)\s+
  | (?P<named>(?=[\w$\-]+(?:[.$]|::))[A-Za-z_$][\w$.\-]*+(?:::[\w$]+)*+)\s+(?=\[[^\]\n]{{1,100}}\]\s)
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
    if level == UNKNOWN and text[start] in "[(":
        # Level and time in one pair of brackets.
        level, end = _level_at(text, start + 1, direct=True)
        if level != UNKNOWN:
            time, at, fields = _time_after_level(text, end, context, scan)
            if time is None:
                return None
            reading = _message(text, at, level, shape=LEVEL_TIME, fields=fields, context=context)
            set_time(reading, time)
            return reading
    if level == UNKNOWN:
        return _second(text, start, context, scan)
    time, at, fields = _time_after_level(text, end, context, scan)
    if time is not None:
        reading = _message(text, at, level, shape=LEVEL_TIME, fields=fields, context=context)
        set_time(reading, time)
        return reading
    word = _WORD.match(text, start)
    if word is not None and not word[1].isupper():
        if text[end : end + 1] != ":":
            return None  # `Error opening the file` is a sentence
        if not word[1].islower() or word[1] == "panic":
            # The name of an exception, or of a kind of message: `Error: boom`. It can belong to the record before.
            return Reading(message=text[start:].strip(), level=level, format=LEVEL_ONLY)
    return _message(text, end, level, shape=LEVEL_ONLY, fields={}, context=context)


def _is_certain(text: str, place: int, end: int) -> bool:
    """Return whether a level is in brackets or in capitals: `user@example.com error: …` is a sentence."""
    return not text[place].isalpha() or text[place:end].isupper()


def _is_sentence(fields: dict[str, Any], text: str, place: int) -> bool:
    """Return whether the word of a level after one other word is part of a sentence: `no ERROR was seen`."""
    return text[place].isalpha() and str(fields.get("logger", "")).lower() in _NO_NAMES


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
    place, named, after_name = begun, False, False
    for number in range(_MOST_BETWEEN):
        level, end = _level_at(text, place, direct=number == 0, separated=number > 0 and not named)
        if level != UNKNOWN and after_name and not _is_certain(text, place, end):
            break
        if level != UNKNOWN and not (named and _is_sentence(fields, text, place)):
            reading = _message(text, end, level, shape=TIME_LEVEL, fields=fields, context=context)
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
            if named and between is not None and between.lastgroup not in ("square", "curly", "round"):
                break
            if between is None and number == 0:
                between, named = _NAME_FIRST.match(text, place, place + FRONT), True
            if between is None:
                break
            _note(fields, between)
            end = between.end()
            after_name = between.lastgroup in ("dotted", "name")
        place = _skip(text, end)
    fields.clear()
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
        first = _PREFIX.match(text, start, start + FRONT)
        if first is None:
            return None
    time, at = _time_at(text, first.end(), context, scan)
    return None if time is None else _after_time(text, time, at, context, scan)


def _skip(text: str, at: int) -> int:
    most = min(len(text), at + FRONT)
    while at < most and text[at] in " \t":
        at += 1
    return at


def _level_at(text: str, at: int, *, direct: bool, separated: bool = False) -> tuple[str, int]:
    """Return the level at an index and the index after it; `UNKNOWN` if there is none.

    `direct`: nothing is between the time and the index, so that a word in small letters can be a level. `separated`:
    the same between two dashes or bars.
    """
    first = text[at : at + 1]
    if not first:
        return UNKNOWN, at
    if first in "[(<{|*":
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
        if word in _LETTERS and (
            (follows and follows in "\t|")
            or (follows == " " and not _is_pronoun(text, at))
            or (follows == ":" and text[end + 1 : end + 2] == " ")
        ):
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
        certain = certain or (
            separated and lower in _BEFORE_COLON and _BETWEEN_BARS.match(text, at - 2) is not None
        )
    return (level_of_word(found[0]), end) if certain else (UNKNOWN, at)


_BETWEEN_BARS = re.compile(r"[-|]\s+[A-Za-z]{1,13}\s+[-|]\s")
_PRONOUN = re.compile(r"I (?:am|have|had|will|was|can|could|do|did|don|think|would|should|need|know|see)\b")


def _is_pronoun(text: str, at: int) -> bool:
    return _PRONOUN.match(text, at) is not None


def _note(fields: dict[str, Any], found: re.Match[str]) -> None:
    """Make a field of what is between a time and a level, where its meaning is certain."""
    kind, value = found.lastgroup, found[0].strip(" ,:")
    if found.re is _NAME_FIRST:
        fields["logger"] = found["name"]
        if found["pid"]:
            fields["pid"] = int(found["pid"])
        return
    if kind in ("square", "round", "curly"):
        value = value[1:-1].strip()
        if _is_file(fields, value):
            return
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


def _message(text: str, at: int, level: str, shape: str, fields: dict[str, Any], context: Context) -> Reading:
    """Return the reading of a line whose level ends at an index: takes the context that follows it off the message."""
    after = _AFTER_LEVEL.match(text, at, at + FRONT)
    assert after is not None
    at = after.end()
    if begins_logfmt(text, at):
        inner = read_logfmt(text, at, context)
        if inner is not None and (inner.begins or text.startswith(("msg=", "message=", "event="), at)):
            inner.level, inner.format, inner.begins = level, shape, True
            inner.fields = {**inner.fields, **fields}
            return inner
    for _ in range(_MOST_AFTER):
        found = _CONTEXT.match(text, at, at + FRONT)
        if found is None or not _is_context(fields, found):
            break
        at = found.end()
    message = text[at:].strip() or text[after.end() :].strip()
    return Reading(message=message, level=level, fields=fields, format=shape, begins=True)


_FILE = re.compile(
    r"([\w.\-/\\]{1,120}\.(?:go|py|rs|js|ts|java|kt|rb|cpp|cc|cxx|c|h|hpp|cs|php|scala|swift|pl|ex|m|mm)):(\d{1,6})(?::\w+)?\Z"
)


def _is_file(fields: dict[str, Any], value: str) -> bool:
    """Make fields of a file and a line."""
    found = _FILE.match(value)
    if found is None:
        return False
    fields.update(file=found[1], line=int(found[2]))
    return True


def _is_context(fields: dict[str, Any], found: re.Match[str]) -> bool:
    """Make fields of what follows a level; return False if it belongs to the message."""
    if found["pid"]:
        fields["pid"] = int(found["pid"])
    elif found["square"]:
        value = found["square"][1:-1].strip()
        if _is_file(fields, value):
            return True
        if _THREAD.match(value):
            fields.setdefault("thread", value)
        elif _LOGGER.match(value):
            fields.setdefault("logger", value)
        elif value.isdecimal() and len(value) < 11:
            fields.setdefault("pid", int(value))
        elif "=" in value:
            pairs, end = pairs_at(value, 0)
            if not pairs or end != len(value):
                return False
            fields.update(fields_of(pairs))
        else:
            return False
    elif found["round"]:
        if _is_file(fields, found["round"]):
            return True
        if not _THREAD.match(found["round"]):
            return False
        fields.setdefault("thread", found["round"])
    elif found["file"]:
        fields.update(file=found["file"], line=int(found["line"]))
    else:
        name = found["logger"] or found["dotted"] or found["named"]
        if "logger" in fields or _THROWN.search(name):
            return False
        fields["logger"] = name
    return True
