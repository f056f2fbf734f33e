"""Reading single lines: what layers and the lines in them say together, and that no line takes long or fails."""

from __future__ import annotations

import json
import time
from datetime import timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from logctl.core.formats.ansi import strip_codes
from logctl.core.formats.reader import MOST_LAYERS, read_line, read_value
from logctl.core.formats.reading import BAD_TIME, MALFORMED_JSON, Context, Format
from logctl.core.times import iso, parse_time
from tests.helpers.layer_lines import AT, LAYERS

CONTEXT = Context(reference=parse_time("2026-11-27T12:00:00Z"))


def read(line, context=CONTEXT):
    found = read_line(line, context)
    return (None if found.ts is None else iso(found.ts), found.level, found.message)


# ── Control codes ───────────────────────────────────────────────────────────────────────────────────

CODES = [
    ("\x1b[31mERROR\x1b[0m x", "ERROR x"),
    ("\x1b[38;5;208mx\x1b[39;49m\x1b[1;31my\x1b[m", "xy"),
    ("\x1b[38:2::255:0:0mx\x1b[0K", "x"),
    ("\x1b]8;;https://a.b/c\x1b\\link\x1b]8;;\x1b\\ y", "link y"),
    ("\x1b]8;;https://a.b/c\x07link\x1b]8;;\x07", "link"),
    ("\x1b]0;title\x07x", "x"),
    ("\x1bPq#0;2;0;0;0\x1b\\x", "x"),
    ("\x1b(B\x1b[mx\x1b7\x1b8\x1b=\x1b>", "x"),
    ("\x1b[2K\r\x1b[1Gx", "x"),
    ("\x1b]0;no end", "0;no end"),
    ("x\x1b", "x"),
    ("#033[31mERROR#033[0m x", "ERROR x"),
    ("^[[31mERROR^[[0m x", "ERROR x"),
    ("\\u001b[31mERROR\\x1b[0m \\033[1mx\\e[0m", "ERROR x"),
    ('"\\\\u001b[31mERROR"', '"ERROR"'),
    ("[31mERROR[0m rate(x[5m])", "ERROR rate(x[5m])"),
    ("rate(x[5m]) > 0", "rate(x[5m]) > 0"),
    ("[0m", ""),
    ("\x00\x00\x00x\x00", "x"),
    ("\ufeffx", "x"),
    ("\rx\r", "x"),
    ("pull\r 50%\r100%", "pull\r 50%\r100%"),
    ("a #033 b ^[ c [31 d", "a #033 b ^[ c [31 d"),
]


@pytest.mark.parametrize(("line", "text"), CODES)
def test_control_codes_are_removed(line, text):
    assert strip_codes(line) == text


@given(st.text(alphabet="\x1b[]0;mK\\\x07^#3PX(ab \r\x00", max_size=60))
def test_removing_control_codes_leaves_none(line):
    assert "\x1b" not in strip_codes(line)


# ── What layers and lines say together ──────────────────────────────────────────────────────────────

