"""The apps of records for which none is given: from what the log names, from a field, or from a path."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from logctl.core import strictjson
from logctl.core.appid import appid_from
from logctl.core.errors import UsageError
from logctl.core.formats.reading import Reading
from logctl.ops.send.path_patterns import path_regex

PATH = "path"
FIELD = "field"
APP_FROM_RULE = (
    "use path, path:PATTERN with {app} in it, field, or field:NAME such as field:kubernetes.container_name"
)

_CONTAINER = re.compile(r"[^_]+_[^_]+_(?P<name>.+)-[0-9a-f]{64}\.log")
"""The files of /var/log/containers: pod, namespace, container, id (Kubernetes, Logging Architecture)."""
_ENDINGS = re.compile(
    r"\.(?:log|logs|txt|out|err|json|jsonl|ndjson|csv|gz|zst|bz2|xz)\Z"
    r"|[._-]?(?:\d{4}[._-]?\d\d[._-]?\d\d|\d\d-\d\d-\d{4})\d{0,6}(?:[T._-]\d{1,9}){0,6}\Z"
    r"|[._-]\d{1,12}\Z"
    r"|\d{6,14}\Z",
    re.IGNORECASE,
)
_MOST_ENDINGS = 10
_GENERAL = {"log", "logs"}
"""Names of folders that say nothing about what is in them."""


@dataclass(frozen=True)
class AppNames:
    """How the app of a record is found.

    Attributes:
        by_path: from the path of the file, and not from what the log names.
        pattern: of a path, with `{app}` in it; "" for the name of the file.
        member: the name of the field that holds the app; "" for the service, container or unit that the log
            names. Dots separate the names of fields in fields.
        mapping: app ids by names, as in the table `apps` of logctl.toml.
    """

    by_path: bool = False
    pattern: str = ""
    member: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, mapping: Mapping[str, str]) -> AppNames:
        """Parse a value of `--app-from`.

        Raises:
            UsageError: it is none.
        """
        kind, colon, rest = text.partition(":")
        if colon and not rest:
            kind = ""
        if kind == PATH and (not rest or rest.count("{app}") == 1):
            return cls(by_path=True, pattern=rest, mapping=mapping)
        if kind == FIELD:
            return cls(member=rest, mapping=mapping)
        raise UsageError(f"{text!r} does not say where the app is named.", f"It may be: {APP_FROM_RULE}.")

    def of_reading(self, reading: Reading, text: str = "") -> str:
        """Return the app that a record names; "" if it names none.

        `text` is its original text: a field may be named as in the JSON object around a line, too.
        """
        if self.by_path:
            return ""
        name: object = reading.app
        if self.member:
            name = _member(reading.fields, self.member)
            if name is None and text.startswith("{"):
                name = _member(_object(text), self.member)
        return appid_from(name, self.mapping) if isinstance(name, str) else ""

    def of_path(self, path: str | PurePath) -> str:
        """Return the app that a file's path names; "" if it names none."""
        if not self.pattern:
            return appid_from(name_in_path(PurePath(path)), self.mapping)
        found = path_regex(self.pattern).fullmatch(str(path))
        return appid_from(found["app"], self.mapping) if found else ""


def names_of_file(app_from: str | None, mapping: Mapping[str, str], path: str) -> tuple[AppNames, str | None]:
    """Return how the records of a file name their app, and the app of those that name none; None for no app.

    Without `--app-from`, a record that names no app has none. With it, the path of its file names it.

    Raises:
        UsageError: `app_from` is no value of `--app-from`.
    """
    if not app_from:
        return AppNames(mapping=mapping), None
    names = AppNames.of(app_from, mapping)
    if path == "-":
        return names, None
    return names, names.of_path(os.path.abspath(path)) or None  # noqa: PTH100 - keeps links


def name_in_path(path: PurePath) -> str:
    """Return the name of a file without date, number and extensions.

    Of a file that has no other name, such as 2026-01-31.log or 0.log, it is that of its folder.
    """
    for part in reversed(path.parts[1:] if path.is_absolute() else path.parts):
        if container := _CONTAINER.fullmatch(part):
            return container["name"]
        name = part
        for _ in range(_MOST_ENDINGS):
            name, replaced = _ENDINGS.subn("", name)
            if not replaced:
                break
        name = name.strip("._- ")
        if name and not name.isdecimal() and name.lower() not in _GENERAL:
            return name
    return ""


def _object(text: str) -> Mapping[str, Any]:
    try:
        value, _ = strictjson.loads_leniently(text.partition("\n")[0])
    except strictjson.Malformed:
        return {}
    return value if isinstance(value, Mapping) else {}


def _member(fields: Mapping[str, Any], name: str) -> object:
    """Return the value of a field; `a.b` is the field of that name, or the field `b` in `a`."""
    if name in fields:
        return fields[name]
    value: object = fields
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
