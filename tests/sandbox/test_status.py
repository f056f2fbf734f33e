"""`logctl status`, `logctl doctor` and CloudWatch's alarms in the sandbox."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from logctl.core.partitions import Partition
from logctl.ops.alerts import debounce_states
from logctl.ops.alerts.queue_subscriber import Inbox
from logctl.ops.deployment import Deployment
from logctl.ops.health.status import pipeline_status
from logctl.ops.health.trace import APP, follow
from logctl.ops.lake import repair
from tests.helpers.sandbox import Cli, eventually, pause_lambda
from tests.helpers.terminal import start_in_a_terminal


@pytest.fixture(scope="module")
def watched(sandbox: Cli) -> Cli:
    """An environment of its own, healthy; each test undoes what it changes."""
    cli = Cli(sandbox.home, env="watched")
    cli.run("provision", "--yes")
    cli.run("send", "--sample", "100", "--app", "shop", "--wait")
    return cli


@pytest.fixture(scope="module")
def deployment(watched: Cli) -> Deployment:
    return watched.deployment


def client(deployment: Deployment, service: str) -> Any:
    return deployment.aws.session.client(service, endpoint_url=deployment.aws.endpoint_url)


def now() -> int:
    return time.time_ns() // 1_000_000


def findings(deployment: Deployment, *, with_drift: bool = False) -> dict[str, tuple[str, str]]:
    """Return what was found, and what to run, by part; the first tests show that the command prints it."""
    found = pipeline_status(deployment, now=now(), with_drift=with_drift)
    assert not [part.error for part in found.parts if part.error]
    return {part.name: (item.what, str(item.run)) for part in found.parts for item in part.findings}


def test_an_alarms_notification_has_the_command_to_run_next(deployment):
    inbox = Inbox(deployment)
    inbox.take(seconds=0)
    watcher, name = client(deployment, "cloudwatch"), deployment.names.alarm("dead-letters")
    watcher.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test says so")
    watcher.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test says so")
    told = [alert for alert in inbox.take(seconds=10) if name in alert.subject]
    assert {alert.subject.split(":")[0] for alert in told} == {"ALARM", "OK"}
    assert "logctl dlq list --target local --env watched" in json.loads(told[0].body)["AlarmDescription"]


def test_the_cloudwatch_dashboard_names_this_region(deployment):
    found = client(deployment, "cloudwatch").get_dashboard(DashboardName=deployment.names.stack)
    body = json.loads(found["DashboardBody"])
    regions = {widget["properties"].get("region", "us-east-1") for widget in body["widgets"]}
    assert regions == {"us-east-1"}
    assert "${" not in found["DashboardBody"]


# ── logctl status ───────────────────────────────────────────────────────────────────────────────────────


def test_status_of_a_healthy_pipeline(watched):
    done = watched.run("status")
    assert done.err == ""
    first, *rest = done.out.splitlines()
    assert re.fullmatch(
        r"logctl-watched is healthy, 20\S+Z: environment watched in the sandbox \(us-east-1\)", first
    )
    table = {line.split("  ")[0]: line for line in rest if line}
    assert "CREATE_COMPLETE, version" in table["stack"]
    assert "0 waiting, 0 in flight" in table["queue"]
    assert "Active, event source Enabled" in table["consumer"]
    assert "no metrics" in table["last hour"]
    assert "all registered" in table["partitions"]
    assert table["shop"].count("Z") == 3  # the newest record, its arrival, and when its object was written


def test_age_of_the_newest_records_of_an_app(deployment):
    found = pipeline_status(deployment, now=now())
    assert (found.state, found.part("last hour").facts.errors) == ("ok", None)
    (app,) = found.apps
    assert app.newest_at <= app.arrived_at
    assert 0 <= app.lag_ms < 600_000


def test_a_dead_letter(watched, deployment):
    sqs, url = deployment.aws.sqs, deployment.dead_letter_queue_url()
    sqs.send_message(QueueUrl=url, MessageBody="{}", MessageGroupId="shop", MessageDeduplicationId="d")
    debounce_states.silence(deployment, "shop", duration=60_000, comment="", now=now())
    try:
        assert findings(deployment) == {"dead letters": ("1 message could not be stored.", "logctl dlq list")}
        done = watched.run("status", "--target", "local", code=1)
        assert "is in need of attention" in done.out
        assert "    logctl dlq list --target local\n" in done.out
        assert "silenced: shop until 20" in done.out
    finally:
        sqs.purge_queue(QueueUrl=url)
        debounce_states.clear(deployment, "shop", now=time.time_ns() // 1_000_000)


def test_a_disabled_event_source_mapping(watched, deployment):
    pause_lambda(watched, enabled=False)
    try:
        what, run = findings(deployment)["consumer"]
        assert "is Disabled: messages stay in the queue" in what
        uuid = run.split("--uuid ")[1].split()[0]
        assert deployment.aws.functions.get_event_source_mapping(UUID=uuid)["State"] == "Disabled"
    finally:
        pause_lambda(watched, enabled=True)


def test_a_disabled_sweeper_schedule(deployment):
    rule = deployment.names.sweeper
    deployment.aws.events.disable_rule(Name=rule)
    try:
        assert findings(deployment)["sweeper"][1] == f"aws events enable-rule --name {rule}"
    finally:
        deployment.aws.events.enable_rule(Name=rule)


def test_an_alarm_that_is_on(deployment):
    name = deployment.names.alarm("backlog")
    client(deployment, "cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    try:
        what, run = findings(deployment)["alarms"]
        assert what.startswith(f"The alarm {name} is on. Records wait too long")
        assert run == "logctl doctor --live"
    finally:
        client(deployment, "cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="test")


def test_quarantined_messages_and_unregistered_partitions(watched, deployment):
    key = Partition.at(now(), "stranger").object_key("b" * 32)
    deployment.aws.s3.put_object(Bucket=deployment.bucket, Key=key, Body=b"")
    deployment.aws.sqs.send_message(
        QueueUrl=deployment.queue_url(),
        MessageBody='{"logctl":1,"appid":"shop"',
        MessageGroupId="shop",
        MessageDeduplicationId="q",
    )
    try:
        eventually(lambda: "quarantine" in findings(deployment))
        found = findings(deployment)
        assert found["partitions"] == (
            "Athena does not see 1 partition of the last 3 days.",
            "logctl athena repair --since 3d",
        )
        assert found["quarantine"] == (
            "1 message could not be read, wholly or in part, in the last 24 h.",
            "logctl quarantine list --since 1d",
        )
    finally:
        deployment.aws.s3.delete_object(Bucket=deployment.bucket, Key=key)
        watched.run("quarantine", "drop", "--all", "--yes")
    assert findings(deployment) == {}


def test_drift_is_detected_and_shown_afterwards(deployment):
    functions, name = deployment.aws.functions, deployment.names.consumer
    functions.update_function_configuration(FunctionName=name, Timeout=3)
    try:
        what, _ = findings(deployment, with_drift=True)["drift"]
        assert what.startswith("Consumer (AWS::Lambda::Function) differs from the template in Timeout")
        assert findings(deployment)["stack"] == (
            "Resources were changed outside CloudFormation.",
            "logctl status --drift",
        )
    finally:
        functions.update_function_configuration(FunctionName=name, Timeout=60)
    found = pipeline_status(deployment, now=now(), with_drift=True)
    assert (found.findings, found.part("stack").facts.drift) == ([], "IN_SYNC")


@pytest.fixture
def somebody(watched: Cli, deployment: Deployment) -> Iterator[Cli]:
    """A person with permission to read the stack and the queues, and nothing else."""
    iam, aws = client(deployment, "iam"), deployment.aws
    iam.create_user(UserName="somebody")
    allowed = ["cloudformation:DescribeStacks", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
    iam.put_user_policy(UserName="somebody", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    yield replace(
        watched,
        variables={
            "LOGCTL_TARGET": "aws",
            "AWS_ENDPOINT_URL": str(aws.endpoint_url),
            "AWS_ENDPOINT_URL_ATHENA": str(aws.athena_endpoint_url),
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_REGION": "us-east-1",
        },
    )
    iam.delete_access_key(UserName="somebody", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="somebody", PolicyName="p")
    iam.delete_user(UserName="somebody")


def test_parts_that_may_not_be_read_hide_no_other(somebody):
    done = somebody.run("status", "-o", "json", code=5)
    parts = done.json["parts"]
    seen = {name for name, part in parts.items() if part["state"] == "ok"}
    assert seen == {"stack", "queue", "dead_letters"}
    assert parts["consumer"]["state"] == "unknown"
    assert "GetFunctionConfiguration" in parts["consumer"]["error"]
    assert (done.json["state"], done.json["findings"]) == ("unknown", [])


def test_watch_ends_with_ctrl_c(watched):
    child, ours = start_in_a_terminal(
        sys.executable, "-m", "logctl", "status", "--watch", "1", environ=watched.environ, cwd=watched.home
    )
    seen = b""
    while seen.count(b"logctl-watched is healthy") < 2:
        seen += os.read(ours, 65536)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=10) == 0
    os.close(ours)
    assert seen.count(b"\x1b[2J") >= 2


# ── logctl doctor ───────────────────────────────────────────────────────────────────────────────────────


def test_doctor_of_a_healthy_pipeline_with_a_live_event(watched, deployment):
    done = watched.run("doctor", "--live", "-o", "json")
    rows = {row["check"]: row for row in done.json}
    assert {row["verdict"] for row in rows.values()} == {"ok"}
    assert rows["version"]["seen"].endswith("deployed, with the same code")
    assert rows["endpoint"]["seen"] == deployment.aws.endpoint_url
    hops = [rows[f"live: {hop}"]["seen"] for hop in ("queue", "Lambda", "S3", "DynamoDB", "Athena")]
    times = [int(hop.removeprefix("after ").removesuffix(" ms").replace(",", "")) for hop in hops]
    assert all(0 <= at < 60_000 for at in times)
    assert times[0] <= times[2] <= times[4]
    assert "sent by logctl doctor --live" in watched.run("tail", "logctl-doctor", "-s", "5m", "-o", "raw").out
    assert [item.state.key.appid for item in debounce_states.standings(deployment, now=now())].count(APP) == 0


def test_a_live_event_without_a_consumer(watched, deployment):
    pause_lambda(watched, enabled=False)
    try:
        hops = {check.name: check for check in follow(deployment, seconds=1, clock=now)}
    finally:
        pause_lambda(watched, enabled=True)
    assert {name: check.verdict.value for name, check in hops.items()} == {
        "live: queue": "ok",
        "live: Lambda": "failed",
        "live: S3": "not checked",
        "live: DynamoDB": "not checked",
        "live: Athena": "not checked",
    }
    assert str(hops["live: Lambda"].run) == "logctl status"
    eventually(lambda: findings(deployment) == {}, what="the event's arrival")


def test_a_live_event_in_an_unregistered_partition(deployment):
    partition, names = Partition.at(now(), APP), deployment.names
    where = {"DatabaseName": names.database, "TableName": names.table}
    list(follow(deployment, seconds=20, clock=now))
    # The consumer remembers what it has registered, so it does not notice.
    deployment.aws.glue.delete_partition(**where, PartitionValues=list(partition.values))
    *_, stored, last = follow(deployment, seconds=2, clock=now)
    assert (stored.verdict.value, last.name, last.verdict.value) == ("ok", "live: Athena", "failed")
    assert str(last.run) == f"logctl athena repair --app {APP}"
    assert findings(deployment).keys() == {"partitions"}
    repair.repair(deployment, repair.compare(deployment))


def test_doctor_names_missing_permissions(somebody):
    done = somebody.run("doctor", "--live", "-o", "json", code=4)
    rows = {row["check"]: row for row in done.json}
    refused = {name.removeprefix("permission: ") for name, row in rows.items() if row["verdict"] == "failed"}
    assert {"sqs:GetQueueUrl", "stack"}.isdisjoint(refused)
    assert {"lambda:GetFunctionConfiguration", "s3:ListBucket", "glue:GetTable"} <= refused
    assert rows["permission: s3:ListBucket"]["to_do"] == "Allow s3:ListBucket for these credentials."
    assert rows["version"]["seen"].endswith("the code was not compared")
    assert rows["live: queue"]["verdict"] == "failed"
    assert "live: Lambda" not in rows
