"""AWS as four shelves in memory, which refuse what the services would: for fuzzing at full speed.

Nothing here decides or races; concurrency and conditions are tested on MiniStack and in `tests/simulation`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

_METADATA = re.compile(r"[\x20-\x7e]*")
_KEY = re.compile(r"[A-Za-z0-9_=/.-]{1,1024}")
_ITEM_LIMIT = 400 * 1024


@dataclass
class Shelf:
    """All four clients in one. `fails` is asked before each write, and raises to refuse it."""

    objects: dict[str, bytes] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    fails: Callable[[str], None] = lambda operation: None

    @property
    def s3(self) -> Any:
        return self

    dynamodb = glue = sns = s3

    def clear(self) -> None:
        self.objects.clear()
        self.rows.clear()

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, Metadata: Any = None, **_: Any) -> None:
        self.fails("put_object")
        assert _KEY.fullmatch(Key), Key
        assert all(_METADATA.fullmatch(value) for value in (Metadata or {}).values()), Metadata
        self.objects[Key] = bytes(Body)

    def put_item(self, *, TableName: str, Item: dict[str, Any], **_: Any) -> None:
        self.fails("put_item")
        assert size_of(Item) <= _ITEM_LIMIT
        if "counts" in Item:
            self.rows.append(Item)

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {}

    def batch_get_item(self, *, RequestItems: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"Responses": {table: [] for table in RequestItems}, "UnprocessedKeys": {}}

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": []}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:
        self.fails("transact_write_items")
        for item in TransactItems:
            assert size_of(item) <= _ITEM_LIMIT

    def batch_create_partition(self, *, PartitionInputList: list[Any], **_: Any) -> dict[str, Any]:
        self.fails("batch_create_partition")
        assert all(value for partition in PartitionInputList for value in partition["Values"])
        return {}


def size_of(value: Any) -> int:
    """About what DynamoDB counts; a text that is not UTF-8, and an empty number, are an error."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, dict):
        if set(value) == {"N"}:
            assert len(str(int(value["N"]))) <= 38
        return sum(len(name) + size_of(inner) for name, inner in value.items())
    if isinstance(value, list):
        return sum(map(size_of, value))
    return 1


def unavailable(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "no"}}, operation)
