"""Reading lines into entries: one JSON object in each line, or plain text with its stack traces joined.

One reader serves whole files and growing ones. It starts from a `Position`, which holds everything that the
lines before it say about the lines after it. Reading on from a saved place gives the same entries as reading
without a break, so that `send -f` can repeat a batch exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, assert_never

from logctl.core.levels import UNKNOWN
from logctl.ops.send.entries import MAX_LINE, Entry, Rejection, Trail, json_entry, not_utf8, too_big
from logctl.ops.send.input_forms import BOM, Errors, Form, LineForm
from logctl.core.formats.text_line import continues, find_level, read_head

MAX_JOINED_LINES = 1_000
MAX_JOINED = 256 * 1024
"""The most bytes of a record that consists of several lines."""

_TRACEBACK = "Traceback (most recent call last):"
_PARTIAL_CHARACTER = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2}|\r)\Z")


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a source, with the state of reading that the lines before it have left."""

    offset: int = 0
    line: int = 1
    inside_line: bool = False
    """Whether the position is in the middle of a line that was too long."""
    headed: bool = False
    """Whether a line so far began with a time or a level; then a line without belongs to the one before."""
    ts: int | None = None
    """The last time so far, in milliseconds."""
    level: str = UNKNOWN
    chain: str = ""
    """`Trail.chain` in hexadecimal."""
    source: str = ""
    """`Trail.source`."""


@dataclass(slots=True)
class _Line:
    """One line, or a part of a line that is too long.

    `continued` marks every part but the first, `cut` every part but the last.
    """

    offset: int
    end: int
    number: int
    data: bytes
    continued: bool
    cut: bool
    chain: str


@dataclass(slots=True)
class _Open:
    """The text record that the next line may continue. `blanks` counts blank lines since its last line."""

    offset: int
    end: int
    line: int
    ts: int | None
    level: str
    texts: list[str]
    chain: str
    traceback: bool = False
    blanks: int = 0


