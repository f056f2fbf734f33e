"""Tables: as rich draws them where they are small, and row by row where they are large."""

from __future__ import annotations

import io
import itertools
import tracemalloc
from collections.abc import Iterator, Sequence

from hypothesis import example, given
from hypothesis import strategies as st
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from logctl.cli.table_layout import WINDOW, TableColumn, TableRow, TableStyle, table_lines
from logctl.core.safe_text import neutralise

texts = st.text("ab 日é👍🏽\u0301\u200d-:x", max_size=60).map(lambda text: neutralise(text).strip())
columns = st.lists(st.builds(TableColumn, st.sampled_from(["n", "name", "日本", "last message"]),
                             st.booleans(), st.booleans()), min_size=1, max_size=4)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[TableColumn], list[list[str]]]:
    chosen = draw(columns)
    row = st.lists(texts, min_size=len(chosen), max_size=len(chosen))
    return chosen, draw(st.lists(row, min_size=1, max_size=6))


def by_rich(columns: Sequence[TableColumn], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        grid.add_column(
            Text(column.heading),
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=column.whole,
        )
    for row in rows:
        grid.add_row(*map(Text, row))
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False)
    console.print(grid, crop=False)
    return console.file.getvalue().split("\n")[:-1]


def lines(columns, rows, width: int | None) -> list[str]:
    return list(table_lines(columns, (TableRow(row) for row in rows), TableStyle(width)))


@given(tables(), st.integers(80, 140))
@example(([TableColumn("a"), TableColumn("b")], [["word " * 30, "x" * 90]]), 80)
@example(([TableColumn("a"), TableColumn("b", right=True)], [["日本語" * 30, "12"]]), 61)
def test_a_small_table_is_what_rich_draws(table, width):
    columns, rows = table
    whole = [place for place, column in enumerate(columns) if column.whole]
    if (
        sum(max(cell_len(columns[place].heading), *(cell_len(row[place]) for row in rows)) for place in whole)
        < 40
    ):
        assert lines(columns, rows, width) == by_rich(columns, rows, width)


@given(tables())
def test_in_a_pipe_nothing_is_folded(table):
    columns, rows = table
    drawn = lines(columns, rows, None)
    assert len(drawn) == len(rows) + 2
    assert drawn == by_rich(columns, rows, 10_000)


@given(tables(), st.integers(4, 60))
def test_no_character_is_lost_however_narrow_the_terminal_is(table, width):
    columns, rows = table
    columns = [column._replace(right=False, whole=False) for column in columns]
    drawn = "".join("".join(lines(columns, rows, width)).split())
    for character in {character for row in rows for text in row for character in text} - {" "}:
        assert character in drawn


@given(tables(), tables(), st.integers(60, 120))
def test_a_later_row_is_as_wide_as_the_first_ones_on_a_terminal(table, more, width):
    columns, rows = table
    columns = [column._replace(whole=False) for column in columns]
    late = [(row * len(columns))[: len(columns)] for row in more[1]]
    drawn = lines(columns, [*rows * WINDOW, *late], width)
    assert {cell_len(line) for line in drawn} == {cell_len(drawn[0])}
    assert cell_len(drawn[0]) <= max(width, 5 * len(columns))


def test_a_later_row_that_is_wider_is_whole_in_a_pipe():
    rows = [*[["a", "b"]] * WINDOW, ["a longer text", "日本"]]
    assert lines([TableColumn("one"), TableColumn("two")], rows, None)[-1] == "a longer text   日本"


def test_rows_are_drawn_while_they_are_read_and_not_kept():
    read = 0

    def rows() -> Iterator[TableRow]:
        nonlocal read
        for read in range(1, 100_001):
            yield TableRow([f"row {read}", "x" * 1000])

    drawn = table_lines([TableColumn("name"), TableColumn("text")], rows(), TableStyle(80))
    assert next(drawn)
    assert read == WINDOW
    tracemalloc.start()
    assert sum(1 for line in itertools.islice(drawn, 200_000)) == 200_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000


def test_colours_are_those_of_headings_and_rows():
    rows = [TableRow(["fine"]), TableRow(["bad"], "31")]
    drawn = list(table_lines([TableColumn("state")], rows, TableStyle(80, colored=True)))
    assert drawn == ["\x1b[1mstate\x1b[0m", "─────", "fine ", "\x1b[31mbad  \x1b[0m"]


def test_a_table_without_rows_is_not_drawn():
    assert lines([TableColumn("state")], [], 80) == []
