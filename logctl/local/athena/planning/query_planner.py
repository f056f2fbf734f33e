"""The plan of a query: names resolved, views expanded, types checked, and DuckDB's SQL made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from sqlglot import exp

from logctl.local.athena.analysis.query_types import Analyzer
from logctl.local.athena.analysis.scopes import Field, Fields
from logctl.local.athena.planning.partition_pruning import conditions
from logctl.local.athena.query_errors import InvalidRequest, QueryError
from logctl.local.athena.storage import information_schema, partition_projection
from logctl.local.athena.storage.glue_catalog import Column, GlueCatalog, Table
from logctl.local.athena.storage.table_scans import HIDDEN, Scanner
from logctl.local.athena.storage.view_definition import CATALOG
from logctl.local.athena.syntax.athena_sql import parse
from logctl.local.athena.translation.translate import to_duckdb
from logctl.local.athena.types.sql_types import from_duckdb, normal

_DEEPEST_VIEW = 32
_UNNAMED = "_unnamed"


@dataclass
class Planner:
    """The planner of the queries of one statement.

    Attributes:
        database: what a table name without a database is looked up in.
        fields: the columns of the query that was planned last.
    """

    catalog: GlueCatalog
    scanner: Scanner
    database: str
    fields: Fields = None
    _bases: dict[str, Table] = field(default_factory=dict)
    _partition_tables: dict[str, Table] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def plan(self, tree: exp.Expr) -> str:
        """Return a query as DuckDB's SQL, and make a relation of each table that it reads.

        Raises:
            QueryError: Athena refuses the query.
            NotSupported: the sandbox cannot run it.
        """
        query = self._expand(tree.copy(), self.database, 0)
        _name_values(query)
        self.fields = self._analyzer().query(query)
        _name_unnamed(query)
        self.scanner.hidden = _keep_hidden_out_of_stars(query, self._bases)
        found = conditions(query, self._bases)
        relations = {}
        for base, table in self._bases.items():
            condition = found.of(base)
            relations[base] = self.scanner.relation(
                table,
                to_duckdb(condition) if condition is not None else None,
                {name: found.equal_values(base, name) for name in partition_projection.needs_injected(table)},
            )
        for base, table in self._partition_tables.items():
            relations[base] = self.scanner.partitions_view(table)
        for node in query.find_all(exp.Table):
            if node.name in relations:
                node.set("this", exp.to_identifier(relations[node.name]))
        return to_duckdb(query)

    def _analyzer(self) -> Analyzer:
        hidden = [Field(name, from_duckdb(kind)) for name, kind in HIDDEN.items()]
        tables = {base: [*_fields((*t.columns, *t.keys)), *hidden] for base, t in self._bases.items()}
        tables |= {base: _fields(table.keys) for base, table in self._partition_tables.items()}
        return Analyzer(tables, self._described)

    def _described(self, name: str) -> list[Field] | None:
        """Return the columns of a relation that the planner has made for `information_schema`."""
        if not name.startswith("relation"):
            return None
        found = self.scanner.connection.execute(f"DESCRIBE {name}").fetchall()
        return [Field(row[0].lower(), normal(from_duckdb(row[1]))) for row in found]

    # ── Names ──

    def _expand(self, tree: exp.Expr, database: str, depth: int) -> exp.Expr:
        """Replace the names of tables by names of the planner's own, and views by their queries."""
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
            _replace_by_query(node, exp.select("*").from_(listing))
            return
        table = self.catalog.table(database, name.removesuffix("$partitions"))
        if name.endswith("$partitions"):
            self._replace_by_base(node, self._partition_tables, table)
        elif table.sql is None:
            self._replace_by_base(node, self._bases, table)
        else:
            _replace_by_query(node, self._expand(_parsed_view(table), database, depth + 1))

    def _replace_by_base(self, node: exp.Table, bases: dict[str, Table], table: Table) -> None:
        alias, base = _alias(node), f"base{next(self._numbers)}"
        bases[base] = table
        node.set("db", None)
        node.set("catalog", None)
        node.set("this", exp.to_identifier(base))
        node.set("alias", alias)


def _fields(columns: Iterable[Column]) -> list[Field]:
    return [Field(column.name, normal(column.type)) for column in columns]


def _alias(node: exp.Table) -> exp.Expr:
    """Return a table's alias, or its name as one."""
    alias: exp.Expr | None = node.args.get("alias")
    if alias is not None and alias.this:
        return alias
    return exp.TableAlias(this=exp.to_identifier(node.name.lower(), quoted=True))


def _parsed_view(view: Table) -> exp.Expr:
    try:
        return parse(view.sql or "")
    except InvalidRequest as problem:
        raise QueryError(
            f"INVALID_VIEW: Failed parsing stored view '{view.database}.{view.name}': {problem}"
        ) from None


def _replace_by_query(node: exp.Table, query: exp.Expr) -> None:
    subquery = exp.Subquery(this=query, alias=_alias(node))
    for part in ("joins", "laterals", "sample"):
        if node.args.get(part):
            subquery.set(part, node.args[part])
    node.replace(subquery)


def _is_cte(node: exp.Table) -> bool:
    """Return whether a table's name refers to a WITH query, and not to a table.

    In the WITH query's own definition, and in those before it, the name still means the table.
    """
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
            with_ = parent.args.get("with_")
            visible = list(with_.expressions) if with_ is not None else []
        if any(cte.alias.lower() == node.name.lower() for cte in visible):
            return True
        child, parent = parent, parent.parent
    return False


def _keep_hidden_out_of_stars(query: exp.Expr, bases: Mapping[str, Table]) -> bool:
    """Exclude hidden columns, such as `"$path"`, from `*`. Returns whether the query names one.

    The star of `count(*)` stands for no columns, and what a WITH query names has no hidden ones.
    """
    if not any(column.name.startswith("$") for column in query.find_all(exp.Column)):
        return False
    for star in query.find_all(exp.Star):
        select = star.parent.parent if isinstance(star.parent, exp.Column) else star.parent
        if not isinstance(select, exp.Select) or select.args.get("joins"):
            continue
        source = select.args.get("from_")
        if source is not None and isinstance(source.this, exp.Table) and source.this.name in bases:
            star.set("except_", [exp.to_identifier(name, quoted=True) for name in HIDDEN])
    return True


def _name_unnamed(query: exp.Expr) -> None:
    """Mark output columns without a name; Athena names them `_colN` when the columns of `*` are known."""
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
    """Mark the columns of VALUES, which DuckDB would name `col0`, as a column of the query may be named."""
    for values in list(query.find_all(exp.Values)):
        alias = values.args.get("alias") or exp.TableAlias(this=exp.to_identifier("_values"))
        rows = values.expressions
        if values is not query and not alias.columns and rows:
            width = len(rows[0].expressions) if isinstance(rows[0], exp.Tuple) else 1
            alias.set("columns", [exp.to_identifier(f"{_UNNAMED}{number}") for number in range(width)])
            values.set("alias", alias)


def column_names(names: Sequence[str]) -> list[str]:
    """Return Athena's names of output columns: lowercase, and `_colN` for a column without a name."""
    return [
        f"_col{position}" if name.startswith(_UNNAMED) else name.lower()
        for position, name in enumerate(names)
    ]
