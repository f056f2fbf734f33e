"""Where following a file has come to, on disk, so that a restart neither loses nor repeats.

What is about to be sent is written down before it is sent: after a crash in between, the same bytes are
read again with the same time of reading, make the same message ids, and the queue drops what it has.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from logctl.core.errors import UsageError
from logctl.ops.send.input_forms import Errors, Form, LineForm, as_lines
from logctl.ops.send.line_reader import Place

_VERSION = 2
_BEFORE_TRAILS = 1
"""Its states do not say what led to their place (`Place.chain`); the file still does."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A batch handed out, perhaps sent, and not committed. `digest` is that of its bytes."""

    end: int
    read_at: int
    digest: str
    errors: Errors


@dataclass(frozen=True, slots=True)
class State:
    """Everything before `place` has been sent, of the file with this inode.

    An inode is given to a new file when its old one is gone. `tail`, the hash of the last `tail_size` bytes
    that were sent, tells the two apart.

    `begun` holds keys of the lines that this file begins with, up to its first time; `before` counts those
    of the files before it. A new file that begins with the same lines ("started") begins with new events.
    """

    device: int
    inode: int
    place: Place = field(default_factory=Place)
    tail: str = ""
    tail_size: int = 0
    form: LineForm | None = None
    pending: Pending | None = None
    begun: tuple[str, ...] = ()
    before: dict[str, int] = field(default_factory=dict)


class Checkpoint:
    """One file's checkpoint; while it is open, nobody else follows that file for that app.

    Raises:
        UsageError: somebody else does, or the checkpoint cannot be used.
    """

    def __init__(self, directory: Path, app: str, path: Path) -> None:
        followed = str(path)
        name = hashlib.sha256(f"{app}\0{followed}".encode("utf-8", "surrogateescape")).hexdigest()
        self.path = directory / f"{name}.json"
        self._about = {"version": _VERSION, "app": app, "path": followed}
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(directory / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise UsageError(f"{directory} cannot keep the place in {path}: {problem}.") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise UsageError(
                f"Another logctl follows {path} for {app}.", "Stop it first, or follow under another app."
            ) from None
        try:
            self.state = self._load()
        except BaseException:
            self.close()
            raise

    def _load(self) -> State | None:
        try:
            saved = json.loads(self.path.read_bytes())
            if saved["version"] not in (_VERSION, _BEFORE_TRAILS):
                raise ValueError(f"version {saved['version']}")
            return _from_json(saved["state"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
            raise UsageError(
                f"The checkpoint {self.path} cannot be used: {problem}.",
                "Delete it, and follow the file again without --from-end: it is read from its start, and the "
                "records that are stored already are known again and stay as they are.",
            ) from None

    def save(self, state: State) -> None:
        """Write `state`, whole or not at all.

        Raises:
            UsageError: it cannot be written.
        """
        text = json.dumps({**self._about, "state": asdict(state)}, indent=1)
        try:
            # mkstemp makes the file with mode 0600.
            handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=self.path.parent)
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self.path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            # The rename itself must outlast a power cut.
            directory = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as problem:
            raise UsageError(f"The checkpoint {self.path} cannot be written: {problem}.") from None
        self.state = state

    def close(self) -> None:
        """Let others follow the file. The lock's file stays: removing it would race with its next holder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _from_json(saved: dict[str, Any]) -> State:
    saved.pop("generation", None)  # written by earlier versions
    form, pending = saved.pop("form"), saved.pop("pending")
    if pending is not None:
        pending["errors"] = Errors(pending["errors"])
    return State(
        **saved | {"place": Place(**saved["place"]), "begun": tuple(saved.get("begun", ()))},
        form=None if form is None else as_lines(Form(form)),
        pending=None if pending is None else Pending(**pending),
    )
