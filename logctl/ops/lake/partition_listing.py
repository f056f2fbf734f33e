"""The partitions that S3 has and those that the catalog has; `ops.lake.repair` makes the two agree.

S3 is listed day by day in parallel. To find which partitions exist, only prefixes are listed (with a
delimiter), which costs one request for a day instead of one for a thousand objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from logctl.aws.s3_listing import folders, objects
from logctl.core.partitions import LOGS, Gap, Partition, Scope, gaps
from logctl.ops.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import SegmentTypeDef

SMALL = 128 * 1024**2
"""Bytes. Below it, Athena spends its time on opening and listing objects ("too small, generally less than
128 MB": AWS Big Data Blog, Top 10 Performance Tuning Tips for Amazon Athena, optimize file sizes)."""
SEGMENTS = 10
"""Parts of a table's partitions that can be read at once (AWS Glue API, Segment)."""
_PAGE = 1_000
# As many as botocore keeps connections for.
_LISTERS = 10

EVERYTHING = Scope()


def _silent(found: int) -> None:
    pass


@dataclass(frozen=True)
class Content:
    """The objects under a partition's prefix in S3. `newest` is when the last one was written."""

    objects: int = 0
    bytes: int = 0
    small_objects: int = 0
    newest: datetime | None = None

    @property
    def small(self) -> float | None:
        """The share of objects smaller than `SMALL`; None where there are no objects."""
        return self.small_objects / self.objects if self.objects else None

    def plus(self, size: int, modified: datetime) -> Content:
        """Return the content with one more object counted."""
        return Content(
            self.objects + 1,
            self.bytes + size,
            self.small_objects + (size < SMALL),
            modified if self.newest is None else max(self.newest, modified),
        )


@dataclass(frozen=True)
class PartitionStatus:
    """A partition as the catalog and S3 have it.

    `elsewhere` is the registered location where that is not the partition's own prefix; else empty.
    """

    partition: Partition
    registered: bool
    elsewhere: str
    compacted: bool
    content: Content


@dataclass(frozen=True)
class Overview:
    """Every partition in scope, oldest first, and the gaps between them.

    Args:
        gaps: days between an app's first and last one without a partition, raw or compacted.
        foreign: partitions registered by others under values that are not logctl's; left alone.
        projected: the table uses partition projection, so Athena ignores what is registered.
    """

    partitions: tuple[PartitionStatus, ...]
    gaps: tuple[Gap, ...]
    foreign: int
    projected: bool

    @property
    def total(self) -> Content:
        contents = [item.content for item in self.partitions]
        return Content(
            sum(content.objects for content in contents),
            sum(content.bytes for content in contents),
            sum(content.small_objects for content in contents),
            max((content.newest for content in contents if content.newest), default=None),
        )


@dataclass(frozen=True)
class Registered:
    """A table's partitions in the catalog: partition to location, and how many are not logctl's."""

    locations: Mapping[Partition, str]
    foreign: int = 0


def is_projected(deployment: Deployment) -> bool:
    """Return whether Athena computes the partitions and ignores registered ones.

    Source: Amazon Athena User Guide, Partition projection.
    """
    names = deployment.names
    table = deployment.aws.glue.get_table(DatabaseName=names.database, Name=names.table)["Table"]
    return table.get("Parameters", {}).get("projection.enabled", "").lower() == "true"


def registered(deployment: Deployment, scope: Scope = EVERYTHING, table: str = "") -> Registered:
    """Return the partitions of a table in the catalog. A big catalog is read in segments, in parallel."""
    glue, names = deployment.aws.glue, deployment.names
    request: dict[str, Any] = {
        "DatabaseName": names.database,
        "TableName": table or names.table,
        "ExcludeColumnSchema": True,
        "MaxResults": _PAGE,
    }
    if expression := scope.expression():
        request["Expression"] = expression

    def segment(number: int) -> list[Any]:
        part: SegmentTypeDef = {"SegmentNumber": number, "TotalSegments": SEGMENTS}
        reply = glue.get_partitions(**request, Segment=part)
        found = list(reply["Partitions"])
        while token := reply.get("NextToken"):
            reply = glue.get_partitions(**request, Segment=part, NextToken=token)
            found += reply["Partitions"]
        return found

    first = glue.get_partitions(**request)
    pages: Iterable[list[Any]] = [first["Partitions"]]
    if first.get("NextToken"):
        with ThreadPoolExecutor(SEGMENTS) as pool:
            pages = list(pool.map(segment, range(SEGMENTS)))
    locations: dict[Partition, str] = {}
    foreign = 0
    for item in (item for page in pages for item in page):
        partition = Partition.of_values(item["Values"])
        if partition is None:
            foreign += scope.everything
        # The expression only narrows the request: it has no globs.
        elif partition in scope:
            locations[partition] = item.get("StorageDescriptor", {}).get("Location", "")
    return Registered(locations, foreign)


def stored(
    deployment: Deployment,
    scope: Scope = EVERYTHING,
    *,
    on_progress: Callable[[int], None] = _silent,
) -> set[Partition]:
    """Return the partitions that have at least one object in S3."""
    with ThreadPoolExecutor(_LISTERS) as pool:
        return stored_on(deployment, days_in(deployment, scope, pool), pool, scope, on_progress)


def stored_on(
    deployment: Deployment,
    days: Iterable[str],
    pool: Executor,
    scope: Scope = EVERYTHING,
    on_progress: Callable[[int], None] = _silent,
) -> set[Partition]:
    """Return the partitions under the prefixes of some days that have at least one object in S3."""
    found: set[Partition] = set()
    for group in pool.map(lambda day: list(_folders(deployment, day)), days):
        here = (Partition.of_key(folder) for folder in group)
        found.update(partition for partition in here if partition is not None and partition in scope)
        on_progress(len(found))
    return found


def days_in(deployment: Deployment, scope: Scope, pool: Executor, root: str = LOGS) -> list[str]:
    """Return the prefixes of the days in scope: computed where they are few, else listed level by level."""
    known = scope.day_prefixes(root)
    if known is not None:
        return known
    level = [root]
    for _ in range(3):
        below = pool.map(lambda prefix: list(_folders(deployment, prefix)), level)
        level = [folder for group in below for folder in group if scope.touches(folder)]
    return level


def _folders(deployment: Deployment, prefix: str) -> Iterator[str]:
    return folders(deployment.aws.s3, deployment.bucket, prefix)


def contents(
    deployment: Deployment,
    scope: Scope = EVERYTHING,
    *,
    on_progress: Callable[[int], None] = _silent,
) -> dict[Partition, Content]:
    """Return the objects of every partition in S3 as totals. This lists every object."""

    def of_day(prefix: str) -> dict[Partition, Content]:
        found: dict[Partition, Content] = {}
        for item in objects(deployment.aws.s3, deployment.bucket, prefix):
            partition = Partition.of_key(item["Key"])
            if partition is not None and partition in scope:
                so_far = found.get(partition, Content())
                found[partition] = so_far.plus(item["Size"], item["LastModified"])
        return found

    found: dict[Partition, Content] = {}
    with ThreadPoolExecutor(_LISTERS) as pool:
        for some in pool.map(of_day, days_in(deployment, scope, pool)):
            found.update(some)
            on_progress(len(found))
    return found


def status(
    deployment: Deployment,
    scope: Scope = EVERYTHING,
    *,
    on_progress: Callable[[int], None] = _silent,
) -> Overview:
    """Return every partition that the catalog or S3 has."""
    known = registered(deployment, scope)
    compacted = registered(deployment, scope, deployment.names.compacted_table).locations
    there = contents(deployment, scope, on_progress=on_progress)
    return Overview(
        partitions=tuple(
            PartitionStatus(
                partition=partition,
                registered=partition in known.locations,
                elsewhere=_elsewhere(deployment, partition, known.locations.get(partition)),
                compacted=partition in compacted,
                content=there.get(partition, Content()),
            )
            for partition in sorted({*known.locations, *there})
        ),
        gaps=tuple(gaps({*known.locations, *there, *compacted})),
        foreign=known.foreign,
        projected=is_projected(deployment),
    )


def elsewhere(deployment: Deployment, known: Registered) -> dict[Partition, str]:
    """Return the registered partitions that do not point to their own prefix, with where they point."""
    places = {
        partition: _elsewhere(deployment, partition, location)
        for partition, location in known.locations.items()
    }
    return {partition: place for partition, place in places.items() if place}


def _elsewhere(deployment: Deployment, partition: Partition, location: str | None) -> str:
    if location is None or location.rstrip("/") == partition.location(deployment.bucket).rstrip("/"):
        return ""
    return location or "nowhere"
