"""The root command and its families. Each family is a file; this one only brings them together."""

from __future__ import annotations

import inspect
import io
import sys
from typing import Annotated, Any

import typer

from logctl.cli import command
from logctl.cli.commands import (
    athena,
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
from logctl.core.safe_text import neutralise, neutralise_lines

_FrameworkError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    name="logctl",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _versions(wanted: bool) -> None:
    if wanted:
        from logctl.ops.health.versions import versions

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


def run() -> None:
    """Be the program: take the command line, and end with its exit code.

    The framework's own errors quote what was typed, which may have come from anywhere: they are made harmless
    before they are shown.
    """
    try:
        code = app(prog_name="logctl", standalone_mode=False)
    except typer.Abort:
        sys.stderr.write("Aborted!\n")
        code = 1
    except _FrameworkError as error:
        _show(error)
        code = error.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def _show(error: Any) -> None:
    ctx = getattr(error, "ctx", None)
    if ctx is None or error.message != ctx.get_help():  # help has lines, and quotes nothing
        error.message = neutralise(str(error.message or ""))
    shown = io.StringIO()
    error.show(file=shown)
    sys.stderr.write(neutralise_lines(shown.getvalue().expandtabs(4)))
