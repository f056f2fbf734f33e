"""What travels through the queue: many records of one app in one message.

FIFO queues hand over ten messages a batch and Lambda takes 6 MB an invocation, so a record a message
would be slow and dear. `pack` puts the records of one app and one UTC day into one envelope::

    {"logctl": 1, "appid": "checkout", "batch_id": "5f…", "count": 812,
     "encoding": "zstd", "source": "9c…", "data": "<base64 of zstd of NDJSON>"}

`source` says that the records are of a file, by its first line: the consumer then knows those again that
came before in other messages (see `core.deduplication`). It is no part of the batch's identity.

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

from logctl.core import limits, strictjson
from logctl.core.appid import RULE, is_appid
from logctl.core.deduplication import MAX_BLOCKS, block_of
from logctl.core.records import (
    ID_DERIVED,
    TS_DERIVED,
    Record,
    Rejected,
    derive_id,
    from_mapping,
    from_producer,
    to_wire,
)
from logctl.core.times import DAY, HOUR

VERSION = 1
MAX_RECORDS = 1_000
MAX_PLAIN = 512 * 1024
"""A message's NDJSON, before compression, unless one record is larger."""
MAX_BODY = 100_000
"""A message's body: ten fit one SendMessageBatch request with room to spare."""
SQS_LIMIT = 1_048_576
"""SQS: a message, and a batch request in all, is at most 1 MiB
(AWS, Amazon SQS Developer Guide, message quotas; raised from 256 KiB in August 2025)."""
_SOURCE = re.compile(r"[0-9a-f]{16}")
_MAX_WINDOW = 8 * 1024 * 1024
_PROBE = 10_000
"""Characters of an endless text that are parsed, to say what is wrong with it."""
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
    """What a message's body holds.

    `batch_id` identifies its content; with `lasting` it comes from the content alone, so that it is the
    same however the message is sent again. `untimed` says that some record has the time at which the
    message was sent (`sent_at`, milliseconds). `source` is the file that they are of, by its first line.
    """

    appid: str
    batch_id: str
    records: tuple[Record, ...]
    rejected: tuple[RejectedRecord, ...] = ()
    sent_at: int = 0
    lasting: bool = False
    untimed: bool = False
    source: str = ""


