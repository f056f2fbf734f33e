"""Hot rows: one DynamoDB item holds one message's records of one hour, compressed.

DynamoDB bills a write by the kilobyte, so a row a record would cost ten times as much. A chunk never
spans two hours, and its sort key begins with its newest time: to read a range is to read the keys from
its start to an hour past its end, and to read the newest N is to read backwards until no unread key
can hold anything newer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import zstandard

from logctl.core.records import TRUNCATED, Record, from_wire, to_wire
from logctl.core.times import HOUR

# DynamoDB refuses items over 400 KB, attribute names included.
MAX_DATA = 350_000
_MAX_PLAIN = 64 * 1024 * 1024
_CUT = 32_768

APPS = "_apps"
"""The partition key under which the hot table lists the apps; no app can be called this."""
CANARY = "~canary"
"""The sort key of an app's row that only shows that rows can be written. It sorts after all chunks, whose
keys begin with a time, and has no arrival, so that no reader meets it."""


@dataclass(frozen=True)
class Chunk:
    """Records of one app, message and hour. `part` counts those of one hour; `order` sorts chunks of equal
    time as the queue had them."""

    appid: str
    batch_id: str
    part: int
    min_ts: int
    max_ts: int
    count: int
    levels: Mapping[str, int]
    data: bytes
    order: str = ""

    @property
    def sort_key(self) -> str:
        return f"{self.max_ts:013d}#{self.batch_id}#{self.part}"

    def records(self) -> list[Record]:
        plain = zstandard.ZstdDecompressor().decompress(self.data, max_output_size=_MAX_PLAIN)
        return [from_wire(wire, self.appid) for wire in json.loads(plain)]


def hour_of(milliseconds: int) -> int:
    return milliseconds - milliseconds % HOUR


def make_chunks(appid: str, batch_id: str, records: Iterable[Record], order: str = "") -> list[Chunk]:
    """The hot rows of one message: one per hour, more where one would not fit an item.

    A row's key comes from its own hour's records alone, so that cold storage, where an object holds a day
    of a message, can make the same row again.
    """
    hours: dict[int, list[Record]] = {}
    for record in records:
        hours.setdefault(record.ts // HOUR, []).append(record)
    chunks: list[Chunk] = []
    for group in hours.values():
        for part, (piece, data) in enumerate(_fitting(group)):
            chunks.append(_chunk(appid, batch_id, part, piece, data, order))
    return chunks


def _chunk(appid: str, batch_id: str, part: int, records: Sequence[Record], data: bytes, order: str) -> Chunk:
    return Chunk(
        appid,
        batch_id,
        part,
        min(record.ts for record in records),
        max(record.ts for record in records),
        len(records),
        dict(Counter(record.level for record in records)),
        data,
        order,
    )


def _fitting(records: list[Record]) -> list[tuple[list[Record], bytes]]:
    data = _compress(records)
    if len(data) <= MAX_DATA:
        return [(records, data)]
    if len(records) > 1:
        middle = len(records) // 2
        return _fitting(records[:middle]) + _fitting(records[middle:])
    only = records[0]
    cut = [replace(only, message=only.message[:_CUT], fields={}).flagged(TRUNCATED)]
    return [(cut, _compress(cut))]


def _compress(records: Sequence[Record]) -> bytes:
    plain = json.dumps([to_wire(record) for record in records], ensure_ascii=False, separators=(",", ":"))
    return zstandard.ZstdCompressor(level=3).compress(plain.encode("utf-8", "replace"))


def to_item(chunk: Chunk, *, arrived: int, expires_at: int) -> dict[str, Any]:
    """The row in DynamoDB's JSON.

    Args:
        arrived: milliseconds, when it was written; what `tail -f` follows.
        expires_at: epoch seconds, as DynamoDB's TTL wants them.
    """
    return {
        "app": {"S": chunk.appid},
        "chunk": {"S": chunk.sort_key},
        "batch_id": {"S": chunk.batch_id},
        "part": {"N": str(chunk.part)},
        "min_ts": {"N": str(chunk.min_ts)},
        "max_ts": {"N": str(chunk.max_ts)},
        "count": {"N": str(chunk.count)},
        "levels": {"M": {level: {"N": str(count)} for level, count in chunk.levels.items()}},
        "data": {"B": chunk.data},
        "order": {"S": chunk.order},
        "arrived": {"N": str(arrived)},
        "expires_at": {"N": str(expires_at)},
    }


def from_item(item: Mapping[str, Any]) -> Chunk:
    """The inverse of `to_item`."""
    return Chunk(
        item["app"]["S"],
        item["batch_id"]["S"],
        int(item["part"]["N"]),
        int(item["min_ts"]["N"]),
        int(item["max_ts"]["N"]),
        int(item["count"]["N"]),
        {level: int(count["N"]) for level, count in item["levels"]["M"].items()},
        bytes(item["data"]["B"]),
        item["order"]["S"],
    )
