"""Resolution of names at a place of a query: relations of FROM, WITH queries, parameters of lambdas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from logctl.local.athena.analysis.annotations import Known
from logctl.local.athena.query_errors import QueryError


@dataclass(frozen=True)
class Field:
    """A column of a relation. `name` is empty where it has none."""

    name: str
    type: Known


Fields = Sequence[Field] | None
"""The columns of a relation; None where they are not known."""


@dataclass
class NameScope:
    """The names that can be used at one place of a query.

    Attributes:
        outer: the scope of the query around; its names can be used too.
        relations: alias and columns of what FROM and JOIN name so far.
        queries: columns of the WITH queries, by name.
        parameters: parameters of a lambda, or output columns where ORDER BY may name them.
        joined: columns of JOIN … USING, which several relations have and which are one.
    """

    outer: NameScope | None = None
    relations: list[tuple[str, Fields]] = field(default_factory=list)
    queries: dict[str, Fields] = field(default_factory=dict)
    parameters: dict[str, Known] = field(default_factory=dict)
    joined: dict[str, Known] = field(default_factory=dict)

    @property
    def without_relations(self) -> NameScope:
        """The scope of a subquery in FROM, which does not see the other relations of that FROM."""
        return NameScope(self.outer, queries=self.queries)

    def query(self, name: str) -> tuple[bool, Fields]:
        """Find a WITH query. Returns whether there is one of that name, and its columns."""
        scope: NameScope | None = self
        while scope is not None:
            if name in scope.queries:
                return True, scope.queries[name]
            scope = scope.outer
        return False, None

    def find(self, table: str, name: str) -> tuple[bool, Known]:
        """Find a column. Returns whether there is one, and its type.

        Args:
            table: the alias of its relation; empty for any.
            name: its name.

        Raises:
            QueryError: there are several.
        """
        scope: NameScope | None = self
        while scope is not None:
            if not table and name in scope.parameters:
                return True, scope.parameters[name]
            if not table and name in scope.joined:
                return True, scope.joined[name]
            chosen = [fields for alias, fields in scope.relations if not table or alias == table]
            if any(fields is None for fields in chosen):
                return True, None
            found = [item for fields in chosen for item in fields or () if item.name == name]
            if len(found) > 1:
                raise QueryError(f"AMBIGUOUS_NAME: line 1:1: Column '{name}' is ambiguous")
            if found:
                return True, found[0].type
            scope = scope.outer
        return False, None

    def star(self) -> list[tuple[str, Field]] | None:
        """Return the columns that `*` means, each with the alias of its relation.

        Columns of USING come first and have no alias. Hidden columns, such as `$path`, are not included. None
        if the columns of a relation are not known.
        """
        if any(fields is None for _, fields in self.relations):
            return None
        joined = [("", Field(name, kind)) for name, kind in self.joined.items()]
        return joined + [
            (alias, item)
            for alias, fields in self.relations
            for item in fields or ()
            if item.name not in self.joined and not item.name.startswith("$")
        ]


def renamed(fields: Fields, names: Sequence[str]) -> Fields:
    """Return a relation's columns under their aliases, `AS t(a, b)`; without aliases as they are.

    Raises:
        QueryError: the numbers of columns and aliases differ.
    """
    if not names:
        return fields
    if fields is None:
        return [Field(name, None) for name in names]
    if len(fields) != len(names):
        raise QueryError(
            f"MISMATCHED_COLUMN_ALIASES: line 1:1: Column alias list has {len(names)} entries but relation "
            f"has {len(fields)} columns"
        )
    return [Field(name, item.type) for name, item in zip(names, fields, strict=True)]


def column_not_found(name: str) -> QueryError:
    return QueryError(
        f"COLUMN_NOT_FOUND: line 1:1: Column '{name}' cannot be resolved or requester is not authorized to "
        "access requested resources"
    )
