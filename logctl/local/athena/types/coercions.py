"""Trino's rules of conversion: accepted types, and the result types of operators and CAST.

Source: Trino's `TypeCoercion`, `DecimalOperators` and its documentation of CAST. A type of None is one that
    is not known: no rule refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from logctl.local.athena.types.sql_types import (
    INTEGERS,
    INTERVAL,
    MIXED,
    MOMENTS,
    MONTHS,
    MOST_DIGITS,
    NUMBERS,
    TEXTS,
    TIME,
    UNKNOWN,
    Type,
    as_decimal,
    is_number,
    is_text,
    row_of,
)

_DATED = ("date", "timestamp", "timestamp with time zone")
_SPANS = (INTERVAL, MONTHS)
_SCALARS = ("boolean", *NUMBERS)


def common(left: Type | None, right: Type | None) -> Type | None:
    """Return the type to which Trino converts two that must be equal; None if there is none, or not known."""
    if left is None or right is None or left == right:
        return left or right
    if UNKNOWN in (left, right):
        return right if left == UNKNOWN else left
    if is_number(left) and is_number(right):
        return _common_number(left, right)
    if is_text(left) and is_text(right):
        return _common_text(left, right)
    if left.name == right.name == "timestamp with time zone":
        return Type(left.name, (), (MIXED,))
    if left.name in _DATED and right.name in _DATED:
        return max(left, right, key=lambda kind: _DATED.index(kind.name))
    if left.name == right.name and left.name in ("array", "map", "struct"):
        return _common_parts(left, right)
    return None


def _common_number(left: Type, right: Type) -> Type:
    low, high = sorted((left, right), key=lambda kind: NUMBERS.index(kind.name))
    if high.name != "decimal":
        return high
    (first, first_scale), (second, second_scale) = as_decimal(low).arguments, high.arguments
    scale = max(first_scale, second_scale)
    return Type("decimal", (min(MOST_DIGITS, max(first - first_scale, second - second_scale) + scale), scale))


def _common_text(left: Type, right: Type) -> Type:
    bounded = bool(left.arguments and right.arguments)
    name = left.name if left.name == right.name else "char" if bounded else "varchar"
    return Type(name, (max(left.arguments[0], right.arguments[0]),) if bounded else ())


def _common_parts(left: Type, right: Type) -> Type | None:
    if len(left.arguments) != len(right.arguments):
        return None
    parts = [common(one, other) for one, other in zip(left.arguments, right.arguments, strict=True)]
    if any(part is None for part in parts):
        return None
    return Type(left.name, tuple(parts), left.names) if left.names == right.names else row_of(parts)


def common_of(kinds: Iterable[Type | None]) -> Type | None:
    """Return the common type of several; UNKNOWN, the type of NULL, for an empty list.

    Raises:
        LookupError: two of them have no common type; `args` are these two.
    """

    def join(left: Type | None, right: Type | None) -> Type | None:
        if left is None or right is None:
            return None
        found = common(left, right)
        if found is None:
            raise LookupError(left, right)
        return found

    start: Type | None = UNKNOWN
    return reduce(join, kinds, start)


def coerces(given: Type | None, wanted: Type) -> bool:
    """Return whether a value of a type is accepted, without CAST, where another type is expected."""
    if given is None or given in (UNKNOWN, wanted):
        return True
    if is_text(given) and is_text(wanted):
        return given.name == wanted.name or wanted.name == "varchar"
    if wanted.name == "decimal" and given.name in (*INTEGERS, "decimal") and not wanted.arguments:
        return True
    found = common(given, wanted)
    return found is not None and (found == wanted or (found.name == wanted.name and not wanted.arguments))


def arithmetic(sign: str, left: Type, right: Type) -> Type | None:
    """Return the type of the expression `left sign right`; None if Trino has no such operator."""
    if UNKNOWN in (left, right):
        left, right = (right, right) if left == UNKNOWN else (left, left)
        if left == UNKNOWN:
            return UNKNOWN
    if is_number(left) and is_number(right):
        return _of_numbers(sign, left, right)
    if sign in "+-" and left.name in MOMENTS and right in _SPANS:
        return None if left == TIME and right == MONTHS else left
    if sign == "+" and left in _SPANS and right.name in MOMENTS:
        return right
    if sign == "-" and left.name in MOMENTS and right.name in MOMENTS:
        return INTERVAL if common(left, right) else None
    if sign in "+-" and left == right and left in _SPANS:
        return left
    if left in _SPANS and is_number(right) and right.name != "decimal" and sign in "*/":
        return left
    if sign == "*" and right in _SPANS and is_number(left) and left.name != "decimal":
        return right
    return None


def _of_numbers(sign: str, left: Type, right: Type) -> Type | None:
    wider = _common_number(left, right)
    if wider.name != "decimal":
        return wider
    (p1, s1), (p2, s2) = as_decimal(left).arguments, as_decimal(right).arguments
    if sign in "+-":
        precision, scale = max(p1 - s1, p2 - s2) + max(s1, s2) + 1, max(s1, s2)
    elif sign == "*":
        precision, scale = p1 + p2, s1 + s2
    elif sign == "/":
        precision, scale = p1 + s2 + max(0, s2 - s1), max(s1, s2)
    else:
        precision, scale = min(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2)
    return None if scale > MOST_DIGITS else Type("decimal", (max(1, min(MOST_DIGITS, precision)), scale))


def castable(given: Type, target: Type) -> bool:
    """Return whether Trino can CAST from one type to the other."""
    if UNKNOWN in (given, target) or given == target or common(given, target) is not None:
        return True
    pair = given.name, target.name
    if "json" in pair:
        other = target if given.name == "json" else given
        return _json_holds(other, from_json=given.name == "json")
    if target.name in TEXTS:
        return given.name in (*_SCALARS, *MOMENTS, *TEXTS, "uuid") or given in _SPANS
    if given.name in TEXTS:
        return target.name in (*_SCALARS, *MOMENTS, "binary", "uuid") and pair != ("char", "binary")
    if given.name in _SCALARS:
        return target.name in _SCALARS
    if given.name in MOMENTS:
        return target.name in MOMENTS and pair not in (("date", "time"), ("time", "date"))
    if given.name == target.name and given.name in ("array", "map", "struct"):
        return len(given.arguments) == len(target.arguments) and all(
            castable(one, other) for one, other in zip(given.arguments, target.arguments, strict=True)
        )
    return False


def _json_holds(kind: Type, *, from_json: bool) -> bool:
    if kind.name == "map":
        return kind.arguments[0].name in ("varchar", *_SCALARS) and _json_holds(
            kind.arguments[1], from_json=from_json
        )
    if kind.name in ("array", "struct"):
        return all(_json_holds(part, from_json=from_json) for part in kind.arguments)
    allowed = (*_SCALARS, "varchar", "json", "unknown")
    return kind.name in (allowed if from_json else (*allowed, "date", "timestamp"))
