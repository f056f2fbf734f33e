"""Functions of dates and times, their units and formats (Trino, Date and time functions).

Trino keeps a zone in each value, this engine in the type: of a time in another zone than UTC, a function is
called with the local time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.translation.builders import at_zone, call, cast_to, in_zone, number, paren, text
from logctl.local.athena.translation.function_call import FunctionCall, Rewrite, Translations
from logctl.local.athena.types.sql_types import BIGINT, DATE, DOUBLE, INTEGER, TIMESTAMP, is_zoned
from logctl.local.athena.types.time_zones import zone_of

_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
_FINER_THAN_DAYS = ("hour", "minute", "second", "millisecond")
_MYSQL_CODES = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I",
    "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p",
    "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
_JODA_PATTERNS = (
    ("yyyy", "%Y"), ("YYYY", "%Y"), ("MMMM", "%B"), ("MMM", "%b"), ("EEEE", "%A"), ("EEE", "%a"),
    ("SSS", "%g"), ("yy", "%y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("hh", "%I"), ("mm", "%M"),
    ("ss", "%S"), ("DDD", "%j"), ("M", "%-m"), ("d", "%-d"), ("H", "%-H"), ("h", "%-I"),
    ("a", "%p"), ("E", "%a"), ("y", "%Y"), ("ZZZ", "UTC"), ("ZZ", "+00:00"), ("Z", "+0000"),
)  # fmt: skip


def mysql_format(pattern: str) -> str:
    """Return strftime's format for one of date_format and date_parse, which have MySQL's codes."""
    found, at = [], 0
    while at < len(pattern):
        if pattern[at] == "%" and at + 1 < len(pattern):
            code = pattern[at + 1]
            if code not in _MYSQL_CODES:
                raise NotSupported(f"The format %{code}")
            found.append(_MYSQL_CODES[code])
            at += 2
        else:
            found.append(pattern[at])
            at += 1
    return "".join(found)


def joda_format(pattern: str) -> str:
    """Return strftime's format for a pattern of format_datetime and parse_datetime: Joda-Time's."""
    found, at = [], 0
    while at < len(pattern):
        if pattern[at] == "'":
            end = pattern.find("'", at + 1)
            end = len(pattern) if end < 0 else end
            found.append(pattern[at + 1 : end] or "'")
            at = end + 1
            continue
        for java, code in _JODA_PATTERNS:
            if pattern.startswith(java, at):
                found.append(code)
                at += len(java)
                break
        else:
            if pattern[at].isalpha():
                raise NotSupported(f"The pattern letter {pattern[at]}")
            found.append("%%" if pattern[at] == "%" else pattern[at])
            at += 1
    return "".join(found)


def _unit(given: FunctionCall) -> str:
    """Return the unit of time that the first argument names.

    Raises:
        NotSupported: it is not a literal.
        QueryError: there is no such unit, or a date does not have it.
    """
    unit = given.literal(0)
    if unit is None:
        raise NotSupported("A unit of time that is not a literal")
    unit = unit.lower()
    if unit not in _UNITS:
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid Timestamp field")
    if given.kinds[-1] == DATE and given.name != "date_diff" and unit in _FINER_THAN_DAYS:
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid DATE field")
    return unit


def _date_add(given: FunctionCall) -> exp.Expr:
    unit, (_, amount, moment) = _unit(given), given.arguments
    if unit == "quarter":
        unit, amount = "month", exp.Mul(this=paren(amount), expression=number(3))
    counted = (
        DOUBLE if unit in ("second", "millisecond") else BIGINT if unit in ("minute", "hour") else INTEGER
    )
    step = call(f"to_{unit}s", cast_to(paren(amount), counted))
    added = paren(exp.Add(this=paren(moment), expression=step))
    return cast_to(added, DATE) if given.kind(2) == "date" else added


def _date_diff(given: FunctionCall) -> exp.Expr:
    """Translate date_diff, which counts complete units; DuckDB's counts the boundaries between them."""
    return call("date_sub", text(_unit(given)), *given.arguments[1:])


def _date_trunc(given: FunctionCall) -> exp.Expr:
    truncated = call("date_trunc", text(_unit(given)), given.arguments[1])
    return cast_to(truncated, DATE) if given.kind(1) == "date" else truncated


def _formatted(function: str, convert: Callable[[str], str]) -> Rewrite:
    def rewrite(given: FunctionCall) -> exp.Expr:
        pattern = given.literal(1)
        if pattern is None:
            raise NotSupported("A format of time that is not a literal")
        return call(function, given.arguments[0], text(convert(pattern)))

    return rewrite


