"""Noticing that the times in a log are in another zone than the one that is applied to them.

A line that was written just now has a time of just now. Where the newest times differ from the clock by a
multiple of half an hour, again and again, they are most probably local times of another zone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from logctl.core.times import HOUR, MINUTE

STEP = 30 * MINUTE
"""Zones differ by multiples of it, except for two of a quarter of an hour."""
TOLERANCE = 3 * MINUTE
"""How long a line may take to be written, and how wrong a clock may be."""
FARTHEST = 26 * HOUR
"""The most that two zones differ."""
AGREEING = 3
"""How many looks have to agree."""


class ZoneWatch:
    """The newest times of one file, compared with the times at which they were written."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._done = False

    def saw(self, ts: int, written_at: int) -> int | None:
        """Add the time of the newest line and the time at which it was written, both in milliseconds.

        Return by how many milliseconds the lines differ from the clock, once, when several looks agree on it.
        A line whose time is right shows that the zone is, and ends the comparison.
        """
        if self._done:
            return None
        gap = ts - written_at
        steps = round(gap / STEP)
        if abs(gap - steps * STEP) > TOLERANCE or abs(gap) > FARTHEST:
            self._steps.clear()
            return None
        if steps == 0:
            self._done = True
            return None
        self._steps = [step for step in self._steps if step == steps] + [steps]
        if len(self._steps) < AGREEING:
            return None
        self._done = True
        return steps * STEP


def zone_warning(path: str, gap: int, zone: tzinfo, now: int) -> str:
    """Return the sentence about a file whose times differ from the clock by `gap` when read in `zone`."""
    offset = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).utcoffset() or timedelta()
    minutes = (int(offset.total_seconds() * 1000) + gap) // MINUTE
    real = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    hours = f"{abs(gap) / HOUR:g} h"
    return (
        f"The newest times in {path} are {hours} {'behind' if gap < 0 else 'ahead of'} the clock, as if they "
        f"were in another time zone. If so, start again with --timezone {real}, or with the zone's name."
    )