class LineReader:
    """A reader of entries from the lines of a source, starting at a place."""

    def __init__(
        self,
        form: LineForm,
        *,
        errors: Errors,
        reference: int,
        place: Position | None = None,
        max_line: int = MAX_LINE,
    ) -> None:
        place = place or Position()
        self._offset, self._number, self._inside_line = place.offset, place.line, place.inside_line
        self._headed, self._ts, self._level = place.headed, place.ts, place.level
        self._trail = Trail(bytes.fromhex(place.chain), place.source)
        self._form = form
        self._errors = errors
        self._reference = reference
        self._max_line = max_line
        self._open: _Open | None = None

    @property
    def place(self) -> Position:
        """The place after the last line read, from which reading may continue unless a record is `held`."""
        return Position(
            offset=self._offset,
            line=self._number,
            inside_line=self._inside_line,
            headed=self._headed,
            ts=self._ts,
            level=self._level,
            chain=self._trail.chain.hex(),
            source=self._trail.source,
        )

    @property
    def held(self) -> int | None:
        """Offset of the record that the next line may continue; None if there is none."""
        return self._open.offset if self._open else None

    @property
    def expects(self) -> bool:
        """Whether the open record is a stack trace or the like, of which more lines probably come."""
        return self._open is not None and (self._open.traceback or len(self._open.texts) > 1)

    def read(self, stream: BinaryIO, *, final: bool) -> Iterator[Entry | Rejection]:
        """Yield the entries of `stream`, whose position is `place`.

        With `final`, the end of the stream ends the last line and the last record; without, an unfinished
        line and an open record are left for later.
        """
        for line in self._lines(stream, final=final):
            match self._form:
                case Form.TEXT:
                    yield from self._text(line)
                case Form.JSON_LINES:
                    yield from self._json(line)
                case _:
                    assert_never(self._form)
        if final:
            yield from self._close()

    def skip(self, stream: BinaryIO) -> None:
        """Advance over `stream` without reading entries, for the `Trail` of the place after it."""
        for _ in self._lines(stream, final=True):
            pass

    def _lines(self, stream: BinaryIO, *, final: bool) -> Iterator[_Line]:
        limit = self._max_line + 2  # with its end of line
        rest = b""
        while data := rest + stream.readline(limit - len(rest)):
            rest = b""
            ended, cut = data.endswith(b"\n"), False
            if not ended and len(data) >= limit:
                cut = True
                if partial := _PARTIAL_CHARACTER.search(data, len(data) - 3):
                    data, rest = data[: partial.start()], data[partial.start() :]
            elif not ended and not final:
                return
            offset, number, continued = self._offset, self._number, self._inside_line
            self._offset, self._number, self._inside_line = offset + len(data), number + ended, not ended
            body = data[: -2 if data.endswith(b"\r\n") else -1] if ended else data
            if offset == 0:
                body = body.removeprefix(BOM)
            yield _Line(
                offset=offset,
                end=self._offset,
                number=number,
                data=body,
                continued=continued,
                cut=cut,
                chain=self._trail.step(body),
            )

    def _decode(self, line: _Line) -> str | Rejection:
        try:
            return line.data.decode("utf-8", self._errors)
        except UnicodeDecodeError as problem:
            return not_utf8(line.number, line.offset, problem)

    # ── JSON ────────────────────────────────────────────────────────────────────────────────────────

    def _json(self, line: _Line) -> Iterator[Entry | Rejection]:
        if line.continued:
            return  # the first part of this line was rejected as too long
        if line.cut or len(line.data) > self._max_line:
            yield too_big(line.number, line.offset, self._max_line)
        elif line.data and not line.data.isspace():
            item = json_entry(
                line.data,
                self._errors,
                offset=line.offset,
                end=line.end,
                line=line.number,
                ts=self._ts,
                chain=line.chain,
                source=self._trail.source,
            )
            self._ts = item.ts if isinstance(item, Entry) else self._ts
            yield item

    # ── Text ────────────────────────────────────────────────────────────────────────────────────────

    def _text(self, line: _Line) -> Iterator[Entry | Rejection]:
        text = self._decode(line)
        if isinstance(text, Rejection):
            yield text
            return
        if line.continued:
            if text:
                yield from self._begin(line, text, self._ts, self._level)
            return
        if not text or text.isspace():
            if self._open:
                self._open.blanks += 1
            return
        head = read_head(text, self._reference)
        if head is not None:
            ts = head.ts if head.ts is not None else self._ts
            self._headed = True
            yield from self._begin(line, text, ts, head.level)
        elif self._open and self._belongs(self._open, text):
            if self._has_room(self._open, line):
                self._append(self._open, line, text)
            else:
                yield from self._begin(line, text, self._ts, self._level)
        elif self._headed and not self._open:
            yield from self._begin(line, text, self._ts, self._level)
        else:
            yield from self._begin(line, text, None, find_level(text))

    def _belongs(self, record: _Open, text: str) -> bool:
        if self._headed:
            return True
        if text.startswith(_TRACEBACK):
            return False
        if continues(text):
            return True
        # The first line of a traceback that is not indented, `ValueError: …`, is its last.
        ends_traceback, record.traceback = record.traceback, False
        return ends_traceback

    def _has_room(self, record: _Open, line: _Line) -> bool:
        lines = len(record.texts) + record.blanks + 1
        return lines <= MAX_JOINED_LINES and line.end - record.offset <= MAX_JOINED

    def _append(self, record: _Open, line: _Line, text: str) -> None:
        record.texts.extend([""] * record.blanks)
        record.texts.append(text)
        record.blanks = 0
        record.end = line.end
        record.traceback = record.traceback or text.startswith(_TRACEBACK)

    def _begin(self, line: _Line, text: str, ts: int | None, level: str) -> Iterator[Entry]:
        yield from self._close()
        self._open = _Open(
            offset=line.offset,
            end=line.end,
            line=line.number,
            ts=ts,
            level=level,
            texts=[text],
            chain=line.chain,
            traceback=text.startswith(_TRACEBACK),
        )
        self._ts, self._level = ts, level

    def _close(self) -> Iterator[Entry]:
        if record := self._open:
            self._open = None
            yield Entry(
                offset=record.offset,
                end=record.end,
                line=record.line,
                value="\n".join(record.texts),
                ts=record.ts,
                level=record.level,
                chain=record.chain,
                source=self._trail.source,
            )
