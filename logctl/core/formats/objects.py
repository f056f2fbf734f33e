"""Reading JSON objects: time, level and message under the names that loggers give them.

Names are found without regard to case, at the top of an object and in the places where loggers, collectors
and platforms put the members of an event (`object_keys`). What is neither time, level nor message stays a
field under the producer's name. `events_of` takes apart the objects that hold several events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from logctl.core.formats.ansi import strip_codes
from logctl.core.formats.events import events_of as events_of
from logctl.core.formats.layers import Layer
from logctl.core.formats.object_keys import LAST, LATER, LINES, NAMES, PLACES, ROLES, Kind, Trait
from logctl.core.formats.object_levels import level_of_mongodb, level_of_number, level_of_word, number_of
from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME, Context, Reading
from logctl.core.formats.time_forms import FoundTime
from logctl.core.formats.time_values import read_time_value
from logctl.core.levels import FATAL, INFO, UNKNOWN, WARN
from logctl.core.times import EARLIEST, LATEST

_LONGEST_NAME = 64
_TIME, _LEVEL, _MESSAGE, _APP, _PLACE = Kind.TIME, Kind.LEVEL, Kind.MESSAGE, Kind.APP, Kind.PLACE
_DEPTH = 2
"""How many levels of nested places are searched."""

Path = tuple[str, ...]
"""The way to a member: its name, after the names of the objects that it is in."""


Within = Callable[[Layer, Context], Reading]
"""A function that reads the line in a layer."""


def read_object(value: Mapping[str, Any], context: Context, read_within: Within | None = None) -> Reading:
    """Return what a JSON object says. Members that are neither time, level nor message become fields.

    If a collector put the line of another program into the message as it was (journald, CloudWatch,
    Filebeat), that line is read with `read_within` as any other line; without, it is the message.
    """
    plan = _plan_of(value)
    found = _Found(value, plan.traits, plan.members)
    reading = Reading("", begins=True, format=plan.format)
    taken: list[Path] = []
    _read_time(found, context, reading, taken)
    _read_level(found, reading, taken)
    rank, traits = _read_message(found, reading, taken)
    reading.app = _app(found)
    reading.fields = _without(value, taken)
    line = reading.message
    if read_within and line and rank < LAST and _holds_a_line(line, traits, reading.level):
        return _line_in(reading, context, read_within)
    return reading


# ── Finding members ─────────────────────────────────────────────────────────────────────────────────


Ranked = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the names of an object's members say: those of each kind with their ranks, the preferred first.

    A program writes objects with the same names again and again, so plans are kept.
    """

    members: tuple[Ranked, ...]
    traits: int
    format: str


_PLANS: dict[tuple[str, ...], _Plan] = {}
_MOST_PLANS = 512
_MOST_NAMES = 64
"""Objects with more names, or with long names, are not remembered, so that plans need little memory."""


@dataclass(slots=True)
class _Found:
    """An object with its plan, and what is in its nested places."""

    value: Mapping[str, Any]
    traits: int
    members: tuple[Ranked, ...]
    inner: list[tuple[str, _Found]] | None = None

    def places(self) -> list[tuple[str, _Found]]:
        """Return what is in the known nested places, by their preference."""
        if self.inner is None:
            self.inner = [
                (name, _find(inner))
                for _, name in self.members[_PLACE]
                if (inner := self.value[name]).__class__ is dict
            ]
        return self.inner


def _find(value: Mapping[str, Any]) -> _Found:
    plan = _plan_of(value)
    return _Found(value, plan.traits, plan.members)


def _plan_of(value: Mapping[str, Any]) -> _Plan:
    names = tuple(value)
    plan = _PLANS.get(names)
    if plan is None:
        plan = _make_plan(names)
        if len(names) <= _MOST_NAMES and max(map(len, names), default=0) <= _LONGEST_NAME:
            if len(_PLANS) >= _MOST_PLANS:
                _PLANS.clear()
            _PLANS[names] = plan
    return plan


def _make_plan(names: tuple[str, ...]) -> _Plan:
    members: tuple[list[tuple[float, str]], ...] = ([], [], [], [], [])
    traits = 0
    for key in names:
        known = ROLES.get(key)
        name = key
        if known is None:
            if len(key) > _LONGEST_NAME or (key.islower() and "-" not in key):
                continue
            name = key.lower().replace("-", "_")
            known = ROLES.get(name)
            if known is None:
                continue
        kind, rank, trait = known
        traits |= trait
        if name in PLACES:
            members[_PLACE].append((PLACES[name], key))
        if kind < _PLACE:
            # The usual spelling of a name goes before another one, whatever their order.
            members[kind].append((rank if name is key else rank + 0.5, key))
    return _Plan(tuple(tuple(sorted(items)) for items in members), traits, _format(traits))


