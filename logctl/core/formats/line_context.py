"""The context that loggers put around a level: process, thread, logger, file and line, `key=value`."""

from __future__ import annotations

import re
from typing import Any

from logctl.core.formats.logfmt import fields_of, pairs_at

_MOST_FIELDS = 32
_SUFFIX = r"(?:go|py|rs|js|ts|java|kt|rb|cpp|cc|cxx|c|h|hpp|cs|php|scala|swift|pl|ex|m|mm)"
_LABELED = re.compile(r"(pid|process|tid|thread|thread[_-]?id)[ :=#]{1,2}([\w\-]{1,60})\Z", re.IGNORECASE)
_SQUARE = r"\[(?:[^\[\]\n]|\[[^\[\]\n]{0,80}\]){0,160}\]"
_DOTTED = r"(?=[\w$\-]+(?:[.$]|::))[A-Za-z_$][\w$.\-]*+(?:(?=::[\w$])::[\w$]++)*+"

BETWEEN = re.compile(
    rf"""
    (?P<bar>(?:[-|:*,;]{{1,3}}|\u2013)(?=\s))
  | (?P<square>{_SQUARE}|<[^<>\n]{{1,100}}>)[:,]?
  | (?P<round>\([^()\n]{{1,100}}\))[:,]?
  | (?P<curly>\{{[^{{}}\n]{{0,100}}\}})[:,]?
  | (?P<number>\#?\d[\w.:\#/\-]{{0,60}}+[\])]?)(?=\s|$)
  | (?P<zone>UTC|GMT)(?=\s)
  | (?P<dashed>[\w$./\-]{{1,100}}+(?=\s+[-|]\s))
  | (?P<dotted>(?!/|\w{{1,10}}://)(?=[\w$\-]{{0,100}}+[.@/:$])[\w.@/$:\-]{{1,150}}+)(?=\s)
  | (?P<symbol>[^\x00-\x7f\w]{{1,3}}(?=\s))
    """,
    re.VERBOSE,
)
"""What can be between a time and a level."""
NAME = re.compile(r"(?P<name>[A-Za-z_][\w\-]{0,60})(?:\[(?P<pid>\d{1,10})\])?:?(?=\s)")
"""The name of a logger or process before the level: `root ERROR …`, `shop[812]: ERROR …`."""
AFTER = re.compile(
    rf"""
    (?P<pid>\d{{1,10}})\s+---\s+
  | (?P<square>{_SQUARE})\s*:?\s*(?:-{{1,2}}\s+)?
  | \((?P<round>[\w\-.\#/:]{{1,60}})\)\s*(?::\s+|-{{1,2}}\s+)?
  | (?P<file>[\w.\-/]{{1,120}}\.{_SUFFIX}):(?P<line>\d{{1,6}})(?::\d+)?\]?(?:\s*:\s+|\s+-{{1,2}}\s+|\s+)
  | (?P<logger>[A-Za-z_$][\w$.\-/]{{0,150}}(?:(?=::\w|:\w|\#\w)[:\#]{{1,2}}+\w++)*+)
    (?:\s*\([\w$.\-]+:(?:[\w$<>]+\()?\d+\)?\))?\s+(?:-{{1,2}}|\|)\s+
  | (?P<named>{_DOTTED})\s+(?=\[[^\]\n]{{1,100}}\]\s)
  | (?P<dotted>{_DOTTED})\s*:\s+
    """,
    re.VERBOSE,
)
"""What can be between a level and the message."""
_FILE = re.compile(rf"([\w.\-/\\]{{1,120}}\.{_SUFFIX}):(\d{{1,6}})(?::\w+)?\Z")
_THREAD = re.compile(
    r"(?:[\w.\-]*(?:[Tt]hread|[Pp]ool|[Ww]orker|exec|dispatcher|schedul|event-?loop|nio|Process|qtp|netty|reactor"
    r"|grpc|quartz|[Tt]imer|container)[\w .\-#:/]*|main|http-[\w.\-]+)\Z"
)
_MAYBE_THREAD = re.compile(r"[\w.\-]+-\d+(?:-\d+)*\Z")
"""A thread before the level; after it, `[order-17]` can be part of the message."""
_LOGGER = re.compile(r"[A-Za-z_$][\w$\-]*(?:(?:\.|::)[\w$\-]+)+(?::\d+)?\Z")
_NO_LOGGER = re.compile(
    r"(?:.*(?:Exception|Error|Warning|Throwable)|[A-Z]{2,}|[A-Za-z]|v\d[\w.\-]*"
    r"|.*\.(?:com|org|net|io|dev|local|txt|json|csv|xml|ya?ml|toml|log|conf|html?|sh|zip|gz|jar|png|jpe?g|pdf|sql))\Z"
)
"""Exceptions, methods of HTTP, versions, hosts and files."""


