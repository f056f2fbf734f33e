"""The record: one log event, and the forms in which it is sent, stored and shown.

What producers write has no common form. `core.formats` finds time, level and message in it; `from_reading`
makes a record of what was found. Everything else is kept in `fields`, where it cannot overwrite a member of
the record.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from logctl.core import levels, strictjson
from logctl.core.appid import RULE, is_appid
from logctl.core.formats.reading import Reading
from logctl.core.times import iso, parse_time, plausible

RAW = "logctl.raw"
"""The field that has what is needed to write the original line of a record again (see `formats.original`)."""
ID_PATTERN = r"[A-Za-z0-9_-]{8,64}"
_ID = re.compile(ID_PATTERN)


TS_DERIVED = "ts_derived"
"""The record had no usable time; its time is when it was read or sent."""
ID_DERIVED = "id_derived"
"""The producer gave no usable event_id; it is a hash of content and position."""
LATE = "late"
"""It arrived so long after its time that it does not count towards alerts."""
TRUNCATED = "truncated"
"""An answer of the API, or a hot row of an earlier version, has only the start of the message; S3 has all."""
REDACTED = "redacted="
"""The prefix of the flag that says how many secrets were redacted in a record."""
_OURS_ALONE = re.compile(rf"{LATE}|{TRUNCATED}|{REDACTED}.*", re.DOTALL)


class Rejected(ValueError):
    """The input is not a valid record or message.

    `reason` is a code for programs, `detail` a sentence for people, `records` the number of records
    concerned.
    """

    def __init__(self, reason: str, detail: str, *, records: int = 1) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.records = records


@dataclass(slots=True)
class Record:
    """One log event. It is never changed (`replace` makes another one); a frozen class is four times as slow.

    `ts` is in milliseconds since the epoch. `seq` is the position at the producer (the byte offset in a file,
    or the index in a message): records of the same time are sorted by it.
    """

    appid: str
    event_id: str
    ts: int
    level: str
    message: str
    seq: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def flagged(self, flag: str) -> Record:
        """Return the record with a flag added."""
        return self if flag in self.flags else replace(self, flags=(*self.flags, flag))


def from_reading(reading: Reading, *, appid: str | None, seq: int, sent_at: int, fallback_id: str) -> Record:
    """Return the record of what a producer's line or object says.

    - `appid`: the app that it must belong to; None when its own fields have to say it.
    - `sent_at`: milliseconds; used when it has no time, or an implausible one.
    - `fallback_id`: used when its fields have no usable event_id.

    Raises:
        Rejected: with `appid` or `group_mismatch`.
    """
    fields = dict(reading.fields)
    app = take_app(fields, appid) or appid
    if app is None:
        raise Rejected("appid", "there is no appid in the record and none was given")
    flags = list(reading.flags)

    ts = reading.ts
    if ts is None:
        flags.append(TS_DERIVED)
    elif not plausible(ts, sent_at):
        fields = {"ts": ts, **fields}
        flags.append(TS_DERIVED)
        ts = None

    event_id = take_id(fields)
    if event_id is None:
        event_id = fallback_id
        flags.append(ID_DERIVED)
    return Record(
        app,
        event_id,
        sent_at if ts is None else ts,
        reading.level,
        reading.message,
        seq=seq,
        fields=fields,
        flags=tuple(flags),
    )


def take_app(fields: dict[str, Any], expected: str | None) -> str | None:
    """Remove the app that a record's fields name, and return it; None if they name none.

    Raises:
        Rejected: with `appid` if it cannot be one, with `group_mismatch` if it is not the `expected` one.
    """
    if "appid" not in fields:
        return None
    claimed = fields.pop("appid")
    if not is_appid(claimed):
        raise Rejected("appid", f"{str(claimed)[:80]!r} cannot name an app: {RULE}")
    if expected is not None and claimed != expected:
        raise Rejected("group_mismatch", f"the record belongs to {claimed!r}, the message to {expected!r}")
    return str(claimed)


def take_id(fields: dict[str, Any]) -> str | None:
    """Remove the event_id that a producer gave a record, and return it; None if there is no usable one."""
    event_id = fields.get("event_id")
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        return None
    del fields["event_id"]
    return event_id


def derive_id(*parts: object) -> str:
    """Return 24 hexadecimal digits that identify content at a position; equal parts give the same id."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:24]


