"""From Athena's SQL to a query that DuckDB can run: names resolved, views expanded, tables scanned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]

from logctl.local.athena.analysis.query_types import Analyzer, Field, Fields
from logctl.local.athena.planning.partition_pruning import conditions
from logctl.local.athena.query_errors import InvalidRequest, NotHere, QueryError
from logctl.local.athena.storage import information_schema
from logctl.local.athena.storage import partition_projection as projection
from logctl.local.athena.storage.glue_catalog import Catalog, Table
from logctl.local.athena.storage.table_scans import HIDDEN, Scanner, literal
from logctl.local.athena.storage.view_definition import CATALOG
from logctl.local.athena.syntax import refused_syntax as syntax
from logctl.local.athena.translation import translate as dialect
from logctl.local.athena.types.coercions import normal
from logctl.local.athena.types.sql_types import from_duckdb as types_of

_DEEPEST_VIEW = 32
_UNNAMED = "_unnamed"


def parse(sql: str) -> exp.Expr:
    """One statement.

    Raises:
        InvalidRequest: as StartQueryExecution refuses what it cannot read.
    """
    try:
        statements = [tree for tree in sqlglot.parse(sql, read=dialect.AthenaSql) if tree is not None]
    except ParseError as problem:
        if what := syntax.not_here(sql):
            raise NotHere(what) from None
        first = problem.errors[0] if problem.errors else {}
        near = first.get("highlight") or ""
        raise InvalidRequest(
            f"line {first.get('line', 1)}:{first.get('col', 1)}: mismatched input '{near}'. "
            f"{first.get('description', '')}".strip()
        ) from None
    except TokenError as problem:
        raise InvalidRequest(f"line 1:1: {str(problem).splitlines()[0]}") from None
    if len(statements) != 1:
        raise InvalidRequest("Only one sql statement is allowed. Got: " + sql)
    syntax.check(sql, statements[0])
    _keep_ties(statements[0])
    return _plain_values(statements[0])


def _keep_ties(tree: exp.Expr) -> None:
    """`FETCH FIRST n ROWS WITH TIES` by the rank of each row."""
    for select in tree.find_all(exp.Query):
        fetch = select.args.get("limit")
        options = fetch.args.get("limit_options") if isinstance(fetch, exp.Fetch) else None
        if fetch is None or options is None or not options.args.get("with_ties"):
            continue
        order = select.args.get("order")
        if not isinstance(select, exp.Select) or order is None or select.args.get("offset"):
            raise NotHere("WITH TIES here")
        if any(not isinstance(item.this, exp.Column) for item in order.expressions):
            raise NotHere("WITH TIES by other than columns")
        rank = exp.Window(this=exp.Anonymous(this="rank"), order=order.copy(), over="OVER")
        count = fetch.args.get("count") or exp.Literal.number(1)
        select.set("qualify", exp.Qualify(this=exp.LTE(this=rank, expression=count.copy())))
        select.set("limit", None)


def _plain_values(tree: exp.Expr) -> exp.Expr:
    """`VALUES ROW(1, 2)` as `VALUES (1, 2)`, and VALUES as a relation wherever it is a query."""
    for values in list(tree.find_all(exp.Values)):
        for row in values.expressions:
            (only, *more) = row.expressions if isinstance(row, exp.Tuple) else [row]
            if not more and isinstance(only, exp.Anonymous) and str(only.this).lower() == "row":
                row.set("expressions", only.expressions)
        if isinstance(values.parent, exp.From | exp.Join | exp.Lateral):
            continue
        outside = values.parent
        query = exp.Select(expressions=[exp.Star()])
        for part in ("with_", "order", "limit", "offset"):
            if values.args.get(part):
                query.set(part, values.args[part])
                values.set(part, None)
        if outside is None:
            query.set("from_", exp.From(this=values))
            return query
        values.replace(query)
        query.set("from_", exp.From(this=values))
    return tree


_UNLOAD = re.compile(r"^\s*UNLOAD\b", re.IGNORECASE)


def with_parameters(sql: str, parameters: Sequence[str]) -> str:
    """`?` replaced by the parameters in order, each an SQL literal (Amazon Athena User Guide, Use
    parameterized queries).

    Raises:
        InvalidRequest: there are more or fewer of them.
    """
    try:
        # sqlglot takes all that follows UNLOAD for one string.
        tokens = sqlglot.tokenize(_UNLOAD.sub(lambda word: " " * len(word[0]), sql), read="athena")
    except TokenError as problem:
        raise InvalidRequest(f"line 1:1: {str(problem).splitlines()[0]}") from None
    places = [token for token in tokens if token.token_type is TokenType.PLACEHOLDER]
    if len(places) != len(parameters):
        raise InvalidRequest(
            f"INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected {len(places)} but "
            f"found {len(parameters)}"
        )
    bound = sql
    for place, text in zip(reversed(places), reversed(parameters), strict=True):
        bound = f"{bound[: place.start]} {_checked_literal(text)} {bound[place.end + 1 :]}"
    return bound


def _checked_literal(text: str) -> str:
    """A parameter as a literal; what is none is text: awswrangler's tests pass `Washington` to Athena."""
    try:
        value = sqlglot.parse_one(text, read=dialect.AthenaSql)
    except SqlglotError:
        value = None
    if value is None or value.find(exp.Query, exp.Table, exp.Column, exp.Command, exp.Anonymous):
        return literal(text)
    return value.sql(dialect="athena")


