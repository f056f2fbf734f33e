"""Output of results: tables for people, JSON and CSV for programs.

Data goes to stdout, and messages about it to stderr, so that the data can be piped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, assert_never

from logctl.core.safe_text import csv_cell, json_text, neutralise, shortened

if TYPE_CHECKING:
    from rich.console import Console


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
    listed = list(rows)
    match output:
        case Output.JSON:
            print(json_text(listed, indent=2))
        case Output.CSV:
            write_csv(columns, ([row.get(column) for column in columns] for row in listed))
        case Output.TABLE:
            if listed:
                table(
                    columns,
                    listed,
                    right=right,
                    words=words or {},
                    style=style,
                    verbatim=verbatim,
                    whole=whole,
                )
        case _:
            assert_never(output)
    if not listed and empty:
        say(empty)


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
    rows: Sequence[Mapping[str, Any]],
    *,
    right: Sequence[str] = (),
    words: Mapping[str, Any] | None = None,
    style: Callable[[Mapping[str, Any]], str] = lambda row: "",
    verbatim: bool = False,
    whole: Sequence[str] = (),
) -> None:
    """Draw a table on stdout; the arguments are those of `show`."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    words = words or {}
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        grid.add_column(
            Text(neutralise(column) if verbatim else column.removesuffix("_ms").replace("_", " ")),
            justify="right" if column in right else "left",
            overflow="fold",
            no_wrap=column in whole,
        )
    for row in rows:
        cells = []
        for column in columns:
            value = row.get(column)
            shown = words[column](value) if column in words and value is not None else value
            cells.append(Text("" if shown is None else neutralise(str(shown))))
        grid.add_row(*cells, style=style(row))
    out = console()
    if not sys.stdout.isatty():
        # A pipe has no width, so nothing is folded or cut off.
        out.width = 10_000
    with out.capture() as drawn:
        out.print(grid, crop=False)
    # Not printed by rich: it ends the program with 1 when the reader of a pipe, such as `head`, has ended.
    print(drawn.get(), end="")


def brief(ids: Sequence[str]) -> Callable[[str], str]:
    """Return a function that writes ids for a table.

    On a narrow terminal it shortens each id to a beginning that is unique among `ids`; every command accepts
    such a beginning in place of the id.
    """
    if not sys.stdout.isatty() or console().width >= _ROOM_FOR_IDS:
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
