"""The forms of input that `logctl send` reads, and how the first bytes of a source show its form.

What a source holds is recognised by its content, not by its name. Each set of forms is an enum, and every
place that treats its members differently uses `match` with `assert_never`: after a member is added, mypy
reports the places that do not know it yet.
"""

from __future__ import annotations

import re
from enum import StrEnum, unique
from typing import Literal, assert_never

from logctl.core.errors import UsageError
from logctl.ops.send.encodings import wide_encoding

BOM = b"\xef\xbb\xbf"
LOOK = 64 * 1024
"""Bytes of a source that are read to recognise its form."""


@unique
class Requested(StrEnum):
    """The values of `send --format`."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


@unique
class Form(StrEnum):
    """The form of a source after decompression."""

    TEXT = "text"
    """Log lines; indented lines and stack traces belong to the line before them."""
    JSON_LINES = "json"
    """NDJSON: one object in each line."""
    JSON_ARRAY = "array"
    """One array of objects."""


LineForm = Literal[Form.TEXT, Form.JSON_LINES]
"""The forms that are read line by line, and so can be followed while they grow."""


@unique
class Errors(StrEnum):
    """What to do with bytes that are not UTF-8."""

    DETECT = "detect"
    """Read them as Windows-1252, which has the characters of Latin-1."""
    STRICT = "strict"
    """Reject the record."""
    REPLACE = "replace"
    """Put U+FFFD in their place."""


@unique
class Compression(StrEnum):
    """How a source is compressed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    XZ = "xz"


_STARTS = (
    (Compression.GZIP, re.compile(rb"\x1f\x8b")),
    (Compression.ZSTD, re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")),
    (Compression.BZIP2, re.compile(rb"BZh[1-9]")),
    (Compression.XZ, re.compile(rb"\xfd7zX")),
)


def compression(start: bytes) -> Compression:
    """Return how a source is compressed whose first four bytes or more are `start`."""
    for found, pattern in _STARTS:
        if pattern.match(start):
            return found
    return Compression.NONE


def recognise(start: bytes, requested: Requested) -> Form | None:
    """Return the form of a source that begins with `start`, or None if more bytes are needed to tell.

    `[` begins a JSON array only before an object or before the end of an empty array, because the lines of
    Apache's error log begin with `[Sun Dec`.

    Raises:
        UsageError: the source is UTF-16.
    """
    if wide_encoding(start) is not None:
        raise UsageError(
            "The input is UTF-16.",
            "Send what it holds without --follow, or convert it: tail -c +1 -F FILE | iconv -f UTF-16 -t "
            "UTF-8 | logctl send -",
        )
    content = start.removeprefix(BOM).lstrip()
    match requested:
        case Requested.TEXT:
            return Form.TEXT if len(start) > 2 else None
        case Requested.AUTO | Requested.JSON:
            array = _begins_array(content)
            if array is None:
                return None
            if array:
                return Form.JSON_ARRAY
            return Form.JSON_LINES if content.startswith(b"{") else fallback(requested)
        case _:
            assert_never(requested)


def fallback(requested: Requested) -> LineForm:
    """Return the form of a source whose content does not show it, such as one of blank lines only."""
    match requested:
        case Requested.AUTO | Requested.TEXT:
            return Form.TEXT
        case Requested.JSON:
            return Form.JSON_LINES
        case _:
            assert_never(requested)


def as_lines(form: Form) -> LineForm:
    """Return the form in which a file is read line by line while it grows.

    A growing array has no end yet. Each of its lines is read as one object, and rejected if it is none.
    """
    match form:
        case Form.TEXT:
            return Form.TEXT
        case Form.JSON_LINES | Form.JSON_ARRAY:
            return Form.JSON_LINES
        case _:
            assert_never(form)


def _begins_array(content: bytes) -> bool | None:
    """Return whether `content`, without leading white space, begins an array; None if it is too short."""
    if not content:
        return None
    if not content.startswith(b"["):
        return False
    inside = content[1:].lstrip()
    if not inside:
        return None
    return inside.startswith(b"{") or (inside.startswith(b"]") and not inside[1:].strip())
