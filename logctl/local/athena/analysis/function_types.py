"""The types of function calls, from the functions' signatures and the types of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from logctl.local.athena.analysis import aggregates
from logctl.local.athena.analysis.annotations import Known
from logctl.local.athena.analysis.scopes import NameScope
from logctl.local.athena.analysis.type_errors import mismatch, shown
from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.types import function_signatures as signatures
from logctl.local.athena.types.coercions import common, common_of
from logctl.local.athena.types.sql_types import BIGINT, MOST_DIGITS, Type, row_of
from logctl.local.athena.types.time_zones import zoned_type

TypeOf = Callable[[exp.Expr, NameScope], Known]
"""Finds the type of an expression."""


def function_type(node: exp.Expr, scope: NameScope, typed: TypeOf) -> Known:
    """Return the type of `name(argument, …)`.

    Raises:
        QueryError: there is no such function, or none that takes these arguments.
        NotSupported: Athena has it and the sandbox does not.
    """
    name = str(node.this).lower()
    arguments = [item.this if isinstance(item, exp.Order) else item for item in node.expressions]
    if aggregates.is_aggregate(node):
        aggregates.check_not_nested(node, name)
    if name == "count" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
        return BIGINT
    if name in _WITHOUT_SIGNATURE:
        kinds = [typed(item, scope) for item in arguments]
        return _WITHOUT_SIGNATURE[name](name, kinds)
    if name == "normalize":
        arguments = arguments[:1]  # the second one, a form such as NFC, is a word and no expression
    if not signatures.known(name):
        if name in signatures.UNSUPPORTED:
            raise NotSupported(f"The function {name}")
        raise QueryError(f"FUNCTION_NOT_FOUND: line 1:1: Function '{name}' not registered")
    for item in node.expressions:
        if isinstance(item, exp.Order):
            order_by_types(item, scope, typed)
    return call_type(name, arguments, scope, typed)


def call_type(name: str, arguments: Sequence[exp.Expr], scope: NameScope, typed: TypeOf) -> Known:
    """Return the type of a call of a function that has signatures.

    Raises:
        QueryError: no signature takes these arguments.
    """
    given = [_argument_type(item, scope, typed) for item in arguments]
    zoned = _type_with_zone(name, arguments)
    chosen = signatures.resolve(name, given)
    if chosen is not None:
        return zoned or _of_decimals(name, given, chosen.result)
    if name in signatures.UNSUPPORTED:
        return None  # the translation says so
    kinds = ", ".join("function" if isinstance(item, signatures.Lambda) else shown(item) for item in given)
    raise QueryError(
        f"FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters ({kinds}) for function {name}. "
        f"Expected: {signatures.expected(name)}"
    )


def order_by_types(order: exp.Expr, scope: NameScope, typed: TypeOf) -> None:
    for item in order.expressions:
        typed(item.this if isinstance(item, exp.Ordered) else item, scope)


def one_type(kinds: Sequence[Known], problem: str) -> Known:
    """Return the common type of several values, of which one becomes the result.

    Raises:
        QueryError: two of them have none; `problem` begins the message.
    """
    try:
        return common_of(kinds)
    except LookupError as pair:
        left, right = pair.args
        raise mismatch(f"{problem}: {shown(left)} vs {shown(right)}") from None


def literal_zone(node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise NotSupported("A time zone that is not a literal")
    return str(node.this)


def _argument_type(item: exp.Expr, scope: NameScope, typed: TypeOf) -> signatures.Given:
    if isinstance(item, exp.Distinct):
        kinds = [typed(part, scope) for part in item.expressions]
        if len(kinds) > 1:
            raise QueryError("FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters for function with DISTINCT")
        return kinds[0]
    if not isinstance(item, exp.Lambda):
        return typed(item, scope)
    names = [parameter.name.lower() for parameter in item.expressions]

    def body(kinds: Sequence[Known]) -> Known:
        return typed(item.this, NameScope(scope, parameters=dict(zip(names, kinds, strict=True))))

    return signatures.Lambda(len(names), body)


def _nullif(name: str, kinds: Sequence[Known]) -> Known:
    first, second = kinds
    if first is not None and second is not None and common(first, second) is None:
        raise mismatch(f"Types are not comparable with {name.upper()}: {shown(first)} vs {shown(second)}")
    return first


def _same_types(name: str, kinds: Sequence[Known]) -> Known:
    return one_type(kinds, f"All {name.upper()} operands must be the same type")


_WITHOUT_SIGNATURE: dict[str, Callable[[str, Sequence[Known]], Known]] = {
    "coalesce": _same_types,
    "greatest": _same_types,
    "least": _same_types,
    "nullif": _nullif,
    "row": lambda name, kinds: row_of(kinds),
    "try": lambda name, kinds: kinds[0],
}
"""Functions that Trino's grammar has, and whose types follow rules of their own."""


# ── Results that depend on more than the arguments' types ───────────────────────────────────────────


def _type_with_zone(name: str, arguments: Sequence[exp.Expr]) -> Known:
    """Return the type of a function's result if an argument names the result's zone."""
    if name in ("at_timezone", "with_timezone", "from_unixtime") and len(arguments) > 1:
        return zoned_type(literal_zone(arguments[1]))
    if name == "from_iso8601_timestamp" and isinstance(arguments[0], exp.Literal):
        text = str(arguments[0].this)
        offset = text[-6:]
        return zoned_type(offset) if offset[:1] in "+-" and offset[3:4] == ":" and "T" in text else None
    return None


def _of_decimals(name: str, given: Sequence[signatures.Given], result: Known) -> Known:
    """Return a function's type, with the digits of a decimal that it changes (Trino, MathFunctions)."""
    kind = given[0] if given else None
    if not isinstance(kind, Type) or kind.name != "decimal":
        return result
    precision, scale = kind.arguments
    if name in ("round", "ceil", "ceiling", "floor") and len(given) == 1:
        return Type("decimal", (min(MOST_DIGITS, precision - scale + min(scale, 1)), 0))
    if name == "truncate" and len(given) == 1:
        return Type("decimal", (max(1, precision - scale), 0))
    if name == "round":
        return Type("decimal", (min(MOST_DIGITS, precision + 1), scale))
    if name == "sign":
        return Type("decimal", (1, 0))
    return result
