"""Streams of bytes that are made of other streams."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 64 * 1024


class Prepended(io.RawIOBase):
    """Bytes already read, then the rest of their stream. Closing it leaves that open: it may be stdin."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        # read1 returns what a pipe has, where read waits until it has everything that was asked for.
        self._rest: Callable[[int], bytes] = getattr(rest, "read1", rest.read)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if self._start:
            data, self._start = self._start[: len(view)], self._start[len(view) :]
        else:
            data = self._rest(len(view))
        view[: len(data)] = data
        return len(data)


def buffered(raw: io.RawIOBase) -> BinaryIO:
    return io.BufferedReader(raw, CHUNK)
