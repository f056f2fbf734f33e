"""Silences: what people chose not to hear for a while (Alertmanager's word).

A silence is of one app or one debounce key, and always ends. Meanwhile events are counted as ever and
nothing is published: when it ends, the next sweeps say what was held back, so a silence loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from logctl.core.appid import is_appid
from logctl.core.debounce import AlertKey
from logctl.core.times import DAY, HOUR

LONGEST = 90 * DAY
"""A longer silence is a decision not to alert, and belongs into the settings."""
REMEMBERED = 7 * DAY
"""How long an ended silence is still listed."""
DRAINED_AFTER = HOUR
"""How long after its end something may still be parked under a silence: a function runs for minutes, and
clocks differ by minutes."""


@dataclass(frozen=True)
class Silence:
    """Times are milliseconds, by the clock of whoever made it. `target` is an app or a key, as text.

    `parked` says that states may be parked under it; `cleared_at` is when it was ended before its time, or 0.
    """

    target: str
    until: int
    created_at: int
    author: str
    comment: str = ""
    parked: bool = False
    cleared_at: int = 0

    def active(self, now: int) -> bool:
        return now < self.until and not self.cleared_at

    @property
    def ended_at(self) -> int:
        """When it ends, or ended."""
        return min(self.until, self.cleared_at or self.until)

    def drained(self, now: int) -> bool:
        """Whether nobody can park anything under it any more: it ended before everything that runs began,
        whatever the clocks say."""
        return not self.active(now) and self.ended_at + DRAINED_AFTER <= now


def over(key: AlertKey, silence_of: Callable[[str], Silence | None], now: int) -> Silence | None:
    """Return the silence that holds a key back, of several the one that ends last; None when there is none.

    Args:
        silence_of: returns the silence of a target, which is an app or a debounce key as text.
    """
    found = (silence_of(target) for target in targets(key))
    return max(
        (each for each in found if each and each.active(now)), key=lambda each: each.until, default=None
    )


def check_target(text: str) -> str:
    """The text, if it is an app or a debounce key.

    Raises:
        ValueError: it is neither.
    """
    return text if is_appid(text) else str(AlertKey.parse(text))


def targets(key: AlertKey) -> tuple[str, str]:
    """What a silence of a key can be called: its own, or its app's."""
    return str(key), key.appid
