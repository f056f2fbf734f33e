"""The names of log files that were rotated away: which file they come from, and their order.

`logrotate` and similar programs rename files: `app.log` becomes `app.log.1` and the numbers of the others
grow, or it becomes `app.log-20260131` or `app-20260131.log`, and then perhaps `.gz` is added.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_DATE = r"(?P<date>(?:\d{4}-?\d\d-?\d\d|\d\d-\d\d-\d{4})[\d.T_-]*)"
_PACKED = r"(?P<packed>\.(?:gz|zst|bz2|xz))"
_AFTER_NAME = re.compile(rf"(?:\.(?P<number>\d{{1,4}})|[.-]{_DATE})?{_PACKED}?\Z")
"""What rotation adds to the name `app.log`: `.1`, `-20260131`, `.2026-01-31_00`, and then perhaps `.gz`."""
_BEFORE_EXTENSION = re.compile(rf"[._-]{_DATE}")
"""What rotation inserts into `app.log` otherwise: `app-20260131.log`, `app.2026-01-31.0.log`."""
_YEAR_LAST = re.compile(r"(\d\d)-(\d\d)-(\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")


@dataclass(frozen=True, slots=True, order=True)
class Rotated:
    """What the name of a rotated file says: its place among the others, oldest first, and if it is packed."""

    date: str
    order: tuple[int, ...]
    packed: bool


def rotated_name(name: str, sibling: str) -> Rotated | None:
    """Return what `sibling` says as the name of a file rotated away from `name`; None if it is no such name.

    A file that was compressed in its place, `app.log.gz`, is one too. `app-1.log` is not: it may be the log
    of another process.
    """
    if sibling == name:
        return None
    if sibling.startswith(name) and (found := _AFTER_NAME.match(sibling, len(name))):
        number = (-int(found["number"] or 0),) if not found["date"] else ()
        return Rotated(*_date(found["date"] or "", number), packed=found["packed"] is not None)
    stem, dot, extension = name.rpartition(".")
    if not stem or not sibling.startswith(stem):
        return None
    found = _BEFORE_EXTENSION.match(sibling, len(stem))
    if found is None:
        return None
    # The date may have taken the dot of the extension.
    rest = sibling[found.end() :]
    date = found["date"]
    if date.endswith("."):
        rest, date = f".{rest}", date[:-1]
    bare, _, suffix = rest.rpartition(".")
    packed = re.fullmatch(_PACKED, f".{suffix}") is not None and bare == f"{dot}{extension}"
    return Rotated(*_date(date, ()), packed=packed) if packed or rest == f"{dot}{extension}" else None


def rotated_among(names: Collection[str]) -> dict[str, str]:
    """Return the names of rotated files among `names`, each with the name that it was rotated away from."""
    known, rotated = set(names), {}
    for name in names:
        for base in _possible_bases(name):
            if base in known and base != name and rotated_name(base, name) is not None:
                rotated[name] = base
    return rotated


def _possible_bases(name: str) -> Iterator[str]:
    after = _AFTER_NAME.search(name)
    if after is not None:
        yield name[: after.start()]
    bare = name[: after.start("packed")] if after is not None and after["packed"] else name
    within = _BEFORE_EXTENSION.search(bare)
    if within is not None:
        yield bare[: within.start()] + "." + bare[within.end() :].lstrip(".")


def _date(date: str, number: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Return the day of a date as eight digits, and the numbers after it, so that both sort by time."""
    if first := _YEAR_LAST.match(date):
        day, rest = f"{first[3]}{first[1]}{first[2]}", date[first.end() :]
    elif year_first := _YEAR_FIRST.match(date):
        day, rest = "".join(year_first.groups()), date[year_first.end() :]
    else:
        day, rest = "", ""
    return day, number + tuple(int(digits) for digits in re.findall(r"\d+", rest))
