"""Times in every form in which logs write them: what is found, where it ends, and what it means in a zone."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.formats import zones
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import FoundTime, _year_first, scan_time
from logctl.core.formats.time_values import read_time_value
from logctl.core.times import DAY, from_datetime, iso, parse_time

NOON = parse_time("2026-11-27T12:00:00Z")
BERLIN, NEW_YORK, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")

# The form, its time, and what follows it. A time without a zone is in UTC here.
FORMS = [
    # ISO 8601 and its relatives
    ("2026-11-27 10:15:30,123", "10:15:30.123", " ERROR payment failed"),
    ("2026-11-27T10:15:30.123456789Z", "10:15:30.123", "\tinfo"),
    ("2026-11-27T10:15:30Z", "10:15:30", ""),
    ("2026/11/27 10:15:30", "10:15:30", " [notice] 1#1: nginx"),
    ("2026-11-27t10:15:30z", "10:15:30", " x"),
    ("2026.11.27 10:15:30.123456", "10:15:30.123", " [ 812 ] {} <Error>"),
    ("2026-11-27  9:15:31", "09:15:31", " 12 [Warning]"),
    ("2026/11/27 9:15:31", "09:15:31", " x"),
    ("2026-11-27 10:15:30:123", "10:15:30.123", " x"),
    ("2026-11-27T10:15:30", "10:15:30", ": payment failed"),
    ("2026-11-27 10:15", "10:15:00", " x"),
    ("2026-11-27, 10:15:30", "10:15:30", " x"),
    ("2026-11-27\t10:15:30", "10:15:30", "\tFRA56"),
    ("2026-11-27_10:15:30", "10:15:30", " x"),
    ("2026:11:27-10:15:30", "10:15:30", " fw1 ulogd[1]: x"),
    ("2026-11-27-10.15.30.675872", "10:15:30.675", " R02-M1"),
    ("2026-11-27 10:15:30 AM", "10:15:30", " x"),
    ("2026-11-27 10:15:30 PM", "22:15:30", " x"),
    ("2026-Nov-27 10:15:30.123456", "10:15:30.123", "] x"),
    ("2026 Nov 27 10:15:30", "10:15:30", " %DAEMON-3"),
    ("2026 Nov  9 10:15:30", "2026-11-09T10:15:30", " x"),
    ("2026年11月27日 10:15:30", "10:15:30", " x"),
    ("20261127 10:15:30", "10:15:30", " x"),
    ("20261127T101530Z", "10:15:30", " x"),
    ("20261127-101530", "10:15:30", " x"),
    ("20261127101530", "10:15:30", " x"),
    ("20261127101530123", "10:15:30.123", ",x"),
    ("20171223-22:15:29:606", "2017-12-23T22:15:29.606", "|Step_LSC|"),
    ("20171224-0:7:20:444", "2017-12-24T00:07:20.444", "|Step_LSC|"),
    ("2005-06-03-15.42.50.675872", "2005-06-03T15:42:50.675", " R02"),
    ("1999-11-29 10:15:30,123", "1999-11-29T10:15:30.123", " ERROR"),
    ("2026-11-29 10:15:30,123", "2026-11-29T10:15:30.123", " ERROR"),
    ("2026.11.27-10.15.30:123", "10:15:30.123", "][  0]LogInit: x"),
    ("20261127:101530.123", "10:15:30.123", " x"),
    ("2026-11-27_10:15:30.12345", "10:15:30.123", " x"),
    # offsets and zones
    ("2026-11-27T10:15:30Z UTC", "10:15:30", " [ db=dev user=x ]' LOG: x"),
    ("2026-11-27 10:15:30 (UTC)", "10:15:30", " x"),
    ("2026-11-27 11:15:30 (UTC+01:00)", "10:15:30", " x"),
    ("2026-11-27 10:15:30", "10:15:30", " (main) x"),
    ("2026-11-27 10:15:30 UTC", "10:15:30", ":10.0.0.9(51000):user@db:[812]:ERROR:  x"),
    ("Nov 27, 2026, 10:15:30,123 AM UTC", "10:15:30.123", "> <Info>"),
    ("2026-11-27T11:15:30.123+01", "10:15:30.123", " x"),
    ("2026-11-27T11:15:30.123+0100", "10:15:30.123", "] {taskinstance.py:1206}"),
    ("2026-11-27 11:15:30 +0100", "10:15:30", "] [812]"),
    ("2026-11-27 11:15:30.123 +01:00", "10:15:30.123", " [ERR] x"),
    ("2026-11-27 13:15:30.123 +03", "10:15:30.123", " [812] ERROR:"),
    ("2026-11-27T15:45:30+05:30", "10:15:30", " x"),
    ("2026-11-27T11:15:30.123+01:00[Europe/Berlin]", "10:15:30.123", " ERROR"),
    ("2026-11-27T11:15:30.123[Europe/Berlin]", "10:15:30.123", " ERROR"),
    ("2026-11-27 11:15:30 Europe/Berlin", "10:15:30", " x"),
    ("2026-11-27 10:15:30 UTC", "10:15:30", " [812] LOG:"),
    ("2026-11-27 10:15:30 GMT", "10:15:30", " x"),
    ("2026-11-27 10:15:30UTC", "10:15:30", " x"),
    ("2026-11-27 11:15:30.123 CET", "10:15:30.123", " [812] LOG:"),
    ("2026-07-27 11:15:30.123 CEST", "2026-07-27T09:15:30.123", " [812] LOG:"),
    ("2026-11-27 05:15:30.123 EST", "10:15:30.123", " [812] FATAL:"),
    ("2026-11-27 02:15:30.123 PST", "10:15:30.123", " [812] FATAL:"),
    ("2026-11-27 19:15:30.123 JST", "10:15:30.123", " [812] FATAL:"),
    ("2026-11-27 21:15:30 AEDT", "10:15:30", " x"),
    ("2026-11-27 12:15:30 UTC+2", "10:15:30", " x"),
    ("2026-11-27 12:15:30 GMT+02:00", "10:15:30", " x"),
    ("2026-11-27 11:15:30.123456 +0100 CET m=+0.005", "10:15:30.123", " x"),
    ("2026-11-27 10:15:30.123456 +0000 UTC", "10:15:30.123", " x"),
    ("2026-11-27-11.15.30.123456+060", "10:15:30.123", " I1234E567"),
    # the month's or the weekday's name
    ("Nov 27 10:15:30", "10:15:30", " web1 app[1]: x"),
    ("Nov  9 10:15:30", "2026-11-09T10:15:30", " web1 app[1]: x"),
    ("Nov 9 10:15:30", "2026-11-09T10:15:30", " web1 app[1]: x"),
    ("Nov 27 10:15:30.123", "10:15:30.123", " web1 app[1]: x"),
    ("Nov 27 2026 10:15:30", "10:15:30", " fw1 : %ASA-3-302013"),
    ("Nov 27, 2026 10:15:30 AM", "10:15:30", " com.acme.Shop pay"),
    ("Nov 27, 2026, 10:15:30 PM", "22:15:30", " x"),
    ("Nov 27, 2026 @ 10:15:30.123", "10:15:30.123", " x"),
    ("November 27, 2026 10:15:30", "10:15:30", " x"),
    ("nov/27/2026 10:15:30", "10:15:30", " system,info"),
    ("Nov 27 10:15:30 UTC", "10:15:30", ": %SYS-5-CONFIG_I"),
    ("Feb 29 10:15:30", "2024-02-29T10:15:30", " web1 app[1]: x"),
    ("Dec 31 23:59:59", "2025-12-31T23:59:59", " web1 app[1]: x"),
    ("nov. 27 10:15:30", "10:15:30", " web1 app[1]: x"),
    ("Okt  3 10:15:30", "2026-10-03T10:15:30", " web1 app[1]: x"),
    ("Dez  3 10:15:30", "2025-12-03T10:15:30", " web1 app[1]: x"),
    ("Mär  3 10:15:30", "2026-03-03T10:15:30", " web1 app[1]: x"),
    ("févr.  3 10:15:30", "2026-02-03T10:15:30", " web1 app[1]: x"),
    ("ago  3 10:15:30", "2026-08-03T10:15:30", " web1 app[1]: x"),
    ("ene  3 10:15:30", "2026-01-03T10:15:30", " web1 app[1]: x"),
    ("11月 27 10:15:30", "10:15:30", " web1 app[1]: x"),
    ("Fri Nov 27 10:15:30 2026", "10:15:30", " TLS Error"),
    ("Fri Nov 27 10:15:30.123456 2026", "10:15:30.123", "] [core:error]"),
    ("Fri Nov 27 10:15:30 UTC 2026", "10:15:30", " backup started"),
    ("Fri Nov 27 11:15:30 CET 2026", "10:15:30", " backup started"),
    ("Fri Nov 27 10:15:30 AM UTC 2026", "10:15:30", " backup started"),
    ("Fri Nov 27 10:15:30 +0000 2026", "10:15:30", " x"),
    ("Fri 27 Nov 10:15:30 UTC 2026", "10:15:30", " x"),
    ("Fr 27. Nov 11:15:30 CET 2026", "10:15:30", " x"),
    ("ven. 27 nov. 2026 11:15:30 CET", "10:15:30", " x"),
    ("Fri Nov 27 10:15:30", "10:15:30", " x"),
    ("Fri 2026-11-27 10:15:30 UTC", "10:15:30", " x"),
    ("Fri, 27 Nov 2026 10:15:30 GMT", "10:15:30", " x"),
    ("Fri, 27 Nov 2026 11:15:30 +0100 (CET)", "10:15:30", " x"),
    ("Friday, 27-Nov-26 10:15:30 GMT", "10:15:30", " x"),
    ("Fri Nov 27 2026 11:15:30 GMT+0100 (Central European Standard Time)", "10:15:30", " x"),
    # the day first
    ("27/Nov/2026:10:15:30 +0000", "10:15:30", '] "GET /'),
    ("27/Nov/2026:11:15:30 +0100", "10:15:30", '] "GET /'),
    ("27/Nov/2026:10:15:30.123", "10:15:30.123", "] frontend"),
    ("27/Nov/2026 10:15:30", "10:15:30", '] "GET /'),
    ("27-Nov-2026 11:15:30 Europe/Berlin", "10:15:30", "] PHP Warning"),
    ("27-Nov-2026 10:15:30.123", "10:15:30.123", " queries: error"),
    ("27 Nov 2026 10:15:30.123", "10:15:30.123", " # WARNING"),
    ("27 Nov 10:15:30.123", "10:15:30.123", " * x"),
    ("27Nov2026 10:15:30", "10:15:30", " x"),
    ("27-NOV-26 10.15.30.123456 AM", "10:15:30.123", " x"),
    ("27. November 2026 um 10:15:30", "10:15:30", " x"),
    # numbers only
    ("11/27/2026 10:15:30 AM", "10:15:30", " ERROR"),
    ("11/27/2026 2:15:31 PM", "14:15:31", " INFO"),
    ("11/27/2026 12:15:30 AM", "00:15:30", " INFO"),
    ("11/27/2026 12:15:30 PM", "12:15:30", " INFO"),
    ("11/27/2026 14:15:30 PM", "14:15:30", " INFO"),
    ("11/27/2026, 10:15:30\u202fAM", "10:15:30", "     LOG [Nest]"),
    ("11/27/2026 10:15:30 a. m.", "10:15:30", " x"),
    ("11/27/2026 10:15:30", "10:15:30", " ERROR"),
    ("27/11/2026 10:15:30", "10:15:30", " ERROR"),
    ("03/04/2026 10:15:30", "2026-03-04T10:15:30", " ERROR"),
    ("11/27/2026-10:15:30.123456", "10:15:30.123", "  [**]"),
    ("11/27-10:15:30.123456", "10:15:30.123", "  [**]"),
    ("11/27 10:15:30", "10:15:30", " x"),
    ("11/27/26 10:15:30:123 UTC", "10:15:30.123", "] 0000000a"),
    ("11/27/26 10:15:30", "10:15:30", " x"),
    ("26/11/27 10:15:30", "10:15:30", " ERROR SparkContext"),
    ("17/06/09 20:10:40", "2017-06-09T20:10:40", " INFO x"),
    ("11/05/26 10:15:30", "2026-11-05T10:15:30", " x"),
    ("11/06/17 20:10:40", "2011-06-17T20:10:40", " INFO x"),
    ("27.11.2026 10:15:30", "10:15:30", " x"),
    ("03.04.2026 10:15:30", "2026-04-03T10:15:30", " x"),
    ("27.11.26 10:15:30", "10:15:30", " x"),
    ("27-11-2026 10:15:30.123", "10:15:30.123", " x"),
    ("10.30 16:49:06", "2026-10-30T16:49:06", "] chrome.exe"),
    ("20171224-0:7:20:44", "2017-12-24T00:07:20.044", "|Step_LSC"),
    ("Fri Nov 27 11:15:30 2026 +01:00", "2026-11-27T10:15:30", " x"),
    ("Fri Nov 27 10:15:30 2026", "2026-11-27T10:15:30", " - SUCCESS"),
    ("27/11/2026 -- 10:15:30", "2026-11-27T10:15:30", " - <Notice>"),
    ("27-Nov-2026::10:15:30", "2026-11-27T10:15:30", " ==="),
    ("2026-11-27 time=10:15:30", "2026-11-27T10:15:30", " devname=FG"),
    ("2026/11/27 10:15:30", "2026-11-27T10:15:30", ",001801000000,TRAFFIC"),
    ("11-27 10:15:30.123", "10:15:30.123", "  1702  2395 E x"),
    ("27.11. 10:15:30", "10:15:30", " x"),
    ("261127 10:15:30", "10:15:30", " web:1789"),
    ("261127  9:15:30", "09:15:30", " [Note]"),
    ("081109 203615", "2008-11-09T20:36:15", " 148 INFO"),
    ("1127 10:15:30.123456", "10:15:30.123", " 812 x.go:9] x"),
    ("1127/101530.123456", "10:15:30.123", ":ERROR:x.cc(1)] x"),
    ("11-05-2026 10:15:30.123 +0000", "2026-11-05T10:15:30.123", " INFO  Metrics"),
    ("11-05-2026 10:15:30.123", "2026-05-11T10:15:30.123", " INFO  Metrics"),
    ("26-11-27 10:15:30.1", "10:15:30.100", "|Info|"),
    ("27.11.2026 10:15", "10:15:00", " x"),
    ("27-Nov 10:15", "10:15:00", " bacula-dir JobId 1: x"),
    ("27 Nov 10:15:30", "10:15:30", " - [info] Started flows"),
    # without a date
    ("10:15:30", "10:15:30", " ERROR x"),
    ("10:15:30.123", "10:15:30.123", " [main]"),
    ("10:15:30,123", "10:15:30.123", " ERROR"),
    ("9:15:30", "09:15:30", " x"),
    ("10:15AM", "10:15:00", " ERR x"),
    ("10:15:30 AM", "10:15:30", " x"),
    ("12:59:59", "12:59:59", " no more than an hour after the reference"),
    ("13:00:01", "2026-11-26T13:00:01", " yesterday"),
    ("10:15:30 27/11/2026", "10:15:30", " x"),
    ("10:15:30 2026-11-27", "10:15:30", " x"),
    # since the epoch
    ("1795774530", "10:15:30", " x"),
    ("1795774530.123", "10:15:30.123", "    456 10.0.0.9 TCP_MISS/200"),
    ("1795774530.123", "10:15:30.123", ":456): arch"),
    ("1795774530123", "10:15:30.123", " ERROR"),
    ("1.7957745301234567E9", "10:15:30.123", "\tERROR\tx"),
    ("1.79577453e+09", "10:15:30", "\tERROR\tx"),
    ("1795774530123456", "10:15:30.123", " ERROR"),
    ("1795774530123456789", "10:15:30.123", " ERROR"),
    ("@400000006a08123b1d34a4c4", "2026-05-16T06:44:01.489", " x"),
    # moments that only some clocks show
    ("2026-11-27 24:00:00", "2026-11-28T00:00:00", " x"),
    ("2016-12-31 23:59:60", "2017-01-01T00:00:00", " x"),
]


def context(zone: tzinfo = UTC, reference: int = NOON) -> Context:
    return Context(reference, zone)


def found_in(text: str, zone: tzinfo = UTC) -> str | None:
    """Return the time at the start of a text as `iso` does, with `?` if it is ambiguous; None if there is none."""
    found = scan_time(text, 0, context(zone))
    if found is None or found.ts is None:
        return None
    return iso(found.ts).removesuffix(".000Z").removesuffix("Z") + "?" * found.ambiguous


@pytest.mark.parametrize(("form", "expected", "rest"), FORMS)
def test_a_form_is_read_to_its_end(form, expected, rest):
    moment = expected if "T" in expected else f"2026-11-27T{expected}"
    for before in ("", "x=["):
        found = scan_time(before + form + rest, len(before), context())
        assert found is not None
        assert found.ts is not None
        assert iso(found.ts) == iso(parse_time(moment))
        assert (before + form + rest)[found.end :] == rest
        assert not found.ambiguous


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 2026-11-27 10:15:30",
        "payment failed",
        "May the force be with you",
        "Mar 3 apples",
        "Fri 10 items",
        "Sunday 10:15:30",
        "1234 users",
        "10 items",
        "12:30 lunch",
        "10:15:30:ab:cd:ef is a network address",
        "00:11:22:33:44:55",
        "0:00:12 elapsed",
        "25:61:00 is a duration",
        "10.0.0.9 - - [27/Nov/2026:10:15:30 +0000]",
        "1.2.3 released",
        "2001:11:22:33:44:55:66:77 - - [27/Nov/2026:10:15:30 +0000]",
        "2001:db8::1 - -",
        "2026-11-27 something",
        "2026 was a year",
        "0234567890123 is long ago or an order",
        "9999999999 is in the future",
        "0000000000 x",
        "17957745301234 x",
        "1795774530s",
        "12345678 10:15:30 is an order",
        "1332 10:15:30.123456",
        "99.99 10:15:30",
        "@timestamp",
        "²:15:30",
        "١٠:١٥:٣٠",
    ],
)
def test_other_texts_are_not_times(text):
    assert scan_time(text, 0, context()) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30 10:00:00 x",
        "2026-13-01 10:00:00Z x",
        "2026-11-27 25:61:00 x",
        "2026-11-27T10:15:61 x",
        "2026-11-27 10:20:60 x",
        "2026-11-27 24:00:01 x",
        "0000-00-00 00:00:00 x",
        "Feb 30 10:15:30 web1",
        "Nov 27 25:15:30 web1",
        "30/Feb/2026:10:15:30 +0000] x",
        "Fri Feb 30 10:15:30 2026 x",
        "13/13/2026 10:15:30 x",
        "31.02.2026 10:15:30 x",
    ],
)
def test_a_time_that_does_not_exist_is_found_without_a_moment(text):
    found = scan_time(text, 0, context())
    assert found is not None
    assert found.ts is None
    assert text[found.end :].strip() in ("x", "web1", "] x")


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-27 05:15:30", NEW_YORK, "2026-11-27T10:15:30"),
        ("2026-07-27 05:15:30", NEW_YORK, "2026-07-27T09:15:30"),
        ("2026-11-27 11:15:30", BERLIN, "2026-11-27T10:15:30"),
        ("2026-11-27 11:15:30Z", BERLIN, "2026-11-27T11:15:30"),
        ("Nov 27 11:15:30 web1", BERLIN, "2026-11-27T10:15:30"),
        ("27/Nov/2026:11:15:30", BERLIN, "2026-11-27T10:15:30"),
        ("11:15:30 x", BERLIN, "2026-11-27T10:15:30"),
        ("13:59:00 x", BERLIN, "2026-11-27T12:59:00"),
        ("14:01:00 x", BERLIN, "2026-11-26T13:01:00"),
        ("1795774530", BERLIN, "2026-11-27T10:15:30"),
        ("11-28 12:00:00.000 x", UTC, "2026-11-28T12:00:00"),
        ("11-28 12:00:01.000 x", UTC, "2025-11-28T12:00:01"),
        ("Nov 28 13:00:00 web1", timezone(timedelta(hours=1)), "2026-11-28T12:00:00"),
        ("Nov 28 13:00:01 web1", timezone(timedelta(hours=1)), "2025-11-28T12:00:01"),
        # Clocks are set back at 03:00: 02:30 occurs twice, and the first of them is meant.
        ("2026-10-25 02:30:00", BERLIN, "2026-10-25T00:30:00?"),
        ("2026-10-25 03:00:00", BERLIN, "2026-10-25T02:00:00"),
        ("2026-10-25 02:30:00 CET", BERLIN, "2026-10-25T01:30:00"),
        ("2026-10-25 02:30:00 CEST", BERLIN, "2026-10-25T00:30:00"),
        ("Oct 25 02:30:00 web1", BERLIN, "2026-10-25T00:30:00?"),
        ("2026-11-01 01:30:00", NEW_YORK, "2026-11-01T05:30:00?"),
        ("2026-11-01 01:30:00 EST", NEW_YORK, "2026-11-01T06:30:00"),
        ("2026-10-25 01:30:00 BST", ZoneInfo("Europe/London"), "2026-10-25T00:30:00"),
        # Clocks are set forward at 02:00: 02:30 is what 03:30 is.
        ("2026-03-29 02:30:00", BERLIN, "2026-03-29T01:30:00"),
        ("2026-03-29 03:30:00", BERLIN, "2026-03-29T01:30:00"),
        # Lord Howe Island changes by half an hour, at 02:00.
        ("2026-04-05 01:45:00", ZoneInfo("Australia/Lord_Howe"), "2026-04-04T14:45:00?"),
        # Abbreviations with several meanings.
        ("2026-11-27 15:45:30 IST", UTC, "2026-11-27T10:15:30?"),
        ("2026-11-27 15:45:30 IST", KOLKATA, "2026-11-27T10:15:30"),
        ("2026-11-27 12:15:30 IST", ZoneInfo("Asia/Jerusalem"), "2026-11-27T10:15:30"),
        ("2026-07-27 11:15:30 IST", ZoneInfo("Europe/Dublin"), "2026-07-27T10:15:30"),
        ("2026-11-27 04:15:30 CST", UTC, "2026-11-27T10:15:30?"),
        ("2026-11-27 18:15:30 CST", ZoneInfo("Asia/Shanghai"), "2026-11-27T10:15:30"),
        ("2026-07-27 11:15:30 BST", ZoneInfo("Europe/London"), "2026-07-27T10:15:30"),
        ("Fri Nov 27 18:15:30 CST 2026", ZoneInfo("Asia/Shanghai"), "2026-11-27T10:15:30"),
        # A word that is not known as a zone is one where `date` writes the zone.
        ("Fri Nov 27 10:15:30 XYZ 2026", UTC, "2026-11-27T10:15:30?"),
        ("2026-11-27 10:15:30 XYZ", UTC, "2026-11-27T10:15:30"),
        ("2026-11-27 10:15:30 ERROR", UTC, "2026-11-27T10:15:30"),
        ("2026-11-27 10:15:30 ESTABLISHED", UTC, "2026-11-27T10:15:30"),
        ("2026-11-27 10:15:30 Europe/Nowhere", UTC, "2026-11-27T10:15:30"),
        ("2026-11-27 10:15:30 Europe/Berlin/../x", UTC, "2026-11-27T10:15:30"),
        ("2026-11-27 10:15:30 -2000 items", UTC, "2026-11-27T10:15:30"),
        ("2026-11-27 10:15:30 +15:00", UTC, "2026-11-27T10:15:30"),
    ],
)
def test_zones(text, zone, expected):
    assert found_in(text, zone) == expected


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("2026-11-27 10:15:30 x", ""),
        ("2026-11-27 10:15:30Z", "Z"),
        ("2026-11-27 10:15:30+01:00", "+01:00"),
        ("2026-11-27 10:15:30 +03 x", "+03"),
        ("2026-11-27 10:15:30 CET x", "CET"),
        ("27-Nov-2026 11:15:30 Europe/Berlin] x", "Europe/Berlin"),
        ("1795774530", "Z"),
        ("Fri Nov 27 2026 11:15:30 GMT+0100 (CET)", "GMT+0100"),
    ],
)
def test_the_zone_is_returned_as_it_is_written(text, spelling):
    found = scan_time(text, 0, context())
    assert found is not None
    assert found.zone == spelling


def test_a_date_in_the_future_is_read_the_other_way():
    """On 27 November, 12/11 is yesterday fortnight, not a day in December."""
    assert found_in("12/11/2026 10:15:30 x") == "2026-11-12T10:15:30"
    assert found_in("11/12/2026 10:15:30 x") == "2026-11-12T10:15:30"
    assert found_in("12/11/2025 10:15:30 x") == "2025-12-11T10:15:30"


def test_without_a_database_of_zones_the_zone_of_the_context_stands_in(monkeypatch):
    monkeypatch.setattr(zones, "place", lambda name: None)
    monkeypatch.setattr(zones, "has_places", lambda: False)
    zones._named.cache_clear()
    try:
        for text in (
            "27-Nov-2026 11:15:30 Europe/Berlin] x",
            "2026-11-27T11:15:30[Europe/Berlin] x",
        ):
            found = scan_time(text, 0, context(timezone(timedelta(hours=1))))
            assert found is not None
            assert found.zone == "Europe/Berlin"
            assert (found.ts, found.ambiguous) == (parse_time("2026-11-27T10:15:30Z"), True)
        known = scan_time("2026-11-27T11:15:30+01:00[Europe/Berlin] x", 0, context())
        assert known is not None
        assert (known.ts, known.ambiguous) == (parse_time("2026-11-27T10:15:30Z"), False)
    finally:
        zones._named.cache_clear()


# ── Values in JSON ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-27T10:15:30.123Z",
        " 2026-11-27T10:15:30.123Z ",
        "2026-11-27T11:15:30.123+01",
        "2026-11-27 11:15:30.123 CET",
        "2026-11-27 10:15:30,123+0000",
        "[27/Nov/2026:11:15:30.123 +0100]",
        "Fri Nov 27 2026 11:15:30.123 GMT+0100 (Mitteleuropäische Normalzeit)",
        "11/27/2026 10:15:30.123 AM",
        1795774530.123,
        1795774530123,
        1795774530123456,
        1795774530123456789,
        1795774530123.9,
        "1795774530.123",
        "1795774530.1239999",
        "1795774530123",
        "1795774530123456",
        "1795774530123456789",
        {"$date": "2026-11-27T11:15:30.123+01:00"},
        {"$date": {"$numberLong": "1795774530123"}},
        {"$date": 1795774530123},
        {"seconds": 1795774530, "nanos": 123000000},
        {"seconds": "1795774530", "nanos": 123456789},
        {"_seconds": 1795774530, "_nanoseconds": 123000000},
        {"epochSecond": 1795774530, "nanoOfSecond": 123000000},
        {"secs_since_epoch": 1795774530, "nanos_since_epoch": 123000000},
        {"sec": 1795774530, "usec": 123000},
        [2026, 11, 27, 10, 15, 30, 123000000],
        {"repr": "2026-11-27 11:15:30.123456+01:00", "timestamp": 1795774530.123456},
        {"date": "2026-11-27 11:15:30.123000", "timezone_type": 3, "timezone": "Europe/Berlin"},
        {"date": "2026-11-27 11:15:30.123000", "timezone_type": 1, "timezone": "+01:00"},
        {"__type": "Date", "iso": "2026-11-27T10:15:30.123Z"},
        "/Date(1795774530123)/",
        "2026-11-27T10:15:30.123Z[UTC]",
        "2026-11-27T11:15:30.123+01:00[Europe/Berlin]",
        "2026-11-27T10:15:30.123 Z",
        {"secs": 1795774530, "nanos": 123000000},
        {"unix": 1795774530.123},
        [1795774530, 123000000],
        "20261127101530123",
        "1.795774530123e+09",
        1.795774530123e09,
    ],
)
def test_values_that_are_times(value):
    found = read_time_value(value, context())
    assert found is not None
    assert (found.ts, found.end, found.ambiguous) == (parse_time("2026-11-27T10:15:30.123Z"), 0, False)


def test_other_numbers_and_lists_of_time():
    assert read_time_value("2026-11-27", context(BERLIN)) == FoundTime(parse_time("2026-11-26T23:00:00Z"), 0)
    assert read_time_value("2026-02-30T10:00:00Z", context()) == FoundTime(None, 0, "Z")
    assert read_time_value([2026, 11, 27, 11, 15], context(BERLIN)) == FoundTime(NOON - 105 * 60_000, 0)
    assert read_time_value([2026, 2, 30, 11, 15], context()) == FoundTime(None, 0)
    assert read_time_value({"$timestamp": {"t": 1795774530, "i": 1}}, context()) == FoundTime(
        1795774530000, 0, "Z"
    )
    assert read_time_value({"seconds": 1795774530}, context()) == FoundTime(1795774530000, 0, "Z")
    assert read_time_value(1001001001.001, context()) == FoundTime(1001001001001, 0, "Z")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        5,
        1.5,
        -1795774530,
        float("nan"),
        float("inf"),
        10**4000,
        10**19,
        "",
        "soon",
        "12",
        "2026-11-27T10:15:30Z and more",
        "2026-11-27 10:15:30" + " " * 200 + "x",
        [],
        [1, 2, 3],
        [1, 2],
        [1795774530, -1],
        "[",
        [2026, 11, 27, 10, 15, 30, 123, 4],
        [2026, "x", 27, 10, 15],
        [2026, -11, 27, 10, 15],
        {},
        {"$date": None},
        {"$date": float("nan")},
        {"$date": float("inf")},
        {"seconds": 12, "nanos": 5},
        {"seconds": 12.5},
        {"date": {"date": {"date": {"date": {"date": "2026-11-27T10:15:30Z"}}}}},
    ],
)
def test_values_that_are_not_times(value):
    assert read_time_value(value, context()) is None


# ── Any input ───────────────────────────────────────────────────────────────────────────────────────

ZONES = st.sampled_from(
    [UTC, BERLIN, NEW_YORK, KOLKATA, ZoneInfo("Pacific/Kiritimati"), timezone(-timedelta(hours=9))]
)
REFERENCES = st.integers(0, parse_time("2100-01-01T00:00:00Z"))
NEARLY = st.text(
    st.sampled_from("0123456789-/.:, TZ+[]()@_年月日ANovFriDecCETpmIST\u202f"), min_size=6, max_size=60
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | NEARLY,
    lambda inner: (
        st.lists(inner, max_size=8)
        | st.dictionaries(
            st.sampled_from(
                ["$date", "seconds", "nanos", "sec", "usec", "date", "timezone", "iso", "timestamp"]
            ),
            inner,
        )
    ),
    max_leaves=8,
)


@given(st.text() | NEARLY, st.integers(0, 5), ZONES, REFERENCES)
def test_any_text_is_read(text, start, zone, reference):
    found = scan_time(text, start, Context(reference, zone))
    if found is not None:
        assert start < found.end <= len(text)
        assert found.ts is None or iso(found.ts)


@given(st.sampled_from([form for form, _, _ in FORMS]), st.data(), ZONES)
def test_any_text_near_a_form_is_read(form, data, zone):
    at = data.draw(st.integers(0, len(form)))
    text = form[:at] + data.draw(NEARLY | st.text(max_size=3)) + form[at + data.draw(st.integers(0, 3)) :]
    found = scan_time(text, 0, context(zone))
    assert found is None or found.ts is None or iso(found.ts)


@given(JSON, ZONES)
def test_any_value_is_read(value, zone):
    found = read_time_value(value, context(zone))
    assert found is None or (found.end == 0 and (found.ts is None or iso(found.ts)))


PATTERNS = [
    "%Y-%m-%d %H:%M:%S,%f",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y/%m/%d %I:%M:%S.%f %p",
    "%d/%b/%Y:%H:%M:%S.%f %z",
    "%d %b %Y %H:%M:%S.%f",
    "%d-%b-%Y %H:%M:%S.%f",
    "%a %b %d %H:%M:%S.%f %Y",
    "%a, %d %b %Y %H:%M:%S.%f %z",
    "%b %d, %Y %I:%M:%S.%f %p",
    "%d.%m.%Y %H:%M:%S.%f",
    "%Y%m%d %H:%M:%S.%f",
    "%y%m%d %H:%M:%S",
    "%Y-%m-%d-%H.%M.%S.%f",
]


@given(
    st.datetimes(datetime(2001, 9, 10), datetime(2026, 11, 27)),
    st.sampled_from(PATTERNS),
    st.sampled_from([UTC, timezone(timedelta(hours=1)), timezone(-timedelta(hours=9, minutes=30))]),
)
def test_what_strftime_writes_is_read_back(moment, pattern, zone):
    moment = moment.replace(microsecond=0 if "%f" not in pattern else moment.microsecond // 1000 * 1000)
    aware = moment.replace(tzinfo=zone)
    found = scan_time(aware.strftime(pattern) + " x", 0, context(zone))
    assert found is not None
    assert found.ts == from_datetime(aware)


@given(
    st.datetimes(datetime(2025, 11, 29), datetime(2026, 11, 28)),
    st.sampled_from(["%b %d %H:%M:%S", "%m-%d %H:%M:%S.%f"]),
)
def test_a_time_of_the_last_year_gets_its_year(moment, pattern):
    moment = moment.replace(microsecond=0)
    found = scan_time(moment.strftime(pattern) + " web1 x", 0, context())
    assert found is not None
    assert found.ts == from_datetime(moment)


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)),
    st.sampled_from(["", "Z", "+01:00", " CET", " +0530", " IST", " x", " AM", "[Europe/Berlin]"]),
    ZONES,
)
def test_the_short_way_of_the_usual_form_means_what_the_long_one_does(moment, after, zone):
    text = moment.strftime("%Y-%m-%d %H:%M:%S") + after
    assert scan_time(text, 0, context(zone)) == _year_first(text, 0, context(zone))


@given(st.datetimes(datetime(2025, 11, 29), datetime(2026, 11, 28)), ZONES)
def test_the_short_way_of_syslog_means_what_the_long_one_does(moment, zone):
    text = moment.strftime("%b %d %H:%M:%S")
    assert scan_time(text + " web1", 0, context(zone)) == scan_time(text + " ?", 0, context(zone))


def test_long_lines_are_no_slower():
    hostile = [
        "1" * 1_000_000,
        "2026-11-27 10:15:30." + "1" * 1_000_000,
        "Fri " * 250_000,
        "Nov " * 250_000,
        "2026-11-27 10:15:30 +0100 (" + "x" * 1_000_000,
        "2026-11-27 10:15:30 Europe/" * 40_000,
        "10:" * 300_000,
        "a" * 1_000_000,
    ]
    start = time.perf_counter()
    for text in hostile:
        scan_time(text, 0, context())
        read_time_value(text, context())
    assert time.perf_counter() - start < 1


def test_the_day_is_the_latest_that_is_not_an_hour_ahead():
    midnight = parse_time("2026-11-27T00:10:00Z")
    found = scan_time("23:59:59 x", 0, context(reference=midnight))
    assert found is not None
    assert found.ts == midnight - DAY + 23 * 3_600_000 + 49 * 60_000 + 59_000


def test_a_zone_with_a_small_letter_follows_a_time_of_syslog() -> None:
    reference = parse_time("2026-11-28T00:00:00Z")
    context = Context(reference)
    host, zone = (scan_time(f"Nov 27 10:15:30 {word} up", 0, context) for word in ("LabSZ", "ChST"))
    assert host is not None and (host.zone, host.ts) == ("", parse_time("2026-11-27T10:15:30Z"))
    assert zone is not None and (zone.zone, zone.ts) == ("ChST", parse_time("2026-11-27T00:15:30Z"))
