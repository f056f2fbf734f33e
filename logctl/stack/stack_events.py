"""What CloudFormation says of a stack, as values: what would change, what happened, and what failed first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from logctl.core.errors import LogctlError
from logctl.stack.property_changes import PropertyChange
from logctl.stack.resource_types import RESOURCE_TYPES

# What CloudFormation says of resources that were under way when another one failed.
_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancelled")


@dataclass(frozen=True)
class Change:
    """One resource of a change set. `replacement` is True, False or Conditional, as CloudFormation says;
    `policy_action` is what becomes of the resource that is there (Delete, Retain, ReplaceAndRetain, …).

    `certain` is false for what CloudFormation only lists because it refers to something that changes: most
    of these turn out to stay as they are.
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
        """Whether the resource that is there now goes away, or out of the pipeline."""
        return self.action == "Remove" or self.replaces

    @property
    def loss(self) -> str:
        """What goes with it, in words; empty where nothing is lost."""
        if not self.loses:
            return ""
        happens = f"{self.logical_id} ({self.type}) is {'replaced' if self.replaces else 'removed'}"
        if "Retain" in self.policy_action:
            return f"{happens}: {self.physical_id} stays in the account, but the pipeline no longer uses it"
        # The stack of an earlier version may have types that this one does not use.
        row = RESOURCE_TYPES.get(self.type)
        held = row.holds if row else ""
        return f"{happens}: {self.physical_id} goes" + (f", and with it {held}" if held else "")


@dataclass(frozen=True)
class Plan:
    """A change set. Without changes there is nothing to apply."""

    stack: str
    change_set: str
    creates: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class StackEvent:
    """One line of a stack's history."""

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
        """Whether it failed because another did."""
        return self.failed and _CANCELLED.search(self.reason) is not None


@dataclass(frozen=True)
class StackInfo:
    """A stack that exists."""

    name: str
    status: str
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        return not self.settled and self.status != "REVIEW_IN_PROGRESS"

    @property
    def settled(self) -> bool:
        return not self.status.endswith("_IN_PROGRESS")


def event_of(item: Mapping[str, Any]) -> StackEvent:
    return StackEvent(
        item["Timestamp"],
        item.get("LogicalResourceId", ""),
        item.get("ResourceType", ""),
        item.get("ResourceStatus", ""),
        item.get("ResourceStatusReason", ""),
    )


def failure(info: StackInfo, failures: Sequence[StackEvent], what: str) -> LogctlError:
    """The first resource that failed by itself: all that failed later may only be a consequence."""
    first = next((event for event in failures if not event.only_cancelled), None) or next(
        iter(failures), None
    )
    where = (
        f"{first.logical_id} ({first.type}): {first.reason or first.status}".rstrip(".")
        if first
        else f"{info.name}, which is {info.status}; CloudFormation gives no reason"
    )
    hint = {
        "ROLLBACK_COMPLETE": "Nothing is left but the stack's shell; remove it with: logctl destroy",
        "UPDATE_ROLLBACK_COMPLETE": "Everything is as it was before.",
    }.get(info.status, f"The stack is {info.status}.")
    return LogctlError(f"logctl {what} failed at {where}.", hint)
