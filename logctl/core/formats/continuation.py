"""Whether a line continues the record before it: what that depends on, and the rules.

A line with a head of its own begins a record. A line without one continues a record if the grammar of a
trace says so (see `traces`), if it is indented more than the record's first line, or if a bracket or a
statement was left open.
"""

from __future__ import annotations

import re
from enum import IntEnum

from msgspec import Struct

from logctl.core.formats.reading import Joins, Reading
from logctl.core.formats.traces import TRACES, begun_by, exception_of
from logctl.core.levels import ERROR, FATAL, INFO, NOTICE, UNKNOWN, WARN

MAX_BLANK = 3
"""Blank lines within a record."""


class StreamState(Struct):
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


class LineVerdict(IntEnum):
    """Whether a line continues a record."""

    NO = 0
    YES = 1
    DOUBTFUL = 2
    """The next line tells."""
    OPEN = 3
    """Other rules tell."""


_NO, _YES, _DOUBTFUL = LineVerdict.NO, LineVerdict.YES, LineVerdict.DOUBTFUL
STATE_MEMBERS = StreamState.__struct_fields__
_JVM = frozenset(("java", "java thread", "dotnet"))
_IN_PYTHON = re.compile(r"Traceback|[│╰╭]|> File \"")
"""Lines within a traceback that are not indented: those of rich's box, and of loguru."""
IN_BOX = re.compile(r"│ (Error|Warning): ")
PYTHON_GOES_ON = re.compile(
    r"During handling of the above exception|The above exception was the direct cause"
)
_PYTHON_ENDS = re.compile(r"[\])}>]|\[(?:SQL|parameters|cached|generated)[: ]|\(Background on this error")
_CALM = frozenset((INFO, NOTICE))
_FAILED = frozenset((WARN, ERROR, FATAL))
_EXCEPTION_LINE = re.compile(r"[A-Za-z_][\w.]{0,200}+(?:\[[^\]]{0,80}\])?(?:: |:?$)")
_EXCEPTION_NAME = re.compile(r"[\w.]{0,100}(?:Error|Exception|Exit|Interrupt|Warning|Timeout|Found)\b")
ALIGNED = re.compile(r"(?<=[ \]] )(TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL) +(?=\S)")
JUL_FORMAT = "java.util.logging"
_JUL = re.compile(r"[^\W\d_a-z]{4,16}: ")
RICH_PLACE = re.compile(r"(?<=\S) {2,}([\w./-]{1,100}\.\w{1,5}):(\d{1,7})$")
_BEFORE_ALIGNED = frozenset((" ", "["))
_OPENS = frozenset("{[(<")
_INDENTS = frozenset((" ", "\t"))
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
        **dict.fromkeys("fthpc", (("", _ASYNCIO.pattern),)),
    }.items()
}


def decide(state: StreamState, reading: Reading) -> LineVerdict:
    """Return whether a line continues a record."""
    inner = reading.inner
    if not inner:
        return LineVerdict.NO
    first = inner[0]
    if state.opened and not state.blank and _CLOSES.match(inner, 0, 200):
        return LineVerdict.YES
    if state.trace:
        verdict = _in_trace(state, reading, inner, first)
        if verdict is not LineVerdict.OPEN:
            return verdict
    if reading.begins:
        if state.level in _FAILED and reading.layers and not reading.format:
            # A line of syslog without a head of its own, such as the first one of a trace that was logged.
            exception = exception_of(inner)
            return LineVerdict(exception is not None and exception.name != "node")
        if not state.until or state.several:
            return _NO
        return LineVerdict(_second_of_two(reading, inner))
    if state.blank > MAX_BLANK:
        return LineVerdict.NO
    if first == "{" and not state.opened and inner.rstrip().endswith("}"):
        return LineVerdict.NO
    if state.until:
        return LineVerdict(not (first == "#" and state.step == 1 and inner.startswith(_SLOW_QUERY)))
    begun = begun_by(inner)
    if begun is not None and not (_takes_trace(state) if first in "T ╭" else first in "g*" and state.head):
        return LineVerdict.NO
    if first in " \t":
        return LineVerdict(state.indent == 0 or indent_of(inner) > state.indent)
    if state.sql and _SQL_GOES_ON.match(inner):
        return LineVerdict.YES
    if not state.head:
        return LineVerdict.NO
    if ":in " in inner[:300] and _RUBY_FRAME.match(inner):
        return LineVerdict.YES
    if begun is not None or any(pattern.match(inner) for _, pattern in _CONTINUES.get(first, ())):
        return LineVerdict.YES
    exception = exception_of(inner)
    if exception is not None and exception.name != "node":
        return LineVerdict.YES
    return LineVerdict.NO if state.blank and exception is None else LineVerdict.DOUBTFUL


