"""Putting a time that was found in a line into what the line says."""

from __future__ import annotations

from typing import Protocol

from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME
from logctl.core.formats.time_forms import FoundTime


class Timed(Protocol):
    """What has a time, its zone and flags."""

    ts: int | None
    zone: str
    flags: tuple[str, ...]


def set_time(reading: Timed, time: FoundTime) -> None:
    """Put a time that was found into a reading or a layer, with the flags that belong to it."""
    reading.ts, reading.zone = time.ts, time.zone
    if time.ts is None:
        reading.flags += (BAD_TIME,)
    elif time.ambiguous:
        reading.flags += (AMBIGUOUS_TIME,)
