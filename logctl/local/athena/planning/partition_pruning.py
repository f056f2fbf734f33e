"""Which conditions of a query bind a table's partition columns, so that other partitions are not listed.

Only what surely holds for every row that can matter is taken: conjuncts of WHERE and of inner joins,
followed into subqueries, CTEs used once, views and unions, and across the equalities of a left join
(as Trino's PredicatePushDown does). What is missed costs reading, never rows: DuckDB filters again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from logctl.local.athena.analysis.aggregates import is_aggregate
from logctl.local.athena.storage.glue_catalog import Table


@dataclass
class Conditions:
    """For each base table (by its name in the tree) what binds its partition columns; columns stand bare."""

    bases: Mapping[str, Table]
    found: dict[str, list[exp.Expr]] = field(default_factory=dict)

    def of(self, base: str) -> exp.Expr | None:
        listed = self.found.get(base)
        return exp.and_(*listed) if listed else None

    def equal_values(self, base: str, column: str) -> tuple[str, ...]:
        """The literals that a column is compared with by `=` or `IN`."""
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
    """Conditions for each base table of a query in which views are expanded."""
    result = Conditions(bases)
    uses: dict[str, int] = {}
    for table in tree.find_all(exp.Table):
        uses[table.name] = uses.get(table.name, 0) + 1
    walker = _Walker(result, uses)
    for select in _roots(tree):
        walker.query(select, [])
    return result


def _roots(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The query itself, and the queries inside expressions (IN, EXISTS, scalar), each on its own."""
    main = tree.expression if isinstance(tree, exp.Create | exp.Insert) else tree
    if isinstance(main, exp.Query):
        yield main
    for node in tree.find_all(exp.Select):
        parent = node.parent
        if isinstance(parent, exp.Subquery):
            parent = parent.parent
        if (
            not isinstance(parent, exp.From | exp.Join | exp.CTE | exp.SetOperation | exp.Create | exp.Insert)
            and node is not main
        ):
            yield node


