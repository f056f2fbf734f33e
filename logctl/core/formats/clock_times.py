"""Dates, clocks, and the moments that they make together with a zone."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from msgspec import Struct

from logctl.core.formats.reading import Context
from logctl.core.formats.zones import FoundZone, apply_zone, scan_zone
from logctl.core.times import DAY, HOUR, MINUTE, SECOND, to_datetime


class FoundTime(Struct):
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


_EPOCH_DAY = date(1970, 1, 1).toordinal()

# Between a date and a clock stands one of these; ` -- ` is Suricata's, `::` Erlang's, ` time=` Fortinet's.
SEPARATOR = (
    r"(?:[Tt_:](?=[0-9])|[ \t\u00a0\u202f]{1,2}(?=[0-9])|,\ ?(?=[0-9])|-(?=[0-9])"
    r"|,?\ (?:at|um|--?|[|@])\ (?=[0-9])|::(?=[0-9])|\"?,?\ time=\"?(?=[0-9]))"
)
_FRACTION = r"(?:[.,]([0-9]{1,9})[0-9]*+|:([0-9]{3,9})(?![0-9]))?"
CLOCK = re.compile(rf"([0-9]{{1,2}}):([0-9]{{2}})(?::([0-9]{{2}})(?![0-9]){_FRACTION})?(?![0-9])")
_DOTTED_CLOCK = re.compile(r"([0-9]{1,2})\.([0-9]{2})\.([0-9]{2})(?:[.,:]([0-9]{1,9})[0-9]*+)?()(?![0-9])")
COMPACT_CLOCK = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})(?:[.,]([0-9]{1,9})[0-9]*+)?()(?![0-9])")
# HealthApp and others do not pad: in 20171224-0:7:20:44, the 44 are milliseconds.
LOOSE_CLOCK = re.compile(
    r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]{1,9})[0-9]*+|:([0-9]{1,9})[0-9]*+)?(?![0-9])"
)
_HALF_DAY = re.compile(r"[ \u00a0\u202f]?([AaPp])(?:\.[ \u00a0\u202f]?)?[Mm](?!\w)\.?")


@lru_cache(maxsize=2048)
def midnight_of(year: int, month: int, day: int) -> int | None:
    """Return the start of a day in milliseconds, or None if it does not exist."""
    # The first and last years are left out so that no offset leads out of what `datetime` can show.
    if not 1 < year < 9999:
        return None
    try:
        return (date(year, month, day).toordinal() - _EPOCH_DAY) * DAY
    except ValueError:
        return None


def since_midnight(hour: int, minute: int, second: int, fraction: str | None) -> int | None:
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


def hour_and_minute(hour: str, minute: str) -> int | None:
    return None if hour == "24" else since_midnight(int(hour), int(minute), 0, None)


@lru_cache(maxsize=16)
def year_at(day: int) -> int:
    return to_datetime(day * DAY).year


def full_year(text: str) -> int:
    """Return the year of two digits as POSIX's strptime reads them, or of four."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 69 else 1900)


class ClockTime(Struct):
    """The time of a clock in a text: milliseconds since midnight (None if no clock shows it), and its end."""

    in_day: int | None
    end: int
    half: bool
    seconds: bool
    fraction: bool


def clock_at(text: str, start: int, pattern: re.Pattern[str] = CLOCK) -> ClockTime | None:
    match = pattern.match(text, start)
    if match is None and pattern is CLOCK:
        match = _DOTTED_CLOCK.match(text, start)
    if match is None:
        return None
    hours, minutes, seconds, fraction, other = match.groups()
    hour, end, half = int(hours), match.end(), None
    if text[end : end + 2].lstrip(" \u00a0\u202f")[:1] in HALF_INITIALS:
        half = _HALF_DAY.match(text, end)
        if half is not None:
            end = half.end()
            # Some programs write 14:15:30 PM: then the hour already says it.
            if hour <= 12:
                hour = hour % 12 + (12 if half[1] in "Pp" else 0)
    fraction = fraction or (other and other.zfill(3))
    in_day = since_midnight(hour, int(minutes), int(seconds or 0), fraction)
    return ClockTime(in_day, end, half is not None, seconds is not None, fraction is not None)


HALF_INITIALS = frozenset("AaPp")


def found_time(midnight: int | None, clock: ClockTime, zone: FoundZone | None, context: Context) -> FoundTime:
    end = zone.end if zone is not None else clock.end
    spelling = zone.spelling if zone is not None else ""
    if midnight is None or clock.in_day is None:
        return FoundTime(None, end, spelling)
    ts, ambiguous = apply_zone(midnight + clock.in_day, zone, context.zone)
    return FoundTime(ts, end, spelling, ambiguous)


def dated(text: str, midnight: int | None, clock: ClockTime, context: Context) -> FoundTime:
    """Return the time of a known day, with the zone that follows the clock."""
    local = (midnight or 0) + (clock.in_day or 0)
    return found_time(midnight, clock, scan_zone(text, clock.end, (context.zone, local)), context)


def without_year(
    text: str, days: tuple[tuple[int, int], ...], clock: ClockTime, context: Context
) -> FoundTime | None:
    """Return the time in the latest year that puts it no more than a day after the reference.

    `days`: month and day, in the order in which they are tried. None if none of them exists in any year.
    """
    zone = scan_zone(text, clock.end, (context.zone, context.reference))
    if clock.in_day is None:
        return found_time(None, clock, zone, context)
    limit = context.reference + DAY
    latest = year_at(limit // DAY + 1)
    for month, day in days:
        for year in range(latest, latest - 10, -1):  # 29 February can be eight years back
            midnight = midnight_of(year, month, day)
            if midnight is not None:
                found = found_time(midnight, clock, zone, context)
                if found.ts is not None and found.ts <= limit:
                    return found
    return None


def no_such_day(text: str, clock: ClockTime, context: Context) -> FoundTime:
    return dated(text, None, clock, context)
