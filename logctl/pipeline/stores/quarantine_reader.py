"""What lies in quarantine, as S3 lists it. Reading is bounded: who asks learns whether there is more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logctl.core.partitions import Partition
from logctl.core.quarantine import folder, place_of
from logctl.core.times import DAY, from_datetime

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PAGE = 1_000
"""Keys that one request lists (Amazon S3 API Reference, ListObjectsV2)."""


@dataclass(frozen=True)
class Kept:
    """An object of the quarantine. `set_aside_at` is in milliseconds, `size` in bytes."""

    key: str
    partition: Partition
    id: str
    size: int
    set_aside_at: int


@dataclass(frozen=True)
class Recent:
    """How many objects were set aside since a moment; `complete` is false when there may be more."""

    objects: int
    complete: bool = True


def listed(s3: S3Client, bucket: str, prefix: str, at_most: int) -> tuple[list[Kept], bool]:
    """The objects below a prefix in the order of their keys, and whether that is all of them."""
    found: list[Kept] = []
    seen = 0
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": min(PAGE, at_most)}
    )
    for page in pages:
        for item in page.get("Contents", []):
            place = place_of(item["Key"])
            if place:
                moment = from_datetime(item["LastModified"])
                found.append(Kept(item["Key"], *place, item["Size"], moment))
        seen += page.get("KeyCount", 0)
        if seen >= at_most and page.get("IsTruncated"):
            return found, False
    return found, True


def recent(s3: S3Client, bucket: str, *, now: int, at_most: int = PAGE) -> Recent:
    """What was set aside in the last 24 hours, of messages that were sent today or yesterday.

    Keys are by the day that SQS got the message; of each day at most so many are looked at.
    """
    objects, complete = 0, True
    for day in days(now - DAY, now):
        found, all_seen = listed(s3, bucket, folder(day), at_most)
        objects += sum(kept.set_aside_at >= now - DAY for kept in found)
        complete = complete and all_seen
    return Recent(objects, complete)


def days(first: int, last: int) -> Iterator[Partition]:
    """The days from one moment to another, both included."""
    for day in range(first // DAY, last // DAY + 1):
        yield Partition.at(day * DAY, "any")
