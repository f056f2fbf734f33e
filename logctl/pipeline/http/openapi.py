"""The API described for programs (OpenAPI 3.1), and the one list of its routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from logctl import __version__
from logctl.core import levels
from logctl.core.access import PATTERN as APP_PATTERN
from logctl.core.appid import PATTERN as APPID
from logctl.pipeline.http.answers import MOST_BUCKETS, MOST_RECORDS
from logctl.pipeline.http.params import LONGEST_CURSOR, LONGEST_SEARCH, MOST_APPS

Schema = Mapping[str, Any]


def _object(properties: Schema, *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


def _list(items: Schema) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_TEXT = {"type": "string"}
_OPAQUE = {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{1,{LONGEST_CURSOR}}}$"}
_COUNT = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}
_LEVELS = [*levels.ORDER, levels.UNKNOWN]
_LEVEL = {"type": "string", "enum": _LEVELS}
_POINT = {
    "anyOf": [{"type": "string", "pattern": r"^([1-9][0-9]{0,3}[smhdw]){1,2}$"}, _TIME],
    "examples": ["15m", "1h30m", "2026-01-31T08:15:00Z"],
}
_APP = {"type": "string", "pattern": f"^{APPID}$"}

_RECORD = _object(
    {
        "ts": _TIME,
        "appid": _APP,
        "level": _LEVEL,
        "message": _TEXT,
        "event_id": _TEXT,
        "fields": {"type": "object"},
        "flags": _list(_TEXT),
    },
    optional=("fields", "flags"),
)
_APP_AGE = _object({"appid": _APP, "newest_at": _or_null(_TIME), "lag_ms": _or_null(_COUNT)})
_ALERT = _object(
    {
        "key": _TEXT,
        "appid": _APP,
        "level": _LEVEL,
        "state": {"type": "string", "enum": ["OPEN", "CLOSED"]},
        "next": _TEXT,
        "window_left_ms": _COUNT,
        "counted": _COUNT,
        "reported": _COUNT,
        "held_back": _COUNT,
        "last_alert_at": _or_null(_TIME),
        "last_alert_id": _or_null(_TEXT),
        "last_event_at": _TIME,
        "silenced_until": _or_null(_TIME),
        "kind": _TEXT,
        "sample": _or_null(_TEXT),
    }
)
_SILENCE = _object(
    {
        "target": _TEXT,
        "active": {"type": "boolean"},
        "until": _TIME,
        "author": _TEXT,
        "comment": _TEXT,
        "created_at": _TIME,
    }
)
_ERROR = _object({"error": _TEXT, "hint": _TEXT, "message": _TEXT}, optional=("error", "hint", "message"))


def _parameter(name: str, about: str, schema: Schema, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "required": required, "schema": schema}


_PARAMETERS = {
    "app": _parameter(
        "app",
        "Names and globs (`checkout,web-*`), separated by commas; without, every app one may read.",
        {"type": "string", "pattern": f"^{APP_PATTERN}(,{APP_PATTERN}){{0,{MOST_APPS - 1}}}$"},
    ),
    "since": _parameter(
        "since",
        "From when: a duration back from now (15m, 2h, 3d) or a time. Default: 15m.",
        _POINT,
    ),
    "until": _parameter(
        "until",
        "Until when, exclusive, likewise. Default: now, and what is stamped ahead of it.",
        _POINT,
    ),
    "level": _parameter("level", "The least level; UNKNOWN for records without one.", _LEVEL),
    "q": _parameter(
        "q",
        "Plain text that the message or the fields hold, in any case.",
        {"type": "string", "maxLength": LONGEST_SEARCH},
    ),
    "limit": _parameter(
        "limit",
        "How many records at most.",
        {"type": "integer", "minimum": 1, "maximum": MOST_RECORDS, "default": 100},
    ),
    "buckets": _parameter(
        "buckets",
        "How many buckets at most; their length is one of a clock's face.",
        {"type": "integer", "minimum": 1, "maximum": MOST_BUCKETS, "default": 60},
    ),
    "cursor": _parameter(
        "cursor",
        "What an answer gave under next or live, with the same app, level and q.",
        _OPAQUE,
    ),
}
_CURSOR = _or_null(_OPAQUE)


@dataclass(frozen=True)
class Route:
    """One route. A public one takes no token: the page, its files and this document."""

    path: str
    about: str
    answer: Schema | None = None
    parameters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    public: bool = field(default=False, kw_only=True)

    @property
    def key(self) -> str:
        """As API Gateway calls it."""
        return f"GET {self.path}"


ROUTES = (
    Route("/", "The dashboard.", public=True),
    Route("/assets/{file}", "The dashboard's scripts and styles.", public=True),
    Route("/openapi.json", "This document.", public=True),
    Route(
        "/session",
        "Who the token is of, and which apps it may read.",
        _object({"user": _TEXT, "apps": _list(_TEXT), "expires_at": _TIME}),
    ),
    Route(
        "/apps",
        "The apps that have sent lately, with the time of their newest record.",
        _object({"apps": _list(_APP_AGE)}),
    ),
    Route(
        "/logs",
        "Records, newest first, a page at a time. What arrives between pages moves no record.",
        _object(
            {
                "records": _list(_RECORD),
                "since": _TIME,
                "until": _TIME,
                "covers_since": _TIME,
                "next": _CURSOR,
                "live": _CURSOR,
                "complete": {"type": "boolean"},
            }
        ),
        ("app", "since", "until", "level", "q", "limit", "cursor"),
    ),
    Route(
        "/logs/live",
        "What arrived since the page or the poll that gave the cursor, oldest first.",
        _object({"records": _list(_RECORD), "skipped": _COUNT, "live": _TEXT}),
        ("app", "level", "q", "cursor"),
        required=("cursor",),
    ),
    Route(
        "/counts",
        "Counts by level over time.",
        _object(
            {
                "since": _TIME,
                "until": _TIME,
                "step_ms": _COUNT,
                "buckets": _list(
                    _object(
                        {"at": _TIME, "counts": {"type": "object", "additionalProperties": _COUNT}},
                    )
                ),
                "total": _COUNT,
                "complete": {"type": "boolean"},
            }
        ),
        ("app", "since", "until", "level", "q", "buckets"),
    ),
    Route(
        "/alerts",
        "Kinds of error that are open or have something held back, and the silences.",
        _object({"window_ms": _COUNT, "alerts": _list(_ALERT), "silences": _list(_SILENCE)}),
    ),
    Route(
        "/health",
        "How the pipeline is, as far as it concerns the apps one may read; queues and quarantine are null "
        "without app:*.",
        _object(
            {
                "status": {"type": "string", "enum": ["ok", "warning", "failing"]},
                "problems": _list(_TEXT),
                "checked_at": _TIME,
                "queue": _or_null(_object({"waiting": _COUNT, "in_flight": _COUNT})),
                "dead_letter_queue": _or_null(_object({"waiting": _COUNT})),
                "quarantine": _or_null(_object({"last_24h": _COUNT, "complete": {"type": "boolean"}})),
                "alerts": _object({"open": _COUNT, "held_back": _COUNT, "overdue": _COUNT}),
                "apps": _list(_APP_AGE),
            }
        ),
    ),
)
"""API Gateway's routes, the handler and the document are all made from this."""


