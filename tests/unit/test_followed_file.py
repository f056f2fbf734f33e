"""Following a file through everything that happens to files: every line once, in order."""

from __future__ import annotations

import bz2
import errno
import gzip
import json
import lzma
import os
import shutil
import stat
import tempfile
import traceback
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from logctl.core.errors import UsageError
from logctl.ops.send.entries import Entry
from logctl.ops.send.follow_checkpoint import Checkpoint, FollowState
from logctl.ops.send.followed_content import COMPLETE, SETTLE, SETTLE_OF_TRACES, FollowedContent
from logctl.ops.send.followed_file import FollowBatch, FollowedFile
from logctl.ops.send.growing_file import CompressedFile
from logctl.ops.send.rotated_names import rotated_name

START = 1_770_000_000_000


class Writer:
    """Whatever writes and rotates the log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "app.log"

    def append(self, text: str | bytes) -> None:
        with self.path.open("ab") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    def rotate(self) -> None:
        """As logrotate does: the numbers move up, and the new file comes with its first line."""
        for number in range(30, 0, -1):
            old = self.folder / f"app.log.{number}"
            if old.exists():
                old.rename(self.folder / f"app.log.{number + 1}")
        if self.path.exists():
            self.path.rename(self.folder / "app.log.1")

    def compress(
        self, name: str, *, compressor: Any = gzip.compress, suffix: str = ".gz", cut: int = 0
    ) -> None:
        """As gzip does: the new file has another inode and the old one's time; the inode is not used again."""
        old = self.folder / name
        data = compressor(old.read_bytes())
        packed = old.with_name(name + suffix)
        packed.write_bytes(data[: len(data) - cut])
        os.utime(packed, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns))
        self.remove(name)

    def remove(self, name: str = "app.log") -> None:
        """Remove a file, in such a way that its inode is not used again at once."""
        self.busy = getattr(self, "busy", 0) + 1
        (self.folder / name).rename(self.folder.parent / f"{self.folder.name}.busy{self.busy}")


class Reader:
    """`send -f`, which may be killed; `told` is what it committed."""

    def __init__(self, writer: Writer, *, from_end: bool = False, **content: Any) -> None:
        self.writer = writer
        self.options: Any = {"from_end": from_end, "content": FollowedContent(**content)}
        self.now = START
        self.told: list[Any] = []
        self.notices: list[str] = []
        self.followed = self._open()

    def _open(self) -> FollowedFile:
        return FollowedFile(
            self.writer.path, app="checkout", state_dir=self.writer.folder / "state", **self.options
        )

    def poll(self, after: int = 0) -> FollowBatch | None:
        self.now += after
        return self.followed.poll(self.now)

    def commit(self, batch: FollowBatch) -> None:
        batch.commit()
        self.notices += [notice.text for notice in batch.notices]
        self.told += [
            item.value if isinstance(item, Entry) else (item.reason, item.line) for item in batch.entries
        ]

    def crash(self) -> None:
        self.followed.close()
        self.followed = self._open()

    def drain(self) -> list[Any]:
        """Until nothing comes any more; what came."""
        before, idle = len(self.told), 0
        while idle < 5:  # a rotated file is left when it has been quiet, then the next one settles
            batch = self.poll(SETTLE)
            idle = 0 if batch else idle + 1
            if batch:
                self.commit(batch)
        return self.told[before:]


def content(batch: FollowBatch | None) -> tuple[Any, ...]:
    assert batch is not None
    return batch.entries, batch.read_at, batch.start, batch.end, batch.source


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path)


@pytest.fixture
def reader(writer: Writer) -> Any:
    reader = Reader(writer)
    yield reader
    reader.followed.close()


def test_half_lines_wait_for_their_end(writer: Writer, reader: Reader) -> None:
    assert reader.drain() == []
    writer.append("on")
    assert reader.drain() == []
    writer.append("e\ntw")
    assert reader.drain() == ["one"]
    writer.append("o\r\n")
    assert reader.drain() == ["two"]


