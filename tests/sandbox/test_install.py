"""What a person has after installing: the one command, and everything that it needs."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def install(venv: Path) -> Path:
    """What `pipx install '.[local]'` does: an environment with logctl's wheel and what that declares, no more.

    pip takes half a minute to choose the dependencies, and has done so when this environment was made: they
    are linked from here. The soak run lets it choose again.

    Returns:
        Where the commands are.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = venv / "bin" / "python"
    into_it = [*PIP, "--python", python, "install", "--quiet"]
    if os.environ.get("LOGCTL_SOAK"):
        subprocess.run([*into_it, "--no-compile", f"{ROOT}[local]"], check=True)
    else:
        subprocess.run([*PIP, "wheel", "--quiet", "--no-deps", "-w", venv / "wheels", ROOT], check=True)
        subprocess.run([*into_it, "--no-deps", *(venv / "wheels").glob("logctl-*.whl")], check=True)
        (packages,) = venv.glob("lib/python*/site-packages")
        (logctl,) = importlib.metadata.distributions(name="logctl", path=[str(packages)])
        for needed in closure(logctl, {"local"}):
            link(needed, packages)
    return python.parent


def closure(
    found: importlib.metadata.Distribution, extras: set[str], seen: set[tuple[str, str]] | None = None
) -> Iterator[importlib.metadata.Distribution]:
    """What a distribution requires, and what that requires, as it is installed here."""
    seen = set() if seen is None else seen
    for requirement in map(Requirement, found.requires or ()):
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        if (mark := (requirement.name.lower(), str(sorted(requirement.extras)))) not in seen:
            seen.add(mark)
            needed = importlib.metadata.distribution(requirement.name)
            yield needed
            yield from closure(needed, set(requirement.extras), seen)


def link(distribution: importlib.metadata.Distribution, packages: Path) -> None:
    for name in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
        target = packages / name
        if not target.exists():
            target.symlink_to(Path(str(distribution.locate_file(name))))


@pytest.mark.timeout(600)
def test_it_installs_into_a_bare_environment_and_demonstrates_itself(tmp_path):
    binaries = install(tmp_path / "venv")
    home = tmp_path / "home"
    home.mkdir()
    environ = {"PATH": f"{binaries}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binaries / "logctl", *args],
            env=environ,
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    log = home / "nginx.log"
    log.write_text("2026/01/31 08:15:00 [error] 31#31: *1 open() failed\n")
    try:
        for args in (["demo"], ["demo", str(log)]):
            done = run(*args)
            assert done.returncode == 0, done.stderr
            assert "Traceback" not in done.stderr
            assert "What to try next" in done.stderr
            assert "state=cli#verifier=" in done.stdout  # the dashboard, with a sign-in that works once
            assert "checkout" in done.stdout
        assert "open() failed" in run("tail", "nginx", "-n", "1", "--target", "local").stdout
    finally:
        run("local", "down")
