"""Keys and partitions: every accepted name makes one that reads back, and nothing else does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logctl.core.appid import PATTERN, is_appid, matching
from logctl.core.fingerprint import fingerprint, template
from logctl.core.partitions import Partition, by_partition
from logctl.core.records import Record
from logctl.core.rows import row_of
from logctl.core.times import DAY, parse_time
from logctl.pipeline.stores.catalog import Catalog

KEY = re.compile(r"logs/year=\d{4}/month=\d{2}/day=\d{2}/appid=[a-z0-9][a-z0-9_-]*/[A-Za-z0-9_-]+\.json\.zst")


@pytest.mark.slow
@pytest.mark.proves("B22")
@settings(max_examples=500)
@given(st.from_regex(PATTERN, fullmatch=True), st.integers(946_684_800_000, 4_102_444_800_000))
def test_every_app_and_time_makes_a_key_that_reads_back(appid, ts):
    partition = Partition.at(ts, appid)
    key = partition.object_key("0123abcd")
    assert KEY.fullmatch(key)
    assert Partition.of_key(key) == partition
    assert partition.start <= ts < partition.start + DAY


@pytest.mark.proves("B23", "B24")
@given(st.text(st.characters(), max_size=70))
def test_what_is_accepted_as_an_app_is_safe_anywhere(text):
    if is_appid(text):
        assert KEY.fullmatch(Partition.at(0, text).object_key("x"))
        assert text.isascii()


def test_other_keys_are_no_partitions():
    for key in ("logs/", "logs/a.json", "quarantine/year=2026/month=01/day=01/appid=a/x", "logs/year=26/month=1/day=1/appid=a/",
                "logs/year=2026/month=01/day=01/appid=A/x", "logs/year=2026/month=01/day=01/appid=a/b=c"):  # fmt: skip
        found = Partition.of_key(key)
        assert found is None or (found.appid == "a" and key.endswith("b=c")), key


def test_rows_are_grouped_by_day_in_order():
    noon = parse_time("2026-01-31T12:00:00Z")
    rows = [row_of(Record("a", f"id-{n:08d}", noon + n % 2 * DAY, "INFO", "x", n)) for n in range(6)]
    groups = by_partition(rows, "a")
    assert [partition.values for partition in groups] == [
        ("2026", "01", "31", "a"),
        ("2026", "02", "01", "a"),
    ]
    assert [row.seq for row in groups[Partition("2026", "02", "01", "a")]] == [1, 3, 5]
    assert by_partition(rows[::2], "a") == {Partition("2026", "01", "31", "a"): rows[::2]}
    assert by_partition([], "a") == {}


def test_globs():
    apps = ["web-eu", "web-us", "batch"]
    assert matching(apps, ["web-*"]) == ["web-eu", "web-us"]
    assert matching(apps, []) == ["batch", "web-eu", "web-us"]
    assert matching(apps, ["b*", "*-us"]) == ["batch", "web-us"]


def test_the_same_error_with_other_numbers_is_one_kind():
    same = [
        "timed out after 5013 ms for order 77123 from 10.0.3.17:8443",
        "timed out after 7 ms for order 9 from 192.168.1.1:80",
    ]
    assert len({fingerprint(message) for message in same}) == 1
    assert fingerprint("disk full on /dev/sda1") == fingerprint("disk full on /mnt/data/x")
    assert fingerprint("disk full") != fingerprint("disk failed")
    assert template(same[0]) == "timed out after <*> for order <*> from <*>"


@given(st.text(st.characters(), max_size=300))
def test_any_message_has_a_fingerprint(message):
    assert re.fullmatch("[0-9a-f]{12}", fingerprint(message))
    assert fingerprint(message) == fingerprint(message)


# ── Registering in the catalog ──────────────────────────────────────────────────────────────────────


class Glue:
    """A catalog that notes each call."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def batch_create_partition(self, *, PartitionInputList, **_):
        self.calls.append(["/".join(one["Values"]) for one in PartitionInputList])
        return {}


def test_the_next_day_is_registered_before_midnight_with_a_call_that_is_made_anyway():
    glue = Glue()
    catalog = Catalog(glue, database="d", table="t", bucket="b")  # type: ignore[arg-type]

    def arrives(time: str, *, day: str = "") -> list[list[str]]:
        glue.calls.clear()
        now = parse_time(time)
        partition = Partition.at(parse_time(day) if day else now, "shop")
        assert catalog.ensure([partition], now=now) == []
        return glue.calls

    assert arrives("2026-12-31T21:30:00Z") == [["2026/12/31/shop"]]
    assert arrives("2026-12-31T22:10:00Z") == []
    assert arrives("2026-12-31T22:30:00Z") == [["2026/12/31/shop", "2027/01/01/shop"]]
    assert arrives("2026-12-31T23:45:00Z") == [["2026/12/31/shop", "2027/01/01/shop"]]
    assert arrives("2027-01-01T00:00:00Z") == []  # what all containers would do at the same time
    assert arrives("2027-01-01T00:44:00Z") == []
    assert arrives("2027-01-01T00:46:00Z") == [["2027/01/01/shop"]]
    assert arrives("2027-01-01T23:00:00Z", day="2026-11-03") == [["2026/11/03/shop"]]  # an old record
