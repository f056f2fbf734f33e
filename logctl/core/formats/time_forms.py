"""Times in every form in which logs write them, at the head of a line or as a value in JSON."""

from __future__ import annotations

from dataclasses import dataclass

from logctl.core.formats.reading import Context


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time in a text.

    Attributes:
        ts: milliseconds, UTC; None if the date or time does not exist.
        end: the index after it, its zone included.
        zone: its zone as written; "" if `Context.zone` was applied.
        ambiguous: it can mean two moments.
    """

    ts: int | None
    end: int
    zone: str = ""
    ambiguous: bool = False


def scan_time(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time that begins at index `start`, or None if none does. Brackets are not part of it."""
    raise NotImplementedError


def read_time_value(value: object, context: Context) -> FoundTime | None:
    """Return the time that a value in JSON means, or None.

    A value is a text that is a time as a whole, a number (seconds to nanoseconds since the epoch), or an object
    such as `{"$date": …}` and `{"seconds": …, "nanos": …}`. `end` is 0.
    """
    raise NotImplementedError
