"""Partitions against the sandbox: what S3 and the catalog have, and repair in all its ways."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from logctl.aws.clients import Aws
from logctl.core.partitions import Partition
from logctl.core.times import DAY
from logctl.pipeline.partition_expiry import Expiry
from tests.helpers.sandbox import Cli

DAYS = ("2026-03-01", "2026-03-02", "2026-03-04")
APP = "parted"
NAMES = [f"{day.replace('-', '/')}/{APP}" for day in DAYS]
COUNT = f"SELECT day, count(*) AS n FROM logs WHERE appid = '{APP}' GROUP BY day ORDER BY day"


@pytest.fixture(scope="module")
def sent(pipeline: Cli) -> Cli:
    records = [
        {"timestamp": f"{day}T10:00:0{n}Z", "level": "info", "msg": f"{day} {n}"}
        for day in DAYS
        for n in range(4)
    ]
    pipeline.run("send", "--app", APP, "--wait", stdin=json.dumps(records))
    return pipeline


@pytest.fixture
def days(sent: Cli) -> Iterator[Cli]:
    yield sent
    sent.run("athena", "repair", "--app", APP, "--prune", "--fix-locations")


def partition(day: str, app: str = APP) -> Partition:
    return Partition(*day.split("-"), app)


def forget(cli: Cli, *days: str) -> None:
    deployment = cli.deployment
    for day in days:
        deployment.aws.glue.delete_partition(
            DatabaseName=deployment.names.database,
            TableName=deployment.names.table,
            PartitionValues=list(partition(day).values),
        )


def pretend(cli: Cli, *days: str, place: str = "") -> None:
    """Register partitions that have no object."""
    deployment = cli.deployment
    for day in days:
        location = place or partition(day).location(deployment.bucket)
        deployment.aws.glue.create_partition(
            DatabaseName=deployment.names.database,
            TableName=deployment.names.table,
            PartitionInput={
                "Values": list(partition(day).values),
                "StorageDescriptor": {"Location": location},
            },
        )


def rows(cli: Cli, *options: str) -> dict[str, dict]:
    listed = cli.run("athena", "partitions", "--app", APP, "-o", "json", *options).json
    return {row["partition"]: row for row in listed}


def repair(cli: Cli, *options: str, code: int = 0) -> list[dict]:
    return cli.run("athena", "repair", "--app", APP, "-o", "json", *options, code=code).json


def test_what_is_listed(days):
    listed = rows(days)
    assert list(listed) == NAMES
    for row in listed.values():
        assert (row["registered"], row["compacted"], row["objects"], row["small"]) == (True, False, 1, 1.0)
        assert row["bytes"] > 0
        assert row["newest"].startswith("20")
    told = days.run("athena", "partitions", "--app", APP).err
    assert "3 partitions, 3 objects" in told
    assert f"{APP}: 2026-03-03" in told
    table = list(csv.reader(io.StringIO(days.run("athena", "partitions", "-a", APP, "-o", "csv").out)))
    assert table[0][:3] == ["partition", "registered", "compacted"]
    assert len(table) == 4


def test_gaps_are_rows_of_their_own(days):
    gaps = days.run("athena", "partitions", "--app", APP, "--gaps", "-o", "json").json
    assert gaps == [{"app": APP, "first": "2026-03-03", "last": "2026-03-03", "days": 1}]


def test_a_range_is_whole_days(days):
    assert list(rows(days, "--since", "2026-03-02", "--until", "2026-03-04")) == NAMES[1:2]
    assert list(rows(days, "--since", "2026-03-02T23:00", "--until", "2026-03-04T00:01")) == NAMES[1:]
    assert rows(days, "--until", "2026-03-01") == {}


def test_missing_is_told_by_the_exit_code_and_added(days):
    assert repair(days, "--dry-run") == []
    days.run("athena", "partitions", "--app", APP, "--check")
    forget(days, DAYS[1])
    assert not rows(days)[NAMES[1]]["registered"]
    assert "logctl athena repair" in days.run("athena", "partitions").err
    assert repair(days, "--dry-run", code=1) == [{"partition": NAMES[1], "outcome": "would be added"}]
    checked = days.run("athena", "partitions", "--app", APP, "--check", code=1)
    assert "1 not registered" in checked.err
    # Another day's repair does not see it.
    assert repair(days, "--since", "2026-03-04", "--dry-run") == []
    assert not rows(days)[NAMES[1]]["registered"]
    assert repair(days) == [{"partition": NAMES[1], "outcome": "added"}]
    assert rows(days)[NAMES[1]]["registered"]
    assert repair(days) == []


@pytest.mark.parametrize("via", ["glue", "ddl"])
def test_added_dropped_and_moved(days, via):
    forget(days, *DAYS[:2])
    pretend(days, "2026-03-09")
    pretend(days, DAYS[0], place="s3://elsewhere/")
    assert [row["outcome"] for row in repair(days, "--dry-run", "--prune", code=1)] == [
        "would be added",
        "location differs: s3://elsewhere/",
        "would be dropped",
    ]
    done = repair(days, "--via", via, "--prune", "--fix-locations")
    assert done == [
        {"partition": NAMES[1], "outcome": "added"},
        {"partition": NAMES[0], "outcome": "moved"},
        {"partition": f"2026/03/09/{APP}", "outcome": "dropped"},
    ]
    assert list(rows(days)) == NAMES
    counted = days.run("athena", "query", COUNT, "-o", "json").json
    assert counted == [{"day": day[-2:], "n": 4} for day in DAYS]


def test_msck_adds(days):
    forget(days, *DAYS[:2])
    done = days.run("athena", "repair", "--via", "msck", "-o", "json").json
    assert [row for row in done if row["partition"] in NAMES] == [
        {"partition": name, "outcome": "added"} for name in NAMES[:2]
    ]


@pytest.mark.parametrize("option", [["--prune"], ["--since", "7d"], ["--app", "x"], ["--fix-locations"]])
def test_msck_takes_no_other_option(sent, option):
    refused = sent.run("athena", "repair", "--via", "msck", *option, code=2)
    assert refused.err.startswith("logctl: MSCK REPAIR TABLE adds partitions of the whole table")


@pytest.mark.parametrize(
    "options",
    [["--app", "A'"], ["--since", "later"], ["--since", "1d", "--until", "2d"], ["--via", "crawler"]],
)
def test_what_makes_no_sense_is_refused(sent, options):
    assert sent.run("athena", "repair", *options, code=2).out == ""


def test_the_sweepers_role_finds_what_has_expired_and_lists_nothing_else(days):
    deployment = days.deployment
    sweeper = as_role(days, deployment.names.sweeper)
    old = Partition.at(time.time_ns() // 1_000_000 - 400 * DAY, APP)
    pretend(days, old.date)
    # MiniStack has no BatchDeletePartition: all before it is allowed, found, and it is what is called.
    expiry = Expiry(
        sweeper.s3, sweeper.glue, deployment.pipeline_config(), lambda: time.time_ns() // 1_000_000
    )
    with pytest.raises(ClientError, match="Unknown Glue action: BatchDeletePartition"):
        expiry.run()
    for prefix in ("", "quarantine/", "athena-results/"):
        with pytest.raises(ClientError, match="AccessDenied"):
            sweeper.s3.list_objects_v2(Bucket=deployment.bucket, Prefix=prefix)
    assert repair(days, "--prune") == [{"partition": "/".join(old.values), "outcome": "dropped"}]


def as_role(cli: Cli, function: str) -> Aws:
    """Clients with a function's permissions."""
    aws = cli.deployment.aws
    role = f"arn:aws:iam::{aws.account}:role/{function}-{aws.region}"
    lent = aws.sts.assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    session = boto3.Session(
        lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"], region_name=aws.region
    )
    return Aws(session, aws.endpoint_url)


