"""Times in every form in which logs write them, at the head of a line or as a value in JSON.

A text is looked at once: its first characters say which form it can be, and one or two patterns read it.
What is the same from line to line (a date, a minute, the offset of a zone in a quarter of an hour) is kept in
caches of bounded size.

What has the unmistakable form of a time, but does not exist, is found with `ts` None: its line is a record
without a usable time, not a further line of the record before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from functools import lru_cache
from typing import Any

from logctl.core.formats.months import MONTHS, WEEKDAYS
from logctl.core.formats.reading import Context
from logctl.core.formats.zones import (
    FoundZone,
    after_offset,
    apply_zone,
    numeric_offset,
    scan_zone,
    to_local,
    to_utc,
)
from logctl.core.times import DAY, HOUR, LATEST, MINUTE, SECOND, to_datetime

EARLIEST_NUMBER = 946_684_800_000
"""2000-01-01: a smaller number at the head of a line is not taken for a time."""


@dataclass(slots=True)
class FoundTime:
    """A time in a text.

    Attributes:
        ts: milliseconds, UTC; None if the date or time does not exist.
        end: the index after it, its zone included.
        zone: its zone as written, `Z` for a number since the epoch; "" if `Context.zone` was applied.
        ambiguous: it can mean two moments.
    """

    ts: int | None
    end: int
    zone: str = ""
    ambiguous: bool = False


def scan_time(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time that begins at index `start`, or None if none does. Brackets are not part of it.

    - Without a zone, the time is in `Context.zone`.
    - Without a year, it is in the latest year that puts it no more than a day after `Context.reference`.
    - Without a date, it is on the latest day that puts it no more than an hour after `Context.reference`.
    - `03/04/2026` is the 4th of March, unless there is no such day or it is in the future; with dots or
      hyphens the day is first.
    """
    first = text[start : start + 1]
    if "0" <= first <= "9":
        found = _ISO.match(text, start)
        if found is not None:
            return _iso_time(text, found, context)
        found = _ACCESS_LOG.match(text, start)
        if found is not None and (minute := _access_log_minute(found[1])) is not None:
            offset = numeric_offset(found[3])
            if offset is not None:
                return FoundTime(minute + int(found[2]) * SECOND - offset, found.end(), found[3])
        lead = _LEAD.match(text, start)
        reader = _BY_DIGITS.get((lead.end() - start, text[lead.end() : lead.end() + 1])) if lead else None
        if reader is None and lead is not None:
            reader = _BY_LENGTH.get(lead.end() - start)
        return reader(text, start, context) if reader else None
    if first == "@":
        return _tai64n_time(text, start, context)
    found = _SYSLOG.match(text, start)
    if (
        found is not None
        and (minute := _syslog_minute(found[1], context.reference, context.zone)) is not None
    ):
        second, fraction = found.group(2, 3)
        milliseconds = int((fraction + "00")[:3]) if fraction else 0
        ts, ambiguous = to_utc(minute + int(second) * SECOND + milliseconds, context.zone)
        if ts <= context.reference + DAY:
            return FoundTime(ts, found.end(), "", ambiguous)
    return _word_time(text, start, context) if first.isalpha() else None


# ── Dates and clocks ────────────────────────────────────────────────────────────────────────────────

_EPOCH_DAY = date(1970, 1, 1).toordinal()

# Between a date and a clock stands one of these; ` -- ` is Suricata's, `::` Erlang's, ` time=` Fortinet's.
_SEPARATOR = (
    r"(?:[T_:](?=[0-9])|[ \t\u00a0\u202f]{1,2}(?=[0-9])|,\ ?(?=[0-9])|-(?=[0-9])"
    r"|,?\ (?:at|um|--?|[|@])\ (?=[0-9])|::(?=[0-9])|\"?,?\ time=\"?(?=[0-9]))"
)
_FRACTION = r"(?:[.,]([0-9]{1,9})[0-9]*+|:([0-9]{3,9})(?![0-9]))?"
_CLOCK = re.compile(rf"([0-9]{{1,2}}):([0-9]{{2}})(?::([0-9]{{2}})(?![0-9]){_FRACTION})?(?![0-9])")
_DOTTED_CLOCK = re.compile(r"([0-9]{1,2})\.([0-9]{2})\.([0-9]{2})(?:[.,:]([0-9]{1,9})[0-9]*+)?()(?![0-9])")
_COMPACT_CLOCK = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})(?:[.,]([0-9]{1,9})[0-9]*+)?()(?![0-9])")
# HealthApp and others do not pad: in 20171224-0:7:20:44, the 44 are milliseconds.
_LOOSE_CLOCK = re.compile(
    r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]{1,9})[0-9]*+|:([0-9]{1,9})[0-9]*+)?(?![0-9])"
)
_HALF_DAY = re.compile(r"[ \u00a0\u202f]?([AaPp])(?:\.[ \u00a0\u202f]?)?[Mm](?!\w)\.?")


