"""Levels in JSON objects: words, and numbers, which mean different levels in different loggers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from logctl.core.formats.ansi import strip_codes
from logctl.core.formats.object_keys import Trait
from logctl.core.levels import DEBUG, ERROR, FATAL, INFO, NOTICE, TRACE, UNKNOWN, WARN, parse_level

_LONGEST = 48
"""Characters of the longest word of a level, with colours and brackets around it."""

# RFC 5424, section 6.2.1.
_SYSLOG = (FATAL, FATAL, FATAL, ERROR, WARN, NOTICE, INFO, DEBUG)
# pino and bunyan: https://getpino.io/#/docs/api?id=logger-level.
_PINO = {10: TRACE, 20: DEBUG, 30: INFO, 40: WARN, 50: ERROR, 60: FATAL}
# https://docs.python.org/3/library/logging.html#logging-levels; loguru has 5 TRACE and 25 SUCCESS.
_PYTHON = {5: TRACE, 10: DEBUG, 20: INFO, 25: INFO, 30: WARN, 40: ERROR, 50: FATAL}
# PSR-3 in Monolog.
_MONOLOG = {100: DEBUG, 200: INFO, 250: NOTICE, 300: WARN, 400: ERROR, 500: FATAL, 550: FATAL, 600: FATAL}
# Google's LogSeverity.
_GOOGLE = {
    100: DEBUG, 200: INFO, 300: NOTICE, 400: WARN, 500: ERROR, 600: FATAL, 700: FATAL, 800: FATAL,
}  # fmt: skip
# Logback's and log4j's integers, and those of java.util.logging that nothing else uses.
_JAVA = {
    5000: TRACE, 10000: DEBUG, 20000: INFO, 30000: WARN, 40000: ERROR, 50000: FATAL,
    800: INFO, 900: WARN, 1000: ERROR,
}  # fmt: skip
# Microsoft.Extensions.Logging.LogLevel; 6 is None.
_DOTNET = {0: TRACE, 1: DEBUG, 2: INFO, 3: WARN, 4: ERROR, 5: FATAL}
# Windows' standard event levels; 0 is LogAlways.
_WINDOWS = {0: INFO, 1: FATAL, 2: ERROR, 3: WARN, 4: INFO, 5: TRACE}
_NEXTCLOUD = {0: DEBUG, 1: INFO, 2: WARN, 3: ERROR, 4: FATAL}
_APPLICATION_INSIGHTS = {0: TRACE, 1: INFO, 2: WARN, 3: ERROR, 4: FATAL}
_SYSLOG_NAMES = frozenset(
    (
        "syslog_severity",
        "syslog.severity",
        "severity_code",
        "syslog_severity_code",
        "log.syslog.severity.code",
    )
)
_PRIORITY_NAMES = frozenset(("pri", "syslog_pri", "log.syslog.priority"))  # eight times the facility, added
_OTEL_NAMES = frozenset(("severitynumber", "severity_number"))
_PYTHON_NAMES = frozenset(("levelno", "level_number", "level_no"))

_WORDS = {
    "dpanic": FATAL,
    "success": INFO,
    "http": INFO,
    "audit": NOTICE,
    "vrb": TRACE,
    "ftl": FATAL,
}
_DECORATION = " \t[]<>():|*\"'"
_PREFIX = re.compile(r"(?:severity_number_|(?:log_?)?level[._]|severity[._])")
_SUFFIX = re.compile(r"(?:[+-]\d{1,3}|[2-4])\Z")
_VERBOSITY = re.compile(r"level\(-\d{1,3}\Z")
_SINGLE = {"F": FATAL, "E": ERROR, "W": WARN, "I": INFO, "D": DEBUG}


def level_of_word(word: str) -> str:
    """Return the level that a word means: `error`, `[ERROR]`, slog's `INFO+2`, a word in colour."""
    return _level_of_word(word) if len(word) <= _LONGEST else UNKNOWN


