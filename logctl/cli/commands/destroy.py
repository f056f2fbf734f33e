"""`logctl destroy`: remove the stack, and on request its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.confirmation import confirm, confirm_by_name
from logctl.cli.context import CommandContext
from logctl.cli.options import YesOption
from logctl.cli.render import say
from logctl.cli.stack_progress import StackProgress
from logctl.core.errors import LogctlError, PartialError
from logctl.core.safe_text import counted

if TYPE_CHECKING:
    from logctl.stack.provision import Destroyed


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "destroy")(destroy)


def destroy(
    context: CommandContext,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Also delete the data: the bucket and tables with all logs.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Remove the pipeline. The data (bucket and tables) is kept unless --delete-data is given.

    A later `logctl provision` takes over the data that was kept. Only resources with the tags of this
    environment are deleted. Other resources that have one of its names are listed and not changed; the exit
    code is then 5, or 1 if nothing was deleted.

    Examples:

      logctl destroy

      logctl destroy --delete-data --yes
    """
    from logctl.stack.provision import Provisioner

    names = context.deployment.names
    if delete_data and not yes:
        warning = f"This deletes {names.stack} AND ALL ITS LOGS in {context.place}. They cannot be restored."
        confirm_by_name(warning, names.stack)
    else:
        confirm(f"This removes {names.stack} ({context.place}). Its data is kept.", yes=yes)
    with StackProgress(0) as progress:
        done = Provisioner(context.aws, context.settings).destroy(
            delete_data=delete_data,
            on_event=progress,
            on_emptied=lambda bucket, objects: say(f"  {objects:,} objects deleted from {bucket}"),
        )
    for thing in done.deleted:
        say(f"  deleted {thing}")
    for thing in done.retained:
        say(f"  kept {thing}")
    for item in done.left:
        say(f"  left {item.thing}: {item.reason}")
    if not done.deleted and not done.left:
        say(f"There was no {names.stack} to remove in {context.place}.")
    if done.retained:
        say(f"To delete what was kept: logctl destroy --delete-data{context.target_flag}")
    if done.left:
        raise _left_error(context, done)


def _left_error(context: CommandContext, done: Destroyed) -> LogctlError:
    """Return the error about resources that have names of the environment and were not deleted."""
    names = context.deployment.names
    what = f"{counted(len(done.left), 'resource')} with names of {names.stack} left alone"
    tags = " and ".join(f"{key}={value}" for key, value in names.tags.items())
    hint = f"If they belong to this environment, tag them {tags}, and run the same command again."
    if not done.deleted:
        return LogctlError(f"Nothing was deleted; {what}: not tagged as this environment's.", hint)
    return PartialError(f"{what}: not tagged as this environment's.", hint)
