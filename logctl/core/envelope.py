"""What travels through the queue: many records of one app in one message.

FIFO queues hand over ten messages a batch and Lambda takes 6 MB an invocation, so a record a message
would be slow and dear. `pack` puts the records of one app and one UTC day into one envelope::

    {"logctl": 1, "appid": "checkout", "batch_id": "5f…", "count": 812,
     "encoding": "zstd", "source": "9c…", "data": "<base64 of zstd of NDJSON>"}

`source` says that the records are of a file, by its first line: the consumer then knows those again that
came before in other messages (see `core.known`). It is no part of the batch's identity.

`unpack` takes that, and from producers that don't use logctl a JSON object, an array of objects, or
NDJSON. A batch is identified by its content (which holds ids and positions), never by SQS's messageId:
a retried send, a redelivery and a redrive are the same batch.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import zstandard

from logctl.core import strictjson
from logctl.core.appid import RULE, is_appid
from logctl.core.known import MAX_BLOCKS, block_of
from logctl.core.records import ID_DERIVED, Record, Rejected, derive_id, from_mapping, from_wire, to_wire
from logctl.core.times import DAY

VERSION = 1
MAX_RECORDS = 1_000
MAX_PLAIN = 512 * 1024
"""A message's NDJSON, before compression, unless one record is larger."""
MAX_BODY = 100_000
"""A message's body: ten fit one SendMessageBatch request with room to spare."""
SQS_LIMIT = 1_048_576
"""SQS: a message, and a batch request in all, is at most 1 MiB
(AWS, Amazon SQS Developer Guide, message quotas; raised from 256 KiB in August 2025)."""
_SOURCE = re.compile(r"(?:[0-9a-f]{16})?")
_MAX_UNPACKED = 64 * 1024 * 1024
# A record's wire form holds the producer's object as `fields`, beside a few members of ours.
_WIRE_DEPTH = strictjson.MAX_DEPTH + 1
_WIRE_KEYS = strictjson.MAX_KEYS + 10


@dataclass(frozen=True, slots=True)
class Packed:
    """A message ready to send; `first_line` is where it begins in its source."""

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


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A part of a message that cannot be a record, with what it was."""

    reason: str
    detail: str
    content: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a message's body holds. `batch_id` identifies its content, `source` the file it is of."""

    appid: str
    batch_id: str
    records: tuple[Record, ...]
    rejected: tuple[RejectedRecord, ...] = ()
    source: str = ""


class TooBig(ValueError):
    """A record that fits no message."""

    def __init__(self, record: Record, size: int) -> None:
        super().__init__(f"the record takes {size:,} bytes in a message; SQS allows {SQS_LIMIT:,}")
        self.record = record


# ── Packing ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Pending:
    """Records on their way into a message: as records, as NDJSON lines, and by their line in the source."""

    records: list[Record]
    lines: list[bytes]
    places: list[int]
    source: str = ""
    size: int = 0

    def part(self, start: int | None, end: int | None) -> _Pending:
        return _Pending(self.records[start:end], self.lines[start:end], self.places[start:end], self.source)

    def has_room(self, record: Record, line: bytes) -> bool:
        if len(self.lines) >= MAX_RECORDS or self.size + len(line) > MAX_PLAIN:
            return False
        return not self.source or block_of(record) - block_of(self.records[0]) < MAX_BLOCKS


