"""What `logctl send` is given: files, compressed or not, and standard input; text, NDJSON or a JSON array.

What a source is shows in its first bytes, not in its name. Everything is read as a stream, with the memory
of one record, whatever the size.
"""

from __future__ import annotations

import gzip
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

import zstandard

from logctl.core.errors import UsageError
from logctl.ops.send.line_reader import (
    BOM,
    MAX_LINE,
    Entry,
    Errors,
    LineReader,
    Rejection,
    Trail,
    json_entry,
    too_big,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Entry", "Form", "Rejection", "is_compressed", "open_source", "read_entries", "recognise"]

Form = Literal["auto", "text", "json"]

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
_LOOK = 64 * 1024
_CHUNK = 64 * 1024
# A few bytes of zstd can unfold to 128 KiB: small sips bound what one of them costs.
_SIP = 1024
_STRUCTURE = re.compile(rb'[\[\]{},"]')
_IN_STRING = re.compile(rb'["\\]')


# ── Opening ─────────────────────────────────────────────────────────────────────────────────────────


def open_source(path: str | Path) -> BinaryIO:
    """The content of a file, or of standard input for `-`, decompressed when it is gzip or zstd.

    Raises:
        UsageError: it cannot be opened; later, when reading shows that compressed data is damaged.
    """
    name = "Standard input" if str(path) == "-" else str(path)
    raw = cast(BinaryIO, sys.stdin.buffer) if str(path) == "-" else _open(path)
    start = b""
    while len(start) < 4 and (more := raw.read(4 - len(start))):
        start += more
    if raw.seekable() and str(path) != "-":
        raw.seek(0)
    else:
        raw = _buffered(_Joined(start, raw))
    if start.startswith(_GZIP):
        return _buffered(_Guarded(gzip.GzipFile(fileobj=raw).read1, raw, f"{name}: the gzip data"))
    if _ZSTD.match(start):
        return _buffered(_Guarded(_zstd_reader(raw), raw, f"{name}: the zstd data"))
    return raw


def is_compressed(start: bytes) -> bool:
    return start.startswith(_GZIP) or _ZSTD.match(start) is not None


def _open(path: str | Path) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist.") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory.", "Name the files in it.") from None
    except PermissionError:
        raise UsageError(f"{path} may not be read by you.") from None
    except (OSError, ValueError) as problem:
        raise UsageError(f"{str(path)!r} cannot be opened: {problem}.") from None


