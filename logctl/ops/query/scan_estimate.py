"""An estimate of what a query reads, before it runs: objects and bytes of the partitions it selects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logctl.core.appid import matching
from logctl.core.partitions import COMPACTED, LOGS, Partition
from logctl.ops.cost.prices import REGIONS, prices
from logctl.ops.query.conditions import Selection, selects_day

if TYPE_CHECKING:
    from logctl.ops.deployment import Deployment

BILLED_AT_LEAST = 10_000_000
"""Bytes that Athena bills at least for a query (Amazon Athena pricing)."""
LIST_AT_MOST = 20_000
"""Objects that are listed at most, a thousand in a request: about two seconds, and a hundredth of a cent."""

# The folder of a compaction's build, between day and app (see core.compaction_sql).
_GENERATION = re.compile(r"\bgen=[^/]+/")


def dollars(scanned: int) -> float:
    """Return the approximate dollars for a query that reads `scanned` bytes, at the price of us-east-1."""
    return prices(REGIONS[0])["athena_scan"].of(max(scanned, BILLED_AT_LEAST)) if scanned else 0.0


@dataclass(frozen=True)
class Estimate:
    """Partitions, objects and bytes in S3 that a query reads; where not `complete`, it is at least that."""

    partitions: int
    objects: int
    bytes: int
    complete: bool

    @property
    def dollars(self) -> float:
        return dollars(self.bytes)


def estimate(deployment: Deployment, tables: Iterable[str], selection: Selection | None = None) -> Estimate:
    """Return the objects and bytes in the partitions of tables and views that a selection includes.

    It is an upper bound: of Parquet a query reads only the columns it needs, and a LIMIT may end it early.
    """
    selection = selection or Selection()
    found: set[Partition] = set()
    objects = size = seen = 0
    for root in _roots(tables):
        pages = deployment.aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket=deployment.bucket, Prefix=_prefix(root, selection)
        )
        for page in pages:
            for item in page.get("Contents", []):
                partition = Partition.of_key(_GENERATION.sub("", item["Key"]), root)
                if partition is not None and _selects(selection, partition):
                    found.add(partition)
                    objects += 1
                    size += item["Size"]
            seen += len(page.get("Contents", []))
            if seen >= LIST_AT_MOST and page.get("IsTruncated"):
                return Estimate(len(found), objects, size, complete=False)
    return Estimate(len(found), objects, size, complete=True)


def _roots(tables: Iterable[str]) -> list[str]:
    """Return the prefixes of the objects of tables; the views read both tables."""
    of = {"logs_raw": [LOGS], "logs_compacted": [COMPACTED]}
    return sorted({root for table in tables for root in of.get(table, [LOGS, COMPACTED])})


def _prefix(root: str, selection: Selection) -> str:
    """Return the longest prefix that all days of a selection share."""
    if selection.since is None or selection.until is None:
        return root
    first = Partition.at(selection.since, "a")
    last = Partition.at(selection.until - 1, "a")
    prefix = root
    for name in ("year", "month", "day"):
        if getattr(first, name) != getattr(last, name):
            break
        prefix += f"{name}={getattr(first, name)}/"
    return prefix


def _selects(selection: Selection, partition: Partition) -> bool:
    day = selects_day(selection.since, selection.until, partition.year, partition.month, partition.day)
    return day and (not selection.apps or bool(matching([partition.appid], selection.apps)))
