"""Compaction against the sandbox: nothing lost and nothing doubled, at any moment, whoever dies."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from logctl.aws.athena import Runner
from logctl.core.frames import compress
from logctl.core.partitions import Partition
from logctl.core.times import DAY, HOUR, TimeRange, parse_time
from logctl.ops.deployment import Deployment
from logctl.ops.lake.compact import compactor
from logctl.pipeline.compaction import Compactor, Mismatch, Report, Tables
from logctl.pipeline.stores.lease import DURATION, Lease, LeaseHeld, LeaseLost
from tests.helpers.pipeline import Clock
from tests.helpers.sandbox import Cli
from tests.helpers.template import statements

MARCH = "2026-03-0"


class Env:
    """One app's records, put where the consumer would put them, and looked at as people do."""

    def __init__(self, deployment: Deployment, app: str) -> None:
        self.deployment = deployment
        self.app = app
        self.clock = Clock(parse_time("2026-03-10T12:00:00Z"))
        self.events: set[str] = set()

    @property
    def runner(self) -> Runner:
        names = self.deployment.names
        return Runner(self.deployment.aws.athena, names.workgroup, names.database)

    def put(self, day: str, batch: str, count: int = 20, *, register: bool = True) -> None:
        """One object, as one message of the queue makes it."""
        from logctl.pipeline.stores.catalog import Catalog

        year, month, number = day.split("-")
        partition = Partition(year, month, number, self.app)
        lines = []
        for n in range(count):
            event = f"{self.app}-{day}-{batch}-{n}"
            self.events.add(event)
            record = {
                "event_id": event, "ts": f"{day}T{n % 24:02d}:00:00.{n:03d}Z", "level": "ERROR" if n % 5 == 0 else "INFO",
                "message": f"message {n} of {batch}", "fields": json.dumps({"Msg": n, "msg": -n}), "flags": ["late"],
                "seq": n,
            }  # fmt: skip
            # Earlier versions stored the batch in each row.
            lines.append(json.dumps(record | ({"batch_id": batch} if batch == "b" else {})))
        plain = "\n".join(lines).encode() + b"\n"
        key = partition.object_key(batch)
        names = self.deployment.names
        self.deployment.aws.s3.put_object(
            Bucket=self.deployment.bucket,
            Key=key.replace(".zst", ".gz") if batch == "b" else key,
            Body=gzip.compress(plain) if batch == "b" else compress(plain),
        )
        if register:
            catalog = Catalog(
                self.deployment.aws.glue,
                database=names.database,
                table=names.table,
                bucket=self.deployment.bucket,
            )
            assert catalog.register([partition]) == []

    def compactor(self, *, grace: int = HOUR, clock: Any = None, hot_retention: int = 0) -> Compactor:
        names, aws = self.deployment.names, self.deployment.aws
        return Compactor(
            aws.s3,
            aws.glue,
            self.runner,
            Tables(names.database, names.compacted_table, names.view, self.deployment.bucket),
            clock=clock or compactor(self.deployment)._clock,
            owner="a test",
            hot_retention=hot_retention,
            grace=grace,
        )

    def compact(self, *, grace: int = HOUR, clock: Any = None, hot_retention: int = 0) -> Report:
        work = self.compactor(grace=grace, clock=clock, hot_retention=hot_retention)
        span = TimeRange(parse_time("2026-03-01"), parse_time("2026-03-09"))
        list(work.run(span, [self.app]))
        return work.report()

    def seen(self, view: str = "logs") -> tuple[int, int, set[str]]:
        """Rows, distinct ids, and the ids."""
        sql = f"SELECT event_id FROM {view} WHERE year = '2026' AND month = '03' AND appid = ?"
        rows = [str(row[0]) for row in self.runner.run(sql, [f"'{self.app}'"]).rows]
        return len(rows), len(set(rows)), set(rows)

    def check(self) -> None:
        """Each record once, whatever has happened."""
        rows, distinct, ids = self.seen()
        assert ids == self.events
        assert rows == distinct == len(self.events)

    def keys(self, prefix: str) -> list[str]:
        pages = self.deployment.aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.deployment.bucket, Prefix=prefix
        )
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return [key for key in found if f"appid={self.app}/" in key]

    @property
    def raw(self) -> list[str]:
        return self.keys("logs/")

    @property
    def parquet(self) -> list[str]:
        return self.keys("compacted/")


@pytest.fixture
def env(pipeline: Cli, request: pytest.FixtureRequest) -> Env:
    return Env(pipeline.deployment, "c-" + request.node.name.replace("_", "-")[5:40].strip("-").lower())


