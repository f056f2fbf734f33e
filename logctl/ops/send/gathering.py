"""When the records of followed files are sent: at once where it matters, and else together.

A message of one record costs as much as one of a thousand: about $9 for a million messages (PUT to S3 $5,
DynamoDB $2, SQS $1.50, Lambda $0.50, us-east-1). A steady stream of any rate is therefore sent as one message
in `SECONDS` seconds, or when there is enough for a full message: $4 a month.

After a quiet time, records are sent at once: up to `_SAVED` messages are saved up, so that somebody who tries
something sees each line as it comes. The first error of its kind is sent within a second, also from within a
steady stream; those that repeat it are sent with the others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from logctl.core import levels
from logctl.core.fingerprint import fingerprint
from logctl.core.times import MINUTE, SECOND
from logctl.ops.send.entries import Entry, Rejection
from logctl.ops.send.followed_content import COMPLETE

SECONDS = 6
ENOUGH = 1024 * 1024
"""Bytes of a file that fill a message, or nearly."""
_SAVED = 20
_OWED = 2
"""So many more messages may be sent when several files have records: each file has a message of its own."""
_GAP = SECOND // 2
_PRESSING_GAP = SECOND
_PRESSING_SAVED = 30
_PRESSING_SECONDS = 20
"""A message with new kinds of errors in so many seconds may be sent early, in the long run."""
_PRESSING_AFTER = COMPLETE
"""How long a new error waits, so that its record is complete."""
_PRESSING_UNTIL = 10 * SECOND
_FORGOTTEN = 5 * MINUTE
"""After this time, an error is new again."""
_MAX_KINDS = 1_000


class _Allowance:
    """Messages that may be sent: one more every `interval` milliseconds, up to `most` when none is sent."""

    def __init__(self, most: int, interval: int) -> None:
        self._most, self._interval = most, interval
        self._left = float(most)
        self._at: int | None = None

    def left(self, now: int) -> float:
        if self._at is not None:
            # A clock that was set back adds nothing, and takes nothing away.
            self._left = min(self._most, self._left + max(0, now - self._at) / self._interval)
        self._at = now
        return self._left

    def take(self, now: int, count: int, *, least: int = 0) -> None:
        self._left = max(least, self.left(now) - count)


class Gathering:
    """Decides when what is in followed files is sent. All times are in milliseconds.

    `level`: the lowest level that alerts. `every`: a fixed time between messages, in seconds; with it, only
    full messages are sent earlier.
    """

    def __init__(self, *, level: str = levels.ERROR, every: float | None = None) -> None:
        self._level = level
        self._every = None if every is None else int(every * SECOND)
        self._usual = _Allowance(_SAVED, SECONDS * SECOND)
        self._early = _Allowance(_PRESSING_SAVED, _PRESSING_SECONDS * SECOND)
        self._last: int | None = None
        self._kinds: OrderedDict[str, int] = OrderedDict()
        self._pressing: dict[Path, tuple[int, int]] = {}
        """By file, the offset of a new error and when it was seen."""

    def is_due(self, now: int) -> bool:
        """Return whether all that is there may be sent now."""
        if self._every is not None:
            return self._passed(now, self._every)
        return self._passed(now, _GAP) and self._usual.left(now) >= 1

    def saw(self, path: Path, entries: Iterable[Entry | Rejection], start: int, now: int) -> None:
        """Look at what waits in a file from an offset on for errors of a new kind."""
        if self._every is not None:
            return
        for entry in entries:
            if isinstance(entry, Entry) and levels.at_least(entry.level, self._level):
                kind = f"{entry.level} {fingerprint(entry.reading.message)}"
                last = self._kinds.pop(kind, None)
                self._kinds[kind] = now
                if last is None or not 0 <= now - last < _FORGOTTEN:
                    self._pressing[path] = start + entry.offset, now
        while len(self._kinds) > _MAX_KINDS:
            self._kinds.popitem(last=False)

    def pressing(self, now: int) -> frozenset[Path]:
        """Return the files that are to be sent now, before their time."""
        self._pressing = {
            path: (offset, seen)
            for path, (offset, seen) in self._pressing.items()
            if 0 <= now - seen < _PRESSING_UNTIL
        }
        ready = [path for path, (_, seen) in self._pressing.items() if now - seen >= _PRESSING_AFTER]
        if ready and self._passed(now, _PRESSING_GAP) and self._early.left(now) >= 1:
            return frozenset(ready)
        return frozenset()

    def sent(self, now: int, parts: Iterable[tuple[Path, int, int]], *, early: bool) -> None:
        """Note that parts of files were sent, each from an offset to another.

        Full messages are not counted: they are cheap.
        """
        listed = [*parts]
        small = sum(end - start < ENOUGH for _, start, end in listed)
        if early:
            self._early.take(now, small)
        else:
            self._usual.take(now, small, least=-_OWED)
        for path, _, end in listed:
            if path in self._pressing and self._pressing[path][0] < end:
                del self._pressing[path]
        self._last = now

    def _passed(self, now: int, time: int) -> bool:
        """Return whether a time has passed since the last message, also if the clock was set back."""
        return self._last is None or not 0 <= now - self._last < time
