"""Syslog: RFC 3164 with what is left out or added in practice, the output of journalctl, and Cisco's form.

A line of syslog is a layer: priority, time, host and program stand before the program's own text.
"""

from __future__ import annotations

import re
from typing import Any

from logctl.core.formats.layer import FRONT, Layer, timed
from logctl.core.formats.months import MONTHS, WEEKDAYS
from logctl.core.formats.reading import Context
from logctl.core.formats.structured_syslog import after_time, from_version
from logctl.core.formats.syslog_names import SEVERITIES, is_level, program
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.levels import UNKNOWN, parse_level

# ── Host and program ────────────────────────────────────────────────────────────────────────────────

_HOST = r"(?P<host>(?![-.])[^\s\[\](){}<>=\"',;|]{1,255}+(?<!:))\ "
_TAG = re.compile(
    r"(?:\ ?--\ )?"  # login's `-- root[2421]:`
    r"(?P<process>(?=[^\s:]{0,127}[A-Za-z_])"
    r"[^\s:\[\](){}<>\"=,;|%]{1,128}+(?:\([^()\s]{1,64}\))?"  # sshd, postfix/smtpd, sshd(pam_unix)
    r"|\([^()\s]{1,64}\)(?=\[)"  # (systemd)[812]
    r"|[A-Z][\w.+-]{0,40}(?:\ [A-Z(][\w.+()-]{0,40}){1,4}(?=\[\d))"  # Google Chrome Helper[812]
    r"(?:\[(?P<pid>[^\[\]\s]{1,64})\])?"
    r"(?:\ \((?P<of>[^()\s]{1,128})\))?"  # com.apple.xpc.launchd[1] (com.apple.x[812])
    r"(?:\ <(?P<level>[A-Z][a-z]{3,8})>(?=:))?"  # SpringBoard[812] <Notice>
    r"(?:(?:\ \d{1,3}(?:\.\d{1,4}){1,3})?:(?=[\s]|$)|(?<=\])(?=\ ))",  # syslogd 1.4.1:
    re.VERBOSE,
)
_HOST_BEFORE = re.compile(_HOST, re.VERBOSE)
# Without a program's name, only what is no word of a sentence is a host: web1, 10.0.0.1, fe80::1, a.b.c.
_SURE_HOST = re.compile(
    r"(?:[A-Za-z][\w.-]{0,250}\d|\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F]{0,4}(?::[\da-fA-F]{0,4}){2,7}"
    r"|[\w-]{1,63}(?:\.[\w-]{1,63}){2,8})\Z"
)
# Messages of syslog daemons and of network devices that have no tag.
_TAGLESS = re.compile(
    r"last message repeated |message repeated |-- MARK --|--- last message|exiting on signal|CEF:\d|LEEF:\d"
    r"|(?:: )?%[A-Z]|\{\"|<\d{1,3}>(?:1 \d|[A-Z][a-z]{2} |\d{4}-)"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:|\d{4}-\d\d-\d\d[T ]\d\d:"
)
_ASA = re.compile(r"(?:: )?%[A-Z][A-Z0-9_]{1,40}(?:-[A-Z0-9_]{1,40})?-([0-7])-")
_WITHOUT_PID = frozenset(
    ("kernel", "sudo", "su", "systemd", "dhclient", "rsyslogd", "auditd", "init", "logger")
)


def tagged(text: str, start: int, time: FoundTime | None, *, host_only: bool = True) -> Layer | None:
    """Return the syslog layer whose host or program begins at `start`, after the time; None if there is none.

    `host_only`: a host without a program is enough.
    """
    stop = start + FRONT
    found = _HOST_BEFORE.match(text, start, stop)
    at = found.end() if found else start
    if "." in text[start + 3 : at + 9] and (levelled := _levelled(text, start, at, time)) is not None:
        return levelled
    tag = _TAG.match(text, at, stop) if found else None
    if found is None or tag is None:
        alone = _TAG.match(text, start, stop)
        if alone is not None and not _names_level(alone) and (alone["pid"] or text[start].islower()):
            return _layer(text, "", alone, time)
        return _tagless(text, found, time) if found is not None and host_only else None
    host = found["host"]
    if is_level(host) or _names_level(tag):
        return None
    if tag["pid"] is None and host[0].isupper() and not _is_certain(host, tag):
        return None  # `Nov 27 10:15:30 Backup done: 5 files`, as `ts` of moreutils writes
    return _layer(text, host, tag, time)


# BusyBox, OpenWrt: `daemon.err` before the program, after the host or instead of it.
_FACILITY = re.compile(
    r"(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])\."
    r"(?P<level>emerg|panic|alert|crit|err|error|warn|warning|notice|info|debug) "
)


