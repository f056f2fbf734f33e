"""Output of records, one in each line, as `tail` and `send --dry-run` write them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, assert_never

import msgspec

from logctl.cli.render import Color, RecordFormat
from logctl.core import levels
from logctl.core.batches import batched
from logctl.core.errors import UsageError
from logctl.core.formats.original import restore
from logctl.core.records import RAW, Record, to_public
from logctl.core.rows import Row, canonical_fields, parse_fields, record_of
from logctl.core.safe_text import json_text, neutralise, neutralise_lines
from logctl.core.times import from_iso, iso, to_datetime
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


_NOT_IN_TEXT = frozenset(("pid", "thread", "stream", "namespace", "container", "span_id", RAW))
"""Fields that text does not show: where a line ran, and what repeats the record."""
_OF_REQUESTS = frozenset(("method", "path", "status", "bytes", "duration", "user", "client"))
"""Fields that text does not show if the message has them."""
_LINES_AT_ONCE = 500
_encode = msgspec.json.Encoder().encode
_format = msgspec.json.format


def _level_text(level: str, colored: bool) -> str:
    text = f"{level:<7}"
    return f"\x1b[{_COLORS.get(level, '0')}m{text}\x1b[0m" if colored else text


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
        self._levels = {level: _level_text(level, colored) for level in (*levels.ORDER, levels.UNKNOWN)}
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
        line_of = self._line_of_row()
        count = 0
        for run in runs:
            count += len(run)
            if line_of is None:
                for entry in run:
                    self.write(record_in(entry))
            else:
                for some in batched(run, _LINES_AT_ONCE):
                    sys.stdout.write("\n".join([line_of(app, row) for _, app, row in some]) + "\n")
            sys.stdout.flush()
        return count

    def _line_of_row(self) -> Callable[[str, Row], str] | None:
        """Return what makes a line of a row without making a record; None where a record is needed."""
        if self._query is not None or self._exact:
            return None
        match self._form:
            case RecordFormat.TEXT:
                return self._text_of_row
            case RecordFormat.JSON | RecordFormat.JSONL:
                return json_of_row
            case _:
                return None

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
        stamp = stamp_of(iso(record.ts), self._utc)
        return self._shown(stamp, record.level, record.appid, record.message, record.fields)

    def _text_of_row(self, app: str, row: Row) -> str:
        fields = parse_fields(row.fields)
        return self._shown(stamp_of(row.ts, self._utc), row.level, app, row.message, fields)

    def _shown(self, stamp: str, level: str, app: str, message: str, fields: Mapping[str, Any]) -> str:
        line = f"{stamp} {self._levels.get(level) or neutralise(level)} {app} {neutralise(message)}"
        if not fields:
            return line
        shown = " ".join(
            [
                f"{name}={value if value.__class__ is str else _as_text(value)}"
                for name, value in fields.items()
                if name not in _NOT_IN_TEXT and not (name in _OF_REQUESTS and str(value) in message)
            ]
        )
        return f"{line} {neutralise(shown)}" if shown else line


class _Public(msgspec.Struct, omit_defaults=True):
    """What `to_public` returns, in the same order."""

    ts: str
    appid: str
    level: str
    message: str
    event_id: str
    fields: Any = None
    flags: Sequence[str] | None = None


def json_of_row(app: str, row: Row) -> str:
    """Return the line of JSON that `to_public` makes of a row's record."""
    fields: Any = None
    if row.fields is not None:
        canonical = canonical_fields(row.fields)
        fields, text = canonical or (parse_fields(row.fields), b"")
        if RAW in fields:
            del fields[RAW]
        elif canonical and fields:
            fields = msgspec.Raw(text)
    public = _Public(
        row.ts, app, row.level, row.message, row.event_id, fields=fields or None, flags=row.flags or None
    )
    try:
        line = _format(_encode(public), indent=0).decode()
    except (msgspec.MsgspecError, UnicodeError, OverflowError, TypeError):
        return json_text(to_public(record_of(row, app)))
    # JSON escapes the control characters of ASCII but DEL.
    if (line.isascii() and "\x7f" not in line) or line.isprintable():
        return line
    return json_text(to_public(record_of(row, app)))


def stamp_of(ts: str, utc: bool) -> str:
    """Return a time as `times.iso` writes it in UTC, or in this machine's time zone."""
    if utc:
        return ts
    minute, offset = _local_minute(ts[:16])
    return f"{minute}{ts[16:23]}{offset}"


@lru_cache(maxsize=4_096)
def _local_minute(minute: str) -> tuple[str, str]:
    """Return a minute in UTC (`2026-01-31T08:15`) in this machine's zone, and the zone's offset then.

    Offsets are whole minutes since 1972, when the last zone with another one was changed.
    """
    text = to_datetime(from_iso(f"{minute}:00.000Z")).astimezone().isoformat(timespec="minutes")
    return text[:16], "Z" if text[16:] == "+00:00" else text[16:]


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return neutralise(value)
    # JSON writes these two as Python does.
    return repr(value) if type(value) in (int, float) else _json_text(value)


def _json_text(value: object) -> str:
    """Return what `json_text` does, much faster; only exponents of numbers are written differently."""
    try:
        line = _format(_encode(value), indent=0).decode()
    except (msgspec.MsgspecError, UnicodeError, OverflowError, TypeError):  # such as half of a surrogate pair
        return json_text(value)
    return line if line.isprintable() else json_text(value)
