"""Where records lie in S3: Hive partitions `year=/month=/day=/appid=`, by the record's own time in UTC.

A partition comes from the record and never from the clock, so that a redelivery after midnight writes
the same object to the same place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from logctl.core.appid import PATTERN
from logctl.core.records import Record
from logctl.core.times import DAY, from_datetime, to_datetime

LOGS = "logs/"
COMPACTED = "compacted/"
QUARANTINE = "quarantine/"
RESULTS = "athena-results/"

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

    def under(self, root: str) -> str:
        return f"{root}year={self.year}/month={self.month}/day={self.day}/appid={self.appid}/"

    def object_key(self, batch_id: str) -> str:
        """The one key for a batch's records of this partition: writing twice writes the same object."""
        return f"{self.prefix}{batch_id}.json.gz"


def by_partition(records: Iterable[Record]) -> dict[Partition, list[Record]]:
    """Records grouped by partition, in order of first appearance, each group in the order given."""
    groups: dict[tuple[int, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.ts // DAY, record.appid), []).append(record)
    return {Partition.at(day * DAY, appid): group for (day, appid), group in groups.items()}