def test_the_last_record_waits_until_it_is_whole(writer: Writer, reader: Reader) -> None:
    writer.append("ERROR:a:one\n  more\n")
    assert reader.poll() is None
    assert reader.poll(COMPLETE - 1) is None
    writer.append("  and more\n")
    assert reader.poll(1) is None
    writer.append("ERROR:a:two\n")
    batch = reader.poll()
    assert batch is not None
    reader.commit(batch)
    assert reader.told == ["ERROR:a:one\n  more\n  and more"]
    assert reader.drain() == ["ERROR:a:two"]


def test_pieces_of_a_trace_that_pauses_for_too_long_have_its_level(writer: Writer, reader: Reader) -> None:
    pieces = [
        "2026-01-31 08:15:00 ERROR one\n",
        "Traceback (most recent call last):\n",
        '  File "a.py", line 1, in f\nValueError: late\n',
    ]
    levels = []
    for piece in pieces:
        writer.append(piece)
        for _ in range(8):
            if batch := reader.poll(SETTLE):
                levels += [item.level for item in batch.entries if isinstance(item, Entry)]
                reader.commit(batch)
    assert levels == ["ERROR"] * 3


def test_json_waits_for_nothing(writer: Writer, reader: Reader) -> None:
    writer.append('{"a": 1}\nnot json\n{"b": 2}\n{"c"')
    batch = reader.poll()
    assert batch is not None
    assert [type(item) for item in batch.entries] == [Entry, Entry, Entry]
    reader.commit(batch)
    assert reader.told == [{"a": 1}, "not json", {"b": 2}]


def test_a_batch_has_an_end(writer: Writer) -> None:
    reader = Reader(writer, max_bytes=1000)
    lines = [f"line {n}" for n in range(500)]
    writer.append("".join(f"{line}\n" for line in lines))
    batch = reader.poll()
    assert batch is not None
    assert batch.end - batch.start <= 1000
    assert reader.drain() == lines
    writer.append("x" * 5_000 + "\nafter\n")
    reader.told.clear()
    reader.drain()
    assert "".join(reader.told) == "x" * 5_000 + "after"


def test_a_json_line_longer_than_a_batch(writer: Writer) -> None:
    reader = Reader(writer, max_bytes=1000)
    writer.append('{"a": 1}\n{"b": "' + "x" * 5_000 + '"}\n{"c": 3}\n')
    assert [item for item in reader.drain() if isinstance(item, dict)] == [{"a": 1}, {"c": 3}]
    assert "".join(item for item in reader.told if isinstance(item, str)) == '{"b": "' + "x" * 5_000 + '"}'


@pytest.mark.parametrize("with_bom", [False, True])
def test_from_the_end(writer: Writer, with_bom: bool) -> None:
    writer.append(b"\xef\xbb\xbf" * with_bom + b"old\nold\nhalf ")
    reader = Reader(writer, from_end=True)
    assert reader.drain() == []
    reader.crash()
    writer.append("new\n")
    batch = reader.poll() or reader.poll(SETTLE)
    assert [(item.value, item.line) for item in batch.entries if isinstance(item, Entry)] == [("half new", 3)]  # type: ignore[union-attr]


def test_from_the_end_of_a_file_that_is_not_there_is_its_start(writer: Writer) -> None:
    reader = Reader(writer, from_end=True)
    assert reader.drain() == []
    assert reader.notices == [f"{writer.path} does not exist yet; logctl waits for it."]
    writer.append("one\n")
    assert reader.drain() == ["one"]


