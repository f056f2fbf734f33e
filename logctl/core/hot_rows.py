"""Hot rows: one DynamoDB item says what a message holds of one hour, and has the records that matter.

An item has the counts of its records by minute and level, their first and last time, and the records of WARN
and above; the object in S3 with all records of the message follows from its key. A small message is in the
item as a whole, and so is every message where the setting `hot_rows` is `full`. DynamoDB bills a write by the
kilobyte, so that an item for each record, or all records of a message in an item, would cost several times
as much as the object.

A hot row never spans two hours, and its sort key begins with the time of its newest record. A range is read
by the keys from its start to an hour past its end. The newest N records are read backwards, until no unread
key can hold anything newer.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import msgspec

from logctl.core import levels
from logctl.core.frames import compress, decompress
from logctl.core.partitions import Partition
from logctl.core.records import from_wire
from logctl.core.rows import Row, Times, encode_rows, read_stored, row_of
from logctl.core.times import HOUR, from_iso, iso

SMALL = 1_500
"""Bytes of a frame that is kept in the item as a whole: the item stays below two write units."""
MAX_INLINE = 350_000
"""DynamoDB refuses items over 400 KB, attribute names included (Amazon DynamoDB Developer Guide, quotas)."""
MAX_NOTABLE = 32_768
"""Bytes of the records of WARN and above, compressed; more are only in the object."""
MAX_STORED = 64 * 1024 * 1024
"""Bytes of rows in a frame that was stored: more than a message may have, because rows may have got flags."""

APPS = "_apps"
"""The partition key under which the hot table lists the apps; it is not a valid app name."""
CANARY = "~canary"
"""The sort key of a row that is written only to find out whether rows can be written.