NEW_YORK = Context(CONTEXT.reference, timezone(timedelta(hours=-5)))
TOGETHER = [
    # The time of the program is used, if it is near that of the layer …
    (f"{AT}.500Z stdout F {AT}.123Z ERROR x", f"{AT}.123Z", "ERROR", "x"),
    (f"{AT}.500Z stdout F 2026-11-27 10:15:30,123 ERROR x", f"{AT}.123Z", "ERROR", "x"),
    (f"{AT}.500Z stdout F 2026-11-27 10:12:30,123 ERROR x", "2026-11-27T10:12:30.123Z", "ERROR", "x"),
    (f"{AT}.500Z stdout F 2026-11-27T11:15:30.123+01:00 ERROR x", f"{AT}.123Z", "ERROR", "x"),
    # … the layer's, if they differ by a multiple of half an hour, or by days, or the program's does not exist …
    (f"{AT}.500Z stdout F 2026-11-27 11:15:30,123 ERROR x", f"{AT}.500Z", "ERROR", "x"),
    (f"{AT}.500Z stdout F 2026-11-27 15:45:29,123 ERROR x", f"{AT}.500Z", "ERROR", "x"),
    (f"{AT}.500Z stdout F 2026-11-26 22:15:30,123 ERROR x", f"{AT}.500Z", "ERROR", "x"),
    (f"{AT}.500Z stdout F 1970-01-01 00:00:07,123 ERROR x", f"{AT}.500Z", "ERROR", "x"),
    (f"{AT}.500Z stdout F 2020-11-27T10:15:30Z ERROR x", f"{AT}.500Z", "ERROR", "x"),
    (f"{AT}.500Z stdout F 2026-02-30 10:15:30 ERROR x", f"{AT}.500Z", "ERROR", "x"),
    # … and its date, if the program writes none.
    ("2020-02-29T23:59:59.500Z stdout F 23:59:59.123 ERROR x", "2020-02-29T23:59:59.123Z", "ERROR", "x"),
    ("2020-03-01T00:00:00.500Z stdout F 23:59:59.123 ERROR x", "2020-02-29T23:59:59.123Z", "ERROR", "x"),
    # The level of the program goes before that of syslog.
    ("<14>Nov 27 10:15:30 web1 shop[812]: [error] x", f"{AT}.000Z", "ERROR", "x"),
    ("<11>Nov 27 10:15:30 web1 shop[812]: x", f"{AT}.000Z", "ERROR", "x"),
    ('<14>Nov 27 10:15:30 web1 shop[812]: {"level":"error","msg":"x"}', f"{AT}.000Z", "ERROR", "x"),
    ("Nov 27 10:15:30 web1 shop[812]: time=2026-11-27T10:15:30.123Z level=error msg=x", f"{AT}.123Z", "ERROR", "x"),
    # What programs write to syslog is their message.
    ("Nov 27 10:15:30 web1 shop[812]: error: x", f"{AT}.000Z", "ERROR", "error: x"),
    ("Nov 27 10:15:30 mac sharingd[812]: 10:15:29.995 : x", f"{AT}.000Z", "UNKNOWN", "10:15:29.995 : x"),
    (
        "Nov 27 10:15:30 lb1 haproxy[1]: 10.0.0.9:33317 [27/Nov/2026:10:15:29.655] http-in static/srv1 "
        '10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET /i HTTP/1.1"',
        f"{AT}.000Z",
        "UNKNOWN",
        'http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET /i HTTP/1.1"',
    ),
    (
        json.dumps({"log": '{"level":"error","msg":"x","time":"2026-11-27T10:15:30.123Z"}\n',
                    "stream": "stdout", "time": f"{AT}.5Z"}),
        f"{AT}.123Z",
        "ERROR",
        "x",
    ),
    (f"{AT}.1234567Z ##[error]fatal: not found", f"{AT}.123Z", "ERROR", "not found"),
    (f"{AT}.1234567Z ##[group]ERROR x", f"{AT}.123Z", "ERROR", "x"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "time", "level", "message"), TOGETHER)
def test_layers_and_lines_together(line, time, level, message):
    assert read(line) == (time, level, message)


def test_a_time_without_zone_is_in_the_zone_of_the_host():
    assert read("Nov 27 05:15:30 web1 shop[812]: x", NEW_YORK)[0] == f"{AT}.000Z"
    # A container's clock is on UTC even if its host's is not.
    assert read(f"{AT}.500Z stdout F 2026-11-27 10:15:30,123 ERROR x", NEW_YORK)[0] == f"{AT}.500Z"


def test_a_time_before_a_line_can_be_its_own():
    dashes = read_line(f"{AT}.123456+00:00 - shop.orders - ERROR - payment failed", CONTEXT)
    assert (dashes.layers, dashes.level, dashes.message) == ((), "ERROR", "payment failed")
    assert read_line(f"{AT}.123456+00:00 payment failed", CONTEXT).layers == ("timestamps",)
    assert read_line(f"{AT}.1234567Z ##[debug]payment failed", CONTEXT).layers == ("ci",)
    klog = read_line(f"{AT}.123456789Z E1127 10:15:30.120000       1 x.go:5] payment failed", CONTEXT)
    assert (klog.level, klog.message) == ("ERROR", "payment failed")


def test_facts_of_the_layers_are_fields():
    line = f'[pod/shop-7d9c/api] {AT}.5Z {{"level":"error","msg":"x","pod":"inner","user":"ann"}}'
    found = read_line(line, CONTEXT)
    assert found.fields == {"pod": "inner", "container": "api", "user": "ann"}
    assert (found.app, found.stream, found.layers) == ("api", "shop-7d9c/api", ("kubectl", "timestamps"))


def test_parts_of_lines():
    assert read_line(f"{AT}.5Z stdout P x", CONTEXT).partial
    assert not read_line(f"{AT}.5Z stdout F x", CONTEXT).partial
    docker = {"log": "x", "stream": "stdout", "time": f"{AT}.5Z"}
    assert read_value(docker, CONTEXT).partial
    assert not read_value({**docker, "log": "x\n"}, CONTEXT).partial
    assert not read_value({"log": "x", "kubernetes": {}}, CONTEXT).partial


