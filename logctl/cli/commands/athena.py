"""`logctl athena`: SQL over everything; its partitions are in `cli.commands.partitions`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli import completion
from logctl.cli.command import command, confirm
from logctl.cli.commands import compact, partitions
from logctl.cli.context import Context, now
from logctl.cli.query_output import Format, check_destination, destination, draw, write
from logctl.cli.render import Output, say, show, working
from logctl.core import histogram as counting
from logctl.core import levels
from logctl.core.errors import UsageError
from logctl.core.times import (
    HOUR,
    MINUTE,
    SECOND,
    TimeRange,
    format_duration,
    iso,
    parse_duration,
    parse_point,
    parse_range,
)
from logctl.ops.query.conditions import Selection, parameter
from logctl.stack.sizes import format_size, parse_size

if TYPE_CHECKING:
    from logctl.ops.query.runner import Query, QueryResult
    from logctl.ops.query.statement import Statement

DEFAULT_SINCE = HOUR
DEFAULT_LIMIT = 1_000
_MOST_BUCKETS = 2_000
_NARROWER = "Narrow it with --since 1d or --app APPID, or read everything with --full-scan."


def register(app: typer.Typer) -> None:
    family = typer.Typer(help="SQL over everything, and the partitions it reads.", no_args_is_help=True)
    command(family, "query")(query)
    command(family, "saved")(saved)
    partitions.register(family)
    compact.register(family)
    app.add_typer(family, name="athena")


def query(
    context: Context,
    sql: Annotated[
        str | None, typer.Argument(metavar="[SQL or -]", help="A statement; - reads stdin.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the statement from a file.")] = None,
    saved: Annotated[
        str | None,
        typer.Option(
            "--saved",
            metavar="NAME",
            autocompletion=completion.saved_queries,
            help="A saved query; see: logctl athena saved",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("-s", "--since", help="15m, 1h30m, 3d, or a time. [without SQL: 1h]")
    ] = None,
    until: Annotated[str | None, typer.Option("-u", "--until", "--end", help="The end, likewise.")] = None,
    apps: Annotated[
        list[str] | None,
        typer.Option(
            "-a",
            "--app",
            metavar="APPID",
            autocompletion=completion.apps,
            help="Only this app, or glob ('web-*'); repeatable.",
        ),
    ] = None,
    level: Annotated[
        str | None, typer.Option("-l", "--level", help="This level and worse; UNKNOWN for those without.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "-n", "--limit", min=1, help="Print at most N rows. [without SQL: the newest 1000]", metavar="N"
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option("--param", metavar="VALUE", help="The value of the next ? in the SQL; repeatable."),
    ] = None,
    full_scan: Annotated[
        bool, typer.Option("--full-scan", help="Don't ask before everything is read.")
    ] = False,
    max_scan: Annotated[
        str | None,
        typer.Option(
            "--max-scan",
            metavar="SIZE",
            help="Stop when more than 10GB is read. Looked at while the query runs: it may read some more.",
        ),
    ] = None,
    reuse: Annotated[
        str | None,
        typer.Option("--reuse", metavar="AGE", help="Take the same query's result if not older, up to 7d."),
    ] = None,
    histogram: Annotated[
        bool, typer.Option("--histogram", help="Draw how many records there were, over time.")
    ] = False,
    bucket: Annotated[
        str | None, typer.Option("--bucket", metavar="TIME", help="The time of one bar, like 5m.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Don't ask before the pipeline's own tables are changed.")
    ] = False,
    output: Annotated[Format, typer.Option("-o", "--output", help="How rows are written.")] = Format.TABLE,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write to a file instead of stdout.")
    ] = None,
) -> None:
    """Run one SQL statement in Athena and print its rows.

    The tables are `logs`, `logs_unique` (each event once), `logs_raw` and `logs_compacted`, partitioned
    by year, month, day and appid. The options --since, --until, --app and --level apply to each of them,
    wherever the statement names it, and leave partitions unread; their values go to Athena as
    parameters. Without SQL they list records.

    A statement that would read everything is asked about first, and refused where nobody can be asked,
    unless --full-scan is given. What was read, and about what that costs, goes to stderr. Ctrl-C cancels
    the query.

    A statement that would change the pipeline's own tables, views, partitions or objects is asked about
    too, and refused where nobody can be asked, unless --yes is given.

    A --param that is a number or in single quotes is taken as it is, other text as text.

    Examples:

      logctl athena query "SELECT level, count(*) AS n FROM logs GROUP BY 1 ORDER BY 2 DESC" --since 1d

      logctl athena query --since 2h --app checkout --level WARN

      logctl athena query "SELECT ts, message FROM logs WHERE message LIKE ?" --param '%timeout%' -s 1d

      logctl athena query --saved errors-by-app --since 7d --max-scan 10GB

      logctl athena query --since 1d --app checkout --histogram

      logctl athena query --file report.sql --since 30d -o parquet --to report.parquet
    """
    from logctl.ops.query import runner

    asked_of = _Flags(since, until, tuple(apps or ()), level)
    age, most = _age(reuse), _size(max_scan)
    moment = now() if age is None else now() // age * age
    statement = _statement(context, sql, file, saved, or_none=asked_of.given or histogram)
    selection = asked_of.selection(moment, by_default=statement is None)
    step, span = _buckets(selection, moment, bucket) if histogram else (0, None)
    if bucket and not histogram:
        raise UsageError("--bucket goes with --histogram.")
    if limit and histogram:
        raise UsageError("--limit does not go with --histogram, which counts everything.")
    check_destination(output, to, histogram=histogram)
    narrowed = runner.Query.of(
        _chosen(statement, limit, step),
        selection,
        [parameter(value) for value in parameters or ()],
        context.deployment.names.database,
    )
    _ask_before_changes(context, narrowed, yes=yes)
    if not full_scan:
        _ask_about(context, narrowed)
    if most is not None:
        runner.check_estimate(context.deployment, narrowed, most)
    result = _run(context, narrowed, age, most)
    if limit is not None:
        result.rows = islice(result.rows, limit)
    with destination(to):
        if histogram:
            draw(result, output, step, span)
        else:
            count = write(result, output)
            if statement is None and count == (limit or DEFAULT_LIMIT):
                say(f"These are the newest {count:,}; there may be more: -n {count * 10}")
            elif statement is None and not count:
                say(f"Looked at {_window(selection, moment)}; look further with --since.")
    _say_cost(result, age, most)


def saved(
    context: Context,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """List the saved queries: those that come with logctl, and your own.

    Your own are in logctl.toml, and count before those of the same name:

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


