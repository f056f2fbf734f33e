"""Syslog of real hosts, with its ground truth: skipped where loghub is not there (see bench/loghub.py)."""

from __future__ import annotations

import csv

import pytest

from bench.loghub import loghub
from logctl.core.formats.reading import Context
from logctl.core.times import parse_time, to_datetime
from tests.helpers.joined_lines import join_lines

FOLDER = loghub()
CONTEXT = Context(reference=parse_time("2026-11-27T12:00:00Z"))


@pytest.mark.skipif(FOLDER is None, reason="needs loghub: set LOGCTL_LOGHUB")
@pytest.mark.parametrize("system", ["Linux", "OpenSSH"])
def test_times_and_messages_of_real_hosts(system):
    assert FOLDER is not None
    with (FOLDER / f"{system}.truth.csv").open(encoding="utf-8", newline="") as rows:
        truth = list(csv.DictReader(rows))
    lines = (FOLDER / f"{system}.log").read_text("utf-8").splitlines()
    found = [joined.reading for joined in join_lines(lines, CONTEXT)]
    assert len(found) == len(truth) == len(lines)
    times = messages = 0
    for reading, row in zip(found, truth, strict=True):
        time = f"{row.get('Month') or 'Dec'} {row.get('Day') or row['Date']} {row['Time']}"
        times += reading.ts is not None and f"{to_datetime(reading.ts):%b %-d %H:%M:%S}" == time
        messages += reading.message.strip() == row["Content"].strip()
    assert times >= 0.99 * len(truth)
    assert messages >= 0.95 * len(truth)
