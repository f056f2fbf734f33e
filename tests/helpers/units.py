"""The calls, write units and read units of DynamoDB that a model of its tables is asked for.

Sources: Amazon DynamoDB Developer Guide, "DynamoDB read and write operations" (a write unit for each kilobyte
of the larger of an item before and after, two in a transaction; a read unit for each 4 KB) and "Using Global
Secondary Indexes" (an index is written only when an attribute that it has changes: once for a new entry, a
removed one, or another attribute, twice for another key). A refused transaction is counted as if it had
written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.cloud import Call, Cloud

Key = tuple[str, tuple[str, str]]
_INDEX_KEYS = ("due_shard", "notified_at")


@dataclass
class Units:
    """The gate of a cloud's clients that counts what goes through it."""

    calls: Counter[str] = field(default_factory=Counter)
    written: int = 0
    indexed: int = 0
    read: int = 0
    cloud: Cloud | None = None

    def gate(self, call: Call) -> Any:
        self.calls[call.operation] += 1
        if call.service != "dynamodb":
            return call.perform()
        before = self._items(call)
        try:
            reply = call.perform()
        finally:
            self._count_writes(call, before, self._items(call))
        self._count_reads(reply)
        return reply

    def _items(self, call: Call) -> dict[Key, Mapping[str, Any]]:
        """The items that a call is about to write, or has written."""
        assert self.cloud is not None
        found = {}
        for request in _writes(call):
            table = request["TableName"]
            key = self.cloud.tables._key(table, request.get("Key") or request["Item"])
            found[(table, key)] = self.cloud.tables.items[table].get(key, {})
        return found

    def _count_writes(
        self, call: Call, before: Mapping[Key, Mapping[str, Any]], after: Mapping[Key, Mapping[str, Any]]
    ) -> None:
        times = 2 if call.operation == "transact_write_items" else 1
        for key, old in before.items():
            new = after[key]
            self.written += times * max(1, -(-max(size_of(old), size_of(new)) // 1024))
            entry, left = ([item.get(name) for name in _INDEX_KEYS] for item in (old, new))
            if entry != left:
                self.indexed += 2 if all(entry) and all(left) else 1

    def _count_reads(self, reply: Mapping[str, Any]) -> None:
        if "Item" in reply:
            self.read += _read_units([reply["Item"]])
        elif "Items" in reply:
            self.read += _read_units(reply["Items"])
        for items in reply.get("Responses", {}).values():
            self.read += sum(_read_units([item]) for item in items)


def _writes(call: Call) -> Iterable[Mapping[str, Any]]:
    if call.operation == "transact_write_items":
        return [request for entry in call.params["TransactItems"] for request in entry.values()]
    return [call.params] if call.operation in ("put_item", "update_item", "delete_item") else []


def _read_units(items: Iterable[Mapping[str, Any]]) -> int:
    return max(1, -(-sum(map(size_of, items)) // 4096))


def size_of(item: Mapping[str, Any]) -> int:
    """The size of an item in bytes: names and values (Developer Guide, DynamoDB item sizes and formats)."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "N":
        return len(content) // 2 + 2
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + _size(each) for each in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(each) for name, each in content.items())
    return len(content.encode() if kind == "S" else content)
