"""The permissions for `provision` and `destroy`: CloudFormation, and those of its resource handlers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from logctl.stack.bundle import CODE
from logctl.stack.iam.policies import Statement, allow
from logctl.stack.iam.scope import ANY, PolicyScope
from logctl.stack.iam.shared_statements import (
    ALERTS,
    HOT,
    read_reservation,
    stack_arns,
)
from logctl.stack.resource_types import row_of
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.setting_parsers import Subscription
from logctl.stack.template import TEMPLATES, bootstrap_template, build_template


def handlers_of_stack(scope: PolicyScope, only: str = "") -> list[Statement]:
    """Return the permissions that CloudFormation's handlers of the environment's resource types need.

    Args:
        scope: the environment.
        only: `delete` or `read` for only that part of it.
    """
    rows = (row_of(name) for name in sorted(_types(scope)))
    return [
        statement
        for row in rows
        for handlers in row.handlers
        for statement in handlers.statements(scope, only)
    ]


def _types(scope: PolicyScope) -> set[str]:
    """Return the resource types that the settings make, and those that `provision --subscribe` would add."""
    someone = Subscription("email", "someone@example.com")
    settings = replace(scope.settings, target="aws", subscriptions=(someone,))
    code = Code("bucket", "key", "runtime", "architecture")
    templates = (build_template(settings, code=code), bootstrap_template(settings, scope.place))
    return {str(item["Type"]) for made in templates for item in made["Resources"].values()}


def _stacks(scope: PolicyScope, actions: Sequence[str]) -> list[Statement]:
    names = scope.names
    both = stack_arns(scope, names.stack, names.bootstrap_stack)
    return allow("Stacks", [f"cloudformation:{action}" for action in actions], both)


def _deploy_bucket(scope: PolicyScope) -> str:
    return scope.bucket_arn(scope.names.deploy_bucket(scope.place))


def provision(scope: PolicyScope) -> list[Statement]:
    deploy = _deploy_bucket(scope)
    return [
        *_stacks(
            scope,
            [
                "CreateChangeSet",
                "DeleteChangeSet",
                "DeleteStack",
                "DescribeChangeSet",
                "DescribeEvents",
                "DescribeStackEvents",
                "DescribeStacks",
                "ExecuteChangeSet",
                "GetTemplate",
            ],
        ),
        # To see whether Lambda has room for the API, before CloudFormation fails.
        *allow("Quotas", ["lambda:GetAccountSettings"], [ANY]),
        *read_reservation(scope),
        *allow("Compare", ["cloudformation:ListStackResources"], stack_arns(scope, scope.names.stack)),
        # Without ListBucket, S3 says of an object that is not there that one may not see it.
        *allow("FindCode", ["s3:ListBucket"], [deploy]),
        *allow(
            "UploadCode", ["s3:GetObject", "s3:PutObject"], [f"{deploy}/{CODE}*", f"{deploy}/{TEMPLATES}*"]
        ),
        *handlers_of_stack(scope),
    ]


def destroy(scope: PolicyScope) -> list[Statement]:
    return [
        *_stacks(scope, ["DeleteStack", "DescribeStackEvents", "DescribeStacks", "GetTemplate"]),
        *_remove_bucket(_deploy_bucket(scope)),
        *_whose_data(scope),
        # Log groups that a function's last log line has created again.
        *allow(
            "LogGroups",
            ["logs:DeleteLogGroup", "logs:ListTagsForResource"],
            [scope.mine("logs", "log-group:/aws/lambda/")],
        ),
        *handlers_of_stack(scope, "delete"),
    ]


def _whose_data(scope: PolicyScope) -> list[Statement]:
    """Allow finding retained resources, and reading the tags that show their environment."""
    bucket = scope.bucket_arn(scope.names.bucket(scope.place))
    return allow("FindBucket", ["s3:GetBucketTagging", "s3:ListBucket"], [bucket]) + allow(
        "FindTables", ["dynamodb:DescribeTable", "dynamodb:ListTagsOfResource"], [HOT, ALERTS]
    )


def destroy_data(scope: PolicyScope) -> list[Statement]:
    return _remove_bucket(scope.bucket_arn(scope.names.bucket(scope.place))) + allow(
        "DeleteTables",
        ["dynamodb:DeleteTable", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource"],
        [HOT, ALERTS],
    )


def _remove_bucket(bucket: str) -> list[Statement]:
    """Allow emptying and deleting a bucket.

    Deleting a version needs both actions (Amazon S3 API Reference, DeleteObjects).
    """
    return allow(
        "RemoveBucket",
        ["s3:DeleteBucket", "s3:GetBucketTagging", "s3:ListBucket", "s3:ListBucketVersions"],
        [bucket],
    ) + allow("EmptyBucket", ["s3:DeleteObject", "s3:DeleteObjectVersion"], [f"{bucket}/*"])
