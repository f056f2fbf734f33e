"""How far a followed file was sent, on disk, so that a restart neither loses nor repeats.

Before a batch is sent its end is written down (`pending`), and after it was accepted the position moves
on. A crash in between leaves the pending end: the next run cuts exactly the same batch again, which has
the same message ids.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from logctl.core.errors import UsageError


@dataclass(frozen=True)
class Position:
    """Where in which file. `generation` names this life of the file; `head` is the hash of its first
    `head_size` bytes, which tells it from another file that got its inode."""

    dev: int
    ino: int
    generation: str
    offset: int = 0
    head: str = ""
    head_size: int = 0
    form: str = "auto"
    pending_end: int | None = None
    read_at: int | None = None

    def intending(self, end: int, read_at: int) -> Position:
        return replace(self, pending_end=end, read_at=read_at)

    def moved_on(self) -> Position:
        assert self.pending_end is not None
        return replace(self, offset=self.pending_end, pending_end=None, read_at=None)


class Checkpoint:
    """The position of one app's one file, held by one process at a time."""

    def __init__(self, directory: Path, app: str, path: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = hashlib.sha256(f"{app}\0{path.absolute()}".encode()).hexdigest()[:32]
        self._file = directory / f"{name}.json"
        self._lock: IO[str] = (directory / f"{name}.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise UsageError(f"{path} is being followed for {app} by another logctl already.") from None

    def load(self) -> Position | None:
        try:
            return Position(**json.loads(self._file.read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise UsageError(
                f"The checkpoint {self._file} is damaged.",
                "Delete it to send the file from its beginning; what was sent before is then sent again.",
            ) from None

    def save(self, position: Position) -> None:
        """Written whole or not at all."""
        fresh = self._file.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
            json.dump(asdict(position), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)

    def close(self) -> None:
        self._lock.close()
