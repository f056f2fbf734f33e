"""Header lines that name the columns of the later lines of a source: W3C extended logs, Zeek, flow logs, CSV.

A header line is a record of its own; nothing that a file holds is left out. `header_of` tells whether a line
is one, and what it names is kept for the lines after it. A line that does not fit is read as any other line.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum, unique

from logctl.core.formats.found_times import set_time
from logctl.core.formats.layer import Layer
from logctl.core.formats.object_keys import ROLES, Kind
from logctl.core.formats.reader import read_value, read_within
from logctl.core.formats.reading import Context, Reading
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.levels import UNKNOWN

_MOST_COLUMNS = 200
_LONGEST_HEADER = 8000
_LONGEST_ROW = 100_000
_LONGEST_VALUE = 256
_MOST_FIELDS = 24


@unique
class HeaderKind(StrEnum):
    """How the lines after a header are divided."""

    W3C = "w3c"
    """`#Fields: date time cs-method`: IIS, CloudFront, Windows' firewall, Exchange. Times are in UTC."""
    ZEEK = "zeek"
    """`#fields	ts	uid`: Zeek and Bro."""
    FLOW = "flow"
    """The names in a line of their own: flow logs of AWS."""
    CSV = "csv"
    """CSV with any separator, and TSV."""


@dataclass(frozen=True, slots=True)
class ColumnHeader:
    """What header lines say about the lines after them.

    Attributes:
        kind: how lines are divided.
        names: the names of the columns; empty as long as only the lines before the names were read.
        separator: the character between columns; a space also stands for tabs in W3C logs.
        day: the day of `#Date:`, for logs whose lines have the time only.
        local: the times are in the sender's zone, as `#Time Format: Local` says.
    """

    kind: HeaderKind
    names: tuple[str, ...] = ()
    separator: str = " "
    day: str = ""
    local: bool = False

    def read(self, text: str, context: Context) -> Reading | None:
        """Return what a line says by its columns, or None if it does not have them."""
        if not self.names or not text or len(text) > _LONGEST_ROW or text[0] == "#":
            return None
        return _READERS[self.kind](self, text, context)

    def dumps(self) -> str:
        """Return a short text from which `loads` makes the same header."""
        members = (self.kind, self.names, self.separator, self.day, self.local)
        return json.dumps(members, separators=(",", ":"))


def loads(text: str) -> ColumnHeader | None:
    """Return the header that `dumps` made a text of; None for another text."""
    try:
        kind, names, separator, day, local = json.loads(text)
        return ColumnHeader(HeaderKind(kind), tuple(map(str, names)), str(separator), str(day), bool(local))
    except (ValueError, TypeError, RecursionError):
        return None


# ── Header lines ────────────────────────────────────────────────────────────────────────────────────

_W3C_DATE = re.compile(r"#Date:\s*([0-9]{4}-[0-9]{2}-[0-9]{2})\b")
_FLOW_NAMES = frozenset(("srcaddr", "dstaddr", "client_ip", "pkt-srcaddr", "interface-id", "resource-type"))
_NAME = re.compile(r"[A-Za-z_@#][\w .()/@#:-]{0,63}\Z")
_SEPARATORS = "\t,;|"
# Most lines have something else than a name before their first separator, or a space after it.
_FIRST_NAME = re.compile(r'"?[A-Za-z_@][\w .()/@#:-]{0,63}+"?[\t,;|](?=["\w@])')


def header_of(text: str, before: ColumnHeader | None = None) -> ColumnHeader | None:
    """Return what a header line says, together with the header lines before it; None for another line."""
    text = text.rstrip("\r\n")
    if text[:1] == "#":
        return _hash_header(text, before)
    if not text or len(text) > _LONGEST_HEADER or not (text[0].isalpha() or text[0] in '"_@'):
        return None
    if text.startswith(("version ", "account-id ")) or " srcaddr " in text or " interface-id " in text:
        names = tuple(text.split(" "))
        times = {"start", "end"} <= set(names) or {"start_time", "end_time"} <= set(names)
        if times and _FLOW_NAMES & set(names) and len(names) <= _MOST_COLUMNS and text.islower():
            return ColumnHeader(HeaderKind.FLOW, names)
    return _csv_header(text)


