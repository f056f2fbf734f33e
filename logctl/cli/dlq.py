"""`logctl dlq`: what failed too often."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from logctl.cli.command import command, confirm
from logctl.cli.context import Context
from logctl.cli.render import Output, facts, say, show, working
from logctl.core.sizes import format_size
from logctl.core.times import iso


def register(app: typer.Typer) -> None:
    family = typer.Typer(help="The dead-letter queue: what failed, and again.", no_args_is_help=True)
    command(family, "list")(listing)
    command(family, "show")(show_letter)
    command(family, "redrive")(redrive)
    app.add_typer(family, name="dlq")


def listing(
    context: Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 100,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """List the messages that the consumer could not finish; nothing is taken out.

    Example:

      logctl dlq list
    """
    from logctl.ops import dlq

    with working("Looking into the dead-letter queue…"):
        found = dlq.look(context.deployment, limit=limit)
    rows = [
        {
            "message_id": letter.message_id,
            "app": letter.group,
            "sent": iso(letter.sent_at),
            "receives": letter.receives,
            "size": letter.size,
            "records": letter.records,
            "problem": letter.problem,
        }
        for letter in found.letters
    ]
    show(
        rows,
        ("message_id", "app", "sent", "receives", "size", "records", "problem"),
        output,
        empty="The dead-letter queue is empty.",
        right=("receives", "size", "records"),
        words={"size": format_size},
    )
    if found.total > len(rows):
        say(f"{len(rows)} of {found.total} messages: SQS shows at most ten of each app at a time.")


def show_letter(
    context: Context,
    message_id: Annotated[str, typer.Argument(help="The id, or the start of it, from `dlq list`.")],
    output: Annotated[Output, typer.Option("-o", "--output", help="How it is written.")] = Output.TABLE,
) -> None:
    """Show one message whole.

    Example:

      logctl dlq show 5fea7756
    """
    from logctl.ops import dlq

    letter = asdict(dlq.find(context.deployment, message_id))
    facts({**letter, "sent_at": iso(letter["sent_at"])}, output)


def redrive(
    context: Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many would be moved.")] = False,
) -> None:
    """Send every message in the dead-letter queue through the pipeline again.

    What was stored and counted before is not stored or counted twice.

    Examples:

      logctl dlq redrive --dry-run

      logctl dlq redrive --yes
    """
    from logctl.ops import dlq

    if dry_run:
        say(f"{dlq.waiting(context.deployment)} messages would be sent round again; nothing was moved.")
        return
    confirm(f"This moves every dead letter back into the queue of {context.place}.", yes=yes)
    with working("Moving…") as update:
        done = dlq.redrive(
            context.deployment, on_progress=lambda moved, total: update(f"{moved:,} of {total:,} moved")
        )
    if done.status == "EMPTY":
        say("The dead-letter queue is empty.")
    else:
        say(f"{done.moved} of {done.total} messages are on their way again.")
