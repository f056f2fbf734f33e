"""What a person has after installing: the one command, and everything that it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(600)
def test_it_installs_into_a_bare_environment_and_demonstrates_itself(tmp_path):
    """What `pipx install '.[local]'` does: a virtual environment of its own, and the one command."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    binaries = tmp_path / "venv" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", binaries / "python", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-compile", f"{ROOT}[local]"], check=True)
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
