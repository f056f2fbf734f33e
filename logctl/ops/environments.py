"""Which environments there are: the stacks that logctl made under a prefix."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from logctl.core.names import Names

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

_PAGES = 3
_NOT_THERE = {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"}


def environments(cloudformation: CloudFormationClient, prefix: str) -> list[str]:
    """Their names, sorted, among the account's newest few hundred stacks.

    An environment is a stack that has its bootstrap stack beside it: others may begin with the prefix too.
    """
    stacks = {
        stack["StackName"]
        for page in islice(cloudformation.get_paginator("list_stacks").paginate(), _PAGES)
        for stack in page["StackSummaries"]
        if stack["StackStatus"] not in _NOT_THERE
    }
    named = (stack.removeprefix(f"{prefix}-") for stack in stacks if stack.startswith(f"{prefix}-"))
    return sorted(env for env in named if Names(prefix, env).bootstrap_stack in stacks)
