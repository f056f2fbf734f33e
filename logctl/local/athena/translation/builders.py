"""Small parts of DuckDB's SQL, as sqlglot expressions."""

from __future__ import annotations

import re

from sqlglot import exp

from logctl.local.athena.analysis.annotations import set_type
from logctl.local.athena.types.sql_types import Type
from logctl.local.athena.types.time_zones import zone_name


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Return a call of one of DuckDB's functions, or of a macro of `macros.py`."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def paren(value: exp.Expr) -> exp.Expr:
    return exp.Paren(this=value)


def cast_to(value: exp.Expr, kind: Type) -> exp.Expr:
    """Return a CAST in DuckDB's SQL, with DuckDB's own rules of conversion."""
    made = exp.Cast(this=value, to=data_type(kind))
    set_type(made, kind)
    return made


def data_type(kind: Type) -> exp.DataType:
    return exp.DataType.build(kind.duckdb, dialect="duckdb", udt=True)


def struct(**parts: exp.Expr) -> exp.Expr:
    """Return a struct of named fields."""
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=part) for name, part in parts.items()
        ]
    )


def row(parts: list[exp.Expr]) -> exp.Expr:
    """Return a row without field names, whose fields are `field0`, `field1` and so on."""
    return struct(**{f"field{place}": part for place, part in enumerate(parts)})


def row_field(value: exp.Expr, kind: Type, place: int) -> exp.Expr:
    """Return a row's field by its place, from 0."""
    return call("struct_extract", value, text(kind.names[place]))


def in_zone(moment: exp.Expr, zone: str) -> exp.Expr:
    """Return the local time in a zone at a moment (a TIMESTAMPTZ)."""
    offset = _minutes(zone)
    utc = call("timezone", text("UTC"), moment)
    if offset is None:
        return utc if zone == "UTC" else call("timezone", text(zone), moment)
    return paren(exp.Add(this=utc, expression=_interval(offset)))


def at_zone(local: exp.Expr, zone: str) -> exp.Expr:
    """Return the moment (a TIMESTAMPTZ) of a local time in a zone."""
    offset = _minutes(zone)
    if offset is None:
        return call("timezone", text(zone_name(zone)), local)
    return call("timezone", text("UTC"), paren(exp.Add(this=local, expression=_interval(-offset))))


def _minutes(zone: str) -> int | None:
    """Return the offset of a zone such as `+05:30`, in minutes; None for a zone that has a name."""
    found = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
    if found is None:
        return None
    return (1 if found[1] == "+" else -1) * (60 * int(found[2]) + int(found[3]))


def _interval(minutes: int) -> exp.Expr:
    return exp.Interval(this=text(str(minutes)), unit=exp.var("MINUTE"))
