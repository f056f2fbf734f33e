"""Packing records into messages, and getting them out of whatever a producer sends."""

import base64
import json
import os
import time
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from logctl.core import limits
from logctl.core.envelope import SQS_LIMIT, batch_id_of
from logctl.core.formats.original import restore
from logctl.core.formats.reading import MALFORMED_JSON
from logctl.core.records import Record, Rejected, derive_id
from logctl.core.rows import encode_row, row_of
from logctl.core.times import DAY, HOUR, iso, parse_time
from logctl.core.unpacking import Unpacked, unpack
from logctl.ops.send.packing import MAX_BODY, MAX_RECORDS, Packer, TooBig, check_fits, pack

NOON = parse_time("2026-01-31T12:00:00Z")


def record(
    index: int = 0,
    *,
    appid: str = "checkout",
    ts: int = NOON,
    message: str = "hello",
    fields: dict | None = None,
) -> Record:
    return Record(appid, derive_id(appid, index), ts, "INFO", message, index, fields or {"n": index})


def opened(body: str, group: str = "checkout", dedup: str = "d-1") -> Unpacked:
    return unpack(body, group=group, deduplication_id=dedup, sent_at=NOON)


def refusal(body: str, group: str = "checkout") -> str:
    with pytest.raises(Rejected) as refused:
        opened(body, group)
    return refused.value.reason


def test_what_is_packed_comes_out_again_in_order():
    records = [record(index) for index in range(2 * MAX_RECORDS + 500)]
    messages = list(pack(records))
    assert [message.count for message in messages] == [MAX_RECORDS, MAX_RECORDS, 500]
    assert [item for message in messages for item in opened(message.body).records] == records


def test_packing_again_makes_the_same_messages():
    records = [record(index, message="x" * (index % 700)) for index in range(3000)]
    assert list(pack(records)) == list(pack(records))


