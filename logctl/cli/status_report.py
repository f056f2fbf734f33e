"""The output of `logctl status`: one document, shown unchanged as JSON, and as rows in a table or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, assert_never

from logctl.cli.error_explanations import explain
from logctl.cli.next_steps import command_line
from logctl.cli.render import Output, show
from logctl.core.safe_text import counted, json_text, neutralise
from logctl.core.times import format_duration, iso
from logctl.ops.health import status_facts as seen_of
from logctl.ops.health.metrics import Measured
from logctl.stack.catalog_tables import lacking

if TYPE_CHECKING:
    from logctl.cli.context import CommandContext
    from logctl.ops.health.status import Part, PipelineStatus

_FINDING_COLUMNS = ("what", "run")
_APP_COLUMNS = tuple(item.name for item in fields(seen_of.AppFacts))
_PART_COLUMNS = ("part", "state", "seen")
_ABOUT_COLUMNS = ("stack", "place", "checked_at")
_CSV_COLUMNS = (*_PART_COLUMNS, *_FINDING_COLUMNS, *_APP_COLUMNS, *_ABOUT_COLUMNS)


def show_status(context: CommandContext, found: PipelineStatus, output: Output) -> None:
    """Print the state of every part, each app, and the findings with the commands to run next."""
    document = _document(context, found)
    match output:
        case Output.JSON:
            print(json_text(document, indent=2))
        case Output.CSV:
            show(_csv_rows(document), _CSV_COLUMNS, output)
        case Output.TABLE:
            _show_tables(document)
        case _:
            assert_never(output)


def _document(context: CommandContext, found: PipelineStatus) -> dict[str, Any]:
    return {
        "stack": found.stack,
        "place": context.place,
        "state": found.state,
        "checked_at": iso(found.checked_at),
        "parts": {
            _key(part): {
                "state": part.state,
                "seen": _seen(context, part),
                **(asdict(part.facts) if part.facts else {}),
                **({"error": _error(context, part.error)} if part.error else {}),
            }
            for part in found.parts
        },
        "findings": [
            {"part": _key(part), "what": finding.what, "run": command_line(context, finding.run)}
            for part in found.parts
            for finding in part.findings
        ],
    }


def _key(part: Part) -> str:
    return part.name.replace(" ", "_")


def _parts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"part": key.replace("_", " "), "state": part["state"], "seen": part["seen"]}
        for key, part in document["parts"].items()
    ]


def _apps(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    apps: list[dict[str, Any]] = document["parts"]["apps"].get("apps", [])
    return apps


# ── CSV ─────────────────────────────────────────────────────────────────────────────────────────────────


def _csv_rows(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row for each part, a further row for each further finding, and a row for each app."""
    about = {column: document[column] for column in _ABOUT_COLUMNS}
    for row in _parts(document):
        key = row["part"].replace(" ", "_")
        findings = [finding for finding in document["findings"] if finding["part"] == key]
        for finding in findings or [{}]:
            yield {**about, **finding, **row}
    for app in _apps(document):
        yield {**about, "part": "apps", "state": document["parts"]["apps"]["state"], **app}


# ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────

_STATES = {
    "ok": "healthy",
    "attention": "in need of attention",
    "unknown": "healthy as far as it could be read",
}


def _show_tables(document: Mapping[str, Any]) -> None:
    at = _to_the_second(document["checked_at"])
    print(f"{document['stack']} is {_STATES[document['state']]}, {at}: {document['place']}\n")
    show(_parts(document), _PART_COLUMNS, Output.TABLE, words={"state": _emphasize})
    if _apps(document):
        print()
        words = dict.fromkeys(("newest_at", "arrived_at", "stored_at"), _to_the_second)
        show(
            _apps(document),
            _APP_COLUMNS,
            Output.TABLE,
            right=("lag_ms",),
            words={**words, "lag_ms": format_duration},
        )
    if document["findings"]:
        print("\nWhat needs attention, and what to run next:")
    for finding in document["findings"]:
        print(f"  {neutralise(finding['what'])}\n    {neutralise(finding['run'])}")


def _emphasize(state: str) -> str:
    return state if state == "ok" else state.upper()


