"""Rows: the one form of a record that travels, is stored, and is in hot rows."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core import frames
from logctl.core.hot_rows import MAX_NOTABLE, SMALL, from_item, make_hot_rows, to_item
from logctl.core.levels import ORDER, UNKNOWN
from logctl.core.records import ID_PATTERN, Record
from logctl.core.rows import UNREAD, Row, decode_rows, encode_rows, read_stored, record_of, row_of
from logctl.core.times import HOUR, MINUTE, from_iso, iso
from tests.helpers.stored import cold_of_version_1, wire_of_version_1

TS = 1_767_226_500_250
ROW = Row("abcdefgh12", iso(TS), "INFO", "hello", (), 5)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20)
RECORDS = st.builds(
    Record,
    appid=st.just("checkout"),
    event_id=st.from_regex(r"[A-Za-z0-9_-]{8,64}", fullmatch=True),
    ts=st.integers(0, 10**13 - 1),
    level=st.sampled_from([*ORDER, UNKNOWN]),
    message=TEXTS,
    seq=st.integers(0, 2**63 - 1),
    fields=st.dictionaries(TEXTS, VALUES | TEXTS, max_size=4),
    flags=st.lists(TEXTS, max_size=2).map(tuple),
)


def whole(value):
    """The value without halves of surrogate pairs, as UTF-8 needs it."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


@given(RECORDS)
def test_a_record_is_the_same_after_it_was_a_row(record):
    expected = replace(
        record,
        message=whole(record.message),
        fields=whole(record.fields),
        flags=tuple(whole(list(record.flags))),
    )
    (row,) = decode_rows(encode_rows([row_of(record)])) or [None]
    assert row is not None
    # Numbers of more than 38 digits become text wherever JSON is read.
    if not any(len(str(value)) > 38 for value in _leaves(record.fields)):
        assert record_of(row, "checkout") == expected


def _leaves(value):
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]


@given(st.lists(RECORDS, min_size=1, max_size=5), st.data())
def test_only_what_is_written_is_canonical(records, data):
    plain = encode_rows([row_of(record) for record in records])
    assert decode_rows(plain) is not None
    place = data.draw(st.integers(0, len(plain) - 1))
    changed = plain[:place] + data.draw(st.binary(max_size=2)) + plain[place + data.draw(st.integers(0, 2)) :]
    rows = decode_rows(changed)
    assert rows is None or encode_rows(rows) == changed


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{}\n",
        b"\xff\n",
        b"[" * 100_000,
        b'{"x":' + b"[" * 100_000,
        encode_rows([ROW])[:-1],  # no end of the line
        encode_rows([ROW]) + b"\n",
        encode_rows([ROW]).replace(b":5", b":5.0"),
        encode_rows([ROW]).replace(b":5", b":-5"),
        encode_rows([ROW]).replace(b":5", b":05"),
        encode_rows([ROW]).replace(b":5", b":9223372036854775808"),
        encode_rows([ROW]).replace(b":5", b":5,\"x\":1"),
        encode_rows([ROW]).replace(b":5", b':5,"seq":5'),
        encode_rows([ROW]).replace(b":5", b':5,"fields":null'),
        encode_rows([ROW]).replace(b'"INFO"', b'"info"'),
        encode_rows([ROW]).replace(b"hello", b"\\u0068ello"),
        encode_rows([ROW]).replace(b"hello", b"\\ud800"),
        encode_rows([ROW]).replace(b"abcdefgh12", b"abc/efgh12"),
        encode_rows([ROW]).replace(b"abcdefgh12", b"abc\\nefgh12"),
        encode_rows([ROW]).replace(b"abcdefgh12", b"short"),
        encode_rows([ROW]).replace(b"2026-01-01T", b"2026-02-30T"),
        encode_rows([ROW]).replace(b"T00:", b"T24:"),
        encode_rows([ROW]).replace(b"250Z", "25٣Z".encode()),
        encode_rows([ROW]).replace(b",", b", "),
    ],
)  # fmt: skip
def test_everything_else_is_not(line):
    assert line == b"" or line != encode_rows([ROW])
    assert decode_rows(line) is None


NEAR_TIMES = st.lists(
    st.from_regex(r"(?:19|20)[0-9]{2}-(?:0[0-9]|1[0-3])-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\.[0-9]{3}Z", fullmatch=True)
    | st.integers(0, 10**13 - 1).map(iso),
    min_size=1,
    max_size=4,
)  # fmt: skip


def row_at(time: str, event_id: str = "abcdefgh12") -> Row:
    return Row(event_id=event_id, ts=time, level="INFO", message="hello", flags=(), seq=5)


@given(NEAR_TIMES, st.integers(0, 24), st.sampled_from(["", "0", "9", "٣", "Z", "-", " ", "\n"]))
def test_rows_are_valid_exactly_if_each_time_is_one(times, place, changed):
    """They are looked at all together, which must not hide one of them."""
    times = [*times, times[0][:place] + changed + times[0][place + len(changed) :]]

    def is_time(text):
        try:
            from_iso(text)
        except ValueError:
            return False
        return True

    rows = [row_at(time) for time in times]
    assert (decode_rows(encode_rows(rows)) is not None) is all(map(is_time, times))


@given(st.lists(st.text(st.sampled_from("aZ09_-/\n\u0660é"), min_size=7, max_size=9), min_size=1, max_size=3))
def test_rows_are_valid_exactly_if_each_id_is_one(ids):
    rows = [row_at(iso(TS), each) for each in ids]
    valid = all(re.fullmatch(ID_PATTERN, each) for each in ids)
    assert (decode_rows(encode_rows(rows)) is not None) is valid


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"a":1,"a":2}', '{"a":NaN}', "[" * 100_000, '"x"'])
def test_fields_that_are_not_an_object_are_kept_as_text(text):
    row = Row("abcdefgh12", iso(TS), "INFO", "hello", (), 5, text)
    assert record_of(row, "a").fields == {UNREAD: text}


