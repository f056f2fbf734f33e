"""S3, DynamoDB, SNS and Glue in memory: the calls that the handlers make, and no others.

Every call goes through a gate, where the simulation decides what goes wrong with it (`workers.py`).
What a call does, it does at once and whole, as the services do; what it answers may get lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from logctl.pipeline.stores.attention_index import DUE
from tests.simulation.expressions import Item, holds, updated

Gate = Callable[["Call"], Any]
_TYPES: dict[str, type] = {"S": str, "N": str, "B": bytes, "BOOL": bool, "M": dict, "L": list}


@dataclass(frozen=True)
class Call:
    """One external call: what was asked, and how to carry it out."""

    service: str
    operation: str
    params: Mapping[str, Any]
    perform: Callable[[], Any]

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"


def refusal(code: str, operation: str, **extra: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}, **extra}, operation)  # type: ignore[typeddict-item]


@dataclass
class Tables:
    """DynamoDB: items by table and key, and conditional writes."""

    keys: dict[str, tuple[str, str]]
    items: dict[str, dict[tuple[str, str], Item]] = field(default_factory=dict)
    shards: dict[str, dict[tuple[str, str], None]] = field(default_factory=dict)
    """The keys of the alerts' index by its partition: a query does not look at the others."""

    def __post_init__(self) -> None:
        self.items = {table: {} for table in self.keys}

    def _key(self, table: str, item: Mapping[str, Any]) -> tuple[str, str]:
        first, second = self.keys[table]
        return (item[first]["S"], item[second]["S"])

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> Any:
        found = self.items[TableName].get(self._key(TableName, Key))
        return {"Item": dict(found)} if found else {}

    def put_item(self, **request: Any) -> Any:
        self._refuse_unless_holds(request, request["Item"], "PutItem")
        self._write(request["TableName"], request["Item"])
        return {}

    def update_item(self, **request: Any) -> Any:
        self._refuse_unless_holds(request, request["Key"], "UpdateItem")
        old = self._old(request, request["Key"])
        new = self._update(request)
        wanted = {"ALL_NEW": new, "ALL_OLD": dict(old)}.get(request.get("ReturnValues", ""))
        return {"Attributes": wanted} if wanted else {}

    def delete_item(self, *, TableName: str, Key: Item) -> Any:
        self.items[TableName].pop(self._key(TableName, Key), None)
        return {}

    def transact_write_items(self, *, TransactItems: list[Any]) -> Any:
        reasons = []
        for entry in TransactItems:
            ((kind, request),) = entry.items()
            refused = not self._holds(request, request["Item"] if kind == "Put" else request["Key"])
            reasons.append({"Code": "ConditionalCheckFailed" if refused else "None"})
        if any(reason["Code"] != "None" for reason in reasons):
            raise refusal("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)
        for entry in TransactItems:
            ((kind, request),) = entry.items()
            if kind == "Put":
                self._write(request["TableName"], request["Item"])
            else:
                self._update(request)
        return {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:
        ((table, request),) = RequestItems.items()
        assert request["ConsistentRead"] and 0 < len(request["Keys"]) <= 100
        found = (self.items[table].get(self._key(table, key)) for key in request["Keys"])
        return {"Responses": {table: [dict(item) for item in found if item]}, "UnprocessedKeys": {}}

    def query(self, **request: Any) -> Any:
        table, values = self.items[request["TableName"]], request["ExpressionAttributeValues"]
        condition, of_index = request["KeyConditionExpression"], request.get("IndexName") == DUE
        keys = self.shards.get(values[":place"]["S"], ()) if of_index else table
        names = request.get("ExpressionAttributeNames", {})
        matching = [table[key] for key in keys if holds(condition, table[key], names, values)]
        if not of_index:
            return {"Items": [dict(item) for item in matching]}
        matching.sort(key=lambda item: int(item["notified_at"]["N"]))
        projected = ("pk", "sk", "due_shard", "notified_at")
        return {"Items": [{name: item[name] for name in projected} for item in matching]}

    def _write(self, table: str, item: Item) -> None:
        for name, value in item.items():
            ((kind, plain),) = value.items()
            assert isinstance(plain, _TYPES[kind]), f"DynamoDB refuses {name}: {value}"
        key = self._key(table, item)
        old, self.items[table][key] = self.items[table].get(key, {}), dict(item)
        self._index(key, old, item)

    def _index(self, key: tuple[str, str], old: Item, new: Item) -> None:
        before, after = (item.get("due_shard", {}).get("S") for item in (old, new))
        if before and before != after:
            self.shards[before].pop(key, None)
        if after and "notified_at" in new:
            self.shards.setdefault(after, {})[key] = None

    def _old(self, request: Mapping[str, Any], key: Item) -> Item:
        table = request["TableName"]
        return self.items[table].get(self._key(table, key), {})

    def _holds(self, request: Mapping[str, Any], key: Item) -> bool:
        condition = request.get("ConditionExpression")
        names, values = (
            request.get("ExpressionAttributeNames", {}),
            request.get("ExpressionAttributeValues", {}),
        )
        return condition is None or holds(condition, self._old(request, key), names, values)

    def _refuse_unless_holds(self, request: Mapping[str, Any], key: Item, operation: str) -> None:
        if self._holds(request, key):
            return
        old = self._old(request, key)
        wanted = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old
        raise refusal("ConditionalCheckFailedException", operation, **({"Item": dict(old)} if wanted else {}))

    def _update(self, request: Mapping[str, Any]) -> Item:
        names, values = (
            request.get("ExpressionAttributeNames", {}),
            request.get("ExpressionAttributeValues", {}),
        )
        old = self._old(request, request["Key"])
        new = updated(request["UpdateExpression"], old or request["Key"], names, values)
        self._write(request["TableName"], new)
        return dict(new)


@dataclass
class Bucket:
    """S3: the last write of a key stays."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> Any:
        self.objects[Key] = Body
        return {}


@dataclass
class Partitions:
    """Glue's partitions of one table."""

    values: set[tuple[str, ...]] = field(default_factory=set)

    def batch_create_partition(self, *, PartitionInputList: list[Any], **_: Any) -> Any:
        errors = []
        for entry in PartitionInputList:
            values = tuple(entry["Values"])
            if values in self.values:
                detail = {"ErrorCode": "AlreadyExistsException", "ErrorMessage": "there already"}
                errors.append({"PartitionValues": list(values), "ErrorDetail": detail})
            self.values.add(values)
        return {"Errors": errors}


@dataclass(frozen=True)
class Publication:
    """A message that SNS took, and when. `window` is the publisher's setting at that time."""

    at: int
    window: int
    attributes: Mapping[str, str]
    text: str

    @property
    def alert_id(self) -> str:
        return self.attributes["alert_id"]

    @property
    def seq(self) -> int:
        return int(self.alert_id.split("#")[3])

    @property
    def recovers(self) -> bool:
        return self.attributes["kind"] == "RECOVER"


class Cloud:
    """All services together, and what they hold."""

    def __init__(self, clock: Callable[[], int], tables: dict[str, tuple[str, str]]) -> None:
        self._clock = clock
        self.bucket = Bucket()
        self.tables = Tables(tables)
        self.partitions = Partitions()
        self.published: list[Publication] = []
        self.on_bury: Callable[[Mapping[str, Any]], None] = lambda request: None
        self.buried: list[Mapping[str, Any]] = []
        """What the consumer itself put into the dead-letter queue."""

    def bury(self, **request: Any) -> Any:
        self.buried.append(request)
        self.on_bury(request)
        return {"MessageId": f"buried-{len(self.buried)}"}

    def publish(self, window: int, request: Mapping[str, Any]) -> Any:
        subject = request["Subject"]
        assert subject.isascii() and subject.isprintable() and len(subject) < 100, subject
        attributes = {name: value["StringValue"] for name, value in request["MessageAttributes"].items()}
        text = f"{subject}\n{request['Message']}"
        self.published.append(Publication(self._clock(), window, attributes, text))
        return {"MessageId": str(len(self.published))}

    def clients(self, gate: Gate, window: Callable[[], int]) -> Clients:
        return Clients(self, gate, window)


class Clients:
    """What stands in for `aws.clients.Aws`: a container's clients, all behind its gate."""

    def __init__(self, cloud: Cloud, gate: Gate, window: Callable[[], int]) -> None:
        self.s3 = _Client("s3", gate, {"put_object": cloud.bucket.put_object})
        self.glue = _Client("glue", gate, {"batch_create_partition": cloud.partitions.batch_create_partition})
        self.sns = _Client("sns", gate, {"publish": lambda **request: cloud.publish(window(), request)})
        self.sqs = _Client("sqs", gate, {"send_message": cloud.bury})
        operations = "get_item batch_get_item put_item update_item delete_item transact_write_items query"
        performs = {name: getattr(cloud.tables, name) for name in operations.split()}
        self.dynamodb = _Client("dynamodb", gate, performs)


class _Client:
    def __init__(self, service: str, gate: Gate, operations: Mapping[str, Callable[..., Any]]) -> None:
        self._service = service
        self._gate = gate
        self._operations = operations

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        perform = self._operations[operation]
        return lambda **params: self._gate(Call(self._service, operation, params, lambda: perform(**params)))

    def get_paginator(self, operation: str) -> Any:
        return _Paginator(getattr(self, operation))


@dataclass(frozen=True)
class _Paginator:
    call: Callable[..., Any]

    def paginate(self, *, PaginationConfig: Any = None, **params: Any) -> Iterator[Any]:
        yield self.call(**params)
