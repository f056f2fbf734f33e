"""Lines into entries: NDJSON a line each, plain text with its stack traces joined.

One reader serves a whole file and a growing one. It works from a `Place`, which holds all that earlier
lines have to say about later ones; reading on from a kept place gives what reading straight through gives,
which is what lets `send -f` repeat a batch exactly.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal

from logctl.core import strictjson
from logctl.core.levels import UNKNOWN
from logctl.core.records import find_time
from logctl.ops.send.line_head import continues, find_level, read_head

MAX_LINE = 1024 * 1024
MAX_JOINED_LINES = 1_000
MAX_JOINED = 256 * 1024

BOM = b"\xef\xbb\xbf"

Errors = Literal["strict", "replace"]
LineForm = Literal["text", "json"]

_TRACEBACK = "Traceback (most recent call last):"
_PARTIAL_CHARACTER = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2}|\r)\Z")


@dataclass(slots=True)
class Trail:
    """What identifies a place in a source: all of its content before it, and none of its names or times.

    `chain` is a hash over every line so far, each with the chain before it; `source` is the chain after the
    first line. A copy has the same, however it came about; two sources that differ have others from there on.
    """

    chain: bytes = b""
    source: str = ""

    def step(self, line: bytes) -> str:
        """Go over a line (without its end) or an element; its chain in hexadecimal."""
        self.chain = hashlib.sha256(self.chain + line).digest()[:16]
        chain = self.chain.hex()
        self.source = self.source or chain[:16]
        return chain


@dataclass(frozen=True, slots=True)
class Entry:
    """A JSON object or the text of a record. `offset` and `end` are bytes, `line` counts from 1.

    `ts` is its own time or the last one before it; without it nothing in the source has said a time yet.
    `chain` and `source` are its first line's (see `Trail`). `again` counts the earlier files under the same
    name that began with all the same lines, where somebody has seen them.
    """

    offset: int
    end: int
    line: int
    value: Mapping[str, Any] | str
    ts: int | None = None
    level: str = UNKNOWN
    chain: str = field(default="", compare=False)
    source: str = field(default="", compare=False)
    again: int = 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """What cannot be an entry. `reason` is a code for programs, `detail` a sentence for people."""

    line: int
    offset: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading is, and what the lines so far mean for the next."""

    offset: int = 0
    line: int = 1
    inside_line: bool = False
    """In the middle of a line that was too long."""
    headed: bool = False
    """Records have had times or levels at their front, so a line without belongs to the one before it."""
    ts: int | None = None
    level: str = UNKNOWN
    chain: str = ""
    """`Trail.chain` in hexadecimal."""
    source: str = ""


@dataclass(slots=True)
class _Line:
    offset: int
    end: int
    number: int
    data: bytes
    continued: bool
    cut: bool
    chain: str


@dataclass(slots=True)
class _Open:
    """The record that may go on."""

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
    """Reads the lines of a stream from a place on."""

    def __init__(
        self,
        form: LineForm,
        *,
        errors: Errors,
        reference: int,
        place: Place | None = None,
        max_line: int = MAX_LINE,
    ) -> None:
        place = place or Place()
        self._offset, self._number, self._inside_line = place.offset, place.line, place.inside_line
        self._headed, self._ts, self._level = place.headed, place.ts, place.level
        self._trail = Trail(bytes.fromhex(place.chain), place.source)
        self._read_one = self._json if form == "json" else self._text
        self._errors = errors
        self._reference = reference
        self._max_line = max_line
        self._open: _Open | None = None

    @property
    def place(self) -> Place:
        """After the last line read; while a record is open, not a place to go on from."""
        return Place(
            self._offset,
            self._number,
            self._inside_line,
            self._headed,
            self._ts,
            self._level,
            self._trail.chain.hex(),
            self._trail.source,
        )

    @property
    def held(self) -> int | None:
        """Where the record begins that may go on."""
        return self._open.offset if self._open else None

    def read(self, stream: BinaryIO, *, final: bool) -> Iterator[Entry | Rejection]:
        """Entries of `stream`, which stands at `place`.

        With `final` its end ends the last line and the last record; without, both are left.
        """
        for line in self._lines(stream, final=final):
            yield from self._read_one(line)
        if final:
            yield from self._close()

    def skip(self, stream: BinaryIO) -> None:
        """Go over `stream` for its `Trail` alone, without a look at what is in it."""
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
            yield _Line(offset, self._offset, number, body, continued, cut, self._trail.step(body))

    def _decode(self, line: _Line) -> str | Rejection:
        try:
            return line.data.decode("utf-8", self._errors)
        except UnicodeDecodeError as problem:
            return not_utf8(line.number, line.offset, problem)

    # ── JSON ────────────────────────────────────────────────────────────────────────────────────────

    def _json(self, line: _Line) -> Iterator[Entry | Rejection]:
        if line.continued:
            return  # of a line that was refused as too long
        if line.cut or len(line.data) > self._max_line:
            yield too_big(line.number, line.offset, self._max_line)
        elif line.data and not line.data.isspace():
            item = json_entry(
                line.offset,
                line.end,
                line.number,
                line.data,
                self._errors,
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
        # A traceback's last line, `ValueError: …`, is the first that is not indented.
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
            line.offset, line.end, line.number, ts, level, [text], line.chain, text.startswith(_TRACEBACK)
        )
        self._ts, self._level = ts, level

    def _close(self) -> Iterator[Entry]:
        if record := self._open:
            self._open = None
            text = "\n".join(record.texts)
            yield Entry(
                record.offset,
                record.end,
                record.line,
                text,
                record.ts,
                record.level,
                record.chain,
                self._trail.source,
            )


def json_entry(
    offset: int,
    end: int,
    line: int,
    data: bytes,
    errors: Errors,
    *,
    ts: int | None,
    chain: str,
    source: str,
) -> Entry | Rejection:
    """One JSON object. `ts` is the last time before it."""
    try:
        value = strictjson.loads(data.decode("utf-8", errors))
    except UnicodeDecodeError as problem:
        return not_utf8(line, offset, problem)
    except strictjson.Malformed as problem:
        return Rejection(line, offset, problem.reason, problem.detail)
    if not isinstance(value, dict):
        return Rejection(line, offset, "not_object", "it is JSON, but not an object")
    return Entry(offset, end, line, value, find_time(value, ts), UNKNOWN, chain, source)


def not_utf8(line: int, offset: int, problem: UnicodeDecodeError) -> Rejection:
    byte = problem.object[problem.start]
    return Rejection(
        line, offset, "encoding", f"byte 0x{byte:02x} at column {problem.start + 1} is not UTF-8"
    )


def too_big(line: int, offset: int, limit: int) -> Rejection:
    return Rejection(line, offset, "too_big", f"it is longer than {limit:,} bytes")
