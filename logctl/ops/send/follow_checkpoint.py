"""The checkpoint on disk of a followed file, so that a restart neither loses nor repeats records.

A batch is noted in the checkpoint before it is sent. After a crash in between, the same bytes are read again
with the same time of reading and make the same message ids, so that the queue drops what it already has.
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
from logctl.ops.send.line_reader import Position

_VERSION = 2
_BEFORE_TRAILS = 1
"""The version whose states have no `Position.chain`; it is computed from the file."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A batch that was returned, and perhaps sent, but not committed. `digest` is the hash of its bytes."""

    end: int
    read_at: int
    digest: str
    errors: Errors


@dataclass(frozen=True, slots=True)
class FollowState:
    """The state of following: everything before `place` in the file with this inode has been sent.

    The inode of a deleted file is used again for another. `tail`, the hash of the last `tail_size` bytes that
    were sent, tells the two apart.

    `begun` holds keys of the lines with which this file begins, up to its first time; `before` counts those
    of the files before it. With them, a new file that begins with the same lines ("started") has new records.
    """

    device: int
    inode: int
    place: Position = field(default_factory=Position)
    tail: str = ""
    tail_size: int = 0
    form: LineForm | None = None
    pending: Pending | None = None
    begun: tuple[str, ...] = ()
    before: dict[str, int] = field(default_factory=dict)


class CheckpointUnusable(UsageError):
    """A checkpoint cannot be read or written."""


class FollowedElsewhere(UsageError):
    """Another process follows the file."""


class Checkpoint:
    """The checkpoint of one file and app; while it is open, no other process can open it.

    `app` is empty if each record names its app.

    Raises:
        FollowedElsewhere: another process has it open.
        CheckpointUnusable: it cannot be read or written.
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
            raise CheckpointUnusable(
                f"The checkpoint of {path} cannot be kept in {directory}: {problem}."
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            for_app = f" for {app}" if app else ""
            raise FollowedElsewhere(
                f"Another logctl follows {path}{for_app}.", "Stop it first, or use another app."
            ) from None
        try:
            self.state = self._load()
        except BaseException:
            self.close()
            raise

    def _load(self) -> FollowState | None:
        try:
            saved = json.loads(self.path.read_bytes())
            if saved["version"] not in (_VERSION, _BEFORE_TRAILS):
                raise ValueError(f"version {saved['version']}")
            return _from_json(saved["state"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as problem:
            raise CheckpointUnusable(
                f"The checkpoint {self.path} cannot be used: {problem}.",
                "Delete it, and follow the file again without --from-end: it is read from its start, and "
                "records that are stored already are not added twice.",
            ) from None

    def save(self, state: FollowState) -> None:
        """Write `state` to disk, atomically.

        Raises:
            CheckpointUnusable: it cannot be written.
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
            # Make the rename durable too.
            directory = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as problem:
            raise CheckpointUnusable(f"The checkpoint {self.path} cannot be written: {problem}.") from None
        self.state = state

    def close(self) -> None:
        """Release the lock. Its file stays, because removing it would race with the next holder."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _from_json(saved: dict[str, Any]) -> FollowState:
    saved.pop("generation", None)  # written by earlier versions
    saved["place"].pop("headed", None)
    form, pending = saved.pop("form"), saved.pop("pending")
    if pending is not None:
        pending["errors"] = Errors(pending["errors"])
    return FollowState(
        **saved | {"place": Position(**saved["place"]), "begun": tuple(saved.get("begun", ()))},
        form=None if form is None else as_lines(Form(form)),
        pending=None if pending is None else Pending(**pending),
    )
