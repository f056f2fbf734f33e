"""Silences: no alerts of an app or of one debounce key for a limited time (the term is Alertmanager's).

Meanwhile events are counted as usual and nothing is published. When the silence ends, the next sweeps publish
the suppressed events, so that a silence loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from logctl.core.appid import is_appid
from logctl.core.debounce import AlertKey
from logctl.core.times import DAY, HOUR

LONGEST = 90 * DAY
"""The longest silence, in milliseconds. To have no alerts for longer, change the settings."""
REMEMBERED = 7 * DAY
"""How long a silence that has ended is still listed."""
DRAINED_AFTER = HOUR
"""How long after its end a state may still be parked under a silence: functions run for minutes, and clocks
differ by minutes."""


@dataclass(frozen=True)
class Silence:
    """A silence. Times are milliseconds, by the clock of the person who made it.

    Attributes:
        target: an app or a debounce key, as text.
        parked: states may be parked under it.
        cleared_at: when it was ended before its time; 0 if it was not.
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
        """When it ends or has ended."""
        return min(self.until, self.cleared_at or self.until)

    def drained(self, now: int) -> bool:
        """Return whether the silence ended so long ago that no state can be parked under it any more.

        Then it ended before every function that is running now began, however much clocks differ.
        """
        return not self.active(now) and self.ended_at + DRAINED_AFTER <= now


def over(key: AlertKey, silence_of: Callable[[str], Silence | None], now: int) -> Silence | None:
    """Return the silence that applies to a key, of several the one that ends last; None when there is none.

    `silence_of`: returns the silence of a target, which is an app or a debounce key as text.
    """
    found = (silence_of(target) for target in targets(key))
    return max(
        (each for each in found if each and each.active(now)), key=lambda each: each.until, default=None
    )


def check_target(text: str) -> str:
    """Return the text if it is an app or a debounce key.

    Raises:
        ValueError: it is neither.
    """
    return text if is_appid(text) else str(AlertKey.parse(text))


def targets(key: AlertKey) -> tuple[str, str]:
    """Return the targets whose silences apply to a key: the key itself, and its app."""
    return str(key), key.appid
