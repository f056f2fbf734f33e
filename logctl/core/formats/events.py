"""Objects of AWS, OpenTelemetry and collectors that hold several log events, or one in another encoding."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from logctl.core import limits, strictjson

Event = Mapping[str, Any]
Events = Iterator[Event]

_OF_AN_EVENT = ("message", "msg", "level", "severity", "lvl", "@timestamp", "@t")
"""Members of an object that is an event itself, with a list of something among its fields."""
_DEPTH = 4
"""How many envelopes may be within one another: SNS in SQS with a notification of S3 in it."""
DEEPER = 6
"""How many levels deeper than an event the object may be in which it is."""
_MOST_SHARED = 24
_LONGEST_SHARED = 600
_ALL_SHARED = 1_500
"""What an envelope says about all of its events is repeated in each: so many members, with so many characters
in one and in all of them, because a message can hold thousands of events."""


def events_of(value: Event) -> Events | None:
    """Return the log events in an object that holds several; None if it is an event itself.

    Such objects are CloudTrail's `Records`, CloudWatch's `logEvents` and `events`, OTLP's `resourceLogs`, and
    the messages of Lambda, Kinesis, SNS and SQS that hold them. What they say about all of their events is
    repeated in each.
    """
    if OTHER_NAMES.isdisjoint(value) and isinstance(value.get("message", ""), str):
        return None
    events = _Reader().events_of(value, 0)
    return None if events is None else map(_fitting, events)


def _fitting(event: Event) -> Event:
    """Return an event that is no larger than an object may be; a larger one is text."""
    if strictjson.fits(event):
        return event
    return {"message": json.dumps(event, ensure_ascii=False, separators=(",", ":"))}


class _Reader:
    """A reader of one envelope. `room` is how many bytes may still be decoded in it."""

    def __init__(self) -> None:
        self.room = limits.MAX_PLAIN

    def events_of(self, value: Event, depth: int) -> Events | None:
        """Return the events of an object that is within `depth` others; None if it is an event."""
        if depth < _DEPTH:
            for name, read in _ENVELOPES.items():
                if name in value:
                    events = read(_Envelope(self, value, value[name], depth))
                    if events is not None:
                        return events
        return None

    def text(self, text: str, outer: Event, depth: int) -> Events:
        """Yield the events in a text that was within an envelope."""
        parts = text.split("\n") if "\n" in text else [text]
        if text.lstrip()[:1] == "{" and _object(text) is not None:
            parts = [text]
        for part in parts:
            if not part.strip():
                continue
            value = _object(part)
            events = self.events_of(value, depth + 1) if value is not None else None
            if events is None:
                yield {**outer, "message": part}
            else:
                for event in events:
                    yield {**_untimed(outer), **event}

    def data(self, data: object, outer: Event, depth: int) -> Events:
        """Yield the events in a member in base64, which may be compressed with gzip."""
        text = self._decode(data)
        if text is None:
            yield {**outer, "data": data}
        else:
            yield from self.text(text, outer, depth)

    def _decode(self, data: object) -> str | None:
        if not isinstance(data, str):
            return None
        try:
            plain = base64.b64decode(data, validate=True)
            if plain[:2] == b"\x1f\x8b":
                unzip = zlib.decompressobj(wbits=31)
                plain = unzip.decompress(plain, self.room)
                if unzip.unconsumed_tail or not plain:
                    return None
        except (binascii.Error, ValueError, zlib.error):
            return None
        if len(plain) >= self.room:
            return None
        self.room -= len(plain)
        return plain.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Envelope:
    """An object that may hold events in its member `item`, and within how many others it is."""

    reader: _Reader
    value: Event
    item: object
    depth: int


def _object(text: str) -> Event | None:
    text = text.strip()
    if text[:1] != "{":
        return None
    try:
        value, _ = strictjson.loads_leniently(text, keys=limits.MAX_VALUES)
    except strictjson.Malformed:
        return None
    return value if isinstance(value, Mapping) else None


def _list(items: object) -> list[Event]:
    """Return a list of objects; an empty one for anything else."""
    if isinstance(items, list) and all(isinstance(item, Mapping) for item in items):
        return items
    return []


def _shared(value: Event, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the short members of an envelope, which its events repeat."""
    shared: dict[str, Any] = {}
    room = _ALL_SHARED
    for name, item in value.items():
        if name in without or len(shared) >= _MOST_SHARED or item in (None, ""):
            continue
        if not isinstance(item, str) and not (isinstance(item, int | float) and abs(item) < 2**63):
            continue
        size = len(name) + (len(item) if isinstance(item, str) else 20)
        if size <= min(room, _LONGEST_SHARED):
            shared[name] = item
            room -= size
    return shared


