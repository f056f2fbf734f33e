"""The rules of `logctl status`, what CloudWatch's numbers become, and drift that takes its time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from logctl import __version__
from logctl.aws.clients import Aws
from logctl.aws.place import Place
from logctl.core.errors import LogctlError
from logctl.core.times import HOUR, MINUTE, SECOND, to_datetime
from logctl.ops.deployment import Deployment
from logctl.ops.health import drift
from logctl.ops.health import status_rules as rules
from logctl.ops.health.metrics import measure
from logctl.ops.health.status import overview
from logctl.ops.health.status_rules import Drifted
from logctl.stack.settings import Settings
from tests.helpers.pipeline import NOON
from tests.helpers.refusing import Refusing

SETTINGS = Settings(env="prod")


@pytest.mark.parametrize(
    ("status", "drift_status", "commands"),
    [
        ("CREATE_COMPLETE", "NOT_CHECKED", []),
        ("UPDATE_COMPLETE", "IN_SYNC", []),
        ("UPDATE_IN_PROGRESS", "", ["logctl status --watch"]),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "", ["logctl status --watch"]),
        ("UPDATE_ROLLBACK_COMPLETE", "", ["logctl provision"]),
        ("UPDATE_ROLLBACK_FAILED", "", ["logctl provision"]),
        ("ROLLBACK_COMPLETE", "", ["logctl destroy"]),
        ("DELETE_FAILED", "", ["logctl destroy"]),
        ("UPDATE_COMPLETE", "DRIFTED", ["logctl status --drift"]),
        ("UPDATE_ROLLBACK_COMPLETE", "DRIFTED", ["logctl provision", "logctl status --drift"]),
    ],
)
def test_a_stack_is_well_when_its_last_change_went_through(status, drift_status, commands):
    assert [finding.run for finding in rules.stack(status, drift_status)] == commands


def test_what_has_drifted_is_named():
    told = rules.drift([Drifted("Queue", "AWS::SQS::Queue"), Drifted("Api", "AWS::Lambda::Function", ("MemorySize", "Timeout"))])  # fmt: skip
    assert [finding.what for finding in told] == [
        "Queue (AWS::SQS::Queue) is gone: destroy (S3 and DynamoDB are kept, messages are not) and provision again.",
        "Api (AWS::Lambda::Function) has another MemorySize, Timeout than the template says: undo that where it was made.",
    ]


@pytest.mark.parametrize(
    ("function", "sources", "commands"),
    [
        ("Active", {"u": "Enabled"}, []),
        ("Pending", {"u": "Creating"}, []),
        ("Failed", {"u": "Enabled"}, ["logctl provision"]),
        ("Active", {}, ["logctl doctor"]),
        ("Active", {"u": "Disabled"}, ["aws lambda update-event-source-mapping --uuid u --enabled"]),
        ("Active", {"u": "Disabling"}, ["aws lambda update-event-source-mapping --uuid u --enabled"]),
    ],
)
def test_a_consumer_is_well_when_messages_come_to_it(function, sources, commands):
    assert [finding.run for finding in rules.consumer(function, sources)] == commands


def test_no_metric_is_no_finding_and_neither_is_a_good_one():
    assert rules.last_hour({"c": None, "s": None}, None, None) == []
    assert rules.last_hour({"c": 0.0, "s": 0.0}, 0.0, 12 * 60.0) == []


def test_what_the_last_hour_tells():
    told = rules.last_hour({"c": 1.0, "s": 1200.0}, 2.0, 12 * 60 + 1.0)
    assert [finding.what for finding in told] == [
        "The oldest message has waited for 12m 1s: the consumer is behind, failing or stopped.",
        "c crashed or timed out once in the last hour.",
        "s crashed or timed out 1,200 times in the last hour.",
        "Lambda throttled the consumer 2 times in the last hour.",
    ]
    assert told[1].run == "aws logs tail /aws/lambda/c --since 1h"


@pytest.mark.parametrize(
    ("about", "what", "run"),
    [
        ("It is bad. See: logctl dlq list --env prod", "The alarm a is on. It is bad.", "logctl dlq list"),
        ("Bad. See: logctl status, and the log", "The alarm a is on. Bad.", "logctl doctor --live"),
        ("", "The alarm a is on.", "logctl doctor --live"),
    ],
)
def test_an_alarm_says_itself_what_to_run(about, what, run):
    (finding,) = rules.alarms({"a": about})
    assert (finding.what, finding.run) == (what, run)


def test_counts():
    assert rules.dead_letters(0) == rules.alerts(0) == rules.partitions(0, 3) == []
    assert rules.quarantine(0, complete=True) == rules.apps_without_objects([]) == []
    assert rules.dead_letters(1_200)[0].what == "1,200 messages could not be stored."
    assert rules.quarantine(5_000, complete=False)[0].what.startswith("More than 5,000 messages ")
    assert rules.quarantine(1, complete=True)[0].what.startswith("1 message could not be read")
    assert rules.apps_without_objects(["a"])[0].run == "logctl athena partitions --app a"
    assert rules.sweeper("DISABLED", "r")[0].run == "aws events enable-rule --name r"


# ── CloudWatch ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def cloudwatch(monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        deployment = Deployment(Aws(boto3.Session("test", "test", region_name="eu-central-1")), SETTINGS)

        def put(namespace: str, name: str, dimension: str, resource: str, value: float, ago: int) -> None:
            deployment.aws.cloudwatch.put_metric_data(
                Namespace=namespace,
                MetricData=[
                    {
                        "MetricName": name,
                        "Dimensions": [{"Name": dimension, "Value": resource}],
                        "Timestamp": to_datetime(NOON - ago),
                        "Value": value,
                    }
                ],
            )

        yield deployment, put


def test_where_nothing_is_measured_every_number_is_missing(cloudwatch):
    deployment, _ = cloudwatch
    assert set(vars(measure(deployment, now=NOON)).values()) == {None}


def test_the_numbers_of_the_last_hour(cloudwatch):
    deployment, put = cloudwatch
    for ago, calls, longest in ((90 * MINUTE, 100, 9_000), (30 * MINUTE, 2, 60), (MINUTE, 1, 120)):
        for _ in range(calls):
            put("AWS/Lambda", "Invocations", "FunctionName", "logctl-prod-consumer", 1, ago)
            put("AWS/Lambda", "Duration", "FunctionName", "logctl-prod-consumer", longest, ago)
    put("AWS/Lambda", "Errors", "FunctionName", "logctl-prod-consumer", 1, 5 * MINUTE)
    put("AWS/Lambda", "Errors", "FunctionName", "logctl-dev-consumer", 7, 5 * MINUTE)
    found = measure(deployment, now=NOON)
    assert (found.calls, found.errors, found.throttles) == (3, 1, None)
    assert (found.mean_duration, found.longest_duration) == (80, 120)


def test_an_age_of_a_while_ago_is_of_messages_that_are_gone(cloudwatch):
    deployment, put = cloudwatch
    queue = "logctl-prod-ingest.fifo"
    put("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue, 900, 20 * MINUTE)
    assert measure(deployment, now=NOON).oldest_seconds is None
    put("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue, 30, 4 * MINUTE)
    put("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue, 90, 3 * MINUTE)
    assert measure(deployment, now=NOON).oldest_seconds == 90


# ── Drift ───────────────────────────────────────────────────────────────────────────────────────────────


class CloudFormation:
    """Takes some looks to detect drift, and lists it in pages."""

    def __init__(self, *statuses: str, reason: str = "") -> None:
        self.statuses = list(statuses)
        self.reason = reason

    def detect_stack_drift(self, StackName: str) -> dict[str, str]:
        assert StackName == "logctl-prod"
        return {"StackDriftDetectionId": "id"}

    def describe_stack_drift_detection_status(self, StackDriftDetectionId: str) -> dict[str, str]:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {
            "DetectionStatus": status,
            "StackDriftStatus": "DRIFTED",
            "DetectionStatusReason": self.reason,
        }

    def describe_stack_resource_drifts(self, *, NextToken: str = "", **request: Any) -> dict[str, Any]:
        assert request["StackResourceDriftStatusFilters"] == ["MODIFIED", "DELETED"]
        pages: dict[str, dict[str, Any]] = {
            "": {
                "StackResourceDrifts": [{"LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue"}],
                "NextToken": "2",
            },
            "2": {
                "StackResourceDrifts": [
                    {
                        "LogicalResourceId": "Api",
                        "ResourceType": "AWS::Lambda::Function",
                        "PropertyDifferences": [
                            {"PropertyPath": "/Environment/Variables/A"},
                            {"PropertyPath": "/Environment/Variables/B"},
                            {"PropertyPath": "/Timeout"},
                        ],
                    }
                ]
            },
        }
        return pages[NextToken]


def detect(cloudformation: CloudFormation) -> tuple[drift.Drift, list[float]]:
    slept: list[float] = []
    deployment: Any = SimpleNamespace(
        aws=SimpleNamespace(cloudformation=cloudformation), names=SimpleNamespace(stack="logctl-prod")
    )
    return drift.detect(deployment, sleep=slept.append), slept


def test_drift_is_waited_for_and_read_whole():
    found, slept = detect(
        CloudFormation("DETECTION_IN_PROGRESS", "DETECTION_IN_PROGRESS", "DETECTION_COMPLETE")
    )
    assert found == drift.Drift(
        "DRIFTED",
        (
            Drifted("Queue", "AWS::SQS::Queue"),
            Drifted("Api", "AWS::Lambda::Function", ("Environment", "Timeout")),
        ),
    )
    assert len(slept) == 2


def test_a_detection_that_fails_says_why_and_one_that_never_ends_is_given_up():
    with pytest.raises(LogctlError, match="could not detect drift: no rights"):
        detect(CloudFormation("DETECTION_FAILED", reason="no rights."))
    with pytest.raises(LogctlError, match="no drift in 15 min"):
        detect(CloudFormation("DETECTION_IN_PROGRESS"))


# ── Everything together ─────────────────────────────────────────────────────────────────────────────────


def aws(**clients: Any) -> Any:
    names = ("cloudformation", "cloudwatch", "dynamodb", "events", "functions", "glue", "s3", "sqs")
    return SimpleNamespace(place=Place("1", "eu-central-1"), **(dict.fromkeys(names, Refusing()) | clients))


def test_who_may_see_nothing_at_all_is_told_so():
    with pytest.raises(ClientError, match="AccessDenied"):
        overview(Deployment(aws(), SETTINGS), now=NOON)


def test_who_may_not_see_the_stack_sees_the_rest():
    found = overview(
        Deployment(aws(events=Refusing(describe_rule=lambda Name: {"State": "ENABLED"})), SETTINGS), now=NOON
    )
    states = {part.name: part.state for part in found.parts}
    assert (found.state, states.pop("sweeper"), set(states.values())) == ("unknown", "ok", {"unknown"})


def test_what_needs_attention_counts_more_than_what_is_unknown():
    found = overview(
        Deployment(aws(events=Refusing(describe_rule=lambda Name: {"State": "DISABLED"})), SETTINGS), now=NOON
    )
    assert found.state == "attention"


def test_what_is_gone_needs_attention():
    version = {"OutputKey": "Version", "OutputValue": __version__}
    stack = {"StackStatus": "UPDATE_COMPLETE", "Outputs": [version]}
    found = overview(
        Deployment(
            aws(
                cloudformation=Refusing(describe_stacks=lambda StackName: {"Stacks": [stack]}),
                sqs=Refusing("AWS.SimpleQueueService.NonExistentQueue"),
            ),
            SETTINGS,
        ),
        now=NOON,
    )
    assert [finding.what for finding in found.findings] == [
        "There is nothing to read queue from: it was deleted.",
        "There is nothing to read dead letters from: it was deleted.",
    ]
    assert (found.part("queue").state, found.part("stack").state) == ("attention", "ok")


@pytest.mark.parametrize("code", ["ValidationError", "ExpiredToken", "Throttling"])
def test_where_the_stack_cannot_be_asked_for_nothing_else_is_looked_at(code):
    with pytest.raises(ClientError, match=code):
        overview(Deployment(aws(cloudformation=Refusing(code), sqs=None), SETTINGS), now=NOON)


def test_an_app_of_whose_newest_records_s3_knows_nothing(pipeline):
    """Cold storage is written first: what has arrived within the hour has to be there."""
    from logctl.ops.health.status import _apps
    from tests.helpers.messages import event, packed, records

    pipeline.consumer.process(event(packed(records(3))))
    deployment: Any = as_deployment(pipeline)
    facts, found = _apps(deployment, pipeline.clock.now + MINUTE)
    assert found == []
    (row,) = facts["apps"]
    assert row["stored_at"] is not None
    assert row["lag_ms"] <= MINUTE + SECOND
    for key in pipeline.keys("logs/"):
        pipeline.aws.s3.delete_object(Bucket=pipeline.config.bucket, Key=key)
    _, found = _apps(deployment, pipeline.clock.now + MINUTE)
    assert [finding.what for finding in found] == [f"The newest records of {row['appid']} are not in S3."]
    # Later it may have been compacted, or have expired.
    assert _apps(deployment, pipeline.clock.now + HOUR + MINUTE)[1] == []


def as_deployment(pipeline: Any) -> Any:
    """The pipeline as a deployment, by the names that its configuration has."""
    return SimpleNamespace(
        aws=pipeline.aws,
        bucket=pipeline.config.bucket,
        names=SimpleNamespace(hot_table=pipeline.config.hot_table),
    )
