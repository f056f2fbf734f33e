"""Tokens for scripts when the sign-in service is unreachable, and the checks of the dashboard's API."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from logctl.core.errors import LogctlError, UnreachableError
from logctl.ops.dashboard.address import Dashboard, check_token, checked_url
from logctl.ops.dashboard.tokens import script_token

pytestmark = pytest.mark.slow  # the SDK and the HTTP client wait between attempts


def deployed(port: int) -> Any:
    """Return as much of a deployment as a token needs, with its sign-in service at a local port."""
    client = {"UserPoolClient": {"ClientSecret": "s"}}
    return SimpleNamespace(
        aws=SimpleNamespace(
            endpoint_url=f"http://127.0.0.1:{port}",
            cognito=SimpleNamespace(describe_user_pool_client=lambda **_: client),
        ),
        outputs=lambda: {"ApiUrl": "http://127.0.0.1/", "UserPoolId": "pool", "MachineClientId": "id"},
    )


def test_an_unreachable_sign_in_service() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:\d+ cannot be reached: .*refused") as told:
            script_token(Dashboard(deployed(taken.getsockname()[1])))
    assert told.value.hint


class Api(BaseHTTPRequestHandler):
    """An API whose /session answers with `status` and `body`."""

    status, body = 200, b"{}"

    def do_GET(self) -> None:
        assert self.path == "/session"
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    with HTTPServer(("127.0.0.1", 0), Api) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        made = deployed(server.server_port)
        made.outputs = lambda: {"ApiUrl": f"http://127.0.0.1:{server.server_port}/"}
        yield Dashboard(made)
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b'{"apps": ["*"]}', None),
        (200, b'{"apps": []}', "the token may read no app"),
        (200, b"<html>", "the token may read no app"),
        (401, b'{"message": "Unauthorized"}', r"answers 401 to a new token \(Unauthorized\)"),
        (
            500,
            b'{"error": "Something went wrong."}',
            r"answers 500 to a new token \(Something went wrong\.\)",
        ),
        (404, b"", r"answers 404 to a new token \(no reason given\)"),
    ],
)
def test_check_token(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, said: str | None
) -> None:
    monkeypatch.setattr(Api, "status", status)
    monkeypatch.setattr(Api, "body", body)
    if said is None:
        check_token(dashboard, "token")
        return
    with pytest.raises(LogctlError, match=said) as refused:
        check_token(dashboard, "token")
    assert refused.value.hint


@pytest.mark.parametrize("status", [200, 403, 404, 500, 503])
def test_checked_url_needs_status_401(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(Api, "status", status)
    with pytest.raises(LogctlError, match=f"answers {status} to a request without a token"):
        checked_url(dashboard)
    monkeypatch.setattr(Api, "status", 401)
    assert checked_url(dashboard) == dashboard.url
