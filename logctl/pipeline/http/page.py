"""The API's routes without a token: the dashboard's page and files, and the description of the API."""

from __future__ import annotations

import html
import json
import urllib.request
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from logctl import __version__
from logctl.pipeline.config import ApiConfig
from logctl.pipeline.function_log import log
from logctl.pipeline.http.http_errors import NotFound, Unavailable
from logctl.pipeline.http.responses import SEALED, Event, Response, json_response, ok

_DASHBOARD = Path(__file__).resolve().parent.parent.parent / "dashboard"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

Fetch = Callable[[str], bytes]


class PublicPages:
    """The public part of the API, one method per route.

    `fetch` gets a document from the identity provider, `describe` returns the OpenAPI document.
    """

    def __init__(self, config: ApiConfig, fetch: Fetch, describe: Callable[[], Mapping[str, Any]]) -> None:
        self._config = config
        self._fetch = fetch
        self._describe = describe

    def index(self, _: Event) -> Response:
        """Return the page, with its configuration in it.

        Raises:
            Unavailable: the identity provider does not name its endpoints.
        """
        try:
            authorize, token = _endpoints(self._config, self._fetch)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log("issuer_failed", error=type(error).__name__)
            raise Unavailable(
                "The identity provider does not say where to sign in.", "Try again in a moment."
            ) from None
        told = {
            "environment": self._config.stack,
            "version": __version__,
            "authorize_url": authorize,
            "token_url": token,
            "logout_url": self._config.logout_url,
            "client_id": self._config.client_id,
            "scope": "openid",
        }
        text = (_DASHBOARD / "index.html").read_text(encoding="utf-8")
        headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": _content_policy(token),
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
        }
        return ok(text.replace("{{config}}", html.escape(json.dumps(told), quote=True)), headers)

    def asset(self, event: Event) -> Response:
        """Return one of the page's files.

        Raises:
            NotFound: there is no file of this name.
        """
        name = str((event.get("pathParameters") or {}).get("file"))
        path = _assets().get(name)
        if path is None:
            raise NotFound("There is no such file.")
        headers = {"content-type": _TYPES[path.suffix], "content-security-policy": SEALED}
        return ok(path.read_text(encoding="utf-8"), headers)

    def api_description(self, _: Event) -> Response:
        return json_response(self._describe())


def _content_policy(token_url: str) -> str:
    """Return the page's content security policy.

    It allows the page's own scripts and styles, and requests to the API and to the host that issues tokens.
    """
    parts = urlsplit(token_url)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {parts.scheme}://{parts.netloc}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _assets() -> dict[str, Path]:
    """Return the page's files by name.

    A name from a request is looked up here and never becomes part of a path.
    """
    return {path.name: path for path in (_DASHBOARD / "assets").iterdir() if path.suffix in _TYPES}


def _endpoints(config: ApiConfig, fetch: Fetch) -> tuple[str, str]:
    """Return the URLs for signing in and for getting tokens.

    They are those of the configuration, or those that the issuer publishes (OpenID Connect Discovery).
    """
    if config.authorize_url and config.token_url:
        return config.authorize_url, config.token_url
    found = json.loads(fetch(f"{config.issuer.rstrip('/')}/.well-known/openid-configuration"))
    return str(found["authorization_endpoint"]), str(found["token_endpoint"])


@cache
def fetch(url: str) -> bytes:
    """Return a document of the identity provider; each container asks for it once."""
    if not url.startswith("https://"):
        raise ValueError("an issuer is asked over https only")
    with urllib.request.urlopen(url, timeout=3) as reply:  # noqa: S310 - https, from the settings
        body: bytes = reply.read(1_000_000)
        return body
