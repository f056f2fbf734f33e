"""JSON Schemas of the API's parameters and responses, which describe its routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logctl.core import levels
from logctl.core.access import PATTERN as APP_PATTERN
from logctl.core.appid import PATTERN as APPID
from logctl.pipeline.http.answers import MOST_BUCKETS, MOST_RECORDS
from logctl.pipeline.http.params import LONGEST_CURSOR, LONGEST_SEARCH, MOST_APPS

Schema = Mapping[str, Any]


def object_of(properties: Schema, *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the schema of an object with these properties and no others."""
    required = [name for name in properties if name not in optional]
    return {
        "type": "object",
        "properties": dict(properties),
        "required": required,
        "additionalProperties": False,
    }


def list_of(items: Schema) -> dict[str, Any]:
    return {"type": "array", "items": items}


def or_null(schema: Schema) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


TEXT = {"type": "string"}
FLAG = {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 0}
TIME = {"type": "string", "format": "date-time"}
_CURSOR = {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{1,{LONGEST_CURSOR}}}$"}
CURSOR_OR_NULL = or_null(_CURSOR)
_LEVELS = [*levels.ORDER, levels.UNKNOWN]
_LEVEL = {"type": "string", "enum": _LEVELS}
_TIME_OR_DURATION = {
    "anyOf": [{"type": "string", "pattern": r"^([1-9][0-9]{0,3}[smhdw]){1,2}$"}, TIME],
    "examples": ["15m", "1h30m", "2026-01-31T08:15:00Z"],
}
_APP = {"type": "string", "pattern": f"^{APPID}$"}

RECORD = object_of(
    {
        "ts": TIME,
        "appid": _APP,
        "level": _LEVEL,
        "message": TEXT,
        "event_id": TEXT,
        "fields": {"type": "object"},
        "flags": list_of(TEXT),
    },
    optional=("fields", "flags"),
)
GONE = object_of({"records": COUNT, "messages": COUNT})
"""Records that were asked for and are no longer in S3, and the messages that they came in."""
APP_AGE = object_of({"appid": _APP, "newest_at": or_null(TIME), "lag_ms": or_null(COUNT)})
ALERT = object_of(
    {
        "key": TEXT,
        "appid": _APP,
        "level": _LEVEL,
        "state": {"type": "string", "enum": ["OPEN", "CLOSED"]},
        "next": TEXT,
        "window_left_ms": COUNT,
        "counted": COUNT,
        "reported": COUNT,
        "held_back": COUNT,
        "last_alert_at": or_null(TIME),
        "last_alert_id": or_null(TEXT),
        "last_event_at": TIME,
        "silenced_until": or_null(TIME),
        "kind": TEXT,
        "sample": or_null(TEXT),
    }
)
SILENCE = object_of(
    {
        "target": TEXT,
        "active": FLAG,
        "until": TIME,
        "author": TEXT,
        "comment": TEXT,
        "created_at": TIME,
    }
)
# `message` is API Gateway's own: it answers before the function is called, and knows no hints.
ERROR = object_of({"error": TEXT, "hint": TEXT, "message": TEXT}, optional=("error", "hint", "message"))


def _parameter(name: str, description: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "required": False, "schema": schema}


_LISTED = (
    _parameter(
        "app",
        "Names of apps and globs, separated by commas: `checkout,web-*`. Default: every app that the token "
        "may read.",
        {"type": "string", "pattern": f"^{APP_PATTERN}(,{APP_PATTERN}){{0,{MOST_APPS - 1}}}$"},
    ),
    _parameter(
        "since",
        "Start of the time range, inclusive: a time, or a duration back from now (15m, 2h, 3d). "
        "Default: 15m.",
        _TIME_OR_DURATION,
    ),
    _parameter(
        "until",
        "End of the time range, exclusive: a time, or a duration back from now. Default: now, plus the "
        "records whose timestamps are ahead of it.",
        _TIME_OR_DURATION,
    ),
    _parameter("level", "Lowest level to include; UNKNOWN selects the records without a level.", _LEVEL),
    _parameter(
        "q",
        "Plain text to find in the message or the fields; upper and lower case are the same.",
        {"type": "string", "maxLength": LONGEST_SEARCH},
    ),
    _parameter(
        "limit",
        "Maximum number of records.",
        {"type": "integer", "minimum": 1, "maximum": MOST_RECORDS, "default": 100},
    ),
    _parameter(
        "buckets",
        "Maximum number of buckets. Their length is a round duration, such as 5s, 1m or 6h: the shortest "
        "that needs no more buckets than this.",
        {"type": "integer", "minimum": 1, "maximum": MOST_BUCKETS, "default": 60},
    ),
    _parameter(
        "step",
        "Length of the buckets in place of `buckets`: the `step_ms` of an earlier answer as seconds (300s), "
        "to ask for its last buckets again, with `since` of the first of them.",
        {"type": "string", "pattern": r"^([1-9][0-9]{0,8}[smhdw]){1,2}$", "examples": ["300s", "1h"]},
    ),
    _parameter(
        "cursor",
        "The `next` or `live` of an earlier answer. It is valid with the same app, level and q only.",
        _CURSOR,
    ),
)
PARAMETERS = {str(parameter["name"]): parameter for parameter in _LISTED}
"""Query parameters as OpenAPI describes them, by name."""
