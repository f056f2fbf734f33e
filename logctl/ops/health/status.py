"""The state of every part of the pipeline, for `logctl status`.

The parts are read in parallel, and one that cannot be read hides no other. What needs attention is decided
in `ops.health.status_rules`. The API's /health reads queues, alerts and apps with the same functions
(`pipeline.health`, `pipeline.alerting.overview`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import TROUBLE, Trouble, trouble_of
from logctl.core.debounce import Status
from logctl.core.errors import LogctlError, UsageError
from logctl.core.partitions import Partition, Scope
from logctl.core.times import DAY, TimeRange, from_datetime, iso
from logctl.ops.alerts import debounce_states
from logctl.ops.deployment import Deployment, outputs_of, shortfall_of
from logctl.ops.health import drift
from logctl.ops.health import status_rules as rules
from logctl.ops.health.findings import Finding, faulty_tables
from logctl.ops.health.metrics import measure
from logctl.ops.health.status_facts import (
    AlarmFacts,
    AlertFacts,
    AppFacts,
    AppsFacts,
    ConsumerFacts,
    DeadLetterFacts,
    DriftFacts,
    Facts,
    PartitionFacts,
    QuarantineFacts,
    QueueFacts,
    StackFacts,
    SweeperFacts,
    TableFacts,
)
from logctl.ops.lake import repair, table_repair
from logctl.ops.send.arrival import stored_at
from logctl.pipeline.alerting.overview import silence_row
from logctl.pipeline.health import depth, is_overdue
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.quarantine_reader import recent
from logctl.stack.alarms import ALARMS

PARTITION_DAYS = 3
"""How many days are searched for unregistered partitions: one request a day."""
APPS_AT_MOST = 200
QUARANTINE_AT_MOST = 5_000
"""How many objects a day are counted: one request a thousand."""
_READERS = 8


@dataclass(frozen=True)
class Part:
    """One part of the pipeline: its facts and findings, or the error that reading it raised.

    `facts` is None when the part could not be read or its resource does not exist.
    """

    name: str
    facts: Facts | None
    findings: tuple[Finding, ...] = ()
    error: Exception | None = None

    @property
    def state(self) -> str:
        """Return `ok`, `attention` or `unknown`."""
        if self.error is not None:
            return "unknown"
        return "attention" if self.findings else "ok"


@dataclass(frozen=True)
class PipelineStatus:
    """Every part, as read at `checked_at` (milliseconds)."""

    stack: str
    checked_at: int
    parts: tuple[Part, ...]

    @property
    def state(self) -> str:
        """Return the worst state of a part: `attention`, then `unknown`, then `ok`."""
        states = {part.state for part in self.parts}
        return next((state for state in ("attention", "unknown") if state in states), "ok")

    @property
    def findings(self) -> list[Finding]:
        return [finding for part in self.parts for finding in part.findings]

    @property
    def apps(self) -> tuple[AppFacts, ...]:
        """The apps that were read; none when that part could not be read."""
        facts = self.part("apps").facts
        return facts.apps if isinstance(facts, AppsFacts) else ()

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)


def pipeline_status(
    deployment: Deployment,
    *,
    now: int,
    with_drift: bool = False,
    on_part: Callable[[str], None] = lambda name: None,
) -> PipelineStatus:
    """Read every part.

    Args:
        deployment: the environment to read.
        now: the time, in milliseconds.
        with_drift: detect drift as well, which takes minutes. Otherwise the result of the last detection
            is shown.
        on_part: called with the name of each part that has been read.

    Raises:
        botocore's errors: there is no stack, AWS cannot be reached, or no part at all could be read.
    """

    def read_stack() -> _Seen:
        return _stack(deployment, judge_drift=not with_drift)

    first = _read("stack", read_stack)
    # A caller without permission to read the stack may have it for the rest. Other errors concern every part.
    if first.error is not None and not _means(first.error, Trouble.DENIED):
        raise first.error
    on_part("stack")
    _make_clients(deployment)
    with ThreadPoolExecutor(_READERS) as pool:
        futures = {
            name: pool.submit(_read, name, reader)
            for name, reader in _readers(deployment, now, with_drift=with_drift).items()
        }
        parts = []
        for name, future in futures.items():
            parts.append(future.result())
            on_part(name)
    if with_drift:  # so that it has the result of this detection
        first = _read("stack", read_stack)
    parts.insert(0, first)
    if first.error is not None and all(part.error is not None for part in parts):
        raise first.error
    return PipelineStatus(deployment.names.stack, now, tuple(parts))


_Seen = tuple[Facts, Sequence[Finding]]
_Reader = Callable[[], _Seen]


def _readers(deployment: Deployment, now: int, *, with_drift: bool) -> dict[str, _Reader]:
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


def _read(name: str, reader: _Reader) -> Part:
    try:
        facts, findings = reader()
    except (*TROUBLE, LogctlError) as error:
        if name != "stack" and _means(error, Trouble.MISSING):
            return Part(name, None, tuple(rules.gone(name)))
        return Part(name, None, error=error)
    return Part(name, facts, tuple(findings))


def _means(error: Exception, kind: Trouble) -> bool:
    return isinstance(error, ClientError) and trouble_of(error) is kind


def _make_clients(deployment: Deployment) -> None:
    """Create the clients before the threads start: boto3's clients are thread-safe, creating them is not."""
    aws = deployment.aws
    _ = (aws.place, aws.cloudformation, aws.cloudwatch, aws.dynamodb, aws.events, aws.functions, aws.glue)
    _ = (aws.s3, aws.sqs)


# ── The parts ───────────────────────────────────────────────────────────────────────────────────────────


