"""The options `--timezone` and `--format`, which say how log lines are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli import completion
from logctl.cli.context import CommandContext
from logctl.ops.send.input_forms import Requested

if TYPE_CHECKING:
    from logctl.core.formats.reading import Format
    from logctl.ops.send.sender_zone import SenderZone
    from logctl.stack.format_settings import LogSource

TimezoneOption = Annotated[
    str | None,
    typer.Option(
        "--timezone",
        metavar="NAME",
        autocompletion=completion.time_zones,
        help="The zone of times that do not say theirs, such as Europe/Berlin or +01:00. "
        "[default: that of TZ, or of this machine]",
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME|auto|text|json",
        autocompletion=completion.formats,
        help="The format of the logs, one of `logctl formats list`; auto recognises it line by line.",
    ),
]


@dataclass(frozen=True)
class ReadingChoice:
    """How log lines are to be read.

    `form` is what `--format` says about the form of the input, `only` the name of the only format to read;
    None for all. `formats` are those that the user has declared, `sources` the settings for some files,
    without what an option decides for all files.
    """

    zone: SenderZone
    form: Requested
    only: str | None
    formats: tuple[Format, ...] = ()
    sources: tuple[LogSource, ...] = ()


def reading_choice(context: CommandContext, timezone: str | None, format_name: str) -> ReadingChoice:
    """Return how log lines are to be read, by the options and the settings.

    Raises:
        UsageError: there is no such zone or format.
    """
    from logctl.ops.send.format_catalogue import chosen_format
    from logctl.ops.send.sender_zone import SenderZone, sender_zone

    context = context.with_flags({"timezone": timezone})
    chosen = context.settings.timezone
    zone = SenderZone(chosen, context.origin("timezone")) if chosen else sender_zone(context.environ)
    own = context.settings.formats
    form, only = chosen_format(format_name, own)
    sources = [
        replace(
            source,
            timezone=None if timezone else source.timezone,
            format=source.format if format_name == Requested.AUTO else None,
        )
        for source in context.settings.sources
    ]
    for source in sources:
        chosen_format(source.format or Requested.AUTO, own)
    return ReadingChoice(zone, form, only, own, tuple(sources))
