"""docs/architecture.md names files and functions that are there, and every package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
# `path/to/file.py` or `path/to/file.py:Class.method`, or a folder that ends with a slash.
NAMED = sorted(set(re.findall(r"`((?:logctl|tests|docs|bench|\.ci|\.github)/[\w./-]*)(?::([\w.]+))?`", PAGE)))


def names_in(path: Path) -> set[str]:
    """What a module defines: functions, classes and their methods, and assigned names."""
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            if isinstance(node, ast.ClassDef):
                found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_the_page_names_is_there(path, name):
    there = ROOT / path
    assert there.exists()
    assert not name or name in names_in(there)


def test_the_page_names_every_package():
    packages = {
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for path in (ROOT / "logctl").rglob("__init__.py")
        if path.parent.parent != ROOT
    }
    packages -= {name for name in packages if name.startswith("logctl/local/athena/") and name.count("/") > 3}
    assert packages - {path for path, _ in NAMED} == set()


def test_the_tests_that_the_page_names_are_there():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert named
    assert named - defined == set()
