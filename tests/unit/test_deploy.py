"""Change sets over a CloudFormation that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from logctl.core.errors import LogctlError
from logctl.stack.deploy import StackDeployer
from logctl.stack.property_changes import PropertyChange
from logctl.stack.stack_events import Change, Plan

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
        self.templates: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
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

    def get_template(self, ChangeSetName: str = "", **_: str) -> dict[str, Any]:
        return {"TemplateBody": {"Resources": self.templates[1 if ChangeSetName else 0]}}

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


@pytest.mark.parametrize(
    ("policy_action", "expected"),
    [
        ("ReplaceAndDelete", "Queue (AWS::SQS::Queue) is replaced: q is deleted, and with it the messages in it"),
        ("ReplaceAndRetain", "Queue (AWS::SQS::Queue) is replaced: q stays in the account, but the pipeline "
                             "no longer uses it"),
    ],
)  # fmt: skip
def test_a_replacement_says_what_is_lost_and_why(cloudformation, stack, policy_action, expected):
    cloudformation.declare_states("CREATE_COMPLETE")
    cloudformation.changes = [{**REPLACE, "PolicyAction": policy_action}]
    (change,) = stack.plan(BODY).changes
    assert change.loss == expected
    assert change.properties == (PropertyChange("QueueName"),)


def test_a_change_says_from_what_to_what_by_the_templates(cloudformation, stack):
    cloudformation.declare_states("CREATE_COMPLETE")
    change = {**REPLACE, "Replacement": "False"}
    change["Details"] = [{"Target": {"Name": "Environment"}}, {"Target": {"Name": "Role"}}]
    cloudformation.changes = [change]
    old = {"Environment": {"Variables": {"A": "1", "B": "2", "C": "3"}}, "Tags": [{"Key": "x"}]}
    new = {"Environment": {"Variables": {"A": "1", "B": "5", "D": "4"}}, "Tags": [{"Key": "y"}]}
    cloudformation.templates = ({"Queue": {"Properties": old}}, {"Queue": {"Properties": new}})
    (found,) = stack.plan(BODY).changes
    assert not found.loss
    assert list(map(str, found.properties)) == [
        "Environment.Variables.B: 2 → 5",
        "Environment.Variables.C: 3 → (none)",
        "Environment.Variables.D: (none) → 4",
        "Role",
        'Tags: [{"Key":"x"}] → [{"Key":"y"}]',
    ]


def test_what_cloudformation_says_of_values_goes_before_what_the_templates_say(cloudformation, stack):
    cloudformation.declare_states("CREATE_COMPLETE")
    target = {"Attribute": "Properties", "Name": "QueueName", "Path": "/Properties/QueueName"}
    values = {"BeforeValue": "q" * 80, "AfterValue": "new"}
    cloudformation.changes = [{**REPLACE, "Details": [{"Target": {**target, **values}}]}]
    cloudformation.templates = ({"Queue": {"Properties": {"QueueName": {"Ref": "X"}}}}, {})
    ((found,),) = (change.properties for change in stack.plan(BODY).changes)
    assert found == PropertyChange("QueueName", "q" * 80, "new")
    assert str(found) == f"QueueName: {'q' * 57}... → new"


@pytest.mark.parametrize("reason", [NOTHING, "No updates are to be performed."])
def test_no_changes_is_no_failure(cloudformation, stack, reason):
    cloudformation.declare_states("CREATE_COMPLETE")
    cloudformation.change_set = {"Status": "FAILED", "StatusReason": reason}
    assert stack.plan(BODY).changes == ()
    assert cloudformation.names() == ["create_change_set", "delete_change_set"]


def test_a_plan_that_cannot_be_made_says_why_and_leaves_nothing(cloudformation, stack):
    cloudformation.declare_states("ABSENT", "REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS", "ABSENT")
    cloudformation.change_set = {"Status": "FAILED", "StatusReason": "Template error: no such thing."}
    with pytest.raises(LogctlError, match=r"cannot plan this: Template error: no such thing\.$"):
        stack.plan(BODY)
    assert cloudformation.names() == ["create_change_set", "delete_change_set", "delete_stack"]


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


class Killed(BaseException):
    """Ends whatever is going on, as a kill would: nothing catches it."""


# ── Over time: states and what each of them brings ──────────────────────────────────────────────────


class Unfolding:
    """A fake: the stack's states come one after the other, and each brings the events declared with it."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.events: list[list[tuple[str, str, str]]] = []
        self.history: list[dict[str, Any]] = []
        self.change_set: dict[str, Any] = {"Status": "CREATE_COMPLETE"}
        self.found: list[dict[str, str]] = []
        self.pages_read = 0
        self.called: list[str] = []

    def declare(self, state: str, *events: tuple[str, str, str]) -> None:
        self.states.append(state)
        self.events.append(list(events))

    def declare_history(self, events: int) -> None:
        self.history = [self._event(f"old-{number}", "A", "CREATE_FAILED", "") for number in range(events)]

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        state = self.states.pop(0) if self.states else "ABSENT"
        for number, event in enumerate(self.events.pop(0) if self.events else []):
            self.history.insert(0, self._event(f"{len(self.states)}-{number}", *event))
        if state == "ABSENT":
            answer = {"Code": "ValidationError", "Message": f"Stack {StackName} does not exist"}
            raise ClientError({"Error": answer}, "DescribeStacks")
        return {"Stacks": [{"StackName": "logctl-dev", "StackId": "arn:stack", "StackStatus": state}]}

    @staticmethod
    def _event(event_id: str, logical_id: str, status: str, reason: str) -> dict[str, Any]:
        return {
            "EventId": event_id,
            "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
            "LogicalResourceId": logical_id,
            "ResourceType": "AWS::X::Y",
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
        }

    def get_paginator(self, operation: str) -> Unfolding:
        assert operation == "describe_stack_events"
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        for start in range(0, len(self.history), 100):
            self.pages_read += 1
            yield {"StackEvents": self.history[start : start + 100]}

    def describe_change_set(self, **_: str) -> dict[str, Any]:
        if not self.change_set:
            raise Killed
        return self.change_set

    def describe_events(self, **_: str) -> dict[str, Any]:
        return {"OperationEvents": self.found}

    def __getattr__(self, operation: str) -> Callable[..., None]:
        return lambda **_: self.called.append(operation)


