"""Splitting a JSON array of objects into its elements as a stream: memory holds one element at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from logctl.ops.send.entries import Rejection, too_big

# What stands before the next bracket, or before the next bracket or comma, with whole strings.
_WITHIN = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*', re.DOTALL)
_BETWEEN = re.compile(rb'(?:[^"\[\]{},]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*', re.DOTALL)
_STRING_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Element:
    """An element of an array, from byte `offset` of its source on, which is in line `line`."""

    data: bytes
    offset: int
    line: int


class ArraySplitter:
    """A splitter of an array at its commas, a chunk at a time.

    `offset` and `line` are the position in the source after the last chunk, or after the array.
    `rest` are the bytes of the last chunk after that end; None before it.
    """

    def __init__(self, offset: int, limit: int, *, line: int = 1) -> None:
        """Create a splitter of an array at byte `offset`; an element has at most `limit` bytes."""
        self.offset = offset
        self.line = line
        self.rest: bytes | None = None
        self._limit = limit
        self._depth = 0
        self._in_string = False
        self._held = b""
        self._element = bytearray()
        self._size = 0
        self._start = (offset, line)

    def feed(self, chunk: bytes) -> Iterator[Element | Rejection]:
        """Yield the elements that end in `chunk`, the next bytes of the array."""
        chunk, self._held = self._held + chunk, b""
        position = done = 0
        if self._in_string:
            position = self._after_string(chunk, 0)
        while not self._in_string:
            skipped = (_WITHIN if self._depth > 1 else _BETWEEN).match(chunk, position)
            start = skipped.end() if skipped else position
            if start == len(chunk):
                break
            mark, position = chunk[start : start + 1], start + 1
            if mark == b'"':  # the string has no end in this chunk
                position = self._after_string(chunk, position)
            elif mark in b"[{":
                self._depth += 1
                if self._depth == 1:  # the bracket of the array itself
                    self._take(chunk[done:position], keep=False)
                    done = position
            elif mark in b"]}" and self._depth > 1:
                self._depth -= 1
            elif self._depth == 1 and mark in b"],":
                self._take(chunk[done:start])
                yield from self._finish()
                self._take(mark, keep=False)
                done = position
                if mark == b"]":
                    self.rest = chunk[done:]
                    return
        self._take(chunk[done : len(chunk) - len(self._held)])

    def end(self) -> Iterator[Element | Rejection]:
        """Yield the element that the end of the input cuts off."""
        self._take(self._held)
        yield from self._finish()
        self.rest = b""

    def _after_string(self, chunk: bytes, position: int) -> int:
        """Return the index after the string that goes on at `position`; it can end in a later chunk."""
        closed = _STRING_END.match(chunk, position)
        self._in_string = closed is None
        if closed is not None:
            return closed.end()
        # A backslash at the end escapes the first byte of the next chunk.
        slashes = len(chunk) - len(chunk.rstrip(b"\\"))
        self._held = b"\\" if slashes % 2 else b""
        return len(chunk)

    def _take(self, data: bytes, *, keep: bool = True) -> None:
        if keep:
            content = data
            if not self._size:
                content = data.lstrip()
                blank = len(data) - len(content)
                self._start = (self.offset + blank, self.line + data.count(b"\n", 0, blank))
            self._size += len(content)
            if self._size <= self._limit:
                self._element += content
            elif len(self._element) <= self._limit:
                self._element += content[: self._limit + 1 - len(self._element)]
        self.offset += len(data)
        self.line += data.count(b"\n")

    def _finish(self) -> Iterator[Element | Rejection]:
        offset, line = self._start
        # White space at the end does not count, but there cannot be more of it than of the element.
        element = bytes(self._element).rstrip()
        if len(element) > self._limit or self._size > 2 * self._limit:
            yield too_big(line, offset, self._limit)
        elif element:
            yield Element(element, offset, line)
        self._element.clear()
        self._size = 0
