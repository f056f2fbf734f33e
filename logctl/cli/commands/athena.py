"""`logctl athena`: SQL over all stored logs; `partitions`, `repair` and `compact` have files of their own."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli import completion
from logctl.cli.command_registration import command
from logctl.cli.commands import compact, partitions
from logctl.cli.confirmation import confirm
from logctl.cli.context import CommandContext, now
from logctl.cli.options import (
    AppPatternsOption,
    MinimumLevelOption,
    OutputOption,
    UntilOption,
    limit_option,
    minimum_level,
    output_option,
    since_option,
    yes_option,
)
from logctl.cli.query_output import QueryOutput, check_destination, destination, write_histogram, write_rows
from logctl.cli.render import Output, say, show, working
from logctl.core.errors import UsageError
from logctl.core.times import MINUTE, format_duration, iso, parse_duration
from logctl.stack.sizes import format_size, parse_size

if TYPE_CHECKING:
    from logctl.ops.query.question import Question
    from logctl.ops.query.runner import Query, QueryResult
    from logctl.ops.query.statement import Statement

_NARROWER = "Narrow it with --since 1d or --app APPID, or read everything with --full-scan."


def register(app: typer.Typer) -> None:
    """Add the commands of `logctl athena` to the program."""
    family = typer.Typer(
        help="Query all stored logs with SQL, and maintain partitions.", no_args_is_help=True
    )
    command(family, "query")(query)
    command(family, "saved")(saved)
    partitions.register(family)
    compact.register(family)
    app.add_typer(family, name="athena")


@dataclass(frozen=True)
class QueryOptions:
    """Arguments and options of `logctl athena query`."""

    sql: Annotated[
        str | None,
        typer.Argument(metavar="[SQL or -]", help="The statement; - reads it from standard input."),
    ] = None
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Read the statement from a file.")
    ] = None
    saved: Annotated[
        str | None,
        typer.Option(
            "--saved",
            metavar="NAME",
            autocompletion=completion.saved_queries,
            help="Run a saved query. List them with: logctl athena saved",
        ),
    ] = None
    parameters: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="VALUE", help="Value for the next ? in the statement; repeatable."),
    ] = None
    since: Annotated[
        str | None,
        since_option("default without SQL: 1h"),
    ] = None
    until: UntilOption = None
    apps: AppPatternsOption = None
    level: MinimumLevelOption = None
    limit: Annotated[
        int | None, limit_option("Print at most N rows. [default without SQL: the newest 1000]", "-n")
    ] = None
    histogram: Annotated[
        bool, typer.Option("--histogram", help="Count the rows over time, and draw the counts as bars.")
    ] = False
    bucket: Annotated[
        str | None,
        typer.Option(
            "--bucket", metavar="TIME", help="With --histogram: time that a bar covers, such as 5m."
        ),
    ] = None
    full_scan: Annotated[
        bool, typer.Option("--full-scan", help="Do not ask before a statement reads all partitions.")
    ] = False
    max_scan: Annotated[
        str | None,
        typer.Option(
            "--max-scan",
            metavar="SIZE",
            help="Cancel the query when it has read more than SIZE, such as 10GB. The amount is checked "
            "while the query runs, so that it may read somewhat more.",
        ),
    ] = None
    reuse: Annotated[
        str | None,
        typer.Option(
            "--reuse",
            metavar="AGE",
            help="Reuse the result of the same query if it is at most AGE old, from 1m to 7d.",
        ),
    ] = None
    yes: Annotated[bool, yes_option("Do not ask before a statement changes the pipeline's own tables.")] = (
        False
    )
    output: Annotated[QueryOutput, output_option()] = QueryOutput.TABLE
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write the result to a file instead of stdout."),
    ] = None


@dataclass(frozen=True)
class _Limits:
    """The limits of a query: the oldest result to reuse (milliseconds), and the most bytes to read."""

    reuse: int | None
    max_scan: int | None


def query(context: CommandContext, options: QueryOptions) -> None:
    """Run one SQL statement in Athena and print its rows.

    Without a statement, the newest records are listed. The tables are `logs`, `logs_unique` (each event
    once), `logs_raw` and `logs_compacted`, partitioned by year, month, day and appid. The options --since,
    --until, --app and --level apply to each of these tables wherever the statement names it, and exclude
    partitions from the scan. Their values go to Athena as parameters.

    Before a statement that would read all partitions is run, logctl asks for confirmation; without a
    terminal it refuses, unless --full-scan is given. The bytes read and their approximate cost are written
    to stderr. Ctrl-C cancels the query.

    In the same way, logctl asks before a statement that would change the pipeline's own tables, views,
    partitions or objects; without a terminal it refuses, unless --yes is given.

    A --param that is a number or in single quotes is passed as written; any other value is passed as text.

    Examples:

      logctl athena query "SELECT level, count(*) AS n FROM logs GROUP BY 1 ORDER BY 2 DESC" --since 1d

      logctl athena query --since 2h --app checkout --level WARN

      logctl athena query "SELECT ts, message FROM logs WHERE message LIKE ?" --param '%timeout%' -s 1d

      logctl athena query --saved errors-by-app --since 7d --max-scan 10GB

      logctl athena query --since 1d --app checkout --histogram

      logctl athena query --file report.sql --since 30d -o parquet --to report.parquet
    """
    from logctl.ops.query import runner

    limits = _Limits(_age(options.reuse), _size(options.max_scan))
    moment = now()
    if limits.reuse is not None:
        # Athena reuses the result of the same text and parameters only, so the times in them are rounded.
        moment = moment // limits.reuse * limits.reuse
    question = _question(context, options, moment)
    check_destination(options.output, options.to, histogram=options.histogram)
    asked = question.query(context.deployment.names.database)
    _confirm_changes(context, asked, yes=options.yes)
    if not options.full_scan:
        _confirm_full_scan(context, asked)
    if limits.max_scan is not None:
        runner.check_estimate(context.deployment, asked, limits.max_scan)
    result = _run(context, asked, limits)
    with destination(options.to):
        _write(result, question, options.output, moment)
    _report_cost(result, limits)


def saved(context: CommandContext, output: OutputOption = Output.TABLE) -> None:
    """List the saved queries.

    Some come with logctl. Your own queries are in logctl.toml; one with the name of a query that comes with
    logctl replaces it:

      [queries]
      logins = "SELECT ts, message FROM logs WHERE message LIKE '%login%' ORDER BY ts"

    Examples:

      logctl athena saved

      logctl athena query --saved errors-by-app --since 1d
    """
    from logctl.ops.query.saved import listed

    rows = [
        {"name": item.name, "description": item.description, "origin": item.origin, "sql": item.sql}
        for item in listed(context.settings.queries)
    ]
    show(rows, ("name", "description", "origin"), output)


# ── Parsing ─────────────────────────────────────────────────────────────────────────────────────────


def _question(context: CommandContext, options: QueryOptions, moment: int) -> Question:
    """Return the question that the options of `athena query` ask.

    Raises:
        UsageError: an option is not valid, or options exclude each other.
    """
    from logctl.ops.query.conditions import parameter
    from logctl.ops.query.question import Bars, Question, selection_of

    narrowed = any((options.since, options.until, options.apps, options.level))
    statement = _statement(context, options, required=not (narrowed or options.histogram))
    selection = selection_of(
        since=options.since,
        until=options.until,
        apps=options.apps or (),
        level=minimum_level(options.level),
        now=moment,
        is_open=statement is not None,
    )
    bars = Bars.of(selection, options.bucket, now=moment) if options.histogram else None
    if options.bucket and not options.histogram:
        raise UsageError("--bucket needs --histogram.")
    if options.limit and options.histogram:
        raise UsageError("--limit and --histogram exclude each other: a histogram counts every row.")
    return Question(
        selection,
        statement=statement,
        parameters=[parameter(value) for value in options.parameters or ()],
        limit=options.limit,
        bars=bars,
    )


def _statement(context: CommandContext, options: QueryOptions, *, required: bool) -> Statement | None:
    from logctl.ops.query.statement import Statement

    if sum(source is not None for source in (options.sql, options.file, options.saved)) > 1:
        raise UsageError("Give one statement: as an argument, with --file, or with --saved.")
    if options.saved is not None:
        from logctl.ops.query.saved import named

        return Statement.of(named(options.saved, context.settings.queries).sql)
    text = _text(options.sql, options.file) or ""
    if not required and options.sql is None and options.file is None and not text.strip():
        return None
    return Statement.of(text)


def _text(sql: str | None, file: Path | None) -> str | None:
    if file is not None:
        try:
            return file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageError(f"{file} cannot be read: {problem}.") from None
    if sql == "-" or (sql is None and not sys.stdin.isatty()):
        return sys.stdin.read()
    return sql


def _age(text: str | None) -> int | None:
    from logctl.ops.query.runner import LONGEST_REUSE

    if text is None:
        return None
    try:
        age = parse_duration(text)
    except ValueError as problem:
        raise UsageError(f"--reuse: {problem}.") from None
    if not MINUTE <= age <= LONGEST_REUSE:
        raise UsageError("--reuse must be between 1m and 7d.")
    return age // MINUTE * MINUTE


def _size(text: str | None) -> int | None:
    try:
        return None if text is None else parse_size(text)
    except ValueError as problem:
        raise UsageError(f"--max-scan: {problem}.") from None


# ── Running ─────────────────────────────────────────────────────────────────────────────────────────


def _confirm_changes(context: CommandContext, query: Query, *, yes: bool) -> None:
    """Ask before a statement changes the pipeline itself.

    Raises:
        UsageError: stdin is no terminal.
    """
    from logctl.ops.query.pipeline_objects import Changes

    told = None if yes else Changes(context.deployment.names, lambda: context.deployment.bucket).of(query.sql)
    if told is None:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{told}, and there is no terminal to ask on.", "To go ahead, add --yes.")
    confirm(f"{told}.", yes=False)


def _confirm_full_scan(context: CommandContext, query: Query) -> None:
    """Ask before a statement reads all partitions, and say how much data that is.

    Raises:
        UsageError: stdin is no terminal.
    """
    from logctl.ops.query import runner

    tables, found = runner.to_be_asked(context.deployment, query)
    if not tables:
        return
    size = (
        "an unknown amount of data, because the objects could not be listed"
        if found is None
        else f"{'' if found.complete else 'at least '}{format_size(found.bytes)} in "
        f"{found.partitions:,} partitions, about ${found.dollars:.4f}"
    )
    told = (
        f"The statement reads all of {' and '.join(tables)}, because no condition on year, month, day or "
        f"appid excludes partitions: {size}."
    )
    if not sys.stdin.isatty():
        raise UsageError(told, _NARROWER)
    confirm(f"{told} {_NARROWER}", yes=False, flag="--full-scan")


def _run(context: CommandContext, query: Query, limits: _Limits) -> QueryResult:
    from logctl.ops.query import runner

    try:
        with working("Athena is running the query…") as update:
            return runner.query(
                context.deployment,
                query,
                reuse=limits.reuse,
                max_scan=limits.max_scan,
                on_start=lambda query_id: update(f"Athena is running query {query_id}"),
                on_progress=lambda scanned: update(
                    f"Athena is running the query… {format_size(scanned)} read"
                ),
            )
    except KeyboardInterrupt:
        say("logctl: the query was cancelled.")
        raise


# ── Showing ─────────────────────────────────────────────────────────────────────────────────────────


def _write(result: QueryResult, question: Question, output: QueryOutput, moment: int) -> None:
    from logctl.ops.query.question import DEFAULT_LIMIT

    if question.limit is not None:
        result.rows = islice(result.rows, question.limit)
    if question.bars is not None:
        write_histogram(result, output, question.bars)
        return
    count = write_rows(result, output)
    if question.statement is not None:
        return
    if not count:
        say(f"Looked at {_window(question, moment)} and found no records. Look further back with --since.")
    elif count == (question.limit or DEFAULT_LIMIT):
        say(f"These are the newest {count:,} records; there may be more: -n {count * 10}")


def _window(question: Question, moment: int) -> str:
    selection = question.selection
    assert selection.since is not None
    assert selection.until is not None
    end = "now" if selection.until > moment else iso(selection.until)
    return f"{iso(selection.since)} to {end}"


def _report_cost(result: QueryResult, limits: _Limits) -> None:
    if result.reused and limits.reuse is not None:
        age = format_duration(limits.reuse)
        say(f"An earlier result was reused, at most {age} old; no data was read.")
    say(
        f"{format_size(result.scanned)} scanned in {format_duration(result.milliseconds)}, "
        f"about ${result.dollars:.6f}; query {result.query_id}"
    )
    if limits.max_scan is not None and result.scanned > limits.max_scan:
        say(
            f"That is more than --max-scan {format_size(limits.max_scan)}: the query ended before it could "
            "be cancelled."
        )