# ── What to run ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Flags:
    since: str | None
    until: str | None
    apps: tuple[str, ...]
    level: str | None

    @property
    def given(self) -> bool:
        return any((self.since, self.until, self.apps, self.level))

    def selection(self, moment: int, *, by_default: bool) -> Selection:
        """The flags, checked. Times that were not given are open, except for logctl's own statement."""
        try:
            chosen = Selection(*self._ends(moment, by_default), self.apps, _level(self.level))
            chosen.condition()
        except ValueError as problem:
            raise UsageError(f"{problem}.") from None
        return chosen

    def _ends(self, moment: int, by_default: bool) -> tuple[int | None, int | None]:
        if self.since or by_default:
            span = parse_range(self.since, self.until, moment, DEFAULT_SINCE)
            return span.since, span.until
        return None, parse_point(self.until, moment) if self.until else None


def _level(level: str | None) -> str | None:
    if level is None or level.upper() == levels.UNKNOWN:
        return level.upper() if level else None
    parsed = levels.parse_level(level)
    if parsed == levels.UNKNOWN:
        raise UsageError(f"{level!r} is no level.", f"The levels are: {', '.join(levels.ORDER)}.")
    return parsed


def _chosen(statement: Statement | None, limit: int | None, step: int) -> Statement:
    from logctl.ops.query import counts as histogram
    from logctl.ops.query.statement import Statement

    if step:
        return histogram.statement(statement or Statement(histogram.LOGS), step)
    if statement is not None:
        return statement
    newest = (
        "SELECT ts, level, appid, message, fields FROM logs "  # noqa: S608
        f"ORDER BY ts DESC LIMIT {limit or DEFAULT_LIMIT}"
    )
    return Statement(f"SELECT * FROM ({newest}) AS newest ORDER BY ts")  # noqa: S608


