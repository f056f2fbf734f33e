"""Counts over time: the query that aggregates, and its rows as buckets of a histogram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from logctl.core import histogram
from logctl.core.errors import UsageError
from logctl.core.levels import UNKNOWN
from logctl.core.times import TimeRange, parse_time
from logctl.ops.query.statement import Statement

LOGS = "SELECT ts, level FROM logs"


def statement(inner: Statement, step: int) -> Statement:
    """Return the query that counts a statement's rows by time, and by level where they have one.

    Raises:
        UsageError: the statement's rows have no column `ts`.
    """
    if not inner.is_query or not inner.selects("ts"):
        raise UsageError(
            "The statement selects no column ts, which a histogram needs.",
            "Select ts, or omit the statement: logctl athena query --since 1d --histogram",
        )
    level = "level" if inner.selects("level") else f"'{UNKNOWN}'"
    length = histogram.prefix_length(step)
    return Statement(
        f"SELECT substr(CAST(ts AS varchar), 1, {length}) AS moment, {level} AS level, "  # noqa: S608
        f"count(*) AS records FROM (\n{inner.text}\n) AS statement GROUP BY 1, 2 ORDER BY 1, 2"
    )


def counted(rows: Iterator[Sequence[Any]], step: int, span: TimeRange | None) -> list[histogram.Bucket]:
    """Return the rows of that query as buckets.

    Raises:
        UsageError: a `ts` is not a time, or there are too many buckets.
    """
    try:
        return histogram.buckets(_counts(rows), step, span)
    except ValueError as problem:
        raise UsageError(f"The histogram cannot be drawn: {problem}.") from None


def _counts(rows: Iterator[Sequence[Any]]) -> Iterator[tuple[int, str, int]]:
    for moment, level, count in rows:
        if moment is not None:
            yield parse_time(_complete(str(moment))), str(level or UNKNOWN), int(count)


def _complete(moment: str) -> str:
    """Add the minutes to a time that was cut after the hour, which `parse_time` needs."""
    return f"{moment}:00" if len(moment) == 13 else moment
