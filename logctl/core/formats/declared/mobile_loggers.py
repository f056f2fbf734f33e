"""Formats of the loggers of Android, iOS and macOS."""

from __future__ import annotations

from logctl.core.formats.declared.right_answers import line
from logctl.core.formats.reading import Format

_LEVELS = {"V": "TRACE", "A": "FATAL", "S": "UNKNOWN", "F": "FATAL"}
_LETTER = r"(?P<level>[VDIWEFAS])"
_TAG = r"(?P<logger>[^:\n]{0,120}?(?::[^\s:][^:\n]{0,80}?){0,4})"

FORMATS = (
    Format(
        "logcat",
        "Android's logcat in its default format, threadtime",
        rf"<time>\s+(?:[a-z]\w{{0,20}}\s+)?(?P<pid>\d{{1,10}})\s+(?P<thread>\d{{1,10}})\s+{_LETTER}\s+{_TAG}\s*:(?:\ |$)",
        levels=_LEVELS,
        examples=(
            line(
                "11-27 10:15:30.123  1702  2395 E PaymentService: payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                pid=1702,
                thread="2395",
                logger="PaymentService",
            ),
            line(
                "11-27 10:15:30.123  1702  2395 V chatty  : uid=1000 expire 2 lines",
                time="2026-11-27T10:15:30.123Z",
                level="TRACE",
                message="uid=1000 expire 2 lines",
            ),
        ),
    ),
    Format(
        "logcat time",
        "Android's logcat in the format time",
        rf"<time>\s+{_LETTER}/(?P<logger>[^(\n]{{0,120}})\(\s*(?P<pid>\d{{1,10}})\):\ ?",
        levels=_LEVELS,
        examples=(
            line(
                "11-27 10:15:30.123 W/ActivityManager( 1702): slow",
                time="2026-11-27T10:15:30.123Z",
                level="WARN",
                message="slow",
                pid=1702,
                logger="ActivityManager",
            ),
        ),
    ),
    Format(
        "logcat brief",
        "Android's logcat in the format brief",
        rf"{_LETTER}/(?P<logger>[^(\n]{{0,120}})\(\s*(?P<pid>\d{{1,10}})\):\ ?",
        levels=_LEVELS,
        examples=(
            line(
                "E/ActivityManager( 1702): payment failed",
                time=None,
                level="ERROR",
                message="payment failed",
                pid=1702,
                logger="ActivityManager",
            ),
            line("I/flutter (812): hello", time=None, level="INFO", message="hello", pid=812),
        ),
    ),
    Format(
        "logcat tag",
        "Android's logcat in the format tag",
        rf"{_LETTER}/(?P<logger>[A-Za-z][\w.\-]{{0,80}})\s*:\ ",
        levels=_LEVELS,
        examples=(line("D/Shop    : query", time=None, level="DEBUG", message="query", logger="Shop"),),
    ),
    Format(
        "android studio",
        "Logcat of Android Studio since Dolphin",
        rf"<time>\s+(?P<pid>\d{{1,10}})-(?P<thread>\d{{1,10}})\s+(?P<logger>\S{{1,120}})\s+(?P<process>[\w.\-:]{{1,120}})\s+"
        rf"{_LETTER}\s\s",
        levels=_LEVELS,
        examples=(
            line(
                "2026-11-27 10:15:30.123  1702-2395  PaymentService          com.acme.shop            E  payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                process="com.acme.shop",
            ),
        ),
    ),
    Format(
        "android studio old",
        "Logcat of Android Studio before Dolphin",
        rf"<time>\s+(?P<pid>\d{{1,10}})-(?P<thread>\d{{1,10}})/(?P<process>[\w.\-:?]{{1,120}})\s+{_LETTER}/(?P<logger>[^:\n]{{0,120}}):\ ",
        levels=_LEVELS,
        examples=(
            line(
                "2026-11-27 10:15:30.123 1702-2395/com.acme.shop E/PaymentService: payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="payment failed",
                logger="PaymentService",
            ),
        ),
    ),
    Format(
        "apple unified log",
        "`log show` on macOS",
        r"<time>\s+(?P<thread>0x[0-9a-f]{1,16})\s+(?P<level>Default|Info|Debug|Error|Fault|Activity|Signpost|State)\s+0x[0-9a-f]{1,16}\s+"
        r"(?P<pid>\d{1,10})\s+\d{1,10}\s+(?P<process>[^:\n]{1,80}):\ (?:\((?P<library>[^)\n]{1,80})\)\ )?(?:\[(?P<logger>[^\]\n]{1,120})\]\ )?",
        levels={
            "Default": "NOTICE",
            "Fault": "FATAL",
            "Activity": "INFO",
            "Signpost": "INFO",
            "State": "INFO",
        },
        examples=(
            line(
                "2026-11-27 10:15:30.123456+0000 0x1a2b     Error       0x0                  812    0    "
                "Shop: (CFNetwork) [com.acme:net] refused",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="refused",
                process="Shop",
                pid=812,
                logger="com.acme:net",
            ),
        ),
    ),
    Format(
        "apple unified log compact",
        "`log show --style compact` on macOS",
        r"<time>\s+(?P<level>Df|Db|A|I|E|F)\s+(?P<process>[\w.\-]{1,60}(?:\ [\w.\-]{1,40}){0,4})\[(?P<pid>\d{1,10}):(?P<thread>[0-9a-f]{1,16})\]\ "
        r"(?:\[(?P<logger>[^\]\n]{1,120})\]\ )?",
        levels={"Df": "NOTICE", "Db": "DEBUG", "A": "INFO", "F": "FATAL"},
        examples=(
            line(
                "2026-11-27 10:15:30.123 E  Shop[812:900] [com.acme:net] refused",
                time="2026-11-27T10:15:30.123Z",
                level="ERROR",
                message="refused",
                process="Shop",
            ),
        ),
    ),
    Format(
        "nslog",
        "NSLog on iOS and macOS",
        r"<time>\ (?P<process>[\w.\-]{1,60}(?:\ [\w.\-]{1,40}){0,4})\[(?P<pid>\d{1,10}):(?P<thread>[0-9a-f]{1,16})\]\ (?:\[(?P<logger>[\w.\-: ]{1,120})\]\ )?",
        examples=(
            line(
                "2026-11-27 10:15:30.123456+0000 Shop[812:900] payment failed",
                time="2026-11-27T10:15:30.123Z",
                level="UNKNOWN",
                message="payment failed",
                process="Shop",
                pid=812,
            ),
        ),
    ),
    Format(
        "health app",
        "Health apps on Android: time, step, process and message with bars between them",
        r"(?=\d{8}-)<time>\|(?P<logger>[^|\n]{1,80})\|(?P<pid>\d{1,20})\|",
        examples=(
            line(
                "20261127-10:15:30:606|Step_LSC|30002312|onStandStepChanged 3579",
                time="2026-11-27T10:15:30.606Z",
                level="UNKNOWN",
                message="onStandStepChanged 3579",
                logger="Step_LSC",
                pid=30002312,
            ),
        ),
    ),
)
