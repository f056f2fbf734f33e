"""The API as a client sees it, and tokens as people and programs get them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from logctl.ops.dashboard.address import Dashboard
from logctl.ops.dashboard.sandbox_sign_in import sign_in
from logctl.ops.dashboard.users import make_password
from tests.helpers.sandbox import Cli


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def fetch(url: str, *, token: str | None = None, data: bytes | None = None, **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, data, sent)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return Reply(
                reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.read().decode()
            )
    except urllib.error.HTTPError as error:
        return Reply(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode())


@dataclass(frozen=True)
class Web:
    """One environment's API."""

    cli: Cli
    url: str
    endpoint: str
    pool: str
    web_client: str

    @classmethod
    def of(cls, cli: Cli) -> Web:
        outputs = cli.deployment.outputs()
        endpoint = cli.deployment.aws.endpoint_url
        assert endpoint
        return cls(cli, outputs["ApiUrl"], endpoint, outputs["UserPoolId"], outputs["WebClientId"])

    def get(self, path: str, *, token: str | None = None, **query: Any) -> Reply:
        return fetch(f"{self.url}{path}" + (f"?{urlencode(query)}" if query else ""), token=token)

    def machine_token(self) -> str:
        return self.cli.run("dashboard", "token").out.strip()

    def tokens(self, user: str, password: str) -> dict[str, str]:
        """What a browser ends up with that signs in: access_token, id_token, refresh_token."""
        return self.exchange(*sign_in(Dashboard(self.cli.deployment), user, password))

    def exchange(self, code: str, verifier: str) -> dict[str, str]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.web_client,
            "redirect_uri": self.url,
            "code_verifier": verifier,
        }
        reply = fetch(
            f"{self.endpoint}/oauth2/token",
            data=urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
        )
        assert reply.status == 200, reply.body
        return reply.json

    def user(self, name: str, *apps: str) -> tuple[str, str]:
        """A user who may read the apps and has chosen a password."""
        options = [word for app in apps for word in ("--app", app)]
        first = self.cli.run("dashboard", "user", "add", name, *options or ["--app", "nothing-at-all"])
        assert first.out.strip()
        password = make_password()
        self.cli.deployment.aws.cognito.admin_set_user_password(
            UserPoolId=self.pool, Username=name, Password=password, Permanent=True
        )
        return name, password

    def token_of(self, name: str, *apps: str) -> str:
        return self.tokens(*self.user(name, *apps))["access_token"]

    def one_time(self) -> dict[str, str]:
        """What `dashboard open` leads to."""
        link = urlsplit(self.cli.run("dashboard", "open", "--no-browser").out.strip())
        return {
            "code": parse_qs(link.query)["code"][0],
            "verifier": parse_qs(link.fragment)["verifier"][0],
        }


def send(web: Web, app: str, *records: str | dict[str, Any], level: str = "INFO", wait: bool = True) -> None:
    """Send records, or messages of one level; with `wait`, until they can be read."""
    made = [record if isinstance(record, dict) else {"level": level, "message": record} for record in records]
    lines = "".join(json.dumps(record) + "\n" for record in made)
    web.cli.run("send", "-", "--app", app, *(["--wait"] if wait else []), stdin=lines)
