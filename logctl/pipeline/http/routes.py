"""The API's routes, one row each: what a request gets, from which method, and how OpenAPI describes it.

The handler (`pipeline.api`) dispatches by these rows, OpenAPI's document (`openapi`) and API Gateway's routes
with their authorisation (`stack.resources.http_api`) are made from them. A new route is a method of `Answers`
and a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from logctl.pipeline.http.answers import Answers, ApiRequest
from logctl.pipeline.http.page import PublicPages
from logctl.pipeline.http.responses import Event, Response
from logctl.pipeline.http.schemas import (
    ALERT,
    APP_AGE,
    COUNT,
    CURSOR_OR_NULL,
    FLAG,
    GONE,
    RECORD,
    SILENCE,
    TEXT,
    TIME,
    Schema,
    list_of,
    object_of,
    or_null,
)


@dataclass(frozen=True, kw_only=True)
class _Route:
    path: str
    summary: str

    @property
    def key(self) -> str:
        """The route key of API Gateway."""
        return f"GET {self.path}"


@dataclass(frozen=True, kw_only=True)
class PublicRoute(_Route):
    """A route that takes no token: the page, its files, and the API's description."""

    handler: Callable[[PublicPages, Event], Response]


@dataclass(frozen=True, kw_only=True)
class ApiRoute(_Route):
    """A route that takes a token and answers JSON of the schema `answer`.

    `parameters` name rows of `schemas.PARAMETERS`; any other parameter is refused. `for_any_token` is for a
    route that also answers a token that may read no app.
    """

    handler: Callable[[Answers, ApiRequest], dict[str, Any]]
    answer: Schema
    parameters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    for_any_token: bool = False


Route = PublicRoute | ApiRoute

ROUTES: tuple[Route, ...] = (
    PublicRoute(path="/", summary="The dashboard.", handler=PublicPages.index),
    PublicRoute(
        path="/assets/{file}", summary="The dashboard's scripts and styles.", handler=PublicPages.asset
    ),
    PublicRoute(
        path="/openapi.json", summary="This description of the API.", handler=PublicPages.api_description
    ),
    ApiRoute(
        path="/session",
        summary="The user that the token identifies, and the apps that it may read.",
        handler=Answers.session,
        answer=object_of({"user": TEXT, "apps": list_of(TEXT), "expires_at": TIME}),
        # The page asks it to tell people that they may read nothing.
        for_any_token=True,
    ),
    ApiRoute(
        path="/apps",
        summary="The apps that have sent records lately, with the time of the newest record of each.",
        handler=Answers.apps,
        answer=object_of({"apps": list_of(APP_AGE)}),
    ),
    ApiRoute(
        path="/logs",
        summary="Records, newest first, one page at a time. Records that arrive between two requests do not "
        "shift the pages.",
        handler=Answers.logs,
        answer=object_of(
            {
                "records": list_of(RECORD),
                "since": TIME,
                "until": TIME,
                "covers_since": TIME,
                "next": CURSOR_OR_NULL,
                "live": CURSOR_OR_NULL,
                "complete": FLAG,
                "gone": GONE,
            }
        ),
        parameters=("app", "since", "until", "level", "q", "limit", "cursor"),
    ),
    ApiRoute(
        path="/logs/live",
        summary="Records that arrived after the answer that gave the cursor, oldest first.",
        handler=Answers.live,
        answer=object_of({"records": list_of(RECORD), "skipped": COUNT, "live": TEXT, "gone": GONE}),
        parameters=("app", "level", "q", "cursor"),
        required=("cursor",),
    ),
    ApiRoute(
        path="/counts",
        summary="Numbers of records by level over time. A range with buckets of minutes or more is widened "
        "to whole minutes.",
        handler=Answers.counts,
        answer=object_of(
            {
                "since": TIME,
                "until": TIME,
                "step_ms": COUNT,
                "buckets": list_of(
                    object_of({"at": TIME, "counts": {"type": "object", "additionalProperties": COUNT}})
                ),
                "total": COUNT,
                "complete": FLAG,
                "gone": GONE,
            }
        ),
        parameters=("app", "since", "until", "level", "q", "buckets", "step"),
    ),
    ApiRoute(
        path="/alerts",
        summary="Kinds of error with an open alert window or with suppressed events, and the silences.",
        handler=Answers.alerts,
        answer=object_of({"window_ms": COUNT, "alerts": list_of(ALERT), "silences": list_of(SILENCE)}),
    ),
    ApiRoute(
        path="/health",
        summary="State of the pipeline, as far as it concerns the apps that the token may read. Queues and "
        "quarantine contain messages of all apps and are null for a token without app:*.",
        handler=Answers.health,
        answer=object_of(
            {
                "status": {"type": "string", "enum": ["ok", "warning", "failing"]},
                "problems": list_of(TEXT),
                "checked_at": TIME,
                "queue": or_null(object_of({"waiting": COUNT, "in_flight": COUNT})),
                "dead_letter_queue": or_null(object_of({"waiting": COUNT})),
                "quarantine": or_null(object_of({"last_24h": COUNT, "complete": FLAG})),
                "alerts": object_of({"open": COUNT, "held_back": COUNT, "overdue": COUNT}),
                "apps": list_of(APP_AGE),
            }
        ),
    ),
)
