"""The time of an invocation that one message may use; it is checked between the message's calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

RESERVE = 20_000
"""Milliseconds at the end of an invocation in which no message is processed further.

They are for one call that was begun before, which may take `clients.LONGEST_CALL`, and for recording the
failure.
"""
LEAST = 5_000
"""Milliseconds that must be left before the reserve when a message is begun."""
SHARE = 10_000
"""Milliseconds that a message may always use, as far as the invocation has them."""

T = TypeVar("T")


class DeadlinePassed(Exception):
    """A message's time is over.

    `own` says that it had its full share, so that the message itself is slow and not the ones before it.
    """

    def __init__(self, own: bool) -> None:
        super().__init__("the message needs more time than one message may have")
        self.own = own


class Deadline:
    """The time until which a message may be processed, in milliseconds that are left of the invocation."""

    def __init__(self, remaining: Callable[[], int], *, groups_left: int = 1) -> None:
        """Give a message an equal share of the remaining time.

        Args:
            remaining: returns the milliseconds that are left of the invocation.
            groups_left: among how many groups of messages the time is shared.
        """
        self._remaining = remaining
        left = remaining()
        share = max(SHARE, (left - RESERVE) // max(1, groups_left))
        self._floor = max(RESERVE, left - share)
        self._own = left - self._floor >= SHARE

    def check(self) -> None:
        """Check that there is time left.

        Raises:
            DeadlinePassed: the time is over.
        """
        if self._remaining() < self._floor:
            raise DeadlinePassed(self._own)

    def before(self, task: Callable[[], object]) -> Callable[[], None]:
        """Return a task that checks first that there is time left, and raises `DeadlinePassed` if not."""

        def checked() -> None:
            self.check()
            task()

        return checked

    def between(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, with a check before each.

        Raises:
            DeadlinePassed: the time is over.
        """
        for item in items:
            self.check()
            yield item


def may_start(remaining: int) -> bool:
    """Return whether a message can be begun with `remaining` milliseconds of the invocation left."""
    return remaining >= RESERVE + LEAST
