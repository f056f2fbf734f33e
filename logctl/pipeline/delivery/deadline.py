"""Time: how much of an invocation one message may use, checked between its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

RESERVE = 20_000
"""Milliseconds at the end of an invocation in which no message's work goes on: one call that was begun
before may take `clients.LONGEST_CALL`, and then what happened is written down."""
LEAST = 5_000
"""Milliseconds that must be left before the reserve when a message is started."""
SHARE = 10_000
"""Milliseconds that a message may always use, if the invocation has them."""

T = TypeVar("T")


class OutOfTime(Exception):
    """A message's time is over. `own`: it had its full share, and was not late because of others."""

    def __init__(self, own: bool) -> None:
        super().__init__("the message needs more time than one message may have")
        self.own = own


class Deadline:
    """Until when a message may work. Times are milliseconds that are left of the invocation."""

    def __init__(self, remaining: Callable[[], int], *, groups_left: int = 1) -> None:
        """A fair share of what is left for as many groups as wait."""
        self._remaining = remaining
        left = remaining()
        share = max(SHARE, (left - RESERVE) // max(1, groups_left))
        self._floor = max(RESERVE, left - share)
        self._own = left - self._floor >= SHARE

    def check(self) -> None:
        """Raises:
        OutOfTime: the time is over.
        """
        if self._remaining() < self._floor:
            raise OutOfTime(self._own)

    def between(self, items: Iterable[T]) -> Iterator[T]:
        """The items, with a check before each.

        Raises:
            OutOfTime: the time is over.
        """
        for item in items:
            self.check()
            yield item


def may_start(remaining: int) -> bool:
    """Whether a message can be started with so many milliseconds left."""
    return remaining >= RESERVE + LEAST