@given(st.integers(0, 10**13 - 1))
def test_times_come_back(milliseconds):
    assert from_iso(iso(milliseconds)) == milliseconds


def test_what_earlier_versions_stored_is_read():
    record = Record("a", "abcdefgh12", TS, "WARN", "x", 3, {"a": 1}, ("late",))
    assert [
        record_of(row, "a") for row in read_stored(json.dumps(cold_of_version_1(record, "b")).encode())
    ] == [record]
    plain = json.dumps([wire_of_version_1(record)]).encode()
    item = {
        "app": {"S": "a"}, "chunk": {"S": f"{TS}#batch#1"}, "batch_id": {"S": "batch"}, "part": {"N": "1"},
        "min_ts": {"N": str(TS)}, "max_ts": {"N": str(TS)}, "count": {"N": "1"}, "order": {"S": "7"},
        "levels": {"M": {"WARN": {"N": "1"}}}, "data": {"B": frames.compress(plain)}, "arrived": {"N": "5"},
        "expires_at": {"N": "9"},
    }  # fmt: skip
    row = from_item(item)
    assert [record_of(each, "a") for each in row.rows] == [record]
    assert (row.sort_key, row.level_counts, row.count) == (f"{TS}#batch#1", {"WARN": 1}, 1)
    assert row.holds(None)


@pytest.mark.parametrize("line", [b"{}", b"[]", b"\xff", b'{"ts": 5}', b"{"])
def test_what_no_version_stored_is_an_error(line):
    with pytest.raises(ValueError, match="cannot be read"):
        read_stored(line)


# ── Hot rows ────────────────────────────────────────────────────────────────────────────────────────


def rows_of(count: int, level: str = "INFO", start: int = TS // HOUR * HOUR, step: int = 1_000) -> list[Row]:
    return [Row(f"event-{level}-{n:06d}", iso(start + n * step), level, f"message {n * 7919}", (), n) for n in range(count)]  # fmt: skip


def test_a_small_message_is_in_its_hot_row():
    rows = rows_of(3)
    (hot,) = make_hot_rows("a", "b", rows)
    assert (hot.whole, hot.rows, hot.count) == (True, rows, 3)
    assert from_item(to_item(hot, arrived=1, expires_at=2)) == hot


def test_of_a_large_message_warnings_and_errors_are_in_it():
    rows = sorted(rows_of(2_000) + rows_of(20, "ERROR", step=7_000), key=lambda row: row.ts)
    (hot,) = make_hot_rows("a", "b" * 32, rows, order="9" * 20)
    assert (hot.whole, [row.level for row in hot.rows]) == (False, ["ERROR"] * 20)
    assert (hot.holds("ERROR"), hot.holds("WARN"), hot.holds("INFO"), hot.holds(None)) == (
        True,
        True,
        False,
        False,
    )
    assert hot.level_counts == {"INFO": 2_000, "ERROR": 20}
    assert hot.object_key == "logs/year=2026/month=01/day=01/appid=a/" + "b" * 32 + ".json.zst"
    item = to_item(hot, arrived=1, expires_at=2)
    assert from_item(item) == hot
    assert (
        sum(len(name) + len(str(*value.values())) for name, value in item.items() if "B" not in value) < 400
    )
    assert len(item["counts"]["B"]) < 300
    (full,) = make_hot_rows("a", "b" * 32, rows, full=True)
    assert full.rows == rows


def test_counts_are_by_minute():
    rows = rows_of(150)
    (hot,) = make_hot_rows("a", "b", rows)
    assert hot.counts == {(0, "INFO"): 60, (1, "INFO"): 60, (2, "INFO"): 30}
    assert (hot.min_ts, hot.max_ts) == (TS // HOUR * HOUR, TS // HOUR * HOUR + 149_000)


def test_each_hour_has_its_row_and_finds_its_records_in_the_object():
    rows = rows_of(300, step=MINUTE)
    hots = make_hot_rows("a", "b", rows)
    assert [hot.count for hot in hots] == [60] * 5
    assert [row for hot in hots for row in hot.own(rows)] == rows
    assert hots[0].own(rows[:60]) == rows[:60]
    mixed = [rows[0], rows[70], rows[1]]
    (first, second) = make_hot_rows("a", "b", mixed)
    assert (first.own(mixed), second.own(mixed)) == ([rows[0], rows[1]], [rows[70]])


def test_more_errors_than_an_item_should_have_are_only_in_the_object():
    rows = rows_of(3_000, "ERROR")
    for number, row in enumerate(rows):
        row.message = hashlib.sha256(str(number).encode()).hexdigest()
    (hot,) = make_hot_rows("a", "b", rows)
    assert len(frames.compress(encode_rows(rows))) > MAX_NOTABLE > SMALL
    assert (hot.inline, hot.holds("ERROR"), hot.rows) == (None, False, [])


# ── Frames ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_frame_says_its_size_before_it_is_opened():
    plain = b"x" * 5_000_000
    frame = frames.compress(plain)
    assert len(frame) < 1_000
    with pytest.raises(frames.BadFrame) as problem:
        frames.decompress(frame)
    assert problem.value.too_big
    assert frames.decompress(frame, most=len(plain)) == plain
    for bad in (b"", b"x", frame[:-1], frame + b"x", frame + frame):
        with pytest.raises(frames.BadFrame):
            frames.decompress(bad, most=len(plain))
