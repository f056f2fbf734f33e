"""The HTTP API: API Gateway has checked the token, this checks its claims again and answers.

Read-only, JSON, one answer a route. Whatever goes wrong, the answer is one sentence; what we did not expect
is in the log under the request's id, and nowhere else.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from logctl.core.access import Access, Issuer, NotAuthentic, access_of
from logctl.pipeline.clients import Aws
from logctl.pipeline.config import ApiConfig
from logctl.pipeline.consumer import wall_clock
from logctl.pipeline.http import openapi, page
from logctl.pipeline.http.answers import Answers, Request
from logctl.pipeline.http.errors import ApiError, Forbidden, NotFound, Unauthorized
from logctl.pipeline.http.params import Params
from logctl.pipeline.log import log, where_of

_FOR_THE_ANSWER = 10_000
"""Milliseconds kept for what comes after reading; a page that is not full by then says so."""


class Response(TypedDict):
    """What API Gateway takes (HTTP APIs, payload format version 2.0)."""

    statusCode: int
    headers: dict[str, str]
    body: str


class Api:
    """Answers events. Clients, configuration and clock are handed in."""

    def __init__(
        self, aws: Aws, config: ApiConfig, *, clock: Callable[[], int], fetch: page.Fetch = page.fetch
    ) -> None:
        self._config = config
        self._clock = clock
        self._fetch = fetch
        self._issuer = Issuer(config.issuer, config.audience, config.groups_claim)
        answers = Answers(aws, config, clock=clock)
        self._answers: dict[str, Callable[[Request], dict[str, Any]]] = {
            "GET /session": answers.session,
            "GET /apps": answers.apps,
            "GET /logs": answers.logs,
            "GET /logs/live": answers.live,
            "GET /counts": answers.counts,
            "GET /alerts": answers.alerts,
            "GET /health": answers.health,
        }

    def answer(self, event: Mapping[str, Any], *, remaining: Callable[[], int] = lambda: 10**9) -> Response:
        try:
            return self._route(event, remaining)
        except ApiError as problem:
            return _json({"error": problem.message, "hint": problem.hint}, problem.status)
        except (ClientError, BotoCoreError) as error:
            log("api_failed", request=_id(event), error=str(error))
            return _json({"error": "The stores do not answer.", "hint": "Try again in a moment."}, 503)
        except Exception as error:  # noqa: BLE001 - a traceback may hold what somebody logged
            log("api_bug", request=_id(event), error=type(error).__name__, where=where_of(error))
            hint = f"The API's log says more under {_id(event)}."
            return _json({"error": "Something went wrong in the API.", "hint": hint}, 500)

    def _route(self, event: Mapping[str, Any], remaining: Callable[[], int]) -> Response:
        route = event.get("routeKey", "")
        if route == "GET /":
            body, headers = page.index(self._config, self._fetch)
            return {"statusCode": 200, "headers": headers, "body": body}
        if route == "GET /assets/{file}":
            body, headers = page.asset(str((event.get("pathParameters") or {}).get("file")))
            return {"statusCode": 200, "headers": headers, "body": body}
        if route == "GET /openapi.json":
            return _json(openapi.document())
        answer = self._answers.get(route)
        if answer is None:
            raise NotFound("There is nothing here.", "What there is, openapi.json says.")
        request = Request(
            self._access(event),
            Params(event.get("queryStringParameters") or {}),
            self._clock(),
            lambda: remaining() < _FOR_THE_ANSWER,
        )
        if not request.access.apps and route != "GET /session":
            # An empty answer would say that there is nothing, to somebody who may not know.
            raise Forbidden("You may read no app.", "It takes a group such as app:checkout.")
        return _json(answer(request))

    def _access(self, event: Mapping[str, Any]) -> Access:
        """Who asks. Fails closed: without an authorizer's word, nobody."""
        authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
        vouched = (authorizer.get("jwt") or {}).get("claims")
        if not vouched:
            raise Unauthorized("This takes a token.", "Send: Authorization: Bearer TOKEN")
        claims = _claims((event.get("headers") or {}).get("authorization", ""))
        # API Gateway hands claims on as text only; the token itself has the lists. Both must be one token's.
        if any(str(claims.get(name)) != str(vouched.get(name)) for name in ("iss", "sub", "exp")):
            raise Unauthorized("The token is not the one that was checked.")
        try:
            return access_of(claims, self._issuer, self._clock())
        except NotAuthentic as problem:
            raise Unauthorized(f"The token does not count: {problem}.", "Sign in again.") from None


def _claims(authorization: str) -> dict[str, Any]:
    token = authorization.strip().rpartition(" ")[2]
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise Unauthorized("The token cannot be read.")
    return claims


def _json(value: Mapping[str, Any], status: int = 200) -> Response:
    headers = {
        **page.SECURITY_HEADERS,
        "content-type": "application/json; charset=utf-8",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }
    # ASCII only: nothing that a log holds can be taken for anything but JSON on the way.
    return {"statusCode": status, "headers": headers, "body": json.dumps(value)}


def _id(event: Mapping[str, Any]) -> str:
    return str((event.get("requestContext") or {}).get("requestId", "no id"))


@cache
def _api() -> Api:
    import boto3

    return Api(Aws(boto3.Session()), ApiConfig.from_env(os.environ), clock=wall_clock)


def handler(event: Mapping[str, Any], context: Any) -> Response:
    """Lambda's entry point."""
    return _api().answer(event, remaining=context.get_remaining_time_in_millis)
