"""Times in every form in which logs write them.

A text is looked at once: its first characters say which form it can be, and one or two patterns read it.
What is the same from line to line (a date, a minute, the offset of a zone in a quarter of an hour) is kept in
caches of bounded size.

What has the unmistakable form of a time, but does not exist, is found with `ts` None: its line is a record
without a usable time, not a further line of the record before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import tzinfo
from functools import lru_cache

from logctl.core.formats.clock_times import (
    CLOCK,
    COMPACT_CLOCK,
    HALF_INITIALS,
    LOOSE_CLOCK,
    SEPARATOR,
    ClockTime,
    clock_at,
    dated,
    found_time,
    full_year,
    hour_and_minute,
    midnight_of,
    no_such_day,
    since_midnight,
    without_year,
    year_at,
)
from logctl.core.formats.clock_times import FoundTime as FoundTime
from logctl.core.formats.epoch_times import (
    EARLIEST_NUMBER,
    ends_number,
    epoch_time,
    exponent_time,
    tai64n_time,
)
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
from logctl.core.times import DAY, FUTURE_TOLERANCE, HOUR, SECOND


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
        return tai64n_time(text, start, context)
    word = text[start : start + 2]
    if word.isascii() and word.lower() not in _BEGINNINGS:
        return None
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


# ── The forms that have a shorter way ───────────────────────────────────────────────────────────────
#
# The times of access logs and of syslog are read as all others are; these patterns are only quicker.

_ACCESS_LOG = re.compile(
    r"([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}):([0-5][0-9])\ ([+-][0-9]{4})(?=[\]\"]|$)",
    re.VERBOSE,
)
# What follows is neither a zone nor a year nor `PM`: abbreviations of zones have no small letters,
# except for Guam's.
_SYSLOG = re.compile(
    r"([A-Z][a-z]{2}\ [\ 0-9][0-9]\ [0-9]{2}:[0-9]{2}):([0-5][0-9])(?:\.([0-9]{1,9})[0-9]*+)?"
    r"(?=\ (?:[b-oq-z]|(?!ChST)[B-OQ-Z][a-z][\w.-]{1,60}+[\ :\[]))",
    re.VERBOSE,
)


@lru_cache(maxsize=1024)
def _access_log_minute(text: str) -> int | None:
    """Return the local time of `27/Nov/2026:10:15` in milliseconds, or None if it is not one."""
    midnight = midnight_of(int(text[7:11]), MONTHS.get(text[3:6].lower(), 0), int(text[:2]))
    in_day = hour_and_minute(text[12:14], text[15:17])
    return None if midnight is None or in_day is None else midnight + in_day


@lru_cache(maxsize=1024)
def _syslog_minute(text: str, reference: int, zone: tzinfo) -> int | None:
    """Return the local time of `Nov 27 10:15` in milliseconds, or None if it is not one.

    Its year is the latest that puts it no more than a day after the reference.
    """
    month, day = MONTHS.get(text[:3].lower(), 0), int(text[4:6])
    in_day = hour_and_minute(text[7:9], text[10:12])
    latest = year_at((reference + DAY) // DAY + 1)
    for year in range(latest, latest - 10, -1):
        midnight = midnight_of(year, month, day)
        if midnight is not None and in_day is not None:
            ts, _ = to_utc(midnight + in_day, zone)
            if ts <= reference + DAY:
                return midnight + in_day
    return None


# ── Forms that begin with a digit ───────────────────────────────────────────────────────────────────

_Reader = Callable[[str, int, Context], FoundTime | None]

_BEGINNINGS = frozenset(name[:2] for name in (*MONTHS, *WEEKDAYS))
"""The first two letters of the words with which a time can begin."""
_LEAD = re.compile(r"[0-9]{1,20}(?![0-9])")
# The most common form by far, read by one pattern. What it does not match is read by `_year_first`.
# Ten digits after a comma are the next column of a CSV.
_ISO = re.compile(
    r"([0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2}[T\ ][0-9]{2}:[0-9]{2}):([0-5][0-9])"
    r"(?:[.,](?!(?<=,)[0-9]{10})([0-9]{1,9})[0-9]*+)?"
    r"(Z(?!\w)|[+-][0-9]{2}:?[0-9]{2}(?![\w:]))?(?![0-9]|:[0-9])"
)


@lru_cache(maxsize=1024)
def _minute(text: str) -> int | None:
    """Return the local time of `2026-11-27 10:15` in milliseconds, or None if it does not exist."""
    midnight = midnight_of(int(text[:4]), int(text[5:7]), int(text[8:10]))
    in_day = hour_and_minute(text[11:13], text[14:16])
    return None if midnight is None or in_day is None else midnight + in_day


_LEVELS_AFTER = tuple(
    f" {word} " for word in ("INFO", "ERROR", "WARN", "DEBUG", "WARNING", "TRACE", "FATAL", "CRITICAL")
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
    # A level after a space is the usual case, and no zone has such a name.
    if following and not text.startswith(_LEVELS_AFTER, end):
        head = following[1:] if following[0] == " " else following[0]
        if head in HALF_INITIALS:
            return _year_first(text, match.start(), context)
        zone = scan_zone(text, end, (context.zone, local))
        if zone is not None:
            ts, ambiguous = apply_zone(local, zone, context.zone)
            return FoundTime(ts, zone.end, zone.spelling, ambiguous)
    ts, ambiguous = to_utc(local, context.zone)
    return FoundTime(ts, end, "", ambiguous)


_WHOLE_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}):([0-5][0-9])(?:[.,]([0-9]{1,9}))?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})"
)


@lru_cache(maxsize=1024)
def _second(text: str) -> int | None:
    """Return the local time of `2026-11-27T10:15:30` in milliseconds, or None if it is not one."""
    found = _WHOLE_ISO.fullmatch(f"{text}Z")
    base = _minute(found[1]) if found is not None else None
    return None if found is None or base is None else base + int(found[2]) * SECOND


def whole_iso_time(text: str) -> tuple[int, str] | None:
    """Return time and zone of a text that is an ISO time with an offset, as `scan_time` does, or None."""
    if text[19:20] == "." and text[-1] == "Z" and len(text) < 31:
        digits = text[20:-1]
        base = _second(text[:19])
        if base is not None and digits.isdecimal() and digits.isascii():
            return base + int((digits + "00")[:3]), "Z"
    found = _WHOLE_ISO.fullmatch(text)
    if found is None:
        return None
    minute, second, fraction, zone = found.groups()
    base, offset = _minute(minute), numeric_offset(zone)
    if base is None or offset is None:
        return None
    milliseconds = int((fraction + "00")[:3]) if fraction is not None else 0
    return base + int(second) * SECOND + milliseconds - offset, zone


# 2026-11-27 9:15:30, 2026/1/5, 2005-06-03-15.42.50.675872, 2026:11:27-10:15:30 (Sophos)
_YEAR_MONTH_DAY = re.compile(rf"([0-9]{{4}})([-/.:])([0-9]{{1,2}})\2([0-9]{{1,2}}){SEPARATOR}", re.VERBOSE)
# 2026-Nov-27 10:15:30.123 (Boost), 2026 Nov 27 10:15:30 (Cisco NX-OS)
_YEAR_NAME_DAY = re.compile(
    rf"([0-9]{{4}})([-/.\ ])([^\W\d_]{{3,10}})\.?\2\ ?([0-9]{{1,2}}){SEPARATOR}", re.VERBOSE
)
# 1127/101530.123456 (Chromium)
_MONTH_DAY_SLASH = re.compile(r"([01][0-9])([0-3][0-9])/(?=[0-9]{6}(?:\.[0-9]{3,6})?(?![0-9]))")
_CHINESE = re.compile(r"([0-9]{4})年\ ?([0-9]{1,2})月\ ?([0-9]{1,2})日\ ?(?=[0-9])", re.VERBOSE)


def _year_first(text: str, start: int, context: Context) -> FoundTime | None:
    match = _YEAR_MONTH_DAY.match(text, start)
    if match is None:
        chromium = _MONTH_DAY_SLASH.match(text, start)
        if chromium is not None:
            clock = clock_at(text, chromium.end(), pattern=COMPACT_CLOCK)
            day = int(chromium[1]), int(chromium[2])
            return without_year(text, (day,), clock, context) if clock and clock.in_day is not None else None
        return _year_and_name(text, start, context)
    if match[2] == ":" and text[match.end() - 1] == ":":
        return None  # 2001:11:22:33:44:55:66:77 is an address
    clock = clock_at(text, match.end())
    if clock is None:
        return None
    return dated(text, midnight_of(int(match[1]), int(match[3]), int(match[4])), clock, context)


def _year_and_name(text: str, start: int, context: Context) -> FoundTime | None:
    match = _YEAR_NAME_DAY.match(text, start)
    month = MONTHS.get(match[3].lower()) if match else None
    clock = clock_at(text, match.end()) if match and month else None
    if match is None or month is None or clock is None:
        return None
    return dated(text, midnight_of(int(match[1]), month, int(match[4])), clock, context)


def _four_digits(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of `2026 Nov 27 10:15:30`, or of glog's `1127 10:15:30.123456`."""
    clock = clock_at(text, start + 5)
    if clock is None:
        return _year_and_name(text, start, context)
    if not clock.fraction or clock.in_day is None:
        return None  # a number and a time
    day = int(text[start : start + 2]), int(text[start + 2 : start + 4])
    return without_year(text, (day,), clock, context)