@lru_cache(maxsize=2048)
def _midnight(year: int, month: int, day: int) -> int | None:
    """Return the start of a day in milliseconds, or None if it does not exist."""
    # The first and last years are left out so that no offset leads out of what `datetime` can show.
    if not 1 < year < 9999:
        return None
    try:
        return (date(year, month, day).toordinal() - _EPOCH_DAY) * DAY
    except ValueError:
        return None


def _in_day(hour: int, minute: int, second: int, fraction: str | None) -> int | None:
    """Return the milliseconds since midnight, or None for a time that no clock shows.

    24:00 is the end of a day. Second 60 is a leap second, at the end of an hour of UTC; some zones are ahead
    by a quarter of an hour.
    """
    if minute > 59 or hour > 24 or (hour == 24 and (minute or second)):
        return None
    if second > 59 and (second > 60 or (minute + 1) % 15):
        return None
    milliseconds = int((fraction + "00")[:3]) if fraction else 0
    return hour * HOUR + minute * MINUTE + second * SECOND + milliseconds


def _hour_and_minute(hour: str, minute: str) -> int | None:
    return None if hour == "24" else _in_day(int(hour), int(minute), 0, None)


@lru_cache(maxsize=1024)
def _minute(text: str) -> int | None:
    """Return the local time of `2026-11-27 10:15` in milliseconds, or None if it does not exist."""
    midnight = _midnight(int(text[:4]), int(text[5:7]), int(text[8:10]))
    in_day = _hour_and_minute(text[11:13], text[14:16])
    return None if midnight is None or in_day is None else midnight + in_day


@lru_cache(maxsize=16)
def _year_at(day: int) -> int:
    return to_datetime(day * DAY).year