def _untimed(shared: Event) -> Event:
    """Return what an envelope says without when it was sent, because its events have times of their own."""
    return {name: item for name, item in shared.items() if name not in _TIMES_OF_SENDING}


_TIMES_OF_SENDING = frozenset(
    ("Timestamp", "timestamp", "time", "SentTimestamp", "publishTime", "approximateArrivalTimestamp")
)


def _is_event(value: Event) -> bool:
    return any(name in value for name in _OF_AN_EVENT)


# ── AWS ─────────────────────────────────────────────────────────────────────────────────────────────


def _records(envelope: _Envelope) -> Events | None:
    """Return the events of `Records` or `records`: CloudTrail, S3, SNS, SQS, Kinesis, Firehose, Azure."""
    items = envelope.item
    records = _list(items)
    if not records or _is_event(envelope.value):
        return None
    if not any(name in records[0] for name in _OF_A_RECORD):
        return None
    return _each_record(
        envelope.reader, records, _shared(envelope.value, ("nextToken", "NextShardIterator")), envelope.depth
    )


_OF_A_RECORD = (
    "eventTime", "eventName", "eventSource", "EventSource", "Sns", "body", "kinesis", "data", "Data", "time",
    "timestamp", "@timestamp", "message", "recordId", "dynamodb", "TimeGenerated",
)  # fmt: skip


def _each_record(reader: _Reader, records: list[Event], shared: Event, depth: int) -> Events:
    for record in records:
        topic, stream = record.get("Sns"), record.get("kinesis")
        if isinstance(topic, Mapping) and isinstance(topic.get("Message"), str):
            yield from reader.text(topic["Message"], {**shared, **_shared(topic, ("Message",))}, depth)
        elif isinstance(stream, Mapping) and "data" in stream:
            outer = {**shared, **_shared(record), **_shared(stream, ("data",))}
            yield from reader.data(stream["data"], outer, depth)
        elif isinstance(record.get("body"), str) and ("messageId" in record or "receiptHandle" in record):
            yield from reader.text(record["body"], {**shared, **_sqs_facts(record)}, depth)
        elif "data" in record and not _is_event(record):
            yield from reader.data(record["data"], {**shared, **_shared(record, ("data",))}, depth)
        elif "Data" in record and not _is_event(record):
            yield from reader.data(record["Data"], {**shared, **_shared(record, ("Data",))}, depth)
        else:
            yield {**shared, **record}


def _sqs_facts(record: Event) -> dict[str, Any]:
    facts = _shared(record, ("body", "Body", "receiptHandle", "ReceiptHandle", "md5OfBody", "MD5OfBody"))
    attributes = record.get("attributes", record.get("Attributes"))
    if isinstance(attributes, Mapping) and isinstance(attributes.get("SentTimestamp"), str):
        facts["SentTimestamp"] = attributes["SentTimestamp"]
    return facts


def _sqs_messages(envelope: _Envelope) -> Events | None:
    """Return the events of `aws sqs receive-message`."""
    items = envelope.item
    messages = _list(items)
    if not messages or not all(isinstance(message.get("Body"), str) for message in messages):
        return None
    return (
        event
        for message in messages
        for event in envelope.reader.text(message["Body"], _sqs_facts(message), envelope.depth)
    )


def _notification(envelope: _Envelope) -> Events | None:
    """Return the events in a notification of SNS, if its message holds several."""
    item = envelope.item
    inner = _object(item) if isinstance(item, str) and "TopicArn" in envelope.value else None
    events = envelope.reader.events_of(inner, envelope.depth + 1) if inner is not None else None
    if events is None:
        return None
    shared = _shared(envelope.value, ("Message", "Signature", "SigningCertURL", "UnsubscribeURL"))
    return ({**_untimed(shared), **event} for event in events)


