"""Provision, destroy, consume, dead letters, and environments beside each other."""

from __future__ import annotations

import json

import pytest

from tests.helpers.sandbox import Cli, eventually, pause_lambda, resources


@pytest.fixture
def fresh(sandbox: Cli, request: pytest.FixtureRequest) -> Cli:
    """An environment of its own for each test, removed afterwards."""
    cli = Cli(sandbox.home, env=f"e{abs(hash(request.node.name)) % 10**8}")
    yield cli
    cli.run("destroy", "--delete-data", "--yes", code=None)


def test_a_plan_shows_everything_and_leaves_nothing(fresh):
    planned = fresh.run("provision", "--plan", "-o", "json")
    kinds = {row["type"] for row in planned.json}
    assert {"AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::S3::Bucket", "AWS::Glue::Table"} <= kinds
    assert all(row["change"] == "+ add" for row in planned.json)
    assert "Nothing was changed" in planned.err
    assert resources(fresh) == {}


def test_provisioning_twice_changes_nothing_and_a_changed_setting_only_what_it_must(fresh):
    fresh.run("provision", "--yes")
    assert "Nothing changes" in fresh.run("provision", "--yes").err
    assert fresh.run("provision", "--plan", "--detailed-exitcode", code=0).out == ""
    plan = ("provision", "--plan", "--detailed-exitcode", "--scan-limit", "20GB")
    (changed,) = fresh.run(*plan, "-o", "json", code=2).json
    assert (changed["resource"], changed["change"], changed["loses"]) == ("Workgroup", "~ change", None)
    cutoff = {"path": "WorkGroupConfiguration.BytesScannedCutoffPerQuery", "before": "100000000000"}
    assert changed["properties"] == [cutoff | {"after": "20000000000"}]
    assert "BytesScannedCutoffPerQuery: 100000000000 → 20000000000" in fresh.run(*plan, code=2).out
    assert "needs --plan" in fresh.run("provision", "--detailed-exitcode", code=2).err


def test_without_a_terminal_nothing_is_done_unasked(fresh):
    result = fresh.run("provision", code=1)
    assert "no terminal" in result.err
    assert "--yes" in result.err
    assert resources(fresh) == {}


def test_destroy_keeps_the_data_and_provisioning_again_finds_it(fresh):
    fresh.run("provision", "--yes")
    fresh.run("send", "--sample", "200", "--app", "kept", "--wait")
    destroyed = fresh.run("destroy", "--yes").err
    assert "kept bucket" in destroyed
    assert "kept table" in destroyed
    assert set(resources(fresh)) == {"buckets", "tables"}
    assert fresh.run("tail", "kept", "-s", "1h", "-o", "json").lines

    fresh.run("provision", "--yes")
    fresh.run("athena", "repair")
    assert len(fresh.run("tail", "kept", "-s", "1h", "-o", "json").lines) == 200
    counted = fresh.run("athena", "query", "SELECT count(*) AS n FROM logs", "-o", "json", "--full-scan").json
    assert counted == [{"n": 200}]
    fresh.run("send", "--sample", "10", "--app", "kept", "--wait")


def test_destroy_with_data_leaves_nothing(fresh):
    fresh.run("provision", "--yes")
    fresh.run("send", "--sample", "200", "--wait")
    assert "no terminal" in fresh.run("destroy", "--delete-data", code=1).err
    fresh.run("destroy", "--delete-data", "--yes")
    assert resources(fresh) == {}
    again = fresh.run("destroy", "--delete-data", "--yes")
    assert "There was no" in again.err


def test_somebody_elses_function_of_the_same_name_is_named_and_left_alone(fresh):
    deployment = fresh.deployment
    iam = deployment.aws.session.client("iam", endpoint_url=deployment.aws.endpoint_url)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName=f"{fresh.env}-stranger",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    deployment.aws.functions.create_function(
        FunctionName=deployment.names.sweeper,
        Runtime="python3.13",
        Role=role,
        Handler="x.y",
        Code={"ZipFile": b"PK\x05\x06" + b"\0" * 18},
    )
    result = fresh.run("provision", "--yes", code=1)
    assert "cannot plan this" in result.err
    assert f"Sweeper ({{FunctionName={deployment.names.sweeper}}})" in result.err
    assert "buckets" not in resources(fresh)
    deployment.aws.functions.delete_function(FunctionName=deployment.names.sweeper)
    fresh.run("provision", "--yes")


def test_environments_beside_each_other_do_not_touch(pipeline, fresh):
    fresh.run("provision", "--yes")
    fresh.run("send", "--sample", "50", "--app", "mine", "--wait")
    assert pipeline.run("tail", "mine", "-s", "1h").out == ""
    assert "Nothing changes" in pipeline.run("provision", "--plan").err


