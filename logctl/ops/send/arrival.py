"""Waiting until what was sent has arrived: in the hot store, or wherever else one looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from logctl.core.envelope import Packed
from logctl.core.partitions import Partition
from logctl.core.times import TimeRange, from_datetime
from logctl.core.unpacking import unpack
from logctl.ops.deployment import Deployment
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
    """Look everywhere until it is everywhere, or for so long.

    Returns:
        When each look found it (milliseconds, by `clock`); None for those that did not.
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
    """The messages that are not stored after so long; none when all is well.

    The last message of each app is enough: a queue's earlier ones come before it.
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
    """A look for all of a message's rows: the consumer writes one for each of its hours."""
    span = TimeRange(message.min_ts, message.max_ts + 1)

    def look() -> bool:
        chunks = store.read(message.appid, span, now=clock())
        return sum(chunk.count for chunk in chunks if chunk.batch_id == message.batch_id) >= message.count

    return look


def stored(known: KnownRecords, message: Packed, clock: Callable[[], int]) -> Callable[[], bool]:
    """A look for all of a file's message, whatever messages brought its records: these need not make rows."""
    records = unpack(message.body, group=message.appid, deduplication_id="", sent_at=0).records

    def look() -> bool:
        return not known.new_of(message.appid, message.source, "", records, now=clock())

    return look


def stored_at(deployment: Deployment, app: str, moment: int, batch_id: str) -> int | None:
    """When a batch's object for the day of `moment` was written, in milliseconds; None when it is not there.

    Listed and not fetched, so that nobody has to be allowed to read logs.
    """
    key = Partition.at(moment, app).object_key(batch_id)
    listed = deployment.aws.s3.list_objects_v2(Bucket=deployment.bucket, Prefix=key, MaxKeys=1)
    objects = listed.get("Contents", [])
    return from_datetime(objects[0]["LastModified"]) if objects else None
