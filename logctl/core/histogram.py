"""Counts of records over time, in buckets of equal length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from logctl.core.times import DAY, HOUR, MINUTE, SECOND, TimeRange

MOST_ROWS = 60
_STEPS = (
    *(count * SECOND for count in (1, 2, 5, 10, 15, 30)),
    *(count * MINUTE for count in (1, 2, 5, 10, 15, 30)),
    *(count * HOUR for count in (1, 2, 3, 6, 12)),
    *(count * DAY for count in (1, 2, 7, 14, 28, 91, 182, 364)),
)
_TOO_MANY = 2_000


@dataclass(frozen=True)
class Bucket:
    """The number of records by level in one bucket; `start` is in milliseconds."""

    start: int
    levels: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.levels.values())


def step_for(span: TimeRange, most: int = MOST_ROWS) -> int:
    """Return the shortest usual length (1 s, 5 m, 1 h …) that divides a range into at most `most` buckets."""
    length = span.until - span.since
    return next((step for step in _STEPS if length <= step * most), _STEPS[-1])


def prefix_length(step: int) -> int:
    """Return how many characters of a `ts` are enough to assign it to a bucket: to the day, hour, minute or
    second.

    Athena groups by this prefix of the text, so that few rows remain to be added up here.
    """
    return next(
        (length for unit, length in ((DAY, 10), (HOUR, 13), (MINUTE, 16), (SECOND, 19)) if not step % unit),
        23,
    )


def buckets(counts: Iterable[tuple[int, str, int]], step: int, span: TimeRange | None = None) -> list[Bucket]:
    """Add up counts by time and level; buckets without records between them are part of the result.

    Args:
        counts: milliseconds, level, and number of records.
        step: the length of a bucket in milliseconds.
        span: a range that the buckets have to cover; None for the range of the counts.

    Raises:
        ValueError: there would be more than 2,000 buckets.
    """
    found: dict[int, dict[str, int]] = {}
    for moment, level, count in counts:
        levels = found.setdefault(moment // step * step, {})
        levels[level] = levels.get(level, 0) + count
    if span is None:
        if not found:
            return []
        first, last = min(found), max(found)
    else:
        first, last = span.since // step * step, (span.until - 1) // step * step
        first, last = min([first, *found]), max([last, *found])
    if (last - first) // step >= _TOO_MANY:
        raise ValueError(f"that would be {(last - first) // step + 1:,} buckets; take a longer one")
    return [Bucket(start, found.get(start, {})) for start in range(first, last + 1, step)]
