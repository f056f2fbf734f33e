"""The types of expressions, and the operators whose operands Trino refuses.

One rule for each class of expression (`_RULES`). A rule finds the types of the expression's parts first;
where a type is not known, nothing is refused because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from logctl.local.athena.analysis.annotations import Known, cast_target, set_type
from logctl.local.athena.analysis.function_types import (
    call_type,
    function_type,
    literal_zone,
    one_type,
    order_by_types,
)
from logctl.local.athena.analysis.scopes import Fields, NameScope, column_not_found
from logctl.local.athena.analysis.type_errors import mismatch, shown
from logctl.local.athena.query_errors import NotSupported, QueryError
from logctl.local.athena.syntax.athena_sql import is_typed_literal
from logctl.local.athena.types import sql_types
from logctl.local.athena.types.coercions import arithmetic, castable, coerces, common
from logctl.local.athena.types.sql_types import Type, is_number, is_text, row_of
from logctl.local.athena.types.time_zones import zone_of_literal, zoned_type


class ExpressionTyper:
    """The typing of expressions: it writes their types on the tree.

    Args:
        query: finds the columns of a query inside an expression.
    """

    def __init__(self, query: Callable[[exp.Expr | None, NameScope], Fields]) -> None:
        self._query = query

    def expression(self, node: exp.Expr, scope: NameScope) -> Known:
        """Find the type of an expression and of all its parts.

        Raises:
            QueryError: Trino refuses it.
            NotSupported: Trino takes it, the sandbox does not.
        """
        for family, rule in _RULES:
            if isinstance(node, family):
                kind = rule(self, node, scope)
                set_type(node, kind)
                return kind
        self.parts(node, scope)
        return None

    def parts(self, node: exp.Expr, scope: NameScope) -> list[Known]:
        return [
            self.expression(child, scope)
            for child in node.iter_expressions()
            if not isinstance(child, exp.Identifier | exp.DataType | exp.Var | exp.Star | exp.WindowSpec)
        ]

    def condition(self, node: exp.Expr, scope: NameScope, problem: str) -> None:
        """Check that an expression is a condition; `problem` begins the message if it is not."""
        kind = self.expression(node, scope)
        if kind not in (None, sql_types.BOOLEAN, sql_types.UNKNOWN):
            raise mismatch(f"{problem}: actual type {shown(kind)}")

    # ── Names ──

    def _column(self, node: exp.Expr, scope: NameScope) -> Known:
        assert isinstance(node, exp.Column)
        parts = [part.name.lower() for part in node.parts]
        if len(parts) == 1 or isinstance(node.this, exp.Star):
            there, kind = scope.find("", parts[-1])
        else:
            there, kind = scope.find(parts[-2], parts[-1])
            if not there:
                return self._row_part(node, parts, scope)
            # `database.table.column`: the relation that DuckDB is given has an alias and no database.
            node.set("db", None)
            node.set("catalog", None)
        if not there:
            raise column_not_found(".".join(parts))
        return kind

    def _row_part(self, node: exp.Column, parts: list[str], scope: NameScope) -> Known:
        """Return the type of `column.part` or `table.column.part`, where the column is a row."""
        there, kind = scope.find("", parts[0])
        rest = parts[1:]
        if not there:
            there, kind = scope.find(parts[0], parts[1])
            rest = parts[2:]
        if not there:
            raise column_not_found(".".join(parts))
        made: exp.Expr = exp.column(parts[0])
        set_type(made, kind)
        for name in rest:
            made = exp.Dot(this=made, expression=exp.to_identifier(name))
            kind = _field_type(kind, name)
            set_type(made, kind)
        if parts[0] in scope.parameters:
            # A lambda's parameter: DuckDB would take the name before the point for a table's.
            node.replace(made)
        return kind

    def _parameter(self, node: exp.Expr, scope: NameScope) -> Known:
        there, kind = scope.find("", node.name.lower())
        if not there:
            raise column_not_found(node.name)
        return kind

    def _dot(self, node: exp.Expr, scope: NameScope) -> Known:
        return _field_type(self.expression(node.this, scope), node.expression.name.lower())

    # ── Conditions ──

    def _comparison(self, node: exp.Expr, scope: NameScope) -> Known:
        left, right = self.expression(node.this, scope), self.expression(node.expression, scope)
        _check_comparable(left, right, _SIGNS[type(node)])
        return sql_types.BOOLEAN

    def _between(self, node: exp.Expr, scope: NameScope) -> Known:
        kind = self.expression(node.this, scope)
        for bound in (node.args["low"], node.args["high"]):
            other = self.expression(bound, scope)
            if kind is not None and other is not None and common(kind, other) is None:
                raise mismatch(f"Cannot check if {shown(kind)} is BETWEEN {shown(other)}")
        return sql_types.BOOLEAN

    def _in(self, node: exp.Expr, scope: NameScope) -> Known:
        kind = self.expression(node.this, scope)
        queries = [item for item in node.expressions if isinstance(item, exp.Query | exp.Values)]
        query = queries[-1] if queries else node.args.get("query")
        others = [self.expression(item, scope) for item in node.expressions if item not in queries]
        if query is not None:
            fields = self._query(query, scope)
            if fields is not None and len(fields) == 1:
                others.append(fields[0].type)
        for other in others:
            if kind is not None and other is not None and common(kind, other) is None:
                problem = "IN value and list items must be the same type"
                if query is not None:
                    problem = "value and result of subquery must be of the same type for IN expression"
                raise mismatch(f"{problem}: {shown(kind)} vs {shown(other)}")
        return sql_types.BOOLEAN

    def _logical(self, node: exp.Expr, scope: NameScope) -> Known:
        for side in node.iter_expressions():
            kind = self.expression(side, scope)
            if kind not in (None, sql_types.BOOLEAN, sql_types.UNKNOWN):
                raise mismatch(
                    f"Value of logical expression or NOT must evaluate to a boolean (actual: {shown(kind)})"
                )
        return sql_types.BOOLEAN

    def _like(self, node: exp.Expr, scope: NameScope) -> Known:
        for side, what in ((node.this, "Left side"), (node.expression, "Pattern")):
            if isinstance(side, exp.Any | exp.All):
                raise NotSupported("LIKE ANY")
            kind = self.expression(side, scope)
            if kind not in (None, sql_types.UNKNOWN) and not is_text(kind):
                raise mismatch(
                    f"{what} of LIKE expression must evaluate to a varchar (actual: {shown(kind)})"
                )
        return sql_types.BOOLEAN

    def _exists(self, node: exp.Expr, scope: NameScope) -> Known:
        self._query(node.this, scope)
        return sql_types.BOOLEAN

    # ── Operators ──

    def _arithmetic(self, node: exp.Expr, scope: NameScope) -> Known:
        left, right = self.expression(node.this, scope), self.expression(node.expression, scope)
        if left is None or right is None:
            return None
        sign = _SIGNS[type(node)]
        found = arithmetic(sign, left, right)
        if found is None:
            raise mismatch(f"Cannot apply operator: {shown(left)} {sign} {shown(right)}")
        return found

    def _negative(self, node: exp.Expr, scope: NameScope) -> Known:
        kind = self.expression(node.this, scope)
        if (
            kind is not None
            and not is_number(kind)
            and kind not in (sql_types.INTERVAL, sql_types.MONTHS, sql_types.UNKNOWN)
        ):
            raise mismatch(f"Cannot negate {shown(kind)}")
        if isinstance(node.this, exp.Literal) and node.this.this == "9223372036854775808":
            return sql_types.BIGINT
        return kind

    def _concatenation(self, node: exp.Expr, scope: NameScope) -> Known:
        return call_type("concat", [node.this, node.expression], scope, self.expression)

    def _case(self, node: exp.Expr, scope: NameScope) -> Known:
        operand = node.args.get("this")
        subject = self.expression(operand, scope) if operand is not None else None
        results = []
        for branch in node.args["ifs"]:
            if operand is None:
                self.condition(branch.this, scope, "CASE WHEN clause must evaluate to a boolean")
            else:
                _check_comparable(subject, self.expression(branch.this, scope), "=")
            results.append(self.expression(branch.args["true"], scope))
        default = node.args.get("default")
        if default is not None:
            results.append(self.expression(default, scope))
        return one_type(results, "All CASE results must be the same type")

    def _if(self, node: exp.Expr, scope: NameScope) -> Known:
        self.condition(node.this, scope, "IF condition must evaluate to a boolean")
        branches = [node.args["true"], node.args.get("false")]
        kinds = [self.expression(branch, scope) for branch in branches if branch is not None]
        return one_type(kinds, "Result types for IF must be the same")

    def _cast(self, node: exp.Expr, scope: NameScope) -> Known:
        target = cast_target(node)
        if target is None:
            raise NotSupported(f"The type {node.args['to'].sql(dialect='trino').lower()}")
        kind = self.expression(node.this, scope)
        if is_typed_literal(node) and target in (sql_types.TIMESTAMP, sql_types.ZONED):
            zone = zone_of_literal(str(node.this.this))
            return zoned_type(zone) if zone else target
        if kind is not None and not castable(kind, target):
            raise mismatch(f"Cannot cast {shown(kind)} to {shown(target)}")
        return target

    def _at_zone(self, node: exp.Expr, scope: NameScope) -> Known:
        kind = self.expression(node.this, scope)
        self.expression(node.args["zone"], scope)
        zoned = zoned_type(literal_zone(node.args["zone"]))
        if kind is not None and kind.name not in ("timestamp", "timestamp with time zone", "unknown"):
            raise mismatch(
                f"Type of value must be a time or timestamp with or without time zone (actual {shown(kind)})"
            )
        return zoned

    def _subscript(self, node: exp.Expr, scope: NameScope) -> Known:
        kind = self.expression(node.this, scope)
        (index,) = node.expressions
        at = self.expression(index, scope)
        if kind is None:
            return None
        if kind.name == "struct" and isinstance(index, exp.Literal):
            place = int(index.this)
            return kind.arguments[place] if 0 <= place < len(kind.arguments) else None
        fits = (kind.name == "array" and coerces(at, sql_types.BIGINT)) or (
            kind.name == "map" and (at is None or common(at, kind.arguments[0]) is not None)
        )
        if not fits:
            raise mismatch(f"Cannot use {shown(at)} for subscript of {shown(kind)}")
        return kind.arguments[-1]  # type: ignore[no-any-return]

    # ── Literals and values ──

    def _literal(self, node: exp.Expr, scope: NameScope) -> Known:  # noqa: ARG002
        text = str(node.this)
        if isinstance(node, exp.Literal) and node.is_string:
            return Type("varchar", (len(text),))
        if "e" in text.lower():
            return sql_types.DOUBLE
        if "." in text:
            whole, _, fraction = text.partition(".")
            digits = max(1, len(whole.lstrip("0")) + len(fraction))
            return Type("decimal", (digits, len(fraction)))
        number = int(text)
        if number > 2**63:
            raise QueryError(f"INVALID_LITERAL: line 1:1: Invalid numeric literal: {text}")
        return sql_types.INTEGER if number < 2**31 else sql_types.BIGINT

    def _interval(self, node: exp.Expr, scope: NameScope) -> Known:  # noqa: ARG002
        unit = node.args.get("unit")
        unit = unit.this if isinstance(unit, exp.IntervalSpan) else unit
        name = unit.name.upper() if unit is not None else ""
        return sql_types.MONTHS if name.rstrip("S") in ("YEAR", "MONTH") else sql_types.INTERVAL

    def _array(self, node: exp.Expr, scope: NameScope) -> Known:
        kinds = [self.expression(item, scope) for item in node.expressions]
        kind = one_type(kinds, "All ARRAY elements must be the same type")
        return Type("array", (kind,)) if kind is not None else None

    def _row(self, node: exp.Expr, scope: NameScope) -> Known:
        return row_of([self.expression(item, scope) for item in node.expressions])

    def _subquery(self, node: exp.Expr, scope: NameScope) -> Known:
        fields = self._query(node, scope)
        return fields[0].type if fields is not None and len(fields) == 1 else None

    def _quantified(self, node: exp.Expr, scope: NameScope) -> Known:
        return self._subquery(node.this, scope)

    def _wrapper(self, node: exp.Expr, scope: NameScope) -> Known:
        """Return the type of an expression whose type is that of its first part."""
        return self.parts(node, scope)[0]

    # ── Functions ──

    def _function(self, node: exp.Expr, scope: NameScope) -> Known:
        return function_type(node, scope, self.expression)

    def _extract(self, node: exp.Expr, scope: NameScope) -> Known:
        return call_type(node.this.name.lower(), [node.expression], scope, self.expression)

    def _window(self, node: exp.Expr, scope: NameScope) -> Known:
        call = node.this
        kind = self.expression(call, scope)
        inner = call.this if isinstance(call, exp.IgnoreNulls | exp.RespectNulls | exp.Filter) else call
        if inner.find(exp.Distinct) and isinstance(inner, exp.Anonymous):
            raise QueryError(
                "NOT_SUPPORTED: line 1:1: DISTINCT in window function parameters not yet supported"
            )
        for item in node.args.get("partition_by") or ():
            self.expression(item, scope)
        order = node.args.get("order")
        if order is not None:
            order_by_types(order, scope, self.expression)
        return kind


Rule = Callable[[ExpressionTyper, exp.Expr, NameScope], Known]


def _fixed(kind: Type) -> Rule:
    def rule(typer: ExpressionTyper, node: exp.Expr, scope: NameScope) -> Known:
        typer.parts(node, scope)
        return kind

    return rule


def _with_own_syntax(name: str, *keys: str) -> Rule:
    """Return the rule for a function with a syntax of its own, such as `TRIM(LEADING FROM x)`.

    Args:
        name: the function's name.
        keys: where sqlglot keeps the arguments after the first one.
    """

    def rule(typer: ExpressionTyper, node: exp.Expr, scope: NameScope) -> Known:
        arguments = [node.this, *(node.args[key] for key in keys if node.args.get(key))]
        return call_type(name, arguments, scope, typer.expression)

    return rule


def _check_comparable(left: Known, right: Known, sign: str) -> None:
    if left is None or right is None:
        return
    joined = common(left, right)
    if joined is None or (sign in ("<", "<=", ">", ">=") and joined.name in ("map", "json")):
        raise mismatch(f"Cannot apply operator: {shown(left)} {sign} {shown(right)}")


def _field_type(kind: Known, name: str) -> Known:
    """Return the type of a row's field."""
    if kind is None:
        return None
    if kind.name != "struct":
        raise mismatch(f"Expression is not of type ROW: {shown(kind)}")
    found = {part.lower(): of for part, of in zip(kind.names, kind.arguments, strict=True)}
    if name not in found:
        raise column_not_found(name)
    return found[name]  # type: ignore[no-any-return]


