"""The updates that lead from the stack of an earlier version to this version's, where one is not enough.

An update of a stack creates or removes one index of a table (AWS CloudFormation User Guide,
AWS::DynamoDB::Table, GlobalSecondaryIndexes).

In earlier versions the alerts table had the index `due`, and now it has another. The first update creates the
new index, which DynamoDB fills from the existing items, and deploys the code that uses it. The second update
removes the old index. The hot table has one index more than in earlier versions.

A table that an earlier `destroy` has kept is first taken over as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from logctl.pipeline.stores.attention_index import DUE, OLD_DUE
from logctl.pipeline.stores.hot import ARRIVAL, ARRIVALS

ALERTS_TABLE, HOT_TABLE = "AlertsTable", "HotTable"
"""The tables in the template, whose indexes differ between versions."""
Indexes = Mapping[str, tuple[str, ...]]
"""The names of the indexes of each of these tables."""


def steps(existing: Mapping[str, Collection[str] | None], *, in_stack: bool) -> list[Indexes]:
    """Return the updates of the tables up to this version: their indexes after each update.

    Args:
        existing: the names of the indexes that each table has now; None when there is no such table.
        in_stack: whether the tables belong to the stack already.
    """
    of_alerts = _of_alerts(existing[ALERTS_TABLE], in_stack=in_stack)
    of_hot = _of_hot(existing[HOT_TABLE], in_stack=in_stack)
    count = max(len(of_alerts), len(of_hot))
    return [
        {
            ALERTS_TABLE: of_alerts[min(number, len(of_alerts) - 1)],
            HOT_TABLE: of_hot[min(number, len(of_hot) - 1)],
        }
        for number in range(count)
    ]


def _of_alerts(existing: Collection[str] | None, *, in_stack: bool) -> list[tuple[str, ...]]:
    done = (DUE,)
    if existing is None or OLD_DUE not in existing:
        return [done]
    if DUE in existing:
        return [done] if in_stack else [(OLD_DUE, DUE), done]
    both = [(OLD_DUE, DUE), done]
    return both if in_stack else [(OLD_DUE,), *both]


def _of_hot(existing: Collection[str] | None, *, in_stack: bool) -> list[tuple[str, ...]]:
    done = (ARRIVAL, ARRIVALS)
    kept = existing is not None and not in_stack
    return [(ARRIVAL,), done] if kept and ARRIVALS not in (existing or ()) else [done]
