"""Times that are numbers since the epoch: seconds to nanoseconds, and the labels of daemontools."""

from __future__ import annotations

import re

from logctl.core.formats.clock_times import FoundTime
from logctl.core.formats.reading import Context
from logctl.core.times import DAY, FUTURE_TOLERANCE, SECOND

EARLIEST_NUMBER = 946_684_800_000
"""2000-01-01: a smaller number at the head of a line is not taken for a time."""

_NUMBER = re.compile(r"([0-9]{10,19})(?:\.([0-9]{1,9})[0-9]*+|,([0-9]{3})(?=[\s\]]|$))?")
_AFTER_NUMBER = frozenset(" \t\r\n],:;|)}\"'>")
_UNIT_OF_LENGTH = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}
"""Units in a second by the number of digits, from 2001 to 2286."""


def ends_number(text: str, end: int) -> bool:
    return end >= len(text) or text[end] in _AFTER_NUMBER


def epoch_time(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of a number since the epoch, if it is between 2000 and a day after the reference."""
    match = _NUMBER.match(text, start)
    if match is None or not ends_number(text, match.end()):
        return None
    ts = _epoch(match[1], match[2] or match[3])
    if ts is None or not EARLIEST_NUMBER <= ts <= context.reference + DAY:
        return None
    return FoundTime(ts, match.end(), "Z")


def _epoch(digits: str, fraction: str | None) -> int | None:
    unit = _UNIT_OF_LENGTH.get(len(digits))
    if unit is None:
        return None
    if unit == 1:
        return int(digits) * SECOND + int(((fraction or "") + "000")[:3])
    return int(digits) * SECOND // unit


# 1.7957745301234567e+09: zap's console, and other programs that print a float.
_EXPONENT = re.compile(r"([0-9])\.([0-9]{5,20})[eE]\+?0?9(?![\w.])")


def exponent_time(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of a number of seconds with an exponent."""
    match = _EXPONENT.match(text, start)
    if match is None:
        return None
    digits = match[2].ljust(12, "0")
    ts = int(match[1] + digits[:12])
    if not EARLIEST_NUMBER <= ts <= context.reference + DAY:
        return None
    return FoundTime(ts, match.end(), "Z")


_TAI64N = re.compile(r"@4[0-9a-f]{15}([0-9a-f]{8})?(?![0-9A-Za-z])")
_TAI_EPOCH = 2**62 + 10  # https://cr.yp.to/libtai/tai64.html; multilog does not count leap seconds


def tai64n_time(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time of daemontools, runit and s6: `@400000006a08123b1d34a4c4`."""
    match = _TAI64N.match(text, start)
    if match is None:
        return None
    ts = (int(match[0][1:17], 16) - _TAI_EPOCH) * SECOND
    if not EARLIEST_NUMBER <= ts <= context.reference + FUTURE_TOLERANCE:
        return None
    nanoseconds = int(match[1], 16) if match[1] else 0
    return FoundTime(ts + min(nanoseconds // 10**6, 999), match.end(), "Z")
