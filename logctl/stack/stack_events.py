"""CloudFormation's reports about a stack as values: planned changes, events, and the first failure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from logctl.core.errors import LogctlError
from logctl.stack.property_changes import PropertyChange
from logctl.stack.resource_types import RESOURCE_TYPES

# The reason that CloudFormation gives for a resource that was in progress when another one failed.
_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancelled")


@dataclass(frozen=True)
class Change:
    """One resource of a change set.

    `replacement` is `True`, `False` or `Conditional`, and `policy_action` what happens to the existing
    resource (`Delete`, `Retain`, `ReplaceAndRetain`, …), both in CloudFormation's words.

    `certain` is false for a resource that CloudFormation lists only because it refers to one that changes.
    Most of these do not change.
    """

    action: str
    logical_id: str
    type: str
    physical_id: str
    replacement: str
    properties: tuple[PropertyChange, ...]
    certain: bool = True
    policy_action: str = ""

    @property
    def replaces(self) -> bool:
        return self.action == "Modify" and self.replacement == "True"

    @property
    def loses(self) -> bool:
        """Return whether the existing resource is deleted, or kept and no longer used."""
        return self.action == "Remove" or self.replaces

    @property
    def loss(self) -> str:
        """The resource that the change removes or replaces, and its data, as a clause; empty for none."""
        if not self.loses:
            return ""
        happens = f"{self.logical_id} ({self.type}) is {'replaced' if self.replaces else 'removed'}"
        if "Retain" in self.policy_action:
            return f"{happens}: {self.physical_id} stays in the account, but the pipeline no longer uses it"
        # The stack of an earlier version may have types that this one does not use.
        row = RESOURCE_TYPES.get(self.type)
        held = row.holds if row else ""
        return f"{happens}: {self.physical_id} is deleted" + (f", and with it {held}" if held else "")


@dataclass(frozen=True)
class Plan:
    """A change set. A plan without changes has no change set, and nothing to apply."""

    stack: str
    change_set: str
    creates: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class StackEvent:
    """One event of a stack."""

    at: datetime
    logical_id: str
    type: str
    status: str
    reason: str

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")

    @property
    def only_cancelled(self) -> bool:
        """Return whether the resource failed only because another one did."""
        return self.failed and _CANCELLED.search(self.reason) is not None


@dataclass(frozen=True)
class StackInfo:
    """A stack that exists."""

    name: str
    status: str
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        """Return whether an operation is in progress; a stack that waits for its first change set is idle."""
        return not self.settled and self.status != "REVIEW_IN_PROGRESS"

    @property
    def settled(self) -> bool:
        """Return whether the status is a final one."""
        return not self.status.endswith("_IN_PROGRESS")


def event_of(item: Mapping[str, Any]) -> StackEvent:
    """Return an event of DescribeStackEvents as a value."""
    return StackEvent(
        at=item["Timestamp"],
        logical_id=item.get("LogicalResourceId", ""),
        type=item.get("ResourceType", ""),
        status=item.get("ResourceStatus", ""),
        reason=item.get("ResourceStatusReason", ""),
    )


def failure(info: StackInfo, failures: Sequence[StackEvent], what: str) -> LogctlError:
    """Return an error that names the first resource that failed by itself.

    All that failed later may only be a consequence of it.

    Args:
        info: the stack after the failure.
        failures: the events that failed, oldest first.
        what: the command that failed, without `logctl`.
    """
    first = next((event for event in failures if not event.only_cancelled), None) or next(
        iter(failures), None
    )
    where = (
        f"{first.logical_id} ({first.type}): {first.reason or first.status}".rstrip(".")
        if first
        else f"{info.name}, which is {info.status}; CloudFormation gives no reason"
    )
    hint = {
        "ROLLBACK_COMPLETE": "The stack is empty; remove it with: logctl destroy",
        "UPDATE_ROLLBACK_COMPLETE": "Everything is as it was before.",
    }.get(info.status, f"The stack is {info.status}.")
    return LogctlError(f"logctl {what} failed at {where}.", hint)
