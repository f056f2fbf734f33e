"""Layers around log lines: what container runtimes, collectors, syslog and platforms put before a line.

A layer is recognised from the line alone. `unwrap` looks at the first character, and at one or two others,
before it tries any pattern, because most lines have no layer. Syslog is in `syslog_layers`, JSON objects that
hold a line are in `object_layers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from logctl.core.formats import syslog_layers
from logctl.core.formats.layer import FRONT, Layer, timed
from logctl.core.formats.months import MONTHS
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.levels import DEBUG, ERROR, NOTICE, UNKNOWN, WARN, parse_level
from logctl.core.times import SECOND

__all__ = ["Layer", "unwrap"]


def unwrap(text: str, context: Context) -> Layer | None:
    """Return the outermost layer of a line, or None if it has none."""
    first = text[:1]
    if first in _BY_FIRST:
        return _BY_FIRST[first](text, context)
    return _from_letter(text, context) if first > "\x7f" and first.isalpha() else None


# ── Lines that begin with a time in ISO 8601 ────────────────────────────────────────────────────────

_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,](?P<fraction>\d{1,9}))?(?P<zone>Z|\ ?[+-]\d\d:?\d\d|[+-]\d\d)?"
    r"(?=[ \t:]|$)"
)
_CRI = re.compile(r" (stdout|stderr) ([PF])(?::[^ ]{0,80})?(?: |$)")
_CLOUD_FOUNDRY = re.compile(r" \[((?:APP|RTR|API|STG|CELL|LGR|SSH|PROXY|HEALTH)[/\w.-]{0,60})\] (OUT|ERR) ?")
_FLY = re.compile(
    r" (?P<source>app|runner|proxy)\[(?P<machine>\w{1,40})\][ .](?P<region>[a-z]{3}) \[(?P<level>\w{1,12})\] ?"
)
_GITLAB = re.compile(r" [0-9a-f]{2}([OE])[ +]")
_AWS_STREAM = re.compile(
    r" (?:(?P<stream>\d{4}/\d\d/\d\d/(?:[\w-]{1,140})?\[[\w$-]{1,130}\][0-9a-f]{4,64}"  # Lambda
    r"|[\w.-]{1,128}/(?P<container>[\w.-]{1,128})/[0-9a-f]{32}"  # ECS: prefix/container/task
    r"|i-[0-9a-f]{8,17}[\w./-]{0,100}))(?: |$)"
)
_COMMAND = re.compile(
    r"\#\#\[(?P<command>[a-z]{1,12})\]|::(?P<word>error|warning|notice|debug)(?: [^:\n]{0,300})?::"
)
_SERVICE_TASK = re.compile(r" ?(?=[\w.-]{1,255}\.\d{1,5}\.\w{1,40}@\S{1,255} +\| )")
_LABELS = re.compile(
    r" \{(?P<labels>[a-zA-Z_]\w{0,60}=\"[^\"\n]{0,200}\"(?:, ?[a-zA-Z_]\w{0,60}=\"[^\"\n]{0,200}\"){0,30})\} ?"
)
_LABEL = re.compile(r"([a-zA-Z_]\w{0,60})=\"([^\"\n]{0,200})\"")
_FLUENTD_TAG = re.compile(r" ([\w./-]{1,200}): (?=\{)")
_FLUENTD_FILE = re.compile(r"\t([^\t\n]{1,200})\t(?=\{)")
_OWN_TIME = re.compile(
    r"[\[(\"]?\d{4}[-/]\d\d[-/]\d\d[T _]\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\{\"|<\d{1,3}>"
)
_APP_LABELS = ("app", "service_name", "container", "job")
_BEGINS_TIME = '[("{<0123456789ADFJMNOS'
_COMMAND_LEVELS = {"error": ERROR, "warning": WARN, "notice": NOTICE, "debug": DEBUG}


def _from_iso(text: str, context: Context) -> Layer | None:
    stamp = _ISO.match(text, 0, 48)
    if stamp is None:
        return None
    end, fraction, zone = stamp.end(), stamp["fraction"], stamp["zone"]
    if text[end : end + 1] != " ":
        found = _FLUENTD_FILE.match(text, end, end + FRONT) if text[end : end + 1] == "\t" else None
        return _dated("fluentd", text, found, context, fields={"tag": found[1]}) if found else None
    layer: Layer | None = None
    follows = text[end + 1 : end + 2]
    if follows == "[":
        layer = _cloud_foundry(text, end, context)
    elif follows == "{":
        layer = _labelled(text, end, context)
    elif follows.isdigit():
        layer = _stream_of_aws(text, end, context) or (_gitlab(text, end, context) if zone else None)
    elif follows.isalpha():
        layer = _after_iso(text, stamp, context)
    if layer is not None:
        return layer
    if zone == "Z" and fraction and len(fraction) == 7:
        time = scan_time(text, 0, context)
        return _ci(text[end + 1 :], time) if time else None
    if (
        zone
        and fraction
        and (len(fraction) == 9 or (len(fraction) == 6 and zone == "+00:00" and text[10] == "T"))
    ):
        return timed("timestamps", text[end + 1 :], scan_time(text, 0, context))
    if follows in _BEGINS_TIME and _OWN_TIME.match(text, end + 1):
        return timed("timestamps", text[end + 1 :], scan_time(text, 0, context))
    return None


def _dated(name: str, text: str, found: re.Match[str], context: Context, **members: Any) -> Layer:
    """Return a layer with the time at the start of a line, whose inner text follows a match."""
    return timed(name, text[found.end() :], scan_time(text, 0, context), **members)


def _after_iso(text: str, stamp: re.Match[str], context: Context) -> Layer | None:
    """Return the layer of a line with a time, a space and a word."""
    end, zone = stamp.end(), stamp["zone"]
    if text.startswith(" std", end) and (found := _CRI.match(text, end, end + FRONT)):
        layer = _dated("cri", text, found, context, fields={"stream": found[1]}, stream=found[1])
        layer.partial = found[2] == "P"
        return layer
    front = text[end : end + 200]
    if "]" not in front and (zone is None or (":" not in front and " - " not in front)):
        return (
            _stream_of_aws(text, end, context) or _gitlab(text, end, context)
            if "/" in front or zone
            else None
        )
    if zone:
        if found := _FLY.match(text, end, end + FRONT):
            fields = {name: found[name] for name in ("source", "machine", "region")}
            level = parse_level(found["level"])
            return _dated("fly", text, found, context, fields=fields, level=level, stream=found["machine"])
        if found := _FLUENTD_TAG.match(text, end, end + FRONT):
            fraction = stamp["fraction"] or ""
            if len(fraction) == 9:
                return _dated("fluentd", text, found, context, fields={"tag": found[1]})
        platform = _stream_of_aws(text, end, context) or _gitlab(text, end, context)
        if platform is not None:
            return platform
    return syslog_layers.after_iso(text, end + 1, stamp, context)


def _cloud_foundry(text: str, end: int, context: Context) -> Layer | None:
    found = _CLOUD_FOUNDRY.match(text, end, end + FRONT)
    if found is None:
        return None
    stream = "stdout" if found[2] == "OUT" else "stderr"
    fields = {"stream": stream, "source": found[1]}
    return _dated("cloud foundry", text, found, context, fields=fields, stream=f"{found[1]} {stream}")


def _stream_of_aws(text: str, end: int, context: Context) -> Layer | None:
    """Return the layer of a line of `aws logs tail`: the name of the log stream follows the time."""
    found = _AWS_STREAM.match(text, end, end + FRONT) if text[10] == "T" else None
    if found is None:
        return None
    # Events are printed as a whole, so that lines of different streams are not mixed.
    fields = {"stream": found["stream"]}
    return _dated("aws logs", text, found, context, fields=fields, app=found["container"] or "")


def _gitlab(text: str, end: int, context: Context) -> Layer | None:
    found = _GITLAB.match(text, end)
    if found is None:
        return None
    stream = "stdout" if found[1] == "O" else "stderr"
    return _dated("gitlab", text, found, context, fields={"stream": stream}, stream=stream)


def _ci(inner: str, time: FoundTime) -> Layer:
    """Return the layer of a line of GitHub Actions or Azure Pipelines, which can begin with a command."""
    level = UNKNOWN
    if inner[:1] in ("#", ":") and (found := _COMMAND.match(inner, 0, FRONT)):
        level = _COMMAND_LEVELS.get(found["command"] or found["word"], UNKNOWN)
        inner = inner[found.end() :]
    return timed("ci", inner, time, level=level)


def _labelled(text: str, end: int, context: Context) -> Layer | None:
    """Return the layer of a line of `logcli`: the labels of a stream in Loki follow the time."""
    found = _LABELS.match(text, end, end + 2 * FRONT)
    if found is None:
        return None
    fields = dict(_LABEL.findall(found["labels"]))
    app = next((fields[name] for name in _APP_LABELS if fields.get(name)), "")
    return _dated("loki", text, found, context, fields=fields, app=app)


# ── Other lines that begin with a digit ─────────────────────────────────────────────────────────────

_CLOCK_AND_PROCESS = re.compile(
    r"(?P<clock>\d\d:\d\d:\d\d) +(?P<name>[A-Za-z][\w-]{0,60}(?:\.\d{1,4})?) *\| ?"
)
_PM2 = re.compile(r"(?P<id>\d{1,4})\|(?P<name>[^\s|][^|\n]{0,60}?) *\| ?")
_OCTETS = re.compile(r"\d{1,7} (?=<\d{1,3}>)")
_UNIX = re.compile(r"\d{10}\.\d{6} (?=[^\s:]{1,255} [^\s\[:]{1,128}(?:\[[^\s\]]{1,32}\])?: )")
_SVLOGD = re.compile(r"\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d{5} ")


def _from_digit(text: str, context: Context) -> Layer | None:
    fifth = text[4:5]
    if fifth == "-":
        if text[10:11] == "_" and _SVLOGD.match(text):
            time = scan_time(f"{text[:10]}T{text[11:25]}Z", 0, context)
            return timed("svlogd", text[26:], time)
        return _from_iso(text, context)
    if text[2:3] == ":" and text[3:4].isdigit():
        if " | " in text[:100] and (found := _CLOCK_AND_PROCESS.match(text, 0, 120)):
            return _procfile(text, found, scan_time(text, 0, context))
        return None
    if fifth == " " and text[5:8].lower() in MONTHS:
        return syslog_layers.from_year(text, context)
    front = text[:18]
    if "|" in front[:6]:
        found = _PM2.match(text, 0, 120)
        if found and not _is_row(text, found.end()):
            name = found["name"]
            return Layer("pm2", text[found.end() :], app=name, stream=found[0], fields={"process": name})
        return None
    if front[17:] == " " and (found := _UNIX.match(text, 0, FRONT)):
        time = FoundTime(int(text[:10]) * SECOND + int(text[11:14]), found.end(), "Z")
        return syslog_layers.tagged(text, found.end(), time)
    if "<" in front[:9]:
        found = _OCTETS.match(text, 0, 12)
        return syslog_layers.from_priority(text[found.end() :], context) if found else None
    if front[1:2] == " " or ": " in front:
        return syslog_layers.from_number(text, context)
    return None


def _procfile(text: str, found: re.Match[str], time: FoundTime | None) -> Layer:
    name = found["name"]
    fields = {"process": name}
    return timed(
        "procfile", text[found.end() :], time, fields=fields, app=name.partition(".")[0], stream=name
    )


# ── Lines that begin with a letter ──────────────────────────────────────────────────────────────────

# docker compose pads names with at least one space, and in its second version with two. Foreman, overmind and others
# do the same with the names of a Procfile.
_COMPOSE = re.compile(
    r"(?P<name>(?P<service>[A-Za-z0-9][\w.-]{0,80}?)(?P<number>[-_.]\d{1,4})?)(?P<pad> {1,80})\| ?"
)
_TASK = re.compile(r"(?P<name>(?P<service>[\w.-]{1,255}?)\.\d{1,5}\.\w{1,40})@(?P<host>[^\s|]{1,255}) +\| ?")
_SUPERVISED = re.compile(r"(?P<name>[\w.:-]{1,80}) (?P<stream>stdout|stderr) \| ?")
_POD = r"[a-z0-9](?:[a-z0-9.-]{0,240}[a-z0-9])?"
_STERN = re.compile(
    r"(?:(?P<namespace>[a-z0-9][a-z0-9-]{0,62}) )?(?P<pod>(?P<of>[a-z0-9][a-z0-9.-]{0,200}?)"
    r"-(?:[a-z0-9]{6,10}-)?[bcdfghjklmnpqrstvwxz2456789]{5}|(?P<set>[a-z][a-z0-9-]{0,200}?)-\d{1,3})"
    r" (?:[›>] )?(?P<container>[a-z0-9][a-z0-9-]{0,62}) (?:[│|] )?"
)
_KAIL = re.compile(
    rf"(?P<namespace>[a-z0-9-]{{1,63}})/(?P<pod>{_POD})\[(?P<container>[a-z0-9-]{{1,63}})\]: ?"
)
_GH_RUN = re.compile(r"(?P<job>[^\t\n]{1,200})\t(?P<step>[^\t\n]{1,200})\t\ufeff?(?=\d{4}-\d\d-\d\dT)")
_SANDIA = re.compile(
    r"(?:-|[A-Z][A-Z0-9_]{1,40}) (?P<epoch>\d{10}) \d{4}\.\d\d\.\d\d \S{1,255} (?=[A-Z][a-z]{2} [ \d]?\d \d\d:)"
)
_KERNEL_LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")
_DMESG = re.compile(rf"[a-z0-9]{{3,6}} {{0,3}}:({'|'.join(_KERNEL_LEVELS)}) {{0,3}}: (?=\[)")
_LOOKS_LIKE_HEAD = re.compile(r"\{|[\[(]?\d{2,4}[-/:]\d\d|\[?[A-Z]{4,8}\b|\w{3,12}=|<\d")
_SECOND_COLUMN = re.compile(r"[^|\n]{0,60}\|")


def _is_row(text: str, start: int) -> bool:
    """Return whether what follows a first column looks like the other columns of a table."""
    return _SECOND_COLUMN.match(text, start) is not None and not _LOOKS_LIKE_HEAD.match(text, start)


def _from_letter(text: str, context: Context) -> Layer | None:
    front = text[:100]
    space = front.find(" ")
    if 2 < space < 7 and (layer := syslog_layers.from_word(text, space, context)) is not None:
        return layer
    if "|" in front:
        return _from_name(text)
    if front[6:7] == ":" and (found := _DMESG.match(text, 0, 30)):
        level = syslog_layers.SEVERITIES[_KERNEL_LEVELS.index(found[1])]
        return Layer("dmesg", text[found.end() :], level=level, app="kernel")
    if "\t" in front:
        found = _GH_RUN.match(text, 0, FRONT)
        if found is None:
            return None
        return Layer("gh run", text[found.end() :], fields=found.groupdict(), stream=found[0])
    if space < 4:
        return None
    if front[space - 2 : space] == "]:" and "/" in front[:space]:
        found = _KAIL.match(text, 0, FRONT)
        return _in_pod("kail", text, found) if found and "-" in found["pod"] else None
    if front[space + 1 : space + 11].isdigit() and (found := _SANDIA.match(text, 0, FRONT)):
        return _sandia(text, found)
    if "-" in front[space - 6 : space] or "-" in front[space + 2 :]:
        if front[0].islower() and (found := _STERN.match(text, 0, FRONT)):
            return _in_pod("stern", text, found)
    return None


def _from_name(text: str) -> Layer | None:
    """Return the layer of a line that begins with a name and a vertical line."""
    if "@" in text[:400] and (found := _TASK.match(text, 0, FRONT)):
        fields = {"container": found["name"], "host": found["host"]}
        return Layer(
            "docker service", text[found.end() :], fields=fields, app=found["service"], stream=found["name"]
        )
    if found := _COMPOSE.match(text, 0, 200):
        start = found.end()
        if not found["number"]:
            head = _LOOKS_LIKE_HEAD.match(text, start)
            if parse_level(found["name"]) != UNKNOWN or (len(found["pad"]) < 2 and not head):
                return None
            if _is_row(text, start):
                return None
        service, name = found["service"], found["name"]
        if found["number"] and found["number"][0] == ".":
            return _procfile(text, found, None)
        return Layer("docker compose", text[start:], fields={"container": name}, app=service, stream=name)
    if found := _SUPERVISED.match(text, 0, 200):
        fields = {"process": found["name"], "stream": found["stream"]}
        return Layer("supervisor", text[found.end() :], fields=fields, app=found["name"], stream=found[0])
    return None


def _in_pod(name: str, text: str, found: re.Match[str]) -> Layer:
    groups = found.groupdict()
    fields = {key: groups[key] for key in ("namespace", "pod", "container") if groups.get(key)}
    app = groups.get("of") or groups.get("set") or groups.get("container") or ""
    stream = f"{fields.get('pod', '')}/{fields.get('container', '')}"
    return Layer(name, text[found.end() :], fields=fields, app=app, stream=stream)


def _sandia(text: str, found: re.Match[str]) -> Layer:
    """Return the layer of a line as the supercomputer logs of the CFDR have it: alert category, epoch, date, node."""
    time = FoundTime(int(found["epoch"]) * SECOND, found.end(), "Z")
    return timed("alert category", text[found.end() :], time)


# ── Lines that begin with a bracket or a sign ───────────────────────────────────────────────────────

_KUBECTL = re.compile(rf"\[pod/(?P<pod>{_POD})/(?P<container>[a-z0-9-]{{1,63}})\] ?")
_KUBETAIL = re.compile(
    r"\[(?P<pod>(?P<of>[a-z0-9][a-z0-9.-]{0,200}?)-(?:[a-z0-9]{6,10}-)?[bcdfghjklmnpqrstvwxz2456789]{5})"
    r"(?: (?P<container>[a-z0-9-]{1,63}))?\] ?"
)
_FLUENT_BIT = re.compile(
    r"\[\d{1,6}\] (?P<tag>[^\s:]{1,200}): \[\[?(?P<epoch>\d{10})\.(?P<fraction>\d{1,9})(?:, \{[^{}\n]{0,400}\}\])?, (?=\{)"
)
_BRACKETED_TIME = re.compile(r"\[(\d{4}-\d\d-\d\d[T ][^\]\n]{8,26})\] ")
_MONOTONIC = re.compile(r"\[ {0,8}\d{1,9}\.\d{6}\] ")


def _from_bracket(text: str, context: Context) -> Layer | None:
    second = text[1:2]
    if second == "p" and text.startswith("[pod/"):
        found = _KUBECTL.match(text, 0, FRONT)
        return _in_pod("kubectl", text, found) if found else None
    if second.isdigit():
        if text[5:6] == "-":
            found = _BRACKETED_TIME.match(text, 0, 60)
            if found and _OWN_TIME.match(text, found.end()):
                return timed("timestamps", text[found.end() :], scan_time(text, 1, context))
            return None
        if found := _FLUENT_BIT.match(text, 0, FRONT):
            fraction = int((found["fraction"] + "00")[:3])
            time = FoundTime(int(found["epoch"]) * SECOND + fraction, found.end(), "Z")
            inner = text[found.end() :].rstrip().removesuffix("]").replace('"=>', '":')
            return timed("fluent bit", inner, time, fields={"tag": found["tag"]})
    if second in " 0123456789" and (found := _MONOTONIC.match(text, 0, 30)):
        return syslog_layers.monotonic(text, found.end())
    if "-" in text[:100] and second.isalnum() and (found := _KUBETAIL.match(text, 0, FRONT)):
        return _in_pod("kubetail", text, found)
    return None


_TAI64N = re.compile(r"@([0-9a-f]{16})([0-9a-f]{8})(?: |$)")
_TAI_EPOCH = 2**62 + 10  # as libtai counts: ten seconds, and no leap seconds


def _from_at(text: str, _context: Context) -> Layer | None:
    found = _TAI64N.match(text)
    if found is None:
        return None
    seconds = int(found[1], 16) - _TAI_EPOCH
    ts = seconds * SECOND + int(found[2], 16) // 1_000_000 if 0 <= seconds < 2**32 else None
    return timed("tai64n", text[found.end() :], FoundTime(ts, found.end(), "Z"))


def _from_blank(text: str, context: Context) -> Layer | None:
    """Return the layer of an indented line: Cloud Foundry's command `cf logs` indents by three spaces."""
    if not text.startswith("   2") or " [" not in text[:60]:
        return None
    layer = _from_iso(text[3:], context)
    return layer if layer is not None and layer.name == "cloud foundry" else None


