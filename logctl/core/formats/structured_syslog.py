"""Syslog as RFC 5424 has it: version, time, host, program, process id, kind of message, structured data."""

from __future__ import annotations

import re
from typing import Any

from logctl.core.formats.layer import FRONT, Layer, timed
from logctl.core.formats.reading import Context
from logctl.core.formats.syslog_names import is_level, program
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.levels import UNKNOWN, parse_level

_HEADER = re.compile(
    r"[12] (?P<time>\S{1,64}) (?P<host>\S{1,255}) (?P<app>\S{1,128}) (?P<process>\S{1,128})"
    r" (?P<kind>\S{1,64})(?: |$)"
)
# VMware's NSX and others write this after a time, without priority and version.
_HEADER_AFTER_TIME = re.compile(
    r"(?P<host>[^\s=]{1,255}) (?P<app>[^\s=]{1,128}) (?P<process>\d{1,10}|-) (?P<kind>[^\s=]{1,64}) "
    r"(?=- |\[[^\s=\]\"]{1,64} [^\s=\]\"]{1,64}=\")"
)
_ELEMENT = re.compile(
    r"\[(?P<id>[^\s=\]\"]{1,64})"
    r"(?P<parameters>(?: [^\s=\]\"]{1,64}=\"(?:[^\"\\\]]|\\.){0,2000}+\"){0,64}) ?\]"
)
_PARAMETER = re.compile(r" ([^\s=\]\"]{1,64})=\"((?:[^\"\\\]]|\\.){0,2000}+)\"")
_ESCAPED = re.compile(r"\\([\"\\\]])")
_MOST_ELEMENTS = 20
_MOST_PARAMETERS = 64


def from_version(text: str, context: Context) -> Layer | None:
    """Return the layer of a message, from its version on."""
    found = _HEADER.match(text, 0, 2 * FRONT)
    if found is None:
        return None
    time = None
    if found["time"] != "-":
        time = scan_time(text, 2, context)
        if time is None or time.end != found.end("time"):
            return None
    return _layer(text, found, time)


def after_time(text: str, start: int, context: Context) -> Layer | None:
    """Return the layer of a line that begins with a time, after which the header goes on at index `start`."""
    found = _HEADER_AFTER_TIME.match(text, start, start + FRONT)
    if found is None or is_level(found["host"]) or is_level(found["app"]):
        return None
    return _layer(text, found, scan_time(text, 0, context))


def _layer(text: str, found: re.Match[str], time: FoundTime | None) -> Layer:
    fields: dict[str, Any] = {}
    end = _structured_data(text, found.end(), fields)
    level = parse_level(fields["level"]) if "level" in fields else UNKNOWN
    host, app, process = found["host"], found["app"], found["process"]
    if host != "-":
        fields["host"] = host
    if app != "-":
        fields["process"] = app
    if process.isdigit() and process.isascii() and len(process) < 12:
        fields["pid"] = int(process)
    elif process != "-":
        fields["dyno" if end == found.end() else "thread"] = process
    if found["kind"] != "-":
        fields["message_id"] = found["kind"]
    inner = text[end:].removeprefix(" ").removeprefix("\ufeff")
    layer = timed("syslog 5424", inner, time, fields=fields, level=level)
    layer.app = program(app) if app != "-" and "dyno" not in fields else ""
    layer.stream = f"{host} {app}[{process}]"
    layer.own_record = True
    return layer


def _structured_data(text: str, start: int, fields: dict[str, Any]) -> int:
    """Add the parameters of structured data to `fields`, and return where it ends; `start` if there is none.

    Heroku's drains have none, not even the `-`.
    """
    if text[start : start + 1] == "-" and text[start + 1 : start + 2] in ("", " "):
        return start + 1
    end = start
    for _ in range(_MOST_ELEMENTS):
        element = _ELEMENT.match(text, end)
        if element is None:
            break
        if element["id"] != "timeQuality":  # rsyslog's, on every message
            for name, value in _PARAMETER.findall(element["parameters"]):
                if len(fields) < _MOST_PARAMETERS:
                    fields.setdefault(name, _ESCAPED.sub(r"\1", value))
        end = element.end()
    return end if text[end : end + 1] in ("", " ") else start
