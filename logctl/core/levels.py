"""Levels: one scale of severity for the words and numbers that producers use."""

from __future__ import annotations

TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, FATAL = "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "FATAL"
UNKNOWN = "UNKNOWN"

ORDER = (TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, FATAL)
"""From least to most severe. `UNKNOWN` is not among them: it neither alerts nor passes a level filter."""

_RANK = {level: rank for rank, level in enumerate(ORDER)}

_NAMES = {
    TRACE: ("trace", "finest", "finer", "silly", "verbose", "trc"),
    DEBUG: ("debug", "dbg", "fine", "debug1", "debug2", "debug3", "d"),
    INFO: ("info", "information", "informational", "inf", "i", "log", "config"),
    NOTICE: ("notice", "note"),
    WARN: ("warn", "warning", "wrn", "w"),
    ERROR: ("error", "err", "eror", "e", "severe", "failure"),
    FATAL: ("fatal", "critical", "crit", "alert", "emerg", "emergency", "panic", "f", "c"),
}
_BY_NAME = {name: level for level, names in _NAMES.items() for name in names}

# RFC 5424, section 6.2.1: severity 0 (emergency) to 7 (debug).
_SYSLOG = (FATAL, FATAL, FATAL, ERROR, WARN, NOTICE, INFO, DEBUG)
# pino and bunyan: https://getpino.io/#/docs/api?id=logger-level (10 trace … 60 fatal).
_PINO = {10: TRACE, 20: DEBUG, 30: INFO, 40: WARN, 50: ERROR, 60: FATAL}


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
        return _BY_NAME.get(word, UNKNOWN)
    return UNKNOWN


def _by_number(number: int) -> str:
    if 0 <= number < len(_SYSLOG):
        return _SYSLOG[number]
    return _PINO.get(number, UNKNOWN)


def at_least(level: str, threshold: str) -> bool:
    """Return whether `level` is at least as severe as `threshold`; `UNKNOWN` never is."""
    return level in _RANK and _RANK[level] >= _RANK[threshold]
