"""The reader of single lines: removes ANSI codes and layers, and reads what is within as JSON or text."""

from __future__ import annotations

from logctl.core.formats.reading import Context, Reading


def read_line(text: str, context: Context) -> Reading:
    """Return what one line says. It depends on the line and the context only, not on other lines."""
    raise NotImplementedError
