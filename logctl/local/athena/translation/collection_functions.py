"""Functions of arrays and maps, with those that take lambdas.

DuckDB has some of the functions of lambdas under other names; the others are put together from those.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from logctl.local.athena.query_errors import NotSupported
from logctl.local.athena.translation.builders import call, cast_to, number, paren, struct, text
from logctl.local.athena.translation.function_call import FunctionCall, Rewrite, Translations
from logctl.local.athena.types.sql_types import DATE, INTEGERS, TIMESTAMP, Type


def _element_at(given: FunctionCall) -> exp.Expr:
    name = "trino_array_element" if given.kind() == "array" else "trino_element_at"
    return call(name, *given.arguments)


def _sequence(given: FunctionCall) -> exp.Expr:
    if given.kind() == "date":
        first, last = (cast_to(paren(moment), TIMESTAMP) for moment in given.arguments[:2])
        one_day = exp.Interval(this=text("1"), unit=exp.var("DAY"))
        step = given.arguments[2] if len(given.arguments) > 2 else one_day
        return cast_to(call("generate_series", first, last, step), Type("array", (DATE,)))
    stepped = len(given.arguments) == 3 and given.kind() in INTEGERS
    return call("trino_stepped" if stepped else "trino_sequence", *given.arguments)


def _array_sort(given: FunctionCall) -> exp.Expr:
    if len(given.arguments) > 1:
        raise NotSupported("array_sort with a lambda")
    return call("list_sort", given.arguments[0], text("ASC"), text("NULLS LAST"))


# ── Lambdas ─────────────────────────────────────────────────────────────────────────────────────────


def _applied(function: exp.Expr, *values: exp.Expr) -> exp.Expr:
    """Return a lambda's body with values in the place of its parameters."""
    names = [str(parameter.name).lower() for parameter in function.expressions]
    given = dict(zip(names, values, strict=True))
    root = paren(function.this.copy())
    for node in list(root.find_all(exp.Column, exp.Identifier)):
        column = node if isinstance(node, exp.Column) else None
        name = str(node.name).lower()
        is_part = column is None and isinstance(node.parent, exp.Column | exp.Dot | exp.Alias)
        if name in given and not is_part and not (column is not None and column.table):
            node.replace(paren(given[name].copy()))
    return root


def _reduce(given: FunctionCall) -> exp.Expr:
    """Translate `reduce(array, start, step, result)`."""
    array, start, step, result = given.arguments
    return _applied(result, call("list_reduce", array, step, start))


def _match(aggregate: str, *, of_empty: bool) -> Rewrite:
    """Return the rule for a test of an array's elements; for an empty array DuckDB gives NULL."""

    def rewrite(given: FunctionCall) -> exp.Expr:
        found = call(aggregate, call("list_transform", *given.arguments))
        empty = exp.EQ(this=call("len", given.arguments[0].copy()), expression=number(0))
        return exp.Case(ifs=[exp.If(this=empty, true=exp.true() if of_empty else exp.false())], default=found)

    return rewrite


_any_match = _match("list_bool_or", of_empty=False)


def _none_match(given: FunctionCall) -> exp.Expr:
    return paren(exp.Not(this=_any_match(given)))


def _zip_with(given: FunctionCall) -> exp.Expr:
    first, second, function = given.arguments
    pair = exp.column("pair")
    values = (exp.Bracket(this=pair.copy(), expressions=[number(n)], offset=1) for n in (1, 2))
    step = exp.Lambda(this=_applied(function, *values), expressions=[exp.to_identifier("pair")])
    return call("list_transform", call("list_zip", first, second), step)


def _of_entries(function: str, make: Callable[[exp.Expr, exp.Expr, exp.Expr], exp.Expr]) -> Rewrite:
    """Return the rule for a function that makes a map from the transformed or filtered entries of a map.

    Args:
        function: DuckDB's function of the list of entries.
        make: what the list's lambda returns, from the result of the query's lambda, an entry's key and its
            value.
    """

    def rewrite(given: FunctionCall) -> exp.Expr:
        map_, lambda_ = given.arguments
        key, value = (
            exp.Dot(this=exp.column("entry"), expression=exp.to_identifier(part)) for part in ("key", "value")
        )
        body = make(_applied(lambda_, key, value), key.copy(), value.copy())
        step = exp.Lambda(this=body, expressions=[exp.to_identifier("entry")])
        return call("map_from_entries", call(function, call("map_entries", map_), step))

    return rewrite


COLLECTION_FUNCTIONS: Translations = {
    "all_match": _match("list_bool_and", of_empty=True),
    "any_match": _any_match,
    "array_distinct": "trino_array_distinct",
    "array_except": "trino_array_except",
    "array_intersect": "trino_array_intersect",
    "array_join": "trino_array_join",
    "array_max": "trino_array_max",
    "array_min": "trino_array_min",
    "array_position": "trino_array_position",
    "array_remove": "trino_array_remove",
    "array_sort": _array_sort,
    "array_union": "trino_array_union",
    "arrays_overlap": "trino_overlap",
    "cardinality": "trino_cardinality",
    "contains": "trino_contains",
    "element_at": _element_at,
    "filter": "list_filter",
    "map_agg": "trino_map_agg",
    "map_entries": "trino_map_entries",
    "map_filter": _of_entries("list_filter", lambda made, key, value: made),
    "none_match": _none_match,
    "reduce": _reduce,
    "repeat": "trino_repeat",
    "sequence": _sequence,
    "slice": "trino_slice",
    "transform": "list_transform",
    "transform_keys": _of_entries("list_transform", lambda made, key, value: struct(key=made, value=value)),
    "transform_values": _of_entries("list_transform", lambda made, key, value: struct(key=key, value=made)),
    "zip": "trino_zip",
    "zip_with": _zip_with,
}
