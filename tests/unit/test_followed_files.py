"""Following many files at once: every line of each once and in order, with few of them open."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from logctl.core.errors import UsageError
from logctl.ops.send.entries import Entry
from logctl.ops.send.follow_checkpoint import FollowedElsewhere
from logctl.ops.send.follow_paths import FollowPaths
from logctl.ops.send.follow_rounds import rounds
from logctl.ops.send.followed_content import SETTLE, FollowedContent
from logctl.ops.send.followed_file import FollowedFile
from logctl.ops.send.followed_files import FollowedFiles, FollowRound
from logctl.ops.send.gathering import Gathering
from logctl.ops.send.path_patterns import path_regex

START = int(time.time() * 1000) + 3_600_000
"""Later than the times of the files, so that they look settled at first sight."""


class Follower:
    """`send -f NAMES`, which may be killed. `told` has what was committed, by the name of the file."""

    def __init__(self, folder: Path, *names: str, exclude: tuple[str, ...] = (), **options: Any) -> None:
        self.folder = folder
        self.names = [str(folder / name) for name in names]
        self.exclude = exclude
        self.options = options
        self.content = FollowedContent(max_bytes=options.pop("max_bytes", FollowedContent().max_bytes))
        self.now = START
        self.told: dict[str, list[Any]] = defaultdict(list)
        self.notices: list[str] = []
        self.opened = 0
        self.files = self.open()

    def open(self) -> FollowedFiles:
        paths = FollowPaths.of(self.names, self.exclude)
        return FollowedFiles(paths, open_file=self._open_file, **self.options)

    def _open_file(self, path: Path, from_end: bool) -> FollowedFile:
        self.opened += 1
        state = self.folder.parent / "state"
        return FollowedFile(path, app="app", state_dir=state, content=self.content, from_end=from_end)

    def crash(self) -> None:
        self.files.close()
        self.options.pop("from_end", None)
        self.files = self.open()

    def poll(self, after: int = 0) -> FollowRound:
        self.now += after
        found = self.files.poll(self.now)
        self.notices += found.notices
        return found

    def commit(self, found: FollowRound) -> None:
        found.commit()
        for item in found.batches:
            lines = [entry.value for entry in item.batch.entries if isinstance(entry, Entry)]
            self.told[item.path.name] += lines

    def drain(self) -> dict[str, list[Any]]:
        self.told = defaultdict(list)
        idle = 0
        while idle < 6:
            found = self.poll(SETTLE)
            idle = 0 if found.batches else idle + 1
            self.commit(found)
        return dict(self.told)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """That checkpoints are durable is tested in `test_followed_file`."""
    monkeypatch.setattr("os.fsync", lambda handle: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


@pytest.fixture
def following(folder: Path) -> Iterator[Any]:
    made: list[Follower] = []

    def follow(*names: str, **options: Any) -> Follower:
        made.append(Follower(folder, *names, **options))
        return made[-1]

    yield follow
    for follower in made:
        follower.files.close()


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def content(found: FollowRound) -> Any:
    return [
        (
            item.path,
            item.batch.entries,
            item.batch.read_at,
            item.batch.start,
            item.batch.end,
            item.batch.source,
        )
        for item in found.batches
    ]


# ── Which files ─────────────────────────────────────────────────────────────────────────────────────


def found(folder: Path, *names: str, exclude: tuple[str, ...] = ()) -> list[str]:
    paths = FollowPaths.of([str(folder / name) for name in names], exclude).find().paths
    return [str(path.relative_to(folder)) for path in paths]


def test_names_folders_and_patterns(folder: Path) -> None:
    for name in ("a.log", "b.log", "c.txt", ".hidden.log", "deep/d.log", "deep/er/e.log", "deep/.git/f.log"):
        write(folder / name, "x")
    os.mkfifo(folder / "pipe.log")
    assert found(folder, "*.log") == ["a.log", "b.log"]
    assert found(folder, ".") == ["a.log", "b.log", "c.txt"]
    assert found(folder, "**/*.log") == ["a.log", "b.log", "deep/d.log", "deep/er/e.log"]
    assert found(folder, "deep/**") == ["deep/d.log", "deep/er/e.log"]
    assert found(folder, "[ab].log", "c.txt", "missing.log") == ["a.log", "b.log", "c.txt", "missing.log"]
    assert found(folder, "?.txt", "a.log", "*.log") == ["a.log", "b.log", "c.txt"]
    assert found(folder, "**", exclude=("*.txt", "er/*")) == ["a.log", "b.log", "deep/d.log"]
    assert found(folder, "**", exclude=(f"{folder}/deep/**",)) == ["a.log", "b.log", "c.txt"]


def test_a_file_whose_name_looks_like_a_pattern(folder: Path) -> None:
    write(folder / "a[1].log", "x")
    write(folder / "a1.log", "x")
    assert found(folder, "a[1].log") == ["a[1].log"]


def test_a_pattern_in_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    write(folder / "logs/a.log", "x")
    assert FollowPaths.of(["~/logs/*.log"]).find().paths == (folder / "logs/a.log",)


def test_standard_input_is_not_followed() -> None:
    with pytest.raises(UsageError, match="not standard input"):
        FollowPaths.of(["-"])


def test_rotated_files_and_links_are_not_followed_themselves(folder: Path) -> None:
    live = ["app.log", "app-1.log", "other-20260131.log", "other-20260201.log", "old.log"]
    rotated = ["app.log.1", "app.log-20260131", "app-2026-01-31.log", "app.2026-01-31.0.log"]
    packed = ["app.log.2.gz", "other-20260130.log.gz", "backup.zip"]
    for name in live + rotated + packed:
        write(folder / name, "x")
    (folder / "current.log").symlink_to("other-20260201.log")
    (folder / "z1.log").symlink_to(folder.parent / "elsewhere")
    (folder / "z2.log").symlink_to(folder.parent / "elsewhere")
    write(folder.parent / "elsewhere", "x")
    assert found(folder, "*") == sorted([*live, "z1.log"])
    left = FollowPaths.of([str(folder)]).find().left_out
    assert {path.name: str(reason).split()[0] for path, reason in left.items()} == {
        **dict.fromkeys(rotated, "rotated"),
        **dict.fromkeys(packed, "compressed"),
    }
    assert found(folder, "app.log.1") == ["app.log.1"]
    assert found(folder, "current.log", "*.log").count("current.log") == 1
    assert "other-20260201.log" not in found(folder, "current.log", "*.log")


def test_links_that_lead_back_are_not_followed(folder: Path) -> None:
    write(folder / "a/b/app.log", "x")
    for name in ("one", "two", "three"):
        (folder / "a/b" / name).symlink_to(folder)
    assert found(folder, "**/*.log") == ["a/b/app.log"]


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.log", "/a/b.log", True),
        ("*.log", "/a/b.log.1", False),
        ("/a/*", "/a/b/c", False),
        ("/a/**/c", "/a/c", True),
        ("/a/**/c", "/a/b/b/c", True),
        ("/a/**/c", "/a/bc", False),
        ("[!a]x", "/bx", True),
        ("[!a]x", "/ax", False),
        ("[]-]x", "/]x", True),
        ("a[x", "/a[x", True),
        ("a.b", "/acb", False),
        ("debug-*", "/var/debug-1", True),
        ("/v/{app}_*.log", "/v/web_1_2.log", True),
    ],
)
def test_patterns(pattern: str, path: str, matches: bool) -> None:
    assert (path_regex(pattern).fullmatch(path) is not None) is matches


@given(st.text(alphabet="a/*?[]!{}-\\.", max_size=20), st.text(alphabet="a/b.", max_size=20))
def test_every_pattern_can_be_used(pattern: str, path: str) -> None:
    path_regex(pattern).fullmatch(path)


# ── Following them ──────────────────────────────────────────────────────────────────────────────────


def test_files_that_appear_later_are_read_from_their_start(folder: Path, following: Any) -> None:
    write(folder / "app-20261126.log", "old")
    follower = following("app-*.log", from_end=True)
    assert follower.drain() == {}
    write(folder / "app-20261126.log", "new")
    write(folder / "app-20261127.log", "first", "second")
    assert follower.drain() == {"app-20261126.log": ["new"], "app-20261127.log": ["first", "second"]}
    follower.crash()
    assert follower.drain() == {}
    assert follower.notices == []


def test_nothing_matches_yet(folder: Path, following: Any) -> None:
    follower = following("*.log", "named.txt")
    assert follower.drain() == {}
    write(folder / "a.log", "one")
    write(folder / "named.txt", "two")
    assert follower.drain() == {"a.log": ["one"], "named.txt": ["two"]}
    assert follower.notices == [f"{folder}/named.txt does not exist yet; logctl waits for it."]
    only = following("later/*.log")
    only.drain()
    assert only.notices == [f"No file matches {folder}/later/*.log yet; logctl waits for one."]
    write(folder / "later/a.log", "x")
    assert only.drain() == {"a.log": ["x"]}


def test_what_is_not_followed_is_said_once(folder: Path, following: Any) -> None:
    (folder / "a.log.gz").write_bytes(gzip.compress(b"x\n"))
    (folder / "secretly.log").write_bytes(gzip.compress(b"x\n" * 2000))
    (folder / "binary.log").write_bytes(b"\x7fELF\0\0\0")
    (folder / "wide.log").write_bytes("x\n".encode("utf-16"))
    write(folder / "app.log", "one")
    write(folder / "app.log.1", "zero")
    follower = following("*")
    assert follower.drain() == {"app.log": ["one"]}
    follower.drain()
    told = {" ".join(notice.replace(f"{folder}/", "").split()[:7]) for notice in follower.notices}
    assert told == {
        "binary.log is not text. It is not",
        "secretly.log is not text. It is not",
        "Not followed, because they are compressed: a.log.gz.",
        "Not followed, because they are rotated files",
        "The input is UTF-16. It is not",
    }
    assert len(follower.notices) == 5


def test_a_busy_file_does_not_delay_the_others(folder: Path, following: Any) -> None:
    write(folder / "busy.log", *(f"line {n:06d}" for n in range(10_000)))
    for name in "abc":
        write(folder / f"{name}.log", f"{name} 1")
    follower = following("*.log", max_bytes=10_000)
    first = follower.poll(SETTLE)
    assert {item.path.name for item in first.batches} == {"a.log", "b.log", "busy.log", "c.log"}
    follower.commit(first)
    write(folder / "z.log", "late")
    second = follower.poll(2 * SETTLE)
    assert {item.path.name for item in second.batches} == {"busy.log", "z.log"}


def test_rounds_are_bounded_and_take_turns(folder: Path, following: Any) -> None:
    for number in range(120):
        write(folder / f"{number:03d}.log", "x" * 50, "y" * 50)
    follower = following("*.log", max_bytes=120, max_open=30)
    seen: list[str] = []
    for _ in range(4):
        round_ = follower.poll(SETTLE)
        assert len(round_.batches) <= 30
        seen += [item.path.name for item in round_.batches]
        follower.commit(round_)
    assert seen == [f"{number:03d}.log" for number in range(120)]


def test_a_rotated_file_that_the_pattern_also_matches_is_read_once(folder: Path, following: Any) -> None:
    """`app_old.log` is a name of which nobody knows that it comes from a rotation."""
    write(folder / "app.log", "one")
    follower = following("*.log")
    assert follower.drain() == {"app.log": ["one"]}
    write(folder / "app.log", "two")
    (folder / "app.log").rename(folder / "app_old.log")
    write(folder / "app.log", "three")
    assert follower.drain() == {"app.log": ["two", "three"]}
    follower.drain()
    (folder / "app.log").rename(folder / "app_old.log")
    write(folder / "app.log", "four")
    assert follower.drain() == {"app.log": ["four"]}


def test_a_new_file_with_the_inode_of_one_that_is_gone(folder: Path, following: Any) -> None:
    write(folder / "a.log", "one")
    write(folder / "z.log", "zero")
    follower = following("*.log", max_open=1)
    follower.drain()
    (folder / "a.log").rename(folder / "b.log")
    (folder / "b.log").write_text("another one\n")
    assert follower.drain() == {"b.log": ["another one"]}


def test_a_deleted_file_is_let_go(folder: Path, following: Any) -> None:
    write(folder / "app-20261126.log", "x")
    write(folder / "app-20261127.log", "y")
    follower = following("app-*.log")
    follower.drain()
    (folder / "app-20261126.log").unlink()
    for _ in range(100):
        follower.poll(SETTLE)
    assert [path.name for path in follower.files.paths] == ["app-20261127.log"]
    assert follower.notices == []
    assert handles_in(folder) <= 1


def test_the_rest_of_a_file_that_was_renamed_and_has_no_successor(folder: Path, following: Any) -> None:
    for name in ("a.log", "b.log"):
        write(folder / name, "one")
    follower = following("?.log", max_open=1)
    follower.drain()
    for name in ("a.log", "b.log"):
        write(folder / name, "two")
        (folder / name).rename(folder / f"{name}.1")
    assert follower.drain() == {"a.log": ["two"], "b.log": ["two"]}
    for _ in range(100):
        follower.poll(SETTLE)
    assert follower.files.paths == ()
    write(folder / "a.log", "three")
    assert follower.drain() == {"a.log": ["three"]}


def test_another_process_follows_one_of_them(folder: Path, following: Any) -> None:
    write(folder / "a.log", "x")
    first = following("a.log")
    with pytest.raises(FollowedElsewhere, match="Another logctl follows"):
        following("*.log")
    (folder / "a.log").rename(folder / "kept")
    second = following("*.log")
    (folder / "kept").rename(folder / "a.log")
    assert second.drain() == {}
    assert [notice for notice in second.notices if notice.startswith("Another logctl follows")]
    first.files.close()
    for _ in range(10):
        second.drain()
    assert len(second.notices) == 2


def test_two_processes_do_not_keep_each_other_from_new_files(folder: Path, following: Any) -> None:
    write(folder / "a.log", "x")
    following("a.log")
    with pytest.raises(FollowedElsewhere):
        following("*.log")
    write(folder / "b.log", "x")
    assert following("b.log").drain() == {"b.log": ["x"]}


def test_an_unreadable_file_does_not_stop_the_others(
    folder: Path, following: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = [folder / "b.log"]
    opened = os.open

    def open_unless_refused(path: Any, *args: Any, **options: Any) -> int:
        if path in refused:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **options)

    monkeypatch.setattr("os.open", open_unless_refused)
    for name in "abc":
        write(folder / f"{name}.log", name)
    follower = following("*.log")
    assert follower.drain() == {"a.log": ["a"], "c.log": ["c"]}
    refused.clear()
    assert follower.drain() == {"b.log": ["b"]}
    assert [notice.split(":")[0] for notice in follower.notices] == [
        f"{folder}/b.log cannot be read at the moment",
        f"{folder}/b.log can be read again.",
    ]


# ── Many ────────────────────────────────────────────────────────────────────────────────────────────


def handles_in(folder: Path) -> int:
    """How many files of a folder this process has open, deleted ones included."""
    found = 0
    for handle in Path("/proc/self/fd").iterdir():
        try:
            found += str(handle.readlink()).startswith(str(folder))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_300_files_with_few_of_them_open(folder: Path, following: Any) -> None:
    for number in range(300):
        write(folder / f"{number:03d}.log", f"one {number}")
    follower = following("*.log", max_open=20)
    most = 0
    told: dict[str, list[Any]] = defaultdict(list)
    for step in range(60):
        round_ = follower.poll(SETTLE)
        most = max(most, handles_in(folder) + handles_in(folder.parent / "state"))
        if step == 30:
            for number in range(0, 300, 7):
                write(folder / f"{number:03d}.log", f"two {number}")
        follower.told = told
        follower.commit(round_)
    assert most <= 2 * 20 + 2
    assert told == {
        f"{number:03d}.log": [f"one {number}"] + [f"two {number}"] * (number % 7 == 0)
        for number in range(300)
    }


def test_idle_files_are_only_looked_at(folder: Path, following: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        write(folder / f"{number:03d}.log", "x")
    follower = following("*.log", max_open=10)
    follower.drain()
    follower.drain()
    opened = follower.opened
    calls: list[Any] = []
    monkeypatch.setattr("os.pread", lambda *args: calls.append(args))
    started = time.perf_counter()
    for _ in range(20):
        assert follower.poll(SETTLE // 10).batches == ()
    assert time.perf_counter() - started < 1
    assert follower.opened == opened
    assert calls == []


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 3)),
        st.tuples(st.just("rotate"), st.integers(0, 3)),
        st.tuples(st.just("compress"), st.integers(0, 3)),
        st.tuples(st.just("crash"), st.just(0)),
        st.tuples(st.just("poll"), st.sampled_from([0, SETTLE // 2, SETTLE, 6 * SETTLE])),
        st.tuples(st.just("commit"), st.just(0)),
    ),
    max_size=40,
)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    # The file after the one that was read is compressed before anything of it is confirmed.
    steps=[("rotate", 1), ("append", 1), ("rotate", 1), ("poll", 0), ("compress", 1), ("crash", 0)],
    max_bytes=80,
    max_open=1,
)
@given(steps=STEPS, max_bytes=st.sampled_from([80, 1024 * 1024]), max_open=st.sampled_from([1, 2, 50]))
def test_any_schedule_tells_every_line_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], max_bytes: int, max_open: int
) -> None:
    folder = tmp_path_factory.mktemp("many") / "log"
    written: dict[str, list[str]] = {f"{name}.log": [] for name in "abcd"}
    for name in written:
        write(folder / name, f"{name} begins")
    follower = Follower(folder, "*.log", max_bytes=max_bytes, max_open=max_open)
    follower.drain()
    told: dict[str, list[Any]] = defaultdict(list)
    follower.told = told
    seen: Any = None
    for step, number in steps:
        name = f"{'abcd'[number % 4]}.log"
        path = folder / name
        if step == "append":
            written[name].append(f"{name} {len(written[name])}")
            write(path, written[name][-1])
        elif step == "rotate":
            for old in range(9, 0, -1):
                for suffix in ("", ".gz"):
                    if (folder / f"{name}.{old}{suffix}").exists():
                        (folder / f"{name}.{old}{suffix}").rename(folder / f"{name}.{old + 1}{suffix}")
            path.rename(folder / f"{name}.1")
            write(path)
        elif step == "compress" and (folder / f"{name}.1").exists():
            plain = folder / f"{name}.1"
            (folder / f"{name}.1.gz").write_bytes(gzip.compress(plain.read_bytes()))
            os.utime(folder / f"{name}.1.gz", ns=(plain.stat().st_atime_ns, plain.stat().st_mtime_ns))
            plain.unlink()
        elif step == "crash":
            follower.crash()
            seen = None
        elif step == "poll":
            found_ = follower.poll(number)
            again = {item[0]: item for item in content(found_)}
            if seen is not None:
                assert all(again[item[0]] == item for item in content(seen) if item[0] in again)
            seen = found_ if found_.batches else None
        elif step == "commit" and seen is not None:
            follower.commit(seen)
            seen = None
    if seen is not None:
        follower.commit(seen)
    follower.crash()
    rest = follower.drain()
    follower.files.close()
    for name in written:
        assert told[name] + rest.get(name, []) == written[name]


# ── Rounds in time ──────────────────────────────────────────────────────────────────────────────────


class Time:
    """A clock that goes on while somebody sleeps."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []
        self.actions: dict[int, Any] = {}

    def clock(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += int(seconds * 1000)
        self.actions.pop(len(self.slept), lambda: None)()


def coming_from(files: FollowedFiles, time_: Time, **options: Any) -> Any:
    told = options.pop("told", [])
    gathering = Gathering(**options)
    return rounds(
        files, clock=time_.clock, sleep=time_.sleep, on_notice=told.append, gathering=gathering, interval=0.1
    )


def test_rounds_sleep_while_there_is_nothing(folder: Path, following: Any) -> None:
    time_ = Time()
    time_.actions[3] = lambda: write(folder / "a.log", "one")
    write(folder / "a.log")
    follower = following("a.log")
    told: list[str] = []
    coming = coming_from(follower.files, time_, told=told)
    first = next(coming)
    assert [entry.value for entry in first.batches[0].batch.entries if isinstance(entry, Entry)] == ["one"]
    assert time_.slept == [0.1] * 5  # the last record is complete when nothing has come for 0.2 s
    first.commit()
    os.truncate(folder / "a.log", 0)
    write(folder / "a.log", "2")
    next(coming).commit()
    assert [text.split(" was ")[1][:9] for text in told] == ["truncated"]


class Stream:
    """A program that writes while `send -f` follows: what was sent when, in seconds since the start."""

    def __init__(self, folder: Path, files: FollowedFiles, **options: Any) -> None:
        self.time = Time()
        self.path = folder / "a.log"
        self.coming = coming_from(files, self.time, **options)
        self.lines: dict[int, list[str]] = {}
        sleep = self.time.sleep

        def write_and_sleep(seconds: float) -> None:
            before = self.time.now
            sleep(seconds)
            for at in sorted(at for at in self.lines if before - START < at <= self.time.now - START):
                write(self.path, *self.lines.pop(at))
            if self.time.now - START > self.end:
                raise KeyboardInterrupt

        self.time.sleep = write_and_sleep  # type: ignore[method-assign]
        self.coming = coming_from(files, self.time, **options)

    def sent(self, seconds: float) -> list[tuple[float, list[str]]]:
        self.end = int(seconds * 1000)
        found = []
        with contextlib.suppress(KeyboardInterrupt):
            for round_ in self.coming:
                at = (self.time.now - START) / 1000
                entries = [
                    entry.reading.message
                    for item in round_.batches
                    for entry in item.batch.entries
                    if isinstance(entry, Entry)
                ]
                found.append((at, entries))
                round_.commit()
        return found


def line(text: str, level: str = "INFO") -> str:
    return f'{{"ts":"2026-11-27T10:00:00Z","level":"{level}","msg":"{text}"}}'


@pytest.fixture
def stream(folder: Path, following: Any) -> Any:
    write(folder / "a.log")
    return lambda **options: Stream(folder, following("a.log", max_bytes=2_000_000).files, **options)


def test_lines_after_a_quiet_time_are_sent_at_once(stream: Any) -> None:
    made = stream()
    times = (1_000, 4_350, 7_770, 30_010, 31_480, 33_990, 60_500)
    made.lines = {at: [line(f"line {at}")] for at in times}
    sent = made.sent(70)
    assert [len(entries) for _, entries in sent] == [1] * len(times)
    assert all(0 <= at - expected / 1000 <= 0.2 for (at, _), expected in zip(sent, times, strict=True))


def test_a_steady_stream_is_one_message_in_six_seconds(stream: Any) -> None:
    made = stream()
    made.lines = {at: [line("x")] for at in range(100, 600_000, 100)}
    sent = made.sent(600)
    assert 600 / 6 <= len(sent) <= 600 / 6 + 21  # and what may be sent at the start
    late = [at for at, _ in sent if at > 300]
    assert all(5.9 <= after - before <= 6.3 for before, after in itertools.pairwise(late))
    assert sum(len(entries) for _, entries in sent) >= 5_900


def test_the_first_error_of_its_kind_does_not_wait_and_others_of_it_do(stream: Any) -> None:
    made = stream()
    made.lines = {at: [line("x")] for at in range(100, 400_000, 100)}
    for at in range(200_050, 400_000, 500):
        made.lines[at] = [line(f"payment {at} failed", "ERROR")]
    made.lines[302_070] = [line("out of memory", "FATAL")]
    sent = made.sent(400)
    first = next(at for at, entries in sent if any("payment" in text for text in entries))
    assert first - 200.05 <= 1.2
    other = next(at for at, entries in sent if "out of memory" in entries)
    assert other - 302.07 <= 1.2
    assert len([at for at, _ in sent if at > 200]) <= 200 / 6 + 4


def test_many_kinds_of_errors_are_not_a_message_each(stream: Any) -> None:
    made = stream()
    words = itertools.cycle("abcdefghijklmnop")
    made.lines = {
        at: [line("".join(next(words) for _ in range(at % 97 + 3)), "ERROR")]
        for at in range(100, 600_000, 100)
    }
    sent = made.sent(600)
    assert len(sent) <= 600 / 6 + 20 + 30 + 600 / 20 + 2


def test_an_error_in_text_is_sent_with_its_whole_trace(folder: Path, following: Any) -> None:
    write(folder / "a.log")
    made = Stream(folder, following("a.log").files)
    made.lines = {at: ["2026-11-27 10:00:00 INFO x"] for at in range(100, 200_000, 100)}
    trace = ["2026-11-27 10:00:00 ERROR boom", "java.lang.Error: no", *["\tat a.b.C.d(C.java:1)"] * 9]
    made.lines[150_050] = trace
    sent = made.sent(200)
    at, entries = next((at, entries) for at, entries in sent if any("boom" in text for text in entries))
    assert at - 150.05 <= 1.3
    assert next(text for text in entries if "boom" in text).count("C.java") == 9


def test_a_fixed_time_is_kept(stream: Any) -> None:
    made = stream(every=60)
    made.lines = {at: [line("x", "ERROR")] for at in range(100, 300_000, 1000)}
    sent = made.sent(300)
    assert len(sent) == 5


def test_a_full_message_does_not_wait(stream: Any) -> None:
    made = stream(every=60)
    made.lines = {at: [line("y" * 900)] * 100 for at in range(1_000, 30_000, 1000)}
    sent = made.sent(30)
    assert 2 <= len(sent) <= 4  # of a megabyte each


def test_a_busy_file_goes_on_at_once_and_does_not_take_others_with_it(folder: Path, following: Any) -> None:
    time_ = Time()
    for name in ("a.log", "b.log"):
        write(folder / name, '{"m": 1}')
    coming = coming_from(following("*.log", max_bytes=600_000).files, time_)
    seen: list[list[str]] = []

    def next_round() -> None:
        round_ = next(coming)
        seen.append([item.path.name for item in round_.batches])
        round_.commit()

    next_round()
    assert time_.slept == []
    write(folder / "a.log", *['{"m": "' + "y" * 190 + '"}'] * 9_000)
    next_round()
    assert time_.slept == [0.1]
    write(folder / "b.log", '{"m": 2}')
    next_round()
    assert time_.slept == [0.1]
    while seen[-1] != ["b.log"] and len(seen) < 9:
        next_round()
    assert seen[:3] == [["a.log", "b.log"], ["a.log"], ["a.log"]]
    assert "b.log" in [name for names in seen for name in names][3:]


def test_a_clock_that_is_set_back_stops_nothing(folder: Path, following: Any) -> None:
    time_ = Time()
    write(folder / "a.log", '{"m": 1}')
    coming = coming_from(following("a.log").files, time_)
    next(coming).commit()

    def set_back() -> None:
        time_.now -= 3_600_000
        write(folder / "a.log", '{"m": 2}')

    time_.actions[1] = set_back
    next(coming).commit()
    assert len(time_.slept) < 20
