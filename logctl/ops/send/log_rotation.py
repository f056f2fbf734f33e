"""Where a file went when it was rotated, and which files came after it.

logrotate and its relatives rename: `app.log` becomes `app.log.1` and the numbers move up, or it becomes
`app.log-20260131`. The inode tells which of them is ours, the order of the names what came after.
"""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from logctl.core.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ROTATED = re.compile(r"(?:\.(\d{1,4})|[.-](\d{4}-?\d\d-?\d\d[\d.T_-]*?))(\.(?:gz|zst|bz2|xz))?\Z")


_CHUNK = 64 * 1024


class GrowingFile:
    """An open file, read by position; it stays the same file whatever it is renamed to."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(self._handle)
        self.device, self.inode = status.st_dev, status.st_ino
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise UsageError(f"{path} is not a regular file and cannot be followed.")

    def size(self) -> int:
        return os.fstat(self._handle).st_size

    def modified(self) -> int:
        return os.fstat(self._handle).st_mtime_ns

    def read(self, size: int, offset: int) -> bytes:
        """`size` bytes, fewer only at the end of the file."""
        return os.pread(self._handle, size, offset) if size else b""

    def stream(self, end: int) -> BinaryIO:
        """The first `end` bytes; to close it closes nothing else."""
        return io.BufferedReader(_Start(self, end), _CHUNK)

    def is_at(self, path: Path) -> bool:
        try:
            status = path.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == (self.device, self.inode)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class _Start(io.RawIOBase):
    def __init__(self, file: GrowingFile, end: int) -> None:
        self._file, self._end, self._offset = file, end, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._file.read(min(len(view), self._end - self._offset), self._offset)
        view[: len(data)] = data
        self._offset += len(data)
        return len(data)


@dataclass(frozen=True, slots=True)
class Following:
    """The file that comes after another one, and the compressed ones between them."""

    file: GrowingFile
    skipped: tuple[Path, ...]


def open_file(path: Path) -> GrowingFile | None:
    """`None` while there is no such file."""
    try:
        return GrowingFile(path)
    except FileNotFoundError:
        return None


def find(path: Path, device: int, inode: int, is_it: Callable[[GrowingFile], bool]) -> GrowingFile | None:
    """The file of that inode, at `path` or beside it.

    At `path` it counts even if `is_it` denies it: then it was truncated, and that is for the caller to say.
    """
    for candidate in (path, *_siblings(path)):
        try:
            status = candidate.stat()
        except OSError:
            continue
        if (status.st_dev, status.st_ino) != (device, inode) or not stat.S_ISREG(status.st_mode):
            continue
        file = open_file(candidate)
        if file is not None and file.inode == inode and (candidate == path or is_it(file)):
            return file
        if file is not None:
            file.close()
    return None


def open_next(path: Path, file: GrowingFile) -> Following | None:
    """What was begun after `file`; `None` while `file` is the one at `path`, or nothing is there yet."""
    while (choice := _after(path, file)) is not None:
        chosen, skipped = choice
        opened = open_file(chosen)
        if opened is None:
            continue  # rotated this very moment
        if (again := _after(path, file)) is not None and opened.is_at(again[0]):
            return Following(opened, tuple(skipped))
        opened.close()
    return None


def _after(path: Path, file: GrowingFile) -> tuple[Path, list[Path]] | None:
    if file.is_at(path):
        return None
    skipped: list[Path] = []
    for rotated, compressed in _rotated_after(path, file):
        if not compressed:
            return rotated, skipped
        skipped.append(rotated)
    # While the new file is empty, whoever writes may not have reopened it and may go on in the old one.
    return (path, skipped) if _status(path, "st_size") > 0 else None


def _rotated_after(path: Path, file: GrowingFile) -> list[tuple[Path, bool]]:
    """Files rotated after `file`, oldest first, and whether they are compressed."""
    name = Path(os.path.realpath(path)).name
    rotated: list[tuple[tuple[str, int], Path, bool]] = []
    for sibling in _siblings(path):
        found = _ROTATED.match(sibling.name, len(name)) if sibling.name.startswith(name) else None
        if found:
            rotated.append(((found[2] or "", -int(found[1] or 0)), sibling, found[3] is not None))
    rotated.sort()
    for index, (_, sibling, _) in enumerate(rotated):
        if file.is_at(sibling):
            return [(later, compressed) for _, later, compressed in rotated[index + 1 :]]
    # Its name says nothing, or it is deleted: those written to since are later ones. gzip keeps the time.
    return [
        (sibling, compressed)
        for _, sibling, compressed in rotated
        if _status(sibling, "st_mtime_ns") > file.modified()
    ]


def _status(path: Path, what: Literal["st_size", "st_mtime_ns"]) -> int:
    try:
        return int(getattr(path.stat(), what))
    except OSError:
        return 0  # gone since it was listed


def _siblings(path: Path) -> Iterator[Path]:
    """Everything beside `path`; where that is a link, beside what it links to."""
    directory = Path(os.path.realpath(path)).parent
    try:
        with os.scandir(directory) as entries:
            yield from [Path(entry.path) for entry in entries]
    except OSError:
        return
