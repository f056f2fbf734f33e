"""`logctl athena compact`: JSON of closed days into Parquet."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from logctl.cli.command import command
from logctl.cli.completion import apps as apps_there
from logctl.cli.context import Context, now
from logctl.cli.render import Output, say, show, working
from logctl.core.appid import RULE, is_appid
from logctl.core.errors import UsageError
from logctl.core.safe_text import neutralise
from logctl.core.times import DAY, format_duration, parse_duration, parse_range
from logctl.stack.sizes import format_size

_LOOK_BACK = 35 * DAY


def register(family: typer.Typer) -> None:
    command(family, "compact")(compact)


def compact(
    context: Context,
    since: Annotated[str | None, typer.Option("-s", "--since", help="3d, or a time. [default: 35d]")] = None,
    until: Annotated[str | None, typer.Option("-u", "--until", "--end", help="The end, likewise.")] = None,
    app: Annotated[
        list[str] | None,
        typer.Option(
            "-a", "--app", metavar="APPID", autocompletion=apps_there, help="Only this app; repeatable."
        ),
    ] = None,
    grace: Annotated[
        str, typer.Option(help="Keep what was replaced for this long, for queries that are running.")
    ] = "1h",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """Turn the JSON objects of closed days into sorted Parquet, by Athena, and verify every batch.

    Queries then read a fraction of the bytes; `logs` has every record once at every moment. A day is closed
    an hour after its end in UTC. Late records are taken up by the next run. Killed, run it again.

    Examples:

      logctl athena compact --since 7d

      logctl athena compact --since 2026-03-01 --until 2026-04-01 --app checkout --dry-run
    """
    from logctl.ops.lake.compact import compactor

    for name in app or []:
        if not is_appid(name):
            raise UsageError(f"{neutralise(name)!r} cannot name an app: {RULE}.")
    try:
        span = parse_range(since, until, now(), _LOOK_BACK)
        kept = 0 if grace == "0" else parse_duration(grace)
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
    found: list[Any] = []
    with working("Looking for closed days…") as update:
        work = compactor(context.deployment, grace=kept, on_progress=update)
        if dry_run:
            report = work.plan(span, app or ())
            found = list(report.compacted)
        else:
            for item in work.run(span, app or ()):
                found.append(item)
                update(f"{'/'.join(item.partition.values)} is compacted")
            report = work.report()
    rows = [
        {
            "partition": "/".join(item.partition.values),
            "records": item.records if not dry_run else None,
            "objects": item.before.objects,
            "bytes": item.before.bytes,
            "files": item.after.objects if not dry_run else None,
            "compacted_bytes": item.after.bytes if not dry_run else None,
        }
        for item in found
    ]
    planned = ("partition", "objects", "bytes")
    done = ("partition", "records", "objects", "bytes", "files", "compacted_bytes")
    show(
        rows,
        planned if dry_run else done,
        output,
        empty="Nothing to compact: every closed day in the range is compacted, or has no records.",
        right=("records", "objects", "bytes", "files", "compacted_bytes"),
        words={"bytes": format_size, "compacted_bytes": format_size},
    )
    if dry_run:
        say(f"{len(rows)} partitions would be compacted.")
        return
    if report.deleted:
        say(f"{report.deleted:,} replaced objects deleted.")
    if report.waiting:
        say(
            f"{report.waiting:,} replaced objects stay for {format_duration(kept)}, for queries that are "
            "running, and are read until then. The next run deletes them."
        )
