"""Commands whose modules are imported when they are called: the root help and completion need no module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMAND_STYLE: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}
"""How every command shows its help and errors, as arguments of `typer.Typer`."""


@dataclass(frozen=True)
class CommandRow:
    """A command, or a family of commands, as the list in the root help shows it.

    Args:
        name: the word on the command line.
        summary: its help in the list: the first sentence of the command's own help (a test compares them).
    """

    name: str
    summary: str

    @property
    def module(self) -> str:
        """The module whose `register` adds the command to a program."""
        return f"logctl.cli.commands.{self.name}"


class UnloadedCommand(TyperCommand):
    """A command whose module is not imported yet: it has a name and a line in the list of commands."""

    def __init__(self, row: CommandRow) -> None:
        super().__init__(row.name, short_help=row.summary)
        self._row = row

    def load(self) -> Any:
        """Import the module, and return the command with its arguments, options and help."""
        program = typer.Typer(**COMMAND_STYLE)
        program.callback()(lambda: None)  # with it, Typer makes a group even of a single command
        import_module(self._row.module).register(program)
        return typer.main.get_group(program).commands[self._row.name]


def lazy_group(rows: Sequence[CommandRow]) -> type[TyperGroup]:
    """Return the class of a group, for `typer.Typer`, whose commands are those of the table."""

    class LazyGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**{**attributes, "commands": {row.name: UnloadedCommand(row) for row in rows}})

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            name, command, rest = super().resolve_command(ctx, args)
            return name, command.load() if isinstance(command, UnloadedCommand) else command, rest

    return LazyGroup
