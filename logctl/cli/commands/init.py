"""`logctl init`: write a settings file that explains every setting."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CONFIG_FILE, CommandContext
from logctl.cli.render import say
from logctl.core.errors import UsageError
from logctl.stack.settings import declarations

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "init")(init)


def init(
    context: CommandContext,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented logctl.toml into this folder.

    Example:

      logctl init
    """
    path = Path(context.config or CONFIG_FILE)
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(document())
    except FileExistsError:
        raise UsageError(f"{path} exists already.", "Replace it with --force.") from None
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem}.") from None
    say(f"Wrote {path}: remove the # in front of what you want to change.")


def document() -> str:
    """Return a logctl.toml that explains every setting, with defaults or examples commented out."""
    lines = [
        "# logctl's settings. An option of a command overrides a variable (LOGCTL_ENV, LOGCTL_REDACT, …), a",
        "# variable overrides this file. In a variable, the items of a list are separated by commas.",
        "",
    ]
    for name, setting in declarations().items():
        lines.append(f"# {setting.about}")
        if setting.has_default:
            lines.append(f"# {name} = {_toml(setting.default)}")
        else:
            lines.append(f"# {name} = {_toml(setting.example)}  # an example: none by default")
        lines.append("")
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """Write a text, a number, or a list or table of them as TOML, on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's texts and numbers are TOML too.
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)
