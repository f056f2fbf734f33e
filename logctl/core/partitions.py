"""Hive partitions of the records in S3: `year=/month=/day=/appid=`, by each record's own time in UTC.

A partition never depends on the clock, so that a redelivery after midnight writes the same object to the same
place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import pairwise

from logctl.core.appid import PATTERN, is_glob
from logctl.core.rows import Row, Times
from logctl.core.times import DAY, TimeRange, from_datetime, to_datetime

LOGS = "logs/"
COMPACTED = "compacted/"
QUARANTINE = "quarantine/"
CANARIES = "canary/"
"""The prefix that the consumer writes to when it needs to know whether S3 can be written at all."""
RESULTS = "athena-results/"
OBJECT = ".json.zst"
"""The suffix of an object's name under `logs/`; the rest of the name is the batch id."""
OBJECTS = (OBJECT, ".json.gz")
"""The suffixes of the objects that this version and earlier ones write."""

_PREFIX = re.compile(rf"year=(\d{{4}})/month=(\d{{2}})/day=(\d{{2}})/appid=({PATTERN})/")


@dataclass(frozen=True, order=True, slots=True)
class Partition:
    """One day of one app. Year, month and day are text with leading zeros, as in the catalog."""

    year: str
    month: str
    day: str
    appid: str

    @classmethod
    def at(cls, milliseconds: int, appid: str) -> Partition:
        """Return the partition of an app that holds a moment."""
        moment = to_datetime(milliseconds)
        return cls(f"{moment.year:04d}", f"{moment.month:02d}", f"{moment.day:02d}", appid)

    @classmethod
    def of_key(cls, key: str, root: str = LOGS) -> Partition | None:
        """Return the partition that an object's key or a prefix is in; None when it is in no partition."""
        found = _PREFIX.match(key, len(root)) if key.startswith(root) else None
        return cls(*found.groups()) if found else None

    @classmethod
    def of_values(cls, values: Sequence[str]) -> Partition | None:
        """Return the partition of a catalog's values; None when logctl writes no such values (`month=1`)."""
        if len(values) != 4:
            return None
        partition = cls(*values)
        return partition if _PREFIX.fullmatch(partition.under("")) else None

    @property
    def values(self) -> tuple[str, str, str, str]:
        """The partition's values in the order of the table's partition keys."""
        return (self.year, self.month, self.day, self.appid)

    @property
    def prefix(self) -> str:
        return self.under(LOGS)

    @property
    def start(self) -> int:
        """The partition's first millisecond."""
        return from_datetime(datetime(int(self.year), int(self.month), int(self.day), tzinfo=UTC))

    @property
    def date(self) -> str:
        """The day as `2026-01-31`: the order of such texts is that of the days."""
        return f"{self.year}-{self.month}-{self.day}"

    def location(self, bucket: str) -> str:
        """Return the S3 URL that the catalog should have for the partition."""
        return f"s3://{bucket}/{self.prefix}"

    def under(self, root: str) -> str:
        """Return the partition's prefix below another prefix, such as `compacted/`."""
        return f"{root}year={self.year}/month={self.month}/day={self.day}/appid={self.appid}/"

    def object_key(self, batch_id: str) -> str:
        """Return the key of a batch's object in this partition; a redelivery has the same key."""
        return f"{self.prefix}{batch_id}{OBJECT}"

    @classmethod
    def of_object(cls, key: str) -> tuple[Partition, str] | None:
        """Return the partition and batch id of an object's key; None when the consumer did not write it."""
        partition, name = cls.of_key(key), key.rpartition("/")[2]
        suffix = next((suffix for suffix in OBJECTS if name.endswith(suffix)), None)
        if partition is None or suffix is None or partition.prefix + name != key:
            return None
        return partition, name.removesuffix(suffix)


_FIRST, _LAST = "0000-00-00", "9999-99-99"
_EXPRESSION_LIMIT = 2048
"""Characters of GetPartitions' Expression (AWS Glue API)."""
_FEW_DAYS = 92


