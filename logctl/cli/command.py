"""What every command has in common: where it works, how it fails, and how it ends in a pipe."""

from __future__ import annotations

import functools
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from logctl.cli import completion
from logctl.cli.context import Context
from logctl.cli.failures import explain
from logctl.cli.render import say
from logctl.core.errors import LogctlError

INTERRUPTED = 128 + signal.SIGINT

_PANEL = "Where"
_WHERE: dict[str, Any] = {
    "target": Annotated[
        str | None,
        typer.Option(help="aws, or local for the sandbox.", metavar="aws|local", rich_help_panel=_PANEL),
    ],
    "env": Annotated[
        str | None,
        typer.Option(
            help="The environment's name.",
            metavar="NAME",
            autocompletion=completion.environments,
            rich_help_panel=_PANEL,
        ),
    ],
    "profile": Annotated[
        str | None, typer.Option(help="The AWS profile.", metavar="NAME", rich_help_panel=_PANEL)
    ],
    "region": Annotated[
        str | None, typer.Option(help="The AWS region.", metavar="REGION", rich_help_panel=_PANEL)
    ],
}


class _Invocation:
    """The context that the root options made, for the subcommand to refine."""

    context = Context()


def start(config: str | None, **where: str | None) -> None:
    """Called by the root command with the options that stand before the subcommand."""
    _Invocation.context = Context(config=config).with_flags(where)


def where_parameters() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _WHERE.items()
    ]


def command(app: typer.Typer, name: str | None = None, **options: Any) -> Callable[..., Any]:
    """Register a function as a command.

    Its first parameter is the `Context`; the options that say where (`--target`, `--env`, `--profile`,
    `--region`) are added, so that they work after the subcommand as well as before it.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> None:
            where = {option: kwargs.pop(option) for option in _WHERE}
            context = _Invocation.context.with_flags(where)
            as_json = getattr(kwargs.get("output"), "value", None) == "json"
            _guarded(functools.partial(function, context, *args, **kwargs), context, as_json=as_json)

        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        run.__signature__ = inspect.Signature(own + where_parameters())  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in own + where_parameters()}
        app.command(name, **options)(run)
        return function

    return register


def _guarded(call: Callable[[], None], context: Context, *, as_json: bool) -> None:
    try:
        call()
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        # `| head` has had enough: not an error. Nothing more may be flushed to a closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except typer.Exit:
        raise
    except Exception as error:
        try:
            told = explain(error, context)
        except Exception:  # noqa: BLE001 - explaining may need what just failed
            told = LogctlError(f"{error}")
        if told is None:
            raise
        fail(told, as_json=as_json)


def fail(error: LogctlError, *, as_json: bool = False) -> None:
    """Say what went wrong and end with its exit code."""
    if as_json:
        told = {"error": error.message, "hint": error.hint, "exit_code": int(error.exit_code)}
        sys.stderr.write(json.dumps(told) + "\n")
    else:
        say(f"logctl: {error.message}")
        if error.hint:
            say(f"  {error.hint}")
    raise typer.Exit(int(error.exit_code))


def confirm(question: str, *, yes: bool, flag: str = "--yes") -> None:
    """Ask; without a terminal there is nobody to ask.

    Raises:
        LogctlError: the answer is no, or nobody could be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise LogctlError("Nothing was changed: there is no terminal to ask on.", f"To go ahead, add {flag}.")
    say(question)
    sys.stderr.write("Go ahead? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise LogctlError("Nothing was changed.")
