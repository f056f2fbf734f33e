"""Operators and conversions whose meaning depends on types: DuckDB's expression for Trino's result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date

from sqlglot import exp

from logctl.local.athena.analysis.query_types import from_sqlglot, set_type, type_of
from logctl.local.athena.query_errors import NotHere, QueryError
from logctl.local.athena.translation.functions import call
from logctl.local.athena.types import coercions as types
from logctl.local.athena.types.sql_types import Type

MIXED = types.MIXED
_TEXTS = ("varchar", "char", "string")
_FLOATS = ("double", "float")


def cast_to(value: exp.Expr, kind: Type) -> exp.Expr:
    """DuckDB's own CAST, in words of its own."""
    made = exp.Cast(this=value, to=exp.DataType.build(kind.duckdb, dialect="duckdb", udt=True))
    set_type(made, kind)
    return made


def as_number(value: exp.Expr, kind: Type) -> exp.Expr:
    """An operand in the type that the operation has."""
    given = type_of(value)
    return value if given is None or given == kind else cast_to(exp.Paren(this=value), kind)


# ── Arithmetic ──────────────────────────────────────────────────────────────────────────────────────


def arithmetic(node: exp.Expr) -> exp.Expr:
    left, right, result = type_of(node.this), type_of(node.expression), type_of(node)
    if left is None or right is None or result is None:
        if isinstance(node, exp.Div):
            raise NotHere("A division of values whose types are not known")
        return _guarded(node)
    if types.is_number(left) and types.is_number(right):
        return _decimals(node, left, right, result) if result.name == "decimal" else _numbers(node, result)
    if result.name == "date":
        for side in (node.this, node.expression):
            unit = side.args.get("unit") if isinstance(side, exp.Interval) else None
            if isinstance(unit, exp.Var) and unit.name.upper().rstrip("S") in ("HOUR", "MINUTE", "SECOND"):
                raise QueryError("INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date")
        return cast_to(exp.Paren(this=node.copy()), result)
    if result == types.INTERVAL and left.name in ("date", "timestamp", "timestamp with time zone"):
        sides = (
            cast_to(exp.Paren(this=side.copy()), types.TIMESTAMP) for side in (node.this, node.expression)
        )
        return exp.Paren(this=exp.Sub(this=next(sides), expression=next(sides)))
    return node


def _numbers(node: exp.Expr, result: Type) -> exp.Expr:
    node.set("this", as_number(node.this.copy(), result))
    node.set("expression", as_number(node.expression.copy(), result))
    if isinstance(node, exp.Div | exp.Mod) and result.name not in _FLOATS:
        node = _guarded(node)
        if isinstance(node, exp.Div):
            node = exp.IntDiv(this=node.this.copy(), expression=node.expression.copy())
            return exp.Paren(this=node)
    return cast_to(exp.Paren(this=node.copy()), result) if result.name in ("tinyint", "smallint") else node


def _guarded(node: exp.Expr) -> exp.Expr:
    """Trino fails where DuckDB gives NULL."""
    if isinstance(node, exp.Div | exp.Mod):
        divisor = node.expression
        if not isinstance(divisor, exp.Literal) or float(divisor.this or 0) == 0:
            node.set("expression", call("trino_divisor", divisor.copy(), node.this.copy()))
    return node


def _decimals(node: exp.Expr, left: Type, right: Type, result: Type) -> exp.Expr:
    sides = [
        as_number(side.copy(), types.as_decimal(kind))
        for side, kind in ((node.this, left), (node.expression, right))
    ]
    if isinstance(node, exp.Div):
        (_, s1), (_, s2), scale = (
            types.as_decimal(left).arguments,
            types.as_decimal(right).arguments,
            result.arguments[1],
        )
        # Numerator and divisor as whole numbers, the numerator with so many more digits.
        return cast_to(
            call(
                "trino_decimal_quotient",
                cast_to(exp.Paren(this=_scaled(sides[0], s1)), Type("hugeint")),
                cast_to(exp.Paren(this=_scaled(sides[1], s2)), Type("hugeint")),
                exp.Literal.number(scale + s2 - s1),
                exp.Literal.number(scale),
            ),
            result,
        )
    if isinstance(node, exp.Mod):
        sides[1] = call("trino_divisor", sides[1], sides[0].copy())
    made = type(node)(this=sides[0], expression=sides[1])
    return cast_to(exp.Paren(this=made), result)


def _scaled(value: exp.Expr, scale: int) -> exp.Expr:
    """A decimal without its point."""
    factor = cast_to(exp.Literal.string(str(10**scale)), Type("decimal", (scale + 1, 0)))
    return exp.Mul(this=exp.Paren(this=value), expression=factor) if scale else value


