"""Who may import whom: cli → ops, local → stack → pipeline → aws → core."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
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


def test_no_modules_import_each_other_in_a_circle():
    """Imports inside functions count too: they only hide a circle."""
    modules = {
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in ROOT.rglob("*.py")
    }
    graph = {name: imports(path) & modules.keys() - {name} for name, path in modules.items()}
    # A package that is imported is not what its modules import.
    TopologicalSorter(graph).prepare()


def test_core_and_what_is_computed_from_settings_know_no_clock_and_no_network():
    pure = [ROOT / "stack" / f"{name}.py" for name in ("settings", "names", "capacity", "sizes")]
    for path in [*(ROOT / "core").rglob("*.py"), *pure]:
        assert not {name.split(".")[0] for name in imports(path)} & PURE, path
        assert "datetime.now" not in path.read_text("utf-8"), path


def reached(start: set[str]) -> set[str]:
    """The modules of logctl that these import, directly or not, with the packages that they lie in."""
    found: set[str] = set()
    waiting = set(start)
    while waiting:
        name = waiting.pop()
        path = ROOT.parent / name.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name not in found and file.is_file():
            found.add(name)
            waiting |= {one for one in imports(file) if one.startswith("logctl.")}
            waiting |= {name.rpartition(".")[0]} - {""}
    return found


def test_what_lambda_gets_is_what_the_handlers_reach():
    """A module that only the command line needs would change the bundle, and so redeploy every function."""
    handlers = {
        f"logctl.pipeline.{path.stem}"
        for path in (ROOT / "pipeline").glob("*.py")
        if re.search(r"^def handler\(", path.read_text("utf-8"), re.MULTILINE)
    }
    assert len(handlers) == 4
    there = {
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        for layer in ("core", "aws", "pipeline")
        for path in (ROOT / layer).rglob("*.py")
    }
    assert there - reached(handlers) == set()


def imported_by(*args: str, **environ: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    program = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
        f"sys.argv[1:] = {args!r}; from logctl.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environ, check=True
    )
    return set(done.stderr.split())


COMPLETING = {"_LOGCTL_COMPLETE": "complete_bash", "COMP_WORDS": "logctl de", "COMP_CWORD": "1"}


@pytest.mark.parametrize(
    ("args", "environ"), [(["--help"], {}), ([], COMPLETING)], ids=["help", "completion"]
)
def test_the_list_of_commands_needs_no_command(args, environ):
    assert [name for name in imported_by(*args, **environ) if name.startswith("logctl.cli.commands.")] == []


def test_a_command_imports_only_its_own_file_and_no_settings():
    loaded = imported_by("tail", "--help")
    assert [name for name in loaded if name.startswith("logctl.cli.commands.")] == [
        "logctl.cli.commands.tail"
    ]
    assert loaded & {"botocore", "rich", "pydantic", "tomllib", "logctl.stack.settings"} == set()


def test_the_versions_need_no_command_line():
    assert imported_by("--version") & {"typer", "boto3", "logctl.cli.app"} == set()


def test_help_needs_neither_boto3_nor_the_sandbox():
    program = (
        "import sys; from logctl.cli.app import app\n"
        "for words in ([], ['tail'], ['athena', 'query'], ['local', 'up'], ['dashboard', 'open']):\n"
        "    assert app([*words, '--help'], standalone_mode=False) == 0\n"
        "sys.exit(','.join(m for m in ('boto3', 'pyathena', 'ministack', 'duckdb', 'sqlglot', 'pyarrow', 'yaml') if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
