"""The formats of log lines that are known, for `logctl formats list`, `--format` and docs/formats.md."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from logctl.core.errors import UsageError
from logctl.core.formats.line_shapes import LEVEL_ONLY, LEVEL_TIME, TIME_LEVEL, TIME_ONLY
from logctl.core.formats.logfmt import NAME as LOGFMT
from logctl.core.formats.reading import Format
from logctl.core.formats.registry import FORMATS
from logctl.ops.send.input_forms import Requested


class FormatKind(StrEnum):
    """How a format is known."""

    OWN = "own"
    """Declared in logctl.toml."""
    LINE = "line"
    """Declared in `logctl.core.formats.declared`."""
    GENERAL = "general"
    """Read by the parts that most formats have: time, level, pairs of key and value."""
    JSON = "json"
    """A JSON object with the member names of a logger."""
    COLUMNS = "columns"
    """Lines whose columns a header line names."""
    LAYER = "layer"
    """What container runtimes, collectors and platforms put before or around a line."""


@dataclass(frozen=True)
class KnownFormat:
    """A format: its name, the programs that write it, and lines of it."""

    name: str
    describes: str
    example: str
    kind: FormatKind = FormatKind.GENERAL


GENERAL = (
    KnownFormat(
        LOGFMT,
        "Programs in Go, Heroku, Grafana, Loki: key=value pairs in any order",
        'time=2026-11-27T10:15:30Z level=warn msg="cart is empty" user=17',
    ),
    KnownFormat(
        TIME_LEVEL,
        "Most loggers: a time, then a level, with thread, logger, process id or pairs of key=value around it",
        "2026-11-27 10:15:30,123 [17] WARNING - cart is empty",
    ),
    KnownFormat(
        LEVEL_TIME,
        "Loggers that put the level first",
        "[WARN] 2026-11-27 10:15:30 cart is empty",
    ),
    KnownFormat(TIME_ONLY, "Programs that write a time and no level", "2026-11-27 10:15:30 cart is empty"),
    KnownFormat(LEVEL_ONLY, "Programs that write a level and no time", "WARNING: cart is empty"),
)
"""What is read without a declaration of its own, by the parts that most formats have."""


_JSON = (
    ("json", "Any logger in JSON: time, level and message under more than a hundred names",
     '{"time":"2026-11-27T10:15:30Z","level":"warn","msg":"cart is empty","user":17}'),
    ("journald", "journalctl -o json",
     '{"__REALTIME_TIMESTAMP":"1795774530123456","PRIORITY":"4","SYSLOG_IDENTIFIER":"shop","MESSAGE":"cart is empty"}'),
    ("gelf", "Graylog's GELF",
     '{"version":"1.1","host":"web-1","short_message":"cart is empty","timestamp":1795774530.123,"level":4}'),
    ("serilog", "Serilog's compact form",
     '{"@t":"2026-11-27T10:15:30.1234567Z","@mt":"cart of {User} is empty","@l":"Warning","User":17}'),
    ("ecs", "Elastic Common Schema",
     '{"@timestamp":"2026-11-27T10:15:30.123Z","log.level":"WARN","message":"cart is empty","ecs.version":"1.2.0"}'),
    ("google cloud", "Google Cloud Logging",
     '{"insertId":"a1","timestamp":"2026-11-27T10:15:30Z","severity":"WARNING","textPayload":"cart is empty"}'),
    ("opentelemetry", "OpenTelemetry log records",
     '{"timeUnixNano":"1795774530123000000","severityNumber":13,"body":{"stringValue":"cart is empty"}}'),
    ("datadog", "Datadog's agent and libraries",
     '{"timestamp":"2026-11-27T10:15:30Z","status":"warn","message":"cart is empty","ddsource":"python"}'),
)  # fmt: skip
_COLUMNS = (
    ("w3c", "W3C extended logs, by their #Fields line: IIS, CloudFront, Windows' firewall; times are UTC",
     "#Fields: date time cs-method cs-uri-stem sc-status\n2026-11-27 10:15:30 GET /cart 500"),
    ("zeek", "Zeek (Bro)", "#fields\tts\tid.orig_h\tproto\n1795774530.123\t10.0.0.9\ttcp"),
    ("flow", "AWS flow logs with columns of one's own choice",
     "version srcaddr dstaddr start end action\n5 10.0.0.9 10.0.1.1 1795774530 1795774590 REJECT"),
    ("csv", "CSV and TSV with a header line in which one name is that of a time",
     "timestamp,level,message\n2026-11-27T10:15:30Z,warn,cart is empty"),
)  # fmt: skip
_LAYERS = (
    ("cri", "containerd and CRI-O, in /var/log/pods; lines of 16 KB and more are put together",
     "2026-11-27T10:15:30.123456789Z stdout F cart is empty"),
    ("docker", "Docker's json-file, and fluent-bit or FireLens around a line",
     '{"log":"cart is empty\\n","stream":"stderr","time":"2026-11-27T10:15:30.123456789Z"}'),
    ("timestamps", "kubectl logs --timestamps, docker logs --timestamps",
     "2026-11-27T10:15:30.123456789Z cart is empty"),
    ("docker compose", "docker compose logs", "web-1  | cart is empty"),
    ("docker service", "docker service logs", "shop.1.w8bsrsu0gy1y@node1    | cart is empty"),
    ("kubectl", "kubectl logs --prefix", "[pod/shop-7d9c8b6f5-x2k4q/api] cart is empty"),
    ("stern", "stern", "shop-7d9c8b6f5-x2k4q api cart is empty"),
    ("kail", "kail", "default/shop-7d9c8b6f5-x2k4q[api]: cart is empty"),
    ("kubetail", "kubetail", "[shop-7d9c8b6f5-x2k4q] cart is empty"),
    ("procfile", "foreman, overmind and honcho", "10:15:30 web.1  | cart is empty"),
    ("pm2", "pm2 logs", "0|shop  | cart is empty"),
    ("supervisor", "supervisord's supervisorctl tail", "shop stdout | cart is empty"),
    ("tai64n", "multilog of daemontools, runit and s6", "@400000006b09584c075bca00 cart is empty"),
    ("svlogd", "svlogd -tt of runit", "2026-11-27_10:15:30.12345 cart is empty"),
    ("syslog", "syslog, RFC 3164 and what it became in practice; journalctl",
     "Nov 27 10:15:30 web-1 shop[812]: cart is empty"),
    ("syslog 5424", "syslog, RFC 5424", "<165>1 2026-11-27T10:15:30.003Z web-1 shop 812 - - cart is empty"),
    ("priority", "Services that write for the journal: a priority and no more", "<4>cart is empty"),
    ("dmesg with times", "dmesg -T -x: facility, level and time of the kernel's messages",
     "kern  :warn  : [Fri Nov 27 10:15:30 2026] disk is slow"),
    ("heroku", "heroku logs", "2026-11-27T10:15:30.123456+00:00 app[web.1]: cart is empty"),
    ("cloud foundry", "cf logs", "   2026-11-27T10:15:30.12+0100 [APP/PROC/WEB/0] OUT cart is empty"),
    ("fly", "fly logs", "2026-11-27T10:15:30Z app[e784079c].fra [info]cart is empty"),
    ("ci", "GitHub Actions and Azure Pipelines", "2026-11-27T10:15:30.1234567Z ##[error]Failed."),
    ("gh run", "gh run view --log", "build\tRun make\t2026-11-27T10:15:30.1234567Z cart is empty"),
    ("gitlab", "GitLab CI", "2026-11-27T10:15:30.123456Z 00O cart is empty"),
    ("aws logs", "aws logs tail and awslogs get",
     "2026-11-27T10:15:30.123000+00:00 2026/11/27/[$LATEST]8b1f cart is empty"),
    ("fluentd", "fluentd's out_file", '2026-11-27T10:15:30+00:00\tapp.shop\t{"msg":"cart is empty"}'),
    ("fluent bit", "fluent-bit's stdout", '[0] app.shop: [1795774530.123456, {"msg"=>"cart is empty"}]'),
    ("loki", "logcli of Grafana Loki", '2026-11-27T10:15:30Z {app="shop", pod="a"} cart is empty'),
)  # fmt: skip


def declared(formats: Iterable[Format], kind: FormatKind) -> list[KnownFormat]:
    """Return formats that are declared, each with its first example."""
    return [
        KnownFormat(item.name, item.describes, item.examples[0].text if item.examples else "", kind)
        for item in formats
    ]


def known_formats(own: Iterable[Format] = ()) -> list[KnownFormat]:
    """Return all formats: a user's own, the declared ones by name, and the other kinds."""
    return [
        *declared(own, FormatKind.OWN),
        *sorted(declared(FORMATS, FormatKind.LINE), key=lambda item: item.name),
        *GENERAL,
        *(KnownFormat(*row, FormatKind.JSON) for row in _JSON),
        *(KnownFormat(*row, FormatKind.COLUMNS) for row in _COLUMNS),
        *(KnownFormat(*row, FormatKind.LAYER) for row in _LAYERS),
    ]


