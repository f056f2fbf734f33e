"""The command `logctl consume`: run the consumer's Lambda handler on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from logctl.cli.command_registration import command, fail
from logctl.cli.context import CommandContext
from logctl.cli.render import say
from logctl.core.errors import PartialError


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "consume")(consume)


def consume(
    context: CommandContext,
    once: Annotated[bool, typer.Option("--once", help="End when the queue is empty.")] = False,
    event: Annotated[
        Path | None,
        typer.Option("--event", metavar="FILE", help="Process a saved Lambda event instead of the queue."),
    ] = None,
) -> None:
    """Run the consumer on this machine.

    The handler's reply is printed, one line for each batch. The deployed function keeps running, and SQS
    gives each message to only one of the two.

    Examples:

      logctl consume --once

      logctl consume --event event.json
    """
    from logctl.ops import consume as ops

    batches = messages = failed = 0
    results = (
        iter([ops.from_file(context.deployment, event)])
        if event
        else ops.from_queue(context.deployment, once=once)
    )
    if not event and not once:
        say(f"Consuming {context.deployment.names.queue} here; stop with Ctrl-C.")
    try:
        for result in results:
            batches += 1
            messages += result.messages
            failed += len(result.response["batchItemFailures"])
            print(json.dumps(result.response), flush=True)
    except KeyboardInterrupt:
        pass
    say(f"{messages} messages in {batches} batches, {failed} failed.")
    if failed:
        fail(PartialError(f"{failed} of {messages} messages failed and will be delivered again."))