def test_objects_that_are_gone(days):
    """Last: it deletes."""
    deployment = days.deployment
    prefix = partition(DAYS[2]).prefix
    for item in deployment.aws.s3.list_objects_v2(Bucket=deployment.bucket, Prefix=prefix)["Contents"]:
        deployment.aws.s3.delete_object(Bucket=deployment.bucket, Key=item["Key"])
    assert repair(days, "--dry-run") == []
    assert "have no objects" in days.run("athena", "partitions", "--app", APP).err
    assert repair(days, "--prune") == [{"partition": NAMES[2], "outcome": "dropped"}]
    assert list(rows(days)) == NAMES[:2]


def test_a_projected_table_is_refused(sent):
    """Last of all: the table says so from now on, and is put back."""
    glue, names = sent.deployment.aws.glue, sent.deployment.names
    table = glue.get_table(DatabaseName=names.database, Name=names.table)["Table"]
    kept = {
        name: table[name]
        for name in ("Name", "Description", "TableType", "PartitionKeys", "StorageDescriptor", "Parameters")
        if name in table
    }
    projected = {**kept, "Parameters": {**kept["Parameters"], "projection.enabled": "true"}}
    try:
        glue.update_table(DatabaseName=names.database, TableInput=projected)
        assert "partition projection" in sent.run("athena", "repair", code=2).err
        assert "partition projection" in sent.run("athena", "partitions").err
    finally:
        glue.update_table(DatabaseName=names.database, TableInput=kept)
