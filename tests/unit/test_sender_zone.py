"""The zone of times that do not say theirs: TZ in all its forms, the machine's, and what a person chooses."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from logctl.core.errors import UsageError
from logctl.ops.send.sender_zone import SenderZone, sender_zone

# Every 41 days from 2023 to 2027, at changing hours.
MOMENTS = range(1_700_000_000, 1_810_000_000, 997 * 3600)
LOCAL = f"import time\nfor t in {MOMENTS!r}: print(time.strftime('%Y-%m-%dT%H:%M:%S', time.localtime(t)))"


@pytest.mark.parametrize(
    "text",
    [
        "America/New_York", ":Asia/Kolkata", "Pacific/Chatham", "", "UTC", "UTC0", "EST5EDT", "JST-9",
        "CET-1CEST", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30", "/usr/share/zoneinfo/Europe/Berlin",
    ],
)  # fmt: skip
def test_tz_means_what_it_means_to_programs_that_write_local_times(text):
    done = subprocess.run([sys.executable, "-c", LOCAL], env={"TZ": text}, capture_output=True, text=True)
    found = sender_zone({"TZ": text})
    mine = [datetime.fromtimestamp(moment, found.zone).strftime("%Y-%m-%dT%H:%M:%S") for moment in MOMENTS]
    assert mine == done.stdout.split()
    assert found.origin == "TZ"


@pytest.mark.parametrize(
    "text", ["Mars/Phobos", "europe/berlin", "/nowhere", "../UTC", "America", "\x00", "+1"]
)
def test_a_tz_that_is_none_is_an_error_that_says_what_to_do(text):
    with pytest.raises(UsageError) as refused:
        sender_zone({"TZ": text})
    assert refused.value.message == f"TZ is {text!r}, which is not a time zone."
    assert "--timezone Europe/Berlin" in refused.value.hint


def test_without_tz_it_is_the_machines_zone(monkeypatch):
    monkeypatch.delenv("TZ", raising=False)  # tzlocal looks at it, too
    found = sender_zone({})
    assert found.origin == "this machine"
    local = subprocess.run([sys.executable, "-c", LOCAL], env={}, capture_output=True, text=True)
    mine = [datetime.fromtimestamp(moment, found.zone).strftime("%Y-%m-%dT%H:%M:%S") for moment in MOMENTS]
    assert mine == local.stdout.split()


def test_a_zone_is_named_with_its_origin():
    assert str(SenderZone(ZoneInfo("Europe/Berlin"), "TZ")) == "Europe/Berlin (from TZ)"
    assert (
        str(SenderZone(timezone(-timedelta(hours=3, minutes=30)), "--timezone")) == "-03:30 (from --timezone)"
    )
    assert sender_zone({"TZ": "CET-1CEST"}).name == "CET-1CEST"
