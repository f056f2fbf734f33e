"""What a load uses of AWS's quotas and costs, and a simulation of the queue: tables of docs/scale.md and docs/cost.md.

`python -m bench scale` prints them, `make scale` writes them into the pages. The model is in `bench.queue_model`,
the quotas are in `bench.quotas`. Everything is computed: no time is measured, so the tables are the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from bench.queue_model import PARTITION_UNITS, SLOW, USUAL, App, Costs, QueueModel
from bench.quotas import ONE_CONSUMER, QUOTAS, Shape, share
from logctl.core.times import MINUTE, SECOND
from logctl.ops.cost import estimate
from logctl.ops.cost.bill import total
from logctl.ops.cost.load import GATHERED, Load
from logctl.ops.cost.prices import REGIONS, prices
from logctl.stack.settings import Settings

_DOCS = Path(__file__).parents[1] / "docs"
PAGES = (_DOCS / "scale.md", _DOCS / "cost.md")
_PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)
_NEAR = 0.05
"""The part of a quota below which a load is not near to it."""
FULL = 2_300
"""Records of 548 bytes with trace ids in a full message: 85 bytes each compressed, 256 KB of base64."""


def main() -> None:
    for name, table in TABLES.items():
        print(f"\n{name}\n")
        print(table())


def page(text: str) -> str:
    """Return a page with its tables written anew."""
    return _PLACE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", text)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


# ── On paper ────────────────────────────────────────────────────────────────────────────────────────


def _shapes() -> Iterator[Shape]:
    """Yield the rungs of the ladder: the same pipeline at 10, 1,000, 100,000 and a million records a second."""
    speed = round(one_group(USUAL, FULL), -3)
    for title, rate, sources, every, apps, groups in (
        ("10/s: one host", 10, 1, GATHERED, 1, 1),
        ("1,000/s: ten hosts", 1_000, 10, GATHERED, 1, 1),
        ("100,000/s: a hundred hosts, one app", 100_000, 100, GATHERED, 1, 1),
        ("100,000/s: the same with 8 shards", 100_000, 100, GATHERED, 1, 8),
        ("1,000,000/s: a thousand hosts, 100 apps", 1_000_000, 1_000, GATHERED, 100, 1),
        ("1,000,000/s: the same as one app with 64 shards", 1_000_000, 1_000, GATHERED, 1, 64),
        ("1,000,000/s: 100,000 hosts, 1,000 apps", 1_000_000, 100_000, GATHERED, 1_000, 8),
        ("1,000,000/s: the same, gathering a minute", 1_000_000, 100_000, MINUTE, 1_000, 8),
    ):
        yield Shape(title, Load(rate, 500, apps=sources, every=every), apps, groups, speed)


def ladder() -> str:
    rows = []
    for shape in _shapes():
        used = sorted(
            ((part, quota) for quota in QUOTAS if (part := share(quota, shape)) is not None),
            key=lambda item: -item[0],
        )
        first, second = used[:2]
        bills = [total(estimate.estimate(shape.load, Settings(), prices(region))) for region in REGIONS]
        rows.append(
            [
                shape.title,
                f"{shape.messages:,.1f}",
                *(
                    f"{quota.name}: {part:,.0%}" if part >= _NEAR else "none is near"
                    for part, quota in (first, second)
                ),
                first[1].raised if first[0] >= _NEAR else "",
                f"${bills[0]:,.0f}",
            ]
        )
    return _table(
        ("load", "messages/s", "first limit", "second limit", "what raises the first", "a month"), rows
    )


def bills() -> str:
    table, settings = prices(REGIONS[0]), Settings()
    rows = []
    for rate, size, name in (
        (10, 500, "500 B"),
        (100, 300, "300 B"),
        (100, 1_000, "1 kB"),
        (1_000, 500, "500 B"),
    ):
        loads = [Load(rate, size, every=every) for every in (SECOND, GATHERED, MINUTE)]
        found = [estimate.estimate(load, settings, table) for load in loads]
        found += [
            estimate.with_cloudwatch_logs(loads[0], settings, table),
            estimate.with_firehose(loads[0], settings, table),
        ]
        rows.append([f"{rate:,}/s of {name}", *(f"${total(lines):,.0f}" for lines in found)])
    return _table(
        ("load", "`--every 1s`", "default", "`--every 1m`", "CloudWatch Logs", "Data Firehose"), rows
    )


def quotas() -> str:
    rows = [
        [quota.name, *(_limit(value, quota.unit) for value in quota.limit), quota.raised, quota.source]
        for quota in QUOTAS
        if quota is not ONE_CONSUMER
    ]
    return _table(("quota", *REGIONS, "what raises it", "source"), rows)


def _limit(value: float | None, unit: str) -> str:
    return "unchecked" if value is None else f"{value:,.0f} {unit}"


# ── By simulation ───────────────────────────────────────────────────────────────────────────────────


@cache
def one_group(costs: Costs, records: int) -> float:
    """Return the records a second that the consumer of one group stores, when there are always more."""
    app = App("app", rate=500.0 * records, records=records)
    return QueueModel([app], costs).run(60).rate(app, 10, 60)


def group() -> str:
    rows = [
        [f"{records:,}", *(f"{one_group(costs, records):,.0f}" for costs in (USUAL, SLOW))]
        for records in (1, 10, 100, 1_000, FULL, 4_000)
    ]
    return _table(("records in a message", "usual", "S3 slow"), rows)


def shards() -> str:
    rows = []
    for groups in (1, 2, 4, 8, 16, 64):
        app = App("app", rate=100_000, groups=groups, records=FULL)
        result = QueueModel([app]).run(300)
        stored = result.rate(app, 60, 300)
        rows.append(
            [
                groups,
                f"{stored:,.0f}",
                _age(result.age(app, 0.5, 60)),
                _age(result.age(app, 0.99, 60)),
                result.busiest,
                f"{result.waiting[-1]:,}",
            ]
        )
    return _table(
        ("groups", "stored/s", "age, median", "age, 99 of 100", "consumers at once", "left waiting"), rows
    )


def inline() -> str:
    """Return how many write units a message may have in the partition of its app, for one app on 64 groups."""
    rows = []
    for units in (2, 10, 30, 100):
        app = App("app", rate=200_000, groups=64, records=FULL, units=units)
        result = QueueModel([app], at_start=64).run(200)
        bound = PARTITION_UNITS / units * FULL
        rows.append([units, f"{bound:,.0f}", f"{result.rate(app, 60, 200):,.0f}", f"{result.waiting[-1]:,}"])
    return _table(("write units of a message", "bound", "stored/s of 200,000", "left waiting"), rows)


def burst() -> str:
    rows = []
    for groups in (1, 2, 4, 8):
        app = App("app", 15_000, groups, FULL, burst=10, burst_from=120, burst_until=180)
        result = QueueModel([app]).run(1_200)
        late = result.last_late(app, 5)
        rows.append(
            [
                groups,
                _age(result.age(app, 1.0)),
                "never behind" if late is None else f"{late - 180:,.0f} s after the burst",
                result.busiest,
            ]
        )
    return _table(("groups", "greatest age", "within 5 s again", "consumers at once"), rows)


def outage() -> str:
    rows = []
    for groups in (1, 2, 4):
        app = App("app", 20_000, groups, FULL)
        result = QueueModel([app], outage=(300, 900)).run(3_000)
        late = result.last_late(app, 5)
        rows.append(
            [
                groups,
                f"{groups * one_group(USUAL, FULL) / app.rate:.1f} x",
                _age(result.age(app, 1.0)),
                "not yet after 35 min" if result.waiting[-1] > 1_000 else f"{(late or 900) - 900:,.0f} s",
            ]
        )
    return _table(
        ("groups", "capacity, of the rate", "greatest age", "within 5 s again, after the outage"), rows
    )


def neighbours() -> str:
    """Return what an app that sends more than its group's consumer stores does to another one."""
    loud = App("loud", rate=200_000, records=100)
    quiet = App("quiet", rate=10_000, groups=4, records=FULL)
    result = QueueModel([loud, quiet]).run(90)
    rows = []
    for end in (30, 60, 90):
        waits = result.age(quiet, 0.99, end - 30, end)
        rows.append([f"{end} s", f"{result.waiting[end - 1]:,}", _age(waits)])
    return _table(("until", "messages that wait", "age of the other app's messages, 99 of 100"), rows)


