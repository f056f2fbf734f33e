"""Choosing which records of the inputs are sent, by their original text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from logctl.ops.send.entries import Entry, Rejection


@dataclass(frozen=True)
class RecordSelection:
    """The records to send: those that match each pattern of `include` and none of `exclude`.

    A pattern may match anywhere in the original lines of a record, its stack trace included. What is left out
    changes nothing about the other records: they have the same ids.
    """

    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    def of(self, entries: Iterable[Entry | Rejection]) -> Iterable[Entry | Rejection]:
        """Return the entries of the records to send, and all rejections."""
        return self._chosen(entries) if self.include or self.exclude else entries

    def _chosen(self, entries: Iterable[Entry | Rejection]) -> Iterator[Entry | Rejection]:
        for entry in entries:
            if isinstance(entry, Rejection) or self._keeps(entry):
                yield entry

    def _keeps(self, entry: Entry) -> bool:
        value = entry.value
        text = entry.text or (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        if any(pattern.search(text) for pattern in self.exclude):
            return False
        return all(pattern.search(text) for pattern in self.include)
