"""Noticing that a stream has gone quiet, so that what has come is sent and not kept for more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
_AHEAD = 2_000


class _End:
    """The last thing in the queue: the items have ended, perhaps with an error."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def with_pauses(items: Iterable[T], seconds: float) -> Iterator[T | None]:
    """The items as they come, and one `None` when none has come for so long.

    The items are drawn in a thread of their own, which ends with the process: nothing can wake a read
    from a pipe.
    """
    waiting: queue.Queue[T | _End] = queue.Queue(_AHEAD)

    def draw() -> None:
        try:
            for item in items:
                waiting.put(item)
        except BaseException as error:  # noqa: BLE001 - raised again where the items are used
            waiting.put(_End(error))
        else:
            waiting.put(_End(None))

    threading.Thread(target=draw, daemon=True).start()
    timeout: float | None = seconds
    while True:
        try:
            item = waiting.get(timeout=timeout)
        except queue.Empty:
            timeout = None
            yield None
            continue
        timeout = seconds
        if isinstance(item, _End):
            if item.error:
                raise item.error
            return
        yield item