@pytest.mark.parametrize(
    ("line", "begins"),
    [
        ("Nov 27 10:15:30 web1 shop[812]: x", True),
        ("Nov 27 10:15:30 web1 lvm[812]:   2 volumes", True),
        ("Nov 27 10:15:30 web1 kernel:      [<ffffffff>] x", True),
        ("Nov 27 10:15:30 web1 sudo:      ann : TTY=pts/0", True),
        ("Nov 27 10:15:30 web1 shop[812]: \tat a.B.c(B.java:1)", False),
        ('Nov 27 10:15:30 web1 shop[812]:   File "/x.py", line 9, in f', False),
        ("Nov 27 10:15:30 web1 shop[812]:     raise X", True),
        ("Nov 27 10:15:30 web1 vault[732]:              Api Address: http://127.0.0.1:8200", True),
        ("Nov 27 10:15:30 web1 shop[812]:     at 5 o'clock", True),
        ("web-1  | x", False),
        ("web-1  | 2026-11-27 10:15:30 ERROR x", True),
        (f"{AT}.5Z stdout F \tat a.B.c(B.java:1)", False),
    ],
)
def test_which_lines_begin_records(line, begins):
    assert read_line(line, CONTEXT).begins is begins


def test_a_time_that_does_not_exist_is_flagged():
    assert read_line("Feb 30 10:15:30 web1 shop[812]: x", CONTEXT).flags == (BAD_TIME,)
    assert read_line(f"{AT}.5Z stdout F 2026-02-30 10:15:30 ERROR x", CONTEXT).flags == ()


def test_nearly_json_is_flagged():
    found = read_line(f'{{"time":"{AT}Z","level":"error","msg":"x","msg":"y"}}', CONTEXT)
    assert (found.flags, found.level) == ((MALFORMED_JSON,), "ERROR")
    assert read_line("{brace} and text", CONTEXT).flags == ()


def test_a_declared_format_goes_before_layers():
    own = Format("own", "x", r"web-1\ \ \|\ <level>\ ")
    found = read_line("web-1  | ERROR x", Context(CONTEXT.reference, formats=(own,)))
    assert (found.format, found.layers, found.message) == ("own", (), "x")


# ── Any line ────────────────────────────────────────────────────────────────────────────────────────

WRAPPERS = {
    "cri": f"{AT}.123456789Z stdout F %s",
    "timestamps": f"{AT}.123456789Z %s",
    "docker compose": "web-1  | %s",
    "docker service": "shop.1.w8bsrsu0gy1y@node1    | %s",
    "kubectl": "[pod/shop-7d9c8b6f5-x2k4q/api] %s",
    "stern": "shop-7d9c8b6f5-x2k4q api %s",
    "kail": "default/shop-7d9c8b6f5-x2k4q[api]: %s",
    "kubetail": "[shop-7d9c8b6f5-x2k4q] %s",
    "procfile": "10:15:30 web.1  | %s",
    "pm2": "0|shop  | %s",
    "supervisor": "shop stdout | %s",
    "tai64n": "@400000006b0958c2075bca00 %s",
    "heroku": f"{AT}.123456+00:00 app[web.1]: %s",
    "cloud foundry": f"   {AT}.12+0100 [APP/PROC/WEB/0] OUT %s",
    "fly": f"{AT}Z app[e784079c] fra [info] %s",
    "ci": f"{AT}.1234567Z %s",
    "gitlab": f"{AT}.123456Z 00O %s",
    "aws logs": f"{AT}.123000+00:00 2026/11/27/[$LATEST]8b1f %s",
    "loki": f'{AT}Z {{app="shop"}} %s',
    "syslog": "Nov 27 10:15:30 web1 shop[812]: %s",
    "syslog 5424": f"<165>1 {AT}.003Z web1 shop 812 - - %s",
}
NOTHING_BUT_TIMES = ("timestamps", "ci")
"""The time can belong to the program's own format as well."""
LINES = [
    "payment failed",
    "ERROR payment failed",
    "2026-11-27 10:15:30,123 ERROR [main] c.a.Shop - payment failed",
    "[2026-11-27 10:15:30] production.ERROR: payment failed",
    '{"level":"error","time":"2026-11-27T10:15:30.123Z","msg":"payment failed"}',
    'time="2026-11-27T10:15:30Z" level=error msg="payment failed"',
    "E1127 10:15:30.120000       1 reflector.go:55] failed to list",
    '10.0.0.9 - - [27/Nov/2026:10:15:30 +0000] "GET /x HTTP/1.1" 500 12 "-" "curl/8"',
    "\tat com.acme.Shop.x(Shop.java:9)",
    '  File "/x.py", line 9, in f',
    "Caused by: java.io.IOException: y",
]


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("line", LINES)
def test_a_line_is_the_same_in_every_layer(name, line):
    alone, within = read_line(line, CONTEXT), read_line(WRAPPERS[name] % line, CONTEXT)
    assert within.format == alone.format or name in NOTHING_BUT_TIMES
    if within.layers or name not in NOTHING_BUT_TIMES:
        assert (within.layers, within.inner) == ((name,), line)
    assert within.message.strip() == alone.message.strip()
    assert within.level == alone.level or alone.level == "UNKNOWN"
    assert within.begins == alone.begins or name in ("syslog", "syslog 5424")


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n"), max_size=80))
@example("")
@example(" | ")
@example("\x00")
def test_any_line_is_the_same_in_docker_and_cri(line):
    alone = read_line(line, CONTEXT)
    docker = {"log": f"{line}\n", "stream": "stdout", "time": f"{AT}.5Z"}
    for within in (read_line(json.dumps(docker), CONTEXT), read_line(f"{AT}.5Z stdout F {line}", CONTEXT)):
        assert (within.inner, within.message, within.layers[1:]) == (alone.inner, alone.message, alone.layers)
        assert within.level == alone.level


