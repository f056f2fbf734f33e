"""Syslog in its forms: RFC 3164 with everything that is left out or added in practice, RFC 5424, the journal, Cisco.

A line of syslog is a layer: priority, time, host and program stand before the program's own text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from logctl.core.formats.layer import FRONT, Layer, timed
from logctl.core.formats.months import MONTHS, WEEKDAYS
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.levels import DEBUG, ERROR, FATAL, INFO, NOTICE, UNKNOWN, WARN

SEVERITIES = (FATAL, FATAL, FATAL, ERROR, WARN, NOTICE, INFO, DEBUG)
"""RFC 5424, section 6.2.1: emergency, alert, critical, error, warning, notice, informational, debug."""


# ── Host and program ────────────────────────────────────────────────────────────────────────────────

_HOST = r"(?P<host>(?![-.])[^\s\[\](){}<>=\"',;|]{1,255}+(?<!:))\ "
_TAG = re.compile(
    r"(?:\ ?--\ )?"  # login's `-- root[2421]:`
    r"(?P<process>(?=[^\s:]{0,127}[A-Za-z_])[^\s:\[\](){}<>\"=,;|%]{1,128}+(?:\([^()\s]{1,64}\))?"  # sshd, postfix/smtpd, sshd(pam_unix)
    r"|\([^()\s]{1,64}\)(?=\[)"  # (systemd)[812]
    r"|[A-Z][\w.+-]{0,40}(?:\ [A-Z(][\w.+()-]{0,40}){1,4}(?=\[\d))"  # Google Chrome Helper[812]
    r"(?:\[(?P<pid>[^\[\]\s]{1,64})\])?"
    r"(?:\ \((?P<of>[^()\s]{1,128})\))?"  # com.apple.xpc.launchd[1] (com.apple.x[812])
    r"(?:(?:\ \d{1,3}(?:\.\d{1,4}){1,3})?:(?=[\s]|$)|(?<=\])(?=\ ))",  # syslogd 1.4.1:
    re.VERBOSE,
)
_HOST_BEFORE = re.compile(_HOST, re.VERBOSE)
# Without a program's name, only what cannot be a word of a sentence is a host: web1, 10.0.0.1, fe80::1, a.b.c.
_SURE_HOST = re.compile(
    r"(?:[A-Za-z][\w.-]{0,250}\d|\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F]{0,4}(?::[\da-fA-F]{0,4}){2,7}"
    r"|[\w-]{1,63}(?:\.[\w-]{1,63}){2,8})\Z"
)
# Messages of syslog daemons and of network devices that have no tag.
_TAGLESS = re.compile(
    r"last message repeated |message repeated |-- MARK --|--- last message|exiting on signal|CEF:\d|LEEF:\d"
    r"|(?:: )?%[A-Z]|\{\"|<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d \d\d:|\d{4}-\d\d-\d\d[T ]\d\d:"
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
    tag = _TAG.match(text, found.end(), stop) if found else None
    if found is None or tag is None:
        alone = _TAG.match(text, start, stop)
        if alone is not None and not _names_level(alone):
            return _layer(text, "", alone, time)
        return _tagless(text, found, time) if found is not None and host_only else None
    if _is_level(found["host"]) or _names_level(tag):
        return None
    return _layer(text, found["host"], tag, time)


def after_iso(text: str, start: int, stamp: re.Match[str], context: Context) -> Layer | None:
    """Return the syslog layer of a line with a time in ISO 8601, after which ordinary log lines have words as well."""
    stop = start + FRONT
    if " - " in text[start : start + 200] or " [" in text[start : start + 200]:
        header = _HEADER_AFTER_TIME.match(text, start, stop)
        if header is not None and not _is_level(header["host"]) and not _is_level(header["app"]):
            return _structured(text, header, scan_time(text, 0, context))
    found = _HOST_BEFORE.match(text, start, stop)
    if found is None or _is_level(found["host"]):
        host, tag = "", _TAG.match(text, start, stop)
        if tag is None or tag["pid"] is None or text[tag.end() - 1] != ":":
            return None
    else:
        host, tag = found["host"], _TAG.match(text, found.end(), stop)
        if tag is None:
            host, tag = "", _TAG.match(text, start, stop)
            if tag is None and _SURE_HOST.match(found["host"]) and _TAGLESS.match(text, found.end(), stop):
                return _tagless(text, found, scan_time(text, 0, context))
            if tag is None or tag["pid"] is None or text[tag.end() - 1] != ":":
                return None
        elif not _is_syslog_stamp(stamp, tag):
            return None
    if _names_level(tag):
        return None
    return _layer(text, host, tag, scan_time(text, 0, context))


def monotonic(text: str, start: int) -> Layer | None:
    """Return the layer of a line of `journalctl -o short-monotonic`; lines of `dmesg` have no host."""
    layer = tagged(text, start, None, host_only=False)
    if layer is None or not ("pid" in layer.fields or ("host" in layer.fields and layer.app == "kernel")):
        return None
    return layer


def _names_level(tag: re.Match[str]) -> bool:
    """Return whether what looks like a program is a level, or has one where the process id would be."""
    return _is_level(tag["process"]) or (tag["pid"] is not None and _is_level(tag["pid"]))


# Not every word that can be a level somewhere: there are programs called audit, config and log.
_LEVELS = frozenset(
    [
        "trace",
        "debug",
        "dbg",
        "verbose",
        "fine",
        "finer",
        "finest",
        "info",
        "inf",
        "information",
        "informational",
        "notice",
        "warn",
        "wrn",
        "warning",
        "error",
        "err",
        "erro",
        "severe",
        "fail",
        "fatal",
        "ftl",
        "critical",
        "crit",
        "alert",
        "emerg",
        "emergency",
        "panic",
        "success",
    ]
)


@lru_cache(maxsize=4096)
def _is_level(word: str) -> bool:
    return word.lower() in _LEVELS


def _is_syslog_stamp(stamp: re.Match[str], tag: re.Match[str]) -> bool:
    """Return whether a host and a program's name may follow a time in ISO 8601.

    rsyslog and journalctl write a numeric offset, with microseconds or no fraction. After other times the program needs
    a process id, or has to be one of the few that write none.
    """
    if tag["pid"] is not None:
        return True
    if tag["process"] in _WITHOUT_PID:
        return stamp["zone"] is not None
    zone, digits = stamp["zone"], len(stamp["fraction"] or "")
    return zone is not None and zone[0] in "+-" and digits in (0, 6) and stamp[0][10] == "T"


def _tagless(text: str, found: re.Match[str], time: FoundTime | None) -> Layer | None:
    """Return the layer of a line with a host, but without a program's name."""
    start, host = found.end(), found["host"]
    if _is_level(host) or not (_SURE_HOST.match(host) or _TAGLESS.match(text, start, start + 60)):
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
    layer = timed(name, inner, time, fields=fields, app=program(process))
    layer.stream = f"{host} {process}[{pid}]" if pid else f"{host} {process}"
    layer.own_record = name == "syslog"
    layer.lists = process in _LISTS
    return layer


