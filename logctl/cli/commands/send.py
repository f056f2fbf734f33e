"""The command `logctl send`: send logs into the pipeline."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import Context, now
from logctl.cli.error_explanations import explain
from logctl.cli.options import app_option, dry_run_option, every_option, follow_option, output_option
from logctl.cli.reading_options import FormatOption, ReadingChoice, TimezoneOption, reading_choice
from logctl.cli.record_output import Printer, RecordFormat, is_colored
from logctl.cli.render import Color, console, say
from logctl.core.appid import RULE, is_appid
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.safe_text import counted
from logctl.ops.send.input_forms import Errors, Requested
from logctl.stack.sizes import format_size

if TYPE_CHECKING:
    from logctl.ops.send.entries import Rejection
    from logctl.ops.send.input_messages import Inputs
    from logctl.ops.send.sender import Outgoing, SendResult

_REFUSALS_SHOWN = 5
_WAIT_SECONDS = 60
_AGAIN = "Send the same again: records that were accepted are not added twice."


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "send")(send)


@dataclass(frozen=True)
class SendOptions:
    """Arguments and options of `logctl send`."""

    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE… or -]", help="Files, also compressed with gzip or zstd; - is stdin."),
    ] = None
    app: Annotated[
        str | None,
        app_option("The app that the logs belong to.", "--appid"),
    ] = None
    app_from: Annotated[
        str | None,
        typer.Option(
            "--app-from",
            metavar="path|field",
            help="Where each record's app is named. path: in the file's name, or at {app} in path:PATTERN; "
            "field: in what the log says of service, container or unit, or in field:NAME.",
        ),
    ] = None
    follow: Annotated[bool, follow_option("Keep sending what is appended to the file.")] = False
    from_end: Annotated[
        bool,
        typer.Option(
            "--from-end", help="With --follow: skip what a file holds when it is followed for the first time."
        ),
    ] = False
    exclude_files: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude-files",
            metavar="GLOB",
            help="With --follow: files not to follow, by name or whole path; repeatable.",
        ),
    ] = None
    every: Annotated[
        str | None,
        every_option(
            "With --follow: how long lines are collected for a message; 1m makes fewer messages, which costs "
            "less. [default: 1s]"
        ),
    ] = None
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", metavar="N", min=1, help="Send N generated sample records instead of a file."
        ),
    ] = None
    form: FormatOption = Requested.AUTO
    timezone: TimezoneOption = None
    errors: Annotated[
        Errors,
        typer.Option(
            "--errors",
            help="Bytes that are not UTF-8: read them as Windows-1252 or Latin-1 (detect), reject the record "
            "(strict), or replace them (replace).",
        ),
    ] = Errors.DETECT
    keep_going: Annotated[
        bool,
        typer.Option(
            "--continue-on-error", help="Send the valid records of a file that also has invalid ones."
        ),
    ] = False
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="NAME",
            help="A name for the input, part of each record's identity: for inputs of equal content that are "
            "not copies.",
        ),
    ] = None
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the records can be read with tail.")] = (
        False
    )
    dry_run: Annotated[
        bool,
        dry_run_option(
            "Send nothing, and print the records as they would be stored, and how they were read. Secrets "
            "are removed as the setting redact says; the pipeline does that on arrival. AWS is not needed."
        ),
    ] = False
    output: Annotated[
        RecordFormat | None,
        output_option("With --dry-run, the output format, as for tail."),
    ] = None


def send(context: Context, options: SendOptions) -> None:
    """Send log files, standard input or a growing file.

    Formats are recognised line by line, and a stack trace stays in one record: see logctl formats list.
    A file that was sent or followed before, and every copy of it, adds nothing when it is sent again.

    Examples:

      logctl send app.log --app checkout

      kubectl logs deploy/checkout | logctl send --app checkout

      logctl send -f /var/log/app.log --app checkout

      logctl send -f '/var/log/*/*.log' --app-from path

      logctl send app.log --dry-run

      logctl send --sample 1000
    """
    app = options.app
    if app is not None and not is_appid(app):
        raise UsageError(f"{app!r} cannot name an app: {RULE}.")
    if app is not None and options.app_from is not None:
        raise UsageError("--app and --app-from exclude each other.")
    if options.output and not options.dry_run:
        raise UsageError("--output needs --dry-run.", "To see what is stored, use: logctl tail")
    if options.sample is not None:
        if options.files or options.follow or options.dry_run:
            raise UsageError("--sample sends generated records; it takes no file and no --dry-run.")
        _deliver(context, _sampled(options.sample, app), wait=options.wait)
        return
    paths = options.files or ([] if sys.stdin.isatty() else ["-"])
    if not paths:
        raise UsageError("There is nothing to send.", "Name a file, pipe something in, or try --sample 1000.")
    choice = reading_choice(context, options.timezone, options.form)
    if options.follow:
        if options.dry_run:
            raise UsageError("--dry-run reads what a file holds now.", "Leave out --follow.")
        from logctl.cli.following import follow

        follow(context, _inputs(context, paths, options, choice), options)
        return
    for given, flag in ((options.every, "--every"), (options.exclude_files, "--exclude-files")):
        if given:
            raise UsageError(f"{flag} needs --follow.")
    _send_files(context, _inputs(context, paths, options, choice), options, choice)


def _inputs(context: Context, paths: Sequence[str], options: SendOptions, choice: ReadingChoice) -> Inputs:
    from logctl.cli.dry_run import PLACEHOLDER
    from logctl.ops.send.app_names import AppNames
    from logctl.ops.send.input_messages import Inputs

    if options.app_from is not None:
        AppNames.of(options.app_from, {})  # a wrong value is refused before anything is read
    return Inputs(
        paths,
        options.app,
        where=host_of(options),
        name=options.source or "",
        form=choice.form,
        errors=options.errors,
        zone=choice.zone.zone,
        formats=choice.formats,
        only=choice.only,
        app_from=options.app_from,
        app_names=dict(context.settings.apps),
        sources=choice.sources,
        otherwise=PLACEHOLDER if options.dry_run else None,
        notice=say,
    )


def _send_files(context: Context, inputs: Inputs, options: SendOptions, choice: ReadingChoice) -> None:
    if options.dry_run:
        from logctl.cli.dry_run import dry_run

        printer = Printer(
            options.output or RecordFormat.TEXT, None, utc=False, colored=is_colored(Color.AUTO)
        )
        dry_run(context, inputs, choice.zone, printer)
        if inputs.refused:
            show_refusals(inputs.refused)
            error = PartialError if options.keep_going else UsageError
            raise error(f"{counted(len(inputs.refused), 'record')} cannot be sent.")
        return
    if not options.keep_going:
        _refuse_bad_files(inputs)
    _deliver(context, inputs.messages(), wait=options.wait, refused=inputs.refused)


def host_of(options: SendOptions) -> str:
    """Return the machine, which is part of a record's identity unless the input has a name."""
    return "" if options.source else socket.gethostname()


