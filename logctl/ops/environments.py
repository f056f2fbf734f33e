"""The environments that exist under a prefix, found by their stacks."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from logctl.ops.deployment import outputs_of
from logctl.stack.names import Names

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

_PAGES = 3
_NOT_THERE = {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"}


def environments(cloudformation: CloudFormationClient, prefix: str) -> list[str]:
    """Return the names of environments, sorted, among the account's newest few hundred stacks.

    A stack is an environment's when its bootstrap stack exists too; other stacks' names may begin with the
    prefix as well.
    """
    stacks = {
        stack["StackName"]: outputs_of(stack).get("Environment")
        for page in islice(cloudformation.get_paginator("describe_stacks").paginate(), _PAGES)
        for stack in page["Stacks"]
        if stack["StackStatus"] not in _NOT_THERE
    }
    named = (
        (stack.removeprefix(f"{prefix}-"), env)
        for stack, env in stacks.items()
        if stack.startswith(f"{prefix}-")
    )
    # Prefix `a-b` with environment `c` has the same stack name as prefix `a` with environment `b-c`. The
    # stack's outputs tell them apart.
    return sorted(
        name for name, env in named if env in (None, name) and Names(prefix, name).bootstrap_stack in stacks
    )
