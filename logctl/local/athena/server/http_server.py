"""Athena's JSON protocol over HTTP. Who may call is for a subclass of the handler to decide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from logctl.local.athena.query_errors import InvalidRequest, QueryError
from logctl.local.athena.server.api_actions import AthenaApi

_TARGET = "AmazonAthena."


class CallForbidden(Exception):
    """A call that its caller may not make; `code` is the error's name in AWS's APIs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AthenaHandler(BaseHTTPRequestHandler):
    """A handler of the POST requests of an SDK's Athena client."""

    protocol_version = "HTTP/1.1"
    api: AthenaApi

    def admit(self) -> tuple[str, bytes]:
        """Return the region that a call is for and its body, if the caller may make it.

        Raises:
            CallForbidden: the caller may not. The connection is closed, as the body may not have been read.
        """
        raise NotImplementedError

    def do_POST(self) -> None:
        try:
            region, body = self.admit()
        except CallForbidden as forbidden:
            self.close_connection = True
            self._refuse(403, forbidden.code, str(forbidden))
            return
        action = self.headers.get("X-Amz-Target", "").removeprefix(_TARGET)
        try:
            self.reply(200, self.api.call(action, json.loads(body or b"{}"), region))
        except InvalidRequest as problem:
            self._refuse(400, problem.code, str(problem))
        except QueryError as problem:
            self._refuse(400, "InvalidRequestException", str(problem))
        except (ValueError, TypeError, KeyError) as problem:
            self._refuse(400, "InvalidRequestException", f"The request is malformed: {problem!r}")
        except Exception as problem:  # noqa: BLE001 - the caller is told, and the server goes on
            self.log_error("%s: %r", action, problem)
            self._refuse(500, "InternalServerException", str(problem))

    def reply(self, status: int, shape: Mapping[str, Any], error: str = "") -> None:
        body = json.dumps(shape, default=_plain).encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, code: str, message: str) -> None:
        self.reply(status, {"__type": code, "Message": message, "message": message}, code)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log no line for a request; errors are logged."""


def _plain(value: Any) -> Any:
    """Return a time as the JSON protocol has it: seconds since 1970. Anything else as text."""
    return value.timestamp() if hasattr(value, "timestamp") else str(value)


def server_on(port: int, handler: type[AthenaHandler]) -> ThreadingHTTPServer:
    """Return a server on the loopback address that is ready to be run."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server
