"""Which records of a file were stored before, in whatever messages they came.

A follower sends what it finds at each look, `send FILE` a thousand records at a time, and who has lost a
checkpoint begins again: the same records, in other messages. So beside the message, which is known by its
content, each record of a file is known by its id and its place, and is stored with the message that brought
it first.

What a message brought is written down: for each stretch of `BLOCK` bytes of the file that its records begin
in, where the last of them begins and a mark of eight bytes for each. So cut into blocks, all that can have
records in common with a message is one range of keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logctl.core.records import Record
from logctl.core.times import DAY

BLOCK = 256 * 1024
"""Bytes of a file; a thousand records of usual length."""
MAX_BLOCKS = 16
"""Blocks that one message's records may lie in: reads and writes a message stay few."""
KEPT = 35 * DAY
"""How long a record is known again: longer than 14 days in the queue and 14 in the dead-letter queue."""

_MARK = 8


@dataclass(frozen=True, slots=True)
class Brought:
    """What one message brought of one block. `last` is where its last record begins, in bytes."""

    batch_id: str
    last: int
    marks: bytes


def block_of(record: Record) -> int:
    return record.seq // BLOCK


def mark(record: Record) -> bytes:
    """The place belongs to it: two records of one file to which their producer gave one id are two."""
    return hashlib.sha256(f"{record.event_id}\0{record.seq}".encode()).digest()[:_MARK]


def span(records: Sequence[Record]) -> tuple[int, int]:
    """Between which places, both included, what was brought ends that can have one of these records."""
    places = [record.seq for record in records]
    return min(places), (max(places) // BLOCK + 1) * BLOCK - 1


def brought(batch_id: str, records: Iterable[Record]) -> list[Brought]:
    """What is to be written down of a message."""
    blocks: dict[int, list[Record]] = {}
    for record in records:
        blocks.setdefault(block_of(record), []).append(record)
    return [
        Brought(batch_id, max(record.seq for record in block), b"".join(map(mark, block)))
        for block in blocks.values()
    ]


def new_of(batch_id: str, records: Sequence[Record], earlier: Iterable[Brought]) -> tuple[Record, ...]:
    """The records that no other message has brought.

    What a message itself has brought does not count: delivered again it is stored again, to the same keys.
    """
    known = {
        one.marks[start : start + _MARK]
        for one in earlier
        if one.batch_id != batch_id
        for start in range(0, len(one.marks), _MARK)
    }
    return tuple(record for record in records if mark(record) not in known) if known else tuple(records)
