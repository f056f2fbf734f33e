"""A query in Athena's SQL as a query in DuckDB's that gives the same result.

The query's expressions have been given their types (`analysis`). Each node is rewritten on its own, from the
leaves up, by the rule for its class in `_REWRITES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from logctl.local.athena.analysis.annotations import set_type, type_of
from logctl.local.athena.query_errors import NotSupported
from logctl.local.athena.translation import conversions, operators, unnest
from logctl.local.athena.translation.builders import cast_to, paren, row, text
from logctl.local.athena.translation.function_call import FunctionCall
from logctl.local.athena.translation.function_table import translated
from logctl.local.athena.translation.json_functions import json_literal
from logctl.local.athena.types.sql_types import ZONED, Type, is_number


def to_duckdb(tree: exp.Expr) -> str:
    """Translate a query of Athena's, or one of its conditions, into DuckDB's SQL. The tree is not changed.

    Raises:
        QueryError: the query has something that Athena does not have.
        NotSupported: it has something that Athena has and the sandbox does not.
    """
    root = paren(tree.copy())
    # From the leaves up, so that a function's arguments are rewritten before the function is.
    for node in list(reversed(list(root.walk(bfs=True)))):
        rewrite = _REWRITES.get(type(node))
        kind = type_of(node)
        replacement = rewrite(node) if rewrite is not None else node
        if kind is not None and _needs_its_type(node, kind):
            replacement = cast_to(replacement.copy(), kind)
        if replacement is not node:
            if kind is not None:
                set_type(replacement, kind)
            node.replace(replacement)
    return root.this.sql(dialect="duckdb", comments=False)  # type: ignore[no-any-return]


_CALLS = (exp.Filter, exp.Window, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)


def _needs_its_type(node: exp.Expr, kind: Type) -> bool:
    """Return whether a call's result has to be cast, because DuckDB may give it another type of number.

    FILTER and OVER belong to the call that they follow: the whole is cast, and not its inner part.
    """
    if not isinstance(node, exp.Anonymous | exp.Window | exp.Filter | exp.IgnoreNulls):
        return False
    if isinstance(node.parent, _CALLS) and node.parent.this is node:
        return False
    inner = node
    while isinstance(inner, _CALLS):
        inner = inner.this
    return (
        is_number(kind) and isinstance(inner, exp.Anonymous | exp.Func) and str(inner.this).lower() != "try"
    )


# ── Function calls ──────────────────────────────────────────────────────────────────────────────────


def _call(name: str, arguments: Sequence[exp.Expr]) -> exp.Expr:
    return translated(FunctionCall(name, list(arguments), [type_of(item) for item in arguments]))


def _function(node: exp.Expr) -> exp.Expr:
    return _call(str(node.this).lower(), node.expressions)


def _extract(node: exp.Expr) -> exp.Expr:
    """Translate `EXTRACT(YEAR FROM x)`."""
    return _call(str(node.this.name).lower(), [node.expression])


def _concat(node: exp.Expr) -> exp.Expr:
    """Translate `x || y`."""
    return _call("concat", [node.this.copy(), node.expression.copy()])


def _trim(node: exp.Expr) -> exp.Expr:
    """Translate `TRIM(LEADING FROM x)`; with characters to remove, DuckDB's TRIM is the same."""
    if node.args.get("expression"):
        return node
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get((node.args.get("position") or "").upper(), "trim")
    return _call(name, [node.this.copy()])


def _substring(node: exp.Expr) -> exp.Expr:
    """Translate `SUBSTRING(x FROM 2 FOR 3)`."""
    return _call(
        "substr", [node.args[key].copy() for key in ("this", "start", "length") if node.args.get(key)]
    )


def _ignore_nulls(node: exp.Expr) -> exp.Expr:
    """Make a window function one of sqlglot's, so that it writes IGNORE NULLS inside the call."""
    function = node.this
    name = str(function.this).lower()
    classes: dict[str, type[exp.Expr]] = {
        "lag": exp.Lag, "lead": exp.Lead, "first_value": exp.FirstValue, "last_value": exp.LastValue,
        "nth_value": exp.NthValue,
    }  # fmt: skip
    if name not in classes:
        return node
    arguments = dict(zip(("this", "offset", "default"), function.expressions, strict=False))
    node.set("this", classes[name](**arguments))
    return node


def _within_group(node: exp.Expr) -> exp.Expr:
    """Translate `listagg(x, ',') WITHIN GROUP (ORDER BY y)`."""
    function, order = node.this, node.expression
    first, *rest = function.expressions
    ordered = exp.Order(this=first, expressions=order.expressions)
    separator = rest[0] if rest else text("")
    return exp.GroupConcat(this=ordered, separator=separator)


# ── Values ──────────────────────────────────────────────────────────────────────────────────────────


def _tuple(node: exp.Expr) -> exp.Expr:
    """Translate a row, if it is a value and not, for example, a row of VALUES."""
    if isinstance(node.parent, exp.Select | exp.Alias | exp.Array | exp.Lambda | exp.Anonymous | exp.Cast):
        return row(list(node.expressions))
    return node


def _json_literal(node: exp.Expr) -> exp.Expr:
    """Translate `JSON '[1]'`."""
    return json_literal(str(node.this.this)) if isinstance(node.this, exp.Literal) else node


def _at_time_zone(node: exp.Expr) -> exp.Expr:
    """Translate AT TIME ZONE: the moment stays the same, its zone is in the type."""
    return cast_to(paren(node.this.copy()), ZONED)


def _match_recognize(node: exp.Expr) -> exp.Expr:  # noqa: ARG001
    raise NotSupported("MATCH_RECOGNIZE")


_REWRITES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Anonymous: _function,
    **dict.fromkeys((exp.Cast, exp.TryCast), conversions.cast),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), operators.arithmetic),
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        operators.comparison,
    ),
    exp.Bracket: operators.subscript,
    exp.Dot: operators.dot,
    exp.Interval: conversions.interval,
    exp.Extract: _extract,
    exp.DPipe: _concat,
    exp.Trim: _trim,
    exp.Substring: _substring,
    exp.IgnoreNulls: _ignore_nulls,
    exp.WithinGroup: _within_group,
    exp.Tuple: _tuple,
    exp.Unnest: unnest.rewritten,
    exp.ParseJSON: _json_literal,
    exp.AtTimeZone: _at_time_zone,
    exp.MatchRecognize: _match_recognize,
}
