"""Finding a log file again after rotation, and the files that were rotated after it.

`logrotate` and similar programs rename files: `app.log` becomes `app.log.1` and the numbers of the others
grow, or it becomes `app.log-20260131`. The inode tells which file is the one that was read, and the order of
the names tells which came after it. A file that was compressed, or copied and then truncated, has another
inode: it is recognised by its content.
"""

from __future__ import annotations

import io
import os
import re
import stat
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from logctl.core.errors import UsageError
from logctl.ops.send.decompression import decompressed
from logctl.ops.send.input_forms import LOOK, Compression, compression

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_DATE = r"(?P<date>(?:\d{4}-?\d\d-?\d\d|\d\d-\d\d-\d{4})[\d.T_-]*)"
_PACKED = r"(?P<packed>\.(?:gz|zst|bz2|xz))"
_AFTER_NAME = re.compile(rf"(?:\.(?P<number>\d{{1,4}})|[.-]{_DATE})?{_PACKED}?\Z")
"""What rotation adds to the name `app.log`: `.1`, `-20260131`, `.2026-01-31_00`, and then perhaps `.gz`."""
_BEFORE_EXTENSION = re.compile(rf"[._-]{_DATE}")
"""What rotation inserts into `app.log` otherwise: `app-20260131.log`, `app.2026-01-31.0.log`."""
_YEAR_LAST = re.compile(r"(\d\d)-(\d\d)-(\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")


_CHUNK = 64 * 1024
_KEPT = 4 * 1024 * 1024
"""Bytes of the content of a compressed file that are kept to be read again."""


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


class CompressedFile(GrowingFile):
    """A compressed file, read by position in its content. It is not growing any more.

    Reading forward is cheap; reading more than `_KEPT` bytes before the last place begins at the start again.
    Damaged data raises a UsageError.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._name = str(path)
        self._size: int | None = None
        self._rewind()

    def _rewind(self) -> None:
        handle = os.dup(self._handle)
        os.lseek(handle, 0, os.SEEK_SET)
        self._stream = decompressed(os.fdopen(handle, "rb"), self._name, seekable=True)
        self._kept = bytearray()
        self._end = 0

    def size(self) -> int:
        """Return the size of the content in bytes; the first time, everything is decompressed."""
        if self._size is None:
            self._advance_to(sys.maxsize, keep_from=sys.maxsize)
            self._size = self._end
        return self._size

    def read(self, size: int, offset: int) -> bytes:
        """Return `size` bytes of the content from `offset` on, fewer only at its end."""
        if offset < self._end - len(self._kept):
            self._stream.close()
            self._rewind()
        self._advance_to(offset + size, keep_from=offset)
        start = offset - (self._end - len(self._kept))
        return bytes(self._kept[start : start + size])

    def _advance_to(self, end: int, *, keep_from: int) -> None:
        while self._end < end and (more := self._stream.read(_CHUNK)):
            self._kept += more
            self._end += len(more)
            kept_from = self._end - len(self._kept)
            if len(self._kept) > 2 * _KEPT:
                del self._kept[: max(0, min(self._end - _KEPT, keep_from) - kept_from)]

    def close(self) -> None:
        if self._handle >= 0:
            self._stream.close()
        super().close()


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
    """The file that follows another one, and the compressed files between them that cannot be read."""

    file: GrowingFile
    skipped: tuple[Path, ...]


@dataclass(frozen=True, slots=True, order=True)
class Rotated:
    """What the name of a rotated file says: its place among the others, oldest first, and if it is packed."""

    date: str
    order: tuple[int, ...]
    packed: bool


def rotated_name(name: str, sibling: str) -> Rotated | None:
    """Return what `sibling` says as the name of a file rotated away from `name`; None if it is no such name.

    A file that was compressed in its place, `app.log.gz`, is one too. `app-1.log` is not: it may be the log
    of another process.
    """
    if sibling == name:
        return None
    if sibling.startswith(name) and (found := _AFTER_NAME.match(sibling, len(name))):
        number = (-int(found["number"] or 0),) if not found["date"] else ()
        return Rotated(*_date(found["date"] or "", number), packed=found["packed"] is not None)
    stem, dot, extension = name.rpartition(".")
    if not stem or not sibling.startswith(stem):
        return None
    found = _BEFORE_EXTENSION.match(sibling, len(stem))
    if found is None:
        return None
    # The date may have taken the dot of the extension.
    rest = sibling[found.end() :]
    date = found["date"]
    if date.endswith("."):
        rest, date = f".{rest}", date[:-1]
    bare, _, suffix = rest.rpartition(".")
    packed = re.fullmatch(_PACKED, f".{suffix}") is not None and bare == f"{dot}{extension}"
    return Rotated(*_date(date, ()), packed=packed) if packed or rest == f"{dot}{extension}" else None


def rotated_among(names: Collection[str]) -> dict[str, str]:
    """Return the names of rotated files among `names`, each with the name that it was rotated away from."""
    known, rotated = set(names), {}
    for name in names:
        for base in _possible_bases(name):
            if base in known and base != name and rotated_name(base, name) is not None:
                rotated[name] = base
    return rotated


def _possible_bases(name: str) -> Iterator[str]:
    after = _AFTER_NAME.search(name)
    if after is not None:
        yield name[: after.start()]
    bare = name[: after.start("packed")] if after is not None and after["packed"] else name
    within = _BEFORE_EXTENSION.search(bare)
    if within is not None:
        yield bare[: within.start()] + "." + bare[within.end() :].lstrip(".")


def _date(date: str, number: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Return the day of a date as eight digits, and the numbers after it, so that both sort by time."""
    if first := _YEAR_LAST.match(date):
        day, rest = f"{first[3]}{first[1]}{first[2]}", date[first.end() :]
    elif year_first := _YEAR_FIRST.match(date):
        day, rest = "".join(year_first.groups()), date[year_first.end() :]
    else:
        day, rest = "", ""
    return day, number + tuple(int(digits) for digits in re.findall(r"\d+", rest))


