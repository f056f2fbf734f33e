"""The rules that recognise records of a file that an earlier message already contained.

`send -f` sends what it finds each time it looks, `send FILE` some thousand records at a time, and a sender
that has lost its checkpoint starts again: the same records arrive in different messages. A message is
identified by its content, so that is not enough. Each record of a file is therefore also identified by its id
and its position in the file, and is stored with the message that contained it first.

Where a message's records begin in the file, first and last, is known of each message. A message spans a
limited part of its file, so that everything that can have records in common with it is one range of sort
keys. Only what is found there is compared.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logctl.core.rows import Row
from logctl.core.times import DAY

BLOCK = 256 * 1024
"""Bytes of a file: about a thousand records of usual length."""
MAX_BLOCKS = 16
"""In how many blocks one message's records may begin; it bounds what has to be compared with a message."""
KEPT = 35 * DAY
"""How long a record is recognised: longer than 14 days in the queue and 14 in the dead-letter queue."""

_SPAN = MAX_BLOCKS * BLOCK
_LOW = 0xFFFF_FFFF
_EARLIER = 8
"""Bytes of a mark of earlier versions, which is a part of a SHA-256."""


@dataclass(frozen=True, slots=True)
class Brought:
    """The records that one message contained of a file.

    Attributes:
        first: where the first one begins in the file, in bytes; `last` is where the last one does.
        marks: as `marks_of` returns them.
        earlier: marks of an earlier version, which wrote `Brought` for each block and had no `first`.
    """

    batch_id: str
    first: int
    last: int
    marks: bytes = b""
    earlier: bytes = b""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the records of a message begin in their file: each, the first and the last."""

    each: list[int]
    first: int
    last: int

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Places | None:
        """Return where records begin; None if there are none, or if one message cannot have them."""
        each = [row.seq for row in rows]
        if not each:
            return None
        first, last = min(each), max(each)
        return cls(each, first, last) if last // BLOCK - first // BLOCK < MAX_BLOCKS else None


def furthest(last: int) -> int:
    """Return the largest `Brought.last` of a message that begins at `last` or before."""
    return last + _SPAN - 1


def marks_of(rows: Sequence[Row], places: Places) -> bytes:
    """Return eight bytes for each record: four that its id gives, and the lower half of its position.

    All those of ids come first, then all positions. Two records with the same id at two positions are two
    records.
    """
    return _id_marks(rows) + struct.pack(f"<{len(rows)}I", *_low(places.each))


def _id_marks(rows: Sequence[Row]) -> bytes:
    """Return four bytes for each record's id: the CRC-32 of its text, as `struct` packs numbers with `<`."""
    ids = [row.event_id for row in rows]
    return struct.pack(f"<{len(ids)}I", *map(zlib.crc32, map(str.encode, ids)))


def new_of(batch_id: str, rows: Sequence[Row], places: Places, earlier: Iterable[Brought]) -> Sequence[Row]:
    """Return the records that no other message contained; the same sequence if all are new.

    Records of the message itself count as new: a redelivery is stored again, under the same keys.
    """
    others = [one for one in earlier if one.batch_id != batch_id]
    if not others:
        return rows
    known = {mark for one in others for mark in _unpacked(one.marks)}
    marks = _unpacked(marks_of(rows, places))
    known_earlier = {
        one.earlier[start : start + _EARLIER]
        for one in others
        for start in range(0, len(one.earlier), _EARLIER)
    }
    new = [
        row
        for row, mark in zip(rows, marks, strict=True)
        if mark not in known and not (known_earlier and _earlier_mark(row) in known_earlier)
    ]
    return rows if len(new) == len(rows) else new


def _low(places: list[int]) -> list[int]:
    return places if max(places) <= _LOW else [place & _LOW for place in places]


def _unpacked(marks: bytes) -> Iterable[tuple[int, int]]:
    count = len(marks) // 8
    numbers = struct.unpack(f"<{2 * count}I", marks[: 8 * count])
    return zip(numbers[:count], numbers[count:], strict=True)


def _earlier_mark(row: Row) -> bytes:
    return hashlib.sha256(f"{row.event_id}\0{row.seq}".encode()).digest()[:_EARLIER]
