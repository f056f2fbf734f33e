"""Read units of DynamoDB, computed from the items that calls return.

A query costs a unit for each 4 KB that it reads, rounded up for a page; a batch, for each item. A read that is
not consistent costs half (Amazon DynamoDB Developer Guide, read and write capacity). moto reports no sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_UNIT = 4096


def units_read(dynamodb: Any, ask: Callable[[], Any]) -> float:
    """Return the units of the queries and batches that a client sends while something is asked."""
    asked: list[Mapping[str, Any]] = []
    found: list[float] = []

    def before(params: Mapping[str, Any], **_: Any) -> None:
        asked.append(params)

    def after(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        if model.name == "Query":
            size = sum(map(_size, parsed["Items"]))
            share = 1 if asked[-1].get("ConsistentRead") else 0.5
            found.append(share * max(1, -(-size // _UNIT)))
        elif model.name == "BatchGetItem":
            items = [item for table in parsed["Responses"].values() for item in table]
            found.append(sum(-(-_size(item) // _UNIT) for item in items))

    events = dynamodb.meta.events
    events.register("provide-client-params.dynamodb.*", before)
    events.register("after-call.dynamodb.*", after)
    try:
        ask()
    finally:
        events.unregister("provide-client-params.dynamodb.*", before)
        events.unregister("after-call.dynamodb.*", after)
    return sum(found)


def _size(item: Mapping[str, Any]) -> int:
    return sum(len(name) + len(next(iter(value.values()))) for name, value in item.items())
