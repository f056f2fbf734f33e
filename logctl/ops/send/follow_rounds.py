"""Following in time: when files are looked at, and when what they have is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from logctl.ops.send.followed_files import FollowedFiles, FollowRound
from logctl.ops.send.gathering import ENOUGH, Gathering

POLL_SECONDS = 0.1
_MOST_SECONDS = 1.0
_SECONDS_OF_FILE = 0.0001
"""How much longer the pause is for each file: looking at one that does not change takes some two
microseconds."""


class _Sleep(Protocol):
    def __call__(self, seconds: float, /) -> object: ...


def rounds(
    files: FollowedFiles,
    *,
    clock: Callable[[], int],
    sleep: _Sleep,
    on_notice: Callable[[str], object],
    gathering: Gathering,
    interval: float = POLL_SECONDS,
) -> Iterator[FollowRound]:
    """Yield rounds without end; each has to be committed before the next. Notices go to `on_notice`.

    While files have more than one batch, their next ones follow at once. Otherwise the files are looked at
    every `interval` seconds, or more rarely if they are many, and `gathering` decides whether what they have
    is sent.
    """
    while True:
        now = clock()
        found, early = _next(files, gathering, now)
        for notice in found.notices:
            on_notice(notice)
        if found.batches:
            yield found
            parts = [(item.path, item.batch.start, item.batch.end) for item in found.batches]
            gathering.sent(clock(), parts, early=early)
        if not files.has_much:
            sleep(max(interval, min(_MOST_SECONDS, len(files.paths) * _SECONDS_OF_FILE)))


def _next(files: FollowedFiles, gathering: Gathering, now: int) -> tuple[FollowRound, bool]:
    """Return the next round, which may be empty, and whether it comes before its time."""
    if gathering.is_due(now):
        return files.poll(now), False
    if files.has_much:
        return files.poll(now, only_much=True), False
    full = set()
    for waiting in files.waiting(now):
        gathering.saw(waiting.path, waiting.entries, waiting.start, now)
        if waiting.size >= ENOUGH:
            full.add(waiting.path)
    if full:
        return files.poll(now, only=full), False
    pressing = gathering.pressing(now)
    if pressing:
        return files.poll(now, only=pressing), True
    return FollowRound(), False