def _chinese(text: str, start: int, context: Context) -> FoundTime | None:
    match = _CHINESE.match(text, start)
    clock = clock_at(text, match.end()) if match else None
    if match is None or clock is None:
        return None
    return dated(text, midnight_of(int(match[1]), int(match[2]), int(match[3])), clock, context)


def _eight_digits(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of `20261127T101530Z`, `20261127 10:15:30`, `20171223-22:15:29:606`."""
    at = start + 9
    at += text[at : at + 1] == " "
    clock = (
        clock_at(text, at)
        or clock_at(text, at, pattern=COMPACT_CLOCK)
        or clock_at(text, at, pattern=LOOSE_CLOCK)
    )
    if clock is None or not clock.seconds:
        return None
    midnight = _compact_day(text[start : start + 8])
    if midnight is None or clock.in_day is None:
        return None if text[start + 8] == " " else no_such_day(text, clock, context)
    return dated(text, midnight, clock, context)


def _compact_day(digits: str) -> int | None:
    return (
        midnight_of(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
        if digits[:2] in ("19", "20")
        else None
    )


def all_digits(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of `20261127101530`, which may have milliseconds at the end."""
    clock = clock_at(text, start + 8, pattern=COMPACT_CLOCK)
    if clock is None:
        digits = text[start + 8 : start + 17]
        in_day = since_midnight(int(digits[:2]), int(digits[2:4]), int(digits[4:6]), digits[6:])
        clock = ClockTime(in_day, start + 17, half=False, seconds=True, fraction=True)
    midnight = _compact_day(text[start : start + 8])
    if midnight is None or clock.in_day is None or not ends_number(text, clock.end):
        return None
    found = dated(text, midnight, clock, context)
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
    midnight = midnight_of(full_year(year), int(month), int(day))
    in_day = since_midnight(int(hour), int(minute), int(second), fraction)
    clock = ClockTime(in_day, match.end(), half=False, seconds=True, fraction=fraction is not None)
    return None if midnight is None else dated(text, midnight, clock, context)


# 11/27/2026 10:15:30, 27.11.2026 10:15:30, 26/11/27 10:15:30, 11/27/26 10:15:30:123 CET (WebSphere)
_NUMBERS = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}}){SEPARATOR}", re.VERBOSE)
_SIGNED_OFFSET = re.compile(r"\ [+-][0-9]{4}(?![0-9])")
# 10.30 16:49:06, 11-27 10:15:30.123 (logcat), 11/27-10:15:30.123456 (Snort), 27.11. 10:15:30
_MONTH_AND_DAY = re.compile(
    r"([0-9]{1,2})([-/.])([0-9]{1,2})(\.?)[\ -](?=[0-9]{1,2}:[0-9]{2}:[0-9]{2})", re.VERBOSE
)
# 27/Nov/2026:10:15:30 +0000, 27-Nov-2026 10:15:30, 27 Nov 10:15:30, 27. November 2026, 27Nov2026
_DAY_NAME_YEAR = re.compile(
    r"([0-9]{1,2})(?:\.\ |[-/.\ ]|(?=[A-Z]))([^\W\d_]{3,10}+)\.?"
    rf"(?:(?:,?\ |[-/.]|(?<=[a-z])(?=[0-9]{{4}}))([0-9]{{4}}(?![0-9])|[0-9]{{2}}(?![0-9:])))?{SEPARATOR}",
    re.VERBOSE,
)


