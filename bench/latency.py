"""How long a line takes from the file to the eye: `python -m bench latency`.

A line is appended to a file that `send -f` follows, in a sandbox of its own, and awaited in the output of
`tail -f`. Between them are the queue, the consumer and both stores, each a process of its own on this machine.
Lines come one by one, with pauses, as from an application that logs now and then. Hops are measured by the
clock of this machine: from the write into the file to the hot row (`arrived_at`), and from there to the line
in the output.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

from bench.environment import sandboxed
from bench.ratios import Ratio
from logctl.ops.deployment import Deployment

LINES = 40
APP = "latency"
_WAIT = 30.0
TARGET = 0.4
"""Seconds from the write into the file to the line in the output, for half of the lines."""


def main() -> None:
    for ratio in ratios():
        print(f"{ratio.name}: {ratio.figures}")


def ratios() -> Iterator[Ratio]:
    """Measure, and yield the seconds of each hop; the target is that of the whole."""
    with sandboxed() as (deployment, environ), tempfile.TemporaryDirectory() as folder:
        whole, stored = measure(deployment, environ, Path(folder))
    shown = [end - middle for end, middle in zip(whole, stored, strict=True)]
    hops = {"file to hot row": stored, "hot row to output": shown, "file to output": whole}
    for name, values in hops.items():
        half = percentile(values, 50)
        figures = f"p50 {half:.2f} s, p99 {percentile(values, 99):.2f} s"
        yield Ratio("latency", f"{name}, p50", "0.4 seconds", half / TARGET, 1.0, lower=True, figures=figures)


def percentile(values: list[float], share: int) -> float:
    """The value that `share` percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def measure(deployment: Deployment, environ: dict[str, str], folder: Path) -> tuple[list[float], list[float]]:
    """Return for each line the seconds until it was in the output, and until it was in the hot store."""
    log = folder / "app.log"
    log.write_text("")
    variables = {**os.environ, **environ, "XDG_STATE_HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    logctl = [sys.executable, "-m", "logctl"]
    follow = [*logctl, "send", "-f", str(log), "--app", APP]
    watch = [*logctl, "tail", "-f", APP, "-o", "json", "--since", "1m"]
    with (
        subprocess.Popen(follow, env=variables, stderr=subprocess.DEVNULL) as sending,
        subprocess.Popen(watch, env=variables, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tailing,
    ):
        try:
            seen = _reader(tailing)
            return _lines(deployment, log, seen)
        finally:
            sending.terminate()
            tailing.terminate()


def _reader(tailing: subprocess.Popen[bytes]) -> Queue[tuple[str, float]]:
    seen: Queue[tuple[str, float]] = Queue()

    def read() -> None:
        assert tailing.stdout is not None
        for line in tailing.stdout:
            seen.put((json.loads(line)["message"], time.time()))

    Thread(target=read, daemon=True).start()
    return seen


def _lines(
    deployment: Deployment, log: Path, seen: Queue[tuple[str, float]]
) -> tuple[list[float], list[float]]:
    chance = random.Random(1)
    whole, stored = [], []
    for number in range(LINES + 1):
        text = f"order {number} was accepted"
        written = time.time()
        with log.open("a") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(written))}Z INFO {text}\n")
        try:
            shown = _await(seen, text)
        except Empty:
            raise SystemExit(f"Line {number} was not shown within {_WAIT:.0f} s.") from None
        if number:  # the first one waits for the programs to start
            whole.append(shown - written)
            stored.append(_arrived(deployment) - written)
        time.sleep(chance.uniform(0.5, 2.5))
    return whole, stored


def _await(seen: Queue[tuple[str, float]], text: str) -> float:
    while True:
        found, at = seen.get(timeout=_WAIT)
        if found == text:
            return at


def _arrived(deployment: Deployment) -> float:
    """When the newest hot row of the app was written, in seconds."""
    items = deployment.aws.dynamodb.query(
        TableName=deployment.names.hot_table,
        KeyConditionExpression="app = :app",
        ExpressionAttributeValues={":app": {"S": APP}},
        ScanIndexForward=False,
        Limit=1,
    )["Items"]
    return int(items[0]["arrived_at"]["N"]) / 1000


if __name__ == "__main__":
    main()
