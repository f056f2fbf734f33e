"""The translation of each function that the sandbox has: the tables of all topics, and other functions."""

from __future__ import annotations

from sqlglot import exp

from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.translation.builders import call, row, text
from logctl.local.athena.translation.collection_functions import COLLECTION_FUNCTIONS
from logctl.local.athena.translation.function_call import FunctionCall, Translations
from logctl.local.athena.translation.json_functions import JSON_FUNCTIONS
from logctl.local.athena.translation.number_functions import NUMBER_FUNCTIONS
from logctl.local.athena.translation.text_functions import TEXT_FUNCTIONS
from logctl.local.athena.translation.time_functions import TIME_FUNCTIONS
from logctl.local.athena.types import function_signatures as signatures


def translated(given: FunctionCall) -> exp.Expr:
    """Translate a call into DuckDB's SQL.

    Raises:
        QueryError: Athena has no such function.
        NotSupported: Athena has it, the sandbox does not.
    """
    if given.name in FUNCTIONS:
        translation = FUNCTIONS[given.name]
        return call(translation, *given.arguments) if isinstance(translation, str) else translation(given)
    if given.name in signatures.UNSUPPORTED:
        raise NotSupported(f"The function {given.name}")
    raise QueryError(f"FUNCTION_NOT_FOUND: line 1:1: Function '{given.name}' not registered")


# ── Aggregates and conditional functions ────────────────────────────────────────────────────────────


def _extreme(given: FunctionCall) -> exp.Expr:
    """Translate greatest and least, which are NULL if one argument is; DuckDB's ignore NULLs."""
    missing = exp.or_(*(exp.Is(this=item.copy(), expression=exp.null()) for item in given.arguments))
    return exp.Case(ifs=[exp.If(this=missing, true=exp.null())], default=call(given.name, *given.arguments))


def _if(given: FunctionCall) -> exp.Expr:
    condition, yes, *no = given.arguments
    return exp.Case(ifs=[exp.If(this=condition, true=yes)], default=no[0] if no else exp.null())


def _count(given: FunctionCall) -> exp.Expr:
    return exp.Count(this=given.arguments[0] if given.arguments else exp.Star())


def _approx_distinct(given: FunctionCall) -> exp.Expr:
    """Translate approx_distinct: exact here, with a standard error of 2.3 % in Athena."""
    return exp.Count(this=exp.Distinct(expressions=given.arguments[:1]))


def _approx_percentile(given: FunctionCall) -> exp.Expr:
    if len(given.arguments) > 2:
        raise NotSupported("approx_percentile with weights")
    return call("quantile_disc", *given.arguments)


def _typeof(given: FunctionCall) -> exp.Expr:
    kind = given.kinds[0]
    return text(kind.athena) if kind is not None else call("trino_typeof", *given.arguments)


_REMAINING: Translations = {
    "approx_distinct": _approx_distinct,
    "approx_percentile": _approx_percentile,
    "arbitrary": "any_value",
    "checksum": "trino_checksum",
    "coalesce": "coalesce",
    "count": _count,
    "every": "bool_and",
    "greatest": _extreme,
    "if": _if,
    "least": _extreme,
    "nullif": "nullif",
    "row": lambda given: row(given.arguments),
    "try": "try",
    "typeof": _typeof,
}
_SAME_IN_DUCKDB = {name: name for name in signatures.names() - signatures.UNSUPPORTED}
"""What no table translates: DuckDB has a function of the same name and meaning."""

FUNCTIONS: Translations = {
    **_SAME_IN_DUCKDB,
    **_REMAINING,
    **COLLECTION_FUNCTIONS,
    **JSON_FUNCTIONS,
    **NUMBER_FUNCTIONS,
    **TEXT_FUNCTIONS,
    **TIME_FUNCTIONS,
}
"""The functions of the sandbox's Athena."""
