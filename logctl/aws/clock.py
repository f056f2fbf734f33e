"""The clock of the process. Code that depends on time gets the clock, or a time, as an argument."""

from __future__ import annotations

import time


def wall_clock() -> int:
    """Return the current time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