@dataclass(frozen=True)
class Scope:
    """A selection of partitions: the days from `first` to `last`, both included, of apps by name or glob."""

    first: str = _FIRST
    last: str = _LAST
    apps: tuple[str, ...] = ()

    @classmethod
    def of(cls, span: TimeRange | None, apps: Iterable[str] = ()) -> Scope:
        """Return the selection of all days that overlap a time range, whose end is exclusive."""
        if span is None:
            return cls(apps=tuple(apps))
        first, last = Partition.at(span.since, ""), Partition.at(span.until - 1, "")
        return cls(first.date, last.date, tuple(apps))

    def __contains__(self, partition: Partition) -> bool:
        return self.first <= partition.date <= self.last and (
            not self.apps or any(fnmatchcase(partition.appid, glob) for glob in self.apps)
        )

    @property
    def everything(self) -> bool:
        return self == Scope()

    def touches(self, prefix: str) -> bool:
        """Return whether a prefix of year, month or day holds a selected day."""
        text = "-".join(re.findall(r"(?:year|month|day)=(\d+)/", prefix))
        return bool(text) and self.first[: len(text)] <= text <= self.last[: len(text)]

    def day_prefixes(self, root: str = LOGS) -> list[str] | None:
        """Return the prefix of every selected day, existing or not; None if there are more than 92."""
        if self.first == _FIRST or self.last == _LAST:
            return None
        first, last = _day_number(self.first), _day_number(self.last)
        if first is None or last is None or last - first >= _FEW_DAYS:
            return None
        days = (Partition.at(number * DAY, "") for number in range(first, last + 1))
        return [day.under(root).removesuffix("appid=/") for day in days]

    def expression(self) -> str:
        """Return an Expression for Glue's GetPartitions; "" for everything.

        It has the days, and the apps if they are names and not too many; it may match more than is selected.
        The values are compared as text, which is right because they have leading zeros.
        """
        clauses = []
        if self.first == self.last:
            clauses.append(_same_day(self.first))
        else:
            if self.first != _FIRST:
                clauses.append(_beyond(self.first, ">"))
            if self.last != _LAST:
                clauses.append(_beyond(self.last, "<"))
        if self.apps and not any(is_glob(app) for app in self.apps):
            named = "appid IN (" + ", ".join(f"'{app}'" for app in self.apps) + ")"
            if len(" AND ".join([*clauses, named])) <= _EXPRESSION_LIMIT:
                clauses.append(named)
        return " AND ".join(clauses)


def _same_day(date: str) -> str:
    year, month, day = date.split("-")
    return f"year = '{year}' AND month = '{month}' AND day = '{day}'"


def _beyond(date: str, sign: str) -> str:
    year, month, day = date.split("-")
    return (
        f"(year {sign} '{year}' OR (year = '{year}' AND (month {sign} '{month}' OR "
        f"(month = '{month}' AND day {sign}= '{day}'))))"
    )


def _day_number(date: str) -> int | None:
    """Return the number of days since 1970; None for a date that does not exist, such as 30 February."""
    year, month, day = date.split("-")
    try:
        return from_datetime(datetime(int(year), int(month), int(day), tzinfo=UTC)) // DAY
    except ValueError:
        return None


@dataclass(frozen=True, order=True)
class Gap:
    """Successive days without a partition between the first and the last day of an app."""

    app: str
    first: str
    last: str
    days: int


def gaps(partitions: Iterable[Partition]) -> list[Gap]:
    """Return every run of days without a partition, by app."""
    by_app: dict[str, set[int]] = {}
    for partition in partitions:
        number = _day_number(partition.date)
        if number is not None:
            by_app.setdefault(partition.appid, set()).add(number)
    found = []
    for app, numbers in sorted(by_app.items()):
        ordered = sorted(numbers)
        for before, after in pairwise(ordered):
            if after - before > 1:
                first, last = Partition.at((before + 1) * DAY, app), Partition.at((after - 1) * DAY, app)
                found.append(Gap(app, first.date, last.date, after - before - 1))
    return found


def by_partition(
    rows: Sequence[Row], appid: str, times: Times | None = None
) -> dict[Partition, Sequence[Row]]:
    """Group an app's rows by partition, in order of first appearance; each group keeps the rows' order.

    Rows that are all of one day are returned as they are, and not copied.

    `times`: those of the rows, if they are known.
    """
    if not rows:
        return {}
    times = times or Times.of(rows)
    if times.share(10):
        return {_of_date(times.first, appid): rows}
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.ts[:10], []).append(row)
    return {_of_date(day, appid): group for day, group in groups.items()}


def _of_date(date: str, appid: str) -> Partition:
    return Partition(date[:4], date[5:7], date[8:10], appid)
