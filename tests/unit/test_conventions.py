"""Rules of the source that the linter has no rule for: see CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from logctl.cli.app import COMMANDS

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "logctl" / "local" / "athena"

# Flags whose meaning differs from command to command, so that each declares its own.
OWN_MEANING = {"--for", "--errors"}
VARIADIC = {"group", "min", "only", "_one_of", "_shared"}
"""Functions that take any number of equal arguments."""


@cache
def parsed(folder: Path) -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text("utf-8"))) for path in sorted(folder.rglob("*.py"))]


def imported(tree: ast.Module) -> Iterator[str]:
    """The full names that a module imports, at its top or in a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_module_imports_a_test_module():
    """What two test modules share is in `tests/helpers`."""
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("tests", "bench")
        for path, tree in parsed(ROOT / folder)
        for name in imported(tree)
        if name.startswith("tests.") and any(part.startswith("test_") for part in name.split("."))
    ]
    assert wrong == []


def test_a_public_class_name_is_defined_once():
    """One name, one meaning. The sandbox's Athena engine is a package of its own with its own names."""
    defined: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for path, tree in parsed(ROOT / "logctl"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                key = (path.is_relative_to(ENGINE), node.name)
                defined[key].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    repeated = {name: places for (_, name), places in defined.items() if len(places) > 1}
    assert repeated == {}


def test_no_call_has_more_than_five_positional_arguments():
    """From six on, nobody sees which is which: use keywords, or pass a dataclass."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node.func)} has {len(node.args)}"
        for path, tree in parsed(ROOT / "logctl")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and len(node.args) > 5
        and ast.unparse(node.func).split(".")[-1] not in VARIADIC
    ]
    assert found == []


def test_an_option_of_several_commands_is_declared_once():
    """Options that commands share are in `cli/options.py`; what only one command has is in its own file."""
    declared: dict[str, list[str]] = defaultdict(list)
    for path, tree in parsed(ROOT / "logctl" / "cli"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "typer.Option":
                for flag in (item.value for item in node.args if isinstance(item, ast.Constant)):
                    if str(flag).startswith("--"):
                        declared[str(flag)].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert len(declared) > 40
    repeated = {flag: places for flag, places in declared.items() if len(places) > 1}
    assert {flag: places for flag, places in repeated.items() if flag not in OWN_MEANING} == {}


def test_every_command_file_is_registered():
    """A file that is not in the table of `app.py`, nor imported by another command file, cannot be called."""
    commands = ROOT / "logctl" / "cli" / "commands"
    there = {f"logctl.cli.commands.{path.stem}" for path in commands.glob("[!_]*.py")}
    trees = [tree for path, tree in parsed(ROOT / "logctl" / "cli")]
    called = {f"logctl.cli.commands.{name}" for name in COMMANDS}
    assert there - called - {name for tree in trees for name in imported(tree)} == set()


_POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,{}]+\})\+(?![*+?])")
_CHECKED = {
    "logctl/core/fingerprint.py": 1,
    "logctl/core/formats/column_headers.py": 1,
    "logctl/core/formats/declared/access_logs.py": 3,
    "logctl/core/formats/declared/sql_databases.py": 1,
    "logctl/core/formats/declared/go_loggers.py": 2,
    "logctl/core/formats/declared/python_loggers.py": 1,
    "logctl/core/formats/json_objects.py": 1,
    "logctl/core/formats/line_context.py": 2,
    "logctl/core/formats/logfmt.py": 3,
    "logctl/core/formats/structured_syslog.py": 2,
    "logctl/core/formats/zones.py": 2,
    "logctl/core/limits.py": 1,
    "logctl/core/redaction.py": 2,
    "logctl/core/strictjson.py": 1,
    "logctl/local/sigv4.py": 1,
    "logctl/ops/send/json_array.py": 3,
    "logctl/ops/send/long_json.py": 1,
}
"""How many repetitions such as `(?:…)*+` each file has. Before 3.11.5, Python's `re` does not go back to the start of
a repetition that fails after a part of it has matched (python/cpython issue 106052); Debian 12 has Python 3.11.2. Each of
these looks ahead before it consumes, or cannot fail after its first character."""


def test_repeated_groups_that_keep_what_they_matched_are_looked_at_one_by_one():
    found = {
        str(path.relative_to(ROOT)): len(_POSSESSIVE_GROUP.findall(path.read_text(encoding="utf-8")))
        for path in (ROOT / "logctl").rglob("*.py")
    }
    assert {path: count for path, count in found.items() if count} == _CHECKED
