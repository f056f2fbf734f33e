"""Types before translation: what each name means, what each expression is, and what Trino refuses.

DuckDB converts between types where Trino does not. So a query is analysed as Trino would: names are resolved
in their scopes, each expression gets a type (`type_of`), and an operator or function whose arguments do not
fit fails. A type that is not known is None, and nothing is refused because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from logctl.local.athena.query_errors import NotHere, QueryError
from logctl.local.athena.syntax.refused_syntax import refuse_type
from logctl.local.athena.translation.functions import AGGREGATES, UNSUPPORTED
from logctl.local.athena.types import coercions as types
from logctl.local.athena.types import signatures
from logctl.local.athena.types.coercions import common, common_of
from logctl.local.athena.types.sql_types import Type, parse

_TYPE = "trino_type"
Known = Type | None


def type_of(node: exp.Expr) -> Known:
    """The type that the analysis found."""
    found = node.meta.get(_TYPE) if node._meta else None
    return found if isinstance(found, Type) else None


def set_type(node: exp.Expr, kind: Known) -> None:
    if kind is not None:
        node.meta[_TYPE] = kind


@dataclass(frozen=True)
class Field:
    """A column of a relation. `name` is empty where it has none."""

    name: str
    type: Known


Fields = Sequence[Field] | None
"""None where the columns of a relation are not known."""


@dataclass
class Scope:
    """What names mean at one place: the relations of a query, lambdas' parameters, and the scope around."""

    outer: Scope | None = None
    relations: list[tuple[str, Fields]] = field(default_factory=list)
    queries: dict[str, Fields] = field(default_factory=dict)
    parameters: dict[str, Known] = field(default_factory=dict)
    joined: dict[str, Known] = field(default_factory=dict)
    """Columns of USING, which are one."""

    @property
    def outside(self) -> Scope:
        """For a relation of FROM, which sees WITH queries and what is around, and not its neighbours."""
        return Scope(self.outer, queries=self.queries)

    def query(self, name: str) -> tuple[bool, Fields]:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.queries:
                return True, scope.queries[name]
            scope = scope.outer
        return False, None

    def find(self, table: str, name: str) -> tuple[bool, Known]:
        """Whether there is such a column, and its type.

        Raises:
            QueryError: there are several.
        """
        scope: Scope | None = self
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


def mismatch(text: str) -> QueryError:
    return QueryError(f"TYPE_MISMATCH: line 1:1: {text}")


def said(kind: Known) -> str:
    return kind.athena if kind is not None else "unknown"


