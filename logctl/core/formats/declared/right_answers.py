"""A short way to write down an example of one line and its right answer."""

from __future__ import annotations

from typing import Any

from logctl.core.formats.reading import Answer, Example


def line(text: str, *, time: str | None, level: str, message: str, **fields: Any) -> Example:
    """Return the example of one line that is one record.

    Args:
        text: the line.
        time: its time, ISO 8601 in UTC; None if it has none.
        level: its level.
        message: its message, exactly.
        **fields: fields that it has among others.
    """
    return Example(text, (Answer(time, level, message, fields),))
