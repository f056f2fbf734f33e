"""The result of a query: rows or a histogram, to the terminal, a pipe or a file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from logctl.cli.render import Output, say, show, write_csv
from logctl.core import levels
from logctl.core.errors import UsageError
from logctl.core.safe_text import json_text
from logctl.core.times import TimeRange, format_duration, iso

if TYPE_CHECKING:
    from logctl.core.histogram import Bucket
    from logctl.ops.query.runner import QueryResult

_NUMERIC = ("integer", "bigint", "double", "decimal", "float", "smallint", "tinyint", "real")


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def check_destination(output: Format, to: Path | None, *, histogram: bool) -> None:
    """Before anything is paid for.

    Raises:
        UsageError: the result could not be written there, or not in this form.
    """
    if to is not None and not to.parent.is_dir():
        raise UsageError(f"There is no folder {to.parent}.")
    match output:
        case Format.TABLE | Format.JSON | Format.CSV:
            return
        case Format.PARQUET:
            pass
        case _:
            assert_never(output)
    if histogram:
        raise UsageError("--histogram is written as table, json or csv.")
    if to is None and sys.stdout.isatty():
        raise UsageError("Parquet is nothing for a terminal.", "Write it to a file: --to FILE")
    from logctl.ops.query import parquet

    parquet.require()


@contextlib.contextmanager
def destination(to: Path | None) -> Iterator[None]:
    """Stdout goes to a file, which is there when it is complete.

    Raises:
        UsageError: the file cannot be written.
    """
    if to is None:
        yield
        return
    part = to.with_name(to.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
            yield
        part.replace(to)
    except OSError as problem:
        raise UsageError(f"{to} cannot be written: {problem}.") from None
    finally:
        part.unlink(missing_ok=True)


def write(result: QueryResult, output: Format) -> int:
    """Write the rows, and say how many there were."""
    rows = _Counted(result.rows)
    match output:
        case Format.CSV:
            write_csv(result.columns, map(_flat, rows))
        case Format.JSON:
            _write_json(result.columns, rows)
        case Format.PARQUET:
            from logctl.ops.query import parquet

            parquet.write(sys.stdout.buffer, result.columns, result.types, result.scales, iter(rows))
        case Format.TABLE:
            kinds = zip(result.columns, result.types, strict=True)
            show(
                [dict(zip(result.columns, _flat(row), strict=True)) for row in rows],
                result.columns,
                Output.TABLE,
                empty="No rows.",
                right=[column for column, kind in kinds if kind in _NUMERIC],
                verbatim=True,
            )
        case _:
            assert_never(output)
    return rows.count


class _Counted:
    """Rows, and how many have passed."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def _write_json(columns: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """An array, a row a line, written as it comes."""
    separator = "[\n"
    for row in rows:
        sys.stdout.write(separator + json_text(dict(zip(columns, row, strict=True))))
        separator = ",\n"
    sys.stdout.write("\n]\n" if separator == ",\n" else "[]\n")


def _flat(row: Sequence[Any]) -> list[Any]:
    """A row whose arrays, maps and rows are JSON text."""
    return [json_text(cell) if isinstance(cell, (list, dict)) else cell for cell in row]


def draw(result: QueryResult, output: Format, step: int, span: TimeRange | None) -> None:
    """Count the rows into buckets of `step` milliseconds, and show those."""
    from logctl.ops.query.counts import counted

    found = counted(result.rows, step, span)
    match output:
        case Format.JSON:
            rows = [
                {"start": iso(item.start), "records": item.total, "levels": dict(item.levels)}
                for item in found
            ]
            print(json_text(rows, indent=2))
        case Format.CSV:
            names = (*levels.ORDER, levels.UNKNOWN)
            write_csv(
                ("start", "records", *names),
                (
                    [iso(item.start), item.total, *(item.levels.get(name, 0) for name in names)]
                    for item in found
                ),
            )
        case Format.TABLE:
            _draw_bars(found, step)
        case Format.PARQUET:
            raise AssertionError("check_destination refuses a histogram as Parquet")
        case _:
            assert_never(output)


def _draw_bars(found: Sequence[Bucket], step: int) -> None:
    from logctl.cli.histogram_chart import bars

    if not any(item.total for item in found):
        say("No rows.")
    else:
        lines = bars(
            found,
            step,
            width=shutil.get_terminal_size().columns,
            colored=sys.stdout.isatty() and not os.environ.get("NO_COLOR"),
            blocks=_shows("█▓░"),
        )
        print("\n".join(lines))
        say(f"A bar is {format_duration(step)}, times are UTC.")


def _shows(text: str) -> bool:
    """Whether the terminal's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
