"""`logctl athena`: SQL over everything; its partitions are in `cli.partitions`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from logctl.cli import compact, partitions
from logctl.cli.command import command
from logctl.cli.context import Context
from logctl.cli.render import Output, say, show, working, write_csv
from logctl.core.errors import UsageError
from logctl.core.sizes import format_size
from logctl.core.times import format_duration


def register(app: typer.Typer) -> None:
    family = typer.Typer(help="SQL over everything, and the partitions it reads.", no_args_is_help=True)
    command(family, "query")(query)
    partitions.register(family)
    compact.register(family)
    app.add_typer(family, name="athena")


def query(
    context: Context,
    sql: Annotated[
        str | None, typer.Argument(metavar="[SQL or -]", help="A statement; - reads stdin.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the statement from a file.")] = None,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """Run one SQL statement in Athena and print its rows.

    The table is `logs`, partitioned by year, month, day and appid. What was read, and about what that
    costs, goes to stderr. Ctrl-C cancels the query.

    Examples:

      logctl athena query "SELECT level, count(*) AS n FROM logs GROUP BY 1 ORDER BY 2 DESC"

      logctl athena query "SELECT ts, message FROM logs WHERE year='2026' AND appid='checkout'" -o csv

      logctl athena query --file report.sql -o json
    """
    from logctl.ops import athena

    statement = _statement(sql, file)
    try:
        with working("Athena is working…") as update:
            result = athena.query(
                context.deployment, statement, on_start=lambda query_id: update(f"Athena works on {query_id}")
            )
    except KeyboardInterrupt:
        say("logctl: the query was cancelled.")
        raise
    rows: Any = result.rows
    if output is Output.CSV:
        write_csv(result.columns, rows)
    elif output is Output.JSON:
        _write_json(result.columns, rows)
    else:
        show(
            [dict(zip(result.columns, row, strict=True)) for row in rows],
            result.columns,
            Output.TABLE,
            empty="No rows.",
            right=[
                column
                for column, kind in zip(result.columns, result.types, strict=True)
                if kind in ("integer", "bigint", "double", "decimal", "float", "smallint", "tinyint", "real")
            ],
        )
    say(
        f"{format_size(result.scanned)} scanned in {format_duration(result.milliseconds)}, "
        f"about ${result.dollars:.6f}; query {result.query_id}"
    )


def _write_json(columns: tuple[str, ...], rows: Any) -> None:
    """An array, a row a line, written as it comes."""
    separator = "[\n"
    for row in rows:
        sys.stdout.write(
            separator + json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str)
        )
        separator = ",\n"
    sys.stdout.write("\n]\n" if separator == ",\n" else "[]\n")


def _statement(sql: str | None, file: Path | None) -> str:
    if sql is not None and file is not None:
        raise UsageError("Give the SQL as an argument or with --file, not both.")
    if file is not None:
        try:
            return file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageError(f"{file} cannot be read: {problem}.") from None
    if sql == "-" or (sql is None and not sys.stdin.isatty()):
        return sys.stdin.read()
    if sql is None:
        raise UsageError(
            "There is no SQL to run.", "For example: logctl athena query 'SELECT count(*) FROM logs'"
        )
    return sql
