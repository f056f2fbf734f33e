"""The command `logctl quarantine`: handle the messages that could not be read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, assert_never

import typer

from logctl.cli import completion
from logctl.cli.command_registration import command
from logctl.cli.confirmation import confirm
from logctl.cli.context import CommandContext, now
from logctl.cli.options import (
    AppPatternsOption,
    OutputOption,
    YesOption,
    all_option,
    limit_option,
    output_option,
    since_option,
    until_option,
)
from logctl.cli.render import Output, brief, facts, say, show, working
from logctl.core.appid import RULE, is_appid
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.safe_text import counted, neutralise_lines, shorten
from logctl.core.times import iso, parse_range

if TYPE_CHECKING:
    from logctl.core.quarantine import Note
    from logctl.ops.recovery.quarantine_retry import Retried
    from logctl.ops.recovery.quarantined_messages import QuarantinedMessage, Wanted

_ALL_AT_MOST = 5_000
_SEE = "logctl quarantine list"
_NONE = "Nothing in the quarantine matches."
_REASON = 300
"""Characters of a reason that are printed; the object in quarantine has the whole reason."""


@dataclass(frozen=True)
class MatchOptions:
    """The options that describe messages in quarantine."""

    apps: AppPatternsOption = None
    since: Annotated[str | None, since_option("", meaning="Only messages sent since")] = None
    until: Annotated[str | None, until_option("Only messages sent before")] = None
    reason: Annotated[
        str, typer.Option("--reason", metavar="WORD", help="Only this reason, such as json, empty or appid.")
    ] = ""

    def wanted(self) -> Wanted:
        """Return the options as the condition that `ops` searches by.

        Raises:
            UsageError: a time is not valid.
        """
        from logctl.ops.recovery.quarantined_messages import Wanted

        try:
            given = self.since or self.until
            span = parse_range(self.since or "1980-01-01", self.until, now(), 0) if given else None
        except ValueError as problem:
            raise UsageError(f"{problem}.") from None
        return Wanted(tuple(self.apps or ()), span, self.reason)


@dataclass(frozen=True)
class ChoiceOptions(MatchOptions):
    """The argument and options that choose messages: by ids, or all that match."""

    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID…]",
            help="Ids, or the starts of them, as `logctl quarantine list` shows them.",
            autocompletion=completion.quarantined,
        ),
    ] = None
    every: Annotated[bool, all_option("All messages that match --app, --since, --until and --reason.")] = (
        False
    )


class Shown(StrEnum):
    """The forms in which one message can be written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    RAW = "raw"


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    family = typer.Typer(
        help="List, retry or delete messages that could not be read.",
        no_args_is_help=True,
    )
    command(family, "list")(listing)
    command(family, "show")(show_one)
    command(family, "retry")(retry)
    command(family, "drop")(drop)
    app.add_typer(family, name="quarantine")


