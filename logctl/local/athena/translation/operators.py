"""Operators whose meaning depends on their operands' types: DuckDB's expression for Trino's result."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from logctl.local.athena.analysis.annotations import type_of
from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.translation.builders import call, cast_to, number, paren, row_field, text
from logctl.local.athena.types import coercions, sql_types
from logctl.local.athena.types.sql_types import FLOATS, HUGEINT, Type


def _as(value: exp.Expr, kind: Type) -> exp.Expr:
    """Convert an operand to the type of the operation."""
    given = type_of(value)
    return value if given is None or given == kind else cast_to(paren(value), kind)


# ── Arithmetic ──────────────────────────────────────────────────────────────────────────────────────


def arithmetic(node: exp.Expr) -> exp.Expr:
    """Translate `+`, `-`, `*`, `/` and `%`, in the type that Trino's rules give the result."""
    left, right, result = type_of(node.this), type_of(node.expression), type_of(node)
    if left is None or right is None or result is None:
        if isinstance(node, exp.Div):
            raise NotSupported("A division of values whose types are not known")
        return _guarded(node)
    if sql_types.is_number(left) and sql_types.is_number(right):
        return _decimals(node, left, right, result) if result.name == "decimal" else _numbers(node, result)
    if result.name == "date":
        for side in (node.this, node.expression):
            unit = side.args.get("unit") if isinstance(side, exp.Interval) else None
            if isinstance(unit, exp.Var) and unit.name.upper().rstrip("S") in ("HOUR", "MINUTE", "SECOND"):
                raise QueryError("INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date")
        return cast_to(paren(node.copy()), result)
    if result == sql_types.INTERVAL and left.name in ("date", "timestamp", "timestamp with time zone"):
        first, second = (
            cast_to(paren(side.copy()), sql_types.TIMESTAMP) for side in (node.this, node.expression)
        )
        return paren(exp.Sub(this=first, expression=second))
    return node


def _numbers(node: exp.Expr, result: Type) -> exp.Expr:
    node.set("this", _as(node.this.copy(), result))
    node.set("expression", _as(node.expression.copy(), result))
    if isinstance(node, exp.Div | exp.Mod) and result.name not in FLOATS:
        node = _guarded(node)
        if isinstance(node, exp.Div):
            node = exp.IntDiv(this=node.this.copy(), expression=node.expression.copy())
            return paren(node)
    return cast_to(paren(node.copy()), result) if result.name in ("tinyint", "smallint") else node


def _guarded(node: exp.Expr) -> exp.Expr:
    """Let a division by zero fail, as in Trino; DuckDB gives NULL."""
    if isinstance(node, exp.Div | exp.Mod):
        divisor = node.expression
        if not isinstance(divisor, exp.Literal) or float(divisor.this or 0) == 0:
            node.set("expression", call("trino_divisor", divisor.copy(), node.this.copy()))
    return node


def _decimals(node: exp.Expr, left: Type, right: Type, result: Type) -> exp.Expr:
    sides = [
        _as(side.copy(), sql_types.as_decimal(kind))
        for side, kind in ((node.this, left), (node.expression, right))
    ]
    if isinstance(node, exp.Div):
        s1, s2, scale = (sql_types.as_decimal(kind).arguments[1] for kind in (left, right, result))
        # Both sides as whole numbers, the numerator with as many more digits as the result's scale asks for.
        return cast_to(
            call(
                "trino_decimal_quotient",
                cast_to(paren(_scaled(sides[0], s1)), HUGEINT),
                cast_to(paren(_scaled(sides[1], s2)), HUGEINT),
                number(scale + s2 - s1),
                number(scale),
            ),
            result,
        )
    if isinstance(node, exp.Mod):
        sides[1] = call("trino_divisor", sides[1], sides[0].copy())
    made = type(node)(this=sides[0], expression=sides[1])
    return cast_to(paren(made), result)