# ── Comparison ──────────────────────────────────────────────────────────────────────────────────────


def comparison(node: exp.Expr) -> exp.Expr:
    left, right = type_of(node.this), type_of(node.expression)
    if left is None or right is None or isinstance(node.expression, exp.Any | exp.All):
        return node
    joined = types.common(left, right)
    if joined is None:
        return node
    if joined.name in _FLOATS and isinstance(node, exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE):
        return _without_nan(node, left, right)
    if "char" in (left.name, right.name) and joined.name == "char":
        return _of_both(node, lambda side: call("rtrim", side, exp.Literal.string(" ")))
    if joined.name == "map" and isinstance(node, exp.EQ | exp.NEQ):
        return _of_both(node, lambda side: call("list_sort", call("map_entries", side)))
    if joined.name == "struct" and isinstance(node, exp.EQ | exp.NEQ):
        return _rows(node, joined)
    if joined == types.JSON and not all(
        isinstance(side, exp.Literal) for side in (node.this, node.expression)
    ):
        return _of_both(node, lambda side: cast_to(exp.Paren(this=side), types.VARCHAR))
    return node


def _of_both(node: exp.Expr, change: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    node.set("this", change(node.this.copy()))
    node.set("expression", change(node.expression.copy()))
    return node


def _without_nan(node: exp.Expr, left: Type, right: Type) -> exp.Expr:
    """To DuckDB, NaN equals itself and is greater than all."""
    tests = [
        call("isnan", side.copy())
        for side, kind in ((node.this, left), (node.expression, right))
        if kind.name in _FLOATS and not isinstance(side, exp.Literal | exp.Null)
    ]
    if not tests:
        return node
    special = exp.Boolean(this=isinstance(node, exp.NEQ))
    return exp.Case(ifs=[exp.If(this=exp.or_(*tests), true=special)], default=node.copy())


def _rows(node: exp.Expr, kind: Type) -> exp.Expr:
    left, right = type_of(node.this), type_of(node.expression)
    assert left is not None
    assert right is not None

    def part(side: exp.Expr, of: Type, at: int) -> exp.Expr:
        return side.expressions[at].copy() if isinstance(side, exp.Tuple) else field(side.copy(), of, at)

    pairs = [
        exp.EQ(this=part(node.this, left, at), expression=part(node.expression, right, at))
        for at in range(len(kind.arguments))
    ]
    both = exp.Paren(this=exp.and_(*pairs))
    return exp.Paren(this=exp.Not(this=both)) if isinstance(node, exp.NEQ) else both


def field(row: exp.Expr, kind: Type, at: int) -> exp.Expr:
    """A row's part by its place."""
    return call("struct_extract", row, exp.Literal.string(kind.names[at]))


# ── CAST ────────────────────────────────────────────────────────────────────────────────────────────

_STRICT = {
    "boolean": r"(?i)(t|f|true|false|0|1)",
    **dict.fromkeys(types.INTEGERS, r"[+-]?[0-9]+"),
    "decimal": r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?",
    "double": r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?\s*|\s*[+-]?(NaN|Infinity)\s*",
    "float": r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?\s*|\s*[+-]?(NaN|Infinity)\s*",
    "date": r"\s*[+-]?[0-9]+-[0-9]{1,2}-[0-9]{1,2}\s*",
    "time": r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?",
    "timestamp": r"\s*[0-9]+-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]+)?)?)?\s*",
    "timestamp with time zone": "",
}
"""What Trino reads as a value of a type: DuckDB takes more."""


def cast(node: exp.Expr) -> exp.Expr | None:
    """CAST and TRY_CAST; None where the general rule will do."""
    target = from_sqlglot(node.args["to"], node.this)
    given = type_of(node.this)
    if node.meta.get(LITERAL):
        return _typed_literal(node, str(node.this.this))
    if target is None or given is None:
        return None
    made = _converted(node.this.copy(), given, target)
    if made is None:
        return None
    return call("try", made) if isinstance(node, exp.TryCast) else made


def _typed_literal(node: exp.Expr, text: str) -> exp.Expr | None:
    """`DATE '2026-01-31'`: what cannot be one is refused before anything runs."""
    kind = type_of(node)
    if kind is None or kind.name not in _STRICT:
        return None
    problem = QueryError(f"INVALID_LITERAL: line 1:1: '{text}' is not a valid {kind.name} literal")
    if kind.name == "timestamp with time zone":
        moment = _ZONED.match(text)
        if moment is None:
            raise problem
        local = cast_to(exp.Literal.string(moment["local"]), types.TIMESTAMP)
        return cast_to(at_zone(local, moment["zone"]), types.ZONED)
    if not re.fullmatch(_STRICT[kind.name], text) or not _exists(text, kind):
        raise problem
    return cast_to(exp.Literal.string(text.strip()), kind)


def _exists(text: str, kind: Type) -> bool:
    """Whether it is a day and a time that there is."""
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


LITERAL = "trino_literal"
_ZONED = re.compile(
    r"\s*(?P<local>\d+-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?)?)\s*"
    r"(?P<zone>Z|UTC|GMT|[A-Z][A-Za-z_]+/[\w/+-]+|[+-]\d\d:\d\d)\s*\Z"
)


def zone_of_literal(text: str) -> str | None:
    """The zone that a TIMESTAMP literal names; None when it names none."""
    found = _ZONED.match(text)
    return None if found is None else zone_name(found["zone"])


def zone_name(text: str) -> str:
    return "UTC" if text in ("Z", "UTC", "GMT", "+00:00", "-00:00", "Etc/UTC") else text


def zone_of(kind: Type) -> str:
    """The zone of a zoned type: part of the value in Trino, part of the type here.

    Raises:
        NotHere: values of several zones are mixed.
    """
    zone = kind.names[0] if kind.names else "UTC"
    if zone == MIXED:
        raise NotHere("Times of several zones in one column")
    return zone


def in_zone(value: exp.Expr, zone: str) -> exp.Expr:
    """The local time of a moment, without a zone."""
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
    utc = call("timezone", exp.Literal.string("UTC"), value)
    if offset is None:
        return utc if zone == "UTC" else call("timezone", exp.Literal.string(zone), value)
    return exp.Paren(this=exp.Add(this=utc, expression=_minutes(offset, 1)))


def at_zone(local: exp.Expr, zone: str) -> exp.Expr:
    """The moment of a local time."""
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
    if offset is None:
        return call("timezone", exp.Literal.string(zone_name(zone)), local)
    utc = exp.Paren(this=exp.Add(this=local, expression=_minutes(offset, -1)))
    return call("timezone", exp.Literal.string("UTC"), utc)


def _minutes(offset: re.Match[str], sign: int) -> exp.Expr:
    total = (1 if offset[1] == "+" else -1) * sign * (60 * int(offset[2]) + int(offset[3]))
    return exp.Interval(this=exp.Literal.string(str(total)), unit=exp.var("MINUTE"))


def _converted(value: exp.Expr, given: Type, target: Type) -> exp.Expr | None:
    if given.name == "timestamp with time zone" and target.name != given.name:
        zone = zone_of(given)
        if target.name in ("varchar", "char"):
            text = call("trino_text", in_zone(value, zone))
            return exp.Paren(this=exp.DPipe(this=text, expression=exp.Literal.string(f" {zone}")))
        return cast_to(in_zone(value, zone), target)
    if given.name in ("varchar", "char") and target.name in _STRICT:
        if target.name == "timestamp with time zone":
            raise NotHere("CAST of text to a time with zone")
        return _from_text(value, target)
    if target.name in ("varchar", "char"):
        return _to_text(value, given, target)
    if target.name in types.INTEGERS and given.name in (*_FLOATS, "decimal"):
        return cast_to(call("round", exp.Paren(this=value)), target)
    if target.name == "boolean" and types.is_number(given):
        return exp.Paren(this=exp.NEQ(this=exp.Paren(this=value), expression=exp.Literal.number(0)))
    if target == types.JSON and given.name in (*_FLOATS, "timestamp"):
        text = _to_text(value, given, types.VARCHAR)
        quoted = call("to_json", text) if given.name == "timestamp" else text
        return cast_to(exp.Paren(this=quoted), types.JSON)
    if given == types.JSON and target.name == "struct":
        raise NotHere("CAST of JSON to ROW")
    if given == types.JSON and target.name in (*types.INTEGERS, "decimal", *_FLOATS, "boolean"):
        return cast_to(call("json_extract_string", value, exp.Literal.string("$")), target)
    return None


def _from_text(value: exp.Expr, target: Type) -> exp.Expr:
    told = {"int": "INT", "float": "REAL"}.get(target.name, target.athena.upper())
    message = exp.DPipe(
        this=exp.DPipe(
            this=exp.Literal.string("INVALID_CAST_ARGUMENT: Cannot cast '"),
            expression=exp.Paren(this=value.copy()),
        ),
        expression=exp.Literal.string(f"' to {told}"),
    )
    matches = call("regexp_full_match", value.copy(), exp.Literal.string(_STRICT[target.name]))
    checked = call("trino_check", exp.Paren(this=exp.Not(this=matches)), message, value)
    if target.name in types.INTEGERS or target.name in ("boolean", "decimal", "time"):
        return cast_to(checked, target)
    return cast_to(call("trim", checked), target)


def _to_text(value: exp.Expr, given: Type, target: Type) -> exp.Expr:
    if given == types.JSON:
        text: exp.Expr = call("trino_json_text", value)
    elif given.name in _FLOATS:
        text = call("trino_double_text", value)
    elif given.name == "decimal":
        text = call("trino_decimal_text", cast_to(exp.Paren(this=value), types.VARCHAR))
    elif given in (types.INTERVAL, types.MONTHS):
        raise NotHere("CAST of an interval to varchar")
    else:
        text = call("trino_text", value)
    if not target.arguments:
        return text
    size = exp.Literal.number(target.arguments[0])
    if given.name not in _TEXTS:
        text = call("trino_fitting", text, size)
    if target.name == "char":
        return call("rpad", text, size, exp.Literal.string(" "))
    return call("left", text, size)


# ── Subscripts ──────────────────────────────────────────────────────────────────────────────────────


def subscript(node: exp.Expr) -> exp.Expr:
    kind = type_of(node.this)
    (index,) = node.expressions
    if kind is None or kind.name not in ("array", "map", "struct"):
        return node
    # sqlglot counts from 0, whatever the dialect: only for numbers.
    at = _one_more(index.copy()) if _is_counted(index) else index.copy()
    if kind.name == "struct":
        return field(node.this.copy(), kind, int(index.this))
    return call("trino_subscript" if kind.name == "array" else "trino_map_value", node.this.copy(), at)


def _is_counted(index: exp.Expr) -> bool:
    if isinstance(index, exp.Literal):
        return not index.is_string
    return isinstance(index, exp.Sub | exp.Neg)


def _one_more(index: exp.Expr) -> exp.Expr:
    if isinstance(index, exp.Literal):
        return exp.Literal.number(int(index.this) + 1)
    if isinstance(index, exp.Neg) and isinstance(index.this, exp.Literal):
        return exp.Literal.number(1 - int(index.this.this))
    return exp.Paren(this=exp.Add(this=exp.Paren(this=index), expression=exp.Literal.number(1)))


# ── Literals ────────────────────────────────────────────────────────────────────────────────────────

_SPAN = re.compile(
    r"(?P<sign>-?)\s*(?:(?P<days>\d+)(?:\s+|\Z))?(?:(?P<hours>\d+)(?::(?P<minutes>\d+))?(?::(?P<seconds>\d+(?:\.\d+)?))?)?\Z"
)
_UNITS = ("DAY", "HOUR", "MINUTE", "SECOND")


def interval(node: exp.Expr) -> exp.Expr:
    """`INTERVAL '1 02:03:04' DAY TO SECOND` and `INTERVAL '1-2' YEAR TO MONTH`, in one unit."""
    unit = node.args.get("unit")
    if not isinstance(unit, exp.IntervalSpan):
        return node
    text, first, last = str(node.this.this).strip(), unit.this.name.upper(), unit.expression.name.upper()
    problem = QueryError(f"INVALID_LITERAL: line 1:1: '{text}' is not a valid interval literal")
    if first == "YEAR":
        sign, (years, _, months) = text.startswith("-"), text.lstrip("-").partition("-")
        if not (years.isdigit() and months.isdigit()):
            raise problem
        total = 12 * int(years) + int(months)
        return exp.Interval(this=exp.Literal.string(str(-total if sign else total)), unit=exp.var("MONTH"))
    names = _UNITS[_UNITS.index(first) : _UNITS.index(last) + 1]
    parts = re.split(r"[ :]+", text.lstrip("-"))
    if len(parts) != len(names) or not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in parts):
        raise problem
    size = {"DAY": 86_400, "HOUR": 3_600, "MINUTE": 60, "SECOND": 1}
    seconds = sum(float(part) * size[name] for part, name in zip(parts, names, strict=True))
    seconds = -seconds if text.startswith("-") else seconds
    days, rest = divmod(seconds, 86_400)
    return exp.Paren(
        this=exp.Add(
            this=exp.Interval(this=exp.Literal.string(str(int(days))), unit=exp.var("DAY")),
            expression=exp.Interval(this=exp.Literal.string(f"{rest:.3f}"), unit=exp.var("SECOND")),
        )
    )


def json_text(text: str) -> str:
    """JSON as Trino keeps it: keys sorted, no spaces.

    Raises:
        QueryError: it is none.
    """
    try:
        value = json.loads(text)
    except ValueError:
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{text}'") from None
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
