"""The hot store: recent records in DynamoDB, which `tail`, the API and the dashboard read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.batches import batched
from logctl.core.errors import UnreachableError
from logctl.core.hot_rows import APPS, HotRow, from_item, hour_of, lane_of, to_item
from logctl.core.times import DAY, HOUR, MINUTE, SECOND, TimeRange

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ARRIVAL = "arrival"
"""The name of the index by app and arrival (keys only) of the rows that earlier versions wrote."""
ARRIVALS = "arrivals"
"""The name of the index by lane and arrival (keys only), which `tail -f` follows: it shows late records too.

A lane (`hot_rows.lane_of`) has the rows of many apps, so that one query finds what has arrived for all of
them. One partition of DynamoDB takes 1,000 write units a second, and so does a lane (Amazon DynamoDB
Developer Guide, burst and adaptive capacity).
"""
_BATCH_GET = 100
_REMEMBER_APP = MINUTE
_APP_KEPT = 35 * DAY
_LAST = 10**13 - 1
"""The last time that fits the thirteen digits of a sort key, in milliseconds."""


@dataclass(frozen=True)
class Arrival:
    """A chunk's entry in the index by arrival: the time of its newest record, its batch, and when it arrived.

    Times are milliseconds.
    """

    newest: int
    batch_id: str
    arrived: int


@dataclass(frozen=True)
class PageSizes:
    """How many chunks the first call for a range fetches; each further one fetches twice as many, to `most`.

    DynamoDB bills what a query reads, whether it is used or not.
    """

    first: int
    most: int


@dataclass(frozen=True)
class ListedApp:
    """An app in the list of apps.

    Attributes:
        name: of the app.
        lane: its partition in the index by arrival; None until the consumer of this version has noted it.
        seen_at: when it was last noted, in milliseconds; 0 if that was not for an arrival.
        last: what arrived then; None in what earlier versions wrote.
    """

    name: str
    lane: str | None
    seen_at: int = 0
    last: Arrival | None = None


def _listed(item: Mapping[str, Any]) -> ListedApp:
    lane, seen_at = item.get("lane"), int(item["seen_at"]["N"]) if "seen_at" in item else 0
    last = Arrival(int(item["newest"]["N"]), item["batch_id"]["S"], seen_at) if "newest" in item else None
    return ListedApp(item["chunk"]["S"], lane["S"] if lane else None, seen_at, last)


class HotStore:
    """The chunks and the list of apps in the hot table."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, *, lanes: int = 1) -> None:
        """Create a store of a table; `lanes` is the setting `arrival_lanes`, which only writing needs."""
        self._dynamodb = dynamodb
        self._table = table
        self._lanes = lanes
        self._apps_noted: dict[str, int] = {}

    # ── Writing ─────────────────────────────────────────────────────────────────────────────────────

    def put(self, chunk: HotRow, *, now: int, retention: int, arrived: int | None = None) -> bool:
        """Write a chunk unless it exists, and return whether it was new.

        A redelivery changes neither arrival nor expiry, because the first write wins. A row that has expired
        and that DynamoDB has not deleted yet (that takes days) counts as deleted.

        - `retention`: milliseconds from now until it expires.
        - `arrived`: when the records arrived, if that was not now.
        """
        item = to_item(
            chunk,
            arrived=now if arrived is None else arrived,
            expires_at=(now + retention) // SECOND,
            lane=lane_of(chunk.appid, self._lanes),
        )
        return self._put_new(item, now)

    def _put_new(self, item: dict[str, Any], now: int) -> bool:
        """Write an item unless one with its key exists and has not expired; return whether it was written."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(app) OR expires_at <= :now",
                ExpressionAttributeValues={":now": {"N": str(now // SECOND)}},
            )
        except ClientError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def lacks(self, chunk: HotRow, *, now: int) -> bool:
        """Return whether `put` would write a chunk."""
        reply = self._dynamodb.get_item(
            TableName=self._table,
            Key={"app": {"S": chunk.appid}, "chunk": {"S": chunk.sort_key}},
            ProjectionExpression="expires_at",
            ConsistentRead=True,
        )
        return "Item" not in reply or int(reply["Item"]["expires_at"]["N"]) <= now // SECOND

    def list_app(self, appid: str, *, now: int) -> None:
        """Add an app to the list of apps unless it is there."""
        self._put_new(self._app_item(appid, now), now)

    def note_app(self, appid: str, *, now: int, newest: int, batch_id: str) -> None:
        """Write in the list of apps what has just arrived, at most once a minute for each app and container.

        Readers find there the app's lane in the index by arrival, and its last arrival without reading rows.

        - `newest`: the time of the newest record of what arrived, milliseconds.
        - `batch_id`: its message.
        """
        if now - self._apps_noted.get(appid, -_REMEMBER_APP) < _REMEMBER_APP:
            return
        arrival = {"seen_at": {"N": str(now)}, "newest": {"N": str(newest)}, "batch_id": {"S": batch_id}}
        self._dynamodb.put_item(TableName=self._table, Item=self._app_item(appid, now) | arrival)
        self._apps_noted[appid] = now

    def _app_item(self, appid: str, now: int) -> dict[str, Any]:
        return {
            "app": {"S": APPS},
            "chunk": {"S": appid},
            "lane": {"S": lane_of(appid, self._lanes)},
            "expires_at": {"N": str((now + _APP_KEPT) // SECOND)},
        }

    # ── Reading ─────────────────────────────────────────────────────────────────────────────────────

    def apps(self) -> list[str]:
        """Return the apps that have sent something in the last 35 days, sorted."""
        return [item.name for item in self.listed()]

    def listed(self) -> list[ListedApp]:
        """Return the list of apps, sorted by name."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="app = :apps",
            ExpressionAttributeValues={":apps": {"S": APPS}},
        )
        return [_listed(item) for page in pages for item in page["Items"]]

    def read(
        self,
        appid: str,
        span: TimeRange,
        *,
        now: int,
        newest_first: bool = False,
        at_once: PageSizes | None = None,
        consistent: bool = True,
    ) -> Iterator[HotRow]:
        """Yield the chunks that may hold records of a range, in the order of their newest record.

        A chunk is within one hour, so that one with records of the range ends at most an hour after the
        range.

        - `at_once`: how many are fetched by one call; None for as many as make a megabyte.
        - `consistent`: whether what was written a moment ago is found; it doubles the price.
        """
        first, last = max(0, span.since), min(hour_of(span.until) + HOUR, _LAST)
        if first > last:
            return
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "app = :app AND chunk BETWEEN :first AND :last",
            "FilterExpression": "expires_at > :now AND min_ts < :until",
            "ExpressionAttributeValues": {
                ":app": {"S": appid},
                ":first": {"S": f"{first:013d}"},
                ":last": {"S": f"{last:013d}"},
                ":now": {"N": str(now // SECOND)},
                ":until": {"N": str(span.until)},
            },
            "ConsistentRead": consistent,
            "ScanIndexForward": not newest_first,
        }
        limit = at_once.first if at_once else 0
        while True:
            if limit:
                query["Limit"] = limit
            page = self._dynamodb.query(**query)
            yield from map(from_item, page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
            limit = min(2 * limit, at_once.most) if at_once else 0

    def newest(self, appid: str, *, now: int) -> HotRow | None:
        """Return the chunk with the app's newest record; None when there is none."""
        everything = TimeRange(0, 10**13 - 2 * HOUR)
        return next(self.read(appid, everything, now=now, newest_first=True, at_once=PageSizes(1, 100)), None)

    def latest(self, appid: str) -> Arrival | None:
        """Return an arrival of the last minute before the last one, or the last one; None without any.

        It is read from the list of apps, or where an earlier version has listed the app, from its newest row.
        """
        noted = self._first(
            KeyConditionExpression="app = :apps AND chunk = :app",
            ExpressionAttributeValues={":apps": {"S": APPS}, ":app": {"S": appid}},
        )
        if noted is not None and (last := _listed(noted).last) is not None:
            return last
        newest = self._first(
            KeyConditionExpression="app = :app AND chunk <= :last",
            ExpressionAttributeValues={":app": {"S": appid}, ":last": {"S": f"{_LAST}"}},
            ProjectionExpression="chunk, arrived, arrived_at",
        )
        if newest is None:
            return None
        ts, _, batch_and_part = newest["chunk"]["S"].partition("#")
        arrived = newest.get("arrived_at") or newest["arrived"]  # the latter in rows of earlier versions
        return Arrival(int(ts), batch_and_part.rpartition("#")[0], int(arrived["N"]))

    def _first(self, **query: Any) -> dict[str, Any] | None:
        """Return the first item that a query finds from the end of its range."""
        found = self._dynamodb.query(TableName=self._table, ScanIndexForward=False, Limit=1, **query)
        return next(iter(found["Items"]), None)

    def arrived_in(self, lane: str, since: int) -> list[tuple[str, str, int]]:
        """Return app, sort key and arrival of the rows of a lane that arrived since a moment, oldest first.

        Raises:
            UnreachableError: the index is not there: the environment is of an earlier version.
        """
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=ARRIVALS,
            KeyConditionExpression="lane = :lane AND arrived_at >= :since",
            ExpressionAttributeValues={":lane": {"S": lane}, ":since": {"N": str(since)}},
        )
        try:
            return [
                (item["app"]["S"], item["chunk"]["S"], int(item["arrived_at"]["N"]))
                for page in pages
                for item in page["Items"]
            ]
        except ClientError as error:
            # DynamoDB says so of an index that is not there, and of one that is being filled.
            if code_of(error) == "ValidationException":
                raise UnreachableError(
                    "The hot table has no index by arrival, which following needs: the environment was "
                    "provisioned by an earlier version.",
                    "Run: logctl provision. Or wait a minute, if that has just been done.",
                ) from None
            raise

    def arrived(self, appid: str, since: int) -> list[tuple[str, int]]:
        """Return sort keys and arrivals of an app's rows in the index of earlier versions, oldest first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=ARRIVAL,
            KeyConditionExpression="app = :app AND arrived >= :since",
            ExpressionAttributeValues={":app": {"S": appid}, ":since": {"N": str(since)}},
        )
        return [(item["chunk"]["S"], int(item["arrived"]["N"])) for page in pages for item in page["Items"]]

    def get(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], HotRow]:
        """Return the rows with some keys, which are app and sort key; those that do not exist are missing."""
        found: dict[tuple[str, str], HotRow] = {}
        for batch in batched(keys, _BATCH_GET):
            wanted = [{"app": {"S": app}, "chunk": {"S": sort_key}} for app, sort_key in batch]
            for row in map(from_item, self._get_batch(wanted)):
                found[row.appid, row.sort_key] = row
        return found

    def _get_batch(self, keys: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        while keys:
            reply = self._dynamodb.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
            yield from reply["Responses"].get(self._table, [])
            left = reply["UnprocessedKeys"].get(self._table)
            keys = [dict(key) for key in left["Keys"]] if left else []