_CHOOSABLE = (FormatKind.OWN, FormatKind.LINE, FormatKind.GENERAL)


def choosable_names(own: Iterable[Format] = ()) -> list[str]:
    """Return the names that `--format` takes for lines of text."""
    return [item.name for item in known_formats(own) if item.kind in _CHOOSABLE]


def chosen_format(name: str, own: Iterable[Format] = ()) -> tuple[Requested, str | None]:
    """Return what `--format NAME` means: a form of the input, and the only format to read or None for all.

    In a name, `-` may stand for a space.

    Raises:
        UsageError: there is no such format, or it is a layer.
    """
    if name in set(Requested):
        return Requested(name), None
    known = known_formats(own)
    found = next((item for item in known if name in (item.name, item.name.replace(" ", "-"))), None)
    if found is None:
        close = difflib.get_close_matches(name, [*(item.name for item in known), *Requested], n=3, cutoff=0.5)
        meant = f"Did you mean {' or '.join(repr(str(item)) for item in close)}? " if close else ""
        raise UsageError(f"There is no format {name!r}.", f"{meant}All of them: logctl formats list")
    if found.kind is FormatKind.LAYER:
        raise UsageError(
            f"{found.name!r} is a layer around lines, which is always recognised.",
            "Leave out --format, or name the format of the lines within.",
        )
    if found.kind is FormatKind.COLUMNS:
        raise UsageError(f"{found.name!r} is recognised by its header line.", "Leave out --format.")
    return (Requested.JSON, None) if found.kind is FormatKind.JSON else (Requested.AUTO, found.name)
