"""Joining lines into records, by the rules of languages and runtimes and never because nothing else matches.

A line continues the open record of its stream if the grammar of a trace says so (see `traces`), if it is
indented more than the record's first line, or if the format of the record always has several lines. A line
with a head of its own begins a record. Where only the next line can tell, a line waits for it: the first
line of a Java trace may be any text.

Lines that a container runtime has divided into parts are put together first, and read again as a whole.

What later lines depend on is a short text, `Joiner.state`: reading on from a place gives the records that
reading without a break gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import astuple

from logctl.core.formats import registry
from logctl.core.formats.column_headers import ColumnHeader, header_of, loads
from logctl.core.formats.continuation import (
    ALIGNED,
    IN_BOX,
    JUL_FORMAT,
    MAX_BLANK,
    PYTHON_GOES_ON,
    RICH_PLACE,
    STATE_MEMBERS,
    LineVerdict,
    StreamState,
    after,
    decide,
    first_state,
    is_blank,
    milder,
)
from logctl.core.formats.joined_records import read_parts, reading_of
from logctl.core.formats.reader import read_line
from logctl.core.formats.reading import Context, Joins, Reading
from logctl.core.formats.traces import CONFIRMS, TRACES
from logctl.core.levels import UNKNOWN, parse_level

MAX_JOINED_LINES = 1_000
MAX_JOINED = 256 * 1024
"""The most characters of a record that consists of several lines."""
MAX_PARTS = 1024 * 1024
"""The most characters of a line that was divided into parts."""
_MAX_STREAMS = 8
"""How many interleaved streams have open records at the same time."""
_PATIENCE = 20
"""How many lines of other streams may come before the next line of a record that has no trace yet."""
_ENTANGLED = 200
"""How many lines of interleaved streams are read before all of their records are ended, so that a file that
is followed has places where no record is open."""
_MAX_DOUBTFUL = 5
"""Lines in sequence that wait for a line that shows whether they continue the record."""

Place = TypeVar("Place")


class Joined(Struct, Generic[Place]):
    """A complete record.

    Attributes:
        reading: what the whole record says; its message has the further lines, without their layers.
        text: the lines as they were, with blank lines between them.
        first: the place of its first line, as it was given to the joiner; `last` is that of the last one.
        lines: how many lines it has.
    """

    reading: Reading
    text: str
    first: Place
    last: Place
    lines: int = 1


class _Line(Struct, Generic[Place]):
    text: str
    reading: Reading
    place: Place


class _Open(Struct, Generic[Place]):
    """A record that may get further lines."""

    stream: str
    state: StreamState
    first: _Line[Place]
    last: Place
    texts: list[str]
    messages: list[str]
    blanks: list[str] = []
    doubtful: list[_Line[Place]] = []
    size: int = 0
    idle: int = 0
    done: bool = False


class _Parts(Struct, Generic[Place]):
    """The parts of a line, of which the last one has not come yet."""

    first: _Line[Place]
    inner: list[str]
    texts: list[str]
    last: Place
    size: int


class Joiner(Generic[Place]):
    """A joiner of the lines of one source. With the `state` of another joiner, it goes on at its place."""

    def __init__(self, context: Context, state: str = "") -> None:
        self._context = context
        self._joins = _several_lines(context)
        self._open: dict[str, _Open[Place]] = {}
        self._queue: list[_Open[Place] | Joined[Place]] = []
        self._parts: dict[str, _Parts[Place]] = {}
        self._states: dict[str, StreamState] = {}
        self._since: Place | None = None
        self._entangled = 0
        self._last = ""
        self._header: ColumnHeader | None = None
        if state:
            self._last, states, header = json.loads(state)
            self._header = loads(header)
            self._states = {
                stream: StreamState(*values)
                for stream, values in states.items()
                if len(values) == len(STATE_MEMBERS)
            }

    @property
    def held(self) -> Place | None:
        """The place of the first line of the open records; None if all records so far are complete."""
        return self._since

    @property
    def state(self) -> str:
        """What later lines depend on, once no record is open."""
        header = self._header.dumps() if self._header is not None else ""
        if not self._states and not self._last and not header:
            return ""
        states = {stream: astuple(state) for stream, state in self._states.items()}
        return json.dumps([self._last, states, header], separators=(",", ":"))

    def line(self, text: str, place: Place) -> list[Joined[Place]]:
        """Read the next line; return the records that are complete now."""
        return self.add(text, self.read(text), place)

    def read(self, text: str) -> Reading:
        """Return what the next line says; it has to be added. Headers of columns are kept for later lines."""
        if self._header is not None:
            reading = self._header.read(text, self._context)
            if reading is not None:
                return reading
        reading = read_line(text, self._context)
        if text[:1] == "#" or not (reading.begins or reading.layers):
            header = header_of(text, self._header)
            if header is not None:
                self._header, reading.begins = header, True
        return reading

    def add(self, text: str, reading: Reading, place: Place) -> list[Joined[Place]]:
        """Add the next line, which was read already; return the records that are complete now.

        The further lines of a text that was logged at once, as in macOS's system.log, the output of
        journalctl and of `aws logs tail`, have no layer; they can only continue the line before.
        """
        if reading.begins and (before := self._next_record(text, reading, place)) is not None:
            return [before]
        if self._since is None:
            self._since = place
        if reading.layers:
            self._last = reading.stream
        elif reading.begins:
            self._last = ""
        elif self._last:
            reading.stream = self._last
        if not reading.begins and reading.inner[:1] == " ":
            self._read_aligned(reading)
        line = _Line(text, reading, place)
        if reading.partial or (self._parts and reading.stream in self._parts):
            self._part(line)
        else:
            self._add(line)
        return self._complete()

    def _next_record(self, text: str, reading: Reading, place: Place) -> Joined[Place] | None:
        """Add a line that begins a record and ends the only open one, and return that one: the usual case.

        Return None, and add nothing, if anything else may have to be decided.
        """
        queue, stream = self._queue, reading.stream
        if len(queue) != 1 or len(self._open) != 1 or self._parts or self._states or reading.partial:
            return None
        record = queue[0]
        if not isinstance(record, _Open) or record.stream != stream or record.doubtful:
            return None
        state, inner = record.state, reading.inner
        # With these, `decide` answers no.
        if state.trace or state.opened or state.until or (reading.layers and not reading.format):
            return None
        if not inner or inner.isspace() or not self._may_continue(reading):
            return None
        self._last = stream if reading.layers else ""
        begun = first_state(reading, self._joins.get(reading.format))
        self._open[stream] = queue[0] = _Open(
            stream,
            begun,
            _Line(text, reading, place),
            place,
            texts=[text],
            messages=[reading.message],
            size=len(text),
        )
        self._since, self._entangled = place, 0
        record.done = True
        return _joined(record, self._context)

    def passes(self) -> bool:
        """Add a record that no line continues, such as an object, if it is complete at once.

        Return False if lines before it are not complete: then it has to be added like any other.
        """
        if self._queue or self._open or self._parts or self._states:
            return False
        self._last = ""
        return True

    def blank(self, text: str = "") -> None:
        """Add a blank line, which is in no layer."""
        if (record := self._open.get(self._last)) is not None:
            self._blank(record, text)
        elif (state := self._states.get(self._last)) is not None:
            state.blank += 1

    def end(self) -> list[Joined[Place]]:
        """End all records, because no line follows, or none for a long time; return those that are left."""
        for parts in [*self._parts.values()]:
            self._assemble(parts)
        self._end_all()
        return self._complete()

    @property
    def expects(self) -> bool:
        """Whether an open record is a trace, of which more lines probably come."""
        return bool(self._parts) or any(record.state.trace for record in self._open.values())

    def _read_aligned(self, reading: Reading) -> None:
        """Read the level of a line below the level of the record before it.

        rich writes the time only where it is another one than in the line before.
        """
        record = self._open.get(reading.stream)
        state = record.state if record is not None else self._states.get(reading.stream)
        column = state.column if state is not None else 0
        if column and not reading.inner[:column].strip() and (found := ALIGNED.match(reading.inner, column)):
            reading.level, reading.begins = parse_level(found[1]), True
            reading.message = reading.inner[found.end() :].rstrip()
            if place := RICH_PLACE.search(reading.message, max(0, len(reading.message) - 200)):
                reading.message = reading.message[: place.start()]
                reading.fields = {"file": place[1], "line": int(place[2])}

    # ── Parts of lines ──────────────────────────────────────────────────────────────────────────────

    def _part(self, line: _Line[Place]) -> None:
        stream = line.reading.stream
        parts = self._parts.get(stream)
        size = len(line.text)
        if parts is not None and parts.size + size > MAX_PARTS:
            self._assemble(parts)
            parts = None
        if parts is None:
            if not line.reading.partial:
                self._add(line)
                return
            if len(self._parts) >= _MAX_STREAMS:
                self._assemble(next(iter(self._parts.values())))
            self._parts[stream] = _Parts(line, [line.reading.inner], [line.text], line.place, size)
            return
        parts.inner.append(line.reading.inner)
        parts.texts.append(line.text)
        parts.last = line.place
        parts.size += size
        if not line.reading.partial:
            self._assemble(parts)

    def _assemble(self, parts: _Parts[Place]) -> None:
        outer = parts.first.reading
        del self._parts[outer.stream]
        inner = "".join(parts.inner)
        self._add(
            _Line("\n".join(parts.texts), read_parts(outer, inner, self._context), parts.first.place),
            parts.last,
        )

    # ── Lines ───────────────────────────────────────────────────────────────────────────────────────

    def _add(self, line: _Line[Place], last: Place | None = None) -> None:
        last = line.place if last is None else last
        reading = line.reading
        stream = reading.stream
        record = self._open.get(stream)
        inner = reading.inner
        if not inner or inner.isspace():
            if reading.begins or (record is None and reading.ts is not None and reading.message):
                pass  # a head without a message is a record, or the first line of one
            elif record is not None:
                self._blank(record, line.text)
                return
            else:
                if (state := self._states.get(stream)) is not None:
                    state.blank += 1
                self._release()
                return
        if len(self._open) > (record is not None):
            self._disentangle(record)
            record = self._open.get(stream)
        if record is None:
            state = self._states.pop(stream, None) if self._states else None
            if state is not None and decide(state, reading) is LineVerdict.YES:
                # The rest of a record that was too long, or that was ended while nothing followed.
                self._begin(line, last, after(state, reading), continued=True)
            else:
                self._begin(line, last, None)
            return
        if record.doubtful:
            self._resolve(record, line, last)
            return
        verdict = decide(record.state, reading)
        if verdict is LineVerdict.YES:
            self._continue(record, line, last)
        elif verdict is LineVerdict.DOUBTFUL:
            record.doubtful.append(line)
            record.idle = 0
        else:
            self._finish(record)
            self._begin(line, last, None)

    def _resolve(self, record: _Open[Place], line: _Line[Place], last: Place) -> None:
        """Decide about the doubtful lines of a record: they continue it if `line` is part of a trace."""
        reading = line.reading
        shows = CONFIRMS.match(reading.inner) is not None or (
            record.state.step == 2
            and record.state.trace == "python"
            and (reading.inner[0] in " \t" or PYTHON_GOES_ON.match(reading.inner) is not None)
        )
        if shows and not reading.begins:
            doubtful, record.doubtful = record.doubtful, []
            for earlier in doubtful:
                if is_blank(earlier.reading.inner):
                    self._blank(record, earlier.text)
                else:
                    self._continue(record, earlier, earlier.place, sure=True)
            self._add(line, last)
        elif (
            not reading.begins
            and len(record.doubtful) < _MAX_DOUBTFUL
            and decide(record.state, reading) is LineVerdict.DOUBTFUL
        ):
            record.doubtful.append(line)
        else:
            self._end(record)
            self._add(line, last)

    def _begin(
        self, line: _Line[Place], last: Place, state: StreamState | None, *, continued: bool = False
    ) -> None:
        reading = line.reading
        if state is None:
            if not self._may_continue(reading):
                self._queue.append(Joined(reading, line.text, line.place, last, line.text.count("\n") + 1))
                return
            state = first_state(reading, self._joins.get(reading.format))
        elif continued:
            reading.message = reading.inner
            if reading.level == UNKNOWN:
                reading.level = state.level
        record = _Open(
            reading.stream,
            state,
            line,
            last,
            texts=[line.text],
            messages=[reading.message],
            size=len(line.text),
        )
        if len(self._open) >= _MAX_STREAMS:
            self._end(next(iter(self._open.values())))
        if not self._open and not self._parts:
            self._since, self._entangled = line.place, 0  # all records before this line are complete
        self._open[reading.stream] = record
        self._queue.append(record)

    def _may_continue(self, reading: Reading) -> bool:
        if reading.inner[:1] == "{" and reading.begins and reading.inner.rstrip().endswith("}"):
            return False
        if reading.format:
            joins = self._joins.get(reading.format)
            if joins is Joins.NONE:
                return False
        return not reading.fields or "status" not in reading.fields or "method" not in reading.fields

    def _continue(self, record: _Open[Place], line: _Line[Place], last: Place, *, sure: bool = False) -> None:
        if not self._has_room(record, line):
            state = record.state
            self._finish(record)
            self._begin(line, last, after(state, line.reading, sure=sure), continued=True)
            return
        reading = line.reading
        if record.blanks:
            record.texts.extend(record.blanks)
            record.messages.extend("" for _ in record.blanks)
            record.blanks.clear()
        record.texts.append(line.text)
        second = record.state.until and not record.first.reading.message.strip() and reading.level != UNKNOWN
        if second:
            # java.util.logging has the level in its second line. What follows is a trace, or another record.
            if record.first.reading.level == UNKNOWN:
                record.first.reading.level = reading.level
            record.messages.append(reading.message)
        else:
            record.messages.append(reading.inner)
        record.size += len(line.text) + 1
        record.last, record.idle = last, 0
        state = record.state = after(record.state, reading, sure=sure)
        if second and len(record.messages) == 2 and record.first.reading.format == JUL_FORMAT:
            state.until = False
        state.level = record.first.reading.level
        if state.trace == "terraform" and state.level == UNKNOWN and (said := IN_BOX.match(reading.inner)):
            state.level = record.first.reading.level = parse_level(said[1])
        if state.trace and state.level == UNKNOWN:
            kind = TRACES[state.trace]
            if kind.level != UNKNOWN:
                level = milder(kind.level) if state.head else kind.level
                state.level = record.first.reading.level = level

    def _has_room(self, record: _Open[Place], line: _Line[Place]) -> bool:
        lines = len(record.texts) + len(record.blanks) + 1
        return lines <= MAX_JOINED_LINES and record.size + len(line.text) < MAX_JOINED

    def _blank(self, record: _Open[Place], text: str) -> None:
        if record.doubtful:
            record.doubtful.append(_Line(text, Reading(""), record.last))
            if len(record.doubtful) > _MAX_DOUBTFUL:
                self._end(record)
            return
        record.state.blank += 1
        if record.state.blank <= MAX_BLANK + 1:
            record.blanks.append(text)

    # ── The end of records ──────────────────────────────────────────────────────────────────────────

    def _end(self, record: _Open[Place]) -> None:
        """End a record although its next line might continue it; its doubtful lines become records."""
        doubtful, record.doubtful = record.doubtful, []
        self._finish(record)
        if not doubtful:
            self._states[record.stream] = record.state
            if len(self._states) > _MAX_STREAMS:
                del self._states[next(iter(self._states))]
            return
        self._begin(doubtful[0], doubtful[0].place, None)
        for line in doubtful[1:]:
            self._add(line)

    def _end_all(self) -> None:
        while self._open:
            self._end(next(iter(self._open.values())))

    def _finish(self, record: _Open[Place]) -> None:
        record.done = True
        del self._open[record.stream]

    def _disentangle(self, own: _Open[Place] | None) -> None:
        """End records of other streams that have waited long enough."""
        self._entangled += 1
        if self._entangled >= _ENTANGLED:
            quiet = not self._parts and not any(record.state.trace for record in self._open.values())
            if quiet or self._entangled >= 5 * _ENTANGLED:
                self._end_all()
                return
        for record in [*self._open.values()]:
            # A record whose doubtful lines become records can end another one, to make room.
            if record is not own and not record.done:
                record.idle += 1
                if record.idle >= _PATIENCE * (10 if record.state.trace else 1):
                    self._end(record)

    def _complete(self) -> list[Joined[Place]]:
        """Remove the complete records from the start of the queue, in the order of their first lines."""
        queue, number = self._queue, 0
        # The usual cases: the line continues the only open record, or has ended it and begins one.
        if 0 < len(queue) < 3 and isinstance(last := queue[-1], _Open) and not last.done:
            if len(queue) == 1:
                return []
            first = queue[0]
            if isinstance(first, _Open) and first.done:
                del queue[0]
                return [_joined(first, self._context)]
        for record in queue:
            if isinstance(record, _Open) and not record.done:
                break
            number += 1
        if not number:
            return []
        complete = [
            record if isinstance(record, Joined) else _joined(record, self._context)
            for record in queue[:number]
        ]
        del queue[:number]
        self._release()
        return complete

    def _release(self) -> None:
        if not self._queue and not self._parts:
            self._since = None


def _several_lines(context: Context) -> Mapping[str, Joins]:
    """Return how the lines of each format are joined, without the formats that follow the general rules."""
    return {
        known.name: known.joins
        for known in (*registry.FORMATS, *context.formats)
        if known.joins is not Joins.TRACES
    }


def _joined(record: _Open[Place], context: Context) -> Joined[Place]:
    reading = record.first.reading
    if len(record.messages) > 1:
        reading = reading_of(reading, record.messages, context)
    text = record.texts[0] if len(record.texts) == 1 else "\n".join(record.texts)
    lines = text.count("\n") + 1 if "\n" in text else 1
    return Joined(reading, text, record.first.place, record.last, lines)
