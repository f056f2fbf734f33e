"""The program: the root command with its options, and the commands, each registered by its own file."""

from __future__ import annotations

import inspect
import io
import sys
from typing import Annotated, Any

import typer

from logctl.cli import command_registration
from logctl.cli.commands import (
    athena,
    consume,
    cost,
    dashboard,
    debounce,
    demo,
    destroy,
    dlq,
    doctor,
    formats,
    iam,
    init,
    local,
    provision,
    quarantine,
    replay,
    send,
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
        str | None, typer.Option(help="Settings file. [default: logctl.toml]", metavar="FILE")
    ] = None,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option(
            "--version",
            callback=_versions,
            is_eager=True,
            help="Show the versions of logctl and its dependencies, for a bug report.",
        ),
    ] = False,
    **target: Any,
) -> None:
    """Run a complete serverless log pipeline in your own AWS account, or on this machine.

    Start here: logctl demo
    """
    command_registration.start(config, **target)


command_registration.with_target_options(
    _root,
    [item for item in inspect.signature(_root, eval_str=True).parameters.values() if item.name != "target"],
)
app.callback()(_root)

for family in (
    demo,
    local,
    init,
    provision,
    destroy,
    status,
    doctor,
    iam,
    send,
    formats,
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
    """Run the command line, and end the process with its exit code.

    Error messages of the framework quote the arguments, which may contain control characters: those are
    escaped before the message is shown.
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
    if ctx is None or error.message != ctx.get_help():  # help has several lines, and quotes no argument
        error.message = neutralise(str(error.message or ""))
    shown = io.StringIO()
    error.show(file=shown)
    sys.stderr.write(neutralise_lines(shown.getvalue().expandtabs(4)))
