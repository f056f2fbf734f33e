"""Reading the head of a plain-text log line: its time and its level.

Only the head counts. `ERROR` in the middle of a sentence is a word, and a date there is a date. A level has
to follow the time directly, or after the few things that loggers put between them (a process id, a thread
in brackets, a logger's name).

To add a time format, add one `TimeFormat` to `TIME_FORMATS`. Formats are tried in that order, and only those
that can begin with the first character of the line. What a line means does not depend on the lines before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from logctl.core import levels
from logctl.core.times import DAY, HOUR, MINUTE, SECOND, plausible, to_datetime

_FRONT = 600
"""Characters of a line that are matched: the rest of a long line must not make a pattern slow."""


@dataclass(frozen=True, slots=True)
class Head:
    """Time and level of a line that begins a record. `ts` is in milliseconds, UTC; None if it is unusable."""

    ts: int | None
    level: str


def read_head(line: str, reference: int) -> Head | None:
    """Return the head of a line, or None if the line does not begin a record.

    A time without a zone is UTC. A time without a year gets the latest year that puts it no more than a day
    after `reference` (milliseconds).
    """
    found = _recognise(line)
    if found is None:
        return Head(None, find_level(line)) if _LEVEL_FIRST.match(line) else None
    known, match, priority = found
    ts = known.time(match, reference)
    if ts is None and known.doubtful:
        return None
    return Head(ts, priority if priority is not None else known.level(line, match))


def find_level(line: str) -> str:
    """Return the level at the head of a line, after its time if it has one; `UNKNOWN` if there is none."""
    found = _recognise(line)
    if found is not None:
        known, match, priority = found
        return priority if priority is not None else known.level(line, match)
    priority_found = _PRIORITY.match(line)
    if priority_found:
        return _priority_level(priority_found)
    return _level_of(_LEVEL_PLAIN.match(line, 0, _FRONT))


def continues(line: str) -> bool:
    """Return whether a line looks like a further line of a record: indented, or part of a stack trace."""
    return _CONTINUES.match(line) is not None


# ── Levels ──────────────────────────────────────────────────────────────────────────────────────────

# Every word that `levels.parse_level` knows and loggers print. Single letters are too ambiguous.
_WORD = (
    r"trace|trc|finest|finer|fine|verbose|debug[1-3]?|dbg|info|inf|information|informational|config|log"
    r"|notice|note|warn|warning|wrn|error|err|severe|fatal|critical|crit|alert|emerg|emergency|panic"
)
# Words that in capitals are a level even without brackets or a colon; not ALERT: `logrotate: ALERT exited`.
_BARE = (
    r"TRACE|FINEST|FINER|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|CRIT|EMERG|EMERGENCY"
    r"|PANIC"
)
_LEVEL = (
    rf"(?:[\[(<]\ ?(?:[\w.-]+:)?(?i:({_WORD}))\ *[\])>]"  # [error], [INFO ], [core:error]
    rf"|(?i:(?:log)?(?:level|lvl|severity)[=:]\ ?\"?({_WORD})\b)"  # level=error
    rf"|(?i:({_WORD})):(?=\s|$)"  # error: …
    rf"|({_BARE})(?=[\s:|\]),]|$))"  # INFO …
)
_BETWEEN = (
    r"(?:\[[^\]\n]{0,160}\]:?\s*"  # [main], [12345]:
    r"|(?:[-|:*]+|\#?\d[\w.:\#/-]*\]?|UTC|GMT|std(?:out|err)\ [FP]"  # 25746, -, ---, stdout F
    r"|[\w$./-]+(?=\s+[-|]\s)"  # name -
    r"|(?=[\w$-]*[.@/:$])[\w.@/$:-]+"  # c.e.App, user@db
    r"|[\w.-]+\ [\w./-]+\[\d+\]:)\s+)"  # host app[123]:
)
_LEVEL_AFTER_TIME = re.compile(rf"[\]\"'),;:|]*\s*{_BETWEEN}{{0,4}}?{_LEVEL}")
_LEVEL_AFTER_TAG = re.compile(rf"\s+\S+\s+[^\s:]+:\s+(?:[\[(]?({_BARE})(?:[\])]|:?\s))")
_LEVEL_PLAIN = re.compile(rf"(?:\[[^\]\n]{{0,160}}\]:?\s*)?{_LEVEL}")
# Python's `ERROR:root:message`, uvicorn's `INFO:     started`, Maven's `[WARNING] …`, the journal's `<3>…`.
_LEVEL_FIRST = re.compile(rf"(?:{_BARE}):|\[(?:{_BARE})\]|<(?:1?\d?\d)>")
_PRIORITY = re.compile(r"<(1?\d?\d)>(?:[1-9] )?")


def _level_of(match: re.Match[str] | None) -> str:
    return levels.parse_level(match[match.lastindex]) if match and match.lastindex else levels.UNKNOWN


def _priority_level(match: re.Match[str]) -> str:
    return levels.parse_level(int(match[1]) & 7)


def _level_after_time(line: str, match: re.Match[str]) -> str:
    return _level_of(_LEVEL_AFTER_TIME.match(line, match.end(), match.end() + _FRONT))


def _level_around_time(line: str, match: re.Match[str]) -> str:
    before = _level_of(_LEVEL_PLAIN.match(match["before"]))
    return before if before != levels.UNKNOWN else _level_after_time(line, match)


def _level_after_tag(line: str, match: re.Match[str]) -> str:
    return _level_of(_LEVEL_AFTER_TAG.match(line, match.end(), match.end() + _FRONT))


def _level_letter(line: str, _match: re.Match[str]) -> str:
    return levels.parse_level(line[0])


def _no_level(_line: str, _match: re.Match[str]) -> str:
    return levels.UNKNOWN


# ── Further lines ───────────────────────────────────────────────────────────────────────────────────

_FURTHER = (
    r"\s|at\ |Caused\ by:|Suppressed:|Traceback\ \(most\ recent\ call\ last\):|\.\.\.|[\])}]"
    r"|During\ handling\ of\ the\ above|The\ above\ exception\ was"
)
_CONTINUES = re.compile(_FURTHER)

# ── Times ───────────────────────────────────────────────────────────────────────────────────────────

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}
_MON = rf"(?P<mon>{'|'.join(_MONTHS)})"
_CLOCK = r"(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)(?:[.,](?P<f>\d{1,9})\d*)?"
_ZONE = r"(?P<zone>\ ?(?:UTC|GMT)\b|Z\b|\ ?[+-](?:0\d|1[0-4]):?[0-5]\d(?!\d)|[+-](?:0\d|1[0-4])(?![\d:]))?"
_ISO = (
    r"(?P<y>\d{4})[-/](?P<mo>\d\d)[-/](?P<d>\d\d)[T\ ](?P<h>\d\d):(?P<mi>\d\d)"
    rf"(?::(?P<s>\d\d)(?:[.,](?P<f>\d{{1,9}})\d*)?)?(?!\d){_ZONE}"
)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=1024)
def _midnight(year: int, month: int, day: int) -> int | None:
    try:
        return (date(year, month, day).toordinal() - _EPOCH_DAY) * DAY
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _zone_offset(text: str) -> int:
    text = text.strip()
    if text[0] not in "+-":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = int(digits[:2]) * HOUR + int(digits[2:]) * MINUTE
    return offset if text[0] == "+" else -offset


def _in_day(hour: str, minute: str, second: str | None, fraction: str | None) -> int | None:
    h, m, s = int(hour), int(minute), int(second or 0)
    if h > 23 or m > 59 or s > 59:
        return None
    return h * HOUR + m * MINUTE + s * SECOND + (int((fraction + "00")[:3]) if fraction else 0)


def _add(midnight: int | None, in_day: int | None) -> int | None:
    return None if midnight is None or in_day is None else midnight + in_day


def _iso_time(match: re.Match[str], _reference: int) -> int | None:
    y, mo, d, h, mi, s, f, zone = match.group("y", "mo", "d", "h", "mi", "s", "f", "zone")
    ts = _add(_midnight(int(y), int(mo), int(d)), _in_day(h, mi, s, f))
    return ts - _zone_offset(zone) if zone and ts is not None else ts


def _short_year_time(match: re.Match[str], _reference: int) -> int | None:
    y, mo, d, h, mi, s = match.group("y", "mo", "d", "h", "mi", "s")
    year = int(y) + (2000 if int(y) < 69 else 1900)  # as POSIX strptime reads %y
    return _add(_midnight(year, int(mo), int(d)), _in_day(h, mi, s, None))


def _named_month_time(match: re.Match[str], reference: int) -> int | None:
    """Return the time of a match with a month's name; without a year, the year follows from `reference`."""
    y, mon, d, h, mi, s, f = match.group("y", "mon", "d", "h", "mi", "s", "f")
    month = _MONTH.get(mon) or int(mon)
    in_day = _in_day(h, mi, s, f)
    if y:
        ts = _add(_midnight(int(y), month, int(d)), in_day)
        zone = match.groupdict().get("zone")
        return ts - _zone_offset(zone) if zone and ts is not None else ts
    latest = to_datetime(reference + DAY).year
    for year in range(latest, max(latest - 9, 0), -1):  # 29 February can be eight years back
        ts = _add(_midnight(year, month, int(d)), in_day)
        if ts is not None and ts <= reference + DAY:
            return ts
    return None


