"""Waiting until what was sent can be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from logctl.core.envelope import Packed
from logctl.core.times import TimeRange
from logctl.pipeline.hot import HotStore


def wait_until_readable(
    store: HotStore,
    messages: Iterable[Packed],
    *,
    seconds: float,
    clock: Callable[[], int],
    sleep: Callable[[float], None] = time.sleep,
) -> list[Packed]:
    """The messages that are not in the hot store after so long; none when all is well.

    The last message of each app is enough: a queue's earlier ones come before it.
    """
    deadline = clock() + int(seconds * 1000)
    waiting = list(messages)
    while True:
        waiting = [message for message in waiting if not _is_there(store, message, clock())]
        if not waiting or clock() > deadline:
            return waiting
        sleep(0.2)


def _is_there(store: HotStore, message: Packed, now: int) -> bool:
    span = TimeRange(message.min_ts, message.max_ts + 1)
    return any(chunk.batch_id == message.batch_id for chunk in store.read(message.appid, span, now=now))
