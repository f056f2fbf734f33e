"""Blocks of whole lines: a source is packed in such parts, each by whichever process is free.

What is read in a block depends on the lines before it: the identity of its records on all of them, and how
its lines are joined, as a rule, on a few. A block therefore comes with its place in the source, whose chain
of hashes says everything about the content before, and with the last lines before it, from which a reader
finds out the rest (see `block_packing`). No message has records of two blocks, so that the messages do not
depend on who packed them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from logctl.ops.send.byte_streams import Prepended, buffered
from logctl.ops.send.line_reader import LineReader, Position

BLOCK_BYTES = 8 * 1024 * 1024
_BEFORE = 64 * 1024
"""Bytes of lines before a block that come with it."""


@dataclass(frozen=True)
class LineBlock:
    """Some lines of a source. `final`: nothing follows.

    `endless` is the rest of the source, and `data` is empty, where a line is longer than a block.
    """

    data: bytes
    final: bool
    endless: BinaryIO | None = None


@dataclass(frozen=True)
class PlacedBlock:
    """A block, the lines before it, and the place at which these begin. The first block has none before."""

    block: LineBlock
    before: bytes
    place: Position


def line_blocks(stream: BinaryIO, size: int) -> Iterator[LineBlock]:
    """Yield a source as blocks of whole lines of at most `size` bytes; at least one."""
    rest = b""
    while True:
        data = rest + stream.read(size - len(rest))
        if len(data) < size:
            yield LineBlock(data, final=True)
            return
        end = data.rfind(b"\n") + 1
        if not end:
            yield LineBlock(b"", final=True, endless=buffered(Prepended(data, stream)))
            return
        yield LineBlock(data[:end], final=False)
        rest = data[end:]


def placed_blocks(stream: BinaryIO, skipper: LineReader, size: int) -> Iterator[PlacedBlock]:
    """Yield the blocks with their places; `skipper` is a reader of the source from its first line on."""
    before, place = b"", skipper.place
    for block in line_blocks(stream, size):
        yield PlacedBlock(block, before, place)
        if block.final:
            return
        cut = block.data.rfind(b"\n", 0, max(0, len(block.data) - _BEFORE)) + 1
        skipper.skip(io.BytesIO(block.data[:cut]))
        before, place = block.data[cut:], skipper.place
        skipper.skip(io.BytesIO(before))
