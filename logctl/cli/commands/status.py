"""`logctl status`: how the pipeline is, on one screen, and what to run next."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command import command
from logctl.cli.context import Context, now
from logctl.cli.failures import explain
from logctl.cli.render import Output, say, show, working
from logctl.core.errors import Exit, UsageError
from logctl.core.safe_text import counted, json_text, neutralise
from logctl.core.times import format_duration, iso
from logctl.stack.catalog_tables import lacking

if TYPE_CHECKING:
    from logctl.ops.health.status import Overview, Part
    from logctl.ops.health.status_rules import Finding

_EVERY = 10
_CLEAR = "\x1b[H\x1b[2J"


def register(app: typer.Typer) -> None:
    command(app, "status")(status)


def status(
    context: Context,
    seconds: Annotated[
        int | None, typer.Argument(min=1, metavar="SECONDS", help="With --watch: how often. [default: 10]")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Look again and again, until Ctrl-C; exits with 0.")
    ] = False,
    drift: Annotated[
        bool, typer.Option("--drift", help="Detect changes past the template now; it takes minutes on AWS.")
    ] = False,
    output: Annotated[Output, typer.Option("-o", "--output", help="How it is written.")] = Output.TABLE,
) -> None:
    """Show how the pipeline is: stack, queues, consumer, sweeper, alarms, alerts, storage, apps.

    Exits with 0 when all is well, 1 when something needs attention (with the command to run next), 3 when
    nothing is provisioned, 5 when all that could be read is well and something could not. -o json is one
    document. Errors, throttles and durations are CloudWatch's of the last hour; "no metrics" means that it
    has none.

    Examples:

      logctl status

      logctl status --watch 5

      logctl status -o json | jq .findings
    """
    if seconds is not None and not watch:
        raise UsageError("SECONDS go with --watch.", f"Write: logctl status --watch {seconds}")
    if watch:
        if drift or output is not Output.TABLE:
            raise UsageError("--watch shows the table, without --drift.")
        if not sys.stdout.isatty():
            raise UsageError("--watch needs a terminal.", "For programs: logctl status -o json")
        _watch(context, seconds or _EVERY)
        return
    from logctl.ops.health.status import overview

    with working("Looking…") as update:
        found = overview(
            context.deployment, now=now(), with_drift=drift, on_part=lambda name: update(f"Looking: {name}…")
        )
    _show(context, found, output)
    code = {"attention": Exit.FAILED, "unknown": Exit.PARTIAL}.get(found.state, Exit.DONE)
    if code:
        raise typer.Exit(int(code))


def _watch(context: Context, seconds: int) -> None:
    from logctl.ops.health.status import overview

    begun = False
    try:
        while True:
            try:
                found = overview(context.deployment, now=now())
            except Exception as error:
                told = explain(error, context) if begun else None
                if told is None:
                    raise
                sys.stdout.write(_CLEAR)
                say(f"{iso(now())}  {told.message} {told.hint}")
            else:
                begun = True
                sys.stdout.write(_CLEAR)
                _show(context, found, Output.TABLE)
                print(f"\nEvery {seconds} s; stop with Ctrl-C.")
            sys.stdout.flush()
            time.sleep(seconds)
    except KeyboardInterrupt:
        return


# ── How it looks ────────────────────────────────────────────────────────────────────────────────────────


def _show(context: Context, found: Overview, output: Output) -> None:
    if output is Output.JSON:
        print(json_text(_document(context, found), indent=2))
        return
    rows = [{"part": part.name, "state": part.state, "seen": _words(context, part)} for part in found.parts]
    if output is Output.TABLE:
        at = _to_the_second(iso(found.checked_at))
        print(f"{found.stack} is {_SAID[found.state]}, {at}: {context.place}\n")
    show(rows, ("part", "state", "seen"), output, words={"state": _loud})
    if output is Output.TABLE:
        _show_apps(found.part("apps"))
        _show_findings(context, found)


_SAID = {"ok": "well", "attention": "in need of attention", "unknown": "well as far as could be seen"}


def _loud(state: str) -> str:
    return state if state == "ok" else state.upper()


def _show_apps(part: Part) -> None:
    apps = part.facts.get("apps", [])
    if not apps:
        return
    print()
    show(
        apps,
        ("appid", "newest_at", "lag_ms", "stored_at"),
        Output.TABLE,
        right=("lag_ms",),
        words={
            "lag_ms": format_duration,
            **dict.fromkeys(("newest_at", "stored_at"), _to_the_second),
        },
    )


def _to_the_second(moment: str) -> str:
    return moment[:19] + "Z"


def _show_findings(context: Context, found: Overview) -> None:
    if found.findings:
        print("\nWhat needs attention, and what to run next:")
    for finding in found.findings:
        print(f"  {neutralise(finding.what)}\n    {neutralise(_run(context, finding))}")


def _run(context: Context, finding: Finding) -> str:
    ours = finding.run.startswith("logctl ")
    return finding.run + (context.target_flag if ours else "")


def _document(context: Context, found: Overview) -> dict[str, Any]:
    return {
        "stack": found.stack,
        "state": found.state,
        "checked_at": iso(found.checked_at),
        "parts": {
            part.name.replace(" ", "_"): {
                "state": part.state,
                **part.facts,
                **({"error": _why(context, part)} if part.error else {}),
            }
            for part in found.parts
        },
        "findings": [
            {"part": part.name.replace(" ", "_"), "what": finding.what, "run": _run(context, finding)}
            for part in found.parts
            for finding in part.findings
        ],
    }


def _why(context: Context, part: Part) -> str:
    assert part.error is not None
    told = explain(part.error, context)
    return told.message if told else str(part.error)


def _words(context: Context, part: Part) -> str:
    """A part's facts in one line."""
    if part.error:
        return _why(context, part)
    return _WORDS[part.name](part.facts) if part.facts else "gone"


