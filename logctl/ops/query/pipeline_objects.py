"""Detection of SQL that would change the pipeline's own tables, views, partitions or objects.

Statements are parsed, not matched as text. A statement that cannot be parsed and could be such a change is
treated as one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]

from logctl.core.partitions import RESULTS
from logctl.stack.catalog_tables import own_tables
from logctl.stack.catalog_views import CATALOG
from logctl.stack.names import Names

_READS = frozenset({"SELECT", "VALUES", "TABLE", "SHOW", "DESCRIBE", "DESC", "MSCK", "USE", "DEALLOCATE"})
_CATALOGS = frozenset({"", CATALOG, "hive"})
_PLACE = re.compile(r"s3[an]?://([^/]+)/*(.*)\Z", re.DOTALL)


class _Words(Trino.Tokenizer):
    """A tokenizer for any statement; sqlglot's own makes one string of all that follows some verbs."""

    COMMANDS: ClassVar[set[TokenType]] = set()
    IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ['"', "`"]


@dataclass(frozen=True)
class Changes:
    """Detection of the pipeline's own objects that a statement changes.

    Args:
        bucket: returns the pipeline's bucket; called where a statement names a location in S3.
    """

    names: Names
    bucket: Callable[[], str]

    def of(self, text: str) -> str | None:
        """Return the change that a statement would make, as a sentence without its full stop; else None."""
        # It warns on stderr about statements that it reads in part.
        logging.getLogger("sqlglot").setLevel(logging.ERROR)
        try:
            inner = _without_wrapping(text)
            if inner is None:
                return None
            trees = [tree for tree in sqlglot.parse(inner, read="athena") if tree is not None]
        except (SqlglotError, RecursionError, ValueError):
            return None if _verb(text) in _READS else _UNREADABLE
        for tree in trees:
            told = self._unread(inner) if isinstance(tree, exp.Command) else self._told(tree)
            if told:
                return told
        return None

    def _told(self, tree: exp.Expr) -> str | None:
        if isinstance(tree, exp.Query | exp.Values | exp.Describe | exp.Show | exp.Use):
            return None
        if isinstance(tree, exp.Create | exp.Drop | exp.Alter) and tree.kind in ("SCHEMA", "DATABASE"):
            name = _database(tree)
            ours = name == self.names.database and not isinstance(tree, exp.Create)
            return f"The statement changes the pipeline's own database {name}" if ours else None
        for table in _targets(tree):
            if self._is_own(table):
                return f"The statement changes {self._named(table.name.lower())}"
        if isinstance(tree, exp.Create) and tree.expression is None:
            return None
        return self._writes_into(str(item.this) for item in tree.find_all(exp.Literal) if item.is_string)

    def _unread(self, text: str) -> str | None:
        """Return the change of a statement of which sqlglot parses only the verb."""
        tokens = _tokens(text)
        verb = _words(tokens)[0]
        if verb in _READS:
            return None
        if verb == "UNLOAD":
            return self._writes_into(_strings(tokens))
        if verb == "EXECUTE":
            return "The prepared statement may change the pipeline's own tables: logctl cannot read its text"
        if verb == "PREPARE":
            words = _words(tokens)
            return self.of(text[tokens[words.index("FROM")].end + 1 :]) if "FROM" in words else _UNREADABLE
        own = {*own_tables(self.names), self.names.database}
        named = next((token.text.lower() for token in tokens[1:] if token.text.lower() in own), None)
        return f"The statement may change {self._named(named)}" if named else _UNREADABLE

    def _is_own(self, table: exp.Table) -> bool:
        return (
            table.catalog.lower() in _CATALOGS
            and (table.db.lower() or self.names.database) == self.names.database
            and table.name.lower() in own_tables(self.names)
        )

    def _named(self, name: str) -> str:
        if name == self.names.database:
            return f"the pipeline's own database {name}"
        kind = "view" if name in (self.names.view, self.names.unique_view) else "table"
        return f"the pipeline's own {kind} {name}"

    def _writes_into(self, strings: Iterator[str]) -> str | None:
        for text in strings:
            found = _PLACE.match(text)
            if found and found[1] == self.bucket() and not found[2].startswith(RESULTS):
                return "The statement writes into the pipeline's own bucket"
        return None


_UNREADABLE = "The statement could not be read, so it may change the pipeline's own tables"


def _without_wrapping(text: str) -> str | None:
    """Return the statement that EXPLAIN ANALYZE would run; None for an EXPLAIN, which runs nothing."""
    tokens = _tokens(text)
    words = _words(tokens)
    if not words or words[0] != "EXPLAIN":
        return text
    if words[1:2] != ["ANALYZE"]:
        return None
    at = 3 if words[2:3] == ["VERBOSE"] else 2
    if words[at : at + 1] == ["("] and words[at + 1 : at + 2] in (["FORMAT"], ["TYPE"]):
        at = words.index(")", at) + 1
    return _without_wrapping(text[tokens[at].start :]) if at < len(tokens) else None


def _verb(text: str) -> str:
    found = re.match(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*(\w+)", text, re.DOTALL)
    return found[1].upper() if found else ""


def _tokens(text: str) -> list[Any]:
    return list(_Words().tokenize(text))


def _words(tokens: list[Any]) -> list[str]:
    """Return the first word of each token in capitals, because `MSCK REPAIR` is one token."""
    return [token.text.upper().partition(" ")[0] for token in tokens]


def _strings(tokens: list[Any]) -> Iterator[str]:
    return (token.text for token in tokens if token.token_type is TokenType.STRING)


def _database(tree: exp.Expr) -> str:
    found = tree.find(exp.Table)
    return (found.name or found.db).lower() if found is not None else ""


def _targets(tree: exp.Expr) -> list[exp.Table]:
    """Return the tables that a statement changes, without those that it only reads."""
    if isinstance(tree, exp.Create | exp.Insert | exp.Delete | exp.Update | exp.Merge | exp.Comment):
        found = tree.this.find(exp.Table) if tree.this is not None else None
        return [found] if found is not None else []
    return list(tree.find_all(exp.Table))
