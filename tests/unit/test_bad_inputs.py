"""Bad inputs that no other file has a place for: as producers write them, and what became of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from logctl.core.debounce import MARKER_KEPT
from logctl.core.formats.reading import BAD_TIME, MALFORMED_JSON
from logctl.core.records import ID_DERIVED, TS_DERIVED
from logctl.core.safe_text import neutralise
from logctl.core.times import DAY
from tests.helpers.commands import NOWHERE, told
from tests.helpers.messages import NOTHING_FAILED, WIRE, event, sealed, sqs, stored
from tests.helpers.pipeline import NOON
from tests.helpers.stored import records_in

MANY_KEYS = json.dumps(dict.fromkeys(map(str, range(501))))


def kept(pipeline: Any, body: str, **attributes: Any) -> list[dict[str, Any]]:
    """What Athena will read of a message that is acknowledged."""
    assert pipeline.consumer.process(event(sqs(body, **attributes))) == NOTHING_FAILED
    return stored(pipeline)


def quarantined(pipeline: Any) -> list[tuple[str, str]]:
    """The reason and content of every part that was set aside."""
    found: list[tuple[str, str]] = []
    for note in pipeline.quarantined():
        parts = note["rejected"] or [note]
        assert (note["content"] is None) is bool(note["rejected"])
        assert note["reason"] == parts[0]["reason"]
        found += [(part["reason"], part["content"]) for part in parts]
    return found


@pytest.mark.slow
@pytest.mark.proves("F13", "F15")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(" \n\t", "empty", marks=pytest.mark.proves("B1")),
        pytest.param("[" * 200_000, "depth", marks=pytest.mark.proves("B6")),
        pytest.param('{"logctl": 1, "appid": "checkout", ', "json"),
        pytest.param('{"appid": "../x"}', "appid", marks=pytest.mark.proves("B21")),
        pytest.param('{"appid": "a/year=2020"}', "appid", marks=pytest.mark.proves("B22")),
        pytest.param('{"appid": "other"}', "group_mismatch", marks=pytest.mark.proves("B28")),
    ],
)  # fmt: skip
def test_a_bare_message_that_is_no_record(pipeline, body, reason):
    assert kept(pipeline, body) == []
    assert quarantined(pipeline) == [(reason, body)]
    assert pipeline.hot_rows() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "messages", "flag"),
    [
        pytest.param("not json", ["not json"], TS_DERIVED, marks=pytest.mark.proves("B2")),
        pytest.param("null", ["null"], TS_DERIVED, marks=pytest.mark.proves("B3")),
        pytest.param("[true]", ["true"], TS_DERIVED, marks=pytest.mark.proves("B3")),
        pytest.param('{"msg":"a"}{"msg":"b"}', ["a", "b"], TS_DERIVED, marks=pytest.mark.proves("B4")),
        pytest.param('{"a":' * 33 + "1" + "}" * 33, ['{"a":' * 33 + "1" + "}" * 33], MALFORMED_JSON, marks=pytest.mark.proves("B6")),
        pytest.param('{"msg": "a", "b": ' + "9" * 5_000 + "}", ["a"], MALFORMED_JSON, marks=pytest.mark.proves("B7")),
        pytest.param('{"msg": "a", "b": NaN}', ["a"], MALFORMED_JSON, marks=pytest.mark.proves("B8")),
        pytest.param('{"msg": "a", "b": -1e999}', ["a"], MALFORMED_JSON, marks=pytest.mark.proves("B8")),
        pytest.param('{"msg": "b", "msg": "a"}', ["a"], MALFORMED_JSON, marks=pytest.mark.proves("B11")),
        pytest.param(MANY_KEYS, [MANY_KEYS], MALFORMED_JSON, marks=pytest.mark.proves("B17")),
    ],
)  # fmt: skip
def test_a_bare_message_is_not_rejected_for_its_form(pipeline, body, messages, flag):
    rows = kept(pipeline, body)
    assert [row["message"] for row in rows] == messages
    assert all(flag in row["flags"] for row in rows)
    assert quarantined(pipeline) == []


def wire(**changes: Any) -> bytes:
    return json.dumps({**WIRE, **changes}).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(wire(fields={"a": float("nan")}), "number", marks=pytest.mark.proves("B8")),
        pytest.param(wire(fields={"a": float("inf")}), "number", marks=pytest.mark.proves("B8")),
        pytest.param(b'{"a":' * 900 + b"1" + b"}" * 900, "depth", marks=pytest.mark.proves("B6")),
        pytest.param(wire(fields=dict.fromkeys(map(str, range(600)))), "too_many_keys", marks=pytest.mark.proves("B17")),
        pytest.param(wire(ts=-1), "schema", marks=pytest.mark.proves("B33")),
        pytest.param(wire(ts=10**13), "schema", marks=pytest.mark.proves("B33")),
        pytest.param(b"", "empty", marks=pytest.mark.proves("B1")),
        pytest.param(b"5", "schema", marks=pytest.mark.proves("B3")),
    ],
)  # fmt: skip
def test_a_record_in_an_envelope_is_looked_at_as_closely(pipeline, line, reason):
    """An envelope is as easily forged as a bare message. The record beside the bad one is stored."""
    (row,) = kept(pipeline, sealed([line, wire(message="fine")]))
    assert row["message"] == "fine"
    assert quarantined(pipeline) == [(reason, line.decode())]


@pytest.mark.proves("B12")
def test_half_a_surrogate_pair_is_replaced_in_an_envelope_too(pipeline):
    (row,) = kept(pipeline, sealed([wire(message="a\ud800b", fields={"\udc00": "\udfff"})]))
    assert (row["message"], row["fields"]) == ("a\ufffdb", '{"\ufffd":"\ufffd"}')


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("0.1", "0.1", marks=pytest.mark.proves("B9")),
        pytest.param("-1.5e-07", "-1.5e-7", marks=pytest.mark.proves("B9")),
        pytest.param("9" * 38, "9" * 38, marks=pytest.mark.proves("B10")),
        pytest.param("9" * 39, f'"{"9" * 39}"', marks=pytest.mark.proves("B10")),
        pytest.param('"a\\u0000b"', '"a\\u0000b"', marks=pytest.mark.proves("B13")),
    ],
)
def test_numbers_and_nul_are_the_same_hot_and_cold(pipeline, value, text):

    (row,) = kept(pipeline, f'{{"msg": "x", "a": {value}}}')
    assert row["fields"] == f'{{"a":{text}}}'
    (hot,) = (record for item in pipeline.hot_rows() for record in records_in(item))
    assert dict(hot.fields) == json.loads(row["fields"])


@pytest.mark.proves("B18", "B19", "B20")
def test_no_key_of_theirs_becomes_one_of_ours(pipeline):
    body = {"msg": "x", "pk": 1, "ttl": 2, "year": "1999", "batch_id": "b", "seq": 9, "__proto__": {}, "Msg": "y"}  # fmt: skip
    (row,) = kept(pipeline, json.dumps(body))
    assert (row["message"], row["seq"]) == ("x", 0)
    assert json.loads(row["fields"]) == {key: value for key, value in body.items() if key != "msg"}
    (item,) = pipeline.hot_rows()
    assert not {"pk", "ttl", "year"} & set(item)


@pytest.mark.proves("B5")
def test_one_byte_order_mark_is_no_content(pipeline):
    assert [row["message"] for row in kept(pipeline, '\ufeff{"msg": "a"}')] == ["a"]


@pytest.mark.proves("B29", "B30", "B32", "B33", "B34", "B35")
def test_what_a_producer_says_wrongly_is_replaced_and_flagged(pipeline):
    bodies = [
        {"msg": "no id, no time"},
        {"event_id": "../../x", "time": "2026-02-30T00:00:00Z", "msg": "b"},
        {"event_id": "\U0001f4a9" * 9, "ts": -1, "msg": "c", "level": "ERR\u0000"},
        {"event_id": "x" * 4096, "ts": "9999-01-01T00:00:00Z", "msg": "d", "level": None},
    ]
    rows = kept(pipeline, "\n".join(map(json.dumps, bodies)))
    assert [row["flags"][-2:] for row in rows] == [[TS_DERIVED, ID_DERIVED]] * 4
    assert [BAD_TIME in row["flags"] for row in rows] == [False, True, False, True]
    assert {row["ts"] for row in rows} == {"2026-01-31T12:00:00.000Z"}
    assert {row["level"] for row in rows} == {"UNKNOWN"}
    assert len({row["event_id"] for row in rows}) == 4
    assert pipeline.alerts() == []


@pytest.mark.proves("B36")
def test_one_message_of_20000_lines_is_one_record_and_one_line(pipeline):
    text = "at x.y.Z\n" * 20_000 + "end" * 50_000
    (row,) = kept(pipeline, json.dumps({"msg": text}))
    assert row["message"] == text
    shown = neutralise(row["message"])
    assert "\n" not in shown
    assert shown.startswith("at x.y.Z\\x0aat")


def test_ndjson_ends_lines_with_newlines_only(pipeline):
    """JSON strings may hold U+2028, U+2029 and U+0085 as they are; Python's splitlines breaks there."""
    rows = kept(pipeline, '{"msg": "a\u2028b"}\r\n{"msg": "c\x85d"}\n')
    assert [row["message"] for row in rows] == ["a\u2028b", "c\x85d"]
    assert quarantined(pipeline) == []


