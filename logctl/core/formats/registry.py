"""All declared formats, in the order in which they are tried."""

from __future__ import annotations

import re

from logctl.core.formats.declared import (
    dotnet_loggers,
    go_loggers,
    java_loggers,
    javascript_loggers,
    machine_logs,
    mobile_loggers,
    php_ruby_loggers,
    python_loggers,
    rust_loggers,
)
from logctl.core.formats.format_tree import FormatTree
from logctl.core.formats.reading import Format

FORMATS: tuple[Format, ...] = (
    *python_loggers.FORMATS,
    *java_loggers.FORMATS,
    *dotnet_loggers.FORMATS,
    *go_loggers.FORMATS,
    *rust_loggers.FORMATS,
    *javascript_loggers.FORMATS,
    *php_ruby_loggers.FORMATS,
    *mobile_loggers.FORMATS,
    *machine_logs.FORMATS,
)


def check(declared: Format) -> None:
    """Raise `ValueError` if the head of a format cannot be read; a user's format needs that before it is used."""
    try:
        FormatTree((declared,)).compile()
    except re.error as problem:
        raise ValueError(f"format {declared.name!r}: {problem}") from None