def _zstd_reader(raw: BinaryIO) -> Callable[[int], bytes]:
    """`read1` over any number of frames; python-zstandard's stream reader takes a cut-off one for whole."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun, ready, waiting = False, b"", b""

    def read(size: int) -> bytes:
        nonlocal frame, begun, ready, waiting
        while not ready:
            waiting = waiting or raw.read(_SIP)
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


class _Guarded(io.RawIOBase):
    """Decompressed data; damage becomes a sentence with the file's name."""

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
    """Bytes already read, then the rest of their stream, which stays open: it may be standard input."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        # read1 hands over what a pipe has, where read waits for all that was asked for.
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
    form: Form = "auto",
    errors: Errors = "strict",
    reference: int,
    max_line: int = MAX_LINE,
) -> Iterator[Entry | Rejection]:
    """What is in a stream, in order; what is bad in it, and reading goes on.

    `reference` (milliseconds) gives the year to times without one.

    Raises:
        UsageError: it is UTF-16, or compressed and damaged.
    """
    found, start = _recognise(stream, form)
    if found == "array":
        content = start.removeprefix(BOM)
        return _array(
            _buffered(_Joined(content, stream)), len(start) - len(content), errors=errors, limit=max_line
        )
    reader = LineReader(found, errors=errors, reference=reference, max_line=max_line)
    return reader.read(_buffered(_Joined(start, stream)), final=True)


def recognise(start: bytes, form: Form) -> Literal["text", "json", "array"] | None:
    """What begins like this; `None` when more must be seen.

    `[` begins an array only before an object or an empty rest: Apache's error log begins `[Sun Dec`.

    Raises:
        UsageError: UTF-16.
    """
    if start.startswith(_UTF16):
        raise UsageError("The input is UTF-16.", "Convert it: iconv -f UTF-16 -t UTF-8")
    content = start.removeprefix(BOM).lstrip()
    if form == "text" or not content:
        return "text" if form == "text" and len(start) > 2 else None
    if content.startswith(b"["):
        inside = content[1:].lstrip()
        if not inside:
            return None
        if inside.startswith(b"{") or (inside.startswith(b"]") and not inside[1:].strip()):
            return "array"
    return "json" if form == "json" or content.startswith(b"{") else "text"


def _recognise(stream: BinaryIO, form: Form) -> tuple[Literal["text", "json", "array"], bytes]:
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    start = b""
    while len(start) < _LOOK:
        more = read(_CHUNK)
        start += more
        found = recognise(start, form)
        if found or not more:
            return found or ("json" if form == "json" else "text"), start
    return "json" if form == "json" else "text", start


def _array(stream: BinaryIO, offset: int, *, errors: Errors, limit: int) -> Iterator[Entry | Rejection]:
    """The elements of a JSON array, each parsed by itself: a bad one is refused, and the next is read."""
    elements = _Elements(offset, limit)
    while not elements.closed and (chunk := stream.read(_CHUNK)):
        yield from elements.feed(chunk, errors)
    if not elements.closed:
        yield from elements.end(errors)
        yield Rejection(elements.line, elements.offset, "json", "the array has no end: the input is cut off")


class _Elements:
    """Splits an array at its commas, a chunk at a time."""

    def __init__(self, offset: int, limit: int) -> None:
        self.offset = offset
        self.line = 1
        self.closed = False
        self._limit = limit
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._element = bytearray()
        self._trail = Trail()
        self._ts: int | None = None
        self._size = 0
        self._start = (offset, 1)
        self._first = True

    def feed(self, chunk: bytes, errors: Errors) -> Iterator[Entry | Rejection]:
        position = done = 0
        if self._escaped:
            position, self._escaped = 1, False
        while found := (_IN_STRING if self._in_string else _STRUCTURE).search(chunk, position):
            position = found.end()
            mark = found[0]
            if mark == b"\\":
                self._escaped = position == len(chunk)
                position += 1
            elif mark == b'"':
                self._in_string = not self._in_string
            elif mark in b"[{":
                self._depth += 1
                if self._depth == 1:  # the array's own
                    self._take(chunk[done:position], keep=False)
                    done = position
            elif mark in b"]}" and self._depth > 1:
                self._depth -= 1
            elif self._depth == 1 and mark in b"],":
                self._take(chunk[done : found.start()])
                yield from self._finish(errors, last=mark == b"]")
                self._take(mark, keep=False)
                done = position
                if mark == b"]":
                    self.closed = True
                    if chunk[done:].strip():
                        yield Rejection(self.line, self.offset, "json", "there is more after the array")
                    return
        self._take(chunk[done:])

    def end(self, errors: Errors) -> Iterator[Entry | Rejection]:
        yield from self._finish(errors, last=True)

    def _take(self, data: bytes, *, keep: bool = True) -> None:
        if keep:
            if not self._size:
                blank = len(data) - len(data.lstrip())
                self._start = (self.offset + blank, self.line + data.count(b"\n", 0, blank))
                content = data[blank:]
            else:
                content = data
            self._size += len(content)
            if self._size <= self._limit + _CHUNK:
                self._element += content
        self.offset += len(data)
        self.line += data.count(b"\n")

    def _finish(self, errors: Errors, *, last: bool) -> Iterator[Entry | Rejection]:
        element = bytes(self._element).rstrip()
        offset, line = self._start
        if self._size > self._limit + _CHUNK or len(element) > self._limit:
            yield too_big(line, offset, self._limit)
        elif element:
            yield self._entry(element, errors)
        elif not (last and self._first):
            yield Rejection(self.line, self.offset, "json", "there is nothing between two commas")
        self._element.clear()
        self._size, self._first = 0, False

    def _entry(self, element: bytes, errors: Errors) -> Entry | Rejection:
        (offset, line), end = self._start, self._start[0] + len(element)
        chain = self._trail.step(element)
        item = json_entry(
            offset, end, line, element, errors, ts=self._ts, chain=chain, source=self._trail.source
        )
        self._ts = item.ts if isinstance(item, Entry) else self._ts
        return item
