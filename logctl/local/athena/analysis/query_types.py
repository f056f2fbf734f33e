"""The columns of queries and relations, and with them the type of every expression in a query.

DuckDB converts between types where Trino does not. So a query is analysed by Trino's rules before it is
translated: names are resolved in their scopes, each expression gets a type (`annotations.type_of`), and what
Trino refuses fails with Trino's error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlglot import exp

from logctl.local.athena.analysis import aggregates
from logctl.local.athena.analysis.expression_types import ExpressionTyper
from logctl.local.athena.analysis.function_types import order_by_types
from logctl.local.athena.analysis.scopes import Field, Fields, NameScope, renamed
from logctl.local.athena.analysis.type_errors import mismatch, shown
from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.types.coercions import common, common_of
from logctl.local.athena.types.sql_types import BIGINT, UNKNOWN


class Analyzer:
    """The analysis of one query in which views are expanded.

    Args:
        tables: columns of the tables by the names that stand for them in the tree.
        describe: columns of any other relation of that name; None when there is none.
    """

    def __init__(self, tables: Mapping[str, Sequence[Field]], describe: Callable[[str], Fields]) -> None:
        self._tables, self._describe = tables, describe
        self._typer = ExpressionTyper(self.query)

    # ── Queries ──

    def query(self, node: exp.Expr | None, outer: NameScope | None = None) -> Fields:
        """Find the columns of a query and the types of its expressions.

        Raises:
            QueryError: Athena refuses the query.
        """
        scope = NameScope(outer)
        if node is None:
            return None
        if outer is None and node.find(exp.MatchRecognize):
            raise NotSupported("MATCH_RECOGNIZE")
        with_ = node.args.get("with_")
        if with_ is not None:
            for cte in with_.expressions:
                self._cte(cte, scope, recursive=bool(with_.recursive))
        if isinstance(node, exp.Subquery | exp.Paren):
            return self.query(node.this, scope)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, scope)
        if isinstance(node, exp.Values):
            return self._values(node, scope)
        if isinstance(node, exp.Select):
            return self._select(node, scope)
        return None

    def _cte(self, cte: exp.Expr, scope: NameScope, *, recursive: bool) -> None:
        name = cte.alias.lower()
        columns = _column_aliases(cte)
        if recursive and isinstance(cte.this, exp.SetOperation):
            scope.queries[name] = renamed(self.query(cte.this.left, scope), columns)
        scope.queries[name] = renamed(self.query(cte.this, scope), columns)

    def _set_operation(self, node: exp.SetOperation, scope: NameScope) -> Fields:
        word = type(node).__name__.upper()
        left, right = self.query(node.left, scope), self.query(node.right, scope)
        if left is None or right is None:
            return left
        if len(left) != len(right):
            raise mismatch(f"{word} query has different number of fields: {len(left)}, {len(right)}")
        made = []
        for place, (one, other) in enumerate(zip(left, right, strict=True), 1):
            joined = common(one.type, other.type)
            if joined is None and one.type is not None and other.type is not None:
                raise mismatch(
                    f"column {place} in {word} query has incompatible types: {shown(one.type)}, "
                    f"{shown(other.type)}"
                )
            made.append(Field(one.name, joined))
        scope.relations = [("", made)]
        self._order(node, scope, made)
        return made

    def _values(self, node: exp.Values, scope: NameScope) -> Fields:
        rows = [
            [
                self._typer.expression(item, scope)
                for item in (row.expressions if isinstance(row, exp.Tuple) else [row])
            ]
            for row in node.expressions
        ]
        if len({len(row) for row in rows}) > 1:
            raise mismatch("Values rows have mismatched types")
        try:
            kinds = [common_of(column) for column in zip(*rows, strict=True)]
        except LookupError:
            raise mismatch(
                f"Values rows have mismatched types: row({', '.join(map(shown, rows[0]))}) vs "
                f"row({', '.join(map(shown, rows[-1]))})"
            ) from None
        return renamed([Field("", kind) for kind in kinds], _column_aliases(node))

    def _select(self, node: exp.Select, scope: NameScope) -> Fields:
        source = node.args.get("from_")
        if source is not None:
            self._relation(source.this, scope)
        for join in node.args.get("joins") or ():
            self._join(join, scope)
        where = node.args.get("where")
        if where is not None:
            self._typer.condition(where.this, scope, "WHERE clause must evaluate to a boolean")
            aggregates.check_none(where.this, "WHERE clause")
        group = node.args.get("group")
        if group is not None:
            self._group(group, scope)
        having = node.args.get("having")
        if having is not None:
            self._typer.condition(having.this, scope, "HAVING clause must evaluate to a boolean")
        for window in node.args.get("windows") or ():
            self._typer.parts(window, scope)
        self._spell_out_star(node, scope)
        made: list[Field] | None = []
        for item in node.expressions:
            fields = self._item(item, scope)
            made = None if fields is None or made is None else [*made, *fields]
        self._order(node, scope, made)
        return made

    def _spell_out_star(self, node: exp.Select, scope: NameScope) -> None:
        """Replace `*` by its columns where the query has USING, whose columns come first."""
        columns = scope.star()
        if not scope.joined or columns is None:
            return
        items: list[exp.Expr] = []
        for item in node.expressions:
            if not isinstance(item, exp.Star):
                items.append(item)
                continue
            items += [exp.column(part.name, table=alias or None, quoted=True) for alias, part in columns]
        node.set("expressions", items)

    def _item(self, item: exp.Expr, scope: NameScope) -> Fields:
        if isinstance(item, exp.Star):
            columns = scope.star()
            return None if columns is None else [column for _, column in columns]
        if isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
            name = item.table.lower()
            for alias, fields in scope.relations:
                if alias == name:
                    return fields
            return None
        kind = self._typer.expression(item, scope)
        inner = item.this if isinstance(item, exp.Alias) else item
        name = item.alias.lower() if isinstance(item, exp.Alias) else _output_name(inner)
        return [Field("" if name.startswith("_unnamed") else name, kind)]

    def _group(self, group: exp.Expr, scope: NameScope) -> None:
        for item in _group_items(group):
            if isinstance(item, exp.Literal) and not item.is_string:
                continue
            self._typer.expression(item, scope)

    def _order(self, node: exp.Expr, scope: NameScope, made: Fields) -> None:
        order = node.args.get("order")
        if order is None:
            return
        inner = NameScope(scope)
        # A name means an output column first, and then a column of FROM.
        for item in made or ():
            if item.name:
                inner.parameters[item.name] = item.type
        order_by_types(order, inner, self._typer.expression)

    # ── Relations ──

    def _relation(self, node: exp.Expr, scope: NameScope) -> None:
        if isinstance(node, exp.Paren) or (
            isinstance(node, exp.Subquery) and not node.alias and _has_joins(node)
        ):
            self._relation(node.this, scope)
            for join in node.args.get("joins") or ():
                self._join(join, scope)
            return
        columns = _column_aliases(node)
        if isinstance(node, exp.Unnest) and isinstance(node.args.get("offset"), exp.Identifier):
            columns.append(node.args["offset"].name.lower())
        scope.relations.append((node.alias_or_name.lower(), renamed(self._fields(node, scope), columns)))
        for join in node.args.get("joins") or ():
            self._join(join, scope)

    def _fields(self, node: exp.Expr, scope: NameScope) -> Fields:
        if isinstance(node, exp.Table):
            if node.name in self._tables:
                return self._tables[node.name]
            there, fields = scope.query(node.name.lower())
            return fields if there else self._describe(node.name)
        if isinstance(node, exp.Subquery):
            return self.query(node.this, scope.without_relations)
        if isinstance(node, exp.Lateral):
            return self.query(node.this, scope)
        if isinstance(node, exp.Values):
            return self._values(node, scope)
        if isinstance(node, exp.Unnest):
            return self._unnest(node, scope)
        return None

    def _unnest(self, node: exp.Unnest, scope: NameScope) -> Fields:
        made: list[Field] = []
        for item in node.expressions:
            kind = self._typer.expression(item, scope)
            if kind is None:
                return None
            if kind.name == "array" and kind.arguments[0].name == "struct":
                part = kind.arguments[0]
                made += [Field(name, of) for name, of in zip(part.names, part.arguments, strict=True)]
            elif kind.name in ("array", "map"):
                made += [Field("", of) for of in kind.arguments]
            elif kind != UNKNOWN:
                raise mismatch(f"Cannot unnest type: {shown(kind)}")
        if node.args.get("offset"):
            made.append(Field("", BIGINT))
        return made

    def _join(self, join: exp.Expr, scope: NameScope) -> None:
        if (join.args.get("method") or "").upper() == "NATURAL":
            raise QueryError("NOT_SUPPORTED: line 1:1: Natural join not supported")
        self._relation(join.this, scope)
        on = join.args.get("on")
        if on is not None:
            self._typer.condition(on, scope, "JOIN ON clause must evaluate to a boolean")
        for column in join.args.get("using") or ():
            self._using(column.name.lower(), scope)

    def _using(self, name: str, scope: NameScope) -> None:
        *before, (_, last) = scope.relations
        left = [item for _, fields in before for item in fields or () if item.name == name]
        right = [item for item in last or () if item.name == name]
        if left and right:
            joined = common(left[0].type, right[0].type)
            if joined is None and left[0].type and right[0].type:
                raise mismatch(f"Cannot apply operator: {shown(left[0].type)} = {shown(right[0].type)}")
            scope.joined[name] = joined


def _column_aliases(node: exp.Expr) -> list[str]:
    """Return the names after AS: `t(a, b)`."""
    alias = node.args.get("alias")
    return [column.name.lower() for column in alias.columns] if alias is not None else []


def _group_items(group: exp.Expr) -> Iterable[exp.Expr]:
    listed = [*group.expressions]
    for name in ("grouping_sets", "rollup", "cube"):
        found = group.args.get(name)
        listed += found if isinstance(found, list) else []
    for item in listed:
        if isinstance(item, exp.Tuple | exp.Rollup | exp.Cube | exp.GroupingSets | exp.Paren):
            yield from _group_items(item) if item.expressions else [item.this] if item.this else []
        else:
            yield item


def _has_joins(node: exp.Expr) -> bool:
    return isinstance(node.this, exp.Table | exp.Subquery) and bool(node.this.args.get("joins"))


def _output_name(node: exp.Expr) -> str:
    """Return the name of an output column that has no alias; empty for none."""
    if isinstance(node, exp.Column):
        return node.name.lower()
    return node.expression.name.lower() if isinstance(node, exp.Dot) else ""
