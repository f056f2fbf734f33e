"""The HTTP API in this process: requests with the claims of a token, and records to read."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from logctl.pipeline.api import Api
from logctl.pipeline.config import ApiConfig
from tests.helpers.messages import event, packed, records
from tests.helpers.pipeline import Pipeline

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/pool"


@dataclass
class Site:
    """The API and somebody with a token."""

    api: Api
    pipeline: Pipeline
    config: ApiConfig
    groups: tuple[str, ...] = ("app:checkout", "app:web-*")

    def claims(self, **changes: Any) -> dict[str, Any]:
        made = {
            "iss": ISSUER,
            "sub": "42",
            "client_id": "web",
            "token_use": "access",
            "username": "anna",
            "exp": self.pipeline.clock() // 1000 + 600,
            "cognito:groups": list(self.groups),
            **changes,
        }
        return {name: value for name, value in made.items() if value is not None}

    def event(self, route: str, query: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        claims = self.claims()
        path = route.partition(" ")[2]
        return {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "headers": {"authorization": f"Bearer {token(claims)}"},
            "queryStringParameters": query,
            "requestContext": {
                "requestId": "r-1",
                "authorizer": {"jwt": {"claims": {name: str(value) for name, value in claims.items()}}},
            },
            **more,
        }

    def get(self, path: str, code: int = 200, **query: Any) -> Any:
        texts = {name: str(value) for name, value in query.items()} or None
        answer = self.api.answer(self.event(f"GET {path}", texts))
        assert answer["statusCode"] == code, answer["body"]
        return json.loads(answer["body"])


def token(claims: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2ln"


def send(site: Site, *, app: str = "checkout", count: int = 5, name: str = "m1", **more: Any) -> None:
    site.pipeline.consumer.process(event(packed(records(count, app=app, **more), name=name)))
