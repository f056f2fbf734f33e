"""Finding the JSON objects in lines of text: one or several in a line, and objects of several lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from logctl.core import limits, strictjson
from logctl.core.formats.events import DEEPER, events_of

MAX_LINES = 10_000
"""The most lines of one object."""

_STRUCTURE = re.compile(r"[{}\[\]\"]")
_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BEGINS = re.compile(r'\s*\{\s*(?:"|\}|$)')
_WITHIN = re.compile(r'\s*+(?:["{}\[\],\-\dtfnNI]|$)')
_BETWEEN = " \t\r\n,"


class Found(Struct, frozen=True):
    """An object in a text: its value, the text from `start` to `end`, and whether it is wrong in its form."""

    value: Mapping[str, Any]
    start: int
    end: int
    malformed: bool = False


class Scan(Struct, frozen=True):
    """The objects in a text. `rest` is the index of an object without an end; None if there is none."""

    found: tuple[Found, ...]
    rest: int | None = None


def find_objects(text: str) -> Scan | None:
    """Return the objects that a text consists of, with or without commas between; None for other text.

    The last one may be cut off.
    """
    found: list[Found] = []
    position = 0
    while True:
        while position < len(text) and text[position] in _BETWEEN:
            position += 1
        if position == len(text):
            return Scan(tuple(found)) if found else None
        if text[position] != "{":
            return None
        end = _end_of_object(text, position)
        if end is None:
            return (
                Scan(tuple(found), position)
                if found or _BEGINS.match(text, position, position + 200)
                else None
            )
        try:
            value, malformed = load(text[position:end])
        except strictjson.Malformed:
            return None
        if not isinstance(value, Mapping):
            return None
        found.append(Found(value, position, end, malformed))
        position = end


def load(text: str) -> tuple[Any, bool]:
    """Parse JSON as `strictjson.loads_leniently` does, but let an object that holds several events be larger.

    Raises:
        Malformed: it is not JSON, it is nested too deeply, or it has too many keys.
    """
    value, malformed = strictjson.loads_leniently(
        text, depth=strictjson.MAX_DEPTH + DEEPER, keys=limits.MAX_VALUES
    )
    large = text.count(":") > strictjson.MAX_KEYS or text.count("{") + text.count("[") > strictjson.MAX_DEPTH
    if large and not strictjson.fits(value) and not (isinstance(value, Mapping) and events_of(value)):
        raise strictjson.Malformed("too_many_keys", "it is nested too deeply or has too many keys")
    return value, malformed


class Collector:
    """A collector of the lines of an object, until its last bracket is closed."""

    def __init__(self, text: str) -> None:
        """Begin with the text from the object's first bracket to the end of its line."""
        self._texts: list[str] = []
        self.size = 0
        self._depth = 0
        self._after_brace = False
        self.complete = self.add(text)

    def add(self, text: str) -> bool | None:
        """Add a line; return whether the object is complete, or None if this line cannot be a part of one."""
        if self._texts and not _WITHIN.match(text, 0, 200):
            return None
        begins = text.lstrip()[:1]
        if self._after_brace and begins and begins not in '"}':
            return None
        self._texts.append(text)
        self.size += len(text) + 1
        walked = _walk(text, 0, self._depth)
        if walked is None:
            return None
        end, self._depth = walked
        if end is not None:
            return True
        if begins:
            self._after_brace = text.rstrip()[-1] == "{"
        return False if len(self._texts) < MAX_LINES and self._depth <= strictjson.MAX_DEPTH else None

    @property
    def text(self) -> str:
        return "\n".join(self._texts)


def _end_of_object(text: str, start: int) -> int | None:
    """Return the index after the object that begins at `start`; None if it has no end."""
    walked = _walk(text, start, 0)
    return None if walked is None else walked[0]


def _walk(text: str, position: int, depth: int) -> tuple[int | None, int] | None:
    """Follow brackets from an index on, at which `depth` of them are open.

    Returns:
        The index after the bracket that closes the last open one, or None if some stay open; and how many are
        open at the end. None instead, if a string has no end.
    """
    while mark := _STRUCTURE.search(text, position):
        position = mark.end()
        match mark[0]:
            case '"':
                closed = _STRING.match(text, position)
                if closed is None:
                    return None
                position = closed.end()
            case "{" | "[":
                depth += 1
            case _:
                depth -= 1
                if depth == 0:
                    return position, 0
    return None, depth
