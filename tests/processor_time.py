"""What the test modules take: `pytest -p tests.processor_time` lists the longest at the end.

Processor time is that of the worker and of the processes that it has waited for. The sandbox, and commands that the
server of `prefork` starts, are processes of others: what they take shows in the time by the clock only.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

LISTED = 40
_KEY = "seconds of the clock and of the processor"


def _now() -> tuple[float, float]:
    used = os.times()
    return time.monotonic(), used.user + used.system + used.children_user + used.children_system


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    item.stash[_BEGUN] = _now()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Iterator[None]:
    if call.when == "teardown":
        taken = [now - begun for now, begun in zip(_now(), item.stash[_BEGUN], strict=True)]
        item.user_properties.append((_KEY, taken))
    return (yield)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    modules: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, taken in getattr(report, "user_properties", ()):
                if name == _KEY and report.when == "teardown":
                    sums = modules[report.nodeid.partition("::")[0]]
                    sums[:] = sums[0] + 1, sums[1] + taken[0], sums[2] + taken[1]
    terminalreporter.section("the longest modules")
    terminalreporter.write_line("  clock  processor  tests  module")
    longest = sorted(modules.items(), key=lambda module: -module[1][1])
    for module, (tests, clock, processor) in longest[:LISTED]:
        terminalreporter.write_line(f"{clock:7.1f} {processor:10.1f} {tests:6}  {module}")
    clock, processor = (sum(sums[place] for sums in modules.values()) for place in (1, 2))
    terminalreporter.write_line(f"{clock:7.1f} {processor:10.1f}  all")


_BEGUN = pytest.StashKey[tuple[float, float]]()
