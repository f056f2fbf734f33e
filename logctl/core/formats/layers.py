"""Layers around log lines: what container runtimes, log collectors, syslog and platforms put before or around a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from logctl.core.formats.reading import Context
from logctl.core.levels import UNKNOWN


@dataclass(slots=True)
class Layer:
    """A layer and the line within it. The members mean what they mean in `Reading`."""

    name: str
    inner: str
    ts: int | None = None
    level: str = UNKNOWN
    fields: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    zone: str = ""
    app: str = ""
    partial: bool = False
    stream: str = ""


def unwrap(text: str, context: Context) -> Layer | None:
    """Return the outermost layer of a line, or None if it has none."""
    raise NotImplementedError
