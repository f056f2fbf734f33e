"""A fair order for the work of a sweep: one key of each app, then the next of each, and so on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from logctl.core.debounce import AlertKey


class Turns:
    """A bounded number of keys, by app, each app's in the order in which they were added.

    When there are too many, the apps with the most keys lose those that were added last, so that an app with
    few keys loses none because of an app with many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = most
        self._apps: dict[str, dict[AlertKey, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, key: AlertKey) -> None:
        """Add a key, unless it was added before or its app has its full share."""
        mine = self._apps.setdefault(key.appid, {})
        if key in mine or len(mine) >= self._limit:
            return
        mine[key] = None
        self._count += 1
        if self._count > self._most:
            self._cut()

    def _cut(self) -> None:
        """Halve the share of every app until the keys are few enough."""
        while self._count > self._most and self._limit > 1:
            self._limit = max(1, self._limit // 2)
            for app, keys in self._apps.items():
                if len(keys) > self._limit:
                    self._count -= len(keys) - self._limit
                    self._apps[app] = dict.fromkeys(islice(keys, self._limit))

    def __iter__(self) -> Iterator[AlertKey]:
        """Yield one key of each app, then the next of each, and so on."""
        waiting = [iter(keys) for keys in self._apps.values()]
        while waiting:
            left = []
            for keys in waiting:
                if (key := next(keys, None)) is not None:
                    yield key
                    left.append(keys)
            waiting = left