def document() -> dict[str, Any]:
    """The description of the routes that answer JSON."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "logctl",
            "version": __version__,
            "description": "Logs, counts, alerts and health of one logctl environment. Read-only.",
        },
        "servers": [{"url": "./"}],
        "security": [{"token": []}],
        "paths": {route.path: {"get": _operation(route)} for route in ROUTES if route.answer},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"Record": _RECORD, "Alert": _ALERT, "Silence": _SILENCE, "Error": _ERROR},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    refused = {
        "400": "A parameter is wrong; the sentence says which.",
        "401": "There is no token, or it does not count.",
        "403": "The token allows no app, or not this one.",
        "429": "Too many requests, or too many at once: try again, after Retry-After where it is given.",
        "503": "A store does not answer: try again after Retry-After.",
        "504": "There is more to read than fits the time of one request; ask for less.",
    }
    return {
        "operationId": route.path.strip("/").replace("/", "_"),
        "summary": route.about,
        "parameters": [
            {**_PARAMETERS[name], "required": name in route.required} for name in route.parameters
        ],
        "responses": {
            "200": {"description": route.about, "content": _content(route.answer or {})},
            **{
                status: {"description": about, "content": _content(_ERROR)}
                for status, about in refused.items()
            },
        },
    }


def _content(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
