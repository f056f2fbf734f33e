"""Packing of records into messages for the queue.

A message holds rows of one app and one UTC day, in an envelope (`core.envelope`). Its size is chosen so that
calls and objects in S3 are few: every message is one object, one or a few items in DynamoDB, and a part of a
request to SQS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from logctl.core import limits
from logctl.core.deduplication import MAX_BLOCKS, block_of
from logctl.core.envelope import SQS_LIMIT, seal
from logctl.core.records import Record
from logctl.core.rows import encode_row, fields_text, row_of
from logctl.core.times import DAY

MAX_RECORDS = 4_000
MAX_PLAIN = 2 * 1024 * 1024
"""How many bytes of rows a message holds before compression, unless one record is larger."""
MAX_BODY = 250_000
"""How many characters a message's body has, unless one record needs more: four such messages fit one
SendMessageBatch request."""


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
    """The records of a message that is not full, as NDJSON lines, each with its time and line in the source.

    `block` is that of the first one.
    """

    appid: str
    lines: list[bytes]
    times: list[int]
    places: list[int]
    source: str = ""
    block: int = 0
    size: int = 0

    @classmethod
    def of(cls, record: Record, source: str) -> _Pending:
        """Return an empty message for records of a record's app, which is to be added first."""
        return cls(record.appid, [], [], [], source, block=block_of(record))

    def part(self, start: int | None, end: int | None) -> _Pending:
        return replace(
            self, lines=self.lines[start:end], times=self.times[start:end], places=self.places[start:end]
        )

    def has_room(self, record: Record, line: bytes) -> bool:
        """Return whether a record fits in addition, given its line."""
        if len(self.lines) >= MAX_RECORDS or self.size + len(line) > MAX_PLAIN:
            return False
        return not self.source or block_of(record) - self.block < MAX_BLOCKS


class Packer:
    """A packer of records into messages.

    What goes into which message depends on the records alone, so that packing the same input again gives the
    same messages.
    """

    def __init__(self, source: str = "") -> None:
        """Create an empty packer; `source` identifies the file of the records, as in the envelope."""
        self.source = source
        self._open: dict[tuple[str, int], _Pending] = {}

    def add(self, record: Record, place: int = 0) -> list[Packed]:
        """Add a record, and return the messages that have become full.

        `place`: the record's line in its source.

        Raises:
            TooBig: this record fits no message; it was not added.
        """
        line = encode_row(row_of(record))
        _check_line(record, line)
        key = (record.appid, record.ts // DAY)
        pending = self._open.get(key)
        full: list[Packed] = []
        if pending is None:
            pending = self._open[key] = _Pending.of(record, self.source)
        elif not pending.has_room(record, line):
            full = _seal_all(pending)
            pending = self._open[key] = _Pending.of(record, self.source)
        pending.lines.append(line)
        pending.times.append(record.ts)
        pending.places.append(place)
        pending.size += len(line)
        return full

    def flush(self) -> list[Packed]:
        """Return the messages that are not full, in the order in which their first records came."""
        packed = [message for pending in self._open.values() for message in _seal_all(pending)]
        self._open.clear()
        return packed


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
    if len(line) > MAX_PLAIN:
        size = _seal(_Pending(record.appid, [line], [record.ts], [0])).size
        if size > SQS_LIMIT:
            raise TooBig(record, f"takes {size:,} bytes in a message; SQS allows {SQS_LIMIT:,}")


def _seal_all(pending: _Pending) -> list[Packed]:
    """Return records as messages, and split them in halves while their message is larger than `MAX_BODY`."""
    message = _seal(pending)
    if message.size <= MAX_BODY or len(pending.lines) == 1:
        return [message]
    middle = len(pending.lines) // 2
    return _seal_all(pending.part(None, middle)) + _seal_all(pending.part(middle, None))


def _seal(pending: _Pending) -> Packed:
    plain = b"\n".join(pending.lines) + b"\n"
    batch_id, body = seal(pending.appid, plain, count=len(pending.lines), source=pending.source)
    return Packed(
        appid=pending.appid,
        batch_id=batch_id,
        body=body,
        count=len(pending.lines),
        first_line=pending.places[0],
        min_ts=min(pending.times),
        max_ts=max(pending.times),
        source=pending.source,
    )
