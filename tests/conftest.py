"""For all tests: a failing assert in a helper shows its values, as in a test module."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.helpers")
