"""Following a growing file: half lines, rotation by renaming or copying, restarts.

Only whole lines are taken. The last record of what is there is held back until the next one begins or
the file has been quiet for a moment, because its stack trace may still be coming.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from logctl.core.times import SECOND
from logctl.ops.checkpoint import Checkpoint, Position
from logctl.ops.sources import Entry, Errors, Form, Rejection, detect, entries_of, lines

SETTLE = SECOND
"""How long a file must be quiet before its last record counts as whole."""
MAX_BATCH = 1024 * 1024
_HEAD = 256
_PAUSE_SECONDS = 0.25


@dataclass(frozen=True)
class FollowBatch:
    """Records to send. Until `commit`, a restart hands out exactly the same again."""

    entries: tuple[Entry | Rejection, ...]
    read_at: int
    generation: str
    commit: Callable[[], None]


class FollowedFile:
    """One file and how far it was sent. `notices` collects what a person should hear."""

    def __init__(
        self,
        path: Path,
        *,
        app: str,
        state_dir: Path,
        form: Form = "auto",
        errors: Errors = "strict",
        from_end: bool = False,
    ) -> None:
        self._path = path
        self._form: Form = form
        self._errors: Errors = errors
        self._checkpoint = Checkpoint(state_dir, app, path)
        self._position = self._checkpoint.load()
        self._file: BinaryIO | None = None
        self._from_end = from_end and self._position is None
        self._grown_at = (0, 0)
        self.notices: list[str] = []

    def __enter__(self) -> FollowedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()
        self._checkpoint.close()

    def poll(self, now: int) -> FollowBatch | None:
        """The next batch, if there is one; at most a mebibyte."""
        if self._file is None and not self._open():
            return None
        assert self._file is not None
        position = self._current()
        if position.pending_end is not None:
            data = self._read(position.offset, position.pending_end - position.offset)
            return self._batch(data, position.read_at or now, end=position.pending_end)
        finished = self._was_replaced()
        if not finished and os.fstat(self._file.fileno()).st_size < position.offset:
            self.notices.append(f"{self._path} was cut off; going on at its beginning.")
            self._start(self._file, offset=0)
            return self.poll(now)
        data = self._read(position.offset, MAX_BATCH)
        if not finished:
            data = data[: data.rfind(b"\n") + 1] or (data if len(data) == MAX_BATCH else b"")
        if not data:
            if finished:
                self._next_file()
                return self.poll(now)
            return None
        end = self._whole_records(data, now, all_of_it=finished and len(data) < MAX_BATCH)
        if end == position.offset:
            return None
        self._save(position.intending(end, now))
        return self._batch(data[: end - position.offset], now, end=end)

    # ── Reading ─────────────────────────────────────────────────────────────────────────────────────

    def _read(self, offset: int, size: int) -> bytes:
        assert self._file is not None
        self._file.seek(offset)
        return self._file.read(size)

    def _parse(self, data: bytes, reference: int) -> list[Entry | Rejection]:
        offset = self._current().offset
        form = self._current().form
        return list(entries_of(lines(io.BytesIO(data), offset), form, self._errors, reference))  # type: ignore[arg-type]

    def _whole_records(self, data: bytes, now: int, *, all_of_it: bool) -> int:
        """Where the last whole record ends."""
        position = self._current()
        if position.form == "auto":
            found = detect(data) if self._form == "auto" else self._form
            position = replace(position, form="json" if found == "array" else found)
        if position.head_size < _HEAD:
            head = self._read(0, _HEAD)
            position = replace(position, head=_hash(head), head_size=len(head))
        self._position = position
        end = position.offset + len(data)
        if self._grown_at[0] != end:
            self._grown_at = (end, now)
        quiet = now - self._grown_at[1] >= SETTLE
        if all_of_it or quiet or position.form == "json":
            return end
        entries = self._parse(data, now)
        if len(entries) > 1:
            return entries[-1].offset
        return end if len(data) >= MAX_BATCH // 2 else position.offset

    def _batch(self, data: bytes, read_at: int, *, end: int) -> FollowBatch:
        position = self._current()
        entries = tuple(self._parse(data, read_at))

        def commit() -> None:
            if self._current().pending_end == end:
                self._save(self._current().moved_on())

        return FollowBatch(entries, read_at, position.generation, commit)

    # ── Which file ──────────────────────────────────────────────────────────────────────────────────

    def _current(self) -> Position:
        assert self._position is not None
        return self._position

    def _save(self, position: Position) -> None:
        self._checkpoint.save(position)
        self._position = position

    def _open(self) -> bool:
        if self._position is None:
            return self._open_new(self._path, from_end=self._from_end)
        for candidate in [self._path, *self._siblings()]:
            file = _open(candidate)
            if file is None:
                continue
            if self._is_ours(file):
                self._file = file
                return True
            file.close()
        if not self._path.exists():
            return False
        self.notices.append(
            f"{self._path} was replaced while nobody followed it, and the old file is gone: what was "
            "written to it after the last batch was not sent."
        )
        return self._open_new(self._path)

    def _open_new(self, path: Path, *, from_end: bool = False) -> bool:
        file = _open(path)
        if file is None:
            return False
        self._start(file, offset=_line_start(file) if from_end else 0)
        return True

    def _start(self, file: BinaryIO, *, offset: int) -> None:
        """A new life of the file, or of a new file: offsets begin again, so it gets a name of its own."""
        self._file = file
        stat = os.fstat(file.fileno())
        self._save(Position(stat.st_dev, stat.st_ino, secrets.token_hex(6), offset))

    def _is_ours(self, file: BinaryIO) -> bool:
        position, stat = self._current(), os.fstat(file.fileno())
        if (stat.st_dev, stat.st_ino) != (position.dev, position.ino):
            return False
        return _hash(file.read(position.head_size)) == position.head if position.head_size else True

    def _was_replaced(self) -> bool:
        """Whether the path leads to another file now, and that one is being written.

        Whoever rotates makes the new file at once, and the application writes to the old one until it
        reopens: as long as the new one is empty, the old one is the one to watch.
        """
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return False
        same = (stat.st_dev, stat.st_ino) == (self._current().dev, self._current().ino)
        return not same and stat.st_size > 0

    def _next_file(self) -> None:
        """Go on with the oldest file that is newer than ours: there may have been several rotations."""
        assert self._file is not None
        ours = os.fstat(self._file.fileno())
        newer = [
            (stat.st_mtime_ns, path)
            for path in [self._path, *self._siblings()]
            if (stat := _stat(path)) is not None
            and stat.st_ino != ours.st_ino
            and (path == self._path or stat.st_mtime_ns > ours.st_mtime_ns)
        ]
        self._file.close()
        self._file = None
        following = min(newer)[1] if newer else self._path
        if following != self._path and following.suffix in (".gz", ".zst", ".bz2", ".xz"):
            self.notices.append(f"{following} was compressed before it was read; it was not sent.")
            following = self._path
        self._open_new(following)

    def _siblings(self) -> list[Path]:
        return sorted(path for path in self._path.parent.glob(f"{self._path.name}?*") if path.is_file())


def batches(
    followed: FollowedFile,
    *,
    clock: Callable[[], int],
    sleep: Callable[[float], None],
    on_notice: Callable[[str], None],
) -> Iterator[FollowBatch]:
    """Batches for ever, as the file grows."""
    while True:
        batch = followed.poll(clock())
        while followed.notices:
            on_notice(followed.notices.pop(0))
        if batch is None:
            sleep(_PAUSE_SECONDS)
        else:
            yield batch


def _open(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def _line_start(file: BinaryIO) -> int:
    """The start of the line that is being written at the end."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - MAX_BATCH)
    file.seek(start)
    newline = file.read().rfind(b"\n")
    return start + newline + 1 if newline >= 0 else size
