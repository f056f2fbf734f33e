"""Packing of records into messages for the queue.

A message holds rows of one app and one UTC day, in an envelope (`core.envelope`). Its size is chosen so that
calls and objects in S3 are few: every message is one object, one or a few items in DynamoDB, and a part of a
request to SQS.

How far rows can be compressed is learned from the messages before, so that a message is compressed once and
has about the size that is wanted. Where the hour changes, a message that is large enough ends: the records of
one hour are one hot row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from logctl.core import limits
from logctl.core.deduplication import BLOCK, MAX_BLOCKS
from logctl.core.envelope import SQS_LIMIT, seal
from logctl.core.frames import compress
from logctl.core.records import Record
from logctl.core.rows import Row, encode_row, encode_rows, fields_text, row_of
from logctl.core.times import DAY, HOUR

MAX_RECORDS = 4_000
MAX_PLAIN = 2 * 1024 * 1024
"""About how many bytes of rows a message holds before compression, unless one record is larger."""
TARGET_BODY = 250_000
"""How many characters a message's body is meant to have: four such messages fit one SendMessageBatch request,
also when they are 4% longer."""
MAX_BODY = SQS_LIMIT // 2
"""How many characters a message's body has at most, unless one record needs more."""
_PROBE = 128 * 1024
"""Characters of an app's first rows that are compressed to learn how far its rows can be."""
_TELLING = 32 * 1024
"""Characters of rows from which on a message tells how far the next one can be compressed."""
_GUESS = 4
"""Characters of rows in a character of a body, before anything is known."""
_OTHERS = 140
"""Characters of a row beside its message and fields."""
_SMALL = 16 * 1024
"""Characters of a row that a message can hold in any case, however much they grow when they are encoded."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A message ready to send.

    `first_line` is the line of its source at which it begins; `min_ts` and `max_ts` are milliseconds.
    """

    appid: str
    batch_id: str
    body: str
    count: int
    first_line: int
    min_ts: int
    max_ts: int
    source: str = ""

    @property
    def size(self) -> int:
        return len(self.body)


class TooBig(ValueError):
    """A record that fits no message."""

    def __init__(self, record: Record, problem: str) -> None:
        super().__init__(f"the record {problem}")
        self.record = record


@dataclass(slots=True)
class _Pending:
    """The rows of a message that is not full, each with its time and line in the source.

    `end` is the place in the source, in bytes, before which its records begin; `hour` is that of the last
    record. Sizes are characters of the rows' texts: they are not encoded yet. `size` is that of all rows,
    `room` is how much may be in the message, and `enough` how much it has to be for it to end with the hour.
    """

    appid: str
    source: str
    end: int
    hour: int
    room: int
    enough: int
    rows: list[Row] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    size: int = 0


