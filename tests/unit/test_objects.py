"""What JSON objects of real loggers say: tests/cases/json_objects.jsonl has an object of each, with the right answers."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core import levels
from logctl.core.formats.events import events_of
from logctl.core.formats.objects import read_object
from logctl.core.formats.reader import read_line, read_value
from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME, Context
from logctl.core.times import iso, parse_time

NOON = parse_time("2026-11-27T12:00:00Z")
CONTEXT = Context(NOON)
TEN = 1795774530123
"""2026-11-27T10:15:30.123Z in milliseconds."""
LOGGERS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "json_objects.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


@pytest.mark.parametrize("case", LOGGERS, ids=[case["logger"] for case in LOGGERS])
def test_an_object_of_a_logger_is_read_rightly(case):
    reading = read_line(case["object"], CONTEXT)
    assert (reading.ts and iso(reading.ts), reading.level) == (case["time"], case["level"])
    if case["message"]:
        assert reading.message == case["message"]
    if "app" in case:
        assert reading.app == case["app"]
    assert reading.begins


def test_what_was_taken_is_no_field_and_everything_else_is():
    value = {
        "time": TEN,
        "level": "info",
        "msg": "x",
        "record": {"a": 1},
        "fields": {"message": "y", "id": 17},
    }
    assert read_object(value, CONTEXT).fields == {"record": {"a": 1}, "fields": {"message": "y", "id": 17}}
    nested = {"timestamp": TEN, "fields": {"message": "y", "id": 17}, "log": {"level": "error"}}
    assert read_object(nested, CONTEXT).fields == {"fields": {"id": 17}}
    assert nested["fields"] == {"message": "y", "id": 17}


def test_the_usual_spelling_of_a_name_goes_before_others():
    assert read_object({"Msg": "y", "msg": "x"}, CONTEXT).message == "x"
    assert read_object({"msg": "x", "Message": "y"}, CONTEXT).message == "y"


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        ({"time": "2026-02-30T00:00:00Z"}, (BAD_TIME,)),
        ({"time": "2026-11-27 10:15:30 IST"}, (AMBIGUOUS_TIME,)),
        ({"time": "2026-11-27T10:15:30Z"}, ()),
        ({"time": "soon"}, ()),
    ],
)
def test_flags_of_times(value, flags):
    assert read_object(value, CONTEXT).flags == flags


def test_a_time_of_the_distant_past_is_no_time_and_stays():
    reading = read_object({"time": 0, "msg": "x"}, CONTEXT)
    assert (reading.ts, reading.fields) == (None, {"time": 0})


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(
    "name", ["level", "lvl", "severity", "loglevel", "priority", "log_level", "severityLevel", "sev", "s"]
)
def test_a_small_number_of_nobody_is_never_an_emergency(name, number):
    for value in (number, str(number)):
        assert read_object({"time": TEN, name: value, "message": "x"}, CONTEXT).level == levels.UNKNOWN


@pytest.mark.parametrize("number", [-1, 8, 11, 70, 601, 10**30, True, None, 3.5, [], {}])
def test_other_numbers_are_no_level_and_stay_a_field(number):
    reading = read_object({"level": number, "msg": "x"}, CONTEXT)
    assert (reading.level, reading.fields) == (levels.UNKNOWN, {"level": number})


@pytest.mark.parametrize(
    ("message", "level", "text"),
    [
        ("ERROR boom", "ERROR", "boom"),
        ('{"level":"error","message":"boom"}', "ERROR", "boom"),
        ("boom", "UNKNOWN", "boom"),
        ('{"a":1}', "UNKNOWN", '{"a":1}'),
        ("{", "UNKNOWN", "{"),
    ],
)
def test_a_line_that_a_collector_put_into_an_object_is_read(message, level, text):
    reading = read_value({"timestamp": TEN, "message": message, "logGroup": "g", "n": 1}, CONTEXT)
    assert (reading.ts, reading.level, reading.message) == (TEN, level, text)
    assert reading.fields["n"] == 1


def test_a_message_of_a_program_is_not_read_as_a_line():
    assert read_value({"timestamp": TEN, "message": "ERROR boom"}, CONTEXT).message == "ERROR boom"


def test_a_message_template_of_a_megabyte_stays_bounded():
    value = {"@t": TEN, "@mt": "{A}" * 20_000, "A": "x" * 1000}
    assert len(read_object(value, CONTEXT).message) < 1_200_000


# ── Envelopes ───────────────────────────────────────────────────────────────────────────────────────


def told(value: dict[str, Any]) -> list[tuple[str | None, str, str]] | None:
    """Return time, level and message of the events in an object; None if it is an event itself."""
    events = events_of(value)
    if events is None:
        return None
    found = [read_value(event, CONTEXT) for event in events]
    return [(reading.ts and iso(reading.ts), reading.level, reading.message) for reading in found]


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


LOG_EVENTS = {
    "messageType": "DATA_MESSAGE",
    "owner": "1",
    "logGroup": "/aws/lambda/shop",
    "logStream": "s",
    "logEvents": [
        {"id": "1", "timestamp": TEN, "message": "ERROR boom"},
        {"id": "2", "timestamp": TEN + 1, "message": '{"level":"warn","msg":"slow"}'},
    ],
}
ZIPPED = base64.b64encode(gzip.compress(json.dumps(LOG_EVENTS).encode())).decode()
IN_LOG_EVENTS = [
    ("2026-11-27T10:15:30.123Z", "ERROR", "boom"),
    ("2026-11-27T10:15:30.124Z", "WARN", "slow"),
]
S3 = {
    "Records": [{"eventSource": "aws:s3", "eventTime": iso(TEN), "eventName": "ObjectCreated:Put", "s3": {}}]
}
BOOM = [(iso(TEN), "ERROR", "boom")]


@pytest.mark.parametrize(
    ("value", "events"),
    [
        (LOG_EVENTS, IN_LOG_EVENTS),
        ({"awslogs": {"data": ZIPPED}}, IN_LOG_EVENTS),
        ({"Records": [{"kinesis": {"data": ZIPPED}, "eventSource": "aws:kinesis"}]}, IN_LOG_EVENTS),
        ({"records": [{"recordId": "1", "data": ZIPPED}]}, IN_LOG_EVENTS),
        ({"Records": [{"messageId": "m", "body": json.dumps(LOG_EVENTS)}]}, IN_LOG_EVENTS),
        (S3, [(iso(TEN), "UNKNOWN", "ObjectCreated:Put")]),
        ({"TopicArn": "t", "Message": json.dumps(S3), "Timestamp": iso(NOON)}, [(iso(TEN), "UNKNOWN", "ObjectCreated:Put")]),
        ({"Records": [{"EventSource": "aws:sns", "Sns": {"TopicArn": "t", "Message": "ERROR boom", "Timestamp": iso(TEN)}}]}, BOOM),
        ({"Messages": [{"MessageId": "m", "Body": "ERROR boom", "Attributes": {"SentTimestamp": str(TEN)}}]}, BOOM),
        ({"records": [{"approximateArrivalTimestamp": TEN, "data": encoded('{"level":"error","msg":"boom"}\nok\n')}], "deliveryStreamArn": "a"},
         [*BOOM, (iso(TEN), "UNKNOWN", "ok")]),
        ({"events": [{"logStreamName": "s", "timestamp": TEN, "message": "ERROR boom\n", "eventId": "3"}]}, BOOM),
        ({"results": [[{"field": "@timestamp", "value": "2026-11-27 10:15:30.123"}, {"field": "@message", "value": "[ERROR] boom"}, {"field": "@ptr", "value": "p"}]]}, BOOM),
        ({"Records": [{"eventTime": iso(TEN), "eventName": "CreateUser", "errorCode": "AccessDenied"}]}, [(iso(TEN), "UNKNOWN", "CreateUser")]),
        ({"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
                            "scopeLogs": [{"scope": {"name": "l"}, "logRecords": [{"timeUnixNano": f"{TEN}000000", "severityNumber": 17, "body": {"stringValue": "boom"}}]}]}]}, BOOM),
        ({"scopeLogs": [{"logRecords": [{"timeUnixNano": f"{TEN}000000", "severityText": "Error", "body": {"kvlistValue": {"values": [{"key": "message", "value": {"stringValue": "boom"}}]}}}]}]}, BOOM),
        ({"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "GET /x", "startTimeUnixNano": f"{TEN}000000", "endTimeUnixNano": f"{TEN}000001"}]}]}]}, [(iso(TEN), "UNKNOWN", "GET /x")]),
        ({"streams": [{"stream": {"app": "shop", "level": "error"}, "values": [[f"{TEN}000000", "boom"]]}]}, BOOM),
        ({"status": "success", "data": {"resultType": "streams", "result": [{"stream": {}, "values": [[f"{TEN}000000", "[error] boom"]]}]}}, BOOM),
        ({"data": [{"id": "1", "attributes": {"timestamp": iso(TEN), "status": "error", "message": "boom"}}]}, BOOM),
        ({"hits": {"hits": [{"_index": "i", "_source": {"@timestamp": iso(TEN), "level": "error", "message": "boom"}}]}}, BOOM),
        ({"records": [{"time": iso(TEN), "level": "Error", "operationName": "Write", "properties": {"message": "boom"}}]}, BOOM),
        ({"entries": [{"insertId": "a", "severity": "ERROR", "timestamp": iso(TEN), "textPayload": "boom"}]}, BOOM),
        ({"kind": "EventList", "items": [{"involvedObject": {}, "type": "Warning", "message": "slow", "lastTimestamp": iso(TEN)}]}, [(iso(TEN), "WARN", "slow")]),
        ({"message": {"data": encoded("ERROR boom"), "publishTime": iso(TEN)}, "subscription": "s"}, BOOM),
    ],
)  # fmt: skip
def test_the_events_of_an_envelope(value, events):
    assert told(value) == events


def test_what_an_envelope_says_about_its_events_is_in_each():
    for event in events_of(LOG_EVENTS):
        assert (event["logGroup"], event["logStream"]) == ("/aws/lambda/shop", "s")


def test_long_members_of_an_envelope_are_not_repeated():
    (event,) = events_of({**LOG_EVENTS, "logEvents": LOG_EVENTS["logEvents"][:1], "x": "y" * 10_000})
    assert "x" not in event


def test_envelopes_do_not_make_much_of_little():
    long = [{"key": f"k{n}", "value": {"stringValue": "x" * 300}} for n in range(1000)]
    facts = {f"k{n}": "x" * 300 for n in range(1000)}
    lines = "a\n" * 1000
    for value in (
        {"resourceLogs": [{"resource": {"attributes": long}, "scopeLogs": [{"logRecords": [{"body": {"stringValue": "a"}}] * 1000}]}]},
        {"Records": [{"messageId": "m", "body": lines, **facts}], **facts},
        {"streams": [{"stream": facts, "values": [["1", "a"]] * 1000}]},
        {"logEvents": [{"id": "1", "timestamp": TEN, "message": "a"}] * 1000, **facts},
    ):  # fmt: skip
        events = list(events_of(value))
        assert len(events) == 1000
        assert sum(len(json.dumps(event)) for event in events) < 6_000_000


@pytest.mark.parametrize(
    "value",
    [
        {"level": "info", "msg": "batch", "records": [{"message": "a"}]},
        {"time": TEN, "message": "x", "events": [{"message": "a", "timestamp": TEN}]},
        {"items": [{"sku": 1}], "time": TEN},
        {"data": [1, 2], "streams": [], "hits": 3, "logs": "x", "results": [[]], "Records": [None]},
        {"Records": []},
        {"message": "x"},
    ],
)
def test_an_event_with_a_list_is_one_event(value):
    assert events_of(value) is None


def test_a_decompression_bomb_is_not_decompressed():
    bomb = base64.b64encode(gzip.compress(b"0" * 20_000_000)).decode()
    events = list(events_of({"records": [{"recordId": "1", "data": bomb}] * 20}))
    assert [event["data"] for event in events] == [bomb] * 20


def test_envelopes_in_envelopes_end():
    text = json.dumps(S3)
    for _ in range(8):
        text = json.dumps({"TopicArn": "t", "Message": text})
    read_value(json.loads(text), CONTEXT)
    assert events_of(json.loads(text)) is None


# ── Anything ────────────────────────────────────────────────────────────────────────────────────────

_names = st.sampled_from(
    ["time", "timestamp", "@t", "@mt", "t", "date", "level", "severity", "PRIORITY", "s", "message", "msg", "MESSAGE", "body", "event",
     "log", "record", "fields", "jsonPayload", "resource", "kubernetes", "labels", "service", "Records", "records", "logEvents", "events",
     "data", "hits", "streams", "values", "stream", "resourceLogs", "scopeLogs", "logRecords", "attributes", "key", "value", "Sns", "body",
     "kinesis", "request", "method", "status", "timestampSeconds", "timestampNanos", "$date", "name", "Properties", "A", "subscription"]
) | st.text(max_size=5)  # fmt: skip
_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [TEN, iso(TEN), "error", "{A} {", '{"msg":"x"}', encoded("x"), "10:15:30", "2026-11-27", ZIPPED]
    )
)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(_names, _values, max_size=8))
def test_any_object_is_read(value):
    before = repr(value)
    events = events_of(value)
    for event in [value] if events is None else list(events):
        reading = read_value(event, CONTEXT)
        assert isinstance(reading.message, str)
        assert isinstance(reading.app, str)
        assert reading.level in (*levels.ORDER, levels.UNKNOWN)
        assert reading.ts is None or isinstance(reading.ts, int)
    assert repr(value) == before
