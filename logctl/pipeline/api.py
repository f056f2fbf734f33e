"""The HTTP API: API Gateway has checked the token, this checks its claims again and answers.

Read-only, JSON, one answer a route. Whatever goes wrong, the answer is one sentence; what we did not expect
is in the log under the request's id, and nowhere else.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypedDict

from botocore.config import Config

from logctl.aws.clients import Aws
from logctl.aws.error_codes import TROUBLE
from logctl.core import strictjson
from logctl.core.access import Access, Issuer, NotAuthentic, access_of, same_token
from logctl.pipeline.config import ApiConfig
from logctl.pipeline.consumer import wall_clock
from logctl.pipeline.function_log import log, where_of
from logctl.pipeline.http import openapi, page
from logctl.pipeline.http.answers import Answers, Request
from logctl.pipeline.http.budget import Budget, OutOfTime, patience, watch
from logctl.pipeline.http.http_errors import (
    ApiError,
    BadRequest,
    Forbidden,
    NotFound,
    TookTooLong,
    Unauthorized,
    Unavailable,
)
from logctl.pipeline.http.params import Params

RETRY_AFTER = 2
"""Seconds; what who is refused for lack of room is told to wait."""


_TOKEN = re.compile(r"(?:bearer +)?[\w-]+\.([\w-]+)\.[\w-]*", re.IGNORECASE | re.ASCII)


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
        self._issuer = Issuer(config.issuer, config.audience, config.groups_claim, config.resource_server)
        self._budget = Budget(config.api_timeout)
        watch(aws, lambda: self._budget)
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
        self._budget = Budget(self._config.api_timeout, remaining)
        try:
            return self._route(event)
        except ApiError as problem:
            return _refusal(problem)
        except OutOfTime:
            log("api_out_of_time", request=_id(event), route=event.get("routeKey"))
            hint = "Ask for less: name some apps (app=checkout,web-*), or a shorter range."
            return _refusal(TookTooLong("There is more to read than fits the time of one request.", hint))
        except TROUBLE as error:
            log("api_failed", request=_id(event), error=str(error))
            return _refusal(Unavailable("The stores do not answer.", "Try again in a moment."))
        except Exception as error:  # noqa: BLE001 - a traceback may hold what somebody logged
            log("api_bug", request=_id(event), error=type(error).__name__, where=where_of(error))
            hint = f"The API's log says more under {_id(event)}."
            return _json({"error": "Something went wrong in the API.", "hint": hint}, 500)

    def _route(self, event: Mapping[str, Any]) -> Response:
        route = event.get("routeKey", "")
        if route == "GET /":
            body, headers = self._index()
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
            _params(event.get("queryStringParameters")),
            self._clock(),
            self._budget,
        )
        if not request.access.apps and route != "GET /session":
            # An empty answer would say that there is nothing, to somebody who may not know.
            raise Forbidden("You may read no app.", "It takes a group such as app:checkout.")
        return _json(answer(request))

    def _index(self) -> tuple[str, dict[str, str]]:
        try:
            return page.index(self._config, self._fetch)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log("issuer_failed", error=type(error).__name__)
            raise Unavailable(
                "The identity provider does not say where to sign in.", "Try again in a moment."
            ) from None

    def _access(self, event: Mapping[str, Any]) -> Access:
        """Who asks. Fails closed: without an authorizer's word, nobody."""
        vouched: Any = event
        for name in ("requestContext", "authorizer", "jwt", "claims"):
            vouched = vouched.get(name) if isinstance(vouched, Mapping) else None
        if not vouched or not isinstance(vouched, Mapping):
            raise Unauthorized("This takes a token.", "Send: Authorization: Bearer TOKEN")
        headers = event.get("headers")
        claims = _claims(headers.get("authorization") if isinstance(headers, Mapping) else None)
        # API Gateway hands claims on as text only; the token itself has the lists. Both must be one token's.
        if not same_token(claims, vouched, self._issuer):
            raise Unauthorized("The token is not the one that was checked.")
        try:
            return access_of(claims, self._issuer, self._clock())
        except NotAuthentic as problem:
            raise Unauthorized(f"The token does not count: {problem}.", "Sign in again.") from None


def _params(given: object) -> Params:
    if not given:
        return Params({})
    if not isinstance(given, Mapping) or not all(
        isinstance(item, str) for pair in given.items() for item in pair
    ):
        raise BadRequest("The parameters cannot be read.")
    return Params(given)


def _claims(authorization: object) -> dict[str, Any]:
    """The claims in an Authorization header of exactly one token: of two, API Gateway may check the other."""
    given = _TOKEN.fullmatch(authorization.strip()) if isinstance(authorization, str) else None
    claims = None
    if given:
        body = given[1]
        try:
            claims = strictjson.loads(base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True))
        except ValueError:
            claims = None
    if not isinstance(claims, dict):
        raise Unauthorized("The token cannot be read.")
    return claims


def _refusal(problem: ApiError) -> Response:
    answer = _json({"error": problem.message, "hint": problem.hint}, problem.status)
    if isinstance(problem, Unavailable):
        answer["headers"]["retry-after"] = str(RETRY_AFTER)
    return answer


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

    config = ApiConfig.from_env(os.environ)
    aws = Aws(boto3.Session(), calls=Config(**patience(config.api_timeout)))
    return Api(aws, config, clock=wall_clock)


def handler(event: Mapping[str, Any], context: Any) -> Response:
    """Lambda's entry point."""
    return _api().answer(event, remaining=context.get_remaining_time_in_millis)