def test_a_message_holds_one_app_and_one_day():
    records = [
        record(i, appid=app, ts=NOON + day * DAY) for i in range(10) for app in ("a", "b") for day in (0, 1)
    ]
    messages = list(pack(records))
    assert len(messages) == 4
    for message in messages:
        inside = opened(message.body, message.appid).records
        assert {item.appid for item in inside} == {message.appid}
        assert {item.ts // DAY for item in inside} == {message.min_ts // DAY}


def test_incompressible_records_are_split_until_a_batch_fits():
    import random

    noise = random.Random(1)
    records = [record(i, message=noise.randbytes(3000).hex()) for i in range(200)]
    messages = list(pack(records))
    assert all(message.size <= MAX_BODY for message in messages)
    assert sum(message.count for message in messages) == 200


@pytest.mark.proves("B15")
def test_a_record_that_fits_no_message_is_refused_and_the_others_go_on():
    import random

    packer = Packer()
    huge = record(1, message=random.Random(2).randbytes(SQS_LIMIT).hex())
    with pytest.raises(TooBig):
        packer.add(huge)
    assert packer.add(record(2)) == []
    assert packer.flush()[0].count == 1


def test_a_big_record_that_compresses_goes_alone():
    messages = list(pack([record(0), record(1, message="x" * 2_097_000), record(2)]))
    assert [message.count for message in messages] == [1, 1, 1]


def test_a_shard_of_a_group_belongs_to_its_app():
    message = next(pack([record()]))
    assert opened(message.body, "checkout.7").appid == "checkout"


@pytest.mark.proves("B5")
def test_bare_object_array_and_ndjson():
    assert opened('{"msg": "a"}').records[0].message == "a"
    assert [item.message for item in opened('[{"msg": "a"}, {"msg": "b"}]').records] == ["a", "b"]
    assert [item.message for item in opened('{"msg": "a"}\n\n{"msg": "b"}\n').records] == ["a", "b"]
    assert opened('\ufeff{"msg": "a"}').records[0].message == "a"


@pytest.mark.proves("F22", "B29")
def test_equal_lines_are_two_events_and_a_redelivery_is_none():
    first, second = opened('{"msg": "a"}', dedup="1"), opened('{"msg": "a"}', dedup="2")
    again = opened('{"msg": "a"}', dedup="1")
    assert first.batch_id != second.batch_id
    assert first.records[0].event_id != second.records[0].event_id
    assert first == again
    two = opened('{"msg": "a"}\n{"msg": "a"}')
    assert len({item.event_id for item in two.records}) == 2


@pytest.mark.proves("F17", "F21")
@pytest.mark.parametrize(
    "body",
    [
        '{"msg": "a", "event_id": "event-0001"}',
        '[{"msg": "a", "event_id": "event-0001"}, {"msg": "a", "event_id": "event-0002"}]',
        '{"msg": "a", "event_id": "event-0001"}\n{"msg": "a", "event_id": "event-0002"}',
    ],
)
def test_a_bare_message_with_ids_of_its_own_survives_a_new_deduplication_id(body):
    # AWS: a move to the dead-letter queue replaces the deduplication id by the message id.
    assert opened(body, dedup="producers-own") == opened(body, dedup="f0c3a1d2-message-id")
    without = body.replace(', "event_id": "event-0001"', "")
    assert opened(without, dedup="1").batch_id != opened(without, dedup="2").batch_id


def test_good_lines_pass_and_bad_ones_are_named():
    unpacked = opened('{"msg": "a"}\nnot json\n{"appid": "other"}\n[]\n{"msg": "b"}\n{"appid": "A"}')
    assert [item.message for item in unpacked.records] == ["a", "not json", "[]", "b"]
    assert [(item.position, item.reason, item.content) for item in unpacked.rejected] == [
        (2, "group_mismatch", '{"appid": "other"}'),
        (5, "appid", '{"appid": "A"}'),
    ]


@pytest.mark.proves("B1", "B6", "B28")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("[]", "empty"),
        ("[" * 200_000, "depth"),
        ('{"logctl": 1, "appid": "other"}', "group_mismatch"),
        ('{"appid": "A"}\n{"appid": "other"}', "appid"),
        ('[{"appid": "other"}]', "group_mismatch"),
        ('{"logctl": 1, "appid": "checkout", "batch_id": "', "json"),
        ('{"logctl": 1, "appid": "checkout", "x": ' + '{"a":' * 40 + "1" + "}" * 41, "depth"),
    ],
)
def test_what_no_record_can_be_made_of(body, reason):
    assert refusal(body) == reason


def told(body: str) -> list[tuple[str, str]]:
    return [(record.level, record.message) for record in opened(body).records]


@pytest.mark.proves("B2", "B3", "B4", "B6", "B7", "B8", "B11", "B17")
@pytest.mark.parametrize(
    ("body", "records"),
    [
        ("not json", [("UNKNOWN", "not json")]),
        ("2026-01-31 11:00:00 ERROR boom", [("ERROR", "boom")]),
        ('{"msg":"a"}{"msg":"b","level":"error"} , {"msg":"c"}', [("UNKNOWN", "a"), ("ERROR", "b"), ("UNKNOWN", "c")]),
        ('{\n "msg": "a"\n}\n{\n "msg": "b"\n}', [("UNKNOWN", "a"), ("UNKNOWN", "b")]),
        ('starting\n{"level":"error","msg":"boom"}\nERROR late', [("UNKNOWN", "starting"), ("ERROR", "boom"), ("ERROR", "late")]),
        ('[{"msg":"a"}]\n[{"msg":"b"},{"msg":"c"}]', [("UNKNOWN", "a"), ("UNKNOWN", "b"), ("UNKNOWN", "c")]),
        ("5", [("UNKNOWN", "5")]),
        ("null", [("UNKNOWN", "null")]),
        ('["2026-01-31 11:00:00 ERROR boom", 2, {"msg": "c"}]', [("ERROR", "boom"), ("UNKNOWN", "2"), ("UNKNOWN", "c")]),
        ('{"msg": "poison", ', [("UNKNOWN", '{"msg": "poison",')]),
        ("2026-01-31 11:00:00 ERROR boom\nTraceback (most recent call last):\n  File \"x\"\nValueError: y\nnext",
         [("ERROR", 'boom\nTraceback (most recent call last):\n  File "x"\nValueError: y'), ("UNKNOWN", "next")]),
        (json.dumps({"logGroup": "g", "logEvents": [{"id": "1", "timestamp": NOON, "message": "ERROR boom"}, {"id": "2", "timestamp": NOON, "message": "ok"}]}),
         [("ERROR", "boom"), ("UNKNOWN", "ok")]),
        (json.dumps([{"Records": [{"eventTime": "2026-01-31T11:00:00Z", "eventName": "A"}, {"eventTime": "2026-01-31T11:00:00Z", "eventName": "B"}]}]),
         [("UNKNOWN", "A"), ("UNKNOWN", "B")]),
    ],
)  # fmt: skip
def test_what_producers_without_logctl_send(body, records):
    assert told(body) == records


