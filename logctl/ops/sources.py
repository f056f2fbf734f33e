"""What `send` reads: files and streams, plain or compressed, as text, NDJSON or a JSON array.

Everything is read as a stream, and told apart by its content, not by its name. What cannot be read is a
`Rejection` with its line, and reading goes on behind it.
"""

from __future__ import annotations

import io
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import zstandard

from logctl.core import levels, strictjson
from logctl.core.errors import UsageError
from logctl.core.joining import Joiner, TextRecord

Form = Literal["auto", "text", "json", "array"]
Errors = Literal["strict", "replace"]

MAX_LINE = 1024 * 1024
"""A longer line of text is cut into several records; a longer line of JSON is refused."""
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_CHUNK = 64 * 1024
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Entry:
    """One record as its source has it: a JSON object, or text with what its front says.

    `offset` and `end` are byte positions in the decompressed stream; `line` counts from 1.
    """

    offset: int
    end: int
    line: int
    value: Mapping[str, Any] | str
    ts: int | None = None
    level: str = levels.UNKNOWN


@dataclass(frozen=True, slots=True)
class Rejection:
    """What cannot be a record, where it stands, and why."""

    line: int
    offset: int
    reason: str
    detail: str


# ── Opening ─────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def open_source(path: str) -> Iterator[BinaryIO]:
    """A file, or stdin for `-`, decompressed if it is gzip or zstd.

    Raises:
        UsageError: it cannot be read, or its compressed data is damaged or ends too soon.
    """
    if path == "-":
        with _plain_errors("standard input"):
            yield decompressed(sys.stdin.buffer)
        return
    if Path(path).is_dir():
        raise UsageError(f"{path} is a directory.", "Name the files in it.")
    with _plain_errors(path), Path(path).open("rb") as file:
        yield decompressed(file)


