"""For all tests: assertions in helpers show their values, and Hypothesis has no time limits.

How long an example takes depends on the machine and on what else it does: that decides no test. The slowest
modules begin first, and clients of AWS are made in little time.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.helpers")

from tests.helpers import quick_clients, schedule  # noqa: E402 (they are rewritten when they are imported)

settings.register_profile(
    "logctl", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("logctl")
quick_clients.make_once()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: schedule.rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return schedule.scheduler(config, log)
