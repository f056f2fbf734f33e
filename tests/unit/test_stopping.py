"""The handlers that work until time is up leave enough of it: what they have begun has to end before Lambda does.

The numbers are written out: a test that asks the code for them would agree with any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from logctl.core.times import SECOND, parse_time
from logctl.pipeline import compactor, sweeper
from logctl.pipeline.delivery.deadline import may_start
from logctl.stack.resources.lambda_functions import COMPACTOR_TIMEOUT, SWEEPER_TIMEOUT

MIDNIGHT = parse_time("2026-01-31T00:00:00Z")


class Context:
    """Lambda's: so many milliseconds are left."""

    aws_request_id = "request"

    def __init__(self, left: int) -> None:
        self.left = left

    def get_remaining_time_in_millis(self) -> int:
        return self.left


@pytest.mark.proves("F11")
def test_the_sweeper_settles_nothing_more_in_its_last_25_seconds(monkeypatch):
    context, over = Context(SWEEPER_TIMEOUT * SECOND), []

    class Fake:
        def __init__(self, alerter: object, *, until: Callable[[], bool], each: Any) -> None:
            self.until = until

        def run(self, called_at: int | None) -> dict[Any, int]:
            for context.left in (SWEEPER_TIMEOUT * SECOND, 25_000, 24_999, 0):
                over.append(self.until())
            assert called_at == MIDNIGHT
            return {}

    with ThreadPoolExecutor(1) as pool:
        parts = object(), SimpleNamespace(run=lambda until: (0, [])), pool
        monkeypatch.setattr(sweeper, "_parts", lambda: parts)
        monkeypatch.setattr(sweeper, "Sweep", Fake)
        assert sweeper.handler({"time": "2026-01-31T00:00:00Z"}, context) == {}
    assert over == [False, False, True, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("left", "done"), [(COMPACTOR_TIMEOUT * SECOND, 3), (60_000, 3), (59_999, 1), (0, 1)]
)
def test_the_compactor_begins_no_partition_in_its_last_minute(monkeypatch, left, done):
    begun = []

    class Fake:
        def __init__(self, *clients: Any, **more: Any) -> None:
            pass

        def run(self, span: Any) -> Iterator[Any]:
            for number in range(3):
                begun.append(number)
                partition = SimpleNamespace(prefix=f"p{number}")
                yield SimpleNamespace(partition=partition, records=1, after=SimpleNamespace(bytes=1))

        def report(self) -> Any:
            return SimpleNamespace(compacted=begun, deleted=0, waiting=0, scanned=3)

    monkeypatch.setattr(compactor, "Compactor", Fake)
    for name in ("DATABASE", "COMPACTED_TABLE", "VIEW", "BUCKET", "WORKGROUP"):
        monkeypatch.setenv(f"LOGCTL_{name}", "x")
    monkeypatch.setenv("LOGCTL_COMPACT_AFTER_MS", "0")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert compactor.handler({}, Context(left))["partitions"] == done


def test_no_message_is_begun_in_the_consumers_last_25_seconds():
    assert may_start(25_000)
    assert not may_start(24_999)
