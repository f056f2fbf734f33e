"""Finding a log file again after rotation, and the files that were rotated after it.

`logrotate` and similar programs rename files: `app.log` becomes `app.log.1` and the numbers of the others
grow, or it becomes `app.log-20260131`. The inode tells which file is the one that was read, and the order of
the names tells which came after it.
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
    """An open file, read by position; it stays the same file when it is renamed."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(self._handle)
        self.device, self.inode = status.st_dev, status.st_ino
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise UsageError(f"{path} is not a regular file and cannot be followed.")

    def size(self) -> int:
        """Return the current size in bytes."""
        return os.fstat(self._handle).st_size

    def modified(self) -> int:
        """Return when the file was modified, in nanoseconds since 1970."""
        return os.fstat(self._handle).st_mtime_ns

    def read(self, size: int, offset: int) -> bytes:
        """Return `size` bytes from `offset` on, fewer only at the end of the file."""
        return os.pread(self._handle, size, offset) if size else b""

    def stream(self, end: int) -> BinaryIO:
        """Return the first `end` bytes as a stream; closing it leaves the file open."""
        return io.BufferedReader(_Start(self, end), _CHUNK)

    def is_at(self, path: Path) -> bool:
        """Return whether this file has the name `path` now."""
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
    """The first bytes of a file as a stream."""

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
    """The file that follows another one, and the compressed files between them."""

    file: GrowingFile
    skipped: tuple[Path, ...]


def open_file(path: Path) -> GrowingFile | None:
    """Open a file; None if it does not exist."""
    try:
        return GrowingFile(path)
    except FileNotFoundError:
        return None


def find(path: Path, device: int, inode: int, is_it: Callable[[GrowingFile], bool]) -> GrowingFile | None:
    """Return the file with an inode, at `path` or in the same folder; None if there is none.

    An inode can be used again by another file, so `is_it` has to confirm the file. At `path` it is returned
    without: then it was truncated, which the caller reports.
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
    """Return the file that was begun after `file`; None while `file` is at `path`, or nothing follows yet."""
    while (choice := _after(path, file)) is not None:
        chosen, skipped = choice
        opened = open_file(chosen)
        if opened is None:
            continue  # it was rotated in this moment
        if (again := _after(path, file)) is not None and opened.is_at(again[0]):
            return Following(opened, tuple(skipped))
        opened.close()
    return None


def _after(path: Path, file: GrowingFile) -> tuple[Path, list[Path]] | None:
    """Return the path of the file after `file`, and those of the compressed files between them."""
    if file.is_at(path):
        return None
    skipped: list[Path] = []
    for rotated, compressed in _rotated_after(path, file):
        if not compressed:
            return rotated, skipped
        skipped.append(rotated)
    # While the new file is empty, the program may not have opened it yet and may still write to the old one.
    return (path, skipped) if _status(path, "st_size") > 0 else None


def _rotated_after(path: Path, file: GrowingFile) -> list[tuple[Path, bool]]:
    """Return the files rotated after `file`, oldest first, and whether they are compressed."""
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
    # Its name does not tell, or it was deleted: files modified after it are later. gzip keeps that time.
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
    """Yield all files in the folder of `path`; if that is a link, in the folder of the file it links to."""
    directory = Path(os.path.realpath(path)).parent
    try:
        with os.scandir(directory) as entries:
            yield from [Path(entry.path) for entry in entries]
    except OSError:
        return
