"""Open log files, read by position: growing ones, and compressed ones as if they were not compressed."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from logctl.core.errors import UsageError
from logctl.ops.send.decompression import decompressed
from logctl.ops.send.input_forms import LOOK, Compression, compression

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

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