def _levelled(text: str, start: int, after_host: int, time: FoundTime | None) -> Layer | None:
    """Return the layer of a line with facility and level before the program."""
    host = ""
    found = _FACILITY.match(text, start, start + 20)
    if found is None and after_host > start:
        host = text[start : after_host - 1]
        found = _FACILITY.match(text, after_host, after_host + 20)
    tag = _TAG.match(text, found.end(), found.end() + FRONT) if found else None
    if found is None or tag is None:
        return None
    layer = _layer(text, host, tag, time)
    layer.level = parse_level(found["level"])
    return layer


def after_date(text: str, start: int, stamp: re.Match[str], context: Context) -> Layer | None:
    """Return the syslog layer of a line with a time in ISO 8601; `start` is the index after it.

    Other log lines have words there as well, so that a word and a colon are not enough.
    """
    front = text[start : start + 200]
    if (" - " in front or " [" in front) and (layer := after_time(text, start, context)) is not None:
        return layer
    stop = start + FRONT
    found = _HOST_BEFORE.match(text, start, stop)
    host = found["host"] if found and not is_level(found["host"]) else ""
    tag = _TAG.match(text, found.end(), stop) if found and host else None
    if tag is not None and not _is_syslog_stamp(stamp, host, tag):
        return None
    if tag is None:
        alone = _TAG.match(text, start, stop)
        if alone is None:
            sure = found is not None and _SURE_HOST.match(host) and _TAGLESS.match(text, found.end(), stop)
            return _tagless(text, found, scan_time(text, 0, context)) if found is not None and sure else None
        if alone["pid"] is None or text[alone.end() - 1] != ":":
            return None
        host, tag = "", alone
    return None if _names_level(tag) else _layer(text, host, tag, scan_time(text, 0, context))


def monotonic(text: str, start: int) -> Layer | None:
    """Return the layer of a line of `journalctl -o short-monotonic`; lines of `dmesg` have no host."""
    layer = tagged(text, start, None, host_only=False)
    if layer is None or not ("pid" in layer.fields or ("host" in layer.fields and layer.app == "kernel")):
        return None
    return layer


_HOST_MARK = re.compile(r"[^A-Za-z_]")


def _is_certain(host: str, tag: re.Match[str]) -> bool:
    """Return whether a host and a program without a process id are no words of a sentence."""
    return tag["process"] in _WITHOUT_PID or _HOST_MARK.search(host) is not None


def _names_level(tag: re.Match[str]) -> bool:
    """Return whether what looks like a program begins with a level, or has one in place of the process id."""
    return is_level(tag["process"].partition(" ")[0]) or (tag["pid"] is not None and is_level(tag["pid"]))


def _is_syslog_stamp(stamp: re.Match[str], host: str, tag: re.Match[str]) -> bool:
    """Return whether a host and a program's name may follow a time in ISO 8601.

    rsyslog and journalctl write a numeric offset, with microseconds or no fraction. After other times the
    program needs a process id, or has to be one of the few that write none.
    """
    if tag["pid"] is not None:
        return True
    zone, digits = stamp["zone"], len(stamp["fraction"] or "")
    if zone is None or not _is_certain(host, tag):
        return False
    return tag["process"] in _WITHOUT_PID or (zone[0] in "+-" and digits in (0, 6) and stamp[0][10] == "T")


def _tagless(text: str, found: re.Match[str], time: FoundTime | None) -> Layer | None:
    """Return the layer of a line with a host, but without a program's name."""
    start, host = found.end(), found["host"]
    if is_level(host) or not (_SURE_HOST.match(host) or _TAGLESS.match(text, start, start + 60)):
        return None
    layer = timed("syslog", text[start:], time, fields={"host": host}, stream=host)
    layer.own_record = True
    if severity := _ASA.match(text, start, start + 60):
        layer.level = SEVERITIES[int(severity[1])]
        layer.inner = layer.inner.removeprefix(": ")
    return layer


def _layer(text: str, host: str, tag: re.Match[str], time: FoundTime | None) -> Layer:
    fields: dict[str, Any] = {}
    if host:
        fields["host"] = host
    process, pid = tag["process"], tag["pid"]
    fields["process"] = process
    name = "syslog"
    if pid is not None:
        if pid.isdigit() and pid.isascii() and len(pid) < 12:
            fields["pid"] = int(pid)
        elif not host:
            name, fields["dyno"] = "heroku", pid
    if tag["of"]:
        fields["unit"] = tag["of"]
    end = tag.end()
    inner = text[end + 1 :] if text[end : end + 1] == " " else text[end:]
    if inner.startswith("@cee:"):  # http://cee.mitre.org: JSON follows
        inner = inner[5:].lstrip()
    layer = timed(name, inner, time, fields=fields)
    layer.app = program(process) if name == "syslog" else ""  # Heroku's programs are called app and heroku
    layer.stream = f"{host} {process}[{pid}]" if pid else f"{host} {process}"
    layer.own_record = name == "syslog"
    if tag["level"]:
        layer.level = parse_level(tag["level"])
    return layer