def _full_year(text: str) -> int:
    """Return the year of two digits as POSIX's strptime reads them, or of four."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 69 else 1900)


@dataclass(slots=True)
class _Clock:
    """The time of a clock in a text: milliseconds since midnight (None if no clock shows it), and its end."""

    in_day: int | None
    end: int
    half: bool
    seconds: bool
    fraction: bool


def _clock(text: str, start: int, pattern: re.Pattern[str] = _CLOCK) -> _Clock | None:
    match = pattern.match(text, start)
    if match is None and pattern is _CLOCK:
        match = _DOTTED_CLOCK.match(text, start)
    if match is None:
        return None
    hours, minutes, seconds, fraction, other = match.groups()
    hour, end, half = int(hours), match.end(), None
    if text[end : end + 2].lstrip(" \u00a0\u202f")[:1] in _HALF_INITIALS:
        half = _HALF_DAY.match(text, end)
        if half is not None:
            end = half.end()
            # Some programs write 14:15:30 PM: then the hour already says it.
            if hour <= 12:
                hour = hour % 12 + (12 if half[1] in "Pp" else 0)
    fraction = fraction or (other and other.zfill(3))
    in_day = _in_day(hour, int(minutes), int(seconds or 0), fraction)
    return _Clock(in_day, end, half is not None, seconds is not None, fraction is not None)


_HALF_INITIALS = frozenset("AaPp")


def _found(midnight: int | None, clock: _Clock, zone: FoundZone | None, context: Context) -> FoundTime:
    end = zone.end if zone is not None else clock.end
    spelling = zone.spelling if zone is not None else ""
    if midnight is None or clock.in_day is None:
        return FoundTime(None, end, spelling)
    ts, ambiguous = apply_zone(midnight + clock.in_day, zone, context.zone)
    return FoundTime(ts, end, spelling, ambiguous)


def _dated(text: str, midnight: int | None, clock: _Clock, context: Context) -> FoundTime:
    """Return the time of a known day, with the zone that follows the clock."""
    local = (midnight or 0) + (clock.in_day or 0)
    return _found(midnight, clock, scan_zone(text, clock.end, (context.zone, local)), context)


def _without_year(
    text: str, days: tuple[tuple[int, int], ...], clock: _Clock, context: Context
) -> FoundTime | None:
    """Return the time in the latest year that puts it no more than a day after the reference.

    `days`: month and day, in the order in which they are tried. None if none of them exists in any year.
    """
    zone = scan_zone(text, clock.end, (context.zone, context.reference))
    if clock.in_day is None:
        return _found(None, clock, zone, context)
    limit = context.reference + DAY
    latest = _year_at(limit // DAY + 1)
    for month, day in days:
        for year in range(latest, latest - 10, -1):  # 29 February can be eight years back
            midnight = _midnight(year, month, day)
            if midnight is not None:
                found = _found(midnight, clock, zone, context)
                if found.ts is not None and found.ts <= limit:
                    return found
    return None


def _no_such_day(text: str, clock: _Clock, context: Context) -> FoundTime:
    return _dated(text, None, clock, context)


# ── The forms that have a shorter way ───────────────────────────────────────────────────────────────
#
# The times of access logs and of syslog are read as all others are; these patterns are only quicker.

_ACCESS_LOG = re.compile(
    r"([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}):([0-5][0-9])\ ([+-][0-9]{4})(?=[\]\"]|$)",
    re.VERBOSE,
)
# What follows is neither a zone nor a year nor `PM`.
_SYSLOG = re.compile(
    r"([A-Z][a-z]{2}\ [\ 0-9][0-9]\ [0-9]{2}:[0-9]{2}):([0-5][0-9])(?:\.([0-9]{1,9})[0-9]*+)?(?=\ [b-oq-z])",
    re.VERBOSE,
)


@lru_cache(maxsize=1024)
def _access_log_minute(text: str) -> int | None:
    """Return the local time of `27/Nov/2026:10:15` in milliseconds, or None if it is not one."""
    midnight = _midnight(int(text[7:11]), MONTHS.get(text[3:6].lower(), 0), int(text[:2]))
    in_day = _hour_and_minute(text[12:14], text[15:17])
    return None if midnight is None or in_day is None else midnight + in_day


@lru_cache(maxsize=1024)
def _syslog_minute(text: str, reference: int, zone: tzinfo) -> int | None:
    """Return the local time of `Nov 27 10:15` in milliseconds, or None if it is not one.

    Its year is the latest that puts it no more than a day after the reference.
    """
    month, day = MONTHS.get(text[:3].lower(), 0), int(text[4:6])
    in_day = _hour_and_minute(text[7:9], text[10:12])
    latest = _year_at((reference + DAY) // DAY + 1)
    for year in range(latest, latest - 10, -1):
        midnight = _midnight(year, month, day)
        if midnight is not None and in_day is not None:
            ts, _ = to_utc(midnight + in_day, zone)
            if ts <= reference + DAY:
                return midnight + in_day
    return None


# ── Forms that begin with a digit ───────────────────────────────────────────────────────────────────

_Reader = Callable[[str, int, Context], FoundTime | None]

_LEAD = re.compile(r"[0-9]{1,20}(?![0-9])")
# The most common form by far, read by one pattern. What it does not match is read by `_year_first`.
# Ten digits after a comma are the next column of a CSV.
_ISO = re.compile(
    r"([0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}[T\ ][0-9]{2}:[0-9]{2}):([0-5][0-9])"
    r"(?:[.,](?!(?<=,)[0-9]{10})([0-9]{1,9})[0-9]*+)?"
    r"(Z(?!\w)|[+-][0-9]{2}:?[0-9]{2}(?![\w:]))?(?![0-9]|:[0-9])"
)


def _iso_time(text: str, match: re.Match[str], context: Context) -> FoundTime | None:
    minute, second, fraction, offset = match.groups()
    end = match.end()
    base = _minute(minute)
    if base is None:
        return _year_first(text, match.start(), context)
    local = base + int(second) * SECOND
    if fraction is not None:
        local += int((fraction + "00")[:3])
    following = text[end : end + 2]
    if offset is not None:
        milliseconds = numeric_offset(offset)
        if milliseconds is None:
            return _year_first(text, match.start(), context)
        if following[:1] in ("[", "(") or following == " U":
            end = after_offset(text, end, offset)
        return FoundTime(local - milliseconds, end, offset)
    if following:
        # A level after a space is the usual case: no zone begins with one of its letters and ends as it does.
        head = following[1:] if following[0] == " " else following[0]
        if head in _HALF_INITIALS:
            return _year_first(text, match.start(), context)
        zone = scan_zone(text, end, (context.zone, local))
        if zone is not None:
            ts, ambiguous = apply_zone(local, zone, context.zone)
            return FoundTime(ts, zone.end, zone.spelling, ambiguous)
    ts, ambiguous = to_utc(local, context.zone)
    return FoundTime(ts, end, "", ambiguous)


# 2026-11-27 9:15:30, 2026/1/5, 2005-06-03-15.42.50.675872, 2026:11:27-10:15:30 (Sophos)
_YEAR_MONTH_DAY = re.compile(rf"([0-9]{{4}})([-/.:])([0-9]{{1,2}})\2([0-9]{{1,2}}){_SEPARATOR}", re.VERBOSE)
# 2026-Nov-27 10:15:30.123 (Boost), 2026 Nov 27 10:15:30 (Cisco NX-OS)
_YEAR_NAME_DAY = re.compile(
    rf"([0-9]{{4}})([-/.\ ])([^\W\d_]{{3,10}})\.?\2\ ?([0-9]{{1,2}}){_SEPARATOR}", re.VERBOSE
)
# 1127/101530.123456 (Chromium)
_MONTH_DAY_SLASH = re.compile(r"([01][0-9])([0-3][0-9])/(?=[0-9]{6}(?:\.[0-9]{3,6})?(?![0-9]))")
_CHINESE = re.compile(r"([0-9]{4})年\ ?([0-9]{1,2})月\ ?([0-9]{1,2})日\ ?(?=[0-9])", re.VERBOSE)


def _year_first(text: str, start: int, context: Context) -> FoundTime | None:
    match = _YEAR_MONTH_DAY.match(text, start)
    if match is None:
        chromium = _MONTH_DAY_SLASH.match(text, start)
        if chromium is not None:
            clock = _clock(text, chromium.end(), pattern=_COMPACT_CLOCK)
            day = int(chromium[1]), int(chromium[2])
            return _without_year(text, (day,), clock, context) if clock and clock.in_day is not None else None
        return _year_and_name(text, start, context)
    clock = _clock(text, match.end())
    if clock is None:
        return None
    return _dated(text, _midnight(int(match[1]), int(match[3]), int(match[4])), clock, context)


def _year_and_name(text: str, start: int, context: Context) -> FoundTime | None:
    match = _YEAR_NAME_DAY.match(text, start)
    month = MONTHS.get(match[3].lower()) if match else None
    clock = _clock(text, match.end()) if match and month else None
    if match is None or month is None or clock is None:
        return None
    return _dated(text, _midnight(int(match[1]), month, int(match[4])), clock, context)


def _four_digits(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of `2026 Nov 27 10:15:30`, or of glog's `1127 10:15:30.123456`."""
    clock = _clock(text, start + 5)
    if clock is None:
        return _year_and_name(text, start, context)
    if not clock.fraction or clock.in_day is None:
        return None  # a number and a time
    day = int(text[start : start + 2]), int(text[start + 2 : start + 4])
    return _without_year(text, (day,), clock, context)