@lru_cache(maxsize=4096)
def program(process: str) -> str:
    """Return the program of a tag: postfix of `postfix/smtpd`, cron of `/usr/sbin/cron`, sshd of `sshd(pam_unix)`."""
    if process.startswith("/"):
        process = process.rpartition("/")[2]
    name = process.strip("()").partition("(")[0]
    return name.partition("/")[0]


# ── Beginnings of lines ─────────────────────────────────────────────────────────────────────────────

_LISTS = frozenset(("kernel", "sudo"))
_DAY = re.compile(r" (?:[ \d]\d|\d) (?:\d{4} )?\d\d:\d\d:\d\d")
_FULL = re.compile(r" (?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")
_ZONE_AFTER = re.compile(r" [A-Z]{3,5}(?= )")
_YEAR_AFTER = re.compile(r" \d{4}(?= )")


def from_word(text: str, space: int, context: Context) -> Layer | None:
    """Return the layer of a line that begins with a word of `space` characters, which can be a month or weekday."""
    word = text[:space].lower()
    if word in WEEKDAYS and _FULL.match(text, space, space + 24):
        time = scan_time(text, space + 1, context)
        return tagged(text, time.end + 1, time) if time and text[time.end : time.end + 1] == " " else None
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
    """Return the layer of a line of NX-OS and others, which begins with the year: `2026 Nov 27 10:15:30 …`."""
    time = scan_time(text, 0, context) if _DAY.match(text, 8, 30) else None
    return tagged(text, time.end + 1, time) if time and text[time.end : time.end + 1] == " " else None


_CISCO = re.compile(r"(?:\d{1,10}: )?(?:(?P<host>[A-Za-z][\w.-]{0,254}): )?[*.]?(?=[A-Z][a-z]{2} [ \d]\d )")


