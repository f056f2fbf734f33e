"""Partition projection: partitions from a table's properties instead of the catalog.

Types `enum`, `integer`, `date` and `injected`, with ranges, intervals, digits and a location template
(Amazon Athena User Guide, Supported types for partition projection).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import product

from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.storage.glue_catalog import Table, TablePartition, standard_location

_LIMIT = 1_000_000
_JAVA_TO_STRFTIME = (
    ("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"), ("yy", "%y"),
)  # fmt: skip
_UNITS = {"SECONDS": "seconds", "MINUTES": "minutes", "HOURS": "hours", "DAYS": "days", "WEEKS": "weeks"}


def partitions(
    table: Table, injected: Mapping[str, tuple[str, ...]], now: datetime
) -> Iterator[TablePartition]:
    """Yield every partition that a table's properties describe.

    Args:
        table: a table with partition projection.
        injected: for each `injected` column the values that the query's WHERE names.
        now: the time that `NOW` stands for in a range of dates.

    Raises:
        QueryError: a property is missing or cannot be read, or there are too many partitions.
    """
    choices = [_values(table, key.name, injected, now) for key in table.keys]
    total = 1
    for choice in choices:
        total *= len(choice)
    if total > _LIMIT:
        raise QueryError(f"INVALID_TABLE_PROPERTY: {table.name} projects {total} partitions")
    template = table.parameters.get("storage.location.template")
    for values in product(*choices):
        location = _locate(template, table, values) if template else standard_location(table, values)
        yield TablePartition(values, location, table.format, table.columns)


def needs_injected(table: Table) -> list[str]:
    """Return the partition columns whose values a query has to name."""
    return [
        key.name
        for key in table.keys
        if table.parameters.get(f"projection.{key.name}.type", "").lower() == "injected"
    ]


def _locate(template: str, table: Table, values: tuple[str, ...]) -> str:
    found = template
    for key, value in zip(table.keys, values, strict=True):
        if f"${{{key.name}}}" not in template:
            raise QueryError(
                f"INVALID_TABLE_PROPERTY: storage.location.template of {table.name} lacks ${{{key.name}}}"
            )
        found = found.replace(f"${{{key.name}}}", value)
    return found if found.endswith("/") else f"{found}/"


def _values(
    table: Table, column: str, injected: Mapping[str, tuple[str, ...]], now: datetime
) -> tuple[str, ...]:
    def read(name: str, default: str | None = None) -> str:
        value = table.parameters.get(f"projection.{column}.{name}", default)
        if value is None:
            raise QueryError(
                f"INVALID_TABLE_PROPERTY: Table {table.database}.{table.name} is configured for partition "
                f"projection, but projection.{column}.{name} is missing"
            )
        return value

    match read("type").lower():
        case "enum":
            return tuple(value.strip() for value in read("values").split(","))
        case "integer":
            return _integers(read)
        case "date":
            return _dates(read, now)
        case "injected":
            if not injected.get(column):
                raise QueryError(
                    f"CONSTRAINT_VIOLATION: For the injected projected partition column {column}, the WHERE "
                    "clause must contain only static equality conditions, and at least one such condition "
                    "must be present."
                )
            return injected[column]
        case other:
            raise QueryError(f"INVALID_TABLE_PROPERTY: projection.{column}.type {other} is not supported")


def _range(read: Callable[..., str]) -> tuple[str, str]:
    first, comma, last = read("range").partition(",")
    if not comma:
        raise QueryError(f"INVALID_TABLE_PROPERTY: {first!r} is not a range")
    return first.strip(), last.strip()


def _integers(read: Callable[..., str]) -> tuple[str, ...]:
    first, last = _range(read)
    digits = int(read("digits", "0"))
    return tuple(
        f"{number:0{digits}d}" for number in range(int(first), int(last) + 1, int(read("interval", "1")))
    )


def _dates(read: Callable[..., str], now: datetime) -> tuple[str, ...]:
    pattern = read("format")
    form = _strftime(pattern)
    first, last = (_point(text, form, now) for text in _range(read))
    # The default depends on the format (ibid., "the default is 1 DAYS or 1 MONTHS").
    default = (
        "SECONDS" if "ss" in pattern else "MINUTES" if "mm" in pattern else "HOURS" if "HH" in pattern
        else "DAYS" if "dd" in pattern else "MONTHS" if "MM" in pattern else "YEARS"
    )  # fmt: skip
    step, unit = int(read("interval", "1")), read("interval.unit", default).upper()
    found: list[str] = []
    moment = first
    while moment <= last and len(found) <= _LIMIT:
        text = moment.strftime(form)
        if not found or found[-1] != text:
            found.append(text)
        moment = _later(moment, step, unit)
    return tuple(found)


def _later(moment: datetime, step: int, unit: str) -> datetime:
    unit = unit if unit.endswith("S") else f"{unit}S"
    if unit in _UNITS:
        return moment + timedelta(**{_UNITS[unit]: step})
    if unit not in ("MONTHS", "YEARS"):
        raise QueryError(f"INVALID_TABLE_PROPERTY: interval.unit {unit} is not supported")
    months = moment.year * 12 + moment.month - 1 + step * (12 if unit == "YEARS" else 1)
    return moment.replace(year=months // 12, month=months % 12 + 1, day=1)


def _point(text: str, form: str, now: datetime) -> datetime:
    """Return the time that one end of a range names: in the column's format, or `NOW`, `NOW-3MONTHS`."""
    relative = re.fullmatch(r"NOW\s*(?:([+-])\s*(\d+)\s*([A-Z]+))?", text.upper())
    try:
        moment = now.replace(tzinfo=None) if relative else datetime.strptime(text, form)
    except ValueError:
        raise QueryError(f"INVALID_TABLE_PROPERTY: {text!r} is not a date of the format") from None
    if relative and relative[1]:
        sign = -1 if relative[1] == "-" else 1
        moment = _later(moment, sign * int(relative[2]), relative[3])
    return datetime.strptime(moment.strftime(form), form)


def _strftime(pattern: str) -> str:
    form = pattern.replace("'", "")
    for java, code in _JAVA_TO_STRFTIME:
        form = form.replace(java, code)
    return form
