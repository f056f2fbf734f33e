"""Counts over time as bars: a row a bucket, errors first, then warnings, then the rest."""

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
# Different shapes, so that they can be told apart without colours too.
_BLOCKS = ("█", "▓", "░")
_ASCII = ("#", "+", ".")
_COLORS = ("31", "33", "32")
_LEAST_BAR = 10


def bars(buckets: Sequence[Bucket], step: int, *, width: int, colored: bool, blocks: bool) -> list[str]:
    """The lines of a histogram, a legend last. Nothing for no buckets.

    Args:
        width: columns of the terminal.
        blocks: whether block characters can be shown; otherwise ASCII.
    """
    if not buckets:
        return []
    stamps = [_stamp(bucket.start, step) for bucket in buckets]
    totals = [f"{bucket.total:,}" for bucket in buckets]
    room = max(_LEAST_BAR, width - max(map(len, stamps)) - max(map(len, totals)) - 4)
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
    named = [sum(bucket.levels.get(level, 0) for level in members) for _, members in _GROUPS[:-1]]
    return [*named, bucket.total - sum(named)]


def _bar(counts: Sequence[int], most: int, room: int, marks: Sequence[str], colored: bool) -> str:
    """One row. What there is at all gets a cell of its own, so that one error among thousands is seen."""
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