def from_number(text: str, context: Context) -> Layer | None:
    """Return the layer of a line of a Cisco device: `000123: *Nov 27 10:15:30.123: %SYS-5-CONFIG_I: …`."""
    if "%" not in text[:200]:
        return from_version(text, context) if text[:2] == "1 " else None
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
    """Return the layer of a line with a priority, `<165>1 …` or `<13>Nov 27 …`; only its level if no more follows."""
    found = _PRIORITY.match(text, 0, 6)
    if found is None or int(found[1]) > 191:
        return None
    start = found.end()
    level = SEVERITIES[int(found[1]) & 7]
    rest = text[start:]
    if rest[:2] in ("1 ", "2 "):
        layer = from_version(rest, context)
    elif rest[:1].isdigit() or rest[:1] in ("*", "."):
        layer = _from_date(rest, context) or from_number(rest, context)
    else:
        space = rest.find(" ", 0, 7)
        layer = from_word(rest, space, context) if space > 2 else None
    if layer is None:
        layer = _untimed(rest)
    if layer.level == UNKNOWN:
        layer.level = level
    return layer


_DATE = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,](?P<fraction>\d{1,9}))?(?P<zone>Z|\ ?[+-]\d\d:?\d\d|[+-]\d\d)?(?= )"
)


def _from_date(text: str, context: Context) -> Layer | None:
    stamp = _DATE.match(text, 0, 48)
    time = scan_time(text, 0, context) if stamp else None
    return tagged(text, stamp.end() + 1, time) if stamp and time else None


def _untimed(text: str) -> Layer:
    """Return the layer of a priority that no time follows: `<3>text` of a service, `<6>[ 12.3] text` of the kernel."""
    tag = _TAG.match(text, 0, FRONT)
    if tag is not None and tag["pid"] and text[tag.end() - 1] == ":":
        return _layer(text, "", tag, None)
    return Layer("priority", text)


# ── RFC 5424 ────────────────────────────────────────────────────────────────────────────────────────

_HEADER = re.compile(
    r"[12] (?P<time>\S{1,64}) (?P<host>\S{1,255}) (?P<app>\S{1,128}) (?P<process>\S{1,128}) (?P<message>\S{1,64})"
    r"(?: |$)"
)
_ELEMENT = re.compile(
    r"\[(?P<id>[^\s=\]\"]{1,64})(?P<parameters>(?: [^\s=\]\"]{1,64}=\"(?:[^\"\\\]]|\\.){0,2000}+\"){0,64}+) ?\]"
)
_PARAMETER = re.compile(r" ([^\s=\]\"]{1,64})=\"((?:[^\"\\\]]|\\.){0,2000}+)\"")
_MOST_PARAMETERS = 64
_ESCAPED = re.compile(r"\\([\"\\\]])")


# VMware's NSX and others write this after a time without priority and version.
_HEADER_AFTER_TIME = re.compile(
    r"(?P<host>[^\s=]{1,255}) (?P<app>[^\s=]{1,128}) (?P<process>\d{1,10}|-) (?P<message>[^\s=]{1,64}) "
    r"(?=- |\[[^\s=\]\"]{1,64} [^\s=\]\"]{1,64}=\")"
)


def from_version(text: str, context: Context) -> Layer | None:
    """Return the layer of a message in RFC 5424, from its version on."""
    found = _HEADER.match(text, 0, 2 * FRONT)
    if found is None:
        return None
    time = None
    if found["time"] != "-":
        time = scan_time(text, 2, context)
        if time is None or time.end != found.end("time"):
            return None
    return _structured(text, found, time)


def _structured(text: str, found: re.Match[str], time: FoundTime | None) -> Layer:
    """Return the layer of a message in RFC 5424 whose header is `found`."""
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
    if found["message"] != "-":
        fields["message_id"] = found["message"]
    inner = text[end:].removeprefix(" ").removeprefix("\ufeff")
    layer = timed("syslog 5424", inner, time, fields=fields, level=level)
    layer.app = program(app) if app != "-" else ""
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
    while text[end : end + 1] == "[" and (element := _ELEMENT.match(text, end)):
        if element["id"] != "timeQuality":  # rsyslog's, on every message
            for name, value in _PARAMETER.findall(element["parameters"]):
                if len(fields) < _MOST_PARAMETERS:
                    fields.setdefault(name, _ESCAPED.sub(r"\1", value))
        end = element.end()
    return end if text[end : end + 1] in ("", " ") else start
