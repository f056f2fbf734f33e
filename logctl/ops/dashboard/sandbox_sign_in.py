"""Signing in to the sandbox's dashboard from the command line, as a browser would."""

from __future__ import annotations

import base64
import hashlib
import secrets
import urllib.error
import urllib.request
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.errors import LogctlError
from logctl.ops.dashboard.address import Dashboard, check_token
from logctl.ops.dashboard.tokens import request_token
from logctl.ops.dashboard.users import allow, is_user_name, make_password
from logctl.ops.operator_name import NAMELESS, user_here

_EVERY_APP = "*"
_TIMEOUT = 15
"""Seconds."""
_HINT = "Create the stack again with: logctl destroy, then logctl provision"


def signed_in_url(dashboard: Dashboard) -> str:
    """Return an address that signs its first visitor in as a user who may read every app.

    The user is named after the operating system's user, and gets a new password that is not shown. The page
    accepts such a link on this machine only, once, and within five minutes. Before the link is returned, the
    API has to accept a token of the same user.

    Raises:
        LogctlError: the link would not work.
    """
    assert dashboard.deployment.aws.endpoint_url, "only the sandbox's dashboard accepts such a link"
    name, password = user_here(), make_password()
    name = name if is_user_name(name) else NAMELESS
    _set_password(dashboard, name, password)
    allow(dashboard, name, [_EVERY_APP])
    check_token(dashboard, _exchange(dashboard, *sign_in(dashboard, name, password)))
    code, verifier = sign_in(dashboard, name, password)
    return f"{dashboard.url}?code={quote(code)}&state=cli#verifier={verifier}"


def sign_in(dashboard: Dashboard, name: str, password: str) -> tuple[str, str]:
    """Sign a user in, and return the authorization code with its verifier (PKCE, RFC 7636).

    Raises:
        LogctlError: the sandbox refuses.
    """
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    form = {
        "username": name,
        "password": password,
        "client_id": dashboard.outputs["WebClientId"],
        "redirect_uri": dashboard.url,
        "response_type": "code",
        "scope": "openid",
        "state": "cli",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    request = urllib.request.Request(f"{dashboard.sign_in_url}/login", urlencode(form).encode())  # noqa: S310
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as answer:
        query = parse_qs(urlsplit(answer.headers.get("location", "")).query)
        if answer.code in (302, 303) and "code" in query:
            return query["code"][0], verifier
    raise LogctlError(f"The sandbox did not sign in the user {name}.", _HINT)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A handler with which urllib raises a redirect as an HTTPError, so that its address can be read."""

    def redirect_request(self, *_: object) -> None:
        return None


def _set_password(dashboard: Dashboard, name: str, password: str) -> None:
    """Create the user unless they exist, and set their password."""
    cognito = dashboard.deployment.aws.cognito
    try:
        cognito.admin_create_user(UserPoolId=dashboard.user_pool, Username=name, MessageAction="SUPPRESS")
    except ClientError as error:
        if code_of(error) != "UsernameExistsException":
            raise
    cognito.admin_set_user_password(
        UserPoolId=dashboard.user_pool, Username=name, Password=password, Permanent=True
    )


def _exchange(dashboard: Dashboard, code: str, verifier: str) -> str:
    """Exchange an authorization code for an access token."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": dashboard.outputs["WebClientId"],
        "redirect_uri": dashboard.url,
        "code_verifier": verifier,
    }
    return request_token(dashboard, form, hint=_HINT)
