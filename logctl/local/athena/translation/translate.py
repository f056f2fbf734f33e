"""Athena's SQL as DuckDB's, with the results that Trino's documentation gives.

Athena engine version 3 is Trino. Functions are read by name alone (sqlglot's own idea of them is not used),
and looked up in `functions.FUNCTIONS`: what Trino does not have fails as it would there, even where DuckDB
has something of that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp
from sqlglot.dialects.trino import Trino

from logctl.local.athena.analysis.query_types import set_type, type_of
from logctl.local.athena.query_errors import NotHere, QueryError
from logctl.local.athena.translation import conversions as typed
from logctl.local.athena.translation import functions_by_type as typed_functions
from logctl.local.athena.translation import unnest as unnesting
from logctl.local.athena.translation.date_functions import DATE_FUNCTIONS
from logctl.local.athena.translation.functions import AGGREGATES, FUNCTIONS, UNSUPPORTED, WINDOW_ONLY
from logctl.local.athena.translation.lambda_functions import LAMBDA_FUNCTIONS
from logctl.local.athena.types.coercions import is_number
from logctl.local.athena.types.sql_types import Type

_SYNTAX = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "POSITION")


_LITERALS = (exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.TIME, exp.DType.DECIMAL)


def _typed_literal(parser: object, value: exp.Expr, target: exp.DataType) -> exp.Expr:  # noqa: ARG001
    """`DATE '2026-01-31'`, to be told from a CAST."""
    made = exp.Cast(this=value, to=target)
    made.meta[typed.LITERAL] = True
    return made


class AthenaSql(Trino):
    """Trino's SQL in which a function is its name and its arguments, in the order that they were written."""

    class Parser(Trino.Parser):  # type: ignore[misc,valid-type]
        FUNCTIONS: dict[str, object] = {}  # noqa: RUF012 - sqlglot's way
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser for name, parser in Trino.Parser.FUNCTION_PARSERS.items() if name in _SYNTAX
        }
        TYPE_LITERAL_PARSERS = {  # noqa: RUF012
            **Trino.Parser.TYPE_LITERAL_PARSERS,
            **dict.fromkeys(_LITERALS, _typed_literal),
        }


def to_duckdb(tree: exp.Expr) -> str:
    """DuckDB's SQL for an Athena query, or for one of its conditions. The tree is left as it is.

    Raises:
        QueryError: a function that Athena does not have.
        NotHere: one that Athena has and the sandbox has not.
    """
    root = exp.Paren(this=tree.copy())
    # From the leaves up: what a function is rewritten into holds arguments that are rewritten already.
    for node in list(reversed(list(root.walk(bfs=True)))):
        rewrite = _REWRITES.get(type(node))
        kind = type_of(node)
        replacement = rewrite(node) if rewrite is not None else node
        if kind is not None and _needs_its_type(node, kind):
            replacement = typed.cast_to(replacement.copy(), kind)
        if replacement is not node:
            if kind is not None:
                set_type(replacement, kind)
            node.replace(replacement)
    return root.this.sql(dialect="duckdb", comments=False)  # type: ignore[no-any-return]


_CALLS = (exp.Filter, exp.Window, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)


def _needs_its_type(node: exp.Expr, kind: Type) -> bool:
    """Whether a call may give another type of number in DuckDB. An aggregate is whole with its FILTER and
    OVER only."""
    if not isinstance(node, exp.Anonymous | exp.Window | exp.Filter | exp.IgnoreNulls):
        return False
    if isinstance(node.parent, _CALLS) and node.parent.this is node:
        return False
    call = node
    while isinstance(call, _CALLS):
        call = call.this
    return is_number(kind) and isinstance(call, exp.Anonymous | exp.Func) and str(call.this).lower() != "try"


def is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in AGGREGATES