class _Walker:
    def __init__(self, result: Conditions, uses: Mapping[str, int]) -> None:
        self._result = result
        self._uses = uses

    def query(self, node: exp.Expr, given: Sequence[tuple[exp.Expr, Mapping[str, str]]]) -> None:
        """Follow conditions that hold for a query's output (with a map from its output names) inside."""
        node = _unwrapped(node)
        if isinstance(node, exp.SetOperation):
            # EXCEPT and INTERSECT keep a condition on both sides too; names are those of the left side.
            names = (
                [name.lower() for name in node.left.named_selects] if isinstance(node.left, exp.Query) else []
            )
            for side in (node.left, node.right):
                self.query(side, list(_by_position(given, names, _unwrapped(side))))
        elif isinstance(node, exp.Select):
            self._select(node, given)

    def _select(self, select: exp.Select, given: Sequence[tuple[exp.Expr, Mapping[str, str]]]) -> None:
        sources = dict(_sources(select))
        conjuncts = [*_conjuncts(select.args.get("where")), *self._from_outside(select, given, sources)]
        by_source: dict[str, list[exp.Expr]] = {}
        nullable = {alias for alias, (_, join) in sources.items() if join in ("LEFT", "FULL")}
        # With a right or full join even the first source's rows may be made up of NULLs.
        if any(join in ("RIGHT", "FULL") for _, join in sources.values()):
            nullable = {alias for alias, (_, join) in sources.items() if join != "RIGHT"}
        for conjunct in conjuncts:
            alias = self._only_source(conjunct, sources)
            if alias is not None and alias not in nullable:
                by_source.setdefault(alias, []).append(conjunct)
        for alias, join in _joins(select):
            listed = list(_conjuncts(join.args.get("on")))
            if _side(join) in ("", "LEFT"):
                for conjunct in listed:
                    only = self._only_source(conjunct, sources)
                    if only == alias or (only and _side(join) == "" and only not in nullable):
                        by_source.setdefault(only, []).append(conjunct)
                self._infer(alias, listed, by_source, sources)
        for alias, (source, _) in sources.items():
            self._enter(source, by_source.get(alias, []), select)

    def _enter(self, source: exp.Expr, conjuncts: list[exp.Expr], select: exp.Select) -> None:
        bare = [_without_table(conjunct) for conjunct in conjuncts]
        if isinstance(source, exp.Table) and source.name in self._result.bases:
            keys = {key.name for key in self._result.bases[source.name].keys}
            self._result.found.setdefault(source.name, []).extend(
                conjunct
                for conjunct in bare
                if {column.name.lower() for column in conjunct.find_all(exp.Column)} <= keys
                and not conjunct.find(exp.Query)
            )
        elif isinstance(source, exp.Table):
            definition = _cte(select, source.name)
            if definition is not None:
                self.query(definition, self._outputs(bare) if self._uses.get(source.name) == 1 else [])
        elif isinstance(source, exp.Subquery):
            self.query(source.this, self._outputs(bare))

    def _outputs(self, conjuncts: list[exp.Expr]) -> list[tuple[exp.Expr, Mapping[str, str]]]:
        return [(conjunct, {}) for conjunct in conjuncts]

    def _from_outside(
        self,
        select: exp.Select,
        given: Sequence[tuple[exp.Expr, Mapping[str, str]]],
        sources: Mapping[str, tuple[exp.Expr, str]],
    ) -> Iterator[exp.Expr]:
        """Conditions on the output, as conditions on what is inside, where they may cross."""
        if select.args.get("limit") or select.args.get("offset"):
            return
        passing = _may_cross(select)
        for conjunct, renames in given:
            inner = conjunct.copy()
            columns = list(inner.find_all(exp.Column))
            if inner.find(exp.Query):
                continue
            fits = True
            for column in columns:
                name = renames.get(column.name.lower(), column.name.lower())
                target = _inner_column(select, name, sources)
                if target is None or not passing(target.name.lower()):
                    fits = False
                    break
                if column is inner:
                    inner = target.copy()
                else:
                    column.replace(target.copy())
            if fits:
                yield inner

    def _only_source(self, conjunct: exp.Expr, sources: Mapping[str, tuple[exp.Expr, str]]) -> str | None:
        if conjunct.find(exp.Query):
            return None
        aliases = set()
        for column in conjunct.find_all(exp.Column):
            alias = self._source_of(column, sources)
            if alias is None:
                return None
            aliases.add(alias)
        return aliases.pop() if len(aliases) == 1 else None

    def _source_of(self, column: exp.Column, sources: Mapping[str, tuple[exp.Expr, str]]) -> str | None:
        if column.table:
            return column.table.lower() if column.table.lower() in sources else None
        if len(sources) == 1:
            return next(iter(sources))
        having = [alias for alias, (source, _) in sources.items() if self._has(source, column.name.lower())]
        return having[0] if len(having) == 1 else None

    def _has(self, source: exp.Expr, name: str) -> bool:
        """Whether a source has a column of that name; True when that is not known."""
        if isinstance(source, exp.Table) and source.name in self._result.bases:
            table = self._result.bases[source.name]
            return any(column.name == name for column in (*table.columns, *table.keys))
        if isinstance(source, exp.Subquery):
            inner = _unwrapped(source.this)
            names = [item.lower() for item in inner.named_selects] if isinstance(inner, exp.Query) else ["*"]
            return "*" in names or name in names
        return True

    def _infer(
        self,
        alias: str,
        on: Iterable[exp.Expr],
        by_source: dict[str, list[exp.Expr]],
        sources: Mapping[str, tuple[exp.Expr, str]],
    ) -> None:
        """What is known of `l.year` is known of `r.year` in `l LEFT JOIN r ON l.year = r.year`."""
        equal: dict[tuple[str, str], str] = {}
        for conjunct in on:
            if isinstance(conjunct, exp.EQ) and all(
                isinstance(side, exp.Column) for side in (conjunct.this, conjunct.expression)
            ):
                left, right = (
                    self._source_of(conjunct.this, sources),
                    self._source_of(conjunct.expression, sources),
                )
                if right == alias and left and left != alias:
                    equal[left, conjunct.this.name.lower()] = conjunct.expression.name
                elif left == alias and right and right != alias:
                    equal[right, conjunct.expression.name.lower()] = conjunct.this.name
        for other, conjuncts in list(by_source.items()):
            if other == alias:
                continue
            for conjunct in list(conjuncts):
                moved = conjunct.copy()
                columns = list(moved.find_all(exp.Column))
                if columns and all((other, column.name.lower()) in equal for column in columns):
                    for column in columns:
                        column.replace(exp.column(equal[other, column.name.lower()], table=alias))
                    by_source.setdefault(alias, []).append(moved)


