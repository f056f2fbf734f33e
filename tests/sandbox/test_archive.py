"""`tail` beyond the hot store: older records come from Athena, in order, none twice and none missing."""

from __future__ import annotations

import json
import time

import pytest

from logctl.core.times import DAY, HOUR, MINUTE, iso
from tests.helpers.sandbox import Cli

HOURS = 30


@pytest.fixture(scope="module")
def short(sandbox: Cli):
    """An environment whose hot store keeps two hours, with a record every quarter of an hour for 30 hours.

    TTL counts from arrival, so all of them are in the hot store too: what would be shown twice, shows."""
    cli = Cli(sandbox.home, env="short", variables={"LOGCTL_HOT_RETENTION": "2h"})
    cli.run("provision", "--yes")
    start = time.time_ns() // 1_000_000 - HOURS * HOUR
    for app in ("web", "db"):
        records = [
            {
                "ts": start + n * 15 * MINUTE,
                "level": "error" if n % 10 == 0 else "info",
                "msg": f"{app} {n}",
                "user": {"id": n, "Name": "x", "name": "y"},
            }
            for n in range(HOURS * 4)
        ]
        cli.run("send", "--app", app, "--wait", stdin="".join(json.dumps(r) + "\n" for r in records))
    yield cli
    cli.run("destroy", "--delete-data", "--yes")


def messages(done) -> list[str]:
    return [record["message"] for record in done.lines]


def test_a_range_crosses_the_border_in_order_and_says_so(short):
    done = short.run("tail", "web", "--since", "3d", "-o", "json")
    assert messages(done) == [f"web {n}" for n in range(HOURS * 4)]
    assert "come from Athena" in done.err
    assert "about $" in done.err
    assert done.lines[0]["fields"] == {"user": {"id": 0, "Name": "x", "name": "y"}}
    both = short.run("tail", "--since", "3d", "-o", "json").lines
    assert [record["ts"] for record in both] == sorted(record["ts"] for record in both)
    assert len({record["event_id"] for record in both}) == len(both) == HOURS * 8


def test_both_halves_look_the_same(short):
    """The same record, once from each side of the border."""
    everything = {r["event_id"]: r for r in short.run("tail", "web", "-n", "200", "-o", "json").lines}
    crossed = short.run("tail", "web", "--since", "3d", "-o", "json").lines
    assert [everything[record["event_id"]] for record in crossed] == crossed


def test_filters_apply_on_both_sides(short):
    errors = short.run("tail", "web", "--since", "3d", "-l", "ERROR", "-o", "json")
    assert messages(errors) == [f"web {n}" for n in range(0, HOURS * 4, 10)]
    found = short.run("tail", "w*", "--since", "3d", "-g", r"web \d5\b", "-v", r"web 15\b", "-o", "json")
    assert messages(found) == [f"web {n}" for n in range(25, 100, 10)]


def test_the_newest_lines_reach_over_the_border_only_as_far_as_needed(short):
    few = short.run("tail", "web", "--since", "3d", "-n", "3", "-o", "json")
    assert messages(few) == [f"web {n}" for n in range(HOURS * 4 - 3, HOURS * 4)]
    assert "Athena" not in few.err
    many = short.run("tail", "web", "--since", "3d", "-n", "50", "-o", "json")
    assert messages(many) == [f"web {n}" for n in range(HOURS * 4 - 50, HOURS * 4)]
    assert "Athena" in many.err
    grep = short.run("tail", "web", "--since", "3d", "-n", "2", "-g", r"web [12]\b", "-o", "json")
    assert messages(grep) == ["web 1", "web 2"]


def test_recent_ranges_never_ask_athena(short):
    recent = short.run("tail", "web", "--since", "50m", "-o", "json")
    assert "Athena" not in recent.err
    assert len(recent.lines) in (3, 4)
    assert "Athena" not in short.run("tail", "web", "-n", "500", "-o", "json").err


def test_a_range_that_ends_before_the_border_is_athenas_alone(short):
    day_ago = time.time_ns() // 1_000_000 - DAY
    done = short.run("tail", "web", "-s", iso(day_ago), "-u", iso(day_ago + HOUR), "-o", "json")
    assert len(done.lines) == 4
    assert "Athena" in done.err