def _in_trace(state: StreamState, reading: Reading, inner: str, first: str) -> LineVerdict:
    """Return whether a line is part of the trace that the record has; `OPEN` if the trace does not tell."""
    if reading.begins and reading.ts is not None and not reading.layers:
        return LineVerdict.NO
    name = state.trace
    if first in " \t":
        if reading.begins and reading.layers and not reading.format:
            # A line of syslog without a head of its own: the source code in a traceback can be any text.
            return LineVerdict.YES if name == "python" and state.step == 1 else LineVerdict.OPEN
        if reading.begins and (reading.format or not reading.layers or indent_of(inner) < 4):
            return LineVerdict.OPEN
        return LineVerdict(state.blank <= MAX_BLANK)
    if TRACES[name].follows.match(inner, 0, 400):
        return LineVerdict.YES
    alone = LineVerdict.OPEN if reading.begins or state.head else LineVerdict.NO
    if name == "python":
        return _in_python(state, reading, inner)
    if name == "go":
        return LineVerdict.YES if state.step == 1 and _GO_FUNCTION.match(inner, 0, 1500) else alone
    if name == "rust":
        message = state.step == 1 and not state.several and (not reading.begins or reading.ts is None)
        return LineVerdict.YES if message else alone
    if name == "erlang":
        return LineVerdict(not reading.begins and not state.blank)
    if name == "node source" and exception_of(inner) is not None:
        return LineVerdict.YES
    if name == "node source" and not state.several and not state.blank and not reading.begins:
        return LineVerdict.DOUBTFUL  # the line of code; a caret below it shows that
    if (
        (name == "php" or (name in _JVM and not state.several))
        and not reading.begins
        and not state.blank
        and begun_by(inner) is None
    ):
        return LineVerdict.DOUBTFUL
    return alone


def _in_python(state: StreamState, reading: Reading, inner: str) -> LineVerdict:
    if state.step == 3:
        return LineVerdict(inner.startswith("Traceback (most"))
    if reading.begins and reading.level != UNKNOWN and reading.format:
        return LineVerdict.NO  # `INFO: …` has the form of an exception; the lines of a group end without one
    if state.step == 1 and (_EXCEPTION_NAME if state.blank else _EXCEPTION_LINE).match(inner, 0, 300):
        return LineVerdict.YES
    if state.step == 2 and not reading.begins:
        if _PYTHON_ENDS.match(inner, 0, 200):
            return LineVerdict.YES
        if not state.blank and begun_by(inner) is None:
            return LineVerdict.DOUBTFUL
    return LineVerdict.NO


def after(state: StreamState, reading: Reading, *, sure: bool = False) -> StreamState:
    """Return the state after a further line of a record."""
    inner = reading.inner
    first = inner[:1]
    after = StreamState(
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


def _note(state: StreamState, text: str) -> None:
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


def _takes_trace(state: StreamState) -> bool:
    """Return whether a trace that any program can print belongs to the record before it.

    After a message of level INFO it is most often not logged but printed when the program ends, and has to
    alert.
    """
    return state.head and state.level not in _CALM


def _second_of_two(reading: Reading, inner: str) -> bool:
    """Return whether a line is the second line of java.util.logging, which begins with the level."""
    return reading.ts is None and not reading.layers and _JUL.match(inner, 0, 40) is not None


def first_state(reading: Reading, joins: Joins | None) -> StreamState:
    """Return what the line after the first line of a record depends on.

    If the line begins a trace, the level and the message of the reading become those of the trace. `joins`
    says how the lines of its format are joined.
    """
    inner, message = reading.inner, reading.message
    indent = indent_of(inner) if inner[:1] in _INDENTS else 0
    state = StreamState(head=reading.begins, indent=indent, level=reading.level)
    if reading.begins and inner[:1] in _BEFORE_ALIGNED and (level := ALIGNED.search(inner, 8, 48)):
        state.column = level.start()
    trace = begun_by(inner)
    if trace is not None:
        if trace.name not in ("rails", "erlang"):
            if reading.message != inner:
                reading.message = message = inner
            if trace.at_once and trace.level != UNKNOWN:
                reading.level = state.level = _worse(reading.level, trace.level, sure=trace.level == FATAL)
    elif reading.begins and message is not inner and (within := begun_by(message)) is not None:
        trace = within
        reading.level = state.level = reading.level if reading.level != UNKNOWN else milder(trace.level)
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
    state.until = joins is Joins.UNTIL_HEAD or (
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


def indent_of(text: str) -> int:
    return len(text) - len(text.lstrip(" \t")) if text[:1] in (" ", "\t") else 0


def is_blank(text: str) -> bool:
    return not text or text.isspace()


def _worse(level: str, trace: str, *, sure: bool) -> str:
    """Return the level of a record that begins with a trace; `sure` says that the trace decides."""
    return trace if level == UNKNOWN or sure else level


def milder(level: str) -> str:
    """Return the level of a trace within a record: the program went on, and logged it."""
    return ERROR if level == FATAL else level
