"""Reading JSON that is longer than a line may be, as a stream: arrays, and objects with an array of events.

A file of CloudTrail is one object in one line, with thousands of events in its member `Records`, and
`aws logs filter-log-events` prints its `events` over many lines. Each event is read as soon as it is
complete, with the members of the object that precede the array.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from logctl.core import limits, strictjson
from logctl.core.formats.events import DEEPER, events_of
from logctl.core.formats.json_objects import MAX_LINES, Collector
from logctl.ops.send.byte_streams import CHUNK, Prepended, buffered
from logctl.ops.send.entries import Entry, Rejection
from logctl.ops.send.input_forms import BOM
from logctl.ops.send.json_array import ArraySplitter, Element
from logctl.ops.send.line_reader import LineReader

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}"]', re.DOTALL)
_BLANK = b" \t\r\n,"
_MOST_HEAD = 64 * 1024
"""Bytes of an object before its array of events."""


def begins_long(stream: BinaryIO, most: int) -> tuple[bool, bytes]:
    """Return whether a source begins with an object of more than `most` bytes, and the bytes read to tell.

    Lines are read as long as they can be lines of one object, so that the lines of a live stream do not wait.
    """
    line = stream.readline(most + 2)
    read = bytearray(line)
    if line.removeprefix(BOM).lstrip()[:1] != b"{":
        return False, bytes(read)
    if not line.endswith(b"\n"):
        return len(line) > most, bytes(read)
    if line.rstrip().endswith(b"}"):
        return False, bytes(read)
    collector = Collector(_text(line))
    complete, lines = collector.complete, 1
    while complete is False:
        if lines >= MAX_LINES - 1 or len(read) > most:
            return True, bytes(read)
        line = stream.readline(most + 2)
        if not line:
            break
        read += line
        lines += 1
        complete = collector.add(_text(line))
    return False, bytes(read)


def _text(line: bytes) -> str:
    return line.removeprefix(BOM).decode("utf-8", "replace").rstrip("\r\n")


def read_long(
    stream: BinaryIO, reader: LineReader, *, offset: int, max_element: int
) -> Iterator[Entry | Rejection]:
    """Yield the entries of arrays and objects, and of the lines after them.

    `stream` begins at byte `offset` of its source, without a byte order mark. `reader` makes the entries.
    What is neither an array of objects nor an object is read by its lines, and so is everything after it.
    """
    source = _Source(stream, offset)
    while (first := source.first()) in (b"[", b"{"):
        if first == b"[":
            yield from _array(source, reader, max_element)
        elif not (yield from _object(source, reader, max_element)):
            break
    reader.move_to(source.offset, source.line)
    yield from reader.read(source.rest(), final=True)


class _Source:
    """A stream of bytes with its position, into which bytes can be put back."""

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        self._stream = stream
        self._ready = b""
        self.offset = offset
        self.line = 1

    def take(self) -> bytes:
        """Return the next bytes; the position does not move until they are `passed`. Empty at the end."""
        ready, self._ready = self._ready, b""
        return ready or self._stream.read(CHUNK)

    def put_back(self, data: bytes) -> None:
        self._ready = data + self._ready

    def passed(self, data: bytes) -> None:
        self.offset += len(data)
        self.line += data.count(b"\n")

    def first(self) -> bytes:
        """Return the next byte that is neither white space nor a comma, and move to it."""
        while data := self.take():
            content = data.lstrip(_BLANK)
            self.passed(data[: len(data) - len(content)])
            if content:
                self.put_back(content)
                return content[:1]
        return b""

    def rest(self) -> BinaryIO:
        return buffered(Prepended(self._ready, self._stream)) if self._ready else self._stream


def _array(source: _Source, reader: LineReader, limit: int) -> Iterator[Entry | Rejection]:
    """Yield the entries of an array's elements."""
    for item in _elements(source, limit):
        if isinstance(item, Rejection):
            yield item
        else:
            yield from reader.element(item)


