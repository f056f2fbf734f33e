"""Opening the files and streams that `logctl send` is given, and reading their entries.

A source may be compressed, and may be standard input. It is read as a stream: memory holds one record at a
time, whatever the size of the source.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, assert_never, cast

import zstandard

from logctl.core.errors import UsageError
from logctl.core.formats.reading import Format
from logctl.ops.send.entries import MAX_LINE, Entry, Rejection
from logctl.ops.send.input_forms import (
    BOM,
    LOOK,
    Compression,
    Errors,
    Form,
    Requested,
    compression,
    fallback,
    recognise,
)
from logctl.ops.send.json_array import read_array
from logctl.ops.send.line_reader import LineReader

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK = 64 * 1024
_ZSTD_INPUT = 1024
"""Compressed bytes that are decompressed at once: few, because four bytes of zstd can become 128 KiB."""


# ── Opening ─────────────────────────────────────────────────────────────────────────────────────────


def open_source(path: str | Path) -> BinaryIO:
    """Open a file, or standard input for `-`, as a stream of its decompressed content.

    Raises:
        UsageError: it cannot be opened. Reading the stream raises it too, when compressed data is damaged.
    """
    name = "Standard input" if str(path) == "-" else str(path)
    if str(path) == "-":
        return decompressed(cast(BinaryIO, sys.stdin.buffer), name, seekable=False)
    raw = _open(path)
    return decompressed(raw, name, seekable=raw.seekable())


def decompressed(raw: BinaryIO, name: str, *, seekable: bool) -> BinaryIO:
    """Return the decompressed content of an open file or stream, which `name` names in errors.

    Closing the result closes `raw`. Reading it raises a UsageError when compressed data is damaged.
    """
    start = b""
    while len(start) < 4 and (more := raw.read(4 - len(start))):
        start += more
    if seekable:
        raw.seek(0)
    else:
        raw = _buffered(_Joined(start, raw))
    found = compression(start)
    match found:
        case Compression.NONE:
            return raw
        case Compression.GZIP:
            return _buffered(_Decompressed(gzip.GzipFile(fileobj=raw).read1, raw, f"{name}: the gzip data"))
        case Compression.ZSTD:
            return _buffered(_Decompressed(_zstd_reader(raw), raw, f"{name}: the zstd data"))
        case _:
            assert_never(found)


def _open(path: str | Path) -> BinaryIO:
    """Open a file; a failure raises a UsageError."""
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist.") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory.", "Give the names of the files in it.") from None
    except PermissionError:
        raise UsageError(f"You have no permission to read {path}.") from None
    except (OSError, ValueError) as problem:
        raise UsageError(f"{str(path)!r} cannot be opened: {problem}.") from None


def _zstd_reader(raw: BinaryIO) -> Callable[[int], bytes]:
    """Return a `read1` function over any number of zstd frames.

    The stream reader of python-zstandard does not notice that the last frame is cut off.
    """
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun, ready, waiting = False, b"", b""

    def read(size: int) -> bytes:
        nonlocal frame, begun, ready, waiting
        while not ready:
            waiting = waiting or raw.read(_ZSTD_INPUT)
            if not waiting:
                if begun:
                    raise EOFError
                return b""
            ready = frame.decompress(waiting)
            begun, waiting = True, b""
            if frame.eof:
                waiting = frame.unused_data
                frame, begun = zstandard.ZstdDecompressor().decompressobj(), False
        out, ready = ready[:size], ready[size:]
        return out

    return read


class _Decompressed(io.RawIOBase):
    """Decompressed data; damaged data raises a UsageError that names the file."""

    def __init__(self, read: Callable[[int], bytes], raw: BinaryIO, what: str) -> None:
        self._read = read
        self._raw = raw
        self._what = what

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._read(len(view))
        except EOFError:
            raise UsageError(f"{self._what} is cut off.", "Copy the file again.") from None
        except (OSError, zlib.error, zstandard.ZstdError) as problem:
            raise UsageError(f"{self._what} is damaged ({problem}).", "Copy the file again.") from None
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Joined(io.RawIOBase):
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


def _buffered(raw: io.RawIOBase) -> BinaryIO:
    return io.BufferedReader(raw, _CHUNK)


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────


def read_entries(
    stream: BinaryIO,
    *,
    form: Requested = Requested.AUTO,
    errors: Errors = Errors.STRICT,
    reference: int,
    zone: tzinfo = UTC,
    formats: tuple[Format, ...] = (),
    only: str | None = None,
    max_line: int = MAX_LINE,
) -> Iterator[Entry | Rejection]:
    """Yield the entries of a stream in order; a bad part is rejected, and reading continues after it.

    `reference`, `zone`, `formats` and `only` are those of `formats.reading.Context`. A line of more than
    `max_line` bytes is split; a longer element of an array is rejected.

    Raises:
        UsageError: the stream is UTF-16, or compressed and damaged.
    """
    found, start = _recognise(stream, form)
    match found:
        case Form.JSON_ARRAY:
            array = start.removeprefix(BOM)
            return read_array(
                _buffered(_Joined(array, stream)),
                offset=len(start) - len(array),
                errors=errors,
                max_element=max_line,
            )
        case Form.TEXT | Form.JSON_LINES:
            reader = LineReader(
                found,
                errors=errors,
                reference=reference,
                zone=zone,
                formats=formats,
                only=only,
                plain=form is Requested.TEXT,
                max_line=max_line,
            )
            return reader.read(_buffered(_Joined(start, stream)), final=True)
        case _:
            assert_never(found)


def _recognise(stream: BinaryIO, requested: Requested) -> tuple[Form, bytes]:
    """Return a stream's form, and the bytes that were read to recognise it."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    start = b""
    while len(start) < LOOK:
        more = read(_CHUNK)
        start += more
        found = recognise(start, requested)
        if found is not None:
            return found, start
        if not more:
            break
    return fallback(requested), start
