"""The reader of single lines: removes control codes and layers, and reads what is within as JSON or text.

Where a layer and the text within it say the same thing, the text within decides, because it is what the
program wrote. The exceptions are in `_inner_time_wins`: a time without a zone can be in another zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from logctl.core import strictjson
from logctl.core.formats import objects, text_line
from logctl.core.formats.ansi import strip_codes
from logctl.core.formats.layers import Layer, unwrap
from logctl.core.formats.line_shapes import LEVEL_ONLY, TIME_ONLY
from logctl.core.formats.object_layers import unwrap_object
from logctl.core.formats.own_formats import read_own
from logctl.core.formats.plain_objects import read_plain
from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME, MALFORMED_JSON, Context, Reading
from logctl.core.levels import UNKNOWN
from logctl.core.times import DAY, HOUR, MINUTE, SECOND

MOST_LAYERS = 6
_BEFORE_OBJECT = frozenset("{ \t")
_OF_TIMES = (BAD_TIME, AMBIGUOUS_TIME)


def read_line(text: str, context: Context) -> Reading:
    """Return what one line says. It depends on the line and the context only, not on other lines."""
    text = strip_codes(text)
    # A format that the user has declared decides about layers as well.
    if context.formats and (own := read_own(context.formats, text, context)) is not None:
        own.inner = text
        return own
    layer = unwrap(text, context)
    return _read(text, [], context) if layer is None else _read_inner(text, layer, [], context)


def read_value(value: Mapping[str, Any], context: Context) -> Reading:
    """Return what a JSON object says. If it is a layer, as Docker's objects are, its line is read as well."""
    return _read_value(value, "", [], context)


def read_within(layer: Layer, context: Context) -> Reading:
    """Return what the line in a layer says, with what the layer says."""
    return _read_inner("", layer, [], context)


def _read_inner(text: str, layer: Layer | None, layers: list[Layer], context: Context) -> Reading:
    """Return the reading of a text that has a layer and is within `layers`."""
    while layer is not None:
        inner = strip_codes(layer.inner)
        following = unwrap(inner, context) if len(layers) + 1 < MOST_LAYERS else None
        if layer.weak and following is None:
            # The time can belong to the program's own format.
            reading = text_line.read_text(text, _within(layers, context) if layers else context)
            if reading.format not in ("", TIME_ONLY):
                return _finish(reading, text, layers)
        layers.append(layer)
        text, layer = inner, following
    return _read(text, layers, context)


def _read(text: str, layers: list[Layer], context: Context) -> Reading:
    """Return the reading of the text within all layers that are not JSON."""
    within = _within(layers, context) if layers else context
    if text[:1] in _BEFORE_OBJECT and text.lstrip(" \t")[:1] == "{":
        value, flags = _object(text)
        if value is not None:
            reading = _read_value(value, text, layers, context)
            if flags:
                mark_malformed(reading, text)
            return reading
        reading = text_line.read_text(text, within)
        reading.flags += flags
    else:
        reading = text_line.read_text(text, within)
    return _finish(reading, text, layers)


def _finish(reading: Reading, text: str, layers: list[Layer]) -> Reading:
    """Return the reading of a line of text with what the layers around it say."""
    if not layers:
        reading.inner = text
        return reading
    if layers[-1].own_record:
        _read_syslog(reading, text, layers[-1])
    return _combine(reading, text, layers)


_TRACE_LINE = re.compile(
    r"[ \t]{1,8}at \S.{0,200}[(:]| {2}File \""
    r"|Caused by: |Traceback \(most |\tfrom \S|\t(?:\.\.\. \d|\S+\.go:\d)"
)
_LEVEL_AND_COLON = re.compile(r"[A-Za-z]{1,13}: ")
_NO_MORE_THAN_TIMES = frozenset((TIME_ONLY, "nslog"))
_CLOCK = re.compile(r"\[?\d\d:\d\d:\d\d")


def _read_syslog(reading: Reading, text: str, layer: Layer) -> None:
    """Correct the reading of a program's own text in a line of syslog.

    It has no head as a rule: `error: …` and a time at the start belong to the message. Each line is a record,
    unless it looks like a line of a stack trace.
    """
    if reading.ts is None and reading.level == UNKNOWN:
        reading.message = text.strip()
    elif reading.format in _NO_MORE_THAN_TIMES:
        reading.message = text.strip()
        if layer.ts is not None and _CLOCK.match(text):
            reading.ts = None
    elif reading.format == LEVEL_ONLY and "host" in layer.fields and _LEVEL_AND_COLON.match(text):
        reading.message = text.strip()
    reading.begins = reading.begins or not _TRACE_LINE.match(text)


