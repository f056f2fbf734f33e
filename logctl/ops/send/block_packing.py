"""Packing a part of an input: a whole file, or a block of lines that another process can read, too.

A worker process that packs a block does not know in which state the reader of the block before has ended. It
reads some lines before its block first, which brings its reader into that state, as a rule. Whether it did is
seen when both states are compared (`PackedPart.begun`, `PackedPart.ended`): if not, the block is packed again
with the right one. So the messages are the same whatever the number of processes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from logctl.core.formats.reading import NOT_UTF8
from logctl.ops.send.entries import Entry, Rejection
from logctl.ops.send.line_reader import LineReader, Position
from logctl.ops.send.packing import Packed, Packer
from logctl.ops.send.reader_state import fingerprint, freeze, thaw
from logctl.ops.send.record_identity import Source, records
from logctl.ops.send.record_selection import RecordSelection


@dataclass
class PackedPart:
    """The messages of a part of an input, and what is told about it.

    Attributes:
        notices: sentences for people, such as in which encoding the input is.
        not_utf8: the line of the first record that is not UTF-8.
        begun: a digest of the reader's state before the part; `ended` is that after it, and `state` the state
            itself.
    """

    messages: list[Packed] = field(default_factory=list)
    refused: list[Rejection] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    not_utf8: int | None = None
    begun: bytes = b""
    ended: bytes = b""
    state: bytes = b""


@dataclass(frozen=True)
class RecordMaker:
    """What is made of the entries of an input: which are chosen, and where they come from."""

    selection: RecordSelection
    source: Source

    def packed(self, entries: Iterable[Entry | Rejection]) -> Iterator[PackedPart]:
        """Yield the messages of entries as they become full, and at the end those that are not full."""
        packer = Packer()
        part = PackedPart()
        for item in records(self.selection.of(entries), self.source):
            if isinstance(item, Rejection):
                part.refused.append(item)
                continue
            record = item.record
            if record.flags and part.not_utf8 is None and NOT_UTF8 in record.flags:
                part.not_utf8 = item.line
            packer.source = item.source
            if messages := packer.add(record, item.line):
                part.messages = messages
                yield part
                part = PackedPart()
        part.messages = packer.flush()
        yield part


@dataclass(frozen=True)
class BlockTask:
    """A block to be packed by a worker process.

    `before` are the lines from `place` to the block, unless the reader's `state` before the block is known.
    `make_reader` and `maker` are the same for all blocks of an input.
    """

    make_reader: Callable[..., LineReader]
    maker: RecordMaker
    place: Position
    before: bytes
    data: bytes
    final: bool
    state: bytes = b""

    def run(self) -> PackedPart:
        """Return the messages of the block."""
        reader = self.make_reader(place=self.place)
        if self.state:
            thaw(reader, self.state)
        else:
            for _ in reader.read(io.BytesIO(self.before), final=False):
                pass
        begun = fingerprint(reader)
        part = joined(self.maker.packed(reader.read(io.BytesIO(self.data), final=self.final)))
        part.begun, part.ended, part.state = begun, fingerprint(reader), freeze(reader)
        return part


def joined(parts: Iterable[PackedPart]) -> PackedPart:
    """Return parts as one."""
    whole = PackedPart()
    for part in parts:
        whole.messages += part.messages
        whole.refused += part.refused
        whole.notices += part.notices
        if whole.not_utf8 is None:
            whole.not_utf8 = part.not_utf8
    return whole
