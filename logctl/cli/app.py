"""The root command and its families. Each family is a file; this one only brings them together."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer

from logctl.cli import (
    athena,
    command,
    consume,
    cost,
    dashboard,
    debounce,
    demo,
    dlq,
    doctor,
    iam,
    init,
    local,
    quarantine,
    replay,
    send,
    stack,
    status,
    tail,
)

app = typer.Typer(
    name="logctl",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _versions(wanted: bool) -> None:
    if wanted:
        from logctl.ops.versions import versions

        for name, version in versions().items():
            print(f"{name} {version or 'not installed'}")
        raise typer.Exit()


def _root(
    config: Annotated[
        str | None, typer.Option(help="The settings file. [default: logctl.toml]", metavar="FILE")
    ] = None,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option(
            "--version", callback=_versions, is_eager=True, help="Show the versions for a bug report."
        ),
    ] = False,
    **where: Any,
) -> None:
    """A complete serverless log pipeline in your own AWS account, or on this machine.

    Start here: logctl demo
    """
    command.start(config, **where)


_own = [p for p in inspect.signature(_root, eval_str=True).parameters.values() if p.name != "where"]
_root.__signature__ = inspect.Signature(_own + command.where_parameters())  # type: ignore[attr-defined]
_root.__annotations__ = {p.name: p.annotation for p in _own + command.where_parameters()}
app.callback()(_root)

for family in (
    demo,
    local,
    init,
    stack,
    status,
    doctor,
    iam,
    send,
    tail,
    consume,
    athena,
    debounce,
    dashboard,
    dlq,
    quarantine,
    replay,
    cost,
):
    family.register(app)
