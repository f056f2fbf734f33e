"""Values as text, as result files have them (Amazon Athena User Guide, Work with query results)."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from logctl.local.athena.types.sql_types import Type


def writer(kind: Type) -> Callable[[Any], str | None]:
    """Return a function that writes a column's values, as DuckDB's driver gives them; None for NULL."""

    def write(value: Any) -> str | None:
        return None if value is None else _text(value, kind)

    return write


def _text(value: Any, kind: Type) -> str:
    if value is None:
        return "null"
    match kind.name:
        case "boolean":
            return "true" if value else "false"
        case "double" | "float":
            return _floating(float(value), single=kind.name == "float")
        case "decimal":
            return format(Decimal(value), "f")
        case "timestamp":
            return _moment(value)
        case "timestamp with time zone":
            return f"{_moment(value)} {kind.names[0] if kind.names else 'UTC'}"
        case "time":
            return value.isoformat(timespec="milliseconds") if isinstance(value, time) else str(value)
        case "binary":
            return " ".join(f"{byte:02x}" for byte in value)
        case "array":
            return "[" + ", ".join(_text(item, kind.arguments[0]) for item in value) + "]"
        case "map":
            return (
                "{"
                + ", ".join(
                    f"{_text(k, kind.arguments[0])}={_text(v, kind.arguments[1])}" for k, v in _entries(value)
                )
                + "}"
            )
        case "struct":
            parts = zip(kind.names, kind.arguments, strict=True)
            return "{" + ", ".join(f"{name}={_text(value[name], part)}" for name, part in parts) + "}"
        case "interval year to month":
            years, months = divmod(abs(value), 12)
            return f"{'-' if value < 0 else ''}{years}-{months}"
        case "interval":
            return _interval(value)
        case _:
            return value if isinstance(value, str) else str(value)


def _entries(value: Any) -> Any:
    """Return a map's entries; where no dictionary can have the keys, the driver gives two lists."""
    if set(value) == {"key", "value"} and isinstance(value["key"], list):
        return zip(value["key"], value["value"], strict=True)
    return value.items()


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    if isinstance(value, date):
        return f"{value.isoformat()} 00:00:00.000"
    return str(value)


def _interval(value: Any) -> str:
    if not isinstance(value, timedelta):
        return str(value)
    seconds, rest = divmod(value.seconds, 60)
    hours, minutes = divmod(seconds, 60)
    return f"{value.days} {hours:02d}:{minutes:02d}:{rest:02d}.{value.microseconds // 1000:03d}"


def _floating(value: float, *, single: bool) -> str:
    """Write a number as Java's Double.toString does: with an exponent below 10^-3 and from 10^7 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    digits = f"{value:.9g}" if single and float(f"{value:.7g}") != value else repr(value)
    if single:
        import struct

        for places in range(1, 10):
            digits = f"{value:.{places}g}"
            if struct.pack("f", float(digits)) == struct.pack("f", value):
                break
    number = Decimal(digits)
    if Decimal("1e-3") <= abs(number) < Decimal("1e7"):
        plain = format(number, "f")
        return plain if "." in plain else f"{plain}.0"
    sign, figures, exponent = number.normalize().as_tuple()
    assert isinstance(exponent, int)
    mantissa = "".join(map(str, figures))
    return f"{'-' if sign else ''}{mantissa[0]}.{mantissa[1:] or '0'}E{exponent + len(mantissa) - 1}"
