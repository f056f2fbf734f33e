"""CAST, and literals that name their type: the values that Trino gives, where DuckDB converts otherwise."""

from __future__ import annotations

import re
from datetime import date

from sqlglot import exp

from logctl.local.athena.analysis.annotations import cast_target, type_of
from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.syntax.athena_sql import is_typed_literal
from logctl.local.athena.translation.builders import (
    at_zone,
    call,
    cast_to,
    data_type,
    in_zone,
    number,
    paren,
    text,
)
from logctl.local.athena.types import sql_types
from logctl.local.athena.types.sql_types import FLOATS, INTEGERS, JSON, TEXTS, TIMESTAMP, VARCHAR, ZONED, Type
from logctl.local.athena.types.time_zones import ZONED_LITERAL, zone_of

_STRICT = {
    "boolean": r"(?i)(t|f|true|false|0|1)",
    **dict.fromkeys(INTEGERS, r"[+-]?[0-9]+"),
    "decimal": r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?",
    "double": r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?\s*|\s*[+-]?(NaN|Infinity)\s*",
    "float": r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?\s*|\s*[+-]?(NaN|Infinity)\s*",
    "date": r"\s*[+-]?[0-9]+-[0-9]{1,2}-[0-9]{1,2}\s*",
    "time": r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?",
    "timestamp": r"\s*[0-9]+-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?)?\s*",
    "timestamp with time zone": "",
}
"""Texts that Trino takes as values of a type; DuckDB takes others too."""


def cast(node: exp.Expr) -> exp.Expr:
    """Translate CAST and TRY_CAST, and literals such as `DATE '2026-01-31'`."""
    target, given = cast_target(node), type_of(node.this)
    if target is None:
        return node
    if is_typed_literal(node) and target.name in _STRICT:
        return _typed_literal(str(node.this.this), type_of(node) or target)
    value = node.this.copy()
    made = _converted(value, given, target) if given is not None else None
    if made is not None:
        return call("try", made) if isinstance(node, exp.TryCast) else made
    if target == JSON:
        return call("to_json", value)
    if isinstance(value, exp.Struct | exp.Array):
        return _by_place(value, target)
    return type(node)(this=value, to=data_type(target))


def _by_place(value: exp.Expr, target: Type) -> exp.Expr:
    """Convert a row, array or part of one; the fields of rows are matched by their place, at any depth."""
    if isinstance(value, exp.Struct) and target.name == "struct":
        pairs = zip(value.expressions, target.names, target.arguments, strict=True)
        return exp.Struct(
            expressions=[
                exp.PropertyEQ(this=exp.to_identifier(name), expression=_by_place(pair.expression, kind))
                for pair, name, kind in pairs
            ]
        )
    if isinstance(value, exp.Array) and target.name == "array":
        (item,) = target.arguments
        return exp.Array(expressions=[_by_place(part, item) for part in value.expressions])
    return cast_to(value.copy(), target)


def _typed_literal(literal: str, kind: Type) -> exp.Expr:
    """Return the value of a literal that names its type.

    Raises:
        QueryError: its text is not a value of the type.
    """
    problem = QueryError(f"INVALID_LITERAL: line 1:1: '{literal}' is not a valid {kind.name} literal")
    if kind.name == ZONED.name:
        moment = ZONED_LITERAL.match(literal)
        if moment is None:
            raise problem
        return cast_to(at_zone(cast_to(text(moment["local"]), TIMESTAMP), moment["zone"]), ZONED)
    if not re.fullmatch(_STRICT[kind.name], literal) or not _exists(literal, kind):
        raise problem
    return cast_to(text(literal.strip()), kind)


def _exists(text: str, kind: Type) -> bool:
    """Return whether a date or timestamp exists in the calendar and on the clock."""
    if kind.name not in ("date", "timestamp"):
        return True
    try:
        day, _, clock = text.strip().partition(" ")
        year, month, number = (int(part) for part in day.split("-"))
        date(year, month, number)
        parts = [float(part) for part in clock.split(":")] if clock else []
    except ValueError:
        return False
    return all(0 <= part < most for part, most in zip(parts, (24, 60, 60), strict=False))


