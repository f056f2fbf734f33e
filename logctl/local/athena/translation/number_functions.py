"""Mathematical and bitwise functions."""

from __future__ import annotations

from sqlglot import exp

from logctl.local.athena.query_errors import NotSupported
from logctl.local.athena.translation.builders import call, cast_to, number, paren, text
from logctl.local.athena.translation.function_call import FunctionCall, Translations
from logctl.local.athena.types.sql_types import HUGEINT, INTEGERS, Type

_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}


def _round(given: FunctionCall) -> exp.Expr:
    value, *places = given.arguments
    if given.kind() in INTEGERS:
        return call("trino_round_whole", value, *places) if places else value
    _check_places(given)
    return call("round", value, *places)


def _truncate(given: FunctionCall) -> exp.Expr:
    value, *places = given.arguments
    if given.kind() in INTEGERS:
        return call("trino_truncate_whole", value, *places) if places else value
    if not places:
        return call("trunc", value)
    _check_places(given)
    kind = given.kinds[0]
    if kind is None or kind.name != "decimal":
        raise NotSupported("truncate of a double to places")
    factor = cast_to(text(str(10 ** int(places[0].this))), Type("decimal", (20, 0)))
    scaled = call("trunc", paren(exp.Mul(this=paren(value), expression=factor)))
    return cast_to(call("trino_point", cast_to(scaled, HUGEINT), places[0].copy()), kind)


def _check_places(given: FunctionCall) -> None:
    if given.kind() == "decimal" and len(given.arguments) > 1 and given.literal(1) is None:
        raise NotSupported(f"{given.name} of a decimal to places that are not a literal")


def _to_whole(given: FunctionCall) -> exp.Expr:
    """Translate ceil and floor, which leave integers as they are."""
    name = "floor" if given.name == "floor" else "ceil"
    return given.arguments[0] if given.kind() in INTEGERS else call(name, *given.arguments)


def _shift_right(given: FunctionCall) -> exp.Expr:
    """Translate a shift that inserts zeros, in as many bits as the value's type has."""
    value, count = given.arguments
    bits = number(_BITS.get(given.kind(), 64))
    unsigned = call("trino_unsigned", cast_to(paren(value), HUGEINT), bits)
    return call("trino_signed", call("trino_shifted", unsigned, count), bits.copy())


def _average(given: FunctionCall) -> exp.Expr:
    kind = given.kinds[0]
    if kind is not None and kind.name == "decimal" and kind.arguments[0] > 15:
        raise NotSupported("The average of a decimal with more than 15 digits")
    return call("avg", *given.arguments)


NUMBER_FUNCTIONS: Translations = {
    "avg": _average,
    "bit_count": "trino_bit_count",
    "bitwise_and": "trino_bitwise_and",
    "bitwise_and_agg": "bit_and",
    "bitwise_left_shift": "trino_shift_left",
    "bitwise_not": "trino_bitwise_not",
    "bitwise_or": "trino_bitwise_or",
    "bitwise_or_agg": "bit_or",
    "bitwise_right_shift": _shift_right,
    "bitwise_right_shift_arithmetic": "trino_shift_arithmetic",
    "bitwise_xor": "xor",
    "bitwise_xor_agg": "bit_xor",
    "ceil": _to_whole,
    "ceiling": _to_whole,
    "e": "trino_e",
    "floor": _to_whole,
    "from_base": "trino_from_base",
    "geometric_mean": "geomean",
    "infinity": "trino_infinity",
    "is_finite": "isfinite",
    "is_infinite": "isinf",
    "is_nan": "isnan",
    "ln": "trino_ln",
    "log": "trino_log",
    "log10": "trino_log10",
    "log2": "trino_log2",
    "mod": "trino_mod",
    "nan": "trino_nan",
    "power": "pow",
    "rand": "trino_random",
    "random": "trino_random",
    "round": _round,
    "sqrt": "trino_sqrt",
    "truncate": _truncate,
}
