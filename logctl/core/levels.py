"""Levels: one scale of severity for the words and numbers that producers use."""

from __future__ import annotations

from functools import lru_cache

TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, FATAL = "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "FATAL"
UNKNOWN = "UNKNOWN"

ORDER = (TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, FATAL)
"""From least to most severe. `UNKNOWN` is not among them: it neither alerts nor passes a level filter."""

_RANK = {level: rank for rank, level in enumerate(ORDER)}

_NAMES = {
    TRACE: ("trace", "finest", "finer", "silly", "verbose", "trc", "trce", "verb", "vrb", "v", "t"),
    DEBUG: (
        *("debug", "dbg", "dbug", "debu", "debg", "deb", "fine", "d"),
        *("debug1", "debug2", "debug3", "debug4", "debug5", "d1", "d2", "d3", "d4", "d5"),
    ),
    INFO: (
        *("info", "information", "informational", "informative", "inf", "i", "log", "config"),
        *("success", "audit", "http"),
    ),
    NOTICE: ("notice", "note", "noti", "ntc", "notic"),
    WARN: ("warn", "warning", "warnin", "wrn", "warni", "w", "deprecated"),
    ERROR: ("error", "err", "erro", "eror", "e", "severe", "failure", "fail", "fehler"),
    FATAL: (
        *("fatal", "critical", "crit", "crt", "critica", "criti", "ftl", "fata", "f", "c"),
        *("alert", "alrt", "aler", "emerg", "emergency", "emer", "emrg", "panic", "pani", "pnc", "dpanic"),
    ),
}
_BY_NAME = {name: level for level, names in _NAMES.items() for name in names}

# RFC 5424, section 6.2.1: severity 0 (emergency) to 7 (debug).
_SYSLOG = (FATAL, FATAL, FATAL, ERROR, WARN, NOTICE, INFO, DEBUG)
# pino and bunyan: https://getpino.io/#/docs/api?id=logger-level (10 trace … 60 fatal).
_PINO = {10: TRACE, 20: DEBUG, 30: INFO, 40: WARN, 50: ERROR, 60: FATAL}
# Go's log/slog prints a level between two names as the lower name and the distance: https://pkg.go.dev/log/slog#Level
_SLOG = {"debug": -4, "info": 0, "warn": 4, "error": 8}
_SLOG_FROM = ((12, FATAL), (8, ERROR), (4, WARN), (2, NOTICE), (0, INFO), (-4, DEBUG))


def parse_level(value: object) -> str:
    """Return the level that a producer's word or number means; `UNKNOWN` for everything else."""
    if isinstance(value, bool):
        return UNKNOWN
    if isinstance(value, int):
        return _by_number(value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word.isdigit() and word.isascii() and len(word) < 4:
            return _by_number(int(word))
        return _BY_NAME.get(word) or _between_names(word)
    return UNKNOWN


@lru_cache(maxsize=2048)
def level_of_word(word: str) -> str:
    """Return what `parse_level` does for a word; the few words that programs write are kept."""
    return parse_level(word)


def _between_names(word: str) -> str:
    """Return the level of slog's `ERROR+4` and `DEBUG-4`, in lower case."""
    for sign in "+-":
        name, found, distance = word.partition(sign)
        if found and name in _SLOG and distance.isdigit() and distance.isascii() and len(distance) < 3:
            number = _SLOG[name] + int(sign + distance)
            return next((level for least, level in _SLOG_FROM if number >= least), TRACE)
    return UNKNOWN


def _by_number(number: int) -> str:
    if 0 <= number < len(_SYSLOG):
        return _SYSLOG[number]
    return _PINO.get(number, UNKNOWN)


def at_least(level: str, threshold: str) -> bool:
    """Return whether `level` is at least as severe as `threshold`; `UNKNOWN` never is."""
    return level in _RANK and _RANK[level] >= _RANK[threshold]