def test_records_stay_the_same_and_each_is_seen_once(env):
    for batch in ("a", "b", "c"):
        env.put(f"{MARCH}1", batch)
    env.put(f"{MARCH}2", "d", 5)
    env.check()
    columns = "event_id, ts, level, message, fields, flags, seq, batch_id, year, month, day, appid"
    sql = f"SELECT {columns} FROM logs WHERE year = '2026' AND month = '03' AND appid = '{env.app}' ORDER BY event_id"
    before = env.runner.run(sql).rows

    report = env.compact()
    assert [(item.partition.day, item.records, item.before.objects, item.after.objects) for item in report.compacted] == [
        ("01", 60, 3, 1), ("02", 5, 1, 1),
    ]  # fmt: skip
    assert (report.waiting, report.deleted) == (4, 0)
    assert len(env.raw) == 4
    assert env.runner.run(sql).rows == before

    again = env.compact()
    assert (again.compacted, again.waiting, again.deleted) == ((), 4, 0)
    done = env.compact(grace=0)
    assert (done.compacted, done.waiting, done.deleted) == ((), 0, 4)
    assert env.raw == []
    assert len(env.parquet) == 2
    assert env.runner.run(sql).rows == before
    assert env.seen("logs_unique")[0] == len(env.events)
    assert env.runner.run(
        f"SELECT json_extract_scalar(fields, '$.Msg'), json_extract_scalar(fields, '$.msg') FROM logs "
        f"WHERE year='2026' AND appid = '{env.app}' AND event_id = '{env.app}-{MARCH}1-a-3'"
    ).rows == (("3", "-3"),)


def test_a_raw_object_stays_as_long_as_a_hot_row_may_point_to_it(env):
    env.put(f"{MARCH}1", "a")
    env.compact(grace=0)
    start = env.compactor()._clock()
    env.put(f"{MARCH}1", "late")

    def later(hours: int) -> Report:
        return env.compact(hot_retention=24 * HOUR, clock=lambda: start + hours * HOUR)

    assert [item.records for item in later(1).compacted] == [40]
    report = later(24)  # it deletes the generation that was replaced
    assert (report.waiting, report.pointed) == (1, 1)
    assert len(env.raw) == 1
    env.check()
    report = later(26)
    assert (report.waiting, report.pointed, report.deleted) == (0, 0, 1)
    assert env.raw == []
    env.check()


def test_files_are_sorted_zstd_parquet(env):
    import io

    import duckdb

    for batch in ("b", "a"):
        env.put(f"{MARCH}1", batch, 50)
    env.compact()
    (key,) = env.parquet
    body = env.deployment.aws.s3.get_object(Bucket=env.deployment.bucket, Key=key)["Body"].read()
    with open_file(io.BytesIO(body)) as path:
        stamps = [row[0] for row in duckdb.sql(f"SELECT ts FROM '{path}'").fetchall()]
        hours: dict[str, list[str]] = {}
        for stamp in stamps:
            hours.setdefault(stamp[:13], []).append(stamp)
        assert all(listed == sorted(listed) for listed in hours.values())
        # An hour lies together.
        changes = sum(a[:13] != b[:13] for a, b in pairwise(stamps))
        assert changes == len(hours) - 1
        codecs = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{path}')").fetchall()
        assert codecs == [("ZSTD",)]


@contextmanager
def open_file(body: Any) -> Iterator[str]:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(body.read())
        file.flush()
        yield file.name


def test_late_records_are_seen_at_once_and_join_with_the_next_run(env):
    env.put(f"{MARCH}1", "a")
    env.compact(grace=0)
    env.put(f"{MARCH}1", "late")
    env.check()
    report = env.compact(grace=0)
    assert [item.records for item in report.compacted] == [40]
    env.check()
    assert env.raw == []
    # The replaced generation is gone with its file.
    assert len(env.parquet) == 1


def test_a_batch_delivered_again_after_compaction_is_not_seen_twice(env):
    env.put(f"{MARCH}1", "a")
    env.compact(grace=0)
    env.put(f"{MARCH}1", "a")
    env.check()
    assert env.compact(grace=0).deleted == 1
    assert env.raw == []
    env.check()