def _converted(value: exp.Expr, given: Type, target: Type) -> exp.Expr | None:
    if given.name == "timestamp with time zone" and target.name != given.name:
        zone = zone_of(given)
        if target.name in ("varchar", "char"):
            local = call("trino_text", in_zone(value, zone))
            return paren(exp.DPipe(this=local, expression=text(f" {zone}")))
        return cast_to(in_zone(value, zone), target)
    if given.name in ("varchar", "char") and target.name in _STRICT:
        if target.name == "timestamp with time zone":
            raise NotSupported("CAST of text to a time with zone")
        return _from_text(value, target)
    if target.name in ("varchar", "char"):
        return _to_text(value, given, target)
    if target.name in INTEGERS and given.name in (*FLOATS, "decimal"):
        return cast_to(call("round", paren(value)), target)
    if target.name == "boolean" and sql_types.is_number(given):
        return paren(exp.NEQ(this=paren(value), expression=number(0)))
    if target == JSON and given.name in (*FLOATS, "timestamp"):
        written = _to_text(value, given, VARCHAR)
        quoted = call("to_json", written) if given.name == "timestamp" else written
        return cast_to(paren(quoted), JSON)
    if given == JSON and target.name == "struct":
        raise NotSupported("CAST of JSON to ROW")
    if given == JSON and target.name in (*INTEGERS, "decimal", *FLOATS, "boolean"):
        return cast_to(call("json_extract_string", value, text("$")), target)
    return None


def _from_text(value: exp.Expr, target: Type) -> exp.Expr:
    told = {"int": "INT", "float": "REAL"}.get(target.name, target.athena.upper())
    message = exp.DPipe(
        this=exp.DPipe(
            this=text("INVALID_CAST_ARGUMENT: Cannot cast '"),
            expression=paren(value.copy()),
        ),
        expression=text(f"' to {told}"),
    )
    matches = call("regexp_full_match", value.copy(), text(_STRICT[target.name]))
    checked = call("trino_check", paren(exp.Not(this=matches)), message, value)
    if target.name in INTEGERS or target.name in ("boolean", "decimal", "time"):
        return cast_to(checked, target)
    return cast_to(call("trim", checked), target)


def _to_text(value: exp.Expr, given: Type, target: Type) -> exp.Expr:
    if given == JSON:
        written = call("trino_json_text", value)
    elif given.name in FLOATS:
        written = call("trino_double_text", value)
    elif given.name == "decimal":
        written = call("trino_decimal_text", cast_to(paren(value), VARCHAR))
    elif given in (sql_types.INTERVAL, sql_types.MONTHS):
        raise NotSupported("CAST of an interval to varchar")
    else:
        written = call("trino_text", value)
    if not target.arguments:
        return written
    size = number(target.arguments[0])
    if given.name not in TEXTS:
        written = call("trino_fitting", written, size)
    if target.name == "char":
        return call("rpad", written, size, text(" "))
    return call("left", written, size)


# ── Intervals ───────────────────────────────────────────────────────────────────────────────────────

_UNITS = ("DAY", "HOUR", "MINUTE", "SECOND")
_SIZES = {"YEAR": 12, "MONTH": 1, "DAY": 86_400, "HOUR": 3_600, "MINUTE": 60, "SECOND": 1}
"""Months in a unit, or seconds."""


def interval(node: exp.Expr) -> exp.Expr:
    """Translate `INTERVAL '1 02:03:04' DAY TO SECOND` and `INTERVAL '1-2' YEAR TO MONTH`.

    Raises:
        QueryError: the text does not fit the units.
    """
    unit = node.args.get("unit")
    if not isinstance(unit, exp.IntervalSpan):
        return node
    literal, first, last = str(node.this.this).strip(), unit.this.name.upper(), unit.expression.name.upper()
    sign = -1 if literal.startswith("-") else 1
    numbers = re.split(r"[ :]+" if first != "YEAR" else "-", literal.removeprefix("-"))
    names = ("YEAR", "MONTH") if first == "YEAR" else _UNITS[_UNITS.index(first) : _UNITS.index(last) + 1]
    if len(numbers) != len(names) or not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in numbers):
        raise QueryError(f"INVALID_LITERAL: line 1:1: '{literal}' is not a valid interval literal")
    total = sign * sum(float(part) * _SIZES[name] for part, name in zip(numbers, names, strict=True))
    if first == "YEAR":
        return _interval(f"{total:.0f}", "MONTH")
    days, seconds = divmod(total, _SIZES["DAY"])
    return paren(
        exp.Add(this=_interval(f"{days:.0f}", "DAY"), expression=_interval(f"{seconds:.3f}", "SECOND"))
    )


def _interval(value: str, unit: str) -> exp.Expr:
    return exp.Interval(this=text(value), unit=exp.var(unit))