def _hash_header(text: str, before: ColumnHeader | None) -> ColumnHeader | None:
    if len(text) > _LONGEST_HEADER:
        return None
    w3c = before if before is not None and before.kind == HeaderKind.W3C else ColumnHeader(HeaderKind.W3C)
    if text.startswith("#Fields:"):
        names = tuple(text[8:].split())
        return replace(w3c, names=names) if 0 < len(names) <= _MOST_COLUMNS else None
    date = _W3C_DATE.match(text)
    if date is not None:
        return replace(w3c, day=date[1])
    if text.startswith("#Time Format: Local"):
        return replace(w3c, local=True)
    if text.startswith("#fields") and len(text) > 9 and not text[7].isalnum():
        names = tuple(text[8:].split(text[7]))
        return ColumnHeader(HeaderKind.ZEEK, names, text[7]) if 1 < len(names) <= _MOST_COLUMNS else None
    return None


def _csv_header(text: str) -> ColumnHeader | None:
    """Return the header of a CSV: names only, each once, of which one is that of a time."""
    if _FIRST_NAME.match(text) is None:
        return None
    for separator in _SEPARATORS:
        if separator not in text:
            continue
        names = _values(text, separator)
        if names is None or not 2 <= len(names) <= _MOST_COLUMNS:
            continue
        keys = tuple(_key(name) for name in names)
        kinds = {role.kind for key in keys if (role := ROLES.get(key)) is not None}
        if (
            Kind.TIME in kinds
            and len(set(keys)) == len(keys)
            and all(_NAME.match(name.strip()) for name in names)
            and (len(names) > 2 or kinds & {Kind.LEVEL, Kind.MESSAGE})
        ):
            return ColumnHeader(HeaderKind.CSV, keys, separator)
    return None


_ALIASES = {
    "date and time": "timestamp",
    "time generated": "timestamp",
    "log level": "level",
    "event id": "event_id",
}


def _key(name: str) -> str:
    """Return the name of a column as the reader of JSON objects knows it."""
    key = name.strip().lower()
    return _ALIASES.get(key) or (key if key in ROLES else key.replace(" ", "_"))


# ── Lines with columns ──────────────────────────────────────────────────────────────────────────────

_FIELD_OF_COLUMN = {
    "c-ip": "client",
    "cs-username": "user",
    "cs-method": "method",
    "cs-uri-stem": "path",
    "cs-uri": "path",
    "sc-status": "status",
    "sc-bytes": "bytes",
    "time-taken": "duration",
    "s-computername": "host",
    "cs-host": "host",
    "cs(Host)": "host",
    "x-edge-location": "edge",
    "x-edge-request-id": "request_id",
    "src-ip": "client",
    "srcaddr": "client",
    "client_ip": "client",
    "dst-ip": "destination",
    "dstaddr": "destination",
    "action": "action",
    "protocol": "protocol",
    "bytes": "bytes",
    "interface-id": "interface",
    "log-status": "log_status",
    "id.orig_h": "client",
    "id.resp_h": "destination",
    "method": "method",
    "host": "host",
    "uri": "path",
    "status_code": "status",
    "username": "user",
    "duration": "duration",
    "uid": "uid",
    "proto": "protocol",
    "service": "service",
    "query": "query",
}
_NUMBERS = frozenset(("status", "bytes"))
_NOTHING = frozenset(("", "-", "(empty)", "NODATA"))
_DECIMAL = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?\Z")


