"""Histograms for a terminal: one bar per bucket, with errors first, then warnings, then the rest."""

from __future__ import annotations

from collections.abc import Sequence

from logctl.core import levels
from logctl.core.histogram import Bucket
from logctl.core.times import DAY, MINUTE, SECOND, iso

_GROUPS = (
    ("errors", (levels.ERROR, levels.FATAL)),
    ("warnings", (levels.WARN,)),
    ("others", ()),
)
# Different characters, so that the groups can be told apart without colours.
_BLOCKS = ("█", "▓", "░")
_ASCII = ("#", "+", ".")
_COLORS = ("31", "33", "32")
_SHORTEST_BAR = 10


def chart(buckets: Sequence[Bucket], step: int, *, width: int, colored: bool, blocks: bool) -> list[str]:
    """Return the lines of a chart, the legend last; no lines if there are no buckets.

    Args:
        buckets: the counts by level, in order of time.
        step: the time that a bucket covers, in milliseconds; it decides how times are written.
        width: columns of the terminal.
        colored: whether to colour the bars with ANSI escape sequences.
        blocks: whether to draw with block characters; otherwise with ASCII.
    """
    if not buckets:
        return []
    stamps = [_stamp(bucket.start, step) for bucket in buckets]
    totals = [f"{bucket.total:,}" for bucket in buckets]
    room = max(_SHORTEST_BAR, width - max(map(len, stamps)) - max(map(len, totals)) - 4)
    most = max(bucket.total for bucket in buckets)
    marks = _BLOCKS if blocks else _ASCII
    lines = []
    for bucket, stamp, total in zip(buckets, stamps, totals, strict=True):
        bar = _bar(_split(bucket), most, room, marks, colored)
        lines.append(f"{stamp}  {total:>{max(map(len, totals))}}  {bar}".rstrip())
    sums = [sum(_split(bucket)[at] for bucket in buckets) for at in range(len(_GROUPS))]
    legend = [
        f"{_paint(mark, color, colored)} {name} {count:,}"
        for mark, color, (name, _), count in zip(marks, _COLORS, _GROUPS, sums, strict=True)
        if count
    ]
    return [*lines, "  ".join(legend)] if legend else lines


def _split(bucket: Bucket) -> list[int]:
    """Return the counts of errors, warnings and other records."""
    named = [sum(bucket.levels.get(level, 0) for level in members) for _, members in _GROUPS[:-1]]
    return [*named, bucket.total - sum(named)]


def _bar(counts: Sequence[int], most: int, room: int, marks: Sequence[str], colored: bool) -> str:
    """Return one bar. A group with any records has at least one cell, so that a single error is visible."""
    total = sum(counts)
    if not total:
        return ""
    cells = [max(1, round(count / most * room)) if count else 0 for count in counts]
    over = sum(cells) - max(round(total / most * room), sum(1 for count in counts if count))
    while over > 0 and max(cells) > 1:
        cells[cells.index(max(cells))] -= 1
        over -= 1
    return "".join(
        _paint(mark * count, color, colored)
        for mark, color, count in zip(marks, _COLORS, cells, strict=True)
        if count
    )


def _paint(text: str, color: str, colored: bool) -> str:
    return f"\x1b[{color}m{text}\x1b[0m" if colored else text


def _stamp(start: int, step: int) -> str:
    text = iso(start)
    if step % DAY == 0:
        return text[:10]
    if step % MINUTE == 0:
        return text[:16].replace("T", " ")
    return text[:19].replace("T", " ") if step % SECOND == 0 else text[:23].replace("T", " ")