def _without(value: Mapping[str, Any], taken: list[Path]) -> dict[str, Any]:
    """Return the members of an object without those that were taken."""
    rest = dict(value)
    for path in taken:
        if len(path) == 1:
            rest.pop(path[0], None)
        elif isinstance(inner := rest.get(path[0]), Mapping):
            left = _without(inner, [path[1:]])
            if left:
                rest[path[0]] = left
            else:
                del rest[path[0]]
    return rest


# ── Time ────────────────────────────────────────────────────────────────────────────────────────────


def _read_time(found: _Found, context: Context, reading: Reading, taken: list[Path]) -> None:
    bad = False
    for path, holder, name in _candidates(found, _TIME):
        item = holder.value[name]
        used: tuple[str, ...]
        if len(holder.members[_TIME]) > 1 or item.__class__ is dict or name in _OF_TWO:
            time, used = _time_of(holder, name, context)
        else:
            time, used = read_time_value(item, context), (name,)
        if time is None:
            continue
        if time.ts is None:
            bad = True
        elif EARLIEST <= time.ts < LATEST:
            reading.ts, reading.zone = time.ts, time.zone
            if time.ambiguous:
                reading.flags = (AMBIGUOUS_TIME,)
            taken += [(*path, member) for member in used] if path else [(member,) for member in used]
            return
    if bad:
        reading.flags = (BAD_TIME,)


_OF_TWO = frozenset(("timestampSeconds", "timestampseconds"))


def _candidates(found: _Found, kind: Kind, depth: int = _DEPTH) -> Iterator[tuple[Path, _Found, str]]:
    """Yield the members of a kind, each with the way to its object and that object: the top first."""
    for _, name in found.members[kind]:
        yield (), found, name
    if depth and found.members[_PLACE]:
        for place, inner in found.places():
            if place.lower() in _NEVER[kind]:
                continue
            for path, holder, name in _candidates(inner, kind, depth - 1):
                yield (place, *path), holder, name


_SEARCHED_FOR_MESSAGES_ONLY = frozenset(("error", "err", "exception", "alert"))
_SEARCHED_FOR_APPS_ONLY = frozenset(("resource", "kubernetes", "k8s"))
_NEVER = {
    _TIME: _SEARCHED_FOR_MESSAGES_ONLY | _SEARCHED_FOR_APPS_ONLY | {"labels", "status"},
    _LEVEL: _SEARCHED_FOR_MESSAGES_ONLY | _SEARCHED_FOR_APPS_ONLY | {"status"},
    _MESSAGE: _SEARCHED_FOR_APPS_ONLY | {"labels"},
    _APP: _SEARCHED_FOR_MESSAGES_ONLY | {"status"},
}


def _time_of(holder: _Found, name: str, context: Context) -> tuple[FoundTime | None, tuple[str, ...]]:
    """Return the time that a member gives, and the names of the members that it was made of."""
    value = holder.value
    item = value[name]
    lowered = name.lower()
    if lowered in ("date", "time") and len(holder.members[_TIME]) > 1:
        both = _date_and_time(holder, context)
        if both[0] is not None:
            return both
    if lowered == "timestampseconds" and (number := number_of_any(item)) is not None:
        nanos = value.get("timestampNanos")
        nanos = nanos if isinstance(nanos, int) and 0 <= nanos < 10**9 else 0
        used = (name, "timestampNanos") if "timestampNanos" in value else (name,)
        return read_time_value(number * 10**9 + nanos, context), used
    if item.__class__ is dict:
        return _time_in(item, context), (name,)
    return read_time_value(item, context), (name,)


