"""A process that may run longer than the process that started it.

It is identified by pid and start time: a pid that the system has given to another process since is neither
trusted nor killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process. `born` is its start time as the system writes it, to be compared only."""

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> Process:
        return cls(pid, _born(pid) or "")

    def alive(self) -> bool:
        return bool(self.born) and _born(self.pid) == self.born

    def stop(self, *, patience: float, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Stop the process and its group. Returns False if it was not alive, or had to be killed."""
        if not self.alive():
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        in_order = self._ends_within(patience, sleep)
        # It leads a process group of its own, with its workers.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._ends_within(5, sleep)
        return in_order

    def _ends_within(self, seconds: float, sleep: Callable[[float], None]) -> bool:
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
            sleep(0.05)
        return True


def _born(pid: int) -> str | None:
    """Return when a process started; None if there is none, or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _born_by_ps(pid)
    except (OSError, UnicodeDecodeError):
        return None
    # The second field, the program's name in parentheses, may contain spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def _born_by_ps(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    state, _, born = shown.partition(" ")
    return born.strip() if shown and not state.startswith("Z") else None
