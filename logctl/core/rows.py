"""Rows: the form in which a record is sent, stored in S3 and kept in hot rows.

A row is one line of JSON with a member for each column of the table (`schema.COLUMNS`), always in the same
order and the same notation: `encode` writes it, and what `encode` writes is called canonical. `send` packs
canonical rows, so that the consumer can store the bytes of a message as they came: it decodes them, encodes
them again, and compares. Equal bytes are valid JSON without duplicate or unknown members, and every member is
what it must be.

`fields` is JSON text: Hive ignores the case of names and needs one type for each, producers' keys have
neither. Whether that text is JSON is checked by whoever reads it (`record_of`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from logctl.core import strictjson
from logctl.core.records import Record
from logctl.core.times import from_iso, iso

UNREAD = "logctl.fields"
"""The field that has the text of a row's `fields` if that is not an object in JSON."""

_Level = Literal["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "FATAL", "UNKNOWN"]
_ID_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
"""Those of `records.ID_PATTERN`."""
_TIME_FORM = b"0000-00-00T00:00:00.000Z"
_WIDTH = len(_TIME_FORM)
_DIGITS_AS_0 = bytes.maketrans(b"123456789", b"000000000")
_AT_A_TIME = 128
"""How many rows are encoded at a time for a comparison, which then needs no memory from the system."""
_TENS = frozenset("012345")
"""The first digits of minutes and seconds."""
# A record's fields, and one member more where `send` adds what the original line needs.
_FIELD_DEPTH = strictjson.MAX_DEPTH
_FIELD_KEYS = strictjson.MAX_KEYS + 10


class Row(msgspec.Struct, omit_defaults=True, gc=False):
    """A record as it is stored; its app is known from where it is stored.

    `ts` has the form of `times.iso`. `fields` is an object in JSON, None if there are none.
    """

    event_id: Annotated[str, Meta(min_length=8, max_length=64)]
    ts: Annotated[str, Meta(min_length=24, max_length=24)]
    level: _Level
    message: str
    flags: tuple[str, ...]
    seq: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    fields: str | None = None

    def milliseconds(self) -> int:
        """Return the time in milliseconds since the epoch."""
        return from_iso(self.ts)


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Row)
_decode_any = msgspec.json.Decoder().decode


def row_of(record: Record) -> Row:
    """Return the row of a record; halves of surrogate pairs in its texts become U+FFFD."""
    message, fields, flags = record.message, record.fields, record.flags
    return Row(
        event_id=record.event_id,
        ts=iso(record.ts),
        level=record.level,  # type: ignore[arg-type] # one of `levels.ORDER` or UNKNOWN
        message=message if message.isascii() else _whole(message),
        flags=tuple([_whole(flag) for flag in flags]) if flags else (),
        seq=record.seq,
        fields=fields_text(fields) if fields else None,
    )


def record_of(row: Row, appid: str) -> Record:
    """Return the record of a row.

    Its fields are what their text says. A text that is not an object in JSON, or one that parsers read in
    different ways, is kept under the name `UNREAD`.
    """
    return _record(row, appid, parse_fields(row.fields))


def without_fields(row: Row, appid: str) -> Record:
    """Return the record of a row, but without its fields, for what does not look at them."""
    return _record(row, appid, {})


def _record(row: Row, appid: str, fields: dict[str, Any]) -> Record:
    return Record(
        appid=appid,
        event_id=row.event_id,
        ts=from_iso(row.ts),
        level=row.level,
        message=row.message,
        seq=row.seq,
        fields=fields,
        flags=row.flags,
    )


def parse_fields(text: str | None) -> dict[str, Any]:
    """Return the fields that a row's text says, as `record_of` does; none for None."""
    if text is None:
        return {}
    canonical = canonical_fields(text)
    if canonical is not None:
        return canonical[0]
    try:
        fields = strictjson.loads(text, depth=_FIELD_DEPTH, keys=_FIELD_KEYS)
    except strictjson.Malformed:
        fields = None
    return fields if isinstance(fields, dict) else {UNREAD: text}


