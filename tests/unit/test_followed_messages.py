"""Messages of followed files: by app, each with what its file is to be read as, and warnings about zones."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.envelope import data_of
from logctl.core.errors import UsageError
from logctl.core.times import HOUR, MINUTE, SECOND, iso, to_datetime
from logctl.ops.send.follow_paths import FollowPaths
from logctl.ops.send.followed_content import SETTLE
from logctl.ops.send.followed_file import FollowedFile
from logctl.ops.send.followed_files import FollowedFiles
from logctl.ops.send.followed_messages import FollowedInputs, FollowedMessages
from logctl.ops.send.input_messages import Inputs
from logctl.ops.send.record_selection import RecordSelection
from logctl.ops.send.zone_watch import ZoneWatch, zone_warning
from logctl.stack.format_settings import LogSource

NOW = 1_796_000_000_000


class Following:
    """`send -f` of some files, up to the messages."""

    def __init__(self, folder: Path, *names: str, app: str | None = None, **options: Any) -> None:
        self.inputs = FollowedInputs(Inputs([str(folder / name) for name in names], app, "host", **options))
        paths = FollowPaths.of([str(folder / name) for name in names])
        self.now = NOW
        self.files = FollowedFiles(paths, open_file=lambda path, from_end: self._open(folder, path, from_end))

    def _open(self, folder: Path, path: Path, from_end: bool) -> FollowedFile:
        app, content = self.inputs.app(path), self.inputs.content(path)
        return FollowedFile(
            path, app=app or "", state_dir=folder / ".state", content=content, from_end=from_end
        )

    def rounds(self) -> list[FollowedMessages]:
        made = []
        for _ in range(8):
            self.now += SETTLE
            found = self.files.poll(self.now)
            made += [self.inputs.messages(item) for item in found.batches]
            found.commit()
        return made

    def sent(self) -> dict[str, list[str]]:
        """Messages by app."""
        told: dict[str, list[str]] = {}
        for made in self.rounds():
            assert made.refused == ()
            for outgoing in made.outgoing:
                lines = (data_of(outgoing.message.body) or "").splitlines()
                told.setdefault(outgoing.message.appid, []).extend(
                    json.loads(line)["message"] for line in lines
                )
        return told


def write(path: Path, *lines: Any) -> None:
    with path.open("a") as file:
        file.writelines(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


def test_one_app_for_all(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "one")
    write(tmp_path / "b.log", "two")
    assert Following(tmp_path, "*.log", app="shop").sent() == {"shop": ["one", "two"]}


def test_apps_from_the_names_of_files(tmp_path: Path) -> None:
    write(tmp_path / "web-20261127.log", "one")
    write(tmp_path / "Order Service.log", "two")
    mapping = {"Order Service": "orders"}
    assert Following(tmp_path, "*.log", app_from="path", app_names=mapping).sent() == {
        "web": ["one"],
        "orders": ["two"],
    }


def test_apps_from_a_field_and_those_without_one_from_the_path(tmp_path: Path) -> None:
    write(
        tmp_path / "node.log",
        "starting",
        {"team": "Blue Team", "msg": "one"},
        {"team": "red", "msg": "two"},
        {"team": "Blue Team", "msg": "three"},
    )
    assert Following(tmp_path, "*.log", app_from="field:team").sent() == {
        "node": ["starting"],
        "blue-team": ["one", "three"],
        "red": ["two"],
    }


def test_a_file_that_names_no_app_ends_it_before_anything_is_sent(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "one")
    following = Following(tmp_path, "a.log")
    with pytest.raises(UsageError, match="does not say which app") as caught:
        following.rounds()
    assert "--app-from path" in caught.value.hint
    following.files.close()
    (tmp_path / "empty.log").touch()
    inputs = Following(tmp_path, "empty.log").inputs
    inputs.check_apps([tmp_path / "empty.log", tmp_path / "missing.log"])
    with pytest.raises(UsageError, match="needs --app"):
        inputs.check_apps([tmp_path / "a.log"])
    assert Following(tmp_path, "a.log", app_from="path").sent() == {"a": ["one"]}


def test_lines_without_an_app_in_a_file_that_names_apps(tmp_path: Path) -> None:
    write(
        tmp_path / "all.log",
        {"appid": "web", "message": "one"},
        "a banner",
        {"appid": "api", "message": "two"},
    )
    following = Following(tmp_path, "all.log")
    assert following.sent() == {"web": ["one"], "all": ["a banner"], "api": ["two"]}
    write(tmp_path / "all.log", "another banner")
    assert following.sent() == {"all": ["another banner"]}


def test_settings_for_some_of_the_files(tmp_path: Path) -> None:
    line = "2026-11-27 12:00:00 ERROR x"
    write(tmp_path / "a.log", line)
    write(tmp_path / "b.log", line)
    sources = (
        LogSource("a.log", timezone=ZoneInfo("Asia/Tokyo"), app="tokyo"),
        LogSource("b.log", app_from="path"),
    )
    made = Following(tmp_path, "*.log", sources=sources).rounds()
    times = {one.message.appid: iso(one.message.min_ts) for item in made for one in item.outgoing}
    assert times == {"tokyo": "2026-11-27T03:00:00.000Z", "b": "2026-11-27T12:00:00.000Z"}


def test_a_file_that_is_not_utf_8_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"fine\ncaf\xe9\n")
    following = Following(tmp_path, "a.log", app="shop")
    warnings = [warning for made in following.rounds() for warning in made.warnings]
    assert [warning.removeprefix(f"{tmp_path}/") for warning in warnings] == [
        "a.log is not UTF-8 in line 2. Such lines were read as Windows-1252."
    ]
    with (tmp_path / "a.log").open("ab") as file:
        file.write(b"caf\xe9\n")
    assert [warning for made in following.rounds() for warning in made.warnings] == []


# ── Zones ───────────────────────────────────────────────────────────────────────────────────────────


def watched(*gaps: int) -> list[int | None]:
    watch = ZoneWatch()
    return [watch.saw(NOW + gap, NOW) for gap in gaps]


def test_lines_that_agree_on_another_zone() -> None:
    hours = -5 * HOUR
    assert watched(hours + 900, hours - MINUTE, hours + 3, hours) == [None, None, hours, None]
    assert watched(*[int(5.5 * HOUR)] * 3) == [None, None, int(5.5 * HOUR)]


@pytest.mark.parametrize(
    "gaps",
    [
        [0, -5 * HOUR, -5 * HOUR, -5 * HOUR],  # a right one
        [-5 * HOUR, -5 * HOUR, 10 * MINUTE, -5 * HOUR, -5 * HOUR],
        [-5 * HOUR, -4 * HOUR, -3 * HOUR],
        [-20 * MINUTE] * 5,
        [-48 * HOUR] * 5,
        [-5 * HOUR] * 2,
    ],
)
def test_lines_that_do_not_agree(gaps: list[int]) -> None:
    assert watched(*gaps) == [None] * len(gaps)


@given(st.lists(st.integers(-(10**15), 10**15), max_size=10))
def test_a_zone_is_told_at_most_once(gaps: list[int]) -> None:
    assert len([gap for gap in watched(*gaps) if gap is not None]) <= 1


def test_the_warning_names_the_offset() -> None:
    told = zone_warning("app.log", -5 * HOUR, UTC, NOW)
    assert "app.log are 5 h behind the clock" in told
    assert "--timezone -05:00" in told
    berlin = timezone(timedelta(hours=1))
    assert "4.5 h ahead of the clock" in zone_warning("app.log", int(4.5 * HOUR), berlin, NOW)
    assert "--timezone +05:30" in zone_warning("app.log", int(4.5 * HOUR), berlin, NOW)


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("America/New_York")])
@pytest.mark.parametrize("between", [1, 10], ids=["steady", "with pauses"])
def test_lines_that_are_written_now_with_times_of_another_zone(
    tmp_path: Path, zone: Any, between: int
) -> None:
    """Of a program with TZ=America/New_York, followed with another zone and with its own.

    When a line is written every second, the next one is there before the one before it is sent.
    """
    log = tmp_path / "app.log"
    log.touch()
    os.utime(log, (NOW / 1000, NOW / 1000))
    following = Following(tmp_path, "app.log", app="shop", zone=zone)
    warnings = []
    for second in range(60):
        following.now = NOW + second * SECOND
        if second % between == 0:
            local = to_datetime(following.now).astimezone(ZoneInfo("America/New_York"))
            write(log, f"{local:%Y-%m-%d %H:%M:%S},586 ERROR payment {second} failed")
        found = following.files.poll(following.now)
        warnings += [
            warning for item in found.batches for warning in following.inputs.messages(item).warnings
        ]
        found.commit()
    assert len(warnings) == (zone is UTC)
    assert all("5 h behind" in warning or "4 h behind" in warning for warning in warnings)


def test_old_lines_say_nothing_of_the_zone(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    write(log, *(f"{iso(NOW - hours * HOUR)[:-1]} INFO old" for hours in range(40, 1, -1)))
    os.utime(log, (NOW / 1000, NOW / 1000))
    following = Following(tmp_path, "app.log", app="shop")
    assert [warning for made in following.rounds() for warning in made.warnings] == []


def test_lines_with_their_own_zone_do_not_warn(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    following = Following(tmp_path, "app.log", app="shop")
    for number in range(5):
        write(log, f"2026-11-27T01:05:3{number}-05:00 ERROR x")
        assert [warning for made in following.rounds() for warning in made.warnings] == []


# ── Which records ───────────────────────────────────────────────────────────────────────────────────


def test_records_are_chosen_by_their_lines(tmp_path: Path) -> None:
    lines = [
        "2026-11-27 12:00:00 DEBUG a",
        "2026-11-27 12:00:01 INFO b",
        "2026-11-27 12:00:02 ERROR c",
        "  at x",
    ]
    write(tmp_path / "a.log", *lines)
    kept = RecordSelection((re.compile("INFO|ERROR"),), (re.compile("DEBUG"),))
    assert Following(tmp_path, "a.log", app="shop", selection=kept).sent() == {"shop": ["b", "c\n  at x"]}
    traced = RecordSelection(include=(re.compile("at x"), re.compile("ERROR")))
    inputs = Inputs([str(tmp_path / "a.log")], "shop", "host")
    chosen = [record.event_id for record in replace(inputs, selection=traced).records()]
    assert chosen == [record.event_id for record in inputs.records() if record.level == "ERROR"]
