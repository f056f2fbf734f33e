"""What the consumer has stored, as records and plain objects; and what earlier versions stored."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

from logctl.core.frames import compress, decompress
from logctl.core.hot_rows import HotRow, from_item, make_hot_rows
from logctl.core.records import Record
from logctl.core.rows import encode_rows, record_of, row_of
from logctl.core.times import iso


def hot_rows_of(appid: str, batch_id: str, records: Iterable[Record], order: str = "") -> list[HotRow]:
    """Return the hot rows of a message, each with all of its records."""
    rows = [row_of(record) for record in records]
    return make_hot_rows(appid, batch_id, rows, order=order, full=True)


def without_records(pipeline: Any) -> None:
    """Take all records out of the hot rows of a pipeline, which then only point to their objects."""
    for item in pipeline.hot_rows():
        pipeline.aws.dynamodb.update_item(
            TableName=pipeline.config.hot_table,
            Key={"app": item["app"], "chunk": item["chunk"]},
            UpdateExpression="REMOVE #whole, notable",
            ExpressionAttributeNames={"#whole": "whole"},
        )


def records_in(row: HotRow | Mapping[str, Any]) -> list[Record]:
    """Return the records that a hot row, or its item, contains."""
    hot = row if isinstance(row, HotRow) else from_item(row)
    return [record_of(each, hot.appid) for each in hot.rows]


def plain_of(key: str, body: bytes) -> bytes:
    """Return the NDJSON of an object under `logs/`, of this version or an earlier one."""
    return decompress(body) if key.endswith(".zst") else gzip.decompress(body)


def lines_of(key: str, body: bytes) -> list[dict[str, Any]]:
    """Return the lines of an object under `logs/` as JSON objects."""
    return [json.loads(line) for line in plain_of(key, body).splitlines()]


def object_of(records: Iterable[Record]) -> bytes:
    """Return the content of the object that holds records."""
    return compress(encode_rows([row_of(record) for record in records]))


def cold_of_version_1(record: Record, batch_id: str) -> dict[str, Any]:
    """Return a record as the versions before rows stored it in S3, in `.json.gz`."""
    return {
        "event_id": record.event_id,
        "ts": iso(record.ts),
        "level": record.level,
        "message": record.message,
        "fields": json.dumps(dict(record.fields), separators=(",", ":")) if record.fields else None,
        "flags": list(record.flags),
        "seq": record.seq,
        "batch_id": batch_id,
    }


def wire_of_version_1(record: Record) -> dict[str, Any]:
    """Return a record as in an envelope, and in a hot row, of the versions before rows."""
    wire: dict[str, Any] = {
        "event_id": record.event_id,
        "ts": record.ts,
        "level": record.level,
        "message": record.message,
        "seq": record.seq,
    }
    if record.fields:
        wire["fields"] = dict(record.fields)
    if record.flags:
        wire["flags"] = list(record.flags)
    return wire