def _to_the_second(moment: str) -> str:
    return moment[:19] + "Z"


# ── One line for each part ──────────────────────────────────────────────────────────────────────────────


def _error(context: CommandContext, error: Exception) -> str:
    explained = explain(error, context)
    return explained.message if explained else str(error)


def _seen(context: CommandContext, part: Part) -> str:
    """Return one line about a part: the facts that were read, or why they could not be read."""
    if part.error:
        return _error(context, part.error)
    return _summary(part.facts) if part.facts else "deleted"


def _summary(facts: seen_of.Facts) -> str:
    match facts:
        case seen_of.StackFacts():
            return _stack(facts)
        case seen_of.DriftFacts():
            return f"{facts.status}, {counted(len(facts.drifted), 'resource')} changed"
        case seen_of.QueueFacts():
            return f"{facts.waiting:,} waiting, {facts.in_flight:,} in flight"
        case seen_of.DeadLetterFacts():
            return counted(facts.messages, "message")
        case seen_of.ConsumerFacts():
            return f"{facts.function}, event source {', '.join(facts.event_sources) or 'missing'}"
        case seen_of.SweeperFacts():
            return f"schedule {facts.schedule}"
        case Measured():
            return _last_hour(facts)
        case seen_of.AlarmFacts():
            return _alarms(facts)
        case seen_of.AlertFacts():
            return _alerts(facts)
        case seen_of.QuarantineFacts():
            return f"{'' if facts.complete else 'more than '}{facts.last_24h:,} in 24 h"
        case seen_of.TableFacts():
            return lacking(facts.missing, facts.changed) or "all exist"
        case seen_of.PartitionFacts():
            return _partitions(facts)
        case seen_of.AppsFacts():
            more = f", and {facts.more:,} that were not looked at" if facts.more else ""
            return counted(len(facts.apps), "app") + more
        case _:
            assert_never(facts)


def _stack(facts: seen_of.StackFacts) -> str:
    checked = facts.drift_checked_at
    drift = f"drift {facts.drift} on {_to_the_second(checked)}" if checked else "drift never checked"
    missing = len(facts.missing_resources or ()) + len(facts.missing_outputs)
    parts = f", {counted(missing, 'part')} missing" if missing else ""
    return f"{facts.status}{parts}, version {facts.version or 'unknown'}, {drift}"


def _last_hour(facts: Measured) -> str:
    if all(value is None for value in asdict(facts).values()):
        return "no metrics"
    durations = (
        f", {facts.mean_duration:,.0f} ms on average, {facts.longest_duration:,.0f} ms at most"
        if facts.mean_duration is not None and facts.longest_duration is not None
        else ""
    )
    age = facts.oldest_seconds
    oldest = "no metrics" if age is None else format_duration(int(age) * 1000) or "0s"
    return (
        f"{_number(facts.calls)} calls, {_number(facts.errors)} errors, "
        f"{_number(facts.throttles)} throttles{durations}; {_number(facts.sweeps)} sweeps, "
        f"{_number(facts.sweeper_errors)} sweeper errors; oldest message: {oldest}"
    )


def _number(value: float | None) -> str:
    return "no" if value is None else f"{value:,.0f}"


def _alarms(facts: seen_of.AlarmFacts) -> str:
    states = list(facts.states.values())
    counts = [
        f"{states.count(state)} {word}"
        for state, word in (("ALARM", "on"), ("OK", "off"), ("INSUFFICIENT_DATA", "without data"))
        if state in states
    ]
    missing = len(facts.missing)
    return ", ".join(counts + ([f"{missing} missing"] if missing else []))


def _alerts(facts: seen_of.AlertFacts) -> str:
    silences = [f"{item['target']} until {item['until']}" for item in facts.silences]
    return (
        f"{facts.open:,} open, {counted(facts.held_back, 'event')} suppressed, "
        f"{facts.overdue:,} overdue; silenced: {', '.join(silences) or 'nothing'}"
    )


def _partitions(facts: seen_of.PartitionFacts) -> str:
    if facts.unregistered is None:
        return "computed by Athena (partition projection)"
    missing = facts.unregistered
    return f"{f'{missing:,} not' if missing else 'all'} registered, since {facts.since}"
