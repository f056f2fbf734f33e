"""Rows are shown and filtered as the records that they are, however hostile; the quick ways change nothing."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from logctl.cli.record_output import Printer, RecordFormat, json_of_row
from logctl.core.records import RAW, Record, to_public
from logctl.core.rows import Row, record_of, row_of
from logctl.core.safe_text import json_text, neutralise
from logctl.core.times import parse_time
from logctl.pipeline.stores.record_filter import Filter

EXAMPLES = 2_000 if os.environ.get("LOGCTL_SOAK") else 200
START = parse_time("2026-01-31T10:00:00Z")

TEXT = st.text(max_size=12) | st.sampled_from(
    ["\x1b[2J", "\u202e", "\x7f", '"', "\\", "timeout", "Time\u017fout", "\n", "\u2028", "a\ud800".encode("utf-8", "replace").decode()]
)  # fmt: skip
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(TEXT | st.sampled_from(["pid", "path", "status", RAW, "user"]), VALUE, max_size=5)
# The text of `fields` is checked when it is read: it may be anything.
ODD = st.sampled_from(
    ['{"a":1,"a":2}', "{", "", "[1]", '{"a":NaN}', '{"a":1e999}', '{ "a" : 1 }', '{"\\u0074imeout":1}', '{"t":"\\ud800"}',
     '{"a":100000000000000000000000000000000000000000}', '{"e":1e5}', '{"x":"' + "y" * 3000 + '"}', '{"a":' * 40 + "1" + "}" * 40]
)  # fmt: skip


@st.composite
def rows(draw: Any) -> Row:
    record = Record(
        "shop", "event-0001", START + draw(st.integers(0, 10**9)), draw(st.sampled_from(["INFO", "WARN", "UNKNOWN"])),
        draw(TEXT), draw(st.integers(0, 5)), draw(FIELDS), tuple(draw(st.lists(TEXT, max_size=2))),
    )  # fmt: skip
    row = row_of(record)
    if draw(st.booleans()):
        row.fields = draw(ODD)
    return row


def printer(form: RecordFormat, *, utc: bool, colored: bool) -> Printer:
    return Printer(form, None, utc=utc, colored=colored)


@settings(max_examples=EXAMPLES, deadline=None)
@given(rows(), st.booleans(), st.booleans())
def test_a_row_is_shown_as_its_record_is(row, utc, colored):
    record = record_of(row, "shop")
    text = printer(RecordFormat.TEXT, utc=utc, colored=colored)
    assert text._text_of_row("shop", row) == text._text(record)
    plain = printer(RecordFormat.TEXT, utc=utc, colored=False)._text_of_row("shop", row)
    assert neutralise(plain) == plain
    line = json_of_row("shop", row)
    assert line.isprintable()
    assert json.loads(line) == json.loads(json_text(to_public(record)))


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(rows(), max_size=5),
    st.sampled_from(["timeout", "time|tim", "x", "fields", "(?i)TIME", "e", "true", "1", "Infinity", r"\d", "o ", "null"]),
    st.booleans(),
    st.sampled_from([None, "WARN", "UNKNOWN"]),
    st.booleans(),
)  # fmt: skip
@example(
    [row_of(Record("a", "event-0001", START, "INFO", "m", 0, {"Time\u017fout": 1}))],
    "timesout",
    True,
    None,
    False,
)
@example([Row("event-0001", "2026-01-31T10:00:00.000Z", "INFO", "", [], 0, '{"\\u0074imeout":1}')], "timeout", False, None, False)  # fmt: skip
def test_a_filter_keeps_the_same_of_rows_as_of_records(listed, pattern, ignore, level, exclude):
    compiled = (re.compile(pattern, re.IGNORECASE if ignore else 0),)
    keep = Filter(level, () if exclude else compiled, compiled if exclude else ())
    assert list(keep.of_rows(listed)) == [row for row in listed if keep(record_of(row, "shop"))]
