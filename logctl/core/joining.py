"""Which lines of a plain-text log belong together.

In a file whose records begin with a time, every other line belongs to the record before it: a stack
trace stays with its error. Where no line has one, each line is a record, except what is plainly the rest
of the line before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from logctl.core import levels
from logctl.core.textlog import Head, continues, read_head

MAX_LINES = 1_000
MAX_CHARACTERS = 256 * 1024
"""A record takes no more lines and text than this; what follows is a record of its own."""
_TRACEBACK = "Traceback (most recent call last):"


@dataclass(slots=True)
class TextRecord:
    """Lines that belong together. `offset` and `end` are positions in bytes, `line` counts from 1."""

    offset: int
    end: int
    line: int
    lines: list[str]
    ts: int | None
    level: str
    size: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Joiner:
    """Takes lines and gives back records. What it gives depends on the lines alone."""

    def __init__(self, reference: int) -> None:
        self._reference = reference
        self._current: TextRecord | None = None
        self._blank: list[str] = []
        self._any_heads = False
        self._in_traceback = False

    def add(self, text: str, offset: int, end: int, line: int) -> TextRecord | None:
        """Take a line; the record before it, if this line ends that."""
        if not text.strip():
            # Blank lines count only when more of the same record follows.
            self._blank.append(text)
            return None
        head = read_head(text, self._reference)
        if head is None and self._continues(text) and self._has_room(text):
            assert self._current is not None
            self._current.lines += [*self._blank, text]
            self._current.size += len(text) + 1
            self._current.end = end
            self._blank = []
            return None
        finished, self._blank = self._current, []
        if head is None and finished is not None and self._any_heads:
            # Too long for one record: the rest keeps the record's time and level.
            head = Head(finished.ts, finished.level)
        self._any_heads = self._any_heads or head is not None
        self._in_traceback = text.startswith(_TRACEBACK)
        ts, level = (head.ts, head.level) if head else (None, levels.UNKNOWN)
        self._current = TextRecord(offset, end, line, [text], ts, level, len(text))
        return finished

    def finish(self) -> TextRecord | None:
        """The last record."""
        finished, self._current, self._blank = self._current, None, []
        return finished

    def _continues(self, text: str) -> bool:
        if self._current is None:
            return False
        if self._any_heads:
            return True
        if continues(text) and not text.startswith(_TRACEBACK):
            return True
        if self._in_traceback:
            # The line that names the exception stands at the margin, and ends the traceback.
            self._in_traceback = False
            return True
        return False

    def _has_room(self, text: str) -> bool:
        assert self._current is not None
        return (
            len(self._current.lines) + len(self._blank) < MAX_LINES
            and self._current.size + len(text) < MAX_CHARACTERS
        )
