"""The properties that a change set changes in a resource, with their values before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logctl.core.safe_text import shorten

_ABSENT = object()


@dataclass(frozen=True)
class PropertyChange:
    """A property that changes; `path` is like `Environment.Variables.ALERT_WINDOW_MS`.

    `before` and `after` are text, or JSON of other values, and None where the property is not set. Both are
    None where the property is only known to depend on something that changes.
    """

    path: str
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        if self.before is None and self.after is None:
            return self.path
        return f"{self.path}: {_short(self.before)} → {_short(self.after)}"


def property_changes(
    details: Sequence[Mapping[str, Any]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[PropertyChange, ...]:
    """Return the changes of a resource, sorted by path.

    They are those that CloudFormation reports where it gives values, or else those between the templates.

    Args:
        details: of DescribeChangeSet with IncludePropertyValues (AWS CloudFormation API).
        before: the resource in the deployed template.
        after: the resource in the new template.
    """
    targets = [detail.get("Target", {}) for detail in details]
    valued = {
        PropertyChange(_dotted(target), target.get("BeforeValue"), target.get("AfterValue"))
        for target in targets
        if "BeforeValue" in target or "AfterValue" in target
    }
    found = valued or set(differences(before.get("Properties", {}), after.get("Properties", {})))
    known = {change.path.split(".")[0] for change in found}
    names = {target.get("Name") or target.get("Attribute", "") for target in targets}
    found |= {PropertyChange(name) for name in names if name and name not in known}
    return tuple(sorted(found, key=lambda change: change.path))


def differences(before: Any, after: Any, path: str = "") -> Iterator[PropertyChange]:
    """Yield the differences between two values of a template; where both are maps, by key."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            below = f"{path}.{name}" if path else name
            yield from differences(before.get(name, _ABSENT), after.get(name, _ABSENT), below)
    else:
        yield PropertyChange(path, _text(before), _text(after))


def _dotted(target: Mapping[str, Any]) -> str:
    """Return the path `/Properties/Environment/Variables/X` as `Environment.Variables.X`."""
    path = str(target.get("Path", "")).strip("/").removeprefix("Properties/").replace("/", ".")
    return path or target.get("Name") or target.get("Attribute", "")


def _text(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _short(value: str | None) -> str:
    return "(none)" if value is None else shorten(value, 60)
