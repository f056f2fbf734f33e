"""Catalog and bucket compared and repaired: on moto, on a lake of 100,000 partitions, and by Athena's DDL."""

from __future__ import annotations

import os
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bench.lake import Lake
from logctl.aws.athena import QueryFailed
from logctl.core.errors import UsageError
from logctl.core.partitions import Gap, Partition, Scope
from logctl.core.schema import PARTITION_KEYS, storage_descriptor
from logctl.core.times import DAY, TimeRange, parse_time
from logctl.ops.deployment import Deployment
from logctl.ops.lake.partition_listing import registered, status, stored
from logctl.ops.lake.repair import Differences, compare, repair
from logctl.ops.lake.repair_method import Via
from tests.helpers.pipeline import Pipeline


class Here(Deployment):
    """The deployment that moto's resources make."""

    @property
    def bucket(self) -> str:
        return "logctl-test-logs"


@pytest.fixture
def here(pipeline: Pipeline) -> Here:
    from logctl.stack.settings import Settings

    deployment = Here(pipeline.aws, Settings(env="test"))
    if deployment.names.table != pipeline.config.table:
        pipeline.aws.glue.create_table(
            DatabaseName=deployment.names.database,
            TableInput={
                "Name": deployment.names.table,
                "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in PARTITION_KEYS],
                "StorageDescriptor": storage_descriptor("s3://logctl-test-logs/logs/"),
            },
        )
    return deployment


def on(day: str, app: str = "a") -> Partition:
    return Partition(*day.split("-"), app)


FIRST, SECOND, THIRD = on("2026-01-01"), on("2026-01-02"), on("2026-01-03")


def put(here: Here, *partitions: Partition, size: int = 10) -> None:
    for partition in partitions:
        here.aws.s3.put_object(Bucket=here.bucket, Key=partition.object_key("0123"), Body=b"x" * size)


def register(here: Here, *partitions: Partition, table: str = "", place: str = "") -> None:
    here.aws.glue.batch_create_partition(
        DatabaseName=here.names.database,
        TableName=table or here.names.table,
        PartitionInputList=[
            {"Values": list(p.values), "StorageDescriptor": {"Location": place or p.location(here.bucket)}}
            for p in partitions
        ],
    )


def known(here: Here) -> set[Partition]:
    return set(registered(here).locations)


# ── Glue and S3 by moto ─────────────────────────────────────────────────────────────────────────────


def test_missing_is_added_and_gone_is_dropped_when_asked(here):
    put(here, FIRST, SECOND)
    register(here, SECOND, THIRD)
    assert compare(here) == Differences(missing=(FIRST,))
    found = compare(here, prune=True)
    assert found == Differences(missing=(FIRST,), gone=(THIRD,))
    done = repair(here, found)
    assert (done.added, done.dropped, done.failures) == ((FIRST,), (THIRD,), ())
    assert known(here) == {FIRST, SECOND}
    assert not compare(here, prune=True)
    place = registered(here).locations[FIRST]
    assert place == "s3://logctl-test-logs/logs/year=2026/month=01/day=01/appid=a/"


def test_only_the_days_and_apps_in_range(here):
    put(here, FIRST, SECOND, THIRD, on("2026-01-02", "b"))
    scope = Scope.of(TimeRange(parse_time("2026-01-02"), parse_time("2026-01-03")), ("a",))
    assert compare(here, scope).missing == (SECOND,)
    register(here, FIRST, SECOND, on("2026-01-02", "b"))
    assert set(registered(here, scope).locations) == {SECOND}
    assert set(registered(here, Scope(apps=("b",))).locations) == {on("2026-01-02", "b")}
    # Beyond what is worked out day by day, years and months are walked.
    wide = Scope.of(TimeRange(parse_time("2020-01-01"), parse_time("2026-01-03")))
    assert stored(here, wide) == {FIRST, SECOND, on("2026-01-02", "b")}


@pytest.mark.slow
def test_the_expression_is_exact_at_both_ends(here):
    """moto evaluates it, MiniStack ignores it: there the client's own filter is what counts."""
    days = [on("2025-12-30"), on("2025-12-31"), on("2026-01-01"), on("2026-02-01"), on("2026-02-02")]
    register(here, *days, on("2026-01-01", "b"))
    scope = Scope.of(TimeRange(parse_time("2025-12-31"), parse_time("2026-02-02")), ("a",))
    reply = here.aws.glue.get_partitions(
        DatabaseName=here.names.database, TableName=here.names.table, Expression=scope.expression()
    )
    found = [Partition(*item["Values"]) for item in reply["Partitions"]]
    assert sorted(found) == sorted(registered(here, scope).locations) == days[1:4]


