"""Conditions on the table `logs` for Athena: text with `?`, and the values apart from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from logctl.aws.athena import quoted
from logctl.core import levels
from logctl.core.access import is_pattern
from logctl.core.appid import RULE, is_glob
from logctl.core.times import EARLIEST, iso, to_datetime

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\Z")
_QUOTED = re.compile(r"'(?:[^']|'')*'\Z")
_TYPED = re.compile(r"(?:DATE|TIMESTAMP|TIME|DECIMAL)\s+'[^']*'\Z", re.IGNORECASE)
_WORDS = frozenset({"true", "false", "null"})


def parameter(text: str) -> str:
    """Return the SQL literal of a value that a person gives for a `?`.

    A number, `true`, `DATE '2026-01-31'` and quoted text stay as they are; everything else is quoted.
    """
    stripped = text.strip()
    as_it_is = (
        _NUMBER.match(stripped)
        or _QUOTED.match(stripped)
        or _TYPED.match(stripped)
        or stripped.lower() in _WORDS
    )
    return stripped if as_it_is else quoted(text)


@dataclass(frozen=True)
class Condition:
    """A condition and the values of its `?`, in order, each an SQL literal."""

    sql: str = ""
    parameters: tuple[str, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        if not self.sql or not other.sql:
            return self if self.sql else other
        return Condition(f"{self.sql} AND {other.sql}", self.parameters + other.parameters)


@dataclass(frozen=True)
class Selection:
    """The records that the options of a query select. Times are in milliseconds; None means unbounded."""

    since: int | None = None
    until: int | None = None
    apps: tuple[str, ...] = ()
    level: str | None = None

    def condition(self) -> Condition:
        """Return the condition: on partition columns first, by whole days, then on time and level.

        Raises:
            ValueError: an app or a level is not valid.
        """
        return _days(self.since, self.until) & _apps(self.apps) & _times(self) & _level(self.level)


def _times(selection: Selection) -> Condition:
    found = Condition()
    if selection.since is not None:
        found &= Condition("ts >= ?", (quoted(iso(selection.since)),))
    if selection.until is not None:
        found &= Condition("ts < ?", (quoted(iso(selection.until)),))
    return found


def _level(level: str | None) -> Condition:
    if level is None:
        return Condition()
    wanted = (
        [levels.UNKNOWN]
        if level == levels.UNKNOWN
        else [name for name in levels.ORDER if levels.at_least(name, level)]
    )
    if not wanted:
        raise ValueError(f"{level!r} is not a level")
    return _among("level", wanted)


def _apps(apps: Sequence[str]) -> Condition:
    if not apps:
        return Condition()
    for app in apps:
        if not is_pattern(app):
            raise ValueError(f"{app!r} cannot name an app: {RULE}")
    parts = []
    if exact := [app for app in apps if not is_glob(app)]:
        parts.append(_among("appid", exact))
    for glob in apps:
        if is_glob(glob):
            pattern = glob.replace("_", r"\_").replace("*", "%").replace("?", "_")
            parts.append(Condition(r"appid LIKE ? ESCAPE '\'", (quoted(pattern),)))
    if len(parts) == 1:
        return parts[0]
    joined = " OR ".join(part.sql for part in parts)
    return Condition(f"({joined})", tuple(value for part in parts for value in part.parameters))


def _among(column: str, values: Sequence[str]) -> Condition:
    chosen = tuple(quoted(value) for value in dict.fromkeys(values))
    if len(chosen) == 1:
        return Condition(f"{column} = ?", chosen)
    return Condition(f"{column} IN ({', '.join('?' * len(chosen))})", chosen)


def _days(since: int | None, until: int | None) -> Condition:
    """Return the condition for exactly the days of a range, in at most five alternatives.

    Trino passes to Glue what it knows of each column by itself (GlueExpressionUtil.buildGlueExpression), and
    applies the whole condition to each partition that Glue lists (HivePartitionManager). So each column is
    compared without a function, bounds of single columns come first, and the alternatives make it exact.
    """
    if since is None and until is None:
        return Condition()
    first = _day(max(since, EARLIEST)) if since is not None else None
    last = _day(max(until - 1, EARLIEST)) if until is not None else None
    if first is None or last is None:
        return _open_days(first, last)
    (year, month, day), (last_year, last_month, last_day) = first, last
    if (year, month) == (last_year, last_month):
        start = _equal("year", year) & _equal("month", month)
        return start & (_equal("day", day) if day == last_day else _within("day", day, last_day))
    if year == last_year:
        bounds = _equal("year", year) & _within("month", month, last_month)
        alternatives = [
            _equal("month", month) & _compare("day", ">=", day),
            _compare("month", ">", month) & _compare("month", "<", last_month),
            _equal("month", last_month) & _compare("day", "<=", last_day),
        ]
        if int(last_month) - int(month) == 1:
            del alternatives[1]
        return bounds & _any(alternatives)
    alternatives = [
        *_from(year, month, day),
        _compare("year", ">", year) & _compare("year", "<", last_year),
        *_to(last_year, last_month, last_day),
    ]
    if int(last_year) - int(year) == 1:
        del alternatives[2]
    return _within("year", year, last_year) & _any(alternatives)


def _open_days(first: tuple[str, str, str] | None, last: tuple[str, str, str] | None) -> Condition:
    if first is not None:
        return _compare("year", ">=", first[0]) & _any(
            [_compare("year", ">", first[0]), *_from(*first)],
        )
    assert last is not None
    return _compare("year", "<=", last[0]) & _any([_compare("year", "<", last[0]), *_to(*last)])


def _from(year: str, month: str, day: str) -> Iterator[Condition]:
    yield _equal("year", year) & _equal("month", month) & _compare("day", ">=", day)
    yield _equal("year", year) & _compare("month", ">", month)


def _to(year: str, month: str, day: str) -> Iterator[Condition]:
    yield _equal("year", year) & _compare("month", "<", month)
    yield _equal("year", year) & _equal("month", month) & _compare("day", "<=", day)


def _day(milliseconds: int) -> tuple[str, str, str]:
    moment = to_datetime(milliseconds)
    return f"{moment.year:04d}", f"{moment.month:02d}", f"{moment.day:02d}"


def _compare(column: str, operator: str, value: str) -> Condition:
    return Condition(f"{column} {operator} ?", (quoted(value),))


def _equal(column: str, value: str) -> Condition:
    return _compare(column, "=", value)


def _within(column: str, least: str, most: str) -> Condition:
    if least == most:
        return _equal(column, least)
    return _compare(column, ">=", least) & _compare(column, "<=", most)


def _any(alternatives: Sequence[Condition]) -> Condition:
    joined = " OR ".join(f"({part.sql})" for part in alternatives)
    return Condition(f"({joined})", tuple(value for part in alternatives for value in part.parameters))


def selects_day(since: int | None, until: int | None, year: str, month: str, day: str) -> bool:
    """Return whether the condition on days selects a day's partition; estimates use it."""
    key = (year, month, day)
    return (since is None or key >= _day(since)) and (until is None or key <= _day(until - 1))
