"""Detection of actions that MiniStack 1.5.33 lacks and AWS has; callers then use several smaller ones."""

from __future__ import annotations

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of

_UNKNOWN_ACTION = frozenset({"InvalidAction", "UnknownOperationException"})


def is_unknown_action(error: ClientError) -> bool:
    """Return whether a service answered that it does not know the action."""
    return code_of(error) in _UNKNOWN_ACTION
