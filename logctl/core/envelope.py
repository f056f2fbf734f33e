"""The envelope: how `logctl send` puts many records of one app into one SQS message.

FIFO queues hand over ten messages a batch and Lambda takes 6 MB an invocation, so that one record per message
would be slow and expensive. `pack` puts the records of one app and one UTC day into one envelope::

    {"logctl": 1, "appid": "checkout", "batch_id": "5f…", "count": 812,
     "encoding": "zstd", "source": "9c…", "data": "<base64 of zstd of NDJSON>"}

`batch_id` is a digest of the content, which holds the records' ids and positions: a retried send, a
redelivery and a redrive are the same batch. SQS's messageId would be another one each time. `source`
identifies the file that the records come from, by its first line: the consumer then recognises records that
came before in other messages (see `core.deduplication`). It is not part of the content.

`core.unpacking` reads messages: envelopes, and what other producers send.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import zstandard

from logctl.core import limits, strictjson
from logctl.core.deduplication import MAX_BLOCKS, block_of
from logctl.core.records import Record, Rejected, wire_text
from logctl.core.times import DAY

VERSION = 1
MAX_RECORDS = 1_000
MAX_PLAIN = 512 * 1024
"""How many bytes of NDJSON a message holds before compression, unless one record is larger."""
MAX_BODY = 100_000
"""How many characters a message's body has, unless one record needs more: ten such messages fit one
SendMessageBatch request."""
SQS_LIMIT = 1_048_576
"""SQS: a message, and a batch request in all, is at most 1 MiB
(AWS, Amazon SQS Developer Guide, message quotas; raised from 256 KiB in August 2025)."""
_MAX_WINDOW = 8 * 1024 * 1024


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


# ── Packing ─────────────────────────────────────────────────────────────────────────────────────────


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
    values: int = 0

    @classmethod
    def of(cls, record: Record, source: str) -> _Pending:
        """Return an empty message for records of a record's app, which is to be added first."""
        return cls(record.appid, [], [], [], source, block=block_of(record))

    def part(self, start: int | None, end: int | None) -> _Pending:
        return replace(
            self, lines=self.lines[start:end], times=self.times[start:end], places=self.places[start:end]
        )

    def has_room(self, record: Record, line: bytes, values: int) -> bool:
        """Return whether a record fits in addition, given the length and JSON values of its line."""
        if len(self.lines) >= MAX_RECORDS or self.size + len(line) > MAX_PLAIN:
            return False
        if self.values + values > limits.MAX_VALUES:
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
        text = wire_text(record)
        line = text.encode("utf-8", "replace")
        values = _check_line(record, text, line)
        key = (record.appid, record.ts // DAY)
        pending = self._open.get(key)
        full: list[Packed] = []
        if pending is None:
            pending = self._open[key] = _Pending.of(record, self.source)
        elif not pending.has_room(record, line, values):
            full = _seal_all(pending)
            pending = self._open[key] = _Pending.of(record, self.source)
        pending.lines.append(line)
        pending.times.append(record.ts)
        pending.places.append(place)
        pending.size += len(line)
        pending.values += values
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
    text = wire_text(record)
    _check_line(record, text, text.encode("utf-8", "replace"))


def _check_line(record: Record, text: str, line: bytes) -> int:
    """Return an upper bound of how many JSON values a record has in a message, given its line as both.

    Raises:
        TooBig: no message can hold it.
    """
    if len(line) > limits.MAX_PLAIN:
        raise TooBig(record, f"is {len(line):,} bytes long; a message may hold {limits.MAX_PLAIN:,}")
    values = limits.count_values(text)
    if values > limits.MAX_VALUES:
        raise TooBig(record, f"holds {values:,} values; a message may hold {limits.MAX_VALUES:,}")
    if len(line) > MAX_PLAIN:
        size = _seal(_Pending(record.appid, [line], [record.ts], [0])).size
        if size > SQS_LIMIT:
            raise TooBig(record, f"takes {size:,} bytes in a message; SQS allows {SQS_LIMIT:,}")
    return values


def _seal_all(pending: _Pending) -> list[Packed]:
    """Return records as messages, and split them in halves while their message is larger than `MAX_BODY`."""
    message = _seal(pending)
    if message.size <= MAX_BODY or len(pending.lines) == 1:
        return [message]
    middle = len(pending.lines) // 2
    return _seal_all(pending.part(None, middle)) + _seal_all(pending.part(middle, None))


def _seal(pending: _Pending) -> Packed:
    plain = b"\n".join(pending.lines)
    batch_id = batch_id_of(pending.appid, plain)
    envelope = {
        "logctl": VERSION,
        "appid": pending.appid,
        "batch_id": batch_id,
        "count": len(pending.lines),
        "encoding": "zstd",
        **({"source": pending.source} if pending.source else {}),
        "data": _encode_data(plain),
    }
    return Packed(
        appid=pending.appid,
        batch_id=batch_id,
        body=json.dumps(envelope, separators=(",", ":")),
        count=len(pending.lines),
        first_line=pending.places[0],
        min_ts=min(pending.times),
        max_ts=max(pending.times),
        source=pending.source,
    )


# ── Encoding and decoding ───────────────────────────────────────────────────────────────────────────

_SHAPE: Mapping[str, type] = {
    "logctl": int,
    "appid": str,
    "batch_id": str,
    "count": int,
    "encoding": str,
    "data": str,
}


def is_envelope(value: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is an envelope of any version.

    A record of another producer may have a field named `logctl`, so that all members are looked at.
    """
    shape = {**_SHAPE, "source": str} if "source" in value else _SHAPE
    return value.keys() == shape.keys() and all(
        isinstance(value[name], kind) and not isinstance(value[name], bool) for name, kind in shape.items()
    )


def batch_id_of(appid: str, plain: bytes) -> str:
    """Return the id of a batch: 32 hexadecimal digits of the digest of its app and its NDJSON."""
    return hashlib.sha256(appid.encode() + b"\0" + plain).hexdigest()[:32]


def _encode_data(plain: bytes) -> str:
    return base64.b64encode(zstandard.ZstdCompressor(level=6).compress(plain)).decode()


def decode_data(data: str, *, most: int = limits.MAX_PLAIN) -> bytes:
    """Decompress an envelope's data, which is one zstd frame that declares its size, to NDJSON.

    `most`: how many bytes of NDJSON are allowed.

    Raises:
        Rejected: with `too_big` or `encoding`.
    """
    try:
        packed = base64.b64decode(data, validate=True)
        # The frame says its size before anything is allocated: 1 MB of zstd can decompress to gigabytes.
        frame = zstandard.get_frame_parameters(packed)
        if frame.content_size == zstandard.CONTENTSIZE_UNKNOWN:
            raise Rejected("encoding", "the envelope's data does not declare its size")
        if frame.content_size > most or frame.window_size > _MAX_WINDOW:
            raise Rejected(
                "too_big", f"the envelope has {frame.content_size:,} bytes of data; {most:,} are allowed"
            )
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=most, allow_extra_data=False)
    except (ValueError, zstandard.ZstdError) as problem:
        if isinstance(problem, Rejected):
            raise
        raise Rejected("encoding", f"the envelope's data cannot be decoded ({problem})") from None


def data_of(body: str) -> str | None:
    """Return the NDJSON that a message's envelope holds; None when the body is not a readable envelope."""
    try:
        envelope = strictjson.loads(body)
        if not isinstance(envelope, Mapping) or envelope.get("logctl") != VERSION:
            return None
        return decode_data(str(envelope.get("data"))).decode("utf-8", "replace")
    except (strictjson.Malformed, Rejected):
        return None


def encode_again(body: str) -> str:
    """Compress the data of an envelope again that was decompressed for redaction.

    If nothing was redacted, the result is the original envelope. Any other body is returned unchanged.
    """
    try:
        envelope = strictjson.loads(body)
    except strictjson.Malformed:
        return body
    if not isinstance(envelope, Mapping) or envelope.get("logctl") != VERSION:
        return body
    data = envelope.get("data")
    if envelope.get("encoding") != "zstd" or not isinstance(data, str) or not data.startswith("{"):
        return body
    plain = data.encode("utf-8", "replace")
    folded = {
        **envelope,
        "batch_id": batch_id_of(str(envelope.get("appid")), plain),
        "count": plain.count(b"\n") + 1,
        "data": _encode_data(plain),
    }
    return json.dumps(folded, separators=(",", ":"))