def test_a_partition_that_lies_elsewhere_is_told_and_moved_only_when_asked(here):
    put(here, FIRST)
    register(here, FIRST, SECOND, place="s3://old/logs/")
    found = compare(here, prune=True)
    assert found == Differences(elsewhere=((FIRST, "s3://old/logs/"), (SECOND, "s3://old/logs/")))
    assert repair(here, found).moved == ()
    assert repair(here, found, fix_locations=True).moved == (FIRST, SECOND)
    assert compare(here) == Differences()


def test_what_others_registered_is_left_alone(here):
    register(here, Partition("2026", "1", "1", "a"), Partition("2026", "01", "01", "O'Brien"))
    assert compare(here, prune=True) == Differences(foreign=2)


@pytest.mark.proves("B27")
def test_a_projected_table_is_refused(here):
    glue, names = here.aws.glue, here.names
    glue.update_table(
        DatabaseName=names.database,
        TableInput={
            "Name": names.table,
            "Parameters": {"projection.enabled": "TRUE"},
            "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in PARTITION_KEYS],
        },
    )
    with pytest.raises(UsageError, match="partition projection"):
        compare(here)
    assert status(here).projected


def test_status_tells_objects_small_ones_and_gaps(here):
    put(here, FIRST, on("2026-01-05"), on("2026-01-09"))
    here.aws.s3.put_object(Bucket=here.bucket, Key=FIRST.object_key("4567"), Body=b"xy")
    here.aws.s3.put_object(Bucket=here.bucket, Key="logs/stray", Body=b"xy")
    register(here, FIRST, SECOND)
    register(here, on("2026-01-07"), table=here.names.compacted_table)
    overview = status(here)
    first, second, third, _ = overview.partitions
    assert (first.registered, first.content.objects, first.content.bytes, first.content.small) == (
        True,
        2,
        12,
        1,
    )
    assert (second.registered, second.content.objects, second.content.small) == (True, 0, None)
    assert not third.registered
    assert overview.total.objects == 4
    # The seventh is compacted: its records are there.
    assert overview.gaps == (
        Gap("a", "2026-01-03", "2026-01-04", 2),
        Gap("a", "2026-01-06", "2026-01-06", 1),
        Gap("a", "2026-01-08", "2026-01-08", 1),
    )


def test_an_object_that_arrives_while_its_partition_is_dropped(here):
    register(here, FIRST, SECOND)
    found = compare(here, prune=True)
    put(here, FIRST)
    done = repair(here, found)
    assert (done.dropped, done.returned) == ((SECOND,), (FIRST,))
    assert known(here) == {FIRST}


def test_a_batch_that_fails_fails_alone(here, monkeypatch):
    partitions = [on("2026-01-01", f"a{number:03d}") for number in range(150)]
    whole = here.aws.glue.batch_create_partition

    def throttled(**request: Any) -> Any:
        if len(request["PartitionInputList"]) < 100:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "x")
        return whole(**request)

    monkeypatch.setattr(here.aws.glue, "batch_create_partition", throttled)
    done = repair(here, Differences(missing=tuple(partitions)))
    assert (len(done.added), len(done.failures)) == (100, 50)
    assert "Rate exceeded" in done.failures[0].reason
    with pytest.raises(ClientError):
        repair(here, Differences(missing=(FIRST,)))


# ── How many calls, at 20,000 partitions; `bench` and `make soak` take 100,000 ──────────────────────

DAYS, APPS = (1_000 if os.environ.get("LOGCTL_SOAK") else 200), 100
MONTHS = 34  # that 1,000 days touch, with 4 years


@pytest.fixture(scope="module")
def lake() -> Lake:
    return Lake.of(DAYS, APPS, objects=10)