# ── Reading the tree ────────────────────────────────────────────────────────────────────────────────


def _unwrapped(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Subquery | exp.Paren) and not node.args.get("joins"):
        node = node.this
    return node


def _conjuncts(where: exp.Expr | None) -> Iterator[exp.Expr]:
    if where is None:
        return
    node = where.this if isinstance(where, exp.Where) else where
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, exp.And):
            stack += [node.left, node.right]
        elif isinstance(node, exp.Paren):
            stack.append(node.this)
        else:
            yield node


def _joins(select: exp.Select) -> Iterator[tuple[str, exp.Join]]:
    for join in select.args.get("joins") or ():
        yield join.this.alias_or_name.lower(), join


def _side(join: exp.Join) -> str:
    return (join.args.get("side") or "").upper()


def _sources(select: exp.Select) -> Iterator[tuple[str, tuple[exp.Expr, str]]]:
    source = select.args.get("from_") or select.args.get("from")
    if source is not None:
        yield source.this.alias_or_name.lower(), (source.this, "")
    for alias, join in _joins(select):
        yield alias, (join.this, _side(join))


def _cte(select: exp.Select, name: str) -> exp.Expr | None:
    node: exp.Expr | None = select
    while node is not None:
        with_ = node.args.get("with_") or node.args.get("with")
        for cte in with_.expressions if with_ is not None else ():
            if with_ is not None and cte.alias.lower() == name.lower() and not with_.recursive:
                columns = cte.args["alias"].columns if cte.args.get("alias") else []
                return cte.this if not columns else None
        node = node.parent
    return None


def _without_table(conjunct: exp.Expr) -> exp.Expr:
    bare = conjunct.copy()
    for column in list(bare.find_all(exp.Column)):
        replacement = exp.column(column.name)
        if column is bare:
            return replacement
        column.replace(replacement)
    return bare


def _inner_column(
    select: exp.Select, name: str, sources: Mapping[str, tuple[exp.Expr, str]]
) -> exp.Column | None:
    """What an output column is inside: a column as it stands, or of the star's only source."""
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


def _may_cross(select: exp.Select) -> Callable[[str], bool]:
    """Whether a condition on a column may move below what a select does: grouping keeps it on its keys,
    windows on what they partition by."""
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
    elif any(_aggregates(item) for item in select.expressions):
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


def _aggregates(item: exp.Expr) -> bool:
    return any(
        is_aggregate(found)
        and not isinstance(found.parent, exp.Window)
        and found.find_ancestor(exp.Select) is item.find_ancestor(exp.Select)
        for found in item.find_all(exp.Anonymous)
    )


def _by_position(
    given: Sequence[tuple[exp.Expr, Mapping[str, str]]], names: Sequence[str], side: exp.Expr
) -> Iterator[tuple[exp.Expr, Mapping[str, str]]]:
    """The output names of a union, as the names of one of its sides."""
    if not isinstance(side, exp.Query):
        return
    own = [name.lower() for name in side.named_selects]
    if "*" in names or "*" in own:
        yield from (given if own == list(names) else ())
        return
    renames = dict(zip(names, own, strict=False))
    for conjunct, before in given:
        yield (
            conjunct,
            {
                name: renames.get(before.get(name, name), before.get(name, name))
                for name in (column.name.lower() for column in conjunct.find_all(exp.Column))
            },
        )
