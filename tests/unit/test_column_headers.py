"""Lines whose columns a header line names."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.formats.column_headers import ColumnHeader, HeaderKind, header_of, loads
from logctl.core.formats.reading import BAD_TIME, Context
from logctl.core.times import iso, parse_time

CONTEXT = Context(parse_time("2026-11-27T12:00:00Z"))
TIME = "2026-11-27T10:15:30.000Z"


def last_reading(text: str):
    """The reading of the last line by the header lines before it."""
    *before, last = text.splitlines()
    header = None
    for line in before:
        header = header_of(line, header) or header
    assert header is not None
    assert loads(header.dumps()) == header
    assert header_of(last, header) is None
    return header.read(last, CONTEXT)


@pytest.mark.parametrize(
    ("text", "level", "message", "fields"),
    [
        (
            "#Software: Microsoft Internet Information Services 10.0\n#Date: 2026-11-27 10:15:00\n"
            "#Fields: date time s-ip cs-method cs-uri-stem sc-status c-ip\n"
            "2026-11-27 10:15:30 10.0.0.1 GET /x 500 10.0.0.9",
            "UNKNOWN",
            "10.0.0.1 GET /x 500 10.0.0.9",
            {"method": "GET", "path": "/x", "status": 500, "client": "10.0.0.9"},
        ),
        (
            "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method\n"
            "2026-11-27\t10:15:30\tFRA56-P1\t2390\t10.0.0.9\tGET",
            "UNKNOWN",
            "FRA56-P1\t2390\t10.0.0.9\tGET",
            {"bytes": 2390, "client": "10.0.0.9", "method": "GET", "edge": "FRA56-P1"},
        ),
        (
            "#Date: 2026-11-27 00:00:00\n#Fields: time c-ip cs-uri cs(User-Agent)\n"
            '10:15:30 10.0.0.9 /x "curl 8"',
            "UNKNOWN",
            '10.0.0.9 /x "curl 8"',
            {"client": "10.0.0.9", "path": "/x"},
        ),
        (
            "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.orig_p\n#types\ttime\tstring\taddr\tport\n"
            "1795774530.000456\tC1\t10.0.0.9\t51000",
            "UNKNOWN",
            "C1\t10.0.0.9\t51000",
            {"uid": "C1", "client": "10.0.0.9"},
        ),
        (
            '#Fields: date time cs-vid c-ip sc-status\n"2026-11-27" "10:15:30" "a1f36498" "10.0.0.9" "200"',
            "UNKNOWN",
            '"a1f36498" "10.0.0.9" "200"',
            {"client": "10.0.0.9", "status": 200},
        ),
        (
            "#Fields:   date-local time-local   s-ip   cs-method\n2026-11-27 10:15:30 10.0.0.1 GET",
            "UNKNOWN",
            "10.0.0.1 GET",
            {"method": "GET"},
        ),
        (
            "account-id action az-id bytes dstaddr srcaddr start end\n"
            "123456789012 REJECT euc1-az1 40 10.0.0.1 10.0.0.9 1795774530 1795774590",
            "UNKNOWN",
            "123456789012 REJECT euc1-az1 40 10.0.0.1 10.0.0.9 1795774530 1795774590",
            {"action": "REJECT", "bytes": 40, "client": "10.0.0.9", "destination": "10.0.0.1"},
        ),
        (
            'level,"message",timestamp,host\nERROR,"payment failed, ""again""",2026-11-27T10:15:30Z,web1',
            "ERROR",
            'payment failed, "again"',
            {"host": "web1"},
        ),
        ("Time;Severity;Text\n27.11.2026 10:15:30;Warning;langsam", "WARN", "langsam", {}),
        ("date,time,level,msg\n2026-11-27,10:15:30,WARN,slow", "WARN", "slow", {}),
        (
            "Level\tDate and Time\tSource\tEvent ID\tTask Category\n"
            "Error\t11/27/2026 10:15:30 AM\tService Control Manager\t7031\tNone\tThe Shop service ended.",
            "ERROR",
            "The Shop service ended.",
            {"event_id": "7031", "source": "Service Control Manager"},
        ),
    ],
)
def test_a_line_is_read_by_its_columns(text, level, message, fields):
    reading = last_reading(text)
    assert (iso(reading.ts), reading.level, reading.message) == (TIME, level, message)
    assert fields.items() <= reading.fields.items()
    assert reading.begins


def test_w3c_times_are_in_utc_whatever_the_senders_zone_is():
    berlin = Context(CONTEXT.reference, ZoneInfo("Europe/Berlin"))
    names, line = "#Fields: date time cs-method", "2026-11-27 10:15:30 GET"
    header = header_of(names)
    assert iso(header.read(line, berlin).ts) == TIME
    local = header_of(names, header_of("#Time Format: Local"))
    assert iso(local.read(line, berlin).ts) == "2026-11-27T09:15:30.000Z"


def test_a_time_that_does_not_exist_is_flagged():
    reading = header_of("#Fields: date time cs-method").read("2026-02-30 10:15:30 GET", CONTEXT)
    assert (reading.ts, reading.flags) == (None, (BAD_TIME,))


@pytest.mark.parametrize(
    "line",
    [
        *(
            "error, time out, message",
            "Hello, world",
            "time,",
            "start,stop",
            "level,message",
            "time,time,level",
        ),
        *("#Software: Microsoft Internet Information Services 10.0", "# a comment", "#Fields:", "", "#"),
        *("INFO start of srcaddr list", "2026-11-27,ERROR,x", "a,b,c,d,e"),
    ],
)
def test_other_lines_are_no_header(line):
    assert header_of(line) is None


@pytest.mark.parametrize(
    "line",
    ["2026-11-27 10:15:30 GET", "2026-11-27 10:15:30 GET /x y", "x y GET /x", "#Fields: a", "", "\t\t\t"],
)
def test_a_line_that_does_not_fit_is_left_to_the_reader_of_other_lines(line):
    assert header_of("#Fields: date time cs-method cs-uri").read(line, CONTEXT) is None


@given(st.text(), st.text(), st.sampled_from(list(HeaderKind)), st.sampled_from(" \t,;|"))
def test_any_line_is_read_without_an_error(first, line, kind, separator):
    header_of(first)
    header = ColumnHeader(kind, ("ts", "time", "message", "start")[: len(line) % 4 + 1], separator)
    header.read(line, CONTEXT)
    assert loads(header.dumps()) == header
    loads(first)
