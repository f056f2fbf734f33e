"""Layers: which lines have one, what is within, and that an ordinary line has none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.formats import dated_layers
from logctl.core.formats.layers import unwrap
from logctl.core.formats.reader import read_line
from logctl.core.formats.reading import Context
from logctl.core.times import iso, parse_time
from tests.helpers.joined_lines import join_lines
from tests.helpers.layer_lines import AT, LAYERS

CONTEXT = Context(reference=parse_time("2026-11-27T12:00:00Z"))


@pytest.mark.parametrize(("line", "layers", "inner", "time", "fields"), LAYERS, ids=lambda value: None)
def test_layers(line, layers, inner, time, fields):
    found = read_line(line, CONTEXT)
    assert (",".join(found.layers), found.inner) == (layers, inner)
    assert (None if found.ts is None else iso(found.ts)) == (
        time if found.ts is None or time else iso(found.ts)
    )
    assert {name: found.fields.get(name) for name in fields} == fields


PLAIN = [
    "2026-11-27 10:15:30 status installed nginx:amd64 1.22.1",
    "2026-11-27 10:15:30,123 ERROR payment failed",
    "2026-11-27 10:15:30 INFO Main[12]: order placed",
    "2026-11-27 10:15:30,123 [main] ERROR c.a.Shop - payment failed: no",
    "2026-11-27T10:15:30.123Z [WARN]  agent: slow",
    "2026-11-27T10:15:30.123456Z  INFO shop: ok",
    "2026-11-27T10:15:30.123456Z ERROR shop::db: payment failed",
    "2026-11-27T10:15:30.123Z app:db connected",
    "2026-11-27T10:15:30.123Z error: payment failed",
    '2026-11-27T10:15:30.123Z GET /api/v1 {"id":17}',
    '2026-11-27T10:15:30.123Z job/17 {"id":17}',
    '2026-11-27T10:15:30.123Z\tERROR\t{"id":17}',
    "utf-8 text 2026-11-27 is used",
    "2026-11-27T10:15:30.123456Z my-lb 10.0.0.9:2817 10.0.1.1:80 0.0 0.1 200",
    "2026-11-27T10:15:30.123456Z 0 [ERROR] [MY-010259] [Server] x",
    "2026-11-27 10:15:30.123 UTC [1] ERROR:  x",
    "2026-11-27 10:15:30.008 25746 INFO nova.osapi [-] x",
    "2026-11-27 10:15:30 1abc-000-XY <= ann@example.com H=x",
    "Nov 27 10:15:30 Starting the backup: now",
    "Nov 27 10:15:30 ERROR payment failed",
    "Nov 27, 2026 10:15:30 AM org.apache.Foo start",
    "Fri Nov 27 10:15:30 UTC 2026 backup started",
    "Fri Nov 27 10:15:30 2026 TLS Error: TLS handshake failed",
    "[Fri Nov 27 10:15:30 2026] usb 1-1: new device",
    "[2026-11-27 10:15:30] production.ERROR: x",
    "[2026-11-27T10:15:30.123Z] INFO ready",
    "[12345] worker ready",
    "key | value",
    "name       | age | city",
    "ERROR  | payment failed",
    "id | name",
    "web | ready",
    "INFO:     Started server process [1]",
    "Error: boom",
    "at com.acme.Shop.x(Shop.java:9)",
    "    at com.acme.Shop.x(Shop.java:9)",
    "   2 files copied [ok]",
    "the-quick-brown-fox jumps over",
    "well-known ports: 22",
    "re-reading re-reading x",
    "a/b[c]: d",
    "worker-1 started job 5",
    "step-1 of the build",
    "[worker-22456] started",
    "item-1 | 5 | x",
    "Total   | 5",
    "10:15:30 INFO | payment failed",
    "Nov 27 10:15:30 Backup done: 5 files",
    "2026-11-27T10:15:30.123456+01:00 payment failed: card declined",
    "2026-11-27T10:15:30+01:00 payment failed: card declined",
    "Nov 27 10:15:30 Installed: nginx-1.22.1-1.x86_64",
    "2026-11-27T10:15:30+0000 SUBDEBUG Installed: nginx-1:1.22.1-1.x86_64",
    "2026-11-27 10:15:30 <3> web1(812) [zypp] Exception.cc(log):137 failed",
    "2026-11-27T10:15:30.193Z info vpxd[45715] [Originator@6876 sub=vpxLro opID=7e12] x",
    "2026-11-27T10:15:30.193Z host - - - x",
    "[   12.345678] usb 1-1: new high-speed USB device",
    "[   12.345678] Bluetooth hci0: x",
    "2026-11-27 10:15:30,123 - util.py[WARNING]: x",
    "2026-11-27 10:15:30,123 shop util.py[WARNING]: x",
    "Nov 27, 2026 10:15:30 AM org.apache.Foo: start",
    "<html>",
    "<1234>x",
    "<999>x",
    "<>",
    '10.0.0.9 - - [27/Nov/2026:10:15:31 +0000] "GET / HTTP/1.1" 200 615',
    "10:15:30.123 [main] INFO c.a.Shop - x",
    "1 file changed",
    "12 <b>bold</b>",
    "0|1|2|3",
    "1|2 | 3 | 4",
    "@app.route('/')",
    "- item",
    "- 12 items",
    "/docker-entrypoint.sh: Configuration complete",
    "/usr/bin/foo 2026/11/27/ x",
    "1795774530123 ERROR payment failed",
    "*** 10% done ***",
    "panic: runtime error: index out of range",
    "[0] one: [two]",
    "",
]


@pytest.mark.parametrize("line", PLAIN)
def test_an_ordinary_line_has_no_layer(line):
    assert unwrap(line, CONTEXT) is None
    assert read_line(line, CONTEXT).inner == line


def test_lines_without_a_layer_continue_the_line_before():
    lines = [
        "Nov 27 10:15:30 mac Update[17212]: request <x",
        "\t\tserver=<y>",
        "\t>",
        "Nov 27 10:15:31 mac Update[17212]: ok",
        "2026-11-27T10:15:31.123000+00:00 2026/11/27/[$LATEST]8b1f [ERROR] KeyError: 'x'",
        "Traceback (most recent call last):",
        '  File "/var/task/x.py", line 3, in handler',
        "2026-11-27T10:15:31.123000+00:00 2026/11/27/[$LATEST]8b1f END RequestId: r1",
    ]
    found = [(joined.lines, joined.reading.level) for joined in join_lines(lines, CONTEXT)]
    assert found == [(3, "UNKNOWN"), (1, "UNKNOWN"), (3, "ERROR"), (1, "UNKNOWN")]


def test_each_line_of_syslog_is_a_record_unless_it_is_part_of_a_trace():
    lines = [
        "Nov 27 10:15:30 web1 shop[812]: ERROR boom",
        "Nov 27 10:15:30 web1 shop[812]: Traceback (most recent call last):",
        "Nov 27 10:15:30 web1 sshd[813]: Failed password",
        'Nov 27 10:15:30 web1 shop[812]:   File "/x.py", line 9, in f',
        "Nov 27 10:15:30 web1 shop[812]:     raise X",
        "Nov 27 10:15:30 web1 shop[812]: ValueError: boom",
        "Nov 27 10:15:30 web1 shop[812]: went on",
        "Nov 27 10:15:30 web1 vault[732]: ==> Vault server configuration:",
        "Nov 27 10:15:30 web1 vault[732]:              Api Address: http://127.0.0.1:8200",
        "Nov 27 10:15:30 web1 java[733]: java.lang.IllegalStateException: boom",
        "Nov 27 10:15:30 web1 java[733]: \tat com.acme.Shop.x(Shop.java:9)",
        "Nov 27 10:15:30 web1 java[733]: \t... 3 more",
        "Nov 27 10:15:30 web1 kernel:  sda: sda1 sda2",
    ]
    found = [(joined.lines, joined.reading.level) for joined in join_lines(lines, CONTEXT)]
    assert found == [
        (5, "ERROR"), (1, "UNKNOWN"), (1, "UNKNOWN"), (1, "UNKNOWN"), (1, "UNKNOWN"), (3, "ERROR"), (1, "UNKNOWN"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "app"),
    [
        ("Nov 27 10:15:30 web1 sshd(pam_unix)[2915]: x", "sshd"),
        ("Nov 27 10:15:30 web1 postfix/smtpd[812]: x", "postfix"),
        ("Nov 27 10:15:30 web1 /usr/sbin/cron[812]: x", "cron"),
        ("Nov 27 10:15:30 web1 (systemd)[812]: x", "systemd"),
        ("Nov 27 10:15:30 web1 docker/shop[812]: x", "shop"),
        ("Nov 27 10:15:30 web1 k8s_api_shop-7d_prod_8b1f_0[812]: x", "api"),
        ("Fri 2026-11-27 10:15:30 UTC web1 shop.service[812]: x", "shop"),
        ("Fri 2026-11-27 10:15:30 UTC web1 getty@tty1.service[812]: x", "getty"),
        ("<165>1 - web1 shop 812 - - x", "shop"),
        (f"{AT}.123456+00:00 app[web.1]: x", ""),
        (f"83 <40>1 {AT}+00:00 host app web.3 - State changed", ""),
        ("web-1  | x", "web"),
        ("shop.1.w8bsrsu0gy1y@node1    | x", "shop"),
        ("[pod/shop-7d9c8b6f5-x2k4q/api] x", "shop"),
        ("[pod/one/api] x", "api"),
        ("shop-7d9c8b6f5-x2k4q api x", "shop"),
        ("default/shop-x2k4q[api]: x", "shop"),
        ("10:15:30 web.1  | x", "web"),
        ("0|shop  | x", "shop"),
        ("/aws/lambda/shop 2026/11/27/[$LATEST]8b1f START", "shop"),
        (f'{AT}Z {{job="varlogs", app="shop"}} x', "shop"),
        ('{"log":"x\\n","stream":"stdout","time":"2026-11-27T10:15:30Z",'
         '"attrs":{"com.docker.compose.service":"shop"}}', "shop"),
        ('{"log":"x","kubernetes":{"container_name":"api","labels":{"app":"shop"}}}', "shop"),
        ('{"log":"x","kubernetes":{"container_name":"api"}}', "api"),
        ('{"log":"x","container_name":"/api","ecs_task_definition":"shop:12"}', "shop"),
        ('{"message":"x\\n","podName":"shop-7d","containerName":"api"}', "api"),
        (f"[pod/shop-x2k4q/api] {AT}.5Z Nov 27 10:15:30 web1 inner[1]: x", "shop"),
    ],
)  # fmt: skip
def test_the_app_of_a_line(line, app):
    assert read_line(line, CONTEXT).app == app


def test_json_in_several_lines_of_a_layer_is_read():
    lines = [
        "web-1  | {",
        'web-1  |   "level": "error",',
        f'web-1  |   "time": "{AT}.123Z",',
        'web-1  |   "err": {',
        'web-1  |     "code": 1',
        "web-1  |   },",
        'web-1  |   "msg": "payment failed"',
        "web-1  | }",
        "web-1  | { a: 1,",
        "web-1  |   b: 2 }",
        f"{AT}.5Z stdout F {{",
        f'{AT}.5Z stdout F   "msg": "ok"',
        f"{AT}.5Z stdout F }}",
    ]
    found = [joined.reading for joined in join_lines(lines, CONTEXT)]
    assert [(reading.level, reading.message) for reading in found] == [
        ("ERROR", "payment failed"), ("UNKNOWN", "{ a: 1,\n  b: 2 }"), ("UNKNOWN", "ok"),
    ]  # fmt: skip
    assert found[0].fields == {"container": "web-1", "err": {"code": 1}}
    assert [reading.ts and iso(reading.ts) for reading in found] == [f"{AT}.123Z", None, f"{AT}.500Z"]


def test_the_lines_in_an_export_of_cloudwatch_s_console_are_read():
    lines = [
        "timestamp,message",
        '1795774530123,"ERROR x"',
        '1795774530123,"{""level"":""error"",""msg"":""y""}"',
    ]
    found = [joined.reading for joined in join_lines(lines, CONTEXT)][1:]
    assert [(reading.ts, reading.level, reading.message) for reading in found] == [
        (1795774530123, "ERROR", "x"), (1795774530123, "ERROR", "y"),
    ]  # fmt: skip


def test_an_object_without_a_level_holds_a_line_with_a_time():
    found = read_line(f'{{"@timestamp":"{AT}.5Z","message":"2026-11-27 10:15:30,123 ERROR x"}}', CONTEXT)
    assert (iso(found.ts), found.level, found.message) == (f"{AT}.123Z", "ERROR", "x")


def test_the_verbose_output_of_journalctl_is_read():
    lines = [
        "Fri 2026-11-27 10:15:30.123456 UTC [s=8b1f;i=1;b=8b1f;m=1;t=2;x=3]",
        "    PRIORITY=3",
        "    _HOSTNAME=web1",
        "    SYSLOG_IDENTIFIER=shop",
        "    MESSAGE=payment failed",
        "            for a=b",
        "    _PID=812",
        "Fri 2026-11-27 10:15:31.123456 UTC [s=8b1f;i=2;b=8b1f;m=1;t=2;x=4]",
        '    MESSAGE={"level":"error","msg":"x"}',
        "    PRIORITY=6",
    ]
    found = [joined.reading for joined in join_lines(lines, CONTEXT)]
    assert [(iso(reading.ts), reading.level, reading.message) for reading in found] == [
        (f"{AT}.123Z", "ERROR", "payment failed\nfor a=b"), ("2026-11-27T10:15:31.123Z", "ERROR", "x"),
    ]  # fmt: skip
    assert found[0].app == "shop"


_AFTER_A_LEVEL = (
    *(
        "[main]",
        "[12]",
        "web-1",
        "Main[12]:",
        "kernel:",
        "app[12]:",
        "(Main)",
        "-",
        '- [a b="c"]',
        "%A-3-B:",
        " ",
    ),
    *("stdout F", "a/b/" + "0" * 32, "i-01234567", '{"msg": 1}', '{a="b"}', "<13>", "1.2:", "01O ", "\t"),
)


@given(
    st.sampled_from(["2026-11-27 10:15:30", "2026-11-27T10:15:30,123"]),
    st.sampled_from(["INFO", "ERROR", "WARN", "WARNING", "DEBUG", "TRACE", "FATAL", "CRITICAL"]),
    st.lists(st.sampled_from(_AFTER_A_LEVEL), max_size=5),
)
def test_a_level_after_a_time_is_no_layer_by_the_patterns_of_all_layers(time, level, rest):
    line = f"{time} {level} {' '.join(rest)}"
    quick, dated_layers._TIME_AND_LEVEL = dated_layers._TIME_AND_LEVEL, re.compile("(?!)")
    try:
        layer = unwrap(line, CONTEXT)
    finally:
        dated_layers._TIME_AND_LEVEL = quick
    assert layer == unwrap(line, CONTEXT)
