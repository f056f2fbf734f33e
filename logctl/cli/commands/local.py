"""`logctl local`: start, stop and inspect the sandbox on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.confirmation import confirm
from logctl.cli.context import CommandContext
from logctl.cli.options import OutputOption, YesOption
from logctl.cli.render import Output, facts, say
from logctl.core.errors import UnreachableError
from logctl.core.times import iso


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    family = typer.Typer(help="Start, stop and inspect the sandbox on this machine.", no_args_is_help=True)
    command(family, "up")(up)
    command(family, "down")(down)
    command(family, "status")(status)
    command(family, "reset")(reset)
    command(family, "env")(env)
    app.add_typer(family, name="local")


def up(
    context: CommandContext,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="Port to listen on. [default: the previous one, or a free one]"),
    ] = None,
) -> None:
    """Start the sandbox, which emulates AWS on this machine.

    It listens on 127.0.0.1 only, and has the contents that it had when it was stopped.

    Example:

      logctl local up && logctl provision --target local
    """
    from logctl.local import sandbox

    region = context.settings.region or sandbox.DEFAULT_REGION
    running = sandbox.up(context.sandbox_home, region=region, port=port)
    if running.was_already_up:
        say(f"The sandbox is up already: {running.endpoint} (process {running.pid}).")
        return
    say(f"The sandbox is up: {running.endpoint} (process {running.pid}, {running.region}).")
    if running.new_port:
        say("  Its previous port is in use, so it has a new one: provision again before you send.")
    if running.unclean:
        say(f"  {sandbox.LOST}")
        say(f"  {sandbox.REBUILD}")


def down(context: CommandContext) -> None:
    """Stop the sandbox, and keep its contents for the next start.

    Example:

      logctl local down
    """
    from logctl.local import sandbox
    from logctl.local.sandbox import SandboxCondition

    found = sandbox.down(context.sandbox_home)
    messages = {
        SandboxCondition.UP: "The sandbox is stopped. To start it again with its contents: logctl local up",
        SandboxCondition.DIED: "The sandbox had already ended unexpectedly; nothing is running.",
    }
    say(messages.get(found, "No sandbox is up."))


def status(
    context: CommandContext,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show whether the sandbox is up.

    If it is not up, the reason is shown, and the exit code is 3.

    Example:

      logctl local status
    """
    from logctl.local import sandbox
    from logctl.local.sandbox import SandboxCondition

    found = sandbox.status(context.sandbox_home)
    running = found.running
    facts(
        {
            "sandbox": found.condition.value,
            "endpoint": running.endpoint if running else None,
            "athena": running.athena_endpoint if running else None,
            "process": running.pid if running else None,
            "region": running.region if running else None,
            "since": iso(running.started_at) if running else None,
            "home": str(found.home),
            "log": str(found.log),
        },
        output,
    )
    if running:
        return
    for line in found.log_tail:
        say(f"  log: {line}")
    if found.condition is SandboxCondition.OPEN:
        raise UnreachableError(sandbox.UNGUARDED, sandbox.RESTART)
    explained = {
        SandboxCondition.DIED: f"The sandbox ended unexpectedly. {sandbox.LOST}",
        SandboxCondition.SILENT: (
            "The sandbox is running but does not answer; stop it with: logctl local down"
        ),
    }
    raise UnreachableError(
        explained.get(found.condition, "No sandbox is up."), "Start it with: logctl local up"
    )


def reset(
    context: CommandContext,
    yes: YesOption = False,
) -> None:
    """Delete everything in the sandbox.

    Example:

      logctl local reset --yes
    """
    from logctl.local import sandbox

    confirm(f"This deletes everything in the sandbox ({context.sandbox_home}).", yes=yes)
    running = sandbox.reset(context.sandbox_home)
    say("The sandbox is empty" + (f" and up: {running.endpoint}" if running else "; it is not running."))


def env(context: CommandContext) -> None:
    """Print shell commands that direct other tools to the sandbox.

    They set environment variables of the AWS tools, and the target of logctl.

    Example:

      eval "$(logctl local env)" && aws sqs list-queues
    """
    from logctl.local import sandbox

    running = sandbox.find(context.sandbox_home)
    if running is None:
        raise UnreachableError("No sandbox is up.", "Start it with: logctl local up")
    # So that logctl and the AWS tools work in the same place.
    for name, value in {**sandbox.environment(running), "LOGCTL_TARGET": "local"}.items():
        print(f"export {name}={value}")