def _log_events(envelope: _Envelope) -> Events | None:
    """Return the events of a subscription to a log group, or of a query of one."""
    items = envelope.item
    events = _list(items)
    if (
        not events
        or _is_event(envelope.value)
        or not all(isinstance(event.get("message"), str) for event in events)
    ):
        return None
    if "logEvents" not in envelope.value and not all("timestamp" in event for event in events):
        return None
    shared = _shared(envelope.value, ("messageType", "nextToken", "nextForwardToken", "nextBackwardToken"))
    return ({**shared, **event} for event in events)


def _lambda_subscription(envelope: _Envelope) -> Events | None:
    item = envelope.item
    if not isinstance(item, Mapping) or "data" not in item:
        return None
    return envelope.reader.data(item["data"], {}, envelope.depth)


def _query_results(envelope: _Envelope) -> Events | None:
    """Return the rows of CloudWatch Logs Insights, whose times are UTC without saying so."""
    items = envelope.item
    if not isinstance(items, list) or not items or not all(isinstance(row, list) for row in items):
        return None
    rows = [{cell["field"]: cell.get("value") for cell in row if _is_cell(cell)} for row in items]
    if not all(rows):
        return None
    for row in rows:
        time = row.get("@timestamp")
        if isinstance(time, str) and len(time) == 23 and time[10] == " ":
            row["@timestamp"] = f"{time}Z"
    return iter(rows)


def _is_cell(cell: object) -> bool:
    return isinstance(cell, Mapping) and isinstance(cell.get("field"), str)


# ── OpenTelemetry ───────────────────────────────────────────────────────────────────────────────────


def _resource_logs(envelope: _Envelope) -> Events | None:
    items = envelope.item
    resources = _list(items)
    return _each_resource(resources) if resources else None


def _each_resource(resources: list[Event]) -> Events:
    for item in resources:
        resource = item.get("resource")
        attributes = _shared(_attributes(resource.get("attributes"))) if isinstance(resource, Mapping) else {}
        outer = {"resource": attributes} if attributes else {}
        for name in ("scopeLogs", "scope_logs", "instrumentationLibraryLogs", "scopeSpans", "scope_spans"):
            yield from _each_scope(_list(item.get(name)), outer)


def _scope_logs(envelope: _Envelope) -> Events | None:
    items = envelope.item
    scopes = _list(items)
    return _each_scope(scopes, {}) if scopes else None


def _each_scope(scopes: list[Event], outer: Event) -> Events:
    for item in scopes:
        scope = item.get("scope", item.get("instrumentationLibrary"))
        name = scope.get("name") if isinstance(scope, Mapping) else None
        facts = {**outer, "scope": name} if isinstance(name, str) and 0 < len(name) <= 500 else outer
        for member in ("logRecords", "log_records", "logs"):
            for record in _list(item.get(member)):
                yield _flat(record, facts)
        for span in _list(item.get("spans")):
            flat = _flat(span, facts)
            if isinstance(flat.get("name"), str):
                flat["message"] = flat.pop("name")
            yield flat


def _flat(record: Event, facts: Event) -> dict[str, Any]:
    """Return a record of OTLP with its attributes as an object, and its body as a plain value."""
    flat = {**facts, **record}
    attributes = _attributes(record.get("attributes"))
    if attributes:
        flat["attributes"] = attributes
    else:
        flat.pop("attributes", None)
    if isinstance(record.get("body"), Mapping):
        flat["body"] = _plain(record["body"])
    return flat


def _attributes(items: object) -> dict[str, Any]:
    if isinstance(items, Mapping):
        return dict(items)
    return {
        item["key"]: _plain(item.get("value")) for item in _list(items) if isinstance(item.get("key"), str)
    }


