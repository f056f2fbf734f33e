"""The template, its resources of one type and its IAM statements, for given settings."""

from __future__ import annotations

from typing import Any

from logctl.aws.place import Place
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import build_template

CODE = Code("deploy-bucket", "code/x.zip", "python3.13", "arm64")

HERE = Place("123456789012", "eu-central-1")


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
