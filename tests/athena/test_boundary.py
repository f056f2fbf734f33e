"""The engine's boundary: it could be published without the rest of logctl, and its packages form layers."""

from __future__ import annotations

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

ENGINE = Path(__file__).parents[2] / "logctl" / "local" / "athena"
NAME = "logctl.local.athena"
THIRD_PARTY = {"botocore", "duckdb", "fsspec", "mypy_boto3_glue", "mypy_boto3_s3", "sqlglot"}
LAYERS = ("types", "storage", "syntax", "analysis", "translation", "planning", "statements", "server")
"""Each package may import those before it, and the modules beside the packages."""


def module_of(file: Path) -> str:
    return ".".join((NAME, *file.relative_to(ENGINE).with_suffix("").parts)).removesuffix(".__init__")


def modules() -> dict[str, set[str]]:
    """Return what each module imports, also inside functions: modules of the engine, and top-level others."""
    files = {module_of(file): file for file in ENGINE.rglob("*.py")}
    found: dict[str, set[str]] = {}
    for name, file in files.items():
        imported: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, file
                listed = {f"{node.module}.{alias.name}" for alias in node.names}
                imported |= {one if one in files else str(node.module) for one in listed}
        found[name] = {one if one.startswith("logctl") else one.split(".")[0] for one in imported}
    return found


def test_the_engine_imports_nothing_else_of_logctl():
    for name, imported in modules().items():
        others = {one for one in imported if not f"{one}.".startswith(f"{NAME}.")}
        assert others <= THIRD_PARTY | sys.stdlib_module_names, name


def test_no_module_imports_itself_by_a_detour():
    tuple(TopologicalSorter(modules()).static_order())  # raises CycleError


def test_packages_import_those_below_them():
    def layer(name: str) -> int:
        package = name.removeprefix(f"{NAME}.").split(".")[0]
        return LAYERS.index(package) if package in LAYERS else -1

    assert {path.name for path in ENGINE.iterdir() if path.is_dir()} - {"__pycache__"} == set(LAYERS)
    for name, imported in modules().items():
        for other in imported:
            if other.startswith(NAME):
                assert layer(other) <= layer(name), (name, other)


def test_the_page_names_files_that_exist():
    root = Path(__file__).parents[2]
    page = (root / "docs" / "sandbox-athena.md").read_text("utf-8")
    there = {path.name for folder in ("logctl", "tests") for path in (root / folder).rglob("*.py")}
    assert set(re.findall(r"(\w+\.py)\b", page)) <= there
    assert set(re.findall(r"`(\w+)/\w+\.py`", page)) <= set(LAYERS)
