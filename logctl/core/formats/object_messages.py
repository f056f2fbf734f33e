"""The message of a JSON object: a member, a template that is filled in, or the request of an access log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from logctl.core.formats.ansi import strip_codes
from logctl.core.formats.object_keys import LAST, LATER, LINES, NAMES, Kind, Trait
from logctl.core.formats.object_members import (
    DEPTH,
    NEVER,
    SEARCHED_FOR_MESSAGES_ONLY,
    FoundObject,
    Path,
    find,
)
from logctl.core.formats.reading import Reading

_MESSAGE, _PLACE = Kind.MESSAGE, Kind.PLACE


def read_message(found: FoundObject, reading: Reading, taken: list[Path]) -> tuple[float, int]:
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


def _messages(found: FoundObject) -> Iterator[tuple[float, Path, FoundObject, str]]:
    """Yield the members that can be the message, in order of preference, with their rank."""
    own = found.members[_MESSAGE]
    if found.members[_PLACE] and (not own or own[0][0] >= LATER):
        nested = [
            (LATER + rank if rank < LATER else rank + 1, path, holder, name)
            for rank, path, holder, name in _nested_messages(found, DEPTH)
        ]
        mine: list[Any] = [(rank, (), found, name) for rank, name in own]
        yield from sorted(mine + nested, key=lambda candidate: candidate[0])
        return
    for rank, name in own:
        yield rank, (), found, name


def _nested_messages(found: FoundObject, depth: int) -> Iterator[tuple[float, Path, FoundObject, str]]:
    for place, inner in found.places():
        lowered = place.lower()
        if lowered in NEVER[_MESSAGE]:
            continue
        last = lowered in SEARCHED_FOR_MESSAGES_ONLY
        for rank, name in inner.members[_MESSAGE]:
            if rank < NAMES or lowered in ("detail", "protopayload"):
                yield max(rank, LAST) if last else rank, (place,), inner, name
        if depth > 1 and inner.members[_PLACE]:
            for rank, path, holder, name in _nested_messages(inner, depth - 1):
                yield rank, (place, *path), holder, name


def _text_of(holder: FoundObject, name: str) -> str | None:
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
        if isinstance(item, Mapping) and lowered == "body" and find(item).members[_MESSAGE]:
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
