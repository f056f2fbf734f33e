"""The names and statements of compaction, without Athena: tests/sandbox/test_compaction.py runs them."""

from __future__ import annotations

import pytest

from logctl.core.compaction_sql import (
    Day,
    batches_sql,
    begun,
    difference_sql,
    insert_sql,
    new_generation,
    staged_batches_sql,
    staging_table,
)
from logctl.core.partitions import Partition
from logctl.core.times import parse_time

DAY = Day("2026", "03", "01")
FOUR = parse_time("2026-03-01T04:05:06Z")


def test_a_day_and_its_partitions():
    partition = Partition("2026", "03", "01", "web")
    assert Day.of(partition) == DAY and DAY.partition("web") == partition
    assert DAY.prefix == "compacted/year=2026/month=03/day=01/"
    assert str(DAY) == "2026-03-01"
    assert sorted([Day("2026", "03", "02"), DAY, Day("2025", "12", "31")])[0].year == "2025"


def test_a_generation_says_when_it_began():
    generation = new_generation(FOUR + 789, "5f3a")
    assert generation == "gen=20260301T040506Z-5f3a"
    assert begun(generation) == FOUR
    assert staging_table(generation) == "compaction_20260301t040506z_5f3a"


@pytest.mark.parametrize(
    "text",
    [
        "", "gen=", "gen=20260301T040506Z", "gen=20260301T040506Z-", "gen=20260301T040506Z-xyz",
        "xgen=20260301T040506Z-5f", "gen=20260301T040506Z-5f/", "gen=2026-03-01T04:05:06Z-5f", "gen=20260301T040506Z-5f\n",
    ],
)  # fmt: skip
def test_what_is_no_generation(text):
    assert begun(text) is None


def test_the_statements_take_a_day_and_each_app_as_parameters():
    apps = ["a", "b", "c"]
    for sql in (insert_sql("s", "v", apps), difference_sql("s", "v", apps), batches_sql("t", apps)):
        assert sql.count("?") == 3 + len(apps)
        assert "year = ? AND month = ? AND day = ? AND appid IN (?, ?, ?)" in sql
    assert staged_batches_sql("s") == "SELECT DISTINCT appid, batch_id FROM s"


def test_rows_are_staged_with_their_columns_in_order_of_time():
    sql = insert_sql("s", "v", ["a"])
    columns = "event_id, ts, level, message, fields, flags, seq, batch_id, appid"
    assert sql.startswith(f"INSERT INTO s SELECT {columns} FROM (SELECT {columns}, row_number() OVER ")
    assert "row_number() OVER (PARTITION BY appid, substr(ts, 1, 13) ORDER BY ts, seq) AS position" in sql
    assert sql.endswith("WHERE position > 0")


def test_a_batch_differs_by_number_ids_or_checksum_or_by_being_gone():
    sql = difference_sql("s", "v", ["a"])
    assert " GROUP BY appid, batch_id) SELECT s.appid, sum(s.n), count_if(" in sql
    assert "count_if(o.n IS NULL OR o.n <> s.n OR o.ids <> s.ids OR o.digest <> s.digest)" in sql
    assert sql.count("checksum(event_id) AS digest") == 2
