"""Time and level at the front of real lines, and lines that belong together."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from logctl.core import levels
from logctl.core.joining import MAX_LINES, Joiner
from logctl.core.textlog import find_level, read_head
from logctl.core.times import iso, parse_time

REFERENCE = parse_time("2026-11-24T12:00:00Z")


@pytest.mark.parametrize(
    ("line", "time", "level"),
    [
        ("2015-10-18 18:01:47,978 INFO [main] org.apache.X: Created", "2015-10-18T18:01:47.978Z", "INFO"),
        ("2026-01-31T08:15:00.250+01:00 ERROR x", "2026-01-31T07:15:00.250Z", "ERROR"),
        ("2026-01-31T08:15:00.250123Z [WARN] x", "2026-01-31T08:15:00.250Z", "WARN"),
        ("[2026-01-31 08:15:00,250] ERROR in app: boom", "2026-01-31T08:15:00.250Z", "ERROR"),
        ("2026/01/31 08:15:00 [error] 31#31: *1 open() failed", "2026-01-31T08:15:00.000Z", "ERROR"),
        ("[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok", "2005-12-04T04:47:44.000Z", "NOTICE"),
        ("[Sun Dec 04 04:47:44.123456 2005] [core:error] x", "2005-12-04T04:47:44.123Z", "ERROR"),
        ("Sun Dec  4 04:47:44 2005 something", "2005-12-04T04:47:44.000Z", "UNKNOWN"),
        ("Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure", "2026-06-14T15:16:01.000Z", "UNKNOWN"),
        ("Dec 10 06:55:46 LabSZ sshd[24200]: error: Received", "2025-12-10T06:55:46.000Z", "UNKNOWN"),
        ("<34>Oct 11 22:14:15 mymachine su: failed", "2026-10-11T22:14:15.000Z", "FATAL"),
        ("<165>1 2003-10-11T22:14:15.003Z host app - ID47 - x", "2003-10-11T22:14:15.003Z", "NOTICE"),
        ("17/06/09 20:10:40 INFO executor.Coarse: x", "2017-06-09T20:10:40.000Z", "INFO"),
        ("081109 203615 148 INFO dfs.DataNode$PacketResponder: x", "2008-11-09T20:36:15.000Z", "INFO"),
        ("E0614 15:16:01.123456    1234 main.go:1] x", "2026-06-14T15:16:01.123Z", "ERROR"),
        ('127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 1', "2000-10-10T20:55:36.000Z", "UNKNOWN"),
        ("nova-api.log.1.2017-05-16_13:53:08 2017-05-16 00:00:00.008 25746 INFO nova x", "2017-05-16T00:00:00.008Z", "INFO"),
        ("2015-07-29 17:41:44,747 - WARN  [QuorumPeer[myid=1]/0:0] - x", "2015-07-29T17:41:44.747Z", "WARN"),
        ('time="2026-01-31T08:15:00Z" level=warning msg="x"', "2026-01-31T08:15:00.000Z", "WARN"),
        ("1769847300.250 ERROR x", "2026-01-31T08:15:00.250Z", "ERROR"),
        ("1769847300250 x", "2026-01-31T08:15:00.250Z", "UNKNOWN"),
        ("Feb 29 00:00:00 host x", "2024-02-29T00:00:00.000Z", "UNKNOWN"),
        ("Nov 25 11:00:00 host x", "2026-11-25T11:00:00.000Z", "UNKNOWN"),
        ("Nov 26 11:00:00 host x", "2025-11-26T11:00:00.000Z", "UNKNOWN"),
    ],
)  # fmt: skip
def test_heads(line, time, level):
    head = read_head(line, REFERENCE)
    assert (iso(head.ts), head.level) == (time, level)


@pytest.mark.parametrize(
    "line",
    ["", "hello world", "    at com.example.Main(Main.java:1)", "Caused by: java.io.IOException", "12345", "2026",
     "99/99/99 20:10:40 x", "10.0.0.1 connected", "Traceback (most recent call last):"],
)  # fmt: skip
def test_no_heads(line):
    assert read_head(line, REFERENCE) is None


@pytest.mark.parametrize("line", ["2026-02-30 00:00:00 x", "2026-01-31 24:00:00 x", "2026-01-31 08:15:60 x"])
def test_a_time_that_cannot_be_starts_a_record_without_one(line):
    assert read_head(line, REFERENCE).ts is None


def test_pythons_default_format_has_a_level_and_no_time():
    assert read_head("ERROR:root:boom", REFERENCE).level == levels.ERROR
    assert read_head("ERROR:root:boom", REFERENCE).ts is None


@pytest.mark.parametrize(
    "rest",
    [" all is well, no error", " request info=1", " user [bob] said ERROR much later in the text INFO"],
)
def test_words_in_free_text_are_no_level(rest):
    assert find_level(rest.replace("ERROR much", "much") if "bob" in rest else rest) == levels.UNKNOWN


def joined(text: str) -> list[str]:
    joiner, records, offset = Joiner(REFERENCE), [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        finished = joiner.add(line, offset, offset + len(line) + 1, number)
        offset += len(line) + 1
        if finished:
            records.append(finished)
    last = joiner.finish()
    return [record.text for record in (records + [last] if last else records)]


TRACE = """2026-01-31 08:15:00 ERROR boom
java.lang.IllegalStateException: bad
\tat com.example.Main(Main.java:1)

