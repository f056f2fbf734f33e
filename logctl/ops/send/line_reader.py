"""Reading lines into entries, each line as JSON or text, with the lines of stack traces joined.

One reader serves whole files and growing ones. It starts from a `Position`, which holds everything that the
lines before it say about the lines after it. Reading on from a saved place gives the same entries as reading
without a break, so that `send -f` can repeat a batch exactly.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from logctl.core import strictjson
from logctl.core.canonical_json import read_canonical
from logctl.core.formats.joining import Joined
from logctl.core.formats.json_objects import load
from logctl.core.formats.object_lines import ObjectLines
from logctl.core.formats.plain_objects import read_plain
from logctl.core.formats.reading import MALFORMED_JSON, NOT_UTF8, Context, Format, Reading
from logctl.core.levels import UNKNOWN
from logctl.core.times import EARLIEST, LATEST
from logctl.ops.send.byte_streams import CHUNK, Prepended, buffered
from logctl.ops.send.encodings import decode_mixed
from logctl.ops.send.entries import MAX_LINE, Entry, Recognised, Rejection, Trail, not_utf8
from logctl.ops.send.input_forms import BOM, Errors, Form, LineForm
from logctl.ops.send.json_array import Element

_PARTIAL_CHARACTER = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2}|\r)\Z")


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a source, with the state of reading that the lines before it have left."""

    offset: int = 0
    line: int = 1
    inside_line: bool = False
    """Whether the position is in the middle of a line that was too long."""
    ts: int | None = None
    """The last time so far, in milliseconds."""
    level: str = UNKNOWN
    """The level of the last record."""
    chain: str = ""
    """`Trail.chain` in hexadecimal."""
    source: str = ""
    """`Trail.source`."""
    state: str = ""
    """`Joiner.state`."""
    day_first: bool = False
    """`Context.day_first`."""


class _Line(Struct):
    """One line, or a part of a line that is too long, and later the place of a record that begins with it.

    `continued` marks every part but the first, `cut` every part but the last. `before` is the last time in
    the lines before it. `value` is the object that it holds.
    """

    offset: int
    end: int
    number: int
    data: bytes
    continued: bool
    cut: bool
    chain: str
    before: int | None = None
    value: Mapping[str, Any] | None = None
    not_utf8: bool = False
    text: str | None = None
    """Its text, if it is known already."""
    style: int | None = None
    """`Entry.style`"""


