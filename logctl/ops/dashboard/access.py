"""The dashboard's address, its users, and tokens for scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.access import PREFIX, is_pattern
from logctl.core.appid import RULE
from logctl.core.errors import LogctlError, UnreachableError, UsageError
from logctl.core.times import from_datetime
from logctl.ops.dashboard.http_client import BUSY, ask
from logctl.ops.deployment import Deployment
from logctl.ops.operator_name import NAMELESS, user_here

EVERY_APP = "*"
_USER = re.compile(r"[\w.@+-]{1,64}")
_TIMEOUT = 15
_SESSION_TIMEOUT = 30
"""API Gateway waits that long for the function, which may have to start."""
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""What can be read out over a telephone: without l, o, I, O, 0 and 1."""


@dataclass(frozen=True)
class User:
    """Somebody who may sign in. `created_at` is in milliseconds."""

    name: str
    apps: tuple[str, ...]
    status: str
    created_at: int


@dataclass(frozen=True)
class Dashboard:
    """One environment's dashboard. `on_busy` is told how many seconds pass before it is asked again."""

    deployment: Deployment
    on_busy: Callable[[int], None] = lambda seconds: None

    @cached_property
    def _outputs(self) -> Mapping[str, str]:
        outputs = self.deployment.outputs()
        if "ApiUrl" not in outputs:
            raise LogctlError(
                "This stack has no dashboard: it is incomplete, or from before the dashboard.",
                "Bring it up to date with: logctl provision",
            )
        return outputs

    @property
    def url(self) -> str:
        return self._outputs["ApiUrl"]

    @property
    def _pool(self) -> str:
        if "UserPoolId" not in self._outputs:
            raise LogctlError(
                f"Users are kept by {self.deployment.settings.oidc_issuer}, not by logctl.",
                "Give them groups like app:checkout there, in the claim that groups_claim names.",
            )
        return self._outputs["UserPoolId"]

    # ── Users ───────────────────────────────────────────────────────────────────────────────────────

    def add(self, name: str, apps: Sequence[str]) -> str:
        """Make a user who may read the apps; the password for their first sign-in, which has to be changed.

        Raises:
            UsageError: the name or an app is none.
            LogctlError: there is a user of that name.
        """
        if not _USER.fullmatch(name):
            raise UsageError(f"{name!r} cannot name a user; use up to 64 of a-z, 0-9, . _ - + and @.")
        _check_apps(apps)
        password = make_password()
        try:
            self.deployment.aws.cognito.admin_create_user(
                UserPoolId=self._pool,
                Username=name,
                TemporaryPassword=password,
                MessageAction="SUPPRESS",
            )
        except ClientError as error:
            if code_of(error) != "UsernameExistsException":
                raise
            raise LogctlError(
                f"There is a user {name} already.", f"Remove them first: logctl dashboard user remove {name}"
            ) from None
        self._allow(name, apps)
        return password

    def _allow(self, name: str, apps: Sequence[str]) -> None:
        cognito = self.deployment.aws.cognito
        for app in apps:
            group = f"{PREFIX}{app}"
            try:
                cognito.create_group(
                    UserPoolId=self._pool, GroupName=group, Description=f"May read {app} in logctl."
                )
            except ClientError as error:
                if code_of(error) != "GroupExistsException":
                    raise
            cognito.admin_add_user_to_group(UserPoolId=self._pool, Username=name, GroupName=group)

    def users(self) -> Iterator[User]:
        cognito = self.deployment.aws.cognito
        for page in cognito.get_paginator("list_users").paginate(UserPoolId=self._pool):
            for user in page["Users"]:
                groups = [
                    group["GroupName"]
                    for groups in cognito.get_paginator("admin_list_groups_for_user").paginate(
                        UserPoolId=self._pool, Username=user["Username"]
                    )
                    for group in groups["Groups"]
                ]
                apps = sorted(group.removeprefix(PREFIX) for group in groups if group.startswith(PREFIX))
                yield User(
                    user["Username"], tuple(apps), user["UserStatus"], from_datetime(user["UserCreateDate"])
                )

    def remove(self, name: str) -> None:
        """Delete a user. A token they hold counts until it ends, within the hour.

        Raises:
            LogctlError: there is none of that name.
        """
        try:
            self.deployment.aws.cognito.admin_user_global_sign_out(UserPoolId=self._pool, Username=name)
            self.deployment.aws.cognito.admin_delete_user(UserPoolId=self._pool, Username=name)
        except ClientError as error:
            if code_of(error) != "UserNotFoundException":
                raise
            raise LogctlError(
                f"There is no user {name}.", "See them with: logctl dashboard user list"
            ) from None

    # ── Tokens ──────────────────────────────────────────────────────────────────────────────────────

    def token(self, apps: Sequence[str] = ()) -> str:
        """An access token of the machine client, for an hour.

        Args:
            apps: of the apps that `machine_apps` allows, the ones it should read; without, all of those.
        """
        _check_apps(apps)
        client_id = self._pool and self._outputs.get("MachineClientId")
        if not client_id:
            raise LogctlError(
                "There is no client for scripts: machine_apps is empty.",
                "Name the apps that they may read in logctl.toml, and provision again.",
            )
        client = self.deployment.aws.cognito.describe_user_pool_client(
            UserPoolId=self._pool, ClientId=client_id
        )["UserPoolClient"]
        secret = f"{client_id}:{client['ClientSecret']}"
        form = {"grant_type": "client_credentials"}
        if apps:
            form["scope"] = " ".join(f"logctl/{PREFIX}{app}" for app in apps)
        reply = self._post(
            "oauth2/token",
            form,
            {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"},
            "Only apps that machine_apps names can be asked for.",
        )
        return str(json.loads(reply)["access_token"])

    def _post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str], hint: str) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - our own pool, or the sandbox
            f"{self._sign_in}/{path}",
            urlencode(form).encode(),
            {**headers, "content-type": "application/x-www-form-urlencoded"},
        )
        try:
            return ask(request, timeout=_TIMEOUT, on_busy=self.on_busy)
        except urllib.error.HTTPError as error:
            if error.code in BUSY:
                raise UnreachableError(
                    f"{self._sign_in} has no room: it answers {error.code}.", "Try again in a minute."
                ) from None
            told = _oauth_error(error.read())
            raise LogctlError(f"No token was given: {told}.", hint) from None
        except OSError as problem:
            raise UnreachableError(
                f"{self._sign_in} cannot be reached: {getattr(problem, 'reason', problem)}.",
                "Try again when the network is there.",
            ) from None

    @property
    def _sign_in(self) -> str:
        aws = self.deployment.aws
        return aws.endpoint_url or f"https://{self.deployment.names.sign_in_host(aws.place)}"

    # ── Whether somebody could sign in ──────────────────────────────────────────────────────────────

    def checked_url(self) -> str:
        """The page's address, once its API has answered.

        Nobody is signed in here, and who may open the page need not know the secret of the scripts' client:
        the API is asked without a token, which it has to refuse.

        Raises:
            LogctlError: nobody could use the page; says why.
        """
        status, _ = self._ask_session({})
        if status != 401:
            raise LogctlError(
                f"{self.url} answers {status} to a request without a token, in place of 401.",
                "See what is wrong with: logctl doctor",
            )
        return self.url

    def _check(self, token: str) -> None:
        """See that the API takes a new token and lets it read something.

        Raises:
            LogctlError: it does not.
        """
        status, answer = self._ask_session({"authorization": f"Bearer {token}"})
        if status == 200 and answer.get("apps"):
            return
        if status == 200:
            raise LogctlError(
                "The dashboard's API takes a new token, but reads no app from it.",
                "Compare groups_claim in logctl.toml with the token's claims, and provision again.",
            )
        said = answer.get("error") or answer.get("message") or "no reason given"
        raise LogctlError(
            f"Nobody can sign in to the dashboard: its API answers {status} to a new token ({said}).",
            "See what is wrong with: logctl doctor",
        )

    def _ask_session(self, headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        """The status and the answer of the API's /session; no answer is an empty one."""
        request = urllib.request.Request(f"{self.url}session", headers=dict(headers))  # noqa: S310
        proxies = [urllib.request.ProxyHandler({})] if self.deployment.aws.endpoint_url else []
        try:
            with urllib.request.build_opener(*proxies).open(request, timeout=_SESSION_TIMEOUT) as reply:
                return reply.status, _object(reply.read())
        except urllib.error.HTTPError as error:
            return error.code, _object(error.read())
        except OSError as problem:
            raise UnreachableError(
                f"The dashboard at {self.url} cannot be reached: {getattr(problem, 'reason', problem)}.",
                "See what is wrong with: logctl doctor",
            ) from None

    # ── Signing in, in the sandbox ──────────────────────────────────────────────────────────────────

    def signed_in_url(self) -> str:
        """An address that signs its first visitor in as a made user who may read everything.

        In the sandbox only: it signs in as a browser would, with a new password that nobody learns. The page
        takes such a link on this machine only, once, and within five minutes. Before that it is tried: a
        sign-in of the same user has to be taken by the API.

        Raises:
            LogctlError: the link would lead nowhere; says why.
        """
        assert self.deployment.aws.endpoint_url
        name, password = user_here(), make_password()
        name = name if _USER.fullmatch(name) else NAMELESS
        cognito = self.deployment.aws.cognito
        try:
            cognito.admin_create_user(UserPoolId=self._pool, Username=name, MessageAction="SUPPRESS")
        except ClientError as error:
            if code_of(error) != "UsernameExistsException":
                raise
        cognito.admin_set_user_password(
            UserPoolId=self._pool, Username=name, Password=password, Permanent=True
        )
        self._allow(name, [EVERY_APP])
        self._check(self._access_token(*self._begin(name, password)))
        code, verifier = self._begin(name, password)
        return f"{self.url}?code={quote(code)}&state=cli#verifier={verifier}"

    def _begin(self, name: str, password: str) -> tuple[str, str]:
        """A code of a sign-in, and the verifier that it can be exchanged with."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        code = self._code(name, password, base64.urlsafe_b64encode(digest).decode().rstrip("="))
        return code, verifier

    def _access_token(self, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self._outputs["WebClientId"],
            "redirect_uri": self.url,
            "code_verifier": verifier,
        }
        hint = "Make the stack anew with: logctl provision"
        return str(json.loads(self._post("oauth2/token", form, {}, hint))["access_token"])

    def _code(self, name: str, password: str, challenge: str) -> str:
        form = {
            "username": name,
            "password": password,
            "client_id": self._outputs["WebClientId"],
            "redirect_uri": self.url,
            "response_type": "code",
            "scope": "openid",
            "state": "cli",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        request = urllib.request.Request(f"{self._sign_in}/login", urlencode(form).encode())  # noqa: S310
        opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
        try:
            opener.open(request, timeout=_TIMEOUT)
        except urllib.error.HTTPError as answer:
            query = parse_qs(urlsplit(answer.headers.get("location", "")).query)
            if answer.code in (302, 303) and "code" in query:
                return query["code"][0]
        raise LogctlError(
            "The sandbox did not sign the made user in.", "Make the stack anew with: logctl provision"
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def make_password() -> str:
    """Four groups of four, about 93 bits, with a digit and letters of both cases as the pool demands."""
    while True:
        groups = ["".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4)]
        password = "-".join(groups)
        if any(c.isdigit() for c in password) and password.lower() != password != password.upper():
            return password


def _check_apps(apps: Sequence[str]) -> None:
    for app in apps:
        if not is_pattern(app):
            raise UsageError(f"{app!r} cannot name an app: {RULE}; * and ? stand for several.")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _oauth_error(body: bytes) -> str:
    try:
        told = json.loads(body)
        return str(told.get("error_description") or told["error"])
    except (ValueError, KeyError, AttributeError):
        return "the sign-in service refused"
