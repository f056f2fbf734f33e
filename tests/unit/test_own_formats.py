"""Formats that a user declares in logctl.toml, and settings for files by their path."""

from __future__ import annotations

import json
import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.errors import UsageError
from logctl.core.formats.own_formats import FRONT, check_own, read_own
from logctl.core.formats.reader import read_line
from logctl.core.formats.reading import BAD_TIME, Context, Format, Joins
from logctl.core.formats.strptime_forms import pattern_of
from logctl.core.times import iso, parse_time
from logctl.stack.format_settings import LogSource, source_of
from logctl.stack.settings import Settings
from tests.helpers.commands import told

NOON = parse_time("2026-11-27T12:00:00Z")
CONTEXT = Context(reference=NOON, zone=ZoneInfo("Europe/Berlin"))


def read(line: str, pattern: str, context: Context = CONTEXT, **declared: Any):
    own = Format("shop", "we", pattern, **declared)
    check_own(own)
    found = read_own((own,), line, context)
    if found is None:
        return None
    return found.ts and iso(found.ts), found.level, found.message, found.fields


GROUPS = r"(?P<time>\S+ \S+) \[(?P<thread>[^]]*)\] (?P<level>\w+) (?P<pid>\d+) (?P<message>.*)$"


def test_named_groups_are_the_parts_of_a_record():
    assert read("2026-11-27 10:15:00,250 [main] WARN 17 hello", GROUPS) == (
        "2026-11-27T09:15:00.250Z", "WARN", "hello", {"thread": "main", "pid": 17},
    )  # fmt: skip
    assert read("hello", GROUPS) is None


def test_placeholders_stand_for_any_time_and_any_level():
    for line in ("2026-11-27T09:15:00Z # warn - hello", "[27/Nov/2026:09:15:00 +0000] # WARNING - hello"):
        assert read(line.replace("[", "").replace("]", ""), "<time> # <level> - ") == (
            "2026-11-27T09:15:00.000Z", "WARN", "hello", {},
        )  # fmt: skip
    assert read("2026-11-27T09:15:00Z # lukewarm - hello", "<time> # <level> - ") is None
    assert read("no time # warn - hello", "<time> # <level> - ") is None


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("%Y-%m-%d %H:%M:%S", "2026-11-27 10:15:30", "2026-11-27T09:15:30.000Z"),
        ("%d/%b/%Y %I:%M:%S.%f %p", "27/Nov/2026 10:15:30.123456789 PM", "2026-11-27T21:15:30.123Z"),
        ("%y%m%dT%H%M%S %z", "261127T101530 +0100", "2026-11-27T09:15:30.000Z"),
        ("%Y%j %T %Z", "2026331 10:15:30 Asia/Kolkata", "2026-11-27T04:45:30.000Z"),
        ("%A %d. %B %H:%M", "Freitag 27. November 10:15", "2026-11-27T09:15:00.000Z"),
        ("%d.%m. %H:%M", "30.11. 10:15", "2025-11-30T09:15:00.000Z"),
        ("%H:%M:%S", "10:15:30", "2026-11-27T09:15:30.000Z"),
        ("%H:%M:%S", "23:15:30", "2026-11-26T22:15:30.000Z"),
        ("%s.%f", "1795770930.5", "2026-11-27T09:15:30.500Z"),
        ("100%% %F %R", "100% 2026-11-27 10:15", "2026-11-27T09:15:00.000Z"),
    ],
)
def test_a_time_can_be_given_as_strptime_takes_it(form, text, moment):
    for pattern in ("<time>: ", "(?P<time>.+?): "):
        assert read(f"{text}: hello", pattern, time=form) == (moment, "UNKNOWN", "hello", {})


@pytest.mark.parametrize("text", ["2026-02-30 10:15:30", "2026-11-27 25:15:30", "yesterday at ten"])
def test_a_time_that_does_not_exist_is_flagged(text):
    own = Format("shop", "we", "(?P<time>.+?): ", time="%Y-%m-%d %H:%M:%S")
    found = read_own((own,), f"{text}: hello", CONTEXT)
    assert found is not None
    assert (found.ts, found.flags, found.message) == (None, (BAD_TIME,), "hello")


