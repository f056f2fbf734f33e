"""`logctl send`: logs in."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli import completion
from logctl.cli.command import command
from logctl.cli.context import Context, now
from logctl.cli.failures import explain
from logctl.cli.render import console, say
from logctl.core.appid import RULE, is_appid
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.safe_text import counted
from logctl.core.times import SECOND, parse_duration
from logctl.stack.sizes import format_size

if TYPE_CHECKING:
    from logctl.ops.send.input_files import Rejection
    from logctl.ops.send.packing import Inputs
    from logctl.ops.send.sender import Outgoing, SendResult

_REFUSALS_SHOWN = 5
_WAIT_SECONDS = 60
_AGAIN = "Send the same again: what was accepted is not doubled."


class Form(StrEnum):
    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class Errors(StrEnum):
    STRICT = "strict"
    REPLACE = "replace"


def register(app: typer.Typer) -> None:
    command(app, "send")(send)


def send(
    context: Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE… or -]", help="Files, gzip and zstd too; - is stdin.")
    ] = None,
    app: Annotated[
        str | None,
        typer.Option(
            "--app",
            "--appid",
            "-a",
            metavar="APPID",
            autocompletion=completion.apps,
            help="The app that the logs are of.",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with what is appended to the file.")
    ] = False,
    from_end: Annotated[
        bool,
        typer.Option("--from-end", help="With --follow: start at the end of a file never followed before."),
    ] = False,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="With --follow: how long lines gather; 1m makes fewer and cheaper messages. [default: 1s]",
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", metavar="N", min=1, help="Send N made records instead.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="What the input is.")] = Form.AUTO,
    errors: Annotated[
        Errors, typer.Option("--errors", help="What to do with invalid UTF-8.")
    ] = Errors.STRICT,
    keep_going: Annotated[
        bool, typer.Option("--continue-on-error", help="Send the good records of a file that has bad ones.")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="NAME",
            help="Part of each record's identity, for sources of equal content that are not copies.",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="End when the records can be read with tail.")] = False,
) -> None:
    """Send log files, standard input, or a growing file into the pipeline.

    Plain text, NDJSON and JSON arrays are told apart by their content; a stack trace stays one record.
    Sending the same file again, or a copy of it, or one that was followed, adds nothing.

    Examples:

      logctl send app.log --app checkout

      kubectl logs deploy/checkout | logctl send --app checkout

      logctl send -f /var/log/app.log --app checkout

      logctl send --sample 1000
    """
    if app is not None and not is_appid(app):
        raise UsageError(f"{app!r} cannot name an app: {RULE}.")
    if sample is not None:
        if files or follow:
            raise UsageError("--sample sends made records; it takes no file.")
        _deliver(context, _sampled(sample, app), wait=wait)
        return
    paths = files or ([] if sys.stdin.isatty() else ["-"])
    if not paths:
        raise UsageError("There is nothing to send.", "Name a file, pipe something in, or try --sample 1000.")
    if follow:
        if len(paths) != 1 or paths[0] == "-":
            raise UsageError("--follow follows one file.", "For several, run one logctl send -f each.")
        gather = _interval(every or "1s")
        _follow(context, Path(paths[0]), app, form, errors, source, from_end=from_end, gather=gather)
        return
    if every:
        raise UsageError("--every goes with --follow.")
    from logctl.ops.send.packing import Inputs

    inputs = Inputs(
        paths, app, "" if source else socket.gethostname(), source or "", form.value, errors.value
    )
    if not keep_going:
        _refuse_bad_files(inputs)
    _deliver(context, inputs.messages(), wait=wait, refused=inputs.refused)


def _sampled(count: int, app: str | None) -> Iterator[Outgoing | None]:
    from logctl.core.envelope import pack
    from logctl.ops.send.samples import sample_records
    from logctl.ops.send.sender import Outgoing

    moment = now()
    for message in pack(sample_records(count, now=moment, seed=moment, app=app)):
        yield Outgoing(message, "made records")


def _refuse_bad_files(inputs: Inputs) -> None:
    bad = inputs.check()
    if bad:
        show_refusals(bad)
        only_encoding = all(item.reason == "encoding" for _, item in bad)
        raise UsageError(
            f"{counted(len(bad), 'record')} cannot be sent; nothing was.",
            "Send the good ones with --continue-on-error"
            + (", or mend invalid UTF-8 with --errors replace." if only_encoding else "."),
        )


def _deliver(
    context: Context,
    messages: Iterator[Outgoing | None],
    *,
    wait: bool,
    refused: Sequence[tuple[str, Rejection]] = (),
) -> None:
    """Send it all, say what was accepted, and end with the code that fits."""
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
        where = f"from line {line} on (some later lines may have been)" if line else "in part"
        say(f"  not accepted: {source} {where}")
    assert result.error is not None
    told = explain(result.error, context) or LogctlError(f"SQS said: {result.error}.")
    kind = PartialError if result.records else type(told)
    return kind(
        f"{counted(result.unsent_records, 'record')} not accepted: {told.message}", f"{_AGAIN} {told.hint}"
    )


def _follow(
    context: Context,
    path: Path,
    app: str | None,
    form: Form,
    errors: Errors,
    source: str | None,
    *,
    from_end: bool,
    gather: float,
) -> None:
    """Send what is appended, until Ctrl-C."""
    from logctl.core.envelope import pack
    from logctl.ops.send.follow import FollowedFile, batches
    from logctl.ops.send.record_identity import Source, split
    from logctl.ops.send.sender import Outgoing, Sender

    if app is None:
        raise UsageError("--follow needs --app.")
    deployment = context.deployment
    url = deployment.queue_url()
    where = "" if source else socket.gethostname()
    total = 0
    with FollowedFile(
        path,
        app=app,
        state_dir=context.state_home / "follow",
        form=form.value,
        errors=errors.value,
        from_end=from_end,
    ) as followed:
        say(f"Following {path}; stop with Ctrl-C.")
        try:
            for batch in batches(followed, clock=now, sleep=time.sleep, on_notice=say, gather=gather):
                read_at = batch.read_at
                placed, refused = split(batch.entries, Source(app, read_at, read_at, source or "", where))
                show_refusals([(str(path), item) for item in refused])
                outgoing = [Outgoing(message, str(path)) for message in pack(placed, batch.source)]
                Sender(deployment.aws.sqs, url).send_until_through(outgoing, on_trouble=say)
                batch.commit()
                total += len(placed)
        except KeyboardInterrupt:
            say(f"{counted(total, 'record')} sent.")


def _interval(text: str) -> float:
    """Seconds."""
    try:
        return parse_duration(text) / SECOND
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None


def show_refusals(bad: Sequence[tuple[str, Rejection]]) -> None:
    """Say what was refused and where it stands: the first few."""
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
            f"The queue has everything, but {missing[0].appid} is not readable after {_WAIT_SECONDS} s.",
            f"The consumer may be behind or failing; see: logctl status{context.target_flag}",
        )
    say(f"Readable with tail after {time.monotonic() - started:.1f} s.")


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """A counter on a terminal; silence in a pipe."""
    if not sys.stderr.isatty():
        yield lambda records: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} records accepted"), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda records: progress.advance(task, records)