def number_of_any(value: object) -> int | None:
    """Return a whole number of seconds, given as a number or as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11 else None


def _date_and_time(holder: _Found, context: Context) -> tuple[FoundTime | None, tuple[str, ...]]:
    """Return the time of an object that has its date and its time of day in two members."""
    named = {name.lower(): name for _, name in holder.members[_TIME]}
    if "date" not in named or "time" not in named:
        return None, ()
    day, clock = holder.value[named["date"]], holder.value[named["time"]]
    if not isinstance(day, str) or not isinstance(clock, str) or not _CLOCK.match(clock) or len(day) > 16:
        return None, ()
    return read_time_value(f"{day.strip()} {clock.strip()}", context), (named["date"], named["time"])


_CLOCK = re.compile(r"\s*\d\d?:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:\s*(?:[A-Za-z]{1,5}|[+-]\d\d:?\d\d))?\s*\Z")


def _time_in(value: Mapping[str, Any], context: Context) -> FoundTime | None:
    """Return the time that an object means, such as loguru's and Windows'."""
    time = read_time_value(value, context)
    if time is not None:
        return time
    for name, inner in value.items():
        if name.lower() in _WITHIN_TIMES:
            time = _time_in(inner, context) if isinstance(inner, Mapping) else read_time_value(inner, context)
            if time is not None:
                return time
    return None


_WITHIN_TIMES = frozenset(
    (
        "timestamp",
        "systemtime",
        "@systemtime",
        "#attributes",
        "iso",
        "iso8601",
        "time",
        "value",
        "date",
        "utc",
        "unix",
    )
)


# ── Level ───────────────────────────────────────────────────────────────────────────────────────────


def _read_level(found: _Found, reading: Reading, taken: list[Path]) -> None:
    """Set the level: a word goes before a number, and the object's own before one that is nested."""
    traits = found.traits
    if traits & Trait.SERILOG and _serilog_is_information(found.value):
        reading.level = INFO
        return
    numbers: list[tuple[Path, _Found, str, int]] = []
    for path, holder, name in _candidates(found, _LEVEL):
        if numbers and path and not numbers[0][0]:
            # The numbers of the object itself go before what is nested.
            if _take_number(numbers, reading, taken):
                return
            numbers = []
        item = holder.value[name]
        if item.__class__ is dict:
            item = _named_level(item)
        if isinstance(item, str):
            level = level_of_word(item)
            if name == "s":
                level = level_of_mongodb(item) if holder.traits & Trait.MONGODB else UNKNOWN
            elif level == FATAL and name == "priority" and not _is_of_a_log(holder):
                level = UNKNOWN
            if level != UNKNOWN:
                reading.level = level
                taken.append((*path, name))
                return
        number = number_of(item)
        if number is not None:
            numbers.append((path, holder, name, number))
    if not _take_number(numbers, reading, taken):
        _read_odd_level(found, reading)


def _is_of_a_log(found: _Found) -> bool:
    """Return whether `priority` is a level: of syslog or Falco, and not how urgent a task or a ticket is."""
    return bool(found.traits & (Trait.SYSLOG | Trait.JOURNALD)) or "rule" in found.value


def _take_number(numbers: list[tuple[Path, _Found, str, int]], reading: Reading, taken: list[Path]) -> bool:
    for path, holder, name, number in numbers:
        level = level_of_number(name.lower(), number, holder.traits, holder.value)
        if level != UNKNOWN:
            reading.level = level
            taken.append((*path, name))
            return True
    return False


def _serilog_is_information(value: Mapping[str, Any]) -> bool:
    """Return whether an object is of Serilog's compact format and has no level, which means Information."""
    return "@t" in value and "@l" not in value and ("@mt" in value or "@m" in value) and "level" not in value


def _named_level(value: Mapping[str, Any]) -> object:
    """Return the name or number in an object that stands for a level: loguru's `{"name": …, "no": …}`."""
    for name in ("name", "Name", "level", "value", "text", "label", "no"):
        if isinstance(value.get(name), str | int):
            return value[name]
    return None


# Datadog calls the level of a log its status. Its other words are too common as the state of something.
_STATUSES_OF_LOGS = frozenset(("error", "warn", "warning", "info", "notice", "debug"))


def _read_odd_level(found: _Found, reading: Reading) -> None:
    """Set the level of programs that name it as other programs name something else."""
    value = found.value
    status = value.get("status")
    if isinstance(status, str) and (found.traits & Trait.DATADOG or status.lower() in _STATUSES_OF_LOGS):
        reading.level = level_of_word(status)
    elif found.traits & Trait.KUBERNETES_EVENT and value.get("type") in ("Warning", "Normal"):
        reading.level = WARN if value["type"] == "Warning" else INFO


# ── Message ─────────────────────────────────────────────────────────────────────────────────────────


def _read_message(found: _Found, reading: Reading, taken: list[Path]) -> tuple[float, int]:
    """Set the message; return its rank, and the traits of the object and of the one that it was in."""
    empty: Path | None = None
    for rank, path, holder, name in _messages(found):
        text = _text_of(holder, name)
        if text is None:
            continue
        if not text:
            empty = empty or (*path, name)
            continue
        if rank >= LAST and not path and (line := _access_line(found.value)):
            reading.message = line
            break
        reading.message = text
        if rank < NAMES:
            taken.append((*path, name))
        traits = found.traits | holder.traits
        return rank, traits | Trait.COLLECTOR if name.lower() in LINES else traits
    else:
        reading.message = _access_line(found.value)
        if empty is not None:
            taken.append(empty)
    return LAST, found.traits


