"""Silences: what people chose not to hear for a while (Alertmanager's word).

A silence is of one app or one debounce key, and always ends. Meanwhile events are counted as ever and
nothing is published: when it ends, the next sweep says what was held back, so a silence loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from logctl.core.appid import is_appid
from logctl.core.debounce import AlertKey
from logctl.core.times import DAY

LONGEST = 90 * DAY
"""A longer silence is a decision not to alert, and belongs into the settings."""
REMEMBERED = 7 * DAY
"""How long an ended silence is still listed."""


@dataclass(frozen=True)
class Silence:
    """Times are milliseconds. `target` is an app or a key, as text."""

    target: str
    until: int
    created_at: int
    author: str
    comment: str = ""

    def active(self, now: int) -> bool:
        return now < self.until


def check_target(text: str) -> str:
    """The text, if it is an app or a debounce key.

    Raises:
        ValueError: it is neither.
    """
    return text if is_appid(text) else str(AlertKey.parse(text))


def targets(key: AlertKey) -> tuple[str, str]:
    """What a silence of a key can be called: its own, or its app's."""
    return str(key), key.appid