def test_the_formats_own_words_are_levels():
    levels = {"E": "ERROR", "chatty": "DEBUG"}
    assert read("E hello", r"(?P<level>\w+) ", levels=levels)[1] == "ERROR"
    assert read("Chatty hello", "<level> ", levels=levels)[1] == "DEBUG"


def test_a_long_line_is_matched_in_part_and_kept_as_a_whole():
    line = "2026-11-27 10:15:00 [main] WARN 17 " + "x" * 5_000
    assert read(line, GROUPS)[2] == "x" * 5_000
    assert read("E " + "y" * 5_000, r"(?P<level>\w) ", levels={"E": "ERROR"})[2] == "y" * 5_000


def test_it_goes_before_layers_and_known_formats():
    own = (Format("ours", "we", r"(?P<ours>\S+) <time> "),)
    line = "web-1 2026-11-27T10:15:30Z ERROR boom"
    assert read_line(line, Context(NOON, formats=own)).format == "ours"
    within = '{"log":"web-1 2026-11-27T10:15:30Z boom\\n","stream":"stdout","time":"2026-11-27T10:15:31Z"}'
    assert read_line(within, Context(NOON, formats=own)).format == "ours"
    assert read_line(line, Context(NOON, formats=own, only="spring boot")).format != "ours"


@given(st.text(), st.sampled_from([GROUPS, "<time> <level> ", "(?P<time>.*) x", "(?P<level>.*)"]))
def test_no_line_is_an_error(line, pattern):
    read_own((Format("f", "we", pattern),), line, CONTEXT)
    read_own((Format("f", "we", pattern, time="%d.%m. %H:%M:%S"),), line, CONTEXT)


# ── logctl.toml ─────────────────────────────────────────────────────────────────────────────────────


def settings(**values: Any) -> Settings:
    return Settings.build(("logctl.toml", values))


FORMAT = {"name": "shop", "pattern": "<time> <level> "}


def test_a_format_of_the_file():
    (own,) = settings(formats=[{**FORMAT, "levels": {"E": "error"}, "multiline": "until head"}]).formats
    assert (own.name, own.head, own.levels, own.joins) == (
        "shop", "<time> <level> ", {"E": "ERROR"}, Joins.UNTIL_HEAD,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([{"pattern": "x"}], "number 1 needs a name"),
        ([{"name": "shop"}], "shop needs a pattern"),
        ([{**FORMAT, "patern": "x"}], "shop has no 'patern'; did you mean pattern?"),
        ([{**FORMAT, "pattern": "(x"}], "shop: pattern is not a regular expression: missing )"),
        ([{**FORMAT, "pattern": "<time> <time>"}], "<time> is in it twice"),
        ([{**FORMAT, "pattern": "x*"}], "shop: pattern matches an empty line"),
        ([{**FORMAT, "time": "%Q"}], "shop: time: %Q is not one of %Y"),
        ([{**FORMAT, "time": "%Y-%m-%d"}], "shop: time: it has no hour"),
        ([{**FORMAT, "time": "%H %H"}], "shop: time: %H is in it twice"),
        (
            [{**FORMAT, "pattern": "x ", "time": "%H:%M"}],
            "shop: time is given, but pattern has no group time",
        ),
        ([{**FORMAT, "levels": {"E": "LOUD"}}], "shop: levels: 'LOUD' is not one of TRACE"),
        ([{**FORMAT, "multiline": "yes"}], "shop: multiline: 'yes' is not one of traces, until head, none"),
        ([{**FORMAT, "example": "hello"}], "shop: pattern does not match the example 'hello'"),
        (
            [{"name": "x", "pattern": "(?P<time>.*): ", "example": "soon: x"}],
            "x: no time is found in the example",
        ),
        ([FORMAT, FORMAT], "two formats are named 'shop'"),
        ([{**FORMAT, "name": "spring boot"}], "'spring boot' is the name of a known format"),
        ([{**FORMAT, "name": "auto"}], "'auto' is the name of a known format"),
        ([{**FORMAT, "pattern": 5}], "shop: pattern must be text in quotes"),
        ("shop", "it must be tables in logctl.toml, each begun with [[formats]]"),
    ],
)
def test_a_declaration_that_is_wrong_is_one_sentence(given, words):
    with pytest.raises(UsageError) as refused:
        settings(formats=given)
    assert refused.value.message.startswith("logctl.toml: formats: ")
    assert words in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(?:\S+\s*)+: x", r"(.*)(.*)(.*)(.*)(.*)(.*)x", r"(a|a)*b", r"(?:\w\w?)*!"]
)
def test_a_pattern_with_which_a_line_could_take_minutes_is_refused(pattern):
    started = time.thread_time()
    with pytest.raises(UsageError, match="pattern is too slow"):
        settings(formats=[{"name": "slow", "pattern": pattern}])
    assert time.thread_time() - started < 10


