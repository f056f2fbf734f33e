"""`logctl status`: the state of the pipeline on one screen, and what to run next."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.error_explanations import explain
from logctl.cli.options import OutputOption
from logctl.cli.render import Output, say, working
from logctl.core.errors import Exit, UsageError
from logctl.core.times import iso

_WATCH_SECONDS = 10
_CLEAR_SCREEN = "\x1b[H\x1b[2J"


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "status")(status)


def status(
    context: CommandContext,
    seconds: Annotated[
        int | None,
        typer.Argument(min=1, metavar="SECONDS", help="With --watch: seconds between updates. [default: 10]"),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Repeat until Ctrl-C; the exit code is then 0.")
    ] = False,
    drift: Annotated[
        bool,
        typer.Option(
            "--drift", help="Detect changes made outside CloudFormation; on AWS this takes minutes."
        ),
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the state of the pipeline and what needs attention.

    The parts are stack, queues, consumer, sweeper, alarms, alerts, storage and apps.

    The exit code is 0 when nothing needs attention, 1 when something does (with the command to run next),
    3 when nothing is provisioned, and 5 when a part could not be read and no other needs attention.
    Errors, throttles and durations are CloudWatch's of the last hour; "no metrics" means that CloudWatch has
    none. -o json is one document; -o csv has a row for each part, each further finding, and each app.

    Examples:

      logctl status

      logctl status --watch 5

      logctl status -o json | jq .findings
    """
    from logctl.cli.status_report import show_status
    from logctl.ops.health.status import pipeline_status

    if seconds is not None and not watch:
        raise UsageError("SECONDS needs --watch.", f"Write: logctl status --watch {seconds}")
    if watch:
        if drift or output.for_programs:
            raise UsageError("--watch shows the table only, and cannot be combined with --drift.")
        if not sys.stdout.isatty():
            raise UsageError("--watch needs a terminal.", "For programs: logctl status -o json")
        _watch(context, seconds or _WATCH_SECONDS)
        return
    with working("Reading…") as update:
        found = pipeline_status(
            context.deployment, now=now(), with_drift=drift, on_part=lambda name: update(f"Reading: {name}…")
        )
    show_status(context, found, output)
    code = {"attention": Exit.FAILED, "unknown": Exit.PARTIAL}.get(found.state, Exit.DONE)
    if code:
        raise typer.Exit(int(code))


def _watch(context: CommandContext, seconds: int) -> None:
    from logctl.cli.status_report import show_status
    from logctl.ops.health.status import pipeline_status

    begun = False
    try:
        while True:
            try:
                found = pipeline_status(context.deployment, now=now())
            except Exception as error:
                # After a first success, an error may pass: it is shown, and the next update tried.
                explained = explain(error, context) if begun else None
                if explained is None:
                    raise
                sys.stdout.write(_CLEAR_SCREEN)
                say(f"{iso(now())}  {explained.message} {explained.hint}")
            else:
                begun = True
                sys.stdout.write(_CLEAR_SCREEN)
                show_status(context, found, Output.TABLE)
                print(f"\nEvery {seconds} s; stop with Ctrl-C.")
            sys.stdout.flush()
            time.sleep(seconds)
    except KeyboardInterrupt:
        return