# ── The forms a record takes ────────────────────────────────────────────────────────────────────────


def from_wire(wire: object, appid: str) -> Record:
    """Return the record of its form in envelopes of version 1, and in hot rows of the same versions.

    Raises:
        Rejected: with `schema`, naming the member that is not what it must be.
    """
    if not isinstance(wire, Mapping):
        raise Rejected("schema", "a record in the envelope is not an object")
    unusable = _unusable(wire)
    if unusable:
        raise Rejected("schema", f"a record in the envelope has no usable {unusable!r}")
    return Record(
        appid=appid,
        event_id=wire["event_id"],
        ts=wire["ts"],
        level=wire["level"],
        message=wire["message"],
        seq=wire.get("seq", 0),
        fields=wire.get("fields", {}),
        flags=tuple(wire.get("flags", ())),
    )


_LEVELS = frozenset((*levels.ORDER, levels.UNKNOWN))


def _unusable(wire: Mapping[str, Any]) -> str:
    """Return the name of the first member of a record that is not what it must be; "" if all are."""
    get = wire.get
    event_id, ts, level, seq = get("event_id"), get("ts"), get("level"), get("seq", 0)
    if not isinstance(event_id, str) or _ID.fullmatch(event_id) is None:
        return "event_id"
    if not _is_int(ts) or not 0 <= ts < 10**13:
        return "ts"
    if not isinstance(level, str) or level not in _LEVELS:
        return "level"
    if not isinstance(get("message"), str):
        return "message"
    if not _is_int(seq) or not 0 <= seq < 2**63:
        return "seq"
    if not isinstance(get("fields", {}), Mapping):
        return "fields"
    flags = get("flags", [])
    if not isinstance(flags, list) or not all(isinstance(flag, str) for flag in flags):
        return "flags"
    return ""


def is_ours_alone(flag: str) -> bool:
    """Return whether only the consumer may set a flag."""
    return _OURS_ALONE.fullmatch(flag) is not None


def from_producer(record: Record, *, sent_at: int) -> Record:
    """Return a record of an envelope, which any producer can have written, as it is taken.

    Flags that only the consumer can set (late, truncated, redacted) are dropped, and an implausible time is
    replaced as in a message without an envelope. `TS_DERIVED` and `ID_DERIVED` are kept: `logctl send` sets
    them.
    """
    if record.flags:
        said = tuple(flag for flag in record.flags if not is_ours_alone(flag))
        record = replace(record, flags=said)
    if not plausible(record.ts, sent_at):
        fields = {"ts": record.ts, **record.fields}
        record = replace(record, ts=sent_at, fields=fields).flagged(TS_DERIVED)
    return record


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def from_cold(cold: object, appid: str) -> Record:
    """Return the record of a row (`core.rows`) that is not canonical.

    Raises:
        Rejected: with `schema`, naming the member that is not what it must be.
    """
    if not isinstance(cold, Mapping):
        raise Rejected("schema", "a stored record is not an object")
    try:
        fields = strictjson.loads(cold["fields"]) if cold.get("fields") else {}
        ts = parse_time(cold["ts"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Rejected("schema", "a stored record has no usable 'ts' or 'fields'") from None
    return from_wire({**cold, "ts": ts, "fields": fields}, appid)


def shown_fields(record: Record) -> dict[str, Any]:
    """Return the fields that are shown and searched: all but `RAW`, which repeats what the record says."""
    return {name: value for name, value in record.fields.items() if name != RAW}


def to_public(record: Record) -> dict[str, Any]:
    """Return a record as `tail -o json` and the API show it."""
    public: dict[str, Any] = {
        "ts": iso(record.ts),
        "appid": record.appid,
        "level": record.level,
        "message": record.message,
        "event_id": record.event_id,
    }
    if fields := shown_fields(record):
        public["fields"] = fields
    if record.flags:
        public["flags"] = list(record.flags)
    return public
