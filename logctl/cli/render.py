"""Output of results: tables for people, JSON and CSV for programs.

Data goes to stdout, and messages about it to stderr, so that the data can be piped.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar, assert_never

from logctl.core.safe_text import csv_cell, json_text, neutralise, shortened

if TYPE_CHECKING:
    from rich.console import Console


Row = TypeVar("Row")
_COLORS = {"": "", "red": "31"}
"""The codes of the styles of rows."""
_ROOM_FOR_IDS = 120
"""Columns of a terminal on which an id of 36 characters leaves room for the rest of a row."""


class Output(StrEnum):
    """The forms in which every listing can be written.

    Whatever treats the forms differently uses `match` with `assert_never`, or one of the properties: after a
    form is added, mypy reports the places that do not know it yet.
    """

    TABLE = "table"
    JSON = "json"
    CSV = "csv"

    @property
    def for_programs(self) -> bool:
        """Return whether programs read this form; it then has all columns, with unchanged values."""
        match self:
            case Output.TABLE:
                return False
            case Output.JSON | Output.CSV:
                return True
            case _:
                assert_never(self)

    @property
    def nests(self) -> bool:
        """Return whether a value can be a list or an object; otherwise it has to be one text."""
        match self:
            case Output.JSON:
                return True
            case Output.TABLE | Output.CSV:
                return False
            case _:
                assert_never(self)


class RecordFormat(StrEnum):
    """The forms in which records can be written."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    RAW = "raw"
    """The original lines; unchanged in a pipe or a file."""


class Color(StrEnum):
    """Whether text is coloured."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def say(message: str) -> None:
    """Write a message to stderr as one line, with its control characters escaped."""
    sys.stderr.write(neutralise(message) + "\n")
    sys.stderr.flush()


def discard_output() -> None:
    """Let the rest of the output go nowhere, after a BrokenPipeError.

    That the reader of a pipe, such as `head`, has ended is not an error. What is left in the buffer must not
    be flushed to the closed pipe when Python exits.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console(*, stderr: bool = False) -> Console:
    """Return a rich console that shows text as it is, without markup, emoji or highlighting."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False)


@contextmanager
def working(doing: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner with a text, on a terminal only, and yield a function that changes the text."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    with console(stderr=True).status(doing) as status:
        yield lambda text: status.update(neutralise(text))


def show(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    output: Output,
    *,
    empty: str = "",
    right: Sequence[str] = (),
    words: Mapping[str, Any] | None = None,
    style: Callable[[Mapping[str, Any]], str] = lambda row: "",
    verbatim: bool = False,
    whole: Sequence[str] = (),
) -> None:
    """Write a listing to stdout.

    Args:
        rows: one mapping per row. JSON gets all of its members, a table and CSV the `columns`.
        columns: the members that are columns, in order.
        output: the output format.
        empty: the message for stderr if there are no rows.
        right: columns that a table aligns to the right, such as numbers.
        words: functions that turn a value of a column into what a table shows.
        style: a function that returns the style of a table's row, such as "red".
        verbatim: whether a table shows the names of the columns unchanged, because the user chose them.
        whole: columns that a table never folds, such as ids.
    """
    counted = RowCounter(rows)
    match output:
        case Output.JSON:
            write_json(counted)
        case Output.CSV:
            write_csv(columns, ([row.get(column) for column in columns] for row in counted))
        case Output.TABLE:
            table(
                columns,
                counted,
                right=right,
                words=words or {},
                style=style,
                verbatim=verbatim,
                whole=whole,
            )
        case _:
            assert_never(output)
    if not counted.count and empty:
        say(empty)


class RowCounter(Generic[Row]):
    """An iterable of rows that counts those that have been read."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.count += 1
            yield row


def write_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write an array to stdout, each element as soon as it is read."""
    separator = "[\n  "
    for row in rows:
        text = json_text(row, indent=2)
        sys.stdout.write(separator + text.replace("\n", "\n  "))
        separator = ",\n  "
    print("[]" if separator.startswith("[") else "\n]")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write CSV to stdout: unchanged to a file or a pipe, with control characters escaped on a terminal."""
    import csv

    on_screen = sys.stdout.isatty()

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return neutralise(str(value)) if on_screen and value is not None else value
        text = csv_cell(value)
        return neutralise(text) if on_screen else text.encode("utf-8", "replace").decode()

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([cell(column) for column in columns])
    for row in rows:
        writer.writerow([cell(value) for value in row])


def table(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    right: Sequence[str] = (),
    words: Mapping[str, Any] | None = None,
    style: Callable[[Mapping[str, Any]], str] = lambda row: "",
    verbatim: bool = False,
    whole: Sequence[str] = (),
) -> None:
    """Draw a table on stdout while its rows are read; the arguments are those of `show`.

    Without rows, nothing is drawn.
    """
    from logctl.cli.table_layout import TableColumn, TableRow, table_lines

    headings = [
        TableColumn(
            neutralise(column) if verbatim else column.removesuffix("_ms").replace("_", " "),
            right=column in right,
            whole=column in whole,
        )
        for column in columns
    ]
    shown = [(column, (words or {}).get(column)) for column in columns]

    def cell(value: Any, word: Any) -> str:
        if value is None:
            return ""
        text = str(value if word is None else word(value))
        return text if text.isprintable() else neutralise(text)

    drawn = (
        TableRow([cell(row.get(column), word) for column, word in shown], _COLORS[style(row)]) for row in rows
    )
    sys.stdout.writelines(f"{line}\n" for line in table_lines(headings, drawn, _table_style()))


def _table_style() -> Any:
    """Return how a table is drawn on stdout: a pipe has no width, so nothing is folded or cut off."""
    from logctl.cli.table_layout import TableStyle

    terminal = sys.stdout.isatty()
    return TableStyle(
        terminal_width() if terminal else None,
        colored=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        rule="─" if (sys.stdout.encoding or "").lower().startswith("utf") else "-",
    )


def terminal_width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size().columns


def brief(ids: Sequence[str]) -> Callable[[str], str]:
    """Return a function that writes ids for a table.

    On a narrow terminal it shortens each id to a beginning that is unique among `ids`; every command accepts
    such a beginning in place of the id.
    """
    if not sys.stdout.isatty() or terminal_width() >= _ROOM_FOR_IDS:
        return str
    return shortened(ids).__getitem__


def facts(pairs: Mapping[str, Any], output: Output) -> None:
    """Write the members of one thing: one per line, or as JSON or CSV."""
    match output:
        case Output.JSON:
            print(json_text(dict(pairs), indent=2))
        case Output.CSV:
            write_csv(list(pairs), [list(pairs.values())])
        case Output.TABLE:
            _facts_as_text(pairs)
        case _:
            assert_never(output)


def _facts_as_text(pairs: Mapping[str, Any]) -> None:
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        first, *rest = str("" if value is None else value).split("\n")
        print(f"{name.replace('_', ' '):<{width}}  {neutralise(first)}")
        for line in rest:
            print(f"{'':<{width}}  {neutralise(line)}")
