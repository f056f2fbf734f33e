"""Records of JSON objects that are not lines of a source, such as generated ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logctl.core.formats.reader import read_value
from logctl.core.formats.reading import Context
from logctl.core.records import Record, from_reading


def from_mapping(
    value: Mapping[str, Any], *, appid: str | None, seq: int, sent_at: int, fallback_id: str
) -> Record:
    """Return the record of a producer's JSON object, as `from_reading` does. Times without a zone are UTC.

    Raises:
        Rejected: with `appid` or `group_mismatch`.
    """
    reading = read_value(value, Context(reference=sent_at))
    return from_reading(reading, appid=appid, seq=seq, sent_at=sent_at, fallback_id=fallback_id)
