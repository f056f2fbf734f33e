"""The command `logctl dlq`: handle the messages in the dead-letter queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.confirmation import confirm
from logctl.cli.context import CommandContext
from logctl.cli.options import OutputOption, YesOption, all_option, dry_run_option, limit_option
from logctl.cli.render import Output, brief, facts, say, show, working
from logctl.core.errors import PartialError, UsageError
from logctl.core.safe_text import counted
from logctl.core.times import iso

if TYPE_CHECKING:
    from logctl.ops.recovery.dead_letter_moves import Moved
    from logctl.ops.recovery.dead_letters import DeadLetter

_LOOKING = "Looking into the dead-letter queue…"
_EMPTY = "The dead-letter queue is empty."
_TEN = "SQS shows at most ten of each app at a time"

_Messages = Annotated[
    list[str] | None,
    typer.Option(
        "--message", metavar="ID", help="Only this message, by its id or the start of it; repeatable."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    family = typer.Typer(
        help="List, redrive or delete messages in the dead-letter queue.", no_args_is_help=True
    )
    command(family, "list")(listing)
    command(family, "show")(show_letter)
    command(family, "redrive")(redrive)
    command(family, "drop")(drop)
    app.add_typer(family, name="dlq")


def listing(
    context: CommandContext,
    limit: Annotated[int, limit_option("Show at most N messages.")] = 100,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the messages that failed, and why.

    The messages stay in the queue. The cause is "content" if a message failed while storage worked, "storage"
    if it could not be stored, and "unknown" if nothing was recorded of its attempts.

    Example:

      logctl dlq list
    """
    from logctl.ops.recovery import dead_letters

    with working(_LOOKING):
        found = dead_letters.look(context.deployment, limit=limit)
    columns: tuple[str, ...] = ("message_id", "app", "sent", "records", "cause", "reason")
    if output.for_programs:
        columns = (*columns[:3], "receives", "size", *columns[3:], "detail", "problem")
    show(
        [_row(letter) for letter in found.letters],
        columns,
        output,
        empty=_EMPTY,
        right=("records",),
        words={
            "message_id": brief([letter.message_id for letter in found.letters]),
            "sent": lambda moment: moment[:19] + "Z",
        },
        whole=("message_id", "sent", "records", "cause"),
    )
    if found.total > len(found.letters):
        say(f"{len(found.letters)} of about {found.total} messages: {_TEN}.")


def _row(letter: DeadLetter) -> dict[str, object]:
    return {
        "message_id": letter.message_id,
        "app": letter.app,
        "sent": iso(letter.sent_at),
        "receives": letter.receives,
        "size": letter.size,
        "records": letter.records,
        "cause": letter.cause.value,
        "reason": letter.reason or letter.problem.partition(":")[0],
        "detail": letter.detail,
        "problem": letter.problem,
    }


def show_letter(
    context: CommandContext,
    message_id: Annotated[str, typer.Argument(help="The id, or the start of it, from `dlq list`.")],
    output: OutputOption = Output.TABLE,
) -> None:
    """Show one message with its content, and why it failed.

    Example:

      logctl dlq show 5fea7756
    """
    from logctl.ops.recovery import dead_letters

    with working(_LOOKING):
        letter = asdict(dead_letters.find(context.deployment, message_id))
    facts({**letter, "cause": letter["cause"].value, "sent_at": iso(letter["sent_at"])}, output)


def redrive(
    context: CommandContext,
    messages: _Messages = None,
    every: Annotated[bool, all_option("Also messages that failed because of their content.")] = False,
    yes: YesOption = False,
    dry_run: Annotated[bool, dry_run_option("Only show how many would be moved.")] = False,
) -> None:
    """Send failed messages through the pipeline again.

    Messages that failed because of their content would fail again. They are left out, unless they are chosen
    with --all or --message. The messages of an app keep their order, but come after what the app has sent
    since, and before those that are left out. Records that are stored already are not stored or counted
    twice.

    Examples:

      logctl dlq redrive --dry-run

      logctl dlq redrive --yes

      logctl dlq redrive --message 5fea7756
    """
    if messages and every:
        raise UsageError("--message and --all exclude each other.")
    if messages:
        _redrive_some(context, messages, yes=yes, dry_run=dry_run)
    else:
        _redrive_all(context, everything=every, yes=yes, dry_run=dry_run)


