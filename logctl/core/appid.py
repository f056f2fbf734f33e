"""The name of an application: partition value, message group, DynamoDB key, and part of alert subjects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

PATTERN = r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?"
_APPID = re.compile(PATTERN)

RULE = "use 1 to 64 of a-z, 0-9, - and _, starting and ending with a letter or digit"


def is_appid(value: object) -> bool:
    """Return whether `value` may name an app.

    The characters allowed cannot end a partition's path, a key or a quoted text. Nothing is lowercased or
    replaced: two names that people wrote differently must not become one.
    """
    return isinstance(value, str) and _APPID.fullmatch(value) is not None


def matching(apps: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Return the apps that match any of the globs (`web-*`), sorted; all of them when there is no glob."""
    wanted = list(patterns)
    return sorted(app for app in set(apps) if not wanted or any(fnmatchcase(app, glob) for glob in wanted))


def is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")
