"""Secrets: what the rules find, what they leave alone, how long they take, and that none gets through."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from dataclasses import replace
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.attempts import MAX_STRIKES
from logctl.core.envelope import decode_data
from logctl.core.errors import UsageError
from logctl.core.records import Record, Rejected
from logctl.core.redaction import _FOLDED, RULES, Redactor
from logctl.core.redaction_names import ALL, NAMES
from logctl.ops.send.packing import pack
from logctl.pipeline.config import PipelineConfig
from logctl.stack.settings import Settings, declarations
from tests.helpers.canaries import CANARIES
from tests.helpers.messages import (
    NOTHING_FAILED,
    again,
    break_,
    event,
    failed,
    mend,
    of_a_row,
    packed,
    records,
    sqs,
    stored,
)
from tests.helpers.pipeline import NOON, Pipeline
from tests.helpers.stored import plain_of, records_in

IDS = [f"{rule}-{n}" for n, (rule, _, _) in enumerate(CANARIES)]
EVERY = Redactor([ALL])


# ── Rules ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("rule", "text", "secret"), CANARIES, ids=IDS)
def test_a_rule_takes_out_its_secret_once_and_leaves_the_rest(rule, text, secret):
    shown, found = Redactor([rule]).text(f"before {text} after")
    assert found == 1
    assert secret not in shown
    assert f"[redacted:{rule}]" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert EVERY.text(shown) == (shown, 0)


@pytest.mark.parametrize(("rule", "text", "secret"), CANARIES, ids=IDS)
def test_a_rule_that_was_not_chosen_does_nothing(rule, text, secret):
    assert Redactor().text(text) == (text, 0)
    others = {"aws-keys", "pem", "cards"} - {rule}
    assert Redactor(others).text(text) == (text, 0)


@pytest.mark.parametrize(
    "text",
    [
        "order 68915 placed by user 2033 in 133 ms",
        "unexpected token: ';' in line 3",
        "the secretary: Anna",
        "at 1769860800000 and 1769860800000000000",
        "4111 1111 1111 1112 does not pass Luhn",
        "order 1234567890123452",
        "https://host:8080/a@b and http://[::1]:443/",
        "ssh://git@github.com/x.git",
        "id 5f2b8c1e-4111-1111-8111-111111111111",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "BEGIN and END -----",
        "a bearer of news",
        "",
    ],
)
def test_what_is_no_secret_stays(text):
    assert EVERY.text(text) == (text, 0)


@pytest.mark.parametrize(
    "number",
    ["4222222222222", "4012888888881881", "378282246310005", "30569309025904", "5555555555554444",
     "2223003122003222", "6011111111111117", "3530111333300000", "6304000000000000",
     "4111-1111-1111-1111", "3782 822463 10005", "12 4111111111111111 999"],
)  # fmt: skip
def test_card_numbers_of_every_network_and_form(number):
    shown, found = Redactor(["cards"]).text(f"card={number}.")
    assert (found, sum(character.isdigit() for character in shown)) == (1, 5 if number[:3] == "12 " else 0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("trace_id=ab4111111111111111cdef0123456789", 0),
        ("4111111111111111abcdef0123456789 ok", 0),
        ("abcdef01234567894111111111111111", 0),
        ("D4111111111111111", 0),
        ("card4111111111111111", 1),  # r is no hexadecimal digit
        ("4111111111111111x", 1),
        ("xD4111111111111111", 1),
        ("4111111111111111", 1),
        ("a 4111111111111111 b", 1),
        ("a-4111111111111111-b", 1),
        ("é4111111111111111", 1),
        ("f" * 200 + "4111111111111111", 1),  # no id is so long
    ],
)
def test_digits_within_a_hexadecimal_id_are_no_card(text, found):
    assert Redactor(["cards"]).text(text)[1] == found


@pytest.mark.parametrize("quote", ['"', "'", '\\"', '\\\\\\"'])
def test_a_quoted_secret_goes_whole_however_often_it_is_escaped(quote):
    text = f"{{{quote}db_password{quote}: {quote}two lemons{quote}, {quote}a{quote}: 1}}"
    shown, found = Redactor(["passwords"]).text(text)
    assert found == 1
    assert "lemons" not in shown
    assert "1}" in shown


def test_a_block_that_is_cut_off_goes_to_its_end():
    shown, found = Redactor(["pem"]).text("x -----BEGIN EC PRIVATE KEY-----\nMHcCAQ\nabc")
    assert (shown, found) == ("x [redacted:pem]", 1)


@given(st.text(), st.sampled_from(CANARIES), st.text())
def test_a_secret_is_found_in_any_company(before, canary, after):
    _, text, secret = canary
    shown, found = EVERY.text(f"{before}\n{text}\n{after}")
    assert secret not in shown
    assert found >= 1


@given(
    st.text(alphabet=st.sampled_from("AKI4eyJ.:/@?=-\"'\\ \npasswordbearer[redacted:cards]1"), max_size=200)
)
def test_redacting_twice_is_redacting_once(text):
    shown, _ = EVERY.text(text)
    assert EVERY.text(shown)[0] == shown


HOSTILE = {
    "pem": ["-----BEGIN A-----", "-----BEGIN ", "-----BEGIN A-----x-----END "],
    "aws-keys": ["AKIA", "AKIAABCDEFGHIJKLMNO ", "secret_access_key=", "session_token", "token:"],
    "bearer-tokens": ["bearer ", "eyJ", "eyJaaaaaaaa.", "authorization: a ", "a.eyJ", "bearer\t\t\t"],
    "url-passwords": ["://", "://a:", "://a", "?token", "?aaaa", "://a:b", "?"],
    "passwords": ['password="', "password", "password: ", 'password\\"', "secret= ", "=\\", "password='a\\"],
    "cards": ["4", "4 ", "411 ", "4111 1111 1111 1111 ", "411-1111 "],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "piece"), [(rule, piece) for rule, pieces in HOSTILE.items() for piece in pieces]
)
def test_a_megabyte_of_hostile_text_takes_eight_times_as_long_as_an_eighth(rule, piece):
    """Quadratic would be 64 times. The machine has other work, so a slow run gets another chance."""
    redactor = Redactor([rule])

    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        started = time.process_time()
        redactor.text(text)
        return time.process_time() - started

    for _ in range(3):
        small, large = min(seconds(125_000), seconds(125_000)), seconds(1_000_000)
        if large < 24 * small + 0.005:
            return
    pytest.fail(f"{small:.4f} s, then {large:.4f} s")


# ── Records ─────────────────────────────────────────────────────────────────────────────────────────


def record(**changes: Any) -> Record:
    return replace(Record("checkout", "event-0001", NOON, "ERROR", "fine", 7), **changes)


def test_a_record_without_secrets_is_the_same_object():
    plain = record(fields={"a": [1, {"b": "c"}]})
    assert EVERY.record(plain, batch_id="b") is plain
    secret = record(message=CANARIES[0][1])
    assert Redactor().record(secret, batch_id="b") is secret


def test_secrets_in_values_names_numbers_and_flags_are_taken_out_and_counted():
    shown = EVERY.record(
        record(
            message="key AKIAIOSFODNN7CANARYX",
            fields={
                "AKIAIOSFODNN7CANARYX": 1,
                "AKIAIOSFODNN7OTHERSX": 2,
                "deep": [{"er": {"card": 4111111111111111, "n": 12, "ok": True, "none": None}}],
                "Password": "hunter2",
                "has_password": True,
                "db-password": {"old": "a", "new": "b"},
                "headers": {"Authorization": "Custom abc"},
            },
            flags=("4111111111111111",),
        ),
        batch_id="b",
    )
    assert shown.message == "key [redacted:aws-keys]"
    assert shown.fields == {
        "[redacted:aws-keys]": 1,
        "[redacted:aws-keys] 2": 2,
        "deep": [{"er": {"card": "[redacted:cards]", "n": 12, "ok": True, "none": None}}],
        "Password": "[redacted:passwords]",
        "has_password": True,
        "db-password": "[redacted:passwords]",
        "headers": {"Authorization": "[redacted:bearer-tokens]"},
    }
    assert shown.flags == ("[redacted:cards]", "redacted=8")
    assert EVERY.record(shown, batch_id="b") == shown


def test_an_id_that_is_a_secret_is_replaced_the_same_way_each_time():
    one = EVERY.record(record(event_id="AKIAIOSFODNN7CANARYX"), batch_id="b")
    assert "AKIA" not in one.event_id
    assert one.flags == ("id_derived", "redacted=1")
    assert EVERY.record(record(event_id="AKIAIOSFODNN7CANARYX"), batch_id="b") == one
    # A number could be guessed from a hash of it.
    assert EVERY.record(record(event_id="4111111111111111"), batch_id="b").event_id == one.event_id


def test_what_is_redacted_later_adds_to_the_count():
    first = Redactor(["cards"]).record(record(message="4111111111111111 password=x"), batch_id="b")
    assert first.flags == ("redacted=1",)
    assert EVERY.record(first, batch_id="b").flags == ("redacted=2",)


# ── Settings ────────────────────────────────────────────────────────────────────────────────────────


def test_rules_are_chosen_by_name_in_file_and_environment():
    assert Settings.build().redact == ()
    assert Settings.build(("f", {"redact": ["pem", "cards"]})).redact == ("pem", "cards")
    assert Settings.build(("environment", {"redact": "pem, all"})).redact == ("pem", "all")
    with pytest.raises(UsageError) as refused:
        Settings.build(("logctl.toml", {"redact": ["pen"]}))
    assert refused.value.message == f"logctl.toml: redact: 'pen' is not one of {', '.join(RULES)} or all."


def test_the_setting_reaches_the_function():
    from logctl.stack.resources.lambda_functions import Code
    from logctl.stack.template import build_template

    template = build_template(Settings(redact=("pem", "all")), code=Code("b", "k", "python3.13", "arm64"))
    variables = template["Resources"]["Consumer"]["Properties"]["Environment"]["Variables"]
    told = PipelineConfig.from_env({name: str(value) for name, value in variables.items()})
    assert told.redact == ("pem", "all")


def test_every_rule_is_named_where_the_setting_is_explained():
    about = declarations()["redact"].about
    assert all(name in about for name in RULES)


# ── Every path ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def guarded(pipeline: Pipeline) -> Pipeline:
    """The pipeline with every rule in force."""
    pipeline.config = replace(pipeline.config, redact=(ALL,))
    pipeline.restart()
    return pipeline


def everything(pipeline: Pipeline, capfd: pytest.CaptureFixture[str]) -> str:
    """All that is anywhere: objects and their names, rows, alerts, what was printed; nothing left folded."""
    found = list(pipeline.keys())
    for key in pipeline.keys():
        content = pipeline.read(key)
        found.append((plain_of(key, content) if key.startswith("logs/") else content).decode())
    for table in (pipeline.config.hot_table, pipeline.config.alerts_table):
        for item in pipeline.aws.dynamodb.scan(TableName=table)["Items"]:
            found.append(repr(item))
            if "whole" in item:
                found.append(zstandard.ZstdDecompressor().decompress(bytes(item["whole"]["B"])).decode())
    found += [json.dumps(alert, ensure_ascii=False) for alert in pipeline.alerts()]
    found += capfd.readouterr()
    text = "\n".join(found)
    for frame in _FOLDED.findall(text):
        with contextlib.suppress(Rejected):
            text += decode_data(frame.replace("\\", "")).decode()
    # As JSON writes it, and as it was.
    return text + text.replace('\\"', '"').replace("\\n", "\n")


def envelope(items: list[Record], **changes: Any) -> str:
    (message,) = pack(items)
    return json.dumps({**json.loads(message.body), **changes})


def folded(lines: list[str]) -> str:
    """An envelope of lines that are no records."""
    from logctl.core.envelope import batch_id_of

    plain = "\n".join(lines).encode()
    data = base64.b64encode(zstandard.compress(plain)).decode()
    return json.dumps(
        {"logctl": 1, "appid": "checkout", "batch_id": batch_id_of("checkout", plain), "count": len(lines),
         "encoding": "zstd", "data": data}
    )  # fmt: skip


def paths(text: str) -> dict[str, Any]:
    """Messages that hold a text, each at another place."""
    quoted = json.dumps(text)
    items = [record(message=text, fields={"note": text, "deep": {"er": [text, {text: 1}]}}, flags=(text,))]
    return {
        "envelope": packed(items),
        "object": sqs(json.dumps({"level": "error", "msg": text, "x": {"y": [text]}, text: text}), name="o"),
        "text as an object": sqs(json.dumps({"level": "fatal", "message": {"a": text}}), name="a"),
        "unknown level and time": sqs(json.dumps({"level": text, "ts": text, "msg": "?"}), name="l"),
        "event id": sqs(json.dumps({"event_id": text, "msg": "?"}), name="e"),
        "array with a bad item": sqs(json.dumps([{"msg": text}, text, {"appid": text}]), name="r"),
        "lines with a bad one": sqs(f'{{"msg": {quoted}}}\n{{"msg": {quoted}', name="n"),
        "no JSON": sqs(f"{text} {{", name="j"),
        "JSON twice escaped": sqs(json.dumps({"appid": "other", "msg": json.dumps({"a": text})}), name="t"),
        "wrong count": sqs(envelope(items, count=9), name="c"),
        "wrong batch id": sqs(envelope(items, batch_id="x"), name="b"),
        "cut off": sqs(envelope(items)[:-40], name="u"),
        "damaged": sqs(envelope(items, data="KLUv/" + base64.b64encode(text.encode()).decode()), name="d"),
        "lines that are no records": sqs(folded([quoted, f'{{"message": {quoted}}}', text]), name="f"),
        "group": sqs(quoted, group=text, name="g"),
    }


def deliver(pipeline: Pipeline) -> None:
    """Every canary on every path."""
    for rule, text, _ in CANARIES:
        for name, message in paths(text).items():
            message["messageId"] += rule + name
            message["attributes"]["MessageDeduplicationId"] += text
            assert pipeline.consumer.process(event(message)) == NOTHING_FAILED


@pytest.mark.slow
@pytest.mark.proves("B52")
def test_no_canary_is_anywhere_whatever_path_it_took(guarded, capfd):
    deliver(guarded)
    kinds = {json.loads(guarded.read(key))["reason"] for key in guarded.keys("quarantine/")}
    assert {"json", "schema", "appid", "group_mismatch", "count", "batch_id"} <= kinds
    assert len(stored(guarded)) >= 7 * len(CANARIES)
    found = everything(guarded, capfd)
    assert [secret for _, _, secret in CANARIES if secret in found] == []
    assert [rule for rule in RULES if f"[redacted:{rule}]" not in found] == []


@pytest.mark.slow
def test_without_the_rules_they_are_all_found(pipeline, capfd):
    """The search above is able to find them."""
    deliver(pipeline)
    found = everything(pipeline, capfd)
    assert [secret for _, _, secret in CANARIES if secret not in found] == []


@pytest.mark.slow
@pytest.mark.proves("B52")
def test_no_canary_is_anywhere_when_a_write_fails_or_a_bug_of_ours_strikes(guarded, capfd):
    for number, (_, text, _) in enumerate(CANARIES):
        item = record(message=text, event_id=f"event-{number:04d}")
        name = f"m{number}"
        message = packed([item], name=name)
        break_(guarded.aws.s3, "PutObject", lambda params: "/logs/" in params["url_path"])
        assert guarded.consumer.process(event(message)) == failed(name)
        mend(guarded.aws.s3, "PutObject")
        break_(guarded.aws.dynamodb, "PutItem", of_a_row, error=RuntimeError(f"bug with {text}"))
        for receives in range(2, MAX_STRIKES):
            assert guarded.consumer.process(event(again(message, receives))) == failed(name)
        assert guarded.consumer.process(event(again(message, MAX_STRIKES))) == NOTHING_FAILED
        mend(guarded.aws.dynamodb, "PutItem")
    notes = [json.loads(guarded.read(key)) for key in guarded.keys("quarantine/")]
    assert [(note["reason"], note["redacted"]) for note in notes] == [("internal", 1)] * len(CANARIES)
    found = everything(guarded, capfd)
    assert [secret for _, _, secret in CANARIES if secret in found] == []


def test_the_count_is_on_the_record_in_both_stores_and_alerts_group_as_before(guarded):
    items = [
        replace(item, message=f"login failed with password=secret{n}")
        for n, item in enumerate(records(3, level="ERROR"))
    ]
    guarded.consumer.process(event(packed(items)))
    assert [row["flags"] for row in stored(guarded)] == [["redacted=1"]] * 3
    (row,) = guarded.hot_rows()
    assert [item.flags for item in records_in(row)] == [("redacted=1",)] * 3
    (alert,) = guarded.alerts()
    assert "2 more came with it" in alert["Message"]


def test_a_redelivery_of_what_was_redacted_changes_nothing(guarded):
    message, bad = packed([record(message=CANARIES[0][1])]), sqs("password=x {", name="bad")
    guarded.consumer.process(event(message, bad))
    before = ({key: guarded.read(key) for key in guarded.keys()}, guarded.hot_rows())
    guarded.restart()
    guarded.consumer.process(event(bad, message))
    assert ({key: guarded.read(key) for key in guarded.keys()}, guarded.hot_rows()) == before


def test_a_quarantined_envelope_can_still_be_read(guarded):
    body = envelope([record(message="fine"), record(message="password=x", event_id="event-0002")], count=5)
    guarded.consumer.process(event(sqs(body)))
    (key,) = guarded.keys("quarantine/")
    lines = json.loads(json.loads(guarded.read(key))["content"])["data"].splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["fine", "password=[redacted:passwords]"]


def test_the_names_are_those_of_the_rules():
    assert tuple(RULES) == NAMES
