"""The state of a sandbox that is kept between two commands, in `sandbox.json` in its home."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from logctl.core.errors import LogctlError
from logctl.local.process import Process


@dataclass(frozen=True)
class Memory:
    """The content of `sandbox.json`.

    Fields with a default are missing in a file of an older logctl, which started no Athena or no gate.

    Attributes:
        born: when the process started, as `Process` compares it.
        started_at: the same in milliseconds since 1970, for people.
        stopped: whether the sandbox was stopped in order.
        guarded: whether the gate is in front of it.
    """

    pid: int
    born: str
    port: int
    region: str
    started_at: int
    stopped: bool
    athena_port: int = 0
    athena_pid: int = 0
    athena_born: str = ""
    guarded: bool = False

    @property
    def process(self) -> Process:
        return Process(self.pid, self.born)

    @property
    def athena(self) -> Process:
        return Process(self.athena_pid, self.athena_born)


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the lock that lets one command at a time start or stop the sandbox of a home."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def recall(home: Path) -> Memory | None:
    """Return the content of `sandbox.json`; None if there is none.

    Raises:
        LogctlError: the file is damaged.
    """
    try:
        stored: Mapping[str, object] = json.loads(_file(home).read_text())
        return Memory(**stored)  # type: ignore[arg-type]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError):
        raise LogctlError(
            f"{_file(home)} is damaged.",
            "Delete it, and end any process `python -m logctl.local.ministack` yourself.",
        ) from None


def remember(home: Path, memory: Memory) -> None:
    """Replace the file, so that a crash leaves the old or the new one."""
    fresh = home / "sandbox.json.new"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        json.dump(asdict(memory), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(_file(home))


def forget(home: Path) -> None:
    _file(home).unlink(missing_ok=True)


def _file(home: Path) -> Path:
    return home / "sandbox.json"
