"""What `logctl formats test` finds in a file: formats, joined lines, flags, and lines that no format fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from logctl.core.safe_text import shorten
from logctl.ops.send.entries import Rejection
from logctl.ops.send.input_messages import Inputs
from logctl.ops.send.preview import ReadingTally

MOST_SHOWN = 10
"""Unrecognised lines that are kept for each file."""
_LONGEST = 200


@dataclass(frozen=True)
class UnrecognisedLine:
    """A line without a format: its number, and its text, which may be shortened."""

    line: int
    text: str


@dataclass
class FormatReport:
    """How the lines of one file were read. `unrecognised` has the first lines without a format."""

    path: str
    tally: ReadingTally = field(default_factory=ReadingTally)
    unrecognised: list[UnrecognisedLine] = field(default_factory=list)
    rejected: list[tuple[str, Rejection]] = field(default_factory=list)

    @property
    def without_format(self) -> int:
        """The number of records that no format and no layer fits."""
        return self.tally.formats[("",)]


def report(
    inputs: Inputs, path: str, *, limit: int | None = None, advance: Callable[[], None] = lambda: None
) -> FormatReport:
    """Return the report on an input, or on its first `limit` records; `advance` is called for each."""
    found = FormatReport(path)
    of_one = replace(inputs, paths=[path], refused=found.rejected)
    for placed in of_one.placed():
        recognised = placed.recognised
        found.tally.add(placed.record, recognised)
        unknown = recognised is not None and not recognised.format and not recognised.layers
        if unknown and len(found.unrecognised) < MOST_SHOWN:
            first_line = placed.record.message.partition("\n")[0]
            found.unrecognised.append(UnrecognisedLine(placed.line, shorten(first_line, _LONGEST)))
        advance()
        if found.tally.records == limit:
            break
    return found
