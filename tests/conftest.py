"""For all tests: assertions in helpers show their values, and Hypothesis has no time limits.

How long an example takes depends on the machine and on what else it does: that decides no test.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.helpers")
settings.register_profile(
    "logctl", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("logctl")