def _scaled(value: exp.Expr, scale: int) -> exp.Expr:
    """Return a decimal times 10 to the power of its scale: a whole number of the same digits."""
    factor = cast_to(text(str(10**scale)), Type("decimal", (scale + 1, 0)))
    return exp.Mul(this=paren(value), expression=factor) if scale else value


# ── Comparison ──────────────────────────────────────────────────────────────────────────────────────


def comparison(node: exp.Expr) -> exp.Expr:
    """Translate a comparison, where DuckDB compares values of the type otherwise than Trino."""
    left, right = type_of(node.this), type_of(node.expression)
    if left is None or right is None or isinstance(node.expression, exp.Any | exp.All):
        return node
    joined = coercions.common(left, right)
    if joined is None:
        return node
    if joined.name in FLOATS and isinstance(node, exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE):
        return _without_nan(node, left, right)
    if "char" in (left.name, right.name) and joined.name == "char":
        return _of_both(node, lambda side: call("rtrim", side, text(" ")))
    if joined.name == "map" and isinstance(node, exp.EQ | exp.NEQ):
        return _of_both(node, lambda side: call("list_sort", call("map_entries", side)))
    if joined.name == "struct" and isinstance(node, exp.EQ | exp.NEQ):
        return _rows(node, joined)
    if joined == sql_types.JSON and not all(
        isinstance(side, exp.Literal) for side in (node.this, node.expression)
    ):
        return _of_both(node, lambda side: cast_to(paren(side), sql_types.VARCHAR))
    return node


def _of_both(node: exp.Expr, change: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    node.set("this", change(node.this.copy()))
    node.set("expression", change(node.expression.copy()))
    return node


def _without_nan(node: exp.Expr, left: Type, right: Type) -> exp.Expr:
    """Make a comparison with NaN false, as in Trino; for DuckDB, NaN equals itself and is the greatest."""
    tests = [
        call("isnan", side.copy())
        for side, kind in ((node.this, left), (node.expression, right))
        if kind.name in FLOATS and not isinstance(side, exp.Literal | exp.Null)
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
        return side.expressions[at].copy() if isinstance(side, exp.Tuple) else row_field(side.copy(), of, at)

    pairs = [
        exp.EQ(this=part(node.this, left, at), expression=part(node.expression, right, at))
        for at in range(len(kind.arguments))
    ]
    both = paren(exp.and_(*pairs))
    return paren(exp.Not(this=both)) if isinstance(node, exp.NEQ) else both


# ── Parts of values ─────────────────────────────────────────────────────────────────────────────────


def dot(node: exp.Expr) -> exp.Expr:
    """Translate `row.field`."""
    kind = type_of(node.this)
    if kind is None or kind.name != "struct":
        return node
    place = [name.lower() for name in kind.names].index(node.expression.name.lower())
    return row_field(node.this.copy(), kind, place)


def subscript(node: exp.Expr) -> exp.Expr:
    """Translate `array[index]`, `map[key]` and `row[place]`."""
    kind = type_of(node.this)
    (index,) = node.expressions
    if kind is None or kind.name not in ("array", "map", "struct"):
        return node
    # sqlglot has reduced an index that is a number by one, to count from 0.
    at = _one_more(index.copy()) if _is_counted(index) else index.copy()
    if kind.name == "struct":
        return row_field(node.this.copy(), kind, int(index.this))
    return call("trino_subscript" if kind.name == "array" else "trino_map_value", node.this.copy(), at)


def _is_counted(index: exp.Expr) -> bool:
    if isinstance(index, exp.Literal):
        return not index.is_string
    return isinstance(index, exp.Sub | exp.Neg)


def _one_more(index: exp.Expr) -> exp.Expr:
    if isinstance(index, exp.Literal):
        return number(int(index.this) + 1)
    if isinstance(index, exp.Neg) and isinstance(index.this, exp.Literal):
        return number(1 - int(index.this.this))
    return paren(exp.Add(this=paren(index), expression=number(1)))
