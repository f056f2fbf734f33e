"""Compaction: many small JSON objects of a closed day become few sorted Parquet files, made by Athena.

For each day, a run builds a generation in a staging table, verifies it batch by batch against what readers
see, and switches readers to it by registering, or moving, the partitions of `logs_compacted`. The view `logs`
omits raw rows whose batch is compacted (see `stack.catalog_views`). So readers see each record once at every
moment, even when a run is killed; a record that arrives late is seen at once and compacted by the next run.

Raw objects and replaced generations are deleted when the grace period after the switch is over: a query that
was planned before the switch may still read them. A raw object stays longer: as long as a hot row may point
to it, which is the retention of hot rows from when the object was written. The view omits its rows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.aws.athena import Runner, quoted
from logctl.aws.error_codes import code_of
from logctl.aws.s3_listing import folders, objects
from logctl.core import compaction_sql as rules
from logctl.core.batches import batched
from logctl.core.compaction_sql import Day
from logctl.core.errors import LogctlError
from logctl.core.partition_ddl import add_partitions_ddl, set_location_ddl
from logctl.core.partitions import COMPACTED, LOGS, OBJECTS, Partition, Scope
from logctl.core.schema import parquet_descriptor
from logctl.core.times import DAY, HOUR, TimeRange, from_datetime
from logctl.pipeline.stores.lease import Lease

if TYPE_CHECKING:
    from mypy_boto3_glue.client import GlueClient
    from mypy_boto3_s3.client import S3Client

GRACE = HOUR
"""Athena's DML queries time out after 30 minutes (Amazon Athena User Guide, Service Quotas)."""
SETTLED = HOUR
"""A day is closed when it has been over for this long."""
LOCK = f"{COMPACTED}_lock"
_DELETE_LIMIT = 1000


class Mismatch(LogctlError):
    """The error for a build that differs from the stored records; the build is discarded."""


@dataclass(frozen=True)
class Stored:
    """A number of objects in S3 and their total bytes."""

    objects: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Compacted:
    """The compaction of one partition. `records` is 0 in a dry run, which does not count them."""

    partition: Partition
    before: Stored
    after: Stored = field(default_factory=Stored)
    records: int = 0


@dataclass(frozen=True)
class Report:
    """The result of a run.

    Args:
        waiting: raw objects that are compacted and not deleted yet.
        pointed: those of `waiting` that hot rows may point to.
        deleted: objects deleted, raw and replaced.
        scanned: bytes that Athena read.
    """

    compacted: tuple[Compacted, ...]
    waiting: int
    deleted: int
    scanned: int
    pointed: int = 0


@dataclass(frozen=True)
class Tables:
    """Names of the database, the compacted table, the view that readers use, and the bucket."""

    database: str
    compacted: str
    view: str
    bucket: str


@dataclass(frozen=True)
class _RawObject:
    """A raw object; `written` is when, in milliseconds by S3's clock."""

    key: str
    size: int
    written: int


@dataclass
class _Raw:
    """The raw objects of an app's day, by batch id."""

    batches: dict[str, _RawObject] = field(default_factory=dict)

    @property
    def stored(self) -> Stored:
        return Stored(len(self.batches), sum(item.size for item in self.batches.values()))


