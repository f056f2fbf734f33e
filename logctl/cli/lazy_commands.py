"""Commands whose modules are imported when they are called: the root help and completion need no module."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMAND_STYLE: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}
"""How every command shows its help and errors, as arguments of `typer.Typer`."""


class UnloadedCommand(TyperCommand):
    """A command whose module is not imported yet: it has a name and a line in the list of commands."""

    def load(self) -> Any:
        """Import the module, and return the command or family of commands that it registers."""
        program = typer.Typer(**COMMAND_STYLE)
        program.callback()(lambda: None)  # with it, Typer makes a group even of a single command
        import_module(f"logctl.cli.commands.{self.name}").register(program)
        return typer.main.get_group(program).commands[str(self.name)]


def lazy_group(summaries: Mapping[str, str]) -> type[TyperGroup]:
    """Return the class of a group of commands, for `typer.Typer`.

    Args:
        summaries: for each command, which is a module of `logctl.cli.commands`, its line in the list of
            commands: the first sentence of its help.
    """

    class LazyGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            unloaded = {
                name: UnloadedCommand(name, short_help=summary) for name, summary in summaries.items()
            }
            super().__init__(**{**attributes, "commands": unloaded})

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            name, command, rest = super().resolve_command(ctx, args)
            return name, command.load() if isinstance(command, UnloadedCommand) else command, rest

    return LazyGroup