def _redrive_some(context: CommandContext, messages: Sequence[str], *, yes: bool, dry_run: bool) -> None:
    from logctl.ops.recovery import dead_letter_moves, dead_letters

    with working(_LOOKING):
        ids = dead_letters.chosen(context.deployment, messages)
    if dry_run:
        say(f"{counted(len(ids), 'message')} would be sent again; nothing was moved.")
        return
    confirm(f"This moves {counted(len(ids), 'dead letter')} back into the queue of {context.place}.", yes=yes)
    with working("Moving…"):
        done = dead_letter_moves.redrive_some(context.deployment, ids)
    _conclude(done, len(ids), "sent again")


def _redrive_all(context: CommandContext, *, everything: bool, yes: bool, dry_run: bool) -> None:
    from logctl.ops.recovery import dead_letter_moves

    with working(_LOOKING):
        found = dead_letter_moves.plan(context.deployment)
    total = found.moved + found.left_out + found.unseen
    going = total if everything else found.moved
    if not total:
        say(_EMPTY)
        return
    if dry_run:
        say(f"{counted(going, 'message')} would be sent again; nothing was moved.")
        _tell_left_out(found, everything=everything)
        return
    if not going + found.unseen:
        _tell_left_out(found, everything=everything)
        return
    beyond = "more than " if found.unseen and not everything else ""
    confirm(
        f"This moves {beyond}{counted(going, 'dead letter')} back into the queue of {context.place}.", yes=yes
    )
    with working("Moving…") as update:
        done = dead_letter_moves.redrive(
            context.deployment,
            everything=everything,
            on_progress=lambda moved, total: update(f"{moved:,} of {total:,} moved"),
        )
    say(f"{done.moved} of {total} messages were sent again.")
    _tell_left_out(done, everything=everything)


def _tell_left_out(found: Moved, *, everything: bool) -> None:
    if found.left_out and not everything:
        beyond = "More than " if found.unseen else ""
        one = found.left_out == 1 and not beyond
        say(
            f"{beyond}{counted(found.left_out, 'message')} failed because of {'its' if one else 'their'} "
            f"content and {'stays' if one else 'stay'}; see why with: logctl dlq list"
        )
        say("  Other messages of their apps are sent before them, in order.")
        say("  To send them anyway: logctl dlq redrive --all, or --message ID")
    if found.unseen and not everything:
        say(f"  About {found.unseen} more are behind others of their app: {_TEN}.")


def drop(
    context: CommandContext,
    messages: _Messages = None,
    yes: YesOption = False,
) -> None:
    """Delete messages from the dead-letter queue for good.

    Example:

      logctl dlq drop --message 5fea7756
    """
    from logctl.ops.recovery import dead_letter_moves, dead_letters

    if not messages:
        raise UsageError("Name the messages with --message ID.", f"See them with: {dead_letters.SEE}")
    with working(_LOOKING):
        ids = dead_letters.chosen(context.deployment, messages)
    confirm(f"This deletes {counted(len(ids), 'dead letter')} of {context.place} for good.", yes=yes)
    with working("Deleting…"):
        done = dead_letter_moves.drop(context.deployment, ids)
    _conclude(done, len(ids), "deleted")


def _conclude(done: Moved, wanted: int, how: str) -> None:
    """Print how many messages were moved; fail if SQS did not show all of them again.

    Raises:
        PartialError: some are left.
    """
    say(f"{done.moved} of {counted(wanted, 'message')} {'was' if done.moved == 1 else 'were'} {how}.")
    if done.moved < wanted:
        raise PartialError(
            f"SQS did not hand out {wanted - done.moved} of them.", "Run the same command again in a minute."
        )
