"""`logctl send`: logs in."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command import command, fail
from logctl.cli.context import Context, now
from logctl.cli.failures import explain
from logctl.cli.render import console, say
from logctl.core.appid import RULE, is_appid
from logctl.core.envelope import Packer
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.sizes import format_size

if TYPE_CHECKING:
    from logctl.ops.intake import Source
    from logctl.ops.send import Outgoing, SendResult
    from logctl.ops.sources import Rejection

_REFUSALS_SHOWN = 5


class Form(str, Enum):
    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class Errors(str, Enum):
    STRICT = "strict"
    REPLACE = "replace"


def register(app: typer.Typer) -> None:
    command(app, "send")(send)
