"""`logctl status`: its rules, CloudWatch's metrics, drift detection, and the three output formats."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from logctl import __version__
from logctl.aws.clients import Aws
from logctl.aws.place import Place
from logctl.cli.render import Output
from logctl.cli.status_report import show_status
from logctl.core.errors import LogctlError
from logctl.core.times import HOUR, MINUTE, SECOND, iso, to_datetime
from logctl.ops.deployment import Deployment
from logctl.ops.health import drift
from logctl.ops.health import status_rules as rules
from logctl.ops.health.drift import Drifted
from logctl.ops.health.findings import faulty_tables
from logctl.ops.health.metrics import measure
from logctl.ops.health.status import Part, PipelineStatus, pipeline_status
from logctl.ops.health.status_facts import AppFacts, AppsFacts, DriftFacts, QueueFacts
from logctl.stack.alarms import ALARMS
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
def test_findings_about_the_stack(status, drift_status, commands):
    assert [str(finding.run) for finding in rules.stack(status, drift_status)] == commands


def test_findings_name_drifted_resources():
    told = rules.drift([Drifted("Queue", "AWS::SQS::Queue"), Drifted("Api", "AWS::Lambda::Function", ("MemorySize", "Timeout"))])  # fmt: skip
    assert [finding.what for finding in told] == [
        "Queue (AWS::SQS::Queue) was deleted: destroy the stack and provision it again. S3 and DynamoDB keep their data; messages in the queues are lost.",
        "Api (AWS::Lambda::Function) differs from the template in MemorySize, Timeout: undo the change where it was made.",
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
def test_findings_about_the_consumer(function, sources, commands):
    assert [str(finding.run) for finding in rules.consumer(function, sources)] == commands


def test_missing_and_good_metrics_are_not_findings():
    assert rules.last_hour({"c": None, "s": None}, None, None) == []
    assert rules.last_hour({"c": 0.0, "s": 0.0}, 0.0, 12 * 60.0) == []


def test_findings_about_the_last_hour():
    told = rules.last_hour({"c": 1.0, "s": 1200.0}, 2.0, 12 * 60 + 1.0)
    assert [finding.what for finding in told] == [
        "The oldest message has waited for 12m 1s: the consumer is behind, failing or stopped.",
        "c crashed or timed out once in the last hour.",
        "s crashed or timed out 1,200 times in the last hour.",
        "Lambda throttled the consumer 2 times in the last hour.",
    ]
    assert str(told[1].run) == "aws logs tail /aws/lambda/c --since 1h"


@pytest.mark.parametrize(
    ("name", "run"),
    [("dead-letters", "logctl dlq list"), ("backlog", "logctl doctor --live"), ("sweeper-errors", "logctl doctor --live")],
)  # fmt: skip
def test_an_alarm_that_is_on_has_the_command_of_its_row(name, run):
    (alarm,) = [alarm for alarm in ALARMS if alarm.name == name]
    (finding,) = rules.alarms({"a": alarm})
    assert (finding.what, str(finding.run)) == (f"The alarm a is on. {alarm.about}", run)


def test_findings_with_counts():
    assert rules.dead_letters(0) == rules.alerts(0) == rules.partitions(0, 3) == []
    assert rules.quarantine(0, complete=True) == rules.apps_without_objects([]) == faulty_tables([], []) == []
    assert rules.dead_letters(1_200)[0].what == "1,200 messages could not be stored."
    assert rules.quarantine(5_000, complete=False)[0].what.startswith("More than 5,000 messages ")
    assert rules.quarantine(1, complete=True)[0].what.startswith("1 message could not be read")
    assert str(rules.apps_without_objects(["a"])[0].run) == "logctl athena partitions --app a"
    assert str(rules.sweeper("DISABLED", "r")[0].run) == "aws events enable-rule --name r"


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


def test_without_metrics_every_number_is_none(cloudwatch):
    deployment, _ = cloudwatch
    assert set(vars(measure(deployment, now=NOON)).values()) == {None}


def test_metrics_of_the_last_hour(cloudwatch):
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


def test_an_old_value_of_the_oldest_age_is_ignored(cloudwatch):
    deployment, put = cloudwatch
    queue = "logctl-prod-ingest.fifo"
    put("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue, 900, 20 * MINUTE)
    assert measure(deployment, now=NOON).oldest_seconds is None
    put("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue, 30, 4 * MINUTE)
    put("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue, 90, 3 * MINUTE)
    assert measure(deployment, now=NOON).oldest_seconds == 90


# ── Drift ───────────────────────────────────────────────────────────────────────────────────────────────


class CloudFormation:
    """Drift detection that takes several requests, and whose result has two pages."""

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


def test_drift_detection_waits_and_reads_every_page():
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


def test_drift_detection_that_fails_or_does_not_end():
    with pytest.raises(LogctlError, match="could not detect drift: no rights"):
        detect(CloudFormation("DETECTION_FAILED", reason="no rights."))
    with pytest.raises(LogctlError, match="did not end within 15 min"):
        detect(CloudFormation("DETECTION_IN_PROGRESS"))


# ── All parts ───────────────────────────────────────────────────────────────────────────────────────────


def aws(**clients: Any) -> Any:
    names = ("cloudformation", "cloudwatch", "dynamodb", "events", "functions", "glue", "s3", "sqs")
    return SimpleNamespace(place=Place("1", "eu-central-1"), **(dict.fromkeys(names, Refusing()) | clients))


def test_without_any_permission_the_error_is_raised():
    with pytest.raises(ClientError, match="AccessDenied"):
        pipeline_status(Deployment(aws(), SETTINGS), now=NOON)


def test_a_stack_that_may_not_be_read_hides_no_other_part():
    found = pipeline_status(
        Deployment(aws(events=Refusing(describe_rule=lambda Name: {"State": "ENABLED"})), SETTINGS), now=NOON
    )
    states = {part.name: part.state for part in found.parts}
    assert (found.state, states.pop("sweeper"), set(states.values())) == ("unknown", "ok", {"unknown"})


def test_attention_takes_precedence_over_unknown():
    found = pipeline_status(
        Deployment(aws(events=Refusing(describe_rule=lambda Name: {"State": "DISABLED"})), SETTINGS), now=NOON
    )
    assert found.state == "attention"


def test_a_deleted_resource_needs_attention():
    version = {"OutputKey": "Version", "OutputValue": __version__}
    stack = {"StackStatus": "UPDATE_COMPLETE", "Outputs": [version]}
    found = pipeline_status(
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
        "The resource that queue is read from was deleted.",
        "The resource that dead letters is read from was deleted.",
    ]
    assert (found.part("queue").state, found.part("stack").state) == ("attention", "ok")


@pytest.mark.parametrize("code", ["ValidationError", "ExpiredToken", "Throttling"])
def test_other_errors_of_the_stack_end_status(code):
    with pytest.raises(ClientError, match=code):
        pipeline_status(Deployment(aws(cloudformation=Refusing(code), sqs=None), SETTINGS), now=NOON)


def test_an_app_whose_newest_records_are_not_in_s3(pipeline):
    """S3 is written before the hot store, so what arrived within the hour has to be there."""
    from logctl.ops.health.status import _apps
    from tests.helpers.messages import event, packed, records

    pipeline.consumer.process(event(packed(records(3))))
    deployment: Any = as_deployment(pipeline)
    facts, found = _apps(deployment, pipeline.clock.now + MINUTE)
    assert found == []
    (row,) = facts.apps
    assert row.stored_at is not None
    assert row.lag_ms <= MINUTE + SECOND
    for key in pipeline.keys("logs/"):
        pipeline.aws.s3.delete_object(Bucket=pipeline.config.bucket, Key=key)
    _, found = _apps(deployment, pipeline.clock.now + MINUTE)
    assert [finding.what for finding in found] == [f"The newest records of {row.appid} are not in S3."]
    # Later it may have been compacted, or have expired.
    assert _apps(deployment, pipeline.clock.now + HOUR + MINUTE)[1] == []


# ── One report in three formats ─────────────────────────────────────────────────────────────────────────


PARTS = (
    Part("queue", QueueFacts(waiting=1_200, in_flight=3)),
    Part(
        "drift",
        DriftFacts("DRIFTED", (Drifted("Queue", "T"), Drifted("Api", "T", ("Timeout",)))),
        tuple(rules.drift([Drifted("Queue", "T"), Drifted("Api", "T", ("Timeout",))])),
    ),
    Part("dead letters", None, tuple(rules.gone("dead letters"))),
    Part("sweeper", None, error=LogctlError("It cannot be read.")),
    Part("apps", AppsFacts((AppFacts("shop", iso(NOON), iso(NOON + 1), 2_000, iso(NOON + 2)), AppFacts("web")), 1)),
)  # fmt: skip


def report(output: Output, capsys: pytest.CaptureFixture[str]) -> str:
    context: Any = SimpleNamespace(place="environment prod", target_flag=" --env prod")
    show_status(context, PipelineStatus("logctl-prod", NOON, PARTS), output)
    return capsys.readouterr().out


def test_json_csv_and_table_show_the_same_data(capsys):
    document = json.loads(report(Output.JSON, capsys))
    rows = list(csv.DictReader(io.StringIO(report(Output.CSV, capsys))))
    table = report(Output.TABLE, capsys)
    parts = {(row["part"].replace(" ", "_"), row["state"], row["seen"]) for row in rows if not row["appid"]}
    assert parts == {(name, part["state"], part["seen"]) for name, part in document["parts"].items()}
    assert document["parts"]["queue"] == {
        "state": "ok", "seen": "1,200 waiting, 3 in flight", "waiting": 1_200, "in_flight": 3,
    }  # fmt: skip
    assert document["parts"]["sweeper"]["error"] == "It cannot be read."
    findings = [(finding["part"], finding["what"], finding["run"]) for finding in document["findings"]]
    assert findings == [
        (row["part"].replace(" ", "_"), row["what"], row["run"]) for row in rows if row["what"]
    ]
    assert [run for _, _, run in findings] == [
        "logctl destroy --env prod", "logctl status --drift --env prod", "logctl status --drift --env prod",
    ]  # fmt: skip
    apps = [{name: row[name] for name in vars(AppFacts(""))} for row in rows if row["appid"]]
    assert apps == [
        {name: "" if value is None else str(value) for name, value in app.items()}
        for app in document["parts"]["apps"]["apps"]
    ]
    for shown in ("logctl-prod is in need of attention, 2", "environment prod", "shop", "web"):
        assert shown in table
    for words in [*document["findings"], *(part for part in document["parts"].values())]:
        assert all(words.get(name, "") in table for name in ("what", "run", "seen"))


def as_deployment(pipeline: Any) -> Any:
    """Return the pipeline as a deployment, with the names in its configuration."""
    return SimpleNamespace(
        aws=pipeline.aws,
        bucket=pipeline.config.bucket,
        names=SimpleNamespace(hot_table=pipeline.config.hot_table),
    )
