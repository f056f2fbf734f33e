"""Times as values in JSON: text, numbers, and the objects and lists that serialisers make of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from logctl.core.formats.clock_times import ClockTime, FoundTime, found_time, midnight_of, since_midnight
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import all_digits, scan_time
from logctl.core.times import LATEST, SECOND

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
        midnight = midnight_of(int(day[1]), int(day[3]), int(day[4]))
        clock = ClockTime(0, 0, half=False, seconds=False, fraction=False)
        return found_time(midnight, clock, None, context)
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
        found = all_digits(str(int(number)), 0, context)  # 20261127101530
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
    in_day = since_midnight(hour, minute, second, None)
    clock = ClockTime(
        None if in_day is None else in_day + min(nanosecond // 10**6, 999),
        end=0,
        half=False,
        seconds=True,
        fraction=True,
    )
    midnight = midnight_of(year, month, day) if month < 100 and day < 100 else None
    return found_time(midnight, clock, None, context)
