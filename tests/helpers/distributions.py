"""Installed distributions and what they require, linked into another environment."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement


def closure(
    found: importlib.metadata.Distribution, extras: set[str], seen: set[tuple[str, str]] | None = None
) -> Iterator[importlib.metadata.Distribution]:
    """What a distribution requires, and what that requires, as it is installed here."""
    seen = set() if seen is None else seen
    for requirement in map(Requirement, found.requires or ()):
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        if (mark := (requirement.name.lower(), str(sorted(requirement.extras)))) not in seen:
            seen.add(mark)
            needed = importlib.metadata.distribution(requirement.name)
            yield needed
            yield from closure(needed, set(requirement.extras), seen)


def link(distribution: importlib.metadata.Distribution, packages: Path) -> None:
    for name in {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
        target = packages / name
        if not target.exists():
            target.symlink_to(Path(str(distribution.locate_file(name))))
