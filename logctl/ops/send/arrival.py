"""Waiting until sent messages have arrived in the hot store or in S3."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from logctl.core.partitions import OBJECT, Partition
from logctl.core.times import TimeRange, from_datetime
from logctl.core.unpacking import unpack
from logctl.ops.deployment import Deployment
from logctl.ops.send.packing import Packed
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.stored_file_records import KnownRecords

_POLL_SECONDS = 0.2


def await_all(
    looks: Mapping[str, Callable[[], bool]],
    *,
    seconds: float,
    clock: Callable[[], int],
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, int | None]:
    """Call each of `looks` until it returns True, or until `seconds` have passed.

    Returns:
        When each look returned True, in milliseconds by `clock`; None for those that did not.
    """
    deadline = clock() + int(seconds * 1000)
    found: dict[str, int | None] = dict.fromkeys(looks)
    while True:
        for name, look in looks.items():
            if found[name] is None and look():
                found[name] = clock()
        if None not in found.values() or clock() > deadline:
            return found
        sleep(_POLL_SECONDS)


def wait_until_readable(
    store: HotStore,
    messages: Iterable[Packed],
    *,
    known: KnownRecords,
    seconds: float,
    clock: Callable[[], int],
    sleep: Callable[[float], None] = time.sleep,
) -> list[Packed]:
    """Wait until messages can be read; return those that cannot after `seconds`.

    It is enough to pass the last message of each app, because the queue delivers its earlier ones before.
    """
    waiting = {message.batch_id: message for message in messages}
    found = await_all(
        {
            batch_id: stored(known, message, clock) if message.source else readable(store, message, clock)
            for batch_id, message in waiting.items()
        },
        seconds=seconds,
        clock=clock,
        sleep=sleep,
    )
    return [message for batch_id, message in waiting.items() if found[batch_id] is None]


def readable(store: HotStore, message: Packed, clock: Callable[[], int]) -> Callable[[], bool]:
    """Return a function that looks for all rows of a message; the consumer writes one for each hour."""
    span = TimeRange(message.min_ts, message.max_ts + 1)

    def look() -> bool:
        chunks = store.read(message.appid, span, now=clock())
        return sum(chunk.count for chunk in chunks if chunk.batch_id == message.batch_id) >= message.count

    return look


def stored(known: KnownRecords, message: Packed, clock: Callable[[], int]) -> Callable[[], bool]:
    """Return a function that looks for all records of a file's message.

    Records that were stored before, by another message, make no rows for this one.
    """
    records = unpack(message.body, group=message.appid, deduplication_id="", sent_at=0).rows

    def look() -> bool:
        return not known.new_of(message.appid, message.source, "", records, now=clock())

    return look


def stored_at(deployment: Deployment, app: str, moment: int, batch_id: str) -> int | None:
    """Return when a batch's object for the day of `moment` was written, in milliseconds; None without one.

    The object is listed and not fetched, so that no permission to read logs is needed.
    """
    stem = Partition.at(moment, app).object_key(batch_id).removesuffix(OBJECT)
    listed = deployment.aws.s3.list_objects_v2(Bucket=deployment.bucket, Prefix=f"{stem}.", MaxKeys=1)
    objects = listed.get("Contents", [])
    return from_datetime(objects[0]["LastModified"]) if objects else None
