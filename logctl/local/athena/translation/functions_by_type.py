"""Functions whose DuckDB expression depends on the types of their arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from logctl.local.athena.analysis.query_types import type_of
from logctl.local.athena.query_errors import NotHere, QueryError
from logctl.local.athena.translation.conversions import at_zone, cast_to, in_zone, json_text, zone_of
from logctl.local.athena.translation.functions import call
from logctl.local.athena.types import coercions as types
from logctl.local.athena.types.sql_types import Type

Kinds = Sequence[Type | None]
Rewrite = Callable[[list[exp.Expr], Kinds], exp.Expr | None]
"""None where the general rule will do."""


def _name(kinds: Kinds, at: int = 0) -> str:
    kind = kinds[at] if at < len(kinds) else None
    return kind.name if kind is not None else ""


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


# ── Numbers ──


def _round(whole: str, plain: str) -> Rewrite:
    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
        value, *places = arguments
        if _name(kinds) in types.INTEGERS:
            return call(whole, value, *places) if places else value
        if _name(kinds) == "decimal" and places and not isinstance(places[0], exp.Literal):
            raise NotHere(f"{plain} of a decimal to places that are not a literal")
        if plain == "trunc" and places:
            if _name(kinds) != "decimal":
                raise NotHere("truncate of a double to places")
            factor = cast_to(exp.Literal.string(str(10 ** int(places[0].this))), Type("decimal", (20, 0)))
            scaled = call("trunc", exp.Paren(this=exp.Mul(this=exp.Paren(this=value), expression=factor)))
            kind = kinds[0]
            assert kind is not None
            text = call("trino_point", cast_to(scaled, Type("hugeint")), places[0].copy())
            return cast_to(text, kind)
        return None

    return rewrite


def _same_for_whole(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    return arguments[0] if _name(kinds) in types.INTEGERS else None


def _sign(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    return cast_to(call("sign", *arguments), kinds[0]) if kinds[0] is not None else None


def _of_double(name: str) -> Rewrite:
    """Java gives NaN where DuckDB fails."""

    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr:  # noqa: ARG001
        value = cast_to(exp.Paren(this=arguments[0]), types.DOUBLE)
        negative = exp.LT(this=value.copy(), expression=_number(0))
        nan = cast_to(exp.Literal.string("nan"), types.DOUBLE)
        zero = exp.EQ(this=value.copy(), expression=_number(0))
        ifs = [exp.If(this=negative, true=nan)]
        if name != "sqrt":
            ifs.append(exp.If(this=zero, true=cast_to(exp.Literal.string("-inf"), types.DOUBLE)))
        return exp.Case(ifs=ifs, default=call(name, value))

    return rewrite


def _random(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    if not arguments:
        return None
    low, high = (_number(0), arguments[0]) if len(arguments) == 1 else arguments
    span = exp.Paren(this=exp.Sub(this=exp.Paren(this=high.copy()), expression=exp.Paren(this=low.copy())))
    scaled = call("floor", exp.Paren(this=exp.Mul(this=call("random"), expression=span)))
    return cast_to(exp.Paren(this=exp.Add(this=scaled, expression=exp.Paren(this=low.copy()))), types.BIGINT)


def _shift_right(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    bits = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}.get(_name(kinds))
    kind = kinds[0]
    if bits is None or kind is None:
        return None
    value = cast_to(exp.Paren(this=arguments[0]), Type("hugeint"))
    unsigned = call("trino_unsigned", value, _number(bits))
    return cast_to(call("trino_signed", call("trino_shifted", unsigned, arguments[1]), _number(bits)), kind)


def _shift_arithmetic(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    value = cast_to(exp.Paren(this=arguments[0]), types.DOUBLE)
    divided = exp.Div(this=value, expression=call("pow", _number(2), arguments[1]))
    return cast_to(call("floor", divided), types.BIGINT)


def _average(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    kind = kinds[0] if kinds else None
    if kind is not None and kind.name == "decimal" and kind.arguments[0] > 15:
        raise NotHere("The average of a decimal with more than 15 digits")
    return None


# ── Text and bytes ──


def _length(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    return call("octet_length", *arguments) if _name(kinds) == "binary" else None


def _refuse_bytes(name: str) -> Rewrite:
    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
        if _name(kinds) == "binary":
            raise NotHere(f"{name} of varbinary")
        return None

    return rewrite


def _substring(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    if _name(kinds) != "binary":
        return None
    value, start, *size = arguments
    first = exp.Paren(
        this=exp.Sub(this=exp.Mul(this=exp.Paren(this=start), expression=_number(2)), expression=_number(1))
    )
    sizes = [exp.Paren(this=exp.Mul(this=exp.Paren(this=item), expression=_number(2))) for item in size]
    return call("unhex", call("substr", call("hex", value), first, *sizes))


def _reverse(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    if _name(kinds) == "binary":
        return call("trino_reverse_bytes", *arguments)
    return (
        call("list_reverse" if _name(kinds) == "array" else "reverse", *arguments) if _name(kinds) else None
    )


def _replace(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    return call("replace", *arguments, exp.Literal.string("")) if len(arguments) == 2 else None


def _strpos(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    return call("trino_strpos", *arguments) if len(arguments) == 3 else None


def _concat_ws(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    if len(arguments) == 2 and _name(kinds, 1) == "array":
        return call("trino_array_join", arguments[1], arguments[0])
    return None


def _trim(name: str) -> Rewrite:
    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
        return call(name, arguments[0], _SPACES.copy()) if len(arguments) == 1 else None

    return rewrite


_SPACES = exp.DPipe(
    this=exp.DPipe(this=exp.Literal.string(" "), expression=call("chr", _number(9))),
    expression=exp.DPipe(
        this=exp.DPipe(this=call("chr", _number(10)), expression=call("chr", _number(11))),
        expression=exp.DPipe(this=call("chr", _number(12)), expression=call("chr", _number(13))),
    ),
)
_NOT_RE2 = re.compile(r"\(\?<?[=!]|\(\?>|\\[1-9]|[*+?}]\+|\\k<|\\G|&&")


def _pattern(at: int = 1) -> Rewrite:
    """What RE2 cannot do is said; a group is named otherwise there."""

    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
        pattern = arguments[at] if len(arguments) > at else None
        if isinstance(pattern, exp.Literal):
            text = str(pattern.this)
            if _NOT_RE2.search(re.sub(r"\\\\", "", text)):
                raise NotHere(
                    "A regular expression with look-around, back references or possessive quantifiers"
                )
            pattern.set("this", re.sub(r"\(\?<([A-Za-z])", r"(?P<\1", text))
        return None

    return rewrite


def _regexp_replace(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    _pattern()(arguments, kinds)
    if len(arguments) < 3:
        return None
    replacement = arguments[2]
    if isinstance(replacement, exp.Lambda):
        raise NotHere("regexp_replace with a lambda")
    if not isinstance(replacement, exp.Literal):
        return None
    names = (
        re.findall(r"\(\?P<(\w+)>|(\()(?!\?)", str(arguments[1].this))
        if isinstance(arguments[1], exp.Literal)
        else []
    )
    places = {name: at for at, (name, _) in enumerate(names, 1) if name}
    made, text, at = "", str(replacement.this), 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            made, at = made + ("\\\\" if text[at + 1] == "\\" else text[at + 1]), at + 2
        elif named := re.match(r"\$\{(\w+)\}", text[at:]):
            if named[1] not in places:
                raise QueryError(
                    f"INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: unknown group {{ {named[1]} }}"
                )
            made, at = f"{made}\\{places[named[1]]}", at + named.end()
        elif numbered := re.match(r"\$(\d)", text[at:]):
            made, at = f"{made}\\{numbered[1]}", at + 2
        elif text[at] == "$":
            raise QueryError("INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: " + text)
        else:
            made, at = made + text[at], at + 1
    return call(
        "regexp_replace", arguments[0], arguments[1], exp.Literal.string(made), exp.Literal.string("g")
    )


def _regexp_extract(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    _pattern()(arguments, kinds)
    if (
        len(arguments) == 3
        and isinstance(arguments[1], exp.Literal)
        and isinstance(arguments[2], exp.Literal)
    ):
        groups = len(re.findall(r"(?<!\\)\((?!\?)|\(\?P<", str(arguments[1].this)))
        if int(arguments[2].this) > groups:
            raise QueryError(
                f"INVALID_FUNCTION_ARGUMENT: Pattern has {groups} groups. Cannot access group "
                f"{arguments[2].this}"
            )
        if groups and re.search(r"\||\)[?*]", str(arguments[1].this)):
            # RE2 does not tell an empty group from one that took no part.
            return exp.Nullif(
                this=call("trino_regexp_extract", *arguments), expression=exp.Literal.string("")
            )
    return None


# ── JSON ──


def _json_parse(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    if isinstance(arguments[0], exp.Literal):
        return cast_to(exp.Literal.string(json_text(str(arguments[0].this))), types.JSON)
    return None


_PATH = re.compile(r"\$?(\.\.?[\w*-]+|\.\"[^\"]*\"|\[\*\]|\[-?\d+\]|\[\"[^\"]*\"\]|\['[^']*'\])*\Z")


def _json_path(name: str) -> Rewrite:
    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
        path = arguments[1]
        if not isinstance(path, exp.Literal):
            return call(f"trino_{name}", arguments[0], call("trino_json_path", path), *arguments[2:])
        text = str(path.this)
        if not _PATH.match(text) and not re.fullmatch(r"[\w-]+(\.[\w-]+)*", text):
            raise QueryError(f"INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '{text}'")
        if "[*]" in text or ".." in text or ".*" in text:
            if name == "json_extract_scalar":
                return exp.Null()
            if name == "json_extract":
                return call("to_json", call("json_extract", arguments[0], path))
            raise NotHere(f"{name} with a path of several values")
        return None

    return rewrite


def _json_contains(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    wanted = {"varchar": "VARCHAR", "char": "VARCHAR", "boolean": "BOOLEAN"}.get(_name(kinds, 1))
    if wanted is None and not types.is_number(kinds[1] or types.UNKNOWN):
        return None
    return call("trino_json_contains", *arguments, exp.Literal.string(wanted or "NUMBER"))


# ── Arrays and maps ──


def _element_at(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    return call("trino_array_element", *arguments) if _name(kinds) == "array" else None


def _concat(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    if "array" not in [kind.name for kind in kinds if kind is not None]:
        return None
    parts = [
        argument if _name(kinds, at) in ("array", "") else exp.Array(expressions=[argument])
        for at, argument in enumerate(arguments)
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=part, safe=False)
    return exp.Paren(this=joined)


def _sequence(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
    if _name(kinds) == "date":
        first, last = (cast_to(exp.Paren(this=item), types.TIMESTAMP) for item in arguments[:2])
        step = (
            arguments[2]
            if len(arguments) > 2
            else exp.Interval(this=exp.Literal.string("1"), unit=exp.var("DAY"))
        )
        return cast_to(call("generate_series", first, last, step), Type("array", (types.DATE,)))
    return (
        call("trino_stepped", *arguments) if len(arguments) == 3 and _name(kinds) in types.INTEGERS else None
    )


def _rows_of_entries(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    return call("trino_map_entries", *arguments)


def _zip(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    if len(arguments) == 2:
        return None
    pair = exp.column("pair")
    parts = [
        exp.PropertyEQ(
            this=exp.to_identifier(f"field{at}"),
            expression=exp.Bracket(this=pair.copy(), expressions=[_number(at + 1)], offset=1),
        )
        for at in range(len(arguments))
    ]
    step = exp.Lambda(this=exp.Struct(expressions=parts), expressions=[exp.to_identifier("pair")])
    return call("list_transform", call("list_zip", *arguments), step)


# ── Time ──


def _with_timezone(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
    return at_zone(arguments[0], str(arguments[1].this))


def _local(name: str, at: int) -> Rewrite:
    """Of a moment in another zone than UTC: the function of its local time, back in its zone."""

    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
        before = _BY_TYPE.get(name)
        kind = kinds[at] if at < len(kinds) else None
        if kind is None or kind.name != "timestamp with time zone" or zone_of(kind) == "UTC":
            return before(arguments, kinds) if before else None
        from logctl.local.athena.translation.date_functions import DATE_FUNCTIONS

        if name in ("format_datetime", "date_format", "to_iso8601"):
            raise NotHere(f"{name} of a time in another zone than UTC")
        zone = zone_of(kind)
        local = [*arguments]
        local[at] = in_zone(arguments[at], zone)
        made = DATE_FUNCTIONS[name](local)
        return at_zone(made, zone) if name in ("date_trunc", "date_add") else made

    return rewrite


def _keeps_date(name: str) -> Rewrite:
    """A date stays a date."""

    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:
        if (kinds[-1] or types.UNKNOWN) != types.DATE:
            return None
        unit = str(arguments[0].this).lower() if isinstance(arguments[0], exp.Literal) else ""
        if unit in ("hour", "minute", "second", "millisecond"):
            raise QueryError(f"INVALID_FUNCTION_ARGUMENT: '{unit}' is not a valid DATE field")
        from logctl.local.athena.translation.date_functions import DATE_FUNCTIONS

        return cast_to(DATE_FUNCTIONS[name](arguments), types.DATE)

    return rewrite


def _part_of_interval(name: str) -> Rewrite:
    def rewrite(arguments: list[exp.Expr], kinds: Kinds) -> exp.Expr | None:  # noqa: ARG001
        if kinds[0] not in (types.INTERVAL, types.MONTHS):
            return None
        raise NotHere(f"{name} of an interval")

    return rewrite


def typeof(argument: exp.Expr) -> exp.Expr | None:
    kind = type_of(argument)
    return exp.Literal.string(kind.athena) if kind is not None else None


_BY_TYPE: Mapping[str, Rewrite] = {
    "avg": _average,
    "bitwise_right_shift": _shift_right,
    "bitwise_right_shift_arithmetic": _shift_arithmetic,
    "ceil": _same_for_whole,
    "ceiling": _same_for_whole,
    "concat": _concat,
    "concat_ws": _concat_ws,
    "date_add": _keeps_date("date_add"),
    "date_trunc": _keeps_date("date_trunc"),
    "day": _part_of_interval("day"),
    "element_at": _element_at,
    "floor": _same_for_whole,
    "hour": _part_of_interval("hour"),
    "json_array_contains": _json_contains,
    "json_extract": _json_path("json_extract"),
    "json_extract_scalar": _json_path("json_extract_scalar"),
    "json_parse": _json_parse,
    "json_size": _json_path("json_size"),
    "length": _length,
    "ln": _of_double("ln"),
    "log10": _of_double("log10"),
    "log2": _of_double("log2"),
    "lpad": _refuse_bytes("lpad"),
    "ltrim": _trim("ltrim"),
    "map_entries": _rows_of_entries,
    "minute": _part_of_interval("minute"),
    "month": _part_of_interval("month"),
    "rand": _random,
    "random": _random,
    "regexp_count": _pattern(),
    "regexp_extract": _regexp_extract,
    "regexp_extract_all": _pattern(),
    "regexp_like": _pattern(),
    "regexp_replace": _regexp_replace,
    "regexp_split": _pattern(),
    "replace": _replace,
    "reverse": _reverse,
    "round": _round("trino_round_whole", "round"),
    "rpad": _refuse_bytes("rpad"),
    "rtrim": _trim("rtrim"),
    "second": _part_of_interval("second"),
    "sequence": _sequence,
    "sign": _sign,
    "sqrt": _of_double("sqrt"),
    "strpos": _strpos,
    "substr": _substring,
    "substring": _substring,
    "trim": _trim("trim"),
    "with_timezone": _with_timezone,
    "truncate": _round("trino_truncate_whole", "trunc"),
    "year": _part_of_interval("year"),
    "zip": _zip,
}

_LOCAL = (
    "year", "month", "day", "day_of_month", "hour", "minute", "week", "week_of_year", "quarter",
    "day_of_week", "dow", "day_of_year", "doy", "year_of_week", "yow", "last_day_of_month", "date",
    "to_iso8601", "format_datetime", "date_format",
)  # fmt: skip
TYPED: Mapping[str, Rewrite] = {
    **_BY_TYPE,
    **{name: _local(name, 0) for name in _LOCAL},
    "date_trunc": _local("date_trunc", 1),
    "date_add": _local("date_add", 2),
}
