"""A bucket and a catalog of any size in memory, that page as S3 and Glue do, count calls and take their time.

1,000 keys or prefixes a page (Amazon S3 API, ListObjectsV2), 1,000 partitions a page, 100 a BatchCreate and
25 a BatchDelete (AWS Glue API). Only what partition tools call is here.
"""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from logctl.core.partitions import Partition
from logctl.core.times import DAY, parse_time

PAGE = 1_000
_WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
_END = "\uffff"


@dataclass
class Lake:
    """Also stands for an `ops` deployment: it has `aws`, `names` and `bucket`.

    Args:
        latency: seconds that each call takes.
    """

    partitions: list[Partition]
    objects: int = 1
    latency: float = 0.0
    bucket: str = "lake"
    registered: dict[Partition, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.prefixes = sorted(partition.prefix for partition in self.partitions)
        self.names = SimpleNamespace(database="db", table="raw", compacted_table="compacted", workgroup="wg")
        self.s3, self.glue = _S3(self), _Glue(self)
        self.aws = SimpleNamespace(s3=self.s3, glue=self.glue)
        self._lock = threading.Lock()

    @classmethod
    def of(cls, days: int, apps: int, last: str = "2026-01-31", **options: Any) -> Lake:
        """`days` up to `last`, `apps` in each."""
        end = parse_time(last) // DAY
        return cls(
            [
                Partition.at(day * DAY, f"app-{app:04d}")
                for day in range(end - days + 1, end + 1)
                for app in range(apps)
            ],
            **options,
        )

    def register(self, partitions: list[Partition]) -> Lake:
        self.registered = {partition: partition.location(self.bucket) for partition in partitions}
        return self

    def called(self, operation: str) -> None:
        with self._lock:
            self.calls[operation] += 1
        if self.latency:
            time.sleep(self.latency)

    def client(self, service_name: str = "", *_: Any, **__: Any) -> Any:
        """As boto3's session has it."""
        return {"s3": self.s3, "glue": self.glue}[service_name]


class _S3:
    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, **request: Any) -> Iterator[dict[str, Any]]:
        request.pop("PaginationConfig", None)
        reply = self.list_objects_v2(**request)
        yield reply
        while token := reply.get("NextContinuationToken"):
            reply = self.list_objects_v2(**request, ContinuationToken=token)
            yield reply

    def list_objects_v2(
        self, Bucket: str, Prefix: str, Delimiter: str = "", ContinuationToken: str = "0", MaxKeys: int = PAGE
    ) -> dict[str, Any]:
        lake = self._lake
        lake.called("s3:ListObjectsV2")
        first, end = bisect_left(lake.prefixes, Prefix), bisect_left(lake.prefixes, Prefix + _END)
        start = int(ContinuationToken)
        if Delimiter and first < end and lake.prefixes[first] != Prefix:
            found, position = [], max(first, start)
            while position < end and len(found) < MaxKeys:
                folder = lake.prefixes[position]
                folder = folder[: folder.index("/", len(Prefix)) + 1]
                found.append({"Prefix": folder})
                position = bisect_left(lake.prefixes, folder + _END, position)
            more = position < end
            return {"CommonPrefixes": found, **({"NextContinuationToken": str(position)} if more else {})}
        count = (end - first) * lake.objects
        contents = [self._object(first, number) for number in range(start, min(count, start + MaxKeys))]
        following = start + MaxKeys
        return {
            "Contents": contents,
            **({"NextContinuationToken": str(following)} if following < count else {}),
        }

    def _object(self, first: int, number: int) -> dict[str, Any]:
        which, copy = divmod(number, self._lake.objects)
        key = f"{self._lake.prefixes[first + which]}{copy:08d}.json.gz"
        return {"Key": key, "Size": 1000 + copy, "LastModified": _WRITTEN + timedelta(seconds=copy)}


class _Glue:
    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def get_table(self, DatabaseName: str, Name: str) -> dict[str, Any]:
        self._lake.called("glue:GetTable")
        return {"Table": {"Name": Name, "Parameters": self._lake.parameters}}

    def get_partitions(
        self,
        DatabaseName: str,
        TableName: str,
        Expression: str = "",
        Segment: dict[str, int] | None = None,
        NextToken: str = "0",
        MaxResults: int = PAGE,
        ExcludeColumnSchema: bool = False,
    ) -> dict[str, Any]:
        lake = self._lake
        lake.called("glue:GetPartitions")
        segment = Segment or {"SegmentNumber": 0, "TotalSegments": 1}
        matches = _predicate(Expression)
        mine = [
            partition
            for number, partition in enumerate(lake.registered if TableName == lake.names.table else ())
            if number % segment["TotalSegments"] == segment["SegmentNumber"] and matches(partition)
        ]
        start = int(NextToken)
        page = [
            {"Values": list(p.values), "StorageDescriptor": {"Location": lake.registered[p]}}
            for p in mine[start : start + MaxResults]
        ]
        more = start + MaxResults < len(mine)
        return {"Partitions": page, **({"NextToken": str(start + MaxResults)} if more else {})}

    def batch_create_partition(
        self, DatabaseName: str, TableName: str, PartitionInputList: list[Any]
    ) -> dict[str, Any]:
        self._lake.called("glue:BatchCreatePartition")
        assert len(PartitionInputList) <= 100
        for item in PartitionInputList:
            self._lake.registered[Partition(*item["Values"])] = item["StorageDescriptor"]["Location"]
        return {}

    def batch_delete_partition(
        self, DatabaseName: str, TableName: str, PartitionsToDelete: list[Any]
    ) -> dict[str, Any]:
        self._lake.called("glue:BatchDeletePartition")
        assert len(PartitionsToDelete) <= 25
        for item in PartitionsToDelete:
            self._lake.registered.pop(Partition(*item["Values"]), None)
        return {}


def _predicate(expression: str) -> Any:
    """Glue's expression as Python: text compares the same."""
    if not expression:
        return lambda partition: True
    python = re.sub(r"(?<![<>])=", "==", expression).replace(" AND ", " and ").replace(" OR ", " or ")
    python = re.sub(r" IN \(([^)]*)\)", r" in (\1,)", python)
    code = compile(python, "expression", "eval")
    return lambda partition: eval(
        code, {}, {n: getattr(partition, n) for n in ("year", "month", "day", "appid")}
    )