def _sampled(count: int, app: str | None) -> Iterator[Outgoing | None]:
    from logctl.core.envelope import pack
    from logctl.ops.send.sample_records import sample_records
    from logctl.ops.send.sender import Outgoing

    moment = now()
    for message in pack(sample_records(count, now=moment, seed=moment, app=app)):
        yield Outgoing(message, "sample records")


def _refuse_bad_files(inputs: Inputs) -> None:
    bad = inputs.check()
    if bad:
        show_refusals(bad)
        only_encoding = all(item.reason == "encoding" for _, item in bad)
        raise UsageError(
            f"{counted(len(bad), 'record')} cannot be sent; nothing was sent.",
            "Send the valid ones with --continue-on-error"
            + (", or replace invalid UTF-8 with --errors replace." if only_encoding else "."),
        )


def _deliver(
    context: Context,
    messages: Iterator[Outgoing | None],
    *,
    wait: bool,
    refused: Sequence[tuple[str, Rejection]] = (),
) -> None:
    """Send all messages, print the number of accepted records, and fail if a record was not accepted."""
    from logctl.ops.send.sender import Sender

    deployment = context.deployment
    last: dict[str, Outgoing] = {}

    def noted() -> Iterator[Outgoing | None]:
        for outgoing in messages:
            if outgoing:
                last[outgoing.message.appid] = outgoing
            yield outgoing

    started = time.monotonic()
    with _progress() as advance:
        sender = Sender(deployment.aws.sqs, deployment.queue_url(), on_accepted=advance)
        try:
            result = sender.send(noted())
        except BaseException:
            say(f"Stopped: {counted(sender.accepted, 'record')} accepted. {_AGAIN}")
            raise
    _summary(result, last, time.monotonic() - started)
    if refused:
        show_refusals(refused)
    if result.unsent:
        raise _unsent(context, result)
    if wait and last:
        _wait(context, list(last.values()))
    if refused:
        error = PartialError if result.records else UsageError
        raise error(f"{counted(len(refused), 'record')} could not be sent.")


