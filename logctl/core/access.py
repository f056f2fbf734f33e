"""Who may read what: an identity's claims, turned into names and globs of apps.

A group `app:checkout` (or a scope `…/app:checkout` of a machine client) lets its bearer read that app,
`app:web-*` those that the glob names, `app:*` all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from logctl.core.appid import is_glob
from logctl.core.times import MINUTE, SECOND

PREFIX = "app:"
PATTERN = r"[a-z0-9*?](?:[a-z0-9_*?-]{0,62}[a-z0-9*?])?"
_PATTERN = re.compile(PATTERN)
_SKEW = MINUTE


class NotAuthentic(ValueError):
    """The claims are not those of a token for this API. The text says why, without quoting them."""


def is_pattern(text: object) -> bool:
    """Whether it names an app or, with `*` and `?`, several."""
    return isinstance(text, str) and _PATTERN.fullmatch(text) is not None


@dataclass(frozen=True)
class Access:
    """What one bearer may read. `expires_at` is in milliseconds."""

    user: str
    apps: tuple[str, ...]
    expires_at: int

    def may_read(self, app: str) -> bool:
        return any(fnmatchcase(app, pattern) for pattern in self.apps)

    def may_read_some_of(self, pattern: str) -> bool:
        """Whether a name or glob could name an app they may read, by the patterns alone."""
        return any(overlap(pattern, allowed) for allowed in self.apps)

    def readable(self, apps: Iterable[str]) -> list[str]:
        return [app for app in apps if self.may_read(app)]


def overlap(one: str, other: str) -> bool:
    """Whether some text fits both globs (of plain characters, `*` and `?`)."""
    if not (is_glob(one) and is_glob(other)):
        return fnmatchcase(one, other) or fnmatchcase(other, one)
    reached = {(0, 0)}
    for at in range(len(one) + 1):
        for to in range(len(other) + 1):
            if (at, to) in reached:
                reached.update(_steps(one[at : at + 1], other[to : to + 1], at, to))
    return (len(one), len(other)) in reached


def _steps(a: str, b: str, at: int, to: int) -> Iterator[tuple[int, int]]:
    """Where two globs may stand next: past a `*`, or past a character that fits both."""
    if a == "*":
        yield at + 1, to
    if b == "*":
        yield at, to + 1
    if a and b and (a == b or "?" in a + b or "*" in a + b):
        yield at + (a != "*"), to + (b != "*")


@dataclass(frozen=True)
class Issuer:
    """Whose tokens count: their `iss`, who they must be made for, and where groups stand in them."""

    issuer: str
    audience: Sequence[str]
    groups_claim: str


def access_of(claims: Mapping[str, Any], issuer: Issuer, now: int) -> Access:
    """Check a token's claims again and read what they allow.

    API Gateway has verified the signature and done the same checks; a route that lost its authorizer must
    not become an open one. The rules are those of its JWT authorizers (Amazon API Gateway Developer Guide,
    Control access to HTTP APIs with JWT authorizers): `client_id` counts when there is no `aud`.

    Raises:
        NotAuthentic: it is not a valid token for this API.
    """
    if claims.get("iss") != issuer.issuer:
        raise NotAuthentic("the token is of another issuer")
    audience = claims.get("aud", claims.get("client_id"))
    if not set(_texts(audience)) & set(issuer.audience):
        raise NotAuthentic("the token is for something else")
    # Cognito says which kind it is; an ID token is for the page, not for an API.
    if claims.get("token_use", "access") != "access":
        raise NotAuthentic("the token is not an access token")
    expires_at = _moment(claims, "exp")
    if expires_at is None or expires_at <= now:
        raise NotAuthentic("the token has expired")
    for name in ("nbf", "iat"):
        moment = _moment(claims, name)
        if name in claims and (moment is None or moment > now + _SKEW):
            raise NotAuthentic("the token is of the future")
    return Access(_user(claims), _apps(claims, issuer.groups_claim), expires_at)


def _apps(claims: Mapping[str, Any], groups_claim: str) -> tuple[str, ...]:
    scopes = [text.rpartition("/")[2] for name in ("scope", "scp") for text in _texts(claims.get(name))]
    named = [*_texts(claims.get(groups_claim)), *scopes]
    found = {text.removeprefix(PREFIX) for text in named if text.startswith(PREFIX)}
    return tuple(sorted(filter(is_pattern, found)))


def _texts(value: object) -> list[str]:
    """A claim of several texts, as identity providers write it: a list, or one text with spaces or commas."""
    if isinstance(value, str):
        return re.split(r"[\s,]+", value.strip()) if value.strip() else []
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _moment(claims: Mapping[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value * SECOND)


def _user(claims: Mapping[str, Any]) -> str:
    for name in ("username", "preferred_username", "email", "sub", "client_id"):
        if isinstance(claims.get(name), str) and claims[name]:
            return str(claims[name])
    return "somebody"
