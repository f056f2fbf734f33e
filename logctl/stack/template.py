"""The whole stack as one CloudFormation template: a pure function of the settings and the code's place.

A family of resources is a module: `queueing`, `storage`, `functions`, `alerting`, `monitoring`, `querying`,
`api`; what their roles may do is in `policies`. The bootstrap template makes the bucket that the code zip is
uploaded to.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from logctl import __version__
from logctl.aws.place import Place
from logctl.stack.iam import policies
from logctl.stack.iam.policies import arn_of, deny_plain_http, document, sub
from logctl.stack.names import Names
from logctl.stack.resources import (
    alerting,
    http_api,
    lambda_functions,
    monitoring,
    querying,
    queueing,
    storage,
)
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings

INLINE_LIMIT = 51_200
"""CloudFormation takes a template body of up to 51,200 bytes; a larger one has to lie in S3."""

TEMPLATES = "templates/"
"""Where in the deploy bucket a larger template lies while a change set is made from it."""

_TAKES_TAGS = frozenset(
    {
        "AWS::Athena::WorkGroup",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
    }
)

_TAKES_TAGS_AS_A_MAP = {
    "AWS::ApiGatewayV2::Api": "Tags",
    "AWS::ApiGatewayV2::Stage": "Tags",
    "AWS::Cognito::UserPool": "UserPoolTags",
}

_TLS_POLICY_TYPES = frozenset({"AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"})


def build_template(
    settings: Settings, *, code: Code, place: Place | None = None, endpoint: str | None = None
) -> dict[str, Any]:
    """The template of one environment. Same input, same template.

    Args:
        endpoint: the sandbox's, which the page and its sign-in have to name; None on AWS.
        place: where it is for; without, it fits any account and region, but takes nothing over that a
            `destroy` has left there.
    """
    names = Names.of(settings)
    resources = {
        **queueing.resources(names),
        **storage.resources(settings, names, place or Place()),
        **alerting.resources(settings, names),
        **lambda_functions.resources(settings, names, code),
        **monitoring.resources(settings, names),
        **querying.resources(settings, names),
        **http_api.resources(settings, names, code, endpoint, place.region if place else settings.region),
    }
    if settings.target == "local":
        resources = _without_tls_policies(resources)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"logctl: the log pipeline of environment {names.env}",
        "Resources": _tagged(resources, settings),
        "Outputs": {
            name: {"Value": value}
            for name, value in {
                "QueueUrl": {"Ref": "Queue"},
                "DeadLetterQueueUrl": {"Ref": "DeadLetterQueue"},
                "Bucket": {"Ref": "Bucket"},
                "HotTable": {"Ref": "HotTable"},
                "AlertsTable": {"Ref": "AlertsTable"},
                "TopicArn": {"Ref": "Topic"},
                "ConsumerFunction": {"Ref": "Consumer"},
                "SweeperFunction": {"Ref": "Sweeper"},
                "Database": {"Ref": "Database"},
                "Workgroup": {"Ref": "Workgroup"},
                "AlertWindow": str(settings.alert_window),
                "HotRetention": str(settings.hot_retention),
                "ApiUrl": http_api.page_url(endpoint),
                **http_api.sign_in_outputs(settings),
                "Version": __version__,
                # For commands that find the stack by its name, which another environment's can be too.
                "Prefix": names.prefix,
                "Environment": names.env,
            }.items()
        },
    }


def bootstrap_template(settings: Settings, place: Place) -> dict[str, Any]:
    """The bucket for code, which must be there before the functions can be."""
    names = Names.of(settings)
    bucket = {
        "Type": "AWS::S3::Bucket",
        # Retained so that it can be taken over after a half-done `destroy`, which empties and deletes it.
        **storage.RETAIN,
        "Properties": {
            "BucketName": policies.named(names.deploy_bucket(place)),
            **storage.private_bucket(),
            # Code stays: going back to the code before this one needs that zip, however old it is.
            "LifecycleConfiguration": {
                "Rules": [
                    storage.lifecycle_rule("templates", TEMPLATES, ExpirationInDays=7),
                    storage.housekeeping(),
                ]
            },
        },
    }
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": document([deny_plain_http("s3", [arn_of("Bucket"), sub("${Bucket.Arn}/*")])]),
        },
    }
    resources = {"Bucket": bucket, "BucketPolicy": policy}
    if settings.target == "local":
        resources = _without_tls_policies(resources)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"logctl: where the code of environment {names.env} is uploaded",
        "Resources": _tagged(resources, settings),
    }


def _without_tls_policies(resources: dict[str, Any]) -> dict[str, Any]:
    """The sandbox enforces policies and speaks plain HTTP on loopback: it would refuse every call.
    Its alarms publish without asking the topic's policy."""
    return {
        name: resource for name, resource in resources.items() if resource["Type"] not in _TLS_POLICY_TYPES
    }


def _tagged(resources: dict[str, Any], settings: Settings) -> dict[str, Any]:
    tags = Names.of(settings).tags
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    for resource in resources.values():
        if resource["Type"] in _TAKES_TAGS:
            resource["Properties"]["Tags"] = listed
        elif name := _TAKES_TAGS_AS_A_MAP.get(resource["Type"]):
            resource["Properties"][name] = dict(tags)
    return resources


def to_json(template: dict[str, Any]) -> str:
    """As it is sent: compact, in one order."""
    return json.dumps(template, separators=(",", ":"))


class _Dumper(yaml.SafeDumper):
    """YAML without anchors: the same tags stand at every resource, for people to read."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def to_yaml(template: dict[str, Any]) -> str:
    """As people read it."""
    return yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