def _chinese(text: str, start: int, context: Context) -> FoundTime | None:
    match = _CHINESE.match(text, start)
    clock = _clock(text, match.end()) if match else None
    if match is None or clock is None:
        return None
    return _dated(text, _midnight(int(match[1]), int(match[2]), int(match[3])), clock, context)


def _eight_digits(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of `20261127T101530Z`, `20261127 10:15:30`, `20171223-22:15:29:606`."""
    at = start + 9
    at += text[at : at + 1] == " "
    clock = (
        _clock(text, at) or _clock(text, at, pattern=_COMPACT_CLOCK) or _clock(text, at, pattern=_LOOSE_CLOCK)
    )
    if clock is None or not clock.seconds:
        return None
    midnight = _compact_day(text[start : start + 8])
    if midnight is None or clock.in_day is None:
        return None if text[start + 8] == " " else _no_such_day(text, clock, context)
    return _dated(text, midnight, clock, context)


def _compact_day(digits: str) -> int | None:
    return (
        _midnight(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if digits[:2] in ("19", "20") else None
    )


def _all_digits(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of `20261127101530`, which may have milliseconds at the end."""
    clock = _clock(text, start + 8, pattern=_COMPACT_CLOCK)
    if clock is None:
        digits = text[start + 8 : start + 17]
        in_day = _in_day(int(digits[:2]), int(digits[2:4]), int(digits[4:6]), digits[6:])
        clock = _Clock(in_day, start + 17, half=False, seconds=True, fraction=True)
    midnight = _compact_day(text[start : start + 8])
    if midnight is None or clock.in_day is None or not _ends_number(text, clock.end):
        return None
    found = _dated(text, midnight, clock, context)
    likely = found.ts is not None and EARLIEST_NUMBER <= found.ts <= context.reference + 2 * DAY
    return found if likely else None


# The MySQL of old: `261127  9:15:30`; Hadoop: `081109 203615`.
_SIX_DIGITS = re.compile(
    r"([0-9]{2})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])\ {1,2}"
    r"([01]?[0-9]|2[0-3])(:?)([0-5][0-9])\5([0-5][0-9])(?:[.,]([0-9]{1,9})[0-9]*+)?(?=[\s,\]|]|$)",
    re.VERBOSE,
)


def _six_digits(text: str, start: int, context: Context) -> FoundTime | None:
    match = _SIX_DIGITS.match(text, start)
    if match is None:
        return None
    year, month, day, hour, _, minute, second, fraction = match.groups()
    midnight = _midnight(_full_year(year), int(month), int(day))
    in_day = _in_day(int(hour), int(minute), int(second), fraction)
    clock = _Clock(in_day, match.end(), half=False, seconds=True, fraction=fraction is not None)
    return None if midnight is None else _dated(text, midnight, clock, context)


_NUMBER = re.compile(r"([0-9]{10,19})(?:\.([0-9]{1,9})[0-9]*+|,([0-9]{3})(?=[\s\]]|$))?")
_AFTER_NUMBER = frozenset(" \t\r\n],:;|)}\"'>")
_UNIT_OF_LENGTH = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}
"""Units in a second by the number of digits, from 2001 to 2286."""


def _ends_number(text: str, end: int) -> bool:
    return end >= len(text) or text[end] in _AFTER_NUMBER


