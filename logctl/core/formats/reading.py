"""What the reader needs to know, what it finds in a line, and how a format is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum, unique
from typing import Any

from msgspec import Struct

from logctl.core.levels import UNKNOWN

BAD_TIME = "bad_time"
"""The record begins with a date or time that does not exist, such as 30 February."""
AMBIGUOUS_TIME = "ambiguous_time"
"""The time can mean two moments: its zone's abbreviation has several meanings, or clocks were set back."""
MALFORMED_JSON = "malformed_json"
"""The line begins as JSON, but is not JSON that every parser reads in the same way. It is kept as text."""
NOT_UTF8 = "not_utf8"
"""The line was not UTF-8; it was read as Latin-1."""


Taken = tuple[tuple[int, str], ...]
"""Members of an object: the index and the name of each, in the object's order."""


class Context(Struct, frozen=True):
    """What a line does not say about itself.

    Attributes:
        reference: milliseconds; decides the year and the day of times that have none. For a file it is the
            time of its last modification.
        zone: the zone of times that have none.
        formats: formats that the user has declared; they are tried before all others.
        only: the name of the only format to read; None for all.
        day_first: in dates such as 03/04/2026 the day is first, not the month.
    """

    reference: int
    zone: tzinfo = UTC
    formats: tuple[Format, ...] = ()
    only: str | None = None
    day_first: bool = False


class Reading(Struct):
    """What a line, a joined group of lines or a JSON object says.

    Attributes:
        message: the text without time, level and the other parts of the head.
        ts: milliseconds, UTC; None if the line has no time, or (with `BAD_TIME`) one that does not exist.
        level: one of `levels.ORDER`, or `UNKNOWN`.
        fields: the other parts, by name: host, process, pid, thread, logger, trace_id, stream, pod …
        flags: `BAD_TIME`, `AMBIGUOUS_TIME`, `MALFORMED_JSON`.
        format: the name of the innermost format that was recognised; "" if none was.
        layers: the names of the layers around it, from the outermost.
        zone: the zone of the time as the line gives it (`+01:00`, `CET`, `Z`); "" if it is `Context.zone`.
        begins: the line has a head of its own: it never continues a record.
        app: the name of the application as the line gives it (unit, container, service), "" if it does not.
        partial: the next line of the same `stream` continues this one without a line break.
        stream: distinguishes interleaved streams in one source (a container, stdout and stderr); "" for one.
        inner: the text within all layers, without ANSI codes; the rules for joining lines look at it.
        taken: of a JSON object, the members that are not among the fields, if all others are; else None.
    """

    message: str
    ts: int | None = None
    level: str = UNKNOWN
    fields: dict[str, Any] = {}
    flags: tuple[str, ...] = ()
    format: str = ""
    layers: tuple[str, ...] = ()
    zone: str = ""
    begins: bool = False
    app: str = ""
    partial: bool = False
    stream: str = ""
    inner: str = ""
    taken: Taken | None = None


@unique
class Joins(StrEnum):
    """Which lines after a head belong to its record."""

    TRACES = "traces"
    """Stack traces of the known runtimes, and indented lines: the rule of most formats."""
    UNTIL_HEAD = "until head"
    """Every line until the next head of the same format: a format whose records always have several lines."""
    NONE = "none"
    """No line: each line is a record."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an example has to be read as. `time` is ISO 8601 in UTC; None if the record has none."""

    time: str | None
    level: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """Lines of a format, and the records that they are. Times without a zone are in UTC."""

    text: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, eq=False)
class Format:
    """A format of log lines.

    Attributes:
        name: what `--format` and `formats list` call it.
        describes: which programs write it.
        head: a regular expression in verbose syntax from the first character to the message. `<time>` stands
            for any form of time, `<level>` for any word of a level. Named groups become fields; a group
            `message` is the message where that is not the rest of the line, a group `level` a level that is
            not a word (`levels` says what it means), a group `app` the name of the application, and a group
            `pairs` the text `key=value …`. Groups whose names differ in a `_` at the end are one field. The
            head of a user's format is in plain syntax (see `own_formats`).
        first: the characters with which a line can begin; "" to find them from `head`.
        levels: what the format's own words for levels mean, beside the general ones.
        begins: whether a line of this format always begins a record. A line of a stack trace does not: it can
            belong to the record before.
        joins: which lines after a head belong to its record.
        utc: times without a zone are in UTC, as a service or a standard says, whatever the sender's zone is.
        examples: examples with right answers; the tests and the reference page are made of them.
        time: for a user's format, the form of its time as `strptime` takes it; "" to recognise it.
    """

    name: str
    describes: str
    head: str
    first: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)
    begins: bool = True
    joins: Joins = Joins.TRACES
    utc: bool = False
    examples: tuple[Example, ...] = ()
    time: str = ""
