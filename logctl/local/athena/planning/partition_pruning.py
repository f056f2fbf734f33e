"""Which partitions a query needs: its conditions on the partition columns of each table.

Only what holds for every row that can matter is taken: conditions joined by AND in WHERE and in inner joins,
followed into subqueries, views, unions and WITH queries that are used once, and across the equalities of a
left join (as in Trino's PredicatePushDown). A condition that is missed costs listing and reading, and never
rows: the query itself has all its conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from logctl.local.athena.analysis.aggregates import is_aggregate
from logctl.local.athena.analysis.annotations import set_type, type_of
from logctl.local.athena.storage.glue_catalog import Table

Sources = Mapping[str, tuple[exp.Expr, str]]
"""What a SELECT reads, by alias: the relation, and the side of its join (LEFT, RIGHT, FULL or empty)."""


@dataclass
class Conditions:
    """The conditions on the partition columns of each table.

    Attributes:
        bases: the tables by their names in the query's tree.
        found: conditions by these names; their columns have no table.
    """

    bases: Mapping[str, Table]
    found: dict[str, list[exp.Expr]] = field(default_factory=dict)

    def of(self, base: str) -> exp.Expr | None:
        """Return the condition that a table's partitions have to fulfil; None if there is none."""
        listed = self.found.get(base)
        return exp.and_(*listed) if listed else None

    def equal_values(self, base: str, column: str) -> tuple[str, ...]:
        """Return the literals with which a column is compared by `=` or `IN`."""
        for condition in self.found.get(base, ()):
            if isinstance(condition, exp.EQ):
                pair = (condition.this, condition.expression)
                names = [side.name for side in pair if isinstance(side, exp.Column)]
                values = [side.this for side in pair if isinstance(side, exp.Literal)]
                if names == [column] and values:
                    return tuple(values)
            if isinstance(condition, exp.In) and condition.this.name == column:
                values = [item.this for item in condition.expressions if isinstance(item, exp.Literal)]
                if values and len(values) == len(condition.expressions):
                    return tuple(values)
        return ()


def conditions(tree: exp.Expr, bases: Mapping[str, Table]) -> Conditions:
    """Return the conditions for each table of a query in which views are expanded."""
    uses: dict[str, int] = {}
    for table in tree.find_all(exp.Table):
        uses[table.name] = uses.get(table.name, 0) + 1
    walker = _Walker(Conditions(bases), uses)
    for query in _roots(tree):
        walker.query(query, [])
    return walker.result


