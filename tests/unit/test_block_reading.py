"""Lines are read by whole blocks and objects by plans, to the same records as line by line."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.formats import joining, object_lines
from logctl.core.times import parse_time
from logctl.ops.send import line_reader
from logctl.ops.send.entries import Rejection
from logctl.ops.send.input_forms import Errors, Form
from logctl.ops.send.line_reader import LineReader
from logctl.ops.send.record_identity import Source, records

NOW = parse_time("2026-11-28T00:00:00Z")
OBJECT = b'{"time":"2026-11-27T10:15:30.123Z","level":"info","msg":"placed","n":1}'
SYSLOG = b"Nov 27 10:15:30 web-1 shop[1]: "
PIECES = st.sampled_from(
    (
        OBJECT,
        OBJECT.replace(b'":', b'": ').replace(b',"', b', "'),
        b'{"a":1,"a":2}',
        b'{"msg":"x","level":"odd"}',
        b'{"log":"2026-11-27 10:15:30 INFO on\\n","stream":"stdout","time":"2026-11-27T10:15:30.5Z"}',
        b'{"a":1',
        b"}",
        b"]",
        b"2026-11-27 10:15:30,123 INFO [main] com.acme.Shop - placed",
        b"2026-11-27 10:15:31 ERROR SELECT [",
        b"Traceback (most recent call last):",
        b'  File "x.py", line 1',
        b"ValueError: boom",
        b"\tat a.b(C.java:1)",
        SYSLOG + b"Traceback (most recent call last):",
        SYSLOG + b'  File "x.py", line 1',
        SYSLOG + b"ValueError: boom",
        *(b"\0\0\0", b"\xff", b"\xc3", b"\xc3\xa9", b"\xef\xbb\xbf", b"", b" ", b"x" * 40, b"#Fields: a"),
    )
)
LINES = st.tuples(PIECES, st.sampled_from((b"\n", b"\n", b"\n", b"\n", b"\r\n", b""))).map(b"".join)


def reader(limit=1024 * 1024):
    return LineReader(Form.TEXT, errors=Errors.DETECT, reference=NOW, max_line=limit)


def everything(found, place):
    """What a reader has made, and where it stands: entries with all that is said about them, and records."""
    source = Source("shop", NOW, NOW)
    entries = [
        item
        if isinstance(item, Rejection)
        else (item.offset, item.end, item.chain, item.text, item.reading, item)
        for item in found
    ]
    return repr((entries, [repr(item) for item in records(found, source)], place)).replace(", style=", " ")


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a pipe can."""

    def __init__(self, data, step):
        self._data, self._step = data, step

    def readable(self):
        return True

    def readinto(self, buffer):
        part, self._data = self._data[: self._step], self._data[self._step :]
        buffer[: len(part)] = part
        return len(part)


@given(
    st.lists(LINES, max_size=14).map(b"".join),
    st.booleans(),
    st.sampled_from((60, 1024 * 1024)),
    st.integers(1, 90),
)
def test_blocks_give_the_same_records_as_single_lines(data, final, limit, step):
    answers = []
    with pytest.MonkeyPatch.context() as patch:
        for stream in (io.BytesIO(data), io.BufferedReader(Trickle(data, step), 16)):
            quick = reader(limit)
            answers.append(everything(list(quick.read(stream, final=final)), quick.place))
        # Without what makes it quick: blocks, canonical JSON, plans, and the short way through the joiner.
        patch.setattr(LineReader, "_lines", LineReader._special_lines)
        patch.setattr(line_reader, "read_canonical", lambda _text: None)
        patch.setattr(object_lines, "read_plain", lambda _value, _context: None)
        patch.setattr(joining.Joiner, "_next_record", lambda *_: None)
        careful = reader(limit)
        expected = everything(list(careful.read(io.BytesIO(data), final=final)), careful.place)
    for answer in answers:
        assert without_styles(answer) == without_styles(expected)


def without_styles(text):
    """A text of entries without what only says how they were read."""
    for style in ("None", *map(str, range(8))):
        text = text.replace(f" {style})", ")")
    for taken in ("((0, 'time'), (1, 'level'), (2, 'msg'))", "((0, 'msg'),)"):
        text = text.replace(f"taken={taken}", "taken=None")
    return text


def test_ordinary_lines_take_the_quick_way(monkeypatch):
    lines = [
        json.dumps({"time": f"2026-11-27T10:15:{n:02}Z", "level": "info", "msg": "placed", "http": {"n": n}})
        for n in range(20)
    ] + [f"2026-11-27 10:15:{n:02},123 INFO [main] com.acme.Shop - placed" for n in range(20)]

    def refuse(*_args, **_kwargs):
        raise AssertionError("the careful way was taken")

    monkeypatch.setattr(LineReader, "_special_lines", refuse)
    monkeypatch.setattr(LineReader, "_objects", refuse)
    monkeypatch.setattr(LineReader, "_object", refuse)
    monkeypatch.setattr(joining.Joiner, "_complete", lambda self: [])
    data = "".join(f"{line}\n" for line in lines).encode()
    assert len(list(reader().read(io.BytesIO(data), final=False))) == 39  # the last one may go on
