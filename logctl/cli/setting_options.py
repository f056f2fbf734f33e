"""Options of `provision` for settings, made of the settings' declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from logctl.stack.settings import Declaration, declarations


def with_setting_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting that declares one, in place of its `**chosen`.

    The command gets the values by the names of the settings; a setting that is not given is None.
    """
    own = list(inspect.signature(command, eval_str=True).parameters.values())[:-1]
    options = [_parameter(name, item) for name, item in declarations().items() if item.option]
    command.__signature__ = inspect.Signature(own + options)  # type: ignore[attr-defined]
    return command


def _parameter(name: str, setting: Declaration) -> inspect.Parameter:
    repeatable = isinstance(setting.default, list)
    help_text = setting.about[0].upper() + setting.about[1:] + ("; repeatable." if repeatable else ".")
    kind: Any = list[str] if repeatable else str
    option = typer.Option(setting.option, help=help_text, metavar=None if repeatable else setting.default)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )
