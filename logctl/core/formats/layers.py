"""Layers around log lines: what container runtimes, log collectors, syslog and platforms put before or around a line.

A layer is recognised from the line alone. `unwrap` looks at the first character and a few others before it tries any
pattern, because most lines have no layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from logctl.core.formats import text_line
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.levels import UNKNOWN, parse_level

_FRONT = 600
"""Characters of a line that are matched: the rest of a long line must not make a pattern slow."""


@dataclass(slots=True)
class Layer:
    """A layer and the line within it. The members mean what they mean in `Reading`."""

    name: str
    inner: str
    ts: int | None = None
    level: str = UNKNOWN
    fields: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    zone: str = ""
    app: str = ""
    partial: bool = False
    stream: str = ""


def unwrap(text: str, context: Context) -> Layer | None:
    """Return the outermost layer of a line, or None if it has none."""
    if not text:
        return None
    try_layer = _BY_FIRST.get(text[0])
    return try_layer(text, context) if try_layer is not None else None


def _time(text: str, start: int, context: Context) -> FoundTime | None:
    try:
        return scan_time(text, start, context)
    except NotImplementedError:
        found = text_line._recognise(text[start:])
        if found is None or found[0].name not in ("iso", "syslog", "epoch"):
            return None
        return FoundTime(found[0].time(found[1], context.reference), start + found[1].end())


# ── Lines that begin with a digit ───────────────────────────────────────────────────────────────────

_CRI = re.compile(r" (stdout|stderr) ([PF])(?::[^ ]*)?(?: |$)")
_NANOSECONDS = re.compile(r"\.\d{9}(?:Z|[+-]\d\d:\d\d) ")


def _from_digit(text: str, context: Context) -> Layer | None:
    if text[4:5] == "-" and text[10:11] in ("T", " "):
        return _from_iso(text, context)
    return None


def _from_iso(text: str, context: Context) -> Layer | None:
    std = text.find(" std", 19, 40)
    if std > 0 and (found := _CRI.match(text, std)):
        time = _time(text, 0, context)
        if time is not None and time.end == std:
            return Layer(
                "cri",
                text[found.end() :],
                ts=time.ts,
                zone=time.zone,
                fields={"stream": found[1]},
                partial=found[2] == "P",
                stream=found[1],
            )
    if _NANOSECONDS.match(text, 19, 60):
        time = _time(text, 0, context)
        if time is not None:
            return Layer("timestamps", text[time.end + 1 :], ts=time.ts, zone=time.zone)
    time = _time(text, 0, context)
    if time is not None and text[time.end : time.end + 1] == " ":
        return _tagged(text, time.end + 1, time, host_needs_pid=True)
    return None


# ── Syslog ──────────────────────────────────────────────────────────────────────────────────────────

_PRIORITY = re.compile(r"<(1?\d?\d)>")
_HOST_AND_TAG = re.compile(
    r"(?:(?P<host>[^\s\[\](){}=\"',;|]{1,255}) )?"
    r"(?P<tag>(?P<process>[^\s:\[\]()\"=,;|]{1,128}+(?:\([^()\s]{1,64}\))?)(?:\[(?P<pid>[^\[\]\s]{1,64})\])?:)(?= |$)"
)


def _tagged(text: str, start: int, time: FoundTime, *, host_needs_pid: bool) -> Layer | None:
    found = _HOST_AND_TAG.match(text, start, start + _FRONT)
    if found is None or parse_level(found["process"]) != UNKNOWN:
        return None
    host, pid = found["host"], found["pid"]
    if (host and parse_level(host) != UNKNOWN) or (host_needs_pid and not pid):
        return None
    fields: dict[str, Any] = {"process": found["process"]}
    if host:
        fields["host"] = host
    if pid and pid.isdigit():
        fields["pid"] = int(pid)
    stream = text[start : found.end()]
    return Layer(
        "syslog",
        text[found.end() + 1 :],
        ts=time.ts,
        zone=time.zone,
        fields=fields,
        stream=stream,
        app=found["process"],
    )


_MONTHS = frozenset(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))


def _from_letter(text: str, context: Context) -> Layer | None:
    if text[:3] in _MONTHS:
        time = _time(text, 0, context)
        if time is not None and text[time.end : time.end + 1] == " ":
            return _tagged(text, time.end + 1, time, host_needs_pid=False)
    if found := _COMPOSE.match(text, 0, 120):
        return Layer(
            "docker compose",
            text[found.end() :],
            fields={"container": found["name"]},
            app=found["service"],
            stream=found["name"],
        )
    return None


_COMPOSE = re.compile(r"(?P<name>(?P<service>[A-Za-z0-9][\w.-]{0,80}?)[-_]\d{1,4}) +\| ?")


def unwrap_object(value: Mapping[str, Any], context: Context) -> Layer | None:
    """Return the layer that a JSON object is, or None if it is a log event of its own."""
    line = value.get("log")
    if isinstance(line, str) and "time" in value and "stream" in value:
        time = _time(str(value["time"]), 0, context)
        return Layer(
            "docker",
            line.removesuffix("\n").removesuffix("\r"),
            ts=time.ts if time else None,
            zone=time.zone if time else "",
            fields={"stream": value["stream"]},
            partial=not line.endswith("\n"),
            stream=str(value["stream"]),
        )
    return None


_BY_FIRST: dict[str, Callable[[str, Context], Layer | None]] = {
    **dict.fromkeys("0123456789", _from_digit),
    **dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", _from_letter),
}