class Packer:
    """Collects records into messages. What goes into which message depends on the records alone,
    so that packing the same input again gives the same messages. `source` is the file's, see `Packed`."""

    def __init__(self, source: str = "") -> None:
        self.source = source
        self._open: dict[tuple[str, int], _Pending] = {}

    def add(self, record: Record, place: int = 0) -> list[Packed]:
        """The messages that are full now. `place` is the record's line in its source.

        Raises:
            TooBig: this record fits no message; it was not added.
        """
        line = _line(record)
        if len(line) > MAX_PLAIN:
            check_fits(record)
        key = (record.appid, record.ts // DAY)
        pending = self._open.setdefault(key, _Pending([], [], [], self.source))
        full: list[Packed] = []
        if pending.lines and not pending.has_room(record, line):
            full = _seal_all(pending)
            pending = self._open[key] = _Pending([], [], [], self.source)
        pending.records.append(record)
        pending.lines.append(line)
        pending.places.append(place)
        pending.size += len(line)
        return full

    def flush(self) -> list[Packed]:
        """The rest, in the order in which their first records came."""
        packed = [message for pending in self._open.values() for message in _seal_all(pending)]
        self._open.clear()
        return packed


def pack(records: Iterable[Record], source: str = "") -> Iterator[Packed]:
    """All of it, message by message.

    Raises:
        TooBig: a record fits no message.
    """
    packer = Packer(source)
    for record in records:
        yield from packer.add(record)
    yield from packer.flush()


def check_fits(record: Record) -> None:
    """Whether a record can travel at all.

    Raises:
        TooBig: it takes more than SQS allows, even compressed.
    """
    line = _line(record)
    if len(line) > MAX_PLAIN:
        size = _seal(_Pending([record], [line], [0])).size
        if size > SQS_LIMIT:
            raise TooBig(record, size)


def _seal_all(pending: _Pending) -> list[Packed]:
    message = _seal(pending)
    if message.size <= MAX_BODY or len(pending.lines) == 1:
        return [message]
    middle = len(pending.lines) // 2
    return _seal_all(pending.part(None, middle)) + _seal_all(pending.part(middle, None))


def _seal(pending: _Pending) -> Packed:
    plain = b"\n".join(pending.lines)
    appid = pending.records[0].appid
    batch_id = _batch_id(appid, plain)
    data = base64.b64encode(zstandard.ZstdCompressor(level=6).compress(plain)).decode()
    envelope = {
        "logctl": VERSION,
        "appid": appid,
        "batch_id": batch_id,
        "count": len(pending.lines),
        "encoding": "zstd",
        **({"source": pending.source} if pending.source else {}),
        "data": data,
    }
    times = [record.ts for record in pending.records]
    return Packed(
        appid,
        batch_id,
        json.dumps(envelope, separators=(",", ":")),
        len(pending.lines),
        pending.places[0],
        min(times),
        max(times),
        pending.source,
    )


def _line(record: Record) -> bytes:
    text = json.dumps(to_wire(record), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _batch_id(appid: str, plain: bytes) -> str:
    return hashlib.sha256(appid.encode() + b"\0" + plain).hexdigest()[:32]


# ── Unpacking ───────────────────────────────────────────────────────────────────────────────────────


def group_appid(group: str) -> str:
    """The app of a message group: the group itself, or what stands before `.SHARD`.

    Raises:
        Rejected: with `appid`.
    """
    appid, dot, shard = group.partition(".")
    if not is_appid(appid) or (dot and not (shard.isascii() and shard.isdigit())):
        raise Rejected("appid", f"the message group {group[:80]!r} cannot name an app: {RULE}")
    return appid


def unpack(body: str, *, group: str, deduplication_id: str, sent_at: int) -> Unpacked:
    """The records of a message, and what in it cannot be a record.

    Args:
        group: the MessageGroupId; it names the app.
        deduplication_id: identifies a bare message whose records have no ids; others identify themselves.
        sent_at: milliseconds, SQS's SentTimestamp.

    Raises:
        Rejected: the whole message is unusable.
    """
    appid = group_appid(group)
    text = body.removeprefix("\ufeff").strip()
    if not text:
        raise Rejected("empty", "the message body is empty")
    bare_id = hashlib.sha256("\0".join((group, deduplication_id, body)).encode("utf-8", "replace"))
    batch_id = bare_id.hexdigest()[:32]
    try:
        value = strictjson.loads(text)
    except strictjson.Malformed as problem:
        # Not splitlines(): JSON strings may hold U+2028 and U+0085 as they are.
        lines = text.split("\n")
        if problem.reason == "json" and len(lines) > 1:
            return _known_by_ids(_unpack_lines(lines, appid, batch_id, sent_at), group, body)
        raise Rejected(problem.reason, problem.detail) from None
    if isinstance(value, Mapping) and "logctl" in value:
        return _unpack_envelope(value, appid)
    if isinstance(value, Mapping):
        return _known_by_ids(_unpack_values([value], appid, batch_id, sent_at), group, body)
    if isinstance(value, list):
        return _known_by_ids(_unpack_values(value, appid, batch_id, sent_at), group, body)
    raise Rejected("not_object", "the message is JSON, but neither an object nor an array of objects")


def _known_by_ids(unpacked: Unpacked, group: str, body: str) -> Unpacked:
    """A bare message whose records all have ids of their own is known by its content.

    Its deduplication id does not last: a move to the dead-letter queue replaces it by the message id
    (Amazon SQS Developer Guide, dead-letter queue redrive).
    """
    if any(ID_DERIVED in record.flags for record in unpacked.records):
        return unpacked
    content = hashlib.sha256("\0".join((group, body)).encode("utf-8", "replace"))
    return replace(unpacked, batch_id=content.hexdigest()[:32])


def _unpack_envelope(envelope: Mapping[str, Any], appid: str) -> Unpacked:
    if envelope.get("logctl") != VERSION:
        raise Rejected("version", f"envelope version {envelope.get('logctl')!r} is not known here")
    if envelope.get("appid") != appid:
        raise Rejected(
            "group_mismatch", f"the envelope is of {envelope.get('appid')!r}, its group of {appid!r}"
        )
    if envelope.get("encoding") != "zstd" or not isinstance(envelope.get("data"), str):
        raise Rejected("schema", "the envelope has no data that this version can decode")
    source = envelope.get("source", "")
    if not isinstance(source, str) or not _SOURCE.fullmatch(source):
        raise Rejected("schema", "the envelope's source is not 16 hexadecimal digits")
    plain = unfold(envelope["data"])
    batch_id = _batch_id(appid, plain)
    if envelope.get("batch_id") != batch_id:
        raise Rejected("batch_id", "the envelope's batch_id is not that of its content")
    records, rejected = [], []
    for position, line in enumerate(plain.split(b"\n")):
        try:
            records.append(from_wire(strictjson.loads(line, depth=_WIRE_DEPTH, keys=_WIRE_KEYS), appid))
        except (Rejected, strictjson.Malformed) as problem:
            content = line.decode("utf-8", "replace")
            rejected.append(RejectedRecord(problem.reason, problem.detail, content, position))
    if len(records) + len(rejected) != envelope.get("count"):
        raise Rejected("count", "the envelope does not hold as many records as it says")
    return Unpacked(appid, batch_id, tuple(records), tuple(rejected), source)


def unfold(data: str) -> bytes:
    """An envelope's data as NDJSON.

    Raises:
        Rejected: with `too_big` or `encoding`.
    """
    try:
        packed = base64.b64decode(data, validate=True)
        # The frame says its size before anything is allocated: 1 MB of zstd can unfold to gigabytes.
        size = zstandard.frame_content_size(packed)
        if size > _MAX_UNPACKED:
            raise Rejected(
                "too_big", f"the envelope unfolds to {size:,} bytes; {_MAX_UNPACKED:,} are allowed"
            )
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MAX_UNPACKED)
    except (ValueError, zstandard.ZstdError) as problem:
        if isinstance(problem, Rejected):
            raise
        raise Rejected("encoding", f"the envelope's data cannot be decoded ({problem})") from None


def _unpack_lines(lines: Sequence[str], appid: str, batch_id: str, sent_at: int) -> Unpacked:
    records, rejected = [], []
    for position, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            records.append(_bare(strictjson.loads(line), appid, batch_id, position, sent_at))
        except (Rejected, strictjson.Malformed) as problem:
            rejected.append(RejectedRecord(problem.reason, problem.detail, line, position))
    if not records:
        raise Rejected(rejected[0].reason, rejected[0].detail)
    return Unpacked(appid, batch_id, tuple(records), tuple(rejected))


def _unpack_values(values: Sequence[object], appid: str, batch_id: str, sent_at: int) -> Unpacked:
    records, rejected = [], []
    for position, value in enumerate(values):
        try:
            records.append(_bare(value, appid, batch_id, position, sent_at))
        except Rejected as problem:
            content = json.dumps(value, ensure_ascii=False)
            rejected.append(RejectedRecord(problem.reason, problem.detail, content, position))
    if not records:
        raise (
            Rejected(rejected[0].reason, rejected[0].detail)
            if rejected
            else Rejected("empty", "the message is an empty array")
        )
    return Unpacked(appid, batch_id, tuple(records), tuple(rejected))


def _bare(value: object, appid: str, batch_id: str, position: int, sent_at: int) -> Record:
    if not isinstance(value, Mapping):
        raise Rejected("not_object", "the record is JSON, but not an object")
    return from_mapping(
        value, appid=appid, seq=position, sent_at=sent_at, fallback_id=derive_id(batch_id, position)
    )
