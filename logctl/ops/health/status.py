"""How the pipeline is, part by part. Parts are read at once, and one that cannot be read hides no other.

The rules are `ops.health.status_rules`; what the API's health says of queues, alerts and apps comes from the
same functions (`pipeline.health`, `pipeline.alerting.overview`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import TROUBLE, Trouble, trouble_of
from logctl.core.debounce import Status
from logctl.core.errors import LogctlError, UsageError
from logctl.core.partitions import Partition, Scope
from logctl.core.times import DAY, TimeRange, from_datetime, iso
from logctl.ops.alerts import debounce_states
from logctl.ops.deployment import Deployment, lacking, outputs_of
from logctl.ops.health import drift
from logctl.ops.health import status_rules as rules
from logctl.ops.health.metrics import measure
from logctl.ops.health.status_rules import Finding
from logctl.ops.lake import repair, table_repair
from logctl.ops.send.arrival import stored_at
from logctl.pipeline.alerting.overview import silence_row
from logctl.pipeline.health import depth, is_overdue
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.quarantine_reader import recent
from logctl.stack.names import ALARMS

PARTITION_DAYS = 3
"""How far back unregistered partitions are looked for: a request a day."""
APPS_AT_MOST = 200
QUARANTINE_AT_MOST = 5_000
"""Objects looked at a day, a thousand a request."""
_READERS = 8


@dataclass(frozen=True)
class Part:
    """One part: what was seen, what of it needs attention, or why it could not be read.

    `facts` are for programs: times as ISO text, durations in the unit that their name ends in, None for what
    nobody measured. There are none when what they are read from is gone.
    """

    name: str
    facts: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()
    error: Exception | None = None

    @property
    def state(self) -> str:
        if self.error is not None:
            return "unknown"
        return "attention" if self.findings else "ok"


@dataclass(frozen=True)
class Overview:
    """Everything, at `checked_at` (milliseconds)."""

    stack: str
    checked_at: int
    parts: tuple[Part, ...]

    @property
    def state(self) -> str:
        states = {part.state for part in self.parts}
        return next((state for state in ("attention", "unknown") if state in states), "ok")

    @property
    def findings(self) -> list[Finding]:
        return [finding for part in self.parts for finding in part.findings]

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)


def overview(
    deployment: Deployment,
    *,
    now: int,
    with_drift: bool = False,
    on_part: Callable[[str], None] = lambda name: None,
) -> Overview:
    """Every part.

    Args:
        with_drift: detect drift as well, which takes minutes; otherwise the last detection's result is shown.
        on_part: told the name of each part that is done.

    Raises:
        botocore's errors: there is no stack, AWS cannot be reached, or nothing at all could be read.
    """

    def look_at_stack() -> _Seen:
        return _stack(deployment, tell_drift=not with_drift)

    first = _read("stack", look_at_stack)
    # Who may not see the stack may see the rest; any other trouble with it is one with everything.
    if first.error is not None and not _means(first.error, Trouble.DENIED):
        raise first.error
    on_part("stack")
    _make_clients(deployment)
    with ThreadPoolExecutor(_READERS) as pool:
        futures = {
            name: pool.submit(_read, name, look)
            for name, look in _looks(deployment, now, with_drift=with_drift).items()
        }
        parts = []
        for name, future in futures.items():
            parts.append(future.result())
            on_part(name)
    if with_drift:  # so that it says what the detection has just found
        first = _read("stack", look_at_stack)
    parts.insert(0, first)
    if first.error is not None and all(part.error is not None for part in parts):
        raise first.error
    return Overview(deployment.names.stack, now, tuple(parts))


_Seen = tuple[Mapping[str, Any], Sequence[Finding]]
_Look = Callable[[], _Seen]


def _looks(deployment: Deployment, now: int, *, with_drift: bool) -> dict[str, _Look]:
    return {
        "queue": lambda: _queue(deployment),
        "dead letters": lambda: _dead_letters(deployment),
        "consumer": lambda: _consumer(deployment),
        "sweeper": lambda: _sweeper(deployment),
        "last hour": lambda: _last_hour(deployment, now),
        "alarms": lambda: _alarms(deployment),
        "alerts": lambda: _alerts(deployment, now),
        "quarantine": lambda: _quarantine(deployment, now),
        "tables": lambda: _tables(deployment),
        "partitions": lambda: _partitions(deployment, now),
        "apps": lambda: _apps(deployment, now),
        **({"drift": lambda: _drift(deployment)} if with_drift else {}),
    }


def _read(name: str, look: _Look) -> Part:
    try:
        facts, findings = look()
    except (*TROUBLE, LogctlError) as error:
        if name != "stack" and _means(error, Trouble.MISSING):
            return Part(name, {}, tuple(rules.gone(name)))
        return Part(name, {}, error=error)
    return Part(name, facts, tuple(findings))


def _means(error: Exception, kind: Trouble) -> bool:
    return isinstance(error, ClientError) and trouble_of(error) is kind


def _make_clients(deployment: Deployment) -> None:
    """Boto3 clients may be used by several threads, and made by one only."""
    aws = deployment.aws
    _ = (aws.place, aws.cloudformation, aws.cloudwatch, aws.dynamodb, aws.events, aws.functions, aws.glue)
    _ = (aws.s3, aws.sqs)


# ── The parts ───────────────────────────────────────────────────────────────────────────────────────────


def _stack(deployment: Deployment, *, tell_drift: bool) -> _Seen:
    found = deployment.stack()
    outputs = outputs_of(found)
    last: Any = found.get("DriftInformation", {})
    status, drift_status = found["StackStatus"], last.get("StackDriftStatus", "NOT_CHECKED")
    checked = last.get("LastCheckTimestamp")
    lacks = lacking(deployment, outputs)
    facts = {
        "status": status,
        "version": outputs.get("Version"),
        "missing_resources": [name for name, _ in lacks.resources] if lacks.compared else None,
        "missing_outputs": list(lacks.outputs),
        "drift": drift_status,
        "drift_checked_at": iso(from_datetime(checked)) if checked else None,
    }
    return facts, rules.stack(status, drift_status if tell_drift else "", lacks)


def _drift(deployment: Deployment) -> _Seen:
    found = drift.detect(deployment)
    facts = {"status": found.status, "drifted": [asdict(item) for item in found.drifted]}
    return facts, rules.drift(found.drifted)


def _queue(deployment: Deployment) -> _Seen:
    found = depth(deployment.aws.sqs, deployment.queue_url())
    return {"waiting": found.waiting, "in_flight": found.in_flight}, ()


def _dead_letters(deployment: Deployment) -> _Seen:
    found = depth(deployment.aws.sqs, deployment.dead_letter_queue_url())
    messages = found.waiting + found.in_flight
    return {"messages": messages}, rules.dead_letters(messages)


def _consumer(deployment: Deployment) -> _Seen:
    functions, name = deployment.aws.functions, deployment.names.consumer
    state = functions.get_function_configuration(FunctionName=name).get("State", "Active")
    mappings = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    sources = {mapping["UUID"]: mapping["State"] for mapping in mappings}
    facts = {"function": state, "event_sources": list(sources.values())}
    return facts, rules.consumer(state, sources)


def _sweeper(deployment: Deployment) -> _Seen:
    rule = deployment.names.sweeper
    schedule = deployment.aws.events.describe_rule(Name=rule)["State"]
    return {"schedule": schedule}, rules.sweeper(schedule, rule)


def _last_hour(deployment: Deployment, now: int) -> _Seen:
    found = measure(deployment, now=now)
    names = deployment.names
    errors = {names.consumer: found.errors, names.sweeper: found.sweeper_errors}
    return asdict(found), rules.last_hour(errors, found.throttles, found.oldest_seconds)


def _alarms(deployment: Deployment) -> _Seen:
    names = [deployment.names.alarm(about) for about in ALARMS]
    found = deployment.aws.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}
    on = {
        alarm["AlarmName"]: alarm.get("AlarmDescription", "")
        for alarm in found
        if alarm["StateValue"] == "ALARM"
    }
    missing = [name for name in names if name not in states]
    return {"states": states, "missing": missing}, rules.alarms(on, missing)


def _alerts(deployment: Deployment, now: int) -> _Seen:
    standings = debounce_states.standings(deployment, now=now)
    silences = [item for item in debounce_states.silences(deployment, now=now) if item.active(now)]
    overdue = sum(map(is_overdue, standings))
    facts = {
        "open": sum(item.state.status is Status.OPEN for item in standings),
        "held_back": sum(item.state.held_back for item in standings),
        "overdue": overdue,
        "silences": [silence_row(item, now) for item in silences],
    }
    return facts, rules.alerts(overdue)


def _quarantine(deployment: Deployment, now: int) -> _Seen:
    found = recent(deployment.aws.s3, deployment.bucket, now=now, at_most=QUARANTINE_AT_MOST)
    facts = {"last_24h": found.objects, "complete": found.complete}
    return facts, rules.quarantine(found.objects, complete=found.complete)


def _day(moment: int) -> Partition:
    return Partition.at(moment, "any")


def _tables(deployment: Deployment) -> _Seen:
    found = table_repair.faults(deployment)
    facts = {"missing": list(found.missing), "changed": list(found.changed)}
    return facts, rules.tables(found.missing, found.changed)


def _partitions(deployment: Deployment, now: int) -> _Seen:
    since = now - (PARTITION_DAYS - 1) * DAY
    try:
        found = repair.compare(deployment, Scope.of(TimeRange(since, now + 1)))
    except UsageError:  # partition projection: nothing has to be registered
        return {"since": _day(since).date, "unregistered": None}, ()
    facts = {"since": _day(since).date, "unregistered": len(found.missing)}
    return facts, rules.partitions(len(found.missing), PARTITION_DAYS)


def _apps(deployment: Deployment, now: int) -> _Seen:
    """The chunk of each app that arrived last, and its object in S3."""
    store = HotStore(deployment.aws.dynamodb, deployment.names.hot_table)
    known = store.apps()

    def row(app: str) -> dict[str, Any]:
        arrival = store.latest(app)
        if arrival is None:
            return {"appid": app, "newest_at": None, "arrived_at": None, "lag_ms": None, "stored_at": None}
        stored = stored_at(deployment, app, arrival.newest, arrival.batch_id)
        return {
            "appid": app,
            "newest_at": iso(arrival.newest),
            "arrived_at": iso(arrival.arrived),
            "lag_ms": max(0, now - arrival.newest),
            "stored_at": None if stored is None else iso(stored),
        }

    with ThreadPoolExecutor(_READERS) as pool:
        rows = list(pool.map(row, known[:APPS_AT_MOST]))
    fresh = iso(now - rules.FRESH)
    lacking = [
        item["appid"]
        for item in rows
        if item["arrived_at"] and item["arrived_at"] >= fresh and not item["stored_at"]
    ]
    return {"apps": rows, "more": max(0, len(known) - APPS_AT_MOST)}, rules.apps_without_objects(lacking)
