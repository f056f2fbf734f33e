"""Reading a whole text: JSON objects, also several in a line or over several lines, envelopes, and text.

It is what `logctl send` does with a file, for a text that is in memory as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from logctl.core import strictjson
from logctl.core.canonical_json import read_canonical
from logctl.core.formats.events import events_of
from logctl.core.formats.joining import Joined
from logctl.core.formats.object_lines import ObjectLines
from logctl.core.formats.plain_objects import read_plain
from logctl.core.formats.reader import mark_malformed, read_line, read_value
from logctl.core.formats.reading import BAD_TIME, MALFORMED_JSON, Context, Reading


class BodyPart(Struct, frozen=True):
    """A record in a text.

    Attributes:
        reading: what it says.
        text: its original text; "" if it was an object within another one.
        whole: the reading says everything that the text does.
        position: the index of its line, or of its element in an array.
        place: the position, and what tells it apart from other records of the same line: `3`, `3:1`, `3/17`.
        value: the object within another one.
    """

    reading: Reading
    text: str
    position: int
    place: str
    whole: bool = False
    value: Mapping[str, Any] | None = None


class _Place(Struct, frozen=True):
    position: int
    place: str
    is_object: bool = False
    malformed: bool = False


def read_objects(
    values: Sequence[object], context: Context, *, malformed: bool = False
) -> Iterator[BodyPart]:
    """Yield the records of the elements of an array: objects, envelopes, and lines in quotes.

    `malformed`: the array is not JSON that every parser reads in the same way.
    """
    for position, value in enumerate(values):
        if isinstance(value, Mapping):
            for part in read_whole(value, context, position):
                if malformed:
                    mark_malformed(part.reading, json.dumps(value, ensure_ascii=False))
                yield part
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield BodyPart(read_line(text, context), text, position, str(position))


def read_whole(value: Mapping[str, Any], context: Context, position: int = 0) -> Iterator[BodyPart]:
    """Yield the record of an object, or those of the events in it."""
    events = events_of(value)
    if events is None:
        if strictjson.fits(value):
            reading = read_value(value, context)
        else:
            reading = Reading(json.dumps(value, ensure_ascii=False), flags=(MALFORMED_JSON,))
        yield BodyPart(reading, "", position, str(position), value=value)
        return
    for number, event in enumerate(events):
        yield BodyPart(read_value(event, context), "", position, f"{position}/{number}", value=event)


def read_lines(text: str, context: Context) -> Iterator[BodyPart]:
    """Yield the records of lines, each of which is JSON or text, with the lines of stack traces joined."""
    reader = _LinesReader(context)
    # Not splitlines(): JSON strings may hold U+2028 and U+0085 as they are.
    for position, line in enumerate(text.split("\n")):
        yield from reader.line(_Place(position, str(position)), line.removesuffix("\r"))
    yield from reader.end()


class _LinesReader(ObjectLines[_Place, BodyPart]):
    """A reader of the lines of a text. `_ts` is the last time so far, which lines without one get."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._ts: int | None = None

    def line(self, place: _Place, text: str) -> Iterable[BodyPart]:
        """Return the records that are complete after a line."""
        if text[:1] == "{" and text[-1] == "}" and (part := self._plain(place, text)) is not None:
            return (part,)
        return self._line(place, text)

    def _plain(self, place: _Place, text: str) -> BodyPart | None:
        """Return the record of a line that is an ordinary object between whole records; None for others."""
        canonical = read_canonical(text) if self._collector is None else None
        if canonical is None or strictjson.may_have_more_keys(text):
            return None
        reading = read_plain(canonical[0], self._context)
        if reading is None or not self._joiner.passes():
            return None
        reading.inner = text
        self._ts = self._ts if reading.ts is None else reading.ts
        return BodyPart(reading, text, place.position, place.place, whole=True)

    def _line(self, place: _Place, text: str) -> Iterator[BodyPart]:
        if self._collector is not None:
            yield from self._collect(self._collector, place, text)
        elif not text or text.isspace():
            self._joiner.blank(text)
        elif text.lstrip(" \t[,")[:1] == "{":
            yield from self._objects(place, text)
        else:
            yield from self._text(place, text)

    def end(self) -> Iterator[BodyPart]:
        while self._collected:
            yield from self._give_up()
        yield from self._parts(self._joiner.end())

    def _objects(self, place: _Place, text: str) -> Iterator[BodyPart]:
        """Yield the records of a line, or of several, which begin like an object."""
        if text[0] == "{" and text[-1] == "}":
            try:
                value = strictjson.loads(text)
            except strictjson.Malformed:
                pass
            else:
                yield from self._object(place, text, value)
                return
        if text.lstrip()[:1] == "[":
            yield from self._array(place, text)
        else:
            yield from self._scan(place, text)

    def _array(self, place: _Place, text: str) -> Iterator[BodyPart]:
        """Yield the records of an array of objects in one line."""
        try:
            values, malformed = strictjson.loads_leniently(text)
        except strictjson.Malformed:
            values, malformed = None, False
        if not isinstance(values, list) or malformed or not all(isinstance(item, Mapping) for item in values):
            yield from self._text(place, text)
            return
        for number, value in enumerate(values):
            original = json.dumps(value, ensure_ascii=False)
            yield from self._object(self._part(place, f":{number}"), original, value)

    def _add(self, place: _Place, text: str, reading: Reading) -> Iterator[BodyPart]:
        return self._parts(self._joiner.add(text, reading, place))

    def _again(self, place: _Place, text: str) -> Iterable[BodyPart]:
        return self.line(place, text)

    def _part(self, place: _Place, name: str) -> _Place:
        return _Place(place.position, place.place + name)

    def _of_object(self, place: _Place, _value: Mapping[str, Any], malformed: bool, /) -> _Place:
        return _Place(place.position, place.place, is_object=True, malformed=malformed)

    def _parts(self, complete: Iterable[Joined[_Place]]) -> Iterator[BodyPart]:
        for joined in complete:
            reading, place = joined.reading, joined.first
            if reading.ts is not None:
                self._ts = reading.ts
            elif not place.is_object and BAD_TIME not in reading.flags:
                reading.ts = self._ts
            whole = place.is_object and not place.malformed and joined.lines == 1 and not reading.layers
            yield BodyPart(reading, joined.text, place.position, place.place, whole=whole)
