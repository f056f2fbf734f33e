"""Recognising the level at a place in a line: words, letters and brackets in the spellings of loggers.

`ERROR` in the middle of a sentence is a word. Where nothing but spaces is around it, only some words in
capitals are levels; others need brackets, a colon or bars.
"""

from __future__ import annotations

import re

from logctl.core.levels import UNKNOWN, level_of_word

# Without brackets or a colon. In capitals: not ALERT (`logrotate: ALERT exited`), LOG or CONFIG.
_BARE_CAPITALS = frozenset(
    (
        *("TRACE", "TRC", "TRCE", "FINEST", "FINER", "FINE", "VERBOSE", "VRB"),
        *("DEBUG", "DBG", "DBUG", "DEBU", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5"),
        *("INFO", "INF", "SUCCESS", "NOTICE", "NOTE", "WARN", "WRN", "WARNING"),
        *("ERROR", "ERR", "ERRO", "SEVERE", "FAIL", "FAILURE", "FATAL", "FTL", "FATA"),
        *("CRITICAL", "CRIT", "CRT", "EMERG", "EMERGENCY", "PANIC", "DPANIC", "PANI", "PNC"),
    )
)
# In small letters, more words begin sentences: `Fine tuning`, `Notice period`, `Critical section`.
_BARE_SMALL = frozenset(("trace", "debug", "info", "information", "warn", "warning", "error", "err", "fatal"))
# Before a colon, also in small letters: not `config: …`, `log: …`, `note: …`, `alert: …`.
_BEFORE_COLON = frozenset(
    (
        *_BARE_SMALL,
        *("trce", "trc", "verb", "verbose", "silly", "dbug", "dbg", "inf", "notice", "wrn"),
        *("fail", "failure", "severe", "crit", "critical", "emerg", "emergency", "panic"),
    )
)
_LETTERS = frozenset("DIWEFVT")
_BRACKETED = re.compile(
    r"""
    (?:[\[(<{|]|\*{1,3})\ *
    (?:[\w.\-]{1,40}:)?([A-Za-z]{1,13}[1-5]?(?:[+-]\d{1,2})?)
    \ *(?:[\])>}|]|\*{1,3})(?::(?=\s|$))?
    """,
    re.VERBOSE,
)
# With a name in the same brackets: `[shop/INFO]`, `[INFO|shop]`, `[INFO - shop]`.
_NAMED = re.compile(
    r"""
    \[(?:[\w.\-]{1,60}\ *[/:|.\-]\ *)?(?P<word>[A-Z]{3,9})
    (?:\ *(?:[/:|\-]|\ )\ *[A-Za-z_][\w.\-:/\ ]{0,59})?\](?::(?=\s|$))?
    """,
    re.VERBOSE,
)
# With a name and a colon: `shop.ERROR: …`, as Monolog writes it.
_CHANNEL = re.compile(r"[\w\-]{1,60}[./]([A-Z]{3,9}):(?=\s|$)")
_NUMBERED = re.compile(r"\[\d{1,10}\]:?(?=\s)")
WORD = re.compile(r"([A-Za-z]{1,13}[1-5]?)([+-]\d{1,2}(?!\d))?(?![\w])")
_BETWEEN_BARS = re.compile(r"[-|]\s+[A-Za-z]{1,13}\s+[-|]\s")
_PRONOUN = re.compile(r"I (?:am|have|had|will|was|can|could|do|did|don|think|would|should|need|know|see)\b")


def level_at(text: str, at: int, *, direct: bool, separated: bool = False) -> tuple[str, int]:
    """Return the level at an index and the index after it; `UNKNOWN` if there is none.

    Args:
        text: the line.
        at: the index.
        direct: nothing is between the time and the index, so that a word in small letters can be a level.
        separated: a word between two dashes or bars can be one.
    """
    first = text[at : at + 1]
    if first and first in "[(<{|*":
        return _bracketed(text, at)
    if not first.isalpha():
        return UNKNOWN, at
    found = WORD.match(text, at, at + 20)
    if found is None or (direct and text[found.end() : found.end() + 1] in (".", "/")):
        channel = _CHANNEL.match(text, at, at + 80) if direct else None
        if channel is not None and channel[1] in _BARE_CAPITALS:
            return level_of_word(channel[1]), channel.end()
        if found is None:
            return UNKNOWN, at
    word, end = found[1], found.end()
    follows, after = text[end : end + 1], text[end + 1 : end + 2]
    ends = follows == ":" and after in ("", " ", "\t")
    lower = word.lower()
    if len(word) == 1:
        sure = ends or (follows and follows in "\t|") or (follows == " " and not _PRONOUN.match(text, at))
        sure = sure and word in _LETTERS
    elif word.isupper():
        sure = ends or (word in _BARE_CAPITALS and (not follows or follows in " \t:|]),;/-!"))
        if follows == "[" and word in _BARE_CAPITALS and (number := _NUMBERED.match(text, end)):
            return level_of_word(word), number.end()
    elif follows == ":":
        sure = ends and lower in _BEFORE_COLON
    elif follows and follows in "\t|":
        sure = lower in _BEFORE_COLON
    elif direct and lower in _BARE_SMALL:
        sure = follows in (" ", ",", "")
    else:
        sure = (
            separated
            and lower in _BEFORE_COLON
            and (
                _BETWEEN_BARS.match(text, at - 2) is not None
                or (text[at - 2 : at] == "] " and text[end : end + 3] == " - ")
            )
        )
    return (level_of_word(found[0]), end) if sure else (UNKNOWN, at)


def _bracketed(text: str, at: int) -> tuple[str, int]:
    found = _BRACKETED.match(text, at, at + 80)
    if found is None or level_of_word(found[1]) == UNKNOWN or (text[at] == "[" and "]" not in found[0]):
        named = _NAMED.match(text, at, at + 160)
        if named is not None and named["word"] in _BARE_CAPITALS:
            return level_of_word(named["word"]), named.end()
        return UNKNOWN, at
    word = found[1]
    if len(word) == 1 and (not word.isupper() or text[at] == "("):  # `(C) 2026 Acme`
        return UNKNOWN, at
    return level_of_word(word), found.end()


def is_certain(text: str, at: int, end: int) -> bool:
    """Return whether a level is in brackets or in capitals: `user@example.com error: …` is a sentence."""
    return not text[at].isalpha() or text[at:end].isupper()
