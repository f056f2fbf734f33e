"""Every case of tests/cases/log_lines is read rightly: time, level and message, records neither joined nor divided."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.log_cases import cases, difference, read

CASES = [pytest.param(case, id=f"{name}/{case['format']}") for name, case in cases()]


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_read_rightly(case: Mapping[str, Any], tmp_path: Path) -> None:
    assert difference(case, read(case, tmp_path)) == ""