@dataclass
class Analyzer:
    """Analyses one query in which views are expanded.

    Args:
        tables: columns of the tables by the names that stand for them in the tree.
        describe: columns of any other relation of that name; None when there is none.
    """

    tables: Mapping[str, Sequence[Field]]
    describe: Callable[[str], Fields] = lambda name: None

    # ── Queries ──

    def query(self, node: exp.Expr | None, outer: Scope | None = None) -> Fields:
        """The columns of a query; each expression in it gets its type.

        Raises:
            QueryError: as Athena refuses it.
        """
        scope = Scope(outer)
        if node is None:
            return None
        if outer is None and node.find(exp.MatchRecognize):
            raise NotHere("MATCH_RECOGNIZE")
        with_ = node.args.get("with_") or node.args.get("with")
        for cte in with_.expressions if with_ is not None else ():
            self._cte(cte, scope, recursive=bool(with_ is not None and with_.recursive))
        if isinstance(node, exp.Subquery | exp.Paren):
            return self.query(node.this, scope)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, scope)
        if isinstance(node, exp.Values):
            return self._values(node, scope)
        if isinstance(node, exp.Select):
            return self._select(node, scope)
        return None

    def _cte(self, cte: exp.Expr, scope: Scope, *, recursive: bool) -> None:
        name = cte.alias.lower()
        alias = cte.args.get("alias")
        columns = [column.name.lower() for column in alias.columns] if alias is not None else []
        if recursive and isinstance(cte.this, exp.SetOperation):
            scope.queries[name] = _renamed(self.query(cte.this.left, scope), columns)
        scope.queries[name] = _renamed(self.query(cte.this, scope), columns)

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> Fields:
        word = type(node).__name__.upper()
        left, right = self.query(node.left, scope), self.query(node.right, scope)
        if left is None or right is None:
            return left
        if len(left) != len(right):
            raise mismatch(f"{word} query has different number of fields: {len(left)}, {len(right)}")
        made = []
        for place, (one, other) in enumerate(zip(left, right, strict=True), 1):
            joined = common(one.type, other.type)
            if joined is None and one.type is not None and other.type is not None:
                raise mismatch(
                    f"column {place} in {word} query has incompatible types: {said(one.type)}, "
                    f"{said(other.type)}"
                )
            made.append(Field(one.name, joined))
        scope.relations = [("", made)]
        self._order(node, scope, made)
        return made

    def _values(self, node: exp.Values, scope: Scope) -> Fields:
        rows = [
            [
                self.expression(item, scope)
                for item in (row.expressions if isinstance(row, exp.Tuple) else [row])
            ]
            for row in node.expressions
        ]
        if len({len(row) for row in rows}) > 1:
            raise mismatch("Values rows have mismatched types")
        try:
            kinds = [common_of(column) for column in zip(*rows, strict=True)]
        except LookupError:
            raise mismatch(
                f"Values rows have mismatched types: row({', '.join(map(said, rows[0]))}) vs "
                f"row({', '.join(map(said, rows[-1]))})"
            ) from None
        alias = node.args.get("alias")
        names = [column.name.lower() for column in alias.columns] if alias is not None else []
        return _renamed([Field("", kind) for kind in kinds], names)

    def _select(self, node: exp.Select, scope: Scope) -> Fields:
        source = node.args.get("from_") or node.args.get("from")
        if source is not None:
            self._relation(source.this, scope)
        for join in node.args.get("joins") or ():
            self._join(join, scope)
        where = node.args.get("where")
        if where is not None:
            self._condition(where.this, scope, "WHERE clause must evaluate to a boolean")
            _no_aggregates(where.this, "WHERE clause")
        group = node.args.get("group")
        if group is not None:
            self._group(group, scope)
        having = node.args.get("having")
        if having is not None:
            self._condition(having.this, scope, "HAVING clause must evaluate to a boolean")
        for window in node.args.get("windows") or ():
            self._parts(window, scope)
        self._spell_out_star(node, scope)
        made: list[Field] | None = []
        for item in node.expressions:
            fields = self._item(item, scope)
            made = None if fields is None or made is None else [*made, *fields]
        self._order(node, scope, made)
        return made

    def _spell_out_star(self, node: exp.Select, scope: Scope) -> None:
        """`SELECT *` after USING: the columns that are one come first."""
        if not scope.joined or any(fields is None for _, fields in scope.relations):
            return
        items: list[exp.Expr] = []
        for item in node.expressions:
            if not isinstance(item, exp.Star):
                items.append(item)
                continue
            items += [exp.column(name, quoted=True) for name in scope.joined]
            items += [
                exp.column(part.name, table=alias, quoted=True)
                for alias, fields in scope.relations
                for part in fields or ()
                if part.name not in scope.joined and not part.name.startswith("$")
            ]
        node.set("expressions", items)

    def _item(self, item: exp.Expr, scope: Scope) -> Fields:
        if isinstance(item, exp.Star):
            return _everything(scope)
        if isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
            name = item.table.lower()
            for alias, fields in scope.relations:
                if alias == name:
                    return fields
            return None
        kind = self.expression(item, scope)
        inner = item.this if isinstance(item, exp.Alias) else item
        name = item.alias.lower() if isinstance(item, exp.Alias) else _name(inner)
        return [Field("" if name.startswith("_unnamed") else name, kind)]

    def _group(self, group: exp.Expr, scope: Scope) -> None:
        for item in _group_items(group):
            if isinstance(item, exp.Literal) and not item.is_string:
                continue
            self.expression(item, scope)

    def _order(self, node: exp.Expr, scope: Scope, made: Fields) -> None:
        order = node.args.get("order")
        if order is None:
            return
        inner = Scope(scope)
        # An output's name comes before a column's.
        for item in made or ():
            if item.name:
                inner.parameters[item.name] = item.type
        for item in order.expressions:
            self.expression(item.this if isinstance(item, exp.Ordered) else item, inner)

    # ── Relations ──

    def _relation(self, node: exp.Expr, scope: Scope) -> None:
        if isinstance(node, exp.Paren) or (
            isinstance(node, exp.Subquery) and not node.alias and _joins(node)
        ):
            self._relation(node.this, scope)
            for join in node.args.get("joins") or ():
                self._join(join, scope)
            return
        alias = node.args.get("alias")
        columns = [column.name.lower() for column in alias.columns] if alias is not None else []
        if isinstance(node, exp.Unnest) and isinstance(node.args.get("offset"), exp.Identifier):
            columns.append(node.args["offset"].name.lower())
        scope.relations.append((node.alias_or_name.lower(), _renamed(self._fields(node, scope), columns)))
        for join in node.args.get("joins") or ():
            self._join(join, scope)

    def _fields(self, node: exp.Expr, scope: Scope) -> Fields:
        if isinstance(node, exp.Table):
            if node.name in self.tables:
                return self.tables[node.name]
            there, fields = scope.query(node.name.lower())
            return fields if there else self.describe(node.name)
        if isinstance(node, exp.Subquery):
            return self.query(node.this, scope.outside)
        if isinstance(node, exp.Lateral):
            return self.query(node.this, scope)
        if isinstance(node, exp.Values):
            return self._values(node, scope)
        if isinstance(node, exp.Unnest):
            return self._unnest(node, scope)
        return None

    def _unnest(self, node: exp.Unnest, scope: Scope) -> Fields:
        made: list[Field] = []
        for item in node.expressions:
            kind = self.expression(item, scope)
            if kind is None:
                return None
            if kind.name == "array" and kind.arguments[0].name == "struct":
                part = kind.arguments[0]
                made += [Field(name, of) for name, of in zip(part.names, part.arguments, strict=True)]
            elif kind.name in ("array", "map"):
                made += [Field("", of) for of in kind.arguments]
            elif kind != types.UNKNOWN:
                raise mismatch(f"Cannot unnest type: {said(kind)}")
        if node.args.get("offset"):
            made.append(Field("", types.BIGINT))
        return made

    def _join(self, join: exp.Expr, scope: Scope) -> None:
        if (join.args.get("method") or "").upper() == "NATURAL":
            raise QueryError("NOT_SUPPORTED: line 1:1: Natural join not supported")
        self._relation(join.this, scope)
        on = join.args.get("on")
        if on is not None:
            self._condition(on, scope, "JOIN ON clause must evaluate to a boolean")
        for column in join.args.get("using") or ():
            self._using(column.name.lower(), scope)

    def _using(self, name: str, scope: Scope) -> None:
        *before, (_, last) = scope.relations
        left = [item for _, fields in before for item in fields or () if item.name == name]
        right = [item for item in last or () if item.name == name]
        if left and right:
            joined = common(left[0].type, right[0].type)
            if joined is None and left[0].type and right[0].type:
                raise mismatch(f"Cannot apply operator: {said(left[0].type)} = {said(right[0].type)}")
            scope.joined[name] = joined

    # ── Expressions ──

    def expression(self, node: exp.Expr, scope: Scope) -> Known:
        """The type of an expression, which it is given too."""
        kind = self._typed(node, scope)
        set_type(node, kind)
        return kind

    def _typed(self, node: exp.Expr, scope: Scope) -> Known:
        for family, rule in _RULES:
            if isinstance(node, family):
                return rule(self, node, scope)
        self._parts(node, scope)
        return None

    def _parts(self, node: exp.Expr, scope: Scope) -> list[Known]:
        return [
            self.expression(child, scope)
            for child in node.iter_expressions()
            if not isinstance(child, exp.Identifier | exp.DataType | exp.Var | exp.Star | exp.WindowSpec)
        ]

    def _condition(self, node: exp.Expr, scope: Scope, told: str) -> None:
        kind = self.expression(node, scope)
        if kind not in (None, types.BOOLEAN, types.UNKNOWN):
            raise mismatch(f"{told}: actual type {said(kind)}")

    def _column(self, node: exp.Expr, scope: Scope) -> Known:
        assert isinstance(node, exp.Column)
        parts = [part.name.lower() for part in node.parts]
        if len(parts) == 1 or isinstance(node.this, exp.Star):
            there, kind = scope.find("", parts[-1])
        else:
            there, kind = scope.find(parts[-2], parts[-1])
            if not there:
                return self._dereferenced(node, parts, scope)
            # `database.table.column`: the table's alias is enough, and knows no database.
            node.set("db", None)
            node.set("catalog", None)
        if not there:
            raise _no_column(".".join(parts))
        return kind

    def _dereferenced(self, node: exp.Column, parts: list[str], scope: Scope) -> Known:
        """`column.part` and `table.column.part`, of a row."""
        there, kind = scope.find("", parts[0])
        rest = parts[1:]
        if not there:
            there, kind = scope.find(parts[0], parts[1])
            rest = parts[2:]
        if not there:
            raise _no_column(".".join(parts))
        if parts[0] in scope.parameters:
            # A lambda's parameter: to DuckDB, what stands before a point is a table.
            made: exp.Expr = exp.column(parts[0])
            set_type(made, kind)
            for name in rest:
                made = exp.Dot(this=made, expression=exp.to_identifier(name))
                kind = _part(kind, name)
                set_type(made, kind)
            node.replace(made)
            return kind
        for name in rest:
            kind = _part(kind, name)
        return kind

    def _name_of_parameter(self, node: exp.Expr, scope: Scope) -> Known:
        there, kind = scope.find("", node.name.lower())
        if not there:
            raise _no_column(node.name)
        return kind

    def _comparison(self, node: exp.Expr, scope: Scope) -> Known:
        sides = node.this, node.expression
        left, right = (self.expression(side, scope) for side in sides)
        self._comparable(left, right, _SIGNS[type(node)])
        return types.BOOLEAN

    def _comparable(self, left: Known, right: Known, sign: str) -> None:
        if left is None or right is None:
            return
        joined = common(left, right)
        if joined is None or (sign in "<=>=" and sign != "=" and joined.name in ("map", "json")):
            raise mismatch(f"Cannot apply operator: {said(left)} {sign} {said(right)}")

    def _between(self, node: exp.Expr, scope: Scope) -> Known:
        kind = self.expression(node.this, scope)
        for bound in (node.args["low"], node.args["high"]):
            other = self.expression(bound, scope)
            if kind is not None and other is not None and common(kind, other) is None:
                raise mismatch(f"Cannot check if {said(kind)} is BETWEEN {said(other)}")
        return types.BOOLEAN

    def _in(self, node: exp.Expr, scope: Scope) -> Known:
        kind = self.expression(node.this, scope)
        query = node.args.get("query")
        listed = [item for item in node.expressions if not isinstance(item, exp.Query | exp.Values)]
        for item in node.expressions:
            if isinstance(item, exp.Query | exp.Values):
                query = item
        others = [self.expression(item, scope) for item in listed]
        if query is not None:
            fields = self.query(query, scope)
            if fields is not None and len(fields) == 1:
                others.append(fields[0].type)
        for other in others:
            if kind is not None and other is not None and common(kind, other) is None:
                told = "IN value and list items must be the same type"
                if query is not None:
                    told = "value and result of subquery must be of the same type for IN expression"
                raise mismatch(f"{told}: {said(kind)} vs {said(other)}")
        return types.BOOLEAN

    def _logical(self, node: exp.Expr, scope: Scope) -> Known:
        for side in node.iter_expressions():
            kind = self.expression(side, scope)
            if kind not in (None, types.BOOLEAN, types.UNKNOWN):
                raise mismatch(
                    "Value of logical expression or NOT must evaluate to a boolean (actual: "
                    + said(kind)
                    + ")"
                )
        return types.BOOLEAN

    def _like(self, node: exp.Expr, scope: Scope) -> Known:
        for side, what in ((node.this, "Left side"), (node.expression, "Pattern")):
            if isinstance(side, exp.Any | exp.All):
                raise NotHere("LIKE ANY")
            kind = self.expression(side, scope)
            if kind not in (None, types.UNKNOWN) and not types.is_text(kind):
                raise mismatch(f"{what} of LIKE expression must evaluate to a varchar (actual: {said(kind)})")
        return types.BOOLEAN

    def _escape(self, node: exp.Expr, scope: Scope) -> Known:
        self._parts(node, scope)
        return types.BOOLEAN

    def _arithmetic(self, node: exp.Expr, scope: Scope) -> Known:
        left, right = self.expression(node.this, scope), self.expression(node.expression, scope)
        if left is None or right is None:
            return None
        sign = _SIGNS[type(node)]
        found = types.arithmetic(sign, left, right)
        if found is None:
            raise mismatch(f"Cannot apply operator: {said(left)} {sign} {said(right)}")
        return found

    def _negative(self, node: exp.Expr, scope: Scope) -> Known:
        kind = self.expression(node.this, scope)
        spans = (types.INTERVAL, types.MONTHS, types.UNKNOWN)
        if kind is not None and not types.is_number(kind) and kind not in spans:
            raise mismatch(f"Cannot negate {said(kind)}")
        if isinstance(node.this, exp.Literal) and node.this.this == "9223372036854775808":
            return types.BIGINT
        return kind

    def _joined_text(self, node: exp.Expr, scope: Scope) -> Known:
        return self._resolved("concat", [node.this, node.expression], scope)

    def _case(self, node: exp.Expr, scope: Scope) -> Known:
        operand = node.args.get("this")
        subject = self.expression(operand, scope) if operand is not None else None
        results = []
        for branch in node.args["ifs"]:
            if operand is None:
                self._condition(branch.this, scope, "CASE WHEN clause must evaluate to a boolean")
            else:
                self._comparable(subject, self.expression(branch.this, scope), "=")
            results.append(self.expression(branch.args["true"], scope))
        default = node.args.get("default")
        if default is not None:
            results.append(self.expression(default, scope))
        return self._one(results, "All CASE results must be the same type")

    def _if(self, node: exp.Expr, scope: Scope) -> Known:
        self._condition(node.this, scope, "IF condition must evaluate to a boolean")
        branches = [node.args["true"], node.args.get("false")]
        kinds = [self.expression(branch, scope) for branch in branches if branch is not None]
        return self._one(kinds, "Result types for IF must be the same")

    def _one(self, kinds: Iterable[Known], told: str) -> Known:
        listed = list(kinds)
        try:
            return common_of(listed)
        except LookupError as pair:
            left, right = pair.args
            raise mismatch(f"{told}: {said(left)} vs {said(right)}") from None

    def _cast(self, node: exp.Expr, scope: Scope) -> Known:
        target = from_sqlglot(node.args["to"], node.this)
        if target is None:
            refuse_type(node.args["to"])
        kind = self.expression(node.this, scope)
        if node.meta.get("trino_literal") and target in (types.TIMESTAMP, types.ZONED):
            zone = zone_of_literal(str(node.this.this))
            return _zoned(zone) if zone else target
        if kind is not None and target is not None and not castable(kind, target):
            raise mismatch(f"Cannot cast {said(kind)} to {said(target)}")
        return target

    def _subscript(self, node: exp.Expr, scope: Scope) -> Known:
        kind = self.expression(node.this, scope)
        (index,) = node.expressions
        at = self.expression(index, scope)
        if kind is None:
            return None
        if kind.name == "array":
            if at is not None and not types.coerces(at, types.BIGINT):
                raise mismatch(f"Cannot use {said(at)} for subscript of {said(kind)}")
            return kind.arguments[0]  # type: ignore[no-any-return]
        if kind.name == "map":
            if at is not None and common(at, kind.arguments[0]) is None:
                raise mismatch(f"Cannot use {said(at)} for subscript of {said(kind)}")
            return kind.arguments[1]  # type: ignore[no-any-return]
        if kind.name == "struct" and isinstance(index, exp.Literal):
            place = int(index.this)
            return kind.arguments[place] if 0 <= place < len(kind.arguments) else None
        raise mismatch(f"Cannot use {said(at)} for subscript of {said(kind)}")

    def _dot(self, node: exp.Expr, scope: Scope) -> Known:
        return _part(self.expression(node.this, scope), node.expression.name.lower())

    def _array(self, node: exp.Expr, scope: Scope) -> Known:
        kind = self._one(
            (self.expression(item, scope) for item in node.expressions),
            "All ARRAY elements must be the same type",
        )
        return Type("array", (kind,)) if kind is not None else None

    def _row(self, node: exp.Expr, scope: Scope) -> Known:
        kinds = [self.expression(item, scope) for item in node.expressions]
        if any(kind is None for kind in kinds):
            return None
        return Type("struct", tuple(kinds), tuple(f"field{at}" for at in range(len(kinds))))

    def _subquery(self, node: exp.Expr, scope: Scope) -> Known:
        fields = self.query(node, scope)
        return fields[0].type if fields is not None and len(fields) == 1 else None

    def _quantified(self, node: exp.Expr, scope: Scope) -> Known:
        return self._subquery(node.this, scope)

    def _exists(self, node: exp.Expr, scope: Scope) -> Known:
        self.query(node.this, scope)
        return types.BOOLEAN

    def _inner(self, node: exp.Expr, scope: Scope) -> Known:
        """What has the type of what is in it, and other parts beside."""
        return self._parts(node, scope)[0]

    def _interval(self, node: exp.Expr, scope: Scope) -> Known:  # noqa: ARG002
        unit = node.args.get("unit")
        name = (
            (unit.this if isinstance(unit, exp.IntervalSpan) else unit).name.upper()
            if unit is not None
            else ""
        )
        return types.MONTHS if name.rstrip("S") in ("YEAR", "MONTH") else types.INTERVAL

    def _function(self, node: exp.Expr, scope: Scope) -> Known:
        name = str(node.this).lower()
        arguments = [_argument(item) for item in node.expressions]
        if name in AGGREGATES and not _is_windowed(node):
            for inner in node.find_all(exp.Anonymous):
                if inner is not node and str(inner.this).lower() in AGGREGATES and not _in_query(inner, node):
                    raise QueryError(
                        f"NESTED_AGGREGATION: line 1:1: Cannot nest aggregations inside aggregation '{name}'"
                    )
        if name == "count" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
            return types.BIGINT
        if name in ("coalesce", "greatest", "least"):
            kinds = [self.expression(item, scope) for item in arguments]
            return self._one(kinds, f"All {name.upper()} operands must be the same type")
        if name == "nullif":
            first, second = (self.expression(item, scope) for item in arguments)
            if first is not None and second is not None and common(first, second) is None:
                raise mismatch(f"Types are not comparable with NULLIF: {said(first)} vs {said(second)}")
            return first
        if name == "row":
            return self._row(node, scope)
        if name == "normalize":
            arguments = arguments[:1]
        if name == "try":
            return self.expression(arguments[0], scope)
        if not signatures.known(name):
            if name in UNSUPPORTED:
                raise NotHere(f"The function {name}")
            raise QueryError(f"FUNCTION_NOT_FOUND: line 1:1: Function '{name}' not registered")
        for item in node.expressions:
            if isinstance(item, exp.Order):
                self._parts_of_order(item, scope)
        return self._resolved(name, arguments, scope, node)

    def _parts_of_order(self, node: exp.Expr, scope: Scope) -> None:
        for item in node.expressions:
            self.expression(item.this if isinstance(item, exp.Ordered) else item, scope)

    def _resolved(
        self, name: str, arguments: Sequence[exp.Expr], scope: Scope, node: exp.Expr | None = None
    ) -> Known:
        given = [self._given(item, scope) for item in arguments]
        zoned = _zoned_result(name, arguments)
        chosen = signatures.resolve(name, given)
        if chosen is None:
            if name in UNSUPPORTED:
                return None
            shown = ", ".join(
                "function" if isinstance(item, signatures.Lambda) else said(item) for item in given
            )
            raise QueryError(
                f"FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters ({shown}) for function {name}. "
                f"Expected: {signatures.expected(name)}"
            )
        if node is not None:
            node.meta["trino_arguments"] = chosen.arguments
        return zoned or _of_decimals(name, given, chosen.result)

    def _given(self, item: exp.Expr, scope: Scope) -> signatures.Given:
        if isinstance(item, exp.Distinct):
            kinds = [self.expression(part, scope) for part in item.expressions]
            if len(kinds) > 1:
                raise QueryError(
                    "FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters for function with DISTINCT"
                )
            return kinds[0]
        if not isinstance(item, exp.Lambda):
            return self.expression(item, scope)
        names = [parameter.name.lower() for parameter in item.expressions]

        def body(kinds: Sequence[Known]) -> Known:
            inner = Scope(scope, parameters=dict(zip(names, kinds, strict=True)))
            return self.expression(item.this, inner)

        return signatures.Lambda(len(names), body)

    def _window(self, node: exp.Expr, scope: Scope) -> Known:
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
            self._parts_of_order(order, scope)
        return kind

    def _extract(self, node: exp.Expr, scope: Scope) -> Known:
        return self._resolved(node.this.name.lower(), [node.expression], scope)

    def _at_zone(self, node: exp.Expr, scope: Scope) -> Known:
        kind = self.expression(node.this, scope)
        self.expression(node.args["zone"], scope)
        zoned = _zoned(_literal_zone(node.args["zone"]))
        if kind is not None and kind.name not in ("timestamp", "timestamp with time zone", "unknown"):
            raise mismatch(
                f"Type of value must be a time or timestamp with or without time zone (actual {said(kind)})"
            )
        return zoned

    def _json_literal(self, node: exp.Expr, scope: Scope) -> Known:
        self._parts(node, scope)
        return types.JSON