def test_subscriptions_are_part_of_the_stack(fresh):
    deployment = fresh.deployment
    url = deployment.aws.sqs.create_queue(QueueName=f"{fresh.env}-subscriber")["QueueUrl"]
    attributes = deployment.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = attributes["Attributes"]["QueueArn"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}]}  # fmt: skip
    deployment.aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    fresh.run("provision", "--yes", "--subscribe", arn, "--subscribe", "oncall@example.com")
    fresh.run("send", "--sample", "100", "--wait")

    def subjects() -> list[str]:  # CloudWatch's alarms tell the subscriber that they are well, too
        got = deployment.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"])["Subject"] for message in got]

    eventually(lambda: any("ERROR opened: checkout" in subject for subject in subjects()), what="the alert")


@pytest.mark.parametrize(
    "command",
    ["tail x", "tail -f", "send --sample 5", "consume --once", "athena query SELECT", "athena partitions",
     "athena repair", "debounce list", "debounce show a#ERROR#0a1b2c3d4e5f", "dlq list", "dlq redrive --yes", "status"],
)  # fmt: skip
def test_a_pipeline_that_is_not_there_is_one_sentence_and_exit_3(sandbox, command):
    result = Cli(sandbox.home, env="absent").run(*command.split(), code=3)
    assert result.err.startswith("logctl: There is no logctl-absent pipeline in environment absent")
    assert "logctl provision" in result.err
    assert result.out == ""


def test_another_region_is_another_place(pipeline):
    result = pipeline.run("tail", "x", "--region", "eu-west-1", code=3)
    assert "eu-west-1" in result.err


# ── Consume ─────────────────────────────────────────────────────────────────────────────────────────


def test_consume_once_empties_the_queue_as_lambda_would(fresh):
    fresh.run("provision", "--yes")
    pause_lambda(fresh, enabled=False)
    fresh.run("send", "--sample", "3000")
    assert fresh.run("tail", "-s", "1h").out == ""
    result = fresh.run("consume", "--once")
    assert all(reply == {"batchItemFailures": []} for reply in result.lines)
    assert "0 failed" in result.err
    assert len(fresh.run("tail", "-s", "1h", "-o", "json").lines) == 3000
    assert fresh.run("consume", "--once").out == ""


def test_consume_a_saved_event(pipeline, tmp_path):
    event = tmp_path / "event.json"
    body = json.dumps({"msg": "from a file"})
    attributes = {"MessageGroupId": "saved", "SentTimestamp": "1769847300000", "MessageDeduplicationId": "d"}
    event.write_text(json.dumps({"Records": [{"messageId": "m-1", "body": body, "attributes": attributes}]}))
    assert pipeline.run("consume", "--event", str(event)).lines == [{"batchItemFailures": []}]
    assert pipeline.run("tail", "saved", "-n", "5", "-o", "raw").out == "from a file\n"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"Records": 1}', '{"Records": [{}]}'])
def test_what_is_no_event_is_refused(pipeline, tmp_path, content):
    event = tmp_path / "event.json"
    event.write_text(content)
    assert "event" in pipeline.run("consume", "--event", str(event), code=2).err


# ── Dead letters ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("F17")
def test_dead_letters_are_listed_shown_and_sent_round_again(fresh):
    fresh.run("provision", "--yes")
    assert fresh.run("dlq", "list").err == "The dead-letter queue is empty.\n"
    assert "empty" in fresh.run("dlq", "redrive", "--yes").err
    deployment = fresh.deployment
    for n in range(3):
        deployment.aws.sqs.send_message(
            QueueUrl=deployment.dead_letter_queue_url(),
            MessageBody=json.dumps({"msg": f"dead {n}"}),
            MessageGroupId="grave",
            MessageDeduplicationId=f"dead-{n}",
        )
    listed = fresh.run("dlq", "list", "-o", "json").json
    assert [(row["app"], row["records"], row["problem"]) for row in listed] == [("grave", 1, "")] * 3
    assert len(fresh.run("dlq", "list", "-o", "json").json) == 3
    shown = fresh.run("dlq", "show", listed[1]["message_id"][:13], "-o", "json").json
    assert json.loads(shown["body"]) == {"msg": "dead 1"}
    assert "no message" in fresh.run("dlq", "show", "nonsense", code=2).err
    assert "no terminal" in fresh.run("dlq", "redrive", code=1).err

    assert "3 of 3" in fresh.run("dlq", "redrive", "--yes").err
    eventually(lambda: len(fresh.run("tail", "grave", "-s", "1h", "-o", "json").lines) == 3)
    assert fresh.run("tail", "grave", "-n", "9", "-o", "raw").out.split("\n")[:3] == [
        "dead 0",
        "dead 1",
        "dead 2",
    ]
    assert fresh.run("dlq", "list", "-o", "json").json == []
