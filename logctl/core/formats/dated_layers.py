"""Layers that begin with a time in ISO 8601: container runtimes, platforms, build servers, collectors."""

from __future__ import annotations

import re
from typing import Any

from logctl.core.formats import syslog_layers
from logctl.core.formats.layer import FRONT, Layer, timed
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import scan_time
from logctl.core.levels import DEBUG, ERROR, NOTICE, UNKNOWN, WARN, parse_level

_STAMP = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,](?P<fraction>\d{1,9}))?"
    r"(?P<zone>Z|\ ?[+-]\d\d:?\d\d|[+-]\d\d)?(?=[ \t]|$)"
)
OWN_TIME = re.compile(
    r"[\[(\"]?\d{4}[-/]\d\d[-/]\d\d[T _]\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\{\""
    r"|<\d{1,3}>(?:1 \d|[A-Z][a-z]{2} |\d{4}-)"
)
"""How an inner line begins that has a time of its own, or is JSON: then a time before it is a layer."""
_BEGINS_TIME = frozenset('[("{<0123456789ADFJMNOS')


# What most programs write: a time without a zone, a level, and no capitalised words that could be the name of
# a program. No layer has a level there, so that none of their patterns has to be tried.
_TIME_AND_LEVEL = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9}+)?"
    r" (?:INFO|ERROR|WARN(?:ING)?|DEBUG|TRACE|FATAL|CRITICAL) (?![A-Z(])"
)


def after_date(text: str, context: Context) -> Layer | None:
    """Return the layer of a line that begins with a date, or None."""
    if _TIME_AND_LEVEL.match(text):
        return None
    stamp = _STAMP.match(text, 0, 48)
    if stamp is None:
        return None
    end, fraction, zone = stamp.end(), stamp["fraction"] or "", stamp["zone"]
    if text[end : end + 1] != " ":
        found = _FLUENTD_FILE.match(text, end, end + FRONT) if text[end : end + 1] == "\t" else None
        found = None if found is None or parse_level(found[1]) != UNKNOWN else found
        return _dated("fluentd", text, found, context, fields={"tag": found[1]}) if found else None
    layer: Layer | None = None
    follows = text[end + 1 : end + 2]
    if follows == "[":
        layer = _cloud_foundry(text, end, context)
    elif follows == "{":
        layer = _labelled(text, end, context)
    elif follows.isalpha() or (follows.isdigit() and (zone or text[10] == "T")):
        layer = _before_word(text, stamp, context)
    if layer is not None:
        return layer
    if zone == "Z" and len(fraction) == 7:
        return _build(text, end + 1, context)
    # Docker and Kubernetes write nanoseconds, `aws logs tail` microseconds and +00:00.
    weak = follows not in _BEGINS_TIME or not OWN_TIME.match(text, end + 1)
    if weak and not (
        zone and (len(fraction) == 9 or (len(fraction) == 6 and zone == "+00:00" and text[10] == "T"))
    ):
        return None
    return timed("timestamps", text[end + 1 :], scan_time(text, 0, context), weak=weak)


def _dated(name: str, text: str, found: re.Match[str], context: Context, **members: Any) -> Layer:
    """Return a layer with the time at the start of a line, whose inner text follows a match."""
    return timed(name, text[found.end() :], scan_time(text, 0, context), **members)


_CRI = re.compile(r" (stdout|stderr) ([PF])(?::[^ ]{0,80})?(?: |$)")
_FLY = re.compile(
    r" (?P<source>app|runner|proxy)\[(?P<machine>\w{1,40})\][ .](?P<region>[a-z]{3})"
    r" \[(?P<level>\w{1,12})\] ?"
)
_FLUENTD_TAG = re.compile(r" ([\w./-]{1,200}): (?=\{)")
_FLUENTD_FILE = re.compile(r"\t([^\t\n]{1,200})\t(?=\{)")


def _before_word(text: str, stamp: re.Match[str], context: Context) -> Layer | None:
    """Return the layer of a line with a time, a space and a word or number."""
    end, zone = stamp.end(), stamp["zone"]
    if text.startswith(" std", end) and (found := _CRI.match(text, end, end + FRONT)):
        line = _dated("cri", text, found, context, fields={"stream": found[1]}, stream=found[1])
        line.partial = found[2] == "P"
        return line
    front = text[end : end + 200]
    if "/" in front and (event := _stream_of_aws(text, end, context)) is not None:
        return event
    if zone is None:
        if ' {"' in front and (event := _any_stream(text, end, context)) is not None:
            return event
        return syslog_layers.after_date(text, end + 1, stamp, context) if "]" in front else None
    if zone == "Z" and (found := _GITLAB.match(text, end)):
        stream = "stdout" if found[1] == "O" else "stderr"
        return _dated("gitlab", text, found, context, fields={"stream": stream}, stream=stream)
    if found := _FLY.match(text, end, end + FRONT):
        fields = {name: found[name] for name in ("source", "machine", "region")}
        level = parse_level(found["level"])
        return _dated("fly", text, found, context, fields=fields, level=level, stream=found["machine"])
    if len(stamp["fraction"] or "") == 9 and (found := _FLUENTD_TAG.match(text, end, end + FRONT)):
        return _dated("fluentd", text, found, context, fields={"tag": found[1]})
    if ' {"' in front and (event := _any_stream(text, end, context)) is not None:
        return event
    if ":" in front or "]" in front or " - " in front:
        return syslog_layers.after_date(text, end + 1, stamp, context)
    return None


