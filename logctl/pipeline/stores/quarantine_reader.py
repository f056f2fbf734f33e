"""Listing the quarantine. Every listing is bounded, and says whether there may be more."""

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
    """An object in quarantine. `set_aside_at` is in milliseconds, `size` in bytes."""

    key: str
    partition: Partition
    id: str
    size: int
    set_aside_at: int


@dataclass(frozen=True)
class Recent:
    """The number of objects that were set aside recently; `complete` is False when there may be more."""

    objects: int
    complete: bool = True


def listed(s3: S3Client, bucket: str, prefix: str, at_most: int) -> tuple[list[Kept], bool]:
    """Return the objects below a prefix in the order of their keys, and whether these are all."""
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
    """Return the number of objects set aside in the last 24 hours, for messages sent today or yesterday.

    An object's key has the day on which its message was sent; of each day at most `at_most` objects are
    listed.
    """
    objects, complete = 0, True
    for day in days(now - DAY, now):
        found, all_seen = listed(s3, bucket, folder(day), at_most)
        objects += sum(kept.set_aside_at >= now - DAY for kept in found)
        complete = complete and all_seen
    return Recent(objects, complete)


def days(first: int, last: int) -> Iterator[Partition]:
    """Yield a partition for each day from one moment (milliseconds) to another, both included."""
    for day in range(first // DAY, last // DAY + 1):
        yield Partition.at(day * DAY, "any")
