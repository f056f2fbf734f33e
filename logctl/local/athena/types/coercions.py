"""Which values Trino takes for which without CAST (Trino, TypeCoercion), and the types of arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from logctl.local.athena.types.sql_types import Type

UNKNOWN, BOOLEAN, INTEGER, BIGINT = Type("unknown"), Type("boolean"), Type("int"), Type("bigint")
DOUBLE, REAL, VARCHAR, BINARY = Type("double"), Type("float"), Type("varchar"), Type("binary")
DATE, TIME, TIMESTAMP, JSON = Type("date"), Type("time"), Type("timestamp"), Type("json")
ZONED = Type("timestamp with time zone")
INTERVAL, MONTHS = Type("interval"), Type("interval year to month")

INTEGERS = ("tinyint", "smallint", "int", "bigint")
_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
_NUMBERS = (*INTEGERS, "decimal", "float", "double")
_TEXTS = ("varchar", "char")
MOST_DIGITS = 38
MIXED = "mixed"
"""In place of a zone, where values have several."""


def normal(kind: Type) -> Type:
    """A type of the catalog as queries see it: `string` is varchar."""
    if kind.name == "string":
        return VARCHAR
    if kind.name == "decimal":
        precision, scale = (*kind.arguments, 0)[:2] if kind.arguments else (10, 0)
        return Type("decimal", (precision, scale))
    if kind.name in ("array", "map", "struct"):
        return Type(kind.name, tuple(normal(part) for part in kind.arguments), kind.names)
    return kind


def is_number(kind: Type) -> bool:
    return kind.name in _NUMBERS


def is_text(kind: Type) -> bool:
    return kind.name in _TEXTS


def as_decimal(kind: Type) -> Type:
    """An integer type as the decimal that holds all of it."""
    return Type("decimal", (_DIGITS[kind.name], 0)) if kind.name in _DIGITS else kind


def common(left: Type | None, right: Type | None) -> Type | None:
    """The type that both become where they must be one; None where there is none."""
    if left is None or right is None or left == right:
        return left or right
    if UNKNOWN in (left, right):
        return right if left == UNKNOWN else left
    if is_number(left) and is_number(right):
        return _common_number(left, right)
    if is_text(left) and is_text(right):
        return _common_text(left, right)
    names = {left.name, right.name}
    if names <= {"date", "timestamp", "timestamp with time zone"}:
        if left.name == right.name:
            return Type(left.name, (), (MIXED,))
        return max(
            left, right, key=lambda kind: ("date", "timestamp", "timestamp with time zone").index(kind.name)
        )
    if left.name == right.name and left.name in ("array", "map", "struct"):
        return _common_parts(left, right)
    return None


def _common_number(left: Type, right: Type) -> Type:
    low, high = sorted((left, right), key=lambda kind: _NUMBERS.index(kind.name))
    if high.name != "decimal":
        return high
    (first, first_scale), (second, second_scale) = as_decimal(low).arguments, high.arguments
    scale = max(first_scale, second_scale)
    return Type("decimal", (min(MOST_DIGITS, max(first - first_scale, second - second_scale) + scale), scale))


def _common_text(left: Type, right: Type) -> Type:
    name = "varchar" if "varchar" in (left.name, right.name) and left.name == right.name else "char"
    if left.name != right.name:
        name = "char" if left.arguments and right.arguments else "varchar"
    if left.arguments and right.arguments:
        return Type(name, (max(left.arguments[0], right.arguments[0]),))
    return Type(name)


def _common_parts(left: Type, right: Type) -> Type | None:
    if len(left.arguments) != len(right.arguments):
        return None
    parts = [common(one, other) for one, other in zip(left.arguments, right.arguments, strict=True)]
    if any(part is None for part in parts):
        return None
    return Type(left.name, tuple(parts), left.names if left.names == right.names else _unnamed(len(parts)))


def _unnamed(count: int) -> tuple[str, ...]:
    return tuple(f"field{number}" for number in range(count))


def common_of(kinds: Iterable[Type | None]) -> Type | None:
    """The common type of several, UNKNOWN of none.

    Raises:
        LookupError: two of them have none.
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
    """Whether a value of a type may stand where another is wanted."""
    if given is None or given in (UNKNOWN, wanted):
        return True
    if is_text(given) and is_text(wanted):
        return given.name == wanted.name or wanted.name == "varchar"
    if wanted.name == "decimal" and given.name in (*INTEGERS, "decimal") and not wanted.arguments:
        return True
    found = common(given, wanted)
    return found is not None and (found == wanted or (found.name == wanted.name and not wanted.arguments))


def arithmetic(sign: str, left: Type, right: Type) -> Type | None:
    """The type of `left sign right`; None where there is no such operator."""
    if UNKNOWN in (left, right):
        left, right = (right, right) if left == UNKNOWN else (left, left)
        if left == UNKNOWN:
            return UNKNOWN
    if is_number(left) and is_number(right):
        return _of_numbers(sign, left, right)
    moments = ("date", "time", "timestamp", "timestamp with time zone")
    spans = (INTERVAL, MONTHS)
    if sign in "+-" and left.name in moments and right in spans:
        return None if left == TIME and right == MONTHS else left
    if sign == "+" and left in spans and right.name in moments:
        return right
    if sign == "-" and left.name in moments and right.name in moments:
        return INTERVAL if common(left, right) else None
    if sign in "+-" and left == right and left in spans:
        return left
    if left in spans and is_number(right) and right.name != "decimal" and sign in "*/":
        return left
    if sign == "*" and right in spans and is_number(left) and left.name != "decimal":
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
