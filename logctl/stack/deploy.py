"""A CloudFormation stack: plan a change set, apply it, watch its events, delete the stack.

A change set changes nothing until it is executed, so planning only reads, and applying executes exactly what
was planned. A failure is reported by its first failed event, because later ones are consequences of it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import message_of
from logctl.core.errors import LogctlError
from logctl.stack.property_changes import property_changes
from logctl.stack.stack_events import Change, Plan, StackEvent, StackInfo, event_of, failure

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
# What CloudFormation answers for a change set without changes; the words differ by service and version.
_NOTHING = ("didn't contain changes", "No updates are to be performed", "no changes")
_POLL_SECONDS = 2.0
_SHELL_POLLS = 30
_UPDATABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
_APPLIED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_DELETED = frozenset({"DELETE_COMPLETE"})


class StackDeployer:
    """One stack.

    `poll_seconds` is the time between two requests while something is in progress. `options` are further
    arguments of CreateChangeSet.
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
        """Return the stack; None when there is none, or only the empty one of an unexecuted change set."""
        info = self._describe()
        return None if info is None or info.status == "REVIEW_IN_PROGRESS" else info

    def _describe(self, name: str | None = None) -> StackInfo | None:
        try:
            reply = self._cloudformation.describe_stacks(StackName=name or self.stack)
        except ClientError as error:
            if "does not exist" in message_of(error):
                return None
            raise
        stack = reply["Stacks"][0]
        if stack["StackStatus"] == "DELETE_COMPLETE" and name is None:
            return None
        outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}
        return StackInfo(stack["StackName"], stack["StackStatus"], outputs)

    # ── Planning ────────────────────────────────────────────────────────────────────────────────────

    def plan(self, template: dict[str, str]) -> Plan:
        """Return the changes that a template makes, with the change set that would apply them.

        Args:
            template: `TemplateBody` or `TemplateURL` of CreateChangeSet.

        Raises:
            LogctlError: the stack is busy, or in a state in which it cannot be changed.
        """
        info = self.describe()
        if info:
            self._refuse_unless_ready(info)
        plan = Plan(self.stack, f"logctl-{time.time_ns()}", creates=info is None, changes=())
        try:
            # Buckets and tables that an earlier `destroy` has kept are taken over. Without this option their
            # names would be conflicts (AWS CloudFormation User Guide, Import AWS resources automatically).
            self._cloudformation.create_change_set(
                StackName=self.stack,
                ChangeSetName=plan.change_set,
                ChangeSetType="CREATE" if plan.creates else "UPDATE",
                Capabilities=_CAPABILITIES,  # type: ignore[arg-type]
                ImportExistingResources=True,
                **self._options,
                **template,  # type: ignore[arg-type]
            )
            changes = self._await_change_set(plan.change_set)
        except BaseException:
            # A plan that failed leaves no change set, also after Ctrl-C.
            with contextlib.suppress(ClientError):
                self.discard(plan)
            raise
        if not changes:
            self.discard(plan)
            return Plan(self.stack, "", creates=False, changes=())
        return replace(plan, changes=changes)

    def _refuse_unless_ready(self, info: StackInfo) -> None:
        if info.busy:
            raise LogctlError(
                f"{info.name} is {info.status}: another operation is in progress.", "Wait until it has ended."
            )
        if info.status == "UPDATE_ROLLBACK_FAILED":
            raise LogctlError(
                f"{info.name} is {info.status}: an update failed, and so did its rollback.",
                "Once the cause is gone, finish the rollback with: "
                f"aws cloudformation continue-update-rollback --stack-name {info.name}",
            )
        if info.status not in _UPDATABLE:
            raise LogctlError(
                f"{info.name} is {info.status}: CloudFormation applies no change in this state.",
                "Remove what is left of it with: logctl destroy",
            )

    def _await_change_set(self, name: str) -> tuple[Change, ...]:
        """Wait until the change set is created, and return its changes; empty when nothing would change."""
        while True:
            reply = self._cloudformation.describe_change_set(StackName=self.stack, ChangeSetName=name)
            status, reason = reply["Status"], reply.get("StatusReason", "")
            if status == "FAILED":
                if any(words in reason for words in _NOTHING):
                    return ()
                why = self._failed_validation(name) or reason
                raise LogctlError(f"CloudFormation cannot plan this: {why}".rstrip(".") + ".", _advice(why))
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return tuple(self._changes(name))
            self._sleep(self._poll_seconds / 4)

    def _failed_validation(self, name: str) -> str:
        """Return the errors of CloudFormation's validation as text; empty when there are none.

        The change set itself says only that validation failed (AWS CloudFormation User Guide, Validate stack
        deployments).
        """
        if not hasattr(self._cloudformation, "describe_events"):  # boto3 before November 2025
            return ""
        try:
            events = self._cloudformation.describe_events(ChangeSetName=name, StackName=self.stack)
        except ClientError:
            return ""
        for event in events.get("OperationEvents", []):
            if event.get("ValidationFailureMode") == "FAIL" and event.get("ValidationStatusReason"):
                return f"{event.get('LogicalResourceId', '')}: {event['ValidationStatusReason']}"
        return ""

    def _changes(self, name: str) -> Iterator[Change]:
        pages = self._cloudformation.get_paginator("describe_change_set").paginate(
            StackName=self.stack, ChangeSetName=name, IncludePropertyValues=True
        )
        items: list[Any] = [item["ResourceChange"] for page in pages for item in page.get("Changes", [])]
        modifies = any(change["Action"] == "Modify" for change in items)
        before, after = (self._resources(), self._resources(name)) if modifies else ({}, {})
        for change in items:
            details, logical_id = change.get("Details", []), change["LogicalResourceId"]
            yield Change(
                action=change["Action"],
                logical_id=logical_id,
                type=change["ResourceType"],
                physical_id=change.get("PhysicalResourceId", ""),
                replacement=change.get("Replacement", ""),
                properties=property_changes(details, before.get(logical_id, {}), after.get(logical_id, {})),
                # Dynamic: it depends on a value that is only known when the change set is executed.
                certain=not details or any(detail.get("Evaluation") != "Dynamic" for detail in details),
                policy_action=change.get("PolicyAction", ""),
            )

    def _resources(self, change_set: str = "") -> dict[str, Any]:
        """Return the resources of the deployed template, or of a change set's template."""
        of = {"ChangeSetName": change_set} if change_set else {}
        body: Any = self._cloudformation.get_template(
            StackName=self.stack,
            TemplateStage="Original",
            **of,
        )["TemplateBody"]
        # boto3 parses a template that is JSON, as `provision` sends it. Of another, values are not compared.
        return dict(body.get("Resources", {})) if isinstance(body, Mapping) else {}

    def discard(self, plan: Plan) -> None:
        """Delete a plan's change set, and the empty stack that planning a new one creates."""
        if not plan.change_set:
            return
        self._cloudformation.delete_change_set(StackName=self.stack, ChangeSetName=plan.change_set)
        if not plan.creates or not self._is_shell():
            return
        self._cloudformation.delete_stack(StackName=self.stack)
        # Until the deletion is complete, the next plan would find a busy stack.
        for _ in range(_SHELL_POLLS):
            if self._describe() is None:
                return
            self._sleep(self._poll_seconds / 4)

    def _is_shell(self) -> bool:
        left = self._describe()
        return left is not None and left.status == "REVIEW_IN_PROGRESS"

    # ── Applying ────────────────────────────────────────────────────────────────────────────────────

    def apply(self, plan: Plan, on_event: Callable[[StackEvent], None]) -> StackInfo:
        """Execute a plan and wait until it is done.

        Args:
            plan: from `plan`, with changes.
            on_event: called with each event of the stack.

        Raises:
            LogctlError: a resource failed; CloudFormation has rolled back.
        """
        seen = self._known_events()
        self._cloudformation.execute_change_set(StackName=self.stack, ChangeSetName=plan.change_set)
        return self._watch(self.stack, seen, on_event, wanted=_APPLIED)

    def delete(self, on_event: Callable[[StackEvent], None]) -> bool:
        """Delete the stack, except what it retains, and return whether there was one."""
        if self._describe() is None:
            return False
        stack_id = self._cloudformation.describe_stacks(StackName=self.stack)["Stacks"][0]["StackId"]
        seen = self._known_events()
        self._cloudformation.delete_stack(StackName=self.stack)
        # A deleted stack is found by its id only.
        self._watch(stack_id, seen, on_event, wanted=_DELETED)
        return True

    def _watch(
        self, name: str, seen: set[str], on_event: Callable[[StackEvent], None], *, wanted: frozenset[str]
    ) -> StackInfo:
        failures: list[StackEvent] = []
        begun = False
        while True:
            info = self._describe(name) or StackInfo(self.stack, "DELETE_COMPLETE")
            # Right after the request the status may still be that of the operation before this one.
            believable = begun
            news = self._news(name, seen)
            for event in news:
                on_event(event)
            failures += [event for event in news if event.failed]
            begun = begun or bool(news) or not info.settled or info.status in _DELETED
            if believable and info.settled:
                if info.status in wanted:
                    return info
                if wanted is _APPLIED or info.status == "DELETE_FAILED":
                    raise failure(info, failures, "provision" if wanted is _APPLIED else "destroy")
            self._sleep(self._poll_seconds)

    def _known_events(self) -> set[str]:
        return {event["EventId"] for page in self._event_pages(self.stack) for event in page}

    def _news(self, name: str, seen: set[str]) -> list[StackEvent]:
        """Return the events that are not in `seen`, oldest first, and add them to it."""
        news: list[StackEvent] = []
        for page in self._event_pages(name):
            fresh = [event for event in page if event["EventId"] not in seen]
            seen.update(event["EventId"] for event in fresh)
            news += [event_of(item) for item in fresh]
            # The newest come first. After a page with a known event there are only known ones, and an old
            # stack has very many.
            if len(fresh) < len(page):
                break
        return news[::-1]

    def _event_pages(self, name: str) -> Iterator[list[Any]]:
        try:
            pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
            for page in pages:
                yield list(page["StackEvents"])
        except ClientError as error:
            if "does not exist" not in message_of(error):
                raise


def _advice(reason: str) -> str:
    taken = "already exist" in reason
    return "Delete these resources, or choose other names with --env or --prefix." if taken else ""
