"""The original text of a record: exactly as it was, in few bytes, and with no secret that was redacted elsewhere."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.formats.original import keep, restore
from logctl.core.records import RAW, Record, to_public
from logctl.core.redaction import Redactor
from logctl.ops.send.entries import Entry
from logctl.ops.send.input_files import read_entries
from logctl.ops.send.packing import TooBig
from logctl.ops.send.record_identity import Source
from tests.helpers.log_cases import cases
from tests.helpers.split_records import split

NOON = 1_795_780_800_000


def records_of(data: bytes) -> list[tuple[Record, Entry]]:
    entries = list(read_entries(io.BytesIO(data), reference=NOON))
    found = [entry for entry in entries if isinstance(entry, Entry)]
    made, refused = split(found, Source("shop", NOON, NOON))
    assert not refused
    return list(zip(made, found, strict=True))


def record(message: str, **fields: Any) -> Record:
    return Record("shop", "a" * 24, NOON, "INFO", message, fields=fields)


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name, case in cases() if case.get("encoding", "utf-8") == "utf-8"]
)
def test_every_case_is_restored(name: str, case: dict[str, Any]) -> None:
    data = case["input"].encode()
    found = records_of(data)
    for made, entry in found:
        assert restore(made) == (entry.text or made.message)
    if (
        name != "envelopes"
        and case["format"] != "json-concatenated"
        and not case["input"].startswith(("[{", "[\n"))
    ):
        told = [line.rstrip("\r") for made, _ in found for line in restore(made).split("\n")]
        lines = [line.rstrip("\r") for line in case["input"].strip("\ufeff").replace("\0", "").split("\n")]
        assert [line for line in told if line.strip()] == [line for line in lines if line.strip()]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("started", None),
        ("2026-11-27 10:15:30 ERROR down", "2026-11-27 10:15:30 ERROR "),
        ('{"level":"error","msg":"down","id":17}', {"json": 2, "taken": [[0, "level", "error"], [1, "msg"]]}),
        ('{"level": "error", "msg": "down"}', {"json": 3, "taken": [[0, "level", "error"], [1, "msg"]]}),
        ('{"level":"error","msg":"a < b \\u003c c"}', {"text": '{"level":"error","msg":"a < b \\u003c c"}'}),
        ('{"level":"error","msg":"a \\u003c b"}', {"json": 6, "taken": [[0, "level", "error"], [1, "msg"]]}),
        ('{"level":"error","msg":"down", "id":17}', ['{"level":"error","msg":"', '", "id":17}']),
    ],
)
def test_what_is_kept(text: str, kept: object) -> None:
    ((made, _),) = records_of(text.encode())
    assert made.fields.get(RAW) == kept
    assert restore(made) == text


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_is_restored(before: str, message: str, after: str) -> None:
    made = record(message)
    text = before + message + after
    raw = keep(text, made)
    assert restore(record(message, **({} if raw is None else {RAW: raw}))) == text


MEMBERS = st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers() | st.floats() | TEXTS, max_size=6)


@given(MEMBERS, st.data())
def test_any_object_is_restored(value: dict[str, Any], data: st.DataObject) -> None:
    text = data.draw(
        st.sampled_from(
            [
                json.dumps(value),
                json.dumps(value, ensure_ascii=False),
                json.dumps(value, separators=(",", ":")),
                json.dumps(value, indent=1),
            ]
        )
    )
    fields = {key: member for key, member in value.items() if data.draw(st.booleans())}
    message = data.draw(st.sampled_from([*[m for m in value.values() if isinstance(m, str)], "x"]))
    raw = keep(text, record(message, **fields), value)
    assert restore(record(message, **fields, **({} if raw is None else {RAW: raw}))) == text


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["json", "taken", "text", "lines", "added", "before"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(ANY)
def test_what_a_producer_wrote_there_does_no_harm(value: Any) -> None:
    assert isinstance(restore(record("down", **{RAW: value})), str)


def test_it_is_not_shown() -> None:
    assert "fields" not in to_public(record("down", **{RAW: "head "}))
    assert to_public(record("down", **{RAW: "head ", "id": 1}))["fields"] == {"id": 1}


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-27 10:15:30 INFO shop: login password=hunter2secret",
        "2026-11-27 10:15:30 password=hunter2secret ERROR down",
        '{"level":"info","msg":"login","password":"hunter2secret"}',
        '{"level":"info","msg":"login","db":{"password":{"of":"hunter2secret"}}}',
        '{"level":"info", "msg":"login","user_password":"hunter2secret"}',
        '2026-11-27T10:15:30.123456789Z stdout F {"msg":"x","apiKey":"hunter2secret"}',
    ],
)
def test_a_secret_does_not_survive_in_it(line: str) -> None:
    ((made, _),) = records_of(line.encode())
    redacted = Redactor(["all"]).record(made, batch_id="b")
    assert "hunter2" not in json.dumps(redacted.fields) + redacted.message
    assert RAW not in redacted.fields
    assert any(flag.startswith("redacted=1") for flag in redacted.flags)


def test_a_record_that_fits_a_message_only_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(made: Record) -> None:
        if RAW in made.fields:
            raise TooBig(made, "is too big")

    monkeypatch.setattr("logctl.ops.send.record_identity.check_fits", check)
    monkeypatch.setattr("logctl.ops.send.record_identity._SMALL", 0)
    ((made, _),) = records_of(b"2026-11-27 10:15:30 ERROR down")
    assert RAW not in made.fields
    assert restore(made) == "down"