@lru_cache(maxsize=512)
def _level_of_word(word: str) -> str:
    plain = (strip_codes(word) if "\x1b" in word else word).strip(_DECORATION).lower()
    if not plain or plain.lstrip("+-").isdigit():
        return UNKNOWN
    text = _PREFIX.sub("", plain, count=1)
    level = _known(text)
    if level == UNKNOWN:  # slog's INFO+2, OpenTelemetry's INFO2
        level = _known(_SUFFIX.sub("", text))
    if level == UNKNOWN and _VERBOSITY.match(plain):  # zap's Level(-2) is a debug level
        return DEBUG
    return level


def _known(word: str) -> str:
    return UNKNOWN if word.isdigit() else _WORDS.get(word) or parse_level(word)


def level_of_mongodb(word: str) -> str:
    """Return the level that MongoDB's `s` means: F, E, W, I, D or D1 to D5."""
    return (
        _SINGLE.get(word[:1], UNKNOWN) if len(word) == 1 or word[1:] in ("1", "2", "3", "4", "5") else UNKNOWN
    )


def number_of(value: object) -> int | None:
    """Return the whole number that a member holds, as a number or as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and 0 < len(value) <= 5 and value.isascii() and value.isdigit():
        return int(value)
    return None


def level_of_number(name: str, number: int, traits: int, value: Mapping[str, object]) -> str:
    """Return the level that a number under a name means; `UNKNOWN` if it can be several.

    `name` is in lower case; `traits` are the program's; `value` is the whole object. The numbers 0 to 7 are
    severities of syslog only under its own names: elsewhere the same number is trivial for one program and
    an emergency for another.
    """
    if name in _OTEL_NAMES:
        return (
            (UNKNOWN, TRACE, DEBUG, INFO, WARN, ERROR, FATAL)[(number + 3) // 4]
            if 0 < number <= 24
            else UNKNOWN
        )
    if name in _PRIORITY_NAMES:
        return _SYSLOG[number & 7] if number < 192 else UNKNOWN
    if name in _PYTHON_NAMES:
        return _PYTHON.get(number, UNKNOWN)
    if 0 <= number <= 7:
        return _level_of_small(name, number, traits, value)
    if number % 10 == 0 and 10 <= number <= 60:
        return _level_of_ten(name, number, traits, value)
    if "severity" in name and number <= 800:
        return _GOOGLE.get(number, UNKNOWN)
    if number in (500, 550, 600) and not traits & Trait.MONOLOG:
        return UNKNOWN
    return _MONOLOG.get(number) or _JAVA.get(number, UNKNOWN)


def _level_of_small(name: str, number: int, traits: int, value: Mapping[str, object]) -> str:
    if name in _SYSLOG_NAMES:
        return _SYSLOG[number]
    if name in ("priority", "severity", "@severity"):
        told = bool(traits & (Trait.SYSLOG | Trait.JOURNALD)) or "PRIORITY" in value
        # A job with the priority 1 is no alert: without another sign of syslog, 0 to 2 do not count.
        return _SYSLOG[number] if told or (name == "priority" and number > 2) else UNKNOWN
    if traits & Trait.GELF or (value.get("version") in ("1.0", "1.1") and "host" in value):
        return _SYSLOG[number]
    if traits & Trait.NEXTCLOUD and "app" in value:
        return _NEXTCLOUD.get(number, UNKNOWN)
    if traits & Trait.WINDOWS and any(
        item.lower() in ("channel", "computer", "providername") for item in value
    ):
        return _WINDOWS.get(number, UNKNOWN)
    if traits & Trait.APPLICATION_INSIGHTS:
        return _APPLICATION_INSIGHTS.get(number, UNKNOWN)
    if (
        name == "loglevel"
        and traits & Trait.DOTNET
        and any(item.lower() in ("eventid", "category") for item in value)
    ):
        return _DOTNET.get(number, UNKNOWN)
    return UNKNOWN


def _level_of_ten(name: str, number: int, traits: int, value: Mapping[str, object]) -> str:
    """Return the level of 10, 20 … 60: pino and Python differ by one step, so the other members decide."""
    if name in ("priority", "severity"):
        return UNKNOWN
    if traits & Trait.PYTHON:
        return _PYTHON.get(number, UNKNOWN)
    time = value.get("time")
    if (
        "msg" in value
        or ("pid" in value and "hostname" in value)
        or (isinstance(time, int) and time > 10**12)
    ):
        return _PINO[number]
    return UNKNOWN