def _statement(
    context: Context, sql: str | None, file: Path | None, saved: str | None, *, or_none: bool
) -> Statement | None:
    from logctl.ops.query.statement import Statement

    if sum(source is not None for source in (sql, file, saved)) > 1:
        raise UsageError("Give the SQL as an argument, with --file or with --saved: one of them.")
    if saved is not None:
        from logctl.ops.query.saved import named

        return Statement.of(named(saved, context.settings.queries).sql)
    text = _text(sql, file)
    if or_none and sql is None and file is None and not (text or "").strip():
        return None
    return Statement.of(text or "")


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


def _buckets(selection: Selection, moment: int, bucket: str | None) -> tuple[int, TimeRange | None]:
    """How long a bar is, and the range where it is known."""
    span = None
    if selection.since is not None and selection.until is not None:
        # Without --until it goes on into tomorrow, for clocks that are ahead; nobody wants to see that.
        span = TimeRange(selection.since, max(selection.since + SECOND, min(selection.until, moment)))
    if bucket is None:
        if span is None:
            raise UsageError("Without --since, a histogram needs the time of a bar.", "Give --bucket 5m.")
        return counting.step_for(span), span
    try:
        step = parse_duration(bucket)
    except ValueError as problem:
        raise UsageError(f"--bucket: {problem}.") from None
    if step < SECOND or (span is not None and (span.until - span.since) // step > _MOST_BUCKETS):
        raise UsageError(f"--bucket {bucket} is too short here.", "Take a longer one, or leave it away.")
    return step, span


# ── Running it ──────────────────────────────────────────────────────────────────────────────────────


def _ask_before_changes(context: Context, query: Query, *, yes: bool) -> None:
    """Before the pipeline itself is changed.

    Raises:
        UsageError: nobody can be asked.
    """
    from logctl.ops.query.pipeline_objects import Changes

    told = None if yes else Changes(context.deployment.names, lambda: context.deployment.bucket).of(query.sql)
    if told is None:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{told}, and there is no terminal to ask on.", "To go ahead, add --yes.")
    confirm(f"{told}.", yes=False)


def _ask_about(context: Context, query: Query) -> None:
    """Before everything is read.

    Raises:
        UsageError: nobody can be asked.
    """
    from logctl.ops.query import runner

    tables, found = runner.to_be_asked(context.deployment, query)
    if not tables:
        return
    what = (
        "how much that is could not be listed"
        if found is None
        else f"{'' if found.complete else 'at least '}{format_size(found.bytes)} in "
        f"{found.partitions:,} partitions, about ${found.dollars:.4f}"
    )
    told = (
        f"The statement reads all of {' and '.join(tables)}, with no condition on year, month, day or appid "
        f"that leaves partitions out: {what}."
    )
    if not sys.stdin.isatty():
        raise UsageError(told, _NARROWER)
    confirm(f"{told} {_NARROWER}", yes=False, flag="--full-scan")


def _run(context: Context, query: Query, age: int | None, most: int | None) -> QueryResult:
    from logctl.ops.query import runner

    try:
        with working("Athena is working…") as update:
            return runner.query(
                context.deployment,
                query,
                reuse=age,
                max_scan=most,
                on_start=lambda query_id: update(f"Athena works on {query_id}"),
                on_progress=lambda scanned: update(f"Athena is working… {format_size(scanned)} read"),
            )
    except KeyboardInterrupt:
        say("logctl: the query was cancelled.")
        raise


def _say_cost(result: QueryResult, age: int | None, most: int | None) -> None:
    if result.reused and age is not None:
        say(f"An earlier result was reused, at most {format_duration(age)} old: nothing was read for it.")
    say(
        f"{format_size(result.scanned)} scanned in {format_duration(result.milliseconds)}, "
        f"about ${result.dollars:.6f}; query {result.query_id}"
    )
    if most is not None and result.scanned > most:
        say(f"That is more than --max-scan {format_size(most)}: it was done before it could be stopped.")


def _window(selection: Selection, moment: int) -> str:
    assert selection.since is not None
    assert selection.until is not None
    end = "now" if selection.until > moment else iso(selection.until)
    return f"{iso(selection.since)} to {end}"