@given(st.text())
def test_any_text_is_read(line):
    found = read_line(line, CONTEXT)
    assert len(found.layers) <= 2 * MOST_LAYERS
    assert len(found.message) <= len(line) + 200


@given(st.sampled_from([row[0] for row in LAYERS] + list(WRAPPERS.values())), st.data())
def test_any_damaged_line_is_read(line, data):
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))
    put = data.draw(
        st.sampled_from(["", " ", "\t", "[", "]", "<", ">", ":", "|", '"', "\\", "\x1b[", "0", "é"])
    )
    read_line(line[:start] + put + line[end:], CONTEXT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "log",
    "stream",
    "time",
    "attrs",
    "kubernetes",
    "message",
    "podName",
    "container_name",
    "logtag",
    "date",
]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), JSON, max_size=6))
@example({"log": "x", "kubernetes": {"labels": {"app": 7}}})
@example({"log": "x", "attrs": {"com.docker.compose.service": []}, "stream": None, "time": {}})
@example({"log": "x\n", "container_name": 7, "ecs_task_definition": None, "stream": {"a": [1]}})
@example({"message": "x", "podName": "y", "containerName": None})
def test_any_object_is_read(value):
    found = read_value(value, CONTEXT)
    assert isinstance(found.message, str)
    assert isinstance(found.stream, str)
    assert isinstance(found.app, str)


MIB = 1024 * 1024
LONG = [
    *(part * (MIB // len(part)) for part in (
        "a", " ", "[", "<1>", "\\", "\x1b", "\x1b]", "\x1b[", "[0m", "|", "a | ", "a-", '"', "{", '{"log":', ":",
        "0", "0 ", "web-1  | ", "Nov 27 10:15:30 web1 ", "<13>", "1 ", "a: ", "(", "a[", '="', "\\u001b", "#033[",
    )),
    *(start + part * (MIB // len(part))
      for start in (
          "Nov 27 10:15:30 ", f"{AT}.123456+01:00 ", f"{AT}Z ", "<165>1 - - - - - ", "web-1 ", "[pod/", "[0] a: [1",
          "shop-7d9c8b6f5-x2k4q ", "10:15:30 ", "0|", "[   12.345678] ", f"{AT}Z {{a=\"", "@", "/aws/", "1: ", "<13>",
      )
      for part in ("a", " ", "-", "[", "]", '"', "\\", "a=\"b\" ", "[a b=\"c\"]", ":", "(", "0", "|", "a ", "a: ")),
]  # fmt: skip


def test_long_lines_take_little_time():
    slow = []
    for line in LONG:
        began = time.process_time()
        read_line(line, CONTEXT)
        if time.process_time() - began > 1:
            slow.append(line[:60])
    assert slow == []


def test_layers_are_counted():
    line = "web-1  | " * 50 + "x"
    found = read_line(line, CONTEXT)
    assert len(found.layers) == MOST_LAYERS
    assert found.inner.endswith("web-1  | x")
