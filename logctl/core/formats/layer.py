"""A layer around a log line: what it says, and the line within it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from logctl.core.formats.found_times import set_time
from logctl.core.formats.time_forms import FoundTime
from logctl.core.levels import UNKNOWN

FRONT = 600
"""Characters of a line that are matched: the rest of a long line must not make a pattern slow."""


class Layer(Struct):
    """A layer and the line within it.

    Attributes:
        name: what `Reading.layers` calls it.
        inner: the line within it.
        ts, zone, flags: its time, as in `Reading`. The flags concern the time, and count only if it is used.
        level, fields, app, partial, stream: as in `Reading`.
        own_record: each line is a record, unless its inner text is part of a stack trace.
        decides_level: its level counts, also where the line within it has another one.
        weak: it is nothing but a time, so that it can be the time of the program's own format as well.
    """

    name: str
    inner: str
    ts: int | None = None
    level: str = UNKNOWN
    fields: dict[str, Any] = {}
    flags: tuple[str, ...] = ()
    zone: str = ""
    app: str = ""
    partial: bool = False
    stream: str = ""
    own_record: bool = False
    decides_level: bool = False
    weak: bool = False


def timed(name: str, inner: str, time: FoundTime | None, **members: Any) -> Layer:
    """Return a layer with a time. `members` are further members of `Layer`."""
    layer = Layer(name, inner, **members)
    if time is not None:
        set_time(layer, time)
    return layer
