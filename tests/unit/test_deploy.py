"""Change sets over a CloudFormation that does as it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from logctl.core.errors import LogctlError
from logctl.stack.deploy import Change, Plan, StackDeployer

NOTHING = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)


class CloudFormation:
    """A fake: the stack's states and events come one after the other, as they were declared."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.events: list[tuple[str, str, str]] = []
        self.change_set: dict[str, Any] = {"Status": "CREATE_COMPLETE"}
        self.changes: list[dict[str, Any]] = []
        self.called: list[tuple[str, dict[str, Any]]] = []

    def declare_states(self, *states: str) -> None:
        self.states = list(states)

    def declare_events(self, *events: tuple[str, str, str]) -> None:
        self.events = list(events)

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        state = self.states[0] if len(self.states) == 1 else (self.states.pop(0) if self.states else "ABSENT")
        if state == "ABSENT":
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": f"Stack {StackName} does not exist"}},
                "DescribeStacks",
            )
        return {"Stacks": [{"StackName": "logctl-dev", "StackId": "arn:stack", "StackStatus": state}]}

    def create_change_set(self, **request: Any) -> None:
        self.called.append(("create_change_set", request))

    def describe_change_set(self, **_: Any) -> dict[str, Any]:
        return self.change_set

    def delete_change_set(self, **request: Any) -> None:
        self.called.append(("delete_change_set", request))

    def delete_stack(self, **request: Any) -> None:
        self.called.append(("delete_stack", request))

    def execute_change_set(self, **request: Any) -> None:
        self.called.append(("execute_change_set", request))

    def get_paginator(self, operation: str) -> Any:
        pages = {
            "describe_change_set": [{"Changes": [{"ResourceChange": change} for change in self.changes]}],
            "describe_stack_events": [{"StackEvents": self._event_list()}],
        }[operation]
        return type("Pages", (), {"paginate": lambda _self, **_kwargs: pages})()

    def _event_list(self) -> list[dict[str, Any]]:
        started = any(name == "execute_change_set" for name, _ in self.called)
        return [
            {
                "EventId": str(number),
                "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
                "LogicalResourceId": logical_id,
                "ResourceType": "AWS::X::Y",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for number, (logical_id, status, reason) in reversed(
                list(enumerate(self.events if started else []))
            )
        ]

    def names(self) -> list[str]:
        return [name for name, _ in self.called]


@pytest.fixture
def cloudformation() -> CloudFormation:
    return CloudFormation()


@pytest.fixture
def stack(cloudformation: CloudFormation) -> StackDeployer:
    return StackDeployer(cloudformation, "logctl-dev", sleep=lambda seconds: None)


BODY = {"TemplateBody": "{}"}
ADD = {"Action": "Add", "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue"}
REPLACE = {
    "Action": "Modify",
    "LogicalResourceId": "Queue",
    "PhysicalResourceId": "q",
    "ResourceType": "AWS::SQS::Queue",
    "Replacement": "True",
    "Details": [{"Target": {"Attribute": "Properties", "Name": "QueueName"}}],
}


def kind(cloudformation: CloudFormation) -> str:
    (request,) = [request for name, request in cloudformation.called if name == "create_change_set"]
    assert request["ImportExistingResources"] is True
    return request["ChangeSetType"]


@pytest.mark.parametrize(
    ("states", "expected"),
    [([], "CREATE"), (["REVIEW_IN_PROGRESS"], "CREATE"), (["CREATE_COMPLETE"], "UPDATE"),
     (["UPDATE_ROLLBACK_COMPLETE"], "UPDATE"), (["DELETE_COMPLETE"], "CREATE")],
)  # fmt: skip
def test_a_stack_that_only_a_plan_made_counts_as_absent(cloudformation, stack, states, expected):
    cloudformation.declare_states(*states)
    cloudformation.changes = [ADD]
    plan = stack.plan(BODY)
    assert kind(cloudformation) == expected
    assert plan.creates is (expected == "CREATE")
    assert plan.changes == (Change("Add", "Queue", "AWS::SQS::Queue", "", "", ()),)


def test_a_replacement_says_what_is_lost_and_why(cloudformation, stack):
    cloudformation.declare_states("CREATE_COMPLETE")
    cloudformation.changes = [REPLACE]
    (change,) = stack.plan(BODY).changes
    assert change.loses
    assert change.properties == ("QueueName",)


@pytest.mark.parametrize("reason", [NOTHING, "No updates are to be performed."])
def test_no_changes_is_no_failure(cloudformation, stack, reason):
    cloudformation.declare_states("CREATE_COMPLETE")
    cloudformation.change_set = {"Status": "FAILED", "StatusReason": reason}
    assert stack.plan(BODY).changes == ()
    assert cloudformation.names() == ["create_change_set", "delete_change_set"]


def test_a_plan_that_cannot_be_made_says_why_and_leaves_nothing(cloudformation, stack):
    cloudformation.declare_states("ABSENT", "ABSENT", "REVIEW_IN_PROGRESS")
    cloudformation.change_set = {"Status": "FAILED", "StatusReason": "Template error: no such thing."}
    with pytest.raises(LogctlError, match=r"cannot plan this: Template error: no such thing\.$"):
        stack.plan(BODY)
    assert cloudformation.names()[-1] == "delete_stack"


@pytest.mark.parametrize("state", ["UPDATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_a_stack_that_nothing_can_be_applied_to(cloudformation, stack, state):
    cloudformation.declare_states(state)
    with pytest.raises(LogctlError, match=state) as refused:
        stack.plan(BODY)
    assert refused.value.hint
    assert cloudformation.called == []


def test_the_first_failure_is_told_and_not_what_followed_from_it(cloudformation, stack):
    cloudformation.declare_states("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE")
    cloudformation.declare_events(
        ("Topic", "CREATE_COMPLETE", ""),
        ("Bucket", "CREATE_FAILED", "The bucket name is taken."),
        ("Queue", "CREATE_FAILED", "Resource creation cancelled"),
        ("logctl-dev", "ROLLBACK_COMPLETE", ""),
    )
    told: list[str] = []
    with pytest.raises(LogctlError, match="failed at Bucket .*: The bucket name is taken") as failure:
        stack.apply(Plan("logctl-dev", "cs", True, ()), lambda event: told.append(event.logical_id))
    assert told == ["Topic", "Bucket", "Queue", "logctl-dev"]
    assert "logctl destroy" in failure.value.hint


def test_applying_ends_with_the_stack_ready(cloudformation, stack):
    cloudformation.declare_states(
        "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"
    )
    info = stack.apply(Plan("logctl-dev", "cs", False, ()), lambda event: None)
    assert info.status == "UPDATE_COMPLETE"


def test_deleting_what_is_not_there(cloudformation, stack):
    assert stack.delete(lambda event: None) is False
    assert cloudformation.called == []
