"""What `send --dry-run` shows: records as the pipeline would store them, and how their lines were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from logctl.core.records import LATE, Record, from_producer
from logctl.core.redaction import Redactor
from logctl.core.rows import record_of, row_of
from logctl.ops.send.entries import Recognised
from logctl.ops.send.record_identity import Placed


@dataclass
class ReadingTally:
    """How many records were read in which way.

    `formats` counts the records by the name of their format and its layers, such as `("log4j", "docker")`;
    without a format the name is "". `zoneless` counts the records with a time that does not say its zone,
    `flags` the records by flag, `joined` the lines that continue a record.
    """

    records: int = 0
    formats: Counter[tuple[str, ...]] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    zoneless: int = 0
    joined: int = 0

    def add(self, record: Record, recognised: Recognised | None) -> None:
        """Count a record."""
        self.records += 1
        self.flags.update(record.flags)
        if recognised is not None:
            self.formats[(recognised.format, *reversed(recognised.layers))] += 1
            self.zoneless += recognised.zone == ""
            self.joined += recognised.lines - 1


@dataclass
class Preview:
    """A preview of what the consumer would store of records that are sent now.

    `late_after` (milliseconds) and `redact` are the settings of these names; `clock` returns milliseconds.
    `tally` counts the records so far.
    """

    late_after: int
    redact: Sequence[str]
    clock: Callable[[], int]
    tally: ReadingTally = field(default_factory=ReadingTally)

    def stored(self, placed: Iterable[Placed | None]) -> Iterator[Record | None]:
        """Yield records as they would be stored, and None wherever `placed` has it."""
        redactor = Redactor(self.redact)
        for item in placed:
            if item is None:
                yield None
                continue
            sent_at = self.clock()
            record = from_producer(record_of(row_of(item.record), item.record.appid), sent_at=sent_at)
            record = redactor.record(record, batch_id=item.source)
            if sent_at - record.ts > self.late_after:
                record = record.flagged(LATE)
            self.tally.add(record, item.recognised)
            yield record
