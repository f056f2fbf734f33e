"""From what a source holds to records with an identity of their own.

A record's id comes from its app and from the content of its source up to and including its first line. So one
line is one record, whether its file is sent, followed, copied, renamed, compressed or sent again, while the
same line at two places of a file stays two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from logctl.core.envelope import TooBig, check_fits
from logctl.core.records import ID_DERIVED, TS_DERIVED, Record, Rejected, derive_id, from_mapping
from logctl.core.times import plausible
from logctl.ops.send.entries import Entry, Rejection


@dataclass(frozen=True)
class Source:
    """Where entries come from.

    Args:
        app: the app they are of; None when they say it themselves.
        read_at: milliseconds; stands in for a time where a source has said none yet.
        now: milliseconds; a time more than a day after it is a mistake.
        name: part of each record's identity, where its content does not tell it from another's.
        where: part of the identity of what comes before the first time in a source. Such lines ("started",
            "done") are the same on all machines and every night, where a time hardly ever is.
    """

    app: str | None
    read_at: int
    now: int
    name: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record, the line of its source at which it begins, and the source by its first line (see `Trail`)."""

    record: Record
    line: int
    source: str


def records(entries: Iterable[Entry | Rejection], source: Source) -> Iterator[Placed | Rejection]:
    """The records of a source's entries, and what in it is refused, in order."""
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
            yield Placed(record, entry.line, entry.source)


def split(entries: Iterable[Entry | Rejection], source: Source) -> tuple[list[Record], list[Rejection]]:
    """The records of some entries, and what is refused, apart."""
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
    record = from_mapping(
        entry.value,
        appid=source.app,
        seq=entry.offset,
        sent_at=source.read_at if entry.ts is None else min(entry.ts, source.now),
        fallback_id=_identity(entry, source, source.app or entry.value.get("appid")),
    )
    # Made here from content and place, the id is the producer's own.
    return replace(record, flags=tuple(flag for flag in record.flags if flag != ID_DERIVED))


def _from_text(entry: Entry, text: str, source: Source) -> Record:
    if source.app is None:
        raise Rejected("appid", "plain text does not say its app; give --app")
    event_id = _identity(entry, source, source.app)
    if entry.ts is not None and plausible(entry.ts, source.now):
        return Record(source.app, event_id, entry.ts, entry.level, text, entry.offset)
    return Record(source.app, event_id, source.read_at, entry.level, text, entry.offset, flags=(TS_DERIVED,))


def _identity(entry: Entry, source: Source, app: object) -> str:
    """Without a clock, a name of a file, or anything else that a copy does not have."""
    if entry.ts is not None:
        return derive_id(app, source.name, entry.chain)
    return derive_id(app, source.name, entry.chain, source.where, entry.again)
