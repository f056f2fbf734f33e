"""JSON objects among lines: one or several in a line, objects of several lines, and envelopes of events."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from logctl.core.formats.events import events_of
from logctl.core.formats.joining import Joiner
from logctl.core.formats.json_objects import Collector, find_objects
from logctl.core.formats.plain_objects import read_plain
from logctl.core.formats.reader import mark_malformed, read_value
from logctl.core.formats.reading import Context, Reading

_RETRIED = 50
"""Of the lines that looked like an object and are none, as many may begin an object again."""

P = TypeVar("P")
R = TypeVar("R")


class ObjectLines(ABC, Generic[P, R]):
    """A reader of lines that finds the objects in them, and joins the lines of one record.

    `P` is the place of a line, `R` what is made of a record. A subclass decides which lines may hold objects
    and calls `scan` with these.
    """

    def __init__(self, context: Context, state: str = "", *, most: int = sys.maxsize) -> None:
        """Create a reader.

        - `state`: that of the joiner after the lines before.
        - `most`: characters of an object of several lines.
        """
        self._context = context
        self._most = most
        self._joiner: Joiner[P] = Joiner(context, state)
        self._collector: Collector | None = None
        self._collected: list[tuple[P, str]] = []

    # ── What a subclass decides ─────────────────────────────────────────────────────────────────────

    @abstractmethod
    def _add(self, place: P, text: str, reading: Reading) -> Iterable[R]:
        """Return what is complete after a line or an object."""

    @abstractmethod
    def _again(self, place: P, text: str) -> Iterable[R]:
        """Return what is complete after a line that was taken for a part of an object, and is none."""

    @abstractmethod
    def _part(self, place: P, name: str) -> P:
        """Return the place of one of several objects in a line."""

    @abstractmethod
    def _of_object(self, place: P, value: Mapping[str, Any], malformed: bool, /) -> P:
        """Return the place of an object."""

    def _from_to(self, first: P, _last: P) -> P:
        """Return the place of an object of several lines."""
        return first

    def _ends(self, _place: P) -> bool:
        """Return whether a line is there whole, so that an object can go on after it."""
        return True

    def _stays_text(self, _rest: str) -> bool:
        """Return whether what begins like an object of several lines is text."""
        return False

    # ── Objects ─────────────────────────────────────────────────────────────────────────────────────

    def _text(self, place: P, text: str) -> Iterable[R]:
        return self._add(place, text, self._joiner.read(text))

    def _scan(self, place: P, text: str, start: int = 0) -> Iterator[R]:
        """Yield what is complete after the objects in a text; the last one may go on in the next line."""
        content = text[start:]
        if not self._ends(place) or (scan := find_objects(content)) is None:
            yield from self._text(place, text)
            return
        several = len(scan.found) > 1 or scan.rest is not None
        for number, found in enumerate(scan.found):
            part = self._part(place, f":{number}") if several else place
            original = content[found.start : found.end] if several else text
            yield from self._object(part, original, found.value, malformed=found.malformed)
        if scan.rest is not None:
            rest = content[scan.rest :] if scan.found else text
            collector = Collector(rest)
            if collector.complete is None or self._stays_text(rest):
                yield from self._text(place, rest)
            else:
                self._collector, self._collected = collector, [(place, rest)]

    def _collect(self, collector: Collector, place: P, text: str) -> Iterator[R]:
        """Add a line to the object that the lines before it began."""
        self._collected.append((place, text))
        fits = self._ends(place) and collector.size < self._most
        complete = collector.add(text) if fits else None
        if complete and find_objects(collector.text) is None:
            complete = None
        if complete is None:
            yield from self._give_up()
        elif complete:
            first = self._collected[0][0]
            self._collected, self._collector = [], None
            yield from self._scan(self._from_to(first, place), collector.text)

    def _give_up(self) -> Iterator[R]:
        """Read the collected lines as text, because they are not an object."""
        collected, self._collected, self._collector = self._collected, [], None
        for number, (place, text) in enumerate(collected):
            if number and len(collected) <= _RETRIED:
                yield from self._again(place, text)
            elif text and not text.isspace():
                yield from self._text(place, text)
            else:
                self._joiner.blank(text)

    def _object(
        self, place: P, text: str, value: Mapping[str, Any], *, malformed: bool = False
    ) -> Iterable[R]:
        """Return what is complete after an object; an envelope holds several events."""
        reading = read_plain(value, self._context) if not malformed and isinstance(value, dict) else None
        if reading is not None:
            reading.inner = text
            return self._add(self._of_object(place, value, malformed), text, reading)
        events = events_of(value)
        if events is None:
            return self._value(place, text, value, malformed=malformed)
        return self._events(place, events, malformed=malformed)

    def _events(self, place: P, events: Iterable[Mapping[str, Any]], *, malformed: bool) -> Iterator[R]:
        for number, event in enumerate(events):
            original = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
            yield from self._value(self._part(place, f"/{number}"), original, event, malformed=malformed)

    def _value(
        self, place: P, text: str, value: Mapping[str, Any], *, malformed: bool = False
    ) -> Iterable[R]:
        reading = read_value(value, self._context)
        if not reading.layers:
            reading.inner = reading.inner or text
            reading.begins = True
        if malformed:
            mark_malformed(reading, text)
        return self._add(self._of_object(place, value, malformed), text, reading)