def _epoch_time(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of a number since the epoch, if it is between 2000 and a day after the reference."""
    match = _NUMBER.match(text, start)
    if match is None or not _ends_number(text, match.end()):
        return None
    ts = _epoch(match[1], match[2] or match[3])
    if ts is None or not EARLIEST_NUMBER <= ts <= context.reference + DAY:
        return None
    return FoundTime(ts, match.end(), "Z")


# 1.7957745301234567e+09: zap's console, and other programs that print a float.
_EXPONENT = re.compile(r"([0-9])\.([0-9]{5,20})[eE]\+?0?9(?![\w.])")


def _exponent(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of a number of seconds with an exponent, or of a date that begins with one digit."""
    match = _EXPONENT.match(text, start)
    if match is None:
        return _day_first(text, start, context)
    digits = match[2].ljust(12, "0")
    ts = int(match[1] + digits[:12])
    if not EARLIEST_NUMBER <= ts <= context.reference + DAY:
        return None
    return FoundTime(ts, match.end(), "Z")


def _epoch(digits: str, fraction: str | None) -> int | None:
    unit = _UNIT_OF_LENGTH.get(len(digits))
    if unit is None:
        return None
    if unit == 1:
        return int(digits) * SECOND + int(((fraction or "") + "000")[:3])
    return int(digits) * SECOND // unit


# 11/27/2026 10:15:30, 27.11.2026 10:15:30, 26/11/27 10:15:30, 11/27/26 10:15:30:123 CET (WebSphere)
_NUMBERS = re.compile(
    rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}}){_SEPARATOR}", re.VERBOSE
)
_SIGNED_OFFSET = re.compile(r"\ [+-][0-9]{4}(?![0-9])")
# 10.30 16:49:06, 11-27 10:15:30.123 (logcat), 11/27-10:15:30.123456 (Snort), 27.11. 10:15:30
_MONTH_AND_DAY = re.compile(
    r"([0-9]{1,2})([-/.])([0-9]{1,2})(\.?)[\ -](?=[0-9]{1,2}:[0-9]{2}:[0-9]{2})", re.VERBOSE
)
# 27/Nov/2026:10:15:30 +0000, 27-Nov-2026 10:15:30, 27 Nov 10:15:30, 27. November 2026, 27Nov2026
_DAY_NAME_YEAR = re.compile(
    r"([0-9]{1,2})(?:\.\ |[-/.\ ]|(?=[A-Z]))([^\W\d_]{3,10}+)\.?"
    rf"(?:(?:,?\ |[-/.]|(?<=[a-z])(?=[0-9]{{4}}))([0-9]{{4}}(?![0-9])|[0-9]{{2}}(?![0-9:])))?{_SEPARATOR}",
    re.VERBOSE,
)


