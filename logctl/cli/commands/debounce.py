"""`logctl debounce`: the state of alerts by kind of error, and silences."""

from __future__ import annotations

from typing import Annotated

import typer

from logctl.cli import completion
from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.options import OutputOption, app_option, level_option
from logctl.cli.reading_options import FormatOption, TimezoneOption, reading_choice
from logctl.cli.render import Output, facts, say, show
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.times import format_duration, iso, parse_duration
from logctl.stack.names import Names

_Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        autocompletion=completion.keys,
        help="Key of a kind of error, as `logctl debounce list` shows it: app#LEVEL#fingerprint.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    family = typer.Typer(help="Show, explain, simulate and silence alerts.", no_args_is_help=True)
    command(family, "list")(listing)
    command(family, "show")(show_key)
    command(family, "explain")(explain)
    command(family, "simulate")(simulate)
    command(family, "silence")(silence)
    command(family, "silences")(silences)
    command(family, "clear")(clear)
    app.add_typer(family, name="debounce")


def _left(milliseconds: int) -> str:
    """Return the time left in a window."""
    return format_duration(milliseconds) if milliseconds else "over"


def listing(
    context: CommandContext,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the kinds of error that have an open alert.

    For each kind: the events counted, reported and suppressed, and when the window ends.

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
    context: CommandContext,
    key: _Key,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the state of one kind of error.

    The state has window, counts, last alert and a sample event.

    Example:

      logctl debounce show 'checkout#ERROR#0a1b2c3d4e5f'
    """
    from logctl.ops.alerts.debounce_states import standing

    row = standing(context.deployment, key, now=now()).row
    if not output.for_programs:
        row = {**row, "window_left": _left(row.pop("window_left_ms"))}
    facts(row, output)


def explain(
    context: CommandContext,
    key: _Key,
    output: OutputOption = Output.TABLE,
) -> None:
    """Explain whether the next event of a kind would alert.

    If it would not, the earliest time of an alert is shown. The answer follows from the counts, silences and
    settings at this moment, by the rules that the consumer applies.

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
    context: CommandContext,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…", help="Log files, which may be compressed with gzip, zstd, bzip2 or xz."
        ),
    ],
    app: Annotated[str | None, app_option("The app that the records belong to.", may_be_new=True)] = None,
    window: Annotated[
        str | None,
        typer.Option(
            "--window",
            metavar="TIME",
            help="Time window to simulate, such as 5m or 1h, instead of alert_window.",
        ),
    ] = None,
    level: Annotated[
        str | None, level_option("Least level that alerts in the simulation, instead of alert_level.")
    ] = None,
    form: FormatOption = "auto",
    timezone: TimezoneOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show the alerts that log files would have caused.

    AWS is not needed, and nothing is sent. The simulation applies the rules and settings of the pipeline,
    with the events' own times as the clock: which events alert, which are suppressed, and when windows end.
    Use it to try a window before you provision it.

    Examples:

      logctl debounce simulate app.log --app checkout

      logctl debounce simulate app.log.gz --app checkout --window 1h -o json
    """
    from logctl.cli.refusals import show_refusals
    from logctl.ops.alerts.simulate import simulate as run
    from logctl.ops.send.input_messages import Inputs

    given = {"alert_window": window, "alert_level": level}
    settings = context.with_flags(given).settings
    choice = reading_choice(context, timezone, form)
    inputs = Inputs(
        files,
        app,
        "simulation",
        form=choice.form,
        zone=choice.zone.zone,
        formats=choice.formats,
        only=choice.only,
        app_names=dict(settings.apps),
        sources=choice.sources,
        notice=say,
    )
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
        empty="No record in these files would alert.",
        right=("events",),
    )
    say(
        f"{found.records:,} records, {found.counted:,} of them errors of {found.kinds:,} kinds: "
        f"{len(found.told):,} alerts, with a window of {format_duration(settings.alert_window)}."
    )
    if found.untimed:
        say(f"{found.untimed:,} errors have no time of their own; the time of their file is used.")
    if found.refused:
        show_refusals(found.refused)
        raise PartialError(
            f"{len(found.refused)} records could not be read and are not part of the simulation."
        )


def silence(
    context: CommandContext,
    what: Annotated[
        str,
        typer.Argument(
            metavar="KEY|APPID",
            autocompletion=completion.keys_and_apps,
            help="Key of a kind of error, or an app.",
        ),
    ],
    duration: Annotated[
        str, typer.Option("--for", metavar="TIME", help="Duration of the silence: 30m, 2h, 1d.")
    ],
    comment: Annotated[
        str, typer.Option("--comment", metavar="TEXT", help="The reason, for others to read.")
    ] = "",
) -> None:
    """Silence alerts about a kind of error, or an app, for some time.

    Events are still counted, and are reported when the silence ends.

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
    say(f"Alerts about {made.target} are silenced until {iso(made.until)}; events are still counted.")
    say(f"  To end the silence earlier: logctl debounce clear '{made.target}'{context.target_flag}")


def silences(
    context: CommandContext,
    output: OutputOption = Output.TABLE,
) -> None:
    """List silences.

    They are the active ones, and those that ended in the last seven days.

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
    context: CommandContext,
    what: Annotated[
        str,
        typer.Argument(
            metavar="KEY|APPID",
            autocompletion=completion.keys_and_apps,
            help="What was silenced: the key of a kind of error, or an app.",
        ),
    ],
) -> None:
    """End a silence now. The next sweep reports the suppressed events, within two minutes.

    Example:

      logctl debounce clear checkout
    """
    from logctl.ops.alerts import debounce_states

    ended = debounce_states.clear(context.deployment, what, now=now())
    if ended is None:
        raise LogctlError(
            f"There is no silence of {what}.", "List the silences with: logctl debounce silences"
        )
    say(f"The silence of {ended.target} has ended; it would have lasted until {iso(ended.until)}.")
