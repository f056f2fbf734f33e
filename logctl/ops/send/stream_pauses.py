"""Noticing that a stream has paused, so that the records read so far are sent without waiting for more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
_AHEAD = 2_000
"""Items that are read ahead."""


class _End:
    """The last item in the queue: the end of the items, perhaps with an error."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def with_pauses(items: Iterable[T], seconds: float) -> Iterator[T | None]:
    """Yield items as they come, and None once whenever none has come for `seconds`.

    The items are read in a separate thread, which ends with the process, because a read from a pipe cannot be
    interrupted.
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
