"""Which environments there are: the stacks that logctl made under a prefix."""

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
    """Their names, sorted, among the account's newest few hundred stacks.

    An environment is a stack that has its bootstrap stack beside it: others may begin with the prefix too.
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
    # A stack of another prefix can have the name (`a-b` and `c`, `a` and `b-c`): it says which it is.
    return sorted(
        name for name, env in named if env in (None, name) and Names(prefix, name).bootstrap_stack in stacks
    )