def _roots(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the query itself, and each query inside an expression (IN, EXISTS, scalar)."""
    if isinstance(tree, exp.Query):
        yield tree
    for node in tree.find_all(exp.Select):
        parent = node.parent.parent if isinstance(node.parent, exp.Subquery) else node.parent
        if node is not tree and not isinstance(parent, exp.From | exp.Join | exp.CTE | exp.SetOperation):
            yield node


@dataclass
class _Walker:
    """A walk of conditions into a query. `uses` counts how often each table or WITH query is named."""

    result: Conditions
    uses: Mapping[str, int]

    def query(self, node: exp.Expr, given: Sequence[exp.Expr]) -> None:
        """Follow conditions on a query's output columns, which name no table, into the query."""
        node = _unwrapped(node)
        if isinstance(node, exp.SetOperation):
            # EXCEPT and INTERSECT keep a condition on both sides too. The names are those of the left side.
            names = _output_names(node.left)
            for side in (node.left, node.right):
                self.query(side, _by_position(given, names, _unwrapped(side)))
        elif isinstance(node, exp.Select):
            self._select(node, given)

    def _select(self, select: exp.Select, given: Sequence[exp.Expr]) -> None:
        sources = dict(_sources(select))
        # Sources whose rows an outer join may fill up with NULLs: a condition does not hold for these rows.
        nullable = {alias for alias, (_, side) in sources.items() if side in ("LEFT", "FULL")}
        if any(side in ("RIGHT", "FULL") for _, side in sources.values()):
            nullable = {alias for alias, (_, side) in sources.items() if side != "RIGHT"}
        by_source: dict[str, list[exp.Expr]] = {}
        for condition in [*_conjuncts(select.args.get("where")), *_moved_inside(select, given, sources)]:
            alias = self._only_source(condition, sources)
            if alias is not None and alias not in nullable:
                by_source.setdefault(alias, []).append(condition)
        for join in select.args.get("joins") or ():
            alias, side = join.this.alias_or_name.lower(), _side(join)
            if side not in ("", "LEFT"):
                continue
            listed = list(_conjuncts(join.args.get("on")))
            for condition in listed:
                only = self._only_source(condition, sources)
                if only and (only == alias or (side == "" and only not in nullable)):
                    by_source.setdefault(only, []).append(condition)
            self._infer(alias, listed, by_source, sources)
        for alias, (source, _) in sources.items():
            self._enter(source, by_source.get(alias, []), select)

    def _enter(self, source: exp.Expr, found: list[exp.Expr], select: exp.Select) -> None:
        """Store the conditions of a table, or follow those of a subquery or WITH query into it."""
        bare = [_with_columns(condition, lambda column: exp.column(column.name)) for condition in found]
        if isinstance(source, exp.Table) and source.name in self.result.bases:
            keys = {key.name for key in self.result.bases[source.name].keys}
            self.result.found.setdefault(source.name, []).extend(
                condition
                for condition in bare
                if {column.name.lower() for column in condition.find_all(exp.Column)} <= keys
                and not condition.find(exp.Query)
            )
        elif isinstance(source, exp.Table):
            definition = _cte(select, source.name)
            if definition is not None:
                self.query(definition, bare if self.uses.get(source.name) == 1 else [])
        elif isinstance(source, exp.Subquery):
            self.query(source.this, bare)

    def _only_source(self, condition: exp.Expr, sources: Sources) -> str | None:
        """Return the only source whose columns a condition has; None for several or an unknown one."""
        if condition.find(exp.Query):
            return None
        aliases = {self._source_of(column, sources) for column in condition.find_all(exp.Column)}
        return aliases.pop() if len(aliases) == 1 else None

    def _source_of(self, column: exp.Column, sources: Sources) -> str | None:
        if column.table:
            return column.table.lower() if column.table.lower() in sources else None
        if len(sources) == 1:
            return next(iter(sources))
        having = [alias for alias, (source, _) in sources.items() if self._has(source, column.name.lower())]
        return having[0] if len(having) == 1 else None

    def _has(self, source: exp.Expr, name: str) -> bool:
        """Return whether a source has a column of that name; True if that is not known."""
        if isinstance(source, exp.Table) and source.name in self.result.bases:
            table = self.result.bases[source.name]
            return any(column.name == name for column in (*table.columns, *table.keys))
        if isinstance(source, exp.Subquery):
            inner = _unwrapped(source.this)
            names = _output_names(inner) if isinstance(inner, exp.Query) else ["*"]
            return "*" in names or name in names
        return True

    def _infer(
        self, alias: str, on: Iterable[exp.Expr], by_source: dict[str, list[exp.Expr]], sources: Sources
    ) -> None:
        """Copy conditions across a join's equalities.

        In `l LEFT JOIN r ON l.year = r.year`, a condition on `l.year` holds for `r.year` too.
        """
        equal: dict[tuple[str, str], str] = {}
        for condition in on:
            if not isinstance(condition, exp.EQ):
                continue
            for this, other in (
                (condition.this, condition.expression),
                (condition.expression, condition.this),
            ):
                if isinstance(this, exp.Column) and isinstance(other, exp.Column):
                    source = self._source_of(this, sources)
                    if source and source != alias and self._source_of(other, sources) == alias:
                        equal[source, this.name.lower()] = other.name
        for source, found in list(by_source.items()):
            for condition in list(found) if source != alias else ():
                columns = [(source, column.name.lower()) for column in condition.find_all(exp.Column)]
                if columns and all(column in equal for column in columns):
                    moved = _with_columns(
                        condition,
                        lambda column: exp.column(equal[source, column.name.lower()], table=alias),  # noqa: B023
                    )
                    by_source.setdefault(alias, []).append(moved)


# ── Conditions ──────────────────────────────────────────────────────────────────────────────────────


def _with_columns(condition: exp.Expr, change: Callable[[exp.Column], exp.Expr]) -> exp.Expr:
    """Return a copy of a condition with other columns, which keep their types."""
    copied = condition.copy()
    for column in list(copied.find_all(exp.Column)):
        replacement = change(column).copy()
        set_type(replacement, type_of(column))
        if column is copied:
            return replacement
        column.replace(replacement)
    return copied


def _moved_inside(select: exp.Select, given: Sequence[exp.Expr], sources: Sources) -> Iterator[exp.Expr]:
    """Yield conditions on a query's output as equivalent conditions on its input, where there are any."""
    if select.args.get("limit") or select.args.get("offset"):
        return
    may_move = _may_move(select)
    for condition in given:
        names = {column.name.lower() for column in condition.find_all(exp.Column)}
        inner = {name: _inner_column(select, name, sources) for name in names}
        fits = all(column is not None and may_move(column.name.lower()) for column in inner.values())
        if fits and not condition.find(exp.Query):
            yield _with_columns(condition, lambda column: inner[column.name.lower()] or column)  # noqa: B023


def _may_move(select: exp.Select) -> Callable[[str], bool]:
    """Return a test for the columns on which a condition may be tested before a SELECT is evaluated.

    With GROUP BY these are its columns, with window functions what they partition by.
    """
    allowed: set[str] | None = None
    group = select.args.get("group")
    if group is not None:
        positions = [
            select.expressions[int(item.this) - 1]
            for item in group.expressions
            if isinstance(item, exp.Literal)
            and not item.is_string
            and int(item.this) <= len(select.expressions)
        ]
        plain = [
            (item.this if isinstance(item, exp.Alias) else item) for item in (*group.expressions, *positions)
        ]
        allowed = {item.name.lower() for item in plain if isinstance(item, exp.Column)}
        if group.args.get("grouping_sets") or group.args.get("rollup") or group.args.get("cube"):
            allowed = set()
    elif any(_has_aggregate(item) for item in select.expressions):
        allowed = set()
    for window in select.find_all(exp.Window):
        if window.find_ancestor(exp.Select) is not select:
            continue
        keys = {
            item.name.lower()
            for item in window.args.get("partition_by") or ()
            if isinstance(item, exp.Column)
        }
        allowed = keys if allowed is None else allowed & keys
    return (lambda name: True) if allowed is None else allowed.__contains__


def _has_aggregate(item: exp.Expr) -> bool:
    return any(
        is_aggregate(found)
        and not isinstance(found.parent, exp.Window)
        and found.find_ancestor(exp.Select) is item.find_ancestor(exp.Select)
        for found in item.find_all(exp.Anonymous)
    )


def _by_position(given: Sequence[exp.Expr], names: Sequence[str], side: exp.Expr) -> Sequence[exp.Expr]:
    """Return conditions on a union's output columns as conditions on those of one of its sides."""
    if not isinstance(side, exp.Query):
        return []
    own = _output_names(side)
    if "*" in names or "*" in own:
        return given if own == list(names) else []
    renames = dict(zip(names, own, strict=False))
    return [
        _with_columns(
            condition, lambda column: exp.column(renames.get(column.name.lower(), column.name.lower()))
        )
        for condition in given
    ]


# ── Parts of a query ────────────────────────────────────────────────────────────────────────────────


def _unwrapped(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Subquery | exp.Paren) and not node.args.get("joins"):
        node = node.this
    return node


def _output_names(query: exp.Expr) -> list[str]:
    return [name.lower() for name in query.named_selects] if isinstance(query, exp.Query) else []


def _conjuncts(where: exp.Expr | None) -> Iterator[exp.Expr]:
    """Yield the conditions that a condition joins by AND."""
    waiting = [where] if where is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.And):
            waiting += [node.left, node.right]
        elif isinstance(node, exp.Paren | exp.Where):
            waiting.append(node.this)
        else:
            yield node


