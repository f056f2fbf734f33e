"""The sandbox's two processes, MiniStack and Athena: how they are started and waited for."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from logctl.core.errors import UnreachableError
from logctl.local import keys

_NEEDED = ("ministack", "cryptography", "duckdb", "fsspec")
"""Modules of the extra `local`. Without cryptography MiniStack starts, and refuses every token."""
_HEALTH = "/_logctl/health"


@dataclass(frozen=True)
class Patience:
    """The seconds that a start may take, and the function that waits."""

    timeout: float
    sleep: Callable[[float], None] = time.sleep


def check_is_installed() -> None:
    """Check that the sandbox's dependencies are installed.

    Raises:
        UnreachableError: some are not.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UnreachableError(
            f"The sandbox is not installed: {', '.join(missing)} missing.",
            "Install it with: pipx install 'logctl[local]'",
        )


def start_ministack(home: Path, port: int, athena_port: int, region: str) -> subprocess.Popen[bytes]:
    """Start MiniStack. Its Lambda functions are told the port at which Athena will be."""
    environ = {
        **_environ(home),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": region,
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        # Lambda functions inherit it.
        "AWS_ENDPOINT_URL_ATHENA": url(athena_port),
    }
    module = ["logctl.local.ministack", "--keys", str(keys.path(home))]
    return _spawn(module, environ, home, ministack_log(home))


def start_athena(home: Path, port: int, ministack_port: int) -> subprocess.Popen[bytes]:
    module = [
        "logctl.local.athena_server",
        *("--port", str(port)),
        *("--backend", url(ministack_port)),
        *("--keys", str(keys.path(home))),
    ]
    return _spawn(module, _environ(home), home, athena_log(home))


def wait_until_ready(child: subprocess.Popen[bytes], port: int, log: Path, patience: Patience) -> None:
    """Wait until a server answers.

    Raises:
        UnreachableError: it has ended, or does not answer in time. The text has the last line of its log.
    """
    deadline = time.monotonic() + patience.timeout
    while not answers(port):
        if child.poll() is not None:
            raise UnreachableError(
                f"The sandbox ended while it started (exit code {child.returncode}): {_last_line(log)}",
                f"Its log is {log}",
            )
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"The sandbox did not come up within {patience.timeout:.0f} s: {_last_line(log)}",
                f"Its log is {log}",
            )
        patience.sleep(0.1)


def _spawn(module: list[str], environ: dict[str, str], home: Path, log: Path) -> subprocess.Popen[bytes]:
    if log.exists():
        log.replace(log.with_suffix(".previous"))
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:  # noqa: PTH123
        return subprocess.Popen(
            [sys.executable, "-m", *module],
            env=environ,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _environ(home: Path) -> dict[str, str]:
    """Return the environment of a child process: only what it needs.

    MiniStack's Lambda functions inherit it. The user's AWS profile or LOGCTL_ settings would change what the
    functions do.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home / "home"),
        "TMPDIR": str(home / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def answers(port: int) -> bool:
    """Return whether a server on a port answers the health check."""
    with contextlib.suppress(OSError, urllib.error.URLError, ValueError):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url(port) + _HEALTH, timeout=1) as reply:
            return bool(reply.status == 200)
    return False


def is_taken(port: int) -> bool:
    """Return whether a program listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def free_port(preferred: int | None, but: int | None = None) -> int:
    """Return the preferred port, or any free one if it is taken.

    A sandbox is given the port that it had before, because the URLs of queues contain it.
    """
    if preferred and preferred != but and not is_taken(preferred):
        return preferred
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found = int(probe.getsockname()[1])
        if found != but:
            return found


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def ministack_log(home: Path) -> Path:
    return home / "ministack.log"


def athena_log(home: Path) -> Path:
    return home / "athena.log"


def tail(log: Path, lines: int = 5) -> tuple[str, ...]:
    """Return the last lines of a log; none if it cannot be read."""
    try:
        return tuple(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ()


def _last_line(log: Path) -> str:
    return next((line for line in reversed(tail(log, 20)) if line.strip()), "its log is empty")