@pytest.mark.proves("F19")
def test_a_batch_is_remembered_longer_than_it_can_come_back():
    in_queue, in_dead_letter_queue = 14 * DAY, 14 * DAY
    assert in_queue + in_dead_letter_queue < MARKER_KEPT


@pytest.mark.proves("F17", "F21")
def test_a_redrive_or_a_second_send_of_the_same_envelope_is_one_row(pipeline):
    """SQS gives another message id and another time; the batch is the same."""
    body = sealed([wire(event_id=f"0123456789-{n}") for n in range(3)])
    kept(pipeline, body, name="first")
    before = (pipeline.keys(), len(pipeline.hot_rows()), len(pipeline.alerts()))
    pipeline.restart()
    kept(pipeline, body, name="second", sent_at=NOON + 3 * DAY)
    assert (pipeline.keys(), len(pipeline.hot_rows())) == before[:2]
    assert pipeline.alerts() == []


@pytest.mark.slow
@pytest.mark.proves("B54")
@pytest.mark.parametrize(
    ("name", "url"),
    [("AWS_ENDPOINT_URL", "file:///etc/passwd"), ("AWS_ENDPOINT_URL_S3", "127.0.0.1:4566"), ("AWS_ENDPOINT_URL", "\x1b[2J")],
)  # fmt: skip
def test_an_endpoint_that_is_no_url(logctl, name, url):
    done = logctl("tail", "x", **{**NOWHERE, name: url})
    assert f"{name}: {neutralise(repr(url))} is not an endpoint" in told(done)
    assert done.returncode == 2


