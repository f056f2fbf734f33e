"""Where records lie in S3: Hive partitions `year=/month=/day=/appid=`, by the record's own time in UTC.

A partition comes from the record and never from the clock, so that a redelivery after midnight writes
the same object to the same place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from itertools import pairwise

from logctl.core.appid import PATTERN, is_glob
from logctl.core.records import Record
from logctl.core.times import DAY, TimeRange, from_datetime, to_datetime

LOGS = "logs/"
COMPACTED = "compacted/"
QUARANTINE = "quarantine/"
CANARIES = "canary/"
"""Where the consumer writes when it needs to know whether it can write at all."""
RESULTS = "athena-results/"
OBJECT = ".json.gz"
"""How the name of an object under `logs/` ends; it begins with the batch."""

_PREFIX = re.compile(rf"year=(\d{{4}})/month=(\d{{2}})/day=(\d{{2}})/appid=({PATTERN})/")


@dataclass(frozen=True, order=True, slots=True)
class Partition:
    """One app's day. The parts are text with leading zeros, as the catalog holds them."""

    year: str
    month: str
    day: str
    appid: str

    @classmethod
    def at(cls, milliseconds: int, appid: str) -> Partition:
        moment = to_datetime(milliseconds)
        return cls(f"{moment.year:04d}", f"{moment.month:02d}", f"{moment.day:02d}", appid)

    @classmethod
    def of_key(cls, key: str, root: str = LOGS) -> Partition | None:
        """The partition an object's key or a prefix lies in; None when it is not a partition's."""
        found = _PREFIX.match(key, len(root)) if key.startswith(root) else None
        return cls(*found.groups()) if found else None

    @classmethod
    def of_values(cls, values: Sequence[str]) -> Partition | None:
        """The partition that a catalog's values name; None when it is none of logctl's (`month=1`)."""
        if len(values) != 4:
            return None
        partition = cls(*values)
        return partition if _PREFIX.fullmatch(partition.under("")) else None

    @property
    def values(self) -> tuple[str, str, str, str]:
        """In the order of the table's partition keys."""
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
        """`2026-01-31`: text that compares as days do."""
        return f"{self.year}-{self.month}-{self.day}"

    def location(self, bucket: str) -> str:
        """Where the catalog should say it lies."""
        return f"s3://{bucket}/{self.prefix}"

    def under(self, root: str) -> str:
        return f"{root}year={self.year}/month={self.month}/day={self.day}/appid={self.appid}/"

    def object_key(self, batch_id: str) -> str:
        """The one key for a batch's records of this partition: writing twice writes the same object."""
        return f"{self.prefix}{batch_id}{OBJECT}"

    @classmethod
    def of_object(cls, key: str) -> tuple[Partition, str] | None:
        """The partition and the batch of an object's key; None when the consumer did not write it."""
        partition, name = cls.of_key(key), key.rpartition("/")[2]
        if partition is None or partition.object_key(name.removesuffix(OBJECT)) != key:
            return None
        return partition, name.removesuffix(OBJECT)


_FIRST, _LAST = "0000-00-00", "9999-99-99"
_EXPRESSION_LIMIT = 2048
"""Characters of GetPartitions' Expression (AWS Glue API)."""
_FEW_DAYS = 92


@dataclass(frozen=True)
class Scope:
    """Which partitions are meant: the days from `first` to `last`, both included, of apps by name or glob."""

    first: str = _FIRST
    last: str = _LAST
    apps: tuple[str, ...] = ()

    @classmethod
    def of(cls, span: TimeRange | None, apps: Iterable[str] = ()) -> Scope:
        """The days that hold any moment of a range; its end is not in it."""
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
        """Whether a prefix of year, month or day holds a day in range."""
        text = "-".join(re.findall(r"(?:year|month|day)=(\d+)/", prefix))
        return bool(text) and self.first[: len(text)] <= text <= self.last[: len(text)]

    def day_prefixes(self, root: str = LOGS) -> list[str] | None:
        """The prefixes of all days in range, where they are so few that nobody need look which exist."""
        if self.first == _FIRST or self.last == _LAST:
            return None
        first, last = _day_number(self.first), _day_number(self.last)
        if first is None or last is None or last - first >= _FEW_DAYS:
            return None
        days = (Partition.at(number * DAY, "") for number in range(first, last + 1))
        return [day.under(root).removesuffix("appid=/") for day in days]

    def expression(self) -> str:
        """The days, and the apps where they are few names, as GetPartitions' Expression: text is compared,
        which is right because the values have leading zeros. Empty for everything.
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
    """Days since 1970; None for 30 February."""
    year, month, day = date.split("-")
    try:
        return from_datetime(datetime(int(year), int(month), int(day), tzinfo=UTC)) // DAY
    except ValueError:
        return None


@dataclass(frozen=True, order=True)
class Gap:
    """Days of an app between its first and its last one that have no partition."""

    app: str
    first: str
    last: str
    days: int


def gaps(partitions: Iterable[Partition]) -> list[Gap]:
    """Every run of days without a partition, by app."""
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


def by_partition(records: Iterable[Record]) -> dict[Partition, list[Record]]:
    """Records grouped by partition, in order of first appearance, each group in the order given."""
    groups: dict[tuple[int, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.ts // DAY, record.appid), []).append(record)
    return {Partition.at(day * DAY, appid): group for (day, appid), group in groups.items()}