def _messages(found: _Found) -> Iterator[tuple[float, Path, _Found, str]]:
    """Yield the members that can be the message, in order of preference, with their rank."""
    own = found.members[_MESSAGE]
    if found.members[_PLACE] and (not own or own[0][0] >= LATER):
        nested = [
            (LATER + rank if rank < LATER else rank + 1, path, holder, name)
            for rank, path, holder, name in _nested_messages(found, _DEPTH)
        ]
        mine: list[Any] = [(rank, (), found, name) for rank, name in own]
        yield from sorted(mine + nested, key=lambda candidate: candidate[0])
        return
    for rank, name in own:
        yield rank, (), found, name


def _nested_messages(found: _Found, depth: int) -> Iterator[tuple[float, Path, _Found, str]]:
    for place, inner in found.places():
        lowered = place.lower()
        if lowered in _NEVER[_MESSAGE]:
            continue
        last = lowered in _SEARCHED_FOR_MESSAGES_ONLY
        for rank, name in inner.members[_MESSAGE]:
            if rank < NAMES or lowered in ("detail", "protopayload"):
                yield max(rank, LAST) if last else rank, (place,), inner, name
        if depth > 1 and inner.members[_PLACE]:
            for rank, path, holder, name in _nested_messages(inner, depth - 1):
                yield rank, (place, *path), holder, name


def _text_of(holder: _Found, name: str) -> str | None:
    """Return the text of a member that can be the message; None if it is none."""
    item = holder.value[name]
    if isinstance(item, str):
        text = item.rstrip("\r\n")
        if "\x1b" in text:
            text = strip_codes(text)
        lowered = name.lower()
        if lowered in ("@mt", "messagetemplate"):
            return _render(text, holder.value)
        return text
    if item is None:
        return None
    if isinstance(item, Mapping):
        for key in ("stringValue", "string_value", "Str", "text"):
            if isinstance(item.get(key), str):
                return str(item[key]).rstrip("\r\n")
    lowered = name.lower()
    if lowered == "data" and isinstance(item, list) and item and all(isinstance(part, str) for part in item):
        return "\n".join(item)
    if lowered in ("message", "msg") or (lowered == "body" and isinstance(item, Mapping | list)):
        if isinstance(item, list) and item:
            return _text_of_list(item)
        if isinstance(item, Mapping) and lowered == "body" and _find(item).members[_MESSAGE]:
            return None
        return _compact(item)
    return None


def _text_of_list(items: list[Any]) -> str:
    """Return the text of journald's array of bytes or of texts; other arrays as JSON."""
    if all(isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 256 for item in items):
        return bytes(items).decode("utf-8", "replace").rstrip("\r\n")
    if all(isinstance(item, str) for item in items):
        return "\n".join(items)
    return _compact(items)


_HOLE = re.compile(r"\{\{|\}\}|\{[@$]?(\w{1,80})(?:,-?\d{1,4})?(:[^{}]{0,80})?\}")
_LONGEST_RENDERED = 1024 * 1024


def _render(template: str, value: Mapping[str, Any]) -> str:
    """Return a Serilog message template with its properties filled in, which are the object's members."""
    properties = value.get("Properties")
    source = properties if isinstance(properties, Mapping) else value
    rendered = value.get("@r")
    # The texts of the properties that have a format (`{Elapsed:0.0}`), in their order.
    formatted = iter(rendered if isinstance(rendered, list) else ())
    room = _LONGEST_RENDERED

    def fill(match: re.Match[str]) -> str:
        nonlocal room
        name = match[1]
        if name is None:
            return match[0][0]
        if name not in source:
            return match[0]
        item = next(formatted, source[name]) if match[2] else source[name]
        text = item if isinstance(item, str) else _compact(item)
        room -= len(text)
        return text if room > 0 else match[0]

    return _HOLE.sub(fill, template)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# ── Access logs ─────────────────────────────────────────────────────────────────────────────────────

