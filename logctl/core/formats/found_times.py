"""Putting a time that was found in a line into what the line says."""

from __future__ import annotations

from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME, Reading
from logctl.core.formats.time_forms import FoundTime


def set_time(reading: Reading, time: FoundTime) -> None:
    """Put a time that was found into a reading, with the flags that belong to it."""
    reading.ts, reading.zone = time.ts, time.zone
    if time.ts is None:
        reading.flags += (BAD_TIME,)
    elif time.ambiguous:
        reading.flags += (AMBIGUOUS_TIME,)
