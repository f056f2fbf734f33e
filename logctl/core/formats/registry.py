"""All declared formats, in the order in which they are tried."""

from __future__ import annotations

import re

from logctl.core.formats.declared import (
    access_logs,
    aws_logs,
    databases,
    desktop_programs,
    devices,
    infrastructure,
    java_loggers,
    message_brokers,
    supercomputers,
    system_logs,
    web_servers,
)
from logctl.core.formats.format_tree import FormatTree
from logctl.core.formats.reading import Format

FORMATS: tuple[Format, ...] = (
    *java_loggers.FORMATS,
    *aws_logs.FORMATS,
    *supercomputers.FORMATS,
    *devices.FORMATS,
    *system_logs.FORMATS,
    *databases.FORMATS,
    *message_brokers.FORMATS,
    *web_servers.FORMATS,
    *infrastructure.FORMATS,
    *desktop_programs.FORMATS,
    *access_logs.FORMATS,
)


def check(declared: Format) -> None:
    """Raise `ValueError` if the head of a format cannot be read; a user's format needs that before it is used."""
    try:
        FormatTree((declared,)).compile()
    except re.error as problem:
        raise ValueError(f"format {declared.name!r}: {problem}") from None
