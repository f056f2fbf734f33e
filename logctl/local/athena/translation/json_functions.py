"""Functions of JSON."""

from __future__ import annotations

import json
import re

from sqlglot import exp

from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.translation.builders import call, cast_to, text
from logctl.local.athena.translation.function_call import FunctionCall, Translations
from logctl.local.athena.types.sql_types import JSON, NUMBERS

_PATH = re.compile(r"\$?(\.\.?[\w*-]+|\.\"[^\"]*\"|\[\*\]|\[-?\d+\]|\[\"[^\"]*\"\]|\['[^']*'\])*\Z")
_NAMES_ONLY = re.compile(r"[\w-]+(\.[\w-]+)*")


def json_literal(value: str) -> exp.Expr:
    """Return a JSON value from its text, as Trino keeps it: keys sorted, no spaces.

    Raises:
        QueryError: the text is not JSON.
    """
    try:
        parsed = json.loads(value)
    except ValueError:
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '{value}'") from None
    kept = json.dumps(parsed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return cast_to(text(kept), JSON)


def _parse(given: FunctionCall) -> exp.Expr:
    literal = given.literal(0)
    return json_literal(literal) if literal is not None else call("trino_json_parse", *given.arguments)


def _by_path(given: FunctionCall) -> exp.Expr:
    document, path = given.arguments
    literal = given.literal(1)
    if literal is None:
        return call(f"trino_{given.name}", document, call("trino_json_path", path))
    if not _PATH.match(literal) and not _NAMES_ONLY.fullmatch(literal):
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '{literal}'")
    if "[*]" in literal or ".." in literal or ".*" in literal:
        if given.name == "json_extract_scalar":
            return exp.Null()
        if given.name == "json_extract":
            return call("to_json", call("json_extract", document, path))
        raise NotSupported(f"{given.name} with a path of several values")
    # DuckDB writes `$["a b"]` as `$."a b"`.
    plain = re.sub(r"""\[(?:"([^"]*)"|'([^']*)')\]""", lambda m: f'."{m[1] or m[2] or ""}"', literal)
    return call(f"trino_{given.name}", document, text(plain if plain.startswith("$") else f"$.{plain}"))


def _array_contains(given: FunctionCall) -> exp.Expr:
    wanted = {"varchar": "VARCHAR", "char": "VARCHAR", "boolean": "BOOLEAN"}.get(given.kind(1))
    if wanted is None and given.kind(1) not in NUMBERS:
        return call("trino_json_array_contains", *given.arguments)
    return call("trino_json_contains", *given.arguments, text(wanted or "NUMBER"))


JSON_FUNCTIONS: Translations = {
    "is_json_scalar": "trino_is_json_scalar",
    "json_array_contains": _array_contains,
    "json_array_length": "trino_json_array_length",
    "json_extract": _by_path,
    "json_extract_scalar": _by_path,
    "json_format": "trino_json_format",
    "json_parse": _parse,
    "json_size": _by_path,
}