Caused by: java.io.IOException: disk
\t... 3 more"""


def test_a_stack_trace_stays_with_its_error():
    assert joined(TRACE + "\n2026-01-31 08:15:01 INFO next") == [TRACE, "2026-01-31 08:15:01 INFO next"]


def test_lines_without_any_time_are_records_of_their_own_except_their_continuations():
    traceback = "Traceback (most recent call last):\n  File 'x', line 1\nValueError: no"
    assert joined(f"one\ntwo\n  more of two\n\n{traceback}\nthree") == [
        "one",
        "two\n  more of two",
        traceback,
        "three",
    ]


def test_an_endless_record_is_cut_and_nothing_is_lost():
    lines = ["2026-01-31 08:15:00 ERROR boom"] + [f"line {n}" for n in range(2 * MAX_LINES)]
    records = joined("\n".join(lines))
    assert [len(record.split("\n")) for record in records] == [MAX_LINES, MAX_LINES, 1]
    assert "\n".join(records) == "\n".join(lines)


LOGHUB = Path(os.environ.get("LOGCTL_LOGHUB", Path(__file__).parents[3] / "shared" / "data" / "loghub"))
_ZONELESS = {
    "Apache": lambda row: row["Time"],
    "HDFS": lambda row: f"20{row['Date'][:2]}-{row['Date'][2:4]}-{row['Date'][4:]} {_clock(row['Time'])}",
    "Hadoop": lambda row: f"{row['Date']} {row['Time']}",
    "Linux": lambda row: f"{row['Month']} {int(row['Date']):2d} {row['Time']}",
    "OpenSSH": lambda row: f"{row['Date']} {int(row['Day']):2d} {row['Time']}",
    "OpenStack": lambda row: f"{row['Date']} {row['Time']}",
    "Spark": lambda row: f"20{row['Date'].replace('/', '-')} {row['Time']}",
    "Zookeeper": lambda row: f"{row['Date']} {row['Time']}",
}


def _clock(digits: str) -> str:
    padded = digits.zfill(6)
    return f"{padded[:2]}:{padded[2:4]}:{padded[4:]}"


@pytest.mark.skipif(not LOGHUB.is_dir(), reason=f"the real logs are not here: {LOGHUB}")
@pytest.mark.parametrize("system", sorted(_ZONELESS))
def test_time_and_level_of_every_real_line_are_those_of_the_ground_truth(system):
    lines = (LOGHUB / f"{system}.log").read_text("utf-8").split("\n")
    lines = [line.rstrip("\r") for line in lines if line.strip()]
    with (LOGHUB / f"{system}.truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(lines) == 2000
    for line, row in zip(lines, rows, strict=True):
        head = read_head(line, REFERENCE)
        truth = _ZONELESS[system](row)
        if system == "Apache":
            truth = truth.split(" ", 1)[1]
            month, day, clock, year = truth.split()
            truth = f"{year}-{list(_MONTHS).index(month) + 1:02d}-{int(day):02d} {clock}"
        if system in ("Linux", "OpenSSH"):
            shown = iso(head.ts)
            month, day, clock = truth.split()
            assert shown[5:19] == f"{list(_MONTHS).index(month) + 1:02d}-{int(day):02d}T{clock}", line
            continue
        assert head.ts == parse_time(truth), line
        assert head.level == levels.parse_level(row["Level"]), line


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