def test_nothing_missing_is_a_listing_a_day_and_the_catalog_in_segments(lake):
    lake.register(lake.partitions).calls.clear()
    assert not compare(lake, prune=True)
    assert lake.calls["s3:ListObjectsV2"] <= DAYS + MONTHS + 4 + 1
    assert lake.calls["glue:GetPartitions"] <= DAYS * APPS / 1000 + 10
    assert set(lake.calls) == {"s3:ListObjectsV2", "glue:GetPartitions", "glue:GetTable"}


def test_all_missing_is_a_call_for_each_hundred(lake):
    lake.register([]).calls.clear()
    done = repair(lake, compare(lake))
    assert len(done.added) == len(lake.registered) == DAYS * APPS
    assert lake.calls["glue:BatchCreatePartition"] == DAYS * APPS / 100
    assert lake.calls["glue:GetPartitions"] == 1


def test_a_week_is_a_listing_a_day(lake):
    lake.register(lake.partitions[:-50]).calls.clear()
    week = Scope.of(TimeRange(parse_time("2026-01-25"), parse_time("2026-01-25") + 7 * DAY))
    assert len(compare(lake, week).missing) == 50
    assert lake.calls == {"s3:ListObjectsV2": 7, "glue:GetPartitions": 1, "glue:GetTable": 1}


def test_everything_gone_is_dropped_by_25(lake):
    empty = Lake([], bucket=lake.bucket).register(lake.partitions)
    done = repair(empty, compare(empty, prune=True))
    assert len(done.dropped) == DAYS * APPS
    assert not empty.registered
    assert empty.calls["glue:BatchDeletePartition"] == DAYS * APPS / 25
    # One listing found that nothing is there, and one a day that nothing has come.
    assert empty.calls["s3:ListObjectsV2"] == 1 + DAYS


# ── By Athena ───────────────────────────────────────────────────────────────────────────────────────


class Athena:
    """Runs what it is given at once, and remembers it."""

    def __init__(self, lake: Lake, *, state: str = "SUCCEEDED") -> None:
        self.lake, self.state = lake, state
        self.statements: list[str] = []
        self.stopped: list[str] = []
        self.places: set[tuple[str, str]] = set()

    def start_query_execution(self, **request: Any) -> dict[str, str]:
        self.statements.append(request["QueryString"])
        self.places.add((request["WorkGroup"], request["QueryExecutionContext"]["Database"]))
        if request["QueryString"].startswith("MSCK"):
            self.lake.register(self.lake.partitions[1:])
        return {"QueryExecutionId": str(len(self.statements))}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:
        if self.state == "INTERRUPTED":
            raise KeyboardInterrupt
        return {"QueryExecution": {"Status": {"State": self.state, "StateChangeReason": "no"}}}

    def stop_query_execution(self, QueryExecutionId: str) -> None:
        self.stopped.append(QueryExecutionId)


def by_athena(**options: Any) -> tuple[Lake, Athena]:
    lake = Lake.of(50, 5)
    lake.aws.athena = athena = Athena(lake, **options)
    return lake, athena


def test_ddl_adds_and_drops_by_100():
    lake, athena = by_athena()
    gone = (on("2020-01-01"),)
    away = ((lake.partitions[0], "s3://old/"),)
    done = repair(lake, Differences(tuple(lake.partitions[1:]), gone, away), via=Via.DDL, fix_locations=True)
    assert (len(done.added), done.dropped, len(done.moved)) == (249, gone, 1)
    assert sorted(statement.count("PARTITION (") for statement in athena.statements) == [1, 1, 49, 100, 100]
    assert athena.places == {("wg", "db")}
    assert not lake.calls["glue:BatchCreatePartition"]


def test_ddl_that_fails_is_told():
    lake, _ = by_athena(state="FAILED")
    with pytest.raises(QueryFailed, match="Athena: no"):
        repair(lake, compare(lake), via=Via.DDL)


def test_an_interrupted_statement_is_cancelled():
    lake, athena = by_athena(state="INTERRUPTED")
    with pytest.raises(KeyboardInterrupt):
        repair(lake, compare(lake), via=Via.DDL)
    assert len(athena.stopped) == len(athena.statements) > 0


def test_msck_is_one_statement_and_what_it_did_is_looked_up():
    lake, athena = by_athena()
    done = repair(lake, compare(lake), via=Via.MSCK)
    assert athena.statements == ["MSCK REPAIR TABLE `raw`"]
    assert len(done.added) == 249
    assert [failure.partition for failure in done.failures] == lake.partitions[:1]
