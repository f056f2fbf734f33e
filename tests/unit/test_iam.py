"""The policies that people get: a command each, exact ARNs, what CloudFormation's handlers need, IAM's limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import click
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from typer.testing import CliRunner

from logctl.aws.place import Place
from logctl.cli.app import app
from logctl.core.errors import UsageError
from logctl.stack.iam.command_permissions import COMMANDS, WITHOUT, needed
from logctl.stack.iam.documents import LIMIT, documents, merged, size
from logctl.stack.iam.policies import allow
from logctl.stack.iam.scope import PolicyScope
from logctl.stack.resource_types import RESOURCE_TYPES
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import bootstrap_template, build_template
from tests.helpers import iam
from tests.helpers.command_tree import command_tree

HERE = PolicyScope(Settings(), Place("123456789012", "eu-central-1"), "aws")
LONGEST = Settings.build(("test", {"env": "e" * 14, "prefix": "p" * 12, "compact_after": "2d"}))


def commands(group: Any = None, before: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command as it is typed, and its options."""
    group = group or command_tree()
    for name, item in group.commands.items():
        if isinstance(item, click.Group) or hasattr(item, "commands"):
            yield from commands(item, f"{before}{name} ")
        else:
            yield f"{before}{name}", {text for option in item.params for text in option.opts}


def test_every_command_says_what_it_needs():
    known = dict(commands())
    assert {name for name in COMMANDS if "--" not in name} | WITHOUT == set(known)
    for name in COMMANDS:
        command, _, flag = name.partition(" --")
        assert not flag or f"--{flag}" in known[command], name


# ── Exact ───────────────────────────────────────────────────────────────────────────────────────────

