"""CloudFormation: plan by change set, apply, watch, delete. No resource engine of our own.

Planning only reads (a change set changes nothing until it is executed); applying executes what was
planned. What goes wrong is reported by the first event that failed, because the last one is only a
consequence of it.
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

__all__ = ["Change", "Plan", "StackDeployer", "StackEvent", "StackInfo"]

_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
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
        """A change set for a template.

        Args:
            template: `TemplateBody` or `TemplateURL`, as CloudFormation takes it.

        Raises:
            LogctlError: the stack is busy, or in a state that nothing can be applied to.
        """
        info = self.describe()
        if info:
            self._refuse_unless_ready(info)
        plan = Plan(self.stack, f"logctl-{time.time_ns()}", creates=info is None, changes=())
        try:
            # Retained buckets and tables of an earlier `destroy` are taken over instead of colliding with
            # (AWS CloudFormation User Guide, Import AWS resources automatically).
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
            # A plan leaves nothing behind: not after an error, and not after Ctrl-C.
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
                f"{info.name} is {info.status}: somebody is changing it.", "Wait until that is done."
            )
        if info.status == "UPDATE_ROLLBACK_FAILED":
            raise LogctlError(
                f"{info.name} is {info.status}: an update failed, and so did its way back.",
                "Once the cause is gone, finish the way back with: "
                f"aws cloudformation continue-update-rollback --stack-name {info.name}",
            )
        if info.status not in _UPDATABLE:
            raise LogctlError(
                f"{info.name} is {info.status}, which nothing can be applied to.",
                "Remove what is left of it with: logctl destroy",
            )

    def _await_change_set(self, name: str) -> tuple[Change, ...]:
        """The change set's changes; none when there is nothing to do."""
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
        """What CloudFormation's validation found: the change set itself says only that it found something
        (AWS CloudFormation User Guide, Validate stack deployments)."""
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
                change["Action"],
                logical_id,
                change["ResourceType"],
                change.get("PhysicalResourceId", ""),
                change.get("Replacement", ""),
                property_changes(details, before.get(logical_id, {}), after.get(logical_id, {})),
                not details or any(detail.get("Evaluation") != "Dynamic" for detail in details),
                change.get("PolicyAction", ""),
            )

    def _resources(self, change_set: str = "") -> dict[str, Any]:
        """The resources of the deployed template, or of a change set's."""
        of = {"ChangeSetName": change_set} if change_set else {}
        body: Any = self._cloudformation.get_template(
            StackName=self.stack,
            TemplateStage="Original",
            **of,
        )["TemplateBody"]
        # boto3 parses a template that is JSON, which ours are.
        return dict(body.get("Resources", {})) if isinstance(body, Mapping) else {}

    def discard(self, plan: Plan) -> None:
        """Forget a plan, and the empty shell of a stack that planning a new one leaves."""
        if not plan.change_set:
            return
        self._cloudformation.delete_change_set(StackName=self.stack, ChangeSetName=plan.change_set)
        if not plan.creates or not self._is_shell():
            return
        self._cloudformation.delete_stack(StackName=self.stack)
        # Until it is gone, the next plan would find a stack that somebody is deleting.
        for _ in range(_SHELL_POLLS):
            if self._describe() is None:
                return
            self._sleep(self._poll_seconds / 4)

    def _is_shell(self) -> bool:
        left = self._describe()
        return left is not None and left.status == "REVIEW_IN_PROGRESS"

    # ── Applying ────────────────────────────────────────────────────────────────────────────────────

    def apply(self, plan: Plan, on_event: Callable[[StackEvent], None]) -> StackInfo:
        """Execute a plan and tell what happens until it is done.

        Raises:
            LogctlError: a resource failed; CloudFormation has rolled back.
        """
        seen = self._known_events()
        self._cloudformation.execute_change_set(StackName=self.stack, ChangeSetName=plan.change_set)
        return self._watch(self.stack, seen, on_event, wanted=_APPLIED)

    def delete(self, on_event: Callable[[StackEvent], None]) -> bool:
        """Delete the stack, and say whether there was one. Retained resources stay."""
        if self._describe() is None:
            return False
        stack_id = self._cloudformation.describe_stacks(StackName=self.stack)["Stacks"][0]["StackId"]
        seen = self._known_events()
        self._cloudformation.delete_stack(StackName=self.stack)
        # A deleted stack has no name any more, only an id.
        self._watch(stack_id, seen, on_event, wanted=_DELETED)
        return True

    def _watch(
        self, name: str, seen: set[str], on_event: Callable[[StackEvent], None], *, wanted: frozenset[str]
    ) -> StackInfo:
        failures: list[StackEvent] = []
        begun = False
        while True:
            info = self._describe(name) or StackInfo(self.stack, "DELETE_COMPLETE")
            # Right after the request the stack may still say how the operation before this one ended.
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
        """Events that are not in `seen` yet, oldest first; they are then."""
        news: list[StackEvent] = []
        for page in self._event_pages(name):
            fresh = [event for event in page if event["EventId"] not in seen]
            seen.update(event["EventId"] for event in fresh)
            news += [event_of(item) for item in fresh]
            # Newest come first: behind a page with a known event there are only known ones, and a stack
            # that has lived long has very many.
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
    return "Delete what has these names, or take other names with --env or --prefix." if taken else ""
