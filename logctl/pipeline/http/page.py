"""The dashboard's files, and the headers under which a browser may run them."""

from __future__ import annotations

import html
import json
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from logctl import __version__
from logctl.pipeline.config import ApiConfig
from logctl.pipeline.http.http_errors import NotFound

_DASHBOARD = Path(__file__).resolve().parent.parent.parent / "dashboard"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_SEALED = "default-src 'none'; frame-ancestors 'none'"

Fetch = Callable[[str], bytes]


def index(config: ApiConfig, fetch: Fetch) -> tuple[str, dict[str, str]]:
    """The page with its configuration, and its headers."""
    authorize, token = endpoints(config, fetch)
    told = {
        "environment": config.stack,
        "version": __version__,
        "authorize_url": authorize,
        "token_url": token,
        "logout_url": config.logout_url,
        "client_id": config.client_id,
        "scope": "openid",
    }
    text = (_DASHBOARD / "index.html").read_text(encoding="utf-8")
    page = text.replace("{{config}}", html.escape(json.dumps(told), quote=True))
    return page, {
        **SECURITY_HEADERS,
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy(token),
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }


def policy(token_url: str) -> str:
    """Own scripts and styles only; the one other host that may be asked is the one that gives tokens."""
    parts = urlsplit(token_url)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src 'self' {parts.scheme}://{parts.netloc}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def asset(name: str) -> tuple[str, dict[str, str]]:
    """One of the page's files.

    Raises:
        NotFound: there is none of this name.
    """
    path = _assets().get(name)
    if path is None:
        raise NotFound("There is no such file.")
    return path.read_text(encoding="utf-8"), {
        **SECURITY_HEADERS,
        "content-type": _TYPES[path.suffix],
        "content-security-policy": _SEALED,
    }


@cache
def _assets() -> dict[str, Path]:
    """By name: what a request says is looked up, never opened."""
    return {path.name: path for path in (_DASHBOARD / "assets").iterdir() if path.suffix in _TYPES}


def endpoints(config: ApiConfig, fetch: Fetch) -> tuple[str, str]:
    """Where one signs in and gets tokens: as configured, or as the issuer says (OpenID Connect Discovery)."""
    if config.authorize_url and config.token_url:
        return config.authorize_url, config.token_url
    found = json.loads(fetch(f"{config.issuer.rstrip('/')}/.well-known/openid-configuration"))
    return str(found["authorization_endpoint"]), str(found["token_endpoint"])


@cache
def fetch(url: str) -> bytes:
    """What an issuer says of itself; it is asked once a container."""
    if not url.startswith("https://"):
        raise ValueError("an issuer is asked over https only")
    with urllib.request.urlopen(url, timeout=3) as reply:  # noqa: S310 - https, from the settings
        body: bytes = reply.read(1_000_000)
        return body
