"""Dates and times: units and formats that Trino takes as text (Trino, Date and time functions)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlglot import exp

from logctl.local.athena.query_errors import NotHere, QueryError

Rewrite = Callable[[list[exp.Expr]], exp.Expr]

_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
_MYSQL = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I",
    "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p",
    "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
_JODA = (
    ("yyyy", "%Y"), ("YYYY", "%Y"), ("MMMM", "%B"), ("MMM", "%b"), ("EEEE", "%A"), ("EEE", "%a"),
    ("SSS", "%g"), ("yy", "%y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("hh", "%I"), ("mm", "%M"),
    ("ss", "%S"), ("DDD", "%j"), ("M", "%-m"), ("d", "%-d"), ("H", "%-H"), ("h", "%-I"),
    ("a", "%p"), ("E", "%a"), ("y", "%Y"), ("ZZZ", "UTC"), ("ZZ", "+00:00"), ("Z", "+0000"),
)  # fmt: skip


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _unit(argument: exp.Expr) -> str:
    if not isinstance(argument, exp.Literal):
        raise NotHere("A unit of time that is not a literal")
    unit = str(argument.this).lower()
    if unit not in _UNITS:
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid Timestamp field")
    return unit


def _date_add(arguments: list[exp.Expr]) -> exp.Expr:
    unit, amount, moment = arguments
    name = _unit(unit)
    if name == "quarter":
        name, amount = "month", exp.Mul(this=exp.Paren(this=amount), expression=exp.Literal.number(3))
    step = _call(f"to_{name}s", exp.Cast(this=exp.Paren(this=amount), to=_amount_type(name)))
    added = exp.Paren(this=exp.Add(this=exp.Paren(this=moment), expression=step))
    if _is_date(moment):
        return exp.Cast(this=added, to=exp.DataType(this=exp.DType.DATE))
    return added


def _amount_type(unit: str) -> exp.DataType:
    kind = exp.DType.DOUBLE if unit in ("second", "millisecond") else exp.DType.BIGINT
    kind = exp.DType.INT if unit in ("day", "week", "month", "year") else kind
    return exp.DataType(this=kind)


def _is_date(moment: exp.Expr) -> bool:
    """Whether it is surely a date: then it stays one."""
    if isinstance(moment, exp.Cast):
        return bool(moment.to.this == exp.DType.DATE)
    return isinstance(moment, exp.CurrentDate)


def _date_diff(arguments: list[exp.Expr]) -> exp.Expr:
    """Complete units, as date_sub counts them; date_diff there counts boundaries."""
    unit, first, second = arguments
    name = _unit(unit)
    return _call("date_sub", exp.Literal.string(name), first, second)


def _date_trunc(arguments: list[exp.Expr]) -> exp.Expr:
    unit, moment = arguments
    truncated = _call("date_trunc", exp.Literal.string(_unit(unit)), moment)
    return exp.Cast(this=truncated, to=exp.DataType(this=exp.DType.DATE)) if _is_date(moment) else truncated


def mysql_format(pattern: str) -> str:
    """Codes of date_format and date_parse as strftime's."""
    found, at = [], 0
    while at < len(pattern):
        if pattern[at] == "%" and at + 1 < len(pattern):
            code = pattern[at + 1]
            if code not in _MYSQL:
                raise NotHere(f"The format %{code}")
            found.append(_MYSQL[code])
            at += 2
        else:
            found.append(pattern[at])
            at += 1
    return "".join(found)


def joda_format(pattern: str) -> str:
    """Patterns of format_datetime and parse_datetime as strftime's."""
    found, at = [], 0
    while at < len(pattern):
        if pattern[at] == "'":
            end = pattern.find("'", at + 1)
            end = len(pattern) if end < 0 else end
            found.append(pattern[at + 1 : end] or "'")
            at = end + 1
            continue
        for java, code in _JODA:
            if pattern.startswith(java, at):
                found.append(code)
                at += len(java)
                break
        else:
            if pattern[at].isalpha():
                raise NotHere(f"The pattern letter {pattern[at]}")
            found.append("%%" if pattern[at] == "%" else pattern[at])
            at += 1
    return "".join(found)


def _formatted(function: str, convert: Callable[[str], str]) -> Rewrite:
    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        value, pattern = arguments
        if not isinstance(pattern, exp.Literal):
            raise NotHere("A format of time that is not a literal")
        return _call(function, value, exp.Literal.string(convert(str(pattern.this))))

    return rewrite


def _parse_datetime(arguments: list[exp.Expr]) -> exp.Expr:
    """In UTC: of a text that says its zone, each value could have another."""
    if isinstance(arguments[1], exp.Literal) and "Z" in re.sub(r"'[^']*'", "", str(arguments[1].this)):
        raise NotHere("parse_datetime with a zone in the text")
    parsed = _formatted("strptime", joda_format)(arguments)
    return _call(
        "timezone",
        exp.Literal.string("UTC"),
        exp.Cast(this=parsed, to=exp.DataType(this=exp.DType.TIMESTAMP)),
    )


def _part(name: str) -> Rewrite:
    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        return exp.Cast(
            this=_call("date_part", exp.Literal.string(name), *arguments),
            to=exp.DataType(this=exp.DType.BIGINT),
        )

    return rewrite


def _to(kind: exp.DType) -> Rewrite:
    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        return exp.Cast(this=arguments[0], to=exp.DataType(this=kind))

    return rewrite


def _from_unixtime(arguments: list[exp.Expr]) -> exp.Expr:
    return _call("to_timestamp", exp.Cast(this=arguments[0], to=exp.DataType(this=exp.DType.DOUBLE)))


def _at_timezone(arguments: list[exp.Expr]) -> exp.Expr:
    """The moment stays; its zone is in its type."""
    return arguments[0]


DATE_FUNCTIONS: Mapping[str, Rewrite] = {
    "at_timezone": _at_timezone,
    "date": _to(exp.DType.DATE),
    "date_add": _date_add,
    "date_diff": _date_diff,
    "date_format": _formatted("strftime", mysql_format),
    "date_parse": _formatted("strptime", mysql_format),
    "date_trunc": _date_trunc,
    "day": _part("day"),
    "day_of_month": _part("day"),
    "day_of_week": _part("isodow"),
    "day_of_year": _part("doy"),
    "dow": _part("isodow"),
    "doy": _part("doy"),
    "format_datetime": _formatted("strftime", joda_format),
    "from_iso8601_date": _to(exp.DType.DATE),
    "from_iso8601_timestamp": lambda a: _call(
        f"trino_from_iso8601_{'timestamp' if isinstance(a[0], exp.Literal) else 'utc'}", *a
    ),
    "from_unixtime": _from_unixtime,
    "hour": _part("hour"),
    "last_day_of_month": lambda a: _call("last_day", *a),
    "millisecond": lambda a: _call("trino_millisecond", *a),
    "minute": _part("minute"),
    "month": _part("month"),
    "parse_datetime": _parse_datetime,
    "quarter": _part("quarter"),
    "second": _part("second"),
    "to_iso8601": lambda a: _call("trino_to_iso8601", *a),
    "to_unixtime": lambda a: _call("epoch", *a),
    "week": _part("week"),
    "week_of_year": _part("week"),
    "year": _part("year"),
    "year_of_week": _part("isoyear"),
    "yow": _part("isoyear"),
}
