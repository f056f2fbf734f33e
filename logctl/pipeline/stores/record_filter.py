"""Which records a reader asks for: by level, and by regular expressions over message and fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from logctl.core import levels
from logctl.core.records import RAW, Record, shown_fields
from logctl.core.rows import Row, parse_fields

_WORDS = re.compile(r"[A-Za-z]{2,}(?:\|[A-Za-z]{2,})*")
_NOT_WORDS = "logctl.fields infinity nan"
"""Words that the searched text can have although the row's text lacks them, see `_words_of`."""


@dataclass(frozen=True)
class Filter:
    """A condition on records.

    `level` keeps records of this level and worse. Every pattern of `grep` has to match, and none of `exclude`
    may. A pattern is searched for in the message, and the fields as JSON after it.
    """

    level: str | None = None
    grep: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    def __call__(self, record: Record) -> bool:
        """Return whether a record meets the condition."""
        return self.level_fits(record.level) and (
            not self.by_text or self._text_fits(_text(record.message, shown_fields(record)))
        )

    def of_rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of records that meet the condition, in the same order."""
        rows = self.of_levels(rows)
        return [row for row in rows if self._row_fits(row)] if self.by_text else rows

    def of_levels(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows of records whose level meets the condition, in the same order."""
        if self.level is None:
            return rows
        fitting = self._levels
        return [row for row in rows if row.level in fitting]

    def _row_fits(self, row: Row) -> bool:
        fields = row.fields
        if fields is None:
            return self._text_fits(row.message)
        if self._words and _lacks(self._words, row.message, fields):
            return False
        shown = parse_fields(fields)
        shown.pop(RAW, None)
        return self._text_fits(_text(row.message, shown))

    def _text_fits(self, text: str) -> bool:
        return all(pattern.search(text) for pattern in self.grep) and not any(
            pattern.search(text) for pattern in self.exclude
        )

    @property
    def by_text(self) -> bool:
        """Return whether a record's level alone does not decide, so that its text has to be read."""
        return bool(self.grep or self.exclude)

    def level_fits(self, level: str) -> bool:
        """Return whether records of a level can meet the condition."""
        return self.level is None or level in self._levels

    @cached_property
    def _levels(self) -> frozenset[str]:
        """The levels of records that can meet the condition."""
        if self.level is None:
            return frozenset((*levels.ORDER, levels.UNKNOWN))
        if self.level not in levels.ORDER:
            return frozenset((self.level,))
        return frozenset(level for level in levels.ORDER if levels.at_least(level, self.level))

    @cached_property
    def _words(self) -> tuple[str, ...]:
        """Words in lower case of which a text has to have one to match the first pattern that says so."""
        return next(filter(None, map(_words_of, self.grep)), ())


def _text(message: str, fields: object) -> str:
    return f"{message} {json.dumps(fields, ensure_ascii=False)}" if fields else message


def _words_of(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Return the words that a pattern consists of, in lower case; none if it is anything else.

    A pattern of words alone can be looked for in the JSON of a row as it was stored, which is faster than to
    decode it. What is written differently there are spaces, numbers, and names that the row itself does not
    have: a word of two letters or more that is no part of `_NOT_WORDS` is the same in both.
    """
    if not _WORDS.fullmatch(pattern.pattern):
        return ()
    words = tuple(pattern.pattern.lower().split("|"))
    return () if any(word in _NOT_WORDS for word in words) else words


def _lacks(words: Iterable[str], message: str, fields: str) -> bool:
    r"""Return whether a row certainly has none of some words.

    It is uncertain where its fields have escapes, such as `\u0061`, and where letters outside ASCII can be
    equal to one within when case is ignored.
    """
    if "\\" in fields or not (fields.isascii() and message.isascii()):
        return False
    low = fields.lower()
    if any(word in low for word in words):
        return False
    low = message.lower()
    return not any(word in low for word in words)
