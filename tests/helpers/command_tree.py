"""The program's commands, all of them loaded."""

from __future__ import annotations

from typing import Any

import typer.main

from logctl.cli.app import app


def command_tree() -> Any:
    """The root command, with every command below it as if it had been called already."""
    root: Any = typer.main.get_command(app)
    root.commands = {name: command.load() for name, command in root.commands.items()}
    return root
