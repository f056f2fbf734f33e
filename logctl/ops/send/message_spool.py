"""A place for messages until it is known whether they may be sent: memory, and then a temporary file.

Nothing of a file with invalid records is sent, and a file is read only once. Its messages are compressed, so
that they take about a fifth of its size.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from logctl.core.errors import LogctlError
from logctl.ops.send.sender import Outgoing

IN_MEMORY = 16 * 1024 * 1024
"""Bytes of messages that are kept in memory."""
_HINT = (
    "Make room there, name another folder with TMPDIR, or use --continue-on-error, which sends a file "
    "while it is read."
)


class MessageSpool:
    """Messages in the order in which they were added. Leaving the context removes them.

    The file has no name in its folder: it is gone whenever the process ends, and nobody else can open it.
    """

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._folder = _folder()
        self._file = cast(IO[bytes], tempfile.SpooledTemporaryFile(in_memory, dir=self._folder))  # noqa: SIM115
        self._end = 0

    def __enter__(self) -> MessageSpool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def end(self) -> int:
        """The place after the last message."""
        return self._end

    def add(self, outgoing: Outgoing) -> None:
        """Add a message.

        Raises:
            LogctlError: the disk is full, or there is no folder for temporary files.
        """
        try:
            pickle.dump(outgoing, self._file, protocol=pickle.HIGHEST_PROTOCOL)
            self._end = self._file.tell()
        except OSError as problem:
            where = self._folder or tempfile.gettempdir()
            raise LogctlError(
                f"The messages cannot be kept in {where} until the input is read: {problem.strerror}. "
                "Nothing was sent.",
                _HINT,
            ) from None

    def messages(self, start: int, end: int) -> Iterator[Outgoing]:
        """Yield the messages from one place to another."""
        while start < end:
            self._file.seek(start)
            yield pickle.load(self._file)  # noqa: S301 - this process wrote it
            start = self._file.tell()


def _folder() -> str | None:
    """Return the folder for large temporary files; None for that of all temporary files.

    /tmp is in memory on many systems, and /var/tmp is not (Filesystem Hierarchy Standard 3.0, 5.15).
    """
    if any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")):
        return None
    large = Path("/var/tmp")  # noqa: S108 - the files in it have no names
    return str(large) if large.is_dir() and os.access(large, os.W_OK) else None
