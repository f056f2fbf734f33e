"""`logctl send --dry-run`: print what would be stored and how the lines were read, and send nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from logctl.cli.context import CommandContext, now
from logctl.cli.record_output import Printer
from logctl.cli.render import say
from logctl.core.safe_text import counted

if TYPE_CHECKING:
    from logctl.ops.send.input_messages import Inputs
    from logctl.ops.send.preview import ReadingTally
    from logctl.ops.send.record_identity import Placed
    from logctl.ops.send.sender_zone import SenderZone

PLACEHOLDER = "app"
"""The app of records that name none, where no app was given."""
_PAUSE_SECONDS = 0.2
_FORMATS_NAMED = 6


def dry_run(context: CommandContext, inputs: Inputs, zone: SenderZone, printer: Printer) -> None:
    """Print the records of inputs as they would be stored; at the end, how they were read."""
    from logctl.ops.send.preview import Preview

    settings = context.settings
    preview = Preview(settings.late_after, settings.redact, now)
    placeholders = 0
    try:
        for record in preview.stored(_placed(inputs)):
            if record is None:
                sys.stdout.flush()  # a stream pauses: show what it wrote so far
                continue
            placeholders += inputs.app is None and record.appid == PLACEHOLDER
            printer.write(record)
        sys.stdout.flush()
    except KeyboardInterrupt:
        say(told(preview.tally, zone))
        raise
    say(told(preview.tally, zone))
    if placeholders:
        say(f"{counted(placeholders, 'record')} without an app: shown as {PLACEHOLDER!r}. Choose with --app.")


def _placed(inputs: Inputs) -> Iterator[Placed | None]:
    from logctl.ops.send.input_messages import is_stream
    from logctl.ops.send.stream_pauses import with_pauses

    streams = any(is_stream(path) for path in inputs.paths)
    return with_pauses(inputs.placed(), _PAUSE_SECONDS) if streams else iter(inputs.placed())


def told(tally: ReadingTally, zone: SenderZone) -> str:
    """Return in a sentence which formats, zone and flags records had, and in which share."""
    text = counted(tally.records, "record")
    if tally.formats:
        shares = [
            f"{format_label(names)} {share(count, tally.records)}"
            for names, count in tally.formats.most_common(_FORMATS_NAMED)
        ]
        if rest := len(tally.formats) - len(shares):
            shares.append(f"{rest} more")
        text += f": {', '.join(shares)}"
    if tally.zoneless:
        text += f"; times without a zone were read as {zone}"
    if tally.flags:
        text += "; flags: " + ", ".join(f"{flag} {count:,}" for flag, count in tally.flags.most_common())
    return text + "."


def format_label(names: tuple[str, ...]) -> str:
    """Return the name of a format with its layers, the innermost first: `log4j in docker`."""
    known = tuple(filter(None, names))
    return " in ".join(known) if known else "no format"


def share(part: int, whole: int) -> str:
    """Return a share in percent, of which only nothing is 0 % and only everything is 100 %."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 1:
        return "<1 %"
    return f"{min(round(percent), 99) if part < whole else 100} %"
