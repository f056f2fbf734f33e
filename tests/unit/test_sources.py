"""Everything that `send` may be given, read as records or refused by line."""

from __future__ import annotations

import gzip
import io
import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.errors import UsageError
from logctl.core.times import parse_time
from logctl.ops.sources import MAX_LINE, Entry, Rejection, open_source, read_entries

REFERENCE = parse_time("2026-11-24T12:00:00Z")


def read(data: bytes, **options):
    return list(read_entries(io.BytesIO(data), reference=REFERENCE, **options))


def values(data: bytes, **options):
    return [item.value for item in read(data, **options) if isinstance(item, Entry)]


def refusals(data: bytes, **options):
    return [(item.line, item.reason) for item in read(data, **options) if isinstance(item, Rejection)]


TWO = [{"msg": "a", "n": 1}, {"msg": "b"}]
NDJSON = b"\n".join(json.dumps(item).encode() for item in TWO)


@pytest.mark.parametrize(
    "data",
    [
        NDJSON,
        NDJSON + b"\n",
        b"\xef\xbb\xbf" + NDJSON,
        b"\n\n" + NDJSON.replace(b"\n", b"\r\n\r\n"),
        json.dumps(TWO).encode(),
        json.dumps(TWO, indent=2).encode(),
        b" \n[ " + b",".join(json.dumps(item).encode() for item in TWO) + b"\n]\n",
    ],
)
def test_json_in_every_shape(data):
    assert values(data) == TWO


def test_plain_text_and_apaches_bracket():
    data = b"[Sun Dec 04 04:47:44 2005] [notice] ok\r\n[Sun Dec 04 04:47:45 2005] [error] no"
    first, second = read(data)
    assert (first.value, first.level, second.value, second.line) == (
        "[Sun Dec 04 04:47:44 2005] [notice] ok",
        "NOTICE",
        "[Sun Dec 04 04:47:45 2005] [error] no",
        2,
    )
    assert data[first.offset : first.end] == b"[Sun Dec 04 04:47:44 2005] [notice] ok\r\n"


def test_bad_lines_are_refused_by_number_and_reading_goes_on():
    data = (
        b'{"a": 1}\nnot json\n{"a": NaN}\n[1]\n{"a": 1, "a": 2}\n{"a": "\xff"}\n{"b": 2}\n' + b"[" * 100_000
    )
    assert values(data) == [{"a": 1}, {"b": 2}]
    assert refusals(data) == [
        (2, "json"),
        (3, "number"),
        (4, "not_object"),
        (5, "dup_key"),
        (6, "encoding"),
        (8, "depth"),
    ]


def test_invalid_utf8_is_replaced_when_asked():
    assert values(b"caf\xe9\n", errors="replace") == ["caf\ufffd"]
    assert refusals(b"fine\ncaf\xe9\n") == [(2, "encoding")]


def test_a_long_line_of_text_is_cut_and_nothing_is_lost():
    data = "ä".encode() * MAX_LINE
    pieces = values(data)
    assert len(pieces) >= 2
    assert "".join(pieces).count("ä") >= MAX_LINE - 2
    assert refusals(data) == []


def test_a_long_line_of_json_is_refused_once_and_the_next_is_read():
    data = b'{"a": "' + b"x" * (2 * MAX_LINE) + b'"}\n{"b": 2}\n'
    assert refusals(data) == [(1, "too_big")]
    assert values(data) == [{"b": 2}]


def test_a_broken_array_is_refused_where_it_breaks():
    data = b'[{"a": 1},\n {"b": 2},\n {"c": }]'
    assert values(data) == [{"a": 1}, {"b": 2}]
    assert refusals(data) == [(3, "json")]


def test_a_large_array_is_read_in_pieces():
    many = [{"n": n, "text": "x" * 50} for n in range(5000)]
    assert values(json.dumps(many).encode()) == many


def test_utf16_is_refused_with_what_to_do():
    with pytest.raises(UsageError) as refused:
        read("hello".encode("utf-16"))
    assert "iconv" in refused.value.hint


@pytest.mark.parametrize(
    "compress", [gzip.compress, zstandard.compress, lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:]),
                 lambda data: zstandard.compress(data[:20]) + zstandard.compress(data[20:])],
)  # fmt: skip
def test_compressed_files_are_known_by_content(tmp_path, compress):
    path = tmp_path / "app.log"
    path.write_bytes(compress(NDJSON))
    with open_source(str(path)) as stream:
        assert [item.value for item in read_entries(stream, reference=REFERENCE)] == TWO


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_damaged_compression_is_one_sentence(tmp_path, compress):
    path = tmp_path / "app.log"
    path.write_bytes(compress(NDJSON * 1000)[:-9])
    with pytest.raises(UsageError, match="damaged"), open_source(str(path)) as stream:
        list(read_entries(stream, reference=REFERENCE))


def test_what_is_no_readable_file(tmp_path):
    for path, words in ((tmp_path, "directory"), (tmp_path / "missing", "no file")):
        with pytest.raises(UsageError, match=words), open_source(str(path)):
            pass


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    try:
        for item in read(data):
            assert isinstance(item, Entry | Rejection)
    except UsageError:
        assert data[:2] in (b"\xff\xfe", b"\xfe\xff")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), min_size=1)))
def test_no_text_is_lost(lines):
    data = "\n".join(lines).encode()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.startswith(b"\xef\xbb\xbf"):
        return
    given_text = [line for line in data.decode().split("\n") if line.strip()]
    kept = [line for value in values(data, form="text") for line in value.split("\n") if line.strip()]
    assert kept == given_text
