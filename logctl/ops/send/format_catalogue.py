"""The formats of log lines that are known, for `logctl formats list`, `--format` and docs/formats.md."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from logctl.core.errors import UsageError
from logctl.core.formats.line_shapes import LEVEL_ONLY, LEVEL_TIME, TIME_LEVEL, TIME_ONLY
from logctl.core.formats.logfmt import NAME as LOGFMT
from logctl.core.formats.reading import Format
from logctl.core.formats.registry import FORMATS
from logctl.ops.send.input_forms import Requested


@dataclass(frozen=True)
class KnownFormat:
    """A format: its name, the programs that write it, and lines of it."""

    name: str
    describes: str
    example: str


GENERAL = (
    KnownFormat(
        LOGFMT,
        "Programs in Go, Heroku, Grafana, Loki: key=value pairs in any order",
        'time=2026-11-27T10:15:30Z level=warn msg="cart is empty" user=17',
    ),
    KnownFormat(
        TIME_LEVEL,
        "Most loggers: a time, then a level, with thread, logger or process id between or after",
        "2026-11-27 10:15:30,123 WARNING [worker-1] shop.cart: cart is empty",
    ),
    KnownFormat(
        LEVEL_TIME,
        "Loggers that put the level first",
        "[WARN] 2026-11-27 10:15:30 cart is empty",
    ),
    KnownFormat(TIME_ONLY, "Programs that write a time and no level", "2026-11-27 10:15:30 cart is empty"),
    KnownFormat(LEVEL_ONLY, "Programs that write a level and no time", "WARNING: cart is empty"),
)
"""What is read without a declaration of its own, by the parts that most formats have."""


def declared(formats: Iterable[Format]) -> list[KnownFormat]:
    """Return formats that are declared, each with its first example."""
    return [
        KnownFormat(item.name, item.describes, item.examples[0].text if item.examples else "")
        for item in formats
    ]


def known_formats(own: Iterable[Format] = ()) -> list[KnownFormat]:
    """Return all formats of text lines: a user's own, the declared ones by name, and the general ones."""
    return [*declared(own), *sorted(declared(FORMATS), key=lambda item: item.name), *GENERAL]


def known_names() -> list[str]:
    """Return the names of all formats but a user's own."""
    return [item.name for item in known_formats()]


def chosen_format(name: str, own: Iterable[Format] = ()) -> tuple[Requested, str | None]:
    """Return what `--format NAME` means: a form of the input, and the only format to read or None for all.

    In a name, `-` may stand for a space.

    Raises:
        UsageError: there is no such format.
    """
    if name in set(Requested):
        return Requested(name), None
    names = [item.name for item in known_formats(own)]
    found = next((known for known in names if name in (known, known.replace(" ", "-"))), None)
    if found is not None:
        return Requested.AUTO, found
    close = difflib.get_close_matches(name, [*names, *Requested], n=3, cutoff=0.5)
    meant = f"Did you mean {' or '.join(repr(str(item)) for item in close)}? " if close else ""
    raise UsageError(f"There is no format {name!r}.", f"{meant}All of them: logctl formats list")
