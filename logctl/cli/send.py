"""`logctl send`: logs in."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command import command, fail
from logctl.cli.context import Context, now
from logctl.cli.failures import explain
from logctl.cli.render import console, say
from logctl.core.appid import RULE, is_appid
from logctl.core.envelope import Packer
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.sizes import format_size

if TYPE_CHECKING:
    from logctl.ops.intake import Source
    from logctl.ops.send import Outgoing, SendResult
    from logctl.ops.sources import Rejection

_REFUSALS_SHOWN = 5
_WAIT_SECONDS = 60
_PAUSE_SECONDS = 1.0
"""A stream that is quiet for so long is not kept waiting for a full message."""


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
        typer.Option("--app", "--appid", "-a", metavar="APPID", help="The app that the logs are of."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with what is appended to the file.")
    ] = False,
    from_end: Annotated[
        bool,
        typer.Option("--from-end", help="With --follow: start at the end of a file never followed before."),
    ] = False,
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
            "--source", metavar="NAME", help="Part of each record's identity. [default: host and file name]"
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="End when the records can be read with tail.")] = False,
) -> None:
    """Send log files, standard input, or a growing file into the pipeline.

    Plain text, NDJSON and JSON arrays are told apart by their content; a stack trace stays one record.
    Sending the same file again, after a failure or by mistake, adds nothing.

    Examples:

      logctl send app.log --app checkout

      kubectl logs deploy/checkout | logctl send --app checkout

      logctl send -f /var/log/app.log --app checkout

      logctl send --sample 1000
    """
    if app is not None and not is_appid(app):
        raise UsageError(f"{app!r} cannot name an app: {RULE}.")
    plan = _Plan(context, app, form, errors, keep_going, source)
    if sample is not None:
        if files or follow:
            raise UsageError("--sample sends made records; it takes no file.")
        plan.deliver(_sampled(sample, app), wait=wait)
        return
    paths = files or ([] if sys.stdin.isatty() else ["-"])
    if not paths:
        raise UsageError("There is nothing to send.", "Name a file, pipe something in, or try --sample 1000.")
    if follow:
        if len(paths) != 1 or paths[0] == "-":
            raise UsageError("--follow follows one file.", "For several, run one logctl send -f each.")
        plan.follow(Path(paths[0]), from_end=from_end)
        return
    plan.check(paths)
    plan.deliver(plan.messages(paths), wait=wait)


def _sampled(count: int, app: str | None) -> Iterator[Outgoing | None]:
    from logctl.core.envelope import pack
    from logctl.ops.samples import sample_records
    from logctl.ops.send import Outgoing

    moment = now()
    for message in pack(sample_records(count, now=moment, seed=moment, app=app)):
        yield Outgoing(message, "made records")


@dataclass
class _Plan:
    """One `send`: how its input is read, and what was refused on the way."""

    context: Context
    app: str | None
    form: Form
    errors: Errors
    keep_going: bool
    source_name: str | None
    refused: list[tuple[str, Rejection]] = field(default_factory=list)
    records: int = 0

    def _source(self, path: str) -> Source:
        """A file's records without a time get the file's; those of a stream get now."""
        from logctl.ops.intake import Source

        name = self.source_name or f"{socket.gethostname()}:{Path(path).name}"
        try:
            written = int(Path(path).stat().st_mtime * 1000) if path != "-" else now()
        except OSError:
            written = now()
        return Source(name, written, self.app)

    def _read(self, path: str) -> Iterator[Any]:
        from logctl.ops.intake import records
        from logctl.ops.sources import open_source, read_entries

        source = self._source(path)
        with open_source(path) as stream:
            entries = read_entries(
                stream, form=self.form.value, errors=self.errors.value, reference=source.read_at
            )
            yield from records(entries, source)

    def check(self, paths: list[str]) -> None:
        """Read every regular file once before anything is sent: a file with a bad line is refused whole.

        A stream can be read only once; its bad lines are refused one by one.
        """
        from logctl.ops.sources import Rejection

        bad = [
            (path, item)
            for path in paths
            if path == "-" or not self.keep_going
            for item in (self._read(path) if path != "-" else ())
            if isinstance(item, Rejection)
        ]
        if bad:
            _show_refusals(bad)
            raise UsageError(
                f"{_count(len(bad), 'record')} cannot be sent; nothing was.",
                "Send the good ones with --continue-on-error"
                + (", or mend invalid UTF-8 with --errors replace." if _only_encoding(bad) else "."),
            )

    def messages(self, paths: list[str]) -> Iterator[Outgoing | None]:
        """The messages of every source, and `None` whenever a stream pauses."""
        from logctl.ops.intake import Placed
        from logctl.ops.pauses import with_pauses
        from logctl.ops.send import Outgoing

        for path in paths:
            packer = Packer()
            items = self._read(path)
            for item in with_pauses(items, _PAUSE_SECONDS) if path == "-" else items:
                if item is None:
                    yield from (Outgoing(message, path) for message in packer.flush())
                    yield None
                elif isinstance(item, Placed):
                    self.records += 1
                    for message in packer.add(item.record, item.line):
                        yield Outgoing(message, path)
                else:
                    self.refused.append((path, item))
            for message in packer.flush():
                yield Outgoing(message, path)

    def deliver(self, messages: Iterator[Outgoing | None], *, wait: bool) -> None:
        """Send it all, say what was accepted, and end with the code that fits."""
        from logctl.ops.send import Sender

        deployment = self.context.deployment
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
                say(
                    f"Stopped: {_count(sender.accepted, 'record')} accepted. "
                    "Send the same again: what was accepted is not doubled."
                )
                raise
        _summary(result, last, time.monotonic() - started)
        if self.refused:
            _show_refusals(self.refused)
        if result.unsent:
            raise self._unsent(result)
        if wait and last:
            _wait(self.context, list(last.values()))
        if self.refused:
            error = PartialError if result.records else UsageError
            raise error(f"{_count(len(self.refused), 'record')} could not be sent.")

    def _unsent(self, result: SendResult) -> LogctlError:
        first: dict[str, int] = {}
        for outgoing in result.unsent:
            line = outgoing.message.first_line
            first[outgoing.source] = min(line, first.get(outgoing.source, line))
        for source, line in first.items():
            say(
                f"  not accepted: {source} from line {line} on (some later lines may have been)"
                if line
                else f"  not accepted: the rest of {source}"
            )
        assert result.error is not None
        told = explain(result.error, self.context) or LogctlError(f"SQS said: {result.error}.")
        kind = PartialError if result.records else type(told)
        return kind(
            f"{_count(result.unsent_records, 'record')} not accepted: {told.message}",
            "Send the same again: what was accepted is not doubled. " + told.hint,
        )

    def follow(self, path: Path, *, from_end: bool) -> None:
        """Send what is appended, until Ctrl-C."""
        from logctl.ops import follow as ops

        if self.app is None:
            raise UsageError("--follow needs --app.")
        deployment = self.context.deployment
        with ops.FollowedFile(
            path,
            app=self.app,
            state_dir=self.context.state_home / "follow",
            form=self.form.value,
            errors=self.errors.value,
            from_end=from_end,
        ) as followed:
            say(f"Following {path}; stop with Ctrl-C.")
            total = 0
            try:
                for batch in ops.batches(followed, clock=now, sleep=time.sleep, on_notice=say):
                    total += self._send_batch(deployment, path, batch)
            except KeyboardInterrupt:
                say(f"{_count(total, 'record')} sent.")

    def _send_batch(self, deployment: Any, path: Path, batch: Any) -> int:
        """Send one batch until it is through; the file waits, so nothing is lost meanwhile."""
        from logctl.core.envelope import pack
        from logctl.ops.intake import Placed, Source, records
        from logctl.ops.send import Outgoing, Sender

        name = self.source_name or f"{socket.gethostname()}:{path.name}"
        placed = []
        for item in records(batch.entries, Source(f"{name}:{batch.generation}", batch.read_at, self.app)):
            if isinstance(item, Placed):
                placed.append(item.record)
            else:
                _show_refusals([(str(path), item)])
        outgoing = [Outgoing(message, str(path)) for message in pack(placed)]
        pause, troubled = 1.0, False
        while outgoing:
            result = Sender(deployment.aws.sqs, deployment.queue_url()).send(outgoing)
            outgoing = list(result.unsent)
            if outgoing:
                if not troubled:
                    say(f"logctl: the queue cannot be reached ({result.error}); trying on.")
                troubled = True
                time.sleep(pause)
                pause = min(30.0, pause * 2)
        if troubled:
            say("logctl: the queue is back.")
        batch.commit()
        return len(placed)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _only_encoding(bad: list[tuple[str, Rejection]]) -> bool:
    return all(item.reason == "encoding" for _, item in bad)


def _show_refusals(bad: list[tuple[str, Rejection]]) -> None:
    for path, item in bad[:_REFUSALS_SHOWN]:
        name = "stdin" if path == "-" else path
        say(f"  {name}, line {item.line}: {item.reason}: {item.detail}")
    if len(bad) > _REFUSALS_SHOWN:
        say(f"  and {len(bad) - _REFUSALS_SHOWN:,} more")


def _summary(result: SendResult, last: dict[str, Outgoing], seconds: float) -> None:
    apps = ", ".join(sorted(last)) if len(last) <= 5 else f"{len(last)} apps"
    say(
        f"{_count(result.records, 'record')} of {apps or 'no app'} accepted in "
        f"{_count(result.messages, 'message')} ({format_size(result.bytes)}, {seconds:.1f} s)"
    )


def _wait(context: Context, last: list[Outgoing]) -> None:
    """Until the last message of every app can be read; the earlier ones of an app come before it."""
    from logctl.core.times import TimeRange
    from logctl.pipeline.hot import HotStore

    store = HotStore(context.aws.dynamodb, context.deployment.names.hot_table)
    started = time.monotonic()
    waiting = [outgoing.message for outgoing in last]
    while waiting:
        waiting = [
            message
            for message in waiting
            if not any(
                chunk.batch_id == message.batch_id
                for chunk in store.read(
                    message.appid, TimeRange(message.min_ts, message.max_ts + 1), now=now()
                )
            )
        ]
        elapsed = time.monotonic() - started
        if waiting and elapsed > _WAIT_SECONDS:
            fail(
                LogctlError(
                    f"The queue has taken everything, but {waiting[0].appid} is not readable after "
                    f"{_WAIT_SECONDS} s.",
                    "The consumer may be behind or failing; see: logctl dlq list",
                )
            )
        if waiting:
            time.sleep(0.2)
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
