"""What counts as the same kind of error, measured against the ground truth of real logs."""

from __future__ import annotations

import csv
import time
from collections import defaultdict

import pytest

from logctl.core.fingerprint import fingerprint, template
from tests.unit.test_textlog import LOGHUB


@pytest.mark.skipif(LOGHUB is None, reason="no loghub: set LOGCTL_LOGHUB to a folder with *.truth.csv")
def test_kinds_are_mostly_those_of_the_ground_truth():
    """Grouping accuracy: the share of lines whose group is exactly the true one, averaged over systems."""
    shares = []
    for path in sorted(LOGHUB.glob("*.truth.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found, true = defaultdict(set), defaultdict(set)
        for number, row in enumerate(rows):
            found[fingerprint(row["Content"])].add(number)
            true[row["EventId"]].add(number)
        exact = {frozenset(group) for group in true.values()}
        shares.append(sum(len(group) for group in found.values() if frozenset(group) in exact) / len(rows))
    assert sum(shares) / len(shares) >= 0.85, shares


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('10.0.0.1 "GET /a/b?c=1 HTTP/1.1" status: 500 len: 12', "<*> GET <*> status: <*> len: <*>"),
        ("user=bob tty=ssh uid=0", "user=<*> tty=<*> uid=<*>"),
        ("session closed for user root", "session closed for user <*>"),
        ("Failed password for root from 10.0.0.1 port 22", "Failed password for <*> from <*> port <*>"),
        ("lookup of db-1.eu.example.com failed", "lookup of <*> failed"),
        ("block blk_-1608999687919862906 is gone", "block <*> is gone"),
        ("stored 4.2 KB in 17 ms", "stored <*> in <*>"),
        ("cannot read '/etc/passwd'", "cannot read <*>"),
        ("org.apache.hadoop.Main failed", "org.apache.hadoop.Main failed"),
        ("disk full\nat line 2", "disk full at line <*>"),
    ],
)
def test_what_varies_and_what_stays(message, kind):
    assert template(message) == kind


@pytest.mark.parametrize(
    "piece", ["a.", "a/", "=", "a", "1", '"', "'", "(", "user ", "a@", "a:/", "-", "a1-"]
)
def test_no_message_takes_long(piece):
    start = time.perf_counter()
    fingerprint(piece * 300_000)
    assert time.perf_counter() - start < 1