def _parse_datetime(given: FunctionCall) -> exp.Expr:
    """Translate parse_datetime, in UTC only: if the text has a zone, each value could have another one."""
    if "Z" in re.sub(r"'[^']*'", "", given.literal(1) or ""):
        raise NotSupported("parse_datetime with a zone in the text")
    parsed = _formatted("strptime", joda_format)(given)
    return call("timezone", text("UTC"), cast_to(parsed, TIMESTAMP))


def _part(name: str) -> Rewrite:
    def rewrite(given: FunctionCall) -> exp.Expr:
        if given.kind().startswith("interval"):
            raise NotSupported(f"{given.name} of an interval")
        return cast_to(call("date_part", text(name), *given.arguments), BIGINT)

    return rewrite


def _to_date(given: FunctionCall) -> exp.Expr:
    return cast_to(given.arguments[0], DATE)


def _from_iso8601_timestamp(given: FunctionCall) -> exp.Expr:
    """Translate from_iso8601_timestamp: a literal's zone is known, in a column each value has its own."""
    name = "trino_from_iso8601_utc" if given.literal(0) is None else "trino_from_iso8601_timestamp"
    return call(name, *given.arguments)


def _from_unixtime(given: FunctionCall) -> exp.Expr:
    """Translate from_unixtime; a second argument, the zone, is in the type."""
    return call("to_timestamp", cast_to(given.arguments[0], DOUBLE))


def _at_timezone(given: FunctionCall) -> exp.Expr:
    """Translate at_timezone: the moment stays the same, its zone is in the type."""
    return given.arguments[0]


def _with_timezone(given: FunctionCall) -> exp.Expr:
    return at_zone(given.arguments[0], given.literal(1) or "")


def _in_its_zone(rewrite: Rewrite, place: int = 0, *, moves_back: bool = False) -> Rewrite:
    """Return a rule that calls a function with the local time, if its argument has another zone than UTC.

    Args:
        rewrite: the rule for a time without a zone, or in UTC.
        place: the argument that is the time.
        moves_back: the result is a time in the argument's zone.
    """

    def rewritten(given: FunctionCall) -> exp.Expr:
        kind = given.kinds[place]
        if kind is None or not is_zoned(kind) or zone_of(kind) == "UTC":
            return rewrite(given)
        zone = zone_of(kind)
        arguments, kinds = [*given.arguments], [*given.kinds]
        arguments[place], kinds[place] = in_zone(arguments[place], zone), TIMESTAMP
        made = rewrite(replace(given, arguments=arguments, kinds=kinds))
        return at_zone(made, zone) if moves_back else made

    return rewritten


def _utc_only(rewrite: Rewrite) -> Rewrite:
    """Return a rule that refuses times in other zones than UTC."""

    def rewritten(given: FunctionCall) -> exp.Expr:
        kind = given.kinds[0]
        if kind is not None and is_zoned(kind) and zone_of(kind) != "UTC":
            raise NotSupported(f"{given.name} of a time in another zone than UTC")
        return rewrite(given)

    return rewritten


_PARTS = {
    "day": "day", "day_of_month": "day", "day_of_week": "isodow", "day_of_year": "doy", "dow": "isodow",
    "doy": "doy", "hour": "hour", "minute": "minute", "month": "month", "quarter": "quarter",
    "week": "week", "week_of_year": "week", "year": "year", "year_of_week": "isoyear", "yow": "isoyear",
}  # fmt: skip
"""The functions that take a part of a time, and DuckDB's names of the parts."""

TIME_FUNCTIONS: Translations = {
    **{name: _in_its_zone(_part(part)) for name, part in _PARTS.items()},
    "at_timezone": _at_timezone,
    "current_timezone": lambda given: text("UTC"),
    "date": _in_its_zone(_to_date),
    "date_add": _in_its_zone(_date_add, 2, moves_back=True),
    "date_diff": _date_diff,
    "date_format": _utc_only(_formatted("strftime", mysql_format)),
    "date_parse": _formatted("strptime", mysql_format),
    "date_trunc": _in_its_zone(_date_trunc, 1, moves_back=True),
    "format_datetime": _utc_only(_formatted("strftime", joda_format)),
    "from_iso8601_date": _to_date,
    "from_iso8601_timestamp": _from_iso8601_timestamp,
    "from_unixtime": _from_unixtime,
    "last_day_of_month": _in_its_zone(lambda given: call("last_day", *given.arguments)),
    "millisecond": "trino_millisecond",
    "parse_datetime": _parse_datetime,
    "second": _part("second"),
    "to_iso8601": _utc_only(lambda given: call("trino_to_iso8601", *given.arguments)),
    "to_unixtime": "epoch",
    "with_timezone": _with_timezone,
}
