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

from bench.ratios import Ratio
from logctl.core.frames import compress, decompress
from logctl.core.hot_rows import HotRow, make_hot_rows
from logctl.core.records import Record
from logctl.core.rows import encode_rows, read_stored, row_of
from logctl.core.times import HOUR, TimeRange, parse_time

APP = "checkout"
START = parse_time("2026-01-31T10:00:00Z")
MESSAGES, RECORDS = 520, 1_000
ROUNDS = 2
PEER = "decompressing and decoding the same objects"
TARGETS = (
    ("text", "of 520,000 records as text", 0.08),
    ("json", "of 520,000 records as JSON", 0.135),
    ("errors", "of their errors", 1.0),
    ("grep", "with a regular expression", 0.135),
)
"""Ways of reading with the least part of the peer's rate: 120,000 and 200,000 records a second on the machine on
which they were set, where the peer decodes 1,480,000."""


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
    for ratio in ratios():
        print(f"{ratio.name:<30} {ratio.value:>8.2f} x {ratio.peer}  ({ratio.figures})")


def ratios() -> Iterator[Ratio]:
    """Measure, and yield each ratio as soon as it is known."""
    peer = _best("peer")
    for way, name, target in TARGETS:
        found = _best(way)
        figures = f"{found['rate']:,.0f} records/s, first after {found['first']:.0f} ms; {peer['rate']:,.0f}"
        yield Ratio("tail", name, PEER, found["rate"] / peer["rate"], target, figures=figures)


def _best(way: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.tail", "--one", way]
    rounds = [
        json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(ROUNDS)
    ]
    return max(rounds, key=lambda each: each["rate"])


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[2])))
