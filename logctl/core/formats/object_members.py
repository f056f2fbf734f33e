"""Finding the members of a JSON object that can be its time, level, message or application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from logctl.core.formats.object_keys import PLACES, ROLES, Kind, Trait

DEPTH = 2
"""How many levels of nested places are searched."""
_LONGEST_NAME = 64
_TIME, _LEVEL, _MESSAGE, _APP, _PLACE = Kind.TIME, Kind.LEVEL, Kind.MESSAGE, Kind.APP, Kind.PLACE

Path = tuple[str, ...]
"""The way to a member: its name, after the names of the objects that it is in."""

Ranked = tuple[tuple[float, str], ...]


class _Plan(Struct, frozen=True):
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


class FoundObject(Struct):
    """An object with its plan, and what is in its nested places."""

    value: Mapping[str, Any]
    traits: int
    members: tuple[Ranked, ...]
    inner: list[tuple[str, FoundObject]] | None = None

    def places(self) -> list[tuple[str, FoundObject]]:
        """Return what is in the known nested places, by their preference."""
        if self.inner is None:
            self.inner = [
                (name, find(inner))
                for _, name in self.members[_PLACE]
                if (inner := self.value[name]).__class__ is dict
            ]
        return self.inner


def find(value: Mapping[str, Any]) -> FoundObject:
    plan = plan_of(value)
    return FoundObject(value, plan.traits, plan.members)


def plan_of(value: Mapping[str, Any]) -> _Plan:
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


def without(value: Mapping[str, Any], taken: list[Path]) -> dict[str, Any]:
    """Return the members of an object without those that were taken."""
    rest = dict(value)
    for path in taken:
        if len(path) == 1:
            rest.pop(path[0], None)
        elif isinstance(inner := rest.get(path[0]), Mapping):
            left = without(inner, [path[1:]])
            if left:
                rest[path[0]] = left
            else:
                del rest[path[0]]
    return rest


def candidates(found: FoundObject, kind: Kind, depth: int = DEPTH) -> Iterator[tuple[Path, FoundObject, str]]:
    """Yield the members of a kind, each with the way to its object and that object: the top first."""
    for _, name in found.members[kind]:
        yield (), found, name
    if depth and found.members[_PLACE]:
        for place, inner in found.places():
            if place.lower() in NEVER[kind]:
                continue
            for path, holder, name in candidates(inner, kind, depth - 1):
                yield (place, *path), holder, name


SEARCHED_FOR_MESSAGES_ONLY = frozenset(("error", "err", "exception", "alert"))
SEARCHED_FOR_APPS_ONLY = frozenset(("resource", "kubernetes", "k8s"))
NEVER = {
    _TIME: SEARCHED_FOR_MESSAGES_ONLY | SEARCHED_FOR_APPS_ONLY | {"labels", "status"},
    _LEVEL: SEARCHED_FOR_MESSAGES_ONLY | SEARCHED_FOR_APPS_ONLY | {"status"},
    _MESSAGE: SEARCHED_FOR_APPS_ONLY | {"labels"},
    _APP: SEARCHED_FOR_MESSAGES_ONLY | {"status"},
}


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
