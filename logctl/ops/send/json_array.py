"""Reading a JSON array of objects as a stream, one element at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from logctl.ops.send.entries import Entry, Rejection, Trail, json_entry, too_big
from logctl.ops.send.input_forms import Errors

_CHUNK = 64 * 1024
_STRUCTURE = re.compile(rb'[\[\]{},"]')
_IN_STRING = re.compile(rb'["\\]')


def read_array(
    stream: BinaryIO, *, offset: int, errors: Errors, max_element: int
) -> Iterator[Entry | Rejection]:
    """Yield the elements of a JSON array; a bad element is rejected, and reading continues with the next.

    `stream` is the array without a byte order mark, which begins at byte `offset` of its source. An element
    of more than `max_element` bytes is rejected.
    """
    elements = _Elements(offset, max_element, errors)
    while not elements.closed and (chunk := stream.read(_CHUNK)):
        yield from elements.feed(chunk)
    if not elements.closed:
        yield from elements.end()
        yield Rejection(elements.line, elements.offset, "json", "the array has no end: the input is cut off")


class _Elements:
    """A parser that splits an array at its commas, a chunk at a time.

    `offset` and `line` are the position in the source after the last chunk.
    """

    def __init__(self, offset: int, limit: int, errors: Errors) -> None:
        self.offset = offset
        self.line = 1
        self.closed = False
        self._limit = limit
        self._errors = errors
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._element = bytearray()
        self._trail = Trail()
        self._ts: int | None = None
        self._size = 0
        self._start = (offset, 1)
        self._first = True

    def feed(self, chunk: bytes) -> Iterator[Entry | Rejection]:
        """Yield the elements that end in `chunk`, the next bytes of the array."""
        position = done = 0
        if self._escaped:
            position, self._escaped = 1, False
        while found := (_IN_STRING if self._in_string else _STRUCTURE).search(chunk, position):
            position = found.end()
            mark = found[0]
            if mark == b"\\":
                self._escaped = position == len(chunk)
                position += 1
            elif mark == b'"':
                self._in_string = not self._in_string
            elif mark in b"[{":
                self._depth += 1
                if self._depth == 1:  # the bracket of the array itself
                    self._take(chunk[done:position], keep=False)
                    done = position
            elif mark in b"]}" and self._depth > 1:
                self._depth -= 1
            elif self._depth == 1 and mark in b"],":
                self._take(chunk[done : found.start()])
                yield from self._finish(last=mark == b"]")
                self._take(mark, keep=False)
                done = position
                if mark == b"]":
                    self.closed = True
                    if chunk[done:].strip():
                        yield Rejection(self.line, self.offset, "json", "there is more after the array")
                    return
        self._take(chunk[done:])

    def end(self) -> Iterator[Entry | Rejection]:
        """Yield the element that the end of the input cuts off."""
        yield from self._finish(last=True)

    def _take(self, data: bytes, *, keep: bool = True) -> None:
        if keep:
            if not self._size:
                blank = len(data) - len(data.lstrip())
                self._start = (self.offset + blank, self.line + data.count(b"\n", 0, blank))
                content = data[blank:]
            else:
                content = data
            self._size += len(content)
            if self._size <= self._limit + _CHUNK:
                self._element += content
        self.offset += len(data)
        self.line += data.count(b"\n")

    def _finish(self, *, last: bool) -> Iterator[Entry | Rejection]:
        element = bytes(self._element).rstrip()
        offset, line = self._start
        if self._size > self._limit + _CHUNK or len(element) > self._limit:
            yield too_big(line, offset, self._limit)
        elif element:
            yield self._entry(element)
        elif not (last and self._first):
            yield Rejection(self.line, self.offset, "json", "there is nothing between two commas")
        self._element.clear()
        self._size, self._first = 0, False

    def _entry(self, element: bytes) -> Entry | Rejection:
        offset, line = self._start
        chain = self._trail.step(element)
        item = json_entry(
            element,
            self._errors,
            offset=offset,
            end=offset + len(element),
            line=line,
            ts=self._ts,
            chain=chain,
            source=self._trail.source,
        )
        self._ts = item.ts if isinstance(item, Entry) else self._ts
        return item
