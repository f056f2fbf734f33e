"""`logctl athena partitions` and `repair`: what S3 has, what the catalog knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli import completion
from logctl.cli.command import command, fail
from logctl.cli.context import Context, now
from logctl.cli.render import Output, say, show, working
from logctl.core.access import is_pattern
from logctl.core.appid import RULE
from logctl.core.errors import Exit, PartialError, UsageError
from logctl.core.partitions import Gap, Partition, Scope
from logctl.core.safe_text import neutralise
from logctl.core.times import parse_range
from logctl.ops.lake.repair_method import Via
from logctl.stack.sizes import format_size

if TYPE_CHECKING:
    from logctl.ops.lake.partition_listing import Overview
    from logctl.ops.lake.repair import Differences, Repair
    from logctl.ops.lake.table_repair import Faults

_SAID_GAPS = 10

_Since = Annotated[
    str | None,
    typer.Option("-s", "--since", help="Days from here: 7d, or a time. [default: the first]"),
]
_Until = Annotated[
    str | None, typer.Option("-u", "--until", "--end", help="The end, likewise; a day it touches counts.")
]
_App = Annotated[
    list[str] | None,
    typer.Option(
        "-a",
        "--app",
        metavar="APPID",
        autocompletion=completion.apps,
        help="Only this app, or a glob; repeatable.",
    ),
]
_Output = Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")]


def register(family: typer.Typer) -> None:
    command(family, "partitions")(partitions)
    command(family, "repair")(repair)


def partitions(
    context: Context,
    since: _Since = None,
    until: _Until = None,
    app: _App = None,
    gaps: Annotated[
        bool,
        typer.Option("--gaps", help="List the days without a partition instead: app, first, last, days."),
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Only say whether catalog and bucket differ: exit 1 if so, else 0."),
    ] = False,
    output: _Output = Output.TABLE,
) -> None:
    """List the partitions: registered and compacted or not, objects, bytes, newest object.

    `small` is the share of objects under 128 MB, below which Athena spends its time on opening files (AWS,
    Top 10 performance tuning tips for Athena). A summary goes to stderr: totals, what Athena does not see,
    and gaps, which are days between an app's first and last one that have no partition, raw or compacted.

    --check lists what differs, as `repair --dry-run` does, and reads no object sizes.

    Examples:

      logctl athena partitions --since 7d --app checkout

      logctl athena partitions --gaps -o json

      logctl athena partitions --check || logctl athena repair
    """
    from logctl.ops.lake import partition_listing as ops

    scope = _scope(since, until, app)
    if check and gaps:
        raise UsageError("--check and --gaps don't go together.")
    if check:
        from logctl.ops.lake.repair import compare

        with working("Comparing catalog and bucket…") as update:
            found = compare(context.deployment, scope, on_progress=update)
        _show_outcomes(_differences(found, added="not registered"), output)
        _end_of_comparison(found)
        return
    with working("Listing catalog and bucket…") as update:
        overview = ops.status(
            context.deployment, scope, on_progress=lambda count: update(f"{count:,} partitions found")
        )
    if gaps:
        _show_gaps(overview.gaps, output)
        return
    rows = [
        {
            "partition": _named(item.partition),
            "registered": item.registered,
            "compacted": item.compacted,
            "objects": item.content.objects,
            "bytes": item.content.bytes,
            "small": item.content.small,
            "newest": item.content.newest.isoformat() if item.content.newest else None,
            "elsewhere": item.elsewhere or None,
        }
        for item in overview.partitions
    ]
    columns = ("partition", "registered", "compacted", "objects", "bytes", "small", "newest")
    show(
        rows,
        (*columns, "elsewhere") if output.for_programs else columns,
        output,
        empty="There are no partitions yet." if scope.everything else "There are no partitions in range.",
        right=("objects", "bytes", "small"),
        words={
            "registered": lambda yes: "yes" if yes else "NO",
            "compacted": lambda yes: "yes" if yes else "",
            "bytes": format_size,
            "small": _percent,
        },
    )
    if rows:
        _summarise(overview)


def repair(
    context: Context,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say what would be done, and do nothing: exit 1 if there is anything."
        ),
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Drop partitions that have no object any more.")
    ] = False,
    fix_locations: Annotated[
        bool,
        typer.Option("--fix-locations", help="Move partitions registered at another place to their own."),
    ] = False,
    since: _Since = None,
    until: _Until = None,
    app: _App = None,
    via: Annotated[
        Via,
        typer.Option(
            help="glue: its batch API. ddl: ALTER TABLE in Athena. msck: MSCK REPAIR TABLE, which only adds."
        ),
    ] = Via.GLUE,
    output: _Output = Output.TABLE,
) -> None:
    """Register the partitions that S3 has and the catalog lacks.

    Tables and views of the pipeline that were dropped or changed are made again first. Partitions are
    found by prefixes, days in parallel; with --since and --until only those days are read.
    Like `diff`, --dry-run ends with 1 when catalog and bucket differ and with 0 when they agree. When some
    partitions could not be changed, the exit code is 5.

    Examples:

      logctl athena repair --since 7d --dry-run

      logctl athena repair --prune

      logctl athena repair --via ddl --app 'web-*'
    """
    from logctl.ops.lake import compact, table_repair
    from logctl.ops.lake import repair as ops

    scope = _scope(since, until, app)
    if via is Via.MSCK and (prune or fix_locations or not scope.everything):
        raise UsageError(
            "MSCK REPAIR TABLE adds partitions of the whole table and nothing else: it takes no --since, "
            "--until, --app, --prune or --fix-locations.",
            "Use --via glue or --via ddl.",
        )
    lost = table_repair.faults(context.deployment)
    if lost:
        context.deployment.outputs()  # without a stack there is no pipeline to bring back
        _bring_back(context, lost, dry_run=dry_run)
    with working("Comparing catalog and bucket…") as update:
        found = ops.compare(context.deployment, scope, prune=prune, on_progress=update)
        compacted = compact.lost(context.deployment, scope)
    if dry_run:
        rows = _differences(found, fix_locations=fix_locations)
        _show_outcomes([*rows, *_compacted(compacted, "would be added")], output)
        _end_of_comparison(found, len(compacted))
        return
    try:
        with working("Changing the catalog…") as update:
            done = ops.repair(
                context.deployment,
                found,
                via=via,
                fix_locations=fix_locations,
                on_progress=update,
            )
            compact.restore(context.deployment, compacted)
    except KeyboardInterrupt:
        say("logctl: interrupted; what was begun is done or cancelled. Run it again for the rest.")
        raise
    rows = _outcomes(found, done)
    _show_outcomes([*rows, *_compacted(compacted, "added")], output)
    _mention(found, done)
    if done.failures:
        fail(PartialError(f"{len(done.failures)} of {len(rows)} partitions could not be changed."))


def _bring_back(context: Context, lost: Faults, *, dry_run: bool) -> None:
    """Make the tables and views again, and say so.

    Raises:
        typer.Exit: with 1, in a dry run.
    """
    from logctl.ops.lake import table_repair

    if dry_run:
        say(
            f"In the database {lost.database}, {lost.told}; repair would make them again and register "
            "their partitions."
        )
        raise typer.Exit(int(Exit.FAILED))
    table_repair.restore(context.deployment, lost)
    if lost.missing:
        say(f"Missing from the catalog, and made again: {', '.join(lost.missing)}.")
    if lost.changed:
        say(f"Changed in the catalog, and brought back: {', '.join(lost.changed)}.")


# ── What was asked for ──────────────────────────────────────────────────────────────────────────────────


def _scope(since: str | None, until: str | None, apps: list[str] | None) -> Scope:
    for name in apps or []:
        if not is_pattern(name):
            raise UsageError(f"{neutralise(name)!r} cannot name an app: {RULE}.")
    if since is None and until is None:
        return Scope.of(None, apps or ())
    try:
        span = parse_range(since or "2000-01-01", until, now(), 0)
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
    return Scope.of(span, apps or ())


# ── What is shown ───────────────────────────────────────────────────────────────────────────────────────


def _named(partition: Partition) -> str:
    return "/".join(partition.values)


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _show_outcomes(rows: list[dict[str, Any]], output: Output) -> None:
    show(rows, ("partition", "outcome"), output, empty="The catalog has every partition that S3 has.")


def _show_gaps(found: tuple[Gap, ...], output: Output) -> None:
    rows = [{"app": gap.app, "first": gap.first, "last": gap.last, "days": gap.days} for gap in found]
    show(rows, ("app", "first", "last", "days"), output, empty="There are no gaps.", right=("days",))


def _differences(
    found: Differences, *, added: str = "would be added", fix_locations: bool = False
) -> list[dict[str, Any]]:
    away = "would be moved from {}" if fix_locations else "location differs: {}"
    return [
        *({"partition": _named(p), "outcome": added} for p in found.missing),
        *({"partition": _named(p), "outcome": away.format(place)} for p, place in found.elsewhere),
        *({"partition": _named(p), "outcome": "would be dropped"} for p in found.gone),
    ]


def _outcomes(found: Differences, done: Repair) -> list[dict[str, Any]]:
    reasons = {failure.partition: f"failed: {failure.reason}" for failure in done.failures}
    outcomes = {
        **{partition: f"location differs: {place}" for partition, place in found.elsewhere},
        **dict.fromkeys(done.added, "added"),
        **dict.fromkeys(done.moved, "moved"),
        **dict.fromkeys(done.dropped, "dropped"),
        **dict.fromkeys(done.returned, "kept: records arrived meanwhile"),
        **reasons,
    }
    order = (*found.missing, *(partition for partition, _ in found.elsewhere), *found.gone)
    return [{"partition": _named(partition), "outcome": outcomes[partition]} for partition in order]


def _compacted(found: Mapping[Partition, str], outcome: str) -> list[dict[str, Any]]:
    return [{"partition": _named(partition), "outcome": f"{outcome} (compacted)"} for partition in found]


def _end_of_comparison(found: Differences, compacted: int = 0) -> None:
    _mention_foreign(found.foreign)
    if found or compacted:
        said = (
            f"{len(found.missing):,} not registered" if found.missing else "",
            f"{len(found.elsewhere):,} registered at another place" if found.elsewhere else "",
            f"{len(found.gone):,} without objects" if found.gone else "",
            f"{compacted:,} compacted ones not registered" if compacted else "",
        )
        say(f"Catalog and bucket differ: {', '.join(filter(None, said))}.")
        raise typer.Exit(int(Exit.FAILED))


def _mention(found: Differences, done: Repair) -> None:
    _mention_foreign(found.foreign)
    if found.elsewhere and not done.moved and not done.failures:
        say(f"{len(found.elsewhere):,} lie elsewhere and were left so; move them with --fix-locations.")
    counts = (("added", done.added), ("moved", done.moved), ("dropped", done.dropped))
    said = ", ".join(f"{len(those):,} {verb}" for verb, those in counts if those or verb != "moved")
    if found.missing or found.gone or done.moved:
        say(f"{said}.")


def _mention_foreign(count: int) -> None:
    if count:
        say(f"{count:,} registered partitions have values that are not logctl's; they are left alone.")


def _summarise(overview: Overview) -> None:
    total, listed = overview.total, overview.partitions
    say(f"{len(listed):,} partitions, {total.objects:,} objects, {format_size(total.bytes)}.")
    if total.small is not None:
        say(f"{_percent(total.small)} of the objects are smaller than 128 MB.")
    unseen = sum(not item.registered for item in listed)
    empty = sum(item.registered and not item.content.objects and not item.compacted for item in listed)
    away = sum(bool(item.elsewhere) for item in listed)
    if overview.projected:
        say("The table uses partition projection: Athena works out partitions itself, registered or not.")
    elif unseen:
        say(f"Athena does not see {unseen:,} of them; register them with: logctl athena repair")
    if away:
        say(f"{away:,} are registered at another place; see: logctl athena repair --dry-run")
    if empty:
        say(f"{empty:,} have no objects; drop them with: logctl athena repair --prune")
    _mention_foreign(overview.foreign)
    if overview.gaps:
        say(f"{len(overview.gaps):,} gaps, {sum(gap.days for gap in overview.gaps):,} days without records:")
        for gap in overview.gaps[:_SAID_GAPS]:
            days = gap.first if gap.days == 1 else f"{gap.first} to {gap.last}"
            say(f"  {gap.app}: {days}")
        if len(overview.gaps) > _SAID_GAPS:
            say(f"  and {len(overview.gaps) - _SAID_GAPS:,} more: logctl athena partitions --gaps")