def test_the_same_event_in_two_batches_is_once_in_the_unique_view(env):
    env.put(f"{MARCH}1", "a", 3)
    key = Partition("2026", "03", "01", env.app).object_key("a")
    body = env.deployment.aws.s3.get_object(Bucket=env.deployment.bucket, Key=key)["Body"].read()
    env.deployment.aws.s3.put_object(
        Bucket=env.deployment.bucket, Key=key.replace("/a.json", "/b.json"), Body=body
    )
    for _ in range(2):
        assert env.seen()[:2] == (6, 3)
        assert env.seen("logs_unique")[:2] == (3, 3)
        env.compact(grace=0)


def test_open_days_and_other_apps_are_left_alone(env):
    env.clock.now = parse_time("2026-03-02T00:30:00Z")
    env.put(f"{MARCH}1", "a")
    assert env.compact(clock=env.clock).compacted == ()  # over for half an hour only
    env.clock.advance(HOUR)
    assert [item.partition.appid for item in env.compact(clock=env.clock).compacted] == [env.app]


def test_an_unregistered_partition_stops_it_before_anything_changes(env):
    env.put(f"{MARCH}1", "a", register=False)
    with pytest.raises(Mismatch, match="not built"):
        env.compact(grace=0)
    assert len(env.raw) == 1
    tables = env.deployment.aws.glue.get_tables(DatabaseName=env.deployment.names.database)["TableList"]
    assert [table["Name"] for table in tables if table["Name"].startswith("compaction_")] == []


class Killed(BaseException):
    """Not an Exception: nothing may catch it and go on."""


@contextmanager
def killed_at(env: Env, call: int, *, after: bool) -> Iterator[list[str]]:
    """Die at the n-th call to AWS, before it is made or after it is done."""
    calls: list[str] = []
    clients = [env.deployment.aws.s3, env.deployment.aws.glue, env.deployment.aws.athena]

    def die(model: Any, **_: Any) -> None:
        calls.append(model.name)
        if len(calls) == call:
            raise Killed

    event = "after-call" if after else "before-call"
    for client in clients:
        client.meta.events.register_first(event, die)
    try:
        yield calls
    finally:
        for client in clients:
            client.meta.events.unregister(event, die)


def test_killed_anywhere_every_record_is_seen_once_and_the_next_run_finishes(env, monkeypatch):
    """Every step in turn, with late records, and the lease left behind by the dead."""
    import os

    every = 1 if os.environ.get("LOGCTL_SOAK") else 6
    monkeypatch.setattr("logctl.aws.athena._FIRST_WAIT", 0.02)
    env.put(f"{MARCH}1", "first")
    env.compact(grace=0)
    number = 0
    # A clock of our own, far ahead at each run: whoever died is expired.
    clock = Clock(compactor(env.deployment)._clock())
    for after in (False, True):
        call, finished = 1 + number % every, False
        while not finished:
            number += 1
            env.put(f"{MARCH}1", f"late-{number}", 2)
            clock.advance(DURATION + 1000)
            with killed_at(env, call, after=after) as calls:
                try:
                    env.compact(grace=0, clock=clock)
                    finished = len(calls) < call
                except Killed:
                    pass
            env.check()
            call += every
    assert number > 10
    clock.advance(DURATION + DAY)
    env.compact(grace=0, clock=clock)
    env.check()
    assert env.raw == []
    assert len(env.parquet) == 1


def test_readers_see_each_record_once_while_it_runs(env):
    import threading

    for number in range(6):
        env.put(f"{MARCH}{1 + number}", "a", 30)
    stop, looks = threading.Event(), []

    def look() -> None:
        while not stop.is_set():
            looks.append(env.seen()[:2])

    reader = threading.Thread(target=look)
    reader.start()
    try:
        assert len(env.compact().compacted) == 6
    finally:
        stop.set()
        reader.join()
    assert len(looks) > 5
    assert set(looks) == {(180, 180)}