@pytest.mark.proves("B54")
@pytest.mark.parametrize(
    ("key", "value", "word"),
    [("prefix", "A_B", "prefix"), ("env", "-b", "env"), ("region", "mars-1", "region"), ("profile", 5, "profile")],
)  # fmt: skip
def test_a_name_that_no_service_takes(logctl, tmp_path, key, value, word):
    (tmp_path / "logctl.toml").write_text(f"{key} = {json.dumps(value)}\n")
    done = logctl("tail", "x", **NOWHERE)
    assert told(done).startswith(f"logctl: logctl.toml: {word}: ")
    assert done.returncode == 2


BY_APP = [
    ["tail", "{}"],
    ["athena", "query", "--app", "{}"],
    ["athena", "query", "SELECT * FROM logs", "--app", "{}"],
    ["athena", "partitions", "--app", "{}"],
    ["athena", "repair", "--app", "{}"],
    ["athena", "compact", "--app", "{}"],
    ["replay", "--since", "1h", "--app", "{}"],
]


@pytest.mark.parametrize("name", ["[x", "[", "a[b-", "[ab]", "*/x", "Web-*", "a b*", "*" * 65, "é*"])
@pytest.mark.parametrize("words", BY_APP, ids=" ".join)
def test_a_name_that_is_neither_an_app_nor_a_glob(logctl, words, name):
    done = logctl(*[word.format(name) for word in words], **NOWHERE)
    assert done.returncode == 2
    assert "cannot name an app" in told(done)


BY_TIME = [
    ["tail", "x"],
    ["athena", "query"],
    ["athena", "query", "SELECT * FROM logs"],
    ["athena", "partitions"],
    ["athena", "repair"],
    ["athena", "compact"],
    ["replay", "--app", "x"],
]


@pytest.mark.parametrize("words", BY_TIME, ids=" ".join)
@pytest.mark.parametrize("point", ["2300-01-01", "9999-12-31", "99999999999999999999"])
def test_a_time_beyond_what_keys_can_hold(logctl, words, point):
    done = logctl(*words, "--since", "1h", "--until", point, **NOWHERE)
    assert done.returncode == 2
    told(done)
