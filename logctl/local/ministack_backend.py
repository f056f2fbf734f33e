"""MiniStack as the gate uses it, and the change in MiniStack that makes its roles' credentials secret.

Written for the version that pyproject.toml pins. What uses MiniStack's private functions is here and in the
other adaptations that `ministack.py` lists.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from logctl.local.sigv4 import Refused, Request, Secret, SignatureClaim

_SIGNED_AS = {"cloudcontrol": "cloudcontrolapi", "dynamodbstreams": "dynamodb"}
"""Services that MiniStack calls otherwise when it finds them by a request's headers than by its scope."""


class MiniStack:
    """MiniStack as the gate uses it (`gate.Backend`)."""

    def is_ready(self) -> bool:
        import ministack.app

        return bool(ministack.app._ready_scripts_state["status"] == "completed")

    def secret(self, access_key: str) -> Secret | None:
        """Return the secret of a role's session or an IAM user's key; None for MiniStack's built-in keys."""
        from ministack.core.iam_evaluator import (
            AmbiguousAccessKeyError,
            CredentialResolutionError,
            find_iam_access_key_account,
            is_root_access_key,
            resolve_credential,
        )
        from ministack.core.responses import _account_from_sts_session

        if is_root_access_key(access_key):
            return None
        try:
            account = _account_from_sts_session(access_key) or find_iam_access_key_account(access_key)
        except AmbiguousAccessKeyError:
            return None
        found = resolve_credential(access_key, account)
        if isinstance(found, CredentialResolutionError):
            if found.code == "ExpiredTokenException":
                raise Refused(found.code, found.message)
            return None
        return Secret(found.secret_access_key, found.session_token)

    def check_service(self, claimed: SignatureClaim, request: Request, body: bytes) -> None:
        """Check that a request's headers and form do not lead to another service than its scope names."""
        headers = {"host": request.header("host") or "", "authorization": _scope_only(claimed)}
        goes_to = _service(request, dict(reversed(request.headers)), body)
        if _SIGNED_AS.get(goes_to, goes_to) != _service(request, headers, b""):
            raise Refused("SignatureDoesNotMatch", "Credential should be scoped to correct service.")

    def refusal(self, request: Request, refused: Refused) -> tuple[int, dict[str, str], bytes]:
        from ministack.app import SERVICE_HANDLERS, _credential_failure
        from ministack.core.iam_evaluator import AuthError

        headers = dict(reversed(request.headers))
        # MiniStack reads the models of all services for a name that it does not know: not for strangers.
        if not any(f"/{name}/aws4_request" in headers.get("authorization", "") for name in SERVICE_HANDLERS):
            headers.pop("authorization", None)
        status, given, body = _credential_failure(
            _service(request, headers, b""),
            "",
            str(uuid4()),
            AuthError(refused.code, refused.message),
            headers,
        )
        return status, {name: str(value) for name, value in given.items()}, body


def _scope_only(claimed: SignatureClaim) -> str:
    return f"AWS4-HMAC-SHA256 Credential=key/{claimed.day}/{claimed.region}/{claimed.service}/aws4_request"


def _service(request: Request, headers: Mapping[str, str], body: bytes) -> str:
    """Return the service to which MiniStack sends a request."""
    from urllib.parse import parse_qs, unquote

    from ministack.app import _routing_params
    from ministack.core.router import detect_service

    path, given = unquote(request.path), parse_qs(request.query, keep_blank_values=True)
    parameters = _routing_params(request.method, path, headers, body, given)
    return str(detect_service(request.method, path, headers, parameters))


def make_role_credentials_secret() -> None:
    """Give each function random credentials of its role.

    MiniStack derives them from the names of the function and the role, which are not secret.
    """
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    given: dict[tuple[str, str], dict[str, str]] = {}

    def execution_credentials(config: Mapping[str, Any]) -> dict[str, str]:
        from ministack.services import sts

        account, _ = lambda_runtime._account_region_from_function_config(config)
        function, role = str(config.get("FunctionArn", "")), str(config.get("Role", ""))
        own = given.setdefault((function, role), _random_credentials())
        role_name = role.rsplit("/", 1)[-1]
        session = str(config.get("FunctionName", "function"))[:64]
        sts.register_session(
            own["AWS_ACCESS_KEY_ID"],
            {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session}",
                "UserId": f"{role_name}:{session}",
                "SecretAccessKey": own["AWS_SECRET_ACCESS_KEY"],
                "SessionToken": own["AWS_SESSION_TOKEN"],
            },
        )
        return dict(own)

    lambda_runtime.execution_credentials = execution_credentials
    lambda_svc.execution_credentials = execution_credentials


def _random_credentials() -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": f"ASIA{secrets.token_hex(8).upper()}",
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
        "AWS_SESSION_TOKEN": secrets.token_hex(32),
    }
