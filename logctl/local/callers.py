"""The gate's rules for a server that is made with `http.server` and runs in its own process."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from logctl.local.keys import Keys
from logctl.local.sigv4 import (
    Refused,
    Request,
    Secret,
    SignatureClaim,
    check_origin,
    check_time,
    claim,
    verify,
)

CREDENTIALS = "/_logctl/credentials/"
"""The path, followed by an access key, at which the gate returns the key's secret.

Only for requests signed with the sandbox's root credentials as `SERVICE`.
"""
SERVICE = "logctl"

_PATIENCE = 10
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Callers:
    """The accepted callers: the sandbox's owner, and those to whom the emulator has given keys."""

    def __init__(self, own: Keys, emulator: str) -> None:
        self._own, self._emulator = own, emulator

    def admit(self, handler: BaseHTTPRequestHandler, service: str) -> tuple[SignatureClaim, bytes]:
        """Return who has signed the request whose head `handler` has read, and the request's body.

        If this raises, the connection has to be closed: the unread rest of the request would be taken for the
        next one.

        Raises:
            Refused: the request is not signed, or not for this service.
        """
        request = seen(handler)
        body = _body(handler, request)
        claimed = claim(request)
        if claimed is None or request.path != "/":
            raise Refused("MissingAuthenticationTokenException", "The request is not signed.")
        if claimed.service != service:
            raise Refused("SignatureDoesNotMatch", f"Credential should be scoped to service {service!r}.")
        check_time(claimed, time.time())
        verify(claimed, request, self._secret(claimed.access_key), body)
        return claimed, body

    def _secret(self, access_key: str) -> Secret:
        if access_key == self._own.access_key:
            return Secret(self._own.secret_key)
        found = self._ask(access_key)
        if found is None:
            raise Refused("UnrecognizedClientException", "The access key is not one of this sandbox.")
        return found

    def _ask(self, access_key: str) -> Secret | None:
        url = f"{self._emulator}{CREDENTIALS}{access_key}"
        asked = AWSRequest("GET", url)
        SigV4Auth(Credentials(self._own.access_key, self._own.secret_key), SERVICE, "us-east-1").add_auth(
            asked
        )
        request = urllib.request.Request(url, headers=dict(asked.headers.items()))  # noqa: S310 - loopback
        try:
            with _OPENER.open(request, timeout=_PATIENCE) as reply:
                return Secret(**json.load(reply))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise Refused("InternalServerException", "The emulator returned no secret of the key.") from None
        except OSError:
            raise Refused("InternalServerException", "The emulator does not answer.") from None


def _body(handler: BaseHTTPRequestHandler, request: Request) -> bytes:
    """Read the whole body before answering, because a client that still sends does not see the answer."""
    length = request.header("content-length") or ""
    if not re.fullmatch(r"[0-9]{1,7}", length) or request.header("transfer-encoding") is not None:
        raise Refused("RequestEntityTooLargeException", "The request is too large, or of unknown length.")
    return handler.rfile.read(int(length))


def seen(handler: BaseHTTPRequestHandler) -> Request:
    """Return the request whose head `handler` has read.

    Raises:
        Refused: it comes from a page of another site, or through a proxy.
    """
    headers = tuple((name.lower(), str(value)) for name, value in handler.headers.items())
    request = Request(handler.command, handler.path, headers)
    check_origin(request, cast(HTTPServer, handler.server).server_port)
    return request