# ── Small rules ─────────────────────────────────────────────────────────────────────────────────────


def _zoned(zone: str) -> Type:
    from logctl.local.athena.translation.conversions import zone_name

    name = zone_name(zone)
    return types.ZONED if name == "UTC" else Type(types.ZONED.name, (), (name,))


def zone_of_literal(text: str) -> str | None:
    from logctl.local.athena.translation.conversions import zone_of_literal as found

    return found(text)


def _literal_zone(node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise NotHere("A time zone that is not a literal")
    return str(node.this)


_ZONE_AT = {"at_timezone": 1, "with_timezone": 1, "from_unixtime": 1}


def _zoned_result(name: str, arguments: Sequence[exp.Expr]) -> Known:
    """The zoned type of a function that has a zone in its arguments."""
    if name in _ZONE_AT and len(arguments) > _ZONE_AT[name]:
        return _zoned(_literal_zone(arguments[_ZONE_AT[name]]))
    if name == "from_iso8601_timestamp" and isinstance(arguments[0], exp.Literal):
        text = str(arguments[0].this)
        offset = text[-6:]
        return _zoned(offset) if offset[:1] in "+-" and offset[3:4] == ":" and "T" in text else None
    return None


def _of_decimals(name: str, given: Sequence[signatures.Given], result: Known) -> Known:
    """Functions of a decimal that change its digits (Trino, MathFunctions)."""
    kind = given[0] if given else None
    if not isinstance(kind, Type) or kind.name != "decimal":
        return result
    precision, scale = kind.arguments
    if name in ("round", "ceil", "ceiling", "floor") and len(given) == 1:
        return Type("decimal", (min(types.MOST_DIGITS, precision - scale + min(scale, 1)), 0))
    if name == "truncate" and len(given) == 1:
        return Type("decimal", (max(1, precision - scale), 0))
    if name == "round":
        return Type("decimal", (min(types.MOST_DIGITS, precision + 1), scale))
    if name == "sign":
        return Type("decimal", (1, 0))
    return result


def _literal(analyzer: Analyzer, node: exp.Expr, scope: Scope) -> Known:  # noqa: ARG001
    text = str(node.this)
    if isinstance(node, exp.Literal) and node.is_string:
        return Type("varchar", (len(text),))
    if "e" in text.lower():
        return types.DOUBLE
    if "." in text:
        whole, _, fraction = text.partition(".")
        digits = max(1, len(whole.lstrip("0")) + len(fraction))
        return Type("decimal", (digits, len(fraction)))
    number = int(text)
    if number > 2**63:
        raise QueryError(f"INVALID_LITERAL: line 1:1: Invalid numeric literal: {text}")
    return types.INTEGER if number < 2**31 else types.BIGINT


def _fixed(kind: Known) -> Callable[[Analyzer, exp.Expr, Scope], Known]:
    def rule(analyzer: Analyzer, node: exp.Expr, scope: Scope) -> Known:
        analyzer._parts(node, scope)
        return kind

    return rule


def _text_function(name: str) -> Callable[[Analyzer, exp.Expr, Scope], Known]:
    """TRIM, SUBSTRING and POSITION, which have a syntax of their own."""

    def rule(analyzer: Analyzer, node: exp.Expr, scope: Scope) -> Known:
        arguments = [node.this, *(node.args[key] for key in _ARGUMENTS[name] if node.args.get(key))]
        return analyzer._resolved(name, arguments, scope)

    return rule


_ARGUMENTS = {"trim": ("expression",), "substr": ("start", "length"), "strpos": ("substr",)}
_SIGNS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "IS DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM", exp.Add: "+", exp.Sub: "-",
    exp.Mul: "*", exp.Div: "/", exp.Mod: "%",
}  # fmt: skip
Rule = Callable[[Analyzer, exp.Expr, Scope], Known]
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_RULES: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Rule], ...] = (
    (exp.Literal, _literal),
    (exp.Column, Analyzer._column),
    (exp.Identifier, Analyzer._name_of_parameter),
    (exp.Null, _fixed(types.UNKNOWN)),
    (exp.Boolean, _fixed(types.BOOLEAN)),
    (_COMPARISONS, Analyzer._comparison),
    ((exp.And, exp.Or, exp.Not), Analyzer._logical),
    (exp.Between, Analyzer._between),
    (exp.In, Analyzer._in),
    (exp.Like, Analyzer._like),
    (exp.Escape, Analyzer._escape),
    (exp.Is, _fixed(types.BOOLEAN)),
    ((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), Analyzer._arithmetic),
    (exp.Neg, Analyzer._negative),
    (exp.DPipe, Analyzer._joined_text),
    (exp.Case, Analyzer._case),
    (exp.If, Analyzer._if),
    ((exp.Cast, exp.TryCast), Analyzer._cast),
    (exp.Bracket, Analyzer._subscript),
    (exp.Dot, Analyzer._dot),
    (exp.Array, Analyzer._array),
    (exp.Tuple, Analyzer._row),
    (exp.Exists, Analyzer._exists),
    ((exp.Any, exp.All), Analyzer._quantified),
    ((exp.Subquery, exp.Query), Analyzer._subquery),
    (exp.Interval, Analyzer._interval),
    (exp.Window, Analyzer._window),
    (exp.Extract, Analyzer._extract),
    (exp.AtTimeZone, Analyzer._at_zone),
    (exp.ParseJSON, Analyzer._json_literal),
    (exp.Trim, _text_function("trim")),
    (exp.Substring, _text_function("substr")),
    (exp.StrPosition, _text_function("strpos")),
    ((exp.HexString, exp.ByteString), _fixed(types.BINARY)),
    (exp.UnicodeString, _fixed(types.VARCHAR)),
    (exp.CurrentDate, _fixed(types.DATE)),
    (exp.CurrentTimestamp, _fixed(types.ZONED)),
    (exp.Localtimestamp, _fixed(types.TIMESTAMP)),
    (exp.CurrentUser, _fixed(types.VARCHAR)),
    (exp.Anonymous, Analyzer._function),
    (
        (
            exp.Paren,
            exp.Alias,
            exp.Filter,
            exp.IgnoreNulls,
            exp.RespectNulls,
            exp.WithinGroup,
            exp.Ordered,
            exp.Where,
        ),
        Analyzer._inner,
    ),
)


