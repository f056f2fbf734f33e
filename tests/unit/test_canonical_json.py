"""JSON in the usual forms is read quickly, and to the same values as any other JSON."""

import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logctl.core import canonical_json, strictjson
from logctl.core.canonical_json import read_canonical, style_of, written

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ('a": b', 'a":b', "\x7f", "\\u003c", "<&>", "\u2028", "\x1b[31m", "\\ud800", "", "a, b")
)
NUMBERS = (
    st.integers(-(10**40), 10**40)
    | st.integers(-1000, 1000)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e18, 1e18)
    | st.sampled_from((1e-4, 9.9e-5, 1e15, 1e16, 123456789012345678.0, -0.0, 2**64, 10**38, 10**38 - 1))
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=6)
WRITERS = [
    lambda value: json.dumps(value),
    lambda value: json.dumps(value, ensure_ascii=False),
    lambda value: json.dumps(value, separators=(",", ":")),
    lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    lambda value: json.dumps(value, indent=1),
    lambda value: json.dumps(value, separators=(", ", " : ")),
]


def carefully(text):
    """What `strictjson` reads without the quick way; None for what it refuses."""
    try:
        value = strictjson._decode(strictjson._DECODER, text, 500)
    except strictjson.Malformed:
        return None
    return strictjson._mend(value, dict) if strictjson._may_have_surrogates(text) else value


def same(one, other):
    """Whether two values are equal in their types and in the order of their members as well."""
    return repr(one) == repr(other)


@given(OBJECTS, st.sampled_from(WRITERS))
@example({"a": 1e-5, "b": 1e16, "c": 10**39}, WRITERS[0])
@example({"a": "\x7f"}, WRITERS[2])
def test_what_is_read_quickly_has_the_same_value_and_is_written_again(value, write):
    text = write(value)
    found = read_canonical(text)
    if found is not None:
        assert same(found[0], carefully(text))
        assert found[1] == style_of(text)
        assert written(*found) == text


PIECES = st.sampled_from(
    (
        *('"a"', '"b"', '"\\u0061"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\/"', '"\\x41"', '"é"', '"\t"'),
        *("1", "-0", "01", "1.0", "1.50", "1e5", "1E+2", "1e999", "-", "NaN", "Infinity", "true", "null"),
        *("9" * 39, "9" * 38, "18446744073709551616", "0.1", "1e22", "{", "}", "[", "]", ",", ":", " ", "\n"),
        *('{"a":1,"a":1}', '{"a":{"b":1,"b":2}}', '"a":1', '"a": 1', '"a":1,"a":2', "{}", "[]", "\ufeff"),
    )
)


@given(st.lists(PIECES, max_size=9).map(lambda pieces: "{" + "".join(pieces) + "}"))
def test_no_text_is_read_quickly_that_would_be_refused_or_have_another_value(text):
    found = read_canonical(text)
    if found is not None:
        assert same(found[0], carefully(text))
        assert written(*found) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"b":{"c":1,"c":1}}',
        '{"a":NaN}',
        '{"a":1e999}',
        '{"a":1.50}',
        '{"a":-0}',
        f'{{"a":{"9" * 39}}}',
        '{"a":"\\ud800"}',
        '{"a":"\ud800"}',
        '{ "a":1}',
        '{"a":1} ',
        '{"a":1}{"b":2}',
        '\ufeff{"a":1}',
        "[1]",
        "1",
        '{"a":"\\/"}',
        '{"a":' * 2000 + "1" + "}" * 2000,
    ],
)
def test_other_texts_are_left_to_the_careful_reader(text):
    assert read_canonical(text) is None


@pytest.mark.parametrize("write", WRITERS[:4])
def test_what_loggers_write_is_read_quickly(monkeypatch, write):
    value = {
        "time": "2026-11-27T10:15:30.123Z",
        "level": "info",
        "msg": 'placed "é" <b>\n\tat',
        "trace_id": "f854bf950885a3f17a38da29e5e83652",
        "duration_ms": 48.04414780117781,
        "ratio": -0.25,
        "ok": True,
        "none": None,
        "tags": ["a", "b"],
        "http": {"status": 200, "path": "/orders/17"},
        "size": 2**63,
    }

    def refuse(*_):
        raise AssertionError("the careful decoder was called")

    monkeypatch.setattr(strictjson, "_decode", refuse)
    assert same(strictjson.loads(write(value)), value)
    assert strictjson.loads_leniently(write(value)) == (value, False)


def test_depth_and_number_of_keys_are_limited_in_the_quick_way_too():
    assert read_canonical('{"a":' * 32 + "1" + "}" * 32) is not None
    assert strictjson.loads('{"a":' * 32 + "[]" + "}" * 32, depth=33)
    deep = '{"a":' * 33 + "1" + "}" * 33
    assert read_canonical(deep) is None
    with pytest.raises(strictjson.Malformed, match="depth"):
        strictjson.loads(deep)
    many = json.dumps({f"k{number}": 1 for number in range(501)})
    with pytest.raises(strictjson.Malformed, match="too_many_keys"):
        strictjson.loads(many)
    shortest = json.dumps({chr(0x100 + number): 1 for number in range(501)}, ensure_ascii=False)
    with pytest.raises(strictjson.Malformed, match="too_many_keys"):
        strictjson.loads(shortest.replace(" ", ""))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_that_pass_are_spelled_alike_by_both_encoders(number):
    if canonical_json._has_plain_numbers([number], 1):
        assert canonical_json._encode(number).decode() == repr(number)
    else:
        assert not 1e-4 <= math.fabs(number) < 1e16