def million() -> str:
    rows = []
    for title, apps, records in (
        ("100 apps of 10,000/s on one group each", [App(f"a{n}", 10_000, 1, FULL) for n in range(100)], FULL),
        ("one app on 64 groups", [App("a", 1_000_000, 64, FULL)], FULL),
        ("100 apps of 10,000/s on four groups each", [App(f"a{n}", 10_000, 4, 1_000) for n in range(100)], 1_000),
    ):  # fmt: skip
        result = QueueModel(apps).run(90)
        stored = sum(result.rate(app, 60, 90) for app in apps)
        oldest = max(result.age(app, 0.99, 60) for app in apps)
        rows.append(
            [title, f"{records:,}", f"{1e6 / records:,.0f}", f"{stored:,.0f}", _age(oldest), result.busiest]
        )
    return _table(
        ("load", "records in a message", "messages/s", "stored/s", "age, 99 of 100", "consumers at once"),
        rows,
    )


def _age(seconds: float) -> str:
    if seconds == float("inf"):
        return "none stored"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:,.0f} s"


TABLES: dict[str, Callable[[], str]] = {
    "bills": bills,
    "quotas": quotas,
    "ladder": ladder,
    "group": group,
    "shards": shards,
    "inline": inline,
    "burst": burst,
    "outage": outage,
    "neighbours": neighbours,
    "million": million,
}

if __name__ == "__main__":
    for path in PAGES:
        path.write_text(page(path.read_text("utf-8")), "utf-8")
