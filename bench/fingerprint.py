"""How well kinds of messages are told apart, beside Drain3 and a mask of numbers: `python -m bench fingerprint`.

Input are the messages and the true kinds of LOGCTL_LOGHUB or ../shared/data/loghub (`*.truth.csv`). Measured
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
import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path

from logctl.core.fingerprint import fingerprint

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
    """Grouping accuracy, 0 to 1."""
    groups = set(_groups(true))
    matched = [len(group) for group in _groups(found) if group in groups]
    total = sum(len(group) for group in groups)
    return sum(matched) / total


def _groups(kinds: Iterable[Hashable]) -> list[frozenset[int]]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for place, kind in enumerate(kinds):
        members[kind].append(place)
    return [frozenset(places) for places in members.values()]


def loghub() -> Path | None:
    """The folder with ground truth, where there is one."""
    named = os.environ.get("LOGCTL_LOGHUB")
    usual = [Path(__file__).parents[2] / "shared/data/loghub", Path("/work/shared/data/loghub")]
    folders = [Path(named)] if named else usual
    return next((folder for folder in folders if any(folder.glob("*.truth.csv"))), None)


def main() -> None:
    folder = loghub()
    if folder is None:
        print("There is no ground truth here: set LOGCTL_LOGHUB to a folder with *.truth.csv of loghub.")
        return
    print(f"{'grouping accuracy':<18}{'messages':>9}{'kinds':>7}" + "".join(f"{name:>9}" for name in WAYS))
    totals: dict[str, list[float]] = {name: [] for name in WAYS}
    seconds = dict.fromkeys(WAYS, 0.0)
    count = 0
    for path in sorted(folder.glob("*.truth.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        messages, true = [row["Content"] for row in rows], [row["EventId"] for row in rows]
        line = f"{path.name.partition('.')[0]:<18}{len(rows):>9,}{len(set(true)):>7}"
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
    print(
        f"{'mean':<34}" + "".join(f"{means[name]:>9.3f}" if name in means else f"{'-':>9}" for name in WAYS)
    )
    print(
        f"{'messages/s':<34}"
        + "".join(f"{count / seconds[n]:>9,.0f}" if n in means else f"{'-':>9}" for n in WAYS)
    )
    if "Drain3" not in means:
        print("Drain3 is not installed: pip install drain3")


if __name__ == "__main__":
    main()
