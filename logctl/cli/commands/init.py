"""`logctl init`: a settings file with every setting explained."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from logctl.cli.command import command
from logctl.cli.context import CONFIG_FILE, Context
from logctl.cli.render import say
from logctl.core.errors import UsageError
from logctl.stack.settings import Settings

_EXAMPLES = {
    "region": '"eu-central-1"',
    "profile": '"my-profile"',
    "hot_retention": '"2d"',
    "cold_retention": '"365d"',
    "quarantine_retention": '"90d"',
    "alert_window": '"15m"',
    "late_after": '"1h"',
    "subscriptions": '["oncall@example.com"]',
    "redact": '["all"]',
    "scan_limit": '"100GB"',
    "compact_after": '"off"',
    "oidc_issuer": '"https://login.example.com/"',
    "oidc_audience": '"logctl"',
    "oidc_client_id": '"logctl-dashboard"',
    "groups_claim": '"groups"',
    "machine_apps": '["*"]',
    "cors_origins": '["https://ops.example.com"]',
    "api_rate": "10",
    "api_burst": "20",
    "api_timeout": '"10s"',
    "api_concurrency": '"auto"',
    "queries": """{ logins = "SELECT ts, message FROM logs WHERE message LIKE '%login%' ORDER BY ts" }""",
}


def register(app: typer.Typer) -> None:
    command(app, "init")(init)


def init(
    context: Context,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
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
        raise UsageError(f"{path} is there already.", "Replace it with --force.") from None
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem}.") from None
    say(f"Wrote {path}: take the # off what you want to change.")


def document() -> str:
    """Every setting with its meaning and default, commented out."""
    lines = [
        "# logctl's settings. A flag counts before a variable (LOGCTL_ENV, LOGCTL_REDACT, …), a variable",
        "# before this file, this file before the default. A list in a variable is text with commas.",
        "",
    ]
    for item in fields(Settings):
        example = f"# {item.name} = {_example(item.name, item.default)}"
        if item.default in (None, ()):
            example += "  # an example: none by default"
        lines += [f"# {item.metadata['about']}", example, ""]
    return "\n".join(lines)


def _example(name: str, default: Any) -> str:
    return _EXAMPLES.get(name, f'"{default}"')
