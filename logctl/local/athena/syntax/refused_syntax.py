"""Syntax of other SQL dialects, which sqlglot reads and Athena refuses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from logctl.local.athena.query_errors import InvalidRequest, QueryError

_FOREIGN_TYPES = frozenset(
    {"TEXT", "FLOAT", "STRING", "INT2", "INT4", "INT8", "FLOAT4", "FLOAT8", "HUGEINT", "DATETIME", "BLOB",
     "NUMBER", "BYTEA", "UTINYINT", "UINTEGER", "UBIGINT", "TIMESTAMPTZ", "BOOL", "LONG", "BINARY"}
)  # fmt: skip
_FOREIGN: dict[type[exp.Expr], str] = {
    exp.ILike: "ILIKE", exp.Glob: "GLOB", exp.SimilarTo: "SIMILAR", exp.Struct: "{", exp.Qualify: "QUALIFY",
    **dict.fromkeys((exp.BitwiseXor, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseNot, exp.Pow), "^"),
}  # fmt: skip
"""Expressions that Trino's grammar does not have, and the word in the error."""
_OWN_SYNTAX = ("JSON_VALUE", "JSON_QUERY", "JSON_EXISTS", "JSON_OBJECT", "JSON_ARRAY", "JSON_TABLE")


def unsupported_in(sql: str) -> str:
    """Find syntax that Athena has and the sandbox does not, in a statement that could not be read.

    Returns its name for an error message; empty if there is none.
    """
    words = [token.text.upper() for token in Trino.Tokenizer().tokenize(sql)]
    for word, following in pairwise(words):
        if word in _OWN_SYNTAX and following == "(":
            return f"The function {word.lower()}"
        if (word, following) == ("ON", "OVERFLOW"):
            return "ON OVERFLOW"
    return "MATCH_RECOGNIZE" if "MATCH_RECOGNIZE" in words else ""


def check(sql: str, tree: exp.Expr) -> None:
    """Check that a statement has only syntax that Trino has.

    Raises:
        InvalidRequest: it has other syntax; StartQueryExecution refuses it.
        QueryError: it names a type that Trino does not have.
    """
    _check_tokens(list(Trino.Tokenizer().tokenize(sql)), sql)
    for node in tree.walk():
        wrong = _wrong(node)
        if wrong:
            raise InvalidRequest(f"line 1:1: mismatched input '{wrong}'")


def _wrong(node: exp.Expr) -> str:
    """Return the word of an expression that Trino's grammar does not have; empty if there is none."""
    if type(node) in _FOREIGN:
        return _FOREIGN[type(node)]
    if isinstance(node, exp.Star) and any(node.args.get(key) for key in ("except_", "replace", "rename")):
        return "EXCLUDE"
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        return "ON"
    if isinstance(node, exp.Group) and node.args.get("all"):
        return "ALL"
    options = node.args.get("limit_options") if isinstance(node, exp.Limit | exp.Fetch) else None
    if options is not None and options.args.get("percent"):
        return "%"
    kind = str(node.args.get("kind") or "") if isinstance(node, exp.Join) else ""
    return kind if kind.upper() in ("SEMI", "ANTI", "ASOF", "POSITIONAL") else ""


def _check_tokens(tokens: Sequence[Any], sql: str) -> None:
    depth = 0
    limits: dict[int, bool] = {}
    casts: list[bool] = []
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        text = "" if token.token_type.name in ("STRING", "IDENTIFIER") else token.text.upper()
        source = sql[token.start : token.end + 1]
        if (
            source == "=="
            or text == "::"
            or (text == "=" and before and before.text == "=" and before.end + 1 == token.start)
        ):
            raise InvalidRequest(f"line {token.line}:{token.col}: mismatched input '{source}'")
        after_comma = before is not None and before.token_type.name == "COMMA"
        if after_comma and text in (")", "]", "FROM", "WHERE"):
            raise InvalidRequest(f"line {token.line}:{token.col}: mismatched input '{text}'")
        if text == "(":
            depth += 1
            casts.append(before is not None and before.text.upper() in ("CAST", "TRY_CAST"))
        elif text == ")":
            limits.pop(depth, None)
            depth -= 1
            if casts:
                casts.pop()
        elif text in ("UNION", "INTERSECT", "EXCEPT", "SELECT"):
            limits.pop(depth, None)
        elif text in ("LIMIT", "FETCH"):
            limits[depth] = True
        elif text == "OFFSET" and limits.get(depth):
            raise InvalidRequest(
                f"line {token.line}:{token.col}: mismatched input 'OFFSET'. Expecting: <EOF>"
            )
        in_cast = casts and casts[-1] and before is not None and before.text.upper() == "AS"
        if in_cast and text in _FOREIGN_TYPES:
            raise QueryError(f"TYPE_NOT_FOUND: line {token.line}:{token.col}: Unknown type: {text.lower()}")
