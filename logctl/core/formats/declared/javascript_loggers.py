"""Formats of loggers for JavaScript."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format, Joins

FORMATS = (
    Format(
        "pino-pretty",
        "pino-pretty: level, and the process in parentheses",
        r"\[<time>\]\ <level>\ \((?:(?P<logger>[\w.\-@/]{1,80}?)/)?(?:(?P<pid>\d{1,10})|[\w.\-@]{1,80})"
        r"(?:\ on\ (?P<host>[^\s)]{1,120}))?\):(?:\ |$)",
        examples=(
            line(
                "[10:15:30.123] ERROR (812): payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                pid=812,
            ),
            line(
                "[2026-11-27 10:15:30.123 +0000] INFO (shop/812 on web1): ok",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="ok",
                logger="shop",
                host="web1",
            ),
        ),
    ),
    Format(
        "bunyan",
        "Bunyan's command line",
        r"\[<time>\]\s+<level>:\ (?P<logger>[\w.\-@/]{1,80})/(?P<pid>\d{1,10})\ on\ (?P<host>[^\s:]{1,120}):(?:\ |$)",
        examples=(
            line(
                "[2026-11-27T10:15:30.123Z] ERROR: shop/812 on web1: payment failed (id=17)",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed (id=17)",
                logger="shop",
                pid=812,
            ),
        ),
    ),
    Format(
        "nestjs",
        "NestJS",
        r"\[(?:[^\]\n]{1,60})\]\ (?P<pid>\d{1,10})\s+-\ <time>\s+<level>\s+(?:\[(?P<logger>[^\]\n]{1,100})\]\ )?",
        levels={"LOG": "INFO"},
        examples=(
            line(
                "[Nest] 812  - 11/27/2026, 10:15:30 AM     LOG [NestFactory] Starting Nest application...",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="Starting Nest application...",
                pid=812,
                logger="NestFactory",
            ),
            line(
                "[Nest] 812  - 11/27/2026, 10:15:31 AM   ERROR payment failed",
                time="2026-11-27T10:15:31Z",
                level="ERROR",
                message="payment failed",
            ),
        ),
    ),
    Format(
        "nestjs old",
        "NestJS before version 8, which prints no level",
        r"\[(?:[^\]\n]{1,60})\]\ (?P<pid>\d{1,10})\s+-\ <time>\s+\[(?P<logger>[^\]\n]{1,100})\]\ ",
        examples=(
            line(
                "[Nest] 812   - 11/27/2026, 10:15:30 AM   [InstanceLoader] AppModule initialized +12ms",
                time="2026-11-27T10:15:30Z",
                level="UNKNOWN",
                message="AppModule initialized +12ms",
                logger="InstanceLoader",
            ),
        ),
    ),
    Format(
        "log4js",
        "log4js",
        r"\[<time>\]\ \[<level>\]\ (?P<logger>[\w.\-/@:]{1,100})\ -\ ",
        examples=(
            line(
                "[2026-11-27T10:15:30.123] [ERROR] api - payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                logger="api",
            ),
        ),
    ),
    Format(
        "npm debug",
        "The debug package where it does not write to a terminal",
        r"<time>(?<=T\d\d:\d\d:\d\d\.\d{3}Z)\ (?P<logger>[a-z@][\w\-@/]{0,40}(?::[\w\-*]{1,40}){1,5})\ ",
        examples=(
            line(
                "2026-11-27T10:15:30.123Z app:db connected",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="connected",
                logger="app:db",
            ),
        ),
    ),
    Format(
        "npm",
        "npm",
        r"(?:(?:npm|pnpm|lerna|gyp|yarn)\ (?P<level>ERR!|WARN|ERROR|error|warn|notice|info|http|verb|verbose|sill|silly|timing)"
        r"|(?P<level_>ERR!))(?:\ |$)",
        levels={"ERR!": "ERROR", "sill": "TRACE", "timing": "DEBUG"},
        examples=(
            line("npm ERR! code ELIFECYCLE", time=None, level="ERROR", message="code ELIFECYCLE"),
            line(
                "lerna info versioning independent", time=None, level="INFO", message="versioning independent"
            ),
            line("ERR! shop payment failed", time=None, level="ERROR", message="shop payment failed"),
            line("npm warn deprecated glob@7", time=None, level="WARN", message="deprecated glob@7"),
        ),
    ),
    Format(
        "pm2",
        "The pm2 process manager's own messages",
        r"<time>:\ PM2\ (?P<level>log|error):\ ",
        examples=(
            line(
                "2026-11-27T10:15:30: PM2 log: App [api:0] online",
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message="App [api:0] online",
            ),
        ),
    ),
    Format(
        "node warning",
        "Warnings of Node.js itself",
        r"\(node:(?P<pid>\d{1,10})\)\ (?:\[(?P<code>\w{1,20})\]\ )?(?=\w{0,60}(?P<level>Warning)\b)",
        levels={"Warning": "WARN"},
        examples=(
            line(
                "(node:812) [DEP0005] DeprecationWarning: Buffer() is deprecated",
                time=None,
                level="WARN",
                message="DeprecationWarning: Buffer() is deprecated",
                pid=812,
                code="DEP0005",
            ),
        ),
    ),
    Format(
        "signale without scope",
        "signale and listr: a symbol, a label, at least two spaces, and the message",
        r"(?:[^\s\w\x21-\x7e]|ℹ){1,2}\ {1,2}(?P<level>fatal|error|warning|warn|info|debug|note|success|complete|await|awaiting"
        r"|pending|start|pause|watch|star|fav|log)(?:\ {2,}|$)",
        levels={
            **dict.fromkeys(
                ("success", "complete", "await", "awaiting", "pending", "start", "pause"), "INFO"
            ),
            **dict.fromkeys(("watch", "star", "fav", "log", "note"), "INFO"),
        },
        first="\x7f",
        begins=False,
        examples=(
            line("✖  fatal     down", time=None, level="FATAL", message="down"),
            line("⚠  warning   disk is full", time=None, level="WARN", message="disk is full"),
            line("✔  success   deployed", time=None, level="INFO", message="deployed"),
        ),
    ),
    Format(
        "next.js",
        "Next.js before version 13.2: a level of five columns and a dash",
        r"(?P<level>(?:error|event|ready)(?=\ -\ )|(?:info|warn|wait)(?=\ {2}-\ ))\ {1,2}-\ ",
        levels=dict.fromkeys(("event", "ready", "wait"), "INFO"),
        examples=(
            line("error - Failed to compile", time=None, level="ERROR", message="Failed to compile"),
            line("warn  - Fast Refresh failed", time=None, level="WARN", message="Fast Refresh failed"),
            line(
                "ready - started server on 0.0.0.0:3000",
                time=None,
                level="INFO",
                message="started server on 0.0.0.0:3000",
            ),
        ),
    ),
    Format(
        "consola",
        "consola and other loggers that print a symbol for the level",
        r"(?P<level>[ℹ⚠✖✔◐⨯✓])\s+",
        levels={"ℹ": "INFO", "⚠": "WARN", "✖": "ERROR", "✔": "INFO", "◐": "INFO", "⨯": "ERROR", "✓": "INFO"},
        begins=False,
        examples=(line("✖ payment failed", time=None, level="ERROR", message="payment failed"),),
    ),
    Format(
        "signale",
        "signale",
        r"(?:\[(?P<logger>[^\]\n]{1,80})\]\ )?›\ \S{1,3}\s+<level>\s+",
        levels={"success": "INFO", "await": "INFO", "complete": "INFO", "start": "INFO", "pending": "INFO"},
        examples=(
            line("[shop] › ✖  error     payment failed", time=None, level="ERROR", message="payment failed"),
        ),
    ),
    Format(
        "meteor",
        "Meteor",
        r"(?P<level>[IWED])(?=\d{8}-)<time>\(-?[\d.]{1,5}\)\??\ ",
        joins=Joins.TRACES,
        examples=(
            line(
                "I20261127-10:15:30.123(1)? started",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="started",
            ),
        ),
    ),
)
