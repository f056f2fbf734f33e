"""Registration of functions as commands, with the options and the error handling of every command.

`command` registers a function as a command, adds `--target`, `--env`, `--profile` and `--region` to its
options, and turns exceptions into a message and an exit code.
"""

from __future__ import annotations

import functools
import inspect
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_type_hints

import typer

from logctl.cli.context import CommandContext
from logctl.cli.options import TARGET_OPTIONS
from logctl.cli.render import discard_output, say
from logctl.core.errors import LogctlError

INTERRUPTED = 128 + signal.SIGINT


class _Invocation:
    """The context made from the root command's options, which a subcommand's options then refine."""

    context = CommandContext()


def start(config: str | None, **target: str | None) -> None:
    """Store the options before the subcommand; the root command calls this."""
    _Invocation.context = CommandContext(config=config).with_flags(target)


def with_target_options(function: Callable[..., Any], own: Iterable[inspect.Parameter]) -> None:
    """Give a function the signature that Typer reads: its own parameters and `TARGET_OPTIONS`."""
    target = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in TARGET_OPTIONS.items()
    ]
    parameters = [*(item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in own), *target]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = {item.name: item.annotation for item in parameters}


def command(app: typer.Typer, name: str | None = None, **options: Any) -> Callable[..., Any]:
    """Return a decorator that registers a function as a command.

    The first parameter of the function is the `CommandContext`. A parameter whose type is a dataclass stands
    for the fields of the dataclass: each field is an argument or an option, and the function gets them as one
    object.
    The options `--target`, `--env`, `--profile` and `--region` are added, so that they can be given after the
    subcommand as well as before it.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        groups: dict[str, Any] = {item.name: item.annotation for item in own if is_dataclass(item.annotation)}

        @functools.wraps(function)
        def run(**given: Any) -> None:
            context = _Invocation.context.with_flags({name: given.pop(name) for name in TARGET_OPTIONS})
            as_json = getattr(given.get("output"), "value", None) == "json"
            for name, group in groups.items():
                given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
            _guarded(functools.partial(function, context, **given), context, as_json=as_json)

        with_target_options(run, (item for parameter in own for item in _expanded(parameter)))
        app.command(name, **options)(run)
        return function

    return register


def _expanded(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    """Return a dataclass parameter as one parameter for each field; any other parameter as it is."""
    group = parameter.annotation
    if not is_dataclass(group):
        return [parameter]
    types = get_type_hints(group, include_extras=True)

    def of_field(field: Field[Any]) -> inspect.Parameter:
        default = inspect.Parameter.empty if field.default is MISSING else field.default
        return inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=types[field.name]
        )

    return [of_field(field) for field in fields(group)]


def _guarded(call: Callable[[], None], context: CommandContext, *, as_json: bool) -> None:
    try:
        call()
        sys.stdout.flush()
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        discard_output()
        raise typer.Exit(0) from None
    except typer.Exit:
        raise
    except Exception as error:
        try:
            from logctl.cli.error_explanations import explain

            told = explain(error, context)
        except Exception:  # noqa: BLE001 - explaining may need what just failed
            told = LogctlError(f"{error}")
        if told is None:
            raise
        fail(told, as_json=as_json)


def fail(error: LogctlError, *, as_json: bool = False) -> None:
    """Write an error to stderr, as text or as JSON, and end with its exit code."""
    if as_json:
        import json

        told = {"error": error.message, "hint": error.hint, "exit_code": int(error.exit_code)}
        sys.stderr.write(json.dumps(told) + "\n")
    else:
        say(f"logctl: {error.message}")
        if error.hint:
            say(f"  {error.hint}")
    raise typer.Exit(int(error.exit_code))
