"""From an earlier version's stack to this one's, where one update cannot do it.

An update of a stack makes or removes one index of a table (AWS CloudFormation User Guide,
AWS::DynamoDB::Table, GlobalSecondaryIndexes). The alerts table had the index `due`, and has another: so the
new one is made by one update, and with it comes the code that uses it; DynamoDB fills it from the states that
are there. The next update removes the old one. A table that an earlier `destroy` has kept is first taken over
as it is.
"""

from __future__ import annotations

from collections.abc import Collection

from logctl.pipeline.stores.attention_index import DUE, OLD_DUE

Indexes = tuple[str, ...]


def steps(existing: Collection[str] | None, *, in_stack: bool) -> list[Indexes]:
    """The indexes that the alerts table has after each update; after the last it is this version's.

    Args:
        existing: the names of those that it has now; None when there is no table.
        in_stack: whether the table belongs to the stack already.
    """
    done: Indexes = (DUE,)
    if existing is None or OLD_DUE not in existing:
        return [done]
    if DUE in existing:
        return [done] if in_stack else [(OLD_DUE, DUE), done]
    both = [(OLD_DUE, DUE), done]
    return both if in_stack else [(OLD_DUE,), *both]
