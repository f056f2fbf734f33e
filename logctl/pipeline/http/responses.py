"""Events and responses in the form that API Gateway uses, and the headers that every response has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypedDict

from logctl.pipeline.http.http_errors import ApiError, Unavailable

RETRY_AFTER = 2
"""Seconds that a client is told to wait when there is no room for its request or a store does not answer."""
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
SEALED = "default-src 'none'; frame-ancestors 'none'"
"""The content security policy of what loads nothing."""

Event = Mapping[str, Any]
"""A request as API Gateway passes it to the function (HTTP APIs, payload format version 2.0)."""


class Response(TypedDict):
    """A response as API Gateway takes it (HTTP APIs, payload format version 2.0)."""

    statusCode: int
    headers: dict[str, str]
    body: str


def ok(body: str, headers: Mapping[str, str]) -> Response:
    """Return a response with status 200, and the security headers besides its own."""
    return {"statusCode": 200, "headers": {**SECURITY_HEADERS, **headers}, "body": body}


def json_response(value: Mapping[str, Any], status: int = 200) -> Response:
    """Return an object as JSON."""
    headers = {
        **SECURITY_HEADERS,
        "content-type": "application/json; charset=utf-8",
        "content-security-policy": SEALED,
    }
    # ASCII only: nothing that a log message contains can be taken for anything but JSON on the way.
    return {"statusCode": status, "headers": headers, "body": json.dumps(value)}


def refusal(problem: ApiError) -> Response:
    """Return the response to a request that is not answered: a sentence, and what to do."""
    response = json_response({"error": problem.message, "hint": problem.hint}, problem.status)
    if isinstance(problem, Unavailable):
        response["headers"]["retry-after"] = str(RETRY_AFTER)
    return response
