"""Layers around log lines: what container runtimes, collectors, syslog and platforms put before a line.

A layer is recognised from the line alone. Most lines have none: `unwrap` looks at the first character, and at
one or two others, before any pattern is tried. The forms are in `dated_layers` (after a time in ISO 8601),
`named_layers` (after a name), `syslog_layers` and `structured_syslog`. JSON objects that hold a line are in
`object_layers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from logctl.core.formats import named_layers, structured_syslog, syslog_layers
from logctl.core.formats.dated_layers import AWS_STREAM, OWN_TIME, after_date
from logctl.core.formats.layer import FRONT, Layer, timed
from logctl.core.formats.months import MONTHS
from logctl.core.formats.reading import Context
from logctl.core.formats.syslog_names import SEVERITIES
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.times import SECOND

__all__ = ["Layer", "unwrap"]


def unwrap(text: str, context: Context) -> Layer | None:
    """Return the outermost layer of a line, or None if it has none."""
    first = text[:1]
    if first in _BY_FIRST:
        return _BY_FIRST[first](text, context)
    return _from_letter(text, context) if first > "\x7f" and first.isalpha() else None


_SVLOGD = re.compile(r"\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5} ")
_UNIX = re.compile(r"\d{10}\.\d{6} (?=[^\s:]{1,255} [^\s\[:]{1,128}(?:\[[^\s\]]{1,32}\])?: )")
_OCTETS = re.compile(r"\d{1,7} (?=<\d{1,3}>)")


def _from_digit(text: str, context: Context) -> Layer | None:
    fifth = text[4:5]
    if fifth == "-":
        if text[10:11] == "_" and _SVLOGD.match(text):
            time = scan_time(f"{text[:10]}T{text[11:25]}Z", 0, context)
            return timed("svlogd", text[26:], time)
        return after_date(text, context)
    if text[2:3] == ":" and text[3:4].isdigit():
        return named_layers.from_clock(text, context) if " | " in text[:100] else None
    if fifth == " " and text[5:8].lower() in MONTHS:
        return syslog_layers.from_year(text, context)
    front = text[:18]
    if "|" in front[:6]:
        return named_layers.from_number(text)
    if front[17:] == " " and (found := _UNIX.match(text, 0, FRONT)):  # journalctl -o short-unix
        time = FoundTime(int(text[:10]) * SECOND + int(text[11:14]), found.end(), "Z")
        return syslog_layers.tagged(text, found.end(), time)
    if "<" in front[:9]:  # RFC 6587: messages after their length in octets
        found = _OCTETS.match(text, 0, 12)
        return syslog_layers.from_priority(text[found.end() :], context) if found else None
    if front[:2] == "1 ":
        return structured_syslog.from_version(text, context)
    return syslog_layers.from_device(text, context) if ": " in front else None


_KERNEL_LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
_DMESG = re.compile(rf"(?:kern|user|daemon|syslog) {{0,2}}:({'|'.join(_KERNEL_LEVELS)}) {{0,3}}: (?=\[[A-Z])")
_GH_RUN = re.compile(r"(?P<job>[^\t\n]{1,200})\t(?P<step>[^\t\n]{1,200})\t\ufeff?(?=\d{4}-\d\d-\d\dT)")


def _from_letter(text: str, context: Context) -> Layer | None:
    front = text[:100]
    space = front.find(" ")
    if 2 < space < 10 and (layer := syslog_layers.from_word(text, space, context)) is not None:
        return layer
    if "|" in front:
        return named_layers.before_bar(text)
    if front[6:7] == ":" and (found := _DMESG.match(text, 0, 30)):  # dmesg -T -x
        level = SEVERITIES[_KERNEL_LEVELS.index(found[1])]
        return Layer("dmesg with times", text[found.end() :], level=level, app="kernel")
    if "\t" in front and (found := _GH_RUN.match(text, 0, FRONT)):  # gh run view --log
        return Layer("gh run", text[found.end() :], fields=found.groupdict(), stream=found[0])
    return named_layers.before_space(text, space) if space > 3 and "-" in front else None


_FLUENT_BIT = re.compile(
    r"\[\d{1,6}\] (?P<tag>[^\s:]{1,200}): \[\[?(?P<epoch>\d{10})\.(?P<fraction>\d{1,9})"
    r"(?:, \{[^{}\n]{0,400}\}\])?, (?=\{)"
)
_BRACKETED_TIME = re.compile(r"\[\d{4}-\d\d-\d\d[T ][^\]\n]{8,26}\] ")
_MONOTONIC = re.compile(r"\[ {0,8}\d{1,9}\.\d{6}\] ")


def _from_bracket(text: str, context: Context) -> Layer | None:
    second = text[1:2]
    if second.isdigit() and text[5:6] == "-":  # Jenkins
        found = _BRACKETED_TIME.match(text, 0, 60)
        if found is None or not OWN_TIME.match(text, found.end()):
            return None
        return timed("timestamps", text[found.end() :], scan_time(text, 1, context))
    if second.isdigit() and (found := _FLUENT_BIT.match(text, 0, FRONT)):
        fraction = int((found["fraction"] + "00")[:3])
        time = FoundTime(int(found["epoch"]) * SECOND + fraction, found.end(), "Z")
        inner = text[found.end() :].rstrip().removesuffix("]").replace('"=>', '":')
        return timed("fluent bit", inner, time, fields={"tag": found["tag"]})
    if second in " 0123456789" and (found := _MONOTONIC.match(text, 0, 30)):
        return syslog_layers.monotonic(text, found.end())
    return named_layers.from_bracket(text) if second == "p" or "-" in text[:100] else None


_TAI64N = re.compile(r"@[0-9a-f]{24}(?: |$)")


def _from_at(text: str, context: Context) -> Layer | None:
    found = _TAI64N.match(text)
    time = scan_time(text, 0, context) if found else None
    return timed("tai64n", text[found.end() :], time) if found and time else None


def _from_blank(text: str, context: Context) -> Layer | None:
    """Return the layer of an indented line: Cloud Foundry's command `cf logs` indents by three spaces."""
    if not text.startswith("   2") or " [" not in text[:60]:
        return None
    layer = after_date(text[3:], context)
    return layer if layer is not None and layer.name == "cloud foundry" else None


_LOG_GROUP = re.compile(r"(?P<group>/[\w./#-]{1,500}) (?=\d{4}/\d\d/\d\d/|[\w.-]{1,128}/|i-[0-9a-f]{8})")


def _from_slash(text: str, _context: Context) -> Layer | None:
    """Return the layer of a line of `awslogs get`: log group, log stream."""
    found = _LOG_GROUP.match(text, 0, FRONT)
    stream = AWS_STREAM.match(text, found.end() - 1, found.end() + FRONT) if found else None
    if found is None or stream is None:
        return None
    group = found["group"]
    fields = {"log_group": group, "log_stream": stream["stream"]}
    return Layer("aws logs", text[stream.end() :], fields=fields, app=group.rpartition("/")[2])


_BY_FIRST: dict[str, Callable[[str, Context], Layer | None]] = {
    **dict.fromkeys("0123456789", _from_digit),
    **dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", _from_letter),
    "[": _from_bracket,
    "<": syslog_layers.from_priority,
    "@": _from_at,
    " ": _from_blank,
    "/": _from_slash,
    "*": syslog_layers.from_device,
    ".": syslog_layers.from_device,
}
