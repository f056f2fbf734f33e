"""Suggested commands as they are shown: with the options that select the same environment."""

from __future__ import annotations

from logctl.cli.context import CommandContext
from logctl.stack.next_step import NextStep


def command_line(context: CommandContext, step: NextStep) -> str:
    """Return the command line; a command of logctl gets the target and environment of this invocation."""
    return f"{step}{context.target_flag if step.words[0] == 'logctl' else ''}"
