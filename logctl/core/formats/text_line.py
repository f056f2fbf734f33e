"""Reading one line of text within all layers: by the declared formats, as logfmt, or by its shape."""

from __future__ import annotations

import re
from functools import lru_cache

from logctl.core.formats.format_tree import FormatTree, LineTimes
from logctl.core.formats.line_shapes import SHAPES, read_shape
from logctl.core.formats.logfmt import NAME as LOGFMT
from logctl.core.formats.logfmt import begins_logfmt, read_logfmt
from logctl.core.formats.own_formats import read_own
from logctl.core.formats.reading import Context, Reading
from logctl.core.formats.registry import FORMATS
from logctl.core.formats.time_forms import scan_time
from logctl.core.levels import UNKNOWN

_BADGE = re.compile(r" (?:[A-Z]{4,8}  (?=\S)|[\u2190-\u2bff] )")
"""A level with a space before it and two after it, or a symbol: consola and Next.js, which colour them."""

_OWN_LINE = re.compile(
    r"  (?:<--|-->|xxx|-x-) [A-Z]{3,7} /"
    r"| {1,9}(?:Compiling|Finished|Running|Checking|Building|Updating|Locking|Adding|Removing|Downloading"
    r"|Downloaded|Installing|Installed|Replacing|Packaging|Packaged|Verifying|Documenting|Generated|Fresh"
    r"|Dirty|Blocking)(?<=^.{12}) "
)
"""An indented line that continues no record: a step of Cargo, whose verbs end at one column; koa-logger."""


@lru_cache(maxsize=64)
def _tree(only: str | None) -> FormatTree:
    """Return the declared formats, or the only one to read; they are built when the first line is read."""
    return FormatTree(declared for declared in FORMATS if only in (None, declared.name))


def read_text(text: str, context: Context) -> Reading:
    """Return what a line of text says.

    The formats of the context are tried first, then the declared ones, logfmt, and last the shapes that
    loggers share: time, level and message. A line that begins with spaces has a head only if that has a time
    and a level, because an indented line usually continues a record. A line without a head is its own
    message.
    """
    if context.formats and (own := read_own(context.formats, text, context)) is not None:
        return own
    start = 0
    while start < len(text) and start < 200 and text[start] in " \t":
        start += 1
    found = _read(text, start, context) if start < len(text) else None
    if found is None or (start and (found.ts is None or found.level == UNKNOWN)):
        if found is None or start > 1 or found.level == UNKNOWN or not _BADGE.match(text):
            return Reading(message=text, begins=_OWN_LINE.match(text) is not None)
        found.begins = True
    return found


def _read(text: str, start: int, context: Context) -> Reading | None:
    only, scan = context.only, LineTimes(scan_time)
    found = _tree(only).read(text, start, context, scan)
    if found is not None:
        return found
    if only in (None, LOGFMT) and begins_logfmt(text, start):
        found = read_logfmt(text, start, context)
        if found is not None:
            return found
    if only is None or only in SHAPES:
        found = read_shape(text, start, context, scan)
        if found is not None and only in (None, found.format):
            return found
    return None
