"""What `logctl tail` costs for each record, beside the least that it could: `python -m bench tail`.

A range of records is read as the command reads it: hot rows from a store in memory, which point to objects in
a bucket in memory, are fetched, decompressed, decoded, merged and written to a file as text, as JSON, and
through filters. The peer decompresses the same objects and decodes their rows with msgspec, and writes nothing.
Every measurement is a process of its own, whose memory the operating system reports; of the time, user CPU
counts. The records have 548 bytes as JSON, with trace ids.
"""

from __future__ import annotations

import io
import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from logctl.core.frames import compress, decompress
from logctl.core.hot_rows import HotRow, make_hot_rows
from logctl.core.records import Record
from logctl.core.rows import encode_rows, read_stored, row_of
from logctl.core.times import HOUR, TimeRange, parse_time

APP = "checkout"
START = parse_time("2026-01-31T10:00:00Z")
MESSAGES, RECORDS = 520, 1_000
WAYS = ("peer", "text", "json", "errors", "grep", "newest")


def message(number: int) -> list[Record]:
    """Return the records of a message, which are always the same for a number."""
    chance = random.Random(number)
    step = HOUR // MESSAGES
    return [
        Record(
            APP,
            f"{chance.getrandbits(96):024x}",
            START + number * step + n * step // RECORDS,
            chance.choice(("INFO",) * 90 + ("DEBUG",) * 8 + ("WARN", "ERROR")),
            f"order {chance.randint(10**6, 10**8)} of customer {chance.randint(10**4, 10**6)} placed",
            n,
            {
                "logger": "shop.orders",
                "trace_id": f"{chance.getrandbits(128):032x}",
                "span": f"{chance.getrandbits(64):016x}",
                "customer": chance.randint(10**4, 10**6),
                "duration_ms": chance.random() * 100,
                "http": {"method": "GET", "path": f"/orders/{chance.randint(1, 10**6)}", "status": 200},
                "host": "web-1.shop.example",
                "region": "eu-central-1",
            },
        )
        for n in range(RECORDS)
    ]


class Bucket:
    """S3 in memory. The content of an object is made when the bench begins."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def get_object(self, **request: str) -> dict[str, Any]:
        body = self.objects[request["Key"]]
        return {"ContentLength": len(body), "Body": io.BytesIO(body)}


class Store:
    """The hot store in memory: hot rows in the order of their newest records."""

    def __init__(self, rows: list[HotRow]) -> None:
        self.rows = rows

    def read(self, app: str, span: TimeRange, *, newest_first: bool = False, **_: Any) -> Iterator[HotRow]:
        return iter(self.rows[::-1] if newest_first else self.rows)


def stored() -> tuple[Store, Bucket]:
    bucket, rows = Bucket(), []
    for number in range(MESSAGES):
        records = [row_of(record) for record in message(number)]
        (row,) = make_hot_rows(APP, f"batch{number:05d}", records)
        bucket.objects[row.object_key] = compress(encode_rows(records))
        rows.append(row)
    return Store(rows), bucket


def measure(way: str) -> dict[str, float]:
    """Return records a second of user CPU, megabytes that reading added, and milliseconds to the first row."""
    from logctl.cli.record_output import Printer, RecordFormat
    from logctl.pipeline.stores.hot_reader import Reader
    from logctl.pipeline.stores.record_filter import Filter
    from logctl.pipeline.stores.stored_objects import StoredObjects

    store, bucket = stored()
    before, memory = resource.getrusage(resource.RUSAGE_SELF).ru_utime, _megabytes()
    began, first = time.perf_counter(), 0.0
    count = MESSAGES * RECORDS
    if way == "peer":
        for body in bucket.objects.values():
            read_stored(decompress(body))
    else:
        keep = {
            "errors": Filter("ERROR"),
            "grep": Filter(grep=(re.compile("refused"),)),
        }.get(way, Filter())
        objects = StoredObjects(lambda: (bucket, "logs"))  # type: ignore[arg-type,return-value]
        reader = Reader(store, objects, lambda: START + HOUR, keep)  # type: ignore[arg-type]
        span = TimeRange(START, START + HOUR)
        with Path("/dev/null").open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            printer = Printer(
                RecordFormat.JSON if way == "json" else RecordFormat.TEXT, None, utc=False, colored=False
            )
            if way == "newest":
                printer.print_rows([reader.page([APP], span, 20).entries[::-1]])
                first = time.perf_counter() - began
            else:
                runs = reader.history([APP], span).runs()
                for run in runs:
                    first = first or time.perf_counter() - began
                    printer.print_rows([run])
    took = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    return {"rate": count / max(took, 1e-4), "memory": _megabytes() - memory, "first": first * 1_000}


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    found = {}
    print(f"{'way':<8}{'records/s':>12}{'of the peer':>13}{'memory, MB':>12}{'first row, ms':>15}")
    for way in WAYS:
        rounds = []
        for _ in range(2):
            command = [sys.executable, "-m", "bench.tail", "--one", way]
            rounds.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
        best = max(rounds, key=lambda each: each["rate"])
        found[way] = best
        share = best["rate"] / found["peer"]["rate"]
        print(f"{way:<8}{best['rate']:>12,.0f}{share:>13.2f}{best['memory']:>12.0f}{best['first']:>15.1f}")


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[2])))
