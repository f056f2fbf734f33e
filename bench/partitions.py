"""What finding and adding missing partitions costs at 100,000 of them: `python -m bench partitions`.

Bucket and catalog are in memory (`bench.lake`): they page as S3 and Glue do, and every call takes the same
20 ms. Seconds are measured where code is run; what counts are the calls.

- **logctl** is run: `ops.lake.repair.compare` and `repair`.
- **awswrangler** is run, where it is installed (`pip install awswrangler`). Its `athena.repair_table` is
  MSCK; this is what its own functions give: `s3.list_objects`, `catalog.get_partitions`,
  `catalog.add_json_partitions`. With a range: a listing a day, and an expression.
- **MSCK** is modelled after Hive's HiveMetaStoreChecker; what Athena runs is not published. It lists the
  tree folder by folder in 15 threads (hive.metastore.fshandler.threads), fetches all partitions, and
  adds by 100. Hive up to 3 asks besides, one by one, whether each registered partition's folder exists: on
  S3 a HEAD and a LIST each; Hive 4 no longer does. Those seconds are calls times 20 ms. It knows no range.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.lake import Lake
from logctl.core.partitions import Partition, Scope
from logctl.core.times import DAY, TimeRange, parse_time
from logctl.ops.lake.repair import compare, repair
from logctl.pipeline.stores.catalog import CREATE_LIMIT, Catalog

DAYS, APPS, OBJECTS = 1_000, 100, 10
LATENCY = 0.02
WEEK = TimeRange(parse_time("2026-01-25"), parse_time("2026-01-25") + 7 * DAY)
Way = Callable[[Lake, TimeRange | None], float]
"""Repairs a lake; returns seconds that were modelled and not spent."""


def logctl(lake: Lake, span: TimeRange | None) -> float:
    deployment: Any = lake
    repair(deployment, compare(deployment, Scope.of(span)))
    return 0


def awswrangler(lake: Lake, span: TimeRange | None) -> float:
    import awswrangler as wr

    scope, session = Scope.of(span), lake
    root = f"s3://{lake.bucket}/"
    folders = scope.day_prefixes() or ["logs/"]
    keys = [key for folder in folders for key in wr.s3.list_objects(root + folder, boto3_session=session)]
    there = {partition for key in keys if (partition := Partition.of_key(key.removeprefix(root)))}
    known = wr.catalog.get_partitions(
        "db", "raw", expression=scope.expression() or None, boto3_session=session
    )
    missing = {p.location(lake.bucket): list(p.values) for p in there} if there else {}
    missing = {place: values for place, values in missing.items() if place not in known}
    if missing:
        wr.catalog.add_json_partitions("db", "raw", missing, boto3_session=session)
    return 0


def msck(lake: Lake, span: TimeRange | None, *, exists: bool = False) -> float:
    def folders(prefix: str) -> list[str]:
        pages = lake.s3.get_paginator("list_objects_v2").paginate(
            Bucket=lake.bucket, Prefix=prefix, Delimiter="/"
        )
        return [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]

    level = ["logs/"]
    with ThreadPoolExecutor(15) as pool:
        for _ in range(4):
            level = [folder for group in pool.map(folders, level) for folder in group]
    known, token = set(), {}
    while True:
        reply = lake.glue.get_partitions("db", "raw", ExcludeColumnSchema=True, **token)
        known |= {Partition(*item["Values"]) for item in reply["Partitions"]}
        if "NextToken" not in reply:
            break
        token = {"NextToken": reply["NextToken"]}
    modelled = 0.0
    if exists:
        lake.calls["s3:HeadObject"] += len(known)
        lake.calls["s3:ListObjectsV2"] += len(known)
        modelled = 2 * len(known) * lake.latency
    there = (Partition.of_key(folder) for folder in level)
    missing = [partition for partition in there if partition and partition not in known]
    catalog = Catalog(lake.glue, database="db", table="raw", bucket=lake.bucket)  # type: ignore[arg-type]
    with ThreadPoolExecutor(15) as pool:
        list(
            pool.map(
                catalog.register,
                [missing[at : at + CREATE_LIMIT] for at in range(0, len(missing), CREATE_LIMIT)],
            )
        )
    return modelled


WAYS: tuple[tuple[str, Way], ...] = (
    ("logctl", logctl),
    ("awswrangler", awswrangler),
    ("MSCK (Hive 4)", msck),
    ("MSCK (Hive 3)", lambda lake, span: msck(lake, span, exists=True)),
)


def measure(way: Way, lake: Lake, span: TimeRange | None) -> tuple[Counter[str], float]:
    lake.calls.clear()
    start = time.perf_counter()
    modelled = way(lake, span)
    return Counter(lake.calls), time.perf_counter() - start + modelled


def main() -> None:
    lake = Lake.of(DAYS, APPS, objects=OBJECTS)
    every = lake.partitions
    cases = (
        ("nothing missing", every, None),
        ("1% missing", [partition for number, partition in enumerate(every) if number % 100], None),
        ("all missing", [], None),
        ("--since 7d, 1% missing", [p for number, p in enumerate(every) if number % 100], WEEK),
    )
    print(
        f"{len(every):,} partitions ({DAYS:,} days, {APPS} apps), {OBJECTS} objects each, {LATENCY * 1000:.0f} ms a call"
    )
    for case, known, span in cases:
        print(f"\n{case:<24}{'S3 calls':>10}{'Glue calls':>12}{'seconds':>10}{'calls':>9}{'time':>8}")
        ours = None
        for name, way in WAYS:
            lake.register(known)
            lake.latency = LATENCY
            try:
                calls, seconds = measure(way, lake, span)
            except ImportError:
                print(f"  {name:<22} is not installed")
                continue
            finally:
                lake.latency = 0
            s3 = sum(count for call, count in calls.items() if call.startswith("s3:"))
            total = calls.total()
            ours = ours or (total, seconds)
            ratios = f"{total / ours[0]:>8.1f}x{seconds / ours[1]:>7.1f}x"
            print(f"  {name:<22}{s3:>10,}{total - s3:>12,}{seconds:>10.1f}{ratios}")
    print(
        "\nMSCK is a model of Hive's code; up to Hive 3, seconds are calls times latency. awswrangler's listing "
        "grows with the objects, the others' with the days."
    )


if __name__ == "__main__":
    main()