def _plain(value: object) -> Any:
    """Return the value that OTLP wraps in an object with its type."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    ((kind, item),) = value.items()
    match kind:
        case "stringValue" | "string_value" | "boolValue" | "doubleValue" | "bytesValue" | "bool_value":
            return item
        case "intValue" | "int_value":
            return (
                int(item)
                if isinstance(item, str) and item.isascii() and item.isdigit() and len(item) < 20
                else item
            )
        case "arrayValue" | "array_value":
            values = item.get("values") if isinstance(item, Mapping) else None
            return [_plain(inner) for inner in values] if isinstance(values, list) else item
        case "kvlistValue" | "kvlist_value":
            return _attributes(item.get("values")) if isinstance(item, Mapping) else item
        case _:
            return value


# ── Collectors and other clouds ─────────────────────────────────────────────────────────────────────


def _loki_streams(envelope: _Envelope) -> Events | None:
    """Return the lines that are pushed to Loki."""
    return _streams(envelope.item)


def _streams(items: object) -> Events | None:
    streams = _list(items)
    if not streams or not all(isinstance(stream.get("values"), list) for stream in streams):
        return None
    return _each_line(streams)


def _each_line(streams: list[Event]) -> Events:
    for stream in streams:
        labels = _shared(stream["stream"]) if isinstance(stream.get("stream"), Mapping) else {}
        for pair in stream["values"]:
            if not isinstance(pair, list) or len(pair) < 2:
                continue
            more = pair[2] if len(pair) > 2 and isinstance(pair[2], Mapping) else {}
            yield {"timestamp": pair[0], "message": pair[1], "labels": {**labels, **more}}


def _data(envelope: _Envelope) -> Events | None:
    """Return the events of an answer of Loki's or Datadog's API."""
    items = envelope.item
    if isinstance(items, Mapping) and items.get("resultType") == "streams":
        return _streams(items.get("result"))
    logs = _list(items)
    if (
        not logs
        or _is_event(envelope.value)
        or not all(isinstance(log.get("attributes"), Mapping) for log in logs)
    ):
        return None
    return (_datadog(log["attributes"]) for log in logs)


def _datadog(log: Event) -> Event:
    """Return a log of Datadog, which calls the level its status."""
    return {**log, "level": log["status"]} if isinstance(log.get("status"), str) else log


def _hits(envelope: _Envelope) -> Events | None:
    """Return the documents that Elasticsearch or OpenSearch answers with."""
    items = envelope.item
    hits = _list(items.get("hits")) if isinstance(items, Mapping) else []
    if not hits or not all(isinstance(hit.get("_source"), Mapping) for hit in hits):
        return None
    return ({**_shared(hit, ("_score",)), **hit["_source"]} for hit in hits)


def _pubsub(envelope: _Envelope) -> Events | None:
    """Return the events in a message that Google's Pub/Sub pushes."""
    item = envelope.item
    if not isinstance(item, Mapping) or "data" not in item or "subscription" not in envelope.value:
        return None
    return envelope.reader.data(
        item["data"], {**_shared(envelope.value), **_shared(item, ("data",))}, envelope.depth
    )


def _list_of_events(envelope: _Envelope) -> Events | None:
    """Return the items of a list of events: Google's entries, Kubernetes' events, New Relic, LogDNA."""
    items = envelope.item
    events = _list(items)
    if not events or _is_event(envelope.value):
        return None
    if not all(any(name in event for name in _OF_AN_ITEM) for event in events):
        return None
    shared = _shared(envelope.value, ("kind", "apiVersion", "nextPageToken"))
    common = envelope.value.get("common")
    if isinstance(common, Mapping) and isinstance(common.get("attributes"), Mapping):
        shared.update(_shared(common["attributes"]))
    return ({**shared, **event} for event in events)


_OF_AN_ITEM = (
    "message",
    "msg",
    "line",
    "textPayload",
    "jsonPayload",
    "protoPayload",
    "involvedObject",
    "auditID",
)

_ENVELOPES: dict[str, Callable[[_Envelope], Events | None]] = {
    "Records": _records,
    "records": _records,
    "logEvents": _log_events,
    "events": _log_events,
    "awslogs": _lambda_subscription,
    "Message": _notification,
    "Messages": _sqs_messages,
    "results": _query_results,
    "resourceLogs": _resource_logs,
    "resource_logs": _resource_logs,
    "resourceSpans": _resource_logs,
    "scopeLogs": _scope_logs,
    "streams": _loki_streams,
    "data": _data,
    "hits": _hits,
    "message": _pubsub,
    "entries": _list_of_events,
    "items": _list_of_events,
    "logs": _list_of_events,
    "lines": _list_of_events,
}
OTHER_NAMES = frozenset(_ENVELOPES) - {"message"}
"""The names, beside `message`, of members that can hold events."""
