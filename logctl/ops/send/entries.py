"""The content of a source before it is made into records: entries, rejections, and their identities."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from msgspec import field as default

from logctl.core.formats.reading import Reading
from logctl.core.levels import UNKNOWN

_sha256 = hashlib.sha256

MAX_LINE = 1024 * 1024
"""Bytes of a line of text, or of a JSON object."""


@dataclass(slots=True)
class Trail:
    """The identity of a place in a source, made of all the content before it, and not by names or times.

    `chain` is a hash over every line so far, each combined with the chain before it; `source` is the start of
    the chain after the first line. Every copy of a source has the same trail, however it was made; the
    trails of two sources differ from the first line on that differs.
    """

    chain: bytes = b""
    source: str = ""

    def step(self, line: bytes) -> str:
        """Add a line (without its end) or an array's element; return its chain in hexadecimal."""
        self.chain = _sha256(self.chain + line).digest()[:16]
        chain = self.chain.hex()
        self.source = self.source or chain[:16]
        return chain


class Recognised(Struct):
    """How the lines of a record were read, for `send --dry-run` and `formats test`.

    `format` and `layers` are those of `formats.reading.Reading`. `zone` is the zone of the time as the
    record gives it, "" if the sender's zone was applied, and None if the record has no time. `lines` counts
    the lines.
    """

    format: str = ""
    layers: tuple[str, ...] = ()
    zone: str | None = None
    lines: int = 1


class Entry(Struct, eq=False):
    """A record in a source, before it has an app and an id.

    `value` is the JSON object, or the text of the lines. `reading` is what it says, and `text` its original
    text. `offset` and `end` count bytes, `line` counts from 1. `ts`
    (milliseconds) is the entry's own time or the last one before it in the source; None if there was none.
    `chain` and `source` are those of its first line (see `Trail`). `again` counts the earlier files of the
    same name that began with the same lines. `parsed` is the object that the text is, if it is one line, and
    `style` that of `canonical_json`, if it is known that the text is written in one.
    """

    offset: int
    end: int
    line: int
    value: Mapping[str, Any] | str
    ts: int | None = None
    level: str = UNKNOWN
    chain: str = ""
    source: str = ""
    again: int = 0
    recognised: Recognised | None = None
    reading: Reading = default(default_factory=lambda: Reading(""))
    text: str = ""
    parsed: Mapping[str, Any] | None = None
    style: int | None = None

    def __eq__(self, other: object) -> bool:
        """Compare what an entry is; how it was read and its identity do not count."""
        return isinstance(other, Entry) and self._said() == other._said()

    __hash__ = None  # type: ignore[assignment]

    def _said(self) -> tuple[object, ...]:
        return self.offset, self.end, self.line, self.value, self.ts, self.level, self.again


@dataclass(frozen=True, slots=True)
class Rejection:
    """A part of a source that cannot be an entry. `reason` is a code for programs, `detail` a sentence."""

    line: int
    offset: int
    reason: str
    detail: str


def not_utf8(line: int, offset: int, problem: UnicodeDecodeError) -> Rejection:
    """Return the rejection of bytes that are not UTF-8, with the first such byte and its column."""
    byte = problem.object[problem.start]
    return Rejection(
        line, offset, "encoding", f"byte 0x{byte:02x} at column {problem.start + 1} is not UTF-8"
    )


def too_big(line: int, offset: int, limit: int) -> Rejection:
    """Return the rejection of something longer than `limit` bytes."""
    return Rejection(line, offset, "too_big", f"it is longer than {limit:,} bytes")
