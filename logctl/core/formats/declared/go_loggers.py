"""Formats of loggers for Go, and of programs that are written in it."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

_CALLER = r"(?P<file>[\w.\-/@]{1,160}\.[a-z]{1,5}):(?P<line>\d{1,6})"

FORMATS = (
    Format(
        "logrus on a terminal with fields",
        "logrus on a terminal: the message is padded, and fields follow it",
        r"(?P<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[(?:\d{4,10})\](?P<function>[\w.\-/]{1,120}\(\))?\s+"
        r"(?P<message>(?:\S|(?=\ [^\ ])\ )++)\s\s+(?P<pairs>[\w.\-]{1,60}=.*)$",
        levels={"TRAC": "TRACE"},
        examples=(
            line(
                "WARN[0007] slow query                                    ms=912",
                time=None,
                level="WARN",
                message="slow query",
                ms="912",
            ),
        ),
    ),
    Format(
        "logrus on a terminal",
        "logrus with the seconds since the start: Terraform providers, Docker Compose, k3s and others",
        r"(?P<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[\d{4,10}\](?P<function>[\w.\-/]{1,120}\(\))?\s+",
        levels={"TRAC": "TRACE"},
        examples=(
            line("WARN[0007] slow query", time=None, level="WARN", message="slow query"),
            line("ERRO[0107] boom err=x", time=None, level="ERROR", message="boom err=x"),
        ),
    ),
    Format(
        "logrus on a terminal with time and fields",
        "logrus with FullTimestamp: the message is padded, and fields follow it",
        r"(?P<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[<time>\](?P<function>[\w.\-/]{1,120}\(\))?\s+"
        r"(?P<message>(?:\S|(?=\ [^\ ])\ )++)\s\s+(?P<pairs>[\w.\-]{1,60}=.*)$",
        levels={"TRAC": "TRACE"},
        examples=(
            line(
                'ERRO[2026-11-27T10:15:30Z] payment failed                               id=17 err="no such card"',
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed",
                id="17",
                err="no such card",
            ),
        ),
    ),
    Format(
        "logrus on a terminal with time",
        "logrus with FullTimestamp",
        r"(?P<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[<time>\](?P<function>[\w.\-/]{1,120}\(\))?\s+",
        levels={"TRAC": "TRACE"},
        examples=(
            line(
                "FATA[2026-11-27T10:15:30Z] down",
                time="2026-11-27T10:15:30Z",
                level="FATAL",
                message="down",
            ),
        ),
    ),
    Format(
        "zap",
        "zap's console encoder: controller-runtime, istio, Caddy, the OpenTelemetry collector",
        rf"<time>\t<level>\t(?:(?P<logger>[\w.\-/]{{1,100}})\t(?![{{]))?(?:{_CALLER}\t)?",
        examples=(
            line(
                '2026-11-27T11:15:30.123+0100\tERROR\tshop/main.go:9\tpayment failed\t{"id": 17}',
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message='payment failed\t{"id": 17}',
                file="shop/main.go",
                line=9,
            ),
            line(
                "2026-11-27T10:15:30.123456Z\tinfo\tads\tPush debounce stable[1]",
                time="2026-11-27T10:15:30.123Z",
                level="INFO",
                message="Push debounce stable[1]",
                logger="ads",
            ),
            line(
                '2026-11-27T10:15:30Z\tINFO\tstarted\t{"port": 80}',
                time="2026-11-27T10:15:30Z",
                level="INFO",
                message='started\t{"port": 80}',
            ),
        ),
    ),
    Format(
        "zerolog",
        "zerolog's console writer with the caller",
        rf"<time>\ <level>\ {_CALLER}\ >\ ",
        examples=(
            line(
                "2026-11-27T10:15:30Z ERR cmd/main.go:12 > payment failed error=x",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="payment failed error=x",
                file="cmd/main.go",
                line=12,
            ),
        ),
    ),
    Format(
        "gin debug",
        "Gin's messages in debug mode",
        r"\[(?P<level>GIN-debug)\]\ (?!\[)",
        levels={"GIN-debug": "DEBUG"},
        examples=(
            line(
                "[GIN-debug] GET    /ping --> main.main.func1 (3 handlers)",
                time=None,
                level="DEBUG",
                message="GET    /ping --> main.main.func1 (3 handlers)",
            ),
        ),
    ),
    Format(
        "gin debug with level",
        "Gin's warnings and errors in debug mode",
        r"\[GIN-debug\]\ \[<level>\]\ ",
        examples=(
            line(
                '[GIN-debug] [WARNING] Running in "debug" mode.',
                time=None,
                level="WARN",
                message='Running in "debug" mode.',
            ),
        ),
    ),
    Format(
        "beego",
        "Beego's logger",
        r"<time>\s+\[(?P<level>[A-Z])\]\s+\[(?P<file>[\w.\-/]{1,120}\.go):(?P<line>\d{1,6})\]\s+",
        examples=(
            line(
                "2026/11/27 10:15:30.123 [E] [main.go:12]  boom",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="boom",
                file="main.go",
            ),
        ),
    ),
    Format(
        "telegraf",
        "Telegraf",
        r"<time>\ (?P<level>[TDIWEF])!\ (?:\[(?P<logger>[\w.\-:/]{1,100})\]\ )?",
        examples=(
            line(
                "2026-11-27T10:15:30Z E! [inputs.cpu] Error in plugin: x",
                time="2026-11-27T10:15:30Z",
                level="ERROR",
                message="Error in plugin: x",
                logger="inputs.cpu",
            ),
        ),
    ),
    Format(
        "vmware",
        "VMware ESXi and vCenter",
        r"<time>\ <level>\ (?P<process>[\w\-.]{1,60}+)\[(?P<pid>\w{1,16})\]\ (?:\[[^\]\n]{1,300}\]\ )?",
        levels={"verbose": "DEBUG", "trivia": "TRACE"},
        examples=(
            line(
                "2026-11-27T10:15:31Z warning vpxd[812] [Originator@6876 sub=vpxLro] slow",
                time="2026-11-27T10:15:31Z",
                level="WARN",
                message="slow",
                process="vpxd",
                pid=812,
            ),
        ),
    ),
)
