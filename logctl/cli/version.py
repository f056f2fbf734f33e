"""`logctl version`: what a bug report should say."""

from __future__ import annotations

from typing import Annotated

import typer

from logctl.cli.command import command
from logctl.cli.context import Context
from logctl.cli.render import Output, facts


def register(app: typer.Typer) -> None:
    command(app, "version")(version)


def version(
    context: Context,  # noqa: ARG001 - every command has one
    output: Annotated[Output, typer.Option("-o", "--output", help="How it is written.")] = Output.TABLE,
) -> None:
    """Show the versions of logctl and of what it works with. Asks nothing of the network.

    `logctl --version` is logctl's own, on one line.

    Example:

      logctl version
    """
    from logctl.ops.versions import versions

    found = versions()
    absent = "not installed" if output is Output.TABLE else None
    facts({name: number or absent for name, number in found.items()}, output)
