"""Time zones as types carry them: in Trino a zone is part of each value, here it is part of the type."""

from __future__ import annotations

import re

from logctl.local.athena.query_errors import NotSupported
from logctl.local.athena.types.sql_types import MIXED, ZONED, Type

_UTC = ("Z", "UTC", "GMT", "+00:00", "-00:00", "Etc/UTC")
ZONED_LITERAL = re.compile(
    r"\s*(?P<local>\d+-\d{1,2}-\d{1,2}(?: \d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?)?)\s*"
    r"(?P<zone>Z|UTC|GMT|[A-Z][A-Za-z_]+/[\w/+-]+|[+-]\d\d:\d\d)\s*\Z"
)
"""The text of a TIMESTAMP literal that names a zone."""


def zone_name(text: str) -> str:
    """Return a zone's name, with one name for all those of UTC."""
    return "UTC" if text in _UTC else text


def zone_of_literal(text: str) -> str | None:
    """Return the zone that the text of a TIMESTAMP literal names; None if it names none."""
    found = ZONED_LITERAL.match(text)
    return None if found is None else zone_name(found["zone"])


def zoned_type(zone: str) -> Type:
    """Return the type of times in a zone."""
    name = zone_name(zone)
    return ZONED if name == "UTC" else Type(ZONED.name, (), (name,))


def zone_of(kind: Type) -> str:
    """Return the zone of the values of a zoned type.

    Raises:
        NotSupported: the values have several zones.
    """
    zone = kind.names[0] if kind.names else "UTC"
    if zone == MIXED:
        raise NotSupported("Times of several zones in one column")
    return zone