def _side(join: exp.Join) -> str:
    return (join.args.get("side") or "").upper()


def _sources(select: exp.Select) -> Iterator[tuple[str, tuple[exp.Expr, str]]]:
    source = select.args.get("from_")
    if source is not None:
        yield source.this.alias_or_name.lower(), (source.this, "")
    for join in select.args.get("joins") or ():
        yield join.this.alias_or_name.lower(), (join.this, _side(join))


def _cte(select: exp.Select, name: str) -> exp.Expr | None:
    """Return the WITH query of a name; None if there is none, or it has column aliases or is recursive."""
    node: exp.Expr | None = select
    while node is not None:
        with_ = node.args.get("with_")
        for cte in with_.expressions if with_ is not None and not with_.recursive else ():
            if cte.alias.lower() == name.lower():
                alias = cte.args.get("alias")
                return None if alias is not None and alias.columns else cte.this
        node = node.parent
    return None


def _inner_column(select: exp.Select, name: str, sources: Sources) -> exp.Column | None:
    """Return the column that an output column is a copy of; None if it is computed, or it is unclear."""
    for item in select.expressions:
        if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
            table = item.table if isinstance(item, exp.Column) else ""
            if table or len(sources) == 1:
                return exp.column(name, table=table or next(iter(sources)))
            continue
        if item.alias_or_name.lower() == name:
            inner = item.this if isinstance(item, exp.Alias) else item
            return inner if isinstance(inner, exp.Column) else None
    return None
