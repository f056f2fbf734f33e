"""The right to read: an identity's claims, turned into names and globs of apps.

A group `app:checkout` (or a scope `logctl/app:checkout` of a machine client) lets its bearer read that app,
`app:web-*` those that the glob names, `app:*` all of them. Scopes of other APIs mean nothing here, whatever
their names are.
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
_LATEST = 10**11
"""Seconds. A later moment is not a plausible expiry, and does not fit a date."""
_CHECKED = ("iss", "sub", "exp", "nbf", "iat", "aud", "client_id", "token_use")
_WORD = re.compile(r"""[^\s,\[\]"']+""")


class NotAuthentic(ValueError):
    """The claims are not those of a token for this API; the message says why, without quoting them."""


def is_pattern(text: object) -> bool:
    """Return whether a text names an app or, with `*` and `?`, several apps."""
    return isinstance(text, str) and _PATTERN.fullmatch(text) is not None


@dataclass(frozen=True)
class Access:
    """The apps that one bearer may read. `expires_at` is in milliseconds."""

    user: str
    apps: tuple[str, ...]
    expires_at: int

    @property
    def every_app(self) -> bool:
        """Return whether the bearer may read every app, and so also figures about all apps together."""
        return any(not pattern.strip("*") for pattern in self.apps)

    def may_read(self, app: str) -> bool:
        return any(fnmatchcase(app, pattern) for pattern in self.apps)

    def may_read_some_of(self, pattern: str) -> bool:
        """Return whether a name or glob can match an app that the bearer may read, by the patterns."""
        return any(overlap(pattern, allowed) for allowed in self.apps)

    def readable(self, apps: Iterable[str]) -> list[str]:
        return [app for app in apps if self.may_read(app)]


def overlap(one: str, other: str) -> bool:
    """Return whether some text matches both globs (of plain characters, `*` and `?`)."""
    if not (is_glob(one) and is_glob(other)):
        return fnmatchcase(one, other) or fnmatchcase(other, one)
    reached = {(0, 0)}
    for at in range(len(one) + 1):
        for to in range(len(other) + 1):
            if (at, to) in reached:
                reached.update(_steps(one[at : at + 1], other[to : to + 1], at, to))
    return (len(one), len(other)) in reached


def _steps(a: str, b: str, at: int, to: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of positions that follow a pair of positions in two globs.

    A step goes past a `*` in one of them, or past a character that both accept.
    """
    if a == "*":
        yield at + 1, to
    if b == "*":
        yield at, to + 1
    if a and b and (a == b or "?" in a + b or "*" in a + b):
        yield at + (a != "*"), to + (b != "*")


@dataclass(frozen=True)
class Issuer:
    """The issuer whose tokens are accepted.

    Attributes:
        issuer: the tokens' `iss`.
        audience: what the tokens must be made for: their `aud`, or their `client_id`.
        groups_claim: the name of the claim that has the groups.
        resource_server: whose scopes name apps: `logctl` in a user pool of logctl's own, else the audience.
    """

    issuer: str
    audience: Sequence[str]
    groups_claim: str
    resource_server: str = "logctl"


def access_of(claims: Mapping[str, Any], issuer: Issuer, now: int) -> Access:
    """Check a token's claims again, and return the access that they allow.

    API Gateway has verified the signature and done the same checks; a route that lost its authorizer must
    not become an open one. The rules are those of its JWT authorizers (Amazon API Gateway Developer Guide,
    Control access to HTTP APIs with JWT authorizers): `client_id` counts when there is no `aud`.

    Raises:
        NotAuthentic: it is not a valid token for this API.
    """
    if claims.get("iss") != issuer.issuer:
        raise NotAuthentic("the token was issued by another issuer")
    if not set(_audience(claims)) & set(issuer.audience):
        raise NotAuthentic("the token is for another audience")
    # Cognito's tokens say which kind they are; an ID token is for a web page, not for an API.
    if claims.get("token_use", "access") != "access":
        raise NotAuthentic("the token is not an access token")
    expires_at = _moment(claims, "exp")
    if expires_at is None or expires_at <= now:
        raise NotAuthentic("the token has expired")
    for name in ("nbf", "iat"):
        moment = _moment(claims, name)
        if name in claims and (moment is None or moment > now + _SKEW):
            raise NotAuthentic("the token is not valid yet")
    return Access(_user(claims), _apps(claims, issuer), expires_at)


def same_token(claims: Mapping[str, Any], vouched: Mapping[str, Any], issuer: Issuer) -> bool:
    """Return whether the claims are those of the token that API Gateway has verified.

    API Gateway passes claims on as text, lists as `[a b]`; differences of that form are ignored. Every claim
    that `access_of` uses is compared: a forged token with the verified one's identity must not bring its own
    groups.
    """
    if any(_words(claims.get(name)) != _words(vouched.get(name)) for name in _CHECKED):
        return False
    return all(
        _named(_words(claims.get(name))) == _named(_words(vouched.get(name)))
        for name in (issuer.groups_claim, "scope", "scp")
    )


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    return [] if value is None else _WORD.findall(str(value))


def _named(words: Iterable[str]) -> set[str]:
    return {word for word in words if PREFIX in word}


def _audience(claims: Mapping[str, Any]) -> list[str]:
    value = claims.get("aud", claims.get("client_id"))
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _apps(claims: Mapping[str, Any], issuer: Issuer) -> tuple[str, ...]:
    ours = tuple(f"{server.rstrip('/')}/{PREFIX}" for server in (issuer.resource_server,) if server)
    if set(_audience(claims)) <= set(issuer.audience) and "aud" in claims:
        # A scope without a resource server is one of the audience: logctl's, if there is no other audience.
        ours += (PREFIX,)
    named = [text for text in _texts(claims.get(issuer.groups_claim)) if text.startswith(PREFIX)]
    for name in ("scope", "scp"):
        for text in _texts(claims.get(name)):
            named += [PREFIX + text.removeprefix(start) for start in ours if text.startswith(start)]
    found = {text.removeprefix(PREFIX) for text in named}
    return tuple(sorted(filter(is_pattern, found)))


def _texts(value: object) -> list[str]:
    """Return the texts of a claim that identity providers write as a list, or as one text.

    One text has spaces or commas between its parts, and brackets around them or not.
    """
    if isinstance(value, str):
        return _WORD.findall(value)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _moment(claims: Mapping[str, Any], name: str) -> int | None:
    """Return a claim of seconds in milliseconds; None for anything but a number that fits a date."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # False for NaN too.
    return int(value * SECOND) if 0 <= value <= _LATEST else None


def _user(claims: Mapping[str, Any]) -> str:
    for name in ("username", "preferred_username", "email", "sub", "client_id"):
        if isinstance(claims.get(name), str) and claims[name]:
            return str(claims[name])
    return "somebody"