def listing(
    context: CommandContext,
    match: MatchOptions,
    limit: Annotated[int, limit_option("Show at most the newest N messages.", most=_ALL_AT_MOST)] = 100,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the messages that could not be read.

    A message is listed with the number of its lines that could not be read, or as a whole. The oldest comes
    first.

    Examples:

      logctl quarantine list

      logctl quarantine list --app checkout --since 2d --reason json
    """
    from logctl.ops.recovery import quarantined_messages

    wanted = match.wanted()
    with working("Looking into the quarantine…"):
        found = quarantined_messages.look(context.deployment, wanted, limit=limit)
    short = brief([held.kept.id for held in found.held])
    columns: tuple[str, ...] = ("id", "app", "sent", "size", "lines", "reason")
    if output.for_programs:
        columns = (*columns, "detail", "key")
    show(
        [_row(held) for held in found.held],
        columns,
        output,
        empty=_NONE if wanted != quarantined_messages.Wanted() else "The quarantine is empty.",
        right=("size", "lines"),
        words={"id": short, "sent": _to_the_second, "lines": _lines},
        whole=("id", "sent", "size", "lines"),
    )
    if found.more:
        say(
            f"There are more than these {len(found.held)}. Show more with --limit, or fewer with --app and "
            "--since."
        )


def _row(held: QuarantinedMessage) -> dict[str, Any]:
    note = held.note
    return {
        "id": held.kept.id,
        "app": note.app if note else held.kept.partition.appid,
        "sent": iso(held.sent_at),
        "size": held.kept.size,
        "lines": note.lines if note else None,
        "reason": ", ".join(note.reasons) if note else held.problem,
        "detail": note.detail if note else "",
        "redacted": note.redacted if note else 0,
        "key": held.kept.key,
    }


def _to_the_second(moment: str) -> str:
    return moment[:19] + "Z"


def _lines(count: int) -> str:
    return f"{count:,}" if count else "whole"


# ── One ─────────────────────────────────────────────────────────────────────────────────────────────


def show_one(
    context: CommandContext,
    message_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="The id, or the start of it, from `quarantine list`.",
            autocompletion=completion.quarantined,
        ),
    ],
    output: Annotated[Shown, output_option("Output format; raw is the content alone.")] = Shown.TABLE,
) -> None:
    """Show one message: why it could not be read, and its content.

    Examples:

      logctl quarantine show 3f9a51c2

      logctl quarantine show 3f9a51c2 -o raw > body.json
    """
    held = _only(context, message_id)
    note = held.note
    if note is None:
        raise LogctlError(f"{held.kept.id} cannot be shown: {held.problem}.", f"Look at it: {held.kept.key}")
    match output:
        case Shown.RAW:
            whole = "\n".join(line.content or "" for line in note.rejected) if note.rejected else note.content
            _write_raw(whole)
            return
        case Shown.TABLE:
            facts(_for_people(held, note), Output.TABLE)
        case Shown.JSON:
            facts(_members(held, note), Output.JSON)
        case Shown.CSV:
            facts(_members(held, note), Output.CSV)
        case _:
            assert_never(output)
    for sentence in _limits_of(held):
        say(sentence)


def _members(held: QuarantinedMessage, note: Note) -> dict[str, Any]:
    return {
        "id": held.kept.id,
        **{name: value for name, value in asdict(note).items() if name not in ("content", "rejected")},
        "sent_at": iso(note.sent_at),
        "key": held.kept.key,
        "content": note.content,
        "rejected": [asdict(line) for line in note.rejected],
    }


def _for_people(held: QuarantinedMessage, note: Note) -> dict[str, Any]:
    rejected = "\n".join(
        f"line {line.position}, {line.reason}: {line.detail}\n{_content(line.content)}"
        for line in note.rejected
    )
    content = "" if note.rejected else _content(note.content)
    return {**_members(held, note), "rejected": rejected, "content": content}


def _content(content: str | None) -> str:
    return "withheld" if content is None else content


def _write_raw(content: str | None) -> None:
    if content is None:
        raise LogctlError("The content was withheld when the message was put into quarantine.")
    if sys.stdout.isatty():
        print(neutralise_lines(content))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _limits_of(held: QuarantinedMessage) -> list[str]:
    """Return sentences about the parts of a message that cannot be restored."""
    if held.note is None or not held.note.redacted:
        return []
    return [
        f"{counted(held.note.redacted, 'secret')} of it were removed before it was stored, and cannot be "
        "restored."
    ]


def _only(context: CommandContext, message_id: str) -> QuarantinedMessage:
    from logctl.ops.recovery import quarantined_messages

    with working("Looking into the quarantine…"):
        kept = quarantined_messages.find(context.deployment, [message_id])
        return quarantined_messages.read_one(context.deployment, kept[0])


# ── Again, or away ──────────────────────────────────────────────────────────────────────────────────


def retry(
    context: CommandContext,
    choice: ChoiceOptions,
    edit: Annotated[bool, typer.Option("--edit", help="Edit the text in $EDITOR first.")] = False,
    body: Annotated[
        str | None, typer.Option("--body", metavar="FILE or -", help="Process this text instead; - is stdin.")
    ] = None,
    as_app: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="APPID", help="Process it as a message of this app, if its group is no valid app."
        ),
    ] = None,
    yes: YesOption = False,
) -> None:
    """Process messages in quarantine again.

    The messages are processed unchanged or corrected. Records of a message that are stored already are not
    stored again, however often this is repeated. When the message is stored, its object in quarantine is
    deleted. What is rejected again stays, with the new reason. The consumer runs on this machine, with the
    deployed configuration. A corrected message is a new message: records of the
    original that were stored already are not removed.

    Examples:

      logctl quarantine retry 3f9a51c2

      logctl quarantine retry 3f9a51c2 --edit

      jq -c .fixed body.json | logctl quarantine retry 3f9a51c2 --body -

      logctl quarantine retry --all --app checkout --reason version
    """
    from logctl.core.quarantine import body_of
    from logctl.ops.recovery.message_editor import edited

    if edit and body is not None:
        raise UsageError("--edit and --body exclude each other.")
    if (edit or body is not None) and (choice.every or len(choice.ids or ()) != 1):
        raise UsageError(f"{'--edit' if edit else '--body'} is for one message: give its id.")
    if edit and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--edit needs a terminal.", "Without one: --body FILE, or --body -")
    if as_app is not None and not is_appid(as_app.partition(".")[0]):
        raise UsageError(f"{as_app!r} cannot name an app: {RULE}.")
    text = None if body is None else _read_body(body)
    chosen = _chosen(context, choice)
    if choice.every:
        confirm(
            f"This sends {counted(len(chosen), 'message')} in quarantine again, in {context.place}.", yes=yes
        )

    def mended(held: QuarantinedMessage) -> str | None:
        return edited(body_of(held.note)) if edit and held.note else text

    _retry_each(context, chosen, mended, as_app)


def _read_body(name: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode("utf-8")
    except OSError as problem:
        raise UsageError(f"{name} cannot be read: {problem}.") from None
    except UnicodeDecodeError as problem:
        raise UsageError(f"{name} is not UTF-8 ({problem.reason} at byte {problem.start}).") from None


def _chosen(context: CommandContext, choice: ChoiceOptions) -> list[QuarantinedMessage]:
    """Return the chosen messages, oldest first.

    Raises:
        UsageError: no message is chosen, or a chosen one does not exist.
    """
    from logctl.ops.recovery import quarantined_messages

    ids, wanted = choice.ids, choice.wanted()
    if bool(ids) == choice.every:
        raise UsageError("Name the messages by their ids, or all with --all.", f"See them with: {_SEE}")
    if ids and wanted != quarantined_messages.Wanted():
        raise UsageError("--app, --since, --until and --reason need --all.")
    with working("Looking into the quarantine…"):
        if ids:
            kept = quarantined_messages.find(context.deployment, ids)
            held = [quarantined_messages.read_one(context.deployment, item) for item in kept]
            return sorted(held, key=lambda item: item.sent_at)
        found = quarantined_messages.look(context.deployment, wanted, limit=_ALL_AT_MOST)
    if found.more:
        say(f"There are more than {len(found.held)}: run the same command again for the others.")
    if not found.held:
        raise UsageError(_NONE, f"See what is there with: {_SEE}")
    return list(found.held)


def _retry_each(
    context: CommandContext,
    chosen: Sequence[QuarantinedMessage],
    mended: Callable[[QuarantinedMessage], str | None],
    as_app: str | None,
) -> None:
    from logctl.ops.recovery.quarantine_retry import Correction, Retry
    from logctl.ops.recovery.quarantined_messages import read_one

    again, stored = Retry(context.deployment), 0
    refused: list[LogctlError] = []
    try:
        for number, found in enumerate(chosen, 1):
            held = read_one(context.deployment, found.kept)
            try:
                changes = Correction(mended(held), as_app)
                with working(f"Sending again: {number} of {len(chosen)}…"):
                    done = again.run(held, changes)
            except LogctlError as problem:
                refused.append(problem)
                continue
            if done.again:
                refused.append(_rejected_again(done))
            else:
                stored += 1
                for sentence in _limits_of(held):
                    say(sentence)
    finally:
        if stored:
            say(f"{counted(stored, 'message')} of {len(chosen)} stored; they are out of quarantine.")
    _conclude(refused, len(chosen))


def _rejected_again(done: Retried) -> LogctlError:
    short = ", ".join(held.kept.id[:12] for held in done.again)
    return LogctlError(
        f"{done.held.kept.id[:12]} was rejected again and stays: {shorten(done.reasons, _REASON)}.",
        f"See it with: logctl quarantine show {short}; correct it with: "
        f"logctl quarantine retry {done.again[0].kept.id[:12]} --edit",
    )


def _conclude(refused: Sequence[LogctlError], messages: int) -> None:
    """Fail if a message was not stored.

    Raises:
        LogctlError: none was stored; for one message with the reason, for several with their number.
        PartialError: some were stored.
    """
    if not refused:
        return
    if messages == 1:
        raise refused[0]
    for problem in refused:
        say(problem.message)
    kind = PartialError if len(refused) < messages else LogctlError
    raise kind(f"{len(refused)} of {messages} messages stay in quarantine.", f"See them with: {_SEE}")


def drop(
    context: CommandContext,
    choice: ChoiceOptions,
    yes: YesOption = False,
) -> None:
    """Delete messages from the quarantine without storing them.

    The bucket keeps the deleted versions for a week.

    Examples:

      logctl quarantine drop 3f9a51c2

      logctl quarantine drop --all --app checkout --reason empty --yes
    """
    from logctl.ops.recovery import quarantined_messages

    chosen = _chosen(context, choice)
    confirm(f"This deletes {counted(len(chosen), 'message')} in quarantine of {context.place}.", yes=yes)
    dropped = 0
    try:
        with working("Deleting…") as update:
            for held in chosen:
                quarantined_messages.drop(context.deployment, held.kept)
                dropped += 1
                update(f"{dropped:,} of {len(chosen):,} deleted")
    finally:
        if dropped:
            say(f"{counted(dropped, 'message')} of {len(chosen)} deleted.")
