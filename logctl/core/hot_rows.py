"""Hot rows: one DynamoDB item holds one message's records of one hour, compressed; it is called a chunk.

DynamoDB bills a write by the kilobyte, so that an item for each record would cost ten times as much. A chunk
never spans two hours, and its sort key begins with the time of its newest record. A range is read by the keys
from its start to an hour past its end. The newest N records are read backwards, until no unread key can hold
anything newer.
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
"""The partition key under which the hot table lists the apps; it is not a valid app name."""
CANARY = "~canary"
"""The sort key of a row that is written only to find out whether rows can be written.

It sorts after all chunks, whose keys begin with a time, and has no arrival, so that no reader finds it.
"""


@dataclass(frozen=True)
class Chunk:
    """Records of one app, message and hour.

    Attributes:
        part: the number of the chunk among those of the same message and hour.
        min_ts: the time of the oldest record, milliseconds; `max_ts` is that of the newest.
        data: the records as JSON, compressed with zstd.
        order: SQS's sequence number, by which chunks of the same time are sorted.
    """

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
        """Return the records in the order in which they were packed."""
        plain = zstandard.ZstdDecompressor().decompress(self.data, max_output_size=_MAX_PLAIN)
        return [from_wire(wire, self.appid) for wire in json.loads(plain)]


def hour_of(milliseconds: int) -> int:
    return milliseconds - milliseconds % HOUR


def make_chunks(appid: str, batch_id: str, records: Iterable[Record], order: str = "") -> list[Chunk]:
    """Return the hot rows of one message: one for each hour, or more where one would not fit an item.

    A row's key comes from the records of its own hour alone, so that the same row can be made again from cold
    storage, where an object holds a whole day of a message.
    """
    hours: dict[int, list[Record]] = {}
    for record in records:
        hours.setdefault(record.ts // HOUR, []).append(record)
    chunks: list[Chunk] = []
    for group in hours.values():
        for part, (piece, data) in enumerate(_fitting(group)):
            chunks.append(
                Chunk(
                    appid=appid,
                    batch_id=batch_id,
                    part=part,
                    min_ts=min(record.ts for record in piece),
                    max_ts=max(record.ts for record in piece),
                    count=len(piece),
                    levels=dict(Counter(record.level for record in piece)),
                    data=data,
                    order=order,
                )
            )
    return chunks


def _fitting(records: list[Record]) -> list[tuple[list[Record], bytes]]:
    """Return the records in parts that fit an item each, with their compressed form.

    A record that does not fit an item by itself is truncated.
    """
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
    """Return a chunk as an item in DynamoDB's JSON.

    - `arrived`: when it was written, milliseconds; `tail -f` follows this.
    - `expires_at`: seconds since the epoch, as DynamoDB's TTL needs them.
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
    """Return the chunk that an item holds; the inverse of `to_item`."""
    return Chunk(
        appid=item["app"]["S"],
        batch_id=item["batch_id"]["S"],
        part=int(item["part"]["N"]),
        min_ts=int(item["min_ts"]["N"]),
        max_ts=int(item["max_ts"]["N"]),
        count=int(item["count"]["N"]),
        levels={level: int(count["N"]) for level, count in item["levels"]["M"].items()},
        data=bytes(item["data"]["B"]),
        order=item["order"]["S"],
    )
