"""The resources and the template of a deployed stack, as CloudFormation lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient


def resources_of(cloudformation: CloudFormationClient, stack: str) -> set[str]:
    """Return the logical ids of the resources that exist: created, not deleted, and with a physical id."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        item["LogicalResourceId"]
        for page in pages
        for item in page["StackResourceSummaries"]
        if item.get("PhysicalResourceId") and not _is_gone(item["ResourceStatus"])
    }


def _is_gone(status: str) -> bool:
    return status in ("DELETE_COMPLETE", "CREATE_FAILED", "IMPORT_FAILED")


def template_of(cloudformation: CloudFormationClient, stack: str) -> Mapping[str, Any]:
    """Return the template that the stack was deployed with."""
    body: Any = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    # boto3 parses a template that is JSON, as `provision` sends it. Somebody may have deployed it as YAML.
    if isinstance(body, str):
        import yaml

        body = yaml.safe_load(body)
    return body if isinstance(body, dict) else {}
