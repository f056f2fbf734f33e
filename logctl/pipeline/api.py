"""The HTTP API's function: API Gateway has checked the token; this checks its claims again and answers.

Read-only, JSON. Which method answers a route is in `http.routes`. Every error becomes a response of one
sentence. An unexpected error is logged under the request's id, and the response names only that id.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, assert_never

from botocore.config import Config
from botocore.exceptions import ClientError

from logctl.aws.clients import Aws
from logctl.aws.clock import wall_clock
from logctl.aws.error_codes import TROUBLE, Trouble, trouble_of
from logctl.core import strictjson
from logctl.core.access import Access, Issuer, NotAuthentic, access_of, same_token
from logctl.pipeline.config import ApiConfig
from logctl.pipeline.function_log import log, where_of
from logctl.pipeline.http import openapi, page
from logctl.pipeline.http.answers import Answers, ApiRequest
from logctl.pipeline.http.budget import Budget, BudgetExceeded, patience, watch
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
from logctl.pipeline.http.responses import Event, Response, json_response, refusal
from logctl.pipeline.http.routes import ROUTES, ApiRoute, PublicRoute

_TOKEN = re.compile(r"(?:bearer +)?[\w-]+\.([\w-]+)\.[\w-]*", re.IGNORECASE | re.ASCII)
_BY_KEY = {route.key: route for route in ROUTES}


class Api:
    """Answers events. Clients, configuration and clock (milliseconds) are passed in."""

    def __init__(
        self, aws: Aws, config: ApiConfig, *, clock: Callable[[], int], fetch: page.Fetch = page.fetch
    ) -> None:
        self._config = config
        self._clock = clock
        self._issuer = Issuer(config.issuer, config.audience, config.groups_claim, config.resource_server)
        self._budget = Budget(config.api_timeout)
        watch(aws, lambda: self._budget)
        self._answers = Answers(aws, config, clock=clock)
        self._pages = page.PublicPages(config, fetch, openapi.document)

    def answer(self, event: Event, *, remaining: Callable[[], int] = lambda: 10**9) -> Response:
        """Return the response to a request; never raises.

        Args:
            event: the request.
            remaining: milliseconds until Lambda ends the function.
        """
        self._budget = Budget(self._config.api_timeout, remaining)
        try:
            return self._route(event)
        except ApiError as problem:
            return refusal(problem)
        except BudgetExceeded:
            log("api_out_of_time", request=_id(event), route=event.get("routeKey"))
            hint = "Ask for less: name some apps (app=checkout,web-*), or a shorter range."
            return refusal(TookTooLong("Reading all of it takes longer than one request may.", hint))
        except TROUBLE as error:
            log("api_failed", request=_id(event), error=str(error))
            if isinstance(error, ClientError) and trouble_of(error) is Trouble.DENIED:
                hint = "Its role may be of an earlier version: logctl provision"
                return refusal(Unavailable("The API is not permitted to read its stores.", hint))
            return refusal(Unavailable("The stores do not answer.", "Try again in a moment."))
        except Exception as error:  # noqa: BLE001 - a traceback may contain what somebody logged
            log("api_bug", request=_id(event), error=type(error).__name__, where=where_of(error))
            hint = f"The API's log says more under {_id(event)}."
            return json_response({"error": "Something went wrong in the API.", "hint": hint}, 500)

    def _route(self, event: Event) -> Response:
        match _BY_KEY.get(event.get("routeKey", "")):
            case None:
                raise NotFound("There is no such route.", "The routes are listed in openapi.json.")
            case PublicRoute() as route:
                return route.handler(self._pages, event)
            case ApiRoute() as route:
                return json_response(route.handler(self._answers, self._request(event, route)))
            case unknown:
                assert_never(unknown)

    def _request(self, event: Event, route: ApiRoute) -> ApiRequest:
        """Return the request for `Answers`, after its token, rights and parameters are checked."""
        access = self._access(event)
        params = _params(event.get("queryStringParameters"))
        if not access.apps and not route.for_any_token:
            # An empty answer would claim that there is nothing, to somebody who may not know that.
            raise Forbidden("You may read no app.", "Reading an app needs a group such as app:checkout.")
        params.only(*route.parameters)
        return ApiRequest(access, params, self._clock(), self._budget)

    def _access(self, event: Event) -> Access:
        """Return the access of the sender of a request, from the claims of the token.

        Raises:
            Unauthorized: API Gateway's authorizer has not checked a token, or has checked another one.
        """
        vouched: Any = event
        for name in ("requestContext", "authorizer", "jwt", "claims"):
            vouched = vouched.get(name) if isinstance(vouched, Mapping) else None
        if not vouched or not isinstance(vouched, Mapping):
            raise Unauthorized("This route needs a token.", "Send: Authorization: Bearer TOKEN")
        headers = event.get("headers")
        claims = _claims(headers.get("authorization") if isinstance(headers, Mapping) else None)
        # API Gateway passes claims on as text only; lists, such as groups, are in the token itself. Both have
        # to come from the same token, because only the authorizer's was checked.
        if not same_token(claims, vouched, self._issuer):
            raise Unauthorized("The token is not the one that API Gateway checked.")
        try:
            return access_of(claims, self._issuer, self._clock())
        except NotAuthentic as problem:
            raise Unauthorized(f"The token is not accepted: {problem}.", "Sign in again.") from None


def _params(given: object) -> Params:
    if not given:
        return Params({})
    if not isinstance(given, Mapping) or not all(
        isinstance(item, str) for pair in given.items() for item in pair
    ):
        raise BadRequest("The parameters cannot be read.")
    return Params(given)


def _claims(authorization: object) -> dict[str, Any]:
    """Return the claims of the token in an Authorization header.

    The header has to contain exactly one token: of two, API Gateway might have checked the other.

    Raises:
        Unauthorized: it is something else, or the token is not made as a JWT is.
    """
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


def _id(event: Event) -> str:
    return str((event.get("requestContext") or {}).get("requestId", "no id"))


@cache
def _api() -> Api:
    import boto3

    config = ApiConfig.from_env(os.environ)
    aws = Aws(boto3.Session(), calls=Config(**patience(config.api_timeout)))
    return Api(aws, config, clock=wall_clock)


def handler(event: Event, context: Any) -> Response:
    """Answer one request: Lambda's entry point."""
    return _api().answer(event, remaining=context.get_remaining_time_in_millis)
