"""How well kinds of messages are told apart, beside Drain3 and a mask of numbers: `python -m bench fingerprint`.

Input are the true kinds of LOGCTL_LOGHUB or ../shared/data/loghub (`*.truth.csv`), once with the messages that
the truth gives (its column Content), and once with those that `core.formats` cuts from the lines themselves
(`*.log`), which is what alerts see. Each line is one message, because the truth has one row a line. Measured
is grouping accuracy: the share of messages whose group is exactly the true one, no message more or less
(Zhu et al., Tools and Benchmarks for Automated Log Parsing, ICSE 2019).

- **logctl** is `core.fingerprint.fingerprint`: each message by itself, so that it is the same in every Lambda.
- **Drain3** (`pip install drain3`) with its defaults. It learns from the messages before: its groups depend on
  their order, and a parser would have to be shared.
- **numbers** is the least one would do: digits become one mark.
"""

from __future__ import annotations

import csv
import logging
import re
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

from bench.loghub import loghub
from logctl.core.fingerprint import fingerprint
from logctl.core.formats.reader import read_line
from logctl.core.formats.reading import Context

Way = Callable[[Sequence[str]], list[Hashable]]
"""From messages, in order, to the group of each."""


def ours(messages: Sequence[str]) -> list[Hashable]:
    return [fingerprint(message) for message in messages]


def numbers(messages: Sequence[str]) -> list[Hashable]:
    return [re.sub(r"\d+", "<*>", message) for message in messages]


def drain3(messages: Sequence[str]) -> list[Hashable]:
    from drain3 import TemplateMiner

    logging.getLogger("drain3").setLevel(logging.ERROR)
    miner = TemplateMiner()
    return [miner.add_log_message(message)["cluster_id"] for message in messages]


WAYS: dict[str, Way] = {"logctl": ours, "Drain3": drain3, "numbers": numbers}


def accuracy(found: Iterable[Hashable], true: Iterable[Hashable]) -> float:
    """Return the grouping accuracy, 0 to 1."""
    groups = set(_groups(true))
    matched = [len(group) for group in _groups(found) if group in groups]
    total = sum(len(group) for group in groups)
    return sum(matched) / total


def _groups(kinds: Iterable[Hashable]) -> list[frozenset[int]]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for place, kind in enumerate(kinds):
        members[kind].append(place)
    return [frozenset(places) for places in members.values()]


Rows = list[dict[str, str]]
Messages = Callable[[Path, Rows], list[str]]
"""From a file of the truth, with its rows, to the message of each row."""
CONTEXT = Context(1_795_516_800_000)


def truth(_: Path, rows: Rows) -> list[str]:
    return [row["Content"] for row in rows]


def cut(path: Path, rows: Rows) -> list[str]:
    """Return the messages that the reader cuts from the lines; [] where these are not those of the truth."""
    log = path.with_name(f"{path.name.partition('.')[0]}.log")
    if not log.exists():
        return []
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    lines = [line.rstrip("\r") for line in lines if line.strip()]
    return [read_line(line, CONTEXT).message for line in lines] if len(lines) == len(rows) else []


def measure(folder: Path, title: str, messages_of: Messages) -> dict[str, float]:
    """Print the grouping accuracy for each system; return the mean of each way."""
    print(f"{title:<34}" + "".join(f"{name:>9}" for name in WAYS))
    totals: dict[str, list[float]] = {name: [] for name in WAYS}
    seconds = dict.fromkeys(WAYS, 0.0)
    count = 0
    for path in sorted(folder.glob("*.truth.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        messages, true = messages_of(path, rows), [row["EventId"] for row in rows]
        line = f"{path.name.partition('.')[0]:<18}{len(rows):>9,}{len(set(true)):>7}"
        if not messages:
            print(f"{line}  no log file with as many lines as the truth has rows")
            continue
        for name, way in WAYS.items():
            start = time.perf_counter()
            try:
                groups = way(messages)
            except ImportError:
                line += f"{'-':>9}"
                continue
            seconds[name] += time.perf_counter() - start
            totals[name].append(accuracy(groups, true))
            line += f"{totals[name][-1]:>9.3f}"
        count += len(rows)
        print(line)
    means = {name: sum(shares) / len(shares) for name, shares in totals.items() if shares}
    speeds = {name: count / seconds[name] for name in means}
    print(f"{'mean':<34}" + "".join(f"{means[n]:>9.3f}" if n in means else f"{'-':>9}" for n in WAYS))
    print(f"{'messages/s':<34}" + "".join(f"{speeds[n]:>9,.0f}" if n in means else f"{'-':>9}" for n in WAYS))
    return means


def main() -> None:
    folder = loghub()
    if folder is None:
        print("There is no ground truth here: set LOGCTL_LOGHUB to a folder with *.truth.csv of loghub.")
        return
    means = measure(folder, "messages of the truth", truth)
    print()
    means |= measure(folder, "messages as the reader cuts them", cut)
    if "Drain3" not in means:
        print("Drain3 is not installed: pip install drain3")


if __name__ == "__main__":
    main()
