"""What a function's role grants is what its code calls, no more, action by action and ARN by ARN.

The calls are recorded on moto. The compactor needs an Athena that works: it is in the sandbox's tests of the
same name, where IAM is enforced as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from logctl.core.attempts import MAX_SILENT
from logctl.core.debounce import AlertKey, Tally
from logctl.core.hot_rows import APPS
from logctl.core.partitions import COMPACTED, LOGS
from logctl.core.times import DAY, MINUTE
from logctl.pipeline.alerting.alerter import alerter_for
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.partition_expiry import Expiry
from logctl.pipeline.stores.attempt_ledger import Attempts
from logctl.pipeline.stores.outbox import UNCOUNTED, Outbox
from logctl.stack.names import Names
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import bootstrap_template, build_template
from tests.helpers import iam
from tests.helpers.api import send
from tests.helpers.expiry import OLD, register
from tests.helpers.iam import Need, Statement, Where
from tests.helpers.messages import break_, event, packed, records, sqs
from tests.helpers.needs import by_athena, by_lambda, by_the_compactor
from tests.helpers.pipeline import NOON, Pipeline
from tests.helpers.stored import without_records

WHERE = Where("123456789012", "eu-central-1")
SETTINGS = Settings.build(("test", {"env": "test", "compact_after": "2d"}))
NAMES = Names.of(SETTINGS)
TEMPLATE = build_template(SETTINGS, code=Code("b", "k", "python3.13", "arm64"))
ROLES = sorted(name for name, item in TEMPLATE["Resources"].items() if item["Type"] == "AWS::IAM::Role")
BUCKET = "arn:aws:s3:::logctl-test-logs"


def statements(role: str, **ours: str) -> list[Statement]:
    ours.setdefault("Bucket", BUCKET)
    return iam.role_statements(TEMPLATE, role, WHERE, **ours)


def prove(granted: list[Statement], needs: set[Need]) -> None:
    """Everything granted is used, everything used is granted, and without any one statement it is not.

    And nothing that is wider than it would be: see `widened`.
    """
    assert iam.refused(granted, needs) == set()
    assert iam.unused(granted, needs) == set()
    assert iam.too_much(granted, needs) == set()
    for statement in granted:
        others = [other for other in granted if other is not statement]
        assert iam.refused(others, needs), f"nothing misses {statement['Sid']}"
    for wider in widened(granted):
        assert iam.too_much([wider], needs), wider


def widened(granted: list[Statement]) -> Iterator[Statement]:
    """Each statement with one more action, or with a resource or condition that reaches further."""
    for statement in granted:
        services = {action.partition(":")[0] for action in statement["Action"]}
        for service in services:
            for action in (f"{service}:*", f"{service}:Delete*", _NOT_NEEDED[service]):
                yield {**statement, "Action": [*statement["Action"], action]}
        for position, resource in enumerate(statement["Resource"]):
            for wider in further(resource):
                resources = [*statement["Resource"]]
                resources[position] = wider
                yield {**statement, "Resource": resources}
            if "test" in resource:
                yield {**statement, "Resource": [*statement["Resource"], resource.replace("test", "prod")]}
        prefixes = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix")
        if prefixes:
            yield {key: value for key, value in statement.items() if key != "Condition"}
            for more in (
                "*",
                "logs*",
                "quarantine/*" if "quarantine/*" not in prefixes else "athena-results/*",
            ):
                yield {**statement, "Condition": {"StringLike": {"s3:prefix": [*prefixes, more]}}}


_NOT_NEEDED = {
    "athena": "athena:DeleteWorkGroup",
    "dynamodb": "dynamodb:Scan",
    "glue": "glue:DeleteDatabase",
    "logs": "logs:FilterLogEvents",
    "s3": "s3:DeleteObjectVersion",
    "sns": "sns:Subscribe",
    "sqs": "sqs:PurgeQueue",
}


def further(resource: str) -> Iterator[str]:
    """ARNs that hold this one and more: cut anywhere behind the service, or with any part of it open."""
    for end in range(len("arn:aws:s3:"), len(resource.removesuffix("*"))):
        yield resource[:end] + "*"
    parts = re.split(r"([:/])", resource)
    for position, part in enumerate(parts):
        if part not in (":", "/", "arn", "*", ""):
            yield "".join([*parts[:position], "*", *parts[position + 1 :]])
    yield "*"


@pytest.mark.slow
def test_the_consumer(pipeline):
    redacting = Consumer(pipeline.aws, replace(pipeline.config, redact=("all",)), clock=pipeline.clock)
    attempts = Attempts(pipeline.aws.dynamodb, pipeline.config.hot_table)
    for _ in range(MAX_SILENT):
        attempts.begin("kills", now=NOON)
    with iam.recorded() as calls:
        message = packed(records(3, level="ERROR"), "a" * 16)
        pipeline.consumer.process(event(message, sqs('{"logctl": 1, "appid": poison', name="bad")))
        redacting.process(event(sqs("{}", name="kills", receives=9)))
        break_(pipeline.aws.s3, "PutObject", lambda params: "/logs/" in params["url_path"])
        pipeline.consumer.process(event(packed(records(1, message="fails"), name="fails")))
    prove(
        statements("ConsumerRole", DeadLetterQueue=WHERE.arn("sqs", "logctl-test-dlq.fifo")),
        calls.needs(WHERE) | by_lambda(WHERE, NAMES, "consumer"),
    )
    written = {need.resource for need in calls.needs(WHERE) if need.action == "s3:PutObject"}
    prefixes = {resource.removeprefix("arn:aws:s3:::logctl-test-logs/").split("/")[0] for resource in written}
    assert prefixes == {"logs", "quarantine", "canary"}


def test_the_consumer_sends_into_the_dead_letter_queue_and_nowhere_else():
    sent = {
        (role, action, resource)
        for role in ROLES
        for action, resource in iam.granted(statements(role, DeadLetterQueue="the dead-letter queue"))
        if action.startswith("sqs:Send")
    }
    assert sent == {("ConsumerRole", "sqs:SendMessage", "the dead-letter queue")}


def test_the_api(site):
    site = replace(site, groups=("app:*",))
    send(site, level="ERROR")
    without_records(site.pipeline)
    with iam.recorded() as calls:
        page = site.get("/logs")
    site.pipeline.clock.advance(1_000)
    send(site, name="m2")
    with iam.recorded() as more:
        for path in ("/session", "/apps", "/counts", "/alerts", "/health"):
            site.get(path)
        assert site.get("/logs/live", cursor=page["live"])["records"]
    # An app that an earlier version has listed: its rows are followed in that version's index.
    site.pipeline.aws.dynamodb.update_item(
        TableName=site.pipeline.config.hot_table,
        Key={"app": {"S": APPS}, "chunk": {"S": "checkout"}},
        UpdateExpression="REMOVE lane, newest",
    )
    without_records(site.pipeline)
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")
    break_(site.pipeline.aws.s3, "GetObject", error=refused)
    with iam.recorded() as last:
        site.get("/logs/live", 503, cursor=page["live"])
        assert "not permitted" in site.get("/logs", 503)["error"]
    calls.calls += more.calls + last.calls
    prove(
        statements("ApiRole", Queue=WHERE.arn("sqs", "inbox"), DeadLetterQueue=WHERE.arn("sqs", "dead")),
        calls.needs(WHERE) | by_lambda(WHERE, NAMES, "api"),
    )


@pytest.mark.slow
def test_the_sweeper(pipeline: Pipeline):
    pipeline.consumer.process(event(packed(records(3, level="ERROR"))))
    waiting = Tally(AlertKey("checkout", "ERROR", "f" * 12), 1, "t", "s", NOON)
    Outbox(pipeline.aws.dynamodb, pipeline.config.hot_table).put("batch", [waiting])
    sweeper = alerter_for(pipeline.aws, pipeline.config, pipeline.clock)
    with iam.recorded() as calls:
        for _ in range(3):
            pipeline.clock.advance(16 * MINUTE)
            Sweep(sweeper).run(pipeline.clock())
    register(pipeline, OLD)
    compacted = f"s3://{pipeline.config.bucket}/{COMPACTED}gen=1/appid=a/"
    register(pipeline, OLD, table=pipeline.config.compacted_table, place=compacted)
    pipeline.clock.advance(DAY)
    with iam.recorded() as more:
        assert Expiry(pipeline.aws.s3, pipeline.aws.glue, pipeline.config, pipeline.clock).run() == (2, [])
    calls.calls += more.calls
    prove(statements("SweeperRole"), calls.needs(WHERE) | by_lambda(WHERE, NAMES, "sweeper"))
    outbox = [need.leading for need in calls.needs(WHERE) if need.resource.endswith("table/logctl-test-hot")]
    assert set(outbox) == set(UNCOUNTED)
    prefixes = {need.prefix for need in calls.needs(WHERE) if need.action == "s3:ListBucket"}
    assert {(prefix or "").split("/")[0] + "/" for prefix in prefixes} == {LOGS, COMPACTED}


def test_the_compactor():
    prove(
        statements("CompactorRole"),
        by_the_compactor(WHERE, NAMES, BUCKET)
        | by_athena(WHERE, NAMES, BUCKET)
        | by_lambda(WHERE, NAMES, "compactor"),
    )


def test_every_role_is_proved_and_has_one_policy():
    assert ROLES == ["ApiRole", "CompactorRole", "ConsumerRole", "SweeperRole"]
    for role in ROLES:
        properties = TEMPLATE["Resources"][role]["Properties"]
        assert properties.keys() == {"RoleName", "AssumeRolePolicyDocument", "Policies", "Tags"}
        for statement in statements(role):
            assert statement["Effect"] == "Allow"
            assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}


# ── What no role may do ─────────────────────────────────────────────────────────────────────────────

FORBIDDEN = (
    r"\w+:\*",
    r"[^:]*\*.*",
    r"dynamodb:(Scan|Delete(?!Item$).*|BatchWriteItem|CreateTable|UpdateTable|PartiQL.*)",
    r"sqs:(Purge.*|Send(?!Message$).*|ChangeMessageVisibility|SetQueueAttributes|.*Permission|CreateQueue|DeleteQueue)",
    r"sns:(?!Publish$).*",
    r"(iam|sts|kms|lambda|cloudformation|cognito-idp|events|apigateway|execute-api|secretsmanager|ssm):.*",
    r"logs:(Get|Filter|Delete|Describe|Start|CreateLogGroup).*",
    r"s3:(Put(?!Object$)|Delete(?!Object$)|.*(Policy|Acl|Version|Bypass|Replicat)).*",
    r"glue:(.*Database(?<!GetDatabase)|.*Connection|.*Job|.*Crawler|GetDataCatalog.*|.*ResourcePolicy)",
    r"athena:(?!(StartQueryExecution|GetQueryExecution|GetQueryResults|StopQueryExecution)$).*",
)
ONLY_THE_SWEEPER = r"dynamodb:DeleteItem"
ONLY_THE_COMPACTOR = r"(s3:DeleteObject|glue:(Create|Delete)Table|glue:UpdatePartition|athena:.*)"


@pytest.mark.parametrize("role", ROLES)
def test_what_no_role_may_do(role):
    for action, resource in iam.granted(statements(role)):
        assert not [rule for rule in FORBIDDEN if re.fullmatch(rule, action)], (role, action)
        assert resource.startswith("arn:aws:"), (role, action, resource)
        # A wildcard ends an ARN below something of this environment; it never stands for an account or a name.
        before, _, after = resource.partition("*")
        assert after == "", resource
        assert "logctl-test" in before or "logctl_test" in before or "*" not in resource, resource
        if re.fullmatch(ONLY_THE_COMPACTOR, action):
            assert role == "CompactorRole", (role, action)
        if re.fullmatch(ONLY_THE_SWEEPER, action):
            assert (role, resource) == ("SweeperRole", WHERE.arn("dynamodb", "table/logctl-test-hot"))


def test_the_sweeper_deletes_rows_of_the_outbox_and_no_records():
    (statement,) = [item for item in statements("SweeperRole") if "dynamodb:DeleteItem" in item["Action"]]
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(UNCOUNTED)}}
    hot = WHERE.arn("dynamodb", "table/logctl-test-hot")
    for action in ("dynamodb:DeleteItem", "dynamodb:Query"):
        assert iam.refused([statement], [Need(action, hot, leading="checkout")])
        assert not iam.refused([statement], [Need(action, hot, leading=UNCOUNTED[0])])


def test_the_compactor_deletes_only_what_it_replaces():
    deletes = [
        resource
        for action, resource in iam.granted(statements("CompactorRole"))
        if action == "s3:DeleteObject"
    ]
    bucket = "arn:aws:s3:::logctl-test-logs"
    assert sorted(deletes) == [f"{bucket}/{COMPACTED}*", f"{bucket}/{LOGS}*"]
    tables = [
        resource
        for action, resource in iam.granted(statements("CompactorRole"))
        if action in ("glue:CreateTable", "glue:DeleteTable") and ":table/" in resource
    ]
    assert set(tables) == {WHERE.arn("glue", "table/logctl_test/compaction_*")}


def services(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements that let a service in."""
    return [item for item in document["Statement"] if "Service" in str(item.get("Principal", ""))]


