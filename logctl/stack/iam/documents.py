"""Statements merged to policies that IAM accepts: nothing twice, and no document over IAM's limit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from logctl.stack.iam.policies import Statement, document

LIMIT = 6_144
"""Characters of a managed policy; white space does not count (AWS IAM User Guide, IAM and AWS STS quotas)."""


def size(policy: dict[str, Any]) -> int:
    """Return the characters of a policy that count towards the limit."""
    return len(json.dumps(policy, separators=(",", ":")))


def documents(statements: Iterable[Statement]) -> list[dict[str, Any]]:
    """Return as few policies as the statements need in their order, each within the limit."""
    made: list[list[Statement]] = [[]]
    for statement in merged(statements):
        if made[-1] and size(document([*made[-1], statement])) > LIMIT:
            made.append([])
        made[-1].append(statement)
    return [document(some) for some in made]


def merged(statements: Iterable[Statement]) -> list[Statement]:
    """Return the same permissions in fewer statements: none that differ only in actions, or in resources."""
    by_actions = _together(statements, "Resource", "Action")
    by_resources = _together(by_actions, "Action", "Resource")
    taken: dict[str, int] = {}
    for statement in by_resources:
        # Sids are unique in a policy (AWS IAM User Guide, Sid).
        name = statement["Sid"]
        taken[name] = taken.get(name, 0) + 1
        statement["Sid"] = name if taken[name] == 1 else f"{name}{taken[name]}"
    return by_resources


def _together(statements: Iterable[Statement], union: str, same: str) -> list[Statement]:
    """Merge statements with equal `same` and condition to one, with the union of their `union`."""
    found: dict[str, Statement] = {}
    for statement in statements:
        key = json.dumps([sorted(statement[same]), statement.get("Condition")], sort_keys=True)
        known = found.setdefault(key, {**statement, union: []})
        known[union] = sorted({*known[union], *statement[union]})
        known[same] = sorted(statement[same])
    return list(found.values())