_REQUESTS = ("request", "req", "httpRequest", "http", "http_request")
_METHODS = (
    "method", "request_method", "httpMethod", "requestMethod", "RequestMethod", "http.request.method",
    "http_method", "http.method", "cs-method", "ClientRequestMethod", "verb",
)  # fmt: skip
_PATHS = (
    "path", "request_uri", "uri", "url", "requestUri", "requestURI", "requestUrl", "RequestPath",
    "request_path", "http.target", "url.path", "url.original", "http.url", "resourcePath", "cs-uri-stem",
    "ClientRequestURI", "ClientRequestPath",
)  # fmt: skip
_STATUSES = (
    "status", "status_code", "statusCode", "response_code", "responseCode", "DownstreamStatus",
    "resp_status", "response_status", "http.response.status_code", "http.status_code", "sc-status",
    "EdgeResponseStatus", "action", "code",
)  # fmt: skip
_LONGEST_PART = 2000


def _access_line(value: Mapping[str, Any]) -> str:
    """Return `method path status` of a request that an access log says in members; "" if it does not."""
    request: Mapping[str, Any] = value
    method = _first(value, _METHODS)
    path = _first(value, _PATHS)
    for name in _REQUESTS:
        inner = value.get(name)
        if isinstance(inner, str) and " " in inner and not method:
            return f"{inner[:_LONGEST_PART].removesuffix(' HTTP/1.1')} {_first(value, _STATUSES)}".rstrip()
        if isinstance(inner, Mapping):
            request = inner
            method = method or _first(inner, _METHODS)
            path = path or _first(inner, _PATHS)
    if not method:
        return ""
    status = _first(value, _STATUSES) or _first(request, _STATUSES)
    for name in ("response", "res", "responseStatus"):
        if not status and isinstance(value.get(name), Mapping):
            status = _first(value[name], _STATUSES)
    return " ".join(part for part in (method, path, status) if part)


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        item = value.get(name)
        if isinstance(item, str) and item:
            return item[:_LONGEST_PART]
        if isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 10**6:
            return str(item)
    return ""


# ── Application ─────────────────────────────────────────────────────────────────────────────────────


def _app(found: _Found) -> str:
    """Return the name of the application that an object gives: its service, unit, container or program."""
    for _, name in found.members[_APP]:
        if app := _name_in(found.value[name]):
            return app
    if not found.members[_PLACE]:
        return ""
    if app := _app_of_pods(found):
        return app
    for _, holder, name in _candidates(found, _APP):
        if app := _name_in(holder.value[name]):
            return app
    return ""


def _name_in(item: object) -> str:
    if isinstance(item, Mapping):
        item = item.get("name")
    return item if isinstance(item, str) else ""


def _app_of_pods(found: _Found) -> str:
    for _, place in found.members[_PLACE]:
        if place.lower() in _SEARCHED_FOR_APPS_ONLY and isinstance(found.value[place], Mapping):
            app = _app_of_pod(found.value[place])
            if app:
                return app
    return ""


def _app_of_pod(value: Mapping[str, Any]) -> str:
    labels = value.get("labels")
    places = (labels, value) if isinstance(labels, Mapping) else (value,)
    for place in places:
        for name in ("app.kubernetes.io/name", "app_kubernetes_io/name", "k8s-app", "app", "service.name"):
            item = place.get(name)
            if isinstance(item, str) and item:
                return item
    return ""


# ── The program's name, and lines within objects ────────────────────────────────────────────────────

_FORMATS = (
    (Trait.JOURNALD, "journald"),
    (Trait.GELF, "gelf"),
    (Trait.SERILOG, "serilog"),
    (Trait.ECS, "ecs"),
    (Trait.GOOGLE, "google cloud"),
    (Trait.OTEL, "opentelemetry"),
    (Trait.DATADOG, "datadog"),
)


def _format(traits: int) -> str:
    if traits:
        for trait, name in _FORMATS:
            if traits & trait:
                return name
    return "json"


_DATED = re.compile(r"[\[(]?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d")


def _holds_a_line(message: str, traits: int, level: str) -> bool:
    """Return whether a message is the line of another program that can say more than the object around it."""
    if message[0] == "{":
        return message[-1] == "}" and '"' in message
    if not traits & Trait.COLLECTOR:
        return level == UNKNOWN and _DATED.match(message) is not None
    # The priority of a line that a service printed is always the same.
    return level == UNKNOWN or bool(traits & Trait.JOURNALD)


def _line_in(outer: Reading, context: Context, read_within: Within) -> Reading:
    """Return the reading of the line that is the message of an object."""
    layer = Layer(
        outer.format,
        outer.message,
        ts=outer.ts,
        level=outer.level,
        fields=outer.fields,
        flags=outer.flags,
        zone=outer.zone,
        app=outer.app,
    )
    reading = read_within(layer, context)
    if not reading.message and reading.ts == outer.ts:
        return outer
    reading.begins = True
    return reading
