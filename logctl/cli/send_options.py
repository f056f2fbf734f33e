"""Arguments and options of `logctl send`."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Annotated

import typer

from logctl.cli.options import (
    app_option,
    dry_run_option,
    every_option,
    exclude_option,
    follow_option,
    output_option,
)
from logctl.cli.reading_options import FormatOption, TimezoneOption
from logctl.cli.render import RecordFormat
from logctl.ops.send.input_forms import Errors, Requested


@dataclass(frozen=True)
class SendOptions:
    """Arguments and options of `logctl send`."""

    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE… or -]", help="Files, also compressed with gzip, zstd, bzip2 or xz; - is stdin."
        ),
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
    include: Annotated[
        list[str] | None,
        typer.Option(
            "--include",
            metavar="REGEX",
            help="Send only records whose lines match this regular expression; repeatable.",
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        exclude_option("Send no records whose lines match this regular expression; repeatable."),
    ] = None
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
            "With --follow: how long lines are collected for a message, always; 1m makes fewer messages. "
            "[default: at once after a quiet time and for new errors, or else up to 6s]"
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

    @property
    def host(self) -> str:
        """This machine, which is part of a record's identity unless the input has a name."""
        return "" if self.source else socket.gethostname()
