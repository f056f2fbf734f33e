"""The grammars of stack traces: how the traces of the known runtimes begin, and which lines follow in them.

Each grammar knows the lines that its runtime writes. Lines are matched at their first character, so that
most lines are compared with no pattern at all or with one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from logctl.core.levels import ERROR, FATAL, UNKNOWN

_FRONT = 400
"""Characters of a line that are matched."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A kind of trace.

    Attributes:
        follows: the lines without indentation that belong to it, beside indented ones.
        level: the level of a record that consists of the trace, if its head has none.
        at_once: whether the first line shows the level; otherwise only a line that follows does.
    """

    name: str
    follows: re.Pattern[str]
    level: str = ERROR
    at_once: bool = True


def _trace(name: str, follows: str, level: str = ERROR, *, at_once: bool = True) -> Trace:
    return Trace(name, re.compile(follows, re.VERBOSE), level, at_once)


_JAVA_FOLLOWS = (
    r"Caused\ by:|Suppressed:|Wrapped\ by:|at\ [\w$.]+\(|\.\.\.\ \d{1,6}\ (?:more|common)|\[CIRCULAR"
    r"|---?\ End\ of"
    r"|(?:Stack\ backtrace|Location):"
)
TRACES = {
    trace.name: trace
    for trace in (
        # `joining` says more about Python's lines.
        _trace(
            "python",
            r"During\ handling\ of\ the\ above\ exception|The\ above\ exception\ was\ the\ direct\ cause"
            r"|Traceback\ \(most\ recent\ call\ last\):|(?:Current\ thread|Thread)\ 0x[0-9a-f]+\ "
            r"|Extension\ modules:|[│╰╭]|>\ File\ \"",
        ),
        # No trace, but a block that has to stay whole: `redaction` recognises a key by its first and last
        # line.
        _trace(
            "pem",
            r"[A-Za-z0-9+/=]{1,80}$|-----END\ |(?:Proc-Type|DEK-Info|Comment|Version|Hash|Charset):",
            UNKNOWN,
            at_once=False,
        ),
        _trace("java", _JAVA_FOLLOWS, at_once=False),
        _trace("java thread", _JAVA_FOLLOWS),
        _trace("dotnet", r"---?\ End\ of|--->"),
        _trace(
            "go",
            r"goroutine\ \d{1,10}\ .{0,200}:$|exit\ status\ \d|\[signal\ |runtime\ stack:|created\ by\ "
            r"|panic:"
            r"|fatal\ error:|\[recovered\]|\.\.\.additional\ frames|r(?:[a-d]x|ip|\d{1,2}|flags"
            r"|[sd]i|[sb]p)\s+0x"
            r"|[cfg]s\ +0x|PC=0x|signal\ arrived|goroutine\ running\ on|runtime:",
            FATAL,
        ),
        _trace(
            "rust",
            r"note:\ |stack\ backtrace:|(?i:caused\ by):|error:\ process\ didn't\ exit|Location:$",
            FATAL,
        ),
        _trace("rust report", r"(?:Caused\ by|Stack\ backtrace|Location):", at_once=False),
        _trace(
            "node",
            r"Node\.js\ v\d|(?:Caused\ by|Stack\ backtrace|Location|Require\ stack):"
            r"|-\ (?:/|[A-Z]:\\|node:|\[)|\+\ actual\ -\ expected|[+-]\ {3}|Emitted\ '|Thrown\ at:|npm\ ERR!",
            at_once=False,
        ),
        _trace(
            "node source",
            r"\^{1,200}\s*$|(?:Uncaught\ )?[A-Z][\w.]{0,60}(?:\ \[[A-Z_\d]{1,60}\])?(?::\ |$)|\[[A-Z]\w{0,60}"
            r"|Node\.js\ v\d|\}"
            r"|Thrown\ at:|Emitted\ '",
        ),
        # A Ruby program that ends with an exception says so on standard error only, without a level.
        _trace("ruby", r"[^\s:]{1,250}:\d{1,6}:in\ [`']", UNKNOWN),
        _trace(
            "php",
            r"Stack\ trace:|\[stacktrace\]|\[previous\ exception\]|\#\d{1,4}\ |\"\}|Next\ \S+:\ "
            r"|thrown\ in\ ",
        ),
        _trace(
            "elixir",
            r"\*\*\ \(|(?:Last\ message|State|Function|Client|Initial\ Call|Ancestors|Start\ Call"
            r"|Process|Args|Messages"
            r"|Restart|Shutdown|Type|Pid|Links|Dictionary|Neighbours)\b",
        ),
        # A box, in which Terraform says what is wrong.
        _trace("terraform", r"[│╵]", UNKNOWN),
        _trace("erlang", r"\*\*|[\[({<\"}]", UNKNOWN),
        _trace("c++", r"what\(\):|Aborted|Current\ stack\ trace:|\d{1,3}\s+\S+\s", FATAL),
        _trace(
            "sanitizer",
            r"==\d{1,10}==|0x[0-9a-f]{1,16}\ |(?:freed|previously|allocated|Direct|Indirect|Thread"
            r"|SUMMARY|Shadow|HINT"
            r"|READ|WRITE|Address|Hint|Note|The\ signal)\b|={10}|\[?=>",
            FATAL,
        ),
        _trace("data race", r"(?:Write|Read|Previous|Goroutine|Found|Mutex)\b|={10}", ERROR),
        _trace("jvm end", r"\#", FATAL),
        _trace(
            "jvm threads",
            r"\"|JNI\ |Locked\ own|Heap$|Found\ |=====|Java\ stack|Threads\ class|_java|0x|\}",
            UNKNOWN,
        ),
        _trace(
            "rails",
            r"Processing\ by\ |Completed\ \d|Redirected\ to\ |Filter\ chain\ halted|Sent\ (?:file"
            r"|data)\ |Rendered\ "
            r"|Rendering\ |Can't\ verify\ CSRF|Unpermitted\ param|No\ template\ found|Performed\ "
            r"|Cannot\ render"
            r"|[A-Z]\w{0,60}(?:::\w{1,60}){0,6}\ \(.*\):?$|[\w./@+-]{1,200}\.(?:rb|erb|haml|slim"
            r"|ru):\d{1,6}:in"
            r"|[\w.-]{1,60}\ \([\d.]{1,20}\w*\)\ [\w./]|HTTP\ Origin\ header|CACHE\ |\[ActiveJob\]"
            r"|Parameters:"
            r"|Allocations|\*\*\ ",
            UNKNOWN,
        ),
    )
}
"""All kinds of traces, by name."""

CONFIRMS = re.compile(
    r"[ \t]+at[ ]\S|\t\S{1,300}:\d|Caused by:(?: |$)|[ \t]+\.\.\. \d{1,6} (?:more|common)|note: run with"
    r"|stack backtrace:|Stack trace:$|[ \t]{0,200}\^{1,200}\s*$"
)
"""A line that shows that the lines before it, which could be anything, belong to a trace."""

_EXCEPTION = (
    r"(?:[A-Za-z_$][\w$]{0,80}+\.){0,15}"
    r"[\w$]{0,80}?(?:Exception|Error|Throwable|Failure|Fault"
    r"|Interrupt)\b[\w$]{0,20}(?:\ \(0x[0-9A-Fa-f]{8}\))?(?=:\ |:?$)"
)
QUALIFIED = re.compile(r"(?=[A-Za-z_$][\w$]{0,80}\.)" + _EXCEPTION, re.VERBOSE)
"""The line with which the JVM and .NET begin a trace: the exception's full name and its message."""
BARE = re.compile(
    r"(?:Uncaught\ )?[A-Z][\w.]{0,60}(?:Error|Exception)(?:\ \[\w{1,60}\])?(?::\ |$)|Error:\ ", re.VERBOSE
)
"""The line with which Node.js begins a trace: the error's name and its message."""

