"""The template, its resources of one type and its IAM statements, for given settings."""

from __future__ import annotations

from typing import Any

from logctl.aws.place import Place
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import build_template

CODE = Code("deploy-bucket", "code/x.zip", "python3.13", "arm64")

HERE = Place("123456789012", "eu-central-1")
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "some": {
        "subscriptions": "a@example.com,https://example.com/hook,arn:aws:sqs:eu-west-1:123456789012:q",
        "cold_retention": "7d",
        "compact_after": "2d",
        "oidc_issuer": "https://id.example",
        "oidc_audience": "logs",
        "cors_origins": ["https://a.example"],
    },
    "others": {
        "cold_retention": "120d",
        "env": "e" * 14,
        "prefix": "p" * 12,
        "machine_apps": ["checkout", "web-*"],
    },
    "local": {"target": "local"},
}
"""Every setting that changes what is in the template, in as few templates as linting takes long."""


def template(**settings: Any) -> dict[str, Any]:
    return build_template(Settings.build(("test", settings)), code=CODE, place=HERE)


def of_type(kind: str, **settings: Any) -> dict[str, dict[str, Any]]:
    resources = template(**settings)["Resources"]
    return {name: item["Properties"] for name, item in resources.items() if item["Type"] == kind}


def statements(role_name: str | None = None, **settings: Any) -> list[dict[str, Any]]:
    """What all roles may do, or one."""
    return [
        statement
        for name, role in of_type("AWS::IAM::Role", **settings).items()
        if role_name in (None, name)
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
