"""Resources that CloudFormation's handlers act on: ARNs, and conditions where a name is not enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logctl.core.partitions import RESULTS
from logctl.stack.bundle import CODE
from logctl.stack.iam.scope import ANY, PolicyScope


def named(service: str, before: str = "") -> Callable[[PolicyScope], list[str]]:
    """Return a function for the resources of a service whose names begin as the environment's do.

    Args:
        service: as ARNs call it.
        before: what an ARN has before the name, such as `table/`.
    """
    return lambda scope: [scope.mine(service, before)]


def anything(_: PolicyScope) -> list[str]:
    return [ANY]


def buckets(scope: PolicyScope) -> list[str]:
    names = scope.names
    return [scope.bucket_arn(bucket(scope.place)) for bucket in (names.bucket, names.deploy_bucket)]


def results(scope: PolicyScope) -> list[str]:
    return [f"{scope.bucket_arn(scope.names.bucket(scope.place))}/{RESULTS}*"]


def code(scope: PolicyScope) -> list[str]:
    return [f"{scope.bucket_arn(scope.names.deploy_bucket(scope.place))}/{CODE}*"]


def catalog(scope: PolicyScope) -> list[str]:
    database = scope.names.database
    return [
        scope.arn("glue", rest)
        for rest in (
            "catalog",
            f"database/{database}",
            f"table/{database}/*",
            f"userDefinedFunction/{database}/*",
        )
    ]


def apis(scope: PolicyScope) -> list[str]:
    """Return the ARNs of all APIs in the region.

    An API's ARN has its id, which API Gateway chooses, and no account (Amazon API Gateway Developer Guide,
    ARN format).
    """
    root = f"arn:{scope.partition}:apigateway:{scope.place.region}::"
    return [f"{root}/apis", f"{root}/apis/*", f"{root}/tags/*"]


def pools(scope: PolicyScope) -> list[str]:
    return [scope.arn("cognito-idp", "userpool/*")]


def log_groups(scope: PolicyScope) -> list[str]:
    return [scope.mine("logs", f"log-group:/aws/{kind}/") for kind in ("lambda", "vendedlogs")]


def workgroup(scope: PolicyScope) -> list[str]:
    return [scope.arn("athena", f"workgroup/{scope.names.workgroup}")]


def roles(scope: PolicyScope) -> list[str]:
    return [f"arn:{scope.partition}:iam::{scope.place.account}:role/{scope.names.stack}-*"]


def mappings(scope: PolicyScope) -> list[str]:
    return [scope.arn("lambda", "event-source-mapping:*")]


def all_alarms(scope: PolicyScope) -> list[str]:
    """Return all alarms: describing alarms by a filter needs the permission for all of them."""
    return [scope.arn("cloudwatch", "alarm:*")]


def of_the_consumer(scope: PolicyScope) -> dict[str, Any]:
    """Return the condition that an event source mapping is for the consumer."""
    function = scope.arn("lambda", f"function:{scope.names.consumer}")
    return {"ArnLike": {"lambda:FunctionArn": function}}


def for_lambda(_: PolicyScope) -> dict[str, Any]:
    """Return the condition that a role is passed to Lambda and to no other service."""
    return {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def new_tags(scope: PolicyScope) -> dict[str, Any]:
    """Return the condition that a new resource gets the environment's tags."""
    return {"StringEquals": {f"aws:RequestTag/{key}": value for key, value in scope.names.tags.items()}}


def tagged(scope: PolicyScope) -> dict[str, Any]:
    """Return the condition that a resource has the environment's tags."""
    return scope.tagged
