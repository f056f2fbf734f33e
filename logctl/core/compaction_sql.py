"""The statements and names of compaction: Athena turns a closed day's JSON objects into sorted Parquet.

A build is called a generation. It writes under `compacted/year=/month=/day=/gen=…/appid=…/` and is verified
there. Readers get it when the partition of `logs_compacted` is pointed to that location.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from logctl.core.partitions import COMPACTED, Partition
from logctl.core.schema import COLUMNS
from logctl.core.times import iso, parse_time

WRITERS = 100
"""INSERT INTO writes to at most 100 partitions (Amazon Athena User Guide, Service Quotas)."""
SWITCHED = "_switched"
"""The name of an object beside a generation's folders that says since when readers have it.

Athena ignores objects whose names begin with an underscore.
"""
_GENERATION = re.compile(r"gen=(\d{8}T\d{6}Z)-[0-9a-f]+\Z")
_NAMES = ", ".join(name for name, _ in COLUMNS)


@dataclass(frozen=True, order=True)
class Day:
    """A day in UTC, as partition values."""

    year: str
    month: str
    day: str

    @classmethod
    def of(cls, partition: Partition) -> Day:
        return cls(partition.year, partition.month, partition.day)

    @property
    def prefix(self) -> str:
        return f"{COMPACTED}year={self.year}/month={self.month}/day={self.day}/"

    def partition(self, app: str) -> Partition:
        return Partition(self.year, self.month, self.day, app)

    def __str__(self) -> str:
        return f"{self.year}-{self.month}-{self.day}"


def new_generation(now: int, random: str) -> str:
    """Return the name of a generation whose build begins now: `gen=20260301T040000Z-5f3a…`."""
    return f"gen={_stamp(now)}-{random}"


def begun(generation: str) -> int | None:
    """Return when a generation's build began, in milliseconds; None for any other name."""
    found = _GENERATION.fullmatch(generation)
    if not found:
        return None
    stamp = found[1]
    return parse_time(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]}Z")


def _stamp(now: int) -> str:
    return re.sub(r"[-:]|\.\d+", "", iso(now))


def staging_table(generation: str) -> str:
    """Return the name of the table that a build writes to; it needs no quotes."""
    return "compaction_" + generation.removeprefix("gen=").replace("-", "_").lower()


def _listed(count: int) -> str:
    return ", ".join("?" * count)


def insert_sql(staging: str, view: str, apps: Sequence[str]) -> str:
    """Return the statement that writes one day's records of some apps into the staging table.

    Its parameters are year, month, day and the apps. The records are written in order of time within each
    hour. Athena ignores an ORDER BY here (Amazon Athena User Guide, Considerations and limitations for CTAS
    queries), but rows come out of a window function in its order, and the records of one hour are few enough
    to sort for any app. The order improves statistics and compression; nothing depends on it.
    """
    return (
        f"INSERT INTO {staging} SELECT {_NAMES}, appid FROM (SELECT {_NAMES}, appid, row_number() OVER "  # noqa: S608 - our names
        "(PARTITION BY appid, substr(ts, 1, 13) ORDER BY ts, seq) AS position "
        f"FROM {view} WHERE year = ? AND month = ? AND day = ? AND appid IN ({_listed(len(apps))})) "
        "WHERE position > 0"
    )


def difference_sql(staging: str, view: str, apps: Sequence[str]) -> str:
    """Return the query for each app's number of staged rows, and of batches that differ from the view.

    Its parameters are year, month, day and the apps. Batches are compared by their number of rows, their
    number of distinct event ids, and a checksum of these. A batch that has arrived since is not compared: it
    stays in the raw table.
    """
    measures = "count(*) AS n, count(DISTINCT event_id) AS ids, checksum(event_id) AS digest"
    return (
        f"WITH staged AS (SELECT appid, batch_id, {measures} FROM {staging} GROUP BY appid, batch_id), "  # noqa: S608 - our names
        f"seen AS (SELECT appid, batch_id, {measures} FROM {view} WHERE year = ? AND month = ? AND day = ? "
        f"AND appid IN ({_listed(len(apps))}) GROUP BY appid, batch_id) "
        "SELECT s.appid, sum(s.n), "
        "count_if(o.n IS NULL OR o.n <> s.n OR o.ids <> s.ids OR o.digest <> s.digest) "
        "FROM staged s LEFT JOIN seen o ON s.appid = o.appid AND s.batch_id = o.batch_id GROUP BY s.appid"
    )


def batches_sql(table: str, apps: Sequence[str]) -> str:
    """Return the query for a compacted day's batches; its parameters are year, month, day and the apps."""
    return (
        f"SELECT DISTINCT appid, batch_id FROM {table} "  # noqa: S608 - our names
        f"WHERE year = ? AND month = ? AND day = ? AND appid IN ({_listed(len(apps))})"
    )


def staged_batches_sql(staging: str) -> str:
    """Return the query for the batches in a staging table."""
    return f"SELECT DISTINCT appid, batch_id FROM {staging}"  # noqa: S608 - our name
