"""Asking for a token where the sign-in host is not to be reached."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest

from logctl.core.errors import UnreachableError
from logctl.ops.dashboard import Dashboard


def deployed(port: int) -> Any:
    """As much of a deployment as a token needs. Its sign-in host is a port that nobody listens at."""
    client = {"UserPoolClient": {"ClientSecret": "s"}}
    return SimpleNamespace(
        aws=SimpleNamespace(
            endpoint_url=f"http://127.0.0.1:{port}",
            cognito=SimpleNamespace(describe_user_pool_client=lambda **_: client),
        ),
        outputs=lambda: {"ApiUrl": "http://127.0.0.1/", "UserPoolId": "pool", "MachineClientId": "id"},
    )


def test_a_sign_in_host_that_nobody_answers_at_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:\d+ cannot be reached: .*refused") as told:
            Dashboard(deployed(taken.getsockname()[1])).token()
    assert told.value.hint