@pytest.mark.proves("B6", "B7", "B8", "B11", "B17")
@pytest.mark.parametrize(
    "body",
    [
        '{"msg": "x", "a": NaN}',
        '{"msg": "x", "a": 1e999}',
        '{"msg": "x", "a": ' + "9" * 5000 + "}",
        '{"msg": "w", "msg": "x"}',
        '{"msg": "x", "a": "\t\x00"}',
        '[{"msg": "x", "a": NaN}]',
    ],
)
def test_json_that_is_wrong_in_its_form_is_read_and_flagged(body):
    (record,) = opened(body).records
    assert (record.message, record.flags[0]) == ("x", MALFORMED_JSON)


@pytest.mark.parametrize(
    "body",
    [
        '{"a": 1, "a": 2}',
        '{"a":' * 33 + "1" + "}" * 33,
        '{"a":' * 50 + "1" + "}" * 50,
        json.dumps({str(n): n for n in range(10_000)}),
        '{"msg": "x',
    ],
)
def test_json_without_a_message_or_too_large_for_a_record_is_kept_as_text(body):
    (record,) = opened(body).records
    assert (record.message, record.flags[0]) == (body, MALFORMED_JSON)


def test_the_original_text_of_lines_is_kept():
    body = '2026-01-31T11:00:00Z [error] boom\n{"msg": "x", "a": NaN}\nERROR two\n{"msg": "y"}'
    assert [restore(item) for item in opened(body).records[:3]] == body.split("\n")[:3]


def test_records_of_one_line_are_in_their_order_and_have_ids_of_their_own():
    records = opened('{"msg":"a"}{"msg":"a"}\n{"msg":"b"}').records
    assert [(record.message, record.seq) for record in records] == [("a", 0), ("a", 1), ("b", 2)]
    assert len({record.event_id for record in records}) == 3


def test_the_ids_of_records_of_lines_and_arrays_are_those_of_earlier_versions():
    """A message that was delivered before an update may be delivered again after it."""
    for body in ('{"msg": "a"}\n\n{"msg": "b"}', '[{"msg": "a"}, {"msg": "b"}]', '{"msg": "a"}'):
        unpacked = opened(body)
        for record in unpacked.records:
            assert record.event_id == derive_id(unpacked.batch_id, record.seq)


def test_times_without_a_zone_are_in_the_zone_of_the_setting():
    (record,) = unpack(
        "2026-01-31 12:00:00 ERROR boom", group="checkout", deduplication_id="d", sent_at=NOON, zone=ZoneInfo("Europe/Berlin")
    ).records  # fmt: skip
    assert record.ts == NOON - HOUR
    assert opened("2026-01-31 12:00:00 ERROR boom").records[0].ts == NOON


def test_lines_of_text_without_a_time_have_the_last_time_before_them():
    first, second, third = opened("a\n2026-01-31 11:00:00 INFO b\nc").records
    assert (first.ts, first.flags[0]) == (NOON, "ts_derived")
    assert second.ts == third.ts == NOON - HOUR


