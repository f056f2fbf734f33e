"""The options `--timezone` and `--format`, which say how log lines are read."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Annotated

import typer

from logctl.cli import completion
from logctl.cli.context import Context
from logctl.core.errors import UsageError
from logctl.core.formats.reading import Format
from logctl.core.formats.registry import FORMATS
from logctl.ops.send.input_forms import Requested
from logctl.ops.send.sender_zone import SenderZone, sender_zone

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
    None for all. `formats` are those that the user has declared.
    """

    zone: SenderZone
    form: Requested
    only: str | None
    formats: tuple[Format, ...] = ()


def reading_choice(context: Context, timezone: str | None, format_name: str) -> ReadingChoice:
    """Return how log lines are to be read, by the options and the settings.

    Raises:
        UsageError: there is no such zone or format.
    """
    context = context.with_flags({"timezone": timezone})
    chosen = context.settings.timezone
    zone = SenderZone(chosen, context.origin("timezone")) if chosen else sender_zone(context.environ)
    form, only = _format(format_name, FORMATS)
    return ReadingChoice(zone, form, only)


def _format(name: str, known: tuple[Format, ...]) -> tuple[Requested, str | None]:
    if name in set(Requested):
        return Requested(name), None
    names = [item.name for item in known]
    if name in names:
        return Requested.AUTO, name
    close = difflib.get_close_matches(name, [*names, *Requested], n=3, cutoff=0.5)
    meant = f"Did you mean {' or '.join(repr(str(item)) for item in close)}? " if close else ""
    raise UsageError(f"There is no format {name!r}.", f"{meant}All of them: logctl formats list")