def _stack(facts: Mapping[str, Any]) -> str:
    drift, checked = facts["drift"], facts["drift_checked_at"]
    said = f"drift {drift} on {_to_the_second(checked)}" if checked else "drift never checked"
    missing = len(facts["missing_resources"] or ()) + len(facts["missing_outputs"])
    lacks = f", {missing} parts missing" if missing else ""
    return f"{facts['status']}{lacks}, version {facts['version'] or 'unknown'}, {said}"


def _drift(facts: Mapping[str, Any]) -> str:
    return f"{facts['status']}, {counted(len(facts['drifted']), 'resource')} changed"


def _queue(facts: Mapping[str, Any]) -> str:
    return f"{facts['waiting']:,} waiting, {facts['in_flight']:,} in flight"


def _dead_letters(facts: Mapping[str, Any]) -> str:
    return counted(facts["messages"], "message")


def _consumer(facts: Mapping[str, Any]) -> str:
    return f"{facts['function']}, event source {', '.join(facts['event_sources']) or 'missing'}"


def _sweeper(facts: Mapping[str, Any]) -> str:
    return f"schedule {facts['schedule']}"


def _last_hour(facts: Mapping[str, Any]) -> str:
    if all(value is None for value in facts.values()):
        return "no metrics"
    durations = (
        f", {facts['mean_duration']:,.0f} ms on average, {facts['longest_duration']:,.0f} ms at most"
        if facts["mean_duration"] is not None and facts["longest_duration"] is not None
        else ""
    )
    age = facts["oldest_seconds"]
    oldest = "no metrics" if age is None else format_duration(int(age) * 1000) or "0s"
    return (
        f"{_number(facts['calls'])} calls, {_number(facts['errors'])} errors, "
        f"{_number(facts['throttles'])} throttles{durations}; {_number(facts['sweeps'])} sweeps; "
        f"oldest message: {oldest}"
    )


def _alarms(facts: Mapping[str, Any]) -> str:
    states = list(facts["states"].values())
    counts = [
        f"{states.count(state)} {word}"
        for state, word in (("ALARM", "on"), ("OK", "off"), ("INSUFFICIENT_DATA", "without data"))
        if state in states
    ]
    missing = len(facts["missing"])
    return ", ".join(counts + ([f"{missing} missing"] if missing else []))


def _alerts(facts: Mapping[str, Any]) -> str:
    silences = [f"{item['target']} until {item['until']}" for item in facts["silences"]]
    return (
        f"{facts['open']:,} open, {counted(facts['held_back'], 'event')} held back, "
        f"{facts['overdue']:,} overdue; silenced: {', '.join(silences) or 'nothing'}"
    )


def _quarantine(facts: Mapping[str, Any]) -> str:
    more = "" if facts["complete"] else "more than "
    return f"{more}{facts['last_24h']:,} in 24 h"


def _tables(facts: Mapping[str, Any]) -> str:
    return lacking(facts["missing"], facts["changed"]) or "all there"


def _partitions(facts: Mapping[str, Any]) -> str:
    if facts["unregistered"] is None:
        return "worked out by Athena (partition projection)"
    missing = facts["unregistered"]
    return f"{f'{missing:,} not' if missing else 'all'} registered, since {facts['since']}"


def _apps(facts: Mapping[str, Any]) -> str:
    more = f", and {facts['more']:,} that were not looked at" if facts["more"] else ""
    return counted(len(facts["apps"]), "app") + more


def _number(value: float | None) -> str:
    return "no" if value is None else f"{value:,.0f}"


_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "stack": _stack,
    "drift": _drift,
    "queue": _queue,
    "dead letters": _dead_letters,
    "consumer": _consumer,
    "sweeper": _sweeper,
    "last hour": _last_hour,
    "alarms": _alarms,
    "alerts": _alerts,
    "quarantine": _quarantine,
    "tables": _tables,
    "partitions": _partitions,
    "apps": _apps,
}