def note_between(fields: dict[str, Any], found: re.Match[str]) -> None:
    """Make a field of a match of `BETWEEN` or `NAME`, if its meaning is certain."""
    kind, value = found.lastgroup, found[0].strip(" ,:")
    if found.re is NAME:
        fields["thread" if _THREAD.match(found["name"]) else "logger"] = found["name"]
        if found["pid"]:
            fields["pid"] = int(found["pid"])
    elif kind in ("square", "round", "curly"):
        value = value[1:-1].strip()
        if not _note_bracketed(fields, value) and _MAYBE_THREAD.match(value):
            fields.setdefault("thread", value)
    elif kind == "number":
        _note_number(fields, value)
    elif kind in ("dashed", "dotted") and value[0].isalpha() and "@" not in value:
        if _note_labeled(fields, value):
            return
        fields.setdefault("logger", value)


def note_after(fields: dict[str, Any], found: re.Match[str]) -> bool:
    """Make fields of what follows a level (a match of `AFTER`); return False if it belongs to the message."""
    if found["pid"]:
        fields["pid"] = int(found["pid"])
    elif found["square"]:
        return _note_bracketed(fields, found["square"][1:-1].strip())
    elif found["round"]:
        return _note_file(fields, found["round"]) or _note_thread(fields, found["round"])
    elif found["file"]:
        fields.update(file=found["file"], line=int(found["line"]))
    else:
        name = found["logger"] or found["dotted"] or found["named"]
        if "logger" in fields or _NO_LOGGER.match(name):
            return False
        fields["logger"] = name
    return True


def note_pairs(fields: dict[str, Any], pairs: list[tuple[str, str]]) -> None:
    """Make fields of `key=value`."""
    for name, value in fields_of(pairs).items():
        if len(fields) < _MOST_FIELDS:
            fields[name] = value


def _note_bracketed(fields: dict[str, Any], value: str) -> bool:
    """Make fields of what is in brackets; return False if its meaning is not certain."""
    if (
        _note_labeled(fields, value)
        or _note_file(fields, value)
        or _note_thread(fields, value)
        or _note_number(fields, value)
    ):
        return True
    if _LOGGER.match(value):
        fields.setdefault("logger", value)
        return True
    if "=" not in value:
        return False
    pairs, end = pairs_at(value, 0)
    if not pairs or end != len(value):
        return False
    note_pairs(fields, pairs)
    return True


def _note_labeled(fields: dict[str, Any], value: str) -> bool:
    """Make a field of `pid:812` and `TID 900`."""
    found = _LABELED.match(value)
    if found is None:
        return False
    if found[1][0] in "pP" and found[2].isdecimal() and len(found[2]) < 11:
        fields["pid"] = int(found[2])
    else:
        fields["process" if found[1][0] in "pP" else "thread"] = found[2]
    return True


def _note_file(fields: dict[str, Any], value: str) -> bool:
    found = _FILE.match(value)
    if found is not None:
        fields.update(file=found[1], line=int(found[2]))
    return found is not None


def _note_thread(fields: dict[str, Any], value: str) -> bool:
    if _THREAD.match(value) is None:
        return False
    fields.setdefault("thread", value)
    return True


def _note_number(fields: dict[str, Any], value: str) -> bool:
    if not value.isdecimal() or len(value) > 10:
        return False
    fields.setdefault("pid", int(value))
    return True
