"""What a query would read, before it runs: objects and bytes of the partitions it cannot leave out."""

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
"""Athena bills at least 10 MB a query (Amazon Athena pricing)."""
LIST_AT_MOST = 20_000
"""Objects looked at, a thousand a request: about two seconds, and a hundredth of a cent."""

# Where compaction's builds lie, between day and app (see core.compaction_sql).
_GENERATION = re.compile(r"\bgen=[^/]+/")


def dollars(scanned: int) -> float:
    """About what a query costs that reads so much, at us-east-1's price; one that reads nothing is free."""
    return prices(REGIONS[0])["athena_scan"].of(max(scanned, BILLED_AT_LEAST)) if scanned else 0.0


@dataclass(frozen=True)
class Estimate:
    """What lies in S3 for a query to read. When not `complete`, there is at least this much."""

    partitions: int
    objects: int
    bytes: int
    complete: bool

    @property
    def dollars(self) -> float:
        return dollars(self.bytes)


def estimate(deployment: Deployment, tables: Iterable[str], selection: Selection | None = None) -> Estimate:
    """What lies in the partitions of tables and views that a selection lets through; all of them without one.

    It is what could be read: of Parquet a query reads the columns it needs, and with a LIMIT less.
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
    """Where the objects of tables lie; the views read both."""
    of = {"logs_raw": [LOGS], "logs_compacted": [COMPACTED]}
    return sorted({root for table in tables for root in of.get(table, [LOGS, COMPACTED])})


def _prefix(root: str, selection: Selection) -> str:
    """The longest prefix that all days of a selection share."""
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