def _function(node: exp.Expr) -> exp.Expr:
    assert isinstance(node, exp.Anonymous)
    name = str(node.this).lower()
    arguments: list[exp.Expr] = list(node.expressions)
    if name == "typeof" and (known := typed_functions.typeof(arguments[0])) is not None:
        return known
    if name in typed_functions.TYPED:
        # Kept from the analysis: an argument that was rewritten has the same type.
        made = typed_functions.TYPED[name](arguments, [type_of(item) for item in arguments])
        if made is not None:
            return made
    if name in LAMBDA_FUNCTIONS:
        return LAMBDA_FUNCTIONS[name](arguments)
    if name in DATE_FUNCTIONS:
        return DATE_FUNCTIONS[name](arguments)
    if name in FUNCTIONS:
        general = FUNCTIONS[name]
        if callable(general):
            return general(arguments)
        node.set("this", general)
        return node
    if name in UNSUPPORTED:
        raise NotHere(f"The function {name}")
    raise QueryError(f"FUNCTION_NOT_FOUND: line 1:1: Function '{name}' not registered")


def _cast(node: exp.Expr) -> exp.Expr:
    made = typed.cast(node)
    if made is not None:
        return made
    target = node.args["to"]
    value = node.this
    kind = target.this
    if kind == exp.DType.DECIMAL and not target.expressions and isinstance(value, exp.Literal):
        whole, _, fraction = str(value.this).lstrip("+-").partition(".")
        digits = max(1, len(whole.lstrip("0")) + len(fraction))
        target.set(
            "expressions",
            [exp.DataTypeParam(this=exp.Literal.number(n)) for n in (digits, len(fraction))],
        )
        return node
    if kind == exp.DType.DECIMAL and not target.expressions:
        target.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(n)) for n in (38, 0)])
    for part in target.find_all(exp.DataType):
        # DuckDB would give TIMESTAMP(3) another type; Athena's have milliseconds anyway.
        if part.this in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.TIME):
            part.set("expressions", None)
    for part in target.find_all(exp.ColumnDef):
        part.set("this", exp.to_identifier(part.name.lower()))
    if kind in (exp.DType.STRUCT, exp.DType.ARRAY) and isinstance(value, exp.Struct | exp.Array):
        return _named(value, target)
    if kind == exp.DType.JSON:
        return exp.Anonymous(this="to_json", expressions=[value])
    if kind == exp.DType.TIMESTAMP and isinstance(value, exp.Literal) and _has_zone(str(value.this)):
        target.set("this", exp.DType.TIMESTAMPTZ)
    if kind in (exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.CHAR):
        return _cast_to_text(node, value)
    return node


def _named(value: exp.Expr, target: exp.DataType) -> exp.Expr:
    """`CAST(ROW(1, 'a') AS ROW(x integer, y varchar))`: fields fit by position, at any depth."""
    if isinstance(value, exp.Struct) and target.this == exp.DType.STRUCT:
        pairs = [
            exp.PropertyEQ(
                this=exp.to_identifier(wanted.name), expression=_named(pair.expression, wanted.args["kind"])
            )
            for pair, wanted in zip(value.expressions, target.expressions, strict=True)
        ]
        return exp.Struct(expressions=pairs)
    if isinstance(value, exp.Array) and target.this == exp.DType.ARRAY:
        (item,) = target.expressions
        return exp.Array(expressions=[_named(part, item) for part in value.expressions])
    return exp.Cast(this=value.copy(), to=target.copy())


def _has_zone(text: str) -> bool:
    return bool(re.search(r"\d\s*(?:Z|UTC|[A-Z][a-z]+/\w+|[+-]\d\d:\d\d)\Z", text))


def _cast_to_text(node: exp.Expr, value: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.TryCast):
        return node
    if isinstance(value, exp.Anonymous) and str(value.this).lower() in _GIVES_JSON:
        return exp.Anonymous(this="json_extract_string", expressions=[value, exp.Literal.string("$")])
    length = node.args["to"].expressions
    text: exp.Expr = exp.Anonymous(this="trino_text", expressions=[value])
    if length:
        # VARCHAR(n) cuts.
        text = exp.Anonymous(this="left", expressions=[text, length[0].this])
    return text


_GIVES_JSON = ("trino_json_extract", "to_json", "trino_json_parse", "json_extract")


def _extract(node: exp.Expr) -> exp.Expr:
    return _function(exp.Anonymous(this=str(node.this.name).lower(), expressions=[node.expression]))