def _stack(deployment: Deployment, *, judge_drift: bool) -> _Seen:
    found = deployment.stack()
    outputs = outputs_of(found)
    last: Any = found.get("DriftInformation", {})
    status, drift_status = found["StackStatus"], last.get("StackDriftStatus", "NOT_CHECKED")
    checked = last.get("LastCheckTimestamp")
    shortfall = shortfall_of(deployment, outputs)
    facts = StackFacts(
        status=status,
        version=outputs.get("Version"),
        missing_resources=tuple(name for name, _ in shortfall.resources) if shortfall.compared else None,
        missing_outputs=shortfall.outputs,
        drift=drift_status,
        drift_checked_at=iso(from_datetime(checked)) if checked else None,
    )
    return facts, rules.stack(status, drift_status if judge_drift else "", shortfall)


def _drift(deployment: Deployment) -> _Seen:
    found = drift.detect(deployment)
    return DriftFacts(found.status, found.drifted), rules.drift(found.drifted)


def _queue(deployment: Deployment) -> _Seen:
    found = depth(deployment.aws.sqs, deployment.queue_url())
    return QueueFacts(found.waiting, found.in_flight), ()


def _dead_letters(deployment: Deployment) -> _Seen:
    found = depth(deployment.aws.sqs, deployment.dead_letter_queue_url())
    messages = found.waiting + found.in_flight
    return DeadLetterFacts(messages), rules.dead_letters(messages)


def _consumer(deployment: Deployment) -> _Seen:
    functions, name = deployment.aws.functions, deployment.names.consumer
    state = functions.get_function_configuration(FunctionName=name).get("State", "Active")
    mappings = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    sources = {mapping["UUID"]: mapping["State"] for mapping in mappings}
    return ConsumerFacts(state, tuple(sources.values())), rules.consumer(state, sources)


def _sweeper(deployment: Deployment) -> _Seen:
    rule = deployment.names.sweeper
    schedule = deployment.aws.events.describe_rule(Name=rule)["State"]
    return SweeperFacts(schedule), rules.sweeper(schedule, rule)


def _last_hour(deployment: Deployment, now: int) -> _Seen:
    found = measure(deployment, now=now)
    names = deployment.names
    errors = {names.consumer: found.errors, names.sweeper: found.sweeper_errors}
    return found, rules.last_hour(errors, found.throttles, found.oldest_seconds)


def _alarms(deployment: Deployment) -> _Seen:
    named = {deployment.names.alarm(alarm.name): alarm for alarm in ALARMS}
    found = deployment.aws.cloudwatch.describe_alarms(AlarmNames=list(named))["MetricAlarms"]
    states = {item["AlarmName"]: item["StateValue"] for item in found}
    on = {name: alarm for name, alarm in named.items() if states.get(name) == "ALARM"}
    missing = tuple(name for name in named if name not in states)
    return AlarmFacts(states, missing), rules.alarms(on, missing)


def _alerts(deployment: Deployment, now: int) -> _Seen:
    standings = debounce_states.standings(deployment, now=now)
    silences = [item for item in debounce_states.silences(deployment, now=now) if item.active(now)]
    overdue = sum(map(is_overdue, standings))
    facts = AlertFacts(
        open=sum(item.state.status is Status.OPEN for item in standings),
        held_back=sum(item.state.held_back for item in standings),
        overdue=overdue,
        silences=tuple(silence_row(item, now) for item in silences),
    )
    return facts, rules.alerts(overdue)


def _quarantine(deployment: Deployment, now: int) -> _Seen:
    found = recent(deployment.aws.s3, deployment.bucket, now=now, at_most=QUARANTINE_AT_MOST)
    facts = QuarantineFacts(found.objects, found.complete)
    return facts, rules.quarantine(found.objects, complete=found.complete)


def _tables(deployment: Deployment) -> _Seen:
    found = table_repair.faults(deployment)
    return TableFacts(found.missing, found.changed), faulty_tables(found.missing, found.changed)


def _partitions(deployment: Deployment, now: int) -> _Seen:
    since = now - (PARTITION_DAYS - 1) * DAY
    first_day = Partition.at(since, "any").date
    try:
        found = repair.compare(deployment, Scope.of(TimeRange(since, now + 1)))
    except UsageError:  # partition projection: nothing has to be registered
        return PartitionFacts(first_day, None), ()
    unregistered = len(found.missing)
    return PartitionFacts(first_day, unregistered), rules.partitions(unregistered, PARTITION_DAYS)


def _apps(deployment: Deployment, now: int) -> _Seen:
    store = HotStore(deployment.aws.dynamodb, deployment.names.hot_table)
    listed = {item.name: item.last for item in store.listed()}
    known = list(listed)

    def read(app: str) -> AppFacts:
        arrival = listed[app] or store.latest(app)
        if arrival is None:
            return AppFacts(app)
        stored = stored_at(deployment, app, arrival.newest, arrival.batch_id)
        return AppFacts(
            appid=app,
            newest_at=iso(arrival.newest),
            arrived_at=iso(arrival.arrived),
            lag_ms=max(0, now - arrival.newest),
            stored_at=None if stored is None else iso(stored),
        )

    with ThreadPoolExecutor(_READERS) as pool:
        apps = tuple(pool.map(read, known[:APPS_AT_MOST]))
    fresh = iso(now - rules.FRESH)
    without_object = [
        app.appid for app in apps if app.arrived_at and app.arrived_at >= fresh and not app.stored_at
    ]
    return AppsFacts(apps, max(0, len(known) - APPS_AT_MOST)), rules.apps_without_objects(without_object)
