"""`logctl debounce`: what alerts are held back."""

from __future__ import annotations

from typing import Annotated

import typer

from logctl.cli.command import command
from logctl.cli.context import Context, now
from logctl.cli.render import Output, facts, show
from logctl.core.times import format_duration


def register(app: typer.Typer) -> None:
    family = typer.Typer(help="What alerts are held back, and why.", no_args_is_help=True)
    command(family, "list")(listing)
    command(family, "show")(show_key)
    app.add_typer(family, name="debounce")


def _left(milliseconds: int) -> str:
    return format_duration(milliseconds) if milliseconds else "over"


def listing(
    context: Context,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """List the kinds of error that are open: counted, reported, held back, and when the window ends.

    Example:

      logctl debounce list
    """
    from logctl.ops.debounce import standings

    show(
        [standing.row for standing in standings(context.deployment, now=now())],
        (
            "key",
            "state",
            "window_left_ms",
            "counted",
            "reported",
            "held_back",
            "last_alert_at",
            "kind",
        ),
        output,
        empty="No alert is open.",
        right=("window_left_ms", "counted", "reported", "held_back"),
        words={"window_left_ms": _left},
    )


def show_key(
    context: Context,
    key: Annotated[str, typer.Argument(help="As `debounce list` shows it: app#LEVEL#fingerprint.")],
    output: Annotated[Output, typer.Option("-o", "--output", help="How it is written.")] = Output.TABLE,
) -> None:
    """Show one kind of error: its state, window, counts, last alert and a sample.

    Example:

      logctl debounce show 'checkout#ERROR#0a1b2c3d4e5f'
    """
    from logctl.ops.debounce import standing

    row = standing(context.deployment, key, now=now()).row
    if output is Output.TABLE:
        row = {**row, "window_left": _left(row.pop("window_left_ms"))}
    facts(row, output)
