"""Output of records, one in each line, as `tail` and `send --dry-run` write them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, assert_never

from logctl.cli.render import Color, RecordFormat
from logctl.core import levels
from logctl.core.errors import UsageError
from logctl.core.formats.original import restore
from logctl.core.records import Record, shown_fields, to_public
from logctl.core.safe_text import json_text, neutralise, neutralise_lines
from logctl.core.times import to_datetime
from logctl.pipeline.stores.hot_contents import Keyed, record_in

_COLORS = {
    levels.TRACE: "2",
    levels.DEBUG: "2",
    levels.INFO: "32",
    levels.NOTICE: "36",
    levels.WARN: "33",
    levels.ERROR: "31",
    levels.FATAL: "1;31",
}


_WHERE_IT_RAN = frozenset(("pid", "thread", "stream", "namespace", "container", "span_id"))
_OF_REQUESTS = frozenset(("method", "path", "status", "bytes", "duration", "user", "client"))


def is_colored(color: Color, no_color: bool = False) -> bool:
    """Return whether text is coloured, for the options `--color` and `--no-color`."""
    if no_color or color is Color.NEVER:
        return False
    return color is Color.ALWAYS or (sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


class Printer:
    """A writer of records to stdout, one in each line, flushed so that a pipe receives them at once."""

    def __init__(self, form: RecordFormat, query: str | None, *, utc: bool, colored: bool) -> None:
        self._form = form
        self._utc = utc
        self._colored = colored
        # On a terminal, control characters of a log must not have an effect.
        self._exact = form is RecordFormat.RAW and query is None and not sys.stdout.isatty()
        self._query = None
        if query is not None:
            import jmespath

            try:
                self._query = jmespath.compile(query)
            except jmespath.exceptions.JMESPathError as problem:
                first = str(problem).split("\n")[0]
                raise UsageError(f"That is not a JMESPath expression: {first}") from None

    def print(self, records: Iterable[Record]) -> int:
        """Write records, and return how many there were."""
        count = 0
        for record in records:
            count += 1
            self.write(record)
            if count % 100 == 0:
                sys.stdout.flush()
        sys.stdout.flush()
        return count

    def print_rows(self, runs: Iterable[list[Keyed]]) -> int:
        """Write records as they are read from the hot store, and return how many there were."""
        count = 0
        for run in runs:
            count += len(run)
            for entry in run:
                self.write(record_in(entry))
            sys.stdout.flush()
        return count

    def write(self, record: Record) -> None:
        """Write one record, without flushing."""
        if self._exact:
            sys.stdout.buffer.write(f"{restore(record)}\n".encode("utf-8", "replace"))
        else:
            sys.stdout.write(self._line(record) + "\n")

    def _line(self, record: Record) -> str:
        if self._query is not None:
            return _as_text(self._query.search(to_public(record)))
        match self._form:
            case RecordFormat.TEXT:
                return self._text(record)
            case RecordFormat.JSON | RecordFormat.JSONL:
                return json_text(to_public(record))
            case RecordFormat.RAW:
                return neutralise_lines(restore(record))
            case _:
                assert_never(self._form)

    def _text(self, record: Record) -> str:
        moment = to_datetime(record.ts)
        if not self._utc:
            moment = moment.astimezone()
        stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        level = f"{record.level:<7}"
        if self._colored:
            level = f"\x1b[{_COLORS.get(record.level, '0')}m{level}\x1b[0m"
        parts = [stamp, level, record.appid, neutralise(record.message)]
        if fields := _fields_of_text(record):
            parts.append(neutralise(" ".join(f"{k}={_as_text(v)}" for k, v in fields.items())))
        return " ".join(parts)


def _fields_of_text(record: Record) -> dict[str, Any]:
    """Return the fields that text shows: not where a line ran, nor what its message says of a request."""
    return {
        name: value
        for name, value in shown_fields(record).items()
        if name not in _WHERE_IT_RAN and not (name in _OF_REQUESTS and str(value) in record.message)
    }


def _as_text(value: object) -> str:
    return neutralise(value) if isinstance(value, str) else json_text(value)
