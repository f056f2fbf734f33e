"""What lifecycle has emptied leaves the catalog, once a day, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from logctl.core.partitions import Partition
from logctl.core.times import DAY, parse_time
from logctl.pipeline import partition_expiry, sweeper
from logctl.pipeline.partition_expiry import Expiry, is_due
from tests.helpers.expiry import LAST, NOW, OLD, register
from tests.helpers.pipeline import Pipeline


@pytest.fixture
def old(pipeline: Pipeline) -> Pipeline:
    pipeline.clock.now = NOW
    return pipeline


def registered(old: Pipeline, table: str = "") -> set[Partition]:
    reply = old.aws.glue.get_partitions(DatabaseName=old.config.database, TableName=table or old.config.table)
    return {Partition(*item["Values"]) for item in reply["Partitions"]}


def run(old: Pipeline, **options: Any) -> int:
    dropped, failures = Expiry(old.aws.s3, old.aws.glue, old.config, old.clock).run(**options)
    assert failures == []
    return dropped


def test_old_and_empty_is_dropped_and_nothing_else(old):
    full = Partition.at(NOW - 400 * DAY, "late")
    old.aws.s3.put_object(Bucket=old.config.bucket, Key=full.object_key("0"), Body=b"x")
    recent = Partition.at(NOW - 300 * DAY, "a")
    away = Partition.at(NOW - 500 * DAY, "away")
    register(old, OLD, LAST, full, recent)
    register(old, away, place="s3://elsewhere/")
    assert run(old) == 1
    # The last day of the retention stays: some of its objects have a day to go.
    assert registered(old) == {LAST, full, recent, away}
    assert run(old) == 0


def test_compacted_partitions_expire_by_where_they_lie(old):
    old.aws.s3.put_object(Bucket=old.config.bucket, Key="compacted/gen=1/appid=b/x", Body=b"x")
    held = Partition.at(NOW - 400 * DAY, "b")
    root = f"s3://{old.config.bucket}/compacted/gen=1"
    register(old, OLD, table=old.config.compacted_table, place=f"{root}/appid=a")
    register(old, held, table=old.config.compacted_table, place=f"{root}/appid=b/")
    assert run(old) == 1
    assert registered(old, old.config.compacted_table) == {held}


def test_a_day_looks_at_so_many_and_the_next_at_others(old, monkeypatch):
    monkeypatch.setattr(partition_expiry, "LIMIT", 30)
    full = [Partition.at(NOW - 400 * DAY, f"full-{n:02d}") for n in range(40)]
    for partition in full:
        old.aws.s3.put_object(Bucket=old.config.bucket, Key=partition.object_key("0"), Body=b"x")
    register(old, *full, OLD)
    dropped = []
    for _ in range(3):
        dropped.append(run(old))
        old.clock.advance(DAY)
    assert sum(dropped) == 1


def test_it_stops_when_there_is_no_time(old):
    register(old, *(Partition.at(NOW - 400 * DAY, f"a{n:02d}") for n in range(60)))
    assert run(old, until=lambda: True) == 25


def test_once_a_day_by_the_clock():
    midnight = parse_time("2026-01-31")
    assert [minute for minute in range(1440) if is_due(midnight + minute * 60_000)] == [197]


def test_a_failure_is_logged_and_no_more(old, capsys):
    old.aws.glue.delete_table(DatabaseName=old.config.database, Name=old.config.table)
    sweeper.expire(Expiry(old.aws.s3, old.aws.glue, old.config, old.clock), lambda: False)
    told = json.loads(capsys.readouterr().err)
    assert told["event"] == "expiry_failed"
    assert "EntityNotFoundException" in told["reason"]
