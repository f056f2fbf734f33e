"""Layers that begin with a name: the tools that print the lines of several containers, pods or processes."""

from __future__ import annotations

import re

from logctl.core.formats.layer import FRONT, Layer, timed
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import FoundTime, scan_time
from logctl.core.levels import UNKNOWN, parse_level

# ── Before a vertical bar ───────────────────────────────────────────────────────────────────────────

# docker compose pads names with at least two spaces; its first version, foreman and others with one.
_COMPOSE = re.compile(
    r"(?P<name>(?P<service>[A-Za-z0-9][\w.-]{0,80}?)(?P<number>[-_.]\d{1,4})?)(?P<pad> {1,80})\| ?"
)
_TASK = re.compile(
    r"(?P<name>(?P<service>[\w.-]{1,255}?)\.\d{1,5}\.\w{1,40})@(?P<host>[^\s|]{1,255}) {1,80}\| ?"
)
_SUPERVISED = re.compile(r"(?P<name>[\w.:-]{1,80}) (?P<stream>stdout|stderr) \| ?")
_CLOCK_AND_PROCESS = re.compile(
    r"\d\d:\d\d:\d\d {1,80}(?P<name>[A-Za-z][\w-]{0,60}(?:\.\d{1,4})?) {0,80}\| ?"
)
_PM2 = re.compile(r"\d{1,4}\|(?P<name>[^\s|][^|\n]{0,60}?) {0,60}\| ?")
_LOOKS_LIKE_HEAD = re.compile(r"\{|[\[(]?\d{2,4}[-/:]\d\d|\[?[A-Z]{3,8}\b|\w{3,12}=|<\d")
_SECOND_COLUMN = re.compile(r"[^|\n]{0,60}\|")


def before_bar(text: str) -> Layer | None:
    """Return the layer of a line that begins with a name and a vertical bar; None for the row of a table."""
    if "@" in text[:400] and (found := _TASK.match(text, 0, FRONT)):
        name = found["name"]
        fields = {"container": name, "host": found["host"]}
        return Layer("docker service", text[found.end() :], fields=fields, app=found["service"], stream=name)
    found = _COMPOSE.match(text, 0, 200)
    if found is None:
        found = _SUPERVISED.match(text, 0, 200)
        if found is None:
            return None
        fields = {"process": found["name"], "stream": found["stream"]}
        return Layer("supervisor", text[found.end() :], fields=fields, app=found["name"], stream=found[0])
    number, name = found["number"], found["name"]
    if not _is_container(text, found):
        return None
    if number is not None and number[0] == ".":
        return _process(text, found, None)
    fields = {"container": name}
    return Layer("docker compose", text[found.end() :], fields=fields, app=found["service"], stream=name)


def _is_container(text: str, found: re.Match[str]) -> bool:
    """Return whether a name is that of a container, and not the first column of a table."""
    padded = len(found["pad"]) > 1
    if found["number"] is None:
        head = _LOOKS_LIKE_HEAD.match(text, found.end()) is not None
        if parse_level(found["name"]) != UNKNOWN or not (head or (padded and text[0].islower())):
            return False
    elif padded:
        return True
    return not _is_row(text, found.end())


def _is_row(text: str, start: int) -> bool:
    """Return whether what follows a first column looks like the other columns of a table."""
    return _SECOND_COLUMN.match(text, start) is not None and not _LOOKS_LIKE_HEAD.match(text, start)


def from_clock(text: str, context: Context) -> Layer | None:
    """Return the layer of a line of foreman, honcho or goreman: `10:15:30 web.1  | …`."""
    found = _CLOCK_AND_PROCESS.match(text, 0, 160)
    if found is None or parse_level(found["name"]) != UNKNOWN:
        return None
    return _process(text, found, scan_time(text, 0, context))


def from_number(text: str) -> Layer | None:
    """Return the layer of a line of pm2: `0|app  | …`."""
    found = _PM2.match(text, 0, 140)
    if found is None or _is_row(text, found.end()):
        return None
    name = found["name"]
    return Layer("pm2", text[found.end() :], fields={"process": name}, app=name, stream=found[0])