# ── Platforms ───────────────────────────────────────────────────────────────────────────────────────

_CLOUD_FOUNDRY = re.compile(r" \[((?:APP|RTR|API|STG|CELL|LGR|SSH|PROXY|HEALTH)[/\w.-]{0,60})\] (OUT|ERR) ?")


def _cloud_foundry(text: str, end: int, context: Context) -> Layer | None:
    found = _CLOUD_FOUNDRY.match(text, end, end + FRONT)
    if found is None:
        return None
    stream = "stdout" if found[2] == "OUT" else "stderr"
    fields = {"stream": stream, "source": found[1]}
    return _dated("cloud foundry", text, found, context, fields=fields, stream=f"{found[1]} {stream}")


AWS_STREAM = re.compile(
    r" (?:(?P<stream>\d{4}/\d\d/\d\d/(?:[\w-]{1,140})?\[[\w$-]{1,130}\][0-9a-f]{4,64}"  # Lambda
    r"|[\w.-]{1,128}/(?P<container>[\w.-]{1,128})/[0-9a-f]{32}"  # ECS: prefix/container/task
    r"|i-[0-9a-f]{8,17}[\w./-]{0,100}))(?: |$)"
)
# After a time as `aws logs tail` writes it, the task can have any id.
_SHORT_STREAM = re.compile(
    r" (?P<stream>[\w.-]{1,128}/(?P<container>[\w.-]{1,128})/(?=[a-f-]{0,63}\d)[0-9a-f-]{4,64})(?: |$)"
)
# Any other name of a stream that is not a word, before an object that is a logged line.
_ANY_STREAM = re.compile(
    r' (?P<stream>(?=[^\s"{=,:]*[/\d])[^\s"{=,:]{2,512}) (?=\{(?:".{0,400}?)?"'
    r'(?:@?(?i:level|lvl|severity|levelname|msg|message|log|event|time|timestamp|ts|t|body))" ?:)'
)


def _stream_of_aws(text: str, end: int, context: Context) -> Layer | None:
    """Return the layer of a line of `aws logs tail`: the name of the log stream follows the time."""
    if text[10] != "T":
        return None
    found = AWS_STREAM.match(text, end, end + FRONT)
    if found is None and text[end - 6 : end] == "+00:00":
        found = _SHORT_STREAM.match(text, end, end + FRONT)
    if found is None:
        return None
    # Events are printed as a whole, so that lines of different streams are not mixed.
    fields = {"log_stream": found["stream"]}
    return _dated("aws logs", text, found, context, fields=fields, app=found["container"] or "")


def _any_stream(text: str, end: int, context: Context) -> Layer | None:
    """Return the layer of a line of `aws logs tail` with any stream, if the line in it is an object."""
    if text[10] != "T" or text[-200:].rstrip()[-1:] != "}":
        return None
    found = _ANY_STREAM.match(text, end, end + 2 * FRONT)
    if found is None:
        return None
    return _dated("aws logs", text, found, context, fields={"log_stream": found["stream"]})


# ── Build servers ───────────────────────────────────────────────────────────────────────────────────

_GITLAB = re.compile(r" [0-9a-f]{2}([OE])[ +]")
# Commands of GitHub Actions and Azure Pipelines: `##[error]…`, `::warning file=x::…`.
_COMMAND = re.compile(
    r"\#\#\[(?P<command>[a-z]{1,12})\]|::(?P<word>error|warning|notice|debug)(?: [^:\n]{0,300})?::"
)
_COMMAND_LEVELS = {"error": ERROR, "warning": WARN, "notice": NOTICE, "debug": DEBUG}


def _build(text: str, start: int, context: Context) -> Layer:
    """Return the layer of a line of GitHub Actions or Azure Pipelines, which can begin with a command."""
    time = scan_time(text, 0, context)
    found = _COMMAND.match(text, start, start + FRONT) if text[start : start + 1] in ("#", ":") else None
    if found is None:
        return timed("ci", text[start:], time, weak=True)
    level = _COMMAND_LEVELS.get(found["command"] or found["word"], UNKNOWN)
    # `##[error]fatal: not found` quotes another program.
    return timed("ci", text[found.end() :], time, level=level, decides_level=level != UNKNOWN)


# ── Collectors ──────────────────────────────────────────────────────────────────────────────────────

_A_LABEL = r"[a-zA-Z_]\w{0,60}=\"[^\"\n]{0,200}\""
_LABELS = re.compile(rf" \{{(?P<labels>{_A_LABEL}(?:, ?{_A_LABEL}){{0,30}})\}} ?")
_LABEL = re.compile(r"([a-zA-Z_]\w{0,60})=\"([^\"\n]{0,200})\"")
_APP_LABELS = ("app", "service_name", "container", "job")


def _labelled(text: str, end: int, context: Context) -> Layer | None:
    """Return the layer of a line of `logcli`: the labels of a stream in Loki follow the time."""
    found = _LABELS.match(text, end, end + 2 * FRONT)
    if found is None:
        return None
    fields = dict(_LABEL.findall(found["labels"]))
    app = next((fields[name] for name in _APP_LABELS if fields.get(name)), "")
    return _dated("loki", text, found, context, fields=fields, app=app)
