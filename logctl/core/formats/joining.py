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
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from enum import IntEnum
from typing import Any, Generic, TypeVar

from logctl.core.formats import registry
from logctl.core.formats.column_headers import ColumnHeader, header_of, loads
from logctl.core.formats.reader import read_line, read_value
from logctl.core.formats.reading import BAD_TIME, MALFORMED_JSON, Context, Joins, Reading
from logctl.core.formats.traces import CONFIRMS, TRACES, begun_by, exception_of
from logctl.core.levels import ERROR, FATAL, INFO, NOTICE, UNKNOWN, WARN, parse_level

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
_MAX_BLANK = 3
"""Blank lines within a record."""
_MAX_DOUBTFUL = 5
"""Lines in sequence that wait for a line that shows whether they continue the record."""

Place = TypeVar("Place")


@dataclass(slots=True)
class Joined(Generic[Place]):
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


@dataclass(slots=True)
class _State:
    """What a stream's next line depends on. All members are texts and small numbers, for `Joiner.state`.

    Attributes:
        trace: the name of the trace that the last line was part of; "" for none.
        step: within a Python trace, the part: 1 its indented lines, 2 after its last line, 3 before it
            begins; within other records 1 after the line that decides about the next ones.
        head: the record began with a head.
        level: its level so far.
        indent: the spaces before its first line.
        until: all lines until the next head belong to it.
        sql: its last line is within an SQL statement.
        opened: a bracket was opened that a later line closes.
        several: it has several lines.
        blank: the number of blank lines since its last line.
        column: the index of its level in its first line, where that can be the only thing in the head of the
            next record.
    """

    trace: str = ""
    step: int = 0
    head: bool = False
    level: str = UNKNOWN
    indent: int = 0
    until: bool = False
    sql: bool = False
    opened: bool = False
    several: bool = False
    blank: int = 0
    column: int = 0


@dataclass(slots=True)
class _Line(Generic[Place]):
    text: str
    reading: Reading
    place: Place


@dataclass(slots=True)
class _Open(Generic[Place]):
    """A record that may get further lines."""

    stream: str
    state: _State
    first: _Line[Place]
    last: Place
    texts: list[str]
    messages: list[str]
    blanks: list[str] = field(default_factory=list)
    doubtful: list[_Line[Place]] = field(default_factory=list)
    size: int = 0
    idle: int = 0
    done: bool = False


