"""JSON that is wrong in its form: what is read of it, and that it is marked."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.strictjson import Malformed, loads, loads_leniently


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"msg":"a","msg":"b"}', {"msg": "b"}),
        ('{"a":{"b":1,"b":2}}', {"a": {"b": 2}}),
        ('{"a":NaN,"b":Infinity,"c":-Infinity}', {"a": "NaN", "b": "Infinity", "c": "-Infinity"}),
        ('{"a":1e999,"b":-1e999}', {"a": "1e999", "b": "-1e999"}),
        ('{"a":' + "9" * 5000 + "}", {"a": "9" * 5000}),
        ('{"a":"x\ty\x00z"}', {"a": "x\ty\x00z"}),
        (r'{"agent":"\x22curl\x22","path":"C:\dir","n":"\\x41\n"}', {"agent": '"curl"', "path": "C:\\dir", "n": "\\x41\n"}),
        ('{"a":[1,2,],"b":",}",}', {"a": [1, 2], "b": ",}"}),
        (r'{"a":"\ud800"}', {"a": "\ufffd"}),
        ('{"a":"\ud800"}', {"a": "\ufffd"}),
        (r'{"\ud800":1,"\udc00":2}', {"\ufffd": 2}),
    ],
)  # fmt: skip
def test_json_that_parsers_read_differently_is_read_and_marked(text, value):
    assert loads_leniently(text) == (value, True)


@pytest.mark.parametrize("text", ['{"a":1', '{"a":"x', "{a:1}", '{"a":1} x', "", "  ", '{"a":"\\"}'])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(Malformed) as refused:
        loads_leniently(text)
    assert refused.value.reason == "json"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a":' * 40 + "NaN" + "}" * 40, "depth"),
        ("[" * 100_000, "depth"),
        ("{" + ",".join(f'"k{n}":NaN' for n in range(501)) + "}", "too_many_keys"),
    ],
)
def test_lenient_parsing_is_bounded_too(text, reason):
    with pytest.raises(Malformed) as refused:
        loads_leniently(text)
    assert refused.value.reason == reason


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(_values, st.booleans())
def test_json_that_is_right_is_read_as_strictly(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert loads_leniently(text) == (loads(text), False)


@given(st.text() | st.text('{}[]:,"\\ux01e9NaN').map(lambda inner: '{"a":"' + inner))
def test_any_text_is_read_or_refused(text):
    try:
        value, _ = loads_leniently(text)
    except Malformed:
        return
    json.dumps(value, allow_nan=False).encode()


@pytest.mark.parametrize(
    "text", ['{"a":"' + r"\"" * 400_000, '{"a":"' + "\\" * 800_001, "{" + ", " * 400_000, '{"' * 400_000]
)
def test_a_megabyte_of_wrong_json_is_refused_in_little_time(text):
    started = time.process_time()
    with pytest.raises(Malformed):
        loads_leniently(text)
    assert time.process_time() - started < 5
