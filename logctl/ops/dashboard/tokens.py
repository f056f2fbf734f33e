"""Access tokens from the sign-in service, by OAuth 2.0: for scripts, and for an authorization code."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from logctl.core.access import PREFIX
from logctl.core.errors import LogctlError, UnreachableError
from logctl.ops.dashboard.address import Dashboard
from logctl.ops.dashboard.http_client import BUSY, ask
from logctl.ops.dashboard.users import check_apps

_TIMEOUT = 15
"""Seconds."""


def script_token(
    dashboard: Dashboard,
    apps: Sequence[str] = (),
    *,
    on_busy: Callable[[int], None] = lambda seconds: None,
) -> str:
    """Return an access token of the client for scripts, valid for an hour.

    Args:
        dashboard: the environment's dashboard.
        apps: which of the apps in `machine_apps` the token may read; without any, all of them.
        on_busy: called with the seconds until the next attempt, when the sign-in service is busy.

    Raises:
        UsageError: an app is not valid.
        LogctlError: there is no client for scripts, or it gets no token.
    """
    check_apps(apps)
    pool, client_id = dashboard.user_pool, dashboard.outputs.get("MachineClientId")
    if not client_id:
        raise LogctlError(
            "There is no client for scripts: machine_apps is empty.",
            "Set machine_apps in logctl.toml to the apps that scripts may read, and provision again.",
        )
    cognito = dashboard.deployment.aws.cognito
    client = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client_id)["UserPoolClient"]
    credentials = base64.b64encode(f"{client_id}:{client['ClientSecret']}".encode()).decode()
    form = {"grant_type": "client_credentials"}
    if apps:
        form["scope"] = " ".join(f"logctl/{PREFIX}{app}" for app in apps)
    return request_token(
        dashboard,
        form,
        headers={"authorization": f"Basic {credentials}"},
        hint="A token can be limited only to apps that machine_apps names.",
        on_busy=on_busy,
    )


def request_token(
    dashboard: Dashboard,
    form: Mapping[str, str],
    *,
    hint: str,
    headers: Mapping[str, str] | None = None,
    on_busy: Callable[[int], None] = lambda seconds: None,
) -> str:
    """Send a form to the token endpoint, and return the access token.

    Args:
        dashboard: the environment's dashboard.
        form: the grant, as the token endpoint expects it.
        hint: what to do when the sign-in service refuses.
        headers: further headers of the request.
        on_busy: called with the seconds until the next attempt, when the sign-in service is busy.

    Raises:
        UnreachableError: the sign-in service does not answer, or remains busy.
        LogctlError: it refuses.
    """
    request = urllib.request.Request(  # noqa: S310 - our own pool, or the sandbox
        f"{dashboard.sign_in_url}/oauth2/token",
        urlencode(form).encode(),
        {**(headers or {}), "content-type": "application/x-www-form-urlencoded"},
    )
    try:
        reply = ask(request, timeout=_TIMEOUT, on_busy=on_busy)
    except urllib.error.HTTPError as error:
        if error.code in BUSY:
            raise UnreachableError(
                f"{dashboard.sign_in_url} is busy: it answers {error.code}.", "Try again in a minute."
            ) from None
        raise LogctlError(f"No token was issued: {_oauth_error(error.read())}.", hint) from None
    except OSError as problem:
        raise UnreachableError(
            f"{dashboard.sign_in_url} cannot be reached: {getattr(problem, 'reason', problem)}.",
            "Check the network, and run the same command again.",
        ) from None
    return str(json.loads(reply)["access_token"])


def _oauth_error(body: bytes) -> str:
    """Return the reason in an OAuth error response (RFC 6749, section 5.2)."""
    try:
        answer = json.loads(body)
        return str(answer.get("error_description") or answer["error"])
    except (ValueError, KeyError, AttributeError):
        return "the sign-in service refused"
