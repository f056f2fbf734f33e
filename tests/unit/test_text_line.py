"""Times and levels at the front of text lines; real logs with ground truth where they are at hand."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.loghub import loghub
from logctl.core.formats.reader import read_line
from logctl.core.formats.reading import Context, Reading
from logctl.core.formats.text_line import read_text
from logctl.core.times import DAY, iso, parse_time

REFERENCE = parse_time("2026-02-01T00:00:00Z")


def head(line: str, reference: int = REFERENCE) -> tuple[str | None, str] | None:
    found = read_line(line, Context(reference))
    return (
        (None if found.ts is None else iso(found.ts), found.level) if found.begins or found.layers else None
    )


def find_level(line: str) -> str:
    return read_line(line, Context(REFERENCE)).level


FORMS = [
    # ISO 8601 and what loggers make of it
    ("2026-01-31T08:15:00.250Z INFO x", "2026-01-31T08:15:00.250Z", "INFO"),
    ("2026-01-31 08:15:00,250 +0100 [INF] serilog", "2026-01-31T07:15:00.250Z", "INFO"),
    ("2026-01-31T08:15:00+02:00 [Warning] x", "2026-01-31T06:15:00.000Z", "WARN"),
    ("2026-01-31T08:15:00.123456789-05 x", "2026-01-31T13:15:00.123Z", "UNKNOWN"),
    ("2015/07/29 17:41:44 [error] 12#0: *1 open() failed", "2015-07-29T17:41:44.000Z", "ERROR"),
    ("[2026-01-31 08:15:00,250] ERROR log4j", "2026-01-31T08:15:00.250Z", "ERROR"),
    ("[2024-01-31T08:15:00,250][INFO ][o.e.n.Node] [node] started", "2024-01-31T08:15:00.250Z", "INFO"),
    ("[2024-01-31T08:15:00Z WARN  mycrate] env_logger", "2024-01-31T08:15:00.000Z", "WARN"),
    ("2024-01-31 08:15:00.250  INFO 12345 --- [    main] c.e.App : x", "2024-01-31T08:15:00.250Z", "INFO"),
    ("2024-01-31 08:15:00.250 [main] DEBUG c.e.App - logback", "2024-01-31T08:15:00.250Z", "DEBUG"),
    ("2024-01-31 08:15:00,250 - myapp.db - ERROR - python", "2024-01-31T08:15:00.250Z", "ERROR"),
    ("2024-01-31 08:15:00,250 - myapp - CRITICAL - python", "2024-01-31T08:15:00.250Z", "FATAL"),
    ("2024-01-31 08:15:00 | WARNING  | mod:func:12 - loguru", "2024-01-31T08:15:00.000Z", "WARN"),
    ("2024-01-31 08:15:00.250 UTC [1234] LOG:  checkpoint", "2024-01-31T08:15:00.250Z", "INFO"),
    ("2024-01-31 08:15:00.250 UTC [1] user@db ERROR:  relation", "2024-01-31T08:15:00.250Z", "ERROR"),
    ("2024-01-31T08:15:00.250000Z 0 [Warning] [MY-010068] mysql", "2024-01-31T08:15:00.250Z", "WARN"),
    ("2024-01-31T08:15:00.250Z\tWARN\tcaller.go:12\tzap", "2024-01-31T08:15:00.250Z", "WARN"),
    ("2024-01-31T08:15:00.123456789Z stdout F ERROR cri", "2024-01-31T08:15:00.123Z", "ERROR"),
    ("2024-01-31T08:15:00Z host app[12]: ERROR rsyslog", "2024-01-31T08:15:00.000Z", "ERROR"),
    ("2024-01-31T08:15:00Z error: winston", "2024-01-31T08:15:00.000Z", "ERROR"),
    ("I, [2024-01-31T08:15:00.250123 #1234]  INFO -- : ruby", "2024-01-31T08:15:00.250Z", "INFO"),
    ('time="2024-01-31T08:15:00Z" level=warning msg=logrus', "2024-01-31T08:15:00.000Z", "WARN"),
    ("level=info ts=2024-01-31T08:15:00.123Z caller=x", "2024-01-31T08:15:00.123Z", "INFO"),
    ("ts=2024-01-31T08:15:00.123Z level=error msg=logfmt", "2024-01-31T08:15:00.123Z", "ERROR"),
    # one token before it
    (
        "nova.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO nova",
        "2017-05-16T00:00:00.008Z",
        "INFO",
    ),
    ("web-1  | 2024-01-31 08:15:00 ERROR compose", "2024-01-31T08:15:00.000Z", "ERROR"),
    ("INFO 2024-01-31 08:15:00,123 module 123 django", "2024-01-31T08:15:00.123Z", "INFO"),
    ("[ERROR]\t2024-01-31T08:15:00.250Z\treqid\tlambda", "2024-01-31T08:15:00.250Z", "ERROR"),
    # other dates
    ("17/06/09 20:10:40 INFO spark.X: y", "2017-06-09T20:10:40.000Z", "INFO"),
    ("081109 203615 148 WARN dfs.X: y", "2008-11-09T20:36:15.000Z", "WARN"),
    ("081109 20:36:15 [Note] old mysql", "2008-11-09T20:36:15.000Z", "NOTICE"),
    ("[Sun Dec 04 04:47:44 2005] [notice] apache", "2005-12-04T04:47:44.000Z", "NOTICE"),
    ("[Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 3] x", "2005-12-04T04:47:44.123Z", "ERROR"),
    ("Sun Dec  4 04:47:44 2005 asctime", "2005-12-04T04:47:44.000Z", "UNKNOWN"),
    ("Mon Dec  5 04:47:44 2005 asctime", "2005-12-05T04:47:44.000Z", "UNKNOWN"),
    ("Tue Dec  6 04:47:44 2005 asctime", "2005-12-06T04:47:44.000Z", "UNKNOWN"),
    ("Wed Dec  7 04:47:44 2005 asctime", "2005-12-07T04:47:44.000Z", "UNKNOWN"),
    ("Thu Dec  8 04:47:44 2005 asctime", "2005-12-08T04:47:44.000Z", "UNKNOWN"),
    ("Fri Dec  9 04:47:44 2005 asctime", "2005-12-09T04:47:44.000Z", "UNKNOWN"),
    ("Sat Dec 10 04:47:44 2005 asctime", "2005-12-10T04:47:44.000Z", "UNKNOWN"),
    ('127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /ERROR"', "2000-10-10T20:55:36.000Z", "UNKNOWN"),
    ('::1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.0" 500', "2000-10-10T13:55:36.000Z", "UNKNOWN"),
    # syslog
    ("Jun 14 15:16:01 combo sshd(pam_unix)[1]: check pass", "2025-06-14T15:16:01.000Z", "UNKNOWN"),
    ("Jun 14 15:16:01 host app[1]: ERROR x", "2025-06-14T15:16:01.000Z", "ERROR"),
    ("Jun 14 15:16:01 combo logrotate: ALERT exited abnormally", "2025-06-14T15:16:01.000Z", "UNKNOWN"),
    ("<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "2025-10-11T22:14:15.000Z", "FATAL"),
    ("<165>1 2003-10-11T22:14:15.003Z machine app - ID47 [x] y", "2003-10-11T22:14:15.003Z", "NOTICE"),
    # numbers
    ("1718000000.123 ERROR foo", "2024-06-10T06:13:20.123Z", "ERROR"),
    ("1718000000123 foo", "2024-06-10T06:13:20.123Z", "UNKNOWN"),
    ("[1718000000] foo", "2024-06-10T06:13:20.000Z", "UNKNOWN"),
    ("I0614 15:16:01.123456   123 main.go:12] klog", "2025-06-14T15:16:01.123Z", "INFO"),
    ("E20240614 15:16:01.123456   123 main.go:12] glog", "2024-06-14T15:16:01.123Z", "ERROR"),
    # a level without a time
    ("ERROR:root:python", None, "ERROR"),
    ("INFO:     Started server process [1]", None, "INFO"),
    ("[WARNING] maven", None, "WARN"),
    ("<3>journal", None, "ERROR"),
    # a time that is none
    ("2026-02-30 10:00:00 ERROR x", None, "ERROR"),
    ("2026-01-31 25:00:00 x", None, "UNKNOWN"),
    ("2026-01-31 24:00:00 the end of a day", "2026-02-01T00:00:00.000Z", "UNKNOWN"),
    ("2016-12-31 23:59:60 leap", "2017-01-01T00:00:00.000Z", "UNKNOWN"),
]


@pytest.mark.parametrize(("line", "ts", "level"), FORMS, ids=[line[:40] for line, _, _ in FORMS])
def test_a_known_form(line: str, ts: str | None, level: str) -> None:
    assert head(line) == (ts, level)
    assert find_level(line) == level


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain text",
        "  2026-01-31 08:15:00 indented",
        "ValueError: 2026",
        "Expires: 2024-01-31 08:15:00",
        "at 2024-01-31 08:15:00",
        "5551234567 calls",
        "12345678901234567890 x",
        "2026-01-31",
        "991399 203615 not a date",
        "Error: something",
        "<html>",
        "<999>x",
        "[main] 12 requests",
    ],
)
def test_no_head(line: str) -> None:
    assert head(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "2024-01-31T08:15:00Z the connection reported ERROR in it",
        "2024-01-31T08:15:00Z GET /error 200",
        "Error opening file",
        "2024-01-31T08:15:00Z Fine tuning",
        "2024-01-31T08:15:00Z no ERROR was seen",
        "2024-01-31T08:15:00Z Connection error: refused",
        "2024-01-31T08:15:00Z ann@example.com error: bounced",
        "2024-01-31T08:15:00Z config: loaded",
        "2024-01-31T08:15:00Z (C) 2024 Acme",
        "<error>the content of a document</error>",
        "(note) a remark",
        "FAIL",
        "the word ERROR in a sentence",
        "INFORMATION is power",
        "Errors: 3",
    ],
)
def test_a_word_in_a_sentence_is_no_level(line: str) -> None:
    assert find_level(line) == "UNKNOWN"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("2026-02-01T00:00:00Z", "2025-06-14"),
        ("2026-06-13T15:16:01Z", "2026-06-14"),  # a day ahead: clocks and zones differ
        ("2026-06-13T15:16:00Z", "2025-06-14"),
        ("2026-12-31T23:00:00Z", "2026-06-14"),
    ],
)
def test_a_missing_year_is_the_latest_that_fits(reference: str, expected: str) -> None:
    found = head("Jun 14 15:16:01 host app: x", parse_time(reference))
    assert found == (f"{expected}T15:16:01.000Z", "UNKNOWN")


def test_new_years_eve_read_after_midnight_and_before_it() -> None:
    assert head("Dec 31 23:59:59 h a: x", parse_time("2026-01-01T00:00:01Z")) == (
        "2025-12-31T23:59:59.000Z",
        "UNKNOWN",
    )
    assert head("Jan  1 00:00:01 h a: x", parse_time("2025-12-31T23:59:59Z")) == (
        "2026-01-01T00:00:01.000Z",
        "UNKNOWN",
    )


def test_29_february_without_a_year_is_of_a_leap_year() -> None:
    assert head("Feb 29 10:00:00 h a: x") == ("2024-02-29T10:00:00.000Z", "UNKNOWN")
    assert head("Feb 30 10:00:00 h a: x") == (None, "UNKNOWN")


SHAPES = [
    # A level after the time, in the spellings of loggers
    ("{time} ERROR x", "ERROR", "x", {}),
    ("{time} Error x", "ERROR", "x", {}),
    ("{time} warning x", "WARN", "x", {}),
    ("{time} error: x", "ERROR", "x", {}),
    ("{time} [error]: x", "ERROR", "x", {}),
    ("{time} <Error> x", "ERROR", "x", {}),
    ("{time} |W| x", "WARN", "x", {}),
    ("{time} E x", "ERROR", "x", {}),
    ("{time} *ERROR* x", "ERROR", "x", {}),
    ("{time}|ERROR|x", "ERROR", "x", {}),
    ("{time}, ERROR, x", "ERROR", "x", {}),
    ("{time} - ERROR - x", "ERROR", "x", {}),
    ("{time} - [shop] - error - x", "ERROR", "x", {}),
    ("{time} [shop.orders] error - x", "ERROR", "x", {"logger": "shop.orders"}),
    ("{time}\tWARNING\terror in x", "WARN", "error in x", {"request_id": None}),
    ("{time} INFO+2 x", "NOTICE", "x", {}),
    ("{time} ERROR! x", "ERROR", "x", {}),
    ("{time} ERROR[12]: x", "ERROR", "x", {}),
    ("{time} [shop/ERROR] x", "ERROR", "x", {}),
    ("{time} [ERROR|shop] x", "ERROR", "x", {}),
    ("{time} [ERROR - shop] x", "ERROR", "x", {}),
    ("{time} shop.ERROR: x", "ERROR", "x", {}),
    ("{time} ERROR/shop: x", "ERROR", "x", {"logger": "shop"}),
    ("{time} [ERROR][shop] x", "ERROR", "x", {"logger": "shop"}),
    ("[{time} ERROR] x", "ERROR", "x", {}),
    ("[ERROR {time}] x", "ERROR", "x", {}),
    ("ERROR {time} x", "ERROR", "x", {}),
    ("ERROR|{time}|x", "ERROR", "x", {}),
    ("shop: {time} ERROR x", "ERROR", "x", {}),
    ("[shop] [812] {time} ERROR x", "ERROR", "x", {}),
    ("ERROR [main] [{time}] x", "ERROR", "x", {"thread": "main"}),
    # what is between them
    ("{time} 812 ERROR x", "ERROR", "x", {"pid": 812}),
    ("{time} [main] ERROR x", "ERROR", "x", {"thread": "main"}),
    ("{time} 812 MainThread ERROR x", "ERROR", "x", {"pid": 812, "thread": "MainThread"}),
    ("{time} 812 shop ERROR x", "ERROR", "x", {"pid": 812, "logger": "shop"}),
    ("{time} 812 no ERROR x", "UNKNOWN", "812 no ERROR x", {}),
    ("{time} [task-17] ERROR x", "ERROR", "x", {"thread": "task-17"}),
    ("{time} <main> ERROR x", "ERROR", "x", {"thread": "main"}),
    ("{time} [pid:812] [TID 900] ERROR x", "ERROR", "x", {"pid": 812, "thread": "900"}),
    ("{time} shop ERROR x", "ERROR", "x", {"logger": "shop"}),
    ("{time} shop[812]: ERROR x", "ERROR", "x", {"logger": "shop", "pid": 812}),
    ("{time} a.b.Shop ERROR x", "ERROR", "x", {"logger": "a.b.Shop"}),
    ("{time} id=1 user=ann ERROR x", "ERROR", "x", {"id": "1", "user": "ann"}),
    ("{time} [id=1] [user=ann] ERROR x", "ERROR", "x", {"id": "1", "user": "ann"}),
    # what is after them
    ("{time} ERROR a.b.Shop: x", "ERROR", "x", {"logger": "a.b.Shop"}),
    ("{time} ERROR Shop - x", "ERROR", "x", {"logger": "Shop"}),
    ("{time} ERROR a.b.Shop (Shop.java:9) - x", "ERROR", "x", {"logger": "a.b.Shop"}),
    ("{time} ERROR [main] x", "ERROR", "x", {"thread": "main"}),
    ("{time} ERROR [id=1] x", "ERROR", "x", {"id": "1"}),
    ("{time} ERROR main.py:12 x", "ERROR", "x", {"file": "main.py", "line": 12}),
    ("{time} ERROR [main.py:12] x", "ERROR", "x", {"file": "main.py", "line": 12}),
    ("{time} ERROR msg=x id=1", "ERROR", "x", {"id": "1"}),
    ("{time} ERROR a.b.Shop (Shop.java:pay(9)) - x", "ERROR", "x", {"logger": "a.b.Shop"}),
    ("{time} ERROR    x                     shop.py:12", "ERROR", "x", {"file": "shop.py", "line": 12}),
    ("[shop] {time} error: x", "ERROR", "x", {}),
    # what belongs to the message
    ("{time} ERROR shop: x", "ERROR", "shop: x", {}),
    ("{time} ERROR ValueError: x", "ERROR", "ValueError: x", {}),
    ("{time} ERROR java.io.IOException: x", "ERROR", "java.io.IOException: x", {}),
    ("{time} ERROR [shop] x", "ERROR", "[shop] x", {}),
    ("{time} ERROR 404 x", "ERROR", "404 x", {}),
    ("{time} ERROR [order-17] x", "ERROR", "[order-17] x", {}),
    ("{time} ERROR example.com: x", "ERROR", "example.com: x", {}),
    ("{time} ERROR v1.2.3: x", "ERROR", "v1.2.3: x", {}),
    ("{time} error: Error: x", "ERROR", "Error: x", {"process": None, "logger": None}),
    ("{time} error: error: x", "ERROR", "error: x", {"process": None, "logger": None}),
    ("{time} [error] Error: x", "ERROR", "Error: x", {"logger": None}),
    ("{time} ERROR GET - x", "ERROR", "GET - x", {}),
    ("{time} INFO x id=1", "INFO", "x id=1", {}),
    ("{time} [shop] x", "UNKNOWN", "[shop] x", {}),
    ("{time} shop: x", "UNKNOWN", "shop: x", {}),
    ("{time} main.go:12: x", "UNKNOWN", "x", {"file": "main.go", "line": 12}),
]


@pytest.mark.parametrize(("shape", "level", "message", "fields"), SHAPES, ids=[shape for shape, *_ in SHAPES])
def test_a_shape_of_lines(shape: str, level: str, message: str, fields: dict[str, object]) -> None:
    for stamp in ("2026-01-31 08:15:00,250", "2026-01-31T08:15:00.250Z"):
        found = read_text(shape.format(time=stamp), Context(REFERENCE))
        assert (found.ts and iso(found.ts), found.level) == ("2026-01-31T08:15:00.250Z", level)
        assert (found.message, found.begins) == (message, True)
        assert {name: found.fields.get(name) for name in fields} == fields


LOGFMT = [
    ('ts=2026-01-31T08:15:00Z at=ERROR msg="a b" id=17', "ERROR", "a b", {"id": "17"}),
    ("ts=2026-01-31T08:15:00Z at=error code=H12", "UNKNOWN", "at=error code=H12", {"at": "error"}),
    ('level=info ts=2026-01-31T08:15:00Z msg="a b" id=1', "INFO", "a b", {"id": "1"}),
    ("ts=2026-01-31T08:15:00Z lvl=eror caller=x.go:1 msg='a b'", "ERROR", "a b", {"caller": "x.go:1"}),
    ("time=2026-01-31T08:15:00Z severity=WARNING message=a b c id=1", "WARN", "a b c", {"id": "1"}),
    ('@timestamp=2026-01-31T08:15:00Z @level=error @message="a"', "ERROR", "a", {}),
    ('t=2026-01-31T08:15:00Z level=error err="a \\"b\\""', "ERROR", 'err="a \\"b\\""', {"err": 'a "b"'}),
    ("2026-01-31T08:15:00Z level=error msg=a", "ERROR", "a", {}),
]


@pytest.mark.parametrize(("line", "level", "message", "fields"), LOGFMT)
def test_logfmt(line: str, level: str, message: str, fields: dict[str, object]) -> None:
    found = read_text(line, Context(REFERENCE))
    assert (found.ts and iso(found.ts), found.level) == ("2026-01-31T08:15:00.000Z", level)
    assert (found.message, found.format, found.begins) == (message, "logfmt", True)
    assert {name: found.fields.get(name) for name in fields} == fields


@pytest.mark.parametrize("line", ["a=b is a sentence", "x=5", "a=1, b", "= x", 'a="b', "a= b"])
def test_what_only_begins_as_logfmt_is_a_text(line: str) -> None:
    assert read_text(line, Context(REFERENCE)) == Reading(line)


@given(st.integers(parse_time("2000-01-01"), REFERENCE + DAY))
def test_every_iso_time_is_read_back(ts: int) -> None:
    found = read_text(f"{iso(ts)} x", Context(REFERENCE))
    assert (found.ts, found.level, found.message) == (ts, "UNKNOWN", "x")


# ── Real logs: https://github.com/logpai/loghub ─────────────────────────────────────────────────────


LOGHUB = loghub()
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
LEVELS = {
    "INFO": "INFO",
    "WARN": "WARN",
    "ERROR": "ERROR",
    "notice": "NOTICE",
    "error": "ERROR",
    "WARNING": "WARN",
    "FATAL": "FATAL",
}


def _apache(row: dict[str, str]) -> str:
    _, month, day, clock, year = row["Time"].split()
    return f"{year}-{MONTHS.index(month) + 1:02d}-{int(day):02d}T{clock}.000Z"


def _syslog(row: dict[str, str]) -> str:
    """Without its year."""
    day = row["Date"] if "Month" in row else row["Day"]
    month = row["Month"] if "Month" in row else row["Date"]
    return f"-{MONTHS.index(month) + 1:02d}-{int(day):02d}T{row['Time']}.000Z"


def _hdfs(row: dict[str, str]) -> str:
    date, clock = re.findall("..", row["Date"]), re.findall("..", row["Time"])
    return f"20{'-'.join(date)}T{':'.join(clock)}.000Z"


def _spark(row: dict[str, str]) -> str:
    return f"20{row['Date'].replace('/', '-')}T{row['Time']}.000Z"


def _iso(row: dict[str, str]) -> str:
    return f"{row['Date']}T{row['Time'].replace(',', '.')}Z"


TRUTH: dict[str, Callable[[dict[str, str]], str]] = {
    "Apache": _apache,
    "HDFS": _hdfs,
    "Hadoop": _iso,
    "Linux": _syslog,
    "OpenSSH": _syslog,
    "OpenStack": _iso,
    "Spark": _spark,
    "Zookeeper": _iso,
}


def _lines(system: str) -> Iterator[tuple[str, dict[str, str]]]:
    assert LOGHUB is not None
    lines = (LOGHUB / f"{system}.log").read_bytes().decode().split("\r\n")
    with (LOGHUB / f"{system}.truth.csv").open(newline="", encoding="utf-8") as file:
        yield from zip([line for line in lines if line], csv.DictReader(file), strict=True)


def test_the_name_of_a_thread_may_hold_a_path() -> None:
    thread = f"DataStreamer for file /tmp/{'a' * 150}.jhist block BP-1347369012-10.190.173.170"
    found = read_line(
        f"2015-10-18 18:05:57,024 WARN [{thread}] org.apache.hadoop.ipc.Client: gone", Context(REFERENCE)
    )
    assert (found.level, found.message, found.fields["thread"]) == ("WARN", "gone", thread)


@pytest.mark.skipif(
    LOGHUB is None, reason="no loghub: set LOGCTL_LOGHUB to a folder with *.log and *.truth.csv"
)
@pytest.mark.parametrize("system", TRUTH)
def test_times_levels_and_messages_of_real_logs(system: str) -> None:
    """The ground truth of Linux and OpenSSH has no levels."""
    wrong_heads, messages, count = [], 0, 0
    for line, row in _lines(system):
        count += 1
        found = read_line(line, Context(REFERENCE))
        time = None if found.ts is None else iso(found.ts)
        level = None if system in ("Linux", "OpenSSH") else LEVELS.get(row["Level"], row["Level"].upper())
        if time is None or not time.endswith(TRUTH[system](row)) or (level and found.level != level):
            wrong_heads.append((line, found))
        messages += found.message == row["Content"]
    assert (count, wrong_heads[:5]) == (2000, [])
    assert messages >= 0.95 * count