It sorts after all hot rows, whose keys begin with a time, and has no arrival, so that no reader finds it.
"""
MAX_LANES = 64
INDEX, FULL = "index", "full"
"""The values of the setting `hot_rows`."""
_LEVELS = (*levels.ORDER, levels.UNKNOWN)
_NOTABLE = frozenset((levels.WARN, levels.ERROR, levels.FATAL))

Counts = Mapping[tuple[int, str], int]
"""Numbers of records by the minute in their hour (0 to 59) and level."""


@dataclass(frozen=True)
class HotRow:
    """What a message holds of one hour.

    Attributes:
        part: the number of the row among those of the same message and hour; above 0 only in earlier
            versions.
        min_ts: the time of the oldest record, milliseconds; `max_ts` is that of the newest.
        counts: None in rows of earlier versions, which have `level_counts` and all records.
        level_counts: the number of records by level.
        inline: a frame of rows: all of the hour (`whole`), or those of WARN and above; None if there are
            none, or too many.
        order: SQS's sequence number, by which rows of the same time are sorted.
    """

    appid: str
    batch_id: str
    min_ts: int
    max_ts: int
    level_counts: Mapping[str, int]
    counts: Counts | None = None
    inline: bytes | None = None
    whole: bool = False
    order: str = ""
    part: int = 0

    @property
    def sort_key(self) -> str:
        return f"{self.max_ts:013d}#{self.batch_id}#{self.part}"

    @property
    def count(self) -> int:
        """The number of records."""
        return sum(self.level_counts.values())

    @property
    def object_key(self) -> str:
        """The key of the object in S3 that has all records of the message and day."""
        return Partition.at(self.max_ts, self.appid).object_key(self.batch_id)

    def holds(self, level: str | None) -> bool:
        """Return whether the item has its records of a level and all above; None for all records.

        Otherwise the object has to be read.
        """
        if self.whole:
            return True
        if level not in _NOTABLE:
            return False
        return self.inline is not None or not any(self.level_counts.get(each) for each in _NOTABLE)

    @cached_property
    def rows(self) -> list[Row]:
        """The records that the item has, in the order in which they were packed."""
        if self.inline is None:
            return []
        if self.counts is None:
            wires = json.loads(decompress(self.inline, most=MAX_STORED))
            return [row_of(from_wire(wire, self.appid)) for wire in wires]
        return read_stored(decompress(self.inline, most=MAX_STORED))

    def own(self, stored: Sequence[Row]) -> list[Row]:
        """Return those rows of the object that this hot row stands for: an object has a whole day."""
        hour = iso(self.max_ts)[:13]
        if stored and stored[0].ts[:13] == hour and stored[-1].ts[:13] == hour and len(stored) == self.count:
            return list(stored)
        return [row for row in stored if row.ts[:13] == hour]


def hour_of(milliseconds: int) -> int:
    return milliseconds - milliseconds % HOUR


def make_hot_rows(
    appid: str,
    batch_id: str,
    rows: Sequence[Row],
    *,
    order: str = "",
    frame: bytes | None = None,
    times: Times | None = None,
    full: bool = False,
) -> list[HotRow]:
    """Return the hot rows of one message: one for each hour.

    A hot row's key comes from the records of its own hour alone, so that the same row can be made again from
    cold storage.

    Args:
        appid: of the message.
        batch_id: of the message.
        rows: the records of the message.
        order: SQS's sequence number.
        frame: the rows as `frames.compress(encode_rows(rows))`, if it exists already.
        times: those of the rows, if they are known.
        full: keep all records in the items, as far as they fit.
    """
    if not rows:
        return []
    times = times or Times.of(rows)
    make = partial(_hot_row, appid, batch_id, order=order, full=full)
    if times.share(13):
        return [make(rows, times=times, frame=frame)]
    hours: dict[str, list[Row]] = {}
    for row in rows:
        hours.setdefault(row.ts[:13], []).append(row)
    return [make(group, times=Times.of(group), frame=None) for group in hours.values()]


def _hot_row(
    appid: str,
    batch_id: str,
    rows: Sequence[Row],
    *,
    times: Times,
    order: str,
    frame: bytes | None,
    full: bool,
) -> HotRow:
    counts = _counts(times, [row.level for row in rows])
    level_counts = _by_level(counts)
    inline, whole = _inline(rows, level_counts, frame, MAX_INLINE if full else SMALL)
    return HotRow(
        appid=appid,
        batch_id=batch_id,
        min_ts=from_iso(times.first),
        max_ts=from_iso(times.last),
        level_counts=level_counts,
        counts=counts,
        inline=inline,
        whole=whole,
        order=order,
    )


def _counts(times: Times, levels_: Sequence[str]) -> dict[tuple[int, str], int]:
    """Return the numbers of records of one hour by minute and level, in order of first appearance."""
    counts: dict[tuple[int, str], int] = {}
    if not times.ascending:
        minutes = [int(time[14:16]) for time in times.each]
        counts.update(Counter(zip(minutes, levels_, strict=True)))
        return counts
    start = 0
    while start < len(levels_):
        # All times of a minute are before its first characters and one that is no digit.
        minute = times.each[start][:16]
        end = bisect_left(times.each, f"{minute}~", start)
        for level, count in Counter(levels_[start:end]).items():
            counts[int(minute[14:]), level] = count
        start = end
    return counts


def _by_level(counts: Counts) -> dict[str, int]:
    """Return the numbers of records by level, in order of first appearance."""
    found: dict[str, int] = {}
    for (_, level), count in counts.items():
        found[level] = found.get(level, 0) + count
    return found


def _inline(
    rows: Sequence[Row], level_counts: Mapping[str, int], frame: bytes | None, most: int
) -> tuple[bytes | None, bool]:
    """Return the frame that an item keeps, and whether it has all rows."""
    if frame is None and (most > SMALL or len(rows) <= SMALL // 10):
        frame = compress(encode_rows(rows))
    if frame is not None and len(frame) <= most:
        return frame, True
    if not any(level in _NOTABLE for level in level_counts):
        return None, False
    notable = compress(encode_rows([row for row in rows if row.level in _NOTABLE]))
    return (notable if len(notable) <= MAX_NOTABLE else None), False


# ── Items ───────────────────────────────────────────────────────────────────────────────────────────

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[int]).decode


def lane_of(appid: str, lanes: int) -> str:
    """Return the lane of an app: its partition in the index by arrival over all apps.

    `lanes`: how many there are. All rows of an app are in one lane, as long as the setting does not change.
    """
    return str(zlib.crc32(appid.encode()) % lanes)


def to_item(row: HotRow, *, arrived: int, expires_at: int, lane: str = "0") -> dict[str, Any]:
    """Return a hot row as an item in DynamoDB's JSON.

    - `arrived`: when it was written, milliseconds; `tail -f` follows this.
    - `lane`: where it is in the index by arrival (`lane_of`).
    - `expires_at`: seconds since the epoch, as DynamoDB's TTL needs them.
    """
    flat = [
        number
        for (minute, level), count in (row.counts or {}).items()
        for number in (minute, _LEVELS.index(level), count)
    ]
    item: dict[str, Any] = {
        "app": {"S": row.appid},
        "chunk": {"S": row.sort_key},
        "min_ts": {"N": str(row.min_ts)},
        "counts": {"B": _pack(flat)},
        "order": {"S": row.order},
        "lane": {"S": lane},
        "arrived_at": {"N": str(arrived)},
        "expires_at": {"N": str(expires_at)},
    }
    if row.inline is not None:
        item["whole" if row.whole else "notable"] = {"B": row.inline}
    return item


def from_item(item: Mapping[str, Any]) -> HotRow:
    """Return the hot row that an item holds, of this version (the inverse of `to_item`) or an earlier one."""
    newest, batch_id, part = item["chunk"]["S"].split("#")
    common = {
        "appid": item["app"]["S"],
        "batch_id": batch_id,
        "part": int(part),
        "min_ts": int(item["min_ts"]["N"]),
        "max_ts": int(newest),
        "order": item["order"]["S"],
    }
    if "data" in item:
        level_counts = {level: int(count["N"]) for level, count in item["levels"]["M"].items()}
        return HotRow(**common, level_counts=level_counts, inline=bytes(item["data"]["B"]), whole=True)
    flat = _unpack(bytes(item["counts"]["B"]))
    counts = {
        (minute, _LEVELS[level]): count
        for minute, level, count in zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    }
    whole = "whole" in item
    inline = item.get("whole") or item.get("notable")
    return HotRow(
        **common,
        level_counts=_by_level(counts),
        counts=counts,
        inline=bytes(inline["B"]) if inline else None,
        whole=whole,
    )
