"""Following in time: when files are polled, and how long records are collected for a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from logctl.ops.send.followed_files import FollowedFiles, FollowRound

POLL_SECONDS = 0.2
GATHER_SECONDS = 1.0
"""How long records are collected after a round, because a message of one record costs as much as a message of
a thousand."""


class _Sleep(Protocol):
    def __call__(self, seconds: float, /) -> object: ...


def rounds(
    files: FollowedFiles,
    *,
    clock: Callable[[], int],
    sleep: _Sleep,
    on_notice: Callable[[str], object],
    interval: float = POLL_SECONDS,
    gather: float = GATHER_SECONDS,
) -> Iterator[FollowRound]:
    """Yield rounds without end; each has to be committed before the next. Notices go to `on_notice`.

    While files have more than one batch, their next ones follow at once. Otherwise the files are polled every
    `interval` seconds, and records are collected for `gather` seconds after each round.
    """
    waits_until = 0
    while True:
        now = clock()
        # A clock that was set back must not stop anything.
        gathering = now < waits_until <= now + int(gather * 1000)
        found = files.poll(now, only_much=gathering)
        for notice in found.notices:
            on_notice(notice)
        if found.batches:
            yield found
            if not gathering:
                waits_until = clock() + int(gather * 1000)
            if not files.has_much:
                sleep(max(0.0, min(gather, (waits_until - clock()) / 1000)))
        elif not gathering:
            sleep(interval)
        else:
            sleep(max(0.0, min(gather, (waits_until - clock()) / 1000)))
