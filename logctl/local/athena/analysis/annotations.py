"""Types on the nodes of a query's tree, as the analysis has found them."""

from __future__ import annotations

from sqlglot import exp

from logctl.local.athena.types.sql_types import Type, normal, parse

Known = Type | None
"""A type, or None where it is not known."""

_TYPE = "trino_type"


def type_of(node: exp.Expr) -> Known:
    """Return the type that the analysis found for an expression."""
    found = node.meta.get(_TYPE) if node._meta else None
    return found if isinstance(found, Type) else None


def set_type(node: exp.Expr, kind: Known) -> None:
    if kind is not None:
        node.meta[_TYPE] = kind


def cast_target(node: exp.Expr) -> Known:
    """Return the type that a CAST names; None for a type that the sandbox does not have."""
    target, value = node.args["to"], node.this
    assert isinstance(target, exp.DataType)
    plain = target.this == exp.DType.DECIMAL and not target.expressions
    if plain and isinstance(value, exp.Literal) and value.is_string:
        whole, _, fraction = str(value.this).strip().lstrip("+-").partition(".")
        return Type("decimal", (max(1, len(whole.lstrip("0")) + len(fraction)), len(fraction)))
    try:
        return normal(parse(target.sql(dialect="trino").lower()))
    except ValueError:
        return None
