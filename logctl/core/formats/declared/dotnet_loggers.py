"""Formats of loggers for .NET, and of Windows' own text logs."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

_LEVEL = r"(?P<level>trce|dbug|info|warn|fail|crit)"
_CATEGORY = r"(?P<logger>[\w.`+<>,\-]{1,200})\[(?P<event>-?\d{1,10})\](?:\s+|$)"

FORMATS = (
    Format(
        "dotnet console",
        "The console logger of Microsoft.Extensions.Logging; its message follows in the next line, or in the same",
        rf"{_LEVEL}:\ {_CATEGORY}",
        examples=(
            line(
                "fail: Shop.Orders[0]",
                time=None,
                level="ERROR",
                message="",
                logger="Shop.Orders",
            ),
            line(
                "crit: Shop[0] down",
                time=None,
                level="FATAL",
                message="down",
                logger="Shop",
            ),
        ),
    ),
    Format(
        "dotnet console with time",
        "The console logger of Microsoft.Extensions.Logging with a TimestampFormat",
        rf"<time>\s*{_LEVEL}:\ {_CATEGORY}",
        examples=(
            line(
                "2026-11-27 10:15:30 warn: Shop.Orders[0]",
                time="2026-11-27T10:15:30Z",
                level="WARN",
                message="",
                logger="Shop.Orders",
            ),
            line(
                "10:15:30 dbug: Shop.Orders[12] query",
                time="2026-11-27T10:15:30Z",
                level="DEBUG",
                message="query",
            ),
        ),
    ),
    Format(
        "dotnet console with time in brackets",
        "The console logger of Microsoft.Extensions.Logging with brackets in its TimestampFormat",
        rf"\[<time>\]\s*{_LEVEL}:\ {_CATEGORY}",
        examples=(
            line(
                "[10:15:30] info: Shop.Orders[0] ok",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="ok",
                logger="Shop.Orders",
            ),
        ),
    ),
    Format(
        "serilog",
        "Serilog's console sink: time and level in one pair of brackets",
        r"\[<time>\ <level>(?:\ (?P<logger>[\w.`+<>]{1,200}))?\]\ ",
        examples=(
            line(
                "[10:15:30 ERR] payment failed",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
            ),
            line(
                "[2026-11-27 10:15:30.123 +00:00 FTL] down",
                time="2026-11-27T10:15:30.123Z",
                level="FATAL",
                message="down",
            ),
        ),
    ),
    Format(
        "nlog",
        "NLog's default layout, and the one of its ASP.NET Core templates",
        r"<time>\|(?:\d{1,10}\|)?<level>\|(?P<logger>[\w.`+<>,\-]{1,200})\|",
        examples=(
            line(
                "2026-11-27 10:15:30.1234|ERROR|Shop.Orders|payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                logger="Shop.Orders",
            ),
            line(
                "2026-11-27 10:15:30.1234|12|Info|Shop.Orders|ok |url: http://x/",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="ok |url: http://x/",
            ),
        ),
    ),
)
