"""`logctl athena partitions` and `logctl athena repair`: the partitions in S3 and in the Glue catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command_registration import command, fail
from logctl.cli.context import CommandContext, now
from logctl.cli.options import AppPatternsOption, OutputOption, UntilOption, dry_run_option, since_option
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
    from logctl.ops.lake.partition_listing import Overview, PartitionStatus
    from logctl.ops.lake.repair import Differences, Repair
    from logctl.ops.lake.table_repair import Faults

_GAPS_IN_SUMMARY = 10


def register(family: typer.Typer) -> None:
    """Add the commands to `logctl athena`."""
    command(family, "partitions")(partitions)
    command(family, "repair")(repair)


@dataclass(frozen=True)
class ScopeOptions:
    """The options that choose partitions by day and app."""

    since: Annotated[str | None, since_option("default: the first day")] = None
    until: UntilOption = None
    app: AppPatternsOption = None

    def scope(self) -> Scope:
        """Return the partitions that are chosen: every day that the time range touches.

        Raises:
            UsageError: a time or an app is not valid.
        """
        for name in self.app or []:
            if not is_pattern(name):
                raise UsageError(f"{neutralise(name)!r} cannot name an app: {RULE}.")
        if self.since is None and self.until is None:
            return Scope.of(None, self.app or ())
        try:
            span = parse_range(self.since or "1980-01-01", self.until, now(), 0)
        except ValueError as problem:
            raise UsageError(f"{problem}.") from None
        return Scope.of(span, self.app or ())


def partitions(
    context: CommandContext,
    chosen: ScopeOptions,
    gaps: Annotated[
        bool,
        typer.Option(
            "--gaps", help="List the gaps instead: app, first and last day without a partition, days."
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Only compare the catalog with the bucket: exit with 1 if they differ, else 0."
        ),
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """List partitions and their objects.

    For each partition: whether it is registered and compacted, its objects, their bytes, and the newest. The
    column `small` is the share of objects under 128 MB; for such objects Athena spends most of its time
    on opening files (AWS, Top 10 performance tuning tips for Amazon Athena). A summary is written to stderr:
    totals, partitions that Athena does not see, and gaps. A gap is a run of days without a partition, raw or
    compacted, between the first and the last day of an app.

    --check lists the differences, as `logctl athena repair --dry-run` does, without reading object sizes.

    Examples:

      logctl athena partitions --since 7d --app checkout

      logctl athena partitions --gaps -o json

      logctl athena partitions --check || logctl athena repair
    """
    scope = chosen.scope()
    if check and gaps:
        raise UsageError("--check and --gaps exclude each other.")
    if check:
        _check(context, scope, output)
        return
    from logctl.ops.lake import partition_listing

    with working("Listing catalog and bucket…") as update:
        overview = partition_listing.status(
            context.deployment, scope, on_progress=lambda count: update(f"{count:,} partitions found")
        )
    if gaps:
        _show_gaps(overview.gaps, output)
        return
    _show_partitions(
        overview.partitions,
        output,
        empty="There are no partitions yet." if scope.everything else "There are no partitions in range.",
    )
    if overview.partitions:
        _summarise(overview)


def _check(context: CommandContext, scope: Scope, output: Output) -> None:
    from logctl.ops.lake.repair import compare

    with working("Comparing catalog and bucket…") as update:
        found = compare(context.deployment, scope, on_progress=update)
    _show_outcomes(_differences(found, added="not registered"), output)
    _end_of_comparison(found)


def repair(
    context: CommandContext,
    chosen: ScopeOptions,
    dry_run: Annotated[
        bool,
        dry_run_option(
            "Show what would be done, and change nothing: exit with 1 if there is something to do."
        ),
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove partitions that no longer have objects from the catalog.")
    ] = False,
    fix_locations: Annotated[
        bool,
        typer.Option(
            "--fix-locations", help="Correct the location of partitions that are registered with another one."
        ),
    ] = False,
    via: Annotated[
        Via,
        typer.Option(
            help="How to register partitions. glue: Glue's batch API. ddl: ALTER TABLE in Athena. msck: MSCK "
            "REPAIR TABLE, which only adds."
        ),
    ] = Via.GLUE,
    output: OutputOption = Output.TABLE,
) -> None:
    """Register partitions that are missing from the catalog.

    Tables and views of the pipeline that were dropped or changed are restored first. Partitions are found by
    listing prefixes, several days in parallel; with --since and --until only those days are listed.
    Like `diff`, --dry-run exits with 1 when catalog and bucket differ, and with 0 when they agree. When some
    partitions could not be changed, the exit code is 5.

    Examples:

      logctl athena repair --since 7d --dry-run

      logctl athena repair --prune

      logctl athena repair --via ddl --app 'web-*'
    """
    from logctl.ops.lake import compact, table_repair
    from logctl.ops.lake import repair as ops

    scope = chosen.scope()
    if via is Via.MSCK and (prune or fix_locations or not scope.everything):
        raise UsageError(
            "MSCK REPAIR TABLE adds partitions of the whole table and nothing else: it takes no --since, "
            "--until, --app, --prune or --fix-locations.",
            "Use --via glue or --via ddl.",
        )
    faults = table_repair.faults(context.deployment)
    if faults:
        context.deployment.outputs()  # raises where no stack is deployed: then there is nothing to restore
        _restore_tables(context, faults, dry_run=dry_run)
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
                context.deployment, found, via=via, fix_locations=fix_locations, on_progress=update
            )
            compact.restore(context.deployment, compacted)
    except KeyboardInterrupt:
        say("logctl: interrupted. Every change that had begun is complete or cancelled.")
        say("  Run the same command again for the rest.")
        raise
    rows = _outcomes(found, done)
    _show_outcomes([*rows, *_compacted(compacted, "added")], output)
    _report_repair(found, done)
    if done.failures:
        fail(PartialError(f"{len(done.failures)} of {len(rows)} partitions could not be changed."))


def _restore_tables(context: CommandContext, faults: Faults, *, dry_run: bool) -> None:
    """Restore tables and views of the pipeline, and report it.

    Raises:
        typer.Exit: with 1, in a dry run.
    """
    from logctl.ops.lake import table_repair

    if dry_run:
        say(
            f"In the database {faults.database}, {faults.told}; repair would restore them and register their "
            "partitions."
        )
        raise typer.Exit(int(Exit.FAILED))
    table_repair.restore(context.deployment, faults)
    if faults.missing:
        say(f"Missing from the catalog, and created again: {', '.join(faults.missing)}.")
    if faults.changed:
        say(f"Changed in the catalog, and restored: {', '.join(faults.changed)}.")


# ── Output ──────────────────────────────────────────────────────────────────────────────────────────────


def _named(partition: Partition) -> str:
    """Return a partition as year/month/day/appid."""
    return "/".join(partition.values)


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _show_partitions(listed: Sequence[PartitionStatus], output: Output, *, empty: str) -> None:
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
        for item in listed
    ]
    columns = ("partition", "registered", "compacted", "objects", "bytes", "small", "newest")
    show(
        rows,
        (*columns, "elsewhere") if output.for_programs else columns,
        output,
        empty=empty,
        right=("objects", "bytes", "small"),
        words={
            "registered": lambda yes: "yes" if yes else "NO",
            "compacted": lambda yes: "yes" if yes else "",
            "bytes": format_size,
            "small": _percent,
        },
    )


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
    """Report how many partitions differ.

    Raises:
        typer.Exit: with 1, if there is a difference.
    """
    _report_foreign(found.foreign)
    if found or compacted:
        said = (
            f"{len(found.missing):,} not registered" if found.missing else "",
            f"{len(found.elsewhere):,} registered at another location" if found.elsewhere else "",
            f"{len(found.gone):,} without objects" if found.gone else "",
            f"{compacted:,} compacted ones not registered" if compacted else "",
        )
        say(f"Catalog and bucket differ: {', '.join(filter(None, said))}.")
        raise typer.Exit(int(Exit.FAILED))


def _report_repair(found: Differences, done: Repair) -> None:
    _report_foreign(found.foreign)
    if found.elsewhere and not done.moved and not done.failures:
        say(
            f"{len(found.elsewhere):,} are registered at another location and were not changed; correct them "
            "with --fix-locations."
        )
    counts = (("added", done.added), ("moved", done.moved), ("dropped", done.dropped))
    said = ", ".join(f"{len(those):,} {verb}" for verb, those in counts if those or verb != "moved")
    if found.missing or found.gone or done.moved:
        say(f"{said}.")


def _report_foreign(count: int) -> None:
    if count:
        say(f"{count:,} registered partitions are not logctl's own, by their values. They are not changed.")


def _summarise(overview: Overview) -> None:
    total, listed = overview.total, overview.partitions
    say(f"{len(listed):,} partitions, {total.objects:,} objects, {format_size(total.bytes)}.")
    if total.small is not None:
        say(f"{_percent(total.small)} of the objects are smaller than 128 MB.")
    unseen = sum(not item.registered for item in listed)
    empty = sum(item.registered and not item.content.objects and not item.compacted for item in listed)
    away = sum(bool(item.elsewhere) for item in listed)
    if overview.projected:
        say("The table uses partition projection: Athena computes the partitions, whether registered or not.")
    elif unseen:
        say(f"Athena does not see {unseen:,} of them; register them with: logctl athena repair")
    if away:
        say(f"{away:,} are registered at another location; see: logctl athena repair --dry-run")
    if empty:
        say(f"{empty:,} have no objects; drop them with: logctl athena repair --prune")
    _report_foreign(overview.foreign)
    if overview.gaps:
        say(f"{len(overview.gaps):,} gaps, {sum(gap.days for gap in overview.gaps):,} days without records:")
        for gap in overview.gaps[:_GAPS_IN_SUMMARY]:
            days = gap.first if gap.days == 1 else f"{gap.first} to {gap.last}"
            say(f"  {gap.app}: {days}")
        if len(overview.gaps) > _GAPS_IN_SUMMARY:
            say(f"  and {len(overview.gaps) - _GAPS_IN_SUMMARY:,} more: logctl athena partitions --gaps")
