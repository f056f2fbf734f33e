"""The whole state of a reader of lines between two lines, to go on in another process and to compare.

`line_reader.Position` holds what the lines before a record say about it. Between two lines there is more: the
records that are not complete.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from msgspec import Struct

from logctl.core.formats.reading import Context
from logctl.ops.send.line_reader import LineReader

_CONTEXT = "context"


def freeze(reader: LineReader) -> bytes:
    """Return the state of a reader, for `thaw`."""
    target = io.BytesIO()
    _Freezer(target, protocol=pickle.HIGHEST_PROTOCOL).dump(vars(reader))
    return target.getvalue()


def thaw(reader: LineReader, state: bytes) -> None:
    """Put a reader that was made in the same way into the state of another one."""
    context = reader._context
    thawer = _Thawer(io.BytesIO(state), context)
    vars(reader).update(thawer.load())


def fingerprint(reader: LineReader) -> bytes:
    """Return a digest of a reader's state: readers with equal ones read all further lines in the same way."""
    return hashlib.sha256(repr(_comparable(vars(reader))).encode("utf-8", "surrogatepass")).digest()


class _Freezer(pickle.Pickler):
    """A pickler that leaves out the context, which is the same in both readers and may have functions."""

    def persistent_id(self, value: object) -> str | None:
        return _CONTEXT if isinstance(value, Context) else None


class _Thawer(pickle.Unpickler):
    """The reader of what `_Freezer` wrote in another process of the same command."""

    def __init__(self, source: io.BytesIO, context: Context) -> None:
        super().__init__(source)
        self._context = context

    def persistent_load(self, name: str) -> Context:
        if name != _CONTEXT:
            raise pickle.UnpicklingError(f"unknown object {name!r}")
        return self._context


def _comparable(value: Any) -> object:
    """Return what a value consists of, as something whose `repr` is the same for equal values."""
    if value is None or isinstance(value, (str, bytes, int, float, Enum)):
        return value
    if isinstance(value, Context):
        return _CONTEXT
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, Mapping):
        return [(_comparable(key), _comparable(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [_comparable(item) for item in value]
    name = type(value).__name__
    if isinstance(value, Struct):
        return name, [_comparable(getattr(value, member)) for member in value.__struct_fields__]
    if is_dataclass(value):
        return name, [_comparable(getattr(value, member.name)) for member in fields(value)]
    if hasattr(value, "__dict__"):
        return name, _comparable(vars(value))
    return name, repr(value)
