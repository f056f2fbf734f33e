"""What tables and large results cost: `python -m bench tables`.

Whole programs in a sandbox of their own, by user time, in turns: a table beside the same listing as CSV, which is
the least that a listing can do, and the most memory for ten times as many rows. One listing is a query's result,
the other the alerts that are open.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import islice
from typing import Any

from bench.environment import sandboxed
from bench.programs import LOGCTL, Program, peak_megabytes, take_turns
from bench.ratios import Ratio
from logctl.ops.deployment import Deployment

ROUNDS = 5
ROWS = 100_000
KEYS = 10_000
QUERY = """
SELECT n, '2026-11-27T10:00:00.000Z' AS ts, 'checkout' AS appid, 'order ' || cast(n AS varchar) ||
    ' of a customer: the upstream service answered with status 200 after a second try' AS message
FROM UNNEST(sequence(1, {rows})) AS t(n)
"""
TIMES = 2.0
"""The target: a table may take twice as long as CSV."""
FLAT = 1.2
"""The target for memory with ten times as many rows: the rest is the noise of an allocator."""


def main() -> None:
    for ratio in ratios():
        print(f"{ratio.name:<45} {ratio.value:>5.2f} x {ratio.peer}  ({ratio.figures})")


def ratios() -> Iterator[Ratio]:
    """Measure, and yield each ratio as soon as it is known."""
    with sandboxed() as (deployment, environ):
        query = ("athena", "query", QUERY.format(rows=ROWS))
        yield of_a_table(f"a result of {ROWS:,} rows", query, environ)
        more = ("athena", "query", QUERY.format(rows=10 * ROWS))
        for form in ("csv", "table"):
            yield of_memory(form, query, more, environ)
        open_alerts(deployment, environ, KEYS)
        yield of_a_table(f"debounce list of {KEYS:,} keys", ("debounce", "list"), environ)


def of_a_table(name: str, words: tuple[str, ...], environ: dict[str, str]) -> Ratio:
    forms = {form: Program([*LOGCTL, *words, "-o", form], environ) for form in ("table", "csv")}
    found = take_turns(forms, ROUNDS)
    figures = f"{found['table']:.2f} s, {found['csv']:.2f} s"
    value = found["table"] / found["csv"]
    return Ratio("tables", name, "the same as CSV", value, TIMES, lower=True, figures=figures)


def of_memory(form: str, words: tuple[str, ...], more: tuple[str, ...], environ: dict[str, str]) -> Ratio:
    few, many = (peak_megabytes(Program([*LOGCTL, *each, "-o", form], environ)) for each in (words, more))
    return Ratio(
        "tables",
        f"memory for {10 * ROWS:,} rows as {form}",
        f"memory for {ROWS:,}",
        many / few,
        FLAT,
        lower=True,
        figures=f"{many:.0f} MB, {few:.0f} MB",
    )


def open_alerts(deployment: Deployment, environ: dict[str, str], count: int) -> None:
    """Open an alert by an error, and copy its item until there are `count` keys."""
    line = b'{"level": "error", "msg": "a disk is full"}\n'
    send = [*LOGCTL, "send", "-", "--app", "bench", "--wait"]
    subprocess.run(send, env={**os.environ, **environ}, input=line, check=True, capture_output=True)
    dynamodb, table = deployment.aws.dynamodb, deployment.names.alerts_table
    items = dynamodb.scan(TableName=table)["Items"]
    (state,) = (item for item in items if item["pk"]["S"].startswith("ALERT#"))
    before, _, fingerprint = state["pk"]["S"].rpartition("#")
    copies: Iterator[dict[str, Any]] = (
        {**state, "pk": {"S": f"{before}#{int(fingerprint, 16) + number + 1 & 2**48 - 1:012x}"}}
        for number in range(count - 1)
    )
    while batch := list(islice(copies, 25)):
        requests = [{"PutRequest": {"Item": item}} for item in batch]
        dynamodb.batch_write_item(RequestItems={table: requests})


if __name__ == "__main__":
    main()
