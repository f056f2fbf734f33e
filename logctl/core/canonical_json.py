"""JSON in the form in which the usual encoders write it, read and written quickly.

msgspec decodes JSON several times faster than Python's decoder with hooks does, but of a key that occurs
twice it keeps the last, and it accepts every spelling of a number. So what it decodes is encoded again: where
that gives the text itself, the text is one that all parsers read in the same way. Most programs write such
texts: without spaces (JavaScript, Go, Rust), or as Python does, with a space after each comma and colon. All
other texts are read by `strictjson` alone, to the same values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_SPACED, _ASCII, _GO = 1, 2, 4
"""The bits of a style: spaces after colons and commas, all other characters than ASCII as escapes, and Go's
escapes of the characters that HTML gives a meaning."""
STYLES = range(8)
DEEPEST = 32
"""The most levels of objects and arrays that are read."""
_GO_ESCAPES = (
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_format = msgspec.json.format

# By style. `json.dumps` makes an encoder for each call. Objects that were read from JSON have no cycles.
_ENCODERS = [
    json.JSONEncoder(
        ensure_ascii=bool(style & _ASCII) and not style & _GO,
        check_circular=False,
        separators=(", ", ": ") if style & _SPACED else (",", ":"),
    ).encode
    for style in STYLES
]


def style_of(text: str) -> int:
    """Return the style in which a text is written, if it is written in one of them."""
    style = _ASCII if text.isascii() else 0
    if '": ' in text[:1000]:
        style |= _SPACED
    if "\\" in text and ("\\u003" in text or "\\u0026" in text):
        style |= _GO
    return style


def written(members: Mapping[str, Any], style: int) -> str:
    """Return an object as a text of a style."""
    text = _ENCODERS[style](members)
    if style & _GO:
        for character, escape in _GO_ESCAPES:
            text = text.replace(character, escape)
    return text


def read_canonical(text: str) -> tuple[dict[str, Any], int] | None:
    """Return the object that a text in one of the styles is, with its style; None for any other text.

    `written(value, style)` is the text again. The object is nested at most `DEEPEST` levels; the number of
    its keys is not limited.
    """
    try:
        value = _decode(text)
        if value.__class__ is not dict or not _has_plain_numbers(value.values(), 1):
            return None
        again = _encode(value)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
    style = style_of(text)
    if ("\\" in text and "\\u" in text) or "\x7f" in text:
        # msgspec escapes nothing but control characters, and Python DEL as well.
        return (value, style) if written(value, style) == text else None
    if style & _SPACED:
        again = _format(again, indent=0)
    return (value, style) if again == text.encode() else None


_WIDE = 10**38
"""Where integers have too many digits for `strictjson` to keep them as numbers."""


def _has_plain_numbers(items: Iterable[Any], depth: int) -> bool:
    """Return whether the numbers in the items at a level are written in the same way by msgspec and Python.

    They write the exponents of very small and very large floats differently. Items that are nested too deeply
    are refused.
    """
    if depth > DEEPEST:
        return False
    for item in items:
        kind = item.__class__
        if kind is str:
            continue
        if kind is float:
            if not (1e-4 <= item < 1e16 or -1e16 < item <= -1e-4 or item == 0):
                return False
        elif kind is int:
            if not -_WIDE < item < _WIDE:
                return False
        elif (kind is dict and not _has_plain_numbers(item.values(), depth + 1)) or (
            kind is list and not _has_plain_numbers(item, depth + 1)
        ):
            return False
    return True
