"""The input of `athena query`: a statement or none, a selection, and rows or a histogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logctl.core import histogram
from logctl.core.errors import UsageError
from logctl.core.times import HOUR, SECOND, TimeRange, parse_duration, parse_point, parse_range
from logctl.ops.query import counts
from logctl.ops.query.conditions import Selection
from logctl.ops.query.runner import Query
from logctl.ops.query.statement import Statement

DEFAULT_SINCE = HOUR
DEFAULT_LIMIT = 1_000
_MOST_BARS = 2_000


@dataclass(frozen=True)
class Bars:
    """The bars of a histogram: each covers `step` milliseconds; `span` is their range, None if it is open."""

    step: int
    span: TimeRange | None

    @classmethod
    def of(cls, selection: Selection, bucket: str | None, *, now: int) -> Bars:
        """Choose the bars for a selection; `bucket` is the duration of one bar, such as 5m.

        Raises:
            UsageError: the time of a bar is missing, not a duration, or too short.
        """
        span = None
        if selection.since is not None and selection.until is not None:
            # Without --until the range ends tomorrow, so that records from clocks that are ahead are found;
            # a histogram ends at the present.
            until = min(selection.until, now)
            span = TimeRange(selection.since, max(selection.since + SECOND, until))
        if bucket is None:
            if span is None:
                raise UsageError("A histogram without --since needs --bucket.", "For example: --bucket 5m")
            return cls(histogram.step_for(span), span)
        try:
            step = parse_duration(bucket)
        except ValueError as problem:
            raise UsageError(f"--bucket: {problem}.") from None
        if step < SECOND or (span is not None and (span.until - span.since) // step > _MOST_BARS):
            raise UsageError(
                f"--bucket {bucket} is too short: a bar covers at least 1s, and there are at most "
                f"{_MOST_BARS:,} bars.",
                "Give a longer time, or omit --bucket.",
            )
        return cls(step, span)


@dataclass(frozen=True)
class Question:
    """A statement and the selection that narrows it; without a statement, the newest records.

    `parameters` are the values of the statement's own `?`, each an SQL literal. `limit` is the most rows that
    are wanted. With `bars`, the question is how many rows there are in each bar.
    """

    selection: Selection
    statement: Statement | None = None
    parameters: Sequence[str] = ()
    limit: int | None = None
    bars: Bars | None = None

    def query(self, database: str) -> Query:
        """Return the query to run: the statement narrowed by the selection, or its counts for a histogram.

        Raises:
            UsageError: the selection cannot apply to the statement, or its rows have no time to count by.
        """
        return Query.of(self._statement(), self.selection, self.parameters, database)

    def _statement(self) -> Statement:
        if self.bars is not None:
            return counts.statement(self.statement or Statement(counts.LOGS), self.bars.step)
        return self.statement or newest_records(self.limit or DEFAULT_LIMIT)


def newest_records(limit: int) -> Statement:
    """Return the statement that lists the newest records, oldest first."""
    newest = f"SELECT ts, level, appid, message, fields FROM logs ORDER BY ts DESC LIMIT {limit}"  # noqa: S608
    return Statement(f"SELECT * FROM ({newest}) AS newest ORDER BY ts")  # noqa: S608


def selection_of(
    *, since: str | None, until: str | None, apps: Sequence[str], level: str | None, now: int, is_open: bool
) -> Selection:
    """Return the selection that a person wrote.

    Args:
        since: a duration before `now`, or a time; None for none.
        until: the end, likewise.
        apps: the ids or patterns of apps; none for every app.
        level: the lowest level, or UNKNOWN for records without one.
        now: the present, in milliseconds.
        is_open: whether a range without `since` has no beginning; otherwise it begins an hour ago.

    Raises:
        UsageError: one of them is not valid.
    """
    try:
        start, end = _ends(since, until, now=now, is_open=is_open)
        selection = Selection(start, end, tuple(apps), level)
        selection.condition()
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
    return selection


def _ends(since: str | None, until: str | None, *, now: int, is_open: bool) -> tuple[int | None, int | None]:
    if since or not is_open:
        span = parse_range(since, until, now, DEFAULT_SINCE)
        return span.since, span.until
    return None, parse_point(until, now) if until else None
