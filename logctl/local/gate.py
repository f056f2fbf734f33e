"""The gate in front of MiniStack, in its process: an ASGI application around its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH = "/_logctl/health"


class Gate:
    """Lets requests through that the sandbox's owner has signed, and the few that need no signature."""

    def __init__(self, inner: Application, is_ready: Callable[[], bool]) -> None:
        self._inner = inner
        self._is_ready = is_ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == HEALTH:
            await _answer(send, 200 if self._is_ready() else 503, b"")
            return
        await self._inner(scope, receive, send)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
