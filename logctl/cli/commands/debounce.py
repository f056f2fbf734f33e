"""`logctl debounce`: what alerts are held back, and silencing them."""

from __future__ import annotations

from typing import Annotated

import typer

from logctl.cli import completion
from logctl.cli.command import command
from logctl.cli.context import Context, now
from logctl.cli.render import Output, facts, say, show
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.times import format_duration, iso, parse_duration
from logctl.stack.names import Names

_Key = Annotated[
    str,
    typer.Argument(
        autocompletion=completion.keys,
        help="As `debounce list` shows it: app#LEVEL#fingerprint.",
    ),
]


def register(app: typer.Typer) -> None:
    family = typer.Typer(help="What alerts are held back, and why.", no_args_is_help=True)
    command(family, "list")(listing)
    command(family, "show")(show_key)
    command(family, "explain")(explain)
    command(family, "simulate")(simulate)
    command(family, "silence")(silence)
    command(family, "silences")(silences)
    command(family, "clear")(clear)
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
    from logctl.ops.alerts.debounce_states import standings

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
            "silenced_until",
            "kind",
        ),
        output,
        empty="No alert is open.",
        right=("window_left_ms", "counted", "reported", "held_back"),
        words={"window_left_ms": _left},
    )


def show_key(
    context: Context,
    key: _Key,
    output: Annotated[Output, typer.Option("-o", "--output", help="How it is written.")] = Output.TABLE,
) -> None:
    """Show one kind of error: its state, window, counts, last alert and a sample.

    Example:

      logctl debounce show 'checkout#ERROR#0a1b2c3d4e5f'
    """
    from logctl.ops.alerts.debounce_states import standing

    row = standing(context.deployment, key, now=now()).row
    if not output.for_programs:
        row = {**row, "window_left": _left(row.pop("window_left_ms"))}
    facts(row, output)


def explain(
    context: Context,
    key: _Key,
    output: Annotated[Output, typer.Option("-o", "--output", help="How it is written.")] = Output.TABLE,
) -> None:
    """Say why the next event of a kind would alert or would not, and when one could.

    Goes by what is counted, silenced and configured at this moment, as the consumer would.

    Example:

      logctl debounce explain 'checkout#ERROR#0a1b2c3d4e5f'
    """
    from logctl.ops.alerts import debounce_states

    told = debounce_states.explain(context.deployment, key, now=now())
    wait = None if told.at is None else told.at - told.now
    shown: dict[str, object] = {
        "key": str(told.key),
        "would_alert": told.alerts,
        "next": told.action.value,
        "why": told.why,
        "could_alert_at": None if told.at is None else iso(told.at),
    }
    if not output.for_programs:
        shown["would_alert"] = "yes" if told.alerts else "no"
        shown["could_alert_in"] = "never" if wait is None else format_duration(wait) if wait else "at once"
    else:
        shown["could_alert_in_ms"] = wait
    facts(shown, output)


def simulate(
    context: Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Log files, gzip and zstd too.")],
    app: Annotated[
        str | None, typer.Option("--app", "-a", metavar="APPID", help="The app that the logs are of.")
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", help="Another window than alert_window: 5m, 1h.")
    ] = None,
    level: Annotated[str | None, typer.Option("--level", help="Another level than alert_level.")] = None,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """Show the alerts that log files would have caused. Needs no AWS, and sends nothing.

    The same rules and settings as in the pipeline, with the events' own times as the clock: what alerts,
    what is held back, when windows end. Try another window before you provision it.

    Examples:

      logctl debounce simulate app.log --app checkout

      logctl debounce simulate app.log.gz --app checkout --window 1h -o json
    """
    from logctl.cli.commands.send import show_refusals
    from logctl.ops.alerts.simulate import simulate as run
    from logctl.ops.send.input_messages import Inputs

    given = {"alert_window": window, "alert_level": level}
    settings = context.with_flags(given).settings
    inputs = Inputs(files, app, "simulation")
    found = run(
        inputs,
        window=settings.alert_window,
        level=settings.alert_level,
        stack=Names.of(settings).stack,
        redact=settings.redact,
    )
    show(
        [
            {
                "at": iso(told.at),
                "alert": told.alert.kind.value,
                "key": str(told.alert.key),
                "events": told.alert.count,
                "subject": told.alert.subject,
                "kind": told.template,
                "body": told.alert.body,
            }
            for told in found.told
        ],
        ("at", "alert", "key", "events", "kind"),
        output,
        empty="Nothing in it would alert.",
        right=("events",),
    )
    say(
        f"{found.records:,} records, {found.counted:,} of them errors of {found.kinds:,} kinds: "
        f"{len(found.told):,} alerts, with a window of {format_duration(settings.alert_window)}."
    )
    if found.untimed:
        say(f"{found.untimed:,} errors have no time of their own; they count at the time of their file.")
    if found.refused:
        show_refusals(found.refused)
        raise PartialError(f"{len(found.refused)} records could not be read; the others are simulated.")


def silence(
    context: Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="KEY|APPID",
            autocompletion=completion.keys_and_apps,
            help="One kind of error, or a whole app.",
        ),
    ],
    duration: Annotated[str, typer.Option("--for", help="For how long: 30m, 2h, 1d.")],
    comment: Annotated[str, typer.Option("--comment", help="Why, for the others.")] = "",
) -> None:
    """Publish nothing about a kind of error, or an app, for a while.

    Events are counted meanwhile, and reported when the silence ends.

    Examples:

      logctl debounce silence checkout --for 2h --comment 'moving the database'

      logctl debounce silence 'checkout#ERROR#0a1b2c3d4e5f' --for 30m
    """
    from logctl.ops.alerts import debounce_states

    try:
        milliseconds = parse_duration(duration)
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
    made = debounce_states.silence(
        context.deployment, what, duration=milliseconds, comment=comment, now=now()
    )
    say(f"Nothing is published about {made.target} until {iso(made.until)}; events are counted.")
    say(f"  End it before: logctl debounce clear '{made.target}'{context.target_flag}")


def silences(
    context: Context,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """List the silences that hold, and those that ended in the last seven days.

    Example:

      logctl debounce silences
    """
    from logctl.ops.alerts import debounce_states
    from logctl.pipeline.alerting.overview import silence_row

    moment = now()
    show(
        [silence_row(item, moment) for item in debounce_states.silences(context.deployment, now=moment)],
        ("target", "active", "until", "author", "comment", "created_at"),
        output,
        empty="Nothing is silenced.",
        words={"active": lambda active: "yes" if active else "ended"},
    )


def clear(
    context: Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="KEY|APPID", autocompletion=completion.keys_and_apps, help="What was silenced."
        ),
    ],
) -> None:
    """End a silence now. What was held back is reported by the next sweeps, within two minutes.

    Example:

      logctl debounce clear checkout
    """
    from logctl.ops.alerts import debounce_states

    ended = debounce_states.clear(context.deployment, what, now=now())
    if ended is None:
        raise LogctlError(f"There is no silence of {what}.", "See them with: logctl debounce silences")
    say(f"The silence of {ended.target} is ended; it would have lasted until {iso(ended.until)}.")
