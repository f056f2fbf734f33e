"""Aggregates in a query, and where Trino does not allow them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.types.function_signatures import AGGREGATES


def is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in AGGREGATES


def check_none(node: exp.Expr, clause: str) -> None:
    """Check that an expression has no aggregates outside subqueries and window functions.

    Raises:
        QueryError: it has one; the text names the clause.
    """
    if any(_aggregates_in(node)):
        raise QueryError(
            f"EXPRESSION_NOT_SCALAR: line 1:1: {clause} cannot contain aggregations, window functions or "
            "grouping operations"
        )


def check_not_nested(call: exp.Expr, name: str) -> None:
    """Check that the arguments of an aggregate have no aggregates.

    As a window function, `sum(count(*)) OVER ()`, it may have them.

    Raises:
        QueryError: they have one.
    """
    if not _is_windowed(call) and any(inner is not call for inner in _aggregates_in(call)):
        raise QueryError(
            f"NESTED_AGGREGATION: line 1:1: Cannot nest aggregations inside aggregation '{name}'"
        )


def _aggregates_in(node: exp.Expr) -> Iterator[exp.Expr]:
    for call in node.find_all(exp.Anonymous):
        if is_aggregate(call) and not _is_inside(call, node):
            yield call


def _is_inside(call: exp.Expr, above: exp.Expr) -> bool:
    """Return whether a subquery or window function lies between a call and an expression above it."""
    parent = call.parent
    while parent is not None and parent is not above and call is not above:
        if isinstance(parent, exp.Query | exp.Window):
            return True
        parent = parent.parent
    return False


def _is_windowed(call: exp.Expr) -> bool:
    while isinstance(call.parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        call = call.parent
    return isinstance(call.parent, exp.Window) and call.parent.this is call
