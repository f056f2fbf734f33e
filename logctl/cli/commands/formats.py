"""The command `logctl formats`: list the known formats of log lines, and test how files are read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext
from logctl.cli.dry_run import PLACEHOLDER, format_label, share
from logctl.cli.options import OutputOption, lines_option
from logctl.cli.reading_options import FormatOption, TimezoneOption, reading_choice
from logctl.cli.render import Output, console, say, show
from logctl.core.errors import UsageError
from logctl.core.safe_text import counted, neutralise, shorten
from logctl.ops.send.input_forms import Errors, Requested

if TYPE_CHECKING:
    from logctl.ops.send.format_report import FormatReport
    from logctl.ops.send.sender_zone import SenderZone

_EXAMPLE_WIDTH = 60
_ROOM_FOR_EXAMPLES = 120
"""Columns of a terminal on which examples have room beside the rest."""


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    family = typer.Typer(
        help="List the known log formats, and test how files are read.", no_args_is_help=True
    )
    command(family, "list")(listing)
    command(family, "test")(test)
    app.add_typer(family, name="formats")


def listing(context: CommandContext, output: OutputOption = Output.TABLE) -> None:
    """List the formats of log lines that are known.

    Your own formats, declared in logctl.toml, come first, and layers such as Docker's last: lines within them
    are read like any others. AWS is not needed.

    Examples:

      logctl formats list

      logctl formats list -o json
    """
    from logctl.ops.send.format_catalogue import known_formats

    rows = [
        {"name": item.name, "kind": item.kind, "written_by": item.describes, "example": item.example}
        for item in known_formats(context.settings.formats)
    ]
    columns = ["name", "kind", "written_by", "example"]
    if output is Output.TABLE and sys.stdout.isatty() and console().width < _ROOM_FOR_EXAMPLES:
        columns.remove("example")
    show(
        rows,
        columns,
        output,
        words={"example": lambda text: shorten(text.partition("\n")[0], _EXAMPLE_WIDTH)},
        whole=("name",),
    )


def test(
    context: CommandContext,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE… or -]", help="Log files, which may be compressed; - is stdin."),
    ] = None,
    form: FormatOption = Requested.AUTO,
    timezone: TimezoneOption = None,
    lines: Annotated[int | None, lines_option("Read only the first N records of each file.")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show how files are read: formats, time zone, unknown lines.

    Nothing is sent, and AWS is not needed. Every record as it would be stored: logctl send --dry-run

    Examples:

      logctl formats test /var/log/app.log

      kubectl logs deploy/checkout | logctl formats test

      logctl formats test app.log --timezone Europe/Berlin -o json
    """
    from logctl.ops.send.format_report import report
    from logctl.ops.send.input_messages import Inputs

    paths = files or ([] if sys.stdin.isatty() else ["-"])
    if not paths:
        raise UsageError("There is nothing to test.", "Name a file, or pipe something in.")
    choice = reading_choice(context, timezone, form)
    inputs = Inputs(
        paths,
        None,
        where="",
        form=choice.form,
        errors=Errors.DETECT,
        zone=choice.zone.zone,
        formats=choice.formats,
        only=choice.only,
        sources=choice.sources,
        otherwise=PLACEHOLDER,
        notice=say,
    )
    with _progress() as advance:
        found = [report(inputs, path, limit=lines, advance=advance) for path in paths]
    match output:
        case Output.TABLE:
            for number, item in enumerate(found):
                _show_text(item, choice.zone, blank_before=number > 0)
        case Output.JSON:
            show([_as_row(item, choice.zone) for item in found], (), output)
        case Output.CSV:
            rows = [row for item in found for row in _format_rows(item)]
            show(rows, ("file", "format", "layers", "records"), output)


def _format_rows(found: FormatReport) -> list[dict[str, Any]]:
    return [
        {"file": found.path, "format": names[0], "layers": " ".join(names[:0:-1]), "records": count}
        for names, count in found.tally.formats.most_common()
    ]


def _as_row(found: FormatReport, zone: SenderZone) -> dict[str, Any]:
    tally = found.tally
    return {
        "file": found.path,
        "records": tally.records,
        "joined_lines": tally.joined,
        "formats": [
            {
                "format": names[0] or None,
                "layers": list(names[:0:-1]),
                "records": count,
                "share": round(count / tally.records, 4),
            }
            for names, count in tally.formats.most_common()
        ],
        "zone": zone.name,
        "zone_from": zone.origin,
        "times_without_zone": tally.zoneless,
        "flags": dict(tally.flags.most_common()),
        "unrecognised": [{"line": item.line, "text": item.text} for item in found.unrecognised],
        "unrecognised_records": found.without_format,
        "rejected": [
            {"line": item.line, "reason": item.reason, "detail": item.detail} for _, item in found.rejected
        ],
    }


def _show_text(found: FormatReport, zone: SenderZone, *, blank_before: bool) -> None:
    """Print a report, for people."""
    tally = found.tally
    name = "stdin" if found.path == "-" else found.path
    joined = f", {counted(tally.joined, 'line')} joined to the record before" if tally.joined else ""
    lines = [*([""] if blank_before else []), f"{name}: {counted(tally.records, 'record')}{joined}"]
    lines += [
        f"  {share(count, tally.records):>5}  {count:>9,}  {format_label(names)}"
        for names, count in tally.formats.most_common()
    ]
    if tally.zoneless:
        lines.append(f"  {counted(tally.zoneless, 'time')} without a zone, read as {zone}")
    lines += [f"  flag {flag}: {counted(count, 'record')}" for flag, count in tally.flags.most_common()]
    lines += _first(
        "no format fits", [(item.line, item.text) for item in found.unrecognised], found.without_format
    )
    lines += _first(
        "cannot be sent",
        [(item.line, f"{item.reason}: {item.detail}") for _, item in found.rejected],
        len(found.rejected),
    )
    for line in lines:
        print(neutralise(line))


def _first(what: str, shown: list[tuple[int, str]], count: int) -> list[str]:
    if not count:
        return []
    shown = shown[:5]
    more = f", of which the first {len(shown)}" if count > len(shown) else ""
    return [
        f"  {what}: {counted(count, 'record')}{more}",
        *(f"    line {line}: {text}" for line, text in shown),
    ]


@contextmanager
def _progress() -> Iterator[Callable[[], None]]:
    """Show a counter on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} records read"), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda: progress.advance(task)
