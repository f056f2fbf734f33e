"""Whose turn it is: keys of many apps in an order in which no app waits for another's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from logctl.core.debounce import AlertKey


class Turns:
    """A bounded number of keys by app, each app's in the order in which they came.

    When there are too many, those go that came last of the apps with the most, so that a few keys of one app
    are never dropped for the many of another.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = most
        self._apps: dict[str, dict[AlertKey, None]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, key: AlertKey) -> None:
        """Take a key, unless it is there, or its app has more than its share."""
        mine = self._apps.setdefault(key.appid, {})
        if key in mine or len(mine) >= self._limit:
            return
        mine[key] = None
        self._count += 1
        if self._count > self._most:
            self._cut()

    def _cut(self) -> None:
        """Halve the share of an app until there is room."""
        while self._count > self._most and self._limit > 1:
            self._limit = max(1, self._limit // 2)
            for app, keys in self._apps.items():
                if len(keys) > self._limit:
                    self._count -= len(keys) - self._limit
                    self._apps[app] = dict.fromkeys(islice(keys, self._limit))

    def __iter__(self) -> Iterator[AlertKey]:
        """One key of each app, then the next of each, and so on."""
        waiting = [iter(keys) for keys in self._apps.values()]
        while waiting:
            left = []
            for keys in waiting:
                if (key := next(keys, None)) is not None:
                    yield key
                    left.append(keys)
            waiting = left
