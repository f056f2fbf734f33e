"""How the pipeline is, told to people who ask, and by CloudWatch to those who don't."""

from __future__ import annotations

import json
from typing import Any

from logctl.ops.inbox import Inbox
from tests.sandbox.conftest import Cli


def cloudwatch(cli: Cli) -> Any:
    aws = cli.deployment.aws
    return aws.session.client("cloudwatch", endpoint_url=aws.endpoint_url)


def test_an_alarm_reaches_people_with_the_command_to_run_next(pipeline):
    inbox = Inbox(pipeline.deployment)
    inbox.take(seconds=0)
    client, name = cloudwatch(pipeline), pipeline.deployment.names.alarm("dead-letters")
    client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test says so")
    client.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test says so")
    told = [alert for alert in inbox.take(seconds=10) if name in alert.subject]
    assert {alert.subject.split(":")[0] for alert in told} == {"ALARM", "OK"}
    assert "logctl dlq list --target local --env test" in json.loads(told[0].body)["AlarmDescription"]


def test_the_dashboard_is_there_and_names_this_region(pipeline):
    found = cloudwatch(pipeline).get_dashboard(DashboardName=pipeline.deployment.names.stack)
    body = json.loads(found["DashboardBody"])
    regions = {widget["properties"].get("region", "us-east-1") for widget in body["widgets"]}
    assert regions == {"us-east-1"}
    assert "${" not in found["DashboardBody"]