@dataclass(slots=True)
class _Parts(Generic[Place]):
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
        self._states: dict[str, _State] = {}
        self._since: Place | None = None
        self._entangled = 0
        self._last = ""
        self._header: ColumnHeader | None = None
        if state:
            self._last, states, header = json.loads(state)
            self._header = loads(header)
            self._states = {
                stream: _State(*values) for stream, values in states.items() if len(values) == len(_STATE)
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
        if column and not reading.inner[:column].strip() and (found := _ALIGNED.match(reading.inner, column)):
            reading.level, reading.begins = parse_level(found[1]), True
            reading.message = reading.inner[found.end() :].rstrip()
            if place := _RICH_PLACE.search(reading.message, max(0, len(reading.message) - 200)):
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
            _Line("\n".join(parts.texts), _read_within(outer, inner, self._context), parts.first.place),
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
            if state is not None and _decide(state, reading) is _Verdict.YES:
                # The rest of a record that was too long, or that was ended while nothing followed.
                self._begin(line, last, _after(state, reading), continued=True)
            else:
                self._begin(line, last, None)
            return
        if record.doubtful:
            self._resolve(record, line, last)
            return
        verdict = _decide(record.state, reading)
        if verdict is _YES:
            self._continue(record, line, last)
        elif verdict is _DOUBTFUL:
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
            and (reading.inner[0] in " \t" or _PYTHON_GOES_ON.match(reading.inner) is not None)
        )
        if shows and not reading.begins:
            doubtful, record.doubtful = record.doubtful, []
            for earlier in doubtful:
                if _is_blank(earlier.reading.inner):
                    self._blank(record, earlier.text)
                else:
                    self._continue(record, earlier, earlier.place, sure=True)
            self._add(line, last)
        elif (
            not reading.begins
            and len(record.doubtful) < _MAX_DOUBTFUL
            and _decide(record.state, reading) is _Verdict.DOUBTFUL
        ):
            record.doubtful.append(line)
        else:
            self._end(record)
            self._add(line, last)

    def _begin(
        self, line: _Line[Place], last: Place, state: _State | None, *, continued: bool = False
    ) -> None:
        reading = line.reading
        if state is None:
            if not self._may_continue(reading):
                self._queue.append(Joined(reading, line.text, line.place, last, line.text.count("\n") + 1))
                return
            state = self._first_state(reading)
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

    def _first_state(self, reading: Reading) -> _State:
        inner, message = reading.inner, reading.message
        state = _State(head=reading.begins, indent=_indent(inner), level=reading.level)
        if reading.begins and inner[:1] in _BEFORE_ALIGNED and (level := _ALIGNED.search(inner, 8, 48)):
            state.column = level.start()
        trace = begun_by(inner)
        if trace is not None:
            if trace.name not in ("rails", "erlang"):
                if reading.message != inner:
                    reading.message = message = inner
                if trace.at_once and trace.level != UNKNOWN:
                    reading.level = state.level = _worse(
                        reading.level, trace.level, sure=trace.level == FATAL
                    )
        elif reading.begins and message is not inner and (within := begun_by(message)) is not None:
            trace = within
            reading.level = state.level = reading.level if reading.level != UNKNOWN else _milder(trace.level)
        elif not reading.begins or reading.ts is None:
            trace = exception_of(inner)
            if trace is not None:
                reading.message = message = inner
        if trace is not None:
            if inner.startswith("Fatal Python error"):
                reading.level = state.level = FATAL
            state.trace = trace.name
            if trace.name == "python":
                state.step = 3 if inner.startswith("Exception") else 1
            elif trace.name == "rust":
                state.step = int(inner.endswith(":"))  # the message is in the next line
            elif trace.name == "go":
                state.step = int(inner.startswith("goroutine"))
        state.until = self._joins.get(reading.format) is Joins.UNTIL_HEAD or (
            reading.begins and reading.ts is not None and not message.strip()
        )
        if inner.startswith(_SLOW_QUERY):
            state.until, state.step = True, 1
        elif message.endswith("panic recovered:"):
            # gin prints the request, the message and the trace after it.
            state.until = True
            reading.level = state.level = reading.level if reading.level != UNKNOWN else ERROR
        _note(state, message)
        return state

    def _continue(self, record: _Open[Place], line: _Line[Place], last: Place, *, sure: bool = False) -> None:
        if not self._has_room(record, line):
            state = record.state
            self._finish(record)
            self._begin(line, last, _after(state, line.reading, sure=sure), continued=True)
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
        state = record.state = _after(record.state, reading, sure=sure)
        if second and len(record.messages) == 2 and record.first.reading.format == _JUL_FORMAT:
            state.until = False
        state.level = record.first.reading.level
        if state.trace == "terraform" and state.level == UNKNOWN and (said := _IN_BOX.match(reading.inner)):
            state.level = record.first.reading.level = parse_level(said[1])
        if state.trace and state.level == UNKNOWN:
            kind = TRACES[state.trace]
            if kind.level != UNKNOWN:
                level = _milder(kind.level) if state.head else kind.level
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
        if record.state.blank <= _MAX_BLANK + 1:
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


# ── Decisions ───────────────────────────────────────────────────────────────────────────────────────


class _Verdict(IntEnum):
    """Whether a line continues a record."""

    NO = 0
    YES = 1
    DOUBTFUL = 2
    """The next line tells."""
    OPEN = 3
    """Other rules tell."""