def open_file(path: Path) -> GrowingFile | None:
    """Open a file; None if it does not exist."""
    try:
        return GrowingFile(path)
    except FileNotFoundError:
        return None


def open_rotated(path: Path) -> GrowingFile | None:
    """Open a file that has been rotated away, and decompress it if it is compressed; None if it is gone."""
    file = open_file(path)
    if file is None or compression(file.read(LOOK, 0)) is Compression.NONE:
        return file
    file.close()
    try:
        return CompressedFile(path)
    except FileNotFoundError:
        return None


def find(path: Path, device: int, inode: int, is_it: Callable[[GrowingFile], bool]) -> GrowingFile | None:
    """Return the file with an inode, at `path` or in the same folder; None if there is none.

    An inode can be used again by another file, so `is_it` has to confirm the file. At `path` it is returned
    without: then it was truncated or written anew, which the caller looks into.
    """
    for candidate in chain((path,), _siblings(path)):
        try:
            status = candidate.stat()
        except OSError:
            continue
        if (status.st_dev, status.st_ino) != (device, inode) or not stat.S_ISREG(status.st_mode):
            continue
        at_path = candidate == path
        file = open_file(candidate) if at_path else open_rotated(candidate)
        if file is not None and file.inode == inode and (at_path or _confirmed(file, is_it)):
            return file
        if file is not None:
            file.close()
    return None


def find_copy(path: Path, is_it: Callable[[GrowingFile], bool]) -> GrowingFile | None:
    """Return the file that `is_it` confirms of those rotated away from `path`; None if there is none.

    Such a file was compressed, or copied before the original was truncated, and so has another inode.
    """
    for _, candidate in reversed(_rotated(path)):
        try:
            file = open_rotated(candidate)
        except PermissionError:
            continue  # archives may be closed to who reads the log; waiting for them would stop everything
        if file is not None and _confirmed(file, is_it):
            return file
        if file is not None:
            file.close()
    return None


def _confirmed(file: GrowingFile, is_it: Callable[[GrowingFile], bool]) -> bool:
    try:
        return is_it(file)
    except UsageError:
        return False  # damaged compressed data


def open_next(path: Path, file: GrowingFile) -> Following | None:
    """Return the file that was begun after `file`; None while `file` is at `path`, or nothing follows yet."""
    skipped: list[Path] = []
    while (chosen := _after(path, file, skipped)) is not None:
        opened = open_file(chosen) if chosen == path else open_rotated(chosen)
        if opened is None:
            continue  # it was rotated in this moment
        try:
            opened.size()  # reads all of a compressed file
        except UsageError:
            opened.close()
            skipped.append(chosen)
            continue
        if (again := _after(path, file, skipped)) is not None and opened.is_at(again):
            return Following(opened, tuple(skipped))
        opened.close()
    return None


def _after(path: Path, file: GrowingFile, skipped: Sequence[Path]) -> Path | None:
    """Return the path of the file after `file`, leaving out those in `skipped`."""
    if file.is_at(path):
        return None
    for rotated in _rotated_after(path, file):
        if rotated not in skipped:
            return rotated
    # While the new file is empty, the program may not have opened it yet and may still write to the old one.
    return path if _status(path, "st_size") > 0 else None


def _rotated_after(path: Path, file: GrowingFile) -> list[Path]:
    """Return the files rotated after `file`, oldest first."""
    rotated = [sibling for _, sibling in _rotated(path)]
    for index, sibling in enumerate(rotated):
        if file.is_at(sibling):
            return rotated[index + 1 :]
    # Its name does not tell, or it was deleted: files modified after it are later. gzip keeps that time.
    return [sibling for sibling in rotated if _status(sibling, "st_mtime_ns") > file.modified()]


def _rotated(path: Path) -> list[tuple[Rotated, Path]]:
    """Return the files rotated away from `path`, oldest first.

    While a file is being compressed, the compressed one is not complete, and only the other one is returned.
    """
    name = Path(os.path.realpath(path)).name
    found = [
        (rotated, sibling)
        for sibling in _siblings(path)
        if (rotated := rotated_name(name, sibling.name)) is not None
    ]
    whole = {sibling for rotated, sibling in found if not rotated.packed}
    return sorted(item for item in found if not item[0].packed or item[1].with_suffix("") not in whole)


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
            names = [entry.name for entry in entries]
    except FileNotFoundError:
        return
    for name in names:
        yield directory / name
