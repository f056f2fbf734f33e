"""Questions to the person at the terminal before something is changed or deleted."""

from __future__ import annotations

import sys

from logctl.cli.render import say
from logctl.core.errors import LogctlError

_NO_TERMINAL = "confirmation is needed, and there is no terminal to ask on."


def confirm(question: str, *, yes: bool, flag: str = "--yes") -> None:
    """Ask a question on the terminal, unless `yes`; `flag` is the option that answers it beforehand.

    Raises:
        LogctlError: the answer is no, or stdin is no terminal.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise LogctlError(f"Nothing was changed: {_NO_TERMINAL}", f"To go ahead, add {flag}.")
    say(question)
    if _answer("Go ahead? [y/N] ").lower() not in ("y", "yes"):
        raise LogctlError("Nothing was changed.")


def confirm_by_name(warning: str, name: str) -> None:
    """Ask the person to type a name before something is deleted that cannot be restored.

    Raises:
        LogctlError: another name was typed, or stdin is no terminal.
    """
    say(warning)
    if not sys.stdin.isatty():
        raise LogctlError(f"Nothing was deleted: {_NO_TERMINAL}", "To go ahead, add --yes.")
    if _answer(f"Type {name} to go ahead: ") != name:
        raise LogctlError("Nothing was deleted.")


def _answer(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
