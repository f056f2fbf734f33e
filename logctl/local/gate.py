"""The gate in front of MiniStack: an ASGI application in its process, around its own.

The sandbox's port can be reached by every program on this machine: other users', and every web page that is
open in a browser. The gate passes requests that are signed with a key of the sandbox, and those to a few
addresses that need no signature, because they check their callers themselves or return nothing secret.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from logctl.local.callers import CREDENTIALS, SERVICE
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

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Reply = tuple[int, dict[str, str], bytes]

HEALTH = "/_logctl/health"
_OPEN = re.compile(
    r"GET (?:/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/(?:jwks\.json|openid-configuration)"
    r"|/oauth2/(?:authorize|userInfo)|/logout)"
    r"|POST /(?:login|oauth2/login|oauth2/token|oauth2/userInfo)"
    # Each route of a deployed API has an authorizer of its own.
    r"|[A-Z]+ /_aws/execute-api/[a-z0-9]+/.*",
    re.DOTALL,
)
"""Requests that need no signature: Cognito's pages and keys, and the deployed APIs."""
_CLOSED = re.compile(r"/_(?:ministack|localstack|logctl)(?:/.*)?", re.DOTALL)
"""Addresses of MiniStack itself, which do not check their callers and can delete everything."""
_PLAIN_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\]):\d+", re.IGNORECASE)
_PATIENCE = 64 * 2**20
"""The most bytes of a refused request that are read."""
_CORS = b"access-control-"


class Backend(Protocol):
    """The server behind the gate, as far as the gate knows it."""

    def is_ready(self) -> bool: ...

    def secret(self, access_key: str) -> Secret | None:
        """Return the secret of a key that the server has given out; None if it does not accept the key."""
        ...

    def check_service(self, claimed: SignatureClaim, request: Request, body: bytes) -> None:
        """Check that a request goes to the service that it is signed for.

        Raises:
            Refused: it would go to another one.
        """
        ...

    def refusal(self, request: Request, refused: Refused) -> Reply:
        """Return a refusal in the form that an SDK of the service reads."""
        ...


class Gate:
    """A gate that passes requests signed with a key of the sandbox, and those that need no signature."""

    def __init__(
        self,
        inner: Application,
        backend: Backend,
        own: Keys,
        port: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._inner, self._backend, self._own, self._port, self._now = inner, backend, own, port, now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, _without_cors(send))
        else:
            # The sandbox has no WebSockets.
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = body = None
        try:
            request = _request(scope)
            check_origin(request, self._port)
            if scope["path"] == HEALTH:
                await _answer(send, (200 if self._backend.is_ready() else 503, {}, b""))
                return
            claimed = claim(request)
            if claimed is None:
                _check_is_open(request, scope["path"])
                await self._inner(scope, receive, send)
                return
            secret = self._secret(claimed)
            body = await _body(receive)
            if body is None:
                return
            verify(claimed, request, secret, body)
            if scope["path"].startswith(CREDENTIALS):
                await _answer(send, self._credentials(claimed, scope["path"].removeprefix(CREDENTIALS)))
                return
            _check_is_not_closed(scope["path"])
            self._backend.check_service(claimed, request, body)
        except Refused as refused:
            if body is None:
                await _read_past(receive)
            await _answer(send, self._refusal(request, refused))
            return
        await self._inner(scope, _again(body, receive), send)

    def _secret(self, claimed: SignatureClaim) -> Secret:
        check_time(claimed, self._now())
        if claimed.access_key == self._own.access_key:
            return Secret(self._own.secret_key)
        found = self._backend.secret(claimed.access_key)
        if found is None:
            raise Refused("UnrecognizedClientException", "The access key is not one of this sandbox.")
        return found

    def _credentials(self, claimed: SignatureClaim, access_key: str) -> Reply:
        if claimed.access_key != self._own.access_key or claimed.service != SERVICE:
            raise Refused("AccessDenied", "Only the sandbox itself may call this address.")
        found = self._backend.secret(access_key)
        if found is None:
            return 404, {}, b""
        return 200, {"content-type": "application/json"}, json.dumps(vars(found)).encode()

    def _refusal(self, request: Request | None, refused: Refused) -> Reply:
        if request is None:
            return 400, {"content-type": "text/plain"}, f"{refused.message}\n".encode()
        return self._backend.refusal(request, refused)


def _request(scope: Scope) -> Request:
    if scope["http_version"] not in ("1.0", "1.1"):
        raise Refused("InvalidRequest", "The sandbox accepts HTTP/1.1 only.")
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    return Request(
        scope["method"],
        target.decode("latin-1"),
        tuple((name.decode("latin-1").lower(), _text(value)) for name, value in scope["headers"]),
    )


def _text(value: bytes) -> str:
    """Decode a header's value as SDKs sign it: as UTF-8, or as Latin-1 if it is not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _check_is_open(request: Request, path: str) -> None:
    # For a host name under localhost, MiniStack takes a bucket or another service from the name.
    plain = _PLAIN_HOST.fullmatch(request.header("host") or "")
    if not plain or not _OPEN.fullmatch(f"{request.method} {path}"):
        raise Refused("MissingAuthenticationToken", "The request is not signed.")


def _check_is_not_closed(path: str) -> None:
    if _CLOSED.fullmatch(path):
        raise Refused("AccessDenied", "This address of the sandbox may not be used.")


async def _body(receive: Receive) -> bytes | None:
    """Return the whole body; None if the client has disconnected."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _read_past(receive: Receive) -> None:
    """Read the rest of a refused request, up to a limit: a client that still sends ignores the answer."""
    read = 0
    while read < _PATIENCE:
        message = await receive()
        read += len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def _again(body: bytes, receive: Receive) -> Receive:
    """Return an ASGI `receive` that returns the body once more."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return rest.pop() if rest else await receive()

    return receive_again


def _without_cors(send: Send) -> Send:
    """Return an ASGI `send` that removes CORS headers, so that other sites' pages cannot read the answer."""

    async def send_without(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                pair for pair in message.get("headers", ()) if not pair[0].lower().startswith(_CORS)
            ]
        await send(message)

    return send_without


async def _answer(send: Send, reply: Reply) -> None:
    status, headers, body = reply
    given = {**headers, "content-length": str(len(body)), "cache-control": "no-store"}
    listed = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body, "more_body": False})