# ── Crashes ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_crash_before_commit_repeats_exactly(writer: Writer, reader: Reader) -> None:
    writer.append("Jun 14 15:16:01 h a: one\ntwo\nJun 14 15:16:02 h a: three\n")
    first = content(reader.poll(SETTLE) or reader.poll(SETTLE))
    writer.append("  not yet seen\nJun 14 15:16:03 h a: four\n")
    reader.crash()
    assert content(reader.poll(3 * SETTLE)) == first
    reader.crash()
    writer.rotate()
    assert content(reader.poll(3 * SETTLE)) == first


def test_until_it_is_committed_the_same_batch_comes(writer: Writer, reader: Reader) -> None:
    writer.append("one\ntwo\n")
    batch = reader.poll(SETTLE)
    assert reader.poll(SETTLE) is batch
    assert batch is not None
    batch.commit()
    batch.commit()
    assert reader.drain() == ["two"]


def test_a_crash_after_commit_repeats_nothing(writer: Writer, reader: Reader) -> None:
    writer.append("one\ntwo\n")
    assert reader.drain() == ["one", "two"]
    reader.crash()
    assert reader.drain() == []


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 4)),
        st.tuples(st.just("half"), st.just(0)),
        st.tuples(st.just("rotate"), st.just(0)),
        st.tuples(st.just("crash"), st.just(0)),
        st.tuples(st.just("poll"), st.sampled_from([0, SETTLE // 2, SETTLE])),
        st.tuples(st.just("commit"), st.just(0)),
    ),
    max_size=40,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(steps=STEPS, max_bytes=st.sampled_from([80, 400, 1024 * 1024]), timed=st.booleans())
def test_any_schedule_tells_every_line_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], max_bytes: int, timed: bool
) -> None:
    writer = Writer(tmp_path_factory.mktemp("follow"))
    reader = Reader(writer, max_bytes=max_bytes)
    writer.append("")
    reader.poll()  # what was rotated before the first look at it is not followed
    written: list[str] = []
    half, seen, batch = False, None, None
    for step, number in steps:
        if step in ("append", "half"):
            for _ in range(number or 1):
                if not half:
                    written.append(
                        f"2026-01-31 08:15:00 line {len(written)}" if timed else f"l{len(written)}"
                    )
                text = " end\n" if half else written[-1] + (" half" if step == "half" else "\n")
                if half:
                    written[-1] += " half end"
                half = step == "half" and not half
                writer.append(text)
        elif step == "rotate" and not half:
            writer.rotate()
        elif step == "crash":
            reader.crash()
            batch = None
        elif step == "poll":
            batch = reader.poll(number)
            if seen is not None:
                assert content(batch) == seen
            seen = content(batch) if batch else None
        elif step == "commit" and batch:
            reader.commit(batch)
            batch = seen = None
    if half:
        writer.append(" end\n")
        written[-1] += " half end"
    writer.append("")  # the new file is there, so the old one is at its end
    reader.drain()
    reader.followed.close()
    assert reader.told == written
    assert reader.notices == []


# ── Rotation ────────────────────────────────────────────────────────────────────────────────────────


