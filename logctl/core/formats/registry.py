"""All declared formats, and those that can begin with a character."""

from __future__ import annotations

from logctl.core.formats.reading import Format

FORMATS: tuple[Format, ...] = ()
