"""Reading of messages: the records of an envelope, or of a message of another producer.

Accepted are an envelope (`core.envelope`), a JSON object, an array of objects, and NDJSON. The work is
bounded by `core.limits`: what asks for more is rejected before it is looked at closely.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from logctl.core import limits, strictjson
from logctl.core.appid import RULE, is_appid
from logctl.core.envelope import VERSION, batch_id_of, decode_data, is_envelope
from logctl.core.records import (
    ID_DERIVED,
    TS_DERIVED,
    Record,
    Rejected,
    derive_id,
    from_mapping,
    from_producer,
)
from logctl.core.times import DAY, HOUR

_SOURCE = re.compile(r"[0-9a-f]{16}")
_PROBE = 10_000
"""How many characters of a body with too many values are parsed, to say whether it is nested too deeply."""
# A record's wire form holds the producer's object as `fields`, beside a few members of ours.
_WIRE_DEPTH = strictjson.MAX_DEPTH + 1
_WIRE_KEYS = strictjson.MAX_KEYS + 10


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A part of a message that is not a record: the reason, and its text. `position` is its line or index."""

    reason: str
    detail: str
    content: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a message's body holds.

    Attributes:
        batch_id: identifies the content.
        sent_at: when the message was sent, milliseconds.
        lasting: `batch_id` comes from the content alone, so that it is the same however the message is sent
            again.
        untimed: some record has no time of its own and has got `sent_at`.
        source: the file that the records come from, by its first line; "" when they are of none.
    """

    appid: str
    batch_id: str
    records: tuple[Record, ...]
    rejected: tuple[RejectedRecord, ...] = ()
    sent_at: int = 0
    lasting: bool = False
    untimed: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Message:
    """What SQS delivers of a message, and the app of its group. `sent_at` is milliseconds."""

    body: str
    group: str
    deduplication_id: str
    sent_at: int
    appid: str

    def bare_id(self) -> str:
        """Return the batch id of a message whose records do not identify themselves."""
        return _digest(self.group, self.deduplication_id, self.body)

    def content_id(self) -> str:
        """Return the batch id of a message whose records all have ids of their own."""
        return _digest(self.group, self.body)


def group_appid(group: str) -> str:
    """Return the app of a message group: the group itself, or its part before `.SHARD`.

    Raises:
        Rejected: with `appid`.
    """
    appid, dot, shard = group.partition(".")
    if not is_appid(appid) or (dot and not (shard.isascii() and shard.isdigit())):
        raise Rejected("appid", f"the message group {group[:80]!r} cannot name an app: {RULE}")
    return appid


def unpack(body: str, *, group: str, deduplication_id: str, sent_at: int) -> Unpacked:
    """Return the records of a message, and those of its parts that are not records.

    - `group`: the MessageGroupId; it names the app.
    - `deduplication_id`: identifies a message without an envelope whose records have no ids of their own.
    - `sent_at`: milliseconds, SQS's SentTimestamp.

    Raises:
        Rejected: the whole message is unusable, or asks for too much.
    """
    message = _Message(body, group, deduplication_id, sent_at, group_appid(group))
    text = body.removeprefix("\ufeff").strip()
    if not text:
        raise Rejected("empty", "the message body is empty")
    _check_values(text)
    unpacked = _unpack(message, text)
    _check_spread(unpacked.records)
    return replace(unpacked, sent_at=sent_at)


def _unpack(message: _Message, text: str) -> Unpacked:
    try:
        value = strictjson.loads(text)
    except strictjson.Malformed as problem:
        if "\n" not in text:
            raise Rejected(problem.reason, problem.detail) from None
        return _identified(message, _unpack_lines(message, text, problem))
    if isinstance(value, Mapping):
        if is_envelope(value):
            return _unpack_envelope(message, value)
        value = [value]
    if isinstance(value, list):
        return _identified(message, _unpack_values(message, value))
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
            f"the message's records span {days:,} days; {limits.MAX_PARTITIONS} are allowed",
        )
    hours = len({record.ts // HOUR for record in records})
    if hours > limits.MAX_HOURS:
        raise Rejected(
            "too_many_hours",
            f"the message's records span {hours:,} hours; {limits.MAX_HOURS} are allowed",
        )


def _identified(message: _Message, unpacked: Unpacked) -> Unpacked:
    """Return a message without envelope under a lasting batch id, if its records all have ids of their own.

    Its deduplication id does not last: a move to the dead-letter queue replaces it by the message id
    (Amazon SQS Developer Guide, dead-letter queue redrive).
    """
    untimed = any(TS_DERIVED in record.flags for record in unpacked.records)
    if any(ID_DERIVED in record.flags for record in unpacked.records):
        return replace(unpacked, untimed=untimed)
    return replace(unpacked, batch_id=message.content_id(), lasting=True, untimed=untimed)


def _digest(*parts: str) -> str:
    """Return 32 hexadecimal digits that identify these texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _unpack_envelope(message: _Message, envelope: Mapping[str, Any]) -> Unpacked:
    appid = message.appid
    if envelope["logctl"] != VERSION:
        raise Rejected("version", f"envelope version {envelope['logctl']!r} is not supported")
    if envelope["appid"] != appid:
        raise Rejected(
            "group_mismatch", f"the envelope belongs to {envelope['appid']!r}, its group to {appid!r}"
        )
    if envelope["encoding"] != "zstd":
        raise Rejected("schema", "the envelope has no data that this version can decode")
    source = envelope.get("source", "")
    if source and not _SOURCE.fullmatch(source):
        raise Rejected("schema", "the envelope's source is not 16 hexadecimal digits")
    plain = decode_data(envelope["data"])
    lines = plain.count(b"\n") + 1
    _check_count(lines)
    if lines != envelope["count"]:
        raise Rejected("count", "the envelope does not hold as many records as it says")
    batch_id = batch_id_of(appid, plain)
    if envelope["batch_id"] != batch_id:
        raise Rejected("batch_id", "the envelope's batch_id is not that of its content")
    _check_values(plain.decode("utf-8", "replace"))
    records, rejected, untimed = [], [], False
    for position, line in enumerate(plain.split(b"\n")):
        try:
            wire = strictjson.loads(line, depth=_WIRE_DEPTH, keys=_WIRE_KEYS)
            record = from_producer(wire, appid, sent_at=message.sent_at)
        except (Rejected, strictjson.Malformed) as problem:
            content = line.decode("utf-8", "replace")
            rejected.append(RejectedRecord(problem.reason, problem.detail, content, position))
        else:
            records.append(record)
            untimed = untimed or record.ts != wire["ts"]
    return Unpacked(
        appid, batch_id, tuple(records), tuple(rejected), lasting=True, untimed=untimed, source=source
    )


