"""What is well and what needs a person: the rules of `logctl status`, and the command that comes next.

Each rule takes what was seen of one part and returns what needs attention. A number that CloudWatch has no
data for is None, which is neither good nor bad.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from logctl.core.safe_text import counted
from logctl.core.times import HOUR, MINUTE, SECOND, format_duration
from logctl.stack.alarms import Alarm
from logctl.stack.catalog_tables import lacking
from logctl.stack.completeness import Shortfall

OLDEST_MESSAGE = 12 * MINUTE
"""How old a message in the queue may become: two tries. One failure that the next try mends is no trouble."""
FRESH = HOUR
"""What arrived since then has to be in S3: it cannot be compacted or expired yet."""

_NOTHING_LACKING = Shortfall()
_SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_BEYOND_REPAIR = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"})
_ON_ITS_WAY = frozenset({"Creating", "Enabling", "Updating"})


@dataclass(frozen=True)
class Finding:
    """What needs attention: one sentence, and the command to run next."""

    what: str
    run: str


@dataclass(frozen=True)
class Drifted:
    """A resource that is not as the template says; `properties` are empty for one that is gone."""

    resource: str
    type: str
    properties: tuple[str, ...] = ()


def stack(status: str, drift: str, lacks: Shortfall = _NOTHING_LACKING) -> list[Finding]:
    """CloudFormation's words for a stack and for its last drift detection, and what of it is not there."""
    found = []
    if status.endswith("_IN_PROGRESS"):
        found.append(Finding(f"The stack is {status}: somebody is changing it.", "logctl status --watch"))
    elif status in _BEYOND_REPAIR:
        found.append(Finding(f"The stack is {status}: nothing can be applied to it.", "logctl destroy"))
    elif status not in _SETTLED:
        found.append(
            Finding(f"The stack is {status}: the last change did not go through.", "logctl provision")
        )
    elif lacks:
        found.append(Finding(f"The stack is not as this logctl makes it: {lacks}.", "logctl provision"))
    if drift == "DRIFTED":
        found.append(Finding("Somebody changed resources past the template.", "logctl status --drift"))
    return found


def drift(drifted: Sequence[Drifted]) -> list[Finding]:
    """To apply the same template again would change nothing: CloudFormation goes by what it did last."""
    return [_modified(item) if item.properties else _deleted(item) for item in drifted]


def _modified(item: Drifted) -> Finding:
    return Finding(
        f"{item.resource} ({item.type}) has another {', '.join(item.properties)} than the template says: "
        "undo that where it was made.",
        "logctl status --drift",
    )


def _deleted(item: Drifted) -> Finding:
    return Finding(
        f"{item.resource} ({item.type}) is gone: destroy (S3 and DynamoDB are kept, messages are not) and "
        "provision again.",
        "logctl destroy",
    )


def gone(part: str) -> list[Finding]:
    """The stack is there, and what a part is read from is not."""
    return [Finding(f"There is nothing to read {part} from: it was deleted.", "logctl status --drift")]


def dead_letters(messages: int) -> list[Finding]:
    if not messages:
        return []
    return [Finding(f"{counted(messages, 'message')} could not be stored.", "logctl dlq list")]


def consumer(function: str, sources: Mapping[str, str]) -> list[Finding]:
    """Lambda's words for the function's state, and for that of each event source mapping by its id."""
    found = []
    if function == "Failed":
        found.append(Finding("Lambda could not bring the consumer up: it is Failed.", "logctl provision"))
    if not sources:
        found.append(Finding("Nothing brings messages to the consumer.", "logctl doctor"))
    for uuid, state in sources.items():
        if state != "Enabled" and state not in _ON_ITS_WAY:
            found.append(
                Finding(
                    f"The consumer's event source mapping is {state}: messages stay in the queue.",
                    f"aws lambda update-event-source-mapping --uuid {uuid} --enabled",
                )
            )
    return found


def sweeper(schedule: str, rule: str) -> list[Finding]:
    if schedule == "ENABLED":
        return []
    return [
        Finding(
            f"The sweeper's schedule is {schedule}: no window ends, and nothing held back is told.",
            f"aws events enable-rule --name {rule}",
        )
    ]


def last_hour(
    errors: Mapping[str, float | None], throttles: float | None, oldest_seconds: float | None
) -> list[Finding]:
    """What CloudWatch counted; `errors` by function."""
    return _oldest(oldest_seconds) + _errors(errors) + _throttled(throttles)


def _oldest(seconds: float | None) -> list[Finding]:
    if seconds is None or seconds * SECOND <= OLDEST_MESSAGE:
        return []
    return [
        Finding(
            f"The oldest message has waited for {format_duration(int(seconds) * SECOND)}: "
            "the consumer is behind, failing or stopped.",
            "logctl doctor",
        )
    ]


def _errors(errors: Mapping[str, float | None]) -> list[Finding]:
    return [
        Finding(
            f"{function} crashed or timed out {_times(count)} in the last hour.",
            f"aws logs tail /aws/lambda/{function} --since 1h",
        )
        for function, count in errors.items()
        if count
    ]


def _throttled(throttles: float | None) -> list[Finding]:
    if not throttles:
        return []
    return [Finding(f"Lambda throttled the consumer {_times(throttles)} in the last hour.", "logctl doctor")]


def _times(count: float) -> str:
    return "once" if count == 1 else f"{count:,.0f} times"


def alarms(on: Mapping[str, Alarm], missing: Sequence[str] = ()) -> list[Finding]:
    """Return a finding for each alarm that is on, by its full name, and one for those that are missing."""
    return _missing(missing) + [
        Finding(f"The alarm {name} is on. {alarm.about}", str(alarm.step_after_status))
        for name, alarm in sorted(on.items())
    ]


def _missing(alarms: Sequence[str]) -> list[Finding]:
    if not alarms:
        return []
    what = f"{counted(len(alarms), 'alarm')} missing, so some trouble is told to nobody: {', '.join(alarms)}."
    return [Finding(what, "logctl status --drift")]


def alerts(overdue: int) -> list[Finding]:
    if not overdue:
        return []
    return [
        Finding(
            f"{counted(overdue, 'alert')} overdue: the sweeper does not run or cannot publish.",
            "logctl debounce list",
        )
    ]


def apps_without_objects(apps: Sequence[str]) -> list[Finding]:
    """Apps whose newest records are in the hot store and not in S3, where they were written first."""
    return [
        Finding(f"The newest records of {app} are not in S3.", f"logctl athena partitions --app {app}")
        for app in apps
    ]


def quarantine(objects: int, *, complete: bool) -> list[Finding]:
    """What was set aside in the last 24 h; with `complete` false there is more than was counted."""
    if not objects:
        return []
    more = "" if complete else "More than "
    return [
        Finding(
            f"{more}{counted(objects, 'message')} could not be read, wholly or in part, in the last 24 h.",
            "logctl quarantine list --since 1d",
        )
    ]


def tables(missing: Sequence[str], changed: Sequence[str]) -> list[Finding]:
    if not missing and not changed:
        return []
    return [Finding(f"In Athena's catalog, {lacking(missing, changed)}.", "logctl athena repair")]


def partitions(unregistered: int, days: int) -> list[Finding]:
    if not unregistered:
        return []
    return [
        Finding(
            f"Athena does not see {counted(unregistered, 'partition')} of the last {days} days.",
            f"logctl athena repair --since {days}d",
        )
    ]
