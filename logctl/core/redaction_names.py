"""The names of the redaction rules, for those who only check a setting: the rules take long to import."""

from __future__ import annotations

from collections.abc import Collection

ALL = "all"
"""Stands for every rule."""
NAMES = ("pem", "aws-keys", "bearer-tokens", "url-passwords", "passwords", "cards")
"""The names of `logctl.core.redaction.RULES`, in the same order; a test compares them."""


def check_names(names: Collection[str]) -> None:
    """Check that each name is that of a rule, or `all`.

    Raises:
        ValueError: there is no such rule.
    """
    if unknown := {*names} - {*NAMES, ALL}:
        raise ValueError(f"{min(unknown)!r} is not one of {', '.join(NAMES)} or {ALL}")
