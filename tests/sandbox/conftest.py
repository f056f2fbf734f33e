"""The whole pipeline in a sandbox of its own: MiniStack on a free port, IAM enforced, one for the session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from logctl.cli.context import Context
from logctl.local.sandbox import Running, find
from logctl.ops.deployment import Deployment
from logctl.stack.bundle import Bundle
from tests import prefork


@dataclass
class Cli:
    """`logctl` as a person runs it: a process of its own, with its own home and one environment."""

    home: Path
    env: str = "test"
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "COLUMNS": "200",
            "LOGCTL_SANDBOX_HOME": str(self.home / "sandbox"),
            "LOGCTL_STATE_HOME": str(self.home / "state"),
            "LOGCTL_TARGET": "local",
            "LOGCTL_ENV": self.env,
            **self.variables,
        }

    @property
    def with_path(self) -> dict[str, str]:
        """The same where `logctl` is on the path."""
        return {**self.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run(self, *args: str, stdin: str | bytes | None = None, code: int | None = 0) -> Result:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = prefork.run(*args, env=self.environ, cwd=self.home, stdin=given)
        result = Result(done.returncode, done.out, done.err)
        assert "Traceback" not in result.err, result.err
        if code is not None:
            assert result.code == code, f"exit {result.code}\n{result.out}\n{result.err}"
        return result

    def start(self, *args: str, pipe: bool = False) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "logctl", *args],
            preexec_fn=prefork.as_from_a_shell,
            env=self.environ,
            cwd=self.home,
            text=True,
            stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    @property
    def deployment(self) -> Deployment:
        """The same environment for the test's own looks and tricks, with the sandbox's root credentials."""
        context = Context(environ=self.environ)
        running = find(context.sandbox_home) if context.settings.target == "local" else None
        return _deployment(running, tuple(sorted(self.environ.items())))


@cache
def _deployment(running: Running | None, environ: tuple[tuple[str, str], ...]) -> Deployment:
    """Made once for each sandbox that ran there: clients take their time to be made."""
    return Context(environ=dict(environ)).deployment


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """One JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


_ZIPPED_ONCE = prefork.zipped_once()


@pytest.fixture(scope="module", autouse=True)
def code_is_zipped_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bundle, "data", _ZIPPED_ONCE)
        yield


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A sandbox that is up; nothing is provisioned."""
    cli = Cli(tmp_path_factory.mktemp("home"))
    cli.run("local", "up")
    yield cli
    cli.run("local", "down")


@pytest.fixture(scope="session")
def pipeline(sandbox: Cli) -> Cli:
    """The pipeline, provisioned once for all tests; each test uses apps of its own."""
    sandbox.run("provision", "--yes")
    return sandbox


def eventually(check: Callable[[], Any], *, seconds: float = 20, what: str = "it") -> Any:
    """Wait until `check` gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.2)
