"""The command `logctl send`: send logs into the pipeline."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.error_explanations import explain
from logctl.cli.options import regular_expressions
from logctl.cli.reading_options import ReadingChoice, reading_choice
from logctl.cli.record_output import Printer, is_colored
from logctl.cli.refusals import show_refusals
from logctl.cli.render import Color, RecordFormat, console, say
from logctl.cli.send_options import SendOptions
from logctl.core.appid import RULE, is_appid
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.safe_text import counted
from logctl.stack.sizes import format_size

if TYPE_CHECKING:
    from logctl.ops.send.entries import Rejection
    from logctl.ops.send.input_messages import Inputs
    from logctl.ops.send.sender import Outgoing, SendResult

_WAIT_SECONDS = 60
_AGAIN = "Send the same again: records that were accepted are not added twice."


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "send")(send)


def send(context: CommandContext, options: SendOptions) -> None:
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
        url = context.deployment.queue_url()
        _deliver(context, _sampled(options.sample, app), url, wait=options.wait)
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


def _inputs(
    context: CommandContext, paths: Sequence[str], options: SendOptions, choice: ReadingChoice
) -> Inputs:
    from logctl.cli.dry_run import PLACEHOLDER
    from logctl.ops.send.app_names import AppNames
    from logctl.ops.send.input_messages import Inputs
    from logctl.ops.send.record_selection import RecordSelection

    if options.app_from is not None:
        AppNames.of(options.app_from, {})  # a wrong value is refused before anything is read
    return Inputs(
        paths,
        options.app,
        where=options.host,
        name=options.source or "",
        form=choice.form,
        errors=options.errors,
        zone=choice.zone.zone,
        formats=choice.formats,
        only=choice.only,
        app_from=options.app_from,
        app_names=dict(context.settings.apps),
        selection=RecordSelection(regular_expressions(options.include), regular_expressions(options.exclude)),
        sources=choice.sources,
        otherwise=PLACEHOLDER if options.dry_run else None,
        notice=say,
    )


def _send_files(context: CommandContext, inputs: Inputs, options: SendOptions, choice: ReadingChoice) -> None:
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
    if options.keep_going:
        url = context.deployment.queue_url()
        _deliver(context, inputs.messages(), url, wait=options.wait, refused=inputs.refused)
        return
    from logctl.ops.send.message_spool import MessageSpool

    with MessageSpool() as spool:
        # What is not provisioned is said before much is read.
        early = None if inputs.are_small else context.deployment.queue_url()
        with _progress("read") as advance:
            inputs.spool_files(spool, advance)
        _refuse_bad_files(inputs.refused)
        _deliver(
            context,
            inputs.messages(spool),
            early or context.deployment.queue_url(),
            wait=options.wait,
            refused=inputs.refused,
        )


def _sampled(count: int, app: str | None) -> Iterator[Outgoing | None]:
    from logctl.ops.send.packing import pack
    from logctl.ops.send.sample_records import sample_records
    from logctl.ops.send.sender import Outgoing

    moment = now()
    for message in pack(sample_records(count, now=moment, seed=moment, app=app)):
        yield Outgoing(message, "sample records")


def _refuse_bad_files(bad: Sequence[tuple[str, Rejection]]) -> None:
    if bad:
        show_refusals(bad)
        only_encoding = all(item.reason == "encoding" for _, item in bad)
        raise UsageError(
            f"{counted(len(bad), 'record')} cannot be sent; nothing was sent.",
            "Send the valid ones with --continue-on-error"
            + (", or replace invalid UTF-8 with --errors replace." if only_encoding else "."),
        )


def _deliver(
    context: CommandContext,
    messages: Iterator[Outgoing | None],
    queue_url: str,
    *,
    wait: bool,
    refused: Sequence[tuple[str, Rejection]] = (),
) -> None:
    """Send all messages, print the number of accepted records, and fail if a record was not accepted."""
    from logctl.ops.send.sender import Sender
    from logctl.ops.send.shards import Shards

    last: dict[str, Outgoing] = {}

    def noted() -> Iterator[Outgoing | None]:
        for outgoing in messages:
            if outgoing:
                last[outgoing.message.appid] = outgoing
            yield outgoing

    started = time.monotonic()
    with _progress("accepted") as advance:
        sender = Sender(
            context.aws.sqs, queue_url, on_accepted=advance, shards=Shards(context.settings.shards)
        )
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


def _unsent(context: CommandContext, result: SendResult) -> LogctlError:
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


def _summary(result: SendResult, last: dict[str, Outgoing], seconds: float) -> None:
    apps = ", ".join(sorted(last)) if len(last) <= 5 else f"{len(last)} apps"
    say(
        f"{counted(result.records, 'record')} of {apps or 'no app'} accepted in "
        f"{counted(result.messages, 'message')} ({format_size(result.bytes)}, {seconds:.1f} s)"
    )


def _wait(context: CommandContext, last: list[Outgoing]) -> None:
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
def _progress(what: str) -> Iterator[Callable[[int], None]]:
    """Show how many records were read or accepted on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda records: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn(f"{{task.completed:,.0f}} records {what}"), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda records: progress.advance(task, records)