# By the first character of a line: what begins a trace whatever the line before it is.
_BEGINS: dict[str, tuple[tuple[str, str], ...]] = {
    "T": (("python", r"Traceback \(most recent call last\):"),),
    "E": (
        ("java thread", r'Exception in thread "'),
        ("python", r"Exception in thread [^\"]{1,200}:$|Exception ignored in: "),
    ),
    "F": (
        ("python", r"Fatal Python error: "),
        ("php", r"Fatal error: .{0,300}(?:Uncaught| in \S+\.php)"),
        ("c++", r"Fatal error: "),
        ("jvm threads", r"Full thread dump "),
    ),
    " ": (("python", r'  \+ Exception Group Traceback|  File "[^"]{1,250}", line \d'),),
    "╭": (("python", r"╭─{1,200} ?Traceback"),),
    "╷": (("terraform", r"╷\s*$"),),
    "p": (("go", r"panic: "),),
    "f": (
        ("go", r"fatal error: (?:all goroutines|concurrent map|runtime|stack|unexpected|out of|\w+ )"),
        ("node source", r"file:///[^\s:]{1,250}\.[cm]?[jt]sx?:\d{1,6}$"),
    ),
    "S": (
        ("go", r"SIG(?:QUIT|SEGV|ABRT|BUS|FPE|ILL|TRAP): "),
        ("c++", r"Swift/[^\s:]{1,200}:\d{1,6}: Fatal error: "),
        ("rails", r'Started (?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) "'),
    ),
    "g": (("go", r"goroutine \d{1,10} \[.{1,200}\]:$"),),
    "t": (
        ("rust", r"thread '[^']{0,200}' (?:\(\d{1,20}\) )?(?:panicked at |has overflowed its stack)"),
        ("rust", r"thread '[^']{0,200}' panicked"),
        ("c++", r"terminate called "),
    ),
    "P": (("php", r"PHP (?:Fatal error|Parse error|Catchable fatal error|Recoverable fatal error): "),),
    "U": (
        ("dotnet", r"Unhandled [Ee]xception[.:]"),
        ("node", r"Uncaught "),
    ),
    "*": (("elixir", r"\*\* \((?:EXIT|[A-Z]\w{0,60}(?:\.\w{1,60})*)"),),
    "=": (
        ("erlang", r"=[A-Z]{3,20} REPORT==== "),
        ("sanitizer", r"==\d{1,10}==\s?(?:ERROR|WARNING): "),
    ),
    "W": (("data race", r"WARNING: DATA RACE"),),
    "#": (("jvm end", r"# A fatal error has been detected by the Java Runtime"),),
    "n": (("node source", r"node:[\w/]{1,100}:\d{1,6}$"),),
    "[": (("node source", r"\[(?:eval|stdin)\](?:-wrapper)?:\d{1,6}$"),),
    "u": (("node source", r"undefined:\d{1,6}$"),),
    "/": (("node source", r"/[^\s:]{1,250}\.[cm]?[jt]sx?:\d{1,6}$"),),
}
_STARTS = {
    first: tuple((TRACES[name], re.compile(pattern)) for name, pattern in kinds)
    for first, kinds in _BEGINS.items()
}
_RUBY = re.compile(
    r"[^\s:]{1,250}:\d{1,6}:in [`'][^']{0,200}': .{0,2000}\([A-Z]\w{0,60}(?:::\w{1,60}){0,6}\)$"
)


def begun_by(text: str) -> Trace | None:
    """Return the trace that a line begins, whatever the lines before it are; None if it begins none."""
    for trace, pattern in _STARTS.get(text[:1], ()):
        if pattern.match(text, 0, _FRONT):
            return trace
    if ":in " in text and ":in " in text[:300] and _RUBY.match(text):
        return TRACES["ruby"]
    return None


def exception_of(text: str) -> Trace | None:
    """Return the trace whose first line is the name of an exception and its message."""
    if ("E" in text or "F" in text or "T" in text or "I" in text) and text[:1].isalpha():
        if QUALIFIED.match(text, 0, _FRONT):
            return TRACES["dotnet" if text.startswith(("System.", "Microsoft.")) else "java"]
        if BARE.match(text, 0, _FRONT):
            return TRACES["node"]
    return None