@given(
    st.text()
    | st.lists(
        st.sampled_from(
            [
                '{"msg":"a"}',
                '{"a":',
                "{",
                "}",
                "[",
                "]",
                '"',
                "Traceback (most recent call last):",
                "  x",
                "",
                "ERROR y",
                '{"Records":[{"body":"x","messageId":"1"}]}',
                '{"logctl":1,',
            ]
        )
    ).map("\n".join)
)
def test_any_text_is_unpacked_or_rejected(body):
    try:
        unpacked = opened(body)
    except Rejected:
        return
    assert unpacked.records
    assert opened(body) == unpacked
    assert len({record.event_id for record in unpacked.records}) == len(unpacked.records)
    assert [record.seq for record in unpacked.records] == sorted({record.seq for record in unpacked.records})


@pytest.mark.proves("B21", "B22", "B23", "B24", "B25")
@pytest.mark.parametrize("group", ["../x", "a/b", "", "A", "checkout.", "checkout.x", "checkout\n", "é"])
def test_a_group_that_names_no_app(group):
    assert refusal('{"msg": "a"}', group) == "appid"


def damaged(**changes) -> str:
    return json.dumps({**json.loads(next(pack([record()])).body), **changes})


def folded(frame: bytes) -> str:
    return damaged(data=base64.b64encode(frame).decode())


def test_a_damaged_envelope_is_refused():
    assert refusal(damaged(count=2)) == "count"
    assert refusal(damaged(batch_id="0" * 32)) == "batch_id"
    assert refusal(damaged(logctl=3)) == "version"
    assert refusal(damaged(appid="other")) == "group_mismatch"
    assert refusal(damaged(encoding="gzip")) == "schema"
    assert refusal(damaged(data="%%%")) == "encoding"
    whole = base64.b64decode(json.loads(damaged())["data"])
    assert refusal(folded(whole[:-3])) == "encoding"


def test_only_one_frame_of_a_declared_size_is_data():
    whole = base64.b64decode(json.loads(damaged())["data"])
    plain = zstandard.decompress(whole)
    assert opened(folded(whole)).records
    for frame in (
        whole + b"x",
        whole + whole,
        whole + zstandard.compress(b""),
        b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip" + whole,
        whole + b"\x50\x2a\x4d\x18\x00\x00\x00\x00",
        zstandard.ZstdCompressor(write_content_size=False).compress(plain),
    ):
        assert refusal(folded(frame)) == "encoding", frame


@pytest.mark.proves("B58")
@pytest.mark.parametrize(
    "changes",
    [
        {"more": 1},
        {"logctl": "1"},
        {"logctl": True},
        {"logctl": 1.0},
        {"count": True},
        {"count": "1"},
        {"data": None},
        {"batch_id": 5},
        {"encoding": ["zstd"]},
    ],
)
def test_only_the_complete_shape_is_an_envelope(changes):
    """A record may have a field named `logctl`, and the others too."""
    (record,) = opened(damaged(**changes)).records
    assert record.fields["logctl"] == changes.get("logctl", 2)
    for value in ({"logctl": 1}, {"logctl": 3, "msg": "a"}, {"logctl": 1, "appid": "checkout"}):
        assert opened(json.dumps(value)).records[0].fields == {"logctl": value["logctl"]}


def wired(*wires: dict) -> str:
    """Return an envelope of version 1."""
    lines = b"\n".join(json.dumps(wire).encode() for wire in wires)
    frame = base64.b64encode(zstandard.compress(lines)).decode()
    return damaged(logctl=1, data=frame, count=len(wires), batch_id=batch_id_of("checkout", lines))


def wire(**changes) -> dict:
    return {"event_id": "event-0001", "ts": NOON, "level": "ERROR", "message": "a", "seq": 0, **changes}


def test_what_only_the_consumer_knows_is_not_taken_from_a_producer():
    flags = ["late", "ts_derived", "vip", "truncated", "redacted=7", "id_derived", "redacted=\nx"]
    (record,) = opened(wired(wire(flags=flags))).records
    assert record.flags == ("ts_derived", "vip", "id_derived")