class Packer:
    """A packer of records into messages.

    What goes into which message depends on the records alone, so that packing the same input again gives the
    same messages.
    """

    def __init__(self, source: str = "") -> None:
        """Create an empty packer; `source` identifies the file of the records, as in the envelope."""
        self.source = source
        self._open: dict[tuple[str, int], _Pending] = {}
        self._ratios: dict[str, float] = {}

    def add(self, record: Record, place: int = 0) -> list[Packed]:
        """Add a record, and return the messages that have become full.

        `place`: the record's line in its source.

        Raises:
            TooBig: this record fits no message; it was not added.
        """
        row, ts = row_of(record), record.ts
        fields = row.fields
        size = len(row.message) + _OTHERS + (len(fields) if fields else 0)
        if size > _SMALL:
            line = encode_row(row)
            _check_line(record, line)
            size = len(line)
        key = (record.appid, ts // DAY)
        pending = self._open.get(key)
        full: list[Packed] = []
        hour = ts // HOUR
        if pending is None:
            pending = self._open[key] = self._begin(record)
        elif (
            pending.size + size > pending.room
            or hour != pending.hour
            or record.seq >= pending.end
            or len(pending.rows) >= MAX_RECORDS
        ) and not self._has_room(pending, record, size):
            full = self._seal(pending)
            pending = self._open[key] = self._begin(record)
        pending.hour = hour
        pending.rows.append(row)
        pending.times.append(ts)
        pending.places.append(place)
        pending.size += size
        return full

    def flush(self) -> list[Packed]:
        """Return the messages that are not full, in the order in which their first records came."""
        packed = [message for pending in self._open.values() for message in self._seal(pending)]
        self._open.clear()
        return packed

    def _begin(self, record: Record) -> _Pending:
        """Return an empty message for a record's app and day, to which it is added first."""
        end = (record.seq // BLOCK + MAX_BLOCKS) * BLOCK if self.source else 2**64
        room, enough = self._sizes(record.appid)
        return _Pending(record.appid, self.source, end=end, hour=record.ts // HOUR, room=room, enough=enough)

    def _sizes(self, appid: str) -> tuple[int, int]:
        """Return how much of an app's rows a message may hold, and how much is enough for one."""
        ratio = self._ratios.get(appid)
        wanted = min(MAX_PLAIN, int(TARGET_BODY * (ratio or _GUESS)))
        return (wanted if ratio else _PROBE), wanted // 2

    def _has_room(self, pending: _Pending, record: Record, size: int) -> bool:
        """Return whether a record fits in addition, given the size of its row."""
        if len(pending.rows) >= MAX_RECORDS or record.seq >= pending.end:
            return False
        if record.ts // HOUR != pending.hour and pending.size >= pending.enough:
            return False
        if pending.size + size > pending.room and pending.appid not in self._ratios:
            self._learn(pending, len(compress(encode_rows(pending.rows))) * 4 // 3)
            pending.room, pending.enough = self._sizes(pending.appid)
        return pending.size + size <= pending.room

    def _learn(self, pending: _Pending, body: int) -> None:
        before = self._ratios.get(pending.appid)
        ratio = pending.size / body
        self._ratios[pending.appid] = ratio if before is None else (before + ratio) / 2

    def _seal(self, pending: _Pending) -> list[Packed]:
        """Return rows as messages, divided if one would be larger than a message may be."""
        plain = encode_rows(pending.rows)
        count = len(pending.rows)
        if len(plain) > limits.MAX_PLAIN and count > 1:
            return self._seal_parts(pending, -(-len(plain) // MAX_PLAIN))
        message = _sealed(pending, plain)
        if pending.size >= _TELLING:
            self._learn(pending, message.size)
        if message.size <= MAX_BODY or count == 1:
            return [message]
        return self._seal_parts(pending, -(-message.size // TARGET_BODY))

    def _seal_parts(self, pending: _Pending, parts: int) -> list[Packed]:
        """Return rows as at least two messages of about equally many rows."""
        number = max(len(pending.rows) // parts, 1)
        return [
            packed
            for start in range(0, len(pending.rows), number)
            for packed in self._seal(_part(pending, start, start + number))
        ]


def pack(records: Iterable[Record], source: str = "") -> Iterator[Packed]:
    """Yield the messages that hold the records.

    Raises:
        TooBig: a record fits no message.
    """
    packer = Packer(source)
    for record in records:
        yield from packer.add(record)
    yield from packer.flush()


def check_fits(record: Record) -> None:
    """Check that a record fits a message.

    Raises:
        TooBig: it takes more than SQS allows, even compressed, or more than the consumer takes.
    """
    _check_line(record, encode_row(row_of(record)))


def _check_line(record: Record, line: bytes) -> None:
    """Check that a message can hold a record, given its line.

    Raises:
        TooBig: no message can.
    """
    if len(line) > limits.MAX_PLAIN:
        raise TooBig(record, f"is {len(line):,} bytes long; a message may hold {limits.MAX_PLAIN:,}")
    if len(line) > limits.MAX_VALUES:
        values = limits.count_values(fields_text(record.fields))
        if values > limits.MAX_VALUES:
            raise TooBig(record, f"holds {values:,} values; a message may hold {limits.MAX_VALUES:,}")
    if len(line) > SQS_LIMIT // 2:
        size = len(seal(record.appid, line + b"\n", count=1)[1])
        if size > SQS_LIMIT:
            raise TooBig(record, f"takes {size:,} bytes in a message; SQS allows {SQS_LIMIT:,}")


def _part(pending: _Pending, start: int, end: int) -> _Pending:
    """Return a message of some of the rows of another one."""
    rows = pending.rows[start:end]
    return replace(
        pending,
        rows=rows,
        times=pending.times[start:end],
        places=pending.places[start:end],
        size=pending.size * len(rows) // len(pending.rows),
    )


def _sealed(pending: _Pending, plain: bytes) -> Packed:
    batch_id, body = seal(pending.appid, plain, count=len(pending.rows), source=pending.source)
    return Packed(
        appid=pending.appid,
        batch_id=batch_id,
        body=body,
        count=len(pending.rows),
        first_line=pending.places[0],
        min_ts=min(pending.times),
        max_ts=max(pending.times),
        source=pending.source,
    )
