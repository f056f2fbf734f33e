"""Options that several commands have, each declared once: flags, completion and help.

A command uses an alias (`output: OutputOption = Output.TABLE`), or a function where the help has to say what
the option means for that command (`app: Annotated[str | None, app_option("…")] = None`). An option of a
single command is declared in that command's file.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from logctl.cli import completion
from logctl.cli.render import Output
from logctl.core import levels
from logctl.core.errors import UsageError

_TIME = "TIME"


def output_option(text: str = "Output format.") -> Any:
    """Return the option `--output`."""
    return typer.Option("-o", "--output", help=text)


def app_option(text: str, *more_flags: str, may_be_new: bool = False) -> Any:
    """Return the option `--app`; `more_flags` are further names of it.

    An app that `may_be_new` is not completed with the apps that have sent.
    """
    complete = None if may_be_new else completion.apps
    return typer.Option("-a", "--app", *more_flags, metavar="APPID", autocompletion=complete, help=text)


def since_option(default: str, *more_flags: str, meaning: str = "Start of the time range") -> Any:
    """Return the option `--since`; `default` is shown in its help, `more_flags` are further names of it."""
    text = f"{meaning}: a duration before now such as 15m, 1h30m or 3d, or a time such as 2026-01-31."
    return typer.Option(
        "-s", "--since", *more_flags, metavar=_TIME, help=f"{text} [{default}]" if default else text
    )


def until_option(meaning: str = "End of the time range") -> Any:
    """Return the option `--until`."""
    return typer.Option(
        "-u", "--until", "--end", metavar=_TIME, help=f"{meaning}, in the same form as --since."
    )


def level_option(text: str) -> Any:
    """Return the option `--level`."""
    return typer.Option("-l", "--level", metavar="LEVEL", help=text)


def limit_option(text: str, *more_flags: str, most: int | None = None) -> Any:
    """Return the option `--limit`, a number from 1 to `most`."""
    return typer.Option(*more_flags, "--limit", min=1, max=most, metavar="N", help=text)


def lines_option(text: str, *, least: int = 1) -> Any:
    """Return the option `--lines`, a number from `least` on."""
    return typer.Option("-n", "--lines", metavar="N", min=least, help=text)


def follow_option(text: str) -> Any:
    """Return the option `--follow`."""
    return typer.Option("-f", "--follow", help=text)


def every_option(text: str) -> Any:
    """Return the option `--every`."""
    return typer.Option("--every", metavar=_TIME, help=text)


def exclude_option(text: str, *more_flags: str) -> Any:
    """Return the option `--exclude`, a regular expression; `more_flags` are further names of it."""
    return typer.Option(*more_flags, "--exclude", metavar="REGEX", help=text)


def regular_expressions(texts: list[str] | None) -> tuple[re.Pattern[str], ...]:
    """Return the regular expressions that an option names.

    Raises:
        UsageError: one of them is none.
    """
    try:
        return tuple(re.compile(text) for text in texts or ())
    except re.error as problem:
        raise UsageError(f"That is not a regular expression: {problem}.") from None


def all_option(text: str) -> Any:
    """Return the option `--all`."""
    return typer.Option("--all", help=text)


def dry_run_option(text: str, *more_flags: str) -> Any:
    """Return the option `--dry-run`; `more_flags` are further names of it."""
    return typer.Option(*more_flags, "--dry-run", help=text)


def yes_option(text: str = "Do not ask for confirmation.") -> Any:
    """Return the option `--yes`."""
    return typer.Option("-y", "--yes", help=text)


def minimum_level(text: str | None) -> str | None:
    """Return the level that a `--level` names, in the form of records; None if it was not given.

    Raises:
        UsageError: there is no such level.
    """
    if text is None:
        return None
    if text.upper() == levels.UNKNOWN:
        return levels.UNKNOWN
    parsed = levels.parse_level(text)
    if parsed == levels.UNKNOWN:
        raise UsageError(f"{text!r} is not a level.", f"The levels are: {', '.join(levels.ORDER)}.")
    return parsed


OutputOption = Annotated[Output, output_option()]
AppPatternsOption = Annotated[
    list[str] | None,
    app_option("Only this app, or the apps that match a pattern such as 'web-*'; repeatable."),
]
UntilOption = Annotated[str | None, until_option()]
MinimumLevelOption = Annotated[
    str | None,
    level_option("Only records of this level and more severe ones; UNKNOWN: only records without a level."),
]
YesOption = Annotated[bool, yes_option()]
DryRunOption = Annotated[bool, dry_run_option("Show what would be done, and change nothing.")]

TARGET_OPTIONS: dict[str, Any] = {
    "target": Annotated[
        str | None,
        typer.Option(help="Where to work: in AWS, or in the sandbox on this machine.", metavar="aws|local"),
    ],
    "env": Annotated[
        str | None,
        typer.Option(help="Name of the environment.", metavar="NAME", autocompletion=completion.environments),
    ],
    "profile": Annotated[str | None, typer.Option(help="AWS profile.", metavar="NAME")],
    "region": Annotated[str | None, typer.Option(help="AWS region.", metavar="REGION")],
}
"""The options of every command, by the names of the settings that they set."""