def _day_first(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of a date that begins with one or two digits."""
    match = _DAY_NAME_YEAR.match(text, start)
    if match is not None:
        month = MONTHS.get(match[2].lower())
        clock = _clock(text, match.end()) if month else None
        if month is None or clock is None:
            return None
        return _named_month(text, (match[3], month, int(match[1])), clock, context)
    match = _NUMBERS.match(text, start)
    if match is not None:
        clock = _clock(text, match.end())
        return _numeric_date(text, match, clock, context) if clock else None
    match = _MONTH_AND_DAY.match(text, start)
    clock = _clock(text, match.end()) if match else None
    if match is None or clock is None or clock.in_day is None:
        return None
    month, day = int(match[1]), int(match[3])
    days = ((month, day), (day, month))
    return _without_year(text, days[::-1] if match[4] else days, clock, context)


def _numeric_date(text: str, match: re.Match[str], clock: _Clock, context: Context) -> FoundTime | None:
    """Return the time of a date of three numbers.

    The meanings that are usual with its separator are tried in order. The first that exists and is not in the
    future counts; of two digits for the year, one that is within a year of the reference goes before.
    """
    first, separator, second, last = match.groups()
    if separator == "." and not clock.seconds and len(last) == 2:
        return None  # a version and a number
    a, b, year = int(first), int(second), _full_year(last)
    if len(last) == 2:
        year_first = (_full_year(f"{a:02}"), b, int(last))
        days = [(year, b, a)] if separator == "." else [year_first, (year, a, b), (year, b, a)]
        if separator == "." or a > 31 or len(first) == 1:
            days = [(year, b, a), year_first] if separator == "." else [(year, a, b), (year, b, a)]
        if separator == "/" and context.day_first:
            days = [(year, b, a), (year, a, b)]
    else:
        days = [(year, a, b), (year, b, a)]
        # Splunk writes 11-05-2026 10:15:30.123 +0000 for the 5th of November.
        splunk = separator == "-" and clock.fraction and _SIGNED_OFFSET.match(text, clock.end)
        if (separator != "/" and not splunk) or (separator == "/" and context.day_first):
            days.reverse()
    real = [midnight for midnight in (_midnight(*day) for day in days) if midnight is not None]
    limit = context.reference + 7 * DAY
    likely = [midnight for midnight in real if midnight <= limit]
    if len(last) == 2:
        recent = [midnight for midnight in likely if midnight > context.reference - 366 * DAY]
        likely = recent or likely
    if not real and separator == "." and len(last) == 2:
        return None
    return _dated(text, next(iter(likely or real), None), clock, context)


def _japanese_month(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of syslog in Japanese and Chinese: `11月 27 10:15:30`."""
    match = _JAPANESE.match(text, start)
    clock = _clock(text, match.end()) if match else None
    if match is None or clock is None:
        return None
    return _named_month(text, (None, int(match[1]), int(match[2])), clock, context)


_JAPANESE = re.compile(r"([0-9]{1,2})月\ {1,2}([0-9]{1,2})\ (?=[0-9])", re.VERBOSE)


# A date after the clock: 10:15:30 27/11/2026
_DATE_AFTER = re.compile(
    r"[\ ,]{1,2}([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}"
    r"|[0-9]{1,2}[-/\ ][A-Za-z]{3}[-/\ ][0-9]{4})(?![\w:.-]|[\ ]?[0-9]{1,2}:)",
    re.VERBOSE,
)


def _time_only(text: str, start: int, context: Context) -> FoundTime | None:
    """Return a time without a date: `10:15:30.123`, `10:15AM`."""
    clock = _clock(text, start)
    if clock is None or clock.in_day is None or not (clock.seconds or clock.half):
        return None
    following = text[clock.end : clock.end + 2]
    if following[:1].isalnum() and following[:1] not in "ZUG":
        return None  # 10:15:30a
    if following[:1] == ":" and following[1:].isalnum():
        return None  # 10:15:30:ab: a network address
    if text[start] == "0" and text[start + 1] == ":":
        return None  # 0:00:12 is a duration
    after = _DATE_AFTER.match(text, clock.end)
    if after is not None:
        dated = scan_time(f"{after[1]} {text[start : clock.end]}", 0, context)
        if dated is not None:
            return FoundTime(dated.ts, after.end(), dated.zone, dated.ambiguous)
    zone = scan_zone(text, clock.end, (context.zone, context.reference))
    limit = context.reference + HOUR
    today = to_local(limit, context.zone) // DAY * DAY
    for midnight in (today + DAY, today, today - DAY):
        found = _found(midnight, clock, zone, context)
        if found.ts is not None and found.ts <= limit:
            return found
    return None


_BY_LENGTH: dict[int, _Reader] = {
    10: _epoch_time,
    13: _epoch_time,
    14: _all_digits,
    16: _epoch_time,
    17: _all_digits,
    19: _epoch_time,
}
_BY_DIGITS: dict[tuple[int, str], _Reader] = {
    **{(4, mark): _year_first for mark in "-/.:"},
    (4, " "): _four_digits,
    (1, "."): _exponent,
    (4, "年"): _chinese,
    (6, " "): _six_digits,
    **{(8, mark): _eight_digits for mark in "T -_:"},
    **{(count, mark): _day_first for count in (1, 2) for mark in "-/. " if (count, mark) != (1, ".")},
    **{(2, letter): _day_first for letter in "JFMASOND"},
    **{(count, ":"): _time_only for count in (1, 2)},
    **{(count, "月"): _japanese_month for count in (1, 2)},
}
"""How a text is read, by the number of digits at its start and the character after them."""


# ── Forms that begin with a word ────────────────────────────────────────────────────────────────────

_A_WORD = re.compile(r"[^\W\d_]{2,12}+")
_AFTER_WEEKDAY = re.compile(r"\.?,?\ {1,2}", re.VERBOSE)
# After the month: day, year, and what stands before the clock.
_DAY_YEAR = re.compile(
    r"\.?(?:\ {1,3}|[-/])([0-9]{1,2})(?:st|nd|rd|th)?\.?"
    rf"(?:(?:,\ ?|\ |[-/])([0-9]{{4}})(?![0-9:]))?{_SEPARATOR}",
    re.VERBOSE,
)
_YEAR_AFTER = re.compile(r"(?:\ ([A-Z]{2,5}))?\ ([0-9]{4})(?![\w:.-])", re.VERBOSE)


def _word_time(text: str, start: int, context: Context) -> FoundTime | None:
    word = _A_WORD.match(text, start)
    if word is None:
        return None
    name = word[0].lower()
    month = MONTHS.get(name)
    if month is not None:
        found = _month_first(text, word.end(), month, context)
        if found is not None:
            return found
    if name not in WEEKDAYS:
        return None
    after = _AFTER_WEEKDAY.match(text, word.end())
    if after is None:
        return None
    if "0" <= text[after.end() : after.end() + 1] <= "9":
        # A weekday and a clock only, `Fri 10:15:30`, is not a form of time.
        return None if _CLOCK.match(text, after.end()) else scan_time(text, after.end(), context)
    word = _A_WORD.match(text, after.end())
    month = MONTHS.get(word[0].lower()) if word else None
    return _month_first(text, word.end(), month, context) if word and month else None


def _month_first(text: str, start: int, month: int, context: Context) -> FoundTime | None:
    """Return the time of a date that begins with a month; `start` is the index after its name."""
    match = _DAY_YEAR.match(text, start)
    clock = _clock(text, match.end()) if match else None
    if match is None or clock is None or not (clock.seconds or match[2]):
        return None
    return _named_month(text, (match[2], month, int(match[1])), clock, context)


def _named_month(
    text: str, day: tuple[str | None, int, int], clock: _Clock, context: Context
) -> FoundTime | None:
    """Return the time of a year (None if it is not before the clock), a month and a day."""
    written, month, number = day
    if written is not None:
        return _dated(text, _midnight(_full_year(written), month, number), clock, context)
    zone = scan_zone(text, clock.end, (context.zone, context.reference))
    at = zone.end if zone else clock.end
    after = _YEAR_AFTER.match(text, at)
    if after is not None and 1980 <= int(after[2]) <= _year_at(context.reference // DAY) + 1:
        if zone is None and after[1]:
            # `date` writes the zone there: a word that is not known is a zone all the same.
            zone = FoundZone(after[1], after.end(), abbreviation=after[1])
        if zone is None and text[after.end() : after.end() + 2] in (" +", " -"):
            zone = scan_zone(text, after.end(), (context.zone, context.reference))
        found = _found(_midnight(int(after[2]), month, number), clock, zone, context)
        found.end = max(after.end(), found.end)
        return found
    return _without_year(text, ((month, number),), clock, context) or _no_such_day(text, clock, context)


# ── TAI64N ──────────────────────────────────────────────────────────────────────────────────────────

_TAI64N = re.compile(r"@4[0-9a-f]{15}([0-9a-f]{8})?(?![0-9A-Za-z])")
_TAI_EPOCH = 2**62 + 10  # https://cr.yp.to/libtai/tai64.html; multilog does not count leap seconds


def _tai64n_time(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of daemontools, runit and s6: `@400000006a08123b1d34a4c4`."""
    match = _TAI64N.match(text, start)
    if match is None:
        return None
    ts = (int(match[0][1:17], 16) - _TAI_EPOCH) * SECOND
    if not EARLIEST_NUMBER <= ts <= context.reference + 7 * DAY:
        return None
    nanoseconds = int(match[1], 16) if match[1] else 0
    return FoundTime(ts + min(nanoseconds // 10**6, 999), match.end(), "Z")


# ── Values in JSON ──────────────────────────────────────────────────────────────────────────────────

_EPOCH_TEXT = re.compile(r"([0-9]{9,19})(?:\.([0-9]{1,9})[0-9]*+)?\Z")
_DATE_TEXT = re.compile(r"([0-9]{4})([-/])([0-9]{2})\2([0-9]{2})\Z")
_DOTNET_DATE = re.compile(r"/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/\Z")
_LONGEST_TEXT = 120
_OPENING = {"[": "]", '"': '"', "'": "'"}
_EARLIEST_VALUE = 315_532_800_000  # 1980-01-01: a smaller number is a duration or a count

# Seconds, and the part of a second in nanoseconds or microseconds, by the names that programs give them.
_PARTS = (
    ("seconds", ("nanos", "nanoseconds"), 10**6),  # Protocol Buffers, Google Cloud
    ("epochSecond", ("nanoOfSecond", "nano"), 10**6),  # log4j2
    ("_seconds", ("_nanoseconds",), 10**6),  # Firestore
    ("secs_since_epoch", ("nanos_since_epoch",), 10**6),  # Rust's SystemTime
    ("secs", ("nanos", "nsecs"), 10**6),
    ("sec", ("nsec",), 10**6),
    ("sec", ("usec",), 10**3),
    ("tv_sec", ("tv_nsec",), 10**6),
    ("tv_sec", ("tv_usec",), 10**3),
)
# Objects that have the time as one member: MongoDB, Parse, loguru, PHP, BigQuery, Bunyan's serialisers.
_MEMBERS = (
    "$date",
    "$timestamp",
    "timestamp",
    "iso",
    "date",
    "value",
    "repr",
    "unix",
    "epoch",
    "epochMillisecond",
)


def read_time_value(value: object, context: Context) -> FoundTime | None:
    """Return the time that a value in JSON means, or None.

    A value is a text that is a time as a whole, a number (seconds to nanoseconds since the epoch), an object
    such as `{"$date": …}` and `{"seconds": …, "nanos": …}`, or a list of year, month, day, hour, minute,
    second and nanosecond. `end` is 0. Numbers before 1980 are not times.
    """
    if isinstance(value, str):
        return _text_value(value, context)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _number_value(value, context)
    if isinstance(value, Mapping):
        return _object_value(value, context)
    return _list_value(value, context) if isinstance(value, list) else None


def _text_value(value: str, context: Context) -> FoundTime | None:
    if len(value) > _LONGEST_TEXT:
        return None
    text = value.strip()
    if text[:1] in _OPENING and text[-1:] == _OPENING[text[0]]:
        text = text[1:-1]
    found = scan_time(text, 0, context)
    if found is not None and found.end == len(text):
        found.end = 0
        return found
    number = _EPOCH_TEXT.match(text)
    if number is not None:
        digits, fraction = number.groups()
        if len(digits) < 11:
            return _epoch_value(int(digits) * SECOND + int(((fraction or "") + "000")[:3]))
        return _number_value(int(digits), context)
    day = _DATE_TEXT.match(text)
    if day is not None:
        midnight = _midnight(int(day[1]), int(day[3]), int(day[4]))
        clock = _Clock(0, 0, half=False, seconds=False, fraction=False)
        return _found(midnight, clock, None, context)
    dotnet = _DOTNET_DATE.match(text)
    return _epoch_value(int(dotnet[1])) if dotnet else None


def _number_value(number: int | float, context: Context) -> FoundTime | None:
    # Compared before any arithmetic: an integer in JSON can have millions of digits, and a float can be NaN.
    if not 10**8 < number < 10**19:
        return None
    if number < 10**11:
        # Rounded to microseconds first, because 1795774530.123 is not exactly that as a float.
        return _epoch_value(round(number * 10**6) // 1000)
    if 20 * 10**12 <= number < 21 * 10**12 and number == int(number):
        found = _all_digits(str(int(number)), 0, context)  # 20261127101530
        if found is not None:
            found.end = 0
            return found
    for unit in (1, 10**3, 10**6):
        if number < 10**14 * unit:
            return _epoch_value(int(number // unit))
    return None


def _epoch_value(ts: int) -> FoundTime | None:
    return FoundTime(ts, 0, "Z") if _EARLIEST_VALUE <= ts < LATEST else None


def _object_value(value: Mapping[str, Any], context: Context, depth: int = 0) -> FoundTime | None:
    for seconds_key, part_keys, unit in _PARTS:
        seconds = _integer(value.get(seconds_key))
        if seconds is None:
            continue
        for key in part_keys:
            part = _integer(value.get(key))
            if part is not None:
                return _epoch_value(seconds * SECOND + min(max(part // unit, 0), 999))
        if len(value) == 1:
            return _epoch_value(seconds * SECOND)
    number = _integer(value.get("$numberLong"))
    if number is not None:
        return _epoch_value(number)
    for key in _MEMBERS:
        if key in value and depth < 3:
            return _member_value(value, key, context, depth)
    return None


def _member_value(value: Mapping[str, Any], key: str, context: Context, depth: int) -> FoundTime | None:
    inner = value[key]
    if isinstance(inner, Mapping):
        if key == "$timestamp":
            seconds = _integer(inner.get("t"))
            return _epoch_value(seconds * SECOND) if seconds is not None else None
        return _object_value(inner, context, depth + 1)
    if key == "$date" and isinstance(inner, int | float):
        return _epoch_value(int(inner)) if 0 < inner < LATEST else None
    zone = value.get("timezone") if key == "date" else None  # PHP: {"date": …, "timezone": "Europe/Berlin"}
    if isinstance(inner, str) and isinstance(zone, str) and len(zone) < 40:
        found = read_time_value(f"{inner} {zone}", context)
        if found is not None:
            return found
    return read_time_value(inner, context)


def _integer(value: object) -> int | None:
    """Return a whole number of at most 19 digits, which may be written as text; None for anything else."""
    if isinstance(value, str):
        return int(value) if len(value) < 20 and value.isascii() and value.isdigit() else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -(10**19) < value < 10**19 else None
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**19:
        return int(value)
    return None


def _list_value(value: list[Any], context: Context) -> FoundTime | None:
    """Return the time of a list: `[2026, 11, 27, 10, 15, 30, 123000000]`, `[1795774530, 123000000]`."""
    numbers = [_integer(item) for item in value[:8]]
    if len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
        seconds, part = numbers[0], numbers[1]
        return _epoch_value(seconds * SECOND + part // 10**6) if 0 <= part < 10**9 else None
    if not 5 <= len(numbers) <= 7 or any(number is None for number in numbers):
        return None
    year, month, day, hour, minute, second, nanosecond = ([number or 0 for number in numbers] + [0, 0])[:7]
    if not 1970 <= year <= 2200 or min(month, day, hour, minute, second, nanosecond) < 0:
        return None
    in_day = _in_day(hour, minute, second, None)
    clock = _Clock(
        None if in_day is None else in_day + min(nanosecond // 10**6, 999),
        end=0,
        half=False,
        seconds=True,
        fraction=True,
    )
    midnight = _midnight(year, month, day) if month < 100 and day < 100 else None
    return _found(midnight, clock, None, context)
