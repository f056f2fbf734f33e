"""The command `logctl tail`: show the newest logs, from the hot store."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli import completion
from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.options import (
    MinimumLevelOption,
    UntilOption,
    exclude_option,
    follow_option,
    lines_option,
    minimum_level,
    output_option,
    regular_expressions,
    since_option,
)
from logctl.cli.render import Color, RecordFormat, say, working
from logctl.core.errors import UsageError
from logctl.core.safe_text import counted, neutralise

if TYPE_CHECKING:
    from logctl.cli.record_output import Printer
    from logctl.core.records import Record
    from logctl.core.times import TimeRange


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "tail")(tail)


@dataclass(frozen=True)
class TailOptions:
    """Arguments and options of `logctl tail`."""

    apps: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[APPID…]",
            autocompletion=completion.apps,
            help="Apps, or patterns such as 'web-*'; without any, all apps.",
        ),
    ] = None
    follow: Annotated[bool, follow_option("Keep showing records as they arrive.")] = False
    since: Annotated[str | None, since_option("default: 10m")] = None
    until: UntilOption = None
    lines: Annotated[
        int | None,
        lines_option("Only the newest N records; without --since, however old they are.", least=0),
    ] = None
    level: MinimumLevelOption = None
    grep: Annotated[
        list[str] | None,
        typer.Option(
            "-g",
            "--grep",
            metavar="REGEX",
            help="Only records that match this regular expression; repeatable.",
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        exclude_option("No records that match this regular expression; repeatable.", "-v"),
    ] = None
    query: Annotated[
        str | None,
        typer.Option("-q", "--query", metavar="JMESPATH", help="Show only this part of each record."),
    ] = None
    output: Annotated[
        RecordFormat,
        output_option(
            "Output format. json and jsonl: one object per line, with all fields; raw: the original lines, "
            "unchanged in a pipe."
        ),
    ] = RecordFormat.TEXT
    utc: Annotated[
        bool, typer.Option("--utc/--local", help="Show times in UTC, or in this machine's time zone.")
    ] = False
    color: Annotated[Color, typer.Option(help="Whether to colour the levels in text.")] = Color.AUTO
    no_color: Annotated[bool, typer.Option("--no-color", help="The same as --color never.")] = False


def tail(context: CommandContext, options: TailOptions) -> None:
    """Show the records of the last minutes, or follow them live.

    The oldest record comes first. Control characters are shown as text, and never sent to the terminal. With
    a --since before what the hot store keeps, the older records are read by Athena, which takes some seconds
    and is charged by the byte.

    Examples:

      logctl tail -f

      logctl tail checkout --since 1h --level WARN

      logctl tail 'web-*' -g timeout -o json | jq .message
    """
    from logctl.cli.record_output import Printer, is_colored
    from logctl.core.times import MINUTE, TimeRange, parse_range
    from logctl.pipeline.stores.hot import HotStore
    from logctl.pipeline.stores.hot_follower import Follower
    from logctl.pipeline.stores.hot_reader import Reader
    from logctl.pipeline.stores.record_filter import Filter
    from logctl.pipeline.stores.stored_objects import StoredObjects

    patterns = _checked(options.apps or [])
    try:
        span = parse_range(options.since, options.until, now(), default=10 * MINUTE)
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
    if options.lines is not None and options.since is None:
        span = TimeRange(0, span.until)
    keep = Filter(
        minimum_level(options.level), regular_expressions(options.grep), regular_expressions(options.exclude)
    )
    deployment = context.deployment
    store = HotStore(context.aws.dynamodb, deployment.names.hot_table)
    objects = StoredObjects(lambda: (context.aws.s3, deployment.bucket))
    reader = Reader(store, objects, now, keep)
    printer = Printer(
        options.output, options.query, utc=options.utc, colored=is_colored(options.color, options.no_color)
    )

    follower = Follower(reader, patterns) if options.follow else None
    names = reader.apps(patterns)
    # Without --since, nothing older than the hot store was asked for.
    older, recent = _divided(context, span) if options.since is not None else (None, span)
    if options.lines is not None:
        page = reader.page(names, recent, options.lines)
        read, newest, printed = page.chunks, page.entries[::-1], 0
        if older and len(newest) < options.lines:
            printed = printer.print(_archived(context, keep, patterns, older, options.lines - len(newest)))
        printed += printer.print_rows([newest])
    else:
        printed = printer.print(_archived(context, keep, patterns, older)) if older else 0
        history = reader.history(names, recent)
        printed += printer.print_rows(history.runs())
        read = frozenset(history.chunks)
    gone = _say_what_is_gone(reader)
    if follower:
        follower.skip(read)
        _follow(reader, follower, printer, TimeRange(0, span.until) if options.until is None else span)
    elif not printed and not gone:
        _explain_nothing(reader, names, patterns, span)


def _divided(context: CommandContext, span: TimeRange) -> tuple[TimeRange | None, TimeRange]:
    """Split a range into the part that Athena has to read, if any, and the part in the hot store."""
    from logctl.core.times import TimeRange
    from logctl.ops.query.cold_records import boundary
    from logctl.stack.settings import SHORTEST_RETENTION

    if span.since >= now() - SHORTEST_RETENTION // 2:
        return None, span
    border = boundary(context.deployment, now())
    if span.since >= border:
        return None, span
    border = min(border, span.until)
    return TimeRange(span.since, border), TimeRange(border, span.until)


def _archived(
    context: CommandContext, keep: Any, patterns: list[str], span: TimeRange, lines: int | None = None
) -> Iterable[Record]:
    """Read records that the hot store may no longer have, and print where they come from."""
    from logctl.core.times import iso
    from logctl.ops.query.cold_records import Archive
    from logctl.stack.sizes import format_size

    archive = Archive(context.deployment, keep)
    records: Iterable[Record]
    with working("Athena is reading what the hot store no longer has…"):
        if lines is None:
            result, records = archive.read(patterns, span)
        else:
            result, records = archive.newest(patterns, span, lines)
    say(
        f"Records before {iso(span.until)} come from Athena: {format_size(result.scanned)} scanned, "
        f"about ${result.dollars:.6f}; later ones from the hot store."
    )
    return records


def _say_what_is_gone(reader: Any) -> bool:
    """Print how many records were asked for and are no longer in S3, and return whether there are any."""
    gone = reader.gone
    if not gone:
        return False
    say(
        f"logctl: {counted(gone.records, 'record')} of {counted(len(gone.messages), 'message')} cannot be "
        "shown: the objects that have them are no longer in S3. Compacted records are in: logctl athena query"
    )
    gone.clear()
    return True


def _follow(reader: Any, follower: Any, printer: Printer, span: TimeRange) -> None:
    from logctl.aws.error_codes import TROUBLE
    from logctl.core.times import MINUTE, TimeRange

    troubled = False
    try:
        while True:
            try:
                printer.print_rows([follower.poll(TimeRange(span.since, max(span.until, now() + MINUTE)))])
                _say_what_is_gone(reader)
                troubled = False
            except TROUBLE as error:
                if not _passing(error):
                    raise
                if not troubled:
                    say(f"logctl: reading is interrupted ({type(error).__name__}); retrying.")
                troubled = True
            time.sleep(follower.pause)
    except KeyboardInterrupt:
        return


def _passing(error: Exception) -> bool:
    """Return whether an error may be temporary, such as throttling, a broken connection or a damaged reply.

    A table that is missing or forbidden does not pass.
    """
    from botocore.exceptions import ClientError

    from logctl.aws.error_codes import code_of

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = code_of(error)
        return status >= 500 or "Throttl" in code or "ThroughputExceeded" in code
    return True


def _checked(apps: list[str]) -> list[str]:
    from logctl.core.access import is_pattern
    from logctl.core.appid import RULE

    for app in apps:
        if not is_pattern(app):
            raise UsageError(f"{neutralise(app)!r} cannot name an app: {RULE}.")
    return apps


def _explain_nothing(reader: Any, names: list[str], patterns: list[str], span: TimeRange) -> None:
    """Print which range and apps had no records, and where the newest record is."""
    from logctl.core.times import iso

    until = "now" if span.until > now() else iso(span.until)
    say(f"No records from {iso(span.since)} to {until} in {', '.join(names) if names else 'any app'}.")
    newest = [
        (chunk.max_ts, name) for name in names if (chunk := reader.store.newest(name, now=now())) is not None
    ]
    if newest:
        newest_ts, name = max(newest)
        say(f"  The newest record of {name} is from {iso(newest_ts)}: logctl tail {name} -n 20")
    elif not names and not patterns:
        say("  No app has sent logs yet: logctl send FILE --app APPID")