class TooBig(ValueError):
    """A record that fits no message."""

    def __init__(self, record: Record, problem: str) -> None:
        super().__init__(f"the record {problem}")
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
    values: int = 0

    def part(self, start: int | None, end: int | None) -> _Pending:
        return _Pending(self.records[start:end], self.lines[start:end], self.places[start:end], self.source)

    def has_room(self, record: Record, line: bytes, values: int) -> bool:
        if len(self.lines) >= MAX_RECORDS or self.size + len(line) > MAX_PLAIN:
            return False
        if self.values + values > limits.MAX_VALUES:
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
        values = _check_line(record, line)
        key = (record.appid, record.ts // DAY)
        pending = self._open.setdefault(key, _Pending([], [], [], self.source))
        full: list[Packed] = []
        if pending.lines and not pending.has_room(record, line, values):
            full = _seal_all(pending)
            pending = self._open[key] = _Pending([], [], [], self.source)
        pending.records.append(record)
        pending.lines.append(line)
        pending.places.append(place)
        pending.size += len(line)
        pending.values += values
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
        TooBig: it takes more than SQS allows, even compressed, or more than the consumer takes.
    """
    _check_line(record, _line(record))


def _check_line(record: Record, line: bytes) -> int:
    """How many JSON values a record has on the wire, or more.

    Raises:
        TooBig: no message can hold it.
    """
    if len(line) > limits.MAX_PLAIN:
        raise TooBig(record, f"is {len(line):,} bytes long; a message may hold {limits.MAX_PLAIN:,}")
    values = limits.count_values(line.decode())
    if values > limits.MAX_VALUES:
        raise TooBig(record, f"holds {values:,} values; a message may hold {limits.MAX_VALUES:,}")
    if len(line) > MAX_PLAIN:
        size = _seal(_Pending([record], [line], [0])).size
        if size > SQS_LIMIT:
            raise TooBig(record, f"takes {size:,} bytes in a message; SQS allows {SQS_LIMIT:,}")
    return values


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

    The work is bounded by `limits`: what has more is refused before it is looked at closely.

    Args:
        group: the MessageGroupId; it names the app.
        deduplication_id: identifies a bare message whose records have no ids; others identify themselves.
        sent_at: milliseconds, SQS's SentTimestamp.

    Raises:
        Rejected: the whole message is unusable, or asks for too much.
    """
    appid = group_appid(group)
    text = body.removeprefix("\ufeff").strip()
    if not text:
        raise Rejected("empty", "the message body is empty")
    _check_values(text)
    unpacked = _unpack(text, body, appid, group, deduplication_id, sent_at)
    _check_spread(unpacked.records)
    return replace(unpacked, sent_at=sent_at)


def _unpack(text: str, body: str, appid: str, group: str, deduplication_id: str, sent_at: int) -> Unpacked:
    bare_id = hashlib.sha256("\0".join((group, deduplication_id, body)).encode("utf-8", "replace"))
    batch_id = bare_id.hexdigest()[:32]
    try:
        value = strictjson.loads(text)
    except strictjson.Malformed as problem:
        if "\n" not in text:
            raise Rejected(problem.reason, problem.detail) from None
        return _known_by_ids(_unpack_lines(text, problem, appid, batch_id, sent_at), group, body)
    if isinstance(value, Mapping):
        if _is_envelope(value):
            return _unpack_envelope(value, appid, sent_at)
        value = [value]
    if isinstance(value, list):
        return _known_by_ids(_unpack_values(value, appid, batch_id, sent_at), group, body)
    raise Rejected("not_object", "the message is JSON, but neither an object nor an array of objects")


def _check_values(text: str) -> None:
    values = limits.count_values(text)
    if values <= limits.MAX_VALUES:
        return
    try:
        strictjson.loads(text[:_PROBE])
    except strictjson.Malformed as problem:
        if problem.reason == "depth":
            raise Rejected(problem.reason, problem.detail) from None
    raise Rejected(
        "too_many_values",
        f"the message holds {values:,} JSON values; {limits.MAX_VALUES:,} are allowed",
    )


def _check_count(records: int) -> None:
    if records > limits.MAX_RECORDS:
        raise Rejected(
            "too_many_records",
            f"the message holds {records:,} records; {limits.MAX_RECORDS:,} are allowed",
        )


def _check_spread(records: Sequence[Record]) -> None:
    days = len({record.ts // DAY for record in records})
    if days > limits.MAX_PARTITIONS:
        raise Rejected(
            "too_many_days",
            f"the message's records are of {days:,} days; {limits.MAX_PARTITIONS} are allowed",
        )
    hours = len({record.ts // HOUR for record in records})
    if hours > limits.MAX_HOURS:
        raise Rejected(
            "too_many_hours",
            f"the message's records are of {hours:,} hours; {limits.MAX_HOURS} are allowed",
        )


def _known_by_ids(unpacked: Unpacked, group: str, body: str) -> Unpacked:
    """A bare message whose records all have ids of their own is known by its content.

    Its deduplication id does not last: a move to the dead-letter queue replaces it by the message id
    (Amazon SQS Developer Guide, dead-letter queue redrive).
    """
    untimed = any(TS_DERIVED in record.flags for record in unpacked.records)
    if any(ID_DERIVED in record.flags for record in unpacked.records):
        return replace(unpacked, untimed=untimed)
    content = hashlib.sha256("\0".join((group, body)).encode("utf-8", "replace"))
    return replace(unpacked, batch_id=content.hexdigest()[:32], lasting=True, untimed=untimed)


_SHAPE: Mapping[str, type] = {
    "logctl": int,
    "appid": str,
    "batch_id": str,
    "count": int,
    "encoding": str,
    "data": str,
}


def _is_envelope(value: Mapping[str, Any]) -> bool:
    """Whether it is an envelope of any version; a record may have a field named `logctl` too."""
    shape = {**_SHAPE, "source": str} if "source" in value else _SHAPE
    return value.keys() == shape.keys() and all(
        isinstance(value[name], kind) and not isinstance(value[name], bool) for name, kind in shape.items()
    )


def _unpack_envelope(envelope: Mapping[str, Any], appid: str, sent_at: int) -> Unpacked:
    if envelope["logctl"] != VERSION:
        raise Rejected("version", f"envelope version {envelope['logctl']!r} is not known here")
    if envelope["appid"] != appid:
        raise Rejected("group_mismatch", f"the envelope is of {envelope['appid']!r}, its group of {appid!r}")
    if envelope["encoding"] != "zstd":
        raise Rejected("schema", "the envelope has no data that this version can decode")
    source = envelope.get("source", "")
    if source and not _SOURCE.fullmatch(source):
        raise Rejected("schema", "the envelope's source is not 16 hexadecimal digits")
    plain = unfold(envelope["data"])
    lines = plain.count(b"\n") + 1
    _check_count(lines)
    if lines != envelope["count"]:
        raise Rejected("count", "the envelope does not hold as many records as it says")
    batch_id = _batch_id(appid, plain)
    if envelope["batch_id"] != batch_id:
        raise Rejected("batch_id", "the envelope's batch_id is not that of its content")
    _check_values(plain.decode("utf-8", "replace"))
    records, rejected, untimed = [], [], False
    for position, line in enumerate(plain.split(b"\n")):
        try:
            wire = strictjson.loads(line, depth=_WIRE_DEPTH, keys=_WIRE_KEYS)
            record = from_producer(wire, appid, sent_at=sent_at)
        except (Rejected, strictjson.Malformed) as problem:
            content = line.decode("utf-8", "replace")
            rejected.append(RejectedRecord(problem.reason, problem.detail, content, position))
        else:
            records.append(record)
            untimed = untimed or record.ts != wire["ts"]
    return Unpacked(
        appid, batch_id, tuple(records), tuple(rejected), lasting=True, untimed=untimed, source=source
    )


def unfold(data: str, *, most: int = limits.MAX_PLAIN) -> bytes:
    """An envelope's data as NDJSON: one zstd frame that declares its size, and nothing after it.

    Args:
        most: bytes that it may unfold to.

    Raises:
        Rejected: with `too_big` or `encoding`.
    """
    try:
        packed = base64.b64decode(data, validate=True)
        # The frame says its size before anything is allocated: 1 MB of zstd can unfold to gigabytes.
        frame = zstandard.get_frame_parameters(packed)
        if frame.content_size == zstandard.CONTENTSIZE_UNKNOWN:
            raise Rejected("encoding", "the envelope's data does not declare its size")
        if frame.content_size > most or frame.window_size > _MAX_WINDOW:
            raise Rejected(
                "too_big", f"the envelope unfolds to {frame.content_size:,} bytes; {most:,} are allowed"
            )
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=most, allow_extra_data=False)
    except (ValueError, zstandard.ZstdError) as problem:
        if isinstance(problem, Rejected):
            raise
        raise Rejected("encoding", f"the envelope's data cannot be decoded ({problem})") from None


def unfolded(body: str) -> str | None:
    """The lines that an envelope holds, as NDJSON; None when the body is no envelope that can be read."""
    try:
        envelope = strictjson.loads(body)
        if not isinstance(envelope, Mapping) or envelope.get("logctl") != VERSION:
            return None
        return unfold(str(envelope.get("data"))).decode("utf-8", "replace")
    except (strictjson.Malformed, Rejected):
        return None


def refold(body: str) -> str:
    """The body with its data folded again, where it is an envelope whose data was unfolded for redaction.

    Where nothing was taken out, it is the envelope that it was.
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
        "batch_id": _batch_id(str(envelope.get("appid")), plain),
        "count": plain.count(b"\n") + 1,
        "data": base64.b64encode(zstandard.ZstdCompressor(level=6).compress(plain)).decode(),
    }
    return json.dumps(folded, separators=(",", ":"))


def _unpack_lines(
    text: str, whole: strictjson.Malformed, appid: str, batch_id: str, sent_at: int
) -> Unpacked:
    """`whole` says why the text is not one JSON value."""
    _check_count(text.count("\n") + 1)
    records, rejected = [], []
    # Not splitlines(): JSON strings may hold U+2028 and U+0085 as they are.
    for position, line in enumerate(text.split("\n")):
        if not line.strip():
            continue
        try:
            records.append(_bare(strictjson.loads(line), appid, batch_id, position, sent_at))
        except (Rejected, strictjson.Malformed) as problem:
            rejected.append(RejectedRecord(problem.reason, problem.detail, line, position))
    if not records and whole.reason != "json":
        raise Rejected(whole.reason, whole.detail)
    return _some(appid, batch_id, records, rejected)


def _unpack_values(values: Sequence[object], appid: str, batch_id: str, sent_at: int) -> Unpacked:
    _check_count(len(values))
    if not values:
        raise Rejected("empty", "the message is an empty array")
    records, rejected = [], []
    for position, value in enumerate(values):
        try:
            records.append(_bare(value, appid, batch_id, position, sent_at))
        except Rejected as problem:
            content = json.dumps(value, ensure_ascii=False)
            rejected.append(RejectedRecord(problem.reason, problem.detail, content, position))
    return _some(appid, batch_id, records, rejected)


def _some(
    appid: str, batch_id: str, records: Sequence[Record], rejected: Sequence[RejectedRecord]
) -> Unpacked:
    if not records:
        raise Rejected(rejected[0].reason, rejected[0].detail, records=len(rejected))
    return Unpacked(appid, batch_id, tuple(records), tuple(rejected))


def _bare(value: object, appid: str, batch_id: str, position: int, sent_at: int) -> Record:
    if not isinstance(value, Mapping):
        raise Rejected("not_object", "the record is JSON, but not an object")
    return from_mapping(
        value, appid=appid, seq=position, sent_at=sent_at, fallback_id=derive_id(batch_id, position)
    )