def _ignore_nulls(node: exp.Expr) -> exp.Expr:
    """Window functions as sqlglot knows them, so that IGNORE NULLS lands inside the call."""
    call = node.this
    name = str(call.this).lower()
    classes: dict[str, type[exp.Expr]] = {
        "lag": exp.Lag, "lead": exp.Lead, "first_value": exp.FirstValue, "last_value": exp.LastValue,
        "nth_value": exp.NthValue,
    }  # fmt: skip
    if name not in classes:
        return node
    arguments = dict(zip(("this", "offset", "default"), call.expressions, strict=False))
    node.set("this", classes[name](**arguments))
    return node


def _within_group(node: exp.Expr) -> exp.Expr:
    """`listagg(x, ',') WITHIN GROUP (ORDER BY y)`."""
    call, order = node.this, node.expression
    first, *rest = call.expressions
    ordered = exp.Order(this=first, expressions=order.expressions)
    separator = rest[0] if rest else exp.Literal.string("")
    return exp.GroupConcat(this=ordered, separator=separator)


def _concat(node: exp.Expr) -> exp.Expr:
    node.set("safe", False)
    sides = [node.this.copy(), node.expression.copy()]
    made = typed_functions.TYPED["concat"](sides, [type_of(side) for side in sides])
    return node if made is None else made


def _tuple(node: exp.Expr) -> exp.Expr:
    """A row, where it is a value."""
    if isinstance(node.parent, exp.Select | exp.Alias | exp.Array | exp.Lambda | exp.Anonymous | exp.Cast):
        return FUNCTIONS["row"](list(node.expressions))  # type: ignore[operator]
    return node


def _dot(node: exp.Expr) -> exp.Expr:
    kind = type_of(node.this)
    if kind is None or kind.name != "struct":
        return node
    at = [name.lower() for name in kind.names].index(node.expression.name.lower())
    return typed.field(node.this.copy(), kind, at)


def _json_literal(node: exp.Expr) -> exp.Expr:
    if not isinstance(node.this, exp.Literal):
        return node
    return typed.cast_to(exp.Literal.string(typed.json_text(str(node.this.this))), Type("json"))


def _trim(node: exp.Expr) -> exp.Expr:
    if node.args.get("expression"):
        return node
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get((node.args.get("position") or "").upper(), "trim")
    return typed_functions.TYPED[name]([node.this.copy()], []) or node


def _substring(node: exp.Expr) -> exp.Expr:
    arguments = [node.args[key].copy() for key in ("this", "start", "length") if node.args.get(key)]
    made = typed_functions.TYPED["substr"](arguments, [type_of(item) for item in arguments])
    return made or exp.Anonymous(this="trino_substr", expressions=arguments)


def _at_time_zone(node: exp.Expr) -> exp.Expr:
    """The moment stays; its zone is in its type."""
    return typed.cast_to(exp.Paren(this=node.this.copy()), Type("timestamp with time zone"))


def _no_apply(what: str) -> Callable[[exp.Expr], exp.Expr]:
    def refuse(node: exp.Expr) -> exp.Expr:  # noqa: ARG001
        raise NotHere(what)

    return refuse


_REWRITES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Anonymous: _function,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), typed.arithmetic),
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ), typed.comparison
    ),
    exp.Bracket: typed.subscript,
    exp.Interval: typed.interval,
    exp.Extract: _extract,
    exp.IgnoreNulls: _ignore_nulls,
    exp.WithinGroup: _within_group,
    exp.DPipe: _concat,
    exp.Tuple: _tuple,
    exp.Unnest: unnesting.rewritten,
    exp.Dot: _dot,
    exp.ParseJSON: _json_literal,
    exp.Trim: _trim,
    exp.Substring: _substring,
    exp.AtTimeZone: _at_time_zone,
    exp.MatchRecognize: _no_apply("MATCH_RECOGNIZE"),
}


def function_names() -> Sequence[str]:
    """The functions that the sandbox's Athena has."""
    return sorted({*FUNCTIONS, *LAMBDA_FUNCTIONS, *DATE_FUNCTIONS} | WINDOW_ONLY)
