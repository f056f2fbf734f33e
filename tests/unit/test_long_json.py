"""JSON that is longer than a line may be: read as a stream, each event a record."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logctl.core.times import parse_time
from logctl.ops.send.entries import Entry, Rejection
from logctl.ops.send.input_files import read_entries
from logctl.ops.send.json_array import ArraySplitter, Element

REFERENCE = parse_time("2026-11-27T12:00:00Z")
MAX_LINE = 2_000


class Slowly(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a pipe does."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._data[self.given : self.given + min(self._size, len(buffer))]
        buffer[: len(part)] = part
        self.given += len(part)
        return len(part)


def read(text: str | bytes, size: int = 1 << 16, max_line: int = MAX_LINE) -> list[Entry | Rejection]:
    data = text.encode() if isinstance(text, str) else text
    stream = io.BufferedReader(Slowly(data, size), 1 << 16)
    return list(read_entries(stream, reference=REFERENCE, max_line=max_line))


def told(text: str | bytes, **options: int) -> list[str]:
    """Return the messages of the records in a text; a rejected part is its reason."""
    return [
        item.reason if isinstance(item, Rejection) else item.reading.message  # type: ignore[union-attr]
        for item in read(text, **options)
    ]


def trail(count: int, **around: Any) -> dict[str, Any]:
    """Return what a file of CloudTrail holds."""
    events = [
        {
            "eventVersion": "1.08",
            "eventTime": f"2026-11-27T10:15:{number % 60:02}Z",
            "eventSource": "s3.amazonaws.com",
            "eventName": f"Get{number}",
            "awsRegion": "eu-west-1",
            "requestParameters": {"key": 'a"]}{[\\' + str(number), "list": [1, {"x": []}]},
        }
        for number in range(count)
    ]
    return {**around, "Records": events}


def subscription(count: int) -> dict[str, Any]:
    """Return what CloudWatch Logs sends to Firehose."""
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "/aws/lambda/shop",
        "logStream": "s1",
        "subscriptionFilters": ["f"],
        "logEvents": [
            {"id": str(number), "timestamp": 1795774530123 + number, "message": f"ERROR failed {number}"}
            for number in range(count)
        ],
    }


COMPACT: dict[str, Any] = {"separators": (",", ":")}
PRETTY: dict[str, Any] = {"indent": 4}


@pytest.mark.parametrize("form", [COMPACT, {}, PRETTY], ids=["compact", "one line", "pretty"])
@pytest.mark.parametrize("size", [7, 1 << 16])
def test_each_event_of_a_long_object_is_a_record(form: dict[str, Any], size: int) -> None:
    text = json.dumps(trail(50), **form)
    assert len(text) > MAX_LINE
    found = read(text, size)
    assert [item.reading.message for item in found] == [f"Get{number}" for number in range(50)]  # type: ignore
    assert [item.ts for item in found[:2]] == [  # type: ignore
        parse_time("2026-11-27T10:15:00Z"),
        parse_time("2026-11-27T10:15:01Z"),
    ]
    assert len({item.chain for item in found}) == 50  # type: ignore
    data = text.encode()
    assert [json.loads(data[item.offset : item.end])["eventName"] for item in found] == told(text)  # type: ignore


def test_what_precedes_the_events_is_said_of_each() -> None:
    found = read(json.dumps(subscription(60)))
    assert [item.reading.message for item in found] == [f"failed {number}" for number in range(60)]  # type: ignore
    assert {item.level for item in found} == {"ERROR"}  # type: ignore
    assert "/aws/lambda/shop" in json.dumps(found[-1].reading.fields)  # type: ignore


def test_events_of_two_objects_that_differ_before_them_are_not_the_same() -> None:
    one, other = (read(json.dumps(trail(50, account=number))) for number in (1, 2))
    assert not {item.chain for item in one} & {item.chain for item in other}  # type: ignore


def test_an_object_is_the_same_with_and_without_the_end_of_its_line() -> None:
    (one,), (other,) = read('{"msg": "a"}'), read('{"msg": "a"}\n')
    assert one.chain == other.chain  # type: ignore


def test_what_follows_the_events_is_passed_over() -> None:
    events = [{**event, "logStreamName": "s1", "ingestionTime": 1} for event in subscription(60)["logEvents"]]
    text = json.dumps({"events": events, "searchedLogStreams": [{"a": 1}], "x": "]}"})
    assert told(text + "\n2026-11-27 10:15:30 INFO ok\n") == [*(f"failed {n}" for n in range(60)), "ok"]


def test_objects_that_follow_one_another_without_a_line_break() -> None:
    """Firehose joins what it gets."""
    text = (
        json.dumps(subscription(30)) + json.dumps(subscription(1)) + json.dumps({"level": "info", "msg": "x"})
    )
    assert told(text) == [*(f"failed {number}" for number in range(30)), "failed 0", "x"]
    assert told('{"msg": "a"}' * 500) == ["a"] * 500
    assert told('{"msg": "a"},\n' * 500) == ["a"] * 500


def test_events_of_a_short_object_are_read_too() -> None:
    assert told(json.dumps(trail(3)), max_line=1 << 20) == ["Get0", "Get1", "Get2"]
    assert len(told(json.dumps(trail(400)), max_line=1 << 20)) == 400  # more keys than a record may have


@pytest.mark.parametrize("size", [1, 5, 1 << 16])
def test_an_event_that_is_too_long_is_rejected_alone(size: int) -> None:
    events = trail(30)
    events["Records"][7]["requestParameters"] = "x" * (MAX_LINE + 1)
    expected = [f"Get{number}" if number != 7 else "too_big" for number in range(30)]
    assert told(json.dumps(events), size=size) == expected


def test_a_long_object_that_holds_no_events_is_text() -> None:
    text = json.dumps({"msg": "x", "blob": "y" * 5_000, "list": [{"a": 1}] * 50})
    found = read(text)
    assert "".join(str(item.value) for item in found) == text  # type: ignore
    assert told(text[:-1]) == told(text)[:-1] + [told(text)[-1][:-1]]


def test_a_long_object_that_is_cut_off_gives_its_events() -> None:
    text = json.dumps(trail(30))
    assert told(text[:-300])[:28] == [f"Get{number}" for number in range(28)]


def test_a_line_of_a_live_stream_does_not_wait_for_more() -> None:
    for first in ('{"msg": "a"}\n', "{not an object\n", '{"msg": "a"\n, now text\n'):
        stream = Slowly((first + "x\n").encode() + b'{"msg": "b"}\n' * 10_000, len(first) + 2)
        entries = read_entries(io.BufferedReader(stream, 1 << 16), reference=REFERENCE)
        next(entries)
        assert stream.given < 200


def test_memory_holds_one_event_at_a_time() -> None:
    text = json.dumps(trail(12_000)).encode()
    tracemalloc.start()
    number = sum(1 for _ in read_entries(io.BufferedReader(Slowly(text, 1 << 16)), reference=REFERENCE))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert number == 12_000
    assert peak < len(text) + 8_000_000  # the text itself, copied into the stream, and a bounded part of it


# ── Splitting ───────────────────────────────────────────────────────────────────────────────────────


def parts(data: bytes, size: int, limit: int = 1 << 20) -> Iterator[Element | Rejection]:
    splitter = ArraySplitter(0, limit)
    for start in range(0, len(data), size):
        yield from splitter.feed(data[start : start + size])
        if splitter.rest is not None:
            return
    yield from splitter.end()


def test_memory_does_not_grow_with_an_element_that_is_too_long() -> None:
    splitter = ArraySplitter(0, 1_000)
    tracemalloc.start()
    for chunk in (b"[", *[b"x" * 65_536] * 200, b"]"):
        found = list(splitter.feed(chunk))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [item.reason for item in found if isinstance(item, Rejection)] == ["too_big"]
    assert peak < 1_000_000


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('ab"\\]}{[,é', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\]', max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.lists(VALUES, max_size=6), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=300)
def test_any_array_is_split_at_its_commas(
    items: list[Any], size: int, indent: int | None, ascii_only: bool
) -> None:
    data = json.dumps(items, indent=indent, ensure_ascii=ascii_only).encode() + b" rest"
    found = list(parts(data, size))
    assert [json.loads(item.data) for item in found] == items  # type: ignore[union-attr]
    for item in found:
        assert isinstance(item, Element)
        assert data[item.offset : item.offset + len(item.data)] == item.data
        assert data[: item.offset].count(b"\n") + 1 == item.line


@given(st.binary(max_size=80) | st.text('[{"\\a}],: \n', max_size=80).map(str.encode), st.integers(1, 20))
def test_any_bytes_are_split(data: bytes, size: int) -> None:
    assert list(parts(b"[" + data, size)) == list(parts(b"[" + data, 1000))


@given(
    st.binary(max_size=200) | st.text('[{"\\a}],: \nRecords', max_size=200).map(str.encode),
    st.integers(1, 50),
)
def test_any_source_that_begins_as_json_is_read(data: bytes, size: int) -> None:
    for start in (b"{", b'[{"a":', b'{"Records":[{"eventVersion":"1"},'):
        whole = [(item.offset, item.line) for item in read(start + data, max_line=50)]
        assert [(item.offset, item.line) for item in read(start + data, size, max_line=50)] == whole