class LineReader(ObjectLines[_Line, Entry]):
    """A reader of entries from the lines of a source, starting at a place."""

    def __init__(
        self,
        form: LineForm,
        *,
        errors: Errors,
        reference: int,
        zone: tzinfo = UTC,
        formats: tuple[Format, ...] = (),
        only: str | None = None,
        plain: bool = False,
        place: Position | None = None,
        max_line: int = MAX_LINE,
    ) -> None:
        """Create a reader; `plain` says that JSON objects are text, and the others are those of `Context`."""
        place = place or Position()
        self._offset, self._number, self._inside_line = place.offset, place.line, place.inside_line
        self._ts, self._level = place.ts, place.level
        self._trail = Trail(bytes.fromhex(place.chain), place.source)
        self._form = form
        self._errors = errors
        self._plain = plain
        self._max_line = max_line
        context = Context(reference, zone, formats, only, place.day_first)
        super().__init__(context, place.state, most=max_line)

    @property
    def place(self) -> Position:
        """The place after the last line read, from which reading may continue unless a record is `held`."""
        return Position(
            offset=self._offset,
            line=self._number,
            inside_line=self._inside_line,
            ts=self._ts,
            level=self._level,
            chain=self._trail.chain.hex(),
            source=self._trail.source,
            state=self._joiner.state,
            day_first=self._context.day_first,
        )

    @property
    def held(self) -> int | None:
        """Offset of the first record that the next lines may continue; None if there is none."""
        held = self._joiner.held
        if held is not None:
            return held.offset
        return self._collected[0][0].offset if self._collected else None

    @property
    def expects(self) -> bool:
        """Whether an open record is a stack trace or the like, of which more lines probably come."""
        return self._joiner.expects or bool(self._collected)

    def read(self, stream: BinaryIO, *, final: bool) -> Iterator[Entry | Rejection]:
        """Yield the entries of `stream`, whose position is `place`.

        With `final`, the end of the stream ends the last line and the last record; without, an unfinished
        line and an open record are left for later.
        """
        for line in self._lines(stream, final=final):
            if entries := self._line(line):
                yield from entries
        if final:
            yield from self._close()

    def skip(self, stream: BinaryIO) -> None:
        """Advance over `stream` without reading entries, for the `Trail` of the place after it."""
        for _ in self._lines(stream, final=True):
            pass

    def element(
        self, element: Element, within: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    ) -> Iterator[Entry | Rejection]:
        """Yield the entries of an element of an array, in the order of the source.

        `within`: makes the object that contains only this element, and says what it is.
        """
        line = _Line(
            offset=element.offset,
            end=element.offset + len(element.data),
            number=element.line,
            data=element.data,
            continued=False,
            cut=False,
            chain=self._trail.step(element.data),
        )
        text = self._decode(line)
        if within is not None and isinstance(text, str):
            try:
                value, malformed = load(text)
            except strictjson.Malformed:
                value, malformed = None, False
            if isinstance(value, Mapping):
                yield from self._object(line, text, within(value), malformed=malformed)
                return
        yield from self._line(line)
        if self._collected:
            yield from self._give_up()

    def pass_over(self, data: bytes) -> None:
        """Make a part of the source that is in no entry a part of the identity of those after it."""
        self._trail.step(data)

    def move_to(self, offset: int, line: int) -> None:
        """Go on with the line that begins at a place after the elements."""
        self._offset, self._number, self._inside_line = offset, line, False

    def _lines(self, stream: BinaryIO, *, final: bool) -> Iterator[_Line]:
        """Yield the lines of a stream, those of a block at once unless something about them is special."""
        read = getattr(stream, "read1", stream.read)
        limit, parts, size = self._max_line + 2, [], 0
        while more := read(CHUNK):
            end = more.rfind(b"\n") + 1
            if not end:
                parts.append(more)
                size += len(more)
                if size >= limit or not parts[0][0]:
                    rest = buffered(Prepended(b"".join(parts), stream))
                    yield from self._special_lines(rest, final=final)
                    return
                continue
            block = b"".join((*parts, more[:end])) if parts else more[:end]
            parts, size = [more[end:]] if end < len(more) else [], len(more) - end
            text = self._plain_text(block, limit)
            if text is None:
                yield from self._special_lines(io.BytesIO(block), final=False)
            else:
                yield from self._plain_lines(block, text)
        if parts:
            yield from self._special_lines(io.BytesIO(b"".join(parts)), final=final)

    def _plain_text(self, block: bytes, limit: int) -> str | None:
        """Return the text of a block of whole lines; None if one of them may have to be looked at closely."""
        if self._inside_line or len(block) > limit or b"\0" in block:
            return None
        if self._offset == 0 and block.startswith(BOM):
            return None
        try:
            return block.decode()
        except UnicodeDecodeError:
            return None

    def _plain_lines(self, block: bytes, text: str) -> Iterator[_Line]:
        trail, offset, number = self._trail, self._offset, self._number
        has_returns = b"\r" in block
        for data, content in zip(block[:-1].split(b"\n"), text[:-1].split("\n"), strict=True):
            end = offset + len(data) + 1
            if has_returns and content.endswith("\r"):
                data, content = data[:-1], content[:-1]
            chain = trail.step(data)
            self._offset, self._number = end, number + 1
            yield _Line(
                offset=offset,
                end=end,
                number=number,
                data=data,
                continued=False,
                cut=False,
                chain=chain,
                text=content,
            )
            offset, number = end, number + 1

    def _special_lines(self, stream: BinaryIO, *, final: bool) -> Iterator[_Line]:
        """Yield the lines of a stream; holes of zeros are passed over, lines that are too long divided."""
        limit = self._max_line + 2  # with its end of line
        rest, zeros = b"", 0
        while data := rest + stream.readline(limit - len(rest)):
            rest = b""
            if not data[0] and not self._inside_line:
                # A file has zeros where a crash, or a program that did not notice a truncation, left a hole.
                content = data.lstrip(b"\0")
                zeros += len(data) - len(content)
                if not content.endswith(b"\n"):
                    rest = content
                    continue
                data = content
            ended, cut = data.endswith(b"\n"), False
            if not ended and len(data) >= limit:
                cut = True
                if partial := _PARTIAL_CHARACTER.search(data, len(data) - 3):
                    data, rest = data[: partial.start()], data[partial.start() :]
            elif not ended and not final:
                return
            offset, number, continued = self._offset + zeros, self._number, self._inside_line
            zeros = 0
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
        self._offset += zeros

    def _decode(self, line: _Line) -> str | Rejection:
        try:
            if self._errors is Errors.DETECT:
                text, valid = decode_mixed(line.data)
                line.not_utf8 = not valid
                return text
            return line.data.decode("utf-8", self._errors)
        except UnicodeDecodeError as problem:
            return not_utf8(line.number, line.offset, problem)

    # ── Lines ───────────────────────────────────────────────────────────────────────────────────────

    def _line(self, line: _Line) -> Iterable[Entry | Rejection]:
        text = line.text
        if text is not None and text[:1] == "{" and text[-1] == "}" and not (self._collector or self._plain):
            canonical = read_canonical(text)
            if canonical is not None and not strictjson.may_have_more_keys(text):
                return self._canonical(line, text, *canonical)
        if text is None:
            decoded = self._decode(line)
            if isinstance(decoded, Rejection):
                return (decoded,)
            text = decoded
        if line.continued:
            return self._rest_of_line(line, text)
        if self._collector is not None:
            return self._collect(self._collector, line, text)
        if not text or text.isspace():
            self._joiner.blank(text)
            return ()
        if not text[0].isalnum() and not self._plain and self._may_be_object(text):
            return self._objects(line, text)
        return self._add(line, text, self._joiner.read(text))

    def _rest_of_line(self, line: _Line, text: str) -> Iterator[Entry]:
        yield from self._close()
        if text:
            line.before = self._ts
            yield self._entry(Joined(Reading(text, level=self._level, inner=text), text, line, line))

    def _add(self, place: _Line, text: str, reading: Reading) -> Iterable[Entry]:
        place.before = self._ts
        ts = reading.ts
        if ts is not None and EARLIEST <= ts < LATEST:
            self._ts = ts
        complete = self._joiner.add(text, reading, place)
        if len(complete) == 1:
            return (self._entry(complete[0]),)
        return [self._entry(joined) for joined in complete]

    def _close(self) -> Iterator[Entry]:
        while self._collected:
            yield from self._give_up()
        for joined in self._joiner.end():
            yield self._entry(joined)

    def _entry(self, joined: Joined[_Line]) -> Entry:
        reading, line = joined.reading, joined.first
        if (line.not_utf8 or joined.last.not_utf8) and NOT_UTF8 not in reading.flags:
            reading.flags = (*reading.flags, NOT_UTF8)
        own = reading.ts is not None and EARLIEST <= reading.ts < LATEST
        self._level = reading.level
        return Entry(
            offset=line.offset,
            end=joined.last.end,
            line=line.number,
            value=joined.text if line.value is None or reading.layers else line.value,
            parsed=line.value if joined.lines == 1 and MALFORMED_JSON not in reading.flags else None,
            ts=reading.ts if own else line.before,
            level=reading.level,
            chain=line.chain,
            source=self._trail.source,
            recognised=Recognised(
                reading.format,
                reading.layers,
                zone=None if reading.ts is None else reading.zone,
                lines=joined.lines,
            ),
            reading=reading,
            text=joined.text,
            style=line.style if joined.lines == 1 else None,
        )

    # ── Objects ─────────────────────────────────────────────────────────────────────────────────────

    def _canonical(self, line: _Line, text: str, value: dict[str, Any], style: int) -> Iterable[Entry]:
        """Return the entries of a line that is an object in one of the styles of `canonical_json`."""
        reading = read_plain(value, self._context)
        if reading is None or not self._joiner.passes():
            line.style = style
            return self._object(line, text, value)
        before = self._ts
        ts = self._ts = before if reading.ts is None else reading.ts
        self._level = reading.level
        reading.inner = text
        zone = None if reading.ts is None else reading.zone
        return (
            Entry(
                offset=line.offset,
                end=line.end,
                line=line.number,
                value=value,
                ts=ts,
                level=reading.level,
                chain=line.chain,
                source=self._trail.source,
                recognised=Recognised(reading.format, (), zone),
                reading=reading,
                text=text,
                parsed=value,
                style=style,
            ),
        )

    def _may_be_object(self, text: str) -> bool:
        first = text[0]
        return (
            first == "{"
            or (first in " \t[" and text.lstrip(" \t[")[:1] == "{")
            or (self._form is Form.JSON_LINES and text.strip() in ("[", "]", ","))
        )

    def _objects(self, line: _Line, text: str) -> Iterator[Entry]:
        """Yield the entries of a line that begins like an object."""
        if text.endswith("}"):
            try:
                value, malformed = load(text)
            except strictjson.Malformed:
                pass
            else:
                if isinstance(value, Mapping):
                    yield from self._object(line, text, value, malformed=malformed)
                    return
        if self._form is Form.JSON_LINES and text.strip() in ("[", "]", ","):
            return  # the brackets of an array whose elements are lines
        start = 0
        if text.lstrip()[0] == "[":
            if self._form is not Form.JSON_LINES:
                yield from self._text(line, text)
                return
            start = text.index("[") + 1
        yield from self._scan(line, text, start)

    def _again(self, place: _Line, text: str) -> Iterable[Entry]:
        if self._collector is not None:
            return self._collect(self._collector, place, text)
        if not text or text.isspace():
            self._joiner.blank(text)
            return ()
        return self._objects(place, text) if self._may_be_object(text) else self._text(place, text)

    def _part(self, place: _Line, name: str) -> _Line:
        return replace(place, chain=place.chain + name)

    def _of_object(self, place: _Line, value: Mapping[str, Any], _malformed: bool, /) -> _Line:
        place.value = value
        return place

    def _from_to(self, first: _Line, last: _Line) -> _Line:
        # Objects begin with equal lines: what tells them apart is in the lines after.
        return replace(first, end=last.end, chain=last.chain)

    def _ends(self, place: _Line) -> bool:
        return not place.cut

    def _stays_text(self, rest: str) -> bool:
        return rest[0] != "{" and self._joiner.held is not None
