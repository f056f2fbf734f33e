"""What producers write, and the record that it means."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core import levels
from logctl.core.formats.objects import read_object
from logctl.core.formats.reading import BAD_TIME, Context
from logctl.core.records import (
    ID_DERIVED,
    TS_DERIVED,
    Record,
    Rejected,
    from_wire,
    to_public,
)
from logctl.core.times import parse_time
from logctl.ops.send.object_records import from_mapping
from tests.helpers.stored import cold_of_version_1, wire_of_version_1

SENT = parse_time("2026-01-31T12:00:00Z")


def record_of(value: dict, **changes) -> Record:
    given_ = {"appid": "checkout", "seq": 0, "sent_at": SENT, "fallback_id": "fallback-1"}
    return from_mapping(value, **{**given_, **changes})


@pytest.mark.proves("B33")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("timestamp", "2026-01-31T08:15:00.250Z"),
        ("@timestamp", "2026-01-31T09:15:00.250+01:00"),
        ("time", "2026-01-31 08:15:00,250"),
        ("ts", 1769847300.25),
        ("ts", 1769847300250),
        ("time", 1769847300250000),
        ("time", 1769847300250000000),
        ("ts", "1769847300.250"),
        ("asctime", "2026-01-31 08:15:00,250"),
    ],
)
def test_time_is_found_under_every_name_and_unit(key, value):
    record = record_of({key: value, "message": "x"})
    assert record.ts == parse_time("2026-01-31T08:15:00.250Z")
    assert TS_DERIVED not in record.flags
    assert record.fields == {}


@pytest.mark.proves("B32", "B33", "B34")
@pytest.mark.parametrize(
    "value",
    [
        None, "yesterday", "24:00", "2026-02-30T00:00:00Z", "2026-01-31T08:15:60Z", -1, True, [], 10**30,
        "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z", float("1e300"),
    ],
)  # fmt: skip
def test_an_impossible_time_is_kept_as_a_field_and_replaced(value):
    record = record_of({"time": value, "message": "x"})
    assert (record.ts, record.flags[-2:]) == (SENT, (TS_DERIVED, ID_DERIVED))
    assert record.fields == {"time": value}


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        ("2026-02-30T00:00:00Z", (BAD_TIME, TS_DERIVED)),
        ("2026-01-31T08:15:60Z", (BAD_TIME, TS_DERIVED)),
        ("yesterday", (TS_DERIVED,)),
        (-1, (TS_DERIVED,)),
    ],
)
def test_a_date_that_does_not_exist_is_flagged(value, flags):
    assert record_of({"time": value, "event_id": "id-123456"}).flags == flags


def test_a_bad_time_beside_a_good_one_is_not_flagged():
    record = record_of({"time": "2026-02-30T00:00:00Z", "ts": 1769847300, "event_id": "id-123456"})
    assert (record.ts, record.flags) == (1769847300000, ())


def test_a_second_name_for_the_time_is_tried_when_the_first_is_no_time():
    assert record_of({"time": "soon", "ts": 1769847300}).ts == 1769847300000


@pytest.mark.proves("B35")
@pytest.mark.parametrize(
    ("value", "level"),
    [
        ({"level": "warning"}, levels.WARN),
        ({"severity": "CRITICAL"}, levels.FATAL),
        ({"levelname": "ERROR"}, levels.ERROR),
        ({"log.level": "err"}, levels.ERROR),
        ({"log": {"level": "debug"}}, levels.DEBUG),
        ({"level": 50, "msg": "x"}, levels.ERROR),
        ({"PRIORITY": "3", "MESSAGE": "x"}, levels.ERROR),
        ({"level": 3}, levels.UNKNOWN),
        ({"level": "7"}, levels.UNKNOWN),
        ({"level": "ERR\u0000"}, levels.UNKNOWN),
        ({"level": None}, levels.UNKNOWN),
        ({"level": True}, levels.UNKNOWN),
        ({}, levels.UNKNOWN),
    ],
)
def test_levels(value, level):
    assert record_of(value).level == level


def test_an_unknown_level_is_kept_as_a_field():
    assert record_of({"level": "weird"}).fields == {"level": "weird"}


@pytest.mark.parametrize("key", ["message", "msg", "event", "body"])
def test_message_names(key):
    record = record_of({key: "hello"})
    assert (record.message, record.fields) == ("hello", {})


def test_a_message_that_is_not_text_becomes_json():
    assert record_of({"message": {"a": [1, None]}}).message == '{"a":[1,null]}'


@pytest.mark.proves("B18", "B19", "B20")
def test_unknown_fields_are_kept_and_cannot_overwrite_ours():
    record = record_of({"msg": "x", "pk": 1, "ttl": 2, "year": "1999", "__proto__": {}, "Msg": "y"})
    assert record.fields == {"pk": 1, "ttl": 2, "year": "1999", "__proto__": {}, "Msg": "y"}


@pytest.mark.proves("B29", "B30")
@pytest.mark.parametrize("event_id", ["../../x", "short", "x" * 65, "é" * 10, 5, None, "a b c d e f"])
def test_an_unusable_event_id_is_replaced(event_id):
    record = record_of({"event_id": event_id})
    assert record.event_id == "fallback-1"
    assert ID_DERIVED in record.flags


def test_a_usable_event_id_is_kept():
    record = record_of({"event_id": "01J8Z3K4M5N6P7Q8R9S0T1V2W3", "ts": 1769847300})
    assert (record.event_id, record.flags) == ("01J8Z3K4M5N6P7Q8R9S0T1V2W3", ())


@pytest.mark.proves("B21", "B22", "B23", "B24", "B25", "B26")
@pytest.mark.parametrize(
    "appid",
    ["../x", "a/year=2020", "a%2Fb", "a=b", "a b", "a'; DROP", "é", "A", "a\n", "", "x" * 65, None, 5, ["a"],
     "__HIVE_DEFAULT_PARTITION__", "-a", "a-"],
)  # fmt: skip
def test_a_bad_appid_is_refused(appid):
    with pytest.raises(Rejected) as refused:
        record_of({"appid": appid}, appid=None)
    assert refused.value.reason == "appid"


@pytest.mark.proves("B28")
def test_another_app_than_the_groups_is_refused():
    with pytest.raises(Rejected) as refused:
        record_of({"appid": "other"})
    assert refused.value.reason == "group_mismatch"


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=12), _json, max_size=8))
def test_any_object_becomes_a_record_that_survives_the_wire(value):
    value.pop("appid", None)
    record = record_of(value)
    assert from_wire(json.loads(json.dumps(wire_of_version_1(record))), "checkout") == record
    json.dumps(cold_of_version_1(record, "batch"))
    json.dumps(to_public(record))


@pytest.mark.parametrize(
    "change",
    [{"ts": "x"}, {"ts": True}, {"level": "LOUD"}, {"message": 1}, {"event_id": "!"}, {"fields": []},
     {"flags": [1]}, {"seq": -1}, {"seq": 2**63}, {"ts": 10**15}],
)  # fmt: skip
def test_a_wire_record_with_a_bad_member_is_refused(change):
    wire = wire_of_version_1(record_of({"message": "x"}))
    with pytest.raises(Rejected) as refused:
        from_wire({**wire, **change}, "checkout")
    assert refused.value.reason == "schema"


def test_a_cold_record_has_a_column_for_everything():
    record = record_of({"message": "x", "a": {"B": 1}, "ts": 1769847300, "event_id": "id-123456"}, seq=7)
    assert cold_of_version_1(record, "batch-1") == {
        "event_id": "id-123456",
        "ts": "2026-01-31T08:15:00.000Z",
        "level": "UNKNOWN",
        "message": "x",
        "fields": '{"a":{"B":1}}',
        "flags": [],
        "seq": 7,
        "batch_id": "batch-1",
    }


@given(st.integers(946_684_800_000, 4_102_444_799_999))
def test_epoch_units_do_not_overlap(milliseconds):
    def ts(number: int) -> int | None:
        return read_object({"time": number}, Context(reference=SENT)).ts

    assert ts(milliseconds) == milliseconds
    assert ts(milliseconds // 1000) == milliseconds // 1000 * 1000
    assert ts(milliseconds * 1000) == milliseconds
    assert ts(milliseconds * 1_000_000) == milliseconds