# ── Beginnings of lines ─────────────────────────────────────────────────────────────────────────────

_DAY = re.compile(r" (?:[ \d]\d|\d) (?:\d{4} )?\d\d:\d\d:\d\d")
_FULL = re.compile(r" (?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")


def from_word(text: str, space: int, context: Context) -> Layer | None:
    """Return the layer of a line whose first word, of `space` characters, can be a month or weekday."""
    word = text[:space].lower()
    if word in WEEKDAYS and _FULL.match(text, space, space + 24):
        time = scan_time(text, space + 1, context)
        return tagged(text, time.end + 1, time) if time and text[time.end : time.end + 1] == " " else None
    if word in WEEKDAYS and text[19:20] == " " and text[24:25] == " ":  # Fri Nov 27 10:15:30 2026
        time = scan_time(text, 0, context)
        return _levelled(text, time.end + 1, time.end + 1, time) if time else None
    if word not in MONTHS or not _DAY.match(text, space, space + 24):
        return None
    time = scan_time(text, 0, context)
    if time is None or text[time.end : time.end + 1] not in (" ", ":"):
        return None
    start = time.end + 1
    if text[time.end] == ":":  # Cisco: `Nov 27 10:15:30.123: %SYS-5-CONFIG_I: …`
        return _cisco(text, start, time)
    if text.startswith("--- last message ", start):  # macOS writes this without a host
        return timed("syslog", text[start:], time, own_record=True)
    return tagged(text, start, time)


def from_year(text: str, context: Context) -> Layer | None:
    """Return the layer of a line that begins with the year, as NX-OS writes: `2026 Nov 27 10:15:30 …`."""
    time = scan_time(text, 0, context) if _DAY.match(text, 8, 30) else None
    return tagged(text, time.end + 1, time) if time and text[time.end : time.end + 1] == " " else None


_CISCO = re.compile(r"(?:\d{1,10}: )?(?:(?P<host>[A-Za-z][\w.-]{0,254}): )?[*.]?(?=[A-Z][a-z]{2} [ \d]\d )")


def from_device(text: str, context: Context) -> Layer | None:
    """Return the layer of a line of a Cisco device: `000123: *Nov 27 10:15:30.123: %SYS-5-CONFIG_I: …`."""
    if "%" not in text[:200]:
        return None
    found = _CISCO.match(text, 0, FRONT)
    time = scan_time(text, found.end(), context) if found else None
    if found is None or time is None or text[time.end : time.end + 1] != ":":
        return None
    layer = _cisco(text, time.end + 1, time)
    if layer is not None and found["host"]:
        layer.fields["host"] = found["host"]
    return layer


def _cisco(text: str, start: int, time: FoundTime) -> Layer | None:
    severity = _ASA.match(text, start + 1, start + 60)
    if severity is None:
        return None
    layer = timed("syslog", text[start + 1 :], time, level=SEVERITIES[int(severity[1])])
    layer.own_record = True
    return layer


_PRIORITY = re.compile(r"<(1?\d?\d)>")


def from_priority(text: str, context: Context) -> Layer | None:
    """Return the layer of a line with a priority: `<165>1 …`, `<13>Nov 27 …`, `<3>…`."""
    found = _PRIORITY.match(text, 0, 6)
    if found is None or int(found[1]) > 191:
        return None
    start = found.end()
    level = SEVERITIES[int(found[1]) & 7]
    rest = text[start:]
    if rest[:2] in ("1 ", "2 "):
        layer = from_version(rest, context)
    elif rest[:1].isdigit() or rest[:1] in ("*", "."):
        layer = _from_date(rest, context) or from_device(rest, context)
    else:
        space = rest.find(" ", 0, 7)
        layer = from_word(rest, space, context) if space > 2 else None
    if layer is None:
        layer = _untimed(rest)
    if layer.level == UNKNOWN:
        layer.level = level
    return layer


_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|\ ?[+-]\d\d:?\d\d|[+-]\d\d)?(?= )")


def _from_date(text: str, context: Context) -> Layer | None:
    stamp = _DATE.match(text, 0, 48)
    time = scan_time(text, 0, context) if stamp else None
    return tagged(text, stamp.end() + 1, time) if stamp and time else None


def _untimed(text: str) -> Layer:
    """Return the layer of a priority without a time: `<3>…` of a service, `<6>[ 12.3] …` of the kernel."""
    tag = _TAG.match(text, 0, FRONT)
    if tag is not None and tag["pid"] and text[tag.end() - 1] == ":":
        return _layer(text, "", tag, None)
    return Layer("priority", text)
