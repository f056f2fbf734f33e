"""The API described for programs, as an OpenAPI 3.1 document."""

from __future__ import annotations

from typing import Any

from logctl import __version__
from logctl.pipeline.http.routes import ROUTES, ApiRoute
from logctl.pipeline.http.schemas import ALERT, ERROR, PARAMETERS, RECORD, SILENCE, Schema

_REFUSALS = {
    "400": "A parameter is invalid; the error names it.",
    "401": "The token is missing or invalid.",
    "403": "The token does not allow reading this app, or any app.",
    "429": "Too many requests: try again, after the seconds in Retry-After where the answer has it.",
    "503": "A store does not answer: try again after the seconds in Retry-After.",
    "504": "Reading all of it takes longer than one request may; ask for less.",
}


def document() -> dict[str, Any]:
    """Return the description of the routes that answer JSON; public routes are not part of it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "logctl",
            "version": __version__,
            "description": "Logs, counts, alerts and health of one logctl environment. Read-only.",
        },
        # The document may be served under a path, as in the sandbox.
        "servers": [{"url": "./"}],
        "security": [{"token": []}],
        "paths": {route.path: {"get": _operation(route)} for route in ROUTES if isinstance(route, ApiRoute)},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"Record": RECORD, "Alert": ALERT, "Silence": SILENCE, "Error": ERROR},
        },
    }


def _operation(route: ApiRoute) -> dict[str, Any]:
    return {
        "operationId": route.path.strip("/").replace("/", "_"),
        "summary": route.summary,
        "parameters": [{**PARAMETERS[name], "required": name in route.required} for name in route.parameters],
        "responses": {
            "200": {"description": route.summary, "content": _content(route.answer)},
            **{
                status: {"description": text, "content": _content(ERROR)}
                for status, text in _REFUSALS.items()
            },
        },
    }


def _content(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
