"""Who may import whom: cli → ops, local → stack → pipeline → aws → core."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "logctl"
MAY_IMPORT = {
    "core": {"core"},
    "aws": {"core", "aws"},
    "pipeline": {"core", "aws", "pipeline"},
    "stack": {"core", "aws", "pipeline", "stack"},
    "ops": {"core", "aws", "pipeline", "stack", "ops"},
    "local": {"core", "local"},
    "cli": {"core", "aws", "pipeline", "stack", "ops", "local", "cli"},
}
PURE = {
    "boto3",
    "botocore",
    "os",
    "time",
    "socket",
    "subprocess",
    "pathlib",
    "random",
    "threading",
    "requests",
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_imports_point_downwards(layer):
    for path in (ROOT / layer).rglob("*.py"):
        ours = {
            name.split(".")[1] for name in imports(path) if name.startswith("logctl.") and name.count(".") > 1
        }
        assert ours <= MAY_IMPORT[layer], path


def test_core_knows_no_clock_and_no_network():
    for path in (ROOT / "core").rglob("*.py"):
        assert not {name.split(".")[0] for name in imports(path)} & PURE, path
        assert "datetime.now" not in path.read_text("utf-8"), path


def test_help_needs_neither_boto3_nor_the_sandbox():
    program = (
        "import sys; from logctl.cli.app import app\n"
        "for words in ([], ['tail'], ['athena', 'query'], ['local', 'up'], ['dashboard', 'open']):\n"
        "    assert app([*words, '--help'], standalone_mode=False) == 0\n"
        "sys.exit(','.join(m for m in ('boto3', 'pyathena', 'ministack', 'duckdb', 'sqlglot', 'pyarrow', 'yaml') if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
