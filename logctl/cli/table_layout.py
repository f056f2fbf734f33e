"""The layout of a table as lines of text, which are made while the rows are read.

The widths of the columns come from the first rows. Where these do not fit next to each other, the widest
columns are narrowed, and their text is folded. Widths are counted in cells of a terminal: a Chinese character
takes two. A later row that is wider than its columns is folded too. In a pipe nothing is folded: there, such
a row moves the rest of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size

WINDOW = 1_000
"""How many rows the widths are taken from."""
_GAP = "   "
_BOLD = "1"
_WORD = re.compile(r"\s*\S+\s*")


class TableColumn(NamedTuple):
    """A column: its heading, and whether it is aligned to the right, or may never be folded."""

    heading: str
    right: bool = False
    whole: bool = False


class TableRow(NamedTuple):
    """The texts of a row, without control characters, and the code of its colour; "" for none."""

    cells: Sequence[str]
    color: str = ""


@dataclass(frozen=True)
class TableStyle:
    """How lines are drawn.

    Args:
        width: cells of a line; None where there is no limit.
        colored: whether headings are bold, and rows in their colours.
        rule: the character of the line below the headings.
    """

    width: int | None
    colored: bool = False
    rule: str = "─"


def table_lines(columns: Sequence[TableColumn], rows: Iterable[TableRow], style: TableStyle) -> Iterator[str]:
    """Yield the lines of a table: headings, a rule, and the rows, as they are read."""
    rows = iter(rows)
    first = list(islice(rows, WINDOW))
    if not first:
        return
    heading = TableRow([column.heading for column in columns], _BOLD)
    layout = _Layout(columns, _widths(columns, [heading, *first], style.width), folds=style.width is not None)
    heading_lines = layout.lines(heading.cells)
    yield from _painted(heading_lines, heading.color) if style.colored else heading_lines
    yield style.rule * layout.width
    for cells, color in chain(first, rows):
        yield from _painted(layout.lines(cells), color) if color and style.colored else layout.lines(cells)


def _painted(lines: Iterable[str], color: str) -> Iterable[str]:
    return (f"\x1b[{color}m{line}\x1b[0m" for line in lines)


# ── Widths ──────────────────────────────────────────────────────────────────────────────────────────


def _widths(columns: Sequence[TableColumn], rows: Sequence[TableRow], width: int | None) -> list[int]:
    """Return the cells of each column: what the rows need, or less where that is more than `width`."""
    needed = [
        max(max(_cells(row.cells[place]) for row in rows), 1) if rows else 1 for place in range(len(columns))
    ]
    if width is None:
        return needed
    # What belongs to a column: the gap of three cells is between two columns.
    gaps = [(place > 0) + (place < len(columns) - 1) for place in range(len(columns))]
    most = width - (len(columns) - 1)
    padded = [need + gap for need, gap in zip(needed, gaps, strict=True)]
    if sum(padded) > most:
        padded = _narrowed(padded, [not column.whole for column in columns], most)
        if (excess := sum(padded) - most) > 0:
            padded = _reduced(padded, excess, padded, [True] * len(columns))
    # Two cells at least, so that no character is too wide for its column.
    return [max(min(need, 2), own - gap) for need, own, gap in zip(needed, padded, gaps, strict=True)]


def _narrowed(widths: list[int], may_fold: Sequence[bool], most: int) -> list[int]:
    """Narrow the widest of the columns that may be folded to the next widest, until all fit."""
    while any(may_fold) and (excess := sum(widths) - most) > 0:
        foldable = {own for own, may in zip(widths, may_fold, strict=True) if may}
        widest = max(foldable)
        difference = widest - max(foldable - {widest}, default=0)
        chosen = [may and own == widest for own, may in zip(widths, may_fold, strict=True)]
        if not difference:
            break
        widths = _reduced(widths, excess, [min(excess, difference)] * len(widths), chosen)
    return widths


def _reduced(widths: list[int], excess: int, limits: Sequence[int], chosen: Sequence[bool]) -> list[int]:
    """Take `excess` from the chosen columns in equal parts, from none more than its limit."""
    reduced = []
    shares = sum(1 for limit, may in zip(limits, chosen, strict=True) if may and limit)
    for own, limit, may in zip(widths, limits, chosen, strict=True):
        part = min(limit, round(excess / shares)) if may and limit else 0
        if may and limit:
            excess -= part
            shares -= 1
        reduced.append(own - part)
    return reduced


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


# ── Lines ───────────────────────────────────────────────────────────────────────────────────────────


class _Layout:
    """Columns of known widths."""

    def __init__(self, columns: Sequence[TableColumn], widths: Sequence[int], *, folds: bool) -> None:
        self._columns = columns
        self._widths = widths
        self._folds = folds
        # Texts of ASCII that fit are by far the most frequent.
        sides = (">" if column.right else "<" for column in columns)
        self._fits = _GAP.join(f"{{:{side}{own}}}" for side, own in zip(sides, widths, strict=True)).format
        self.width = sum(widths) + len(_GAP) * (len(widths) - 1)

    def lines(self, cells: Sequence[str]) -> list[str]:
        """Return a row's lines; a cell that is folded has several."""
        line = self._fits(*cells)
        if len(line) == self.width and line.isascii():
            return [line]
        parts = [
            self._parts(text, column, own)
            for text, column, own in zip(cells, self._columns, self._widths, strict=True)
        ]
        return [
            _GAP.join(
                part[line] if line < len(part) else " " * own
                for part, own in zip(parts, self._widths, strict=True)
            )
            for line in range(max(map(len, parts)))
        ]

    def _parts(self, text: str, column: TableColumn, width: int) -> list[str]:
        """Return the lines of one cell, each padded to the column's width."""
        if not self._folds:
            parts = [text]
        elif column.whole:
            parts = [set_cell_size(text, width) if _cells(text) > width else text]
        elif _cells(text) <= width:
            parts = [text]
        else:
            parts = _folded_simply(text, width) or [_cropped(part, width) for part in _folded(text, width)]
        if column.right:
            parts = [part.rstrip() for part in parts]
            return [" " * (width - _cells(part)) + part for part in parts]
        return [part + " " * (width - _cells(part)) for part in parts]


def _cropped(part: str, width: int) -> str:
    """Return a line without the space at its end that does not fit."""
    excess = len(part) - width
    if excess > 0:
        part = part[: max(len(part) - excess, len(part.rstrip()))]
    return set_cell_size(part, width) if _cells(part) > width else part


def _folded_simply(text: str, width: int) -> list[str]:
    """Do what `_folded` does, for ASCII words with one space between them; return nothing for other text."""
    words = text.split(" ")
    if not text.isascii() or not all(0 < len(word) <= width for word in words):
        return []
    lines = []
    line = words[0]
    for word in words[1:]:
        if len(line) + len(word) < width:
            line = f"{line} {word}"
        else:
            lines.append(line)
            line = word
    return [*lines, line]


def _folded(text: str, width: int) -> Iterator[str]:
    """Divide a text into lines between words, and a word that is wider than a line where it has to be."""
    began = used = 0
    for found in _WORD.finditer(text):
        start, word = found.start(), found[0]
        needed = _cells(word.rstrip())
        if needed <= width - used:
            used += _cells(word)
        elif needed <= width:
            if used and start:
                yield text[began:start]
                began, used = start, _cells(word)
        else:
            pieces = chop_cells(word, width)
            for piece in pieces:
                if start > began:
                    yield text[began:start]
                    began = start
                start += len(piece)
            used = _cells(pieces[-1])
    yield text[began:]
