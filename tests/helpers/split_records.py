"""The records of entries in memory, apart from what was rejected."""

from __future__ import annotations

from collections.abc import Iterable

from logctl.core.records import Record
from logctl.ops.send.entries import Entry, Rejection
from logctl.ops.send.record_identity import Placed, Source, records


def split(entries: Iterable[Entry | Rejection], source: Source) -> tuple[list[Record], list[Rejection]]:
    """Return the records of some entries, and separately the rejected parts."""
    made, refused = [], []
    for item in records(entries, source):
        if isinstance(item, Placed):
            made.append(item.record)
        else:
            refused.append(item)
    return made, refused