def _renamed(fields: Fields, names: Sequence[str]) -> Fields:
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


def _everything(scope: Scope) -> Fields:
    if any(fields is None for _, fields in scope.relations):
        return None
    shown = [Field(name, kind) for name, kind in scope.joined.items()]
    return [
        *shown,
        *(
            item
            for _, fields in scope.relations
            for item in fields or ()
            if item.name not in scope.joined and not item.name.startswith("$")
        ),
    ]


def _group_items(group: exp.Expr) -> Iterable[exp.Expr]:
    listed = [*group.expressions]
    for name in ("grouping_sets", "rollup", "cube"):
        found = group.args.get(name)
        listed += found if isinstance(found, list) else []
    for item in listed:
        if isinstance(item, exp.Tuple | exp.Rollup | exp.Cube | exp.GroupingSets | exp.Paren):
            yield from _group_items(item) if item.expressions else [item.this] if item.this else []
        else:
            yield item


def _joins(node: exp.Expr) -> bool:
    return isinstance(node.this, exp.Table | exp.Subquery) and bool(node.this.args.get("joins"))


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Column):
        return node.name.lower()
    return node.expression.name.lower() if isinstance(node, exp.Dot) else ""


def _no_column(name: str) -> QueryError:
    return QueryError(
        f"COLUMN_NOT_FOUND: line 1:1: Column '{name}' cannot be resolved or requester is not authorized to "
        "access requested resources"
    )


