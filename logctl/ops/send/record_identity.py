"""Making records from the entries of a source, with ids that are the same whenever the source is sent.

A record's id is derived from its app and from the content of its source up to and including its first line. A
line is therefore the same record when its file is sent, followed, copied, renamed, compressed or sent again,
while equal lines at two places of a file are two records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from logctl.core.formats.original import Raw, keep, keep_canonical
from logctl.core.formats.reading import BAD_TIME, Reading
from logctl.core.records import RAW, TS_DERIVED, Record, Rejected, derive_id, take_app, take_id
from logctl.core.times import plausible
from logctl.ops.send.app_names import AppNames
from logctl.ops.send.entries import Entry, Recognised, Rejection
from logctl.ops.send.packing import TooBig, check_fits

_SMALL = 16 * 1024
"""Characters of a text whose record fits a message in any case: it has fewer values, and is not longer than
a few times the text."""


@dataclass(frozen=True)
class Source:
    """The origin of entries.

    Args:
        app: the app of all entries; None if each entry names its app.
        read_at: milliseconds; the time of entries before the first time in the source.
        now: milliseconds; a time more than seven days after it counts as wrong.
        name: part of each record's identity, for sources with equal content that are not copies.
        where: part of the identity of entries before the first time in the source. Such lines ("started",
            "done") are equal on many machines and every night, while lines with a time hardly ever are.
        otherwise: without `app`, the app of entries that name none.
        names: without `app`, how entries name their app.
    """

    app: str | None
    read_at: int
    now: int
    name: str = ""
    where: str = ""
    otherwise: str | None = None
    names: AppNames = field(default_factory=AppNames)

    def app_of(self, reading: Reading, text: str = "") -> str | None:
        """Return the app of a record without `appid`; None if there is none. `text` is its original text."""
        return self.app or self.names.of_reading(reading, text) or self.otherwise


class Placed(Struct):
    """A record with the number of its first line and the identity of its source (see `Trail.source`).

    `recognised` is that of its entry.
    """

    record: Record
    line: int
    source: str
    recognised: Recognised | None = None


def records(entries: Iterable[Entry | Rejection], source: Source) -> Iterator[Placed | Rejection]:
    """Yield the records of a source's entries and its rejected parts, in order."""
    for entry in entries:
        if isinstance(entry, Rejection):
            yield entry
            continue
        try:
            record = _fitting(entry, source)
        except Rejected as problem:
            yield Rejection(entry.line, entry.offset, problem.reason, problem.detail)
        except TooBig as problem:
            yield Rejection(entry.line, entry.offset, "too_big", str(problem))
        else:
            yield Placed(record, entry.line, entry.source, entry.recognised)


def _fitting(entry: Entry, source: Source) -> Record:
    """Return an entry's record, with what its original text needs if it fits a message with it.

    Raises:
        TooBig: it does not fit a message.
    """
    fields: dict[str, Any] = {}
    record = _record(entry, source, fields)
    raw = _raw(entry, record)
    if raw is not None:
        fields[RAW] = raw
    if 0 < len(entry.text) < _SMALL:
        return record  # it is encoded only once, when its message is full
    if raw is not None:
        try:
            check_fits(record)
        except TooBig:
            del fields[RAW]
        else:
            return record
    check_fits(record)
    return record


def _raw(entry: Entry, record: Record) -> Raw | None:
    """Return what is needed beside a record to write its original text again; None if nothing is."""
    text = entry.text or record.message
    value = None if isinstance(entry.value, str) else entry.value
    if entry.parsed is not None and text[0] == "{" and text[-1] == "}":
        value = entry.parsed
        taken = entry.reading.taken
        if taken is not None and entry.style is not None and len(record.fields) + len(taken) == len(value):
            return keep_canonical(value, entry.style, taken, record)
    return keep(text, record, value, entry.style)


def _record(entry: Entry, source: Source, fields: dict[str, Any]) -> Record:
    """Return an entry's record; its fields are put into `fields`, so that one can be added."""
    reading = entry.reading
    fields.update(reading.fields)
    is_object = not isinstance(entry.value, str)
    app = source.app if source.app and "appid" not in fields else None
    if app is None:
        app = _app(entry, source, fields if is_object else {}, reading)
    event_id = take_id(fields) if is_object else None
    if event_id is None:
        # It comes from content and place, here at the producer: it is as good as one of its own.
        event_id = _identity(entry, source, app)
    ts, flags = reading.ts, reading.flags
    if ts is None or not plausible(ts, source.now):
        ts, flags = _time_beside(entry, reading, source)
    return Record(
        appid=app,
        event_id=event_id,
        ts=ts,
        level=reading.level,
        message=reading.message,
        seq=entry.offset,
        fields=fields,
        flags=flags,
    )


def _app(entry: Entry, source: Source, fields: dict[str, Any], reading: Reading) -> str:
    """Return a record's app, and remove it from its fields.

    Raises:
        Rejected: it names no app, an app that cannot be one, or another one than that of its source.
    """
    app = take_app(fields, source.app)
    if app is not None:
        return app
    app = source.app_of(reading, entry.text)
    if app is None:
        if isinstance(entry.value, str):
            raise Rejected("appid", "plain text does not say its app; give --app")
        raise Rejected("appid", "there is no appid in the record and none was given")
    return app


def _time_beside(entry: Entry, reading: Reading, source: Source) -> tuple[int, tuple[str, ...]]:
    """Return time and flags of a record without a plausible time: the last one in the source before it.

    A record whose own time is wrong never has the time of another one.
    """
    flags = reading.flags
    usable = reading.ts is None and BAD_TIME not in flags
    if usable and entry.ts is not None and plausible(entry.ts, source.now):
        return entry.ts, flags if isinstance(entry.value, str) else (*flags, TS_DERIVED)
    return source.read_at, (*flags, TS_DERIVED)


def _identity(entry: Entry, source: Source, app: object) -> str:
    """Return a record's id; no clock or file name goes into it, because a copy of the source has others."""
    if entry.ts is not None:
        return derive_id(app, source.name, entry.chain)
    return derive_id(app, source.name, entry.chain, source.where, entry.again)
