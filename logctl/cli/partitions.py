"""`logctl athena partitions` and `repair`: what S3 has, what the catalog knows."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from logctl.cli.command import command, fail
from logctl.cli.context import Context
from logctl.cli.render import Output, say, show, working
from logctl.core.errors import PartialError
from logctl.core.sizes import format_size


def register(family: typer.Typer) -> None:
    command(family, "partitions")(partitions)
    command(family, "repair")(repair)


def partitions(
    context: Context,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """List the partitions: registered or not, their objects, bytes and newest object.

    Example:

      logctl athena partitions
    """
    from logctl.ops.partitions import status

    with working("Listing catalog and bucket…"):
        found = status(context.deployment)
    rows = [
        {
            "partition": "/".join(item.partition.values),
            "registered": item.registered,
            "objects": item.content.objects,
            "bytes": item.content.bytes,
            "newest": item.content.newest.isoformat() if item.content.newest else None,
        }
        for item in found
    ]
    show(
        rows,
        ("partition", "registered", "objects", "bytes", "newest"),
        output,
        empty="There are no partitions yet.",
        right=("objects", "bytes"),
        words={"registered": lambda yes: "yes" if yes else "NO", "bytes": format_size},
    )
    unregistered = sum(not row["registered"] for row in rows)
    if unregistered:
        say(f"Athena does not see {unregistered} of them; register them with: logctl athena repair")


def repair(
    context: Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Drop partitions that S3 no longer has.")] = False,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """Register the partitions that S3 has and the catalog lacks.

    Examples:

      logctl athena repair --dry-run

      logctl athena repair --prune
    """
    from logctl.ops import partitions as ops

    with working("Comparing catalog and bucket…") as update:
        done = ops.repair(
            context.deployment,
            prune=prune,
            dry_run=dry_run,
            on_progress=lambda found: update(f"{found:,} partitions found in the bucket"),
        )
    refused = {failure.partition: failure.reason for failure in done.failures}

    def outcome(partition: Any, verb: str) -> str:
        if dry_run:
            return f"would be {verb}"
        return f"failed: {refused[partition]}" if partition in refused else verb

    rows = [
        {"partition": "/".join(partition.values), "outcome": outcome(partition, verb)}
        for group, verb in ((done.missing, "added"), (done.gone, "dropped"))
        for partition in group
    ]
    show(rows, ("partition", "outcome"), output, empty="The catalog has every partition that S3 has.")
    if refused:
        fail(PartialError(f"{len(refused)} of {len(rows)} partitions could not be changed."))
    if rows and not dry_run:
        say(f"{done.added} added, {done.dropped} dropped.")