_NO, _YES, _DOUBTFUL = _Verdict.NO, _Verdict.YES, _Verdict.DOUBTFUL
_STATE = _State.__slots__
_JVM = frozenset(("java", "java thread", "dotnet"))
_IN_PYTHON = re.compile(r"Traceback|[│╰╭]|> File \"")
"""Lines within a traceback that are not indented: those of rich's box, and of loguru."""
_IN_BOX = re.compile(r"│ (Error|Warning): ")
_PYTHON_GOES_ON = re.compile(
    r"During handling of the above exception|The above exception was the direct cause"
)
_PYTHON_ENDS = re.compile(r"[\])}>]|\[(?:SQL|parameters|cached|generated)[: ]|\(Background on this error")
_CALM = frozenset((INFO, NOTICE))
_FAILED = frozenset((WARN, ERROR, FATAL))
_EXCEPTION_LINE = re.compile(r"[A-Za-z_][\w.]{0,200}+(?:\[[^\]]{0,80}\])?(?:: |:?$)")
_EXCEPTION_NAME = re.compile(r"[\w.]{0,100}(?:Error|Exception|Exit|Interrupt|Warning|Timeout|Found)\b")
_ALIGNED = re.compile(r"(?<=[ \]] )(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL) +(?=\S)")
_JUL_FORMAT = "java.util.logging"
_JUL = re.compile(r"[^\W\d_a-z]{4,16}: ")
_RICH_PLACE = re.compile(r"(?<=\S) {2,}([\w./-]{1,100}\.\w{1,5}):(\d{1,7})$")
_BEFORE_ALIGNED = frozenset((" ", "["))
_OPENS = frozenset("{[(<")
_SPACES = frozenset(("", " ", "\t", "\r"))
_SQL_BEGINS = re.compile(
    r"(?:.{0,40}[:\s])?(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|WITH|DROP|MERGE"
    r"|REPLACE INTO|BEGIN|EXPLAIN)\s"
)
_SQL_GOES_ON = re.compile(
    r"(?:FROM|WHERE|AND|OR|ORDER BY|GROUP BY|LIMIT|OFFSET|VALUES|SET|(?:LEFT |RIGHT |FULL |INNER "
    r"|CROSS |NATURAL )?"
    r"(?:OUTER )?JOIN|ON|HAVING|UNION|RETURNING|SELECT|WINDOW|USING|AS|INTO|FOR UPDATE|FETCH|EXCEPT"
    r"|INTERSECT|CASE|WHEN"
    r"|THEN|ELSE|END|NOT|IN|IS|DESC|ASC|CONSTRAINT|PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK|REFERENCES"
    r"|ENGINE|PARTITION)\b"
    r"|\)"
)
_CLOSES = re.compile(r"[\])}>]+[,;)]?\"?\s*$")
_RUBY_FRAME = re.compile(r"[^\s:]{1,250}:\d{1,6}:in [`']")
_SLOW_QUERY = "# User@Host:"
"""The first line of a query in MySQL's slow log, if the time is that of the query before."""
_GO_FUNCTION = re.compile(r"[\w./*()\[\]·…{}~%@-]{1,400}\(.{0,1000}\)$")
_ASYNCIO = re.compile(
    r"(?:future|task|handle|protocol|transport|source_traceback|socket|client_session): ?[<\[]?"
)
# What continues any record with a head, by the first character, and the trace that it is part of.
_CONTINUES: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {
    first: tuple((name, re.compile(pattern)) for name, pattern in kinds)
    for first, kinds in {
        "C": (("java", r"Caused by:"),),
        "W": (("java", r"Wrapped by:"),),
        "S": (("java", r"Suppressed:"), ("php", r"Stack trace:$"), ("rust report", r"Stack backtrace:")),
        "s": (("rust", r"stack backtrace:"),),
        "g": (("go", r"goroutine \d{1,10} \[.{1,200}\]:"),),
        "[": (
            ("php", r"\[(?:stacktrace|previous exception)\]"),
            ("", r"\[(?:SQL|parameters|cached|generated)[: ]"),
        ),
        ".": (("java", r"\.\.\. \d{1,6} (?:more|common)"),),
        "*": (("elixir", r"\*\* \("),),
        "-": (("dotnet", r"---? End of"), ("dotnet", r"---> ")),
        "D": (("python", r"During handling of the above exception"),),
        "(": (("", r"\(Use `node --trace|\(Background on this error"),),
        "N": (("node", r"Node\.js v\d{1,3}\."),),
        "L": (("elixir", r"Last message"),),
        "e": (("node", r"error stack:$"),),
        **{first: (("", _ASYNCIO.pattern),) for first in "fthpsc" if first not in "s"},
    }.items()
}


def _decide(state: _State, reading: Reading) -> _Verdict:
    """Return whether a line continues a record."""
    inner = reading.inner
    if not inner:
        return _Verdict.NO
    first = inner[0]
    if state.opened and not state.blank and _CLOSES.match(inner, 0, 200):
        return _Verdict.YES
    if state.trace:
        verdict = _in_trace(state, reading, inner, first)
        if verdict is not _Verdict.OPEN:
            return verdict
    if reading.begins:
        if state.level in _FAILED and reading.layers and not reading.format:
            # A line of syslog without a head of its own, such as the first one of a trace that was logged.
            exception = exception_of(inner)
            return _Verdict(exception is not None and exception.name != "node")
        if not state.until or state.several:
            return _NO
        return _Verdict(_second_of_two(reading, inner))
    if state.blank > _MAX_BLANK:
        return _Verdict.NO
    if first == "{" and not state.opened and inner.rstrip().endswith("}"):
        return _Verdict.NO
    if state.until:
        return _Verdict(not (first == "#" and state.step == 1 and inner.startswith(_SLOW_QUERY)))
    begun = begun_by(inner)
    if begun is not None and not (_takes_trace(state) if first in "T ╭" else first in "g*" and state.head):
        return _Verdict.NO
    if first in " \t":
        return _Verdict(state.indent == 0 or _indent(inner) > state.indent)
    if state.sql and _SQL_GOES_ON.match(inner):
        return _Verdict.YES
    if not state.head:
        return _Verdict.NO
    if ":in " in inner[:300] and _RUBY_FRAME.match(inner):
        return _Verdict.YES
    if begun is not None or any(pattern.match(inner) for _, pattern in _CONTINUES.get(first, ())):
        return _Verdict.YES
    exception = exception_of(inner)
    if exception is not None and exception.name != "node":
        return _Verdict.YES
    return _Verdict.NO if state.blank and exception is None else _Verdict.DOUBTFUL


