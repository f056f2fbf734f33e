"""Following a file through everything that happens to files; every line once, in order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logctl.core.errors import UsageError
from logctl.ops.follow import SETTLE, FollowedFile


class Log:
    """A file that is written, rotated and followed, and what came out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "app.log"
        self.now = 1_000_000_000_000
        self.written: list[str] = []
        self.sent: list[str] = []
        self.followed = self.follow()

    def follow(self, **options) -> FollowedFile:
        return FollowedFile(self.path, app="checkout", state_dir=self.folder / "state", **options)

    def write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def line(self) -> None:
        self.written.append(f"line {len(self.written)}")
        self.write(self.written[-1] + "\n")

    def rotate(self) -> None:
        for number in range(9, 0, -1):
            old = self.path.with_name(f"app.log.{number}")
            if old.exists():
                old.rename(self.path.with_name(f"app.log.{number + 1}"))
        if self.path.exists():
            self.path.rename(self.path.with_name("app.log.1"))

    def poll(self, *, commit: bool = True) -> list[str]:
        self.now += SETTLE // 2
        batch = self.followed.poll(self.now)
        if batch is None:
            return []
        lines = [entry.value for entry in batch.entries]
        if commit:
            batch.commit()
            self.sent += lines
        return lines

    def drain(self) -> None:
        quiet = 0
        while quiet < 5:
            quiet = 0 if self.poll() else quiet + 1

    def crash(self) -> None:
        self.followed.__exit__(None, None, None)
        self.followed = self.follow()


@pytest.fixture
def log(tmp_path):
    log = Log(tmp_path)
    yield log
    log.followed.__exit__(None, None, None)


def test_half_lines_wait_for_their_end(log):
    log.write("first ha")
    log.poll()
    log.poll()
    log.poll()
    assert log.sent == []
    log.write("lf\nsecond\n")
    log.drain()
    assert log.sent == ["first half", "second"]


def test_the_last_record_waits_for_its_stack_trace(log):
    log.write("2026-01-31 08:15:00 INFO fine\n2026-01-31 08:15:01 ERROR boom\n")
    log.poll()
    assert log.sent == ["2026-01-31 08:15:00 INFO fine"]
    log.write("  at Main.java:1\n2026-01-31 08:15:02 INFO on\n")
    log.drain()
    assert log.sent[1:] == ["2026-01-31 08:15:01 ERROR boom\n  at Main.java:1", "2026-01-31 08:15:02 INFO on"]


def test_rotation_finishes_the_old_file_first(log):
    log.line()
    log.drain()
    log.rotate()
    with log.path.with_name("app.log.1").open("a") as old:
        old.write("late in the old file\n")
    log.drain()
    log.write("first of the new\n")
    log.drain()
    assert log.sent == ["line 0", "late in the old file", "first of the new"]


def test_an_empty_new_file_does_not_end_the_old_one(log):
    log.line()
    log.drain()
    log.rotate()
    log.path.touch()
    log.drain()
    with log.path.with_name("app.log.1").open("a") as old:
        old.write("still here\n")
    log.drain()
    assert log.sent == ["line 0", "still here"]


def test_truncation_starts_again(log):
    log.line()
    log.drain()
    os.truncate(log.path, 0)
    log.write("new\n")
    log.drain()
    assert log.sent == ["line 0", "new"]
    assert "cut off" in log.followed.notices[0]


def test_equal_files_one_after_the_other_are_two_lives(log):
    log.write("starting\n")
    first = log.followed.poll(log.now) or log.followed.poll(log.now + SETTLE)
    first.commit()
    log.rotate()
    log.write("starting\n")
    log.drain()
    assert log.sent == ["starting"]
    assert log.followed._current().generation != first.generation


def test_a_restart_hands_out_the_unsent_batch_again_exactly(log):
    for _ in range(3):
        log.line()
    log.poll()
    log.now += SETTLE
    before = log.followed.poll(log.now)
    log.line()
    log.crash()
    again = log.followed.poll(log.now + 5 * SETTLE)
    assert (again.entries, again.read_at, again.generation) == (
        before.entries,
        before.read_at,
        before.generation,
    )


def test_rotation_while_nobody_follows_loses_nothing(log):
    log.line()
    log.drain()
    log.followed.__exit__(None, None, None)
    for _ in range(3):
        log.line()
        log.rotate()
        log.line()
    log.followed = log.follow()
    log.drain()
    assert log.sent == log.written


def test_a_lost_old_file_is_said(log):
    log.line()
    log.drain()
    log.followed.__exit__(None, None, None)
    log.path.unlink()
    log.write("another file\n")
    log.followed = log.follow()
    log.drain()
    assert log.sent == ["line 0", "another file"] or "gone" in log.followed.notices[0]


def test_from_the_end(log):
    log.write("old\nold\nhalf")
    log.followed.__exit__(None, None, None)
    log.followed = log.follow(from_end=True)
    log.drain()
    log.write(" done\nnew\n")
    log.drain()
    assert log.sent == ["half done", "new"]


def test_two_cannot_follow_the_same(log):
    with pytest.raises(UsageError, match="already"):
        log.follow()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["line", "line", "line", "rotate", "poll", "poll", "peek", "crash"]), max_size=40
    )
)
def test_any_schedule_sends_every_line_once_and_in_order(tmp_path_factory, steps):
    log = Log(tmp_path_factory.mktemp("follow"))
    log.line()
    log.poll()  # from here on the file is known; what was rotated away before that is not ours
    try:
        for step in steps:
            if step == "line":
                log.line()
            elif step == "rotate":
                log.rotate()
            elif step == "poll":
                log.poll()
            elif (step == "peek" and log.poll(commit=False)) or step == "crash":
                log.crash()
        log.line()
        log.drain()
        assert log.sent == log.written
    finally:
        log.followed.__exit__(None, None, None)
