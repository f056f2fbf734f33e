"""Durations, times and ranges as people and programs write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.times import (
    DAY,
    HOUR,
    LAST,
    MINUTE,
    SECOND,
    TimeRange,
    format_duration,
    from_datetime,
    iso,
    parse_duration,
    parse_point,
    parse_range,
    parse_time,
    to_datetime,
)

NOW = parse_time("2026-01-31T12:00:00Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", 30 * SECOND),
        ("15m", 15 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("3d", 3 * DAY),
        ("1w", 7 * DAY),
        ("1y", 365 * DAY),
        ("250ms", 250),
        ("2H", 2 * HOUR),
    ],
)
def test_durations(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "15", "m", "-5m", "0s", "1.5h", "five minutes", "15m\n30"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (250, "250ms"),
        (90 * SECOND, "1m 30s"),
        (DAY, "1d"),
        (DAY + 4 * HOUR + 5, "1d 4h"),
        (DAY + SECOND, "1d"),
    ],
)
def test_durations_for_people(milliseconds, text):
    assert format_duration(milliseconds) == text


@given(st.integers(0, 4_102_444_800_000))
def test_iso_and_back(milliseconds):
    assert parse_time(iso(milliseconds)) == milliseconds
    assert from_datetime(to_datetime(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("15m", NOW - 15 * MINUTE),
        ("2026-01-30", NOW - 36 * HOUR),
        ("2026-01-31T11:00:00Z", NOW - HOUR),
        ("2026-01-31 12:00+01:00", NOW - HOUR),
        ("1769857200", NOW - HOUR),
    ],
)
def test_points(text, expected):
    assert parse_point(text, NOW) == expected


def test_the_default_range_is_the_last_ten_minutes_and_what_comes():
    span = parse_range(None, None, NOW, 10 * MINUTE)
    assert span.since == NOW - 10 * MINUTE
    assert NOW in span


def test_until_without_since_goes_back_from_until():
    assert parse_range(None, "1h", NOW, 10 * MINUTE) == TimeRange(NOW - 70 * MINUTE, NOW - HOUR)


@pytest.mark.proves("B47")
@pytest.mark.parametrize(("since", "until"), [("1h", "2h"), ("2026-02-01", "2026-01-01"), ("soon", None)])
def test_ranges_that_make_no_sense(since, until):
    with pytest.raises(ValueError):
        parse_range(since, until, NOW, 10 * MINUTE)


@pytest.mark.parametrize(
    "text", ["2300-01-01", "9999-12-31T23:59:59Z", "2286-01-01T00:00:00.001Z", "10000000000000"]
)
def test_a_time_that_no_key_can_hold_is_refused(text):
    with pytest.raises(ValueError, match="the last day that a log can have"):
        parse_range("1h", text, NOW, HOUR)
    with pytest.raises(ValueError, match="the last day that a log can have"):
        parse_point(text, NOW)


@pytest.mark.parametrize("text", ["0001-01-01", "9999y", "999999999999999999y", "1969-12-31"])
def test_what_lies_before_1970_asks_for_everything(text):
    assert parse_range(text, "2286-01-01", NOW, HOUR) == TimeRange(0, LAST)
