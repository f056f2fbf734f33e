"""The program: the root command with its options, and the table of commands, whose files register them."""

from __future__ import annotations

import inspect
import io
import sys
from typing import Annotated, Any

import typer

from logctl.cli import command_registration
from logctl.cli.lazy_commands import COMMAND_STYLE, lazy_group
from logctl.core.safe_text import neutralise, neutralise_lines

_FrameworkError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

COMMANDS = {
    "demo": "Run the whole pipeline on this machine, step by step.",
    "init": "Write a commented logctl.toml into this folder.",
    "provision": "Create the pipeline, or bring it up to date with the settings.",
    "destroy": "Remove the pipeline.",
    "status": "Show the state of the pipeline and what needs attention.",
    "doctor": "Check whether logctl can work from this machine.",
    "iam": "Print the minimal IAM policy for a command.",
    "send": "Send log files, standard input or a growing file.",
    "tail": "Show the records of the last minutes, or follow them live.",
    "consume": "Run the consumer on this machine.",
    "replay": "Restore records of the hot store from cold storage.",
    "cost": "Show what a month of the pipeline costs at list prices.",
    "local": "Start, stop and inspect the sandbox on this machine.",
    "formats": "List the known log formats, and test how files are read.",
    "athena": "Query all stored logs with SQL, and maintain partitions.",
    "debounce": "Show, explain, simulate and silence alerts.",
    "dashboard": "Open the dashboard; manage its users and tokens for scripts.",
    "dlq": "List, redrive or delete messages in the dead-letter queue.",
    "quarantine": "List, retry or delete messages that could not be read.",
}
"""The commands and families of commands with their first sentences, as the root help lists them."""

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    name="logctl",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    **COMMAND_STYLE,
)


def _versions(wanted: bool) -> None:
    if wanted:
        from logctl.cli.version_report import show_versions

        show_versions()
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