def canonical_fields(text: str) -> tuple[dict[str, Any], bytes] | None:
    """Return fields and their text as bytes if it is what `fields_text` writes, and not large; else None.

    What is written as it was read has no key twice, and only numbers that all parsers read alike.
    """
    if len(text) >= 5 * _FIELD_KEYS or text.count("{") + text.count("[") > _FIELD_DEPTH:
        return None
    try:
        fields = _decode_any(text)
        again = _ENCODER.encode(fields)
    except (ValueError, RecursionError):
        return None
    return (fields, again) if fields.__class__ is dict and again == text.encode() else None


def fields_text(fields: Any) -> str:
    """Return fields as compact JSON."""
    try:
        return _ENCODER.encode(fields).decode()
    except (msgspec.MsgspecError, UnicodeError, OverflowError, TypeError, RecursionError):
        # A number of more than 64 bits, or half of a surrogate pair.
        return _whole(json.dumps(fields, ensure_ascii=False, check_circular=False, separators=(",", ":")))


def _whole(text: str) -> str:
    """Return a text that can be encoded in UTF-8: its halves of surrogate pairs become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


# ── Rows as bytes ───────────────────────────────────────────────────────────────────────────────────


def encode_row(row: Row) -> bytes:
    """Return a row as one line, without the line's end."""
    return _ENCODER.encode(row)


def encode_rows(rows: Sequence[Row]) -> bytes:
    """Return rows as NDJSON; each line has an end, as in an object in S3."""
    return _ENCODER.encode_lines(rows)


@dataclass(frozen=True, slots=True)
class Times:
    """The times of rows, in the order of the rows; `first` and `last` are the earliest and the latest."""

    each: list[str]
    first: str
    last: str
    ascending: bool

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Times:
        """Return the times of at least one row."""
        each = [row.ts for row in rows]
        ordered = sorted(each)
        return cls(each, ordered[0], ordered[-1], each == ordered)

    def share(self, width: int) -> bool:
        """Return whether all times begin with the same characters: what is between two such texts does."""
        return self.first[:width] == self.last[:width]


def decode_rows(plain: bytes) -> list[Row] | None:
    """Return the rows of NDJSON that is byte for byte what `encode_rows` writes; None for any other."""
    found = decode_with_times(plain)
    return found[0] if found else None


def decode_with_times(plain: bytes) -> tuple[list[Row], Times] | None:
    """Return the rows of canonical NDJSON, as `decode_rows` does, and their times."""
    try:
        rows = _DECODER.decode_lines(plain)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if not rows or not _are_canonical(rows, plain):
        return None
    times = Times.of(rows)
    return (rows, times) if _are_ids([row.event_id for row in rows]) and _are_times(times) else None


def _are_canonical(rows: Sequence[Row], plain: bytes) -> bool:
    """Return whether NDJSON is what these rows are encoded to; never more than a part of it is made."""
    place = 0
    for start in range(0, len(rows), _AT_A_TIME):
        encoded = _ENCODER.encode_lines(rows[start : start + _AT_A_TIME])
        if not plain.startswith(encoded, place):
            return False
        place += len(encoded)
    return place == len(plain)


def _are_ids(ids: Sequence[str]) -> bool:
    """Return whether texts are ids; their lengths are known to be right."""
    return not "".join(ids).encode().translate(None, _ID_CHARACTERS)


def _are_times(times: Times) -> bool:
    """Return whether texts are times; their lengths are known to be right.

    What all texts must have in common is looked at in all of them together.
    """
    joined = "".join(times.each)
    if joined.encode().translate(_DIGITS_AS_0) != _TIME_FORM * len(times.each):
        return False
    if not (_TENS.issuperset(joined[14::_WIDTH]) and _TENS.issuperset(joined[17::_WIDTH])):
        return False
    try:
        for hour in (times.first[:13],) if times.share(13) else {time[:13] for time in times.each}:
            from_iso(f"{hour}:00:00.000Z")
    except ValueError:
        return False
    return True


def read_stored(plain: bytes) -> list[Row]:
    """Return the rows of an object or hot row that the consumer wrote, of this or an earlier version.

    Raises:
        ValueError: it has a line that no version of the consumer has written.
    """
    try:
        return _DECODER.decode_lines(plain)
    except (msgspec.MsgspecError, UnicodeError) as problem:
        raise ValueError(f"a stored record cannot be read: {problem}") from None