def _elements(source: _Source, limit: int) -> Iterator[Element | Rejection]:
    splitter = ArraySplitter(source.offset, limit, line=source.line)
    while splitter.rest is None:
        data = source.take()
        yield from splitter.feed(data) if data else splitter.end()
    source.put_back(splitter.rest)
    source.offset, source.line = splitter.offset, splitter.line


def _object(source: _Source, reader: LineReader, limit: int) -> Generator[Entry | Rejection, None, bool]:
    """Yield the entries of an object, and return whether it could be read as one."""
    content, envelopes = source.take(), True
    while True:
        end, array = _look(content, 0, envelopes=envelopes)
        if end is not None and end <= limit:
            source.put_back(content[end:])
            element = Element(content[:end], source.offset, source.line)
            source.passed(element.data)
            yield from reader.element(element)
            return True
        if array is not None:
            probed = next(ArraySplitter(0, limit).feed(content[array:]), None)
            envelope = _Envelope.of(content[:array]) if isinstance(probed, Element) else None
            if envelope is not None and isinstance(probed, Element) and envelope.holds(probed.data):
                break
            envelopes = probed is None
        more = _as_much_again(source, content) if len(content) <= 2 * limit else b""
        if not more:
            source.put_back(content)
            return False
        content += more
    source.put_back(content[array:])
    source.passed(content[:array])
    reader.pass_over(content[:array])
    for item in _elements(source, limit):
        if isinstance(item, Rejection):
            yield item
        else:
            yield from reader.element(item, within=envelope.around)
    return _skip_to_end(source, limit)


def _as_much_again(source: _Source, content: bytes) -> bytes:
    """Return as many further bytes as there are, so that looking at all of them again takes linear time."""
    more = bytearray()
    while len(more) < len(content) and (data := source.take()):
        more += data
    return bytes(more)


def _skip_to_end(source: _Source, limit: int) -> bool:
    """Move to the end of an object after its array of events; return whether it has one nearby."""
    content = source.take()
    while True:
        end, _ = _look(content, 1)
        if end is not None:
            source.passed(content[:end])
            source.put_back(content[end:])
            return True
        more = _as_much_again(source, content) if len(content) <= limit else b""
        if not more:
            source.put_back(content)
            return False
        content += more


def _look(content: bytes, depth: int, *, envelopes: bool = False) -> tuple[int | None, int | None]:
    """Return the index after an object, or, with `envelopes`, that of the first array of objects in it.

    Both are None if more bytes are needed. `depth`: how many brackets are open at the start of `content`.
    """
    position = 0
    while found := _TOKEN.search(content, position):
        position = found.end()
        match found[0]:
            case b"{" | b"[":
                depth += 1
                if envelopes and depth == 2 and _OBJECTS.match(content, found.start()):
                    return None, found.start()
            case b"}" | b"]":
                depth -= 1
                if depth == 0:
                    return position, None
            case b'"':
                return None, None
    return None, None


_OBJECTS = re.compile(rb"\[\s*+\{")


@dataclass(frozen=True, slots=True)
class _Envelope:
    """An object around an array of events: its members before the array, and the array's name."""

    members: Mapping[str, Any]
    name: str

    @classmethod
    def of(cls, head: bytes) -> _Envelope | None:
        """Return the envelope that begins with some bytes, which end before the array's bracket."""
        if len(head) > _MOST_HEAD:
            return None
        try:
            members = strictjson.loads(head + b"[]}")
        except strictjson.Malformed:
            return None
        return cls(members, next(reversed(members))) if isinstance(members, dict) else None

    def around(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self.members, self.name: [event]}

    def holds(self, element: bytes) -> bool:
        """Return whether an element of the array is an event, and so all of them are."""
        try:
            value, _ = strictjson.loads_leniently(
                element.decode("utf-8", "replace"),
                depth=strictjson.MAX_DEPTH + DEEPER,
                keys=limits.MAX_VALUES,
            )
        except strictjson.Malformed:
            return False
        return isinstance(value, Mapping) and events_of(self.around(value)) is not None
