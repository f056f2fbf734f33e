"""Errors that reach people: one plain sentence, what to do next, and an exit code."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Exit(IntEnum):
    """A command's exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    """Not provisioned, or not reachable."""
    NOT_PERMITTED = 4
    PARTIAL = 5


class LogctlError(Exception):
    """An error for the person who runs a command: `message` is one sentence, `hint` says what to do next."""

    exit_code = Exit.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LogctlError):
    """A command was used wrongly or its input is wrong; nothing was done."""

    exit_code = Exit.USAGE


class UnreachableError(LogctlError):
    """The pipeline is not provisioned, or AWS or the sandbox cannot be reached."""

    exit_code = Exit.UNREACHABLE


class NotPermittedError(LogctlError):
    """Credentials are missing, expired, or not allowed to do this."""

    exit_code = Exit.NOT_PERMITTED


class PartialError(LogctlError):
    """A part of the work was done; the message says what was done and what was not."""

    exit_code = Exit.PARTIAL