def test_the_old_file_is_read_to_its_end(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    writer.rotate()
    with (writer.folder / "app.log.1").open("a") as old:
        old.write("two\n")
        old.flush()
        assert reader.drain() == ["two"]
        writer.append("four\n")
        old.write("three, unfinished")
    assert reader.drain() == ["three, unfinished", "four"]


def test_an_empty_new_file_does_not_end_the_old_one(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    writer.rotate()
    writer.append("")
    assert reader.drain() == []
    with (writer.folder / "app.log.1").open("a") as old:
        old.write("two\n")
    assert reader.drain() == ["two"]


def test_rotations_while_nobody_follows(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    reader.followed.close()
    for word in ("two", "three", "four"):
        writer.append(f"{word}\n")
        writer.rotate()
    writer.append("five\n")
    reader.crash()
    assert reader.drain() == ["two", "three", "four", "five"]
    assert reader.notices == []


def test_dated_names(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    for day in ("20260130", "20260131"):
        writer.append(f"{day}\n")
        writer.path.rename(writer.folder / f"app.log-{day}")
    (writer.folder / "app.log.bak").write_text("a copy, not a rotated file\n")
    (writer.folder / "app.log-20260129").write_text("sent long ago\n")
    writer.append("last\n")
    assert reader.drain() == ["20260130", "20260131", "last"]


def test_a_link_to_the_newest_file(writer: Writer, reader: Reader) -> None:
    for number in (1, 2):
        (writer.folder / f"{number}.log").write_text(f"{number}\n")
        writer.path.unlink(missing_ok=True)
        writer.path.symlink_to(writer.folder / f"{number}.log")
        assert reader.drain() == [str(number)]


def test_generations_differ_and_stay(writer: Writer, reader: Reader) -> None:
    names = []
    for word in ("one", "two"):
        writer.append(f"{word}\n")
        batch = reader.poll() or reader.poll(SETTLE) or reader.poll(SETTLE)
        assert batch is not None
        reader.commit(batch)
        names.append(batch.source)
        writer.append("more\n")
        reader.crash()
        batch = reader.poll() or reader.poll(SETTLE)
        assert batch is not None
        assert batch.source == names[-1]
        reader.commit(batch)
        writer.rotate()
    assert len(set(names)) == 2


def test_what_is_lost_is_said(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    reader.followed.close()
    writer.append("two\n")
    old = writer.path.read_bytes()
    writer.remove()
    (writer.folder / "app.log.1.gz").write_bytes(gzip.compress(old)[:-9])  # damaged
    (writer.folder / "app.log.2.gz").write_bytes(gzip.compress(b"another file"))
    writer.append("three\n")
    reader.crash()
    assert reader.drain() == ["three"]
    assert [notice.split(" was ", 1)[1][:36] for notice in reader.notices] == [
        "rotated while it was not followed, and"[:36]
    ]


def test_an_inode_used_again(writer: Writer, reader: Reader) -> None:
    writer.append("one one one\n")
    reader.drain()
    reader.followed.close()
    writer.path.write_text("another file, and longer than the first\n")  # same inode, other content
    reader.crash()
    assert reader.drain() == ["another file, and longer than the first"]
    assert len(reader.notices) == 1


def test_a_file_compressed_between_two_rotations(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    for word in ("two", "three"):
        writer.rotate()
        writer.append(f"{word}\n")
    writer.compress("app.log.1")
    assert reader.drain() == ["two", "three"]
    assert reader.notices == []


def test_a_damaged_file_between_two_rotations(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    for word in ("two", "three"):
        writer.rotate()
        writer.append(f"{word}\n")
    writer.compress("app.log.1", cut=9)
    assert reader.drain() == ["three"]
    assert [notice for notice in reader.notices if "app.log.1.gz is compressed and damaged" in notice]


def test_copytruncate(writer: Writer, reader: Reader) -> None:
    writer.append("one\ntwo\n")
    reader.drain()
    os.truncate(writer.path, 0)
    writer.append("three\n")
    assert reader.drain() == ["three"]
    assert reader.notices == [f"{writer.path} was truncated or written anew; it is read from its start."]


def test_copytruncate_of_what_was_not_read(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    writer.append("half")
    reader.poll()
    os.truncate(writer.path, 0)
    writer.append("2\n")
    assert reader.drain() == ["2"]
    assert "after byte 4 may be missing" in reader.notices[0]


def test_a_pending_batch_that_is_gone(writer: Writer, reader: Reader) -> None:
    writer.append("one\ntwo\n")
    assert reader.poll(SETTLE) is not None
    os.truncate(writer.path, 0)
    writer.append("other\n")
    reader.crash()
    assert reader.drain() == ["other"]
    assert len(reader.notices) == 1


# ── Compressed by the rotation ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    ("compressor", "suffix"),
    [
        (gzip.compress, ".gz"),
        (zstandard.ZstdCompressor().compress, ".zst"),
        (bz2.compress, ".bz2"),
        (lzma.compress, ".xz"),
    ],
)
def test_the_rest_of_a_file_that_was_compressed_while_nobody_followed(
    writer: Writer, reader: Reader, compressor: Any, suffix: str, kept: bool
) -> None:
    writer.append("one\n")
    reader.drain()
    reader.followed.close()
    writer.append("two\n")
    writer.rotate()
    writer.append("three\n")
    writer.rotate()
    writer.compress("app.log.2", compressor=compressor, suffix=suffix)
    if not kept:
        os.utime(writer.folder / f"app.log.2{suffix}")
    writer.append("four\n")
    reader.crash()
    assert reader.drain() == ["two", "three", "four"]
    reader.crash()
    assert reader.drain() == []
    assert reader.notices == []


@pytest.mark.parametrize(
    "name", ["app.log-20261126", "app-20261126.log", "app.2026-11-26.0.log", "app-11-26-2026-1.log"]
)
def test_the_rest_of_a_compressed_file_with_a_date(writer: Writer, reader: Reader, name: str) -> None:
    writer.append("one\n")
    reader.drain()
    reader.followed.close()
    writer.append("two\n")
    writer.path.rename(writer.folder / name)
    writer.compress(name)
    writer.append("three\n")
    reader.crash()
    assert reader.drain() == ["two", "three"]
    assert reader.notices == []


def test_a_new_file_with_the_same_inode_and_size(writer: Writer, reader: Reader) -> None:
    writer.append("line 1 of 34 bytes, with its end.\n")
    reader.drain()
    reader.followed.close()
    writer.append("line 2 of 34 bytes, with its end.\n")
    (writer.folder / "app.log.1.gz").write_bytes(gzip.compress(writer.path.read_bytes()))
    writer.path.write_text("line 3 of 34 bytes, with its end.\n")  # keeps the inode
    reader.crash()
    assert reader.drain() == [f"line {n} of 34 bytes, with its end." for n in (2, 3)]
    assert reader.notices == []


def test_a_kill_while_a_compressed_file_is_read(writer: Writer) -> None:
    reader = Reader(writer, max_bytes=40)
    writer.append("".join(f"line {n:02d}\n" for n in range(3)))
    reader.drain()
    writer.append("".join(f"line {n:02d}\n" for n in range(3, 30)))
    first = content(reader.poll(SETTLE) or reader.poll(SETTLE))
    reader.followed.close()
    writer.rotate()
    writer.compress("app.log.1")
    writer.append("last\n")
    for _ in range(2):
        reader.crash()
        assert content(reader.poll(3 * SETTLE)) == first
    for _ in range(4):
        batch = reader.poll(SETTLE)
        if batch is not None:
            reader.commit(batch)
        reader.crash()
    reader.drain()
    reader.followed.close()
    assert reader.told == [f"line {n:02d}" for n in range(30)] + ["last"]
    assert reader.notices == []


def test_the_file_that_is_read_is_compressed_under_the_follower(writer: Writer, reader: Reader) -> None:
    """Its compressed copy is not read again, even when its time is a later one."""
    writer.append("one\n")
    reader.drain()
    writer.rotate()
    writer.compress("app.log.1")
    os.utime(writer.folder / "app.log.1.gz", (2_000_000_000, 2_000_000_000))
    writer.append("two\n")
    assert reader.drain() == ["two"]
    assert reader.notices == []


def test_copytruncate_with_a_rest_that_was_not_read(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    writer.append("two\n")
    shutil.copy(writer.path, writer.folder / "app.log.1")
    os.truncate(writer.path, 0)
    writer.append("three\n")
    assert reader.drain() == ["two", "three"]
    writer.append("four\n")
    assert reader.drain() == ["four"]
    assert reader.notices == []


def test_the_next_file_is_not_decompressed_for_each_batch(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(writer, max_bytes=100)
    writer.append("one\n")
    reader.drain()
    writer.append("".join(f"line {n:03d}\n" for n in range(300)))
    for word in ("last", "newest"):
        writer.rotate()
        writer.append(f"{word}\n")
    writer.compress("app.log.1")
    begun: list[CompressedFile] = []
    rewind = CompressedFile._rewind
    monkeypatch.setattr(CompressedFile, "_rewind", lambda file: begun.append(file) or rewind(file))
    assert reader.drain() == [*(f"line {n:03d}" for n in range(300)), "last", "newest"]
    assert len(begun) < 12


def test_a_large_compressed_file_is_read_in_pieces(writer: Writer, tmp_path: Path) -> None:
    lines = b"".join(b"line %07d\n" % n for n in range(900_000))
    packed = tmp_path / "large.log.1.gz"
    packed.write_bytes(gzip.compress(lines, 1))
    file = CompressedFile(packed)
    assert file.size() == len(lines)
    for offset in (0, 5, 9_000_000, 2_000_000, len(lines) - 3, len(lines), len(lines) + 5, 100):
        assert file.read(1000, offset) == lines[offset : offset + 1000]
    assert file.stream(4_000_000).read() == lines[:4_000_000]
    assert len(file._kept) < 10_000_000
    file.close()


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        ("app.log.1 app.log.10.gz app.log.2", "app.log.10.gz app.log.2 app.log.1"),
        ("app.log-20260131 app.log-20260130.gz", "app.log-20260130.gz app.log-20260131"),
        ("app-2026-01-31.1.log app-2026-01-31.0.log.gz", "app-2026-01-31.0.log.gz app-2026-01-31.1.log"),
        ("app-01-02-2026-1.log app-12-31-2025-2.log", "app-12-31-2025-2.log app-01-02-2026-1.log"),
        (
            "app-2026-01-31T10-00-00.000.log app-2026-01-31T09-00-00.000.log.gz",
            "app-2026-01-31T09-00-00.000.log.gz app-2026-01-31T10-00-00.000.log",
        ),
        ("app.log-20260131-5 app.log-20260131-40", "app.log-20260131-5 app.log-20260131-40"),
        ("app.log.gz app.log.1", "app.log.1 app.log.gz"),
        (
            "app.log app-1.log apps.log app.log.bak app.log.1.tmp application-20260131.log app.log~ app.log.1.gz.x",
            "",
        ),
    ],
)
def test_names_tell_the_order_of_rotated_files(names: str, ordered: str) -> None:
    found = [(rotated, name) for name in names.split() if (rotated := rotated_name("app.log", name))]
    assert " ".join(name for _, name in sorted(found)) == ordered


# ── Files that cannot be read for a moment ──────────────────────────────────────────────────────────


def test_a_new_file_that_may_not_be_read_at_first(
    writer: Writer, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with logrotate's `create`, which makes the file before it gives it its mode."""
    refused = [writer.path]
    opened = os.open

    def open_unless_refused(path: Any, *args: Any, **options: Any) -> int:
        if path in refused:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **options)

    writer.append("one\n")
    reader.drain()
    writer.rotate()
    with (writer.folder / "app.log.1").open("a") as old:
        old.write("two\n")
    writer.append("three\n")
    monkeypatch.setattr("os.open", open_unless_refused)
    assert reader.drain() == ["two"]
    assert reader.drain() == []
    refused.clear()
    assert reader.drain() == ["three"]
    assert reader.notices == [
        f"{writer.path} cannot be read at the moment: permission denied; logctl goes on when it can.",
        f"{writer.path} can be read again.",
    ]


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_file_whose_reading_fails_is_opened_again(
    writer: Writer, reader: Reader, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    writer.append("one\n")
    reader.drain()
    stale = {reader.followed._file._handle}  # type: ignore[union-attr]
    pread, close = os.pread, os.close

    def pread_unless_stale(handle: int, *args: int) -> bytes:
        if handle in stale:
            raise OSError(number, os.strerror(number))
        return pread(handle, *args)

    def close_and_forget(handle: int) -> None:
        stale.discard(handle)
        close(handle)

    monkeypatch.setattr("os.pread", pread_unless_stale)
    monkeypatch.setattr("os.close", close_and_forget)
    writer.append("two\n")
    assert reader.drain() == ["two"]
    assert [notice.split(": ")[0].removeprefix(f"{writer.path} ") for notice in reader.notices] == [
        "cannot be read at the moment",
        "can be read again.",
    ]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_file_without_permission_for_a_moment_as_another_user(tmp_path: Path) -> None:
    """The real thing, in a child that is not root."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        folder.chmod(0o755)
        os.chown(folder, 65534, 65534)
        assert _in_a_child(lambda: _rotate_without_permission(folder)) == 0
    finally:
        shutil.rmtree(folder)


def _rotate_without_permission(folder: Path) -> None:
    os.setgid(65534)
    os.setuid(65534)
    writer = Writer(folder)
    writer.append("one\n")
    reader = Reader(writer)
    assert reader.drain() == ["one"]
    writer.rotate()
    writer.append("two\n")
    writer.path.chmod(0o200)
    assert reader.drain() == []
    writer.path.chmod(0o644)
    writer.append("three\n")
    assert reader.drain() == ["two", "three"]
    assert len(reader.notices) == 2, reader.notices


def _in_a_child(function: Any) -> int:
    child = os.fork()
    if child == 0:
        try:
            function()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_stack_trace_may_pause_for_longer(writer: Writer, reader: Reader) -> None:
    writer.append("2026-01-31 08:15:00 ERROR one\n")
    writer.append("Traceback (most recent call last):\n")
    reader.poll()
    assert reader.poll(SETTLE) is None
    assert reader.poll(SETTLE) is None
    writer.append('  File "a.py", line 1, in f\nValueError: x\n')
    assert reader.poll() is None
    batch = reader.poll(SETTLE_OF_TRACES)
    assert batch is not None
    assert [item.end for item in batch.entries if isinstance(item, Entry)] == [writer.path.stat().st_size]


def test_a_pending_batch_that_a_copy_does_not_have(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    shutil.copy(writer.path, writer.folder / "app.log.1")
    writer.append("two\n")
    assert reader.poll(SETTLE) or reader.poll(SETTLE)
    os.truncate(writer.path, 0)
    writer.append("other\n")
    reader.crash()
    assert reader.drain() == ["other"]
    assert len(reader.notices) == 1


def test_a_file_that_is_being_compressed(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    reader.followed.close()
    for word in ("two", "three"):
        writer.append(f"{word}\n")
        writer.rotate()
    (writer.folder / "app.log.1.gz").write_bytes(gzip.compress(b"three\n")[:10])
    writer.append("four\n")
    reader.crash()
    assert reader.drain() == ["two", "three", "four"]
    assert reader.notices == []


# ── Refusals ────────────────────────────────────────────────────────────────────────────────────────


def test_two_do_not_follow_one_file(writer: Writer, reader: Reader) -> None:
    with pytest.raises(UsageError, match="Another logctl follows"):
        Reader(writer)
    FollowedFile(writer.path, app="billing", state_dir=writer.folder / "state").close()
    reader.followed.close()
    Reader(writer).followed.close()


def test_the_checkpoint_is_private_and_whole(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    state = writer.folder / "state"
    assert {oct(path.stat().st_mode & 0o777) for path in state.iterdir()} == {"0o600"}
    assert sorted(path.suffix for path in state.iterdir()) == [".json", ".lock"]
    next(state.glob("*.json")).write_text("{")
    with pytest.raises(UsageError, match="cannot be used"):
        reader.crash()


def test_what_cannot_be_followed(writer: Writer, tmp_path: Path) -> None:
    writer.append(gzip.compress(b"x\n"))
    for path, said in ((writer.path, "is compressed"), (tmp_path, "not a regular file")):
        followed = FollowedFile(path, app="checkout", state_dir=tmp_path / "state")
        with pytest.raises(UsageError, match=said):
            followed.poll(START)
        followed.close()


def test_a_checkpoint_is_on_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut between any two calls leaves the old checkpoint or the new one, whole."""
    checkpoint = Checkpoint(tmp_path, "shop", tmp_path / "app.log")
    calls: list[tuple[str, str | int]] = []
    synced_size: list[int] = []
    fsync, rename = os.fsync, os.replace

    def record_fsync(handle: int) -> None:
        kind = "directory" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        synced_size.append(os.fstat(handle).st_size)
        calls.append(("fsync", kind))
        fsync(handle)

    def record_rename(old: Any, new: Any, **options: Any) -> None:
        calls.append(("rename", Path(new).name))
        rename(old, new, **options)

    monkeypatch.setattr("os.fsync", record_fsync)
    monkeypatch.setattr("os.replace", record_rename)
    checkpoint.save(FollowState(1, 2))
    checkpoint.close()
    assert calls == [("fsync", "file"), ("rename", checkpoint.path.name), ("fsync", "directory")]
    assert synced_size[0] == checkpoint.path.stat().st_size > 0


def test_a_checkpoint_of_an_earlier_version_goes_on(writer: Writer) -> None:
    """It has no trail; the file has."""
    first = Reader(writer)
    writer.append("one\ntwo\n")
    first.drain()
    whole = first.followed._current.place
    first.followed.close()
    (path,) = (writer.folder / "state").glob("*.json")
    saved = json.loads(path.read_text())
    for name in ("chain", "source"):
        del saved["state"]["place"][name]
    saved["state"]["place"]["headed"] = True
    for name in ("begun", "before"):
        del saved["state"][name]
    path.write_text(json.dumps({**saved, "version": 1, "state": {**saved["state"], "generation": "ab" * 8}}))
    second = Reader(writer)
    assert second.drain() == []
    assert second.followed._current.place == whole
    writer.append("three\n")
    assert second.drain() == ["three"]
    second.followed.close()


def test_a_broken_checkpoint_says_what_to_do_without_doubling(writer: Writer, reader: Reader) -> None:
    writer.append("one\n")
    reader.drain()
    reader.followed.close()
    (path,) = (writer.folder / "state").glob("*.json")
    path.write_text("{")
    with pytest.raises(UsageError) as caught:
        reader.crash()
    assert "Delete it" in caught.value.hint
    assert "without --from-end" in caught.value.hint
    assert "not added twice" in caught.value.hint
    path.unlink()
    reader.crash()
    assert reader.drain() == ["one"]


# ── Zeros ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [100, 5_000_000])
def test_a_hole_after_a_truncation_is_skipped(writer: Writer, reader: Reader, size: int) -> None:
    """A program that does not append goes on at its old place after `copytruncate`."""
    writer.append("one\n")
    assert reader.drain() == ["one"]
    with writer.path.open("r+b") as file:
        file.truncate(0)
        file.seek(size)
        file.write(b"two\n")
    assert reader.drain() == ["two"]
    reader.crash()
    writer.append("three\n")
    assert reader.drain() == ["three"]


@pytest.mark.parametrize("size", [100, 5_000_000])
def test_room_that_is_reserved_in_a_file_is_not_read(writer: Writer, reader: Reader, size: int) -> None:
    def write(offset: int, text: str) -> None:
        with writer.path.open("r+b") as file:
            file.seek(offset)
            file.write(text.encode())

    writer.append(b"\0" * size)
    assert reader.drain() == []
    write(0, "one\n")
    assert reader.drain() == ["one"]
    write(4, "two\nthr")
    assert reader.drain() == ["two"]
    reader.crash()
    write(11, "ee\n")
    assert reader.drain() == ["three"]
