"""The addresses of an environment's dashboard and sign-in service, with a check of its API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from logctl.core.errors import LogctlError, UnreachableError
from logctl.ops.deployment import Deployment

_SESSION_TIMEOUT = 30
"""Seconds. API Gateway waits that long for the function, which may have to start."""


@dataclass(frozen=True)
class Dashboard:
    """The dashboard of one environment, as the stack's outputs describe it."""

    deployment: Deployment

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs.

        Raises:
            LogctlError: they name no API.
        """
        outputs = self.deployment.outputs()
        if "ApiUrl" not in outputs:
            raise LogctlError(
                "This stack has no dashboard: it is incomplete, or an older logctl deployed it.",
                "Bring it up to date with: logctl provision",
            )
        return outputs

    @property
    def url(self) -> str:
        """The address of the page and its API, with a slash at the end."""
        return self.outputs["ApiUrl"]

    @property
    def user_pool(self) -> str:
        """The id of the Cognito user pool.

        Raises:
            LogctlError: users are managed by another OpenID Connect issuer.
        """
        if "UserPoolId" not in self.outputs:
            raise LogctlError(
                f"Users are managed by {self.deployment.settings.oidc_issuer}, not by logctl.",
                "Give them groups like app:checkout there, in the claim that groups_claim names.",
            )
        return self.outputs["UserPoolId"]

    @property
    def sign_in_url(self) -> str:
        """The address of the sign-in service, without a slash at the end."""
        aws = self.deployment.aws
        return aws.endpoint_url or f"https://{self.deployment.names.sign_in_host(aws.place)}"


def checked_url(dashboard: Dashboard) -> str:
    """Return the page's address, after a request without a token that the API has to refuse.

    No token is requested for this: who may open the page need not have permission to read the secret of the
    client for scripts.

    Raises:
        LogctlError: the API does not answer, or not with 401.
    """
    status, _ = _ask_session(dashboard, {})
    if status != 401:
        raise LogctlError(
            f"{dashboard.url} answers {status} to a request without a token, instead of 401.",
            "See what is wrong with: logctl doctor",
        )
    return dashboard.url


def check_token(dashboard: Dashboard, token: str) -> None:
    """Check that the API accepts a new token and lets it read at least one app.

    Raises:
        LogctlError: it does not.
    """
    status, answer = _ask_session(dashboard, {"authorization": f"Bearer {token}"})
    if status == 200 and answer.get("apps"):
        return
    if status == 200:
        raise LogctlError(
            "The dashboard's API accepts a new token, but the token may read no app.",
            "Compare groups_claim in logctl.toml with the token's claims, and provision again.",
        )
    reason = answer.get("error") or answer.get("message") or "no reason given"
    raise LogctlError(
        f"Nobody can sign in to the dashboard: its API answers {status} to a new token ({reason}).",
        "See what is wrong with: logctl doctor",
    )


def _ask_session(dashboard: Dashboard, headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
    """Return the status and the JSON object of the API's /session; the object is empty when there is none."""
    request = urllib.request.Request(f"{dashboard.url}session", headers=dict(headers))  # noqa: S310
    proxies = [urllib.request.ProxyHandler({})] if dashboard.deployment.aws.endpoint_url else []
    try:
        with urllib.request.build_opener(*proxies).open(request, timeout=_SESSION_TIMEOUT) as reply:
            return reply.status, _object(reply.read())
    except urllib.error.HTTPError as error:
        return error.code, _object(error.read())
    except OSError as problem:
        raise UnreachableError(
            f"The dashboard at {dashboard.url} cannot be reached: {getattr(problem, 'reason', problem)}.",
            "See what is wrong with: logctl doctor",
        ) from None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