def _in_trace(state: _State, reading: Reading, inner: str, first: str) -> _Verdict:
    """Return whether a line is part of the trace that the record has; `OPEN` if the trace does not tell."""
    if reading.begins and reading.ts is not None and not reading.layers:
        return _Verdict.NO
    name = state.trace
    if first in " \t":
        if reading.begins and reading.layers and not reading.format:
            # A line of syslog without a head of its own: the source code in a traceback can be any text.
            return _Verdict.YES if name == "python" and state.step == 1 else _Verdict.OPEN
        if reading.begins and (reading.format or not reading.layers or _indent(inner) < 4):
            return _Verdict.OPEN
        return _Verdict(state.blank <= _MAX_BLANK)
    if TRACES[name].follows.match(inner, 0, 400):
        return _Verdict.YES
    alone = _Verdict.OPEN if reading.begins or state.head else _Verdict.NO
    if name == "python":
        return _in_python(state, reading, inner)
    if name == "go":
        return _Verdict.YES if state.step == 1 and _GO_FUNCTION.match(inner, 0, 1500) else alone
    if name == "rust":
        message = state.step == 1 and not state.several and (not reading.begins or reading.ts is None)
        return _Verdict.YES if message else alone
    if name == "erlang":
        return _Verdict(not reading.begins and not state.blank)
    if name == "node source" and exception_of(inner) is not None:
        return _Verdict.YES
    if name == "node source" and not state.several and not state.blank and not reading.begins:
        return _Verdict.DOUBTFUL  # the line of code; a caret below it shows that
    if (
        (name == "php" or (name in _JVM and not state.several))
        and not reading.begins
        and not state.blank
        and begun_by(inner) is None
    ):
        return _Verdict.DOUBTFUL
    return alone


def _in_python(state: _State, reading: Reading, inner: str) -> _Verdict:
    if state.step == 3:
        return _Verdict(inner.startswith("Traceback (most"))
    if reading.begins and reading.level != UNKNOWN and reading.format:
        return _Verdict.NO  # `INFO: …` has the form of an exception; the lines of a group end without one
    if state.step == 1 and (_EXCEPTION_NAME if state.blank else _EXCEPTION_LINE).match(inner, 0, 300):
        return _Verdict.YES
    if state.step == 2 and not reading.begins:
        if _PYTHON_ENDS.match(inner, 0, 200):
            return _Verdict.YES
        if not state.blank and begun_by(inner) is None:
            return _Verdict.DOUBTFUL
    return _Verdict.NO


def _after(state: _State, reading: Reading, *, sure: bool = False) -> _State:
    """Return the state after a further line of a record."""
    inner = reading.inner
    first = inner[:1]
    after = _State(
        state.trace,
        state.step,
        state.head,
        state.level,
        indent=state.indent,
        until=state.until,
        several=True,
        column=state.column,
    )
    name = state.trace
    begun = begun_by(inner)
    if begun is not None and begun.name != "node source":
        after.trace = begun.name
        if begun.name == "python":
            after.step = 3 if inner.startswith("Exception") else 1
    elif first not in " \t":
        for kind, pattern in _CONTINUES.get(first, ()):
            if kind and pattern.match(inner):
                after.trace, after.step = kind, 1 if kind == "go" else 0
        if name == "python" and after.trace == "python" and state.step == 1 and not _IN_PYTHON.match(inner):
            after.step = 2
        if not after.trace and (exception := exception_of(inner)) is not None:
            after.trace = exception.name
        if sure and not after.trace:
            after.trace = "java"
    elif not after.trace and (frame := _FRAME.match(inner)) is not None:
        after.trace = "go" if frame[1] else "java"
    if (after.trace == "go" and inner.startswith("goroutine ")) or (
        after.until and inner.startswith(_SLOW_QUERY)
    ):
        after.step = 1
    if name == "node source" and exception_of(inner) is not None:
        after.trace = "node"
    _note(after, inner)
    after.sql = after.sql or (state.sql and not inner.rstrip().endswith(";"))
    after.opened = after.opened or (state.opened and first in " \t")
    return after


