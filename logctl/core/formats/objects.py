"""Reading JSON objects: time, level and message under the names that loggers give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from logctl.core.formats.reading import Context, Reading


def read_object(value: Mapping[str, Any], context: Context) -> Reading:
    """Return what a JSON object says. Members that are neither time, level nor message become fields."""
    raise NotImplementedError


def events_of(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]] | None:
    """Return the log events in an object of AWS or OpenTelemetry that holds several; None if it is an event itself.

    Such objects are CloudTrail's `Records`, CloudWatch's `logEvents` and `events`, OTLP's `resourceLogs`. What they
    say about all of their events is repeated in each.
    """
    raise NotImplementedError
