"""Ordinary JSON objects are read by a plan, to the same result as by the careful reader."""

import json
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core import strictjson
from logctl.core.formats import objects, plain_objects
from logctl.core.formats.events import events_of
from logctl.core.formats.object_keys import ROLES
from logctl.core.formats.object_layers import unwrap_object
from logctl.core.formats.plain_objects import read_plain
from logctl.core.formats.reader import read_within
from logctl.core.formats.reading import Context
from logctl.core.times import parse_time

NOON = parse_time("2026-11-27T12:00:00Z")
CASES = Path(__file__).parent.parent / "cases" / "json_objects.jsonl"
NAMES = st.sampled_from(
    (
        *("time", "level", "msg", "message", "ts", "timestamp", "service", "severity", "trace_id", "logger"),
        *("Timestamp", "LEVEL", "Message", "date", "status", "http", "error", "data", "log", "podName", "s"),
        *("priority", "events", "Records", "@timestamp", "@message", "labels", "version", "host", "pid"),
        *(
            "hostname",
            "levelname",
            "customer",
            "appid",
            "logctl.raw",
            "timestampSeconds",
            "@t",
            "@mt",
            "kind",
        ),
    )
) | st.sampled_from(sorted(ROLES))
SCALARS = st.sampled_from(
    (
        *(
            "2026-11-27T10:15:30.123Z",
            "2026-11-27T10:15:30+01:00",
            "2026-11-27 10:15:30",
            "2026-02-30T10:00:00Z",
        ),
        *(
            "2026-11-27T24:00:00Z",
            "2026-11-27T10:15:30,5Z",
            "1795774530",
            "Nov 27 10:15:30",
            "1970-01-01T00:00:00Z",
        ),
        *("2026-11-27T10:15:30.1234567890Z", "2026-10-25 02:30:00", "2026-11-27T10:15:30+99:00", "10:15:30"),
        *("info", "ERROR", "warn", "fatal", "30", "nonsense", "emerg", "placed", "placed\r\n", "", "\n", " "),
        *("\x1b[31mred\x1b[0m", '{"a": 1}', "{}", "2026-11-27 10:15:30 ERROR boom", "1.0", "shop", "Warning"),
        *(1795774530, 1795774530.25, 1795774530123, 30, 3, 6, 200, 0, 7, 20, True, None, 0.5, 10**30),
    )
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(NAMES, SCALARS, max_size=3)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=7)
USUAL = st.fixed_dictionaries(
    {
        "time": st.sampled_from(("2026-11-27T10:15:30.123Z", "2026-11-27 10:15:30", 1795774530.5, "soon")),
        "level": st.sampled_from(("info", "ERROR", 30, 6, "odd", None)),
        "msg": st.sampled_from(("placed", "a\n", "", '{"level": "error"}', 5)),
    }
)


@given(
    OBJECTS | st.builds(lambda one, two: {**one, **two}, USUAL, OBJECTS),
    st.sampled_from((UTC, "Europe/Berlin")),
)
def test_a_plan_gives_what_the_careful_reader_gives(value, zone):
    context = Context(NOON, zone if zone is UTC else ZoneInfo(zone))
    quick = read_plain(dict(value), context)
    if quick is None:
        return
    assert events_of(value) is None
    assert unwrap_object(value, context) is None
    taken, quick.taken = quick.taken, None
    assert quick == objects.read_object(value, context, read_within)
    assert list(quick.fields) == [name for name in value if name not in {name for _, name in taken}]
    assert [name for _, name in taken] == [list(value)[index] for index, _ in taken]


@pytest.mark.parametrize(
    "value",
    [
        {"time": "2026-11-27T10:15:30.123Z", "level": "INFO", "msg": "placed", "trace_id": "ab", "n": 1},
        {
            "timestamp": "2026-11-27T10:15:30+01:00",
            "level": "info",
            "message": "placed",
            "http": {"status": 200},
        },
        {"level": 30, "time": 1795774530123, "pid": 1, "hostname": "web-1", "msg": "placed"},
        {"level": "info", "ts": 1795774530.25, "caller": "shop/main.go:12", "msg": "placed"},
        {"asctime": "2026-11-27 10:15:30,123", "levelname": "INFO", "message": "placed", "name": "shop"},
        {
            "@timestamp": "2026-11-27T10:15:30.123Z",
            "log.level": "INFO",
            "message": "placed",
            "ecs.version": "1.2",
        },
        {"severity": "INFO", "message": "placed"},
        {"msg": "placed"},
    ],
)
def test_what_loggers_write_is_read_by_a_plan(value):
    quick = read_plain(value, Context(NOON))
    assert quick is not None
    assert quick.message == "placed"


def test_plans_take_little_memory():
    for number in range(3 * plain_objects._MOST_PLANS):
        read_plain({f"name{number}": 1, "msg": "x"}, Context(NOON))
    assert len(plain_objects._PLANS) <= plain_objects._MOST_PLANS
    before = len(plain_objects._PLANS)
    assert read_plain({"x" * 1000: 1, "msg": "x"}, Context(NOON)) is None
    assert read_plain({**{str(number): 1 for number in range(100)}, "msg": "x"}, Context(NOON)) is None
    assert len(plain_objects._PLANS) == before


def test_every_known_object_is_read_as_the_careful_reader_reads_it():
    read = 0
    for line in CASES.read_text(encoding="utf-8").splitlines():
        value, malformed = strictjson.loads_leniently(json.loads(line)["object"])
        quick = None if malformed else read_plain(value, Context(NOON))
        if quick is not None:
            quick.taken, read = None, read + 1
            assert quick == objects.read_object(value, Context(NOON), read_within)
    assert read > 20
