"""The IAM actions that CloudFormation's resource handlers call with the caller's credentials.

The handlers of a resource type are in its row of `stack.resource_types`. The actions are those that the
type's schema in the CloudFormation registry lists under `handlers`, without those for features that the
template does not use; a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from logctl.stack.iam.policies import Statement, allow
from logctl.stack.iam.scope import PolicyScope

_READS = re.compile(r"(Get|List|Describe)[A-Z]|GET\b")


@dataclass(frozen=True)
class Handlers:
    """Actions of one service that a resource type's handlers call, on which resources.

    `sid` is the statement's id. `creates` are the actions to create, read and update a resource, `deletes`
    those to delete it, both separated by spaces. `deletes` is empty for a type that the template retains.
    """

    sid: str
    service: str
    creates: str
    deletes: str
    resources: Callable[[PolicyScope], list[str]]
    condition: Callable[[PolicyScope], dict[str, Any]] = lambda scope: {}
    reads_itself: bool = True
    """Whether the reading actions read the resource itself, so that drift detection needs them."""

    def statements(self, scope: PolicyScope, only: str = "") -> list[Statement]:
        """Return all statements, or only those to `delete` a resource, or to `read` it."""
        actions = [*self.creates.split(), *self.deletes.split()]
        if only == "delete":
            actions = self.deletes.split()
        elif only == "read":
            actions = [action for action in actions if self.reads_itself and _READS.match(action)]
        if not actions:
            return []
        named = [f"{self.service}:{action}" for action in dict.fromkeys(actions)]
        (statement,) = allow(self.sid, named, self.resources(scope))
        condition = self.condition(scope)
        return [{**statement, "Condition": condition} if condition else statement]
