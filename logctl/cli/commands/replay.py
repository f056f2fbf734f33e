"""The command `logctl replay`: rebuild rows of the hot store from cold storage."""

from __future__ import annotations

from typing import Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.options import OutputOption, UntilOption, app_option, dry_run_option, since_option
from logctl.cli.render import Output, say, show, working
from logctl.core.access import is_pattern
from logctl.core.appid import RULE
from logctl.core.errors import PartialError, UsageError
from logctl.core.times import DAY, format_duration, parse_range
from logctl.stack.sizes import format_size


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "replay")(replay)


def replay(
    context: CommandContext,
    app: Annotated[
        list[str],
        app_option("An app, or the apps that match a pattern such as 'web-*'; repeatable."),
    ],
    since: Annotated[str, since_option("", "--start")],
    until: UntilOption = None,
    dry_run: Annotated[bool, dry_run_option("Only show what is missing.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Restore records of the hot store from cold storage.

    The hot store is what tail, the API and the dashboard read. Rows that exist are not changed, so the
    command can be repeated. Restored records are not counted again and cause no alerts. A row that is added
    is kept for hot_retention from now. The command needs permission to read the bucket and to write the hot
    table.

    Examples:

      logctl replay --app checkout --since 6h --dry-run

      logctl replay --app 'web-*' --since 2026-01-31 --until 2026-02-01
    """
    from logctl.ops.recovery.replay import Replay

    for name in app:
        if not is_pattern(name):
            raise UsageError(f"{name!r} cannot name an app: {RULE}.")
    try:
        span = parse_range(since, until, now(), DAY)
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
    with working("Reading cold storage…") as update:
        work = Replay(context.deployment, app, span, now=now(), on_progress=update)
        outcome = work.plan() if dry_run else work.run()
    show(
        [
            {
                "app": item.app,
                "messages": item.batches,
                "rows_missing" if dry_run else "rows_added": item.added,
                "records": item.records,
                "rows_there": item.present,
            }
            for item in outcome.apps
        ],
        ("app", "messages", "rows_missing" if dry_run else "rows_added", "records", "rows_there"),
        output,
        empty="Cold storage has no records of these apps in this range.",
        right=("messages", "rows_missing", "rows_added", "records", "rows_there"),
    )
    if outcome.scanned:
        say(f"Athena read {format_size(outcome.scanned)} of compacted days.")
    records = sum(item.records for item in outcome.apps)
    if dry_run:
        say(f"{records:,} records would be added; nothing was written.")
    elif outcome.apps:
        kept = format_duration(context.deployment.pipeline_config().hot_retention)
        say(f"{records:,} records were added to the hot store, for {kept}.")
    for item in outcome.unreadable[:5]:
        say(f"  {item.key}: {item.problem}")
    if outcome.unreadable:
        raise PartialError(f"{len(outcome.unreadable)} objects could not be read; everything else is done.")