@pytest.mark.parametrize("ts", [0, 1, 315_532_799_999, NOON + 7 * DAY + 1, 9_999_999_999_999])
def test_a_time_that_no_record_can_have_is_replaced_in_an_envelope_too(ts):
    unpacked = opened(wired(wire(ts=ts, fields={"a": 1}), wire(event_id="event-0002")))
    assert [record.ts for record in unpacked.records] == [NOON, NOON]
    assert [record.flags for record in unpacked.records] == [("ts_derived",), ()]
    assert unpacked.records[0].fields == {"ts": ts, "a": 1}
    assert unpacked.untimed and unpacked.lasting
    assert not opened(wired(wire(ts=NOON + 7 * DAY, flags=["ts_derived"]))).untimed


def rowed(*lines: bytes) -> str:
    """Return an envelope of these lines as rows."""
    plain = b"".join(line + b"\n" for line in lines)
    frame = zstandard.compress(plain)
    return damaged(
        data=base64.b64encode(frame).decode(),
        count=len(lines),
        batch_id=batch_id_of("checkout", frame),
    )


ROW = encode_row(row_of(record(1)))


def test_a_row_that_is_not_canonical_is_read_and_one_that_is_not_valid_is_rejected():
    loose = json.dumps({**json.loads(ROW), "extra": 1, "fields": '{"b": 2}'}).encode()
    bad = {
        ROW.replace(b"checkout", b"x").replace(b'"INFO"', b'"LOUD"'): "schema",
        ROW[:-1]: "json",
        ROW.replace(b'"seq":1', b'"seq":1,"seq":2'): "dup_key",
        ROW.replace(b'"seq":1', b'"seq":NaN'): "number",
        ROW.replace(iso(NOON).encode(), b"yesterday"): "schema",
        b"[" * 100_000: "depth",
        b"null": "schema",
        b"": "empty",
    }
    unpacked = opened(rowed(ROW, loose, *bad))
    assert [item.fields for item in unpacked.records] == [{"n": 1}, {"b": 2}]
    assert [part.reason for part in unpacked.rejected] == list(bad.values())


def test_flags_and_times_of_rows_are_taken_as_from_any_producer():
    flags = ("late", "ts_derived", "vip", "truncated", "redacted=7", "id_derived", "redacted=\nx")
    early = replace(record(1), flags=flags)
    unpacked = opened(rowed(encode_row(row_of(early)), encode_row(row_of(replace(early, ts=5)))))
    assert unpacked.records[0].flags == ("ts_derived", "vip", "id_derived")
    assert (unpacked.records[1].ts, unpacked.records[1].fields["ts"], unpacked.untimed) == (NOON, 5, True)


def test_a_zip_bomb_is_refused_before_it_unfolds():
    bomb = base64.b64encode(zstandard.compress(b"0" * 200_000_000)).decode()
    assert len(bomb) < 100_000
    assert refusal(damaged(data=bomb)) == "too_big"


# ── Limits ──────────────────────────────────────────────────────────────────────────────────────────


def lines(count: int, **members) -> str:
    return "\n".join(json.dumps({"msg": f"m{n}", **members}) for n in range(count))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"msg":"start"}\n' + "\tat com.example.Main.run(Main.java:1)\n" * 19_000, "too_many_records"),
        (lines(limits.MAX_RECORDS + 1), "too_many_records"),
        (json.dumps([{}] * (limits.MAX_RECORDS + 1)), "too_many_records"),
        ("[" + ",".join(["{}"] * 349_000) + "]", "too_many_values"),
        ("[" + ",".join("1" * 500_000) + "]", "too_many_values"),
        ('{"a":[' + ",".join(["[]"] * 300_000) + "]}", "too_many_values"),
        ("[" + ",".join(['""'] * 300_000) + "]", "too_many_values"),
        ("\n".join(json.dumps({"ts": NOON - n * DAY, "msg": "a"}) for n in range(4_000)), "too_many_days"),
        (json.dumps([{"ts": NOON - n * DAY} for n in range(limits.MAX_PARTITIONS + 1)]), "too_many_days"),
        (json.dumps([{"ts": NOON - n * HOUR} for n in range(limits.MAX_HOURS + 1)]), "too_many_hours"),
        (wired(*[wire(message="")] * (limits.MAX_RECORDS + 1)), "too_many_records"),
        (wired(wire(message="x" * limits.MAX_PLAIN)), "too_big"),
        (wired(*[wire(ts=NOON - n * DAY) for n in range(limits.MAX_PARTITIONS + 1)]), "too_many_days"),
        (wired(*[wire(ts=NOON - n * HOUR) for n in range(limits.MAX_HOURS + 1)]), "too_many_hours"),
        (wired(*[wire(fields={"a": [0] * 250})] * 400), "too_many_values"),
    ],
)
def test_a_message_that_asks_for_too_much_is_refused_whole(body, reason):
    assert refusal(body) == reason


