"""Times in a form that a user declares, with the directives of `strptime`.

The directives mean what they mean in Python, with three differences: names of months are those of
`months.MONTHS`, whatever the machine's language is, `%f` takes up to nine digits, and `%s` (seconds since the
epoch) is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from logctl.core.formats.months import MONTHS
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import FoundTime
from logctl.core.formats.zones import FoundZone, apply_zone, scan_zone, to_local
from logctl.core.times import DAY, HOUR, MINUTE, SECOND

_WORD = r"[^\W\d_]{1,12}+\.?"
_DIRECTIVES = {
    "Y": r"\d{4}",
    "y": r"\d{2}",
    "m": r"\d{1,2}",
    "d": r"\d{1,2}",
    "j": r"\d{1,3}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{1,2}",
    "S": r"\d{1,2}",
    "f": r"\d{1,9}",
    "s": r"\d{9,10}",
    "b": _WORD,
    "p": r"[AaPp]\.?[Mm]\.?",
    "z": r"(?:[+-]\d{2}:?\d{2}|[A-Za-z][A-Za-z_]{0,24}(?:/[A-Za-z_+-]{1,30}){0,2})",
}
_UNNAMED = {"a": _WORD, "A": _WORD, "%": "%"}
_SAME = {"B": "b", "h": "b", "Z": "z", "e": "d", "k": "H", "l": "I"}
_SHORTHANDS = {"%T": "%H:%M:%S", "%D": "%m/%d/%y", "%F": "%Y-%m-%d", "%R": "%H:%M"}
_PREFIX = "strptime_"
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def pattern_of(form: str) -> str:
    """Return a regular expression for times in a form, with a named group for each directive.

    Raises:
        ValueError: the form has a directive that is not known or occurs twice, or it does not say a time.
    """
    for short, long in _SHORTHANDS.items():
        form = form.replace(short, long)
    parts: list[str] = []
    given: set[str] = set()
    for part in re.findall(r"%.?|\s+|[^%\s]+", form):
        if part.isspace():
            parts.append(r"\s+")
        elif not part.startswith("%"):
            parts.append(re.escape(part))
        elif part[1:] in _UNNAMED:
            parts.append(_UNNAMED[part[1:]])
        else:
            name = _SAME.get(part[1:], part[1:])
            if name not in _DIRECTIVES:
                raise ValueError(f"{part} is not one of %Y %y %m %b %d %j %H %I %p %M %S %f %s %z %a")
            if name in given:
                raise ValueError(f"{part} is in it twice")
            given.add(name)
            parts.append(rf"(?P<{_PREFIX}{name}>{_DIRECTIVES[name]})")
    if "s" not in given and not given & {"H", "I"}:
        raise ValueError("it has no hour: write %H, or %I with %p")
    if given & {"Y", "y"} and "j" not in given and not ("d" in given and given & {"m", "b"}):
        raise ValueError("it has a year but no day: write %m and %d, or %j")
    return "".join(parts)


def time_in(groups: Mapping[str, str | None], context: Context) -> FoundTime:
    """Return the time that the groups of `pattern_of` say. `end` is 0; `ts` is None if there is no such time.

    A time without a year is in the latest year that puts it no more than a day after the reference, a time
    without a date on the latest day that puts it no more than an hour after it.
    """
    given = {
        name.removeprefix(_PREFIX): value
        for name, value in groups.items()
        if name.startswith(_PREFIX) and value is not None
    }
    fraction = int((given["f"] + "00")[:3]) if "f" in given else 0
    if "s" in given:
        return FoundTime(int(given["s"]) * SECOND + fraction, 0, "Z")
    clock = _clock(given)
    if clock is None:
        return FoundTime(None, 0)
    zone = None
    if "z" in given:
        zone = scan_zone(given["z"], 0, (context.zone, context.reference))
    clock += fraction
    if given.keys() & {"Y", "y"}:
        midnight = _midnight(_year(given), given)
        return FoundTime(None, 0) if midnight is None else _found(midnight + clock, zone, context)
    if given.keys() & {"d", "j"}:
        latest = date.fromordinal(_EPOCH_DAY + (context.reference + DAY) // DAY).year + 1
        midnights = [_midnight(year, given) for year in range(latest, latest - 10, -1)]
        limit = context.reference + DAY
    else:
        limit = context.reference + HOUR
        today = to_local(limit, context.zone) // DAY * DAY
        midnights = [today + DAY, today, today - DAY]
    for midnight in midnights:
        if midnight is not None:
            found = _found(midnight + clock, zone, context)
            if found.ts is not None and found.ts <= limit:
                return found
    return FoundTime(None, 0)


def _found(local: int, zone: FoundZone | None, context: Context) -> FoundTime:
    ts, ambiguous = apply_zone(local, zone, context.zone)
    return FoundTime(ts, 0, zone.spelling if zone else "", ambiguous)


def _clock(given: Mapping[str, str]) -> int | None:
    """Return the milliseconds since midnight, without the fraction; None if no clock shows it."""
    hour = int(given.get("H", given.get("I", "0")))
    if "p" in given and hour <= 12:
        hour = hour % 12 + (12 if given["p"][0] in "Pp" else 0)
    minute, second = int(given.get("M", "0")), int(given.get("S", "0"))
    if hour > 23 or minute > 59 or second > 60:
        return None
    return hour * HOUR + minute * MINUTE + second * SECOND


def _year(given: Mapping[str, str]) -> int:
    if "Y" in given:
        return int(given["Y"])
    year = int(given["y"])
    return year + (2000 if year < 69 else 1900)  # as POSIX strptime reads %y


def _midnight(year: int, given: Mapping[str, str]) -> int | None:
    """Return the start of the day in milliseconds; None if it does not exist."""
    if not 1 < year < 9999:
        return None
    try:
        if "j" in given:
            day = date(year, 1, 1) + timedelta(days=int(given["j"]) - 1)
            if day.year != year:
                return None
        else:
            name = given.get("b", "").rstrip(".").lower()
            month = MONTHS.get(name, 0) if name else int(given.get("m", "0"))
            day = date(year, month, int(given["d"]))
    except ValueError:
        return None
    return (day.toordinal() - _EPOCH_DAY) * DAY
