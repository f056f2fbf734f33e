"""The reader of single lines: removes control codes and layers, and reads what is within as JSON or text.

Where a layer and the text within it say the same thing, the text within decides, because it is what the program
wrote. The exceptions are in `_inner_time_wins`: a time without a zone can be one of another zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from logctl.core import strictjson
from logctl.core.formats import objects, text_line
from logctl.core.formats.ansi import strip_codes
from logctl.core.formats.layers import Layer, unwrap
from logctl.core.formats.line_shapes import LEVEL_ONLY
from logctl.core.formats.object_layers import unwrap_object
from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME, MALFORMED_JSON, Context, Reading
from logctl.core.levels import UNKNOWN
from logctl.core.times import DAY, HOUR, MINUTE, SECOND

MOST_LAYERS = 6
_OF_TIMES = (BAD_TIME, AMBIGUOUS_TIME)


def read_line(text: str, context: Context) -> Reading:
    """Return what one line says. It depends on the line and the context only, not on other lines."""
    text = strip_codes(text)
    layers: list[Layer] = []
    while (layer := unwrap(text, context)) is not None and len(layers) < MOST_LAYERS:
        layers.append(layer)
        text = layer.inner
    return _read(text, layers, context)


def read_value(value: Mapping[str, Any], context: Context) -> Reading:
    """Return what a JSON object says. If it is a layer, such as Docker's, the line in it is read as `read_line` does."""
    return _read_value(value, "", [], context)


def read_within(layer: Layer, context: Context) -> Reading:
    """Return what the line in a layer says, with what the layer says."""
    text = strip_codes(layer.inner)
    layers = [layer]
    while len(layers) < MOST_LAYERS and (inner := unwrap(text, context)) is not None:
        layers.append(inner)
        text = inner.inner
    return _read(text, layers, context)


def _read(text: str, layers: list[Layer], context: Context) -> Reading:
    value, flags = _object(text) if text.lstrip(" \t")[:1] == "{" else (None, ())
    if value is not None:
        reading = _read_value(value, text, layers, context)
        reading.flags += flags
        return reading
    reading = text_line.read_text(text, _within(layers, context))
    if layers and layers[-1].own_record and reading.format == LEVEL_ONLY and text[:1].islower():
        reading.message = text.strip()  # `error: …` is how programs write to syslog: it is their text
    reading.flags += flags
    return _combine(reading, text, layers)


def _object(text: str) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """Return the object of a JSON text, or None if it is text, and the flags that it gets.

    What begins as JSON and is cut off, or too deep or too large, is kept as text with a flag.
    """
    try:
        value, malformed = strictjson.loads_leniently(text)
    except strictjson.Malformed:
        return None, (MALFORMED_JSON,) if _BEGINS_AS_JSON.match(text) else ()
    if not isinstance(value, Mapping):
        return None, ()
    return value, (MALFORMED_JSON,) if malformed else ()


_BEGINS_AS_JSON = re.compile(r'[ \t]*\{\s*"[^"\\]{0,200}"\s*:')


def _read_value(value: Mapping[str, Any], text: str, layers: list[Layer], context: Context) -> Reading:
    layer = unwrap_object(value, context) if len(layers) < MOST_LAYERS else None
    if layer is None:
        return _combine(objects.read_object(value, _within(layers, context)), text, layers)
    layers.append(layer)
    text = strip_codes(layer.inner)
    while len(layers) < MOST_LAYERS and (inner := unwrap(text, context)) is not None:
        layers.append(inner)
        text = inner.inner
    return _read(text, layers, context)


def _within(layers: list[Layer], context: Context) -> Context:
    """Return the context of a text in layers: what its time does not say is taken from the innermost layer's time."""
    for layer in reversed(layers):
        if layer.ts is not None:
            return replace(context, reference=layer.ts)
    return context


def _combine(reading: Reading, text: str, layers: list[Layer]) -> Reading:
    """Return the reading of a text with what the layers around it say."""
    reading.inner = text
    if not layers:
        return reading
    fields: dict[str, Any] = {}
    for layer in layers:
        fields.update(layer.fields)
        reading.partial = reading.partial or layer.partial
    for layer in reversed(layers):
        if (layer.ts is not None or layer.flags) and not _inner_time_wins(reading, layer):
            reading.ts, reading.zone = layer.ts, layer.zone
            reading.flags = (*layer.flags, *(flag for flag in reading.flags if flag not in _OF_TIMES))
    fields.update(reading.fields)
    reading.fields = fields
    if reading.level == UNKNOWN:
        reading.level = next((layer.level for layer in reversed(layers) if layer.level != UNKNOWN), UNKNOWN)
    reading.app = next((layer.app for layer in layers if layer.app), reading.app)
    reading.layers = (*(layer.name for layer in layers), *reading.layers)
    reading.stream = "/".join(layer.stream for layer in layers if layer.stream)
    return reading


def _inner_time_wins(reading: Reading, layer: Layer) -> bool:
    """Return whether the time of a text is used instead of the time of the layer around it.

    The layer's time is when the line was received. An inner time is not used if it is far from that, and if it has no
    zone and differs by a multiple of half an hour: then it is the same moment in another zone.
    """
    if reading.ts is None or layer.ts is None:
        return reading.ts is not None or BAD_TIME in reading.flags and layer.ts is None
    later = reading.ts - layer.ts
    if not -DAY <= later <= HOUR and reading.zone:
        return False
    if reading.zone:
        return True
    if not -15 * HOUR <= later <= 15 * HOUR:
        return False
    near = (later + 15 * MINUTE) % (30 * MINUTE) - 15 * MINUTE
    return not (abs(later) > 15 * MINUTE and abs(near) <= 5 * SECOND)
