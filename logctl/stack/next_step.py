"""The command to run next, as a value. Alarms and findings carry it; text is made where it is shown."""

from __future__ import annotations

import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class NextStep:
    """One command line, word by word: `("logctl", "dlq", "list")`.

    It names no environment: who shows it appends the flags of the environment that it is for.
    """

    words: tuple[str, ...]

    def __str__(self) -> str:
        """Return the command line, quoted for a POSIX shell."""
        return shlex.join(self.words)