def _unpack_lines(message: _Message, text: str, whole: strictjson.Malformed) -> Unpacked:
    """Return the records of NDJSON; `whole` says why the text is not one JSON value."""
    _check_count(text.count("\n") + 1)
    batch_id = message.bare_id()
    records, rejected = [], []
    # Not splitlines(): JSON strings may hold U+2028 and U+0085 as they are.
    for position, line in enumerate(text.split("\n")):
        if not line.strip():
            continue
        try:
            records.append(_record(message, strictjson.loads(line), batch_id, position))
        except (Rejected, strictjson.Malformed) as problem:
            rejected.append(RejectedRecord(problem.reason, problem.detail, line, position))
    if not records and whole.reason != "json":
        raise Rejected(whole.reason, whole.detail)
    return _some(message.appid, batch_id, records, rejected)


def _unpack_values(message: _Message, values: Sequence[object]) -> Unpacked:
    _check_count(len(values))
    if not values:
        raise Rejected("empty", "the message is an empty array")
    batch_id = message.bare_id()
    records, rejected = [], []
    for position, value in enumerate(values):
        try:
            records.append(_record(message, value, batch_id, position))
        except Rejected as problem:
            content = json.dumps(value, ensure_ascii=False)
            rejected.append(RejectedRecord(problem.reason, problem.detail, content, position))
    return _some(message.appid, batch_id, records, rejected)


def _some(
    appid: str, batch_id: str, records: Sequence[Record], rejected: Sequence[RejectedRecord]
) -> Unpacked:
    """Return the records of a message.

    Raises:
        Rejected: it has none; the reason is that of its first part.
    """
    if not records:
        raise Rejected(rejected[0].reason, rejected[0].detail, records=len(rejected))
    return Unpacked(appid, batch_id, tuple(records), tuple(rejected))


def _record(message: _Message, value: object, batch_id: str, position: int) -> Record:
    if not isinstance(value, Mapping):
        raise Rejected("not_object", "the record is JSON, but not an object")
    return from_mapping(
        value,
        appid=message.appid,
        seq=position,
        sent_at=message.sent_at,
        fallback_id=derive_id(batch_id, position),
    )