@dataclass
class Plan:
    """A query to run: DuckDB's SQL, and which output columns have no name of their own."""

    sql: str
    tree: exp.Expr


@dataclass
class Planner:
    """Plans queries of one execution. `database` is what a bare table name means."""

    catalog: Catalog
    scanner: Scanner
    database: str
    fields: Fields = None
    _bases: dict[str, Table] = field(default_factory=dict)
    _partition_tables: dict[str, Table] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def plan(self, tree: exp.Expr) -> Plan:
        query = self._expand(tree.copy(), self.database, 0)
        _name_values(query)
        self.fields = self._analyzer().query(query)
        _name_unnamed(query)
        self.scanner.hidden = _keep_hidden_out_of_stars(query)
        found = conditions(query, self._bases)
        relations = {}
        for base, table in self._bases.items():
            condition = found.of(base)
            injected = {name: found.equal_values(base, name) for name in projection.needs_injected(table)}
            relations[base] = self.scanner.relation(
                table, dialect.to_duckdb(condition) if condition is not None else None, injected
            )
        for base, table in self._partition_tables.items():
            relations[base] = self.scanner.partitions_view(table)
        for node in query.find_all(exp.Table):
            if node.name in relations:
                node.set("this", exp.to_identifier(relations[node.name]))
        return Plan(dialect.to_duckdb(query), query)

    def _analyzer(self) -> Analyzer:
        hidden = [Field(name, types_of(kind)) for name, kind in HIDDEN.items()]
        tables = {
            base: [*(Field(c.name, normal(c.type)) for c in (*table.columns, *table.keys)), *hidden]
            for base, table in self._bases.items()
        }
        tables |= {
            base: [Field(key.name, normal(key.type)) for key in table.keys]
            for base, table in self._partition_tables.items()
        }
        return Analyzer(tables, self._described)

    def _described(self, name: str) -> list[Field] | None:
        """Of a listing: DuckDB knows it."""
        if not name.startswith("relation"):
            return None
        found = self.scanner.connection.execute(f"DESCRIBE {name}").fetchall()
        return [Field(row[0].lower(), normal(types_of(row[1]))) for row in found]

    # ── Names ──

    def _expand(self, tree: exp.Expr, database: str, depth: int) -> exp.Expr:
        if depth > _DEEPEST_VIEW:
            raise QueryError("INVALID_VIEW: Statement references a recursive view")
        for node in list(tree.find_all(exp.Table)):
            if isinstance(node.this, exp.Identifier) and not _is_cte(node):
                self._resolve(node, database, depth)
        return tree

    def _resolve(self, node: exp.Table, default: str, depth: int) -> None:
        catalog, database, name = node.catalog.lower(), node.db.lower() or default, node.name.lower()
        if catalog and catalog not in (CATALOG, "hive"):
            raise QueryError(f"CATALOG_NOT_FOUND: Catalog '{catalog}' does not exist")
        if database == "information_schema":
            listing = self.scanner.view(information_schema.relation(name, self.catalog))
            self._replace(node, exp.select("*").from_(listing), name)
            return
        if name.endswith("$partitions"):
            table = self.catalog.table(database, name.removesuffix("$partitions"))
            self._replace(node, None, name, self._partition_tables, table)
            return
        table = self.catalog.table(database, name)
        if table.sql is None:
            self._replace(node, None, name, self._bases, table)
            return
        try:
            view = parse(table.sql)
        except InvalidRequest as problem:
            raise QueryError(
                f"INVALID_VIEW: Failed parsing stored view '{database}.{name}': {problem}"
            ) from None
        self._replace(node, self._expand(view, database, depth + 1), name)

    def _replace(
        self,
        node: exp.Table,
        query: exp.Expr | None,
        name: str,
        register: dict[str, Table] | None = None,
        table: Table | None = None,
    ) -> None:
        alias = node.args.get("alias")
        if alias is None or not alias.this:
            alias = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
        if query is None:
            assert register is not None
            assert table is not None
            base = f"base{next(self._numbers)}"
            register[base] = table
            for part in ("db", "catalog"):
                node.set(part, None)
            node.set("this", exp.to_identifier(base))
            node.set("alias", alias)
            return
        subquery = exp.Subquery(this=query, alias=alias)
        for part in ("joins", "laterals", "sample"):
            if node.args.get(part):
                subquery.set(part, node.args[part])
        node.replace(subquery)


