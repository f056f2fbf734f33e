"""What MiniStack 1.5.33 does not have, and AWS does: callers do the same in smaller steps then."""

from __future__ import annotations

from botocore.exceptions import ClientError

_UNKNOWN_ACTION = frozenset({"InvalidAction", "UnknownOperationException"})


def is_unknown_action(error: ClientError) -> bool:
    """Whether a service answered that it has no such action."""
    return error.response["Error"]["Code"] in _UNKNOWN_ACTION
