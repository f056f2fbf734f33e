"""The one clock. Whatever depends on time gets it, or its time, passed in."""

from __future__ import annotations

import time


def wall_clock() -> int:
    """Return the current time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