_FRAME = re.compile(r"[ \t]+at \S|(\t\S{1,300}\.go:\d)")


def _note(state: _State, text: str) -> None:
    """Note what a line leaves open."""
    end = text[-1:]
    if end in _SPACES:
        end = text[-200:].rstrip()[-1:]
    state.opened = end in _OPENS or (state.opened and state.several)
    if not state.sql and (
        "SELECT" in text
        or "INSERT" in text
        or "UPDATE" in text
        or "DELETE" in text
        or "CREATE" in text
        or "ALTER" in text
    ):
        state.sql = _SQL_BEGINS.match(text, 0, 200) is not None
    if "-----" in text:
        begin = text.rfind("-----BEGIN ")
        if begin >= 0 and text.find("-----END ", begin) < 0:
            state.trace = "pem"
        elif state.trace == "pem":
            state.trace = ""


def _takes_trace(state: _State) -> bool:
    """Return whether a trace that any program can print belongs to the record before it.

    After a message of level INFO it is most often not logged but printed when the program ends, and has to
    alert.
    """
    return state.head and state.level not in _CALM


def _second_of_two(reading: Reading, inner: str) -> bool:
    """Return whether a line is the second line of java.util.logging, which begins with the level."""
    return reading.ts is None and not reading.layers and _JUL.match(inner, 0, 40) is not None


def _several_lines(context: Context) -> Mapping[str, Joins]:
    """Return how the lines of each format are joined, without the formats that follow the general rules."""
    return {
        known.name: known.joins
        for known in (*registry.FORMATS, *context.formats)
        if known.joins is not Joins.TRACES
    }


def _read_within(outer: Reading, inner: str, context: Context) -> Reading:
    """Return the reading of a line that was put together of parts; `outer` is that of its first part."""
    reading = read_line(inner, context)
    if reading.ts is None and BAD_TIME not in reading.flags:
        reading.ts, reading.zone = outer.ts, outer.zone
    if reading.level == UNKNOWN:
        reading.level = outer.level
    reading.fields = {**outer.fields, **reading.fields}
    reading.layers = outer.layers + reading.layers
    reading.app = outer.app or reading.app
    reading.stream = outer.stream
    return reading


def _joined(record: _Open[Place], context: Context) -> Joined[Place]:
    reading = record.first.reading
    if len(record.messages) > 1:
        reading.message = _message(record.messages)
        if reading.layers and reading.message[:1] == "{" and record.messages[-1].rstrip()[-1:] == "}":
            # JSON that a program in a container wrote in several lines.
            whole = _read_within(reading, reading.message, context)
            reading = whole if whole.format and MALFORMED_JSON not in whole.flags else reading
        elif reading.message[:1] == "[" and _CURSOR.match(reading.message) and reading.ts is not None:
            reading = read_value(_journal_entry(record.messages, reading.ts), context)
    text = record.texts[0] if len(record.texts) == 1 else "\n".join(record.texts)
    lines = text.count("\n") + 1
    return Joined(reading, text, record.first.place, record.last, lines)


_CURSOR = re.compile(r"\[s=[0-9a-f]{1,40};i=[0-9a-f]{1,20};")
_MOST_MEMBERS = 100


def _journal_entry(lines: list[str], ts: int) -> dict[str, Any]:
    """Return an entry of `journalctl -o verbose` as `journalctl -o json` has it."""
    entry: dict[str, Any] = {"__REALTIME_TIMESTAMP": str(ts * 1000)}
    last = ""
    for line in lines[1:]:
        name, is_member, value = line.strip().partition("=")
        if is_member and name.isupper() and line[:5].strip():
            last = name
            if len(entry) < _MOST_MEMBERS:
                entry.setdefault(name, value)
        elif isinstance(entry.get(last), str):
            entry[last] += f"\n{line.strip()}"
    return entry


def _message(messages: list[str]) -> str:
    """Return the lines of a message; if the head has no message, the others lose their common indentation."""
    if messages[0].strip():
        return "\n".join(messages)
    rest = messages[1:]
    common = min((_indent(line) for line in rest if not _is_blank(line)), default=0)
    return "\n".join(line[common:] for line in rest)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" \t")) if text[:1] in (" ", "\t") else 0


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


def _worse(level: str, trace: str, *, sure: bool) -> str:
    """Return the level of a record that begins with a trace; `sure` says that the trace decides."""
    return trace if level == UNKNOWN or sure else level


def _milder(level: str) -> str:
    """Return the level of a trace within a record: the program went on, and logged it."""
    return ERROR if level == FATAL else level
