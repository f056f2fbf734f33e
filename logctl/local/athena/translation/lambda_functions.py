"""Functions that take lambdas (Trino, Lambda expressions): DuckDB has some under other names, others are
put together from those."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

Rewrite = Callable[[list[exp.Expr]], exp.Expr]


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _applied(function: exp.Expr, *values: exp.Expr) -> exp.Expr:
    """A lambda's body with values in the place of its parameters."""
    names = [str(parameter.name).lower() for parameter in function.expressions]
    given = dict(zip(names, values, strict=True))
    root = exp.Paren(this=function.this.copy())
    for node in list(root.find_all(exp.Column, exp.Identifier)):
        column = node if isinstance(node, exp.Column) else None
        name = str(node.name).lower()
        is_part = column is None and isinstance(node.parent, exp.Column | exp.Dot | exp.Alias)
        if name in given and not is_part and not (column is not None and column.table):
            node.replace(exp.Paren(this=given[name].copy()))
    return root


def _list(name: str) -> Rewrite:
    return lambda arguments: _call(name, *arguments)


def _reduce(arguments: list[exp.Expr]) -> exp.Expr:
    """reduce(array, start, step, result)."""
    array, start, step, result = arguments
    return _applied(result, _call("list_reduce", array, step, start))


def _match(aggregate: str, empty: bool) -> Rewrite:
    """any_match, all_match, none_match: what an empty array gives is their own."""

    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        array, *_ = arguments
        found = _call(aggregate, _call("list_transform", *arguments))
        none = exp.EQ(this=_call("len", array.copy()), expression=exp.Literal.number(0))
        return exp.Case(ifs=[exp.If(this=none, true=exp.true() if empty else exp.false())], default=found)

    return rewrite


def _none_match(arguments: list[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=exp.Not(this=_match("list_bool_or", False)(arguments)))


def _zip_with(arguments: list[exp.Expr]) -> exp.Expr:
    first, second, function = arguments
    pair = exp.column("pair")
    values = (exp.Bracket(this=pair.copy(), expressions=[exp.Literal.number(n)], offset=1) for n in (1, 2))
    body = _applied(function, *values)
    step = exp.Lambda(this=body, expressions=[exp.to_identifier("pair")])
    return _call("list_transform", _call("list_zip", first, second), step)


def _entries(make: Callable[[exp.Expr, exp.Expr, exp.Expr], exp.Expr], *, keep: bool = False) -> Rewrite:
    """Functions of a map: its entries, transformed or kept, made a map again."""

    def rewrite(arguments: list[exp.Expr]) -> exp.Expr:
        map_, function = arguments
        key, value = (
            exp.Dot(this=exp.column("entry"), expression=exp.to_identifier(part)) for part in ("key", "value")
        )
        step = exp.Lambda(
            this=make(_applied(function, key, value), key, value), expressions=[exp.to_identifier("entry")]
        )
        entries = _call("list_filter" if keep else "list_transform", _call("map_entries", map_), step)
        return _call("map_from_entries", entries)

    return rewrite


def _struct(key: exp.Expr, value: exp.Expr) -> exp.Expr:
    pairs = (("key", key), ("value", value))
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=part.copy()) for name, part in pairs
        ]
    )


def _array_sort(arguments: list[exp.Expr]) -> exp.Expr:
    from logctl.local.athena.query_errors import NotHere

    if len(arguments) > 1:
        raise NotHere("array_sort with a lambda")
    return _call("list_sort", arguments[0], exp.Literal.string("ASC"), exp.Literal.string("NULLS LAST"))


LAMBDA_FUNCTIONS: Mapping[str, Rewrite] = {
    "all_match": _match("list_bool_and", True),
    "any_match": _match("list_bool_or", False),
    "array_sort": _array_sort,
    "filter": _list("list_filter"),
    "map_filter": _entries(lambda made, key, value: made, keep=True),
    "none_match": _none_match,
    "reduce": _reduce,
    "transform": _list("list_transform"),
    "transform_keys": _entries(lambda made, key, value: _struct(made, value)),
    "transform_values": _entries(lambda made, key, value: _struct(key, made)),
    "zip_with": _zip_with,
}
