"""Opening the files and streams that `logctl send` is given, and reading their entries.

A source may be compressed, and may be standard input. It is read as a stream: memory holds one record at a
time, whatever the size of the source.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import BinaryIO, Required, TypedDict, Unpack, cast

from logctl.core.errors import UsageError
from logctl.core.formats.reading import Format
from logctl.ops.send.binary_files import refuse_binary
from logctl.ops.send.byte_streams import CHUNK, Prepended, buffered
from logctl.ops.send.date_order import day_first
from logctl.ops.send.decompression import decompressed
from logctl.ops.send.encodings import transcoded, wide_encoding
from logctl.ops.send.entries import MAX_LINE, Entry, Rejection
from logctl.ops.send.input_forms import BOM, LOOK, Errors, Form, Requested, as_lines, fallback, recognise
from logctl.ops.send.line_reader import LineReader, Position
from logctl.ops.send.long_json import begins_long, read_long

_MAGIC = 512
"""Bytes that show what a binary file is: `tar` has its name at byte 257."""


class ReadingOptions(TypedDict, total=False):
    """The options of `recognise_input`."""

    form: Requested
    errors: Errors
    reference: Required[int]
    zone: tzinfo
    formats: tuple[Format, ...]
    only: str | None
    max_line: int
    sample: bool


# ── Opening ─────────────────────────────────────────────────────────────────────────────────────────


def open_source(
    path: str | Path, *, form: Requested = Requested.AUTO, notice: Callable[[str], object] | None = None
) -> BinaryIO:
    """Open a file, or standard input for `-`, as a stream of its decompressed content in UTF-8.

    `form`: with `TEXT`, a file that does not look like text is read all the same. `notice` is called with a
    sentence for people if the source is in another encoding.

    Raises:
        UsageError: it cannot be opened, or is an archive or another binary file. Reading the stream raises it
            too, when compressed data is damaged.
    """
    name = "Standard input" if str(path) == "-" else str(path)
    if str(path) == "-":
        stream = decompressed(_stdin(), name, seekable=False)
    else:
        raw = _open(path)
        stream = decompressed(raw, name, seekable=raw.seekable())
    try:
        start = cast(io.BufferedReader, stream).peek(_MAGIC)
        encoding = wide_encoding(start)
        if encoding is not None:
            stream = transcoded(stream, encoding)
            if notice:
                notice(f"{name} is UTF-16; it was read as such.")
        elif form is not Requested.TEXT:
            refuse_binary(start, name)
    except BaseException:
        stream.close()
        raise
    return stream


def _stdin() -> BinaryIO:
    """Return standard input, without the lock of `sys.stdin`.

    A thread that waits for a pipe holds the lock of what it reads, and Python aborts if it cannot get that of
    `sys.stdin` at its end: after Ctrl-C, or when the reader of the output has ended.
    """
    try:
        return os.fdopen(sys.stdin.fileno(), "rb", closefd=False)
    except (OSError, ValueError):
        return cast(BinaryIO, sys.stdin.buffer)  # replaced by something without a descriptor


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


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RecognisedInput:
    """A source whose form is known.

    Attributes:
        make_reader: makes a reader that begins at a `place`.
        place: where its first line begins.
        stream: its content.
        long_at: the offset at which a JSON text begins that is not read line by line; None for lines.
        max_line: bytes of a line, or of an element of an array.
    """

    make_reader: Callable[..., LineReader]
    place: Position
    stream: BinaryIO
    long_at: int | None
    max_line: int

    def entries(self) -> Iterator[Entry | Rejection]:
        """Yield the entries in order; a bad part is rejected, and reading continues after it."""
        reader = self.make_reader(place=self.place)
        if self.long_at is None:
            return reader.read(self.stream, final=True)
        return read_long(self.stream, reader, offset=self.long_at, max_element=self.max_line)


def recognise_input(
    stream: BinaryIO,
    *,
    form: Requested = Requested.AUTO,
    errors: Errors = Errors.DETECT,
    reference: int,
    zone: tzinfo = UTC,
    formats: tuple[Format, ...] = (),
    only: str | None = None,
    max_line: int = MAX_LINE,
    sample: bool = False,
) -> RecognisedInput:
    """Read the start of a stream, and return how the stream is read.

    `reference`, `zone`, `formats` and `only` are those of `formats.reading.Context`. A line of more than
    `max_line` bytes is split; a longer element of an array is rejected. With `sample`, the first bytes decide
    whether the day or the month is first in its dates; a stream that gives its lines one by one has to be
    read without.

    Raises:
        UsageError: the stream is UTF-16, or compressed and damaged.
    """
    found, start = _recognise(stream, form)
    while sample and found is not Form.JSON_ARRAY and len(start) < LOOK and (more := stream.read(CHUNK)):
        start += more
    make_reader = partial(
        LineReader,
        as_lines(found),
        errors=errors,
        reference=reference,
        zone=zone,
        formats=formats,
        only=only,
        plain=form is Requested.TEXT,
        max_line=max_line,
    )
    place = Position(day_first=sample and found is not Form.JSON_ARRAY and day_first(start))
    content = start.removeprefix(BOM)
    rest = buffered(Prepended(start, stream))
    long = found is Form.JSON_ARRAY
    if form is not Requested.TEXT and not long and content.lstrip()[:1] == b"{":
        long, start = begins_long(rest, max_line)
        rest = buffered(Prepended(start, rest))
    if form is Requested.TEXT or not long:
        return RecognisedInput(make_reader, place, rest, None, max_line)
    mark = len(start) - len(start.removeprefix(BOM))
    rest.read(mark)
    return RecognisedInput(make_reader, place, rest, mark, max_line)


def read_entries(stream: BinaryIO, **options: Unpack[ReadingOptions]) -> Iterator[Entry | Rejection]:
    """Yield the entries of a stream in order, with the options of `recognise_input`.

    Raises:
        UsageError: the stream is UTF-16, or compressed and damaged.
    """
    return recognise_input(stream, **options).entries()


def _recognise(stream: BinaryIO, requested: Requested) -> tuple[Form, bytes]:
    """Return a stream's form, and the bytes that were read to recognise it."""
    read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
    start = b""
    while len(start) < LOOK:
        more = read(CHUNK)
        start += more
        found = recognise(start, requested)
        if found is not None:
            return found, start
        if not more:
            break
    return fallback(requested), start
