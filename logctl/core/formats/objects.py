"""Reading JSON objects: time, level and message under the names that loggers give them.

Names are found without regard to case, at the top of an object and in the places where loggers, collectors
and platforms put the members of an event (`object_keys`). What is neither time, level nor message stays a
field under the producer's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from logctl.core.formats.layers import Layer
from logctl.core.formats.object_keys import LAST, Kind, Trait
from logctl.core.formats.object_levels import level_of_mongodb, level_of_number, level_of_word, number_of
from logctl.core.formats.object_members import (
    SEARCHED_FOR_APPS_ONLY,
    FoundObject,
    Path,
    candidates,
    plan_of,
    without,
)
from logctl.core.formats.object_messages import read_message
from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME, Context, Reading
from logctl.core.formats.time_forms import FoundTime
from logctl.core.formats.time_values import read_time_value
from logctl.core.levels import FATAL, INFO, UNKNOWN, WARN
from logctl.core.times import EARLIEST, LATEST

_TIME, _LEVEL, _MESSAGE, _APP, _PLACE = Kind.TIME, Kind.LEVEL, Kind.MESSAGE, Kind.APP, Kind.PLACE


Within = Callable[[Layer, Context], Reading]
"""A function that reads the line in a layer."""


def read_object(value: Mapping[str, Any], context: Context, read_within: Within | None = None) -> Reading:
    """Return what a JSON object says. Members that are neither time, level nor message become fields.

    If a collector put the line of another program into the message as it was (journald, CloudWatch,
    Filebeat), that line is read with `read_within` as any other line; without, it is the message.
    """
    plan = plan_of(value)
    found = FoundObject(value, plan.traits, plan.members)
    reading = Reading("", begins=True, format=plan.format)
    taken: list[Path] = []
    _read_time(found, context, reading, taken)
    _read_level(found, reading, taken)
    rank, traits = read_message(found, reading, taken)
    reading.app = _app(found)
    reading.fields = without(value, taken)
    line = reading.message
    if read_within and line and rank < LAST and holds_a_line(line, traits, reading.level):
        return _line_in(reading, context, read_within)
    return reading


# ── Time ────────────────────────────────────────────────────────────────────────────────────────────


def _read_time(found: FoundObject, context: Context, reading: Reading, taken: list[Path]) -> None:
    bad = False
    for path, holder, name in candidates(found, _TIME):
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


def _time_of(holder: FoundObject, name: str, context: Context) -> tuple[FoundTime | None, tuple[str, ...]]:
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


def _date_and_time(holder: FoundObject, context: Context) -> tuple[FoundTime | None, tuple[str, ...]]:
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


def _read_level(found: FoundObject, reading: Reading, taken: list[Path]) -> None:
    """Set the level: a word goes before a number, and the object's own before one that is nested."""
    traits = found.traits
    if traits & Trait.SERILOG and _serilog_is_information(found.value):
        reading.level = INFO
        return
    numbers: list[tuple[Path, FoundObject, str, int]] = []
    for path, holder, name in candidates(found, _LEVEL):
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


def _is_of_a_log(found: FoundObject) -> bool:
    """Return whether `priority` is a level: of syslog or Falco, and not how urgent a task or a ticket is."""
    return bool(found.traits & (Trait.SYSLOG | Trait.JOURNALD)) or "rule" in found.value


def _take_number(
    numbers: list[tuple[Path, FoundObject, str, int]], reading: Reading, taken: list[Path]
) -> bool:
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


def _read_odd_level(found: FoundObject, reading: Reading) -> None:
    """Set the level of programs that name it as other programs name something else."""
    value = found.value
    status = value.get("status")
    if isinstance(status, str) and (found.traits & Trait.DATADOG or status.lower() in _STATUSES_OF_LOGS):
        reading.level = level_of_word(status)
    elif found.traits & Trait.KUBERNETES_EVENT and value.get("type") in ("Warning", "Normal"):
        reading.level = WARN if value["type"] == "Warning" else INFO


# ── Application ─────────────────────────────────────────────────────────────────────────────────────


def _app(found: FoundObject) -> str:
    """Return the name of the application that an object gives: its service, unit, container or program."""
    for _, name in found.members[_APP]:
        if app := _name_in(found.value[name]):
            return app
    if not found.members[_PLACE]:
        return ""
    if app := _app_of_pods(found):
        return app
    for _, holder, name in candidates(found, _APP):
        if app := _name_in(holder.value[name]):
            return app
    return ""


def _name_in(item: object) -> str:
    if isinstance(item, Mapping):
        item = item.get("name")
    return item if isinstance(item, str) else ""


def _app_of_pods(found: FoundObject) -> str:
    for _, place in found.members[_PLACE]:
        if place.lower() in SEARCHED_FOR_APPS_ONLY and isinstance(found.value[place], Mapping):
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

_DATED = re.compile(r"[\[(]?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d")


def holds_a_line(message: str, traits: int, level: str) -> bool:
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
