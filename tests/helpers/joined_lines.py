"""Joining of lines that are at hand, as `send` and the consumer join them one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from logctl.core.formats.joining import Joined, Joiner
from logctl.core.formats.reading import Context


def join_lines(lines: Iterable[str], context: Context) -> Iterator[Joined[int]]:
    """Yield the records of some lines; the places are the indexes of the lines."""
    joiner: Joiner[int] = Joiner(context)
    for index, line in enumerate(lines):
        if not line or line.isspace():
            joiner.blank(line)
        else:
            yield from joiner.line(line, index)
    yield from joiner.end()