def test_what_is_just_within_the_limits_is_taken():
    assert len(opened(lines(limits.MAX_RECORDS)).records) == limits.MAX_RECORDS
    assert len(opened(json.dumps([{"ts": NOON - n * HOUR} for n in range(limits.MAX_HOURS)])).records) == 100
    days = [{"ts": NOON - n * DAY} for n in range(limits.MAX_PARTITIONS)]
    assert len(opened(json.dumps(days)).records) == limits.MAX_PARTITIONS
    assert opened(wired(wire(message="x" * (limits.MAX_PLAIN - 1_000)))).records
    commas = json.dumps({"msg": ',[{"' * 200_000})
    assert limits.count_values(commas) < 10
    assert opened(commas).records


@pytest.mark.parametrize(
    "body",
    [
        "1,1," * 250_000,
        "((" * 500_000,
        "{" + "x" * 1_000_000,
        " \n" * 400_000 + "x",
        "at x\n" * 4_000,
        '{"a":"' + "\\\\" * 400_000,
    ],
)
def test_a_megabyte_of_text_is_read_in_little_time(body):
    started = time.process_time()
    assert opened(body).records
    assert time.process_time() - started < 20


@pytest.mark.parametrize("line", ["x", "{", '{"a":[', "[1,", '{"a":1', "INFO x"])
def test_a_hundred_thousand_lines_are_refused_in_little_time(line):
    started = time.process_time()
    assert refusal(f"{line}\n" * (1_000_000 // (len(line) + 1))) in (
        "too_many_records",
        "too_many_values",
        "depth",
    )
    assert time.process_time() - started < 20


def test_what_is_packed_is_never_refused():
    """`send` refuses a record that the consumer would, and splits what together would be too much."""
    many = [record(n, fields={"a": [0] * 5_000}) for n in range(300)]
    messages = list(pack(many))
    assert len(messages) > 1
    assert sum(len(opened(message.body).records) for message in messages) == 300
    for huge in (
        record(0, message="x" * limits.MAX_PLAIN),
        record(0, fields={"a": [0] * (limits.MAX_VALUES + 1)}),
    ):
        with pytest.raises(TooBig):
            check_fits(huge)
        with pytest.raises(TooBig):
            Packer().add(huge)
    (big,) = pack([record(0, message="x" * (limits.MAX_PLAIN - 1_000))])
    assert opened(big.body).records


@pytest.mark.proves("B12")
def test_lone_surrogates_survive_as_replacement_characters():
    unpacked = opened('{"msg": "\\ud800"}')
    assert unpacked.records[0].message == "\ufffd"


@settings(max_examples=1_000 if os.environ.get("LOGCTL_SOAK") else 100)
@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
def test_any_body_is_unpacked_or_refused(body):
    try:
        opened(body)
    except Rejected as refused:
        assert refused.reason


@pytest.mark.proves("B52")
@pytest.mark.parametrize("before", ["", "2026-01-31 11:00:00 INFO the key is "])
def test_a_key_in_lines_of_text_is_one_record(before):
    """Redaction recognises a key by its first and its last line."""
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD9\nabc=\n-----END RSA PRIVATE KEY-----"
    assert [record.message for record in opened(f"{before}{key}\nnext").records] == [
        before.partition("INFO ")[2] + key,
        "next",
    ]
