"""Reading many items of a table by their keys."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.core.batches import batched

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_AT_ONCE = 100
"""BatchGetItem takes as many keys (Amazon DynamoDB API Reference)."""
_TRIES = 6


def read_items(
    dynamodb: DynamoDBClient, table: str, keys: Sequence[Any], sleep: Callable[[float], None]
) -> list[Any]:
    """Return the items with these keys that exist, read consistently, in any order.

    What DynamoDB leaves out of a reply is asked for again after a pause (`sleep`, in seconds).

    Raises:
        ClientError: the request failed, or DynamoDB has left out items each time: it is throttling.
    """
    found: list[Any] = []
    for batch in batched(keys, _AT_ONCE):
        wanted: list[Any] = list(batch)
        for attempt in range(_TRIES):
            reply: Any = dynamodb.batch_get_item(
                RequestItems={table: {"Keys": wanted, "ConsistentRead": True}}
            )
            found += reply["Responses"].get(table, [])
            wanted = list(reply.get("UnprocessedKeys", {}).get(table, {}).get("Keys", []))
            if not wanted:
                break
            sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311
        else:
            said = f"{len(wanted)} items were left out"
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": said}}, "BatchGetItem")
    return found
