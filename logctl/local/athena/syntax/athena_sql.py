"""The parser of Athena's SQL: it binds parameters, and refuses syntax that Trino's grammar does not have.

Athena's engine version 3 is Trino. Functions are read by name and arguments alone: sqlglot's own idea of them
is not used, and what Trino does not have fails as it would there, even where DuckDB has a function of that
name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.tokens import TokenType  # type: ignore[attr-defined]

from logctl.local.athena.query_errors import InvalidRequest, NotSupported
from logctl.local.athena.storage.duckdb_sql import literal
from logctl.local.athena.syntax import refused_syntax

_WITH_OWN_SYNTAX = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "POSITION")
_TYPED_LITERALS = (
    exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.TIME, exp.DType.DECIMAL,
)  # fmt: skip


_LITERAL = "trino_literal"


def _typed_literal(parser: object, value: exp.Expr, target: exp.DataType) -> exp.Expr:  # noqa: ARG001
    """Return a literal such as `DATE '2026-01-31'` as a CAST with a mark: other rules hold for it."""
    made = exp.Cast(this=value, to=target)
    made.meta[_LITERAL] = True
    return made


def is_typed_literal(node: exp.Expr) -> bool:
    """Return whether a CAST was written as a literal that names its type."""
    return bool(node.meta.get(_LITERAL))


class AthenaSql(Trino):
    """Trino's SQL in which a function call is a name and its arguments, in the order that was written."""

    class Parser(Trino.Parser):  # type: ignore[misc,valid-type]
        FUNCTIONS: dict[str, object] = {}  # noqa: RUF012 - sqlglot's way
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser for name, parser in Trino.Parser.FUNCTION_PARSERS.items() if name in _WITH_OWN_SYNTAX
        }
        TYPE_LITERAL_PARSERS = {  # noqa: RUF012
            **Trino.Parser.TYPE_LITERAL_PARSERS,
            **dict.fromkeys(_TYPED_LITERALS, _typed_literal),
        }


def parse(sql: str) -> exp.Expr:
    """Read one query or DML statement.

    Raises:
        InvalidRequest: it cannot be read, or there are several; StartQueryExecution refuses it.
        NotSupported: it has syntax that Athena has and the sandbox does not.
    """
    try:
        statements = [tree for tree in sqlglot.parse(sql, read=AthenaSql) if tree is not None]
    except ParseError as problem:
        if what := refused_syntax.unsupported_in(sql):
            raise NotSupported(what) from None
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
    refused_syntax.check(sql, statements[0])
    _rank_ties(statements[0])
    return _values_as_queries(statements[0])


def _rank_ties(tree: exp.Expr) -> None:
    """Replace `FETCH FIRST n ROWS WITH TIES` by a condition on each row's rank."""
    for select in tree.find_all(exp.Query):
        fetch = select.args.get("limit")
        options = fetch.args.get("limit_options") if isinstance(fetch, exp.Fetch) else None
        if fetch is None or options is None or not options.args.get("with_ties"):
            continue
        order = select.args.get("order")
        if not isinstance(select, exp.Select) or order is None or select.args.get("offset"):
            raise NotSupported("WITH TIES here")
        if any(not isinstance(item.this, exp.Column) for item in order.expressions):
            raise NotSupported("WITH TIES by other than columns")
        rank = exp.Window(this=exp.Anonymous(this="rank"), order=order.copy(), over="OVER")
        count = fetch.args.get("count") or exp.Literal.number(1)
        select.set("qualify", exp.Qualify(this=exp.LTE(this=rank, expression=count.copy())))
        select.set("limit", None)


def _values_as_queries(tree: exp.Expr) -> exp.Expr:
    """Write `VALUES ROW(1, 2)` as `VALUES (1, 2)`, and VALUES as a query with `SELECT * FROM` before it."""
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
    """Replace each `?` by the parameter of its place (Amazon Athena User Guide, Use parameterized queries).

    A parameter is the text of an SQL literal; any other text is taken as a value of type varchar.

    Raises:
        InvalidRequest: there are more or fewer parameters than `?`.
    """
    try:
        # Without UNLOAD: sqlglot would take all that follows it for one string.
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
    """Return a parameter as a literal. Athena takes unquoted text: awswrangler's tests pass `Washington`."""
    try:
        value = sqlglot.parse_one(text, read=AthenaSql)
    except SqlglotError:
        value = None
    if value is None or value.find(exp.Query, exp.Table, exp.Column, exp.Command, exp.Anonymous):
        return literal(text)
    return value.sql(dialect="athena")
