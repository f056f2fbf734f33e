"""The CloudFormation templates: pure functions of the settings and of where the code is.

The template of an environment is the sum of the modules in `stack.resources`, one for each part of the
pipeline. What follows from a resource's type, such as its tags, is added here from `resource_types`. The
bootstrap template makes the bucket that the code zip is uploaded to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from logctl import __version__
from logctl.aws.place import Place
from logctl.stack.iam import policies
from logctl.stack.iam.policies import arn_of, deny_plain_http, document, sub
from logctl.stack.names import Names
from logctl.stack.resource_types import ResourceType, row_of
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
"""Bytes of a template in a request; a larger one has to be in S3 (AWS CloudFormation User Guide, Quotas)."""

TEMPLATES = "templates/"
"""Prefix in the deploy bucket for a larger template, which is needed until its change set is made."""


def build_template(
    settings: Settings, *, code: Code, place: Place | None = None, endpoint: str | None = None
) -> dict[str, Any]:
    """Return the template of one environment. The same arguments make the same template.

    Args:
        settings: the environment's.
        code: the zip that the functions run.
        place: the account and region that the template is for. Without it the template fits any, but takes
            nothing over that an earlier `destroy` has kept: that needs names without functions.
        endpoint: the sandbox's URL, which the page and its sign-in have to name; None on AWS.
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
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"logctl: the log pipeline of environment {names.env}",
        "Resources": _completed(resources, settings),
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
                # A command finds the stack by its name, and another environment can have a stack of this name
                # (`a-b` and `c`, `a` and `b-c`). These two tell which environment it is.
                "Prefix": names.prefix,
                "Environment": names.env,
            }.items()
        },
    }


def bootstrap_template(settings: Settings, place: Place) -> dict[str, Any]:
    """Return the template of the bucket for code, which has to exist before the functions are created."""
    names = Names.of(settings)
    # Like every bucket it is retained. `destroy` empties and deletes it after the stack, and if that is
    # interrupted, the next `provision` can take it over.
    bucket = {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": policies.named(names.deploy_bucket(place)),
            **storage.private_bucket(),
            # Code never expires: a rollback needs the zip of the earlier code, however old it is.
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
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"logctl: where the code of environment {names.env} is uploaded",
        "Resources": _completed(resources, settings),
    }


def _completed(resources: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the resources with tags, and with the deletion policies of those that are kept.

    Resource policies that refuse plain HTTP are left out for the sandbox. It enforces them and speaks plain
    HTTP on loopback, so it would refuse every call; its alarms publish without asking the topic's policy.

    Raises:
        LookupError: a type has no row in `resource_types`.
    """
    rows = {name: row_of(resource["Type"]) for name, resource in resources.items()}
    local = settings.target == "local"
    return {
        name: _with_row(resource, rows[name], Names.of(settings).tags)
        for name, resource in resources.items()
        if not (local and rows[name].requires_tls)
    }


def _with_row(resource: Mapping[str, Any], row: ResourceType, tags: Mapping[str, str]) -> dict[str, Any]:
    retained = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"} if row.kept else {}
    properties = {**resource["Properties"], **(row.tags.of(tags) if row.tags else {})}
    return {"Type": row.name, **retained, **resource, "Properties": properties}


def to_json(template: dict[str, Any]) -> str:
    """Return the template as it is sent: compact JSON."""
    return json.dumps(template, separators=(",", ":"))


class _Dumper(yaml.SafeDumper):
    """A writer of YAML without anchors, so that every resource shows its tags in full."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def to_yaml(template: dict[str, Any]) -> str:
    """Return the template as people read it."""
    return yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)