def _epoch_time(match: re.Match[str], reference: int) -> int | None:
    digits = match["n"]
    ts = int(digits) if len(digits) == 13 else int(digits) * SECOND + int(((match["f"] or "") + "000")[:3])
    return ts if plausible(ts, reference) else None


@dataclass(frozen=True)
class TimeFormat:
    """One way in which loggers write the time at the head of a line.

    `pattern` is a regular expression in verbose syntax, matched at the first character. `first` are the
    characters that it can match there; None means any. `time` returns milliseconds from a match and the
    reference time, or None if the match is not a time.
    """

    name: str
    pattern: str
    time: Callable[[re.Match[str], int], int | None]
    first: str | None = None
    level: Callable[[str, re.Match[str]], str] = _level_after_time
    doubtful: bool = False
    """Whether a match that is not a time is something else: a number can be any number, while
    `2026-02-30 10:00:00` is a wrong time."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile(self.pattern, re.VERBOSE)


_DIGITS = "0123456789"
_MONTH_INITIALS = "JFMASOND"
_WEEKDAY_INITIALS = "MTWFS"

TIME_FORMATS = (
    TimeFormat(
        "glog",  # I0614 15:16:01.123456
        rf"[IWEF](?P<y>\d{{4}}(?=\d{{4}}\ ))?(?P<mon>0\d|1[0-2])(?P<d>[0-3]\d)\ {_CLOCK}",
        _named_month_time,
        first="IWEF",
        level=_level_letter,
    ),
    TimeFormat(
        "asctime",  # Sun Dec  4 04:47:44 2005
        rf"\[?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\ {_MON}\ +(?P<d>\d\d?)\ {_CLOCK}"
        r"(?P<zone>\ (?:UTC|GMT))?\ (?P<y>\d{4})\b",
        _named_month_time,
        first=_WEEKDAY_INITIALS + "[",
    ),
    TimeFormat(
        "syslog",  # Jun 14 15:16:01
        rf"\[?{_MON}\ +(?P<d>\d\d?)\ (?:(?P<y>\d{{4}})\ )?{_CLOCK}(?!\d)",
        _named_month_time,
        first=_MONTH_INITIALS + "[",
        level=_level_after_tag,
    ),
    TimeFormat(
        "iso",  # 2026-01-31 08:15:00,250 +0100
        rf"(?:[\[(\"']|@?(?:timestamp|time|ts|t)=\"?|[A-Z],\ \[)?{_ISO}",
        _iso_time,
    ),
    TimeFormat(
        "short date",  # 17/06/09 20:10:40
        rf"(?P<y>\d\d)/(?P<mo>0\d|1[0-2])/(?P<d>[0-3]\d)\ {_CLOCK}(?!\d)",
        _short_year_time,
        first=_DIGITS,
    ),
    TimeFormat(
        "six digits",  # 081109 203615
        r"(?P<y>\d\d)(?P<mo>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])\ +"
        r"(?P<h>[01]?\d|2[0-3])(?P<c>:?)(?P<mi>[0-5]\d)(?P=c)(?P<s>[0-5]\d)(?=[\s,]|$)",
        _short_year_time,
        first=_DIGITS,
    ),
    TimeFormat(
        "epoch",  # 1718000000.123
        r"\[?(?:(?P<n>\d{10}|\d{13})(?:[.,](?P<f>\d{1,9}))?)(?=[\s\],:|]|$)",
        _epoch_time,
        first=_DIGITS + "[",
        doubtful=True,
    ),
    TimeFormat(
        "access log",  # 127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700]
        rf"(?:[^\s\[]{{1,255}}\ ){{0,4}}\[(?P<d>\d\d?)/{_MON}/(?P<y>\d{{4}}):{_CLOCK}"
        r"(?P<zone>\ [+-]\d{4})?\]",
        _named_month_time,
        level=_no_level,
    ),
    TimeFormat(
        # The name of a file or container, or the level, before the time: web-1  | 2024-01-31 08:15:00.
        # `Expires: 2026-01-31 …` is a sentence.
        "second token",
        rf"(?!{_FURTHER})(?P<before>\S{{1,255}}(?<![:=,])|(?:{_BARE}):|(?i:level)=\w+)"
        rf"\s+(?:[-|]\s+)?(?:ts=)?[\[(\"]?{_ISO}",
        _iso_time,
        level=_level_around_time,
    ),
)
"""Every time format that is recognised, in the order in which they are tried."""


@lru_cache(maxsize=1024)
def _formats_for(first: str) -> tuple[TimeFormat, ...]:
    """Return the formats that can begin with a character, in order."""
    return tuple(known for known in TIME_FORMATS if known.first is None or first in known.first)


def _recognise(line: str) -> tuple[TimeFormat, re.Match[str], str | None] | None:
    """Return the format of the time at the head, its match, and the level of a syslog priority before it."""
    if not line or line[0].isspace():
        return None
    start, priority = 0, None
    if line[0] == "<":
        found = _PRIORITY.match(line)
        if found is None or found.end() == len(line):
            return None
        start, priority = found.end(), _priority_level(found)
    for known in _formats_for(line[start]):
        match = known.regex.match(line, start, start + _FRONT)
        if match:
            return known, match, priority
    return None
