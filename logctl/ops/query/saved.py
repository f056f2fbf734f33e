"""Saved queries: those that logctl ships, and those of `logctl.toml`, which take precedence."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from logctl.core.errors import UsageError
from logctl.stack.setting_parsers import SavedQuery

OWN = "logctl.toml"
SHIPPED = "logctl"


@dataclass(frozen=True)
class Saved:
    """A query with a name, and where it comes from."""

    name: str
    sql: str
    description: str
    origin: str


def listed(own: Sequence[SavedQuery]) -> list[Saved]:
    """Return all saved queries, sorted by name."""
    found = {item.name: item for item in _shipped()}
    found |= {item.name: Saved(item.name, item.sql, item.description, OWN) for item in own}
    return [found[name] for name in sorted(found)]


def named(name: str, own: Sequence[SavedQuery]) -> Saved:
    """Return a saved query.

    Raises:
        UsageError: there is no saved query with that name.
    """
    everything = {item.name: item for item in listed(own)}
    if name in everything:
        return everything[name]
    close = difflib.get_close_matches(name, everything, n=1)
    hint = f"Did you mean {close[0]}?" if close else "See them with: logctl athena saved"
    raise UsageError(f"There is no saved query {name!r}.", hint)


def _shipped() -> list[Saved]:
    """Return the queries that logctl ships. The first line of each file, a comment, is its description."""
    found = []
    for file in (resources.files("logctl.ops") / "queries").iterdir():
        if file.name.endswith(".sql"):
            text = file.read_text("utf-8")
            description = text.split("\n", 1)[0].removeprefix("--").strip()
            found.append(Saved(file.name.removesuffix(".sql"), text.strip(), description, SHIPPED))
    return found
