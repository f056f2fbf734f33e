"""A person's SQL statement: which log tables it reads, whether it reads all partitions, and how to narrow it.

The text is not rewritten. A WITH query with the table's own name is put in front of it: in Athena it hides
the table for the rest of the statement and, as it is not recursive, reads the table itself (Trino
documentation, SELECT, WITH clause).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from logctl.core.errors import UsageError
from logctl.core.schema import COLUMNS, PARTITION_KEYS
from logctl.ops.query.conditions import Selection

if TYPE_CHECKING:
    from sqlglot import exp

TABLES = ("logs", "logs_unique", "logs_raw", "logs_compacted")
_KEYS = frozenset(name for name, _ in PARTITION_KEYS)
_HIDDEN = ('"$path"', '"$file_size"', '"$file_modified_time"')
_NAMED = re.compile(rf"\b(?:{'|'.join(TABLES)})\b(?!\$)", re.IGNORECASE)
_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_ANALYZE = re.compile(r"EXPLAIN\s+ANALYZE\s+(?:VERBOSE\s+)?(?:\([^)]*\)\s*)?", re.IGNORECASE)
_UNLOAD = re.compile(r"UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'", re.IGNORECASE | re.DOTALL)
# Verbs of statements that read no data, or that a condition on partitions cannot make cheaper.
_EXEMPT = frozenset(
    ("ALTER", "ANALYZE", "CALL", "DEALLOCATE", "DELETE", "DESC", "DESCRIBE", "DROP", "EXECUTE", "EXPLAIN",
     "GRANT", "MERGE", "MSCK", "OPTIMIZE", "PREPARE", "REFRESH", "REVOKE", "SET", "SHOW", "TRUNCATE",
     "UPDATE", "USE", "VACUUM")
)  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """One statement, as a person wrote it."""

    text: str

    @classmethod
    def of(cls, text: str) -> Statement:
        """Return the statement without its final semicolon, which Athena refuses.

        Raises:
            UsageError: the text has no statement.
        """
        body = text.strip().rstrip(";").rstrip()
        if not body[_start(body) :].strip(";").strip():
            raise UsageError(
                "There is no SQL to run.", "For example: logctl athena query 'SELECT count(*) FROM logs'"
            )
        return cls(body)

    @property
    def verb(self) -> str:
        found = re.match(r"\w+", self.text[_start(self.text) :])
        return found[0].upper() if found else ""

    @property
    def is_query(self) -> bool:
        return self.verb in ("SELECT", "WITH", "VALUES", "TABLE", "")

    # ── What it reads ──

    def unbound(self) -> tuple[str, ...]:
        """Return the log tables that the statement reads without a condition that excludes partitions.

        Where the statement cannot be parsed, these are the log tables that it names.
        """
        inner = _read_by(self)
        if inner is None:
            return ()
        tree = _parse(inner)
        if tree is None:
            return tuple(dict.fromkeys(name.lower() for name in _NAMED.findall(inner)))
        found = _unbound(tree)
        return _unbound(_pushed_down(tree)) if found else ()

    def tables(self) -> tuple[str, ...]:
        """Return the log tables that the statement reads."""
        from sqlglot import exp

        named = (
            [table for table in self._tree.find_all(exp.Table) if not _is_cte(table)] if self._tree else []
        )
        return tuple(dict.fromkeys(table.name.lower() for table in named if table.name.lower() in TABLES))

    @cached_property
    def _tree(self) -> exp.Expr | None:
        return _parse(self.text)

    def selects(self, column: str) -> bool:
        """Return whether the rows have a column, as far as the statement shows; `*` has every column."""
        from sqlglot import exp

        tree = self._tree
        while isinstance(tree, exp.Subquery | exp.SetOperation):
            tree = tree.this
        if not isinstance(tree, exp.Select):
            return False
        names = [name.lower() for name in tree.named_selects]
        return column in names or "*" in names or any(item.is_star for item in tree.expressions)

    # ── Narrowing it ──

    def narrowed(self, selection: Selection, database: str) -> tuple[str, tuple[str, ...]]:
        """Return the text narrowed by a selection, and the parameters that precede the statement's own.

        Raises:
            UsageError: the selection cannot apply to everything that the statement reads.
        """
        condition = selection.condition()
        if not condition.sql:
            return self.text, ()
        tables = self._to_narrow()
        hidden = [column for column in _HIDDEN if column in self.text.lower()]
        columns = ", ".join(["*", *hidden])
        queries = ", ".join(
            f'{table} AS (SELECT {columns} FROM "{database}"."{table}" WHERE {condition.sql})'  # noqa: S608
            for table in tables
        )
        return self._with(queries), condition.parameters * len(tables)

    def _with(self, queries: str) -> str:
        first, *rest = _tokens(self.text)
        if first.text.upper() != "WITH":
            return f"{self.text[: first.start]}WITH {queries} {self.text[first.start :]}"
        after = rest[0] if rest and rest[0].text.upper() == "RECURSIVE" else first
        return f"{self.text[: after.end + 1]} {queries},{self.text[after.end + 1 :]}"

    def _to_narrow(self) -> list[str]:
        from sqlglot import exp

        hint = "Omit the options, and write the conditions into the statement."
        if not self.is_query:
            raise UsageError(f"--since, --until, --app and --level cannot apply to {self.verb}.", hint)
        tree = self._tree
        if tree is None:
            raise UsageError("The statement could not be read, so the options cannot be put into it.", hint)
        found: list[str] = []
        for table in tree.find_all(exp.Table):
            name = table.name.lower()
            if name not in TABLES or _is_cte(table):
                continue
            if table.db:
                raise UsageError(
                    f"The options cannot apply to {table.sql(dialect='trino')}, which names its database.",
                    f"Write just {name}.",
                )
            found.append(name)
        if not found:
            raise UsageError(
                f"The statement reads none of {', '.join(TABLES)}, so the options cannot apply to it.", hint
            )
        for cte in _own_queries(tree):
            if cte.alias.lower() in TABLES:
                raise UsageError(
                    f"The statement has a WITH query {cte.alias} of its own, so the options cannot apply.",
                    "Give it another name.",
                )
        return [table for table in TABLES if table in found]


def _start(text: str) -> int:
    found = _COMMENTS.match(text)
    return found.end() if found else 0


def _read_by(statement: Statement) -> str | None:
    """Return the part of a statement that can read a table; None where it reads nothing."""
    text = statement.text[_start(statement.text) :]
    if analyzed := _ANALYZE.match(text):
        # Unlike EXPLAIN, it runs the query.
        return text[analyzed.end() :]
    if unloaded := _UNLOAD.match(text):
        return unloaded["query"]
    return None if statement.verb in _EXEMPT else statement.text


def _parse(text: str) -> exp.Expr | None:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    # It warns on stderr about statements that it reads in part.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        trees = [tree for tree in sqlglot.parse(text, read="athena") if tree is not None]
    except (SqlglotError, RecursionError, ValueError):
        return None
    return None if len(trees) != 1 or isinstance(trees[0], exp.Command) else trees[0]


def _tokens(text: str) -> Sequence[Any]:
    import sqlglot

    return sqlglot.tokenize(text, read="trino")


def _own_queries(tree: exp.Expr) -> Sequence[Any]:
    with_ = tree.args.get("with_") or tree.args.get("with")
    return with_.expressions if with_ is not None else ()


def _is_cte(table: exp.Table) -> bool:
    """Return whether an unqualified table name refers to a WITH query, and not to a table.

    In the definition of that query, and in those before it, the name still means the table.
    """
    from sqlglot import exp

    if table.db:
        return False
    child: exp.Expr = table
    parent = table.parent
    while parent is not None:
        visible: list[Any] = []
        if isinstance(parent, exp.With):
            before = next(at for at, cte in enumerate(parent.expressions) if cte is child)
            visible = list(parent.expressions if parent.recursive else parent.expressions[:before])
        elif not isinstance(child, exp.With):
            visible = list(_own_queries(parent))
        if any(cte.alias.lower() == table.name.lower() for cte in visible):
            return True
        child, parent = parent, parent.parent
    return False


def _unbound(tree: exp.Expr) -> tuple[str, ...]:
    from sqlglot import exp

    target = tree.this if isinstance(tree, exp.Create | exp.Insert) else None
    found: dict[str, None] = {}
    for table in tree.find_all(exp.Table):
        if table.name.lower() not in TABLES or _is_cte(table):
            continue
        if target is not None and (table is target or table.parent is target):
            continue
        if not any(_prunes(conjunct, table) for conjunct in _conjuncts_on(table)):
            found[table.name.lower()] = None
    return tuple(found)


def _conjuncts_on(table: exp.Table) -> Iterator[exp.Expr]:
    """Yield the conditions that every row of a SELECT meets: WHERE, and ON where a join drops other rows."""
    from sqlglot import exp

    select = table.parent_select
    if select is None:
        return
    join = table.find_ancestor(exp.Join, exp.Select)
    side = (join.side or "").upper() if isinstance(join, exp.Join) else ""
    if isinstance(join, exp.Join) and join.args.get("on") is not None and side in ("", "LEFT"):
        yield from _split(join.args["on"])
    where = select.args.get("where")
    if where is not None:
        yield from _split(where.this)


def _split(node: exp.Expr) -> Iterator[exp.Expr]:
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.And):
        yield from _split(node.left)
        yield from _split(node.right)
    else:
        yield node


def _prunes(node: exp.Expr, table: exp.Table) -> bool:
    """Return whether a condition compares partition columns with values.

    Trino evaluates other conditions (LIKE, functions of a column) on every partition that Glue lists, but how
    much they exclude cannot be known from their text.
    """
    from sqlglot import exp

    node = node.unnest()
    if isinstance(node, exp.And):
        return _prunes(node.left, table) or _prunes(node.right, table)
    if isinstance(node, exp.Or):
        return _prunes(node.left, table) and _prunes(node.right, table)
    if isinstance(node, exp.EQ | exp.LT | exp.LTE | exp.GT | exp.GTE):
        left, right = node.left.unnest(), node.right.unnest()
        return (_is_key(left, table) and _is_value(right)) or (_is_key(right, table) and _is_value(left))
    if isinstance(node, exp.Between):
        return _is_key(node.this, table) and _is_value(node.args["low"]) and _is_value(node.args["high"])
    if isinstance(node, exp.In):
        items = node.expressions
        return bool(items) and _is_key(node.this, table) and all(map(_is_value, items))
    return False


def _is_key(node: exp.Expr, table: exp.Table) -> bool:
    from sqlglot import exp

    if not isinstance(node, exp.Column) or node.name.lower() not in _KEYS:
        return False
    if node.table:
        return node.table.lower() == table.alias_or_name.lower()
    select = table.parent_select
    # A bare name among several tables could be the other's.
    return select is not None and not select.args.get("joins")


def _is_value(node: exp.Expr) -> bool:
    from sqlglot import exp

    return not any(node.find_all(exp.Column, exp.Query, exp.Table))


def _pushed_down(tree: exp.Expr) -> exp.Expr:
    """Return the tree with columns resolved and conditions pushed down, as the engine would."""
    from sqlglot.optimizer.pushdown_predicates import pushdown_predicates
    from sqlglot.optimizer.qualify import qualify

    columns = {name: "varchar" for name, _ in (*COLUMNS, *PARTITION_KEYS)}
    try:
        resolved = qualify(
            tree.copy(),
            dialect="trino",
            schema=dict.fromkeys(TABLES, columns),
            validate_qualify_columns=False,
            quote_identifiers=False,
        )
        return pushdown_predicates(resolved, dialect="trino")
    except Exception:  # noqa: BLE001 - a statement it cannot resolve is judged as it stands
        return tree
