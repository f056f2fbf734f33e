"""The cases in tests/cases/log_lines: forms of logs with the right answers, and how far they are read rightly.

`python -m tests.helpers.log_cases [-v] [CLASS ...]` prints the share of right cases of each class; with -v also what was
read wrongly. A class is a file without `.jsonl`. `users` says how common a form is, from 1 to 5.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from logctl.core.records import Record
from logctl.core.times import iso, parse_time
from logctl.ops.send.input_messages import Inputs

FOLDER = Path(__file__).parents[1] / "cases" / "log_lines"
NOON = "2026-11-27T12:00:00Z"
HEADERS = {"iis-w3c": 4, "csv": 1}
"""How many lines at the start of a case say how the later ones are to be read; they are records too."""


def cases(*classes: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the class and the case of every case that is read from a file."""
    for path in sorted(FOLDER.glob("*.jsonl")):
        if classes and path.stem not in classes:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if "input" in case and isinstance(case["want"], list):
                yield path.stem, case


def read(case: Mapping[str, Any], folder: Path) -> list[Record]:
    """Return the records that `logctl send` makes of a case, as a file that was last modified at the case's time."""
    path = folder / "case.log"
    path.write_bytes(case["input"].encode(case.get("encoding", "utf-8")))
    modified = parse_time(case.get("written_at") or case.get("mtime") or NOON) / 1000
    os.utime(path, (modified, modified))
    zone = case.get("env", {}).get("TZ")
    inputs = Inputs([str(path)], "app", where="", zone=ZoneInfo(zone) if zone else UTC)
    found = list(inputs.records())
    if inputs.refused:
        raise ValueError(f"rejected: {inputs.refused[0][1]}")
    return found


def difference(case: Mapping[str, Any], found: list[Record]) -> str:
    """Return what is wrong with the records of a case, in a sentence; "" if nothing is."""
    wanted = case["want"]
    found = found[HEADERS.get(case["format"], 0) :]
    if len(found) != len(wanted):
        return f"{len(found)} records instead of {len(wanted)}: {[record.message for record in found]}"
    for number, (record, want) in enumerate(zip(found, wanted, strict=True), 1):
        if want["timestamp"] and iso(record.ts) != want["timestamp"]:
            return f"record {number}: time {iso(record.ts)} instead of {want['timestamp']}"
        if record.level not in want["level"].replace("(or ", "").replace(")", "").split():
            return f"record {number}: level {record.level} instead of {want['level']}"
        if want["message"] not in record.message:
            return f"record {number}: message {record.message!r} without {want['message']!r}"
    return ""


def _main() -> None:
    verbose = "-v" in sys.argv
    names = [name for name in sys.argv[1:] if name != "-v"]
    totals: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, case in cases(*names):
            try:
                wrong = difference(case, read(case, Path(folder)))
            except Exception as problem:
                wrong = f"{type(problem).__name__}: {problem}"
            for key in (name, "all"):
                right, number, weight, of = totals.get(key, [0, 0, 0, 0])
                users = case.get("users", 3)
                totals[key] = [right + (not wrong), number + 1, weight + users * (not wrong), of + users]
            if wrong and verbose:
                print(f"{name}: {case['format']}: {wrong}")
    for name, (right, number, weight, of) in totals.items():
        print(f"{name:30} {right:4} of {number:4}  weighted {weight / of:.1%}")


if __name__ == "__main__":
    _main()
