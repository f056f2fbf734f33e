"""Making records from the entries of a source, with ids that are the same whenever the source is sent.

A record's id is derived from its app and from the content of its source up to and including its first line. A
line is therefore the same record when its file is sent, followed, copied, renamed, compressed or sent again,
while equal lines at two places of a file are two records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from logctl.core.envelope import TooBig, check_fits
from logctl.core.records import ID_DERIVED, TS_DERIVED, Record, Rejected, derive_id, from_mapping
from logctl.core.times import plausible
from logctl.ops.send.entries import Entry, Recognised, Rejection


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
    """

    app: str | None
    read_at: int
    now: int
    name: str = ""
    where: str = ""
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
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
            record = _record(entry, source)
            check_fits(record)
        except Rejected as problem:
            yield Rejection(entry.line, entry.offset, problem.reason, problem.detail)
        except TooBig as problem:
            yield Rejection(entry.line, entry.offset, "too_big", str(problem))
        else:
            yield Placed(record, entry.line, entry.source, entry.recognised)


def split(entries: Iterable[Entry | Rejection], source: Source) -> tuple[list[Record], list[Rejection]]:
    """Return the records of some entries, and separately the rejected parts."""
    made, refused = [], []
    for item in records(entries, source):
        if isinstance(item, Placed):
            made.append(item.record)
        else:
            refused.append(item)
    return made, refused


def _record(entry: Entry, source: Source) -> Record:
    if isinstance(entry.value, str):
        return _from_text(entry, entry.value, source)
    app = source.app or (None if "appid" in entry.value else source.otherwise)
    record = from_mapping(
        entry.value,
        appid=app,
        seq=entry.offset,
        sent_at=source.read_at if entry.ts is None else min(entry.ts, source.now),
        fallback_id=_identity(entry, source, app or entry.value.get("appid")),
    )
    # The id is derived from content and place here, at the producer, so it is as good as one of its own.
    return replace(record, flags=tuple(flag for flag in record.flags if flag != ID_DERIVED))


def _from_text(entry: Entry, text: str, source: Source) -> Record:
    app = source.app or source.otherwise
    if app is None:
        raise Rejected("appid", "plain text does not say its app; give --app")
    event_id = _identity(entry, source, app)
    known = entry.ts is not None and plausible(entry.ts, source.now)
    return Record(
        appid=app,
        event_id=event_id,
        ts=entry.ts if entry.ts is not None and known else source.read_at,
        level=entry.level,
        message=text,
        seq=entry.offset,
        flags=() if known else (TS_DERIVED,),
    )


def _identity(entry: Entry, source: Source, app: object) -> str:
    """Return a record's id; no clock or file name goes into it, because a copy of the source has others."""
    if entry.ts is not None:
        return derive_id(app, source.name, entry.chain)
    return derive_id(app, source.name, entry.chain, source.where, entry.again)