def _unsent(context: Context, result: SendResult) -> LogctlError:
    first: dict[str, int] = {}
    for outgoing in result.unsent:
        line = outgoing.message.first_line
        first[outgoing.source] = min(line, first.get(outgoing.source, line))
    for source, line in first.items():
        where = f"from line {line} on (some later lines may have been accepted)" if line else "in part"
        say(f"  not accepted: {source} {where}")
    assert result.error is not None
    told = explain(result.error, context) or LogctlError(f"SQS answered: {result.error}.")
    kind = PartialError if result.records else type(told)
    return kind(
        f"{counted(result.unsent_records, 'record')} not accepted: {told.message}", f"{_AGAIN} {told.hint}"
    )


def show_refusals(bad: Sequence[tuple[str, Rejection]]) -> None:
    """Print the first few of the rejected records: where they are, and why they were rejected."""
    for path, item in bad[:_REFUSALS_SHOWN]:
        name = "stdin" if path == "-" else path
        say(f"  {name}, line {item.line}: {item.reason}: {item.detail}")
    if len(bad) > _REFUSALS_SHOWN:
        say(f"  and {len(bad) - _REFUSALS_SHOWN:,} more")


def _summary(result: SendResult, last: dict[str, Outgoing], seconds: float) -> None:
    apps = ", ".join(sorted(last)) if len(last) <= 5 else f"{len(last)} apps"
    say(
        f"{counted(result.records, 'record')} of {apps or 'no app'} accepted in "
        f"{counted(result.messages, 'message')} ({format_size(result.bytes)}, {seconds:.1f} s)"
    )


def _wait(context: Context, last: list[Outgoing]) -> None:
    from logctl.ops.send.arrival import wait_until_readable
    from logctl.pipeline.stores.hot import HotStore
    from logctl.pipeline.stores.stored_file_records import KnownRecords

    dynamodb, table = context.aws.dynamodb, context.deployment.names.hot_table
    started = time.monotonic()
    messages = [outgoing.message for outgoing in last]
    missing = wait_until_readable(
        HotStore(dynamodb, table),
        messages,
        known=KnownRecords(dynamodb, table),
        seconds=_WAIT_SECONDS,
        clock=now,
    )
    if missing:
        raise LogctlError(
            f"The queue accepted everything, but {missing[0].appid} cannot be read after {_WAIT_SECONDS} s.",
            f"The consumer may be behind or failing; see: logctl status{context.target_flag}",
        )
    say(f"Readable with tail after {time.monotonic() - started:.1f} s.")


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Show a counter on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda records: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} records accepted"), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda records: progress.advance(task, records)