def _part(kind: Known, name: str) -> Known:
    if kind is None:
        return None
    if kind.name != "struct":
        raise mismatch(f"Expression is not of type ROW: {said(kind)}")
    found = {part.lower(): of for part, of in zip(kind.names, kind.arguments, strict=True)}
    if name not in found:
        raise _no_column(name)
    return found[name]  # type: ignore[no-any-return]


def _argument(node: exp.Expr) -> exp.Expr:
    """Without the ORDER BY of an aggregate's argument."""
    return node.this if isinstance(node, exp.Order) else node


def _is_windowed(node: exp.Expr) -> bool:
    """Whether OVER makes an aggregate a window function, which may have aggregates in it."""
    call = node
    while isinstance(call.parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        call = call.parent
    return isinstance(call.parent, exp.Window) and call.parent.this is call


def _in_query(node: exp.Expr, above: exp.Expr) -> bool:
    parent = node.parent
    while parent is not None and parent is not above:
        if isinstance(parent, exp.Query | exp.Window):
            return True
        parent = parent.parent
    return False


def _no_aggregates(node: exp.Expr, where: str) -> None:
    for call in node.find_all(exp.Anonymous):
        if str(call.this).lower() in AGGREGATES and not _in_query(call, node):
            raise QueryError(
                f"EXPRESSION_NOT_SCALAR: line 1:1: {where} cannot contain aggregations, window functions or "
                "grouping operations"
            )


def from_sqlglot(target: exp.Expr, value: exp.Expr | None = None) -> Known:
    """The type that a CAST names; None for one that the sandbox does not know."""
    assert isinstance(target, exp.DataType)
    plain = target.this == exp.DType.DECIMAL and not target.expressions
    if plain and isinstance(value, exp.Literal) and value.is_string:
        whole, _, fraction = str(value.this).strip().lstrip("+-").partition(".")
        return Type("decimal", (max(1, len(whole.lstrip("0")) + len(fraction)), len(fraction)))
    try:
        return types.normal(parse(target.sql(dialect="trino").lower()))
    except ValueError:
        return None


_TIMES = ("date", "time", "timestamp", "timestamp with time zone")
_SCALARS = ("boolean", *types.INTEGERS, "decimal", "float", "double")


def castable(given: Type, target: Type) -> bool:
    """Whether Trino has a CAST from one to the other."""
    if types.UNKNOWN in (given, target) or given == target or common(given, target) is not None:
        return True
    pair = given.name, target.name
    if "json" in pair:
        other = target if given.name == "json" else given
        return _json_holds(other, from_json=given.name == "json")
    if target.name in ("varchar", "char"):
        return given.name in (
            *_SCALARS,
            *_TIMES,
            "varchar",
            "char",
            "interval",
            "interval year to month",
            "uuid",
        )
    if given.name in ("varchar", "char"):
        return target.name in (*_SCALARS, *_TIMES, "binary", "uuid", "ipaddress") and pair != (
            "char",
            "binary",
        )
    if given.name in _SCALARS:
        return target.name in _SCALARS
    if given.name in _TIMES:
        return target.name in _TIMES and pair not in (("date", "time"), ("time", "date"))
    if given.name == target.name and given.name in ("array", "map", "struct"):
        return len(given.arguments) == len(target.arguments) and all(
            castable(one, other) for one, other in zip(given.arguments, target.arguments, strict=True)
        )
    return False


def _json_holds(kind: Type, *, from_json: bool) -> bool:
    if kind.name == "map":
        return kind.arguments[0].name in ("varchar", *_SCALARS) and _json_holds(
            kind.arguments[1], from_json=from_json
        )
    if kind.name in ("array", "struct"):
        return all(_json_holds(part, from_json=from_json) for part in kind.arguments)
    allowed = (*_SCALARS, "varchar", "json", "unknown")
    return kind.name in (allowed if from_json else (*allowed, "date", "timestamp"))
