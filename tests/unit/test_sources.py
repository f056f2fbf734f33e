"""What `send` reads: forms told apart by content, strict JSON, joined text, compressed and damaged files."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.errors import UsageError
from logctl.core.formats.ansi import strip_codes
from logctl.core.strictjson import Malformed, loads
from logctl.core.times import parse_time
from logctl.ops.send.entries import Entry, Rejection
from logctl.ops.send.input_files import open_source, read_entries
from logctl.ops.send.input_forms import Errors, Form, Requested
from logctl.ops.send.line_reader import LineReader, Position

REFERENCE = parse_time("2026-02-01T00:00:00Z")
T0 = "2026-01-31 08:15:00"
AT0 = parse_time("2026-01-31T08:15:00Z")


def read(data: bytes | str, **options: Any) -> list[Entry | Rejection]:
    content = data.encode() if isinstance(data, str) else data
    return list(read_entries(io.BytesIO(content), reference=REFERENCE, **options))


def values(data: bytes | str, **options: Any) -> list[Any]:
    """What was read; of a refusal its reason and line."""
    return [
        item.value if isinstance(item, Entry) else (item.reason, item.line) for item in read(data, **options)
    ]


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("B6", "B7", "B8", "B11", "B17")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("{", "json"),
        ("{}{}", "json"),
        ("[" * 200_000, "depth"),
        ('{"a":' * 200_000, "depth"),
        ("[" * 33 + "]" * 33, "depth"),
        ("NaN", "number"),
        ("[-Infinity]", "number"),
        ("1e999", "number"),
        ("9" * 5_000, "number"),
        ("-" + "9" * 5_000, "number"),
        ("9" * 400 + ".0", "number"),
        ('{"a":1,"a":2}', "dup_key"),
        ('{"a":{"b":1,"b":2}}', "dup_key"),
        (json.dumps({str(n): n for n in range(501)}), "too_many_keys"),
        (json.dumps({str(n): {str(m): m for m in range(25)} for n in range(20)}), "too_many_keys"),
    ],
)
def test_json_that_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        loads(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[" * 32 + "]" * 32, None),
        ("1e308", 1e308),
        ("9" * 38, int("9" * 38)),
        ("9" * 39, "9" * 39),
        ('"\\ud800x"', "\ufffdx"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\\\ud800"', "\\ud800"),
        ('"\ud800"', "\ufffd"),
        ('"\\u0000"', "\0"),
        (json.dumps({str(n): n for n in range(500)}), {str(n): n for n in range(500)}),
    ],
)
def test_json_that_is_taken(text: str, value: object) -> None:
    assert value is None or loads(text) == value


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: value not in (float("inf"), float("-inf")))


@given(JSON)
def test_ordinary_json_is_what_the_standard_library_says(value: object) -> None:
    text = json.dumps(value)
    if "Infinity" not in text:
        assert loads(text) == json.loads(text)


def test_ndjson() -> None:
    assert read('{"a": 1}\r\n\n{"b": 2}') == [Entry(0, 10, 1, {"a": 1}), Entry(11, 19, 3, {"b": 2})]


def test_a_line_that_is_not_good_json_is_kept_and_reading_goes_on() -> None:
    lines = [b'{"a": 1}', b"text", b"[1]", b'{"a": NaN}', b'{"a": "\xff"}', b'{"a":1,"a":2}', b'{"b": 2}']
    assert values(b"\n".join(lines)) == [
        {"a": 1},
        "text",
        "[1]",
        {"a": "NaN"},
        {"a": "ÿ"},
        {"a": 2},
        {"b": 2},
    ]


@pytest.mark.proves("B14")
def test_invalid_utf8_is_replaced_when_asked() -> None:
    assert values(b'{"a": "\xff"}\n', errors=Errors.REPLACE) == [{"a": "\ufffd"}]
    assert values(b"caf\xe9\n", errors=Errors.REPLACE) == ["caf\ufffd"]
    assert read(b"ok\n\ncaf\xe9\n{}", errors=Errors.STRICT) == [
        Rejection(3, 4, "encoding", "byte 0xe9 at column 4 is not UTF-8"),
        Entry(0, 3, 1, "ok"),
        Entry(9, 11, 4, {}),
    ]


def test_a_bom_is_no_content() -> None:
    assert values(b'\xef\xbb\xbf{"a": 1}\n{"b": 2}\n') == [{"a": 1}, {"b": 2}]
    assert values(b'\xef\xbb\xbf[{"a": 1}]') == [{"a": 1}]
    assert values(b"\xef\xbb\xbfplain") == ["plain"]


@pytest.mark.parametrize("bom", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_is_refused(bom: bytes) -> None:
    with pytest.raises(UsageError, match="UTF-16"):
        read(bom + "x".encode("utf-16-le"))


def test_a_json_line_that_is_too_long() -> None:
    data = json.dumps({"a": "x" * 100}) + "\n" + '{"b": 2}\n'
    *parts, last = values(data, max_line=64)
    assert ("".join(parts), last) == (data.split("\n")[0], {"b": 2})


ARRAYS = ['[{"a": 1}, {"b": [1, {"c": "],{"}]}]', '[\n  {"a": 1},\n  {"b": [1, {"c": "],{"}]}\n]\n']


@pytest.mark.parametrize("text", ARRAYS)
def test_an_array(text: str) -> None:
    assert values(text) == [{"a": 1}, {"b": [1, {"c": "],{"}]}]


def test_elements_know_their_place() -> None:
    assert read(' [\n  {"a": 1},\n\n {"b": 2}]') == [Entry(5, 13, 2, {"a": 1}), Entry(17, 25, 4, {"b": 2})]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", []),
        ("[ ]\n", []),
        ('[{"a": 1}, 2, {"a": tru}, {"b": 2}]', [{"a": 1}, "2", '{"a": tru}', {"b": 2}]),
        ('[{"a": 1},]', [{"a": 1}]),
        ('[{"a": 1},,{"b": 2}]', [{"a": 1}, {"b": 2}]),
        ('[{"a": 1}\n', [{"a": 1}]),
        ('[{"a": 1}, {"b', [{"a": 1}, '{"b']),
        ('[{"a": 1}] x', [{"a": 1}, "x"]),
        ('[{"a": 1}][{"b": 2}]\n{"c": 3}\nx', [{"a": 1}, {"b": 2}, {"c": 3}, "x"]),
        ('[{"a": "' + "x" * 300_000 + '"}, {"b": 2}]', [("too_big", 1), {"b": 2}]),
    ],
)
def test_arrays_that_are_not_quite(text: str, expected: list[Any]) -> None:
    assert values(text, max_line=64 * 1024) == expected


@given(st.lists(st.dictionaries(st.text(max_size=8), st.text(), max_size=3), max_size=8), st.integers(0, 3))
def test_an_array_and_its_ndjson_say_the_same(items: list[dict[str, str]], indent: int) -> None:
    array = json.dumps(items, indent=indent or None, ensure_ascii=False)
    lines = "\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    assert values(array.encode("utf-8", "replace"), form="json") == values(
        lines.encode("utf-8", "replace"), form=Requested.JSON
    )


class Trickle(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(self._size, len(buffer))
        piece, self._data = self._data[:size], self._data[size:]
        memoryview(buffer).cast("B")[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_chunks_do_not_matter(size: int) -> None:
    for text in (*ARRAYS, '{"a": "é"}\n{"b": 2}\n', f"{T0} INFO é\n  more\n{T0} x\n"):
        stream = io.BufferedReader(Trickle(text.encode(), size), 16)
        assert list(read_entries(stream, reference=REFERENCE)) == read(text)


# ── Text ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "first", ["[Sun Dec 04 04:47:44 2005] [error] x", "[2026-01-31 08:15:00] x", "plain", "<3>x", "[] x"]
)
def test_text_is_text(first: str) -> None:
    assert values(first) == [first]


def test_a_stack_trace_stays_with_its_record() -> None:
    trace = "java.lang.IllegalStateException: x\n\tat a.B.c(B.java:5)\n\nCaused by: y\n... 12 more"
    text = f"{T0} ERROR boom\n{trace}\n\n{T0} INFO on\n"
    assert read(text) == [
        Entry(0, len(f"{T0} ERROR boom\n{trace}\n"), 1, f"{T0} ERROR boom\n{trace}", AT0, "ERROR"),
        Entry(len(f"{T0} ERROR boom\n{trace}\n\n"), len(text), 8, f"{T0} INFO on", AT0, "INFO"),
    ]


def test_a_python_traceback_stays_with_its_record() -> None:
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1\n    boom()\nValueError: x'
    assert values(f"ERROR:root:failed\n{trace}\nINFO:root:on\n") == [
        f"ERROR:root:failed\n{trace}",
        "INFO:root:on",
    ]


def test_plain_lines_are_records_each() -> None:
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1\nValueError: x'
    assert values(f"one\n\ntwo\n  indented\nthree\n{trace}\nfour\n") == [
        "one",
        "two\n  indented",
        "three",
        trace,
        "four",
    ]


def test_lines_without_a_head_are_records_each() -> None:
    assert values(f"banner\nversion 1\n{T0} INFO x\nmore\n") == [
        "banner",
        "version 1",
        f"{T0} INFO x",
        "more",
    ]


def test_a_level_without_a_time_takes_the_time_before_it() -> None:
    found = read(f"{T0} INFO x\nERROR: y\n")
    assert [(item.ts, item.level) for item in found if isinstance(item, Entry)] == [
        (AT0, "INFO"),
        (AT0, "ERROR"),
    ]


def test_a_record_has_an_end() -> None:
    found = read(f"{T0} ERROR x\n" + "  y\n" * 2_500)
    assert [(item.line, item.value.count("\n") + 1) for item in found if isinstance(item, Entry)] == [
        (1, 1000),
        (1001, 1000),
        (2001, 501),
    ]
    assert {(item.ts, item.level) for item in found if isinstance(item, Entry)} == {(AT0, "ERROR")}
    big = read(f"{T0} ERROR x\n" + ("  " + "y" * 100_000 + "\n") * 6)
    assert [len(item.value) // 100_000 for item in big if isinstance(item, Entry)] == [2, 2, 2]


def test_nothing_is_lost_of_a_long_line() -> None:
    line = f"{T0} ERROR " + "é" * 100 + "\r\nnext\n"
    *found, after = read(line, max_line=64)
    assert "".join(item.value for item in found if isinstance(item, Entry)) == line[:-7]
    assert isinstance(after, Entry)
    assert (after.value, after.level) == ("next", "UNKNOWN")
    assert {(item.ts, item.level) for item in found if isinstance(item, Entry)} == {(AT0, "ERROR")}
    assert all(len(item.value.encode()) <= 72 for item in found if isinstance(item, Entry))


def test_text_is_kept_as_it_is() -> None:
    assert values("a\0b\x1b[31m\u2028c \r\n d\t\n") == ["a\0b\x1b[31m\u2028c \n d\t"]


TEXT_LINES = st.lists(
    st.sampled_from(
        [f"{T0} INFO x", "ERROR:root:x", "plain", "  indented", "", "}", "Traceback (most recent call last):"]
    )
    | st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=20),
    max_size=30,
)


@given(TEXT_LINES)
def test_every_line_is_in_one_record(lines: list[str]) -> None:
    found = read("\n".join(lines), form=Requested.TEXT)
    assert all(isinstance(item, Entry) for item in found)
    told = [line for item in found for line in str(item.value).split("\n")]  # type: ignore[union-attr]
    given_lines = [line.lstrip("\0") for line in lines]  # zeros at the start of a line are a hole in the file
    visible = [line for line in given_lines if strip_codes(line).strip()]
    assert [line for line in told if strip_codes(line).strip()] == visible


@given(TEXT_LINES, st.data())
def test_reading_on_from_a_record_s_end_gives_the_same(lines: list[str], data: st.DataObject) -> None:
    """What `send -f` rests on: cut between two records, and nothing changes."""
    text = "".join(f"{line}\n" for line in lines).encode()
    whole = list(
        LineReader(Form.TEXT, errors=Errors.STRICT, reference=REFERENCE).read(io.BytesIO(text), final=True)
    )
    if len(whole) < 2:
        return
    cut = data.draw(st.sampled_from([item.offset for item in whole[1:]]))
    first = LineReader(Form.TEXT, errors=Errors.STRICT, reference=REFERENCE)
    before = list(first.read(io.BytesIO(text[:cut]), final=True))
    assert first.place.offset == cut
    second = LineReader(Form.TEXT, errors=Errors.STRICT, reference=REFERENCE, place=first.place)
    assert before + list(second.read(io.BytesIO(text[cut:]), final=True)) == whole


CRI = "2026-01-31T08:15:00.123456789Z"
BLOCKS = [
    ["{", '  "a": 1,', '  "b": [{"c": 2}]', "}"],
    ["{", '  "a": 1', "},", "{", '  "a": 1', "}{", '  "a": 2', "}"],
    [
        f"{T0} ERROR x",
        "java.lang.IllegalStateException: x",
        "\tat a.B.c(B.java:5)",
        "",
        "Caused by: y",
        "... 1 more",
    ],
    ["Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: x"],
    [
        f"{CRI} stdout P part",
        f"{CRI} stderr F a",
        f"{CRI} stdout P part",
        f"{CRI} stderr F b",
        f"{CRI} stdout F end",
    ],
    [f"{CRI} stderr F panic: x", f"{CRI} stdout F a", f"{CRI} stderr F ", f"{CRI} stdout F b"]
    + [f"{CRI} stderr F goroutine 1 [running]:", f"{CRI} stdout F   c", f"{CRI} stderr F main.main()"],
    ["message,level,timestamp", "x,ERROR,2026-01-31T08:15:00Z", "y,INFO,2026-01-31T08:15:00Z"],
]
LINES_OF_ALL_KINDS = st.sampled_from(
    [
        f"{T0} INFO x",
        f"{T0} ERROR x {{",
        "}",
        "},",
        "{",
        '  "a": 1,',
        '  "b": [{"c": 2}]',
        '{"a": 1}',
        '{"a": 1}{"b": 2}',
        '{"a": 1},{"b": ',
        '{"Records": [{"eventTime": "2026-01-31T08:15:00Z", "eventSource": "x", "eventName": "y"}]}',
        "java.lang.IllegalStateException: x",
        "  at a.B.c(B.java:5)",
        "boom",
        "",
        "Traceback (most recent call last):",
        '  File "x.py", line 1',
        "ValueError: x",
        "2026-01-31T08:15:00.123456789Z stdout P part",
        "2026-01-31T08:15:00.123456789Z stdout F rest",
        "2026-01-31T08:15:00.123456789Z stderr F   at x",
        "#Fields: date time cs-method",
        "2026-01-31 08:15:00 GET",
        "timestamp,level,message",
        "2026-01-31T08:15:00Z,ERROR,x",
        "\0\0\0",
        f"\0\0{T0} INFO after a hole",
    ]
)
MIXED_LINES = st.lists(
    LINES_OF_ALL_KINDS.map(lambda line: [line]) | st.sampled_from(BLOCKS), max_size=15
).map(lambda blocks: [line for block in blocks for line in block])


@given(MIXED_LINES, st.lists(st.integers(1, 200), min_size=1, max_size=10))
def test_a_file_read_as_it_grows_has_the_same_entries(lines: list[str], steps: list[int]) -> None:
    """Each batch ends where no record is open, as when a file is followed that never pauses."""
    text = "".join(f"{line}\n" for line in lines).encode()

    def reader(place: Position | None = None) -> LineReader:
        return LineReader(Form.TEXT, errors=Errors.STRICT, reference=REFERENCE, place=place)

    whole = list(reader().read(io.BytesIO(text), final=True))
    found: list[Entry | Rejection] = []
    place, end = Position(), 0
    for number in range(len(text)):
        end += steps[number % len(steps)]
        scout = reader(place)
        for _ in scout.read(io.BytesIO(text[place.offset : end]), final=False):
            pass
        until = scout.place.offset if scout.held is None else scout.held
        batch = reader(place)
        found += batch.read(io.BytesIO(text[place.offset : until]), final=True)
        place = Position(
            **json.loads(json.dumps({name: getattr(batch.place, name) for name in Position.__slots__}))
        )
        if end >= len(text):
            break
    found += reader(place).read(io.BytesIO(text[place.offset :]), final=True)
    assert sorted(found, key=_order) == sorted(whole, key=_order)
    assert [item.chain for item in sorted(found, key=_order)] == [
        item.chain for item in sorted(whole, key=_order)
    ]  # type: ignore[union-attr]
    assert len({item.chain for item in whole}) == len(whole)  # type: ignore[union-attr]


def _order(item: Entry | Rejection) -> tuple[int, str]:
    return item.offset, str(item)


def test_a_place_survives_json() -> None:
    place = Position(5, 2, False, True, AT0, "ERROR", "ab" * 16, "cd" * 8)
    assert Position(**json.loads(json.dumps({f: getattr(place, f) for f in Position.__slots__}))) == place


# ── Files ───────────────────────────────────────────────────────────────────────────────────────────

LINES = "".join(f'{{"n": {n}}}\n' for n in range(20_000)).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "packed",
    [
        LINES,
        gzip.compress(LINES),
        gzip.compress(LINES[:50_000]) + gzip.compress(LINES[50_000:]),
        zstandard.compress(LINES),
        zstandard.compress(LINES[:50_000]) + zstandard.compress(b"") + zstandard.compress(LINES[50_000:]),
    ],
    ids=["plain", "gzip", "gzip members", "zstd", "zstd frames"],
)
def test_compression_shows_in_the_content(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(packed)
    with open_source(path) as stream:
        found = list(read_entries(stream, reference=REFERENCE))
    assert [item.value["n"] for item in found if isinstance(item, Entry)] == list(range(20_000))  # type: ignore[index]
    assert found[-1].offset == len(LINES) - len(b'{"n": 19999}\n')


def test_an_empty_file_and_an_empty_gzip(tmp_path: Path) -> None:
    for content in (b"", gzip.compress(b""), zstandard.compress(b"")):
        (tmp_path / "a.gz").write_bytes(content)
        with open_source(tmp_path / "a.gz") as stream:
            assert list(read_entries(stream, reference=REFERENCE)) == []


@pytest.mark.slow
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_damage_names_the_file(tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "app.log.gz"
    whole = pack(LINES)
    middle = len(whole) // 2
    for broken in (
        whole[:-5],
        whole[:middle],
        whole[:middle] + b"????????" + whole[middle + 8 :],
        whole + b"xxxx",
    ):
        path.write_bytes(broken)
        with pytest.raises(UsageError, match=r"app\.log\.gz: the \w+ data is "), open_source(path) as stream:
            list(read_entries(stream, reference=REFERENCE))


@pytest.mark.slow
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_does_not_fill_the_memory(tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(pack(b"\0" * 300_000_000))
    tracemalloc.start()
    with open_source(path) as stream:
        while stream.read(1 << 20):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200_000_000


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        open_source(tmp_path / "none")
    with pytest.raises(UsageError, match="is a directory"):
        open_source(tmp_path)
    with pytest.raises(UsageError, match="cannot be opened"):
        open_source("a\0b")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for packed in (LINES, gzip.compress(LINES), zstandard.compress(LINES), b"{}", b""):
        stdin = io.TextIOWrapper(io.BufferedReader(Trickle(packed, 1000), 16))
        monkeypatch.setattr("sys.stdin", stdin)
        with open_source("-") as stream:
            found = list(read_entries(stream, reference=REFERENCE))
        assert len(found) == (20_000 if len(packed) > 10 else len(packed) // 2)
        assert not stdin.closed