def _is_cte(node: exp.Table) -> bool:
    """Whether a bare name means a WITH query that can be seen from there; in its own definition, and in
    those before it, the name still means the table."""
    if node.db:
        return False
    child: exp.Expr = node
    parent: exp.Expr | None = node.parent
    while parent is not None:
        visible: list[exp.Expr] = []
        if isinstance(parent, exp.With):
            visible = list(parent.expressions)
            if not parent.recursive:
                visible = visible[: next(i for i, cte in enumerate(visible) if cte is child)]
        elif not isinstance(child, exp.With):
            with_ = parent.args.get("with_") or parent.args.get("with")
            visible = list(with_.expressions) if with_ is not None else []
        if any(cte.alias.lower() == node.name.lower() for cte in visible):
            return True
        child, parent = parent, parent.parent
    return False


def _keep_hidden_out_of_stars(query: exp.Expr) -> bool:
    """Whether the query names a hidden column such as `"$path"`; stars never mean them."""
    if not any(column.name.startswith("$") for column in query.find_all(exp.Column)):
        return False
    for star in query.find_all(exp.Star):
        select = star.find_ancestor(exp.Select)
        if select is None or select.args.get("joins"):
            continue
        source = select.args.get("from_")
        if source is not None and isinstance(source.this, exp.Table):
            star.set("except_", [exp.to_identifier(name, quoted=True) for name in HIDDEN])
    return True


def _name_unnamed(query: exp.Expr) -> None:
    """Mark output columns without a name: Athena calls the third `_col2`, wherever stars put it."""
    select = query
    while isinstance(select, exp.SetOperation | exp.Subquery):
        select = select.this
    if not isinstance(select, exp.Select):
        return
    for number, item in enumerate(list(select.expressions)):
        if isinstance(item, exp.Alias | exp.Star | exp.Column) or item.is_star:
            continue
        item.replace(exp.alias_(item.copy(), f"{_UNNAMED}{number}"))


def _name_values(query: exp.Expr) -> None:
    """The same for VALUES, whose columns DuckDB calls `col0`, as somebody's own could be called."""
    for values in list(query.find_all(exp.Values)):
        alias = values.args.get("alias") or exp.TableAlias(this=exp.to_identifier("_values"))
        rows = values.expressions
        if values is not query and not alias.columns and rows:
            width = len(rows[0].expressions) if isinstance(rows[0], exp.Tuple) else 1
            alias.set("columns", [exp.to_identifier(f"{_UNNAMED}{number}") for number in range(width)])
            values.set("alias", alias)


def column_names(names: Sequence[str]) -> list[str]:
    """DuckDB's output names as Athena gives them: small letters, `_colN` for what has none."""
    return [
        f"_col{position}" if name.startswith(_UNNAMED) else name.lower()
        for position, name in enumerate(names)
    ]
