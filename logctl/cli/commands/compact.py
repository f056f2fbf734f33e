"""`logctl athena compact`: turn the JSON objects of closed days into Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.options import DryRunOption, OutputOption, UntilOption, app_option, since_option
from logctl.cli.render import Output, say, show, working
from logctl.core.appid import RULE, is_appid
from logctl.core.errors import UsageError
from logctl.core.safe_text import neutralise
from logctl.core.times import DAY, format_duration, parse_duration, parse_range
from logctl.stack.sizes import format_size

if TYPE_CHECKING:
    from logctl.pipeline.compaction import Compacted

_DEFAULT_RANGE = 35 * DAY


def register(family: typer.Typer) -> None:
    """Add the command to `logctl athena`."""
    command(family, "compact")(compact)


def compact(
    context: CommandContext,
    since: Annotated[str | None, since_option("default: 35d")] = None,
    until: UntilOption = None,
    app: Annotated[list[str] | None, app_option("Only this app; repeatable.")] = None,
    grace: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="Keep the replaced objects for this time, because running queries may still read them. "
            "Objects that tail and the dashboard still need (hot_retention) stay longer.",
        ),
    ] = "1h",
    dry_run: DryRunOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Rewrite closed days as sorted Parquet.

    Athena rewrites the JSON objects, and each batch is verified. Queries then read a fraction of the bytes.
    At any time, `logs` has every record exactly once. A day is closed one hour after its end in UTC. Records
    that arrive later are included by the next run. A run that was interrupted can be repeated.

    Examples:

      logctl athena compact --since 7d

      logctl athena compact --since 2026-03-01 --until 2026-04-01 --app checkout --dry-run
    """
    from logctl.ops.lake.compact import compactor

    for name in app or []:
        if not is_appid(name):
            raise UsageError(f"{neutralise(name)!r} cannot name an app: {RULE}.")
    try:
        span = parse_range(since, until, now(), _DEFAULT_RANGE)
        kept = 0 if grace == "0" else parse_duration(grace)
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
    with working("Looking for closed days…") as update:
        work = compactor(context.deployment, grace=kept, on_progress=update)
        if dry_run:
            planned = work.plan(span, app or ()).compacted
        else:
            done = []
            for item in work.run(span, app or ()):
                done.append(item)
                update(f"{'/'.join(item.partition.values)} is compacted")
    if dry_run:
        _show(planned, output, done=False)
        say(f"{len(planned)} partitions would be compacted.")
        return
    _show(done, output, done=True)
    report = work.report()
    if report.deleted:
        say(f"{report.deleted:,} replaced objects deleted.")
    if report.waiting:
        say(
            f"{report.waiting:,} replaced objects stay, because running queries may still read them "
            f"(for {format_duration(kept)}), or tail and the dashboard (as long as hot_retention says). "
            "A later run deletes them."
        )


def _show(found: Sequence[Compacted], output: Output, *, done: bool) -> None:
    """Show the partitions that were compacted, or that would be in a dry run."""
    planned = ("partition", "objects", "bytes")
    columns = ("partition", "records", "objects", "bytes", "files", "compacted_bytes") if done else planned
    show(
        [
            {
                "partition": "/".join(item.partition.values),
                "records": item.records if done else None,
                "objects": item.before.objects,
                "bytes": item.before.bytes,
                "files": item.after.objects if done else None,
                "compacted_bytes": item.after.bytes if done else None,
            }
            for item in found
        ],
        columns,
        output,
        empty="Nothing to compact: every closed day in the range is compacted or has no records.",
        right=("records", "objects", "bytes", "files", "compacted_bytes"),
        words={"bytes": format_size, "compacted_bytes": format_size},
    )
