"""CloudFormation: plan by change set, apply, watch, delete. No resource engine of our own.

Planning only reads (a change set changes nothing until it is executed); applying executes what was
planned. What goes wrong is reported by the first event that failed, because the last one is only a
consequence of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.core.errors import LogctlError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
_NOTHING = ("didn't contain changes", "No updates are to be performed", "no changes")
_POLL_SECONDS = 2.0
_FAILED = "_FAILED"


@dataclass(frozen=True)
class Change:
    """One resource of a change set. `replacement` is True, False or Conditional, as CloudFormation says."""

    action: str
    logical_id: str
    type: str
    physical_id: str
    replacement: str
    properties: tuple[str, ...]

    @property
    def loses(self) -> bool:
        """Whether the resource that is there now goes away."""
        return self.action == "Remove" or (self.action == "Modify" and self.replacement == "True")


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


@dataclass(frozen=True)
class StackInfo:
    """A stack that exists."""

    name: str
    status: str
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


class StackDeployer:
    """One stack.

    `poll_seconds` suits the control plane it talks to; `options` go to CreateChangeSet as they are.
    """

    def __init__(
        self,
        cloudformation: CloudFormationClient,
        stack: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        poll_seconds: float = _POLL_SECONDS,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._cloudformation = cloudformation
        self.stack = stack
        self._sleep = sleep
        self._poll_seconds = poll_seconds
        self._options: dict[str, Any] = dict(options or {})

    def describe(self) -> StackInfo | None:
        """The stack; None when there is none, or only the shell that an unexecuted change set leaves."""
        info = self._describe()
        return None if info is None or info.status == "REVIEW_IN_PROGRESS" else info

    def _describe(self, name: str | None = None) -> StackInfo | None:
        try:
            reply = self._cloudformation.describe_stacks(StackName=name or self.stack)
        except ClientError as error:
            if "does not exist" in error.response["Error"]["Message"]:
                return None
            raise
        stack = reply["Stacks"][0]
        if stack["StackStatus"] == "DELETE_COMPLETE" and name is None:
            return None
        outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
        return StackInfo(stack["StackName"], stack["StackStatus"], outputs)

    # ── Planning ────────────────────────────────────────────────────────────────────────────────────

    def plan(self, template: dict[str, str]) -> Plan:
        """A change set for a template.

        Args:
            template: `TemplateBody` or `TemplateURL`, as CloudFormation takes it.

        Raises:
            LogctlError: the stack is busy, or in a state that nothing can be applied to.
        """
        info = self.describe()
        if info:
            self._refuse_unless_ready(info)
        name = f"logctl-{time.time_ns()}"
        # Retained buckets and tables of an earlier `destroy` are taken over instead of colliding with
        # (AWS CloudFormation User Guide, Import AWS resources automatically).
        self._cloudformation.create_change_set(
            StackName=self.stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if info else "CREATE",
            Capabilities=_CAPABILITIES,  # type: ignore[arg-type]
            ImportExistingResources=True,
            **self._options,
            **template,  # type: ignore[arg-type]
        )
        changes = self._await_change_set(name)
        if changes is None:
            self._cloudformation.delete_change_set(StackName=self.stack, ChangeSetName=name)
            return Plan(self.stack, "", creates=False, changes=())
        return Plan(self.stack, name, creates=info is None, changes=changes)

    def _refuse_unless_ready(self, info: StackInfo) -> None:
        if info.busy:
            raise LogctlError(
                f"{info.name} is {info.status}: somebody is changing it.", "Wait until that is done."
            )
        if info.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
            raise LogctlError(
                f"{info.name} is {info.status}, which nothing can be applied to.",
                "Remove what is left of it with: logctl destroy",
            )

    def _await_change_set(self, name: str) -> tuple[Change, ...] | None:
        """The change set's changes; None when it has none."""
        while True:
            reply = self._cloudformation.describe_change_set(StackName=self.stack, ChangeSetName=name)
            status, reason = reply["Status"], reply.get("StatusReason", "")
            if status == "FAILED":
                if any(words in reason for words in _NOTHING):
                    return None
                self.discard(Plan(self.stack, name, creates=self.describe() is None, changes=()))
                raise LogctlError(f"CloudFormation cannot plan this: {reason}".rstrip(".") + ".")
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return tuple(self._changes(name)) or None
            self._sleep(self._poll_seconds / 4)

    def _changes(self, name: str) -> Iterator[Change]:
        pages = self._cloudformation.get_paginator("describe_change_set").paginate(
            StackName=self.stack, ChangeSetName=name
        )
        for page in pages:
            for item in page.get("Changes", []):
                change: Any = item["ResourceChange"]
                targets = [detail.get("Target", {}) for detail in change.get("Details", [])]
                properties = {target.get("Name") or target.get("Attribute", "") for target in targets}
                yield Change(
                    change["Action"],
                    change["LogicalResourceId"],
                    change["ResourceType"],
                    change.get("PhysicalResourceId", ""),
                    change.get("Replacement", ""),
                    tuple(sorted(filter(None, properties))),
                )

    def discard(self, plan: Plan) -> None:
        """Forget a plan, and the empty shell of a stack that planning a new one leaves."""
        if plan.change_set:
            self._cloudformation.delete_change_set(StackName=self.stack, ChangeSetName=plan.change_set)
        left = self._describe()
        if plan.creates and left and left.status == "REVIEW_IN_PROGRESS":
            self._cloudformation.delete_stack(StackName=self.stack)

    # ── Applying ────────────────────────────────────────────────────────────────────────────────────

    def apply(self, plan: Plan, on_event: Callable[[StackEvent], None]) -> StackInfo:
        """Execute a plan and tell what happens until it is done.

        Raises:
            LogctlError: a resource failed; CloudFormation has rolled back.
        """
        seen = {event_id for event_id, _ in self._events()}
        self._cloudformation.execute_change_set(StackName=self.stack, ChangeSetName=plan.change_set)
        return self._watch(self.stack, seen, on_event, what="provision")

    def delete(self, on_event: Callable[[StackEvent], None]) -> bool:
        """Delete the stack, and say whether there was one. Retained resources stay."""
        reply = None
        if self._describe() is not None:
            reply = self._cloudformation.describe_stacks(StackName=self.stack)["Stacks"][0]
        if reply is None:
            return False
        seen = {event_id for event_id, _ in self._events()}
        self._cloudformation.delete_stack(StackName=self.stack)
        # A deleted stack has no name any more, only an id.
        self._watch(reply["StackId"], seen, on_event, what="destroy")
        return True

    def _watch(
        self, name: str, seen: set[str], on_event: Callable[[StackEvent], None], *, what: str
    ) -> StackInfo:
        failed: StackEvent | None = None
        while True:
            info = self._describe(name)
            for event_id, event in reversed(list(self._events(name))):
                if event_id not in seen:
                    seen.add(event_id)
                    on_event(event)
                    if failed is None and event.status.endswith(_FAILED):
                        failed = event
            if info is None or info.status == "DELETE_COMPLETE":
                return StackInfo(name, "DELETE_COMPLETE")
            if not info.status.endswith("_IN_PROGRESS"):
                if info.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"):
                    return info
                raise self._failure(info, failed, what)
            self._sleep(self._poll_seconds)

    def _failure(self, info: StackInfo, failed: StackEvent | None, what: str) -> LogctlError:
        first = (
            f"{failed.logical_id} ({failed.type}): {failed.reason or failed.status}".rstrip(".")
            if failed
            else "CloudFormation gives no reason"
        )
        hint = {
            "ROLLBACK_COMPLETE": "Nothing is left but the stack's shell; remove it with: logctl destroy",
            "UPDATE_ROLLBACK_COMPLETE": "Everything is as it was before.",
        }.get(info.status, f"The stack is {info.status}.")
        return LogctlError(f"logctl {what} failed at {first}.", hint)

    def _events(self, name: str | None = None) -> Iterator[tuple[str, StackEvent]]:
        """The stack's events, newest first."""
        try:
            pages = self._cloudformation.get_paginator("describe_stack_events").paginate(
                StackName=name or self.stack
            )
            for page in pages:
                for event in page["StackEvents"]:
                    yield (
                        event["EventId"],
                        StackEvent(
                            event["Timestamp"],
                            event.get("LogicalResourceId", ""),
                            event.get("ResourceType", ""),
                            event.get("ResourceStatus", ""),
                            event.get("ResourceStatusReason", ""),
                        ),
                    )
        except ClientError as error:
            if "does not exist" not in error.response["Error"]["Message"]:
                raise
