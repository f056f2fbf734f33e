"""Zones of times in logs: offsets, abbreviations and IANA names, and the rules of a place's clock.

Offsets are in milliseconds east of UTC. Names such as Europe/Berlin need the database of zones, which may be
missing in Lambda.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from logctl.core.times import HOUR, MINUTE, SECOND

_QUARTER = 15 * MINUTE
_EPOCH = datetime(1970, 1, 1)
# Outside these years the rules of the nearer one apply: `datetime` cannot convert its first and last days.
_FIRST_QUARTER = -70 * 365 * 96
_LAST_QUARTER = 230 * 365 * 96

_WEST, _EAST = -12 * HOUR, 14 * HOUR
"""The offsets that exist. `10:15:30 -2000 …` has no zone."""

# Abbreviations by the hours east of UTC that they usually mean: those of the IANA database, and those that
# Java and older systems write. Those that are common words (ART, GET, PET, ACT, BOT) are not among them.
_HOURS: dict[float, str] = {
    0: "Z UTC utc GMT gmt UT UCT WET",
    1: "CET MEZ MET WEST WAT",
    2: "CEST MESZ MEST EET CAT SAST",
    3: "EEST MSK EAT TRT IDT",
    3.5: "IRST",
    4: "MSD SAMT",
    4.5: "IRDT AFT",
    5: "PKT UZT YEKT",
    5.75: "NPT",
    6: "OMST",
    6.5: "MMT",
    7: "NOVT KRAT WIB ICT",
    8: "IRKT WITA HKT SGT MYT PHT AWST",
    9: "JST KST WIT YAKT",
    9.5: "ACST",
    10: "AEST VLAT ChST",
    10.5: "ACDT",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
    -2: "BRST",
    -2.5: "NDT",
    -3: "BRT UYT CLST ADT",
    -3.5: "NST",
    -4: "CLT VET EDT",
    -5: "COT EST CDT",
    -6: "MDT",
    -7: "MST PDT",
    -8: "PST AKDT",
    -9: "AKST HDT",
    -10: "HST",
}
# Abbreviations with several meanings in use today, and the most common of them: India (Israel, Ireland),
# Central America (China, Cuba), Britain (Bangladesh), Atlantic (Arabia), Gulf (South Georgia), Samoa
# (Singapore), Armenia (Amazon), Bangladesh (Brunei).
_SEVERAL: dict[str, float] = {
    "IST": 5.5,
    "CST": -6,
    "BST": 1,
    "AST": -4,
    "GST": 4,
    "SST": -11,
    "AMT": 4,
    "BDT": 6,
}
_ABBREVIATIONS = {
    **{name: int(hours * HOUR) for hours, names in _HOURS.items() for name in names.split()},
    **{name: int(hours * HOUR) for name, hours in _SEVERAL.items()},
}

_AREAS_TEXT = (
    "Africa America Antarctica Arctic Asia Atlantic Australia Brazil Canada Chile Etc Europe Indian Mexico"
    " Pacific US"
)
_AREAS = frozenset(_AREAS_TEXT.split())

_WORD = re.compile(
    r" {0,2}([A-Za-z][A-Za-z_]{0,24}(?:(?=/[A-Za-z][\w+-])/[A-Za-z][\w+-]{1,30}+){0,2}+)(?![A-Za-z0-9_/])",
    re.ASCII,
)
_OFFSET = re.compile(
    r" ?((?:UTC|GMT)?([+-])([0-9]{1,2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?)(?![\w.]|:[0-9])", re.ASCII
)
_DB2_OFFSET = re.compile(r"([+-])([0-9]{3})(?![\w.:])")
# What Go, JavaScript and mail write after an offset: `+0100 CET m=+0.1`, `GMT+0100 (Central European Time)`.
_AFTER_OFFSET = re.compile(
    r"(?: ([A-Za-z]{2,5}|[+-][0-9]{2,4})(?![\w/-]))?(?: m=[+-][0-9]{1,12}\.[0-9]{1,9}(?![0-9]))?", re.ASCII
)
_COMMENT = re.compile(r" ?\(([^()\[\]\n]{1,60})\)")
_BRACKET = re.compile(
    r"\[([A-Z][A-Za-z_]{0,24}(?:(?=/[A-Za-z][\w+-])/[A-Za-z][\w+-]{1,30}+){0,2}+)\]", re.ASCII
)


class FoundZone(NamedTuple):
    """A zone in a text.

    Attributes:
        spelling: as written.
        end: the index after it.
        offset: milliseconds east of UTC; None if `zone` says it.
        zone: a place; None if it is only known by its offset, or not at all (without a database of zones).
        abbreviation: the abbreviation, if it is one that can mean several zones, or that is not known.
    """

    spelling: str
    end: int
    offset: int | None = None
    zone: tzinfo | None = None
    abbreviation: str = ""


class _Offsets(NamedTuple):
    """Offset and name of a zone in a quarter of an hour of its own clock, before and after a change."""

    first: int
    second: int
    first_name: str | None
    second_name: str | None


@lru_cache(maxsize=4096)
def _offsets(zone: tzinfo, quarter: int) -> _Offsets:
    # Clocks change at a quarter of an hour in every zone since 1972, so that one answer holds for all of it.
    quarter = min(max(quarter, _FIRST_QUARTER), _LAST_QUARTER)
    first = (_EPOCH + timedelta(minutes=15 * quarter)).replace(tzinfo=zone)
    second = first.replace(fold=1)
    return _Offsets(_offset_of(first), _offset_of(second), first.tzname(), second.tzname())


def _offset_of(moment: datetime) -> int:
    return (moment.utcoffset() or timedelta()) // timedelta(milliseconds=1)


def to_utc(local: int, zone: tzinfo) -> tuple[int, bool]:
    """Return the time of a zone's clock in UTC, and whether it occurs twice.

    `local`: milliseconds since the epoch, as if the clock showed UTC. Of a time that occurs twice, because
    clocks were set back, the first is returned. A time that clocks skipped is as much later as they were set
    forward.
    """
    if zone is UTC:
        return local, False
    offsets = _offsets(zone, local // _QUARTER)
    return local - offsets.first, offsets.second < offsets.first


@lru_cache(maxsize=1024)
def _offset_in(zone: tzinfo, quarter: int) -> int:
    quarter = min(max(quarter, _FIRST_QUARTER), _LAST_QUARTER)
    moment = (_EPOCH + timedelta(minutes=15 * quarter)).replace(tzinfo=UTC)
    return _offset_of(moment.astimezone(zone))


def to_local(ts: int, zone: tzinfo) -> int:
    """Return what a zone's clock shows at a moment, in milliseconds since the epoch as if it showed UTC."""
    return ts if zone is UTC else ts + _offset_in(zone, ts // _QUARTER)


def apply_zone(local: int, found: FoundZone | None, zone: tzinfo) -> tuple[int, bool]:
    """Return a local time in UTC, and whether it can mean two moments.

    `zone` holds for times without a zone, decides what an abbreviation with several meanings means if its own
    clock uses it at that moment, and stands in for a place that is not in a database of zones.
    """
    if found is None:
        return to_utc(local, zone)
    if found.abbreviation:
        offsets = _offsets(zone, local // _QUARTER)
        if found.abbreviation == offsets.first_name:
            return local - offsets.first, False
        if found.abbreviation == offsets.second_name:
            return local - offsets.second, False
        return (to_utc(local, zone)[0] if found.offset is None else local - found.offset), True
    if found.offset is not None:
        return local - found.offset, False
    if found.zone is not None:
        return to_utc(local, found.zone)
    return to_utc(local, zone)[0], True


@lru_cache(maxsize=1024)
def place(name: str) -> tzinfo | None:
    """Return the zone of an IANA name, or None if there is none, or no database of zones."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


@lru_cache(maxsize=1)
def has_places() -> bool:
    """Return whether there is a database of zones."""
    return place("Europe/London") is not None


@lru_cache(maxsize=1024)
def numeric_offset(text: str) -> int | None:
    """Return the milliseconds that `Z`, `+01:00` or `+0100` stand for, or None if no zone has this offset."""
    if text in ("Z", "z"):
        return 0
    digits = text[1:].replace(":", "")
    return _signed(text[0], digits[:2], digits[2:4], digits[4:])


def _signed(sign: str, hours: str, minutes: str | None, seconds: str | None) -> int | None:
    if int(minutes or 0) > 59 or int(seconds or 0) > 59:
        return None
    offset = int(hours) * HOUR + int(minutes or 0) * MINUTE + int(seconds or 0) * SECOND
    offset = -offset if sign == "-" else offset
    return offset if _WEST <= offset <= _EAST else None


@lru_cache(maxsize=1024)
def _named(word: str) -> tuple[int | None, tzinfo | None, str] | None:
    """Return offset, place and abbreviation of a word that names a zone, or None if it does not."""
    offset = _ABBREVIATIONS.get(word)
    if offset is not None:
        return offset, None, word if word in _SEVERAL else ""
    if word.partition("/")[0] in _AREAS and "/" in word:
        zone = place(word)
        if zone is not None or not has_places():
            return None, zone, ""
    return None


def scan_zone(text: str, start: int, local_name: tuple[tzinfo, int] | None = None) -> FoundZone | None:
    """Return the zone that begins at an index, directly or after a space, or None if none does.

    `local_name`: the zone and the local time of the line, so that a name that only this zone uses is known.
    """
    rest = text[start : start + 2]
    head = rest.lstrip(" ")[:1]
    if not head or head not in _HEADS:
        return None
    if head == "[":
        return _bracketed(text, start) if rest[0] == "[" else None
    if head == "(":
        return _in_parentheses(text, start)
    if head in "+-UG":
        found = _scan_offset(text, start)
        if found is not None:
            return found
    word = _WORD.match(text, start)
    if word is None:
        return None
    spelling = word[1]
    if spelling in ("Z", "z") and rest[0] == " " and text[word.end() : word.end() + 1] not in _AFTER_LONE_Z:
        return None
    named = _named("Z" if spelling == "z" else spelling)
    if named is None:
        if local_name is not None and local_name[0] is not UTC:
            offsets = _offsets(local_name[0], local_name[1] // _QUARTER)
            if spelling in (offsets.first_name, offsets.second_name):
                return FoundZone(spelling, word.end(), abbreviation=spelling)
        return None
    end = word.end()
    if named[0] is not None and text[end : end + 1] == "[":
        bracket = _bracketed(text, end)
        end = bracket.end if bracket else end
    return FoundZone(spelling, end, *named)


# In `10:15:30 Z message`, the letter is a part of the message.
_AFTER_LONE_Z = ("", "]", ")", '"', ",", "|", ";")
_HEADS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZuzg+-[(")


def _in_parentheses(text: str, start: int) -> FoundZone | None:
    """Return the zone in parentheses after a time: `(UTC)`, `(UTC+01:00)`, `(Europe/Berlin)`."""
    comment = _COMMENT.match(text, start)
    inside = scan_zone(comment[1], 0) if comment and comment[1][0] not in "([ " else None
    if comment is None or inside is None or inside.end != len(comment[1]):
        return None
    return inside._replace(end=comment.end())


def _scan_offset(text: str, start: int) -> FoundZone | None:
    match = _OFFSET.match(text, start)
    if match is None:
        return _db2_offset(text, start)
    spelling, sign, hours, minutes, seconds = match.groups()
    if spelling[0] in "+-" and len(hours) == 1:
        return _db2_offset(text, start)
    offset = _signed(sign, hours, minutes, seconds)
    if offset is None:
        return None
    return FoundZone(spelling, after_offset(text, match.end(), spelling), offset)


def after_offset(text: str, end: int, spelling: str) -> int:
    """Return the index after what some programs write after an offset: a name of the zone, or a comment."""
    following = text[end : end + 1]
    if following == "[":
        bracket = _bracketed(text, end)
        return bracket.end if bracket else end
    if following not in (" ", "("):
        return end
    comment = _COMMENT.match(text, end)
    if comment is not None:
        inside = comment[1]
        return comment.end() if spelling[0] in "UG" or inside in _ABBREVIATIONS else end
    if spelling in ("Z", "z"):
        return end + 4 if text.startswith(" UTC", end) and not text[end + 4 : end + 5].isalnum() else end
    if ":" in spelling or len(spelling) < 5:
        return end
    after = _AFTER_OFFSET.match(text, end)
    if after is None:
        return end
    name = after[1]
    if name is None or name in _ABBREVIATIONS or name == spelling or name == spelling[:3]:
        return after.end()
    return end


def _db2_offset(text: str, start: int) -> FoundZone | None:
    """Return the zone as DB2 writes it, in minutes: `+060`."""
    match = _DB2_OFFSET.match(text, start)
    if match is None:
        return None
    offset = int(match[2]) * MINUTE * (-1 if match[1] == "-" else 1)
    return FoundZone(match[0], match.end(), offset) if _WEST <= offset <= _EAST else None


def _bracketed(text: str, start: int) -> FoundZone | None:
    """Return the zone in brackets, as Java writes it after a time: `[Europe/Berlin]`, `[UTC]`."""
    match = _BRACKET.match(text, start)
    named = _named(match[1]) if match else None
    return FoundZone(match[1], match.end(), *named) if match and named else None
