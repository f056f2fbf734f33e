"""The updates that lead from the stack of an earlier version to this version's, where one is not enough.

An update of a stack creates or removes one index of a table (AWS CloudFormation User Guide,
AWS::DynamoDB::Table, GlobalSecondaryIndexes). In earlier versions the alerts table had the index `due`, and
now it has another. The first update creates the new index, which DynamoDB fills from the existing items, and
deploys the code that uses it. The second update removes the old index. A table that an earlier `destroy` has
kept is first taken over as it is.
"""

from __future__ import annotations

from collections.abc import Collection

from logctl.pipeline.stores.attention_index import DUE, OLD_DUE

Indexes = tuple[str, ...]


def steps(existing: Collection[str] | None, *, in_stack: bool) -> list[Indexes]:
    """Return the updates of the alerts table up to this version: its indexes after each update.

    Args:
        existing: the names of the indexes that the table has now; None when there is no table.
        in_stack: whether the table belongs to the stack already.
    """
    done: Indexes = (DUE,)
    if existing is None or OLD_DUE not in existing:
        return [done]
    if DUE in existing:
        return [done] if in_stack else [(OLD_DUE, DUE), done]
    both = [(OLD_DUE, DUE), done]
    return both if in_stack else [(OLD_DUE,), *both]