def _process(text: str, found: re.Match[str], time: FoundTime | None) -> Layer:
    """Return the layer of a process of a Procfile."""
    name = found["name"]
    layer = timed("procfile", text[found.end() :], time, fields={"process": name}, stream=name)
    layer.app = name.partition(".")[0]
    return layer


# ── Pods ────────────────────────────────────────────────────────────────────────────────────────────

_NAME = r"[a-z0-9](?:[a-z0-9.-]{0,240}[a-z0-9])?"
_CONTAINER = r"(?P<container>[a-z0-9][a-z0-9-]{0,62})"
# The names that Deployments and DaemonSets give: shop-7d9c8b6f5-x2k4q, shop-x2k4q.
_SUFFIX = r"(?=\d{0,4}[a-z])[bcdfghjklmnpqrstvwxz2456789]{5}"
_SET = rf"(?P<of>[a-z0-9][a-z0-9.-]{{0,200}}?)-(?:[a-z0-9]{{6,10}}-)?{_SUFFIX}"
# Other names can be words of a text, `step-1 of the build`, unless a logged line begins after them.
_BEGINS = r"(?:\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d| \d\d:\d\d:\d\d(?:[.,]\d{1,9})? )|\{\")"
_SET_ALONE = re.compile(rf"{_SET}\Z")
_STERN = re.compile(
    rf"(?:(?P<namespace>[a-z0-9][a-z0-9-]{{0,62}}) )?"
    rf"(?P<pod>{_SET}) (?:[›>] )?{_CONTAINER} (?:[│|] )?"
)
_STERN_BEFORE_HEAD = re.compile(
    rf"(?:(?P<namespace>[a-z0-9][a-z0-9-]{{0,62}}) )?"
    rf"(?P<named>(?P<instance_of>[a-z][a-z0-9-]{{0,200}}?)-(?:\d{{1,3}}|(?=[a-z0-9]{{0,9}}\d)[a-z0-9]{{2,10}}"
    rf"(?:-[a-z0-9]{{4,10}})?)) (?=[a-z0-9-]{{1,63}} {_BEGINS}){_CONTAINER} "
)
_KAIL = re.compile(rf"(?P<namespace>[a-z0-9-]{{1,63}})/(?P<pod>{_NAME})\[{_CONTAINER}\]: ?")
_KUBECTL = re.compile(rf"\[pod/(?P<pod>{_NAME})/{_CONTAINER}\] ?")
_KUBETAIL = re.compile(rf"\[(?P<pod>{_SET})(?: {_CONTAINER})?\] ?")


def before_space(text: str, space: int) -> Layer | None:
    """Return the layer of a line of stern or kail, whose first space is at index `space`."""
    if text[space - 2 : space] == "]:":
        found = _KAIL.match(text, 0, FRONT) if "/" in text[:space] else None
        return _in_pod("kail", text, found) if found and "-" in found["pod"] else None
    if not text[0].islower():
        return None
    found = _STERN.match(text, 0, FRONT)
    if found is None and (' {"' in text[:400] or " 20" in text[:400]):
        found = _STERN_BEFORE_HEAD.match(text, 0, FRONT)
    return _in_pod("stern", text, found) if found else None


def from_bracket(text: str) -> Layer | None:
    """Return the layer of a line of `kubectl logs --prefix` or kubetail."""
    if text.startswith("[pod/"):
        found = _KUBECTL.match(text, 0, FRONT)
        return _in_pod("kubectl", text, found) if found else None
    found = _KUBETAIL.match(text, 0, FRONT)
    return _in_pod("kubetail", text, found) if found else None


def _in_pod(name: str, text: str, found: re.Match[str]) -> Layer:
    groups = found.groupdict()
    groups["pod"] = groups.get("pod") or groups.get("named")
    fields = {key: groups[key] for key in ("namespace", "pod", "container") if groups.get(key)}
    of_set = _SET_ALONE.match(groups["pod"] or "")
    app = of_set["of"] if of_set else groups.get("instance_of") or groups.get("container") or ""
    stream = f"{fields.get('pod', '')}/{fields.get('container', '')}"
    return Layer(name, text[found.end() :], fields=fields, app=app, stream=stream)
