"""Reading of messages: the records of an envelope, or of a message of another producer.

Another producer may send anything: JSON objects in an array, one a line or one after the other, the envelopes
of AWS and OpenTelemetry, lines of text, and all of that mixed. `core.formats` reads it, as it does for
`logctl send`. Nothing is rejected for its form, but for an envelope of ours (`core.envelope`) that is not
whole. The work is bounded by `core.limits`: what asks for more is rejected before it is looked at closely.

What `logctl send` writes takes a short path: its rows are in the form in which they are stored, and are only
checked. Everything that does not pass the checks of the short path takes the long one, which looks at each
record and finds the reason.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Any

from logctl.core import limits, strictjson
from logctl.core.appid import RULE, is_appid
from logctl.core.envelope import (
    EARLIER,
    VERSION,
    batch_id_of,
    count_lines,
    decode_data,
    decode_frame,
    is_envelope,
    open_sealed,
)
from logctl.core.formats.events import DEEPER, events_of
from logctl.core.formats.original import keep
from logctl.core.formats.reading import Context
from logctl.core.formats.text_body import BodyPart, read_lines, read_objects, read_whole
from logctl.core.frames import BadFrame, decompress
from logctl.core.records import (
    ID_DERIVED,
    RAW,
    TS_DERIVED,
    Record,
    Rejected,
    derive_id,
    from_cold,
    from_producer,
    from_reading,
    from_wire,
    is_ours_alone,
)
from logctl.core.rows import Row, Times, decode_with_times, record_of, row_of
from logctl.core.times import from_iso, plausible

_SOURCE = re.compile(r"[0-9a-f]{16}")
_PROBE = 10_000
"""How many characters of a body with too many values are parsed, to say whether it is nested too deeply."""
_OURS = re.compile(r'\{\s*"logctl"\s*:\s*\d+\s*,\s*"appid"\s*:')
"""The beginning of an envelope, which is rejected if it is not JSON: its text would be no log line."""
_DEPTH = strictjson.MAX_DEPTH + DEEPER
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
        rows: the records, as they are stored if nothing else has to be changed.
        frame: the rows as `frames.compress(rows.encode_rows(rows))`, as they came; None if they came in
            another form, or if something of them was changed.
        plain: the rows as they were in the frame; None where that is None.
        times: those of the rows, if they are known.
        sent_at: when the message was sent, milliseconds.
        lasting: `batch_id` comes from the content alone, so that it is the same however the message is sent
            again.
        untimed: some record has no time of its own and has got `sent_at`.
        source: the file that the records come from, by its first line; "" when they are of none.
    """

    appid: str
    batch_id: str
    rows: Sequence[Row]
    rejected: tuple[RejectedRecord, ...] = ()
    sent_at: int = 0
    lasting: bool = False
    untimed: bool = False
    source: str = ""
    frame: bytes | None = None
    plain: bytes | None = None
    times: Times | None = None

    @property
    def records(self) -> tuple[Record, ...]:
        """The rows as records."""
        return tuple(record_of(row, self.appid) for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Message:
    """What SQS delivers of a message, the app of its group, and what its lines do not say about themselves.

    `sent_at` is milliseconds.
    """

    body: str
    group: str
    deduplication_id: str
    sent_at: int
    appid: str
    context: Context

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


def unpack(
    body: str, *, group: str, deduplication_id: str, sent_at: int, zone: tzinfo = UTC, short: bool = True
) -> Unpacked:
    """Return the records of a message, and those of its parts that are not records.

    - `group`: the MessageGroupId; it names the app.
    - `deduplication_id`: identifies a message without an envelope whose records have no ids of their own.
    - `sent_at`: milliseconds, SQS's SentTimestamp.
    - `zone`: the zone of times that do not say theirs, in a message without an envelope.
    - `short`: take the short path where it is possible; the long one has the same result, but for `frame`
      and `plain`.

    Raises:
        Rejected: the whole message is unusable, or asks for too much.
    """
    appid = group_appid(group)
    if short and (sealed := _unpack_sealed(body, appid, sent_at)):
        return sealed
    context = Context(sent_at, zone)
    message = _Message(body, group, deduplication_id, sent_at, appid=appid, context=context)
    text = body.removeprefix("\ufeff").strip()
    if not text:
        raise Rejected("empty", "the message body is empty")
    _check_values(text)
    unpacked = _unpack(message, text)
    _check_spread(unpacked.rows)
    return replace(unpacked, sent_at=sent_at)


# ── What `logctl send` writes ───────────────────────────────────────────────────────────────────────


def _unpack_sealed(body: str, appid: str, sent_at: int) -> Unpacked | None:
    """Return the rows of an envelope that are stored as they came; None if anything has to be looked at."""
    sealed = open_sealed(body)
    if sealed is None or sealed.appid != appid or sealed.count > limits.MAX_RECORDS:
        return None
    try:
        plain = decompress(sealed.frame)
    except BadFrame:
        return None
    found = decode_with_times(plain)
    if found is None:
        return None
    rows, times = found
    if len(rows) != sealed.count or not _are_taken_as_they_are(rows, times, sent_at):
        return None
    return Unpacked(
        appid,
        sealed.batch_id,
        rows,
        sent_at=sent_at,
        lasting=True,
        source=sealed.source,
        frame=sealed.frame,
        plain=plain,
        times=times,
    )


def _are_taken_as_they_are(rows: Sequence[Row], times: Times, sent_at: int) -> bool:
    """Return whether all rows are of one day and have plausible times, and no flags that are only ours."""
    if not times.share(10):
        return False
    if not (plausible(from_iso(times.first), sent_at) and plausible(from_iso(times.last), sent_at)):
        return False
    flags = {*[row.flags for row in rows]}
    return not any(is_ours_alone(flag) for each in flags for flag in each)


# ── Every message ───────────────────────────────────────────────────────────────────────────────────


def _unpack(message: _Message, text: str) -> Unpacked:
    value, malformed = None, False
    if text[0] in "{[":
        try:
            value, malformed = strictjson.loads_leniently(text, depth=_DEPTH, keys=limits.MAX_VALUES)
        except strictjson.Malformed as problem:
            if _OURS.match(text):
                raise Rejected(problem.reason, problem.detail) from None
    if isinstance(value, Mapping):
        if is_envelope(value):
            if malformed:
                raise Rejected("json", "the envelope is not JSON that every parser reads in the same way")
            return _unpack_envelope(message, value)
        if not malformed and (strictjson.fits(value) or events_of(value) is not None):
            return _unpack_parts(message, read_whole(value, message.context))
    elif isinstance(value, list):
        if not value:
            raise Rejected("empty", "the message is an empty array")
        return _unpack_parts(message, read_objects(value, message.context, malformed=malformed))
    return _unpack_parts(message, read_lines(text, message.context))


def _check_values(text: str) -> None:
    values = _count_values(text)
    if values <= limits.MAX_VALUES:
        return
    try:
        strictjson.loads(text[:_PROBE])
    except strictjson.Malformed as problem:
        if problem.reason == "depth":
            raise Rejected(problem.reason, problem.detail) from None
    raise Rejected(
        "too_many_values",
        f"the message holds {values:,} JSON values and lines; {limits.MAX_VALUES:,} are allowed",
    )


def _count_values(text: str) -> int:
    """Return an upper bound of how many JSON values and lines a text has; lines of text are not values."""
    if text[0] in "{[":
        return limits.count_values(text)
    lines = text.split("\n")
    return len(lines) + sum(limits.count_values(line) for line in lines if line.lstrip()[:1] in ("{", "["))


def _check_count(records: int) -> None:
    if records > limits.MAX_RECORDS:
        raise Rejected(
            "too_many_records", f"the message holds more than the {limits.MAX_RECORDS:,} records allowed"
        )


def _check_spread(rows: Sequence[Row]) -> None:
    hours = {row.ts[:13] for row in rows}
    days = len({hour[:10] for hour in hours})
    if days > limits.MAX_PARTITIONS:
        raise Rejected(
            "too_many_days",
            f"the message's records span {days:,} days; {limits.MAX_PARTITIONS} are allowed",
        )
    if len(hours) > limits.MAX_HOURS:
        raise Rejected(
            "too_many_hours",
            f"the message's records span {len(hours):,} hours; {limits.MAX_HOURS} are allowed",
        )


def _identified(message: _Message, unpacked: Unpacked) -> Unpacked:
    """Return a message without envelope under a lasting batch id, if its records all have ids of their own.

    Its deduplication id does not last: a move to the dead-letter queue replaces it by the message id
    (Amazon SQS Developer Guide, dead-letter queue redrive).
    """
    untimed = any(TS_DERIVED in row.flags for row in unpacked.rows)
    if any(ID_DERIVED in row.flags for row in unpacked.rows):
        return replace(unpacked, untimed=untimed)
    return replace(unpacked, batch_id=message.content_id(), lasting=True, untimed=untimed)


def _digest(*parts: str) -> str:
    """Return 32 hexadecimal digits that identify these texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _unpack_envelope(message: _Message, envelope: Mapping[str, Any]) -> Unpacked:
    appid = message.appid
    if envelope["logctl"] not in (VERSION, EARLIER):
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
    lines = count_lines(plain)
    _check_count(lines)
    if lines != envelope["count"]:
        raise Rejected("count", "the envelope does not hold as many records as it says")
    earlier = envelope["logctl"] == EARLIER
    batch_id = batch_id_of(appid, plain if earlier else decode_frame(envelope["data"]))
    if envelope["batch_id"] != batch_id:
        raise Rejected("batch_id", "the envelope's batch_id is not that of its content")
    if earlier:
        _check_values(plain.decode("utf-8", "replace"))
    take = _take_wire if earlier else _take_row
    rows, rejected, untimed = [], [], False
    for position, line in enumerate(plain.removesuffix(b"\n").split(b"\n")):
        try:
            row, got_time = take(line, appid, message.sent_at)
        except (Rejected, strictjson.Malformed) as problem:
            content = line.decode("utf-8", "replace")
            rejected.append(RejectedRecord(problem.reason, problem.detail, content, position))
        else:
            rows.append(row)
            untimed = untimed or got_time
    return Unpacked(appid, batch_id, rows, tuple(rejected), lasting=True, untimed=untimed, source=source)


def _take_wire(line: bytes, appid: str, sent_at: int) -> tuple[Row, bool]:
    """Return the row of a line of an envelope of version 1, and whether it has got `sent_at` as its time."""
    sent = from_wire(strictjson.loads(line, depth=_WIRE_DEPTH, keys=_WIRE_KEYS), appid)
    return _taken(sent, sent_at)


def _take_row(line: bytes, appid: str, sent_at: int) -> tuple[Row, bool]:
    """Return the row of a line of an envelope, and whether it has got `sent_at` as its time.

    A canonical row stays as it is, unless something of it has to be changed.
    """
    found = decode_with_times(line + b"\n")
    if found is None:
        return _taken(from_cold(strictjson.loads(line), appid), sent_at)
    rows, times = found
    if _are_taken_as_they_are(rows, times, sent_at):
        return rows[0], False
    return _taken(record_of(rows[0], appid), sent_at)


def _taken(sent: Record, sent_at: int) -> tuple[Row, bool]:
    record = from_producer(sent, sent_at=sent_at)
    return row_of(record), record.ts != sent.ts


def _unpack_parts(message: _Message, parts: Iterable[BodyPart]) -> Unpacked:
    """Return the records of a message without an envelope.

    Raises:
        Rejected: it has none, or too many; the reason is that of its first part.
    """
    batch_id = message.bare_id()
    rows: list[Row] = []
    rejected: list[RejectedRecord] = []
    seq = -1
    for number, part in enumerate(parts, 1):
        _check_count(number)
        # Records of one line are in the order in which they are in it.
        seq = max(seq + 1, part.position)
        try:
            rows.append(row_of(_record(message, part, seq, derive_id(batch_id, part.place))))
        except Rejected as problem:
            content = part.text or json.dumps(part.value, ensure_ascii=False)
            rejected.append(RejectedRecord(problem.reason, problem.detail, content, part.position))
    if not rows:
        if not rejected:
            raise Rejected("empty", "the message has no records")
        raise Rejected(rejected[0].reason, rejected[0].detail, records=len(rejected))
    return _identified(message, Unpacked(message.appid, batch_id, rows, tuple(rejected)))


def _record(message: _Message, part: BodyPart, seq: int, fallback_id: str) -> Record:
    record = from_reading(
        part.reading, appid=message.appid, seq=seq, sent_at=message.sent_at, fallback_id=fallback_id
    )
    raw = keep(part.text, record) if part.text and not part.whole else None
    return record if raw is None else replace(record, fields={**record.fields, RAW: raw})
