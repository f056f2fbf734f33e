"""The rules that recognise records of a file that an earlier message already contained.

`send -f` sends what it finds each time it looks, `send FILE` a thousand records at a time, and a sender that
has lost its checkpoint starts again: the same records arrive in different messages. A message is identified
by its content, so that is not enough. Each record of a file is therefore also identified by its id and its
position in the file, and is stored with the message that contained it first.

The records of a message are marked by blocks of `BLOCK` bytes of the file: where its last record in
the block begins, and a mark of eight bytes for each of its records. With that division, everything that can
have records in common with a message is one range of sort keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logctl.core.records import Record
from logctl.core.times import DAY

BLOCK = 256 * 1024
"""Bytes of a file: about a thousand records of usual length."""
MAX_BLOCKS = 16
"""In how many blocks one message's records may begin; it bounds the reads and writes for a message."""
KEPT = 35 * DAY
"""How long a record is recognised: longer than 14 days in the queue and 14 in the dead-letter queue."""

_MARK = 8


@dataclass(frozen=True, slots=True)
class Brought:
    """The records that one message contained of one block of a file.

    `last` is where its last record begins, in bytes; `marks` has eight bytes for each of its records.
    """

    batch_id: str
    last: int
    marks: bytes


def block_of(record: Record) -> int:
    """Return the number of the block in which a record begins."""
    return record.seq // BLOCK


def mark(record: Record) -> bytes:
    """Return the eight bytes that identify a record in its file.

    Its position is part of them: two records with the same id at two positions are two records.
    """
    return hashlib.sha256(f"{record.event_id}\0{record.seq}".encode()).digest()[:_MARK]


def span(records: Sequence[Record]) -> tuple[int, int]:
    """Return the range of `Brought.last`, ends included, in which these records can occur."""
    places = [record.seq for record in records]
    return min(places), (max(places) // BLOCK + 1) * BLOCK - 1


def brought(batch_id: str, records: Iterable[Record]) -> list[Brought]:
    """Return the marks of a message's records: one item for each block of the file."""
    blocks: dict[int, list[Record]] = {}
    for record in records:
        blocks.setdefault(block_of(record), []).append(record)
    return [
        Brought(batch_id, max(record.seq for record in block), b"".join(map(mark, block)))
        for block in blocks.values()
    ]


def new_of(batch_id: str, records: Sequence[Record], earlier: Iterable[Brought]) -> tuple[Record, ...]:
    """Return the records that no other message contained.

    Records of the message itself count as new: a redelivery is stored again, under the same keys.
    """
    known = {
        one.marks[start : start + _MARK]
        for one in earlier
        if one.batch_id != batch_id
        for start in range(0, len(one.marks), _MARK)
    }
    return tuple(record for record in records if mark(record) not in known) if known else tuple(records)