def mark_malformed(reading: Reading, text: str) -> None:
    """Flag a reading of JSON that is wrong in its form; without another message, the text is the message."""
    if MALFORMED_JSON not in reading.flags:
        reading.flags = (*reading.flags, MALFORMED_JSON)
    reading.message = reading.message or text


def _object(text: str) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """Return the object of a JSON text, or None if it is text, and the flags that it gets.

    What begins as JSON and is cut off, or is too deep or too large, is kept as text with a flag.
    """
    text = text.strip().removesuffix(",")
    try:
        value, malformed = strictjson.loads_leniently(text)
    except strictjson.Malformed:
        return None, (MALFORMED_JSON,) if _BEGINS_AS_JSON.match(text) else ()
    if not isinstance(value, Mapping):
        return None, ()
    return value, (MALFORMED_JSON,) if malformed else ()


_BEGINS_AS_JSON = re.compile(r'\{\s*+"[^"\\]{0,200}+"\s*+:')


def _read_value(value: Mapping[str, Any], text: str, layers: list[Layer], context: Context) -> Reading:
    within = _within(layers, context) if layers else context
    plain = read_plain(value, within) if isinstance(value, dict) else None
    if plain is None:
        layer = unwrap_object(value, context) if len(layers) < MOST_LAYERS else None
        if layer is not None:
            return _read_inner(text, layer, layers, context)
    reading = plain or objects.read_object(value, within, read_within)
    if not reading.layers:
        reading.inner = text
    return _combine(reading, reading.inner, layers) if layers else reading


def _within(layers: list[Layer], context: Context) -> Context:
    """Return the context of a text in layers: what its time does not say is taken from that of a layer."""
    for layer in reversed(layers):
        if layer.ts is not None:
            return Context(layer.ts, context.zone, context.formats, context.only, context.day_first)
    return context


def _combine(reading: Reading, text: str, layers: list[Layer]) -> Reading:
    """Add to the reading of a text what the layers around it say."""
    reading.inner, reading.taken = text, None
    fields: dict[str, Any] = {}
    for layer in layers:
        if layer.fields:
            fields.update(layer.fields)
        reading.partial = reading.partial or layer.partial
    if reading.fields:
        fields.update(reading.fields)
    reading.fields = fields
    for layer in reversed(layers):
        if (layer.ts is not None or layer.flags) and not _inner_time_wins(reading, layer):
            reading.ts, reading.zone = layer.ts, layer.zone
            if layer.flags or reading.flags:
                reading.flags = (*layer.flags, *(flag for flag in reading.flags if flag not in _OF_TIMES))
        if reading.level == UNKNOWN or layer.decides_level:
            reading.level = layer.level
        if layer.app:
            reading.app = layer.app
        if layer.stream:
            reading.stream = f"{layer.stream}/{reading.stream}" if reading.stream else layer.stream
    reading.layers = (*(layer.name for layer in layers), *reading.layers)
    return reading


_TIME_OF_BEGINNING = frozenset(("haproxy", "haproxy error"))
"""Formats whose time is when a request began. The layer's time is when it had ended and was logged."""


def _inner_time_wins(reading: Reading, layer: Layer) -> bool:
    """Return whether the time of a text is used, and not the time of the layer around it.

    The layer's time is when the line was received. An inner time is not used if it is far from that, nor if
    it has no zone and differs by a multiple of half an hour: then it is the same moment in another zone.
    """
    if reading.ts is None or layer.ts is None:
        return reading.ts is not None or (layer.ts is None and BAD_TIME in reading.flags)
    if reading.format in _TIME_OF_BEGINNING:
        return False
    later = reading.ts - layer.ts
    if reading.zone:
        return -DAY <= later <= HOUR
    if not -15 * HOUR <= later <= 15 * HOUR:
        return False
    near = (later + 15 * MINUTE) % (30 * MINUTE) - 15 * MINUTE
    return abs(later) <= 15 * MINUTE or abs(near) > 5 * SECOND
