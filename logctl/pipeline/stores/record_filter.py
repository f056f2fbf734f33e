"""Which records a reader asks for: by level, and by regular expressions over message and fields."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from logctl.core import levels
from logctl.core.records import Record, shown_fields


@dataclass(frozen=True)
class Filter:
    """A condition on records.

    `level` keeps records of this level and worse. Every pattern of `grep` has to match, and none of `exclude`
    may.
    """

    level: str | None = None
    grep: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    def __call__(self, record: Record) -> bool:
        """Return whether a record meets the condition."""
        if not self.level_fits(record.level):
            return False
        if not self.by_text:
            return True
        text = record.message
        if fields := shown_fields(record):
            text += " " + json.dumps(fields, ensure_ascii=False)
        return all(pattern.search(text) for pattern in self.grep) and not any(
            pattern.search(text) for pattern in self.exclude
        )

    @property
    def by_text(self) -> bool:
        """Return whether a record's level alone does not decide, so that its text has to be read."""
        return bool(self.grep or self.exclude)

    def level_fits(self, level: str) -> bool:
        """Return whether records of a level can meet the condition."""
        if self.level is None or level == self.level:
            return True
        return self.level in levels.ORDER and levels.at_least(level, self.level)
