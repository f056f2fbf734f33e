"""Which partitions a command means: days, apps, gaps, expressions and statements. All pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.lake import _predicate
from logctl.core import partition_ddl
from logctl.core.partitions import Gap, Partition, Scope, gaps
from logctl.core.times import DAY, TimeRange, parse_time
from logctl.local.athena.syntax.hive_parser import parse_ddl
from logctl.local.athena.syntax.hive_statements import AddPartitions, DropPartitions, RepairTable, SetLocation

A = Partition("2026", "01", "31", "a")
DAYS = st.integers(parse_time("2015-01-01") // DAY, parse_time("2030-01-01") // DAY)


def between(since: str, until: str, *apps: str) -> Scope:
    return Scope.of(TimeRange(parse_time(since), parse_time(until)), apps)


def test_a_range_ends_before_its_end():
    scope = between("2026-01-30T23:59:59.999Z", "2026-02-01T00:00:00Z")
    assert (scope.first, scope.last) == ("2026-01-30", "2026-01-31")
    assert scope.day_prefixes() == ["logs/year=2026/month=01/day=30/", "logs/year=2026/month=01/day=31/"]
    assert between("2026-01-30", "2026-02-01T00:00:00.001Z").last == "2026-02-01"


def test_apps_are_names_or_globs():
    assert A in Scope(apps=("b", "a"))
    assert A in Scope(apps=("?",))
    assert A not in Scope(apps=("b*",))


def test_few_days_are_known_and_many_are_looked_for():
    assert Scope().day_prefixes() is None
    assert between("2024-01-01", "2026-01-01").day_prefixes() is None
    assert len(between("2025-12-30", "2026-01-03").day_prefixes() or []) == 4


def test_what_is_out_of_range_is_not_walked_into():
    scope = between("2025-12-30", "2026-02-03")
    walked = ["year=2024/", "year=2025/", "year=2025/month=11/", "year=2025/month=12/", "year=2026/month=02/day=02/",
              "year=2026/month=02/day=03/", "other/"]  # fmt: skip
    assert [scope.touches(f"logs/{prefix}") for prefix in walked] == [
        False,
        True,
        False,
        True,
        True,
        False,
        False,
    ]


@given(DAYS, DAYS, DAYS)
def test_the_expression_says_what_the_scope_says(one, other, day):
    first, last = sorted((one, other))
    scope = Scope.of(TimeRange(first * DAY, last * DAY + 1), ("a", "b"))
    partition = Partition.at(day * DAY, "a")
    assert _predicate(scope.expression())(partition) == (partition in scope) == (first <= day <= last)
    assert not _predicate(scope.expression())(Partition.at(first * DAY, "c"))


def test_expressions():
    assert Scope().expression() == ""
    assert between("2026-01-31", "2026-02-01").expression() == "year = '2026' AND month = '01' AND day = '31'"
    assert Scope(apps=("a", "b")).expression() == "appid IN ('a', 'b')"
    assert Scope(apps=("a", "b*")).expression() == ""  # globs are for the client
    many = Scope("2026-01-01", "2026-01-31", tuple(f"application-{n:04d}" for n in range(200)))
    assert "appid" not in many.expression()
    assert len(many.expression()) < 2048


def test_gaps():
    found = [Partition("2026", "02", "27", "a"), Partition("2026", "03", "01", "a"), Partition("2026", "03", "05", "a"),
             Partition("2026", "03", "06", "a"), Partition("2026", "01", "01", "b"), Partition("2026", "02", "30", "c")]  # fmt: skip
    assert gaps(found) == [
        Gap("a", "2026-02-28", "2026-02-28", 1),
        Gap("a", "2026-03-02", "2026-03-04", 3),
    ]


@pytest.mark.parametrize(
    "values", [("2026", "1", "31", "a"), ("2026", "01", "31", "A'"), ("2026", "01"), ("__HIVE_DEFAULT_PARTITION__",) * 4]
)  # fmt: skip
def test_values_that_are_not_ours(values):
    assert Partition.of_values(values) is None
    assert Partition.of_values(A.values) == A


def test_statements():
    b = Partition("2026", "02", "01", "b-1")
    assert partition_ddl.add_partitions_ddl(
        "logs_raw", [(one, one.location("bucket")) for one in (A, b)]
    ) == (
        "ALTER TABLE `logs_raw` ADD IF NOT EXISTS "
        "PARTITION (`year` = '2026', `month` = '01', `day` = '31', `appid` = 'a') "
        "LOCATION 's3://bucket/logs/year=2026/month=01/day=31/appid=a/' "
        "PARTITION (`year` = '2026', `month` = '02', `day` = '01', `appid` = 'b-1') "
        "LOCATION 's3://bucket/logs/year=2026/month=02/day=01/appid=b-1/'"
    )
    assert partition_ddl.drop_partitions_ddl("logs_raw", [A, b]) == (
        "ALTER TABLE `logs_raw` DROP IF EXISTS "
        "PARTITION (`year` = '2026', `month` = '01', `day` = '31', `appid` = 'a'), "
        "PARTITION (`year` = '2026', `month` = '02', `day` = '01', `appid` = 'b-1')"
    )
    assert partition_ddl.identifier("a`b") == "`a``b`"
    assert partition_ddl.literal("o'brien\\") == r"'o\'brien\\'"


def test_the_sandbox_reads_the_statements_as_they_are_meant():
    added = parse_ddl(partition_ddl.add_partitions_ddl("t", [(A, A.location("b"))]))
    values = {"year": "2026", "month": "01", "day": "31", "appid": "a"}
    assert isinstance(added, AddPartitions)
    assert added.partitions == ((values, "s3://b/logs/year=2026/month=01/day=31/appid=a/"),)
    dropped = parse_ddl(partition_ddl.drop_partitions_ddl("t", [A, A]))
    assert isinstance(dropped, DropPartitions)
    assert len(dropped.partitions) == 2
    assert isinstance(parse_ddl(partition_ddl.set_location_ddl("t", A, A.location("b"))), SetLocation)
    assert isinstance(parse_ddl(partition_ddl.msck_ddl("t")), RepairTable)


def test_the_longest_statement_is_far_below_the_limit():
    one = Partition("2026", "01", "31", "a" * 64)
    long = [(one, one.location("b" * 63))] * partition_ddl.STATEMENT_PARTITIONS
    assert len(partition_ddl.add_partitions_ddl("logs_raw", long)) < partition_ddl.STATEMENT_LIMIT / 5
