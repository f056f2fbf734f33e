"""The rules of `logctl status` for what needs attention in each part: without clock and network.

Each rule takes what was read of one part and returns the findings. None stands for a number of which
CloudWatch has no data: it is no finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from logctl.core.safe_text import counted
from logctl.core.times import HOUR, MINUTE, SECOND, format_duration
from logctl.ops.health.drift import Drifted
from logctl.ops.health.findings import PROVISION, Finding, aws, incomplete_stack, logctl
from logctl.stack.alarms import Alarm
from logctl.stack.completeness import Shortfall

OLDEST_MESSAGE = 12 * MINUTE
"""How old a message in the queue may become: the time of two attempts. One failed attempt is no finding."""
FRESH = HOUR
"""Records that arrived since then have to be in S3: they cannot be compacted or expired yet."""

_COMPLETE = Shortfall()
_SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_UNUSABLE = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"})
"""CloudFormation accepts no update of a stack in these states."""
_BEING_ENABLED = frozenset({"Creating", "Enabling", "Updating"})
_DETECT_DRIFT = logctl("status", "--drift")


def stack(status: str, drift: str, shortfall: Shortfall = _COMPLETE) -> list[Finding]:
    """Judge CloudFormation's status of a stack and of its last drift detection, and its missing parts."""
    found = []
    if status.endswith("_IN_PROGRESS"):
        what = f"The stack is {status}: a change is under way."
        found.append(Finding(what, logctl("status", "--watch")))
    elif status in _UNUSABLE:
        what = f"The stack is {status}: CloudFormation applies no change to it."
        found.append(Finding(what, logctl("destroy")))
    elif status not in _SETTLED:
        found.append(Finding(f"The stack is {status}: the last change failed.", PROVISION))
    else:
        found += incomplete_stack(shortfall)
    if drift == "DRIFTED":
        found.append(Finding("Resources were changed outside CloudFormation.", _DETECT_DRIFT))
    return found


def drift(drifted: Sequence[Drifted]) -> list[Finding]:
    """Judge resources that differ from the template.

    `provision` is not suggested: CloudFormation compares a template with the one that it applied last, so
    the same template changes nothing.
    """
    return [_modified(item) if item.properties else _deleted(item) for item in drifted]


def _modified(item: Drifted) -> Finding:
    properties = ", ".join(item.properties)
    return Finding(
        f"{item.resource} ({item.type}) differs from the template in {properties}: "
        "undo the change where it was made.",
        _DETECT_DRIFT,
    )


def _deleted(item: Drifted) -> Finding:
    return Finding(
        f"{item.resource} ({item.type}) was deleted: destroy the stack and provision it again. S3 and "
        "DynamoDB keep their data; messages in the queues are lost.",
        logctl("destroy"),
    )


def gone(part: str) -> list[Finding]:
    """Report a part whose resource does not exist, although the stack does."""
    return [Finding(f"The resource that {part} is read from was deleted.", _DETECT_DRIFT)]


def dead_letters(messages: int) -> list[Finding]:
    """Judge the number of messages in the dead-letter queue."""
    if not messages:
        return []
    return [Finding(f"{counted(messages, 'message')} could not be stored.", logctl("dlq", "list"))]


def consumer(function: str, sources: Mapping[str, str]) -> list[Finding]:
    """Judge Lambda's state of the function, and of each event source mapping by its id."""
    found = []
    if function == "Failed":
        found.append(Finding("The consumer's function is Failed: Lambda cannot run it.", PROVISION))
    if not sources:
        found.append(Finding("The consumer has no event source mapping.", logctl("doctor")))
    for uuid, state in sources.items():
        if state != "Enabled" and state not in _BEING_ENABLED:
            found.append(
                Finding(
                    f"The consumer's event source mapping is {state}: messages stay in the queue.",
                    aws("lambda", "update-event-source-mapping", "--uuid", uuid, "--enabled"),
                )
            )
    return found


def sweeper(schedule: str, rule: str) -> list[Finding]:
    """Judge the state of the rule that invokes the sweeper every minute."""
    if schedule == "ENABLED":
        return []
    return [
        Finding(
            f"The sweeper's schedule is {schedule}: no alert window ends, and suppressed events are not "
            "reported.",
            aws("events", "enable-rule", "--name", rule),
        )
    ]


def last_hour(
    errors: Mapping[str, float | None], throttles: float | None, oldest_seconds: float | None
) -> list[Finding]:
    """Judge CloudWatch's metrics of the last hour; `errors` are by function."""
    return _oldest(oldest_seconds) + _errors(errors) + _throttled(throttles)


def _oldest(seconds: float | None) -> list[Finding]:
    if seconds is None or seconds * SECOND <= OLDEST_MESSAGE:
        return []
    return [
        Finding(
            f"The oldest message has waited for {format_duration(int(seconds) * SECOND)}: "
            "the consumer is behind, failing or stopped.",
            logctl("doctor"),
        )
    ]


def _errors(errors: Mapping[str, float | None]) -> list[Finding]:
    return [
        Finding(
            f"{function} crashed or timed out {_times(count)} in the last hour.",
            aws("logs", "tail", f"/aws/lambda/{function}", "--since", "1h"),
        )
        for function, count in errors.items()
        if count
    ]


def _throttled(throttles: float | None) -> list[Finding]:
    if not throttles:
        return []
    what = f"Lambda throttled the consumer {_times(throttles)} in the last hour."
    return [Finding(what, logctl("doctor"))]


def _times(count: float) -> str:
    return "once" if count == 1 else f"{count:,.0f} times"


def alarms(on: Mapping[str, Alarm], missing: Sequence[str] = ()) -> list[Finding]:
    """Return a finding for each alarm that is on, by its full name, and one for those that are missing."""
    return _missing(missing) + [
        Finding(f"The alarm {name} is on. {alarm.about}", alarm.step_after_status)
        for name, alarm in sorted(on.items())
    ]


def _missing(alarms: Sequence[str]) -> list[Finding]:
    if not alarms:
        return []
    count = counted(len(alarms), "alarm")
    what = f"{count} missing, so nobody is notified of what they watch: {', '.join(alarms)}."
    return [Finding(what, _DETECT_DRIFT)]


def alerts(overdue: int) -> list[Finding]:
    """Judge the number of alerts that the sweeper should have sent minutes ago."""
    if not overdue:
        return []
    what = f"{counted(overdue, 'alert')} overdue: the sweeper does not run or cannot publish."
    return [Finding(what, logctl("debounce", "list"))]


def apps_without_objects(apps: Sequence[str]) -> list[Finding]:
    """Report apps whose newest records are in the hot store and not in S3, where they are written first."""
    return [
        Finding(f"The newest records of {app} are not in S3.", logctl("athena", "partitions", "--app", app))
        for app in apps
    ]


def quarantine(objects: int, *, complete: bool) -> list[Finding]:
    """Judge the number of new objects in quarantine in the last 24 h; a minimum when not `complete`."""
    if not objects:
        return []
    more = "" if complete else "More than "
    return [
        Finding(
            f"{more}{counted(objects, 'message')} could not be read, wholly or in part, in the last 24 h.",
            logctl("quarantine", "list", "--since", "1d"),
        )
    ]


def partitions(unregistered: int, days: int) -> list[Finding]:
    """Judge the number of partitions of the last `days` that are in S3 and not in the catalog."""
    if not unregistered:
        return []
    what = f"Athena does not see {counted(unregistered, 'partition')} of the last {days} days."
    return [Finding(what, logctl("athena", "repair", "--since", f"{days}d"))]
