"""Output of a query's result, as rows or as a histogram, to the terminal, a pipe or a file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from logctl.cli.render import Output, RowCounter, say, show, write_csv
from logctl.core import levels
from logctl.core.errors import UsageError
from logctl.core.histogram import Bucket
from logctl.core.safe_text import json_text
from logctl.core.times import format_duration, iso

if TYPE_CHECKING:
    from logctl.ops.query.question import Bars
    from logctl.ops.query.runner import QueryResult

_NUMERIC = ("integer", "bigint", "double", "decimal", "float", "smallint", "tinyint", "real")


class QueryOutput(StrEnum):
    """The output formats of a query's rows; a histogram has all but Parquet."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def check_destination(output: QueryOutput, to: Path | None, *, histogram: bool) -> None:
    """Check that the result can be written, before the query is run and costs something.

    Raises:
        UsageError: the folder of the file is missing, or the format does not suit the destination or result.
    """
    if to is not None and not to.parent.is_dir():
        raise UsageError(f"There is no folder {to.parent}.")
    match output:
        case QueryOutput.TABLE | QueryOutput.JSON | QueryOutput.CSV:
            return
        case QueryOutput.PARQUET:
            pass
        case _:
            assert_never(output)
    if histogram:
        raise UsageError("A histogram cannot be written as Parquet: choose table, json or csv.")
    if to is None and sys.stdout.isatty():
        raise UsageError(
            "Parquet is a binary format and cannot be shown on a terminal.", "Write it to a file: --to FILE"
        )
    from logctl.ops.query import parquet

    parquet.require()


@contextlib.contextmanager
def destination(to: Path | None) -> Iterator[None]:
    """Redirect stdout to a file, which gets its name only when it is complete; None leaves stdout as it is.

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


def write_rows(result: QueryResult, output: QueryOutput) -> int:
    """Write the rows to stdout, and return how many there were."""
    rows = RowCounter(result.rows)
    match output:
        case QueryOutput.TABLE:
            _write_table(result, rows)
        case QueryOutput.JSON:
            _write_json(result.columns, rows)
        case QueryOutput.CSV:
            write_csv(result.columns, map(_flat, rows))
        case QueryOutput.PARQUET:
            from logctl.ops.query import parquet

            parquet.write(sys.stdout.buffer, result.columns, result.types, result.scales, iter(rows))
        case _:
            assert_never(output)
    return rows.count


def _write_table(result: QueryResult, rows: Iterable[Sequence[Any]]) -> None:
    kinds = zip(result.columns, result.types, strict=True)
    show(
        (dict(zip(result.columns, _flat(row), strict=True)) for row in rows),
        result.columns,
        Output.TABLE,
        empty="No rows.",
        right=[column for column, kind in kinds if kind in _NUMERIC],
        verbatim=True,
    )


def _write_json(columns: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """Write an array with one row per line, each as soon as it is read."""
    separator = "[\n"
    for row in rows:
        sys.stdout.write(separator + json_text(dict(zip(columns, row, strict=True))))
        separator = ",\n"
    sys.stdout.write("\n]\n" if separator == ",\n" else "[]\n")


def _flat(row: Sequence[Any]) -> list[Any]:
    """Return a row with its arrays, maps and nested rows as JSON text."""
    return [json_text(cell) if isinstance(cell, (list, dict)) else cell for cell in row]


def write_histogram(result: QueryResult, output: QueryOutput, bars: Bars) -> None:
    """Write how many rows each bar has, by level; on a terminal as a chart.

    Raises:
        UsageError: a row has no valid time, or there are too many bars.
    """
    from logctl.ops.query.counts import counted

    buckets = counted(result.rows, bars.step, bars.span)
    match output:
        case QueryOutput.TABLE:
            _draw(buckets, bars.step)
        case QueryOutput.JSON:
            rows = [
                {"start": iso(item.start), "records": item.total, "levels": dict(item.levels)}
                for item in buckets
            ]
            print(json_text(rows, indent=2))
        case QueryOutput.CSV:
            names = (*levels.ORDER, levels.UNKNOWN)
            write_csv(
                ("start", "records", *names),
                (
                    [iso(item.start), item.total, *(item.levels.get(name, 0) for name in names)]
                    for item in buckets
                ),
            )
        case QueryOutput.PARQUET:
            raise ValueError("check_destination refuses a histogram as Parquet")
        case _:
            assert_never(output)


def _draw(buckets: Sequence[Bucket], step: int) -> None:
    from logctl.cli.histogram_chart import chart

    if not any(item.total for item in buckets):
        say("No rows.")
        return
    lines = chart(
        buckets,
        step,
        width=shutil.get_terminal_size().columns,
        colored=sys.stdout.isatty() and not os.environ.get("NO_COLOR"),
        blocks=_can_encode("█▓░"),
    )
    print("\n".join(lines))
    say(f"Each bar covers {format_duration(step)}; times are in UTC.")


def _can_encode(text: str) -> bool:
    """Return whether stdout's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
