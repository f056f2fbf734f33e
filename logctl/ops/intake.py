"""From what a source holds to records with an identity of their own.

A record's id comes from its app, its source, its place in it and its content, so that sending the same
file again makes the same records, while the same line at two places, or from two hosts, stays two.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from logctl.core.envelope import TooBig, check_fits
from logctl.core.records import ID_DERIVED, TS_DERIVED, Record, Rejected, derive_id, from_mapping
from logctl.core.times import iso, plausible
from logctl.ops.sources import Entry, Rejection


@dataclass(frozen=True)
class Source:
    """Where entries come from. `name` is part of each record's identity; `read_at` (milliseconds)
    stands in for a time that an entry does not have."""

    name: str
    read_at: int
    app: str | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and the line of its source at which it begins."""

    record: Record
    line: int


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
            yield Placed(record, entry.line)


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
    content = json.dumps(entry.value, sort_keys=True)
    record = from_mapping(
        entry.value,
        appid=source.app,
        seq=entry.offset,
        sent_at=source.read_at,
        fallback_id=derive_id(source.app, source.name, entry.offset, content),
    )
    if TS_DERIVED in record.flags and ID_DERIVED in record.flags:
        record = replace(
            record, event_id=derive_id(source.app, source.name, entry.offset, content, source.read_at)
        )
    # Made here from content and place, the id is the producer's own.
    return replace(record, flags=tuple(flag for flag in record.flags if flag != ID_DERIVED))


def _from_text(entry: Entry, text: str, source: Source) -> Record:
    if source.app is None:
        raise Rejected("appid", "plain text does not say its app; give --app")
    place = (source.app, source.name, entry.offset, text)
    if entry.ts is not None and plausible(entry.ts, source.read_at):
        return Record(source.app, derive_id(*place), entry.ts, entry.level, text, entry.offset)
    # A job that writes "done" every night writes it anew each night: without a time of its own, a line's
    # identity includes when it was written.
    return Record(
        source.app,
        derive_id(*place, iso(source.read_at)),
        source.read_at,
        entry.level,
        text,
        entry.offset,
        flags=(TS_DERIVED,),
    )
