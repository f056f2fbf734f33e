"""Ordinary JSON objects, read by a plan that the names of their members make.

A program writes objects with the same names again and again. The names decide most of what
`objects.read_object` has to find out: whether the object can be an envelope or a layer, and which members
come first as time, level, message and application. Such a plan is made once for each sequence of names. It is
followed only if the values are what they usually are: a time that is one, a word that is a level, a message
with a text in it. Otherwise `read_plain` returns None, and `reader.read_value` reads the object. The result
is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from logctl.core.formats.events import OTHER_NAMES
from logctl.core.formats.object_keys import LATER, LINES, Kind, Trait
from logctl.core.formats.object_levels import level_of_number, level_of_word
from logctl.core.formats.object_members import plan_of
from logctl.core.formats.objects import holds_a_line
from logctl.core.formats.reading import Context, Reading, Taken
from logctl.core.formats.time_forms import whole_iso_time
from logctl.core.formats.time_values import read_time_value
from logctl.core.levels import UNKNOWN
from logctl.core.records import RAW
from logctl.core.times import EARLIEST, LATEST

_MOST_NAMES = 64
_LONGEST_NAME = 64
_MOST_PLANS = 512
_OF_LAYERS = frozenset(("log", "podName"))
"""Names that `object_layers.unwrap_object` looks for."""
_WITH_OTHERS = frozenset(("date", "time", "timestampseconds"))
"""Times that another member can be a part of."""


class _PlainPlan(Struct, frozen=True):
    """Which members of objects with certain names are what; `places` can hold the application."""

    time: str | None
    level: str | None
    message: str
    app: str | None
    places: tuple[str, ...]
    only_level: bool
    traits: int
    format: str
    taken: Taken


_PLANS: dict[tuple[str, ...], _PlainPlan | None] = {}


def read_plain(value: dict[str, Any], context: Context) -> Reading | None:
    """Return what an ordinary JSON object says, without `inner`; None for any other one."""
    names = tuple(value)
    try:
        plan = _PLANS[names]
    except KeyError:
        plan = _learn(names, value)
    if plan is None:
        return None
    ts, zone, level = None, "", UNKNOWN
    if plan.time is not None:
        item = value[plan.time]
        if item.__class__ is str and (whole := whole_iso_time(item)) is not None:
            ts, zone = whole
        else:
            found = None if item.__class__ is dict else read_time_value(item, context)
            if found is None or found.ts is None or found.ambiguous:
                return None
            ts, zone = found.ts, found.zone
        if not EARLIEST <= ts < LATEST:
            return None
    if plan.level is not None:
        item = value[plan.level]
        if item.__class__ is str:
            level = level_of_word(item)
        elif item.__class__ is int and plan.only_level:
            level = level_of_number(plan.level.lower(), item, plan.traits, value)
        if level == UNKNOWN:
            return None
    message = value[plan.message]
    if message.__class__ is not str or "\x1b" in message:
        return None
    message = message.rstrip("\r\n")
    if not message or holds_a_line(message, plan.traits, level):
        return None
    app = ""
    if plan.app is not None:
        app = value[plan.app]
        if app.__class__ is not str or not app:
            return None
    else:
        for name in plan.places:
            if value[name].__class__ is dict:
                return None
    fields = value.copy()
    for _, name in plan.taken:
        del fields[name]
    return Reading(
        message, ts, level, fields, format=plan.format, zone=zone, begins=True, app=app, taken=plan.taken
    )


def _learn(names: tuple[str, ...], value: Mapping[str, Any]) -> _PlainPlan | None:
    """Make a plan and keep it; objects with many names, or with long ones, have none."""
    if len(names) > _MOST_NAMES or max(map(len, names), default=0) > _LONGEST_NAME:
        return None
    if len(_PLANS) >= _MOST_PLANS:
        _PLANS.clear()
    plan = _PLANS[names] = _plan(names, value)
    return plan


def _plan(names: tuple[str, ...], value: Mapping[str, Any]) -> _PlainPlan | None:
    """Return the plan for objects with some names; None if their values decide too much."""
    known = plan_of(value)
    times, levels, messages, apps, places = (
        tuple(name for _, name in known.members[kind])
        for kind in (Kind.TIME, Kind.LEVEL, Kind.MESSAGE, Kind.APP, Kind.PLACE)
    )
    if not OTHER_NAMES.isdisjoint(names) or not _OF_LAYERS.isdisjoint(names) or RAW in names:
        return None
    if not messages or known.members[Kind.MESSAGE][0][0] >= LATER or messages[0].lower() in LINES:
        return None
    # Of what has no member at the top, nested objects and members with other meanings are looked at.
    if (not times or not levels) and places:
        return None
    if not levels and ("status" in names or known.traits & Trait.KUBERNETES_EVENT):
        return None
    if times and times[0].lower() in _WITH_OTHERS and (len(times) > 1 or times[0] != "time"):
        return None
    if known.traits & Trait.SERILOG or (levels and levels[0] in ("s", "priority")):
        return None
    if "message" in names and messages[0] != "message":
        return None  # `message` can hold an event
    taken = {*times[:1], *levels[:1], messages[0]}
    return _PlainPlan(
        time=times[0] if times else None,
        level=levels[0] if levels else None,
        message=messages[0],
        app=apps[0] if apps else None,
        places=places,
        only_level=len(levels) == 1 and not places,
        traits=known.traits,
        format=known.format,
        taken=tuple((index, name) for index, name in enumerate(names) if name in taken),
    )
