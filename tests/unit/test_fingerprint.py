"""What counts as the same kind of error, measured against the ground truth of real logs."""

from __future__ import annotations

import csv
import inspect
import re
import time
from pathlib import Path

import pytest

from bench.fingerprint import accuracy
from bench.loghub import loghub
from logctl.core.fingerprint import _MASKS, fingerprint, template


@pytest.mark.skipif(loghub() is None, reason="no loghub: set LOGCTL_LOGHUB to a folder with *.truth.csv")
def test_kinds_are_mostly_those_of_the_ground_truth():
    """As `python -m bench fingerprint` measures it, averaged over systems; a worse rule shows here."""
    shares = {}
    for path in sorted(loghub().glob("*.truth.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found = [fingerprint(row["Content"]) for row in rows]
        shares[path.name] = accuracy(found, [row["EventId"] for row in rows])
    assert sum(shares.values()) / len(shares) >= 0.95, shares


def test_accuracy_counts_only_groups_that_are_exactly_right():
    assert accuracy("aabbc", "xxyyz") == 1.0
    assert accuracy("aabbb", "xxyyz") == 0.4
    assert accuracy("aabcd", "xxyyz") == 0.6


def test_no_rule_names_a_system():
    source = Path(inspect.getfile(fingerprint)).read_text("utf-8")
    rules = source[source.index("_MASKS =") :]
    systems = [
        "Android",
        "Apache",
        "BGL",
        "Hadoop",
        "HDFS",
        "HealthApp",
        "HPC",
        "Linux",
        "Mac",
        "OpenSSH",
        "OpenStack",
        "Proxifier",
        "Spark",
        "Thunderbird",
        "Windows",
        "Zookeeper",
        "sshd",
        "blk",
        "datanode",
        "nova",
        "tencent",
    ]
    assert [name for name in systems if re.search(rf"\b{name}", rules, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("close, 0 bytes sent, lifetime <1 sec", "close, 1293 bytes sent, lifetime 00:17"),
        ("request from 00:11:43:e3:ba:c3 via eth1", "request from fe:ab:cd:ef:aa:bb via eth0"),
        ("cannot reach 2607:f8b0:4009:801::200e", "cannot reach fe80:ab:cd::1"),
        (
            "task a1b2c3d4-e5f6-7890-abcd-ef0123456789 failed",
            "task abcdefab-cdef-abcd-abcd-efabcdefabcd failed",
        ),
        ("bad pointer 003a90fc", "bad pointer deadbeef"),
        ("no package app~amd64~en-US~6.1.2, state: 1", "no package app_7~x86~~6.2, state: 9"),
        ("lock=7, tag=x, source=null, uid=1", "lock=8, tag=y, source=Work{10113 a.b}, uid=2"),
        ("ready = false, tries 3", "ready = true, tries 4"),
        ("setEnabled(true)", "setEnabled(false)"),
        (r"cannot load C:\Windows\a.dll", r"cannot load D:\x\y\b.dll"),
        ("clock went back -5 ms", "clock went back 3 s"),
        ("exit code 5.", "exit code 77."),
    ],
)
def test_one_kind(one, other):
    assert template(one) == template(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x is null", "x is empty"),
        ("returned false", "returned nothing"),
        ("Driver43xx::sync: failed", "Driver43xx::power: failed"),
        ("read failed: no such file", "read failed: permission denied"),
        ("error E123: cannot find name", "error E456: too many arguments"),
    ],
)
def test_two_kinds(one, other):
    assert template(one) != template(other)


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
    "piece",
    [
        "a.",
        "a/",
        "=",
        "a",
        "1",
        '"',
        "'",
        "(",
        "user ",
        "a@",
        "a:/",
        "-",
        "a1-",
        "~",
        "<",
        "ab:",
        "a1:",
        "x={",
        "=true",
        "C:\\",
        "deadbeef-",
    ],
)
def test_no_message_takes_long(piece):
    start = time.perf_counter()
    fingerprint(piece * 300_000)
    assert time.perf_counter() - start < 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["~", "-", "_", "a", "a-", "$", "é", "a.", "a/", "a@", "0", "<", "<a", "+1", "~-$", "a:", "=("]
)
def test_a_hostile_text_costs_little_more_than_a_longer_one(piece):
    """Ten times the text is ten times the work; fifty leaves room for a busy machine, and what is quadratic
    takes a hundred."""

    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        times = []
        for _ in range(3):
            begun = time.process_time()
            for mask, replacement in _MASKS:
                mask.sub(replacement, text)
            times.append(time.process_time() - begun)
        return min(times)

    assert seconds(100_000) < 50 * seconds(10_000) + 0.05
