"""What compaction buys: bytes scanned and time of five queries, before and after, in one run of the sandbox.

`python -m bench.compaction [FOLDER]`. Messages are the real ones of LOGCTL_LOGHUB or ../shared/data/loghub,
spread over three closed days of eight apps, 100 records an object, as `send -f` on quiet apps makes them.
Bytes are what Athena would bill for (whole JSON objects; of Parquet the column chunks that are read); the
times are DuckDB's on this machine, reading S3 over loopback, and say little of Athena's.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.environment import environment
from bench.packing import read
from logctl.aws.athena import Runner
from logctl.core.partitions import by_partition
from logctl.core.records import Record, derive_id
from logctl.core.rows import row_of
from logctl.core.times import DAY, TimeRange, parse_time
from logctl.ops.deployment import Deployment
from logctl.ops.lake.compact import compactor
from logctl.ops.send.sample_records import sample_records
from logctl.pipeline.stores.catalog import Catalog
from logctl.pipeline.stores.cold import ColdStore

DAYS = 3
A_BATCH = 100
COPIES = 6
START = parse_time("2026-03-02")
ROUNDS = 5

DAY_ = "year = '2026' AND month = '03' AND day = '03'"
QUERIES = {
    "levels of one app and day": f"SELECT level, count(*) FROM logs WHERE {DAY_} AND appid = 'hdfs' GROUP BY level",
    "one hour's errors": (
        f"SELECT ts, message FROM logs WHERE {DAY_} AND ts >= '2026-03-03T10' AND ts < '2026-03-03T11' "
        "AND level IN ('ERROR', 'FATAL') ORDER BY ts"
    ),
    "volume by app and hour": (
        f"SELECT appid, substr(ts, 1, 13) AS hour, count(*) FROM logs WHERE {DAY_} GROUP BY 1, 2"
    ),
    "noisiest kinds of a day": (
        "SELECT regexp_replace(message, '[0-9]+', '#') AS kind, count(*) AS n FROM logs "
        f"WHERE {DAY_} GROUP BY 1 ORDER BY n DESC LIMIT 20"
    ),
    "a word in three days": (
        "SELECT appid, count(*), max(ts) FROM logs WHERE year = '2026' AND month = '03' "
        "AND message LIKE '%failed%' GROUP BY appid"
    ),
}


@dataclass(frozen=True)
class Measured:
    scanned: int
    seconds: float
    rows: list[tuple[str | None, ...]]


def main(*arguments: str) -> int:
    folder = Path(arguments[0] if arguments else os.environ.get("LOGCTL_LOGHUB", "../shared/data/loghub"))
    with environment() as deployment:
        objects = load(deployment, folder)
        before = measure(deployment)
        work = compactor(deployment, grace=0)
        began = time.perf_counter()
        done = list(work.run(TimeRange(START, START + DAYS * DAY)))
        took = time.perf_counter() - began
        after = measure(deployment)
    report(objects, done, took, before, after)
    return 0


def load(deployment: Deployment, folder: Path) -> int:
    cold = ColdStore(deployment.aws.s3, deployment.bucket)
    names = deployment.names
    catalog = Catalog(
        deployment.aws.glue, database=names.database, table=names.table, bucket=deployment.bucket
    )
    objects = 0
    partitions = set()
    for records in batches(folder):
        batch = derive_id(*(record.event_id for record in records))
        rows = [row_of(record) for record in records]
        for partition, group in by_partition(rows, records[0].appid).items():
            cold.put(partition, batch, group)
            partitions.add(partition)
            objects += 1
    catalog.register(sorted(partitions))
    return objects


def batches(folder: Path) -> Iterator[list[Record]]:
    logs = sorted(folder.glob("*.log"))
    apps = [read([path]) for path in logs] if logs else [list(sample_records(2_000, now=START, seed=1))]
    for records in apps:
        many = [
            replace(record, event_id=derive_id(record.event_id, copy), ts=0)
            for copy in range(COPIES)
            for record in records
        ]
        step = DAYS * DAY // len(many)
        timed = [replace(record, ts=START + place * step, seq=place) for place, record in enumerate(many)]
        yield from (timed[at : at + A_BATCH] for at in range(0, len(timed), A_BATCH))


def measure(deployment: Deployment) -> dict[str, Measured]:
    athena = deployment.aws.athena
    runner = Runner(athena, deployment.names.workgroup, deployment.names.database)

    def seconds(query_id: str) -> float:
        """By Athena's own account: a client's would be that of its pauses between questions."""
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        return execution["Statistics"]["EngineExecutionTimeInMillis"] / 1000

    found = {}
    for name, sql in QUERIES.items():
        done = [runner.run(sql) for _ in range(ROUNDS)]
        took = statistics.median(seconds(item.query_id) for item in done)
        found[name] = Measured(done[0].scanned, took, sorted(done[0].rows, key=repr))
    return found


def report(objects, done, took, before, after) -> None:  # type: ignore[no-untyped-def]
    files = sum(item.after.objects for item in done)
    stored = sum(item.before.bytes for item in done), sum(item.after.bytes for item in done)
    records = sum(item.records for item in done)
    print(
        f"{records:,} records: {objects:,} objects of {stored[0]:,} bytes became {files} files of {stored[1]:,} "
        f"({stored[0] / stored[1]:.1f} x smaller) in {took:.1f} s\n"
    )
    print(
        f"{'query':<28}{'bytes before':>14}{'after':>12}{'ratio':>8}{'s before':>10}{'after':>8}{'ratio':>8}"
    )
    for name in QUERIES:
        one, two = before[name], after[name]
        assert one.rows == two.rows, name
        print(
            f"{name:<28}{one.scanned:>14,}{two.scanned:>12,}{one.scanned / two.scanned:>7.1f}x"
            f"{one.seconds:>10.2f}{two.seconds:>8.2f}{one.seconds / two.seconds:>7.1f}x"
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