@contextmanager
def _plain_errors(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise UsageError(f"There is no file {name}.") from None
    except PermissionError:
        raise UsageError(f"{name} may not be read.") from None
    except (EOFError, zlib.error, zstandard.ZstdError) as problem:
        raise UsageError(f"{name} is compressed, and damaged: {problem}.") from None


def decompressed(raw: BinaryIO) -> BinaryIO:
    buffered = io.BufferedReader(raw) if not isinstance(raw, io.BufferedReader) else raw  # type: ignore[type-var]
    start = buffered.peek(4)[:4]
    if start.startswith(_GZIP):
        return io.BufferedReader(_Inflated(buffered, lambda: zlib.decompressobj(wbits=31)), _CHUNK)
    if start.startswith(_ZSTD):
        return io.BufferedReader(
            _Inflated(buffered, lambda: zstandard.ZstdDecompressor().decompressobj()), _CHUNK
        )
    return buffered


class _Inflated(io.RawIOBase):
    """Frames of compressed data, one after the other, that must not end in the middle of one."""

    def __init__(self, raw: BinaryIO, fresh: Any) -> None:
        self._raw = raw
        self._fresh = fresh
        self._inflater = fresh()
        self._pending = b""
        self._ready = b""
        self._within = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            data = self._pending or self._raw.read(_CHUNK)
            self._pending = b""
            if not data:
                if self._within:
                    raise EOFError("it ends too soon")
                return 0
            self._within = True
            self._ready = self._inflater.decompress(data)
            if self._inflater.eof:
                self._pending = self._inflater.unused_data
                self._inflater = self._fresh()
                self._within = False
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────


def read_entries(
    stream: BinaryIO, *, form: Form = "auto", errors: Errors = "strict", reference: int
) -> Iterator[Entry | Rejection]:
    """The records of a stream, in order, in constant memory.

    Args:
        reference: milliseconds; gives a time without a year its year.

    Raises:
        UsageError: the stream is UTF-16.
    """
    buffered = stream if hasattr(stream, "peek") else io.BufferedReader(stream)  # type: ignore[type-var]
    start = buffered.peek(_CHUNK)
    if start.startswith(_UTF16):
        raise UsageError(
            "The input is UTF-16; logctl reads UTF-8.", "Convert it with: iconv -f utf-16 -t utf-8"
        )
    skipped = len(_BOM) if start.startswith(_BOM) else 0
    buffered.read(skipped)
    if form in ("auto", "json"):
        form = detect(start[skipped:]) if form == "auto" else _json_form(start[skipped:])
    if form == "array":
        yield from _array(buffered, skipped)
    else:
        yield from entries_of(lines(buffered, skipped), form, errors, reference)


def detect(start: bytes) -> Form:
    """What a stream's first bytes say. `[Sun Dec …` is Apache's error log and no array."""
    found = start.lstrip()
    if found[:1] == b"[" and found[1:].lstrip()[:1] in (b"{", b"]"):
        return "array"
    return "json" if found[:1] == b"{" else "text"


def _json_form(start: bytes) -> Form:
    return "array" if start.lstrip()[:1] == b"[" else "json"


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end, or a piece of one that is too long (`cut`)."""

    data: bytes
    offset: int
    end: int
    number: int
    cut: bool = False


def lines(stream: BinaryIO, offset: int = 0, number: int = 1) -> Iterator[Line]:
    while data := stream.readline(MAX_LINE):
        end = offset + len(data)
        complete = data.endswith(b"\n")
        yield Line(
            data.rstrip(b"\r\n") if complete else data,
            offset,
            end,
            number,
            not complete and len(data) == MAX_LINE,
        )
        offset = end
        number += complete


def entries_of(
    source: Iterator[Line], form: Form, errors: Errors, reference: int
) -> Iterator[Entry | Rejection]:
    return _ndjson(source, errors) if form == "json" else _text(source, errors, reference)


def _decoded(line: Line, errors: Errors) -> str | Rejection:
    try:
        return line.data.decode("utf-8", errors)
    except UnicodeDecodeError as problem:
        if line.cut and problem.start >= len(line.data) - 3:
            return line.data.decode("utf-8", "replace")  # the cut went through a character
        return Rejection(
            line.number, line.offset, "encoding", f"byte {problem.start + 1} of the line is not UTF-8"
        )


def _ndjson(source: Iterator[Line], errors: Errors) -> Iterator[Entry | Rejection]:
    too_long = False
    for line in source:
        if line.cut or too_long:
            if not too_long:
                yield Rejection(line.number, line.offset, "too_big", f"the line is over {MAX_LINE:,} bytes")
            too_long = line.cut
            continue
        text = _decoded(line, errors)
        if isinstance(text, Rejection):
            yield text
        elif text.strip():
            yield _object(text, line.offset, line.end, line.number)


def _object(text: str, offset: int, end: int, number: int) -> Entry | Rejection:
    try:
        value = strictjson.loads(text)
    except strictjson.Malformed as problem:
        return Rejection(number, offset, problem.reason, problem.detail)
    if not isinstance(value, Mapping):
        return Rejection(number, offset, "not_object", "it is JSON, but not an object")
    return Entry(offset, end, number, value)


def _text(source: Iterator[Line], errors: Errors, reference: int) -> Iterator[Entry | Rejection]:
    joiner = Joiner(reference)
    for line in source:
        text = _decoded(line, errors)
        if isinstance(text, Rejection):
            yield text
            continue
        if finished := joiner.add(text, line.offset, line.end, line.number):
            yield _entry(finished)
    if last := joiner.finish():
        yield _entry(last)


def _entry(record: TextRecord) -> Entry:
    return Entry(record.offset, record.end, record.line, record.text, record.ts, record.level)


def _array(stream: BinaryIO, offset: int) -> Iterator[Entry | Rejection]:
    """The objects of a JSON array, one at a time."""
    reader = _ArrayReader(stream, offset)
    reader.skip("[")
    while True:
        reader.skip(",")
        if reader.at("]") or reader.at(""):
            return
        found = reader.element()
        yield found
        if isinstance(found, Rejection):
            return  # where a broken element ends, nobody can say


class _ArrayReader:
    def __init__(self, stream: BinaryIO, offset: int) -> None:
        self._stream = io.TextIOWrapper(stream, "utf-8", errors="replace", newline="")
        self._buffer = ""
        self._offset = offset
        self._line = 1

    def _more(self) -> bool:
        data = self._stream.read(_CHUNK)
        self._buffer += data
        return bool(data)

    def _take(self, count: int) -> str:
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        self._offset += len(taken.encode("utf-8", "replace"))
        self._line += taken.count("\n")
        return taken

    def skip(self, characters: str) -> None:
        """Go past any of these characters, and white space."""
        while self._buffer or self._more():
            rest = self._buffer.lstrip(characters + " \t\r\n")
            self._take(len(self._buffer) - len(rest))
            if rest:
                return

    def at(self, character: str) -> bool:
        if not self._buffer and not self._more():
            return character == ""
        return bool(character) and self._buffer.startswith(character)

    def element(self) -> Entry | Rejection:
        while True:
            try:
                _, end = _DECODER.raw_decode(self._buffer)
            except (ValueError, RecursionError) as problem:
                if len(self._buffer) <= MAX_LINE and self._more():
                    continue
                return Rejection(
                    self._line, self._offset, "json", f"an element of the array is broken: {problem}"
                )
            if end == len(self._buffer) and self._more():
                continue  # a number may go on in the next chunk
            break
        line, offset = self._line, self._offset
        text = self._take(end)
        return _object(text, offset, self._offset, line)