def _from_dash(text: str, _context: Context) -> Layer | None:
    found = _SANDIA.match(text, 0, FRONT)
    return _sandia(text, found) if found else None


_LOG_GROUP = re.compile(r"(?P<group>/[\w./#-]{1,500}) (?=\d{4}/\d\d/\d\d/(?:[\w-]{1,140})?\[)")


def _from_slash(text: str, _context: Context) -> Layer | None:
    """Return the layer of a line of `awslogs get`: log group, log stream."""
    found = _LOG_GROUP.match(text, 0, FRONT)
    if found is None:
        return None
    stream = _AWS_STREAM.match(text, found.end() - 1, found.end() + FRONT)
    if stream is None:
        return None
    group = found["group"]
    fields = {"group": group, "stream": stream["stream"]}
    return Layer(
        "aws logs", text[stream.end() :], fields=fields, app=group.rpartition("/")[2], stream=stream["stream"]
    )


_BY_FIRST: dict[str, Callable[[str, Context], Layer | None]] = {
    **dict.fromkeys("0123456789", _from_digit),
    **dict.fromkeys("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", _from_letter),
    "[": _from_bracket,
    "<": syslog_layers.from_priority,
    "@": _from_at,
    " ": _from_blank,
    "-": _from_dash,
    "/": _from_slash,
    "*": syslog_layers.from_number,
    ".": syslog_layers.from_number,
}
