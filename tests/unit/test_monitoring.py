"""Alarms and the dashboard: what they watch is there, and people can do something about it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from logctl.cli.app import app
from logctl.core.times import SECOND
from logctl.ops.health.status_rules import OLDEST_MESSAGE
from logctl.stack.alarms import ALARMS
from logctl.stack.names import Names
from logctl.stack.resources.queueing import VISIBILITY_TIMEOUT
from tests.helpers.messages import event, packed, records, sqs
from tests.helpers.template import of_type, template

ABOUT = [alarm.name for alarm in ALARMS]
PROD = {"env": "prod", "target": "local"}


def alarms(**settings: Any) -> dict[str, dict[str, Any]]:
    """By what they are about."""
    stack = Names(settings.get("prefix", "logctl"), settings.get("env", "dev")).stack
    found = of_type("AWS::CloudWatch::Alarm", **settings).values()
    return {alarm["AlarmName"].removeprefix(f"{stack}-"): alarm for alarm in found}


def dashboard(**settings: Any) -> dict[str, Any]:
    (found,) = of_type("AWS::CloudWatch::Dashboard", **settings).values()
    return {**found, "DashboardBody": json.loads(found["DashboardBody"]["Fn::Sub"])}


def names_of_resources(**settings: Any) -> dict[str, set[str]]:
    """What exists, by the dimension that metrics have it under."""
    tables = of_type("AWS::DynamoDB::Table", **settings).values()
    return {
        "QueueName": {item["QueueName"] for item in of_type("AWS::SQS::Queue", **settings).values()},
        "FunctionName": {
            item["FunctionName"] for item in of_type("AWS::Lambda::Function", **settings).values()
        },
        "TopicName": {item["TopicName"] for item in of_type("AWS::SNS::Topic", **settings).values()},
        "TableName": {table["TableName"] for table in tables},
        "GlobalSecondaryIndexName": {
            index["IndexName"] for table in tables for index in table["GlobalSecondaryIndexes"]
        },
        "ApiId": {"${HttpApi}"},
    }


def dimensions(alarm: dict[str, Any]) -> str:
    return " ".join(item["Value"].removeprefix("logctl-dev-") for item in alarm.get("Dimensions", ()))


def test_what_is_watched():
    watched = {
        about: (
            alarm["MetricName"],
            dimensions(alarm),
            alarm["Statistic"],
            alarm["Threshold"],
            alarm["Period"] * alarm["EvaluationPeriods"],
            alarm["TreatMissingData"],
        )
        for about, alarm in alarms().items()
    }
    assert watched == {
        "dead-letters": ("ApproximateNumberOfMessagesVisible", "ingest-dlq.fifo", "Maximum", 0, 60, "notBreaching"),
        "backlog": ("ApproximateAgeOfOldestMessage", "ingest.fifo", "Maximum", 2 * VISIBILITY_TIMEOUT, 300, "notBreaching"),
        "consumer-errors": ("Errors", "consumer", "Sum", 3, 300, "notBreaching"),
        "consumer-throttles": ("Throttles", "consumer", "Sum", 0, 600, "notBreaching"),
        "sweeper-stopped": ("Invocations", "sweeper", "Sum", 1, 600, "breaching"),
        "sweeper-errors": ("Errors", "sweeper", "Sum", 3, 300, "notBreaching"),
        "quarantine": ("Quarantined", "", "Sum", 0, 300, "notBreaching"),
    }  # fmt: skip
    assert list(watched) == ABOUT
    # `logctl status` goes by the same.
    assert OLDEST_MESSAGE == 2 * VISIBILITY_TIMEOUT * SECOND
    assert alarms()["sweeper-stopped"]["ComparisonOperator"] == "LessThanThreshold"


def test_alarms_stay_within_what_is_free():
    assert len(alarms()) <= 10
    # Below a minute, CloudWatch calls it high resolution and bills thrice.
    assert all(alarm["Period"] % 60 == 0 for alarm in alarms().values())


def test_alarms_and_dashboard_watch_resources_of_this_stack():
    there = names_of_resources(**PROD)
    dimensions = [
        (item["Name"], item["Value"])
        for alarm in alarms(**PROD).values()
        for item in alarm.get("Dimensions", ())
    ]
    for widget in dashboard(**PROD)["DashboardBody"]["widgets"]:
        for _, _, *pairs, _ in widget["properties"].get("metrics", []):
            dimensions += zip(pairs[::2], pairs[1::2], strict=True)
    assert len(dimensions) > 30
    for name, value in dimensions:
        assert value in there[name], (name, value)


def test_what_the_consumer_sets_aside_is_counted_in_its_log(pipeline, capsys):
    """The alarm goes by the line that the consumer writes, once for each object."""
    (counted,) = of_type("AWS::Logs::MetricFilter", **PROD).values()
    (transformation,) = counted["MetricTransformations"]
    alarm = alarms(**PROD)["quarantine"]
    assert (transformation["MetricNamespace"], transformation["MetricName"]) == (
        alarm["Namespace"],
        alarm["MetricName"],
    )
    assert transformation["MetricValue"] == "1"
    assert alarm["Namespace"] != alarms()["quarantine"]["Namespace"], "of one environment only"
    assert counted["LogGroupName"] == {"Ref": "ConsumerLogs"}
    (name, value) = re.fullmatch(r'{ \$\.(\w+) = "(\w+)" }', counted["FilterPattern"]).groups()
    pipeline.consumer.process(
        event(packed(records(1)), sqs('{"logctl": 1, "appid": poison', name="bad"), sqs("", name="empty"))
    )
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert len([line for line in told if line.get(name) == value]) == len(pipeline.keys("quarantine/")) == 2


@pytest.mark.parametrize("about", ABOUT)
def test_an_alarm_tells_people_what_to_run_next(about):
    alarm = alarms(**PROD)[about]
    assert alarm["AlarmActions"] == [{"Ref": "Topic"}]
    (command,) = re.findall(r"logctl [^,.]+", alarm["AlarmDescription"])
    assert command.endswith(" --target local --env prod")
    # It exists: its help can be shown, with these options.
    shown = CliRunner().invoke(app, [*shlex.split(command)[1:], "--help"])
    assert shown.exit_code == 0, shown.output


def test_each_alarm_is_explained_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `…-([a-z-]+)` \| .+ \| `(logctl [a-z ]+)`", page, re.M))
    assert rows.keys() == set(ABOUT)
    for about, command in rows.items():
        assert command in alarms()[about]["AlarmDescription"]


def test_the_topic_lets_exactly_these_alarms_publish():
    statement = template(env="prod")["Resources"]["TopicPolicy"]["Properties"]["PolicyDocument"]["Statement"][
        1
    ]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    condition = statement["Condition"]
    assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    allowed = {arn["Fn::Sub"].rpartition(":alarm:")[2] for arn in condition["ArnEquals"]["aws:SourceArn"]}
    assert allowed == {alarm["AlarmName"] for alarm in alarms(env="prod").values()}


def test_the_dashboard_is_one_screen_of_everything():
    found = dashboard(env="prod")
    assert found["DashboardName"] == "logctl-prod"
    widgets = found["DashboardBody"]["widgets"]
    titles = " ".join(widget["properties"]["title"] for widget in widgets)
    for word in ("Queue", "Dead letters", "Consumer", "API", "DynamoDB", "Alerts", "logctl-prod"):
        assert word in titles
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)
    assert all(widget["properties"].get("region", "") in ("${AWS::Region}", "") for widget in widgets)