def _values(text: str, separator: str) -> list[str] | None:
    """Return the values of a row of a CSV, or None if it is not one row."""
    try:
        rows = list(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


_TOKENS = re.compile(r'"((?:[^"]|"")*+)"(?=\s|$)|(\S++)')


def _w3c_values(header: ColumnHeader, text: str) -> list[str] | None:
    """Return the values of a line. Tabs divide it, if it has any; values with spaces are in quotes."""
    count = len(header.names)
    values = text.split("\t") if "\t" in text else text.split(" ")
    if len(values) != count or values[0].startswith('"'):
        values = [found[1] or found[2] or "" for found in _TOKENS.finditer(text)]
    return values if len(values) == count else None


def _fields(header: ColumnHeader, values: list[str]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in zip(header.names, values, strict=True):
        field = _FIELD_OF_COLUMN.get(name)
        if field is None or value in _NOTHING or len(fields) >= _MOST_FIELDS:
            continue
        if field in _NUMBERS and value.isdecimal() and len(value) < 16:
            fields[field] = int(value)
        elif field == "duration" and _DECIMAL.match(value):
            fields[field] = float(value) if "." in value else int(value)
        else:
            fields[field] = value[:_LONGEST_VALUE]
    return fields


def _with_time(reading: Reading, time: FoundTime | None) -> Reading:
    if time is not None:
        set_time(reading, time)
    return reading


def _whole_time(text: str, context: Context) -> FoundTime | None:
    """Return the time that a text is from its first to its last character."""
    time = scan_time(text, 0, context)
    return time if time is not None and time.end == len(text) else None


_TIMES_IN_W3C = frozenset(("date", "time", "date-local", "time-local", "timestamp", "date-time"))


def _read_w3c(header: ColumnHeader, text: str, context: Context) -> Reading | None:
    values = _w3c_values(header, text)
    if values is None:
        return None
    columns = dict(zip(header.names, values, strict=True))
    day = columns.get("date") or columns.get("date-local") or header.day
    clock = columns.get("time") or columns.get("time-local") or ""
    written = columns.get("timestamp") or columns.get("date-time") or ""
    if day and clock:
        written = f"{day} {clock}"
    local = header.local or "time-local" in columns
    if not local and ":" in written and written[-1:].isdecimal():
        written += "Z"
    time = _whole_time(written, context) if written else None
    if time is None:
        return None
    # The columns of the time are usually the first: what follows them is then the message as it was written.
    begin = 0
    for name in header.names:
        if name not in _TIMES_IN_W3C:
            break
        begin = text.find(columns[name], begin) + len(columns[name])
        begin += text[begin : begin + 1] == '"'
    message = text[begin:].strip()
    fields = _fields(header, values)
    return _with_time(Reading(message, fields=fields, format="w3c", begins=True, inner=text), time)


def _read_zeek(header: ColumnHeader, text: str, context: Context) -> Reading | None:
    values = text.split(header.separator)
    if len(values) != len(header.names):
        return None
    time, message = None, text
    if header.names[0] == "ts":
        time = _whole_time(values[0], context)
        if time is None:
            return None
        message = text[len(values[0]) + 1 :]
    return _with_time(
        Reading(message, fields=_fields(header, values), format="zeek", begins=True, inner=text), time
    )


def _read_flow(header: ColumnHeader, text: str, context: Context) -> Reading | None:
    values = text.split(" ")
    if len(values) != len(header.names):
        return None
    columns = dict(zip(header.names, values, strict=True))
    time = _whole_time(columns.get("start") or columns.get("start_time") or "", context)
    if time is None:
        return None
    return _with_time(
        Reading(text, fields=_fields(header, values), format="flow", begins=True, inner=text), time
    )


def _read_csv(header: ColumnHeader, text: str, context: Context) -> Reading | None:
    values = _values(text, header.separator)
    names = header.names
    if values is None or not 0 <= len(values) - len(names) <= 1:
        return None
    if len(values) > len(names):
        names = (*names, "message")  # the Event Viewer of Windows does not name its last column
    columns: Mapping[str, str] = dict(zip(names, values, strict=True))
    if "date" in columns and "time" in columns:
        columns = {"timestamp": f"{columns['date']} {columns['time']}"} | {
            name: value for name, value in columns.items() if name not in ("date", "time")
        }
    reading = read_value({name: value for name, value in columns.items() if value != ""}, context)
    if reading.ts is None and not reading.flags:
        return None
    if (
        reading.level == UNKNOWN
        and any(name in columns for name in ("message", "@message"))
        and reading.message
    ):
        reading = _line_within(reading, context)  # CloudWatch's console exports the lines of programs
    reading.message = reading.message or text
    reading.format, reading.begins, reading.inner = "csv", True, text
    return reading


def _line_within(row: Reading, context: Context) -> Reading:
    """Return the reading of the message of a row as a line, if it has a level; else that of the row."""
    layer = Layer("csv", row.message, ts=row.ts, fields=row.fields, zone=row.zone, app=row.app)
    line = read_within(layer, context)
    if line.level == UNKNOWN:
        return row
    line.layers = line.layers[1:]
    return line


_READERS: dict[HeaderKind, Callable[[ColumnHeader, str, Context], Reading | None]] = {
    HeaderKind.W3C: _read_w3c,
    HeaderKind.ZEEK: _read_zeek,
    HeaderKind.FLOW: _read_flow,
    HeaderKind.CSV: _read_csv,
}
