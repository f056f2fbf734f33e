"""Times as logctl means them: milliseconds since the epoch, UTC, as `int`.

Producers write time in many forms; `parse_time` and `parse_epoch` accept the common ones and refuse the
rest with `ValueError`. Durations and ranges are what people type (`15m`, `1h30m`, `2026-01-31`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EARLIEST = 946_684_800_000  # 2000-01-01: before it, a time is a mistake and not a log's
LATEST = 4_102_444_800_000  # 2100-01-01
FUTURE_TOLERANCE = DAY
LAST = 9_972_028_800_000
"""2286-01-01: keys have thirteen digits of milliseconds and sort as text, and a range is read to some time
past its end."""

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
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+\Z")
_DURATION_PART = re.compile(r"(\d+)(ms|[smhdwy])")

# Fractions beyond milliseconds are dropped; a comma is Java's and ISO 8601's other decimal mark.
_ISO = re.compile(
    r"(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?"
    r"\s*(Z|z|UTC|[+-]\d{2}:?\d{2})?)?\Z"
)


def parse_duration(text: str) -> int:
    """`15m`, `2h`, `1h30m`, `90d`, `1y` as milliseconds.

    Raises:
        ValueError: when it is none of these, or zero.
    """
    folded = text.strip().lower()
    if not _DURATION.match(folded):
        raise ValueError(f"{text!r} is not a duration; write 30s, 15m, 1h30m, 7d, 2w or 1y")
    total = sum(int(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(folded))
    if total == 0:
        raise ValueError(f"{text!r} is no time at all; write 30s, 15m, 1h30m, 7d, 2w or 1y")
    return total


def format_duration(milliseconds: int) -> str:
    """The two largest units that matter: `14m 30s`, `2h`, `3d 4h`, `850ms`."""
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
    """Milliseconds since the epoch; a time without a zone is UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def iso(milliseconds: int) -> str:
    """`2026-01-31T08:15:00.250Z`: always this width, so that text sorts as time does."""
    return to_datetime(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def parse_time(text: str) -> int:
    """ISO 8601 and its near relatives (`2026/01/31 08:15:00,250 +0100`); no zone means UTC.

    Raises:
        ValueError: for anything else, `24:00`, a leap second and 30 February among them.
    """
    found = _ISO.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a time; write 2026-01-31T08:15:00Z")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    moment = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "0").ljust(6, "0")[:6]),
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
    """Epoch seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude.

    From 2000 to 2286 the four units do not overlap: seconds have 9 to 10 digits, each further unit
    three more.

    Raises:
        ValueError: when no unit puts it in the years that logs come from.
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
    """Whether a record can have this time: from 2000 to a day from now."""
    return EARLIEST <= milliseconds <= now + FUTURE_TOLERANCE


@dataclass(frozen=True)
class TimeRange:
    """`since` (inclusive) to `until` (exclusive), in milliseconds."""

    since: int
    until: int

    def __contains__(self, milliseconds: int) -> bool:
        return self.since <= milliseconds < self.until


def parse_point(text: str, now: int) -> int:
    """What `--since` and `--until` take: a duration back from now, a time, epoch seconds, or `now`.

    What lies before 1970 is 1970: no log is of then, so it asks for everything, as it was meant.

    Raises:
        ValueError: for anything else, and for times that no key could hold.
    """
    point = _point(text, now)
    if point > LAST:
        raise ValueError(f"{text!r} is later than {iso(LAST)[:10]}, up to which logs can be")
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
    """The range people asked for; without `since`, the last `default` milliseconds before its end.

    Raises:
        ValueError: for a bad point, or a range that ends before it starts.
    """
    end = parse_point(until, now) if until else now + FUTURE_TOLERANCE
    start = parse_point(since, now) if since else min(end, now) - default
    if start >= end:
        raise ValueError(f"the range ends ({iso(end)}) before it starts ({iso(start)})")
    return TimeRange(start, end)