ANYTHING = {
    "cognito-idp:CreateUserPool": "a pool has no name that an ARN could hold; its tags are the condition",
    "cognito-idp:DescribeUserPoolDomain": "asked by the domain's name; it has no resource",
    "lambda:CreateEventSourceMapping": "it has no id yet; the function is the condition",
    "logs:CreateLogDelivery": "log deliveries have no resource",
    "logs:DeleteLogDelivery": "likewise",
    "logs:GetLogDelivery": "likewise",
    "logs:ListLogDeliveries": "likewise",
    "logs:UpdateLogDelivery": "likewise",
    "logs:PutResourcePolicy": "the account's policies for log delivery have no resource",
    "logs:DescribeResourcePolicies": "likewise",
    "logs:DescribeLogGroups": "it looks through all of them",
    "logs:DescribeIndexPolicies": "likewise",
    "sns:GetSubscriptionAttributes": "subscriptions have no resource",
    "sns:SetSubscriptionAttributes": "likewise",
    "cloudformation:DescribeStackDriftDetectionStatus": "asked by the detection's id",
    "cloudwatch:GetMetricData": "metrics have no resource",
    "lambda:GetAccountSettings": "it is the account's",
    "lambda:ListEventSourceMappings": "it has no resource",
    "sns:Unsubscribe": "likewise",
}
# ARNs of these hold an id that is made with them.
WITHOUT_NAMES = re.compile(
    r"arn:aws:(apigateway:eu-central-1::/|cognito-idp:.*:userpool/|lambda:.*:event-source-mapping:|cloudwatch:.*:alarm:\*$)"
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_policy_names_this_environment_and_nothing_else(command):
    for statement in needed(command, HERE):
        for action, resource in iam.granted([statement]):
            assert re.fullmatch(r"[a-z0-9-]+:[A-Za-z]+", action), action
            if resource == "*":
                assert action in ANYTHING, (command, action)
            elif not WITHOUT_NAMES.match(resource) and not resource.endswith(
                (":catalog", ":database/default")
            ):
                assert "logctl-dev" in resource or "logctl_dev" in resource, (command, resource)
            if (
                "userpool/*" in resource
                or "event-source-mapping" in action.lower()
                or action == "iam:PassRole"
            ):
                assert statement["Condition"], (command, action)
            assert "${" not in resource


def test_arns_are_of_the_partition_and_of_cloudformations_words_where_nothing_is_known():
    china = PolicyScope(Settings(), Place("123456789012", "cn-north-1"), "aws-cn")
    (sent,) = needed("send", china)
    assert sent["Resource"] == ["arn:aws-cn:sqs:cn-north-1:123456789012:logctl-dev-ingest.fifo"]
    (sent,) = needed("send", PolicyScope(Settings()))
    queue = "logctl-dev-ingest.fifo"
    assert sent["Resource"] == [f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{queue}"]
    for command in COMMANDS:
        text = json.dumps(needed(command, china))
        assert "arn:aws:" not in text, command
        assert "eu-central-1" not in text


def test_roles_are_passed_to_lambda_only():
    (passing,) = [
        statement for statement in needed("provision", HERE) if "iam:PassRole" in statement["Action"]
    ]
    assert passing["Action"] == ["iam:PassRole"]
    assert passing["Resource"] == ["arn:aws:iam::123456789012:role/logctl-dev-*"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def test_what_reads_does_not_write():
    writes = re.compile(
        r":(Put|Delete|Send|Create|Update|Batch(Create|Delete|Update|Write)|Admin|Start(?!Query))"
    )
    for command in (
        "tail",
        "athena partitions",
        "debounce list",
        "debounce silences",
        "dlq list",
        "dashboard open",
    ):
        actions = {action for action, _ in iam.granted(needed(command, HERE))}
        assert not [action for action in actions if writes.search(action)], command
    for statement in needed("athena query", HERE):
        if "s3:PutObject" in statement["Action"]:
            assert [
                resource.rpartition(":::")[2].partition("/")[2] for resource in statement["Resource"]
            ] == ["athena-results/*"]


def test_who_silences_changes_nothing_but_silences():
    for command in ("debounce silence", "debounce clear", "debounce silences"):
        (statement,) = needed(command, HERE)
        assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["SILENCES"]}}


def test_a_family_is_what_its_members_need():
    family = {pair for statement in needed("dlq", HERE) for pair in iam.granted([statement])}
    members = {
        pair
        for command in ("dlq list", "dlq show", "dlq redrive")
        for statement in needed(command, HERE)
        for pair in iam.granted([statement])
    }
    assert family == members
    assert needed(" logctl  dlq list ", HERE) == needed("dlq list", HERE)


@pytest.mark.parametrize(
    ("said", "hint"),
    [("snd", "'send'"), ("athena qery", "'athena query'"), ("dashbord", "'dashboard'"), ("", "logctl iam")],
)
def test_a_command_that_is_none_is_told_with_the_nearest(said, hint):
    with pytest.raises(UsageError, match="There is no command") as refused:
        needed(said, HERE)
    assert hint in refused.value.hint


def test_a_command_that_needs_nothing_says_so():
    with pytest.raises(UsageError, match="logctl init needs no AWS permissions"):
        needed("init", HERE)


# ── What CloudFormation's handlers call ─────────────────────────────────────────────────────────────

# Of what the registry's schemas list, the template uses neither the feature nor, so, the action: of any type,
# or of the one that stands before it.
UNUSED_FEATURES = {
    r"AWS::DynamoDB::Table (logs|s3):.*": "imports",
    r"AWS::Glue::Table (s3:.*|glue:UpdateDatabase)": "Iceberg tables",
    r"AWS::S3::Bucket s3:DeleteObject": "metadata tables",
    r"AWS::SNS::Topic sns:(Uns|S)ubscribe": "subscriptions are resources of their own",
    r"kms:.*": "nothing is encrypted with a key of the account's own",
    r"(ec2|elasticfilesystem|s3files):.*": "the functions are in no VPC and have no file system",
    r"(kinesis|firehose|s3tables|lakeformation|cloudfront):.*": "streams, tables in S3, Lake Formation, own domains",
    r"iam:(PassRole|GetRole|CreateServiceLinkedRole|PutRolePolicy|DeleteRolePolicy)": "roles of other types than IAM's and Lambda's",
    r"s3:(REST\.PUT\.OBJECT|getObject|GetObjectMetadata)": "no IAM action, or an API that is defined in S3",
    r"s3:(TagResource|UntagResource|ListTagsForResource|PutBucketAbac)": "buckets are tagged by PutBucketTagging",
    r"s3:(Put|Delete)(Bucket)?(AnalyticsConfiguration|CORS|Cors|InventoryConfiguration|MetricsConfiguration|Notification|Replication|ReplicationConfiguration|Website|AccelerateConfiguration|ObjectAcl|ObjectLockConfiguration|Logging|IntelligentTieringConfiguration|Acl|Encryption|Lifecycle)": "settings that our buckets have not, or never lose",
    r"s3:.*Metadata.*(?<!GetBucketMetadataTableConfiguration)": "metadata tables",
    r"dynamodb:(DescribeImport|ImportTable|.*TableReplica|Scan|Query|.*Item|(Enable|Disable|Update)KinesisStreamingDestination|UpdateContributorInsights|(Put|Delete)ResourcePolicy)": "imports, replicas, streams, insights, table policies",
    r"cognito-idp:AddCustomAttributes": "users have no attributes of our own",
    r"glue:(PassConnection|.*Connection|GetSchemaVersion)": "connections and schema registries",
    r"lambda:((Put|Delete)Function(RecursionConfig|ScalingConfig|CodeSigningConfig)|GetCodeSigningConfig|GetLayerVersion|PutRuntimeManagementConfig|PassCapacityProvider|AssociateRuntimeAlias|PublishVersion)": "layers, signing, versions",
    r"logs:(PutDataProtectionPolicy|PutIndexPolicy|DeleteIndexPolicy|DeleteResourcePolicy|(Dis)?[Aa]ssociateKmsKey|PutBearerTokenAuthentication|PutLogGroupDeletionProtection|PutResourcePolicy|CreateLogDelivery)": "policies and keys of log groups; the API's log delivery is asked for with its stage",
    r"sns:PutDataProtectionPolicy": "the topic has none",
    r"iam:(AttachRolePolicy|DetachRolePolicy|.*PermissionsBoundary)": "roles have inline policies and no boundary",
}  # fmt: skip
# Not in the schema of the stage, but in API Gateway's guide (Configure logging for HTTP APIs); tags of some
# types are written by their own actions.
BESIDES = {
    "AWS::ApiGatewayV2::Stage": {f"logs:{action}LogDelivery" for action in ("Create", "Get", "Update", "Delete")}
    | {"logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"},
}  # fmt: skip
OWN_ROLES = {
    "AWS::Lambda::Function": {"iam:PassRole"},
    "AWS::IAM::Role": {"iam:GetRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy"},
}
RETAINED = {row.name for row in RESOURCE_TYPES.values() if row.kept}


@cache
def schema_says(kind: str) -> dict[str, set[str]]:
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    return {name: set(handler["permissions"]) for name, handler in handlers.items()}


def wanted(kind: str, *names: str) -> set[str]:
    """What the schema lists, without features that the template does not use."""
    listed = {action for name in names for action in schema_says(kind).get(name, ())}
    kept = {action for action in listed if not any(is_unused(rule, kind, action) for rule in UNUSED_FEATURES)}
    return kept | (OWN_ROLES.get(kind, set()) & listed)


def is_unused(rule: str, kind: str, action: str) -> bool:
    return re.fullmatch(rule, f"{kind} {action}" if rule.startswith("AWS::") else action) is not None


def given(kind: str, only: str = "") -> set[str]:
    return {
        action
        for handlers in RESOURCE_TYPES[kind].handlers
        for statement in handlers.statements(HERE, only)
        for action in statement["Action"]
    }


@pytest.mark.parametrize("kind", sorted(RESOURCE_TYPES))
def test_handlers_get_what_the_registrys_schemas_list_and_no_more(kind):
    deletes = set() if kind in RETAINED else wanted(kind, "delete")
    asked = wanted(kind, "create", "read", "update") | deletes | BESIDES.get(kind, set())
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    tags = set(schema.get("tagging", {}).get("permissions", ()))
    found = given(kind)
    assert asked - found == set()
    assert found - asked - tags == set()
    assert deletes - given(kind, "delete") == set()


def test_features_that_are_said_to_be_unused_are_asked_for_by_a_schema():
    listed = {
        (kind, action) for kind in RESOURCE_TYPES for some in schema_says(kind).values() for action in some
    }
    for rule in UNUSED_FEATURES:
        assert any(is_unused(rule, kind, action) for kind, action in listed), rule


@pytest.mark.parametrize(
    "settings", [{}, {"compact_after": "2d"}, {"oidc_issuer": "https://id.example", "oidc_audience": "x"}]
)
def test_every_resource_type_of_the_template_has_its_handlers(settings):
    made = Settings.build(("test", {**settings, "subscriptions": "a@example.com"}))
    templates = (build_template(made, code=Code("b", "k", "r", "a")), bootstrap_template(made, HERE.place))
    kinds = {item["Type"] for template in templates for item in template["Resources"].values()}
    assert kinds <= set(RESOURCE_TYPES)
    actions = {action for action, _ in iam.granted(needed("provision", PolicyScope(made, HERE.place, "aws")))}
    assert all(given(kind) <= actions for kind in kinds)


# ── Documents ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", COMMANDS)
def test_documents_are_within_iams_limit_and_say_all_of_it(command):
    scope = PolicyScope(LONGEST, Place("123456789012", "us-gov-west-1"), "aws-us-gov")
    statements = needed(command, scope)
    made = documents(statements)
    assert all(size(policy) <= LIMIT for policy in made)
    written = [statement for policy in made for statement in policy["Statement"]]
    assert iam.granted(written) == iam.granted(statements)
    for policy in made:
        sids = [statement["Sid"] for statement in policy["Statement"]]
        assert len(set(sids)) == len(sids)


def test_merging_never_widens():
    parts = allow("A", ["s3:GetObject"], ["x"]) + allow("A", ["s3:GetObject"], ["y"])
    parts += allow("B", ["s3:PutObject"], ["x"]) + [
        {**allow("C", ["s3:PutObject"], ["y"])[0], "Condition": {"c": 1}}
    ]
    assert iam.granted(merged(parts)) == iam.granted(parts)
    assert [item for item in merged(parts) if "Condition" in item] == [parts[-1]]


def test_a_policy_that_is_too_long_becomes_several():
    parts = [statement for n in range(40) for statement in allow("S", [f"s3:Action{n}"], [f"arn:{n:0200}"])]
    made = documents(parts)
    assert len(made) == 2
    assert all(size(policy) <= LIMIT for policy in made)


# ── The command ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def logctl(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> Any:
        return CliRunner().invoke(app, ["iam", *args])

    return run


def test_without_credentials_the_account_stays_in_cloudformations_words(logctl):
    done = logctl("--for", "send", "--region", "eu-central-1")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["Statement"][0]["Resource"] == [
        "arn:aws:sqs:eu-central-1:${AWS::AccountId}:logctl-dev-ingest.fifo"
    ]
    assert "the account is not known here" in done.stderr


def test_the_list_needs_no_aws_and_has_everything(logctl):
    rows = json.loads(logctl("-o", "json").stdout)
    assert [row["command"] for row in rows] == list(COMMANDS)
    assert {row["command"]: row["policies"] for row in rows if row["policies"] > 1} == {
        "provision": 2,
        "status --drift": 2,
    }
    assert {"command": "send", "policies": 1, "actions": ["sqs:GetQueueUrl", "sqs:SendMessage"]} in rows
    assert "send,1,sqs:GetQueueUrl sqs:SendMessage" in logctl("-o", "csv").stdout
    assert re.search(r"provision +2 +\d+ actions of apigateway, athena", logctl().stdout)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--for", "snd"], "There is no command 'snd'"),
        (["--for", "init"], "needs no AWS permissions"),
        (["--part", "1"], "--part needs --for"),
        (["--for", "send", "--part", "2", "--region", "eu-central-1"], "There is 1 policy for send"),
    ],
)
def test_wrong_usage_is_exit_2(logctl, args, told):
    done = logctl(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


def test_several_policies_are_told_and_taken_one_by_one(logctl):
    where = ["--for", "provision", "--region", "eu-central-1"]
    every = logctl(*where)
    parts = [logctl(*where, "--part", str(number)).stdout for number in (1, 2)]
    assert every.stdout == "".join(parts)
    assert all(json.loads(part)["Version"] == "2012-10-17" for part in parts)
    assert "--part 1" in every.stderr
