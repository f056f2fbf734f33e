"""Formats of loggers for Rust, C and C++."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

_PATH = r"[A-Za-z_][\w\-]{0,80}(?:::[\w\-{}]{1,80}){0,12}"
_CALLER = r"(?P<file>[\w./\-\\]{1,160}\.[a-z]{1,4}):(?P<line>\d{1,6})"

FORMATS = (
    Format(
        "rustc",
        "Errors and warnings of the Rust compiler with a code",
        r"(?P<level>error|warning)\[(?P<code>[\w:]{1,60})\]:\ ",
        examples=(
            line(
                "error[E0425]: cannot find value `y` in this scope",
                time=None,
                level="ERROR",
                message="cannot find value `y` in this scope",
                code="E0425",
            ),
        ),
    ),
    Format(
        "tracing",
        "The tracing crate's default and compact output",
        r"<time>(?:(?<=T\d\d:\d\d:\d\d\.\d{6}Z)|(?<=\.\d{9}Z))\ {1,2}<level>\ "
        r"(?:(?:[\w.\-]{1,80}\ )?ThreadId\((?P<thread>\d{1,10})\)\ )?"
        rf"(?:(?:[\w.\-]{{1,80}}(?:\{{[^{{}}\n]{{0,400}}\}})?:){{1,8}}\ )??(?P<logger>{_PATH}):\ (?:{_CALLER}:\ )?",
        examples=(
            line(
                "2026-11-27T10:15:30.123456Z ERROR shop::db: payment failed id=17",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed id=17",
                logger="shop::db",
            ),
            line(
                "2026-11-27T10:15:31.123456Z  INFO request{id=1}: shop: ok",
                time="2026-11-27T10:15:31.123Z",
                level="INFO",
                message="ok",
                logger="shop",
            ),
            line(
                "2026-11-27T10:15:31.123456Z  WARN main ThreadId(01) shop: src/main.rs:12: slow",
                time="2026-11-27T10:15:31.123Z",
                level="WARN",
                message="slow",
                thread="01",
                file="src/main.rs",
            ),
        ),
    ),
    Format(
        "env_logger",
        "env_logger's default output",
        rf"\[<time>\s+<level>\s+(?P<logger>{_PATH})\]\ ",
        examples=(
            line(
                "[2026-11-27T10:15:30Z ERROR shop::db] payment failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
                logger="shop::db",
            ),
        ),
    ),
    Format(
        "env_logger without time",
        "env_logger without a time",
        rf"\[(?P<level>TRACE|DEBUG|INFO|WARN|ERROR)\s+(?P<logger>{_PATH})\]\ ",
        examples=(
            line(
                "[WARN  shop] slow",
                time=None,
                level="WARN",
                message="slow",
                logger="shop",
            ),
        ),
    ),
    Format(
        "simplelog",
        "simplelog and other Rust loggers with the level in brackets and the module",
        r"<time>\ \[<level>\]\ (?:\((?P<thread>\d{1,10})\)\ )?(?P<logger>\w{1,80}(?:::\w{1,80}){1,12}):\ ",
        examples=(
            line(
                "10:15:30 [ERROR] (1) shop::db: payment failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
                thread="1",
                logger="shop::db",
            ),
        ),
    ),
    Format(
        "flexi_logger",
        "flexi_logger's detailed format",
        rf"\[<time>\]\ <level>\ \[(?P<logger>{_PATH})\]\ (?:{_CALLER}:\ )?",
        examples=(
            line(
                "[2026-11-27 10:15:30.123456 +00:00] WARN [shop::db] src/db.rs:12: slow",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow",
                logger="shop::db",
                file="src/db.rs",
            ),
        ),
    ),
    Format(
        "spdlog",
        "spdlog's default pattern with the name of the logger",
        r"\[<time>\]\ \[(?P<logger>[A-Za-z_][\w.\-:/]{0,80})\]\ \[<level>\]\ (?:\[(?P<file>[\w.\-/]{1,120}):(?P<line>\d{1,6})\]\ )?",
        examples=(
            line(
                "[2026-11-27 10:15:30.123] [shop] [error] payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                logger="shop",
            ),
        ),
    ),
    Format(
        "boost.log",
        "Boost.Log's default sink",
        r"\[<time>\]\ \[(?P<thread>0x[0-9a-f]{1,16})\]\ \[<level>\]\s+",
        examples=(
            line(
                "[2026-11-27 10:15:30.123456] [0x00007f12] [error]   payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                thread="0x00007f12",
            ),
        ),
    ),
    Format(
        "chromium",
        "Chromium, Electron, CEF and WebRTC",
        r"\[(?:(?P<pid>\d{1,10}):)?(?P<thread>\d{1,20}):<time>:"
        r"(?P<level>VERBOSE\d{0,2}|INFO|WARNING|ERROR|FATAL):(?P<file>[\w./\-]{1,160})[:(](?P<line>\d{1,6})\)?\]\ ",
        levels={f"VERBOSE{number or ''}": "TRACE" for number in range(6)},
        examples=(
            line(
                "[812:900:1127/101530.123456:ERROR:gpu_init.cc(440)] Passthrough is not supported",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="Passthrough is not supported",
                pid=812,
                thread="900",
                file="gpu_init.cc",
            ),
        ),
    ),
)
