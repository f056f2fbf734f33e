"""A command in a terminal of its own, as a person types it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.prefork import as_from_a_shell


def _at_its_prompt() -> None:
    as_from_a_shell()
    # The terminal is the session's own: whoever runs the tests may have none.
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def start_in_a_terminal(
    *command: str, environ: Mapping[str, str], cwd: Path
) -> tuple[subprocess.Popen[bytes], int]:
    """The process, and the end of its terminal that somebody sits at."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environ, "TERM": "xterm-256color"},
        cwd=cwd,
        start_new_session=True,
        preexec_fn=_at_its_prompt,
    )
    os.close(theirs)
    return process, ours


def in_a_terminal(
    command: str, *, environ: Mapping[str, str], cwd: Path, answer: bytes = b"y\n", seconds: float = 90
) -> tuple[int, str]:
    """Run a command of bash with a terminal at all three ends, answering what it asks.

    Returns:
        Its exit code and what it has shown.
    """
    process, ours = start_in_a_terminal("bash", "-c", command, environ=environ, cwd=cwd)
    seen, deadline, answered = b"", time.monotonic() + seconds, False
    while True:
        ready, _, _ = select.select([ours], [], [], 0.1)
        if ready:
            data = b""
            with contextlib.suppress(OSError):  # the other end is closed
                data = os.read(ours, 65536)
            if not data:
                break
            seen += data
            if not answered and b"Go ahead?" in seen:
                answered = True
                os.write(ours, answer)
        elif process.poll() is not None:
            break
        assert time.monotonic() < deadline, f"{command} did not end:\n{seen.decode(errors='replace')}"
    os.close(ours)
    return process.wait(), seen.decode(errors="replace")