class Compactor:
    """Compaction of days of one environment. A lease admits one run at a time."""

    def __init__(
        self,
        s3: S3Client,
        glue: GlueClient,
        runner: Runner,
        tables: Tables,
        *,
        clock: Callable[[], int],
        owner: str,
        hot_retention: int,
        grace: int = GRACE,
        on_progress: Callable[[str], None] = lambda doing: None,
    ) -> None:
        """Create a compactor.

        Args:
            s3: the client.
            glue: the client.
            runner: runs statements in Athena.
            tables: the environment's.
            clock: returns milliseconds.
            owner: who holds the lease, for people.
            hot_retention: how long hot rows exist, in milliseconds.
            grace: how long a replaced object is kept for running queries, in milliseconds.
            on_progress: is called with what is being done.
        """
        self._s3 = s3
        self._glue = glue
        self._tables = tables
        self._clock = clock
        self._grace = grace
        self._hot_retention = hot_retention
        self._on_progress = on_progress
        self._lease = Lease(s3, tables.bucket, LOCK, owner=owner, clock=clock)
        self._runner = replace(runner, sleep=self._sleep(runner))
        self._scanned = 0
        self.done: list[Compacted] = []
        self.waiting = self.deleted = self.pointed = 0

    def _sleep(self, runner: Runner) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            self._lease.keep()
            runner.sleep(seconds)

        return sleep

    def plan(self, span: TimeRange, apps: Sequence[str] = ()) -> Report:
        """Return what `run` would compact. It reads S3 and the compacted partitions and changes nothing."""
        found: list[Compacted] = []
        waiting = 0
        for day in self.days(span):
            raw = self._raw(day, apps)
            known = self._known_batches(day, raw)
            for app, stored in sorted(raw.items()):
                if set(stored.batches) - known.get(app, set()):
                    found.append(Compacted(day.partition(app), stored.stored))
                waiting += len(set(stored.batches) & known.get(app, set()))
        return Report(tuple(found), waiting, 0, self._scanned)

    def run(self, span: TimeRange, apps: Sequence[str] = ()) -> Iterator[Compacted]:
        """Compact the closed days of a range, the oldest first, and yield each partition after its switch.

        `report` returns afterwards what else was done.

        Raises:
            LeaseHeld: another compaction is running.
            Mismatch: a build differs from what readers see.
            QueryFailed: Athena refused a statement.
        """
        with self._lease:
            self._drop_leftover_tables()
            for day in self.days(span):
                self._on_progress(f"{day}: looking")
                yield from self._compact(day, apps)
                self._clean(day, apps)

    def report(self) -> Report:
        """Return the result of this run so far."""
        return Report(tuple(self.done), self.waiting, self.deleted, self._scanned, self.pointed)

    def days(self, span: TimeRange) -> Iterator[Day]:
        """Yield the closed days that overlap a range and have raw objects, oldest first."""
        closed = (self._clock() - SETTLED) // DAY * DAY
        if span.since >= min(span.until, closed):
            return
        scope = Scope.of(TimeRange(span.since, min(span.until, closed)))
        level = [LOGS]
        for _ in range(3):
            below = (folder for parent in level for folder in self._folders(parent))
            level = [folder for folder in below if scope.touches(folder)]
        for folder in level:
            partition = Partition.of_key(f"{folder}appid=x/")
            if partition is not None:
                yield Day.of(partition)

    def _folders(self, parent: str) -> list[str]:
        return list(folders(self._s3, self._tables.bucket, parent))

    # ── A day ──

    def _compact(self, day: Day, apps: Sequence[str]) -> Iterator[Compacted]:
        raw = self._raw(day, apps)
        known = self._known_batches(day, raw)
        due = sorted(app for app, stored in raw.items() if set(stored.batches) - known.get(app, set()))
        for some in batched(due, rules.WRITERS):
            built = self._build(day, {app: raw[app] for app in some}, known)
            self.done += built
            yield from built

    def _build(self, day: Day, raw: Mapping[str, _Raw], known: Mapping[str, set[str]]) -> list[Compacted]:
        apps = sorted(raw)
        generation = rules.new_generation(self._clock(), secrets.token_hex(4))
        staging = rules.staging_table(generation)
        folder = f"{day.prefix}{generation}/"
        parameters = _parameters(day, apps)
        self._create_staging(staging, folder)
        try:
            self._on_progress(f"{day}: {len(apps)} apps, Athena writes Parquet")
            self._query(rules.insert_sql(staging, self._tables.view, apps), parameters)
            self._on_progress(f"{day}: {len(apps)} apps, verifying")
            records = self._verify(staging, apps, parameters, raw, known)
        finally:
            self._glue.delete_table(DatabaseName=self._tables.database, Name=staging)
        # A run that was paused for so long that another took over must not switch.
        self._lease.confirm()
        self._switch(day, apps, folder)
        sizes = {app: self._size(f"{folder}appid={app}/") for app in apps}
        return [Compacted(day.partition(app), raw[app].stored, sizes[app], records[app]) for app in apps]

    def _create_staging(self, name: str, folder: str) -> None:
        descriptor: Any = parquet_descriptor(f"s3://{self._tables.bucket}/{folder}")
        self._glue.create_table(
            DatabaseName=self._tables.database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", "parquet.compression": "ZSTD"},
                "PartitionKeys": [{"Name": "appid", "Type": "string"}],
                "StorageDescriptor": descriptor,
            },
        )

    def _verify(
        self,
        staging: str,
        apps: Sequence[str],
        parameters: Sequence[str],
        raw: Mapping[str, _Raw],
        known: Mapping[str, set[str]],
    ) -> dict[str, int]:
        """Compare the staging table with the view that people query, and return its records by app.

        Raises:
            Mismatch: a batch differs, or one that was there before is missing.
        """
        records: dict[str, int] = {}
        for app, count, differing in self._query(
            rules.difference_sql(staging, self._tables.view, apps), parameters
        ):
            if differing != "0":
                raise Mismatch(
                    f"{differing} batches of {app} differ between the new files and the stored records.",
                    "Nothing was changed. Run it again; if it fails again, check that day's records.",
                )
            records[app or ""] = int(count or 0)
        staged: dict[str, set[str]] = {}
        for app, batch in self._query(rules.staged_batches_sql(staging)):
            staged.setdefault(app or "", set()).add(batch or "")
        for app in apps:
            missing = (set(raw[app].batches) | known.get(app, set())) - staged.get(app, set())
            if missing:
                raise Mismatch(
                    f"{len(missing)} batches of {app} were not built, for example {min(missing)}.",
                    "If the partition is not in the catalog, run first: logctl athena repair",
                )
        return records

    def _switch(self, day: Day, apps: Sequence[str], folder: str) -> None:
        """Switch readers to a generation: one change of the catalog for each partition, each atomic."""
        registered = self._registered(day)
        places = {app: f"s3://{self._tables.bucket}/{folder}appid={app}/" for app in apps}
        fresh = [(day.partition(app), places[app]) for app in apps if app not in registered]
        if fresh:
            self._query(add_partitions_ddl(self._tables.compacted, fresh))
        for app in apps:
            if app in registered:
                self._query(set_location_ddl(self._tables.compacted, day.partition(app), places[app]))
        self._mark_switched(folder)

    def _mark_switched(self, folder: str) -> None:
        """Record, by S3's clock, since when readers have a generation."""
        self._s3.put_object(Bucket=self._tables.bucket, Key=f"{folder}{rules.SWITCHED}", Body=b"")

    # ── Deleting what was replaced ──

    def _clean(self, day: Day, apps: Sequence[str]) -> None:
        raw = self._raw(day, apps)
        known = self._known_batches(day, raw)
        current = self._registered(day)
        since = self._switched(day, {_generation_of(location) for location in current.values()})
        doomed: list[str] = []
        for app, stored in raw.items():
            compacted = [item for batch, item in stored.batches.items() if batch in known.get(app, set())]
            over = self._over(since.get(_generation_of(current.get(app, ""))))
            for item in compacted:
                pointed = self._clock() - item.written < self._hot_retention + self._grace
                if over and not pointed:
                    doomed.append(item.key)
                else:
                    self.waiting += 1
                    self.pointed += pointed
        doomed += self._replaced(day, since)
        if doomed:
            self._on_progress(f"{day}: deleting {len(doomed):,} objects")
        self._delete(doomed)

    def _replaced(self, day: Day, since: Mapping[str, int]) -> list[str]:
        """List the objects of generations to which no partition points: replaced, or left by a killed run."""
        newest = max(since.values(), default=0)
        found = []
        for item in self._list(day.prefix):
            generation = item["Key"][len(day.prefix) :].partition("/")[0]
            start = rules.begun(generation)
            if start is not None and generation not in since and self._over(max(start, newest)):
                found.append(item["Key"])
        return found

    def _switched(self, day: Day, generations: Iterable[str]) -> dict[str, int]:
        """Return since when readers have each generation, in milliseconds by S3's clock.

        A run that was killed after the switch has left no mark; then the mark is made now.
        """
        found = {}
        for generation in generations:
            key = f"{day.prefix}{generation}/{rules.SWITCHED}"
            try:
                reply = self._s3.head_object(Bucket=self._tables.bucket, Key=key)
            except ClientError as error:
                if code_of(error) not in ("404", "NoSuchKey"):
                    raise
                self._mark_switched(f"{day.prefix}{generation}/")
                reply = self._s3.head_object(Bucket=self._tables.bucket, Key=key)
            found[generation] = int(reply["LastModified"].timestamp() * 1000)
        return found

    def _over(self, since: int | None) -> bool:
        return since is not None and self._clock() - since >= self._grace

    # ── Reading catalog and S3 ──

    def _registered(self, day: Day) -> dict[str, str]:
        """Return the compacted partitions of a day: app to location."""
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=self._tables.database,
            TableName=self._tables.compacted,
            Expression=f"year = '{day.year}' AND month = '{day.month}' AND day = '{day.day}'",
        )
        return {
            partition["Values"][3]: partition["StorageDescriptor"]["Location"]
            for page in pages
            for partition in page["Partitions"]
            # The expression only narrows the request.
            if tuple(partition["Values"][:3]) == (day.year, day.month, day.day)
        }

    def _known_batches(self, day: Day, raw: Mapping[str, _Raw]) -> dict[str, set[str]]:
        """Return the batch ids in compacted partitions, for the apps that have raw objects."""
        apps = sorted(set(raw) & set(self._registered(day))) if raw else []
        known: dict[str, set[str]] = {}
        for some in batched(apps, rules.WRITERS):
            sql = rules.batches_sql(self._tables.compacted, some)
            for app, batch in self._query(sql, _parameters(day, some)):
                known.setdefault(app or "", set()).add(batch or "")
        return known

    def _raw(self, day: Day, apps: Sequence[str]) -> dict[str, _Raw]:
        found: dict[str, _Raw] = {}
        root = f"{LOGS}year={day.year}/month={day.month}/day={day.day}/"
        for prefix in [f"{root}appid={app}/" for app in apps] or [root]:
            for item in self._list(prefix):
                partition = Partition.of_key(item["Key"])
                name = item["Key"].rpartition("/")[2]
                if partition is not None and name.endswith(OBJECTS):
                    batches = found.setdefault(partition.appid, _Raw()).batches
                    written = from_datetime(item["LastModified"])
                    batches[name.partition(".")[0]] = _RawObject(item["Key"], item["Size"], written)
        return found

    def _size(self, prefix: str) -> Stored:
        sizes = [item["Size"] for item in self._list(prefix)]
        return Stored(len(sizes), sum(sizes))

    def _list(self, prefix: str) -> Iterator[Any]:
        return objects(self._s3, self._tables.bucket, prefix)

    def _delete(self, keys: Sequence[str]) -> None:
        for some in batched(keys, _DELETE_LIMIT):
            self._lease.keep()
            reply = self._s3.delete_objects(
                Bucket=self._tables.bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
            )
            refused = reply.get("Errors", [])
            self.deleted += len(some) - len(refused)
            if refused:
                first = refused[0]
                raise LogctlError(f"S3 did not delete {first.get('Key')}: {first.get('Message')}.")

    def _drop_leftover_tables(self) -> None:
        """Delete the staging tables of killed runs from the catalog; their objects stay."""
        pages = self._glue.get_paginator("get_tables").paginate(
            DatabaseName=self._tables.database, Expression="compaction_.*"
        )
        for page in pages:
            for table in page["TableList"]:
                if table["Name"].startswith("compaction_"):
                    self._glue.delete_table(DatabaseName=self._tables.database, Name=table["Name"])

    def _query(self, sql: str, parameters: Sequence[str] = ()) -> tuple[tuple[str | None, ...], ...]:
        done = self._runner.run(sql, parameters)
        self._scanned += done.scanned
        return done.rows


def _parameters(day: Day, apps: Sequence[str]) -> list[str]:
    return [quoted(value) for value in (day.year, day.month, day.day, *apps)]


def _generation_of(location: str) -> str:
    """Return the `gen=…` part of a partition's location; empty where it has none."""
    return next((part for part in location.split("/") if part.startswith("gen=")), "")