def test_a_service_that_is_let_in_acts_for_one_source_of_this_account():
    """Lambda permissions name the ARN of what calls. Lambda itself assumes the roles, and AWS does not say
    that it sets the keys then: see `policies.trust_lambda`."""
    resources = TEMPLATE["Resources"] | bootstrap_template(SETTINGS, place())["Resources"]
    for name, item in resources.items():
        properties = item["Properties"]
        if item["Type"] == "AWS::Lambda::Permission":
            assert properties["SourceArn"], name
            assert properties["Action"] == "lambda:InvokeFunction"
        for key in ("PolicyDocument", "ResourcePolicy", "KeyPolicy"):
            for statement in services(properties.get(key, {"Statement": []})):
                assert "aws:SourceArn" in str(statement["Condition"]), (name, statement)
                assert "aws:SourceAccount" in str(statement["Condition"]), (name, statement)
        if item["Type"] == "AWS::IAM::Role":
            (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
            assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def place():
    from logctl.aws.place import Place

    return Place(WHERE.account, WHERE.region)


# ── The checker itself ──────────────────────────────────────────────────────────────────────────────


def test_the_checker_finds_what_is_too_much_too_little_and_elsewhere():
    statement = {
        "Sid": "x",
        "Action": ["s3:PutObject", "s3:GetObject"],
        "Resource": ["arn:aws:s3:::b/logs/*"],
    }
    put = Need("s3:PutObject", "arn:aws:s3:::b/logs/1")
    assert iam.unused([statement], [put]) == {("s3:GetObject", "arn:aws:s3:::b/logs/*")}
    assert iam.refused([statement], [put, Need("s3:PutObject", "arn:aws:s3:::b/quarantine/1")]) == {
        Need("s3:PutObject", "arn:aws:s3:::b/quarantine/1")
    }
    listing = {
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::b",
        "Condition": {"StringLike": {"s3:prefix": ["logs/*"]}},
    }
    assert iam.refused([listing], [Need("s3:ListBucket", "arn:aws:s3:::b", "logs/x")]) == set()
    assert iam.refused([listing], [Need("s3:ListBucket", "arn:aws:s3:::b", "")]) != set()
