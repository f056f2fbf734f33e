"""Message groups: SQS hands the messages of one group to one consumer at a time, in order.

An app's messages are in the group of its name, so that one consumer at a time stores them: about 20,000
records a second. With shards, they are in the groups `APP.0` to `APP.N`. The messages of one source (a file,
by its first line) are always in the same group: its records stay in order, and are recognised when they are
sent again.
"""

from __future__ import annotations

import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from logctl.ops.send.packing import Packed

AUTOMATIC = 0
HIGH_RATE = 10_000
"""Records a second of one app, half of what one consumer stores, from which on new sources are in shards."""
COUNT = 8
"""The number of shards then."""
_SECONDS = 1.0
_MAX_SOURCES = 10_000


@dataclass
class _Rate:
    """How many records of an app are sent in a second."""

    since: float
    records: int = 0
    rate: float = 0.0

    def add(self, records: int, now: float) -> None:
        self.records += records
        passed = now - self.since
        if passed >= _SECONDS:
            self.since, self.records, self.rate = now, 0, self.records / passed


class Shards:
    """Chooses the groups of messages.

    `count`: how many shards each app has; 1 for none. With `AUTOMATIC`, the sources of an app that begin
    while more than `HIGH_RATE` of its records are sent in a second are in `COUNT` shards.
    """

    def __init__(self, count: int = 1, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._clock = clock
        self._rates: dict[str, _Rate] = {}
        self._groups: OrderedDict[tuple[str, str], str] = OrderedDict()

    def group_of(self, message: Packed) -> str:
        """Return the group of a message; messages have to come in the order in which they are sent."""
        appid, source = message.appid, message.source
        if not source or self._count == 1:
            return appid
        if self._count != AUTOMATIC:
            return _shard(appid, source, self._count)
        now = self._clock()
        rate = self._rates.setdefault(appid, _Rate(now))
        rate.add(message.count, now)
        key = (appid, source)
        group = self._groups.pop(key, "")
        if not group:
            group = _shard(appid, source, COUNT) if rate.rate >= HIGH_RATE else appid
        self._groups[key] = group
        if len(self._groups) > _MAX_SOURCES:
            self._groups.popitem(last=False)
        return group


def _shard(appid: str, source: str, count: int) -> str:
    return f"{appid}.{zlib.crc32(source.encode()) % count}"
