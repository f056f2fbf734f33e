"""UNNEST: of several arrays and maps at once, of arrays of rows, and WITH ORDINALITY.

The shorter of several arrays are filled up with NULLs.
"""

from __future__ import annotations

from sqlglot import exp

from logctl.local.athena.analysis.annotations import type_of
from logctl.local.athena.translation.builders import call, number, row_field


def rewritten(node: exp.Expr) -> exp.Expr:
    """Translate UNNEST into a subquery with the same columns."""
    assert isinstance(node, exp.Unnest)
    inner: list[exp.Expr] = []
    outer: list[exp.Expr] = []
    sizes: list[exp.Expr] = []
    for item in node.expressions:
        kind = type_of(item)
        if kind is None:
            return node
        if kind.name == "unknown":
            sizes.append(number(0))
            outer.append(exp.Null())
            continue
        parts = (
            [call("map_keys", item.copy()), call("map_values", item.copy())]
            if kind.name == "map"
            else [item.copy()]
        )
        sizes.append(call("coalesce", call("len", parts[0].copy()), number(0)))
        for part in parts:
            name = f"part{len(inner)}"
            inner.append(exp.alias_(call("unnest", part), name))
            element = kind.arguments[0]
            if kind.name == "array" and element.name == "struct":
                outer += [row_field(exp.column(name), element, at) for at in range(len(element.arguments))]
            else:
                outer.append(exp.column(name))
    offset = node.args.get("offset")
    if offset:
        longest = call("greatest", *sizes) if len(sizes) > 1 else sizes[0]
        last = exp.Add(this=longest, expression=number(1))
        inner.append(exp.alias_(call("unnest", call("range", number(1), last)), "place"))
        outer.append(exp.column("place"))
    names = [*_names(node), *([offset.name] if isinstance(offset, exp.Identifier) else [])]
    if len(names) < len(outer):
        names += [f"_unnamed{at}" for at in range(len(names), len(outer))]
    query = exp.select(
        *[exp.alias_(part, name, quoted=True) for part, name in zip(outer, names, strict=False)]
    ).from_(exp.Subquery(this=exp.select(*inner), alias=exp.TableAlias(this=exp.to_identifier("unnested"))))
    alias = node.args.get("alias")
    called = alias.this.copy() if alias is not None and alias.this else exp.to_identifier("_unnest")
    return exp.Lateral(this=exp.Subquery(this=query), alias=exp.TableAlias(this=called))


def _names(node: exp.Unnest) -> list[str]:
    alias = node.args.get("alias")
    return [column.name for column in alias.columns] if alias is not None else []
