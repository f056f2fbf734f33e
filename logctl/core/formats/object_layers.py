"""JSON objects that are layers: they hold a line that a program wrote, and facts about where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logctl.core.formats.layer import Layer, timed
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import FoundTime
from logctl.core.formats.time_values import read_time_value

_TIMES = ("time", "@timestamp", "timestamp", "date")
_OF_AN_EVENT = ("message", "msg", "level", "severity", "levelname")
_MOST_FIELDS = 40


def unwrap_object(value: Mapping[str, Any], context: Context) -> Layer | None:
    """Return the layer that a JSON object is, or None if it is a log event of its own."""
    if isinstance(value.get("log"), str):
        if any(name in value for name in _OF_AN_EVENT):
            return None
        return _container(value, context)
    if isinstance(value.get("message"), str) and isinstance(value.get("podName"), str):
        return _stern(value)
    return None


def _time(value: Mapping[str, Any], context: Context) -> tuple[str, FoundTime | None]:
    for name in _TIMES:
        if name in value:
            return name, read_time_value(value[name], context)
    return "", None


def _container(value: Mapping[str, Any], context: Context) -> Layer:
    """Return the layer of a line of a container: of Docker's json-file, fluent-bit or FireLens."""
    line = str(value["log"])
    name, time = _time(value, context)
    rest = {key: item for key, item in value.items() if key not in ("log", "logtag", name)}
    layer = timed("docker", line.removesuffix("\n").removesuffix("\r"), time)
    layer.app = _take_attributes(rest) or _take_kubernetes(rest) or _take_task(rest)
    layer.partial = not line.endswith("\n") and name == "time" and "stream" in value
    layer.partial = layer.partial or value.get("logtag") == "P"
    layer.fields = dict(list(rest.items())[:_MOST_FIELDS])
    stream = rest.get("stream") or rest.get("source") or ""
    layer.stream = "/".join(
        str(part)[:200] for part in (rest.get("pod"), rest.get("container"), stream) if part
    )
    return layer


def _take_attributes(rest: dict[str, Any]) -> str:
    """Move Docker's `attrs` (labels and `tag`, as the driver's options say) to the fields; return the app."""
    attributes = rest.pop("attrs", None)
    if not isinstance(attributes, Mapping):
        return ""
    for key, item in attributes.items():
        rest.setdefault(key, item)
    return _text(attributes.get("com.docker.compose.service")) or _text(attributes.get("service"))


def _take_kubernetes(rest: dict[str, Any]) -> str:
    """Move what fluent-bit's filter says about the pod to the fields; return the app."""
    said = rest.get("kubernetes")
    if not isinstance(said, Mapping):
        return ""
    del rest["kubernetes"]
    for ours, theirs in _KUBERNETES.items():
        if isinstance(said.get(theirs), str):
            rest[ours] = said[theirs]
    labels = said.get("labels")
    if isinstance(labels, Mapping):
        for label in ("app.kubernetes.io/name", "app", "k8s-app"):
            if _text(labels.get(label)):
                return _text(labels[label])
    return _text(said.get("container_name"))


_KUBERNETES = {
    "pod": "pod_name",
    "namespace": "namespace_name",
    "container": "container_name",
    "host": "host",
    "image": "container_image",
}


def _take_task(rest: dict[str, Any]) -> str:
    """Move the container's name to the fields; return the app: the family of an ECS task."""
    if isinstance(rest.get("container_name"), str):
        rest["container"] = rest.pop("container_name").removeprefix("/")
    return _text(rest.get("ecs_task_definition")).partition(":")[0]


def _stern(value: Mapping[str, Any]) -> Layer:
    fields = {"pod": value["podName"]}
    for ours, theirs in {"namespace": "namespace", "container": "containerName", "host": "nodeName"}.items():
        if isinstance(value.get(theirs), str):
            fields[ours] = value[theirs]
    return Layer(
        "stern",
        str(value["message"]).removesuffix("\n").removesuffix("\r"),
        fields=fields,
        app=fields.get("container", ""),
        stream=f"{fields['pod']}/{fields.get('container', '')}",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
