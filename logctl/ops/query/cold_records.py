"""Records from cold storage by Athena, for ranges of `tail` that begin before the hot store's retention.

The hot store keeps a record for a time after it arrived; cold storage has all records. Records before a
boundary in time are read here, the others in the hot store, so no record is shown twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from logctl.core.records import Record
from logctl.core.rows import parse_fields
from logctl.core.times import HOUR, TimeRange, parse_time
from logctl.ops.deployment import Deployment
from logctl.ops.query.conditions import Condition, Selection
from logctl.ops.query.runner import Query, QueryResult, query
from logctl.pipeline.stores.record_filter import Filter

MARGIN = HOUR
"""How far a record's time may be ahead of its arrival, by a producer's fast clock: such a record leaves the
hot store earlier than its own time suggests."""

COLUMNS = "ts, appid, event_id, level, message, fields, array_join(flags, ' '), seq"


def boundary(deployment: Deployment, now: int) -> int:
    """Return the time from which on the hot store has every record, in milliseconds."""
    retention = deployment.hot_retention()
    return now - retention + min(MARGIN, retention // 2)


@dataclass(frozen=True)
class Archive:
    """Records of `logs_unique`, which has each event once, however often it was delivered."""

    deployment: Deployment
    keep: Filter

    def read(self, apps: Sequence[str], span: TimeRange) -> tuple[QueryResult, Iterator[Record]]:
        """Return the records of a range, oldest first, and the query's result.

        Args:
            apps: names and globs; empty for all apps.
            span: from and to, in milliseconds.
        """
        return self._read(apps, span, "ts, seq, batch_id")

    def newest(self, apps: Sequence[str], span: TimeRange, lines: int) -> tuple[QueryResult, list[Record]]:
        """Return the newest `lines` records of a range, oldest first, and the query's result."""
        # Regular expressions are applied here, so Athena cannot know how many rows are needed.
        limit = "" if self.keep.grep or self.keep.exclude else f" LIMIT {int(lines)}"
        result, records = self._read(apps, span, f"ts DESC, seq DESC, batch_id DESC{limit}")
        found: list[Record] = []
        for record in records:
            found.append(record)
            if len(found) == lines:
                break
        return result, found[::-1]

    def _read(self, apps: Sequence[str], span: TimeRange, order: str) -> tuple[QueryResult, Iterator[Record]]:
        selection = Selection(span.since, span.until, tuple(apps), self.keep.level)
        result = query(self.deployment, _query(self.deployment.names.unique_view, selection, order))
        return result, filter(self.keep, map(record_of_result, result.rows))


def _query(view: str, selection: Selection, order: str) -> Query:
    condition: Condition = selection.condition()
    sql = f"SELECT {COLUMNS} FROM {view} WHERE {condition.sql} ORDER BY {order}"  # noqa: S608 - our names
    return Query(sql, condition.parameters, selection)


def record_of_result(row: Sequence[object]) -> Record:
    """Return the record in a row of `COLUMNS`."""
    ts, appid, event_id, level, message, fields, flags, seq = row
    return Record(
        appid=str(appid),
        event_id=str(event_id),
        ts=parse_time(str(ts)),
        level=str(level),
        message="" if message is None else str(message),
        seq=int(str(seq or 0)),
        fields=parse_fields(str(fields) if fields else None),
        flags=tuple(str(flags).split()) if flags else (),
    )
