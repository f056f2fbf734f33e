"""A provisioned environment in a sandbox of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logctl.cli.context import CommandContext
from logctl.local import sandbox
from logctl.ops.deployment import Deployment


@contextmanager
def environment() -> Iterator[Deployment]:
    with sandboxed() as (deployment, _):
        yield deployment


@contextmanager
def sandboxed() -> Iterator[tuple[Deployment, dict[str, str]]]:
    """Yield a provisioned environment, and the variables with which commands find it."""
    with tempfile.TemporaryDirectory() as home:
        environ = {"LOGCTL_SANDBOX_HOME": home, "LOGCTL_TARGET": "local", "LOGCTL_ENV": "bench"}
        sandbox.up(Path(home))
        try:
            command = [sys.executable, "-m", "logctl", "provision", "--yes"]
            subprocess.run(command, env={**os.environ, **environ}, check=True, capture_output=True)
            yield CommandContext(environ=environ).deployment, environ
        finally:
            sandbox.down(Path(home))