def test_one_at_a_time_and_the_dead_are_taken_over(env):
    s3, bucket, clock = env.deployment.aws.s3, env.deployment.bucket, env.clock
    first = Lease(s3, bucket, "compacted/_test", owner="one", clock=clock)
    second = Lease(s3, bucket, "compacted/_test", owner="two", clock=clock)
    with first:
        with pytest.raises(LeaseHeld, match="by one"), second:
            pass
        first.keep()
        clock.advance(DURATION // 2)
        first.keep()
        clock.advance(DURATION // 2 + 1)
        with pytest.raises(LeaseHeld), second:
            pass
        clock.advance(DURATION)
        with second:
            with pytest.raises(LeaseLost):
                first.confirm()
            second.confirm()
    with first:
        pass


def test_from_the_command_line(pipeline, env):
    env.put(f"{MARCH}1", "a")
    arguments = ["athena", "compact", "--since", "2026-03-01", "--until", "2026-03-05", "--app", env.app]
    planned = pipeline.run(*arguments, "--dry-run", "-o", "json")
    assert [(row["partition"], row["objects"]) for row in planned.json] == [(f"2026/03/01/{env.app}", 1)]
    done = pipeline.run(*arguments, "-o", "json")
    assert [(row["records"], row["files"]) for row in done.json] == [(20, 1)]
    assert "1 replaced objects stay" in done.err and "for 1h" in done.err
    last = pipeline.run(*arguments, "--grace", "0")
    assert "Nothing to compact" in last.err
    # A hot row of these records may exist, because the object was written just now.
    assert "1 replaced objects stay" in last.err and "hot_retention" in last.err
    assert len(env.raw) == 1
    env.check()
    assert "cannot name an app" in pipeline.run("athena", "compact", "--app", "x' OR 1", code=2).err


def test_the_deployed_compactor(sandbox):
    """In Lambda, with its own role, in an environment of its own."""
    cli = Cli(sandbox.home, env="nightly", variables={"LOGCTL_COMPACT_AFTER": "1d"})
    cli.run("provision", "--yes")
    deployment = cli.deployment
    records = [
        {"timestamp": (compactor(deployment)._clock() - 3 * DAY) / 1000, "msg": f"m{n}"} for n in range(30)
    ]
    cli.run("send", "--app", "web", "--wait", stdin=json.dumps(records))
    reply = deployment.aws.functions.invoke(FunctionName=deployment.names.compactor)
    result = json.loads(reply["Payload"].read())
    assert result.get("partitions") == 1, result
    for name in ("logs_compacted", "logs"):
        counted = cli.run("athena", "query", f"SELECT count(*) AS n FROM {name}", "-o", "json", "--full-scan")
        assert counted.json == [{"n": 30}]
    rules = deployment.aws.session.client("events", endpoint_url=deployment.aws.endpoint_url).list_rules()[
        "Rules"
    ]
    assert any(rule["Name"] == deployment.names.compactor for rule in rules)
    cli.run("destroy", "--delete-data", "--yes")


def test_the_compactors_role_grants_what_it_calls_and_what_athena_does_for_it(env):
    by_athena = {
        "glue:GetDatabase", "glue:GetTable", "glue:GetPartition", "glue:BatchCreatePartition",
        "glue:UpdatePartition", "s3:GetBucketLocation", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
    }  # fmt: skip
    by_lambda = {"logs:CreateLogStream", "logs:PutLogEvents"}
    only_when_stopped = {"athena:StopQueryExecution"}
    names = {
        "ListObjectsV2": "ListBucket", "HeadObject": "GetObject", "DeleteObjects": "DeleteObject",
    }  # fmt: skip
    used: set[str] = set()

    def note(model: Any, **_: Any) -> None:
        used.add(f"{model.service_model.signing_name}:{names.get(model.name, model.name)}")

    clients = [env.deployment.aws.s3, env.deployment.aws.glue, env.deployment.aws.athena]
    for client in clients:
        client.meta.events.register("before-call", note)
    try:
        env.put(f"{MARCH}1", "a", register=True)
        used.clear()
        env.compact(grace=0)
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", note)
    granted = {
        action
        for statement in statements("CompactorRole", compact_after="1d")
        for action in statement["Action"]
    }
    assert used == granted - by_athena - by_lambda - only_when_stopped


def test_repair_finds_compacted_partitions_again(pipeline, env):
    """As after a destroy that kept the data: the catalog is new, the bucket is not."""
    env.put(f"{MARCH}1", "a")
    env.put(f"{MARCH}2", "b")
    env.compact(grace=0)
    env.put(f"{MARCH}1", "late")
    env.compact(grace=0)
    names = env.deployment.names
    for day in ("01", "02"):
        env.deployment.aws.glue.delete_partition(
            DatabaseName=names.database,
            TableName=names.compacted_table,
            PartitionValues=["2026", "03", day, env.app],
        )
    assert env.seen()[0] == 0
    arguments = ["athena", "repair", "--app", env.app, "-o", "json"]
    planned = pipeline.run(*arguments, "--dry-run", code=1)
    expected = [f"2026/03/{day}/{env.app}" for day in ("01", "02")]
    assert [row["partition"] for row in planned.json if "compacted" in row["outcome"]] == expected
    pipeline.run(*arguments)
    env.check()
    assert pipeline.run(*arguments, "--dry-run").json == []
