"""A function call that is to be translated, and the form of the rules that translate it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from logctl.local.athena.types.sql_types import Type


@dataclass(frozen=True)
class FunctionCall:
    """A call of one of Athena's functions, whose arguments are already in DuckDB's SQL.

    Attributes:
        name: the function's name in Athena, in lowercase.
        kinds: the arguments' types in Athena; None for one that is not known.
    """

    name: str
    arguments: list[exp.Expr]
    kinds: list[Type | None]

    def kind(self, place: int = 0) -> str:
        """Return the name of an argument's type; empty if it is not known, or there is no such argument."""
        found = self.kinds[place] if place < len(self.kinds) else None
        return found.name if found is not None else ""

    def literal(self, place: int) -> str | None:
        """Return the text of an argument that is a literal; None for another expression or no argument."""
        found = self.arguments[place] if place < len(self.arguments) else None
        return str(found.this) if isinstance(found, exp.Literal) else None


Rewrite = Callable[[FunctionCall], exp.Expr]
Translations = Mapping[str, str | Rewrite]
"""By a function's name in Athena: the function or macro of DuckDB with the same arguments, or a rule."""