def _day_first(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of a date that begins with one or two digits."""
    match = _DAY_NAME_YEAR.match(text, start)
    if match is not None:
        month = MONTHS.get(match[2].lower())
        clock = clock_at(text, match.end()) if month else None
        if month is None or clock is None:
            return None
        return _named_month(text, (match[3], month, int(match[1])), clock, context)
    match = _NUMBERS.match(text, start)
    if match is not None:
        clock = clock_at(text, match.end())
        return _numeric_date(text, match, clock, context) if clock else None
    match = _MONTH_AND_DAY.match(text, start)
    clock = clock_at(text, match.end()) if match else None
    if match is None or clock is None or clock.in_day is None:
        return None
    month, day = int(match[1]), int(match[3])
    days = ((month, day), (day, month))
    return without_year(text, days[::-1] if match[4] else days, clock, context)


def _numeric_date(text: str, match: re.Match[str], clock: ClockTime, context: Context) -> FoundTime | None:
    """Return the time of a date of three numbers.

    The meanings that are usual with its separator are tried in order. The first that exists and is not in the
    future counts; of two digits for the year, one that is within a year of the reference goes before.
    """
    first, separator, second, last = match.groups()
    if separator == "." and not clock.seconds and len(last) == 2:
        return None  # a version and a number
    a, b, year = int(first), int(second), full_year(last)
    if len(last) == 2:
        year_first = (full_year(f"{a:02}"), b, int(last))
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
    real = [midnight for midnight in (midnight_of(*day) for day in days) if midnight is not None]
    limit = context.reference + FUTURE_TOLERANCE
    likely = [midnight for midnight in real if midnight <= limit]
    if len(last) == 2:
        recent = [midnight for midnight in likely if midnight > context.reference - 366 * DAY]
        likely = recent or likely
    if not real and separator == "." and len(last) == 2:
        return None
    return dated(text, next(iter(likely or real), None), clock, context)


def _number_or_date(text: str, start: int, context: Context) -> FoundTime | None:
    return exponent_time(text, start, context) or _day_first(text, start, context)


def _japanese_month(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of syslog in Japanese and Chinese: `11月 27 10:15:30`."""
    match = _JAPANESE.match(text, start)
    clock = clock_at(text, match.end()) if match else None
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
    clock = clock_at(text, start)
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
        found = found_time(midnight, clock, zone, context)
        if found.ts is not None and found.ts <= limit:
            return found
    return None


_BY_LENGTH: dict[int, _Reader] = {
    10: epoch_time,
    13: epoch_time,
    14: all_digits,
    16: epoch_time,
    17: all_digits,
    19: epoch_time,
}
_BY_DIGITS: dict[tuple[int, str], _Reader] = {
    **{(4, mark): _year_first for mark in "-/.:"},
    (4, " "): _four_digits,
    (1, "."): _number_or_date,
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
    rf"(?:(?:,\ ?|\ |[-/])([0-9]{{4}})(?![0-9:]))?{SEPARATOR}",
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
        return None if CLOCK.match(text, after.end()) else scan_time(text, after.end(), context)
    word = _A_WORD.match(text, after.end())
    month = MONTHS.get(word[0].lower()) if word else None
    return _month_first(text, word.end(), month, context) if word and month else None


def _month_first(text: str, start: int, month: int, context: Context) -> FoundTime | None:
    """Return the time of a date that begins with a month; `start` is the index after its name."""
    match = _DAY_YEAR.match(text, start)
    clock = clock_at(text, match.end()) if match else None
    if match is None or clock is None or not (clock.seconds or match[2]):
        return None
    return _named_month(text, (match[2], month, int(match[1])), clock, context)


def _named_month(
    text: str, day: tuple[str | None, int, int], clock: ClockTime, context: Context
) -> FoundTime | None:
    """Return the time of a year (None if it is not before the clock), a month and a day."""
    written, month, number = day
    if written is not None:
        return dated(text, midnight_of(full_year(written), month, number), clock, context)
    zone = scan_zone(text, clock.end, (context.zone, context.reference))
    at = zone.end if zone else clock.end
    after = _YEAR_AFTER.match(text, at)
    if after is not None and 1980 <= int(after[2]) <= year_at(context.reference // DAY) + 1:
        if zone is None and after[1]:
            # `date` writes the zone there: a word that is not known is a zone all the same.
            zone = FoundZone(after[1], after.end(), abbreviation=after[1])
        if zone is None and text[after.end() : after.end() + 2] in (" +", " -"):
            zone = scan_zone(text, after.end(), (context.zone, context.reference))
        found = found_time(midnight_of(int(after[2]), month, number), clock, zone, context)
        found.end = max(after.end(), found.end)
        return found
    return without_year(text, ((month, number),), clock, context) or no_such_day(text, clock, context)
