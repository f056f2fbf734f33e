"""Joining lines into records: the traces of all runtimes, alone, after a record, in layers, and what is not theirs."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.formats.joining import MAX_JOINED_LINES, Joined, Joiner
from logctl.core.formats.reading import Context, Reading
from logctl.core.times import parse_time
from tests.helpers.joined_lines import join_lines

NOON = parse_time("2026-11-27T12:00:00Z")
CONTEXT = Context(reference=NOON)
HEAD = "2026-11-27 10:15:30,123 ERROR payment failed"
NEXT = "2026-11-27 10:15:31,000 INFO on"
PLAIN = "next order"


@dataclass(frozen=True)
class Sample:
    """What a runtime writes. `joins`: after a record with a head it belongs to that record."""

    text: str
    level: str = "ERROR"
    joins: bool = True


SAMPLES = {
    "python": Sample(
        'Traceback (most recent call last):\n  File "/x.py", line 9, in f\n    g()\n    ~^^\nValueError: boom'
    ),
    "python without a message": Sample(
        'Traceback (most recent call last):\n  File "/x.py", line 9, in f\nKeyboardInterrupt'
    ),
    "python chained": Sample(
        'Traceback (most recent call last):\n  File "/x.py", line 2, in f\n    d["a"]\nKeyError: \'a\'\n\n'
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "/x.py", line 4, in <module>\n    f()\n'
        "shop.errors.NotFound: no such order\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "/y.py", line 4, in <module>\nRuntimeError: end'
    ),
    "python group": Sample(
        "  + Exception Group Traceback (most recent call last):\n"
        '  |   File "/x.py", line 1, in <module>\n  |     raise ExceptionGroup("eg", [ValueError(1)])\n'
        "  | ExceptionGroup: eg (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n"
        "    | ValueError: 1\n    +---------------- 2 ----------------\n    | TypeError: 2\n"
        "    +------------------------------------"
    ),
    "python syntax error": Sample(
        '  File "/x.py", line 1\n    x = = 1\n        ^\nSyntaxError: invalid syntax', joins=True
    ),
    "python chained after a message of several lines": Sample(
        'Traceback (most recent call last):\n  File "/x.py", line 2, in f\nValueError: first line\nsecond line\n\n'
        "The above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "/x.py", line 4, in <module>\nRuntimeError: end'
    ),
    "loguru": Sample(
        'Traceback (most recent call last):\n\n> File "/x.py", line 3, in <module>\n    pay(order)\n'
        "    \u2502   \u2514 17\n\nZeroDivisionError: division by zero"
    ),
    "rich": Sample(
        "\u256d\u2500\u2500\u2500 Traceback (most recent call last) \u2500\u2500\u2500\u256e\n\u2502 /x.py:4 in <module>                 \u2502\n"
        "\u2570\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u256f\nZeroDivisionError: division by zero"
    ),
    "python thread": Sample(
        'Exception in thread Thread-1 (run):\nTraceback (most recent call last):\n  File "/x.py", line 9, in f\n'
        "ValueError: boom",
        joins=False,
    ),
    "python pydantic": Sample(
        'Traceback (most recent call last):\n  File "/x.py", line 9, in f\n'
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for User\nid\n"
        "  Input should be a valid integer [type=int_type]\n    For further information visit https://x"
    ),
    "python sqlalchemy": Sample(
        'Traceback (most recent call last):\n  File "/x.py", line 9, in f\n'
        "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection refused\n"
        "\tIs the server running?\n\n(Background on this error at: https://sqlalche.me/e/14/e3q8)"
    ),
    "python fatal": Sample(
        'Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f1 (most recent call first):\n  File "/x.py",'
        " line 9 in f\n\nExtension modules: a, b (total: 2)",
        level="FATAL",
        joins=False,
    ),
    "node at the first column": Sample(
        "/srv/pay.js:9\nthrow new Error('no')\n^\n\nError: no\n    at Object.<anonymous> (/srv/pay.js:9:7)\n\nNode.js v20.20.2",
        joins=False,
    ),
    "node module": Sample(
        "node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\nError: Cannot find module './pay'\nRequire stack:\n"
        "- /srv/shop.js\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15) {\n"
        "  code: 'MODULE_NOT_FOUND',\n  requireStack: [ '/srv/shop.js' ]\n}\n\nNode.js v20.20.2",
        joins=False,
    ),
    "node in a text": Sample(
        "[eval]:1\nnull.x\n     ^\n\nTypeError: Cannot read properties of null\n    at [eval]:1:6",
        joins=False,
    ),
    "java": Sample(
        "java.lang.IllegalStateException: boom\n\tat com.acme.Shop.x(Shop.java:9)\n"
        "\tat java.base/java.lang.Thread.run(Thread.java:840)\n\tSuppressed: java.io.IOException: z\n"
        "\t\tat com.acme.Z.y(Z.java:1)\nCaused by: java.io.IOException: y\n\tat com.acme.Z.y(Z.java:1)\n\t... 12 more"
    ),
    "java thread": Sample(
        'Exception in thread "main" java.lang.X: boom\n\tat com.acme.Shop.x(Shop.java:9)\nCaused by: java.io.IOException: y\n'
        "\t... 1 more",
        joins=False,
    ),
    "java with several lines of message": Sample(
        "com.acme.ShopException: Could not pay\nOrder 17 of customer 3\n\tat com.acme.Shop.x(Shop.java:9)"
    ),
    "kotlin": Sample(
        "kotlin.UninitializedPropertyAccessException: lateinit property x\n\tat ShopKt.main(Shop.kt:9)\n\tat ShopKt.main(Shop.kt)"
    ),
    "scala": Sample("scala.MatchError: 7 (of class java.lang.Integer)\n\tat Shop$.pay(Shop.scala:9)"),
    "go": Sample(
        "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n"
        "\t/x/main.go:9 +0x1d\nexit status 2",
        level="FATAL",
        joins=False,
    ),
    "go signal": Sample(
        "panic: runtime error: invalid memory address or nil pointer dereference\n"
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a2e]\n\ngoroutine 18 [running]:\n"
        "main.(*Shop).Pay(0x0, {0x4c1, 0x5})\n\t/x/main.go:9 +0x1d\ncreated by main.main in goroutine 1\n"
        "\t/x/main.go:4 +0x2f",
        level="FATAL",
        joins=False,
    ),
    "go deadlock": Sample(
        "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\n"
        "\t/x/main.go:5 +0x28\n\ngoroutine 6 [select (no cases)]:\nmain.f.func1()\n\t/x/main.go:7 +0x1",
        level="FATAL",
        joins=False,
    ),
    "go panicked again": Sample(
        "panic: boom [recovered]\n\tpanic: again\n\ngoroutine 1 [running]:\npanic({0x4a2ee0?, 0xc0000140a8?})\n"
        "\t/go/src/runtime/panic.go:884 +0x213\nmain.main()\n\t/x/main.go:9 +0x1d",
        level="FATAL",
        joins=False,
    ),
    "goroutines": Sample(
        "goroutine 18 [running]:\nnet/http.(*conn).serve.func1()\n\t/go/src/net/http/server.go:1850 +0xbf\n"
        "panic({0x6a2ee0, 0x7461a0})\n\t/go/src/runtime/panic.go:884 +0x213",
        level="FATAL",
    ),
    "rust": Sample(
        "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds: the len is 3\n"
        "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
        level="FATAL",
        joins=False,
    ),
    "rust assertion": Sample(
        "thread 'main' panicked at src/main.rs:4:5:\nassertion `left == right` failed\n  left: 1\n right: 2\n"
        "stack backtrace:\n   0: rust_begin_unwind\n             at /rustc/library/std/src/panicking.rs:645:5\n"
        "   1: shop::main\n             at ./src/main.rs:4:5\n"
        "note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.",
        level="FATAL",
        joins=False,
    ),
    "rust before 1.73": Sample(
        "thread 'main' panicked at 'boom', src/main.rs:4:5\nnote: run with `RUST_BACKTRACE=1`",
        level="FATAL",
        joins=False,
    ),
    "node": Sample("Error: boom\n    at x (/x.js:9:1)\n    at node:internal/main:1"),
    "node with members": Sample(
        "TypeError: Cannot read properties of undefined (reading 'id')\n    at x (/x.js:9:1) {\n  code: 'E1',\n"
        "  errno: -111\n}"
    ),
    "node uncaught": Sample(
        "/app/x.js:9\n    throw new Error('boom');\n    ^\n\nError: boom\n    at Object.<anonymous> (/app/x.js:9:11)\n"
        "    at node:internal/main/run_main_module:28:49\n\nNode.js v20.11.0",
        joins=False,
    ),
    "node event": Sample(
        "node:events:497\n      throw er; // Unhandled 'error' event\n      ^\n\n"
        "Error: listen EADDRINUSE: address already in use :::80\n    at Server.setupListenHandle [as _listen2] (node:net:1]\n"
        "Emitted 'error' event on Server instance at:\n    at emitErrorNT (node:net:1) {\n  code: 'EADDRINUSE'\n}\n\n"
        "Node.js v20.11.0",
        joins=False,
    ),
    "ruby": Sample(
        "/x.rb:4:in `pay': boom (RuntimeError)\n\tfrom /x.rb:9:in `<main>'", level="UNKNOWN", joins=False
    ),
    "php": Sample(
        "PHP Fatal error:  Uncaught Exception: boom in /x.php:3\nStack trace:\n#0 /y.php(9): X->y()\n#1 {main}\n"
        "  thrown in /x.php on line 3",
        level="ERROR FATAL",
        joins=False,
    ),
    "php chained": Sample(
        "PHP Fatal error:  Uncaught RuntimeException: a in /x.php:3\nStack trace:\n#0 {main}\n\n"
        "Next LogicException: b in /x.php:5\nStack trace:\n#0 /x.php(9): f()\n#1 {main}\n  thrown in /x.php on line 5",
        level="ERROR FATAL",
        joins=False,
    ),
    "dotnet": Sample(
        "System.InvalidOperationException: boom\n ---> System.IO.IOException: inner\n"
        "   at Shop.Y() in /y.cs:line 5\n   --- End of inner exception stack trace ---\n"
        "   at Shop.X() in /x.cs:line 5\n--- End of stack trace from previous location ---\n   at Shop.Main()"
    ),
    "dotnet unhandled": Sample(
        "Unhandled exception. System.InvalidOperationException: boom\n   at Shop.X() in /x.cs:line 5",
        joins=False,
    ),
    "elixir": Sample(
        "** (RuntimeError) boom\n    (shop 0.1.0) lib/x.ex:5: X.y/1\n    (elixir 1.15) lib/e.ex:1: E.f/1"
    ),
    "c++": Sample(
        "terminate called after throwing an instance of 'std::runtime_error'\n  what():  boom\nAborted (core dumped)",
        level="FATAL",
        joins=False,
    ),
    "sanitizer": Sample(
        "==123==ERROR: AddressSanitizer: heap-use-after-free on address 0x602 at pc 0x4\n"
        "READ of size 4 at 0x602000000010 thread T0\n    #0 0x4c in main /x.cc:5\n\n"
        "0x602000000010 is located 0 bytes inside of 4-byte region\nfreed by thread T0 here:\n    #0 0x49 in free\n\n"
        "SUMMARY: AddressSanitizer: heap-use-after-free /x.cc:5 in main\n==123==ABORTING",
        level="FATAL",
        joins=False,
    ),
    "data race": Sample(
        "WARNING: DATA RACE\nWrite at 0x00c0000b4010 by goroutine 7:\n  main.main.func1()\n      /x/main.go:9 +0x2c\n\n"
        "Previous write at 0x00c0000b4010 by main goroutine:\n  main.main()\n      /x/main.go:12 +0x9c\n"
        "==================",
        level="ERROR WARN",
        joins=False,
    ),
}


def messages(text: str) -> list[str]:
    return [joined.reading.message for joined in join_lines(text.split("\n"), CONTEXT)]


def joined(text: str) -> list[Joined[int]]:
    return list(join_lines(text.split("\n"), CONTEXT))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("after", [PLAIN, NEXT, '{"level":"info","msg":"on"}', "127.0.0.1 - - [x] 1"])
def test_a_trace_alone_is_one_record(name: str, after: str) -> None:
    sample = SAMPLES[name]
    trace, *rest = joined(f"{sample.text}\n{after}")
    assert trace.text == trace.reading.message == sample.text
    assert trace.reading.level in sample.level.split()
    assert [item.text for item in rest] == [after]
    assert (trace.first, trace.lines) == (0, sample.text.count("\n") + 1)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("between", ["", "\n"])
def test_a_trace_after_a_record(name: str, between: str) -> None:
    sample = SAMPLES[name]
    found = [item.text for item in joined(f"{HEAD}\n{between}{sample.text}\n{PLAIN}\n{NEXT}")]
    if sample.joins:
        assert found == [f"{HEAD}\n{between}{sample.text}", PLAIN, NEXT]
    else:
        assert found == [HEAD, sample.text, PLAIN, NEXT]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_trace_after_plain_text_is_a_record_of_its_own(name: str) -> None:
    sample = SAMPLES[name]
    if sample.text[0] == " ":
        return  # an indented line continues any text
    assert messages(f"started\n{sample.text}\n{PLAIN}") == ["started", sample.text, PLAIN]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("layer", ["cri", "docker", "compose"])
def test_a_trace_in_a_layer(name: str, layer: str) -> None:
    sample = SAMPLES[name]
    lines = [*sample.text.split("\n"), PLAIN]
    time = "2026-11-27T10:15:30.123456789Z"
    if layer == "cri":
        wrapped = [f"{time} stderr F {line}" for line in lines]
    elif layer == "docker":
        wrapped = [json.dumps({"log": f"{line}\n", "stream": "stderr", "time": time}) for line in lines]
    else:
        wrapped = [f"shop-1  | {line}" for line in lines]
    trace, rest = join_lines(wrapped, CONTEXT)
    assert trace.reading.message == sample.text
    assert trace.reading.level in sample.level.split()
    assert trace.text == "\n".join(wrapped[:-1])
    assert rest.reading.message == PLAIN
    if layer != "compose":
        assert trace.reading.ts == parse_time("2026-11-27T10:15:30.123Z")


@pytest.mark.parametrize("name", SAMPLES)
def test_two_streams_do_not_mix(name: str) -> None:
    sample = SAMPLES[name]
    lines = []
    for number, line in enumerate(sample.text.split("\n")):
        lines.append(f"2026-11-27T10:15:30.123456789Z stderr F {line}")
        lines.append(f"2026-11-27T10:15:30.123456789Z stdout F order {number}")
    found = list(join_lines(lines, CONTEXT))
    assert [item.reading.message for item in found if item.reading.stream.endswith("stderr")] == [sample.text]
    assert len(found) == 1 + len(lines) // 2
    assert [item.first for item in found] == sorted(item.first for item in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Indented lines.
        (f"{HEAD}\n  more\n\tmore\n{PLAIN}", [f"{HEAD}\n  more\n\tmore", PLAIN]),
        ("two\n  indented\nthree", ["two\n  indented", "three"]),
        ("  a\n  b\n    c\n  d", ["  a", "  b\n    c", "  d"]),
        (f"{HEAD}\nplain\nplain", [HEAD, "plain", "plain"]),
        (f"{HEAD}\n\n\n\n\n\n  far away", [HEAD, "  far away"]),
        # Objects over several lines, as part of a message.
        (f"{HEAD} {{\n  id: 17\n}}\n{PLAIN}", [f"{HEAD} {{\n  id: 17\n}}", PLAIN]),
        ("config: [\n  1,\n]\nnext", ["config: [\n  1,\n]", "next"]),
        # SQL.
        (
            "2026-11-27 10:15:30,123 INFO sqlalchemy.engine.Engine SELECT id \nFROM users \nWHERE id = 1\nnext",
            [
                "2026-11-27 10:15:30,123 INFO sqlalchemy.engine.Engine SELECT id \nFROM users \nWHERE id = 1",
                "next",
            ],
        ),
        # A trace after a message of level INFO was not logged: it has to alert.
        (
            f"{NEXT}\n{SAMPLES['python'].text}\n{NEXT}",
            [NEXT, SAMPLES["python"].text, NEXT],
        ),
        (f"{NEXT}\n{SAMPLES['java'].text}", [f"{NEXT}\n{SAMPLES['java'].text}"]),
        # A trace after JSON.
        (
            f'{{"level":"info","msg":"x"}}\n{SAMPLES["go"].text}',
            ['{"level":"info","msg":"x"}', SAMPLES["go"].text],
        ),
        # A Java trace whose first line is not an exception's name.
        (f"{HEAD}\nboom\n\tat a.B.c(B.java:1)\n{PLAIN}", [f"{HEAD}\nboom\n\tat a.B.c(B.java:1)", PLAIN]),
        # zap's development logger.
        (
            f"{HEAD}\nmain.main\n\t/x/main.go:9\nruntime.main\n\t/go/proc.go:250\n{PLAIN}",
            [f"{HEAD}\nmain.main\n\t/x/main.go:9\nruntime.main\n\t/go/proc.go:250", PLAIN],
        ),
        # Laravel.
        (
            f'{HEAD} {{"exception":"[object] (Exception(code: 0): boom at /x.php:9)\n[stacktrace]\n#0 /x.php(9): X->y()\n'
            f'#1 {{main}}\n"}} \n{PLAIN}',
            [
                f'{HEAD} {{"exception":"[object] (Exception(code: 0): boom at /x.php:9)\n[stacktrace]\n'
                '#0 /x.php(9): X->y()\n#1 {main}\n"} ',
                PLAIN,
            ],
        ),
        # asyncio.
        (
            f"{HEAD}\nfuture: <Task finished name='T'>\n{SAMPLES['python'].text}\n{PLAIN}",
            [f"{HEAD}\nfuture: <Task finished name='T'>\n{SAMPLES['python'].text}", PLAIN],
        ),
        # An exception's name in running text begins nothing.
        (f"{NEXT}\nsee java.lang.X for more", [NEXT, "see java.lang.X for more"]),
        (f"{HEAD}\nDone: 3 errors", [HEAD, "Done: 3 errors"]),
    ],
)
def test_what_belongs_together(text: str, expected: list[str]) -> None:
    assert [item.text for item in joined(text)] == expected


def test_parts_of_a_line() -> None:
    time = "2026-11-27T10:15:30.123456789Z"
    whole = json.dumps({"level": "error", "time": "2026-11-27T10:15:29Z", "msg": "x" * 40_000})
    halves = [whole[start : start + 16_384] for start in range(0, len(whole), 16_384)]
    cri = [f"{time} stdout P {half}" for half in halves[:-1]] + [f"{time} stdout F {halves[-1]}"]
    docker = [
        json.dumps({"log": half + "\n" * (half is halves[-1]), "stream": "stdout", "time": time})
        for half in halves
    ]
    for lines in (cri, docker):
        lines = [lines[0], f"{time} stderr F between", *lines[1:], f"{time} stdout F next"]
        found = {item.first: item for item in join_lines(lines, CONTEXT)}
        assert sorted(found) == [0, 1, 4]
        assert (found[0].reading.level, found[0].reading.message) == ("ERROR", "x" * 40_000)
        assert found[0].reading.ts == parse_time("2026-11-27T10:15:29Z")
        assert found[0].reading.fields["stream"] == "stdout"
        assert found[1].reading.message == "between"
        assert found[4].reading.message == "next"


def test_a_record_has_an_end() -> None:
    found = joined(f"{HEAD}\n" + "  x\n" * 2_500)
    assert [item.lines for item in found] == [MAX_JOINED_LINES, MAX_JOINED_LINES, 501]
    assert {item.reading.level for item in found} == {"ERROR"}
    big = joined(f"{HEAD}\n" + ("  " + "y" * 100_000 + "\n") * 6)
    assert [len(item.text) // 100_000 for item in big] == [2, 2, 2]


HOSTS = [
    "Nov 27 10:15:30 web1 sshd[812]: Failed password for root from 10.0.0.9 port 51312 ssh2",
    "Nov 27 10:15:31 web1 kernel: [   12.3]  [<ffffffff81>] ? do_page_fault+0x1/0x2",
    "Nov 27 10:15:31 web1 kernel: Call Trace:",
    "Nov 27 10:15:31 web1 kernel:  <TASK>",
    '10.0.0.9 - - [27/Nov/2026:10:15:31 +0000] "GET / HTTP/1.1" 200 615 "-" "curl/8" "-"',
    '{"level":"error","time":"2026-11-27T10:15:30Z","msg":"payment failed"}',
    'time=2026-11-27T11:15:30.123+01:00 level=WARN msg="slow query" ms=912',
    "2026-11-27T10:15:31.000000000Z stderr F plain line",
    "E1127 10:15:30.123456       1 reflector.go:55] failed to list",
    "plain text of a program",
    "web-1  | INFO:     Started server process [1]",
    "[2026-11-27 10:15:30,123] ERROR [KafkaServer id=0] Fatal error (kafka.server.KafkaServer)",
    "START RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22 Version: $LATEST",
    "END RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22",
    "REPORT RequestId: 8b1f1a7e-0b9d-4d4f-9f57-0a6a1c7f1d22\tDuration: 1.0 ms\tBilled Duration: 2 ms",
    "INFO:root:ok",
    "Error: something",
    "done.",
    "}",
]


def test_each_line_of_a_host_s_journal_is_a_record() -> None:
    chance = random.Random(5)
    lines = [chance.choice(HOSTS) for _ in range(1_000)]
    found = sorted(join_lines(lines, CONTEXT), key=lambda item: item.first)
    assert [item.text for item in found] == lines


TEXTS = st.sampled_from(
    [
        HEAD,
        NEXT,
        PLAIN,
        "  indented",
        "",
        "}",
        *HOSTS,
        *(line for sample in SAMPLES.values() for line in sample.text.split("\n")),
        "2026-11-27T10:15:30.123456789Z stdout P part ",
        "2026-11-27T10:15:30.123456789Z stdout F \tat a.B.c(B.java:1)",
        "2026-11-27T10:15:30.123456789Z stdout F java.lang.X: boom",
    ]
) | st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(TEXTS, max_size=40))
def test_every_line_is_in_one_record(lines: list[str]) -> None:
    def told(some: list[str]) -> list[str]:
        return sorted(line for line in some if line.strip() and Joiner(CONTEXT).read(line).inner.strip())

    found = list(join_lines(lines, CONTEXT))
    assert told([line for item in found for line in item.text.split("\n")]) == told(lines)


@given(st.lists(TEXTS, max_size=40), st.data())
def test_reading_on_where_no_record_is_open_gives_the_same(lines: list[str], data: st.DataObject) -> None:
    """What following a file depends on."""

    def feed(joiner: Joiner[int], start: int, end: int) -> list[tuple[str, str, int | None]]:
        found: list[Joined[int]] = []
        for index in range(start, end):
            if lines[index].strip():
                found += joiner.line(lines[index], index)
            else:
                joiner.blank(lines[index])
        found += joiner.end()
        return [(item.text, item.reading.message, item.first) for item in found]

    whole = feed(Joiner(CONTEXT), 0, len(lines))
    held: Joiner[int] = Joiner(CONTEXT)
    places = []
    for index, line in enumerate(lines):
        if line.strip():
            held.line(line, index)
        else:
            held.blank(line)
        places.append(index + 1 if held.held is None else held.held)
    if not places:
        return
    cut = data.draw(st.sampled_from(places))
    first: Joiner[int] = Joiner(CONTEXT)
    before = feed(first, 0, cut)
    assert json.loads(json.dumps(first.state)) == first.state
    after = feed(Joiner(CONTEXT, first.state), cut, len(lines))
    assert sorted(before + after, key=str) == sorted(whole, key=str)


@given(st.lists(TEXTS, max_size=10), st.text(max_size=300))
def test_any_state_is_taken(lines: list[str], text: str) -> None:
    joiner: Joiner[int] = Joiner(CONTEXT)
    for index, line in enumerate(lines):
        joiner.add(line, Reading(line, inner=text), index)
    joiner.end()
    Joiner(CONTEXT, joiner.state)


@pytest.mark.parametrize(
    "text",
    ["Nov 27 10:15:30 web1 app[812]: ", "2026-11-27T10:15:30.123456789Z stdout F ", "web-1  | ", "[", " "],
)
def test_a_line_without_a_message(text: str) -> None:
    found = messages(f"{HEAD}\n{text}\n{NEXT}")
    assert (found[0], found[-1]) == (messages(HEAD)[0], messages(NEXT)[0])


def test_the_line_after_a_group_of_exceptions_is_no_exception():
    """`INFO:     ok` has the form of the last line of a traceback, which a group does not have."""
    group = SAMPLES["python group"].text.splitlines()
    joiner: Joiner[int] = Joiner(CONTEXT)
    found = []
    for number, line in enumerate(["ERROR:    boom", *group, "INFO:     ok"]):
        found += joiner.line(line, number)
    found += joiner.end()
    assert [(joined.reading.level, joined.lines) for joined in found] == [
        ("ERROR", len(group) + 1),
        ("INFO", 1),
    ]


SYSLOG = "Nov 27 10:15:30 web1 java[812]: "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # rich writes the time only where it is another one than in the line before.
        (
            "[10:15:30] ERROR    failed      x.py:9\n           INFO     on          x.py:10",
            [("ERROR", "failed"), ("INFO", "on")],
        ),
        # loguru has blank lines in its tracebacks.
        (
            f'{HEAD}\nTraceback (most recent call last):\n\n  File "/x.py", line 9, in f\n    g()\n\nValueError: boom',
            [
                (
                    "ERROR",
                    'payment failed\nTraceback (most recent call last):\n\n  File "/x.py", line 9, in f\n    g()\n\n'
                    "ValueError: boom",
                )
            ],
        ),
        # gin prints the request and the trace after the head.
        (
            "2026/11/27 10:15:30 [Recovery] 2026/11/27 - 10:15:30 panic recovered:\nGET /x HTTP/1.1\n\nboom\n/x.go:9 (0x4)",
            [
                (
                    "ERROR",
                    "[Recovery] 2026/11/27 - 10:15:30 panic recovered:\nGET /x HTTP/1.1\n\nboom\n/x.go:9 (0x4)",
                )
            ],
        ),
        # A trace that a process logged to syslog.
        (
            f"{SYSLOG}2026-11-27 10:15:30.123 ERROR 812 --- [main] c.a.S : failed\n"
            f"{SYSLOG}java.lang.IllegalStateException: boom\n{SYSLOG}\tat a.B.c(B.java:1)\n{SYSLOG}next",
            [
                ("ERROR", "failed\njava.lang.IllegalStateException: boom\n\tat a.B.c(B.java:1)"),
                ("UNKNOWN", "next"),
            ],
        ),
        # MySQL writes the time only where it is another one than that of the query before.
        (
            "# Time: 2026-11-27T10:15:30.123456Z\n# User@Host: a[a] @ x []\nselect *\nfrom x;\n"
            "# User@Host: b[b] @ x []\nselect 1;",
            [
                ("UNKNOWN", "# User@Host: a[a] @ x []\nselect *\nfrom x;"),
                ("UNKNOWN", "# User@Host: b[b] @ x []\nselect 1;"),
            ],
        ),
        # java.util.logging has the level in its second line.
        (
            "Nov 27, 2026 10:15:30 AM com.acme.Shop pay\nSEVERE: failed\njava.lang.X: boom\n\tat a.B.c(B.java:1)",
            [("ERROR", "failed\njava.lang.X: boom\n\tat a.B.c(B.java:1)")],
        ),
    ],
)
def test_formats_whose_records_depend_on_the_lines_before(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(item.reading.level, item.reading.message) for item in joined(text)] == expected


def test_the_level_after_a_space_or_a_symbol_begins_a_record():
    """consola, Next.js and others that print a level in colour."""
    text = f"{HEAD}\n WARN  slow\n ERROR  boom\n\n    at pay (/x.js:9:7)\n \u2713 Ready in 1.2s\n  indented"
    assert [(found.reading.level, found.lines) for found in join_lines(text.split("\n"), CONTEXT)] == [
        ("ERROR", 1),
        ("WARN", 1),
        ("ERROR", 3),
        ("INFO", 2),
    ]


def test_a_place_in_a_file_is_no_trace_without_a_caret():
    assert messages("/srv/pay.js:9\nplain\nmore") == ["/srv/pay.js:9", "plain", "more"]


def test_the_steps_of_cargo_do_not_continue_an_error():
    text = "error: could not compile `shop`\n  --> a.rs:1:1\n    Finished dev target(s) in 0.52s\n     Running `shop`"
    assert [found.lines for found in join_lines(text.split("\n"), CONTEXT)] == [2, 1, 1]


def test_boxes_of_terraform():
    text = "Plan: 1 to add\n\u2577\n\u2502 Error: no instance\n\u2502 \n\u2502   on main.tf line 3\n\u2575\nApply"
    assert [(found.reading.level, found.lines) for found in join_lines(text.split("\n"), CONTEXT)] == [
        ("UNKNOWN", 1),
        ("ERROR", 5),
        ("UNKNOWN", 1),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "FAIL src/pay.test.js",
        "FAIL\texample.com/shop\t0.005s",
        "E       assert 2 == 1",
        "0 errors",
        "FAILED tests/x.py",
    ],
)
def test_the_result_of_a_test_is_no_level(line: str) -> None:
    assert joined(line)[0].reading.level == "UNKNOWN"


def test_a_level_in_brackets_alone_is_a_record():
    """Maven prints empty lines with a level."""
    assert [found.reading.level for found in joined("[ERROR] a\n[INFO] \n[INFO] b")] == [
        "ERROR",
        "INFO",
        "INFO",
    ]


def test_the_difference_in_an_assertion_of_node_belongs_to_it():
    text = (
        "AssertionError [ERR_ASSERTION]: Expected values to be strictly deep-equal:\n+ actual - expected\n\n  {\n"
        "+   a: 1\n-   a: 2\n  }\n    at pay (/srv/shop.js:1:19) {\n  generatedMessage: true\n}"
    )
    assert [found.text for found in joined(f"{text}\n{PLAIN}")] == [text, PLAIN]


def test_requests_of_koa_do_not_continue_a_record():
    assert [found.lines for found in joined(f"{HEAD}\n  <-- GET /\n  --> GET / 200 11ms 1b")] == [1, 1, 1]


def test_an_error_of_rust_with_its_causes_belongs_to_the_record_before():
    assert [
        found.lines for found in joined(f"{HEAD}\nError: no such order\n\nCaused by:\n    0: refused\n{NEXT}")
    ] == [5, 1]


def test_what_follows_a_record_of_java_util_logging():
    head = "Nov 27, 2026 10:15:30 AM com.acme.Shop pay\nSEVERE: payment failed"
    trace = "java.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)"
    thread = f'Exception in thread "main" {trace}'
    assert [found.lines for found in joined(f"{head}\n{trace}\nplain\n{head}\n{thread}")] == [4, 1, 2, 2]


def test_a_message_of_several_lines_in_a_trace_of_php():
    text = (
        "PHP Fatal error:  Uncaught LogicException: inner in /x.php:1\nStack trace:\n#0 {main}\n\n"
        "Next RuntimeException: outer\nsecond line in /x.php:2\nStack trace:\n#0 {main}\n  thrown in /x.php on line 2"
    )
    assert [found.text for found in joined(f"{text}\n{PLAIN}")] == [text, PLAIN]