@pytest.fixture
def unfolding() -> Unfolding:
    return Unfolding()


@pytest.fixture
def watched(unfolding: Unfolding) -> StackDeployer:
    return StackDeployer(cast(Any, unfolding), "logctl-dev", sleep=lambda seconds: None)


UPDATE = Plan("logctl-dev", "cs", creates=False, changes=())


def test_how_the_operation_before_ended_is_not_how_this_one_did(unfolding, watched):
    """Right after the request, a stack may still say what it was before."""
    unfolding.declare("CREATE_COMPLETE")
    unfolding.declare("CREATE_COMPLETE")
    unfolding.declare("UPDATE_IN_PROGRESS", ("logctl-dev", "UPDATE_IN_PROGRESS", ""))
    unfolding.declare("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ("Queue", "UPDATE_COMPLETE", ""))
    unfolding.declare("UPDATE_COMPLETE")
    told: list[str] = []
    info = watched.apply(UPDATE, lambda event: told.append(event.logical_id))
    assert info.status == "UPDATE_COMPLETE"
    assert told == ["logctl-dev", "Queue"]


def test_a_delete_is_not_done_before_the_stack_is_gone(unfolding, watched):
    unfolding.declare("DELETE_FAILED")
    unfolding.declare("DELETE_FAILED")
    unfolding.declare("DELETE_FAILED")
    unfolding.declare("DELETE_IN_PROGRESS")
    unfolding.declare("DELETE_COMPLETE")
    assert watched.delete(lambda event: None) is True
    assert unfolding.states == []


def test_what_was_only_cancelled_is_not_the_failure(unfolding, watched):
    unfolding.declare(
        "UPDATE_IN_PROGRESS",
        ("Topic", "CREATE_FAILED", "Resource creation cancelled"),
        ("Bucket", "CREATE_FAILED", "The bucket name is taken."),
        ("Queue", "UPDATE_FAILED", "Resource update cancelled"),
    )
    unfolding.declare("UPDATE_ROLLBACK_COMPLETE")
    with pytest.raises(LogctlError, match=r"failed at Bucket \(AWS::X::Y\): The bucket name is taken\.$"):
        watched.apply(UPDATE, lambda event: None)


def test_a_long_history_is_read_once_and_told_never(unfolding, watched):
    unfolding.declare_history(1_000)
    for number in range(20):
        unfolding.declare("UPDATE_IN_PROGRESS", (f"R{number}", "UPDATE_COMPLETE", ""))
    unfolding.declare("UPDATE_COMPLETE")
    told: list[str] = []
    watched.apply(UPDATE, lambda event: told.append(event.logical_id))
    assert told == [f"R{number}" for number in range(20)]
    assert unfolding.pages_read == 10 + 21


def test_somebody_deleted_the_stack_meanwhile(unfolding, watched):
    unfolding.declare("UPDATE_IN_PROGRESS")
    with pytest.raises(LogctlError, match="failed at logctl-dev, which is DELETE_COMPLETE"):
        watched.apply(UPDATE, lambda event: None)


@pytest.mark.parametrize(
    ("state", "way_out"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name logctl-dev"),
        ("ROLLBACK_FAILED", "logctl destroy"),
        ("CREATE_FAILED", "logctl destroy"),
        ("DELETE_FAILED", "logctl destroy"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "Wait"),
    ],
)
def test_every_state_that_takes_no_plan_has_a_way_out(unfolding, watched, state, way_out):
    unfolding.declare(state)
    with pytest.raises(LogctlError, match=state) as refused:
        watched.plan({"TemplateBody": "{}"})
    assert way_out in refused.value.hint
    assert unfolding.called == []


def test_a_plan_that_is_interrupted_leaves_nothing(unfolding, watched):
    unfolding.change_set = {}
    for state in ("ABSENT", "REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS", "ABSENT"):
        unfolding.declare(state)
    with pytest.raises(Killed):
        watched.plan({"TemplateBody": "{}"})
    assert unfolding.called == ["create_change_set", "delete_change_set", "delete_stack"]
    assert unfolding.states == []


def test_what_validation_found_is_told_and_not_that_it_found_something(unfolding, watched):
    unfolding.declare("CREATE_COMPLETE")
    unfolding.change_set = {
        "Status": "FAILED",
        "StatusReason": "Early validation failed. Call DescribeEvents.",
    }
    unfolding.found = [
        {"ValidationFailureMode": "WARN", "ValidationStatusReason": "The bucket is not empty."},
        {
            "LogicalResourceId": "Topic",
            "ValidationFailureMode": "FAIL",
            "ValidationStatusReason": "Resource of type 'AWS::SNS::Topic' already exists.",
        },
    ]
    with pytest.raises(
        LogctlError, match=r"plan this: Topic: .*AWS::SNS::Topic' already exists\.$"
    ) as refused:
        watched.plan({"TemplateBody": "{}"})
    assert "--prefix" in refused.value.hint