_SIGNS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "IS DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM", exp.Add: "+", exp.Sub: "-",
    exp.Mul: "*", exp.Div: "/", exp.Mod: "%",
}  # fmt: skip
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_WRAPPERS = (
    exp.Paren, exp.Alias, exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup, exp.Ordered,
    exp.Where,
)  # fmt: skip
_RULES: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Rule], ...] = (
    (exp.Literal, ExpressionTyper._literal),
    (exp.Column, ExpressionTyper._column),
    (exp.Identifier, ExpressionTyper._parameter),
    (exp.Null, _fixed(sql_types.UNKNOWN)),
    (exp.Boolean, _fixed(sql_types.BOOLEAN)),
    (_COMPARISONS, ExpressionTyper._comparison),
    ((exp.And, exp.Or, exp.Not), ExpressionTyper._logical),
    (exp.Between, ExpressionTyper._between),
    (exp.In, ExpressionTyper._in),
    (exp.Like, ExpressionTyper._like),
    ((exp.Escape, exp.Is), _fixed(sql_types.BOOLEAN)),
    ((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), ExpressionTyper._arithmetic),
    (exp.Neg, ExpressionTyper._negative),
    (exp.DPipe, ExpressionTyper._concatenation),
    (exp.Case, ExpressionTyper._case),
    (exp.If, ExpressionTyper._if),
    ((exp.Cast, exp.TryCast), ExpressionTyper._cast),
    (exp.Bracket, ExpressionTyper._subscript),
    (exp.Dot, ExpressionTyper._dot),
    (exp.Array, ExpressionTyper._array),
    (exp.Tuple, ExpressionTyper._row),
    (exp.Exists, ExpressionTyper._exists),
    ((exp.Any, exp.All), ExpressionTyper._quantified),
    ((exp.Subquery, exp.Query), ExpressionTyper._subquery),
    (exp.Interval, ExpressionTyper._interval),
    (exp.Window, ExpressionTyper._window),
    (exp.Extract, ExpressionTyper._extract),
    (exp.AtTimeZone, ExpressionTyper._at_zone),
    (exp.ParseJSON, _fixed(sql_types.JSON)),
    (exp.Trim, _with_own_syntax("trim", "expression")),
    (exp.Substring, _with_own_syntax("substr", "start", "length")),
    (exp.StrPosition, _with_own_syntax("strpos", "substr")),
    ((exp.HexString, exp.ByteString), _fixed(sql_types.BINARY)),
    ((exp.UnicodeString, exp.CurrentUser), _fixed(sql_types.VARCHAR)),
    (exp.CurrentDate, _fixed(sql_types.DATE)),
    (exp.CurrentTimestamp, _fixed(sql_types.ZONED)),
    (exp.Localtimestamp, _fixed(sql_types.TIMESTAMP)),
    (exp.Anonymous, ExpressionTyper._function),
    (_WRAPPERS, ExpressionTyper._wrapper),
)
"""The first rule whose class fits is applied."""
