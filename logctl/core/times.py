"""Times in milliseconds since the epoch, UTC, as `int`; durations and ranges as people type them.

Producers write time in many forms: `parse_time` and `parse_epoch` accept the common ones and raise
`ValueError` for any other. People type durations (`15m`, `1h30m`) and points in time (`2026-01-31`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EARLIEST = 315_532_800_000
"""1980-01-01. An earlier time is a mistake, such as the epoch itself, not the time of a log."""
LATEST = 4_102_444_800_000  # 2100-01-01
FUTURE_TOLERANCE = 7 * DAY
"""How far a record's time may be in the future: a clock can be wrong, and a local time can be taken for UTC.
Records beyond would be at the end of every answer, so that one of the year 2099 would hide the newest."""
LAST = 9_972_028_800_000
"""2286-01-01: sort keys are text with thirteen digits of milliseconds, and a range is read to some time after
its end."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {
    "ms": 1,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
    "d": DAY,
    "w": 7 * DAY,
    "y": 365 * DAY,
}
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
"""The form that `iso` writes."""
_OURS = re.compile(_TIME)
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+\Z")
_DURATION_PART = re.compile(r"(\d+)(ms|[smhdwy])")

# Fractions beyond milliseconds are dropped; a comma is Java's and ISO 8601's other decimal mark.
_ISO = re.compile(
    r"(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?"
    r"\s*(Z|z|UTC|[+-]\d{2}:?\d{2})?)?\Z"
)


def parse_duration(text: str) -> int:
    """Parse a duration (`15m`, `2h`, `1h30m`, `90d`, `1y`) into milliseconds.

    Raises:
        ValueError: it is not a duration, or it is zero.
    """
    folded = text.strip().lower()
    if not _DURATION.match(folded):
        raise ValueError(f"{text!r} is not a duration; write 30s, 15m, 1h30m, 7d, 2w or 1y")
    total = sum(int(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(folded))
    if total == 0:
        raise ValueError(f"{text!r} must not be zero; write 30s, 15m, 1h30m, 7d, 2w or 1y")
    return total


def format_duration(milliseconds: int) -> str:
    """Format a duration with its two largest units: `14m 30s`, `2h`, `3d 4h`, `850ms`."""
    if milliseconds < SECOND:
        return f"{milliseconds}ms"
    parts = []
    for unit in ("d", "h", "m", "s"):
        count, milliseconds = divmod(milliseconds, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def to_datetime(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def from_datetime(moment: datetime) -> int:
    """Return a `datetime` in milliseconds since the epoch; without a time zone it is taken for UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def iso(milliseconds: int) -> str:
    """Format a time as `2026-01-31T08:15:00.250Z`: always of this width, so that texts sort as times do."""
    minute, rest = divmod(milliseconds, MINUTE)
    return _minute_text(minute) + _SECONDS[rest // SECOND] + _FRACTIONS[rest % SECOND]


def from_iso(text: str) -> int:
    """Return the milliseconds of a time as `iso` writes it; the inverse of `iso`.

    Raises:
        ValueError: it is not of that form, or there is no such time.
    """
    if not _OURS.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is not a time of the form 2026-01-31T08:15:00.250Z")
    return _minute_start(text[:16]) + int(text[17:19]) * SECOND + int(text[20:23])


# Made for every record: looking up three texts takes a third of the time of formatting.
_SECONDS = [f"{second:02d}." for second in range(60)]
_FRACTIONS = [f"{fraction:03d}Z" for fraction in range(1000)]


# The records of a message have few different minutes.
@lru_cache(maxsize=4096)
def _minute_text(minute: int) -> str:
    return to_datetime(minute * MINUTE).strftime("%Y-%m-%dT%H:%M:")


@lru_cache(maxsize=4096)
def _minute_start(text: str) -> int:
    return from_datetime(datetime.strptime(text, "%Y-%m-%dT%H:%M"))


def parse_time(text: str) -> int:
    """Parse ISO 8601 and similar forms (`2026/01/31 08:15:00,250 +0100`); without a time zone it is UTC.

    Raises:
        ValueError: for anything else, including `24:00`, a leap second and 30 February.
    """
    found = _ISO.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a time; write 2026-01-31T08:15:00Z")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    moment = datetime(
        int(year),
        int(month),
        int(day),
        hour=int(hour or 0),
        minute=int(minute or 0),
        second=int(second or 0),
        microsecond=int((fraction or "0").ljust(6, "0")[:6]),
        tzinfo=_zone(zone),
    )
    return from_datetime(moment)


def _zone(text: str | None) -> timezone:
    if text is None or text.upper() in ("Z", "UTC"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    digits = text[1:].replace(":", "")
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))


def parse_epoch(number: int | float) -> int:
    """Parse epoch seconds, milliseconds, microseconds or nanoseconds into milliseconds.

    The unit is recognised by the magnitude: from 2000 to 2286 seconds have 9 to 10 digits, and each smaller
    unit three more.

    Raises:
        ValueError: the number is too large for any of these units.
    """
    size = abs(number)
    if size < 10**11:
        return int(number * 1000)
    if size < 10**14:
        return int(number)
    if size < 10**17:
        return int(number // 10**3)
    if size < 10**20:
        return int(number // 10**6)
    raise ValueError(f"{number!r} is not a time in seconds, milliseconds, microseconds or nanoseconds")


def plausible(milliseconds: int, now: int) -> bool:
    """Return whether a record can have this time: from the year 1980 to seven days from now."""
    return EARLIEST <= milliseconds <= now + FUTURE_TOLERANCE


@dataclass(frozen=True)
class TimeRange:
    """The times from `since` (inclusive) to `until` (exclusive), in milliseconds."""

    since: int
    until: int

    def __contains__(self, milliseconds: int) -> bool:
        return self.since <= milliseconds < self.until


def parse_point(text: str, now: int) -> int:
    """Parse the value of `--since` or `--until`: a duration before now, a time, epoch seconds, or `now`.

    A time before 1970 becomes 1970: no log is that old, so that the range begins with the first one either
    way.

    Raises:
        ValueError: for anything else, and for times after `LAST`.
    """
    point = _point(text, now)
    if point > LAST:
        raise ValueError(f"{text!r} is later than {iso(LAST)[:10]}, the last day that a log can have")
    return max(0, point)


def _point(text: str, now: int) -> int:
    stripped = text.strip()
    if stripped.lower() == "now":
        return now
    if _DURATION.match(stripped.lower()):
        return now - parse_duration(stripped)
    if stripped.isdigit() and len(stripped) >= 9:
        return parse_epoch(int(stripped))
    try:
        return parse_time(stripped)
    except ValueError:
        raise ValueError(
            f"{text!r} is neither a duration (15m, 2h, 3d) nor a time (2026-01-31, 2026-01-31T08:15:00Z)"
        ) from None


def parse_range(since: str | None, until: str | None, now: int, default: int) -> TimeRange:
    """Parse the values of `--since` and `--until` into a range.

    `default`: the length of the range in milliseconds when there is no `since`.

    Raises:
        ValueError: one of them cannot be parsed, or the range ends before it starts.
    """
    end = parse_point(until, now) if until else now + FUTURE_TOLERANCE
    start = parse_point(since, now) if since else min(end, now) - default
    if start >= end:
        raise ValueError(f"the range ends ({iso(end)}) before it starts ({iso(start)})")
    return TimeRange(start, end)