@pytest.mark.parametrize(
    "pattern", [GROUPS, r"<time> (?:\[(?P<a>[^]]*)\] )*<level> ", r"(?P<a>.*?) (?P<b>.*?) - "]
)
def test_a_pattern_as_people_write_them_is_not(pattern):
    assert settings(formats=[{"name": "fast", "pattern": pattern}]).formats
    line = ("[a] " * FRONT)[:FRONT]
    started = time.thread_time()
    read_own((Format("f", "we", pattern),), line, CONTEXT)
    assert time.thread_time() - started < 0.2


def test_every_directive_has_a_pattern():
    for form in ("%Y%m%d%H%M%S%f%z", "%y %b %e %I %p %M", "%s", "%a %A %B %d %H"):
        assert pattern_of(form)


# ── Sources ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_source_that_matches_a_path_applies():
    sources = settings(
        sources=[
            {"path": "/var/log/nginx/*.log", "app": "web"},
            {"path": "nginx/*", "timezone": "Asia/Kolkata", "format": "json"},
        ]
    ).sources
    assert source_of(sources, "/var/log/nginx/access.log") == LogSource("/var/log/nginx/*.log", app="web")
    assert source_of(sources, "/srv/nginx/access.log") is sources[1]
    assert source_of(sources, "/var/log/other/nginx.log") is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([{"app": "x"}], "number 1 needs a path"),
        ([{"path": "*.log", "ap": "x"}], "*.log has no 'ap'; did you mean app?"),
        ([{"path": "*.log", "app": "No App"}], "'No App' cannot name an app"),
        ([{"path": "*.log", "timezone": "Berlin"}], "*.log: timezone: 'Berlin' is not a time zone"),
        ([{"path": "*.log", "app_from": "sky"}], "app_from: 'sky' is not one of path, field"),
        ([{"path": "*.log", "app": "x", "app_from": "path"}], "app and app_from exclude each other"),
    ],
)
def test_a_source_that_is_wrong_is_one_sentence(given, words):
    with pytest.raises(UsageError) as refused:
        settings(sources=given)
    assert words in refused.value.message


def test_send_applies_the_settings_of_a_source(logctl, tmp_path):
    (tmp_path / "logctl.toml").write_text(
        '[[formats]]\nname = "shop"\npattern = \'<time> !(?P<level>\\w)! \'\nlevels = { E = "ERROR" }\n'
        '[[sources]]\npath = "shop/*.log"\ntimezone = "America/New_York"\nformat = "shop"\napp = "shop"\n'
    )
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.log").write_text("2026-11-27 10:15:00 !E! boom\n")
    done = logctl("send", "--dry-run", "shop/a.log", "-o", "json")
    assert done.returncode == 0, done.err
    row = json.loads(done.out)
    assert row["appid"] == "shop"


def test_a_source_with_an_unknown_format_is_refused(logctl, tmp_path):
    (tmp_path / "logctl.toml").write_text('[[sources]]\npath = "*.log"\nformat = "nope"\n')
    done = logctl("send", "--dry-run", "x.log")
    assert (told(done), done.returncode) == ("logctl: There is no format 'nope'.", 2)
