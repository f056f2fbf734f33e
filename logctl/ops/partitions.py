"""Partitions: what S3 has, what the catalog knows, and making the two agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from botocore.exceptions import ClientError

from logctl.core.partitions import LOGS, Partition
from logctl.ops.deployment import Deployment
from logctl.ops.emulator import is_unknown_action
from logctl.pipeline.catalog import Catalog, Failure

DELETE_LIMIT = 25
"""BatchDeletePartition takes up to 25 partitions (AWS Glue API)."""
_LISTERS = 8


@dataclass(frozen=True)
class Content:
    """What lies under a partition's prefix in S3. `newest` is when the last object was written."""

    objects: int = 0
    bytes: int = 0
    newest: datetime | None = None


@dataclass(frozen=True)
class PartitionStatus:
    """A partition as catalog and S3 have it."""

    partition: Partition
    registered: bool
    content: Content


@dataclass(frozen=True)
class Repair:
    """What a repair found and did; with a dry run, what it would do."""

    missing: tuple[Partition, ...]
    gone: tuple[Partition, ...]
    added: int
    dropped: int
    failures: tuple[Failure, ...]


def registered(deployment: Deployment) -> set[Partition]:
    """The partitions that the catalog has."""
    pages = deployment.aws.glue.get_paginator("get_partitions").paginate(
        DatabaseName=deployment.names.database,
        TableName=deployment.names.table,
        ExcludeColumnSchema=True,
    )
    return {Partition(*partition["Values"]) for page in pages for partition in page["Partitions"]}


def stored(
    deployment: Deployment, *, on_progress: Callable[[int], None] = lambda found: None
) -> set[Partition]:
    """The partitions that have at least one object in S3, found by walking the prefixes, days in parallel."""
    found: set[Partition] = set()
    s3, bucket = deployment.aws.s3, deployment.bucket

    def prefixes(root: str) -> list[str]:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=root, Delimiter="/")
        return [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]

    with ThreadPoolExecutor(_LISTERS) as pool:
        level = [LOGS]
        for _ in range(3):  # years, months, days
            level = [prefix for group in pool.map(prefixes, level) for prefix in group]
        for group in pool.map(prefixes, level):
            found.update(partition for prefix in group if (partition := Partition.of_key(prefix)))
            on_progress(len(found))
    return found


def contents(deployment: Deployment) -> dict[Partition, Content]:
    """Objects, bytes and newest object of every partition in S3, in one listing."""
    found: dict[Partition, Content] = {}
    pages = deployment.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=deployment.bucket, Prefix=LOGS)
    for page in pages:
        for item in page.get("Contents", []):
            partition = Partition.of_key(item["Key"])
            if partition is None:
                continue
            so_far = found.get(partition, Content())
            newest = max(so_far.newest or item["LastModified"], item["LastModified"])
            found[partition] = Content(so_far.objects + 1, so_far.bytes + item["Size"], newest)
    return found


def status(deployment: Deployment) -> list[PartitionStatus]:
    """Every partition that catalog or S3 has, oldest first."""
    known, there = registered(deployment), contents(deployment)
    return [
        PartitionStatus(partition, partition in known, there.get(partition, Content()))
        for partition in sorted(known | set(there))
    ]


def repair(
    deployment: Deployment,
    *,
    prune: bool,
    dry_run: bool,
    on_progress: Callable[[int], None] = lambda found: None,
) -> Repair:
    """Register what S3 has and the catalog lacks; with `prune`, drop what S3 no longer has."""
    known, there = registered(deployment), stored(deployment, on_progress=on_progress)
    missing = tuple(sorted(there - known))
    gone = tuple(sorted(known - there)) if prune else ()
    if dry_run:
        return Repair(missing, gone, 0, 0, ())
    names = deployment.names
    catalog = Catalog(
        deployment.aws.glue, database=names.database, table=names.table, bucket=deployment.bucket
    )
    failures = catalog.register(missing)
    refused = _drop(deployment, gone)
    return Repair(
        missing,
        gone,
        len(missing) - len(failures),
        len(gone) - len(refused),
        (*failures, *refused),
    )


def _drop(deployment: Deployment, partitions: Sequence[Partition]) -> list[Failure]:
    failures: list[Failure] = []
    for batch in _batches(partitions, DELETE_LIMIT):
        try:
            reply = deployment.aws.glue.batch_delete_partition(
                DatabaseName=deployment.names.database,
                TableName=deployment.names.table,
                PartitionsToDelete=[{"Values": list(partition.values)} for partition in batch],
            )
        except ClientError as error:
            if not is_unknown_action(error):
                raise
            _drop_singly(deployment, batch)
            continue
        for failure in reply.get("Errors", []):
            detail = failure.get("ErrorDetail", {})
            if detail.get("ErrorCode") != "EntityNotFoundException":
                partition = Partition(*failure["PartitionValues"])
                failures.append(Failure(partition, detail.get("ErrorMessage", "unknown")))
    return failures


def _drop_singly(deployment: Deployment, partitions: Sequence[Partition]) -> None:
    for partition in partitions:
        deployment.aws.glue.delete_partition(
            DatabaseName=deployment.names.database,
            TableName=deployment.names.table,
            PartitionValues=list(partition.values),
        )


def _batches(partitions: Sequence[Partition], size: int) -> Iterator[list[Partition]]:
    remaining = iter(partitions)
    while batch := list(islice(remaining, size)):
        yield batch
