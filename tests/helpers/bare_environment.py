"""An environment with logctl's wheel and what that declares, and nothing else, as after an installation."""

from __future__ import annotations

import fcntl
import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.distributions import closure, link

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


README = [
    line[2:]
    for session in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    for line in session.splitlines()
    if line.startswith("$ ")
]


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


MISSED = """
import os, sys
class Missed:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is None:
            with open({log!r}, "a") as log:
                log.write(name + "\\n")
sys.meta_path.append(Missed)
"""
"""Writes down what is imported and found nowhere, in whichever process: the last finder that Python asks."""

NOT_NEEDED = {
    **dict.fromkeys(("_winapi", "msvcrt", "nt", "winreg"), "the standard library, on Windows"),
    "org": "the standard library, on Jython",
    **dict.fromkeys(
        ("sitecustomize", "usercustomize", "apport_python_hook"), "site: a machine's own additions"
    ),
    "OpenSSL": "MiniStack and botocore: before Python had TLS of its own",
    "asyncssh": "MiniStack: SFTP servers, which the sandbox has switched off",
    "awscrt": "botocore: faster checksums and signatures, otherwise its own",
    "backports": "urllib3: zstd, for replies that AWS does not send",
    "bcrypt": "cryptography: keys of OpenSSH",
    **dict.fromkeys(("brotli", "brotlicffi"), "urllib3: replies that AWS does not send"),
    "certifi": "botocore: it has certificates of its own",
    "docker": "MiniStack: functions and databases in containers, otherwise as processes",
    **dict.fromkeys(("isal", "lz4", "lzmaffi", "snappy"), "fsspec: compressions that are not used"),
    **dict.fromkeys(("mypy_extensions", "sqlglotrs"), "sqlglot: its compiled form"),
    "pyarrow": "logctl: the extra that `-o parquet` names",
    "tornado": "tenacity: another event loop",
    "typing_extensions": "msgspec: what older versions of Python lack",
}
"""What may be missing, because whoever asks for it does as well without."""


@dataclass(frozen=True)
class Bare:
    """A home and a bare environment with logctl in it; `missed` tells what its programs imported in vain."""

    bin: Path
    home: Path
    log: Path

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            "LOGCTL_TARGET": "local",
        }

    def run(self, *args: str, code: int = 0, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self.bin / "logctl", *args],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env=self.environ,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"{args} exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def missed(self) -> set[str]:
        return set(self.log.read_text().split())


@contextmanager
def bare_environment(factory: pytest.TempPathFactory) -> Iterator[Bare]:
    """The environment, which all workers of a run share, with a new home."""
    found = _installed(factory)
    made = Bare(found / "venv" / "bin", factory.mktemp("home"), found / "missed")
    try:
        yield made
    finally:
        made.run("local", "down")


def _installed(factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the environment and of its notes; the first who asks installs it."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    found = root / "bare"
    found.mkdir(exist_ok=True)
    with (found / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (found / "missed").exists():
            install(found / "venv")
            (packages,) = (found / "venv").glob("lib/python*/site-packages")
            (packages / "missed_imports.py").write_text(MISSED.format(log=str(found / "missed")))
            (packages / "missed_imports.pth").write_text("import missed_imports\n")
            (found / "missed").touch()
    return found
